"""Diarization with pyannote.audio, for those who install it: the only module that knows it.

Its pipeline "community-1" (Bredin 2023 and later) tells who speaks more finely than memo's own
method, and needs torch (about 1 GB) and weights that the Hugging Face Hub gives to whoever has
accepted their terms. `memo.app` turns its telemetry off.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from memo.errors import MemoError, MissingDependencyError, TranscriptionError
from memo.model import Turn
from memo.ports import Checkpoints, Progress
from memo.speech.heard import Turns
from memo.speech.recording import identify
from memo.speech.steps import Steps
from memo.speech.voices.diarization import STAGE, labelled

if TYPE_CHECKING:
    from memo.speech.audio import Sound

MODEL = "pyannote/speaker-diarization-community-1"

_VERSION = 1  # of this adapter: a change makes old checkpoints stale
_DISTRIBUTION = "pyannote-audio"
_BEGINS = {"segmentation": 0.0, "embeddings": 0.3, "discrete_diarization": 1.0}
_SHARES = {"segmentation": 0.3, "embeddings": 0.7}
"""How much of the time each of its steps takes, about, and how much those before it."""


class PyannoteDiarizer:
    """Tells voices apart with a pipeline of pyannote.audio, on the GPU if there is one.

    Args:
        model: Name of the pipeline on the hub, or a folder that holds it.
        offline: Take the pipeline from the hub's cache alone.
        threads: Threads of the CPU; None for what torch chooses.
    """

    def __init__(
        self, model: str = MODEL, *, offline: bool = False, threads: int | None = None
    ) -> None:
        self._model = model
        self._offline = offline
        self._threads = threads

    @property
    def name(self) -> str:
        """The pipeline."""
        return f"pyannote/{Path(self._model).name}"

    def diarize(
        self,
        path: Path,
        *,
        channel: int | None = None,
        speakers: int | None,
        checkpoints: Checkpoints,
        progress: Progress,
    ) -> tuple[Turn, ...]:
        """Find who speaks when (`memo.ports.Diarizer`); where several do, the clearest of them.

        Args:
            path: The sound file.
            channel: The one channel (or sound track) to listen to; None for all of them.
            speakers: How many voices there are, or None to find out.
            checkpoints: Where the turns are kept.
            progress: Told of the seconds of sound done, about.

        Raises:
            RecordingError: The file cannot be read or holds no sound.
            MissingDependencyError: pyannote.audio is not installed or its model not to be had.
            TranscriptionError: The voices could not be told apart.
        """
        steps = Steps(identify(path), checkpoints, channel)
        folder = fetch(self._model, offline=self._offline)
        with _quiet(), _failures():
            about = [_VERSION, self.name, version(_DISTRIBUTION), speakers]
            if (kept := steps.load("turns", about, Turns)) is not None:
                return kept.turns
            turns = tuple(self._turns(folder, _sound(path, channel), speakers, progress))
            steps.save("turns", about, Turns(turns=turns))
            return turns

    def _turns(
        self, folder: Path, sound: Sound, speakers: int | None, progress: Progress
    ) -> list[Turn]:
        import torch
        from pyannote.audio import Pipeline

        from memo.speech.audio import SAMPLE_RATE

        if self._threads:
            torch.set_num_threads(self._threads)
        pipeline = Pipeline.from_pretrained(folder)
        if torch.cuda.is_available():
            pipeline.to(torch.device("cuda"))
        told = _Told(sound.size / SAMPLE_RATE, progress)
        heard = {"waveform": torch.from_numpy(sound)[None], "sample_rate": SAMPLE_RATE}
        found = pipeline(heard, num_speakers=speakers, hook=told)
        tracks = found.exclusive_speaker_diarization.itertracks(yield_label=True)
        return labelled(sorted((span.start, span.end, voice) for span, _, voice in tracks))


class _Told:
    """Hands on what the pipeline tells of its progress, as seconds of sound."""

    def __init__(self, duration: float, progress: Progress) -> None:
        self._duration = duration
        self._progress = progress

    def __call__(
        self,
        step: str,
        _artefact: object = None,
        *,
        completed: float | None = None,
        total: float | None = None,
        **_rest: object,
    ) -> None:
        if step in _BEGINS:
            done = min(1.0, float(completed or 0) / total) if total else 0.0
            share = _BEGINS[step] + _SHARES.get(step, 0.0) * done
            self._progress(STAGE, share * self._duration, self._duration)


def fetch(model: str = MODEL, *, offline: bool) -> Path:
    """Make sure that pyannote.audio is installed and its pipeline here; return its folder.

    Args:
        model: Name of the pipeline on the hub, or a folder that holds it.
        offline: Look in the hub's cache alone.

    Raises:
        MissingDependencyError: Either is not to be had; the hint says what to do.
    """
    try:
        version(_DISTRIBUTION)
        import huggingface_hub
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError as error:
        raise _not_installed(error) from error
    if Path(model).is_dir():
        return Path(model)
    try:
        with _quiet():
            disable_progress_bars()
            return Path(huggingface_hub.snapshot_download(model, local_files_only=offline))
    except Exception as error:  # httpx's, the hub's own and the system's: no common base
        raise _not_to_be_had(model, error, offline=offline) from error


def _sound(path: Path, channel: int | None) -> Sound:
    import numpy as np

    from memo.speech.audio import decode

    return np.concatenate(list(decode(path, channel=channel)))


def _not_installed(error: ImportError) -> MissingDependencyError:
    return MissingDependencyError(
        f"pyannote.audio, which is to tell voices apart, is not installed: {error}",
        hint="Install it: pip install 'callmemo[pyannote]'; or leave out --diarizer pyannote.",
    )


def _not_to_be_had(model: str, error: Exception, *, offline: bool) -> MissingDependencyError:
    where = f"{model} is not in the cache of the Hugging Face Hub"
    if offline:
        return MissingDependencyError(
            f"{where}, and nothing may be fetched",
            hint="Run it once without --offline, or leave out --diarizer pyannote.",
        )
    return MissingDependencyError(
        f"{where} and cannot be fetched: {type(error).__name__}",
        hint=f"Accept its terms on huggingface.co/{model}, make a token there (Settings, Access "
        "Tokens), put it in the variable HF_TOKEN, and run the command again.",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the packages print and warn of to themselves: stdout is for results."""
    with redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
        yield


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what the packages raise into memo's own errors."""
    try:
        yield
    except MemoError:
        raise
    except ImportError as error:
        raise _not_installed(error) from error
    except Exception as error:  # torch's and pyannote's errors share no base of their own
        raise TranscriptionError(
            f"pyannote.audio could not tell the voices apart: {type(error).__name__}",
            hint="Close other programs to free memory, then run the command again; "
            "or leave out --diarizer pyannote.",
        ) from error
