"""`memo convert`: the main job."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from memo.cli.conversions import Conversions
from memo.cli.invocation import Invocation


def _listed(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> Any:  # noqa: ANN401
    """Join the words of an option that may be repeated; None if it was not given."""
    return ",".join(values) or None


def _files(_context: click.Context, _argument: click.Parameter, paths: tuple[Path, ...]) -> Any:  # noqa: ANN401
    """Return each file once, and refuse folders."""
    folder = next((path for path in paths if os.path.isdir(path)), None)  # noqa: PTH112 - never raises
    if folder is not None:
        raise click.UsageError(
            f"{click.format_filename(folder)} is a folder. "
            "Name the recordings inside it, e.g. with *.m4a"
        )
    return tuple({os.path.realpath(path): path for path in reversed(paths)}.values())[::-1]


@click.command(
    epilog="Examples:  memo convert call.m4a  ·  memo convert *.mp4 --out memos --format md,docx"
    "  ·  memo convert call.vtt --llm none --json"
)
@click.argument(
    "recordings",
    nargs=-1,
    required=True,
    metavar="RECORDING...",
    type=click.Path(path_type=Path),
    callback=_files,
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder for results.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    callback=_listed,
    metavar="NAMES",
    help="Results to write: md, docx, json, vtt; also srt, txt, words, rttm. May be repeated.",
)
@click.option("--title", metavar="TEXT", help="What the meeting is called.")
@click.option(
    "--started-at",
    metavar="INSTANT",
    help="When it began, e.g. 2026-03-04T10:30; without offset in --timezone.",
)
@click.option("--timezone", metavar="ZONE", help="The meeting's, e.g. Europe/Berlin.")
@click.option(
    "--attendees", multiple=True, callback=_listed, metavar="NAMES", help="Who was there."
)
@click.option("--language", metavar="CODE", help="Spoken language, e.g. de; else found out.")
@click.option(
    "--memo-language", metavar="CODE", help="Language of the memo: en, de, es; else the spoken one."
)
@click.option("--speakers", type=int, metavar="N", help="How many people speak; else found out.")
@click.option(
    "--diarize/--no-diarize", default=None, help="Tell voices apart, or not; on by default."
)
@click.option(
    "--diarizer",
    type=click.Choice(["built-in", "pyannote"]),
    help="What tells voices apart; pyannote has to be installed.",
)
@click.option("--asr-model", metavar="NAME", help="Speech model: a name or a folder.")
@click.option(
    "--llm",
    type=click.Choice(["embedded", "endpoint", "none"]),
    help="Who reads the transcript: a model on this machine, a server, or rules alone.",
)
@click.option("--llm-url", metavar="URL", help="OpenAI-compatible endpoint, up to /v1.")
@click.option("--llm-model", metavar="NAME", help="Its name there, or of an embedded one.")
@click.option("--prompts", type=click.Path(path_type=Path), metavar="DIR", help="Your own prompts.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    help="Where speech is recognised; auto takes a graphics card that can be used.",
)
@click.option("--threads", type=int, metavar="N", help="Processor threads to use.")
@click.option("--offline", is_flag=True, default=None, help="Open no connection to the network.")
@click.option("--strict", is_flag=True, default=None, help="Leave with 10 if anything is unsure.")
@click.option("--force", is_flag=True, help="Convert again what is done already.")
@click.option("--no-log", is_flag=True, help="Record no decisions in the log.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per recording on stdout.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing on stderr but errors.")
@click.pass_context
def convert(
    context: click.Context,
    /,
    recordings: tuple[Path, ...],
    title: str | None,
    started_at: str | None,
    force: bool,  # noqa: FBT001
    no_log: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
    **given: object,
) -> None:
    """Turn recordings, or transcripts, into memos.

    A memo in Markdown and Word, the transcript and memo.json appear beside each recording, and its
    decisions in the log. A run that was stopped goes on where it was; what is done is not done
    again. Any sound or video file will do, and any transcript (vtt, srt, txt, docx, json).

    If some recordings fail the others are converted all the same, and the exit code is that of the
    first failure.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings(given)
    conversions = Conversions(settings, title=title, started_at=started_at, as_json=as_json)
    conversions.run(recordings, force=force, logs=not no_log, quiet=quiet or invocation.quiet)
    context.exit(conversions.exit_code)
