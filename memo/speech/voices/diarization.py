"""Diarization: who speaks when, without a token, a download or a list of voices.

The speech that the VAD found is heard in windows of 1.5 s, a new one every 0.75 s; each window's
voice becomes an embedding; embeddings that are alike are one speaker. Where the voice changes, a
closer look finds the instant (`memo.speech.voices.borders`). At any instant the window whose
middle is nearest decides. Where two speak at once, one of them is named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from memo.errors import MemoError, MissingDependencyError, TranscriptionError
from memo.model import Span, Turn
from memo.ports import Checkpoints, Progress
from memo.speech.heard import Listening, Turns
from memo.speech.recording import identify
from memo.speech.steps import Steps

if TYPE_CHECKING:
    from memo.speech.audio import Sound
    from memo.speech.voices.embeddings import Embeddings

STAGE = "telling voices apart"

_VERSION = 5  # of the method: a change makes old checkpoints stale
_WINDOW = 1.5  # s
_HOP = 0.75  # s
_SHORTEST = 0.2  # s; less sound says nothing about a voice
_BREATH = 0.5  # s; a shorter pause of the same voice belongs to its turn
_LONGEST_PIECE = 60.0  # s of sound in memory at once


class Window(NamedTuple):
    """A stretch (s) that one embedding is made of, and the piece of speech that it lies in."""

    piece: int
    start: float
    end: float

    @property
    def middle(self) -> float:
        """The second in its middle."""
        return (self.start + self.end) / 2


class SpectralDiarizer:
    """Tells voices apart by spectral clustering of CAM++ embeddings.

    The embeddings stay in memory: only who speaks when is kept.

    Args:
        threads: Threads of the CPU; None for all that this process may use.
    """

    def __init__(self, *, threads: int | None = None) -> None:
        self._threads = threads

    @property
    def name(self) -> str:
        """Method and model."""
        return "spectral/campplus"

    def diarize(
        self,
        path: Path,
        *,
        channel: int | None = None,
        speakers: int | None,
        checkpoints: Checkpoints,
        progress: Progress,
    ) -> tuple[Turn, ...]:
        """Find who speaks when (`memo.ports.Diarizer`).

        Args:
            path: The sound file.
            channel: The one channel (or sound track) to listen to; None for all of them.
            speakers: How many voices there are, or None to find out.
            checkpoints: Where the turns are kept, and the speech is if the ASR found it before.
            progress: Told of the seconds of sound done.

        Raises:
            RecordingError: The file cannot be read or holds no sound.
            MissingDependencyError: A package or the voice model is missing or broken.
            TranscriptionError: The voices could not be told apart.
        """
        steps = Steps(identify(path), checkpoints, channel)
        with failures():
            listening = _listened(path, channel, steps, progress)
            about = [_VERSION, self.name, speakers, *_spans(listening.speech)]
            if (kept := steps.load("turns", about, Turns)) is not None:
                return kept.turns
            blocks = partial(_blocks, path, channel)
            turns = tuple(self._turns(blocks, listening, speakers, progress))
            steps.save("turns", about, Turns(turns=turns))
            return turns

    def _turns(
        self,
        blocks: Callable[[], Iterator[Sound]],
        listening: Listening,
        speakers: int | None,
        progress: Progress,
    ) -> list[Turn]:
        pieces = list(cut_long(listening.speech))
        windows = list(plan(pieces))
        if not windows:
            return []
        if speakers == 1:
            return turns_of(pieces, windows, [0] * len(windows))
        from memo.speech.voices import borders
        from memo.speech.voices.clustering import cluster

        told = _Told(progress, listening.duration)
        embeddings = self._embedded(_sounds(blocks(), pieces, windows), windows, told.first)
        voices = cluster(embeddings, speakers).tolist()
        if looks := borders.looks(pieces, windows, voices):
            known = borders.known_voices(embeddings, windows, voices)
            sounds = _sounds(blocks(), pieces, looks)
            likeness = self._embedded(sounds, looks, told.second) @ known.T
            followed = borders.follow(windows, voices, looks, likeness)
            if speakers is None or len(set(followed[1])) == len(set(voices)):
                windows, voices = followed
        told.second(listening.duration)
        return turns_of(pieces, windows, voices)

    def _embedded(
        self,
        sounds: Iterator[Sound],
        windows: Sequence[Window],
        told: Callable[[float], None],
    ) -> Embeddings:
        import numpy as np

        from memo.speech.voices.embeddings import VoiceModel, distinctive

        found = []
        heard = VoiceModel(threads=self._threads).embed(sounds)
        for window, embedding in zip(windows, heard, strict=True):
            found.append(embedding)
            told(window.end)
        return distinctive(np.stack(found))


class _Told:
    """Makes one progress of two passes over the sound."""

    def __init__(self, progress: Progress, duration: float) -> None:
        self._progress = progress
        self._duration = duration

    def first(self, at: float) -> None:
        """Hand on which second the first pass is at."""
        self._progress(STAGE, min(at, self._duration) / 2, self._duration)

    def second(self, at: float) -> None:
        """Hand on which second the second pass is at."""
        self._progress(STAGE, (self._duration + min(at, self._duration)) / 2, self._duration)


def cut_long(speech: Iterable[Span]) -> Iterator[Span]:
    """Yield speech in pieces of at most a minute, so that little of it is in memory at once."""
    for span in speech:
        start = span.start
        while span.end - start > _LONGEST_PIECE + _WINDOW:
            yield Span(start=start, end=start + _LONGEST_PIECE)
            start += _LONGEST_PIECE
        yield Span(start=start, end=span.end)


def plan(pieces: Sequence[Span]) -> Iterator[Window]:
    """Yield the windows that pieces of speech are heard in; the last of each ends with it."""
    for place, piece in enumerate(pieces):
        if piece.duration < _SHORTEST:
            continue
        more = max(0, math.ceil((piece.duration - _WINDOW) / _HOP - 1e-6))
        for number in range(more):
            start = piece.start + number * _HOP
            yield Window(place, start, start + _WINDOW)
        yield Window(place, max(piece.start, piece.end - _WINDOW), piece.end)


def turns_of(
    pieces: Sequence[Span], windows: Sequence[Window], voices: Sequence[int]
) -> list[Turn]:
    """Return who speaks when, given whose each window is.

    Args:
        pieces: The speech, ordered and disjoint.
        windows: As `plan` gives them; at least one.
        voices: The voice of each.
    """
    owned: dict[int, list[tuple[float, int]]] = {}
    for window, voice in zip(windows, _smoothed(windows, voices), strict=True):
        owned.setdefault(window.piece, []).append((window.middle, voice))
    found: list[tuple[float, float, int]] = []
    for place, piece in enumerate(pieces):
        heard = owned.get(place) or [_nearest(piece, windows, voices)]
        borders = [(a + b) / 2 for (a, _), (b, _) in pairwise(heard)]
        edges = pairwise([piece.start, *borders, piece.end])
        found.extend((*edge, voice) for edge, (_, voice) in zip(edges, heard, strict=True))
    return labelled(found)


def _smoothed(windows: Sequence[Window], voices: Sequence[int]) -> list[int]:
    """Give a single window to the voice that speaks on both sides of it without a pause."""
    smooth = list(voices)
    for place in range(1, len(voices) - 1):
        around = windows[place - 1].piece == windows[place].piece == windows[place + 1].piece
        if around and voices[place - 1] == voices[place + 1]:
            smooth[place] = voices[place - 1]
    return smooth


def _nearest(piece: Span, windows: Sequence[Window], voices: Sequence[int]) -> tuple[float, int]:
    """Return the middle of a piece that is too short to be heard, and who speaks next to it."""
    middle = (piece.start + piece.end) / 2
    place = min(range(len(windows)), key=lambda place: abs(windows[place].middle - middle))
    return middle, voices[place]


def labelled(found: Iterable[tuple[float, float, Hashable]]) -> list[Turn]:
    """Join what one voice says without a real pause, and number the voices by first appearance.

    Args:
        found: Start and end (s) of each stretch and whose it is, in order of time.
    """
    names: dict[Hashable, str] = {}
    turns: list[Turn] = []
    for start, end, voice in found:
        name = names.setdefault(voice, f"Speaker {len(names) + 1}")
        turn = Turn(start=round(start, 3), end=round(end, 3), speaker=name)
        if turns and turns[-1].speaker == name and turn.start - turns[-1].end <= _BREATH:
            turn = turn.model_copy(update={"start": turns.pop().start})
        turns.append(turn)
    return turns


def _listened(path: Path, channel: int | None, steps: Steps, progress: Progress) -> Listening:
    from memo.speech.listening import find_speech, heard_before, keep

    if (before := heard_before(steps)) is not None:
        return before
    listening, _ = find_speech(path, None, progress, channel=channel)
    keep(listening, steps)
    return listening


def _blocks(path: Path, channel: int | None) -> Iterator[Sound]:
    from memo.speech.audio import decode

    return decode(path, channel=channel)


def _sounds(
    blocks: Iterator[Sound], pieces: Sequence[Span], windows: Sequence[Window]
) -> Iterator[Sound]:
    """Yield the sound of each window; a window cut short by the end is filled with silence."""
    import numpy as np

    from memo.speech.audio import SAMPLE_RATE, cut

    sounds = enumerate(cut(blocks, pieces))
    place, sound = next(sounds)
    least = round(_SHORTEST * SAMPLE_RATE)
    for window in windows:
        while place < window.piece:
            place, sound = next(sounds)
        start, stop = (
            round((at - pieces[place].start) * SAMPLE_RATE) for at in (window.start, window.end)
        )
        heard = sound[start:stop]
        yield np.pad(heard, (0, max(0, least - heard.size)))


def _spans(speech: Iterable[Span]) -> list[tuple[float, float]]:
    return [(span.start, span.end) for span in speech]


@contextmanager
def failures() -> Iterator[None]:
    """Turn what the packages underneath raise into memo's own errors."""
    try:
        yield
    except MemoError:
        raise
    except ImportError as error:
        raise MissingDependencyError(
            f"what tells voices apart is not installed: {error}",
            hint="Install memo again: pip install --force-reinstall callmemo",
        ) from error
    except Exception as error:  # onnxruntime's errors share no base of their own
        raise TranscriptionError(
            f"the voices could not be told apart: {type(error).__name__}",
            hint="Close other programs to free memory, then run the command again; "
            "or go without: --no-diarize",
        ) from error
