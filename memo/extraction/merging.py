"""Claims from several windows or readers become one list, without losing a changed value.

Two claims are one only if they say the same about the same moment. What differs in a figure, a
date, a name, an owner or a "not" is kept apart, however alike it is spelt: a reversal is textually
close to what it reverses. Where two are one, the fuller telling stays and takes over what only the
other one knew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from memo.extraction.cues import vocabulary_for
from memo.extraction.dates import find_due
from memo.extraction.words import content_stems, figures, names, negated
from memo.model import ActionClaim, Claim, DecisionClaim, DecisionStatus, QuestionClaim
from memo.stems import normal_words

AnyClaim = TypeVar("AnyClaim", bound=Claim)
ALIKE = 62.0
"""rapidfuzz token-set ratio of the stems from which two statements about the same segments are
the same; elsewhere one must say all that the other says."""
_NO_FIGURE = frozenset({"1"})  # "one cutover" is no more than "a cutover"


def text_of(claim: Claim) -> str:
    """Return the sentence that a claim makes."""
    if isinstance(claim, DecisionClaim):
        return claim.statement
    if isinstance(claim, ActionClaim):
        return claim.task
    assert isinstance(claim, QuestionClaim)  # noqa: S101 - there are three kinds
    return claim.question


def merged(claims: Sequence[AnyClaim], language: str) -> tuple[AnyClaim, ...]:
    """Return the claims in order of time, the same ones once; in whatever order they come.

    Args:
        claims: Claims of one kind.
        language: ISO 639-1 code.
    """
    left = list(set(claims))
    while True:
        kept = _Kept[AnyClaim](language)
        for claim in sorted(left, key=lambda c: (-len(text_of(c)), *_order(c))):
            kept.add(claim)
        once = kept.claims()
        if len(once) == len(left):
            return tuple(sorted(once, key=_order))
        left = once  # what took over another's place may now stand beside a third


class _Kept(Generic[AnyClaim]):
    """Claims that are kept, found again by where they stand and by what they say.

    Two claims can be the same only if they share a segment, or if one says all that the other
    says: then the rarest word of the one is in the other.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self._claims: list[AnyClaim] = []
        self._ids: list[set[int]] = []
        self._at: dict[int | None, list[int]] = defaultdict(list)
        self._saying: dict[str, list[int]] = defaultdict(list)
        self._about: dict[str, list[int]] = defaultdict(list)

    def claims(self) -> list[AnyClaim]:
        """Return what is kept."""
        return [
            claim.model_copy(update={"segment_ids": tuple(sorted(ids))}) if ids else claim
            for claim, ids in zip(self._claims, self._ids, strict=True)
        ]

    def add(self, claim: AnyClaim) -> None:
        """Keep a claim, or complete the first one that says the same."""
        for place in self._candidates(claim):
            if same(self._claims[place], claim, self._language):
                self._claims[place] = completed(self._claims[place], claim)
                self._ids[place].update(claim.segment_ids)
                return
        self._remember(claim)

    def _candidates(self, claim: AnyClaim) -> list[int]:
        content = _told(text_of(claim), self._language).content
        places = {p for i in claim.segment_ids or (None,) for p in self._at.get(i, ())}
        places.update(p for stem in content for p in self._about.get(stem, ()))
        if content:
            rarest = min(content, key=lambda stem: len(self._saying.get(stem, ())))
            places.update(self._saying.get(rarest, ()))
        return sorted(places)

    def _remember(self, claim: AnyClaim) -> None:
        place = len(self._claims)
        self._claims.append(claim)
        self._ids.append(set(claim.segment_ids))
        for i in dict.fromkeys(claim.segment_ids) or (None,):
            self._at[i].append(place)
        content = _told(text_of(claim), self._language).content
        for stem in content:
            self._saying[stem].append(place)
        if content:
            self._about[min(content, key=lambda s: (len(self._saying[s]), s))].append(place)


def same(one: Claim, other: Claim, language: str) -> bool:
    """Tell whether two claims of one kind say the same."""
    mine, yours = _told(text_of(one), language), _told(text_of(other), language)
    shared = set(one.segment_ids) & set(other.segment_ids)
    together = bool(shared) or one.segment_ids == other.segment_ids
    return (
        mine.figures == yours.figures
        and mine.negated == yours.negated
        and _alike(mine, yours, language, together=together)
        and _agree(one, other)
        and not _renamed(mine, yours)
        and _within(mine.dates, yours.dates)
    )


@dataclass(frozen=True)
class _Told:
    """What a sentence says, as far as two are compared."""

    words: tuple[str, ...]
    stems: tuple[str, ...]
    content: frozenset[str]
    figures: frozenset[str]
    names: frozenset[str]
    dates: frozenset[str]
    negated: bool


@lru_cache(maxsize=20_000)
def _told(text: str, language: str) -> _Told:
    stems = content_stems(text, language)
    return _Told(
        words=tuple(normal_words(text)),
        stems=tuple(stems),
        content=frozenset(stems),
        figures=frozenset(figures(text, language) - _NO_FIGURE),
        names=frozenset(stem for name in names(text) for stem in content_stems(name, language)),
        dates=frozenset(word for due in find_due(text, language) for word in normal_words(due)),
        negated=negated(text, language),
    )


def _alike(mine: _Told, yours: _Told, language: str, *, together: bool) -> bool:
    from rapidfuzz import fuzz

    if not mine.stems or not yours.stems:
        return together and mine.words == yours.words
    if not vocabulary_for(language).negations:
        return mine.content == yours.content  # what only one has may be a "not"
    if not together:
        return _within(mine.content, yours.content)
    return fuzz.token_set_ratio(" ".join(mine.stems), " ".join(yours.stems)) >= ALIKE


def _agree(one: Claim, other: Claim) -> bool:
    """Tell whether two claims do not contradict each other beside what they state."""
    if isinstance(one, ActionClaim) and isinstance(other, ActionClaim):
        return _compatible(one.owner, other.owner) and _compatible(one.due_text, other.due_text)
    if isinstance(one, DecisionClaim) and isinstance(other, DecisionClaim):
        # What was put off in one window may be settled in the next.
        return DecisionStatus.PROPOSED in {one.status, other.status} or one.status == other.status
    return True


def _compatible(one: str | None, other: str | None) -> bool:
    """Tell whether two names, or two dates, may be the same: one says no more than the other."""
    return _within(frozenset(normal_words(one or "")), frozenset(normal_words(other or "")))


def _within(one: frozenset[str], other: frozenset[str]) -> bool:
    return one <= other or other <= one


def _renamed(mine: _Told, yours: _Told) -> bool:
    """Tell whether one of two sentences has a name that the other has not, or puts another word.

    A single word that stands in another's place may always be a name: "Priya signs", "Tomas
    signs"; names are not always written like names.
    """
    if not (mine.names <= yours.content and yours.names <= mine.content):
        return True
    only_mine, only_yours = mine.content - yours.content, yours.content - mine.content
    if len(only_mine) != 1 or len(only_yours) != 1:
        return False
    return not _spelt_alike(*only_mine, *only_yours)


def _spelt_alike(one: str, other: str) -> bool:
    """Tell whether two stems are two forms of a word, such as "roll" and "rollout"."""
    short, long = sorted((one, other), key=len)
    return len(short) >= 4 and long.startswith(short)


def completed(kept: AnyClaim, other: AnyClaim) -> AnyClaim:
    """Return a claim that is kept with what only the other one knows, in its own place."""
    added: dict[str, Any] = {}
    for field in type(kept).model_fields:
        if getattr(kept, field) is None:
            added[field] = getattr(other, field)
    added["doubt"] = kept.doubt if other.doubt else None  # one that has none is enough
    if isinstance(kept, DecisionClaim) and isinstance(other, DecisionClaim):
        for field in ("considered", "decided_by"):
            added[field] = tuple(dict.fromkeys((*getattr(kept, field), *getattr(other, field))))
        if kept.status is DecisionStatus.PROPOSED:
            added["status"] = other.status
    return kept.model_copy(update=added)


def _order(claim: Claim) -> tuple[int, tuple[int, ...], str]:
    return min(claim.segment_ids, default=0), claim.segment_ids, repr(claim)
