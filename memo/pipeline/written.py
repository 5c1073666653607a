"""What a conversion left beside a recording, for want of what was kept of it.

The memo says what the meeting was called, when it began and who was there; the transcript, in any
form in which it was written, what was said.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from memo.model import Memo, NameSource, Participant, Recording, Transcript
from memo.pipeline.conversion import Job
from memo.pipeline.outputs import FORMATS, base_names, path_of
from memo.speech.transcript_files import is_transcript, read_transcript

_TRANSCRIPTS = ("words", "vtt", "srt", "txt")  # the fullest first


class Written(NamedTuple):
    """What the files beside a recording tell of its conversion.

    `job` makes the memo again without listening; `reader` is who read the transcript.
    """

    job: Job
    reader: str


def read_written(job: Job, recording: Recording) -> Written | None:
    """Return the job that a recording's memo was made by, as far as its files tell.

    Args:
        job: The recording, the folder, and what the files do not tell.
        recording: Its identity; a memo of another recording is none of its own.

    Returns:
        The job, with what was heard; None if there is no memo of it, or no transcript.

    Raises:
        RecordingError: The transcript cannot be read.
    """
    folder = job.folder or job.path.parent
    bases = (*base_names(job.path), f"{job.path.name}-{recording.sha256[:8]}")
    for base in bases:
        memo = _memo_in(path_of("json", folder, base), recording)
        if memo is None:
            continue
        there = [name for name in FORMATS if path_of(name, folder, base).is_file()]
        heard = _heard(job, recording, memo, folder, base, there)
        if heard is not None:
            again = replace(
                job,
                title=memo.title,
                started_at=memo.started_at,
                timezone=memo.timezone,
                attendees=tuple(p.name for p in memo.participants if p.name != p.label),
                memo_language=memo.memo_language,
                formats=tuple(there),
                heard=heard,
            )
            return Written(again, memo.provenance.language_model)
    return None


def _heard(
    job: Job, recording: Recording, memo: Memo, folder: Path, base: str, there: list[str]
) -> Transcript | None:
    """Return what was said, with labels only: names are given anew."""
    if is_transcript(job.path):
        return read_transcript(job.path, recording)
    form = next((name for name in _TRANSCRIPTS if name in there), None)
    if form is None:
        return None
    transcript = read_transcript(path_of(form, folder, base), recording)
    people = tuple(_unnamed(person) for person in transcript.participants if person.label)
    if form == "words":
        return transcript.model_copy(update={"participants": people})
    return transcript.model_copy(
        update={
            "participants": people,
            "duration": max(memo.duration, transcript.duration),
            "speech_seconds": memo.coverage.speech_seconds,
            "language": memo.language,
            "gaps": memo.coverage.gaps,
            "warnings": (),
            "asr_model": memo.provenance.asr_model,
        }
    )


def _unnamed(person: Participant) -> Participant:
    if person.source in {NameSource.LABEL, NameSource.TRACK} or person.label is None:
        return person
    return Participant(name=person.label, label=person.label, role=person.role)


def _memo_in(path: Path, recording: Recording) -> Memo | None:
    try:
        memo = Memo.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return memo if memo.recording.sha256 == recording.sha256 else None
