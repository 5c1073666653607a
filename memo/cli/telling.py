"""What long runs say: lines for people, or an object per line for programs; never what was said.

`memo watch` and `memo worker` run for months. What became of a recording is a result and goes to
stdout, all else to stderr. In JSON, every line is an object with `at`, `level` and `event`, and
what else is known: `job`, `file`, `state`, `reason`.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from memo.cli.failures import trace
from memo.cli.output import complain, note, printable, say
from memo.errors import ExitCode, OutputError

Level = Literal["info", "warning", "error"]
_CLEAR = "\r\x1b[K"


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        name: What, in a word or two that programs know.
        lines: The same for people; none if only programs care.
        level: How bad it is.
        is_result: Whether it tells what became of a recording.
        about: What programs want to know besides.
    """

    name: str
    lines: Sequence[str] = ()
    level: Level = "info"
    is_result: bool = False
    about: Mapping[str, Any] = field(default_factory=dict)


class Teller:
    """Says what happens.

    Args:
        as_json: Whether programs listen.
        to_stdout: Whether all that programs are told goes to stdout.
        quiet: Whether to say nothing but results and errors.
        now: The clock; its zone is the reader's.

    Attributes:
        exit_code: `OUTPUT` if results could not be written to stdout.
    """

    def __init__(
        self,
        *,
        as_json: bool = False,
        to_stdout: bool = False,
        quiet: bool = False,
        now: Any = lambda: dt.datetime.now().astimezone(),  # noqa: ANN401
    ) -> None:
        self._as_json = as_json
        self._to_stdout = to_stdout
        self._quiet = quiet
        self._now = now
        self._status = ""
        self.exit_code = ExitCode.OK
        self._turn = threading.RLock()  # threads speak one after the other
        self.has_bottom = (
            not as_json and not quiet and sys.stderr is not None and sys.stderr.isatty()
        )

    def tell(self, event: Event) -> None:
        """Say that something happened."""
        with self._turn:
            if self._as_json:
                self._write_object(event)
            elif event.lines and not (
                self._quiet and event.level == "info" and not event.is_result
            ):
                self._write_lines(event)

    def status(self, text: str) -> None:
        """Show a line at the bottom of a terminal, in place of the one before."""
        with self._turn:
            if self.has_bottom and text != self._status:
                self._status = text
                self._draw()

    def _write_object(self, event: Event) -> None:
        told = {"at": self._now().isoformat(timespec="milliseconds"), "level": event.level,
                "event": event.name, **event.about}  # fmt: skip
        line = json.dumps(told, ensure_ascii=True, default=str)
        if self._to_stdout:
            self._say(line)
        else:
            note(line)

    def _write_lines(self, event: Event) -> None:
        if self._status:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
        first, *others = event.lines
        write = self._say if event.is_result else note
        write(f"{self._now():%H:%M} {printable(first)}")
        for line in others:
            write(f"      {printable(line)}")
        self._draw()

    def _say(self, line: str) -> None:
        """Write a result; where none can be written any more, the work goes on without."""
        try:
            say(line)
        except OutputError as error:
            self.exit_code = error.exit_code
            complain(str(error), error.hint)

    def _draw(self) -> None:
        if self.has_bottom:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"{_CLEAR}{printable(self._status)[:width]}")
            sys.stderr.flush()


class LogLines(logging.Handler):
    """Passes on what memo's modules log.

    Args:
        teller: Who says it.
    """

    def __init__(self, teller: Teller) -> None:
        super().__init__()
        self._teller = teller

    def emit(self, record: logging.LogRecord) -> None:
        """Say what a module has logged (`logging.Handler`)."""
        level: Level = (
            "error" if record.levelno >= logging.ERROR
            else "warning" if record.levelno >= logging.WARNING
            else "info"
        )  # fmt: skip
        message = record.getMessage()
        about: dict[str, Any] = {"logger": record.name, "message": message}
        if record.exc_info and record.exc_info[1] is not None:
            about["trace"] = list(trace(record.exc_info[1]))
        lines = [f"memo: {level}: {message}", *about.get("trace", ())]
        self._teller.tell(Event("log", lines, level, about=about))


def log_through(teller: Teller, *, verbose: bool) -> None:
    """Have memo's modules log through a teller, from warnings on."""
    log = logging.getLogger("memo")
    log.handlers = [LogLines(teller)]
    log.setLevel(logging.INFO if verbose else logging.WARNING)
