"""Settings become the tools that conversions are done with, and the doors to what is kept."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from memo import __version__
from memo.config import Settings, api_key
from memo.errors import (
    ConfigError,
    RecordingError,
)
from memo.extraction.prompts import load_prompts
from memo.model import Memo
from memo.pipeline import Corrections, Tools, base_names
from memo.ports import Diarizer, LanguageModel, Progress, Transcriber
from memo.speech.recording import printable, unreadable
from memo.speech.voices.voiceprints import Voiceprints
from memo.weights import Weights, load_catalogue

if TYPE_CHECKING:
    from memo.decision_log.log import DecisionLog
    from memo.pipeline.asking import Reply

EMBEDDED_CONTEXT = 8192
_ATTEMPTS = 5

_NO_TELEMETRY = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "ANONYMIZED_TELEMETRY": "false",
    "PYANNOTE_METRICS_ENABLED": "false",
    "OTEL_SDK_DISABLED": "true",
}
HUB = "https://huggingface.co"
SMALL_MODEL = 2_000_000_000
"""Bytes of weights under which a model is asked to word what the rules find, and no more: about
three billion parameters in four bits."""
_OF_THIS_RUN = frozenset(
    {
        "attendees", "cache_dir", "data_dir", "database_url", "device", "formats", "language",
        "llm_timeout", "log_format", "memo_language", "offline", "out", "shelf", "speakers",
        "strict", "threads", "timezone", "watch_done", "watch_rescan", "watch_settle", "work_disk",
        "worker_crashes", "worker_lease", "worker_limit", "worker_slots",
    }
)  # fmt: skip
"""Settings that change no memo, or that the job of a conversion holds."""
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def prepare_environment(settings: Settings) -> None:
    """Tell the packages that memo stands on to report nothing, and `offline` to fetch nothing."""
    os.environ.update(_NO_TELEMETRY)
    if settings.offline:
        os.environ.update(_OFFLINE)


def tools(settings: Settings, progress: Progress, *, logs: bool = True) -> Tools:
    """Return what conversions are done with.

    Args:
        settings: The settings.
        progress: Told of the models' downloads.
        logs: Whether decisions are recorded.

    Raises:
        ConfigError: The prompts cannot be read, or the keyring refused.
    """
    prepare_environment(settings)
    models = Models(settings, progress)
    return Tools(
        transcriber=models.transcriber,
        transcriber_key=settings.asr_model,
        diarizer=models.diarizer if settings.diarize else None,
        diarizer_key=settings.diarizer,
        model=None if settings.llm == "none" else models.language_model,
        model_key=_model_key(settings),
        small=_is_small(settings),
        fetch=models.fetch,
        fetch_ears=models.fetch_ears,
        prompts=load_prompts(settings.prompts),
        log=_log_opener(settings) if logs else None,
        work=work_folder(settings),
        version=__version__,
        now=lambda: dt.datetime.now(dt.UTC),
        corrections=Corrections(settings.data_dir / "speakers"),
        enrolled=voiceprints(settings),
        settings=settings.model_dump(mode="json", exclude=set(_OF_THIS_RUN)),
    )


def voiceprints(settings: Settings) -> Voiceprints:
    """Return the voices that the user had memo remember."""
    return Voiceprints(settings.data_dir / "voices", threads=settings.threads)


def settings_of_then(settings: Settings, then: Mapping[str, object]) -> Settings:
    """Return the settings that an earlier conversion was made with, as far as they change a memo.

    Args:
        settings: Those of this run.
        then: What `Tools.settings` held; what is not among today's settings is left out.

    Raises:
        ConfigError: They cannot be used any more, or not with `offline`.
    """
    known = {k: v for k, v in then.items() if k in Settings.model_fields and k not in _OF_THIS_RUN}
    return changed(
        settings,
        known,
        wrong="the recording was converted with settings that do not work here",
        hint="Convert it again with other ones: memo convert --force",
    )


def changed(settings: Settings, said: Mapping[str, object], *, wrong: str, hint: str) -> Settings:
    """Return settings with other values, checked anew.

    Args:
        settings: The settings.
        said: Values by name.
        wrong: What to say if they do not go together.
        hint: What to do then.

    Raises:
        ConfigError: They do not.
    """
    from pydantic import ValidationError

    try:
        return Settings(**{**settings.model_dump(), **said})
    except ValidationError as error:
        why = error.errors(include_url=False, include_context=False)[0]["msg"]
        raise ConfigError(f"{wrong}: {why}", hint=hint) from error


def weights(settings: Settings, progress: Progress) -> Weights:
    """Return the models' store."""
    prepare_environment(settings)
    return Weights(
        settings.cache_dir,
        offline=settings.offline,
        hub_url=os.environ.get("HF_ENDPOINT", HUB),
        token=os.environ.get("HF_TOKEN"),
        progress=progress,
    )


def open_log(settings: Settings) -> DecisionLog:
    """Open the decision log.

    Raises:
        DecisionLogError: The database cannot be opened.
    """
    from memo.decision_log.log import DecisionLog

    return DecisionLog(settings.database_url)


def answer_question(settings: Settings, question: str, progress: Progress) -> Reply:
    """Answer a question from the decision log.

    A small model is not asked: of what it said in trials, too much stood in no entry.

    Raises:
        ConfigError: The prompts cannot be read, or the keyring refused.
        DecisionLogError: The database cannot be opened.
        LanguageModelError: The language model cannot be reached, or refused.
    """
    from memo.pipeline.asking import answer

    prompts = load_prompts(settings.prompts)
    with open_log(settings) as log:
        if settings.llm == "none" or _is_small(settings):
            return answer(question, log, model=None, prompts=prompts)
        return answer(
            question, log, model=Models(settings, progress).language_model, prompts=prompts
        )


def work_folder(settings: Settings) -> Path:
    """Return the folder in which unfinished and finished work is kept."""
    return settings.cache_dir / "work"


def chosen_models(settings: Settings) -> tuple[str, ...]:
    """Return the names of the models that the settings ask for on this machine."""
    return (settings.asr_model, *((settings.llm_model,) if settings.llm == "embedded" else ()))


def _is_small(settings: Settings) -> bool:
    """Tell whether the language model can put words well but not judge a meeting."""
    if settings.llm != "embedded":
        return False
    file = Path(settings.llm_model)
    known = load_catalogue().find(settings.llm_model)
    size = known.bytes if known else file.stat().st_size if file.is_file() else None
    return size is None or size < SMALL_MODEL


def _log_opener(settings: Settings) -> Callable[[], DecisionLog]:
    return lambda: open_log(settings)


def _model_key(settings: Settings) -> str:
    where = settings.llm_url or "" if settings.llm == "endpoint" else ""
    return "|".join((settings.llm, where, settings.llm_model if settings.llm != "none" else ""))


class Models:
    """The models of a run: fetched before they are needed, in memory only while they are."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._weights = weights(settings, progress)

    def fetch(self, needs_asr: bool) -> None:  # noqa: FBT001 - as `Tools.fetch` calls it
        """Make sure that the files are there, before an hour of sound is listened to."""
        self.fetch_ears(needs_asr)
        if self._settings.llm == "embedded":
            self._weights.path(self._settings.llm_model, "llm")

    def fetch_ears(self, needs_asr: bool) -> None:  # noqa: FBT001 - as `Tools` calls it
        """Make sure of what listening needs."""
        if needs_asr:
            self._weights.path(self._settings.asr_model, "asr")
        if needs_asr and self._settings.diarize and self._settings.diarizer == "pyannote":
            from memo.speech.voices import pyannote

            pyannote.fetch(offline=self._settings.offline)

    def transcriber(self) -> AbstractContextManager[Transcriber]:
        """Open the ASR."""
        from memo.speech.recognition.asr import FasterWhisper

        name = self._settings.asr_model
        folder = self._weights.path(name, "asr")
        return FasterWhisper(
            folder, Path(name).name, device=self._settings.device, threads=self._settings.threads
        )

    def diarizer(self) -> Diarizer:
        """Make what tells voices apart."""
        if self._settings.diarizer == "pyannote":
            from memo.speech.voices.pyannote import PyannoteDiarizer

            return PyannoteDiarizer(offline=self._settings.offline, threads=self._settings.threads)
        from memo.speech.voices.diarization import SpectralDiarizer

        return SpectralDiarizer(threads=self._settings.threads)

    def language_model(self) -> AbstractContextManager[LanguageModel]:
        """Open the language model."""
        return self._embedded() if self._settings.llm == "embedded" else self._endpoint()

    def _embedded(self) -> AbstractContextManager[LanguageModel]:
        from memo.language_model.embedded import EmbeddedLlama

        name = self._settings.llm_model
        return EmbeddedLlama(
            self._weights.path(name, "llm"),
            name=Path(name).stem if name.endswith(".gguf") else name,
            context_tokens=self._settings.llm_context or EMBEDDED_CONTEXT,
            threads=self._settings.threads,
            timeout=self._settings.llm_timeout,
        )

    @contextmanager
    def _endpoint(self) -> Iterator[LanguageModel]:
        from memo.language_model.endpoint import Endpoint

        settings = self._settings
        if settings.llm_url is None:  # `Settings` sees to it
            raise ConfigError("llm_url is not set", hint="Give the address with --llm-url.")
        key = api_key(settings)
        with Endpoint(
            settings.llm_url,
            settings.llm_model,
            api_key=key.get_secret_value() if key else None,
            timeout=settings.llm_timeout,
            attempts=_ATTEMPTS,
            context_tokens=settings.llm_context,
        ) as endpoint:
            yield endpoint


def read_memo(path: Path, folder: Path | None) -> Memo:
    """Read a memo that was written before.

    Args:
        path: A memo.json, or the recording that the memo was made from.
        folder: Where the results of recordings go; None for beside them.

    Raises:
        RecordingError: There is no memo, or the file is none.
    """
    if path.name.endswith(".json"):
        return _memo_in(path)
    places = [(folder or path.parent) / f"{base}.memo.json" for base in reversed(base_names(path))]
    for place in places:
        if place.is_file():
            memo = _memo_in(place)
            if memo.recording.filename == printable(path):
                return memo
    raise RecordingError(
        f"there is no memo of {printable(path)} in {places[0].parent}",
        hint="Make one with `memo convert`, or name the folder with --out.",
    )


def _memo_in(path: Path) -> Memo:
    from pydantic import ValidationError

    try:
        return Memo.model_validate_json(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from error
    except ValidationError as error:
        raise RecordingError(
            f"{printable(path)} is not a memo.json that this memo can read",
            hint="Make it again with `memo convert`.",
        ) from error
