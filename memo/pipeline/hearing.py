"""The sound of a meeting becomes a transcript that says who spoke.

Where each voice has a channel, a sound track or a file of its own, that says who speaks, and each
is transcribed apart. Else the voices of the one recording are told apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memo.errors import MemoError
from memo.model import Meeting, Remark, RemarkCode, Transcript
from memo.ports import Checkpoints, Progress
from memo.speech.attribution import attribute

if TYPE_CHECKING:
    from memo.pipeline.conversion import Job, Tools


class Hearing:
    """Listens to one meeting.

    Args:
        job: What is to be converted.
        tools: What with.
        meeting: What is known besides.
        checkpoints: Where what is slow is kept.
        progress: Told how far each stage has come.

    Attributes:
        is_whole: Nothing went wrong; else the same command is worth another try.
    """

    def __init__(
        self, job: Job, tools: Tools, meeting: Meeting, checkpoints: Checkpoints, progress: Progress
    ) -> None:
        self.is_whole = True
        self._job = job
        self._tools = tools
        self._meeting = meeting
        self._checkpoints = checkpoints
        self._progress = progress

    def transcript(self) -> Transcript:
        """Return what was said.

        Raises:
            RecordingError: The file is unreadable or has no sound.
            MissingDependencyError: A model's files are not there.
            TranscriptionError: The ASR failed.
        """
        with self._tools.transcriber() as transcriber:
            transcript = transcriber.transcribe(
                self._job.path,
                language=self._job.language,
                checkpoints=self._checkpoints,
                progress=self._progress,
            )
        return self._attributed(transcript)

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
