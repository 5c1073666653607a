"""What one needs to know a voice by: how much it says, and what is typical of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from memo.model import NameSource, Probability, Seconds, Segment, Span, Transcript, Value
from memo.pipeline.corrections import spans_of
from memo.speech.voices.samples import alone, sample_of

QUOTES = 3
_WORDS = (6, 18)  # of a quote that says enough and is not long


class Quote(Span):
    """Words that a voice says."""

    text: str


class Portrait(Value):
    """A voice of a recording.

    `source` says where its name is from, `confidence` how sure that is. `seconds` is how long it
    speaks, `share` its part of all that is spoken; `alone` where it speaks and nobody else does.
    """

    label: str
    name: str
    source: NameSource
    confidence: Probability | None
    seconds: Seconds
    share: Probability
    quotes: tuple[Quote, ...]
    alone: tuple[Span, ...]

    @property
    def sample(self) -> tuple[Span, ...]:
        """Stretches, together some seconds, that the voice can be known by."""
        return sample_of(self.alone)


def portraits(transcript: Transcript) -> tuple[Portrait, ...]:
    """Return the voices of a transcript, in order of appearance."""
    spans = spans_of(transcript)
    people = {p.label: p for p in transcript.participants if p.label}
    total = sum(span.duration for voice in spans.values() for span in voice)
    by_itself = alone(spans)
    found = []
    for label, voice in spans.items():
        seconds = sum(span.duration for span in voice)
        person = people.get(label)
        found.append(
            Portrait(
                label=label,
                name=person.name if person else label,
                source=person.source if person else NameSource.LABEL,
                confidence=person.confidence if person else None,
                seconds=round(seconds, 3),
                share=min(1.0, seconds / total) if total else 0.0,
                quotes=typical([s for s in transcript.segments if s.speaker == label]),
                alone=by_itself[label],
            )
        )
    return tuple(found)


def typical(segments: Sequence[Segment], count: int = QUOTES) -> tuple[Quote, ...]:
    """Return what is typical of what a voice says: whole, clear, and from all over the talk.

    Args:
        segments: All that it says, in order of time.
        count: How many quotes; fewer if it says less.
    """
    said = [segment for segment in segments if segment.text.strip()]
    count = min(count, len(said))
    borders = [round(len(said) * n / count) for n in range(count + 1)] if count else []
    parts = (said[start:end] for start, end in pairwise(borders))
    chosen = [max(part, key=_weight) for part in parts]
    return tuple(Quote(start=s.start, end=s.end, text=" ".join(s.text.split())) for s in chosen)


def _weight(segment: Segment) -> float:
    """Return how well one can know a voice by a sentence."""
    least, most = _WORDS
    words = len(segment.text.split())
    length = min(words / least, 1.0) - max(0, words - most) / 60
    sure = sum(word.probability for word in segment.words) / max(1, len(segment.words))
    return length + (sure if segment.words else 0.5)
