"""`memo log import`: what people changed in Markdown, read back into the log."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memo.app import open_log
from memo.cli.invocation import Invocation
from memo.cli.log_changes import as_object, change_options, lines_of, shown, who_says
from memo.cli.output import note as tell_note
from memo.cli.output import printable, say
from memo.errors import EditConflict

if TYPE_CHECKING:
    from memo.pipeline.reading_back.importing import Imported
    from memo.pipeline.reading_back.three_way import Clash


@click.command(
    "import",
    epilog="Examples:  memo log import call.memo.md --dry-run  ·  memo log import decisions/",
)
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--take", type=click.Choice(["file", "log"]), help="Whose word counts where both changed."
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@change_options
@click.pass_context
def import_files(
    context: click.Context,
    /,
    *,
    files: tuple[Path, ...],
    take: str | None,
    dry_run: bool,
    note: str,
    who: str | None,
    as_json: bool,
) -> None:
    """Read back into the log what people changed in Markdown.

    FILE is a memo (call.memo.md), or a file or the folder of `memo log export`. What a file says
    otherwise than memo wrote it is taken over. Where the log has changed, too, to something else,
    both are shown and nothing is imported, until --take says whose word counts.
    """
    from memo.pipeline.reading_back.importing import import_files as read_back

    invocation: Invocation = context.obj
    with open_log(invocation.settings()) as log:
        done = read_back(
            log,
            files,
            who=who_says(who),
            now=dt.datetime.now(dt.UTC),
            note=note,
            take="file" if take == "file" else "log" if take == "log" else None,
            rehearse=dry_run,
        )
    if as_json:
        say(json.dumps(_as_object(done), indent=2))
    else:
        for line in _in_words(done):
            say(line)
        if not invocation.quiet:
            for line in done.left:
                tell_note(f"memo: not read back: {printable(line)}")
    if done.clashes:
        raise EditConflict(
            _counted(len(done.clashes)) + ", so nothing was imported",
            hint="put the files right, or say whose word counts with --take file or --take log",
        )


def _counted(count: int) -> str:
    return "1 field clashes" if count == 1 else f"{count} fields clash"


def _in_words(done: Imported) -> Iterator[str]:
    for clash in done.clashes:
        yield from _clash(clash)
    for edited in done.edited:
        yield from lines_of(edited)
    if not done.clashes and not done.edited:
        yield "Nothing in these files is different from what memo wrote."


def _clash(clash: Clash) -> Iterator[str]:
    yield f"{printable(clash.origin)}: {clash.number} {clash.field}"
    if clash.why:
        yield f"  {printable(clash.why)}"
    else:
        yield f"  memo wrote: {'nobody knows' if clash.wrote is None else shown(clash.wrote)}"
    yield f"  the file:   {shown(clash.file)}"
    yield f"  the log:    {shown(clash.log)}"


def _as_object(done: Imported) -> dict[str, object]:
    return {
        "edited": [as_object(one) for one in done.edited],
        "clashes": [asdict(one) for one in done.clashes],
        "left": done.left,
        "restamped": [str(path) for path in done.restamped],
    }
