"""The sound of a meeting becomes a transcript that says who spoke.

Where each voice has a channel, a sound track or a file of its own, that says who speaks, and each
is transcribed apart. Else the voices of the one recording are told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memo.errors import MemoError
from memo.model import (
    Meeting,
    NameSource,
    Participant,
    Recording,
    Remark,
    RemarkCode,
    Transcript,
    Turn,
)
from memo.ports import Checkpoints, Diarizer, Progress
from memo.speech.names.glossary import hotwords
from memo.speech.voices.attribution import attribute

if TYPE_CHECKING:
    from memo.pipeline.conversion import Job, Tools
    from memo.speech.tracks.finding import Tracks


class Hearing:
    """Listens to one meeting.

    Args:
        job: What is to be converted.
        tools: What with.
        recording: The identity of what is listened to.
        meeting: What is known besides.
        checkpoints: Where what is slow is kept.
        progress: Told how far each stage has come.

    Attributes:
        is_whole: Nothing went wrong; else the same command is worth another try.
    """

    def __init__(
        self,
        job: Job,
        tools: Tools,
        recording: Recording,
        meeting: Meeting,
        checkpoints: Checkpoints,
        progress: Progress,
    ) -> None:
        self.is_whole = True
        self._job = job
        self._tools = tools
        self._recording = recording
        self._meeting = meeting
        self._hotwords = hotwords(meeting.attendees, job.glossary)
        self._checkpoints = checkpoints
        self._progress = progress

    def transcript(self) -> Transcript:
        """Return what was said.

        Raises:
            RecordingError: The file is unreadable or has no sound.
            MissingDependencyError: A model's files are not there.
            TranscriptionError: The ASR failed.
        """
        if tracks := self._tracks():
            return self._apart(tracks)
        with self._tools.transcriber() as transcriber:
            transcript = transcriber.transcribe(
                self._job.path,
                language=self._job.language,
                hotwords=self._hotwords,
                checkpoints=self._checkpoints,
                progress=self._progress,
            )
        return self._attributed(transcript)

    def _tracks(self) -> Tracks | None:
        """Return the sounds of the meeting if each who speaks has one."""
        from memo.speech.tracks.finding import channels_of, files_of

        if self._job.tracks:
            return files_of(self._job.tracks, self._progress)
        if self._tools.diarizer is None or self._job.speakers == 1:
            return None
        return channels_of(self._job.path, self._progress)

    def _apart(self, tracks: Tracks) -> Transcript:
        """Listen to each track by itself."""
        from memo.speech.tracks.apart import Apart

        make = self._tools.diarizer
        diarizer = _Forgiving(make) if make else None
        with self._tools.transcriber() as transcriber:
            apart = Apart(transcriber, diarizer, self._checkpoints, self._progress)
            transcript = apart.transcribe(
                tracks,
                self._recording,
                language=self._job.language,
                hotwords=self._hotwords,
                speakers=self._job.speakers,
            )
        if diarizer and diarizer.error:
            self.is_whole = False
            warning = Remark.of(RemarkCode.CHANNELS_UNTOLD, error=str(diarizer.error))
            warnings = (*transcript.warnings, warning)
            transcript = transcript.model_copy(update={"warnings": warnings})
        return _known(transcript, self._meeting.attendees)

    def _attributed(self, transcript: Transcript) -> Transcript:
        """Say who said what; a transcript without names is better than none."""
        if self._tools.diarizer is None or not transcript.segments:
            return transcript
        try:
            turns = self._tools.diarizer().diarize(
                self._job.path,
                speakers=self._job.speakers,
                checkpoints=self._checkpoints,
                progress=self._progress,
            )
        except MemoError as error:
            self.is_whole = False
            warning = Remark.of(RemarkCode.VOICES_UNTOLD, error=str(error))
            return transcript.model_copy(update={"warnings": (*transcript.warnings, warning)})
        return attribute(transcript, turns)


class _Forgiving:
    """A diarizer (`memo.ports.Diarizer`) that finds nobody where it fails, and says why."""

    def __init__(self, make: Callable[[], Diarizer]) -> None:
        self.error: MemoError | None = None
        self._make = make

    @property
    def name(self) -> str:
        return self._make().name

    def diarize(
        self,
        path: Path,
        *,
        channel: int | None = None,
        speakers: int | None,
        checkpoints: Checkpoints,
        progress: Progress,
    ) -> tuple[Turn, ...]:
        try:
            return self._make().diarize(
                path,
                channel=channel,
                speakers=speakers,
                checkpoints=checkpoints,
                progress=progress,
            )
        except MemoError as error:
            self.error = error
            return ()


def _known(transcript: Transcript, attendees: Sequence[str]) -> Transcript:
    """Call those whose tracks have their names as they are called among the attendees."""
    from memo.extraction.names import match_person

    def called(person: Participant) -> Participant:
        if person.source is not NameSource.TRACK:
            return person
        squeezed = {_squeezed(name): name for name in attendees}
        name = match_person(person.name, attendees) or squeezed.get(_squeezed(person.name))
        return person.model_copy(update={"name": name}) if name else person

    people = tuple(map(called, transcript.participants))
    return transcript.model_copy(update={"participants": people})


def _squeezed(name: str) -> str:
    """Return the letters of a name alone, for file names leave blanks out."""
    return "".join(char for char in name.casefold() if char.isalpha())
