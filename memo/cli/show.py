"""`memo show`: a memo in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from memo.app import read_memo
from memo.cli.invocation import Invocation
from memo.cli.output import say, shown_to_a_person
from memo.export.markdown import render_markdown


@click.command(epilog="Examples:  memo show call.m4a  ·  memo show memos/call.memo.json | less")
@click.argument("memo", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Where its results were put."
)
@click.pass_context
def show(context: click.Context, /, memo: Path, out: Path | None) -> None:
    """Show a memo in the terminal.

    FILE is a memo.json, or the recording that it was made from. Where stdout is no terminal,
    plain Markdown is written.
    """
    invocation: Invocation = context.obj
    folder = invocation.settings({"out": out}).out
    text = render_markdown(read_memo(memo, folder), front_matter=False)
    if not shown_to_a_person():
        say(text.rstrip("\n"))
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(highlight=False).print(Markdown(text, hyperlinks=False))
