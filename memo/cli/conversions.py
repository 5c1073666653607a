"""Many recordings, one after the other: what is said about each, and the exit code of all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from memo.app import tools
from memo.cli.output import complain, note, printable, say
from memo.config import Settings, remote_host
from memo.errors import ConfigError, ExitCode, IncompleteResult, MemoError
from memo.pipeline import Job, Outcome, Tools, convert, parse_instant
from memo.ports import Progress


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
        self._count = self._failed = 0
        try:
            self._started_at = parse_instant(started_at, settings.timezone) if started_at else None
        except ValueError as error:
            raise click.UsageError(
                f"--started-at {started_at!r} is no date and time: write 2026-03-04T10:30"
            ) from error

    def prepared(
        self, progress: Progress, *, force: bool, logs: bool
    ) -> Callable[[Sequence[Path]], None]:
        """Return what converts recordings; whatever is wrong with the settings comes out now.

        Raises:
            ConfigError: A setting is wrong.
        """
        made = tools(self._settings, progress, logs=logs)
        if host := remote_host(self._settings):
            note(f"memo: what was said is sent to {printable(host)}")

        def run(paths: Sequence[Path]) -> None:
            for place, path in enumerate(paths, 1):
                if len(paths) > 1:
                    progress(f"file {place} of {len(paths)}: {printable(path.name)}", 0, None)
                self._one(self._job(path, force=force), made, progress)

        return run

    def summarise(self, *, quiet: bool) -> None:
        """Say on stderr how many of many were converted."""
        if self._count > 1 and not quiet:
            good = self._count - self._failed
            note(f"memo: {good} of {self._count} converted, {self._failed} failed")

    def _job(self, path: Path, *, force: bool) -> Job:
        settings = self._settings
        return Job(
            path=path,
            timezone=settings.timezone,
            title=self._title,
            started_at=self._started_at,
            attendees=settings.attendees,
            language=settings.language,
            folder=settings.out,
            formats=settings.formats,
            force=force,
        )

    def _one(self, job: Job, made: Tools, progress: Progress) -> None:
        self._count += 1
        try:
            outcome = convert(job, made, progress)
        except ConfigError:
            raise  # the same for every recording
        except MemoError as error:
            self._failed += 1
            self._fail(job.path, error)
            return
        say(json.dumps(_as_object(job.path, outcome)) if self._as_json else _in_words(outcome))
        lacking = outcome.shortcomings()
        if self._settings.strict and lacking:
            self._object(job.path, lacking)

    def _object(self, path: Path, lacking: Sequence[str]) -> None:
        complain(f"{path.name}: {'; '.join(lacking)}", "Check the memo: what is unsure is marked.")
        self.exit_code = self.exit_code or IncompleteResult.exit_code

    def _fail(self, path: Path, error: MemoError) -> None:
        if self.exit_code in {ExitCode.OK, ExitCode.INCOMPLETE}:
            self.exit_code = error.exit_code
        if self._as_json:
            told = {"message": str(error), "hint": error.hint, "exit_code": int(error.exit_code)}
            say(json.dumps({"recording": str(path), "ok": False, "error": told}))
        complain(str(error), error.hint)


def _in_words(outcome: Outcome) -> str:
    memo = outcome.memo
    lines = [f"{printable(memo.recording.filename)}: {_told(outcome)}"]
    lines += [f"  {printable(path)}" for path in outcome.files.values()]
    lines += [f"  {printable(path)} (what you had changed)" for path in outcome.kept]
    return "\n".join(lines)


def _told(outcome: Outcome) -> str:
    if outcome.was_done:
        return "already converted, nothing to do"
    memo = outcome.memo
    found = (
        (len(memo.decisions), "decision", f" ({_range(outcome.recorded)})"),
        (len(memo.action_items), "action", ""),
        (len(memo.open_questions), "open question", ""),
    )
    return ", ".join(
        f"{count} {name}{'' if count == 1 else 's'}{more if count and len(more) > 3 else ''}"
        for count, name, more in found
    )


def _range(numbers: Sequence[str]) -> str:
    return ", ".join(numbers) if len(numbers) < 4 else f"{numbers[0]} … {numbers[-1]}"


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
        "log": {"numbers": list(outcome.recorded), "new": list(outcome.new)},
        "warnings": list(memo.warnings),
    }
