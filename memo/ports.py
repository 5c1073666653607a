"""What memo needs from the outside: the only seams where an implementation is swapped.

A port exists only where there are two real implementations. All else is a plain function or a
concrete class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel

from memo.model import Transcript, Turn

Answer = TypeVar("Answer", bound=BaseModel)
Artifact = TypeVar("Artifact", bound=BaseModel)


class Progress(Protocol):
    """Is told how far a stage has come. May draw, count or do nothing; never raises."""

    def __call__(self, stage: str, done: float, total: float | None) -> None:
        """Report that `done` of `total` units of `stage` are finished.

        Args:
            stage: Name of the stage, as the user should read it.
            done: Units finished so far: seconds of sound, bytes of a download or lines read.
            total: Units in all, or None when nobody knows.
        """


def silent(stage: str, done: float, total: float | None) -> None:
    """Ignore progress."""


class Checkpoints(Protocol):
    """Keeps the results of finished steps, so that a killed run goes on where it was.

    A step is named by its kind and a key that covers everything its result depends on.
    """

    def load(self, step: str, key: str, kind: type[Artifact]) -> Artifact | None:
        """Return what this step left, or None if it never finished."""

    def save(self, step: str, key: str, artifact: BaseModel) -> None:
        """Keep the result of a finished step, atomically."""


class Transcriber(Protocol):
    """Turns a file into timed words: by ASR, or by reading what somebody else transcribed."""

    @property
    def name(self) -> str:
        """Engine and model, for the provenance, e.g. `faster-whisper/base`."""

    def transcribe(
        self,
        path: Path,
        *,
        channel: int | None = None,
        language: str | None,
        hotwords: Sequence[str] = (),
        checkpoints: Checkpoints,
        progress: Progress,
    ) -> Transcript:
        """Transcribe a sound file.

        Args:
            path: The sound file.
            channel: The one channel to transcribe, from 0; of a file with several sound tracks,
                the track. None for all channels of the file's main track.
            language: ISO 639-1 code, or None to detect it.
            hotwords: Names and terms that may be said, the likeliest first; an engine may take a
                few of them or none.
            checkpoints: Where each finished window of sound is kept.
            progress: Told of the seconds of sound done.

        Raises:
            RecordingError: The file cannot be read or holds no sound.
            TranscriptionError: The engine failed.
        """


class Diarizer(Protocol):
    """Tells the voices of a recording apart."""

    @property
    def name(self) -> str:
        """Method and model, e.g. `spectral/campplus`."""

    def diarize(
        self,
        path: Path,
        *,
        channel: int | None = None,
        speakers: int | None,
        checkpoints: Checkpoints,
        progress: Progress,
    ) -> tuple[Turn, ...]:
        """Find who speaks when.

        Args:
            path: The sound file.
            channel: The one channel (or sound track) to listen to; None for all of them.
            speakers: How many voices there are, or None to find out.
            checkpoints: Where the turns are kept.
            progress: Told of the seconds of sound done.

        Returns:
            The turns in order of time, labelled "Speaker 1", "Speaker 2" by first appearance;
            none if nobody speaks.

        Raises:
            RecordingError: The file cannot be read or holds no sound.
            MissingDependencyError: A package or a model is missing or broken.
            TranscriptionError: The voices could not be told apart.
        """


class LanguageModel(Protocol):
    """Answers a prompt with a value of the asked-for shape."""

    @property
    def name(self) -> str:
        """Model identifier, for the provenance."""

    @property
    def context_tokens(self) -> int:
        """How many tokens fit, question and answer together."""

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes; never fewer than the model will see."""

    def complete(self, *, system: str, user: str, answer: type[Answer], max_tokens: int) -> Answer:
        """Return the model's answer, already validated.

        Calls whose `system` and `user` start alike share the model's prefix cache: put what
        changes last.

        Args:
            system: Instructions.
            user: The material to work on, and the question.
            answer: The shape that the answer must have.
            max_tokens: Upper bound of the answer's length.

        Raises:
            LanguageModelUnavailable: No answer now; worth another try.
            InvalidAnswer: No answer of that shape after every re-ask.
            AnswerTooLong: The question does not fit, or the answer was cut off.
            LanguageModelError: The endpoint refused.
        """

    def choose(self, *, system: str, user: str, options: Sequence[str]) -> dict[str, float]:
        """Return how probable each of a few short options is as the answer; they add up to 1.

        Costs the reading of the prompt and nothing more. The options must begin differently
        ("yes", "no"). An endpoint that tells no probabilities is asked to name one option, which
        then has 1.0 and the others 0.0.

        Args:
            system: Instructions; should say to answer with one of the options and nothing else.
            user: The material, and the question.
            options: What may be answered; at least two.

        Raises:
            LanguageModelUnavailable: No answer now; worth another try.
            InvalidAnswer: None of the options was named.
            AnswerTooLong: The question does not fit.
            LanguageModelError: The endpoint refused.
        """


LanguageModelFactory = Callable[[], LanguageModel]
