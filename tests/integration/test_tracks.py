"""Real speech on tracks of its own: who speaks when without a model, and what Whisper hears."""

from __future__ import annotations

import json
import re
import wave
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from memo.checkpoints import WorkFolder
from memo.model import NameSource, Recording, Turn
from memo.ports import silent
from memo.speech.audio import SAMPLE_RATE, decode
from memo.speech.recognition.asr import FasterWhisper
from memo.speech.tracks.apart import Apart
from memo.speech.tracks.finding import channels_of, files_of
from memo.speech.tracks.levels import activity, turns_of
from memo.weights import Kind

COLLAR = 0.25  # s on either side of a border of the reference, as is usual
STEP = 0.01  # s
SECONDS = 14
BLEEDS = 10 ** (-8 / 20)

Samples = npt.NDArray[np.float32]
Active = npt.NDArray[np.bool_]


def reference(path: Path) -> Iterator[Turn]:
    for line in path.read_text(encoding="utf-8").splitlines():
        _, _, _, start, seconds, _, _, speaker, *_ = line.split()
        yield Turn(start=float(start), end=float(start) + float(seconds), speaker=speaker)


def active(turns: Sequence[Turn], speakers: Sequence[str], seconds: float) -> Active:
    found = np.zeros((len(speakers), round(seconds / STEP)), bool)
    for turn in turns:
        row = found[speakers.index(turn.speaker)]
        row[round(turn.start / STEP) : round(turn.end / STEP)] = True
    return found


def error_rate(true: Sequence[Turn], found: Sequence[Turn], seconds: float) -> float:
    """The diarization error rate in per cent, for voices that have their names already."""
    speakers = sorted({turn.speaker for turn in true})
    wanted, heard = (active(turns, speakers, seconds) for turns in (true, found))
    counted = np.ones(wanted.shape[1], bool)
    for border in (at for turn in true for at in (turn.start, turn.end)):
        counted[max(0, round((border - COLLAR) / STEP)) : round((border + COLLAR) / STEP)] = False
    return float(100 * (wanted != heard)[:, counted].sum() / wanted[:, counted].sum())


def write(path: Path, sound: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes())
    return path


@pytest.fixture(scope="module")
def sounds(examples: Path) -> dict[str, Samples]:
    """What each of the example's four people says."""
    files = sorted((examples / "weekly-call.tracks").glob("*.m4a"))
    return {path.stem: np.concatenate(list(decode(path))) for path in files}


def bleeding(sounds: dict[str, Samples]) -> dict[str, Samples]:
    """The same, but everybody's microphone hears all others, 8 dB softer."""
    everybody = np.sum(list(sounds.values()), axis=0)
    return {name: sound + BLEEDS * (everybody - sound) for name, sound in sounds.items()}


@pytest.mark.parametrize("made", [pytest.param(dict, id="alone"), bleeding])
def test_tracks_say_who_speaks_when_without_an_error(
    tmp_path: Path,
    examples: Path,
    sounds: dict[str, Samples],
    made: Callable[[dict[str, Samples]], dict[str, Samples]],
) -> None:
    paths = [write(tmp_path / f"{name}.wav", sound) for name, sound in made(sounds).items()]
    found = files_of(paths, silent)
    turns = [
        turn
        for track, row in zip(found.tracks, activity(found.levels), strict=True)
        for turn in turns_of(row, track.name or "")
    ]
    true = list(reference(examples / "weekly-call.rttm"))
    assert error_rate(true, turns, sounds["Dan"].size / SAMPLE_RATE) <= 0.1


def test_the_two_sides_of_a_real_call_are_told_apart(shared_audio: Path) -> None:
    calls = shared_audio / "calls"
    found = channels_of(calls / "autorepairs40_stereo.m4a", silent)
    assert found is not None
    true = list(reference(calls / "autorepairs40.rttm"))
    sides = sorted({turn.speaker for turn in true})
    rows = activity(found.levels)
    turns = [t for name, row in zip(sides, rows, strict=True) for t in turns_of(row, name)]
    assert error_rate(true, turns, rows.shape[1] * 0.05) <= 4


def plain(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower().replace("’", "").replace("'", ""))


@pytest.mark.asr
def test_what_each_says_is_heard_once_though_every_microphone_hears_all(
    tmp_path: Path,
    examples: Path,
    sounds: dict[str, Samples],
    weights: Callable[[str, Kind], Path],
) -> None:
    heard = bleeding({name: sound[: SECONDS * SAMPLE_RATE] for name, sound in sounds.items()})
    tracks = files_of([write(tmp_path / f"{k}.wav", sound) for k, sound in heard.items()], silent)
    recording = Recording(filename="weekly-call.tracks", sha256="0" * 64)
    with FasterWhisper(weights("base", "asr"), "base") as whisper:
        apart = Apart(whisper, None, WorkFolder(tmp_path / "work", recording), silent)
        found = apart.transcribe(tracks, recording, language=None)
    spoken = json.loads((examples / "weekly-call.reference.json").read_text(encoding="utf-8"))
    said = [s for s in spoken["segments"] if s["end"] < SECONDS]
    assert found.language == "en"
    assert {(p.name, p.source) for p in found.participants} == {
        (name, NameSource.TRACK) for name in sounds
    }
    for name in sounds:
        wanted = [word for s in said if s["speaker"] == name for word in plain(s["text"])]
        words = [word for s in found.segments if s.speaker == name for word in plain(s.text)]
        right = sum((np.array([w == word for w in words]).any()) for word in wanted)
        assert right >= 0.8 * len(wanted), name
        assert len(words) <= 1.2 * len(wanted) + 8, name
