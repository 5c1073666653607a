"""Knows a finding again when its meeting is converted once more.

Another run words a decision a little differently; its number must stay. It is the same decision
(action, question) if its text is the same but for case, punctuation and spacing, or if it rests on
the same moment of the recording and is worded alike. In doubt it is another one: a number that two
people have quoted to each other must never come to mean something else, so texts that differ in a
figure, or in little else than a name or a "not", are never matched.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property

from memo.model import Evidence, Found
from memo.remembered import text_of

_SAME_MOMENT = 0.5
_SAME_WORDS = 0.35
_SLACK_SECONDS = 1.0  # another ASR model puts the same words up to about this much elsewhere
_NEGATIONS = frozenset(
    """
    no not never none nobody nothing neither nor without cannot cant dont doesnt didnt wont isnt
    arent wasnt shouldnt wouldnt couldnt
    nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne
    nunca jamás sin nadie nada ningún ninguna ninguno tampoco
    """.split()  # noqa: SIM905 (one a line would fill a page)
)
_FEW = 3  # "we will keep" and "we will not keep" differ in so few words, or fewer


def match(standing: Sequence[Found], found: Sequence[Found]) -> list[int | None]:
    """Say which standing finding each found one is; none is given to two.

    The best pairs are made first: equal texts, then those that are most alike in moment and
    words. Equally good pairs are made in the given order.

    Args:
        standing: What the log holds of the meeting, those to be preferred first.
        found: What a new conversion of it found.

    Returns:
        For each found one, the place in `standing` of the one that it is, or None.
    """
    old, new = [_Told(one) for one in standing], [_Told(one) for one in found]
    pairs = sorted(_pairs(old, new), key=lambda pair: -pair[0])
    matched: list[int | None] = [None] * len(new)
    taken: set[int] = set()
    for _, old_place, new_place in pairs:
        if old_place not in taken and matched[new_place] is None:
            matched[new_place] = old_place
            taken.add(old_place)
    return matched


class _Told:
    """A finding as it was told: its words and its moments, each worked out at most once."""

    def __init__(self, finding: Found) -> None:
        # The same finding told in another language is the same: its words are those verified.
        self._told = finding.untranslated or text_of(finding)
        self.moments = _merged(finding.evidence)
        self.seconds = sum(end - start for start, end in self.moments)

    @cached_property
    def spelt(self) -> list[str]:
        """The words as they are spelt, without punctuation."""
        text = unicodedata.normalize("NFKC", self._told)
        return re.findall(r"\w+", re.sub("['’]", "", text))

    @cached_property
    def words(self) -> list[str]:
        return [word.casefold() for word in self.spelt]

    @cached_property
    def fingerprint(self) -> str:
        """Equal for equal statements. One of signs alone ("👍") is compared as it stands."""
        return " ".join(self.words) or self._told.strip()

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        return frozenset(self.words)

    @cached_property
    def figures(self) -> frozenset[str]:
        return frozenset(word for word in self.words if any(map(str.isdigit, word)))

    @cached_property
    def names(self) -> frozenset[str]:
        """Words with a capital that does not come from beginning the sentence."""
        return frozenset(word.casefold() for word in self.spelt[1:] if word[0].isupper())

    @cached_property
    def trigrams(self) -> frozenset[str]:
        padded = (f"  {word} " for word in self.vocabulary)
        return frozenset(word[at : at + 3] for word in padded for at in range(len(word) - 2))


def _pairs(old: Sequence[_Told], new: Sequence[_Told]) -> Iterator[tuple[float, int, int]]:
    """Yield (how sure, place in `old`, place in `new`) of every pair that may be one decision."""
    for new_place, right in enumerate(new):
        for old_place, left in enumerate(old):
            moment = _overlap(left, right)
            if left.fingerprint == right.fingerprint:
                yield 10 + moment, old_place, new_place
            elif moment >= _SAME_MOMENT and not _contradict(left, right):
                alike = _likeness(left.trigrams, right.trigrams)
                if alike >= _SAME_WORDS:
                    yield moment + alike, old_place, new_place


def _likeness(left: frozenset[str], right: frozenset[str]) -> float:
    """Return the share of trigrams in common, as PostgreSQL's `pg_trgm` counts it (Jaccard)."""
    both = len(left & right)
    return both / ((len(left) + len(right) - both) or 1)


def _contradict(left: _Told, right: _Told) -> bool:
    """Say whether two statements that look alike say different things."""
    if not (left.figures <= right.figures or right.figures <= left.figures):
        return True
    renamed = left.names - right.vocabulary and right.names - left.vocabulary
    turned = left.vocabulary.isdisjoint(_NEGATIONS) != right.vocabulary.isdisjoint(_NEGATIONS)
    few = len(left.vocabulary ^ right.vocabulary) <= _FEW
    return few and bool(renamed or turned)


def _merged(evidence: Sequence[Evidence]) -> list[tuple[float, float]]:
    """Return the stretches that evidence covers, with slack, in order and without overlap."""
    merged: list[tuple[float, float]] = []
    for start, end in sorted((e.start - _SLACK_SECONDS, e.end + _SLACK_SECONDS) for e in evidence):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _overlap(left: _Told, right: _Told) -> float:
    """Return how much of the shorter of two decisions' moments the other covers, from 0 to 1."""
    common = sum(
        max(0.0, min(end, other_end) - max(start, other_start))
        for start, end in left.moments
        for other_start, other_end in right.moments
    )
    return common / min(left.seconds, right.seconds) if common else 0.0
