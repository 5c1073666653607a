"""Samples of voices, as sound files to listen to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from memo.checkpoints import WorkFolder, write_private
from memo.errors import RecordingError
from memo.export.files import write_outputs
from memo.pipeline.conversion import Job
from memo.pipeline.portraits import Portrait
from memo.speech.recording import identify, printable
from memo.speech.transcript_files import is_transcript
from memo.speech.voices.samples import cut_samples


def write_samples(
    job: Job, voices: Sequence[Portrait], folder: Path | None, work: Path
) -> dict[str, Path]:
    """Cut a sample of each voice, and return where it lies, by label.

    A voice that never speaks alone for long enough has none.

    Args:
        job: The recording.
        voices: The voices.
        folder: Where the samples go; None for the recording's work folder.
        work: The folder of all recordings' work.

    Raises:
        RecordingError: The recording cannot be read, is a transcript, or several files.
        OutputError: A sample cannot be written.
    """
    path = job.path
    if job.tracks:
        raise RecordingError(
            "each voice has a file of its own: there is no sample to cut",
            hint=f"Listen to the files: {', '.join(printable(track) for track in job.tracks)}",
        )
    if is_transcript(path):
        raise RecordingError(
            f"{printable(path)} is a transcript: there is no sound to cut a sample from",
            hint="Name the recording that it was made from.",
        )
    samples = {voice.label: voice.sample for voice in voices if voice.sample}
    sounds = cut_samples(path, samples) if samples else {}
    place = folder or WorkFolder(work, identify(path)).path
    files: dict[str, Path] = {}
    for label in sounds:
        names = (f"{path.stem}.{_slug(label)}{more}.wav" for more in ("", *range(2, 1000)))
        files[label] = next(place / n for n in names if place / n not in files.values())
    if folder is None:
        for label, file in files.items():
            write_private(file, sounds[label])
    else:
        write_outputs({file: sounds[label] for label, file in files.items()})
    return files


def _slug(label: str) -> str:
    """Return a label as part of a file's name, whatever it is made of."""
    return re.sub(r"[^\w-]+", "-", label.casefold()).strip("-")[:60] or "voice"
