"""pyannote.audio as memo asks it; here stand-ins take its place, since torch is too big for a test.

Their signatures are those of pyannote.audio 4.0.7, with which the adapter was tried by hand.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import distributions
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
from pydantic import BaseModel

from memo.app import prepare_environment, tools
from memo.config import Settings
from memo.errors import MissingDependencyError, TranscriptionError
from memo.ports import Artifact, silent
from memo.speech.voices import pyannote
from memo.speech.voices.pyannote import PyannoteDiarizer

AUDIO = """
import os, sys, warnings
from types import SimpleNamespace as Some

class Found:
    def itertracks(self, yield_label=False):
        assert yield_label
        for start, end, voice in [(0.5, 2.0, "SPEAKER_01"), (2.1, 3.0, "SPEAKER_01"),
                                  (3.0, 4.0, "SPEAKER_00"), (4.0, 5.0, "SPEAKER_01")]:
            yield Some(start=start, end=end), "A", voice

class Pipeline:
    asked = []

    @classmethod
    def from_pretrained(cls, checkpoint, revision=None, hparams_file=None, subfolder=None,
                        token=None, cache_dir=None):
        print("loading", checkpoint)
        warnings.warn("torchcodec is not installed correctly")
        return cls()

    def to(self, device):
        raise AssertionError("there is no GPU")

    def __call__(self, file, preload=False, num_speakers=None, hook=None):
        Pipeline.asked.append((file["waveform"].shape, file["sample_rate"], num_speakers))
        if num_speakers == 50:
            raise RuntimeError("what was said")
        for completed in (0, 32):
            hook("segmentation", None, file=file, completed=completed, total=21)
        hook("speaker_counting", None, file=file)
        hook("embeddings", None, file=file, completed=1, total=2)
        hook("discrete_diarization", None, file=file)
        return Some(exclusive_speaker_diarization=Found())
"""
TORCH = """
import types
cuda = types.SimpleNamespace(is_available=lambda: False)
threads = []
set_num_threads = threads.append
from_numpy = lambda array: array
"""


class Memory:
    """Checkpoints in a dict."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], BaseModel] = {}

    def load(self, step: str, key: str, kind: type[Artifact]) -> Artifact | None:
        found = self.kept.get((step, key))
        return found if isinstance(found, kind) else None

    def save(self, step: str, key: str, artifact: BaseModel) -> None:
        self.kept[step, key] = artifact


def forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in {"pyannote", "torch"}]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand-ins for the packages, installed; the folder of a model."""
    packages = tmp_path / "packages"
    for name, code in (("pyannote/audio", AUDIO), ("torch", TORCH)):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text(code, encoding="utf-8")
    distribution = packages / "pyannote_audio-4.0.7.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Name: pyannote-audio\nVersion: 4.0.7\n", "utf-8")
    monkeypatch.syspath_prepend(packages)
    forget()
    model = tmp_path / "speaker-diarization-made"
    model.mkdir()
    yield model
    forget()


@pytest.fixture
def sound(make_sound: Callable[..., Path]) -> Path:
    return make_sound("six.wav", np.zeros((1, 6 * 16_000), np.float32))


def test_without_the_package_the_user_is_told_how_to_install_it(sound: Path) -> None:
    assert "pyannote-audio" not in {distribution.name for distribution in distributions()}
    with pytest.raises(MissingDependencyError, match="is not installed") as caught:
        PyannoteDiarizer().diarize(sound, speakers=None, checkpoints=Memory(), progress=silent)
    assert "pip install 'callmemo[pyannote]'" in (caught.value.hint or "")


def test_a_conversion_that_wants_it_fails_before_anything_is_listened_to(
    tmp_path: Path, weights_of_nothing: Path
) -> None:
    settings = Settings(
        diarizer="pyannote", asr_model=str(weights_of_nothing), llm="none", cache_dir=tmp_path
    )
    with pytest.raises(MissingDependencyError, match=r"pyannote\.audio"):
        tools(settings, silent, logs=False).fetch(True)  # noqa: FBT003 - as `Tools.fetch` is called


@pytest.fixture
def weights_of_nothing(tmp_path: Path) -> Path:
    folder = tmp_path / "asr"
    folder.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_text("{}", "utf-8")
    return folder


def test_turns_are_told_in_the_words_of_memo(installed: Path, sound: Path) -> None:
    told: list[tuple[float, float | None]] = []
    turns = PyannoteDiarizer(str(installed), threads=3).diarize(
        sound,
        speakers=2,
        checkpoints=Memory(),
        progress=lambda _stage, done, total: told.append((round(done, 2), total)),
    )
    assert [(turn.start, turn.end, turn.speaker) for turn in turns] == [
        (0.5, 3.0, "Speaker 1"),
        (3.0, 4.0, "Speaker 2"),
        (4.0, 5.0, "Speaker 1"),
    ]
    assert told == [(0.0, 6.0), (1.8, 6.0), (3.9, 6.0), (6.0, 6.0)]
    assert sys.modules["pyannote.audio"].Pipeline.asked == [((1, 96_000), 16_000, 2)]
    assert sys.modules["torch"].threads == [3]


def test_the_same_voices_are_not_told_apart_twice(installed: Path, sound: Path) -> None:
    memory = Memory()
    diarizer = PyannoteDiarizer(str(installed))
    first, second, other = (
        diarizer.diarize(sound, speakers=count, checkpoints=memory, progress=silent)
        for count in (None, None, 3)
    )
    assert first == second == other
    asked = [count for _, _, count in sys.modules["pyannote.audio"].Pipeline.asked]
    assert asked == [None, 3]


def test_stdout_is_left_to_the_results(
    installed: Path, sound: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    PyannoteDiarizer(str(installed)).diarize(
        sound, speakers=None, checkpoints=Memory(), progress=silent
    )
    assert capsys.readouterr() == ("", "")


def test_a_failure_says_what_to_do_and_not_what_was_said(installed: Path, sound: Path) -> None:
    with pytest.raises(TranscriptionError, match="RuntimeError") as caught:
        PyannoteDiarizer(str(installed)).diarize(
            sound, speakers=50, checkpoints=Memory(), progress=silent
        )
    assert "what was said" not in f"{caught.value}{caught.value.hint}"
    assert "--diarizer" in (caught.value.hint or "")


@pytest.mark.usefixtures("installed")
def test_offline_only_the_cache_is_looked_into() -> None:
    with pytest.raises(MissingDependencyError, match="nothing may be fetched") as caught:
        pyannote.fetch("memo-tests/no-such-pipeline", offline=True)
    assert "without --offline" in (caught.value.hint or "")


@pytest.mark.usefixtures("installed")
def test_a_model_behind_a_gate_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(model: str, *, local_files_only: bool) -> str:  # noqa: ARG001
        kind = huggingface_hub.errors.GatedRepoError
        raise kind.__new__(kind)  # made without the answer that it is about

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(MissingDependencyError, match="GatedRepoError") as caught:
        pyannote.fetch(offline=False)
    hint = caught.value.hint or ""
    assert "HF_TOKEN" in hint
    assert f"huggingface.co/{pyannote.MODEL}," in hint


def test_it_reports_nothing_to_its_makers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYANNOTE_METRICS_ENABLED", "true")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "false")
    prepare_environment(Settings())
    assert os.environ["PYANNOTE_METRICS_ENABLED"] == "false"
    assert os.environ["OTEL_SDK_DISABLED"] == "true"
