"""What a newer decision does to an older one: reverses, amends or reaffirms it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from memo.decision_log.chains.signs import Signs, signs_of
from memo.decision_log.chains.subjects import Known, Rarity, evidence_of, newer_first, of_one_circle
from memo.decision_log.chains.told import Relationship, Told
from memo.model import Verdict
from memo.remembered import EntryKind, LinkStanding, Relation

ALIKE = 1.2
"""Likeness from which two decisions are about the same thing."""
LESS_ALIKE = 0.9
"""Likeness from which they may be, if much says that something changes."""
AMONG_STRANGERS = 1.6
"""The same, for decisions of people who never met, which may then be proposed."""
CLEARLY = 0.25
"""How much more alike than any other older decision one must be to be sure of it."""
CHANGES, MAY_CHANGE = 1.5, 1.0
"""Signs of a change that make it sure, and those that let it be proposed."""
KNOWN = 0.25
"""Share of a newer sentence that must be told of beside the older one, to be sure."""
AGAIN = 0.6
"""Share of two sentences in common from which one may say the other again."""
VERY_ALIKE = 2.0
"""Likeness from which one sign of a change is enough to be sure."""


_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class _Pair:
    """A newer decision and an older one, how alike they are, and what is said."""

    newer: Known
    older: Known
    likeness: float
    mutual: float
    told_before: float
    one_circle: bool
    signs: Signs


def decisions_related(
    new: Sequence[Known], others: Sequence[Known], rarity: Rarity
) -> Iterator[Relationship]:
    """Yield what newer decisions do to older ones; surely superseded is one by one at most."""
    found = sorted(_related_ones(new, others, rarity), key=lambda pair: -pair[0])
    taken: set[str] = set()
    for _, one in found:
        ends = one.relation is not Relation.REAFFIRMS and one.standing is LinkStanding.SURE
        if ends and one.target in taken:
            yield replace(one, standing=LinkStanding.PROPOSED, confidence=one.confidence / 2)
            continue
        if ends:
            taken.add(one.target)
        yield one


def _related_ones(
    new: Sequence[Known], others: Sequence[Known], rarity: Rarity
) -> Iterator[tuple[float, Relationship]]:
    """Yield what newer decisions do to older ones: each newer one to the one it is most like."""
    mine = [one for one in new if one.told.kind is EntryKind.DECISION]
    yours = [one for one in others if one.told.kind is EntryKind.DECISION]
    ended: dict[str, dt.datetime] = {}
    for newer in sorted((*mine, *yours), key=lambda one: one.told.held_at or _NEVER):
        ours = newer.told.meeting == mine[0].told.meeting if mine else False
        rivals = _pairs(newer, yours if ours else mine, rarity)
        if not ours and rivals:  # recorded before its elders: what it does to others counts, too
            rivals += _pairs(newer, yours, rarity)
        at = newer.told.held_at or _NEVER
        rivals = [pair for pair in rivals if at <= ended.get(pair.older.told.number, _NEVER)]
        rivals.sort(key=lambda pair: pair.likeness + pair.signs.named, reverse=True)
        if not rivals or not (ours or rivals[0].older.told.meeting == mine[0].told.meeting):
            continue
        for one in _of_rivals(rivals):
            if one.standing is LinkStanding.SURE and one.relation is not Relation.REAFFIRMS:
                ended.setdefault(one.target, at)
            yield rivals[0].likeness, one


def _of_rivals(rivals: Sequence[_Pair]) -> Iterator[Relationship]:
    """Yield what a decision does to the older one it is most like, and to what that reaffirms."""
    best = rivals[0]
    family = [pair for pair in rivals if _one_matter(pair.older.told, best.older.told)]
    strangers = [pair.likeness for pair in rivals if pair not in family]
    lead = best.likeness - strangers[0] if strangers else CLEARLY
    related = _related(best, clear=lead >= CLEARLY)
    if related is None:
        return
    yield related
    if related.relation is not Relation.REAFFIRMS:
        for pair in family:
            if pair is not best:
                earlier = evidence_of(pair.older, pair.newer)
                yield replace(related, target=pair.older.told.number, earlier=earlier)


def _one_matter(one: Told, other: Told) -> bool:
    same = one.number == other.number
    return same or one.number in other.reaffirms or other.number in one.reaffirms


def _pairs(newer: Known, others: Sequence[Known], rarity: Rarity) -> list[_Pair]:
    """Return the older decisions that a newer one may be about, and stood when it was taken."""
    found = []
    for older in others:
        if newer_first(newer, older)[0] is not newer or not older.told.stood_before(newer.told):
            continue
        likeness = rarity.likeness(newer.subject, older.subject)
        if likeness < LESS_ALIKE:
            continue
        one_circle = of_one_circle(newer.told, older.told)
        if likeness >= (LESS_ALIKE if one_circle else AMONG_STRANGERS):
            mutual = rarity.mutual(newer.subject, older.subject)
            signs = signs_of(newer, older, rarity)
            before = rarity.told_before(newer.subject, older.subject)
            found.append(_Pair(newer, older, likeness, mutual, before, one_circle, signs))
    return found


def _related(pair: _Pair, *, clear: bool) -> Relationship | None:
    signs, alike = pair.signs, pair.likeness >= ALIKE
    if (signs.again and not signs.named) or signs.rejected or (signs.stays and not signs.changed):
        return _reaffirmed(pair, clear=clear)
    if signs.same and signs.change < MAY_CHANGE and pair.mutual >= AGAIN:
        return _reaffirmed(pair, clear=clear)
    change = signs.change + 0.5 * (pair.likeness >= VERY_ALIKE)
    if change < (MAY_CHANGE if alike else CHANGES) or (signs.besides and not signs.instead):
        return None
    sure = (
        clear
        and alike
        and pair.one_circle
        and not signs.proposed
        and change >= CHANGES
        and (signs.explicit or (signs.change >= CHANGES and not signs.sibling))
        and _believed(pair)
        and not signs.unreal
        and signs.change >= MAY_CHANGE
        and (pair.told_before >= KNOWN or signs.named)
        and (signs.touches or signs.named)
    )
    relation = Relation.REVERSES if signs.turned or signs.undone else Relation.AMENDS
    return _relationship(pair, relation, sure=sure, reason=signs.reason())


def _reaffirmed(pair: _Pair, *, clear: bool) -> Relationship | None:
    signs = pair.signs
    if pair.likeness < (LESS_ALIKE if signs.rejected else ALIKE):
        return None
    plain = signs.again or signs.rejected or (signs.stays and not signs.adds)
    sure = clear and plain and pair.one_circle and pair.likeness >= ALIKE and _believed(pair)
    reason = "said again"
    if signs.rejected or signs.stays:
        reason = "a change was turned down" if signs.rejected else "said to stand"
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
