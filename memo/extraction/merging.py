"""Claims from several windows or readers become one list, without losing a changed value.

Two claims are one only if they say the same about the same moment. What differs in a figure, a
name, an owner or a "not" is kept apart, however alike it is spelt: a reversal is textually close
to what it reverses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from memo.extraction.words import content_stems, figures, names, negated
from memo.model import ActionClaim, Claim, DecisionClaim, QuestionClaim

AnyClaim = TypeVar("AnyClaim", bound=Claim)
ALIKE = 82.0
"""rapidfuzz token-set ratio of the stems from which two statements are the same."""


def text_of(claim: Claim) -> str:
    """Return the sentence that a claim makes."""
    if isinstance(claim, DecisionClaim):
        return claim.statement
    if isinstance(claim, ActionClaim):
        return claim.task
    assert isinstance(claim, QuestionClaim)  # noqa: S101 - there are three kinds
    return claim.question


def merged(claims: Sequence[AnyClaim], language: str) -> tuple[AnyClaim, ...]:
    """Return the claims in order of time, the same ones once; the fuller telling stays."""
    kept: list[AnyClaim] = []
    for claim in sorted(claims, key=lambda c: min(c.segment_ids, default=0)):
        twin = next((p for p, other in enumerate(kept) if same(other, claim, language)), None)
        if twin is None:
            kept.append(claim)
        elif len(text_of(claim)) > len(text_of(kept[twin])):
            kept[twin] = claim
    return tuple(kept)


def same(one: Claim, other: Claim, language: str) -> bool:
    """Tell whether two claims of one kind say the same."""
    from rapidfuzz import fuzz

    mine, yours = text_of(one), text_of(other)
    if _values(mine, language) != _values(yours, language):
        return False
    if isinstance(one, ActionClaim) and isinstance(other, ActionClaim):
        owners = {one.owner, other.owner} - {None}
        if len(owners) > 1:
            return False
    stems = [" ".join(content_stems(text, language)) for text in (mine, yours)]
    together = bool(set(one.segment_ids) & set(other.segment_ids))
    return fuzz.token_set_ratio(*stems) >= (ALIKE - 20 if together else ALIKE)


def _values(text: str, language: str) -> tuple[frozenset[str], frozenset[str], bool]:
    return (
        frozenset(figures(text, language)),
        frozenset(names(text)),
        negated(text, language),
    )
