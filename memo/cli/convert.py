"""`memo convert`: the main job."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from memo.cli.conversions import Conversions, Files
from memo.cli.invocation import Invocation

_TOGETHER = "memo.together"


def _listed(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> Any:  # noqa: ANN401
    """Join the words of an option that may be repeated; None if it was not given."""
    return ",".join(values) or None


def _entries(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> Any:  # noqa: ANN401
    """Return the terms of an option that may be repeated; None if it was not given."""
    from memo.speech.names.glossary import listed

    return [entry for value in values for entry in listed(value)] or None


def _note_together(
    context: click.Context,
    _option: click.Parameter,
    given: bool,  # noqa: FBT001
) -> None:
    """Let `_files` know, which comes after."""
    context.meta[_TOGETHER] = given


def _files(context: click.Context, _argument: click.Parameter, paths: tuple[Path, ...]) -> Any:  # noqa: ANN401
    """Return the files of each meeting, and refuse folders unless they are said to be one."""
    together = context.meta.get(_TOGETHER)
    folders = [path for path in paths if os.path.isdir(path)]  # noqa: PTH112 - never raises
    if folders and not together:
        raise click.UsageError(
            f"{click.format_filename(folders[0])} is a folder. "
            "Name the recordings inside it, e.g. with *.m4a; "
            "if they are the tracks of one meeting, add --together"
        )
    if folders and len(folders) < len(paths):
        raise click.UsageError("--together takes the files of one meeting, or folders, not both")
    once = tuple({os.path.realpath(path): path for path in reversed(paths)}.values())[::-1]
    if together and not folders and len(once) == 1:
        raise click.UsageError("--together takes a file for each who spoke, or their folder")
    return (once,) if together and not folders else tuple((path,) for path in once)


@click.command(
    epilog="Examples:  memo convert call.m4a  ·  memo convert --together Ann.m4a Bo.m4a"
    "  ·  memo convert *.mp4 --out memos --format md,docx"
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
@click.option(
    "--together",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_note_together,
    help="The recordings are one meeting: a file for each who spoke, or a folder of them.",
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
@click.option(
    "--glossary",
    multiple=True,
    callback=_entries,
    metavar="TERMS",
    help="Names and terms that may be said, or a file of them: terms.txt.",
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
    recordings: tuple[Files, ...],
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
