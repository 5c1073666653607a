"""Voices that the user had memo remember, and whether one of them is heard again.

A voiceprint is the mean CAM++ embedding of a voice. It identifies a person, so it is biometric
data: stored only when the user says so (`memo speakers enroll`), in a folder and files for their
owner only (0700, 0600), and gone when the user says so. All other embeddings stay in memory.

    FOLDER/<hash of the name>.json       one person, with a voiceprint per recording

A voice is somebody's if its mean embedding is as alike to theirs as two recordings of one voice
are, and clearly less alike to everybody else's; else it has no name, for a wrong one is worse.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import AwareDatetime, Field, ValidationError

from memo.checkpoints import write_private
from memo.errors import OutputError
from memo.model import Recording, Seconds, Span, Value
from memo.speech.diarization import failures
from memo.speech.samples import alone

if TYPE_CHECKING:
    from memo.speech.audio import Sound
    from memo.speech.embeddings import Embeddings

MODEL = "campplus.int8/1"
"""What embeddings are made with; those of another model cannot be compared."""

SAME_PERSON = 0.7
"""Cosine of means above which two voices may be one person's."""

MARGIN = 0.1
"""By how much less alike everybody else has to be."""

LEAST_SPEECH = 8.0
"""Seconds of a voice without which it is not compared: short ones are alike by chance."""

_WINDOW = 1.5  # s, as for telling voices apart
_SHORTEST = 0.75  # s; less sound says little about a voice
_MOST_WINDOWS = 60  # of a voice: a minute and a half says all there is to say
_MOST_TAKES = 20  # recordings of one person that are kept, the newest

Number = Annotated[float, Field(allow_inf_nan=False)]


class Take(Value):
    """A voice as it sounds in one recording: where it is from, and its mean embedding."""

    recording: Recording
    label: str
    seconds: Seconds
    enrolled_at: AwareDatetime
    model: str
    embedding: tuple[Number, ...]


class Enrolled(Value):
    """A person whose voice is remembered."""

    name: str
    takes: tuple[Take, ...]


class Match(NamedTuple):
    """Whose voice it is, how alike they are, and how alike the next person is."""

    name: str
    alike: float
    next_alike: float

    @property
    def confidence(self) -> float:
        """Probability that it is this person."""
        return round(min(1.0, max(0.0, 0.5 + (self.alike - SAME_PERSON) * 1.6)), 2)


class Voiceprints:
    """The voices that are remembered.

    Args:
        folder: Where; made only when a voice is enrolled.
        threads: Threads of the CPU; None for all that this process may use.
    """

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        self.folder = folder
        self._threads = threads

    def people(self) -> tuple[Enrolled, ...]:
        """Return who is remembered, by name; files that cannot be read are left out."""
        found = (_read(path) for path in self._files())
        return tuple(sorted((p for p in found if p is not None), key=lambda p: p.name.casefold()))

    def unreadable(self) -> tuple[Path, ...]:
        """Return the files that cannot be read: damaged, or of a later version."""
        return tuple(path for path in self._files() if _read(path) is None)

    @property
    def sha256(self) -> str | None:
        """What is remembered, as a hash; None if nothing is."""
        people = self.people()
        if not people:
            return None
        content = "\n".join(person.model_dump_json() for person in people)
        return hashlib.sha256(content.encode()).hexdigest()

    def enroll(self, name: str, take: Take) -> Enrolled:
        """Remember a voice; one from the same recording takes its earlier one's place.

        Raises:
            OutputError: It cannot be written.
        """
        path = self._file(name)
        before = _read(path)
        others = (
            [t for t in before.takes if t.recording.sha256 != take.recording.sha256]
            if before
            else []
        )
        person = Enrolled(name=name, takes=(*others, take)[-_MOST_TAKES:])
        write_private(path, person.model_dump_json().encode())
        return person

    def forget(self, name: str) -> bool:
        """Delete a person's voice, and return whether it was here.

        Raises:
            OutputError: It cannot be deleted.
        """
        return _delete(self._file(name))

    def forget_all(self) -> int:
        """Delete every voice, also what cannot be read, and return how many files there were.

        Raises:
            OutputError: One cannot be deleted.
        """
        count = sum(_delete(path) for path in self._files())
        for rest in self.folder.glob("*.tmp"):  # of a run that was killed
            _delete(rest)
        with suppress(OSError):
            self.folder.rmdir()
        return count

    def recognised(self, path: Path, voices: Mapping[str, Sequence[Span]]) -> dict[str, Match]:
        """Return whose voices are heard in a recording, by label.

        Args:
            path: The sound file.
            voices: Where each voice speaks, by label.

        Raises:
            RecordingError: The file cannot be read.
            MissingDependencyError: The voice model is missing or broken.
            TranscriptionError: The voice model failed.
        """
        people = [p for p in self.people() if any(t.model == MODEL for t in p.takes)]
        if not people:
            return {}
        by_itself = alone(voices)
        said = {k: sum(span.duration for span in spans) for k, spans in by_itself.items()}
        heard = {k: spans for k, spans in by_itself.items() if said[k] >= LEAST_SPEECH}
        return match(self.means(path, heard), people)

    def means(
        self, path: Path, voices: Mapping[str, Sequence[Span]], *, only: str | None = None
    ) -> dict[str, Embeddings]:
        """Return the mean embedding of each voice, shape (192,) and of length 1.

        Heard is a voice where no other speaks; one that never speaks alone has no embedding.

        Args:
            path: The sound file.
            voices: Where each voice speaks, by label: all of them, for what is alone.
            only: The voice that is wanted; None for all.

        Raises:
            RecordingError: The file cannot be read.
            MissingDependencyError: The voice model is missing or broken.
            TranscriptionError: The voice model failed.
        """
        by_itself = alone(voices)
        wanted = by_itself if only is None else {only: by_itself[only]}
        windows = sorted(
            (window.start, window.end, label)
            for label, spans in wanted.items()
            for window in windows_of(spans)
        )
        with failures():
            return _means(path, windows, self._threads) if windows else {}

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*.json") if path.is_file())

    def _file(self, name: str) -> Path:
        return self.folder / f"{hashlib.sha256(_same(name).encode()).hexdigest()[:32]}.json"


def _means(
    path: Path, windows: Sequence[tuple[float, float, str]], threads: int | None
) -> dict[str, Embeddings]:
    import numpy as np

    from memo.speech.audio import cut, decode
    from memo.speech.embeddings import VoiceModel

    sounds = cut(decode(path), [Span(start=start, end=end) for start, end, _ in windows])
    found = VoiceModel(threads=threads).embed(map(_long_enough, sounds))
    sums: dict[str, Embeddings] = {}
    for (_, _, label), embedding in zip(windows, found, strict=True):
        sums[label] = sums[label] + embedding if label in sums else embedding
    return {
        label: (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)
        for label, total in sums.items()
    }


def windows_of(spans: Sequence[Span]) -> list[Span]:
    """Return windows that a voice is heard in: spread evenly over all that it says alone.

    Args:
        spans: Where it speaks alone, ordered and disjoint.
    """
    found = [
        Span(start=start, end=min(span.end, start + _WINDOW))
        for span in spans
        if span.duration >= _SHORTEST
        for start in _starts(span)
    ]
    step = max(1.0, len(found) / _MOST_WINDOWS)
    return [found[int(n * step)] for n in range(min(len(found), _MOST_WINDOWS))]


def match(means: Mapping[str, Embeddings], people: Sequence[Enrolled]) -> dict[str, Match]:
    """Return whose voices these are, by label; a person has one voice, the one most alike.

    Args:
        means: The mean embedding of each voice, of length 1.
        people: Who is remembered.
    """
    found: dict[str, Match] = {}
    for label, mean in means.items():
        ranked = sorted(((_alike(mean, p), p.name) for p in people), reverse=True)
        alike, name = ranked[0]
        following = ranked[1][0] if len(ranked) > 1 else -1.0
        if alike >= SAME_PERSON and alike - following >= MARGIN:
            found[label] = Match(name, alike, following)
    best: dict[str, str] = {}
    for label, given in found.items():
        rival = best.get(given.name)
        if rival is None or found[rival].alike < given.alike:
            best[given.name] = label
    return {label: found[label] for label in best.values()}


def _alike(mean: Embeddings, person: Enrolled) -> float:
    """Return the cosine of a voice and a person's, as it was in the recording most like this."""
    return max(
        (
            sum(a * b for a, b in zip(mean.tolist(), take.embedding, strict=True))
            for take in person.takes
            if take.model == MODEL and len(take.embedding) == mean.size
        ),
        default=-1.0,
    )


def _starts(span: Span) -> Iterator[float]:
    count = max(1, math.floor(span.duration / _WINDOW))
    return (span.start + number * _WINDOW for number in range(count))


def _long_enough(sound: Sound) -> Sound:
    """Fill up with silence what the end of a file cut short: a model needs a frame at least."""
    import numpy as np

    least = round(_SHORTEST * 16_000)
    return np.pad(sound, (0, max(0, least - sound.size)))


def _read(path: Path) -> Enrolled | None:
    try:
        return Enrolled.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _delete(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OutputError(
            f"cannot delete {path}: {error.strerror}", hint="Delete the file yourself."
        ) from error
    return True


def _same(name: str) -> str:
    """Return what names have in common that differ in case, spaces or composition only."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
