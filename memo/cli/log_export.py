"""`memo log export`: keep the log in a folder, a table or a calendar."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from memo.app import open_log
from memo.cli.invocation import Invocation
from memo.cli.output import printable, say
from memo.errors import IncompleteResult, OutputError
from memo.export.files import write_outputs
from memo.pipeline.exporting import Step, check_file, plan_step
from memo.remembered import EntryKind, LogEntry

_FILE = click.Path(path_type=Path, allow_dash=True)
_STDOUT = Path("-")


@click.command(
    "export", epilog="Examples:  memo log export docs/decisions  ·  memo log export --csv log.csv"
)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--csv", metavar="FILE", type=_FILE, help="All entries as a table; - for stdout.")
@click.option("--json", metavar="FILE", type=_FILE, help="All entries for programs.")
@click.option("--ics", metavar="FILE", type=_FILE, help="Due dates of open actions, as a calendar.")
@click.option("--memos", metavar="PLACE", help="Where memos lie, as seen from DIR: link there.")
@click.option("--check", is_flag=True, help="Write nothing; leave with 10 if something is behind.")
@click.option("--force", is_flag=True, help="Also replace pages that somebody edited.")
@click.pass_context
def export_log(
    context: click.Context,
    /,
    folder: Path | None,
    csv: Path | None,
    json: Path | None,
    ics: Path | None,
    memos: str | None,
    check: bool,  # noqa: FBT001
    force: bool,  # noqa: FBT001
) -> None:
    """Keep the log in a folder, a table or a calendar.

    DIR gets a Markdown page for each decision (in the form of MADR), an index, and pages of actions
    and questions. The same log gives the same bytes, only what changed is written, and other
    files there are left alone. A page that somebody edited is kept, and told.
    """
    wanted = {"csv": csv, "json": json, "ics": ics}
    files = {name: path for name, path in wanted.items() if path is not None}
    if folder is None and not files:
        raise click.UsageError("Name a folder, or a file with --csv, --json or --ics.")
    if check and _STDOUT in files.values():
        raise click.UsageError("--check looks at files, not at the standard output.")
    invocation: Invocation = context.obj
    with open_log(invocation.settings()) as log:
        entries = log.entries(kinds=tuple(EntryKind), withdrawn=True)
    step = plan_step(entries, folder, memos=_place(memos), overwrite=force) if folder else None
    texts = {path: _rendered(name, entries, path) for name, path in files.items()}
    if check:
        _tell_behind(step, texts)
        return
    _write(texts)
    if step is not None:
        _take(step)


def _place(memos: str | None) -> str | None:
    """Return where memos lie, without what could make a link something else than one."""
    if memos is None:
        return None
    place = memos.replace("\\", "/")
    scheme, colon, _ = place.partition(":")
    if colon and "/" not in scheme and scheme.lower() not in {"http", "https"}:
        raise click.UsageError("--memos takes a folder or an address that begins with https://")
    return place


def _rendered(kind: str, entries: tuple[LogEntry, ...], path: Path) -> str:
    from memo.export.due_dates import render_ics
    from memo.export.listing import BYTE_ORDER_MARK, render_csv, render_json

    shown = [entry for entry in entries if entry.withdrawn_at is None]
    if kind == "ics":
        return render_ics(shown)
    if kind == "json":
        return render_json(shown)
    return ("" if path == _STDOUT else BYTE_ORDER_MARK) + render_csv(shown)


def _write(texts: Mapping[Path, str]) -> None:
    files = {path: text for path, text in texts.items() if path != _STDOUT}
    for path, text in files.items():
        check_file(path, text)
    changed = {path: text.encode() for path, text in files.items() if _differs(path, text)}
    write_outputs(changed, by_option=False)
    for path, text in texts.items():
        if path == _STDOUT:
            say(text.removesuffix("\n"))
        else:
            say(f"{printable(path)}: {'written' if path in changed else 'unchanged'}")


def _take(step: Step) -> None:
    step.take()
    say(
        f"{printable(step.folder)}: {len(step.written)} written, {len(step.removed)} removed,"
        f" {step.unchanged} unchanged"
    )
    _tell_conflicts(step)


def _tell_conflicts(step: Step) -> None:
    folder = printable(step.folder)
    if step.edited:
        raise OutputError(
            f"edited by somebody and left as they are in {folder}: {_listed(step.edited)}",
            hint=f"Take the edits into the log with `memo log import {folder}`, or drop them"
            " with --force.",
        )
    if step.taken:
        raise OutputError(
            f"not written, since others have these names in {folder}: {_listed(step.taken)}",
            hint="Move those files away, or name another folder.",
        )


def _tell_behind(step: Step | None, texts: Mapping[Path, str]) -> None:
    if step is not None:
        _tell_conflicts(step)
    behind = [printable(path) for path, text in texts.items() if _differs(path, text)]
    if step is not None and step.is_behind:
        behind.append(
            f"{printable(step.folder)} ({_listed([*sorted(step.written), *step.removed])})"
        )
    if behind:
        raise IncompleteResult(
            f"behind the log: {', '.join(behind)}", hint="Run the same command without --check."
        )


def _differs(path: Path, text: str) -> bool:
    """Tell whether a file is another than it should be, but for line ends that git changed."""
    try:
        there = path.read_bytes()
    except OSError:
        return True
    return there.replace(b"\r\n", b"\n") != text.encode().replace(b"\r\n", b"\n")


def _listed(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(map(printable, names[:5]))
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
