"""Progress on stderr: a bar where somebody watches, a line now and then where nobody does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memo.cli.output import clock, note, printable, size
from memo.ports import Progress, silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

_SOUND = frozenset({"listening", "transcribing", "telling voices apart", "comparing tracks"})
_LINE_SECONDS = 30.0
_LINE_SHARE = 0.1
_NARROW = 60  # columns


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Give what draws the progress of a run.

    Args:
        quiet: Draw nothing.
    """
    if quiet or sys.stderr is None:
        yield silent
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield _Drawn(bars)
    else:
        yield Lines(note)


def amount(stage: str, done: float, total: float | None) -> str:
    """Return how far a stage has come, in its own unit: `12:34 of 1:02:00`."""
    if total is None and not done:
        return ""
    unit = (
        clock
        if stage in _SOUND or stage.startswith("waiting")
        else size
        if stage.startswith("fetching")
        else _count
    )
    return unit(done) if total is None else f"{unit(done)} of {unit(total)}"


class Lines:
    """Writes a line when a stage starts, and then every tenth of it or half a minute.

    Args:
        write: Writes a line.
        now: The clock, in seconds.
    """

    def __init__(
        self, write: Callable[[str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._now = now
        self._stage = ""
        self._share = self._at = self._last = 0.0

    def __call__(self, stage: str, done: float, total: float | None) -> None:
        """Take note of progress (`memo.ports.Progress`)."""
        share = done / total if total else 0.0
        begins = stage != self._stage or done < self._last
        ends = bool(total) and done >= (total or 0.0) and self._share < 1.0
        waited = self._now() - self._at >= _LINE_SECONDS and done > self._last
        if begins or ends or share - self._share >= _LINE_SHARE or waited:
            percent = f" ({share:.0%})" if total else ""
            self._write(f"{printable(stage)}: {amount(stage, done, total)}{percent}".strip(" :"))
            self._stage, self._share, self._at = stage, share, self._now()
        self._last = done


class _Drawn:
    """Shows each stage as a bar; a stage that begins again, for another file, has a new one."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: int | None = None
        self._stage = ""
        self._done = 0.0

    def __call__(self, stage: str, done: float, total: float | None) -> None:
        """Take note of progress (`memo.ports.Progress`)."""
        if self._task is None or stage != self._stage or done < self._done:
            if self._task is not None:
                self._bars.stop_task(self._task)  # type: ignore[arg-type]
            self._task = self._bars.add_task(printable(stage), total=total, amount="")
            self._stage = stage
        self._done = done
        self._bars.update(
            self._task,  # type: ignore[arg-type]
            completed=done,
            total=total,
            amount=amount(stage, done, total),
        )


@contextmanager
def _bars() -> Iterator[Bars]:
    from rich import progress as rich
    from rich.console import Console

    console = Console(stderr=True)
    columns: list[rich.ProgressColumn] = [
        rich.TextColumn("{task.description}", markup=False),
        rich.TextColumn("{task.fields[amount]}", markup=False),
        rich.TaskProgressColumn(),
    ]
    if console.width >= _NARROW:
        columns.insert(1, rich.BarColumn(bar_width=min(40, console.width // 4)))
        columns += [rich.TimeElapsedColumn(), rich.TextColumn("left:"), rich.TimeRemainingColumn()]
    # A window of sound takes half a minute: the speed is measured over many.
    with rich.Progress(
        *columns, console=console, speed_estimate_period=900, redirect_stdout=False
    ) as bars:
        yield bars


def _count(number: float) -> str:
    return f"{number:.0f}"
