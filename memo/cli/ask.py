"""`memo ask`: a question to the decision log."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memo.app import answer_question
from memo.cli.invocation import Invocation
from memo.cli.output import note, printable, say, shown_to_a_person
from memo.cli.progress import progress
from memo.remembered import Matched

if TYPE_CHECKING:
    from memo.pipeline.asking import Reply

_ALSO = 3


@click.command(
    epilog='Examples:  memo ask "why did we drop CSV?"  ·  memo ask who owns the tariffs'
)
@click.argument("question", nargs=-1, required=True, metavar="QUESTION...")
@click.option(
    "--llm",
    type=click.Choice(["embedded", "endpoint", "none"]),
    help="Who words the answer: a model on this machine, a server, or nobody.",
)
@click.option("--llm-url", metavar="URL", help="OpenAI-compatible endpoint, up to /v1.")
@click.option("--llm-model", metavar="NAME", help="Its name there, or of an embedded one.")
@click.option("--prompts", type=click.Path(path_type=Path), metavar="DIR", help="Your own prompts.")
@click.option("--offline", is_flag=True, default=None, help="Open no connection to the network.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object on stdout.")
@click.pass_context
def ask(
    context: click.Context,
    /,
    question: tuple[str, ...],
    as_json: bool,  # noqa: FBT001
    **given: object,
) -> None:
    """Answer a question from the decision log.

    Each sentence names the entries that it rests on. Without a language model, or with a small
    one, the entry that fits best is told in its own words. What the log does not know, memo does
    not know.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings(given)
    with progress(quiet=invocation.quiet) as drawn:
        reply = answer_question(settings, " ".join(question), drawn)
    if as_json:
        say(json.dumps(reply.model_dump(mode="json"), indent=2))
    else:
        for line in told(reply):
            say(_filled(line))
    if reply.remark and not invocation.quiet:
        note(f"memo: {printable(reply.remark)}")


def told(reply: Reply) -> Iterator[str]:
    """Yield the lines of an answer."""
    if reply.matched is Matched.NOT_ASKED:
        yield "There is no word to look for in the question."
    elif not reply.sentences:
        yield "The log does not know."
    for sentence in reply.sentences:
        yield f"{printable(sentence.text)} [{', '.join(sentence.cites)}]"
    cited = {number for sentence in reply.sentences for number in sentence.cites}
    others = [entry for entry in reply.found if entry.number not in cited][:_ALSO]
    if others:
        yield ""
        yield "See also:" if reply.sentences else "What comes closest:"
        yield from (f"  {entry.number}  {printable(entry.text)}" for entry in others)


def _filled(line: str) -> str:
    if not shown_to_a_person():
        return line
    width = max(20, shutil.get_terminal_size().columns)
    return textwrap.fill(line, width, subsequent_indent=" " * 4 if line[:1] == " " else "")
