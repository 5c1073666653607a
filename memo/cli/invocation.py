"""What the options before the command say, and what every command begins with."""

from __future__ import annotations

import logging
import os
import signal
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from memo.config import Settings


@dataclass(frozen=True)
class Invocation:
    """One call of the `memo` command."""

    config: Path | None = None
    verbose: bool = False
    quiet: bool = False

    def begin(self) -> None:
        """Set up logging, and let every polite signal end the run like Ctrl-C."""
        log = logging.getLogger("memo")
        log.handlers = [_Stderr()]
        log.propagate = False
        log.setLevel(logging.INFO if self.verbose else logging.ERROR)
        if not self.verbose:
            warnings.simplefilter("ignore")
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # nohup's
                signal.signal(number, _interrupt)

    def settings(self, given: Mapping[str, object] | None = None) -> Settings:
        """Return the settings, the command's own options first.

        Raises:
            ConfigError: One is wrong.
        """
        from memo.app import prepare_environment
        from memo.config import load_settings

        settings = load_settings(given, config=self.config)
        prepare_environment(settings)
        return settings


def account() -> str:
    """Return the name of whoever is logged in; a container's user may have none."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


class _Stderr(logging.Handler):
    """Writes to whatever stderr is now: a progress bar puts itself in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"memo: {record.levelname.lower()}: {self.format(record)}", err=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def hold_standard_streams() -> None:
    """Open the null device where a standard stream was closed.

    Otherwise the next file that is opened takes its number, and whatever a library prints goes
    into that file: a database, perhaps.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
