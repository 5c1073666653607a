"""`memo stats`: how a team's meetings go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import click

from memo.app import open_log
from memo.cli import dates
from memo.cli.invocation import Invocation
from memo.cli.output import printable, say
from memo.errors import MissingDependencyError
from memo.export.files import write_outputs
from memo.tallies import Grouping, Stats, Tally

_HEAD = ("meetings", "hours", "decisions", "reversals", "actions", "done", "days to done")
_WIDEST = 40


@click.command(epilog="Examples:  memo stats  ·  memo stats --by series --plot meetings.png")
@click.option("--since", metavar="DATE", help="Leave out what was before, e.g. `3 months ago`.")
@click.option(
    "--by",
    type=click.Choice([grouping.value for grouping in Grouping]),
    default=Grouping.WEEK.value,
    show_default=True,
    help="Count weeks, months, or meetings whose titles are alike.",
)
@click.option(
    "--for", "people", multiple=True, metavar="NAME", help="Only meetings with them; repeatable."
)
@click.option("--tz", "timezone", metavar="ZONE", help="Your time zone, e.g. Europe/Berlin.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="For people, programs or spreadsheets.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also draw it, as .png or .svg.",
)
@click.pass_context
def stats(
    context: click.Context,
    /,
    since: str | None,
    by: str,
    people: tuple[str, ...],
    timezone: str | None,
    form: str,
    plot: Path | None,
) -> None:
    """Count meetings, and what comes of them.

    For each week, or what --by says: hours, decisions, how many were taken back or amended, actions
    taken on and done, and the days between (the median). Then what is open, and the questions
    that are open longest.
    """
    if plot is not None and plot.suffix.lower() not in {".png", ".svg"}:
        raise click.BadParameter("write a name that ends in .png or .svg", param_hint="--plot")
    invocation: Invocation = context.obj
    settings = invocation.settings({"timezone": timezone} if timezone else None)
    start = dates.since(since, settings.timezone)
    with open_log(settings) as log:
        counted = log.stats(
            now=dt.datetime.now(dt.UTC),
            timezone=settings.timezone,
            by=Grouping(by),
            since=start,
            people=people,
        )
    if plot is not None:
        write_outputs({plot: _drawn(counted, plot)}, by_option=False)
    for line in _lines(counted, form):
        say(line)


def _drawn(counted: Stats, plot: Path) -> bytes:
    try:
        from memo.export.stats_plot import render_plot
    except ImportError as error:
        raise MissingDependencyError(
            f"a plot cannot be drawn: {error.name or 'matplotlib'} is not installed",
            hint="Install it: pip install 'callmemo[plot]'",
        ) from error
    return render_plot(counted, "svg" if plot.suffix.lower() == ".svg" else "png")


def _lines(counted: Stats, form: str) -> Iterator[str]:
    if form == "json":
        yield counted.model_dump_json(indent=2)
    elif form == "csv":
        from memo.export.listing import render_tallies

        yield render_tallies(counted.tallies).removesuffix("\n")
    else:
        yield from _table(counted)
        yield ""
        yield from _open(counted)


def _table(counted: Stats) -> Iterator[str]:
    rows = [
        (counted.by.value, *_HEAD),
        *map(_cells, counted.tallies),
        *([_cells(counted.total)] if len(counted.tallies) > 1 else []),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        aligned = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield "  ".join([name.ljust(widths[0]), *aligned]).rstrip()
    if counted.total.untimed:
        count = counted.total.untimed
        yield f"Of {count} meeting{'s' if count > 1 else ''} nobody knows how long."


def _cells(tally: Tally) -> tuple[str, ...]:
    name = printable(tally.name)
    return (
        name if len(name) <= _WIDEST else f"{name[: _WIDEST - 1]}…",
        str(tally.meetings),
        f"{tally.hours:.1f}",
        str(tally.decisions),
        str(tally.reversals),
        str(tally.actions),
        str(tally.done),
        "" if tally.days_to_done is None else f"{tally.days_to_done:.1f}",
    )


def _open(counted: Stats) -> Iterator[str]:
    """Yield how things stand now."""
    yield f"open actions    {counted.actions_open}, {counted.actions_overdue} overdue"
    yield f"open questions  {counted.questions_open}" + (
        ", longest:" if len(counted.waiting) > 1 else ""
    )
    for question in counted.waiting:
        waits = f" (waits for {printable(question.waiting_on)})" if question.waiting_on else ""
        days = f"{question.days} day{'' if question.days == 1 else 's'}"
        yield f"  {question.number}  {days:>9}  {printable(question.question)}{waits}"
