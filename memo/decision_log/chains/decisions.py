"""What a newer decision does to an older one: reverses, amends or reaffirms it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memo.decision_log.chains.signs import Signs, signs_of
from memo.decision_log.chains.subjects import Known, Rarity, evidence_of, newer_first
from memo.decision_log.chains.told import Relationship
from memo.model import Verdict
from memo.remembered import EntryKind, LinkStanding, Relation

ALIKE = 1.2
"""Likeness from which two decisions are about the same thing."""
LESS_ALIKE = 0.9
"""Likeness from which they may be, if much says that something changes."""
CLEARLY = 0.25
"""How much more alike than any other older decision one must be to be sure of it."""
CHANGES, MAY_CHANGE = 1.5, 1.0
"""Signs of a change that make it sure, and those that let it be proposed."""
AGAIN = 0.6
"""Share of two sentences in common from which one may say the other again."""
VERY_ALIKE = 2.0
"""Likeness from which one sign of a change is enough to be sure."""


@dataclass(frozen=True)
class _Pair:
    """A newer decision and an older one, how alike they are, and what is said."""

    newer: Known
    older: Known
    likeness: float
    mutual: float
    signs: Signs


def decisions_related(
    new: Sequence[Known], others: Sequence[Known], rarity: Rarity
) -> Iterator[Relationship]:
    """Yield what newer decisions do to older ones: each newer one to the one it is most like."""
    mine = [one for one in new if one.told.kind is EntryKind.DECISION]
    yours = [one for one in others if one.told.kind is EntryKind.DECISION]
    for newer in (*mine, *yours):
        ours = newer.told.meeting == mine[0].told.meeting if mine else False
        rivals = _pairs(newer, yours if ours else mine, rarity)
        if not ours and rivals:  # recorded before its elders: what it does to others counts, too
            rivals += _pairs(newer, yours, rarity)
        rivals.sort(key=lambda pair: pair.likeness + pair.signs.named, reverse=True)
        if not rivals or not (ours or rivals[0].older.told.meeting == mine[0].told.meeting):
            continue
        lead = rivals[0].likeness - rivals[1].likeness if len(rivals) > 1 else CLEARLY
        related = _related(rivals[0], clear=lead >= CLEARLY)
        if related is not None:
            yield related


def _pairs(newer: Known, others: Sequence[Known], rarity: Rarity) -> list[_Pair]:
    """Return the older decisions that a newer one may be about, and stood when it was taken."""
    found = []
    for older in others:
        if newer_first(newer, older)[0] is not newer or not older.told.stood_before(newer.told):
            continue
        likeness = rarity.likeness(newer.subject, older.subject)
        if likeness >= LESS_ALIKE:
            mutual = rarity.mutual(newer.subject, older.subject)
            signs = signs_of(newer, older, rarity)
            found.append(_Pair(newer, older, likeness, mutual, signs))
    return found


def _related(pair: _Pair, *, clear: bool) -> Relationship | None:
    signs = pair.signs
    if signs.stays or (signs.same and signs.change < MAY_CHANGE and pair.mutual >= AGAIN):
        return _reaffirmed(pair, clear=clear)
    enough = CHANGES if pair.likeness < VERY_ALIKE else MAY_CHANGE
    alike = pair.likeness >= ALIKE
    sure = clear and alike and signs.change >= enough and _believed(pair) and not signs.unreal
    if not sure and signs.change < (MAY_CHANGE if alike else CHANGES):
        return None
    relation = Relation.REVERSES if signs.turned or signs.undone else Relation.AMENDS
    return _relationship(pair, relation, sure=sure, reason=signs.reason())


def _reaffirmed(pair: _Pair, *, clear: bool) -> Relationship | None:
    if pair.likeness < ALIKE:
        return None
    sure = clear and pair.signs.stays and _believed(pair)
    reason = "it is said to stand" if pair.signs.stays else "the same is said again"
    return _relationship(pair, Relation.REAFFIRMS, sure=sure, reason=reason)


def _believed(pair: _Pair) -> bool:
    both = (pair.newer.told.finding, pair.older.told.finding)
    return all(finding.verdict is Verdict.SUPPORTED for finding in both)


def _relationship(pair: _Pair, relation: Relation, *, sure: bool, reason: str) -> Relationship:
    strength = min(pair.likeness / 4 + pair.signs.change / 6, 0.5)
    return Relationship(
        source=pair.newer.told.number,
        target=pair.older.told.number,
        relation=relation,
        standing=LinkStanding.SURE if sure else LinkStanding.PROPOSED,
        confidence=round((0.5 if sure else 0.25) + (strength if sure else strength / 2), 2),
        reason=reason,
        later=evidence_of(pair.newer, pair.older),
        earlier=evidence_of(pair.older, pair.newer),
    )
