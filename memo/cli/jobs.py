"""`memo jobs`: what became of the recordings that `memo watch` has seen."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from click.shell_completion import CompletionItem

from memo.app.intake import open_book, place_of
from memo.cli.invocation import Invocation
from memo.cli.job_lines import as_object, files, found, plural, summary, when, where, why
from memo.cli.output import note, printable, say
from memo.config import Settings
from memo.intake.book import Book
from memo.intake.job import Job, JobEvent, State, instant

_WIDEST = 100
_INDENT = " " * 6
_STATES = [state.value for state in State]


def _offer_files(
    _context: click.Context, _argument: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]


@click.command(
    "list",
    epilog="Examples:  memo jobs list --json  ·  memo jobs list --state failed",
)
@click.option(
    "--state", "states", multiple=True, type=click.Choice(_STATES),
    help="Only jobs that stand so; repeatable.",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N",
    help="How many at most.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout.")
@click.pass_context
def list_jobs(
    context: click.Context,
    /,
    states: tuple[str, ...],
    limit: int,
    as_json: bool,  # noqa: FBT001
) -> None:
    """List jobs, those that changed last first.

    Each recording that `memo watch` takes in is a job. A job that waits or has failed says why,
    and what to do.
    """
    settings = _settings(context)
    with open_book(settings) as book:
        chosen = [State(state) for state in states]
        jobs = book.jobs(states=chosen, limit=limit)
        counts = book.counts()
    if as_json:
        say(json.dumps([as_object(job, settings.shelf) for job in jobs], indent=2))
        return
    for line in _rows(jobs, settings.timezone):
        say(line)
    more = sum(counts[state] for state in chosen or State) - len(jobs)
    if not jobs:
        note("memo: there is no such job" if states else "memo: nothing was taken in yet")
    elif more:
        note(f"memo: {plural(more, 'more job')}; --limit {more + len(jobs)} shows all")


@click.command(epilog="Examples:  memo jobs show 12  ·  memo jobs show call.m4a --json")
@click.argument("job", metavar="JOB", shell_complete=_offer_files)
@click.option("--json", "as_json", is_flag=True, help="A JSON object on stdout.")
@click.pass_context
def show(context: click.Context, /, job: str, as_json: bool) -> None:  # noqa: FBT001
    """Show a job and what happened to it. JOB is a number or a file."""
    settings = _settings(context)
    with open_book(settings) as book:
        shown = _job(book, settings, job)
        events = book.events(shown.id)
    if as_json:
        history = [event.model_dump(mode="json") for event in events]
        say(json.dumps({**as_object(shown, settings.shelf), "history": history}, indent=2))
        return
    for line in _whole(shown, events, settings):
        say(line)


@click.command(epilog="Examples:  memo jobs retry 12 13  ·  memo jobs retry --failed")
@click.argument("jobs", nargs=-1, metavar="[JOB...]", shell_complete=_offer_files)
@click.option("--failed", is_flag=True, help="All that have failed.")
@click.pass_context
def retry(context: click.Context, /, jobs: tuple[str, ...], failed: bool) -> None:  # noqa: FBT001
    """Try jobs again now: failed ones, cancelled ones, those that wait. JOB is a number or a file.

    A job that is done is made anew; what you had changed in its memo is kept as ….bak.
    """
    if failed == bool(jobs):
        raise click.UsageError("name jobs, or say --failed")
    settings = _settings(context)
    with open_book(settings) as book:
        failures = book.jobs(states=[State.FAILED]) if failed else ()
        ids = [job.id for job in failures] or [_job(book, settings, name).id for name in jobs]
        if failed and not ids:
            note("memo: nothing has failed")
        _steered(book, ids, book.retry, "will be tried again")


@click.command(epilog="Example: memo jobs cancel 12")
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...", shell_complete=_offer_files)
@click.pass_context
def cancel(context: click.Context, /, jobs: tuple[str, ...]) -> None:
    """Give jobs up: those that wait for their turn, and those that run. JOB is a number or a file.

    A file whose job was cancelled is left alone until it changes, or `memo jobs retry` names it.
    """
    settings = _settings(context)
    with open_book(settings) as book:
        ids = [_job(book, settings, name).id for name in jobs]
        _steered(book, ids, book.cancel, "is given up")


def _steered(
    book: Book, ids: Sequence[int], steer: Callable[[Sequence[int]], Sequence[Job]], what: str
) -> None:
    """Steer jobs, and say of each what that did."""
    steered = {job.id for job in steer(ids)}
    for number in dict.fromkeys(ids):
        job = book.job(number)
        name = f"{number}  {printable(job.filename)}" if job else str(number)
        if number in steered:
            say(f"{name}: {what}")
        else:
            note(f"{name}: is {job.state if job else 'gone'} already; nothing was done")


def _settings(context: click.Context) -> Settings:
    invocation: Invocation = context.obj
    return invocation.settings()


def _job(book: Book, settings: Settings, name: str) -> Job:
    """Return the job of a number or a file.

    Raises:
        click.UsageError: There is none.
    """
    number = name.removeprefix("#")
    if number.isascii() and number.isdigit():
        found_ = book.job(int(number)) if len(number) < 16 else None
    else:
        at = book.at(place_of(settings, Path(name)))
        found_ = book.job(at[0].id) if at else None
    if found_ is None:
        raise click.UsageError(
            f"there is no job {printable(name)}; `memo jobs list` shows which there are"
        )
    return found_


# --- In words -----------------------------------------------------------------------------------


def _rows(jobs: Sequence[Job], timezone: str) -> Iterator[str]:
    """Yield jobs as the list shows them: a line, and more if there is something to understand."""
    now = instant()
    times = [when(job.changed_at, timezone, now) for job in jobs]
    width = max(map(len, times), default=0)
    for job, time in zip(jobs, times, strict=True):
        told = summary(job)
        name = printable(job.filename) + (f" · {printable(told)}" if told else "")
        line = f"{job.id:>4}  {job.state:<9}  {time:<{width}}  {name}"
        yield line if len(line) <= _width() else f"{line[: _width() - 1]}…"
        for reason in why(job, timezone, now):
            yield from _wrapped(reason, _INDENT)


def _whole(job: Job, events: Sequence[JobEvent], settings: Settings) -> Iterator[str]:
    now, shelf = instant(), settings.shelf
    yield f"{job.id}  {printable(job.filename)}"
    facts = [("state", " ".join(filter(None, [job.state, _more(job)]))),
             ("file", where(job.place, shelf))]  # fmt: skip
    facts += [("also", where(place, shelf)) for place in job.duplicates]
    facts += [(name, file) for name, file in files(job, shelf).items()]
    if numbers := job.results.get("numbers"):
        facts.append(("log", ", ".join(map(str, numbers))))
    facts.append(("tried", f"{job.attempt} times" if job.attempt > 1 else "once"))
    for name, fact in facts:
        yield from _wrapped(fact, f"  {name:<6} ", " " * 9)
    for reason in why(job, settings.timezone, now):
        yield from _wrapped(reason, "  ")
    yield ""
    for event in events:
        at = event.at.astimezone(ZoneInfo(settings.timezone))
        told = f"{event.what}: {event.note}" if event.note else event.what
        yield from _wrapped(told, f"  {at:%Y-%m-%d %H:%M:%S}  ", " " * 23)


def _more(job: Job) -> str:
    if job.state is State.RUNNING:
        return f"({summary(job)}, by {job.worker})" if job.stage else f"(by {job.worker})"
    return f"({found(job)})" if job.state is State.DONE and found(job) else ""


def _wrapped(text: str, first: str, others: str | None = None) -> list[str]:
    """Return text in lines that fit the terminal; words longer than a line are left whole."""
    return textwrap.wrap(
        printable(text), _width(), initial_indent=first,
        subsequent_indent=first if others is None else others,
        break_long_words=False, break_on_hyphens=False,
    ) or [first.rstrip()]  # fmt: skip


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)
