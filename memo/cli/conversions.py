"""Many recordings, one after the other: what is said about each, and the exit code of all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from memo.app import tools
from memo.cli.failures import report
from memo.cli.interruption import interruptible
from memo.cli.linked import DOES
from memo.cli.output import complain, note, printable, say
from memo.cli.progress import progress
from memo.config import Settings, origins, remote_host
from memo.errors import ExitCode, IncompleteResult, told
from memo.intake.alone import convert_alone
from memo.pipeline import Job, Outcome, parse_instant, together
from memo.ports import silent
from memo.remembered import Link, LinkStanding, Relation
from memo.speech.names.glossary import read_entries

Files = tuple[Path, ...]
"""What a meeting was recorded to: one file, its tracks, or a folder that holds them."""


class Conversions:
    """A run of `memo convert`.

    Args:
        settings: The settings.
        title: What the meeting is called, if the user says so.
        started_at: When it began, as the user wrote it.
        as_json: Whether stdout is for machines.

    Attributes:
        exit_code: That of the first failure; `INCOMPLETE` only if nothing else failed.
    """

    def __init__(
        self, settings: Settings, *, title: str | None, started_at: str | None, as_json: bool
    ) -> None:
        self.exit_code = ExitCode.OK
        self._settings = settings
        self._title = title
        self._as_json = as_json
        self._failed = 0
        self._glossary = read_entries(settings.glossary)
        said = origins(settings).items()
        self._typed = frozenset(name for name, origin in said if origin == "command line")
        try:
            self._started_at = parse_instant(started_at) if started_at else None
        except ValueError as error:
            raise click.UsageError(
                f"--started-at {started_at!r} is no date and time: write 2026-03-04T10:30"
            ) from error

    def run(self, meetings: Sequence[Files], *, force: bool, logs: bool, quiet: bool) -> None:
        """Convert recordings one after the other, each a file or several tracks.

        Args:
            meetings: The recordings.
            force: Whether to convert again what is done already.
            logs: Whether decisions are recorded.
            quiet: Whether to say nothing on stderr but errors.

        Raises:
            ConfigError: A setting is wrong.
        """
        tools(self._settings, silent)  # whatever is wrong with the settings comes out now
        if host := remote_host(self._settings):
            note(f"memo: the language model is not on this machine: what was said goes to {host}")
        for place, files in enumerate(meetings, 1):
            if len(meetings) > 1 and not quiet:
                note(f"[{place}/{len(meetings)}] {printable(files[0].name)}")
            self._one(files, force=force, logs=logs, quiet=quiet)
        if len(meetings) > 1 and not quiet:
            good = len(meetings) - self._failed
            note(f"memo: {good} of {len(meetings)} converted, {self._failed} failed")

    def _job(self, files: Files, *, force: bool) -> Job:
        is_one = len(files) == 1 and not files[0].is_dir()
        path, tracks = (files[0], ()) if is_one else together(files)
        settings = self._settings
        return Job(
            path=path,
            tracks=tracks,
            timezone=settings.timezone,
            title=self._title,
            started_at=self._started_at,
            attendees=settings.attendees,
            glossary=self._glossary,
            typed=self._typed,
            language=settings.language,
            memo_language=settings.memo_language,
            speakers=settings.speakers,
            folder=settings.out,
            formats=settings.formats,
            force=force,
        )

    def _one(self, files: Files, *, force: bool, logs: bool, quiet: bool) -> None:
        path = files[0]
        try:
            job = self._job(files, force=force)
            path = job.path
            with progress(quiet=quiet) as drawn:
                made = tools(self._settings, drawn, logs=logs)
                outcome = interruptible(lambda: convert_alone(job, made, drawn))
        except Exception as error:  # noqa: BLE001 - the others are converted all the same
            self._failed += 1
            self._fail(path, error)
            return
        say(json.dumps(_as_object(path, outcome)) if self._as_json else _in_words(outcome))
        lacking = outcome.shortcomings()
        if self._settings.strict and lacking:
            self._object_to(path, lacking)

    def _object_to(self, path: Path, lacking: Sequence[str]) -> None:
        complain(f"{path.name}: {'; '.join(lacking)}", "Check the memo: what is unsure is marked.")
        self.exit_code = self.exit_code or IncompleteResult.exit_code

    def _fail(self, path: Path, error: Exception) -> None:
        code = report(error)
        if self.exit_code in {ExitCode.OK, ExitCode.INCOMPLETE}:
            self.exit_code = code
        if self._as_json:
            message, hint = told(error)
            about = {"message": message, "hint": hint, "exit_code": int(code)}
            say(json.dumps({"recording": str(path), "ok": False, "error": about}))


def _in_words(outcome: Outcome) -> str:
    memo = outcome.memo
    lines = [f"{printable(memo.recording.filename)}: {_told(outcome)}"]
    lines += [f"  {printable(path)}" for path in outcome.files.values()]
    lines += [f"  {printable(path)} (what you had changed)" for path in outcome.kept]
    lines += [f"  {line}" for line in _linked(outcome.links)]
    return "\n".join(lines)


def _linked(links: Sequence[Link]) -> Iterator[str]:
    """Yield what a meeting does to other entries, and how much of it waits to be confirmed."""
    for link in links:
        if link.standing is LinkStanding.SURE and link.relation is not Relation.FOLLOWS:
            newer = "what was said" if link.meeting is not None else link.source
            yield f"{newer} {DOES[link.relation]} {link.target}"
    waiting = sum(link.standing is LinkStanding.PROPOSED for link in links)
    if waiting:
        wait = "1 possible link waits" if waiting == 1 else f"{waiting} possible links wait"
        yield f"{wait}: memo log review"


def _told(outcome: Outcome) -> str:
    if outcome.was_done:
        return "already converted, nothing to do"
    memo = outcome.memo
    decisions = [number for number in outcome.recorded if number.startswith("DEC")]
    found = (
        (len(memo.decisions), "decision", f" ({_range(decisions)})"),
        (len(memo.action_items), "action", ""),
        (len(memo.open_questions), "open question", ""),
    )
    return ", ".join(
        f"{count} {name}{'' if count == 1 else 's'}{more if count and len(more) > 3 else ''}"
        for count, name, more in found
    )


def _range(numbers: Sequence[str]) -> str:
    return ", ".join(numbers) if len(numbers) < 4 else f"{numbers[0]} … {numbers[-1]}"


def logged(outcome: Outcome) -> dict[str, Any]:
    """Return what became of a recording in the log, for programs."""
    told = {"source", "relation", "target", "standing"}
    links = [link.model_dump(mode="json", include=told) for link in outcome.links]
    return {"numbers": list(outcome.recorded), "new": list(outcome.new), "links": links}


def _as_object(path: Path, outcome: Outcome) -> dict[str, Any]:
    memo = outcome.memo
    findings = memo.findings()
    return {
        "recording": str(path),
        "ok": True,
        "already_converted": outcome.was_done,
        "title": memo.title,
        "files": {name: str(file) for name, file in outcome.files.items()},
        "kept": [str(file) for file in outcome.kept],
        "decisions": len(memo.decisions),
        "action_items": len(memo.action_items),
        "open_questions": len(memo.open_questions),
        "unverified": sum(finding.verdict != "supported" for finding in findings),
        "coverage": memo.coverage.model_dump(mode="json"),
        "log": logged(outcome),
        "warnings": list(memo.warnings),
    }
