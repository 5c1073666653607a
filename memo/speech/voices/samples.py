"""A voice alone: where it speaks and nobody else does, and a piece of that as a sound file."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from memo.errors import RecordingError
from memo.model import Span
from memo.speech.recording import printable

SAMPLE_SECONDS = 8.0
_LEAST = 1.0  # s; shorter pieces are heard as scraps
_BETWEEN = 0.25  # s of silence between two pieces
_MOST_PIECES = 8


def alone(voices: Mapping[str, Sequence[Span]]) -> dict[str, tuple[Span, ...]]:
    """Return where each voice speaks and no other does, ordered and disjoint.

    Args:
        voices: Where each voice speaks, by label; in any order.
    """
    edges = sorted(
        edge
        for label, spans in voices.items()
        for span in spans
        if span.duration > 0
        for edge in ((span.start, 1, label), (span.end, -1, label))
    )
    found: dict[str, list[Span]] = {label: [] for label in voices}
    speaking: dict[str, int] = {}
    before = 0.0
    for at, step, label in edges:
        if len(speaking) == 1 and at > before:
            _extend(found[next(iter(speaking))], before, at)
        speaking[label] = speaking.get(label, 0) + step
        if not speaking[label]:
            del speaking[label]
        before = at
    return {label: tuple(spans) for label, spans in found.items()}


def sample_of(spans: Sequence[Span], seconds: float = SAMPLE_SECONDS) -> tuple[Span, ...]:
    """Return some of the stretches of a voice, the longest, together about so many seconds.

    Args:
        spans: Where it speaks alone, ordered and disjoint.
        seconds: How long the sample is to be; shorter where there is no more.
    """
    chosen: list[Span] = []
    left = seconds
    for span in sorted(spans, key=lambda span: (-min(span.duration, seconds), span.start)):
        if left < _LEAST or (chosen and span.duration < _LEAST) or len(chosen) == _MOST_PIECES:
            break
        spare = max(0.0, span.duration - left) / 2  # the middle is freer of others than the ends
        chosen.append(Span(start=span.start + spare, end=span.end - spare))
        left -= chosen[-1].duration
    return tuple(sorted(chosen, key=lambda span: span.start))


def cut_samples(path: Path, samples: Mapping[str, Sequence[Span]]) -> dict[str, bytes]:
    """Return a sound sample of each voice as a WAV file, 16 kHz, 16 bits, mono.

    Args:
        path: The recording; it is decoded once.
        samples: The stretches to cut out, by label, disjoint.

    Raises:
        RecordingError: The file cannot be read, or is shorter than the stretches say.
    """
    import numpy as np

    from memo.speech.audio import SAMPLE_RATE, Sound, cut, decode

    pieces = sorted(
        ((span, label) for label, spans in samples.items() for span in spans),
        key=lambda piece: piece[0].start,
    )
    sounds: dict[str, list[Sound]] = {label: [] for label in samples}
    for (_, label), sound in zip(
        pieces, cut(decode(path), [span for span, _ in pieces]), strict=True
    ):
        pause = [np.zeros(round(_BETWEEN * SAMPLE_RATE), np.float32)] if sounds[label] else []
        sounds[label] += [*pause, sound]
    joined = {label: np.concatenate(parts) for label, parts in sounds.items() if parts}
    silent = next((label for label, sound in joined.items() if not sound.size), None)
    if silent is not None:
        raise RecordingError(
            f"{printable(path)} ends before {silent} speaks",
            hint="Convert the recording again: memo convert --force",
        )
    return {label: _wav(sound, SAMPLE_RATE) for label, sound in joined.items()}


def _extend(spans: list[Span], start: float, end: float) -> None:
    if spans and spans[-1].end == start:
        start = spans.pop().start
    spans.append(Span(start=start, end=end))


def _wav(sound: Iterable[float], rate: int) -> bytes:
    import numpy as np

    samples = np.asarray(sound, np.float32)
    loudest = max(float(np.abs(samples).max(initial=0.0)), 1e-9)
    scaled = samples * min(1.0, 0.98 / loudest)  # mixed channels may be louder than a file can be
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((scaled * 32767).astype("<i2").tobytes())
    return held.getvalue()
