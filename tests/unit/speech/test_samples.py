"""A voice is cut out of a recording where it speaks alone."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.errors import RecordingError
from memo.model import Span
from memo.speech.voices.samples import alone, cut_samples, sample_of

Stretches = list[tuple[int, int]]
stretches = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), max_size=6)


def spans(*stretches: tuple[float, float]) -> tuple[Span, ...]:
    return tuple(Span(start=start, end=end) for start, end in stretches)


def seconds(found: tuple[Span, ...]) -> set[int]:
    return {second for span in found for second in range(int(span.start), int(span.end))}


def test_where_two_speak_at_once_neither_is_alone() -> None:
    assert alone({"a": spans((0, 10)), "b": spans((4, 6), (9, 12))}) == {
        "a": spans((0, 4), (6, 9)), "b": spans((10, 12))
    }  # fmt: skip


@given(a=stretches, b=stretches, c=stretches)
def test_alone_is_what_no_other_covers(a: Stretches, b: Stretches, c: Stretches) -> None:
    voices = {
        name: spans(*((start, start + length) for start, length in said))
        for name, said in (("a", a), ("b", b), ("c", c))
    }
    found = alone(voices)
    for name, own in voices.items():
        others = {s for other, said in voices.items() if other != name for s in seconds(said)}
        assert seconds(found[name]) == seconds(own) - others
        assert all(x.end <= y.start for x, y in zip(found[name], found[name][1:], strict=False))


def test_a_sample_is_the_longest_that_a_voice_says() -> None:
    assert sample_of(spans((0, 2), (10, 40), (50, 53))) == spans((21, 29))
    assert sample_of(spans((0, 3), (10, 14), (20, 22))) == spans((0, 3), (10, 14), (20.5, 21.5))
    assert sample_of(spans((0, 0.4))) == spans((0, 0.4))
    assert sample_of(()) == ()


def test_samples_are_sound_files_of_those_stretches(examples: Path) -> None:
    made = cut_samples(
        examples / "weekly-call.m4a", {"a": spans((2, 5), (12, 14)), "b": spans((7, 10))}
    )
    for label, length in (("a", 5.25), ("b", 3.0)):
        with wave.open(io.BytesIO(made[label])) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
            assert file.getnframes() / 16_000 == pytest.approx(length, abs=0.01)
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        assert np.abs(sound).max() > 1000


def test_a_recording_that_ends_before_the_stretch_is_an_error(examples: Path) -> None:
    with pytest.raises(RecordingError, match="ends before Speaker 1 speaks"):
        cut_samples(examples / "weekly-call.m4a", {"Speaker 1": spans((900, 910))})
