"""Voices that the user had memo remember, and whether one of them is heard again.

A voiceprint is the mean of what is distinctive in the CAM++ embeddings of a voice. It identifies a
person, so it is biometric data: stored only when the user says so (`memo speakers enroll`), in a
folder and files for their owner only (0700, 0600), and gone when the user says so. All other
embeddings stay in memory.

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
from memo.speech.voices.diarization import failures
from memo.speech.voices.samples import alone

if TYPE_CHECKING:
    from memo.speech.audio import Sound
    from memo.speech.voices.embeddings import Embeddings

MODEL = "campplus.int8/2"
"""What embeddings are made with; those of another model cannot be compared."""

SAME_PERSON = 0.6
"""Cosine of means from which two voices may be one person's. In 6117 comparisons of 23 voices two
real people gave at most 0.31 and two of the 7 synthetic voices 0.57; one person gave 0.62 on
another day with a cold, 0.66 with noise at 15 dB, else at least 0.78 (63 and 28 comparisons)."""

SAME_ON_PHONE = 0.85
"""The same where nothing above 4 kHz is left, as on a telephone: two people gave up to 0.79 there
(732 comparisons on a simulated line; 0.17 on real ones), one person at least 0.86. A telephone and
a good microphone give one person 0.23 to 0.45: nobody is recognised from the one on the other."""

MARGIN = 0.1
"""By how much less alike everybody else has to be."""

LEAST_SPEECH = 8.0
"""Seconds of a voice without which it is not compared: short ones are alike by chance."""

_WINDOW = 1.5  # s, as for telling voices apart
_SHORTEST = 0.75  # s; less sound says little about a voice
_MOST_WINDOWS = 60  # of a voice: a minute and a half says all there is to say
_SILENT = 1e-4  # of full scale; where nothing is heard, all voices are alike
_EDGE = 4300.0  # Hz; a telephone leaves nothing above
_SPEECH = (300.0, 3400.0)  # Hz
_NARROW = 10**-3.8  # of the power of speech; recordings that are not narrow had 10**-3.7 and more
_MOST_TAKES = 20  # recordings of one person that are kept, the newest

Number = Annotated[float, Field(allow_inf_nan=False)]


class Take(Value):
    """A voice as it sounds in one recording: where it is from, and its mean embedding.

    `narrow` says that it sounds as on a telephone.
    """

    recording: Recording
    label: str
    seconds: Seconds
    enrolled_at: AwareDatetime
    model: str
    narrow: bool
    embedding: tuple[Number, ...]


class Enrolled(Value):
    """A person whose voice is remembered."""

    name: str
    takes: tuple[Take, ...]


class Voiceprint(NamedTuple):
    """The mean embedding of a voice, shape (192,), of length 1; `narrow` as in `Take`."""

    embedding: Embeddings
    narrow: bool


class Match(NamedTuple):
    """Whose voice it is, and how sure that is."""

    name: str
    confidence: float


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
        return match(self.prints(path, heard), people)

    def prints(
        self, path: Path, voices: Mapping[str, Sequence[Span]], *, only: str | None = None
    ) -> dict[str, Voiceprint]:
        """Return what voices sound like; to be kept in memory only, but by `enroll`.

        Heard is a voice where no other speaks; one that never speaks alone, or is not to be heard
        there, has no voiceprint.

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
            return _prints(path, windows, self._threads) if windows else {}

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*.json") if path.is_file())

    def _file(self, name: str) -> Path:
        return self.folder / f"{hashlib.sha256(_same(name).encode()).hexdigest()[:32]}.json"


def _prints(
    path: Path, windows: Sequence[tuple[float, float, str]], threads: int | None
) -> dict[str, Voiceprint]:
    import numpy as np

    from memo.speech.audio import cut, decode
    from memo.speech.voices.embeddings import VoiceModel, distinctive

    heard: list[tuple[str, float]] = []

    def audible(sounds: Iterator[Sound]) -> Iterator[Sound]:
        for sound, (_, _, label) in zip(sounds, windows, strict=True):
            if sound.size and float(np.sqrt(np.square(sound).mean())) > _SILENT:
                heard.append((label, _brightness(sound)))
                yield np.pad(sound, (0, max(0, round(_SHORTEST * 16_000) - sound.size)))

    sounds = cut(decode(path), [Span(start=start, end=end) for start, end, _ in windows])
    embedded = list(VoiceModel(threads=threads).embed(audible(sounds)))
    if not embedded:
        return {}
    found = distinctive(np.stack(embedded))
    prints = {}
    for label in dict.fromkeys(label for label, _ in heard):
        total = np.sum(
            [e for e, (own, _) in zip(found, heard, strict=True) if own == label], axis=0
        )
        bright = float(np.median([bright for own, bright in heard if own == label]))
        embedding = (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)
        prints[label] = Voiceprint(embedding, bright < _NARROW)
    return prints


def _brightness(sound: Sound) -> float:
    """Return the power above what a telephone lets through, as a share of that of speech."""
    import numpy as np

    power = np.square(np.abs(np.fft.rfft(sound * np.hanning(sound.size))))
    hertz = np.fft.rfftfreq(sound.size, 1 / 16_000)
    speech = power[(hertz > _SPEECH[0]) & (hertz < _SPEECH[1])].sum()
    return float(power[hertz > _EDGE].sum() / max(float(speech), 1e-12))


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


def match(prints: Mapping[str, Voiceprint], people: Sequence[Enrolled]) -> dict[str, Match]:
    """Return whose voices these are, by label; a person has one voice, the one most alike.

    Args:
        prints: What the voices sound like.
        people: Who is remembered.
    """
    best: dict[str, tuple[float, str]] = {}
    for label, heard in prints.items():
        scores = sorted(
            ((_likeness(heard, person), person.name) for person in people), reverse=True
        )
        score, name = scores[0]
        following = scores[1][0] if len(scores) > 1 else -1.0
        if score >= 0 and score - following >= MARGIN and score > best.get(name, (-1.0, ""))[0]:
            best[name] = (score, label)
    return {label: Match(name, _confidence(score)) for name, (score, label) in best.items()}


def _likeness(heard: Voiceprint, person: Enrolled) -> float:
    """Return by how much a voice is more alike to a person's than it has to be to be theirs."""
    return max(
        (
            _cosine(heard, take) - _least(heard.narrow or take.narrow)
            for take in person.takes
            if take.model == MODEL and len(take.embedding) == heard.embedding.size
        ),
        default=-2.0,
    )


def _cosine(heard: Voiceprint, take: Take) -> float:
    pairs = zip(heard.embedding.tolist(), take.embedding, strict=True)
    return float(sum(one * other for one, other in pairs))


def _least(narrow: bool) -> float:  # noqa: FBT001
    return SAME_ON_PHONE if narrow else SAME_PERSON


def _confidence(likeness: float) -> float:
    return round(min(0.99, 0.85 + likeness / 2), 2)


def _starts(span: Span) -> Iterator[float]:
    count = max(1, math.floor(span.duration / _WINDOW))
    return (span.start + number * _WINDOW for number in range(count))


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
