"""Labelled meetings are read as `convert` reads, and measured."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from memo.errors import RecordingError
from memo.evaluation.counting import Cost, Measured, measure
from memo.evaluation.labels import LabelledMeeting, is_one_of, load_meetings
from memo.model import Memo
from memo.pipeline import Heard, Job, Rehearsal, base_names
from memo.ports import Progress


@dataclass(frozen=True)
class Trial:
    """A labelled meeting, and the recording of it that is to be read; None for its own words."""

    case: LabelledMeeting
    recording: Path | None = None


def trials_of(
    folder: Path, recordings: Path | None = None, only: Collection[str] = ()
) -> tuple[tuple[Trial, ...], tuple[str, ...]]:
    """Return what there is to try.

    Args:
        folder: Where the labelled meetings are.
        recordings: Where their recordings, or transcripts, are, known by the same names; None
            reads what the labelled meetings say themselves.
        only: Parts of ids, or names of corpora; others are left out. None leaves out nothing.

    Returns:
        The trials, and the ids of meetings that have no recording.

    Raises:
        RecordingError: There is nothing to try, or a file is no labelled meeting.
    """
    cases = load_meetings(folder)
    chosen = [case for case in cases if not only or is_one_of(case.id, case.corpus, only)]
    if not chosen:
        raise RecordingError(
            f"no labelled meeting in {folder} is called {' or '.join(only)}",
            hint=f"There are {', '.join(case.id for case in cases)}.",
        )
    if recordings is None:
        return tuple(map(Trial, chosen)), ()
    there = _recordings(recordings, [*chosen], folder)
    if not there:
        raise RecordingError(
            f"{recordings} has no recording or transcript of any meeting labelled in {folder}",
            hint=f"Name them as their labels, e.g. {chosen[0].id}.m4a for {chosen[0].id}.json.",
        )
    missing = tuple(case.id for case in chosen if case.id not in there)
    return tuple(Trial(case, there[case.id]) for case in chosen if case.id in there), missing


def try_out(
    trial: Trial,
    rehearsal: Rehearsal,
    progress: Progress,
    *,
    language: str | None = None,
    speakers: int | None = None,
) -> tuple[Measured, Memo]:
    """Read one labelled meeting and measure the memo.

    Args:
        trial: The meeting.
        rehearsal: Who reads.
        progress: Told how far it is.
        language: That of a recording, if known.
        speakers: How many speak in a recording, if known.

    Raises:
        MemoError: It cannot be heard or read.
    """
    case = trial.case
    heard, hearing = Heard(case.transcript, case.meeting, ()), 0.0
    if trial.recording is not None:
        job = Job(
            path=trial.recording,
            timezone=case.meeting.timezone,
            title=case.meeting.title,
            started_at=case.meeting.started_at,
            attendees=case.meeting.attendees,
            language=language,
            speakers=speakers,
            formats=(),
        )
        heard, hearing = rehearsal.hear(job, progress)
    memo, spent = rehearsal.read(heard, progress)
    cost = Cost(
        hearing_seconds=hearing,
        reading_seconds=spent.seconds,
        answers=spent.answers,
        remembered=spent.remembered,
        prompt_tokens=spent.prompt_tokens,
        cached_tokens=spent.cached_tokens,
        answer_tokens=spent.answer_tokens,
    )
    return measure(case, memo, heard.transcript, cost), memo


def _recordings(folder: Path, cases: Sequence[LabelledMeeting], labels: Path) -> dict[str, Path]:
    """Return the one file of each meeting that a folder has, by the meeting's id."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise RecordingError(
            f"the folder {folder} cannot be read: {error.strerror}",
            hint="Name a folder with recordings or transcripts.",
        ) from error
    if folder.resolve() == labels.resolve():
        files = [path for path in files if path.suffix != ".json"]
    wanted = {case.id for case in cases}
    found: dict[str, Path] = {}
    for path in files:
        name = base_names(path)[0]
        if name not in wanted or path.name.startswith("."):
            continue
        if name in found:
            raise RecordingError(
                f"there are two files of {name} in {folder}: {found[name].name} and {path.name}",
                hint="Leave one of them there.",
            )
        found[name] = path
    return found
