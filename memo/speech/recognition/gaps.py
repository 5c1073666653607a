"""The stretches of a recording of which the transcript holds nothing, and why."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from memo.model import Gap, Remark, RemarkCode, Span
from memo.speech.heard import HeardClip, Listening
from memo.speech.recognition.invented import TakenOut
from memo.speech.recognition.missed import missed
from memo.speech.recognition.words import Spoken

_LONG_SILENCE = 30.0  # s
_LONG_UNCLEAR = 2.0  # s; shorter sound without words is a breath or a laugh
_BESIDE = 2.0  # s; what is taken out so close to each other, for one reason, is one gap


def gaps_of(
    listening: Listening,
    clips: Sequence[HeardClip],
    words: Sequence[Spoken],
    taken: Iterable[TakenOut],
) -> tuple[Gap, ...]:
    """Return the gaps of a transcript, in order of time.

    Args:
        listening: Where there is speech, and what is damaged.
        clips: What was recognised.
        words: The words that were believed.
        taken: The others.
    """
    amid, others = _parted(_without_belief(taken, words), listening.noise)
    gaps = [*listening.gaps, *others]
    gaps.extend([gap for gap in _unclear(clips, listening) if not _is_known(gap, gaps)])
    gaps.extend(_noises(listening.noise, amid))
    gaps.extend(_silences(listening, gaps))
    return tuple(sorted(gaps, key=lambda gap: (gap.start, gap.end)))


def _without_belief(taken: Iterable[TakenOut], words: Sequence[Spoken]) -> list[Gap]:
    """Return where text was taken out; neighbours are one gap if no word stands between them."""
    said = [word.start for word in words]
    gaps: list[Gap] = []
    for invented in taken:
        gap = _gap(invented.place, invented.why, taken_out=invented.text)
        last = gaps[-1] if gaps else None
        if last and _are_one(last, gap, said):
            texts = f"{last.taken_out} … {gap.taken_out}"
            joined = {"end": max(last.end, gap.end), "taken_out": texts}
            gaps[-1] = last.model_copy(update=joined)
        else:
            gaps.append(gap)
    return gaps


def _are_one(gap: Gap, following: Gap, said: Sequence[float]) -> bool:
    """Return whether a gap goes on in the following one; `said` is when words begin."""
    near = following.remarks == gap.remarks and following.start - gap.end <= _BESIDE
    return near and bisect_left(said, gap.start) == bisect_left(said, following.end)


def _parted(gaps: Iterable[Gap], noise: Sequence[Span]) -> tuple[list[Gap], list[Gap]]:
    """Return the gaps that lie amid noise, and the others."""
    amid: list[Gap] = []
    others: list[Gap] = []
    for gap in gaps:
        within = any(span.start <= gap.start and gap.end <= span.end for span in noise)
        (amid if within else others).append(gap)
    return amid, others


def _noises(noise: Iterable[Span], amid: Sequence[Gap]) -> Iterator[Gap]:
    """Yield the stretches of noise, each with all that was written and taken out there."""
    for span in noise:
        texts = [gap.taken_out for gap in amid if span.start <= gap.start < span.end]
        yield _gap(span, RemarkCode.NOISE, taken_out=" … ".join(texts))


def _unclear(clips: Iterable[HeardClip], listening: Listening) -> Iterator[Gap]:
    """Yield where somebody speaks but no word was heard, however often it was tried."""
    for span in missed(clips, listening.speech):
        if span.duration >= _LONG_UNCLEAR:
            yield _gap(span, RemarkCode.UNCLEAR)


def _is_known(gap: Gap, gaps: Iterable[Gap]) -> bool:
    return any(known.start < gap.end and gap.start < known.end for known in gaps)


def _silences(listening: Listening, known: Iterable[Gap]) -> Iterator[Gap]:
    """Yield the long stretches without speech, as far as no other gap accounts for them."""
    end = Span(start=listening.announced, end=listening.announced)
    now = 0.0
    for span in [*sorted([*listening.speech, *known], key=lambda span: span.start), end]:
        if span.start - now >= _LONG_SILENCE:
            yield _gap(Span(start=now, end=span.start), RemarkCode.NO_SPEECH)
        now = max(now, span.end)


def _gap(place: Span, why: RemarkCode, *, taken_out: str = "") -> Gap:
    start, end = round(place.start, 3), round(place.end, 3)
    return Gap(start=start, end=end, remarks=(Remark.of(why),), taken_out=taken_out)
