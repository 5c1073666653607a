"""`memo speakers RECORDING`: who speaks, and what the user says of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from memo.app import settings_of_then, tools, work_folder
from memo.cli.conversions import logged
from memo.cli.interruption import interruptible
from memo.cli.invocation import Invocation
from memo.cli.output import clock, note, printable, say, shown_to_a_person
from memo.cli.progress import progress
from memo.config import Settings, remote_host
from memo.errors import RecordingError
from memo.model import NameSource
from memo.pipeline import (
    Changes,
    Job,
    Outcome,
    Portrait,
    Recalled,
    WrongVoice,
    portraits,
    recall_conversion,
    revoice,
    together,
)
from memo.ports import silent

_SOURCES = {
    NameSource.LABEL: "",
    NameSource.GUESS: "a guess from the talk",
    NameSource.TOLD: "you said so",
    NameSource.TRACK: "a track of its own",
    NameSource.ENROLLED: "a voice you enrolled",
}
_LONGEST_QUOTE = 160
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6}(?:\.\d+)?)")
_PLAYERS = {
    "ffplay": ("-nodisp", "-autoexit", "-loglevel", "error"),
    "afplay": (),
    "paplay": (),
    "aplay": ("-q",),
}


def _instants(
    _context: click.Context, option: click.Parameter, given: tuple[tuple[str, str], ...]
) -> tuple[tuple[float, str], ...]:
    """Read times as people write them: 12:30 or 1:02:03."""
    return tuple((_seconds(time, option), voice) for time, voice in given)


def _seconds(text: str, option: click.Parameter) -> float:
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is no time: write 12:30 or 1:02:03", param=option)
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds


@click.command(
    "show",
    epilog="Examples:  memo speakers show call.m4a  ·  memo speakers call.m4a "
    '--set "Speaker 1=Priya" --merge "Speaker 3=Speaker 1"  ·  memo speakers call.m4a '
    '--play "Speaker 2"',
)
@click.argument(
    "recordings", nargs=-1, required=True, metavar="RECORDING", type=click.Path(path_type=Path)
)
@click.option("--set", "names", multiple=True, metavar="VOICE=NAME", help="Who a voice is.")
@click.option(
    "--merge", "merges", multiple=True, metavar="VOICE=VOICE", help="The first is the second, too."
)
@click.option(
    "--split", "splits", multiple=True, metavar="VOICE=N", help="A voice is so many people."
)
@click.option(
    "--at",
    "moves",
    multiple=True,
    type=(str, str),
    callback=_instants,
    metavar="TIME VOICE",
    help="Who says the sentence at a time, e.g. --at 12:30 Priya.",
)
@click.option("--reset", is_flag=True, help="Forget what you said of this recording before.")
@click.option(
    "--sample", type=click.Path(path_type=Path), metavar="DIR", help="Cut a sample of each voice."
)
@click.option("--play", metavar="VOICE", help="Play a sample of a voice.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Where its results were put."
)
@click.option("--no-log", is_flag=True, help="Leave the decision log as it is.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object on stdout.")
@click.pass_context
def show(
    context: click.Context,
    /,
    recordings: tuple[Path, ...],
    sample: Path | None,
    play: str | None,
    out: Path | None,
    no_log: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    **given: Any,  # noqa: ANN401 - what `Changes` has
) -> None:
    """Show who speaks in a converted recording, and correct it.

    Of each voice: its name and who says so, how long it speaks, and what is typical of what it
    says. VOICE is a label ("Speaker 1"), its number or its name. A meeting that was converted
    --together is named by all its files, or their folder.

    What you correct is done in the order of split, merge, at, set. The memo, the transcript and
    the decision log follow, without transcribing again, and it holds whenever the recording is
    converted, until --reset.
    """
    invocation: Invocation = context.obj
    asked = _Asked(recordings, invocation.settings({"out": out}), quiet=invocation.quiet)
    try:
        outcome = asked.change(Changes(**given), logs=not no_log)
        voices = portraits(asked.recalled().transcript)
        samples = asked.samples(voices, sample, play)
    except WrongVoice as error:
        raise click.UsageError(printable(error)) from error
    if as_json:
        say(json.dumps(_as_object(asked.path, voices, outcome, samples), indent=2))
    else:
        for line in _in_words(voices, outcome, samples):
            say(line)
    if asked.played is not None:
        heard = samples[asked.played]
        if not _play(heard):
            note(f"memo: there is no player that works here; the sample is {printable(heard)}")
        elif sample is None:
            heard.unlink(missing_ok=True)


class _Asked:
    """A recording, and what is asked of its voices."""

    def __init__(self, paths: tuple[Path, ...], settings: Settings, *, quiet: bool) -> None:
        is_one = len(paths) == 1 and not paths[0].is_dir()
        self.path, self._tracks = (paths[0], ()) if is_one else together(paths)
        self._settings = settings
        self._quiet = quiet
        self.played: str | None = None

    def recalled(self) -> Recalled:
        """Return what is known of the recording."""
        return recall_conversion(self._job(), tools(self._settings, silent))

    def _job(self) -> Job:
        settings = self._settings
        return Job(
            path=self.path,
            tracks=self._tracks,
            timezone=settings.timezone,
            attendees=settings.attendees,
            language=settings.language,
            memo_language=settings.memo_language,
            folder=settings.out,
            formats=settings.formats,
        )

    def change(self, changes: Changes, *, logs: bool) -> Outcome | None:
        """Do what the user says, with the settings that the recording was converted with."""
        recalled = self.recalled()
        if not changes:
            return None
        settings = settings_of_then(self._settings, recalled.settings)
        if host := remote_host(settings):
            note(f"memo: the language model is not on this machine: what was said goes to {host}")
        with progress(quiet=self._quiet) as drawn:
            made = tools(settings, drawn, logs=logs and recalled.logs)
            return interruptible(lambda: revoice(recalled, changes, made, drawn))

    def samples(
        self, voices: Sequence[Portrait], folder: Path | None, play: str | None
    ) -> dict[str, Path]:
        """Cut the samples that are wanted, and return where they lie, by label."""
        from memo.pipeline.revoicing import find_voice, told_of
        from memo.pipeline.sampling import write_samples

        wanted = tuple(voices) if folder is not None else ()
        if play is not None:
            names = {voice.label: voice.name for voice in voices}
            self.played = find_voice(play, names)
            if self.played is None:
                raise WrongVoice(f"there is no voice {play!r}: {told_of(names)}")
            wanted = wanted or tuple(v for v in voices if v.label == self.played)
        if not wanted:
            return {}
        made = write_samples(self._job(), wanted, folder, work_folder(self._settings))
        if self.played is not None and self.played not in made:
            raise RecordingError(
                f"{self.played} never speaks alone long enough to be played",
                hint="Play what it says from the recording, at the times shown.",
            )
        return made


def _play(sample: Path) -> bool:
    """Play a sound file with whatever player is there, and return whether one did."""
    for name, options in _PLAYERS.items():
        player = shutil.which(name)
        if player is None:
            continue
        done = subprocess.run(  # noqa: S603 - a list of words, no shell
            [player, *options, str(sample.absolute())],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return True
    return False


# --- What is shown ------------------------------------------------------------------------------


def _in_words(
    voices: Sequence[Portrait], outcome: Outcome | None, samples: dict[str, Path]
) -> Iterator[str]:
    if not voices:
        yield "Nobody is told apart in this recording."
    for voice in voices:
        yield _filled(_head(voice), "    ")
        for quote in voice.quotes:
            text = textwrap.shorten(printable(quote.text), _LONGEST_QUOTE, placeholder=" …")
            yield _filled(f"  [{clock(quote.start)}] “{text}”", "    ")
        if voice.label in samples:
            yield f"  {printable(samples[voice.label])}"
    if outcome is not None:
        yield ""
        yield from (printable(path) for path in outcome.files.values())
        yield from (f"{printable(path)} (what you had changed)" for path in outcome.kept)


def _head(voice: Portrait) -> str:
    source = _SOURCES.get(voice.source, "")
    if voice.name == voice.label:
        named = voice.label
    else:
        sure = "" if voice.confidence is None else f", {voice.confidence:.0%} sure"
        why = f" ({source}{sure})" if source else ""
        named = f"{voice.label} = {printable(voice.name)}{why}"
    return f"{printable(named)}, {clock(voice.seconds)}, {voice.share:.0%}"


def _as_object(
    recording: Path,
    voices: Sequence[Portrait],
    outcome: Outcome | None,
    samples: dict[str, Path],
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "recording": str(recording),
        "voices": [
            {
                **voice.model_dump(mode="json", exclude={"alone"}),
                "sample": str(samples[voice.label]) if voice.label in samples else None,
            }
            for voice in voices
        ],
    }
    if outcome is not None:
        found |= {
            "files": {name: str(file) for name, file in outcome.files.items()},
            "kept": [str(file) for file in outcome.kept],
            "log": logged(outcome),
        }
    return found


def _filled(text: str, indent: str) -> str:
    """Break a line at the width of the terminal; a pipe gets it whole."""
    if not shown_to_a_person():
        return text
    width = max(20, shutil.get_terminal_size().columns)
    return textwrap.fill(text, width, subsequent_indent=indent, break_on_hyphens=False)
