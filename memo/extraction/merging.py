"""Claims from several windows or readers become one list, without losing a changed value.

Two claims are one only if they say the same about the same moment. What differs in a figure, a
date, a name, an owner or a "not" is kept apart, however alike it is spelt: a reversal is textually
close to what it reverses. Where two are one, the fuller telling stays and takes over what only the
other one knew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from memo.extraction.cues import vocabulary_for
from memo.extraction.dates import find_due
from memo.extraction.words import content_stems, figures, names, negated, normal_words
from memo.model import ActionClaim, Claim, DecisionClaim, DecisionStatus, QuestionClaim

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
        kept: list[AnyClaim] = []
        for claim in sorted(left, key=lambda c: (-len(text_of(c)), *_order(c))):
            twin = next((i for i, other in enumerate(kept) if same(other, claim, language)), None)
            if twin is None:
                kept.append(claim)
            else:
                kept[twin] = _completed(kept[twin], claim)
        if len(kept) == len(left):
            return tuple(sorted(kept, key=_order))
        left = kept  # what took over another's place may now stand beside a third


def same(one: Claim, other: Claim, language: str) -> bool:
    """Tell whether two claims of one kind say the same."""
    mine, yours = text_of(one), text_of(other)
    shared = set(one.segment_ids) & set(other.segment_ids)
    together = bool(shared) or one.segment_ids == other.segment_ids
    return (
        _agree(one, other)
        and not (figures(mine, language) ^ figures(yours, language)) - _NO_FIGURE
        and negated(mine, language) == negated(yours, language)
        and not _renamed(mine, yours, language)
        and not _redated(mine, yours, language)
        and _alike(mine, yours, language, together=together)
    )


def _alike(mine: str, yours: str, language: str, *, together: bool) -> bool:
    from rapidfuzz import fuzz

    stems, others = content_stems(mine, language), content_stems(yours, language)
    if not stems or not others:
        return together and normal_words(mine) == normal_words(yours)
    if not vocabulary_for(language).negations:
        return set(stems) == set(others)  # what one has and the other has not may be a "not"
    if not together:
        return set(stems) <= set(others) or set(others) <= set(stems)
    return fuzz.token_set_ratio(" ".join(stems), " ".join(others)) >= ALIKE


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
    mine, yours = set(normal_words(one or "")), set(normal_words(other or ""))
    return mine <= yours or yours <= mine


def _renamed(mine: str, yours: str, language: str) -> bool:
    """Tell whether one of two sentences has a name that the other has not, or puts another word.

    A single word that stands in another's place may always be a name: "Priya signs", "Tomas
    signs"; names are not always written like names.
    """
    if _missing(names(mine), yours, language) or _missing(names(yours), mine, language):
        return True
    stems, others = set(content_stems(mine, language)), set(content_stems(yours, language))
    only_mine, only_yours = stems - others, others - stems
    if len(only_mine) != 1 or len(only_yours) != 1:
        return False
    return not _spelt_alike(*only_mine, *only_yours)


def _redated(mine: str, yours: str, language: str) -> bool:
    """Tell whether both sentences say when, and not the same."""
    one, other = (
        {word for due in find_due(text, language) for word in normal_words(due)}
        for text in (mine, yours)
    )
    return not (one <= other or other <= one)


def _missing(found: Collection[str], text: str, language: str) -> bool:
    words, stems = set(normal_words(text)), set(content_stems(text, language))
    return any(
        not set(normal_words(name)) <= words and not set(content_stems(name, language)) <= stems
        for name in found
    )


def _spelt_alike(one: str, other: str) -> bool:
    """Tell whether two stems are two forms of a word, such as "roll" and "rollout"."""
    short, long = sorted((one, other), key=len)
    return len(short) >= 4 and long.startswith(short)


def _completed(kept: AnyClaim, other: AnyClaim) -> AnyClaim:
    """Return the kept claim with what only the other one knows."""
    added: dict[str, Any] = {
        "segment_ids": tuple(sorted({*kept.segment_ids, *other.segment_ids})),
    }
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
