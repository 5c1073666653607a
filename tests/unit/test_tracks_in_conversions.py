"""A file for each who spoke makes one memo. Everything is real but the speech model."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from wave import open as open_wave

import numpy as np
import pytest

from memo.errors import MemoError, RecordingError, TranscriptionError
from memo.model import Segment, Transcript, Turn
from memo.pipeline import Job, Outcome, Tools, convert, together
from memo.ports import Checkpoints, Progress, silent
from memo.speech.recording import identify

RATE = 16_000
SAID = {
    "Priya": (1.0, "Who tells the customers? Tom, can you do it?"),
    "Tom": (6.0, "I'll tell the customers by Friday."),
}


class Whisper:
    """Hears what is said in each file by its name, and on the channels of one in that order."""

    name = "given"

    def __init__(self) -> None:
        self.heard: list[tuple[str, int | None]] = []

    def transcribe(
        self,
        path: Path,
        *,
        channel: int | None = None,
        language: str | None,  # noqa: ARG002
        hotwords: Sequence[str] = (),  # noqa: ARG002
        checkpoints: Checkpoints,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> Transcript:
        self.heard.append((path.stem, channel))
        said = [who for who in SAID if who in path.stem] or list(SAID)
        if channel is not None:
            said = [list(SAID)[channel]]
        spans = [SAID[who] for who in said]
        return Transcript(
            recording=identify(path),
            duration=12,
            speech_seconds=4,
            language="en",
            segments=tuple(
                Segment(id=n, start=start, end=start + 4, text=text)
                for n, (start, text) in enumerate(spans)
            ),
        )


class Voices:
    """Finds nobody, or fails."""

    name = "given"

    def __init__(self, error: MemoError | None = None) -> None:
        self.error = error
        self.asked: list[tuple[int | None, int | None]] = []

    def diarize(
        self,
        path: Path,  # noqa: ARG002
        *,
        channel: int | None = None,
        speakers: int | None,
        checkpoints: Checkpoints,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> tuple[Turn, ...]:
        self.asked.append((channel, speakers))
        if self.error is not None:
            raise self.error
        return ()


@pytest.fixture
def whisper() -> Whisper:
    return Whisper()


@pytest.fixture
def tools(rule_tools: Tools, whisper: Whisper) -> Tools:
    return replace(rule_tools, transcriber=lambda: nullcontext(whisper))


def loud(start: float, seed: int) -> np.typing.NDArray[np.int16]:
    """Twelve seconds, four of them as loud as speech."""
    random = np.random.default_rng(seed)
    sound = random.normal(size=12 * RATE) * 3
    sound[round(start * RATE) :][: 4 * RATE] += random.normal(size=4 * RATE) * 3000
    return sound.astype(np.int16)


def write(path: Path, *channels: np.typing.NDArray[np.int16]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_wave(str(path), "wb") as file:
        file.setparams((len(channels), 2, RATE, 0, "NONE", ""))
        file.writeframes(np.stack(channels, axis=1).tobytes())
    return path


PRIYA, TOM = loud(1, 1), loud(6, 2)


@pytest.fixture
def tracks(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "weekly call.tracks"
    return [write(folder / "Tom.wav", TOM), write(folder / "Priya.wav", PRIYA)]


def run(tools: Tools, paths: Sequence[Path], **about: object) -> Outcome:
    path, tracks = together(paths)
    job = Job(path=path, tracks=tracks, timezone="UTC", started_at=tools.now())
    return convert(replace(job, **about), tools, silent)  # type: ignore[arg-type]


def captions(outcome: Outcome) -> str:
    return outcome.files["vtt"].read_text(encoding="utf-8")


# --- One memo -------------------------------------------------------------------------------------


def test_tracks_make_one_memo_in_which_everybody_is_named(tools: Tools, tracks: list[Path]) -> None:
    outcome = run(tools, tracks)
    assert "<v Priya>Who tells the customers?" in captions(outcome)
    assert "<v Tom>I'll tell the customers by Friday." in captions(outcome)
    assert [action.owner for action in outcome.memo.action_items] == ["Tom"]
    assert [(p.name, p.source) for p in outcome.memo.participants] == [
        ("Priya", "track"), ("Tom", "track")
    ]  # fmt: skip


def test_its_files_lie_beside_the_tracks_and_are_called_after_their_folder(
    tools: Tools, tracks: list[Path]
) -> None:
    outcome = run(tools, tracks)
    assert outcome.files["json"] == tracks[0].with_name("weekly call.memo.json")
    assert outcome.memo.title == "weekly call"
    assert outcome.memo.recording.filename == "weekly call.tracks"


def test_of_a_folder_they_lie_beside_it(tools: Tools, tracks: list[Path]) -> None:
    folder = tracks[0].parent
    outcome = run(tools, [folder])
    assert outcome.files["json"] == folder.with_name("weekly call.memo.json")
    assert outcome.memo.recording == run(tools, tracks).memo.recording


def test_links_lead_to_the_first_track(tools: Tools, tracks: list[Path]) -> None:
    beside = run(tools, tracks).files["md"].read_text(encoding="utf-8")
    assert "](Priya.wav#t=6)" in beside
    above = run(tools, [tracks[0].parent]).files["md"].read_text(encoding="utf-8")
    assert "](weekly%20call.tracks/Priya.wav#t=6)" in above


def test_neither_order_nor_place_of_the_tracks_makes_another_recording(
    tools: Tools, tracks: list[Path], whisper: Whisper
) -> None:
    first = run(tools, tracks)
    again = run(tools, tracks[::-1])
    assert again.was_done
    assert sorted(whisper.heard) == [("Priya", None), ("Tom", None)]
    other = run(tools, [tracks[0], write(tracks[0].with_name("Ann.wav"), loud(1, 3))])
    assert other.memo.recording.sha256 != first.memo.recording.sha256


def test_a_track_that_is_called_otherwise_names_somebody_else(
    tools: Tools, tracks: list[Path]
) -> None:
    run(tools, tracks)
    renamed = tracks[0].rename(tracks[0].with_name("Tomas Tom.wav"))
    outcome = run(tools, [renamed, tracks[1]])
    assert not outcome.was_done
    assert [p.name for p in outcome.memo.participants] == ["Priya", "Tomas Tom"]


def test_attendees_are_recognised_by_the_names_of_their_files(tools: Tools, tmp_path: Path) -> None:
    folder = tmp_path / "2026-03-04 10.00.12 Weekly call" / "Audio Record"
    write(folder / "audioPriyaRaman11234567890.wav", PRIYA)
    write(folder / "audioTom21234567890.wav", TOM)
    outcome = run(
        tools, [folder.parent], started_at=None, attendees=("Priya Raman", "Tom van der Berg")
    )
    assert [(p.label, p.name) for p in outcome.memo.participants] == [
        ("Priya Raman", "Priya Raman"), ("Tom", "Tom van der Berg")
    ]  # fmt: skip
    assert [action.owner for action in outcome.memo.action_items] == ["Tom van der Berg"]
    assert outcome.memo.title == "Weekly call"
    assert outcome.memo.started_at == dt.datetime(2026, 3, 4, 10, 0, 12, tzinfo=dt.UTC)
    assert outcome.files["md"].parent == tmp_path


def test_the_folder_that_zoom_makes_need_not_be_named(tmp_path: Path) -> None:
    folder = tmp_path / "2026-03-04 10.00.12 Weekly call" / "Audio Record"
    tracks = [write(folder / f"audio{who}11234567890.wav", PRIYA) for who in ("Ann", "Bo")]
    path, found = together([folder])
    assert (path.name, found) == ("2026-03-04 10.00.12 Weekly call.tracks", tuple(tracks))
    assert together(tracks)[0].name == path.name
    write(tmp_path / "2026-03-04 10.00.12 Weekly call" / "audio1234567890.wav", TOM)
    assert together([folder.parent]) == (tmp_path / path.name, tuple(tracks))


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (("standup-ann.wav", "standup-bo.wav"), "standup.tracks"),
        (("ann.wav", "bo.wav"), "ann+bo.tracks"),
    ],
)
def test_among_other_recordings_tracks_are_called_after_their_names(
    tmp_path: Path, names: Sequence[str], called: str
) -> None:
    write(tmp_path / "another.wav", PRIYA)
    tracks = [write(tmp_path / name, PRIYA) for name in names]
    assert together(tracks) == (tmp_path / called, tuple(tracks))


# --- What cannot be -------------------------------------------------------------------------------


def test_fewer_than_two_tracks_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "call.tracks"
    write(folder / "Ann.wav", PRIYA)
    (folder / "notes.txt").write_text("not a track")
    write(folder / ".hidden.wav", TOM)
    with pytest.raises(RecordingError, match=r"call\.tracks holds only one sound file"):
        together([folder])
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordingError, match="empty holds no sound file"):
        together([tmp_path / "empty"])


def test_tracks_of_an_interrupted_recording_are_not_laid_on_one_another(tmp_path: Path) -> None:
    names = ("audioAnn11639780501", "audioBo21639780501", "audioAnn12639780501")
    tracks = [write(tmp_path / f"{name}.wav", PRIYA) for name in names]
    with pytest.raises(RecordingError, match="2 recordings, one after the other") as refusal:
        together(tracks)
    assert "1639780501 together, then those that end in 2639780501" in str(refusal.value.hint)


def test_a_name_that_no_text_can_hold_stops_nothing(tools: Tools, tracks: list[Path]) -> None:
    odd = tracks[1].rename(tracks[1].with_name(os.fsdecode(b"Ann \xff \x1b[31m <b>.wav")))
    outcome = run(tools, [tracks[0], odd])
    assert len(outcome.memo.participants) == 2
    assert all(name.isprintable() for name in (p.name for p in outcome.memo.participants))


def test_a_transcript_is_no_track(tools: Tools, tracks: list[Path]) -> None:
    path = tracks[0].with_name("chat.vtt")
    path.write_text("WEBVTT\n\n00:01.000 --> 00:05.000\nHello.\n")
    with pytest.raises(RecordingError, match=r"chat\.vtt is a transcript") as refusal:
        run(tools, [*tracks, path])
    assert refusal.value.hint is not None


def test_a_track_that_is_missing_is_named(tools: Tools, tracks: list[Path]) -> None:
    with pytest.raises(RecordingError, match=r"Ann\.wav does not exist"):
        run(tools, [*tracks, tracks[0].with_name("Ann.wav")])


# --- Channels -------------------------------------------------------------------------------------


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    return write(tmp_path / "call.wav", PRIYA, TOM)


def hear(tools: Tools, path: Path, voices: Voices | None, **about: object) -> Outcome:
    job = Job(path=path, timezone="UTC", started_at=tools.now())
    made: Callable[[], Voices] | None = None if voices is None else (lambda: voices)
    return convert(
        replace(job, **about),  # type: ignore[arg-type]
        replace(tools, diarizer=made),
        silent,
    )


def test_a_channel_for_each_is_a_voice_for_each(
    tools: Tools, stereo: Path, whisper: Whisper
) -> None:
    outcome = hear(tools, stereo, Voices())
    assert "<v Speaker 1>Who tells the customers?" in captions(outcome)
    assert "<v Speaker 2>I'll tell the customers by Friday." in captions(outcome)
    assert sorted(whisper.heard) == [("call", 0), ("call", 1)]


def test_without_diarization_the_channels_are_mixed(
    tools: Tools, stereo: Path, whisper: Whisper
) -> None:
    assert "<v " not in captions(hear(tools, stereo, None))
    assert whisper.heard == [("call", None)]


def test_of_one_speaker_the_channels_are_mixed(
    tools: Tools, stereo: Path, whisper: Whisper
) -> None:
    voices = Voices()
    hear(tools, stereo, voices, speakers=1)
    assert whisper.heard == [("call", None)]
    assert voices.asked == [(None, 1)]


def test_if_the_voices_of_a_channel_cannot_be_told_apart_it_has_one_name(
    tools: Tools, stereo: Path
) -> None:
    failing = Voices(TranscriptionError("no memory"))
    outcome = hear(tools, stereo, failing)
    assert "<v Speaker 2>I'll tell the customers by Friday." in captions(outcome)
    assert outcome.memo.warnings == (
        "Whoever shares a channel has one name in the transcript: no memory.",
    )
    again = hear(tools, stereo, Voices())
    assert not again.was_done
    assert again.memo.warnings == ()


def test_json_tells_who_was_named_by_a_track(tools: Tools, tracks: list[Path]) -> None:
    made = json.loads(run(tools, tracks).files["json"].read_bytes())
    assert [(p["name"], p["source"]) for p in made["participants"]] == [
        ("Priya", "track"), ("Tom", "track")
    ]  # fmt: skip
