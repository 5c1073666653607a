"""Says what the findings of one meeting do to older ones, and the other way around.

Nothing is read or written here. In doubt a relationship is proposed and waits for somebody: a
decision that is wrongly shown as superseded is worse than a chain that is not drawn yet.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from memo.decision_log.chains.decisions import decisions_related
from memo.decision_log.chains.loose_ends import actions_related, followed, questions_related, talked
from memo.decision_log.chains.subjects import Known, Rarity, subject_of
from memo.decision_log.chains.told import Relationship, Told
from memo.model import Verdict
from memo.remembered import LinkStanding, Utterance

_EDGE = 0.2  # seconds by which stretches that meet may overlap


def relate(
    new: Sequence[Told], standing: Sequence[Told], talk: Sequence[Utterance] = ()
) -> list[Relationship]:
    """Compare the findings of a meeting with those of others.

    Args:
        new: The findings of one meeting.
        standing: Findings of other meetings; newer ones among them are compared the other way
            around.
        talk: Everything that was said in the meeting: it may close an action or answer a question
            without a finding that says so.

    Returns:
        What the newer finding of a pair does to the older one, sure ones first; at most one
        relationship for a pair.
    """
    known = _known([*new, *standing])
    rarity = Rarity(one.subject for one in known)
    mine, others = known[: len(new)], known[len(new) :]
    found = [
        *decisions_related(mine, others, rarity),
        *actions_related(mine, others, rarity),
        *questions_related(mine, others, rarity),
        *followed(mine, rarity),
    ]
    found += talked(mine, others, rarity, talk, {one.target for one in found})
    return sorted(found, key=lambda one: (one.standing is not LinkStanding.SURE, -one.confidence))


def _known(told: Sequence[Told]) -> list[Known]:
    """Return findings with the talk that is about them, and what they are about."""
    meetings: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        meetings[one.meeting].append(one)
    found = []
    for one in told:
        talk = _talk_of(one, meetings[one.meeting])
        found.append(Known(one, talk, subject_of(one, talk)))
    return found


def _talk_of(one: Told, meeting: Sequence[Told]) -> tuple[Utterance, ...]:
    """Return the talk around a finding, from the one before it to the one after it.

    Only what the transcript bears out ends a matter: what is doubtful is often a piece of it.
    """
    mine = {(evidence.start, evidence.end) for evidence in one.finding.evidence}
    foreign = [
        evidence
        for other in meeting
        if other is not one
        and other.kind is one.kind
        and other.finding.verdict is Verdict.SUPPORTED
        for evidence in other.finding.evidence
        if (evidence.start, evidence.end) not in mine
    ]
    begin = max((e.end for e in foreign if e.end <= one.start), default=0.0)
    finish = min((e.start for e in foreign if e.start >= one.end), default=math.inf)
    return tuple(
        said
        for said in one.talk
        if said.end > begin
        and said.start < finish
        and not any(e.start < said.end - _EDGE and said.start + _EDGE < e.end for e in foreign)
    )
