"""Is everything in place? Each thing that a conversion needs is tried for real."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Literal

from memo import __version__
from memo.app.wiring import Models, open_log, prepare_environment
from memo.config import Settings, shown, unknown_variables
from memo.errors import ConfigError, ExitCode, MemoError, MissingDependencyError, OutputError
from memo.extraction.prompts import load_prompts
from memo.model import Value
from memo.ports import silent
from memo.weights import Kind, Weights

_LEAST_DISK = 1_000_000_000
_LEAST_MEMORY = 4_000_000_000


class Check(Value):
    """One thing that a conversion needs, and whether it is there.

    `exit_code` is what a run leaves with that fails for want of it.
    """

    name: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    hint: str | None = None
    exit_code: int = ExitCode.OK


def examine(settings: Settings) -> tuple[Check, ...]:
    """Return what a conversion needs, each thing tried for real."""
    prepare_environment(settings)
    checks = [
        _program(),
        *(_model(status, settings) for status in _wanted(settings)),
        _try("sound", _examine_sound),
        _try("prompts", lambda: _examine_prompts(settings)),
        _try("decision log", lambda: _examine_log(settings)),
        _try("disk", lambda: _examine_disk(settings)),
        _machine(settings),
        Check(name="time zone", state="ok", detail=settings.timezone),
    ]
    if settings.llm == "endpoint":
        checks.append(_try("language model", lambda: _examine_endpoint(settings)))
    for name in unknown_variables():
        checks.append(
            Check(
                name="settings",
                state="warn",
                detail=f"the variable {name} is not a setting",
                hint="`memo config show` lists the settings.",
            )
        )
    return tuple(checks)


def _try(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name=name, state="ok", detail=look())
    except MemoError as error:
        code = error.exit_code
        return Check(name=name, state="fail", detail=str(error), hint=error.hint, exit_code=code)


def _program() -> Check:
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check(name="memo", state="ok", detail=f"{__version__}, {python}")


def _wanted(settings: Settings) -> list[tuple[str, Kind]]:
    wanted: list[tuple[str, Kind]] = [(settings.asr_model, "asr")]
    if settings.llm == "embedded":
        wanted.append((settings.llm_model, "llm"))
    return wanted


def _model(wanted: tuple[str, Kind], settings: Settings) -> Check:
    name, kind = wanted
    what = "speech model" if kind == "asr" else "language model"
    try:
        path = Weights(settings.cache_dir, offline=True).path(name, kind)
    except ConfigError as error:
        code = error.exit_code
        return Check(name=what, state="fail", detail=str(error), hint=error.hint, exit_code=code)
    except MemoError as error:
        if settings.offline:
            code = error.exit_code
            return Check(
                name=what, state="fail", detail=str(error), hint=error.hint, exit_code=code
            )
        later = f"{name} is fetched on first use"
        hint = f"Fetch it now: memo models pull {name}"
        return Check(name=what, state="warn", detail=later, hint=hint)
    return Check(name=what, state="ok", detail=f"{name} ({path})")


def _examine_sound() -> str:
    try:
        for module in ("memo.speech.audio", "ctranslate2"):
            import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{error.name} cannot be loaded ({error})", hint="Install memo again: pip install ."
        ) from error
    return f"PyAV {version('av')}, CTranslate2 {version('ctranslate2')}; no ffmpeg is needed"


def _examine_prompts(settings: Settings) -> str:
    prompts = load_prompts(settings.prompts)
    return f"{len(prompts.texts)} from {settings.prompts or 'memo itself'}"


def _examine_log(settings: Settings) -> str:
    with open_log(settings) as log:
        count, program = log.count(), log.program()
    what = "1 decision" if count == 1 else f"{count} decisions"
    return f"{what} in {shown(settings)['database_url']} ({program})"


def _examine_disk(settings: Settings) -> str:
    folder = settings.cache_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        raise OutputError(
            f"{folder} may not be written to", hint="Choose another cache_dir in memo.toml."
        )
    free = shutil.disk_usage(folder).free
    if free < _LEAST_DISK:
        raise OutputError(
            f"only {free / 1e9:.1f} GB are free in {folder}", hint="Free some space on that disk."
        )
    return f"{free / 1e9:.0f} GB free for models and work in {settings.cache_dir}"


def _machine(settings: Settings) -> Check:
    from memo.language_model.cores import usable_cores

    cores, memory = usable_cores(), _memory()
    detail = f"{cores} processor cores" + (f", {memory / 1e9:.0f} GB of memory" if memory else "")
    if memory and settings.llm == "embedded" and memory < _LEAST_MEMORY:
        hint = "Use an endpoint (--llm-url), or --llm none."
        return Check(name="machine", state="warn", detail=f"{detail}: little", hint=hint)
    return Check(name="machine", state="ok", detail=detail)


def _memory() -> int | None:
    """Return the bytes of physical memory, where the system tells."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _examine_endpoint(settings: Settings) -> str:
    """Ask the endpoint one word, in the shape that memo asks for."""
    from pydantic import create_model

    shape = create_model("Hello", word=(str, ...))
    with Models(settings, silent).language_model() as model:
        model.complete(
            system="You answer in JSON.", user="Say hello.", answer=shape, max_tokens=200
        )
        return f"{model.name} at {settings.llm_url} answers; {model.context_tokens:,} tokens fit"
