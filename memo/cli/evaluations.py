"""Labelled meetings, measured one after the other: what is said about each, and what is kept."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from memo.app import tools
from memo.cli.failures import report
from memo.cli.interruption import interruptible
from memo.cli.output import note, printable
from memo.cli.progress import progress
from memo.config import Settings, remote_host
from memo.errors import ExitCode, MemoError, OutputError, RecordingError, told
from memo.evaluation import (
    Counts,
    Failure,
    Measured,
    Reader,
    Run,
    Trial,
    predictions,
    run_of,
    shipped_meetings,
    trials_of,
    try_out,
)
from memo.export.files import write_outputs
from memo.pipeline import Rehearsal, Tools, rehearsal
from memo.ports import Progress, silent

SHIPPED = "memo's own set"
_ELSEWHERE = "Name another file, in a folder that is there."


class Evaluations:
    """A run of `memo eval`.

    Args:
        settings: The settings.
        files: What is to be written (`json`, `predictions`), and where; None for not.
        fresh: Whether to ask the model again what it was asked in an earlier run.
        quiet: Whether to say nothing on stderr but errors.

    Attributes:
        exit_code: That of the first meeting that could not be read.
    """

    def __init__(
        self, settings: Settings, files: Mapping[str, Path | None], *, fresh: bool, quiet: bool
    ) -> None:
        self.exit_code = ExitCode.OK
        self._settings = settings
        self._files = files
        self._fresh = fresh
        self._quiet = quiet
        self._drawn: Progress = silent
        self._measured: list[Measured] = []
        self._failures: list[Failure] = []
        self._predictions: dict[str, Any] = {}

    def run(self, where: Path | None, gold: Path | None, only: Sequence[str]) -> Run:
        """Measure the meetings of a folder; after each, the files hold what there is.

        Args:
            where: The folder of labelled meetings, None for those that come with memo; or of
                recordings.
            gold: The folder of the recordings' labels.
            only: Parts of the ids of the meetings to take; empty for all.

        Raises:
            RecordingError: There is nothing to measure, or a file is no labelled meeting.
            MemoError: Nothing can be read with these models, or a file cannot be written.
        """
        if gold is not None and where is None:
            raise click.UsageError("--gold needs the folder of the recordings too: memo eval DIR")
        labels = gold or where or shipped_meetings()
        trials, missing = trials_of(labels, where if gold else None, only)
        if missing:
            self._note(f"memo: no recording of {', '.join(map(printable, missing))}: left out")
        if host := remote_host(self._settings):
            note(f"memo: the language model is not on this machine: what was said goes to {host}")
        for path in filter(None, self._files.values()):
            _check(path)
        made = tools(self._settings, self._report_progress, logs=False)
        about = self._reader(made, has_sound=gold is not None)
        name = SHIPPED if labels == shipped_meetings() else printable(labels.resolve().name)
        with ExitStack() as stack:
            with self._drawing():
                reader = stack.enter_context(rehearsal(made, fresh=self._fresh))
            for place, trial in enumerate(trials, 1):
                self._one(trial, reader, f"[{place}/{len(trials)}] {printable(trial.case.id)}")
                self._write(name, about)
        return self._result(name, about)

    def _one(self, trial: Trial, reader: Rehearsal, name: str) -> None:
        settings = self._settings
        self._note(name)
        try:
            with self._drawing():
                measured, memo = interruptible(
                    lambda: try_out(
                        trial,
                        reader,
                        self._report_progress,
                        language=settings.language,
                        speakers=settings.speakers,
                    )
                )
        except MemoError as error:
            if not self._measured and not isinstance(error, RecordingError):
                raise  # the others would fare no better
            self._failures.append(Failure(id=trial.case.id, error=told(error)[0]))
            self.exit_code = self.exit_code or report(error)
            return
        self._measured.append(measured)
        self._predictions[trial.case.id] = predictions(memo)
        self._note(f"{name}: {_in_words(measured)}")

    def _result(self, labels: str, reader: Reader) -> Run:
        return run_of(
            self._measured,
            self._failures,
            labels=labels,
            reader=reader,
            created_at=dt.datetime.now(dt.UTC),
        )

    def _write(self, labels: str, reader: Reader) -> None:
        files: dict[Path, bytes] = {}
        if path := self._files.get("json"):
            run = self._result(labels, reader)
            files[path] = f"{run.model_dump_json(indent=1)}\n".encode()
        if path := self._files.get("predictions"):
            text = json.dumps(self._predictions, ensure_ascii=False, indent=1)
            files[path] = f"{text}\n".encode()
        try:
            write_outputs(files)
        except OutputError as error:
            raise OutputError(str(error), hint=_ELSEWHERE) from error

    def _reader(self, made: Tools, *, has_sound: bool) -> Reader:
        settings = self._settings
        return Reader(
            memo_version=made.version,
            llm=settings.llm,
            language_model=_shown(settings.llm_model) if made.model else "",
            prompts_sha256=made.prompts.sha256,
            asr_model=_shown(settings.asr_model) if has_sound else None,
        )

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        with progress(quiet=self._quiet) as self._drawn:
            yield
        self._drawn = silent

    def _report_progress(self, stage: str, done: float, total: float | None) -> None:
        self._drawn(stage, done, total)

    def _note(self, text: str) -> None:
        if not self._quiet:
            note(text)


def _check(path: Path) -> None:
    """Find out now, and not after an hour of reading, that a file cannot be written."""
    folder = path.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise OutputError(
            f"{path} cannot be written: {folder} is no folder to write in", hint=_ELSEWHERE
        )


def _shown(model: str) -> str:
    """Return a model's name; of a file or folder, without where it is."""
    return Path(model).name if Path(model).exists() else model


def _in_words(measured: Measured) -> str:
    counts = sum(measured.counts.values(), Counts())
    cost = measured.cost
    seconds = cost.hearing_seconds + cost.reading_seconds
    return f"{counts.hits} of {counts.labels}, {counts.found} found, {seconds:.0f} s"
