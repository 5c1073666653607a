"""Channels that are people are told from fake stereo; files of one meeting are put on one clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from memo.errors import RecordingError
from memo.model import RemarkCode
from memo.ports import silent
from memo.speech.tracks.finding import channels_of, files_of

RATE = 16_000
Samples = npt.NDArray[np.float32]
MakeSound = Callable[..., Path]


def talk(*spans: tuple[float, float], seconds: float = 24.0, seed: int = 1) -> Samples:
    """Noise that is as loud as speech in some spans (s), and otherwise hardly audible."""
    random = np.random.default_rng(seed)
    sound = random.normal(size=round(seconds * RATE)) * 1e-4
    for start, end in spans:
        size = round((end - start) * RATE)
        sound[round(start * RATE) :][:size] += random.normal(size=size) * 0.1
    return sound.astype(np.float32)


ANN = talk((1, 5), (12, 16), seed=1)
BO = talk((6, 11), (17, 22), seed=2)


def channels(path: Path) -> list[int | None] | None:
    found = channels_of(path, silent)
    return None if found is None else [track.channel for track in found.tracks]


def several(path: Path, *sounds: Samples) -> Path:
    """A film whose sound tracks are several, as screen recorders write it."""
    with av.open(path, "w") as output:
        streams = [output.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in sounds]
        for stream, sound in zip(streams, sounds, strict=True):
            assert isinstance(stream, av.AudioStream)
            frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
            output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    return path


# --- Channels -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        pytest.param(ANN, BO, [0, 1], id="two-people"),
        pytest.param(ANN + 0.03 * BO, BO + 0.03 * ANN, [0, 1], id="some-echo"),
        pytest.param(ANN + BO, ANN + BO, None, id="one-microphone-twice"),
        pytest.param(ANN + BO, 0.2 * (ANN + BO), None, id="softer-on-one-side"),
        pytest.param(ANN + BO, -ANN - BO, None, id="upside-down"),
        pytest.param(ANN + 0.5 * BO, BO + 0.5 * ANN, None, id="much-of-the-other"),
        pytest.param(ANN, np.zeros_like(ANN), None, id="one-side-silent"),
        pytest.param(ANN, talk((6, 8), seed=3), None, id="hardly-anything-on-one-side"),
        pytest.param(talk((1, 20)), talk((1, 20), seed=2), None, id="a-wide-stage"),
    ],
)
def test_channels_are_people_if_mostly_one_sounds_and_they_differ(
    make_sound: MakeSound, left: Samples, right: Samples, expected: list[int] | None
) -> None:
    path = make_sound("call.wav", np.stack([left, right]), layout="stereo")
    assert channels(path) == expected


def test_one_channel_is_nobody_in_particular(make_sound: MakeSound) -> None:
    assert channels(make_sound("call.wav", ANN[None])) is None


def test_sound_tracks_are_people_too_and_their_mix_is_left_out(tmp_path: Path) -> None:
    path = several(tmp_path / "screen.mkv", ANN + BO, ANN, BO)
    assert channels(path) == [1, 2]
    assert channels(several(tmp_path / "twice.mkv", ANN, ANN)) is None


def test_the_examples_two_sides_are_people(examples: Path) -> None:
    assert channels(examples / "weekly-call.stereo.m4a") == [0, 1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("calls/autorepairs40_stereo.m4a", [0, 1]),
        ("english/jfk.flac", None),
        ("english/columbia.wma", None),
        ("noisy/docling_sample.mp4", None),
        ("multi/podcast_bitcoin.opus", None),
    ],
)
def test_real_recordings_are_told_apart(
    shared_audio: Path, name: str, expected: list[int] | None
) -> None:
    assert channels(shared_audio / name) == expected


# --- Files ----------------------------------------------------------------------------------------


@pytest.fixture
def files(make_sound: MakeSound) -> Callable[..., list[Path]]:
    """Return a function that writes a file for each who speaks, by name."""

    def make(**sounds: Samples) -> list[Path]:
        return [make_sound(f"{name}.wav", sound[None]) for name, sound in sounds.items()]

    return make


def test_each_file_is_named_and_their_order_does_not_matter(
    files: Callable[..., list[Path]],
) -> None:
    paths = files(Bo=BO, Ann=ANN)
    found = files_of(paths, silent)
    assert [(t.name, t.channel, t.start) for t in found.tracks] == [
        ("Ann", None, 0), ("Bo", None, 0)
    ]  # fmt: skip
    assert not found.shared
    assert found.warnings == ()
    again = files_of(paths[::-1], silent)
    assert again.tracks == found.tracks
    assert np.array_equal(again.levels, found.levels)


def test_a_file_that_is_the_mix_of_the_others_is_left_out(
    files: Callable[..., list[Path]],
) -> None:
    found = files_of(files(Ann=ANN, Bo=BO, all=0.7 * (ANN + BO)), silent)
    assert [track.name for track in found.tracks] == ["Ann", "Bo"]
    assert len(found.levels) == 2
    (told,) = found.warnings
    assert (told.code, told.values) == (RemarkCode.TRACK_LEFT_OUT, {"track": "all.wav"})


def test_two_files_with_the_same_sound_are_refused(files: Callable[..., list[Path]]) -> None:
    with pytest.raises(RecordingError, match=r"Ann\.wav and copy\.wav hold the same sound"):
        files_of(files(Ann=ANN, Bo=BO, copy=0.5 * ANN), silent)


def test_silent_twins_are_refused_too(files: Callable[..., list[Path]]) -> None:
    with pytest.raises(RecordingError, match="hold the same sound"):
        files_of(files(Ann=np.zeros_like(ANN), Bo=np.zeros_like(ANN)), silent)


def test_a_file_without_sound_is_refused(tmp_path: Path, files: Callable[..., list[Path]]) -> None:
    (tmp_path / "notes.wav").write_text("not a recording at all")
    with pytest.raises(RecordingError, match=r"notes\.wav"):
        files_of([*files(Ann=ANN, Bo=BO), tmp_path / "notes.wav"], silent)


def test_files_of_different_lengths_are_said_to_be_unsure(
    files: Callable[..., list[Path]],
) -> None:
    found = files_of(files(Ann=ANN, Bo=BO[: 20 * RATE]), silent)
    (told,) = found.warnings
    assert (told.code, told.values) == (RemarkCode.TRACKS_ASSUMED, {"apart": "0:00:04"})


def test_a_file_that_begins_later_is_placed_by_its_clock(make_sound: MakeSound) -> None:
    options = {"movflags": "use_metadata_tags"}
    ann = make_sound(
        "Ann.mp4", ANN[None], codec="aac", options=options,
        tags={"creation_time": "2026-03-04T10:00:00Z"},
    )  # fmt: skip
    bo = make_sound(
        "Bo.mp4", BO[None][:, : 18 * RATE], codec="aac", options=options,
        tags={"creation_time": "2026-03-04T10:00:06Z"},
    )  # fmt: skip
    found = files_of([ann, bo], silent)
    assert [track.start for track in found.tracks] == [0, 6]
    (told,) = found.warnings
    assert (told.code, told.values["after"]) == (RemarkCode.TRACK_LATER, "0:00:06")
    assert os.path.basename(str(told.values["track"])) == "Bo.mp4"  # noqa: PTH119
