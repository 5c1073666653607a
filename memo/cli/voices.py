"""`memo speakers enroll` and its like: voices that are remembered on purpose."""

from __future__ import annotations

import json
from pathlib import Path

import click

from memo.app import tools, voiceprints
from memo.cli.interruption import interruptible
from memo.cli.invocation import Invocation
from memo.cli.output import clock, note, printable, say
from memo.cli.progress import progress
from memo.pipeline import Job, WrongVoice
from memo.pipeline import enroll as remember
from memo.pipeline.revoicing import LONGEST_NAME


def _name(_context: click.Context, _argument: click.Parameter, text: str | None) -> str | None:
    """Return a name as one line that any file can hold."""
    name = printable((text or "").encode("utf-8", errors="replace").decode()).strip()
    if text is not None and not name:
        raise click.UsageError("the name is empty")
    if len(name) > LONGEST_NAME:
        raise click.UsageError(f"a name has at most {LONGEST_NAME} characters")
    return name or None


@click.command(
    epilog='Example: memo speakers enroll Priya call.m4a --voice "Speaker 2"',
)
@click.argument("name", metavar="NAME", callback=_name)
@click.argument("recording", metavar="RECORDING", type=click.Path(path_type=Path))
@click.option("--voice", metavar="VOICE", help="Which voice; else the one of that name.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Where its results were put."
)
@click.pass_context
def enroll(
    context: click.Context, /, name: str, recording: Path, voice: str | None, out: Path | None
) -> None:
    """Remember a voice, so that it gets its name in other recordings.

    What identifies the voice is kept on this machine, readable by you alone, until you forget it.
    Ask the person first: a voice is biometric data. Without --voice it is the voice that has the
    name in the recording already, or the only one that is heard.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings({"out": out})
    job = Job(path=recording, timezone=settings.timezone, folder=settings.out)
    try:
        with progress(quiet=invocation.quiet) as drawn:
            made = tools(settings, drawn)
            person = interruptible(lambda: remember(name, voice, job, made, drawn))
    except WrongVoice as error:
        raise click.UsageError(printable(error)) from error
    take = person.takes[-1]
    count = len(person.takes)
    more = "" if count == 1 else f"; {count} recordings in all"
    say(
        f"{printable(person.name)}: {printable(take.label)} of "
        f"{printable(take.recording.filename)} is remembered, {clock(take.seconds)} of it{more}"
    )


@click.command("voices", epilog="Example: memo speakers voices --json")
@click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout.")
@click.pass_context
def list_voices(context: click.Context, /, as_json: bool) -> None:  # noqa: FBT001
    """List the voices that are remembered, and the recordings that they are from."""
    invocation: Invocation = context.obj
    kept = voiceprints(invocation.settings())
    people = kept.people()
    for path in kept.unreadable():
        note(f"memo: warning: {printable(path)} cannot be read; `forget --all` deletes it, too")
    if as_json:
        without = {"takes": {"__all__": {"embedding"}}}
        say(json.dumps([p.model_dump(mode="json", exclude=without) for p in people], indent=2))
        return
    for person in people:
        say(printable(person.name))
        for take in person.takes:
            of = f"{printable(take.label)} of {printable(take.recording.filename)}"
            say(f"  {of}, {clock(take.seconds)}, enrolled {take.enrolled_at:%Y-%m-%d}")


@click.command(epilog="Examples:  memo speakers forget Priya  ·  memo speakers forget --all")
@click.argument("name", metavar="[NAME]", required=False, callback=_name)
@click.option("--all", "everybody", is_flag=True, help="Every voice that is remembered.")
@click.pass_context
def forget(context: click.Context, /, name: str | None, everybody: bool) -> None:  # noqa: FBT001
    """Delete what identifies a voice. Names that it gave stay where they are written."""
    if (name is None) != everybody:
        raise click.UsageError("name the voice to forget, or say --all")
    invocation: Invocation = context.obj
    kept = voiceprints(invocation.settings())
    if name is None:
        count = kept.forget_all()
        say(f"{count} voice{'' if count == 1 else 's'} deleted")
        return
    if not kept.forget(name):
        names = ", ".join(printable(person.name) for person in kept.people()) or "none"
        raise click.UsageError(f"there is no voice of {name!r}; remembered: {names}")
    say(f"{name}: deleted")
