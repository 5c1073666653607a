"""`memo eval`: how well is a meeting read?"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from memo.cli.evaluations import Evaluations
from memo.cli.invocation import Invocation
from memo.cli.measured import comparison, fitted, pairs, report
from memo.cli.output import say, shown_to_a_person
from memo.errors import ExitCode
from memo.evaluation import Run, load_run, part_of

_WIDTH = 80


@click.command(
    "eval",
    epilog="Examples:  memo eval --llm none  ·  memo eval --json mine.json  ·  "
    "memo eval --llm-url http://localhost:11434/v1 --llm-model qwen3:8b --compare mine.json  ·  "
    "memo eval calls --gold labels",
)
@click.argument("where", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option(
    "--gold",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of labels for the recordings or transcripts in DIR, by the same names.",
)
@click.option("--only", multiple=True, metavar="NAME", help="Meetings with this in their name.")
@click.option("--pairs", "show_pairs", is_flag=True, help="Show what was matched with what.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write everything that was measured; - for stdout.",
)
@click.option(
    "--compare",
    "compared",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare with an earlier run, a file of --json.",
)
@click.option(
    "--predictions",
    "predictions_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the findings in the form of the AMI corpus' scorer.",
)
@click.option("--language", metavar="CODE", help="Spoken language of recordings, e.g. de.")
@click.option("--speakers", type=int, metavar="N", help="How many people speak in recordings.")
@click.option("--diarize/--no-diarize", default=None, help="Tell voices of recordings apart.")
@click.option("--asr-model", metavar="NAME", help="Speech model: a name or a folder.")
@click.option(
    "--llm",
    type=click.Choice(["embedded", "endpoint", "none"]),
    help="Who reads: a model on this machine, a server, or rules alone.",
)
@click.option("--llm-url", metavar="URL", help="OpenAI-compatible endpoint, up to /v1.")
@click.option("--llm-model", metavar="NAME", help="Its name there, or of an embedded one.")
@click.option("--prompts", type=click.Path(path_type=Path), metavar="DIR", help="Your own prompts.")
@click.option("--threads", type=int, metavar="N", help="Processor threads to use.")
@click.option("--offline", is_flag=True, default=None, help="Open no connection to the network.")
@click.option("--fresh", is_flag=True, help="Ask the model again what it was asked before.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing on stderr but errors.")
@click.pass_context
def evaluate(  # noqa: PLR0913, PLR0917 - click hands over each option
    context: click.Context,
    /,
    where: Path | None,
    gold: Path | None,
    only: tuple[str, ...],
    show_pairs: bool,  # noqa: FBT001
    json_file: Path | None,
    compared: Path | None,
    predictions_file: Path | None,
    fresh: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
    **given: object,
) -> None:
    """Measure how well meetings are read, against what people found in them.

    Each labelled meeting is read as `memo convert` would, with the same settings, and what was
    found is held against its labels: how much of it is right (precision), how much of what is
    there was found (recall), and both in one (F1), with 95 % intervals over meetings. Nothing is
    logged or written but the files you name. A run that was stopped goes on where it was.

    DIR is a folder of labelled meetings (JSON), by default the ten that come with memo. With --gold
    it is one of recordings or transcripts. It may also be a file that --json wrote: then nothing is
    read again.
    """
    invocation: Invocation = context.obj
    before = load_run(compared) if compared else None
    code = ExitCode.OK
    as_json = str(json_file) == "-"
    files = {"json": None if as_json else json_file, "predictions": predictions_file}
    if where is not None and where.is_file():
        if gold or any(files.values()):
            raise click.UsageError("a run that was written before is only shown or compared")
        run = part_of(load_run(where), only)
    else:
        settings, quietly = invocation.settings(given), quiet or invocation.quiet
        evaluations = Evaluations(settings, files, fresh=fresh, quiet=quietly)
        run = evaluations.run(where, gold, only)
        code = evaluations.exit_code
    if as_json:
        say(run.model_dump_json(indent=1))
    else:
        _show(run, before, with_pairs=show_pairs)
    context.exit(code)


def _show(run: Run, before: Run | None, *, with_pairs: bool) -> None:
    if with_pairs:
        _say(lambda _: pairs(run.meetings))
    _say(lambda width: report(run, width))
    if before:
        say("")
        _say(lambda width: comparison(before, run, width))


def _say(lines: Callable[[int], Iterable[str]]) -> None:
    """Write lines for the width of the terminal; a pipe gets them whole."""
    if not shown_to_a_person():
        for line in lines(_WIDTH):
            say(line)
        return
    width = shutil.get_terminal_size().columns
    for line in fitted(lines(width), width):
        say(line)
