"""How the speech of a recording is cut up: into windows for the checkpoints, and clips for Whisper.

Both are cut at the longest silence that offers itself, and inside speech only where it goes on
for longer than the limit. The same speech is always cut the same way, so that a run that was
killed finds its finished windows again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from memo.model import Span

WINDOW_SECONDS = 300.0
CLIP_SECONDS = 29.0  # Whisper hears 30 s at once
LONGEST_PAUSE = 4.0  # inside a clip; Whisper invents words in longer silence

Cut = Callable[[float, float], float]


def middle(start: float, end: float) -> float:
    """Choose the middle as the instant to cut at."""
    return (start + end) / 2


def plan_windows(speech: Sequence[Span], limit: float = WINDOW_SECONDS) -> list[tuple[Span, ...]]:
    """Group speech into windows, none of which reaches over more than `limit` seconds.

    Args:
        speech: Where there is speech, ordered and disjoint.
        limit: Longest window, in seconds from its first speech to its last.
    """
    return _group(_short(speech, limit, middle), limit, longest_pause=limit)


def plan_clips(
    speech: Sequence[Span], cut: Cut = middle, limit: float = CLIP_SECONDS
) -> list[Span]:
    """Join neighbouring speech to clips of at most `limit` seconds, to be recognised one by one.

    Args:
        speech: The speech of one window, ordered and disjoint.
        cut: Chooses the instant between two at which speech without a pause is cut.
        limit: Longest clip, in seconds.
    """
    groups = _group(_short(speech, limit, cut), limit, longest_pause=LONGEST_PAUSE)
    return [Span(start=group[0].start, end=group[-1].end) for group in groups]


def _short(speech: Sequence[Span], limit: float, cut: Cut) -> list[Span]:
    """Cut what is longer than the limit; all else stays as it is."""
    return [piece for span in speech for piece in _pieces(span, limit, cut)]


def _pieces(span: Span, limit: float, cut: Cut) -> Iterator[Span]:
    start = span.start
    while span.end - start > limit:
        earliest = start + limit * 2 / 3
        latest = min(start + limit, span.end - limit / 30)  # what is left is long enough to hear
        at = min(max(cut(earliest, latest), earliest), latest)
        yield Span(start=start, end=at)
        start = at
    yield Span(start=start, end=span.end)


def _group(speech: Sequence[Span], limit: float, longest_pause: float) -> list[tuple[Span, ...]]:
    groups: list[tuple[Span, ...]] = []
    start = 0
    while start < len(speech):
        stop = start + 1
        while stop < len(speech) and _fits(speech, start, stop, limit, longest_pause):
            stop += 1
        if stop < len(speech):
            stop = _best_stop(speech, start, stop, limit)
        groups.append(tuple(speech[start:stop]))
        start = stop
    return groups


def _fits(
    speech: Sequence[Span], start: int, place: int, limit: float, longest_pause: float
) -> bool:
    within = speech[place].end - speech[start].start <= limit
    return within and _pause_before(speech, place) <= longest_pause


def _best_stop(speech: Sequence[Span], start: int, stop: int, limit: float) -> int:
    """Return where to end a full group: at the longest pause in the last third of the limit."""
    earliest = speech[start].start + limit * 2 / 3
    late = [place for place in range(start + 1, stop) if speech[place - 1].end >= earliest]
    return max([*late, stop], key=lambda place: (_pause_before(speech, place), place))


def _pause_before(speech: Sequence[Span], place: int) -> float:
    return speech[place].start - speech[place - 1].end
