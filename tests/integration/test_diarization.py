"""Real voices told apart by the real voice model, and words given to whoever said them."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import BaseModel

from memo.checkpoints import WorkFolder
from memo.errors import MissingDependencyError, RecordingError, TranscriptionError
from memo.model import Turn
from memo.ports import Artifact, silent
from memo.speech.audio import SAMPLE_RATE, decode
from memo.speech.recognition.asr import FasterWhisper
from memo.speech.recording import identify
from memo.speech.voices import embeddings
from memo.speech.voices.attribution import attribute
from memo.speech.voices.diarization import STAGE, SpectralDiarizer
from memo.speech.voices.embeddings import VoiceModel
from memo.weights import Kind

Find = Callable[[str, Kind], Path]


class Memory:
    """Checkpoints in a dict."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], BaseModel] = {}

    def load(self, step: str, key: str, kind: type[Artifact]) -> Artifact | None:
        found = self.kept.get((step, key))
        return found if isinstance(found, kind) else None

    def save(self, step: str, key: str, artifact: BaseModel) -> None:
        self.kept[step, key] = artifact


def diarize(path: Path, speakers: int | None = None, memory: Memory | None = None) -> list[Turn]:
    return list(
        SpectralDiarizer().diarize(
            path, speakers=speakers, checkpoints=memory or Memory(), progress=silent
        )
    )


def voices(turns: Sequence[Turn]) -> list[str]:
    return sorted({turn.speaker for turn in turns})


def true_turns(path: Path) -> list[Turn]:
    fields = [line.split() for line in path.with_suffix(".rttm").read_text("utf-8").splitlines()]
    return [
        Turn(start=float(f[3]), end=float(f[3]) + float(f[4]), speaker=f[7]) for f in fields if f
    ]


def active(turns: Sequence[Turn], frames: int) -> npt.NDArray[np.int64]:
    found = np.zeros((len(voices(turns)), frames), np.int64)
    for turn in turns:
        row = voices(turns).index(turn.speaker)
        found[row, round(turn.start * 100) : round(turn.end * 100)] = 1
    return found


def error_rate(true: Sequence[Turn], found: Sequence[Turn]) -> float:
    """Diarization error rate: overlap counts, 0.25 s around each true border do not."""
    frames = round(max(turn.end for turn in (*true, *found)) * 100) + 1
    counted = np.ones(frames, bool)
    for border in (at for turn in true for at in (turn.start, turn.end)):
        counted[max(0, round((border - 0.25) * 100)) : round((border + 0.25) * 100)] = False
    one, other = active(true, frames)[:, counted], active(found, frames)[:, counted]
    few, many = sorted((one, other), key=len)
    common = few @ many.T
    right = max(
        sum(common[row, column] for row, column in enumerate(columns))
        for columns in permutations(range(len(many)), len(few))
    )
    wrong = np.maximum(one.sum(axis=0), other.sum(axis=0)).sum() - right
    return float(wrong / one.sum())


# --- Who speaks when --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept() -> Memory:
    return Memory()


@pytest.fixture(scope="module")
def weekly(examples: Path, kept: Memory) -> list[Turn]:
    return diarize(examples / "weekly-call.m4a", memory=kept)


def test_four_voices_are_told_apart(weekly: list[Turn], examples: Path) -> None:
    assert voices(weekly) == ["Speaker 1", "Speaker 2", "Speaker 3", "Speaker 4"]
    assert error_rate(true_turns(examples / "weekly-call.m4a"), weekly) < 0.05


def test_voices_are_numbered_as_they_appear(weekly: list[Turn]) -> None:
    assert list(dict.fromkeys(turn.speaker for turn in weekly)) == voices(weekly)
    assert [turn.start for turn in weekly] == sorted(turn.start for turn in weekly)


@pytest.mark.parametrize("name", ["Dan", "Marta", "Priya", "Tom"])
def test_one_voice_is_one_speaker(examples: Path, name: str) -> None:
    turns = diarize(examples / "weekly-call.tracks" / f"{name}.m4a")
    assert voices(turns) == ["Speaker 1"]


@pytest.mark.parametrize("speakers", [1, 2, 5])
def test_the_number_of_voices_may_be_given(examples: Path, speakers: int) -> None:
    assert len(voices(diarize(examples / "weekly-call.m4a", speakers))) == speakers


@pytest.mark.parametrize(
    ("name", "count", "most"),
    [  # measured: 4.3, 2.7, 2.2 and 0.0 %
        ("multi/libri_2spk.m4a", 2, 0.06),
        ("multi/libri_4spk.m4a", 4, 0.05),
        ("calls/autorepairs40.flac", 2, 0.06),
        ("multi/falcon_test.wav", 3, 0.05),
    ],
)
def test_real_voices_are_told_apart(shared_audio: Path, name: str, count: int, most: float) -> None:
    turns = diarize(shared_audio / name)
    assert len(voices(turns)) == count
    assert error_rate(true_turns(shared_audio / name), turns) < most


@pytest.mark.parametrize(
    "name", ["english/columbia.wma", "english/jfk.flac", "calls/autorepairs40_caller.flac"]
)
def test_one_real_voice_is_one_speaker(shared_audio: Path, name: str) -> None:
    assert voices(diarize(shared_audio / name)) == ["Speaker 1"]


def by_telephone(path: Path, folder: Path, seconds: float) -> Path:
    """The beginning of a recording as it comes over a telephone: 300 to 3400 Hz, with noise."""
    sound = np.concatenate(list(decode(path)))[: int(seconds * SAMPLE_RATE)]
    hertz = np.maximum(np.fft.rfftfreq(sound.size, 1 / SAMPLE_RATE), 1)
    passed = np.fft.rfft(sound) / (1 + (250 / hertz) ** 8) / (1 + (hertz / 3500) ** 16)
    line = np.fft.irfft(passed, sound.size)
    noise = np.random.default_rng(7).normal(0, 0.05 * line.std(), sound.size)
    line = (line + noise) * 0.7 / np.abs(line).max()
    return write(folder / "telephone.wav", np.clip(line, -1, 1).astype(np.float32))


def test_voices_on_a_telephone_are_told_apart(examples: Path, tmp_path: Path) -> None:
    turns = diarize(by_telephone(examples / "weekly-call.m4a", tmp_path, 75))
    true = [t for t in true_turns(examples / "weekly-call.m4a") if t.end < 75]
    assert len(voices(turns)) == len(voices(true)) == 4
    assert error_rate(true, [t for t in turns if t.start < true[-1].end]) < 0.1


def test_real_voices_that_say_little_on_a_telephone_are_told_apart(
    shared_audio: Path, tmp_path: Path
) -> None:
    """One says two seconds, two say five each; by cosines alone all were one."""
    path = shared_audio / "multi" / "falcon_test.wav"
    turns = diarize(by_telephone(path, tmp_path, 19))
    assert len(voices(turns)) == 3
    assert error_rate(true_turns(path), turns) < 0.05


# --- Nothing to tell apart --------------------------------------------------------------------


def write(path: Path, samples: npt.NDArray[np.float32]) -> Path:
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def test_silence_has_no_speakers(tmp_path: Path) -> None:
    path = write(tmp_path / "silence.wav", np.zeros(20 * SAMPLE_RATE, np.float32))
    assert diarize(path) == []
    assert diarize(path, 3) == []


def test_noise_has_no_speakers(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, 20 * SAMPLE_RATE).astype(np.float32)
    assert diarize(write(tmp_path / "noise.wav", noise)) == []


def test_a_single_word_is_one_speaker(tmp_path: Path, examples: Path) -> None:
    sound = next(decode(examples / "weekly-call.m4a"))[: int(1.8 * SAMPLE_RATE)]
    assert voices(diarize(write(tmp_path / "short.wav", sound), 3)) == ["Speaker 1"]


# --- What is kept, and what is not ------------------------------------------------------------


def test_the_same_recording_again_needs_neither_sound_nor_model(
    weekly: list[Turn], kept: Memory, examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was done before")

    monkeypatch.setattr("memo.speech.audio.decode", refuse)
    monkeypatch.setattr(embeddings, "VoiceModel", refuse)
    assert diarize(examples / "weekly-call.m4a", memory=kept) == weekly


def test_voices_are_told_apart_alike_every_time_and_leave_no_print(
    weekly: list[Turn], examples: Path, tmp_path: Path
) -> None:
    """Embeddings are biometric: what is left behind is who speaks when, and nothing else."""
    path = examples / "weekly-call.m4a"
    work = WorkFolder(tmp_path, identify(path))
    again = SpectralDiarizer(threads=1).diarize(
        path, speakers=None, checkpoints=work, progress=silent
    )
    assert list(again) == weekly
    files = {file.name.split("-")[0]: file for file in tmp_path.rglob("*.json")}
    assert files.keys() == {"speech", "turns"}
    assert [p.name for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".json"] == []
    (turns,) = json.loads(files["turns"].read_text())["artifact"].values()
    assert all(turn.keys() == {"start", "end", "speaker"} for turn in turns)


def test_progress_is_in_seconds_and_ends_at_the_end(examples: Path) -> None:
    told: list[tuple[str, float, float | None]] = []
    path = examples / "weekly-call.tracks" / "Tom.m4a"
    SpectralDiarizer().diarize(
        path, speakers=None, checkpoints=Memory(), progress=lambda *call: told.append(call)
    )
    done = [at for stage, at, _ in told if stage == STAGE]
    assert done == sorted(done)
    assert done[-1] == told[-1][2] == pytest.approx(178.5, abs=0.5)


# --- Failures ---------------------------------------------------------------------------------


def test_a_missing_file_is_the_recordings_fault(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nowhere\.m4a does not exist"):
        diarize(tmp_path / "nowhere.m4a")


@pytest.mark.parametrize("content", [None, b"", b"half of a model"])
def test_a_broken_voice_model_says_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MissingDependencyError, match="voice model cannot be loaded") as caught:
        VoiceModel(path)
    assert "\n" not in str(caught.value)
    assert "Install memo again" in (caught.value.hint or "")


def test_a_failing_voice_model_is_a_transcription_error(
    examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no memory for\nthe arena")

    monkeypatch.setattr(VoiceModel, "_embed", fail)
    with pytest.raises(TranscriptionError, match=r"^the voices could not be told apart") as caught:
        diarize(examples / "weekly-call.tracks" / "Tom.m4a")
    assert "--no-diarize" in (caught.value.hint or "")


# --- Who said what ----------------------------------------------------------------------------


def plain(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower().replace("’", "'"))


@pytest.mark.asr
def test_words_are_given_to_whoever_said_them(
    weights: Find, weekly: list[Turn], kept: Memory, examples: Path
) -> None:
    path = examples / "weekly-call.m4a"
    with FasterWhisper(weights("base", "asr"), "base") as whisper:
        heard = whisper.transcribe(path, language="en", checkpoints=kept, progress=silent)
    found = attribute(heard, weekly)
    reference = json.loads(path.with_suffix(".reference.json").read_text("utf-8"))["segments"]
    wanted = [(word, str(s["speaker"])) for s in reference for word in plain(s["text"])]
    given = [(word, str(s.speaker)) for s in found.segments for word in plain(s.text)]
    matcher = difflib.SequenceMatcher(
        None, [word for word, _ in wanted], [word for word, _ in given], autojunk=False
    )
    pairs = Counter(
        (wanted[block.a + n][1], given[block.b + n][1])
        for block in matcher.get_matching_blocks()
        for n in range(block.size)
    )
    names = ("Priya", "Tom", "Marta", "Dan")  # as they appear
    right = sum(pairs[name, f"Speaker {n}"] for n, name in enumerate(names, 1))

    assert pairs.total() > 400
    assert 1 - right / pairs.total() < 0.03
