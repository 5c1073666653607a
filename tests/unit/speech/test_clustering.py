"""Embeddings that point the same way are one voice; nothing depends on chance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.speech.voices import clustering
from memo.speech.voices.clustering import cluster

Vectors = npt.NDArray[np.float32]


def directions(count: int, seed: int = 0, size: int = 192) -> Vectors:
    """Return voices that have nothing in common."""
    square = np.random.default_rng(seed).normal(size=(size, size))
    return np.asarray(np.linalg.qr(square)[0][:count], np.float32)


def unit(vectors: npt.ArrayLike) -> Vectors:
    found = np.asarray(vectors, np.float64)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def spoken(voices: Vectors, said: list[int], spread: float = 0.6, seed: int = 1) -> Vectors:
    """Return a window's embedding for each that somebody says, with what is not the voice in it.

    Two windows of one voice then have a cosine of about 1 / (1 + spread²): 0.74.
    """
    random = np.random.default_rng(seed)
    other = spread * random.normal(size=(len(said), voices.shape[1])) / voices.shape[1] ** 0.5
    return unit(voices[said] + other)


def order(count: int, windows: int, seed: int = 2) -> list[int]:
    """Return who speaks: turns of three windows, everybody about as often."""
    turns = [turn % count for turn in range(windows // 3)]
    np.random.default_rng(seed).shuffle(turns)
    return [voice for voice in turns for _ in range(3)]


def same_partition(found: npt.ArrayLike, said: list[int]) -> bool:
    pairs = set(zip(np.asarray(found).tolist(), said, strict=True))
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_voices_are_counted_and_told_apart(count: int) -> None:
    said = order(count, 150)
    assert same_partition(cluster(spoken(directions(count), said)), said)


@pytest.mark.parametrize("count", [2, 4, 7])
def test_a_given_count_is_kept(count: int) -> None:
    said = order(4, 150)
    found = cluster(spoken(directions(4), said), count)
    assert len(set(found.tolist())) == count
    assert same_partition(found, said) is (count == 4)


def test_two_takes_of_one_voice_are_one() -> None:
    voice, colour = directions(2)
    takes = unit([voice + 0.3 * colour, voice - 0.3 * colour])  # cosine 0.83
    said = order(2, 120)
    assert set(cluster(spoken(takes, said, spread=0.2)).tolist()) == {0}


def test_two_voices_that_are_somewhat_alike_are_two() -> None:
    voice, colour = directions(2)
    alike = unit([voice + 0.5 * colour, voice - 0.5 * colour])  # cosine 0.6
    said = order(2, 120)
    assert same_partition(cluster(spoken(alike, said, spread=0.2)), said)


@pytest.mark.parametrize("spread", [0.1, 0.6, 1.0])
def test_how_alike_two_voices_are_does_not_depend_on_the_line(spread: float) -> None:
    """On a bad line all windows are less alike, those of one voice and of two."""
    voice, colour = directions(2)
    takes = unit([voice + 0.3 * colour, voice - 0.3 * colour])
    alike = unit([voice + 0.5 * colour, voice - 0.5 * colour])
    said = order(2, 240)
    assert set(cluster(spoken(takes, said, spread=spread)).tolist()) == {0}
    assert len(set(cluster(spoken(alike, said, spread=spread)).tolist())) == 2


def test_three_voices_in_few_windows_are_three() -> None:
    said = [0] * 2 + [1] * 6 + [2] * 7
    assert same_partition(cluster(spoken(directions(3), said)), said)


def test_somebody_who_speaks_little_is_not_lost() -> None:
    said = [0] * 60 + [1] * 8 + [2] * 60
    assert same_partition(cluster(spoken(directions(3), said)), said)


def test_many_voices_of_a_long_recording_are_told_apart() -> None:
    """Some speak a tenth as much as others; voices resemble one another as real ones do."""
    common, *own = directions(15)
    voices = unit([0.8 * common + voice for voice in own])
    said = [voice for voice in range(14) for _ in range(120 if voice % 2 else 12)]
    assert same_partition(cluster(spoken(voices, said, spread=0.5)), said)


def test_what_was_not_sampled_has_the_nearest_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "_SAMPLED", 60)
    said = order(3, 600)
    assert same_partition(cluster(spoken(directions(3), said)), said)


@pytest.mark.parametrize("windows", [0, 1, 2, 3])
@pytest.mark.parametrize("count", [None, 1, 2, 5])
def test_next_to_nothing_is_clustered_too(windows: int, count: int | None) -> None:
    found = cluster(spoken(directions(3), [0] * windows), count)
    assert found.shape == (windows,)


def test_windows_that_are_all_equal_are_one_voice() -> None:
    assert set(cluster(np.repeat(directions(1), 50, axis=0)).tolist()) == {0}


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.sampled_from([None, 1, 2, 3]), st.integers(0, 1000))
def test_any_vectors_are_labelled_from_nought_without_gaps_and_always_alike(
    windows: int, count: int | None, seed: int
) -> None:
    vectors = unit(np.random.default_rng(seed).normal(size=(windows, 16)))
    found = cluster(vectors, count)
    labels = set(found.tolist())
    assert labels == set(range(len(labels)))
    assert len(labels) <= min(windows, count or windows)
    assert np.array_equal(found, cluster(vectors.copy(), count))
