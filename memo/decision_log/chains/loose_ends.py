"""What a later meeting does to actions and questions, by its findings or by its talk alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from memo.decision_log.chains.lexicon import lexicon_for
from memo.decision_log.chains.subjects import (
    Known,
    Rarity,
    Words,
    evidence_of,
    newer_first,
    of_one_circle,
    words_of,
)
from memo.decision_log.chains.told import Relationship, Told
from memo.model import ActionItem, Evidence, Verdict
from memo.remembered import EntryKind, LinkStanding, Relation, Utterance
from memo.stems import normal_words

SAME_TASK = 1.2
"""Likeness from which two actions are one task, and a decision answers a question."""
SURELY = 1.8
"""Likeness from which that is sure."""
LEAST_MUTUAL, MUTUAL = 0.25, 0.5
"""Share of both tasks that each names of the other: for one task at all, and for a sure one."""
OWNER = 0.3
"""What the same owner adds to the likeness of two actions."""
BEFORE, AFTER = 2, 1
"""Utterances before and after one that belong to what it says of a task or question."""
TOLD, SURELY_TOLD = 0.35, 0.6
"""Share of the words of a task or question that must be talked of."""
LEAST = 0.3
"""Least weight of these words: one word that all meetings have is nothing."""
PLAINLY = 0.5
"""Share of the words of a task or question that the settling sentence must have to be sure."""
FEWEST = 2
"""How many of these words it must have: "which event?" is answered wherever there is one."""
OWNED = 0.2
"""What it adds to that share if it is the owner of a task who speaks, or is spoken to."""
ASKED_BESIDE = 25.0
"""Seconds between a question and the task to find out."""
NEAR = 45.0
"""Seconds after a decision within which an action may follow from it."""
CONSEQUENCE, SAID_TWICE = 0.5, 0.8
"""Weight of the words that an action must share with its decision; and the share of words from
which both are one thing, found twice."""
_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")


def actions_related(
    new: Sequence[Known], others: Sequence[Known], rarity: Rarity
) -> Iterator[Relationship]:
    """Yield which actions slip: another day or owner, or said to be late, in a newer action."""
    for newer, older, likeness in _best(new, others, rarity, EntryKind.ACTION, EntryKind.ACTION):
        mine, yours = newer.told.finding, older.told.finding
        assert isinstance(mine, ActionItem) and isinstance(yours, ActionItem)  # noqa: S101, PT018
        later = bool(mine.due and mine.due != yours.due)
        handed = bool(mine.owner and yours.owner and mine.owner != yours.owner)
        late = _late(newer)
        if not (later or handed or late):
            continue
        same = rarity.mutual(newer.subject, older.subject)
        if same < LEAST_MUTUAL:
            continue
        known = same >= MUTUAL or (late and not handed)
        sure = likeness >= SURELY and known and (later or handed) and _believed(newer, older)
        told = {"another day": later, "another owner": handed, "said to be late": late}
        reason = ", ".join(words for words, so in told.items() if so)
        yield _related(newer, older, Relation.SLIPS, likeness, reason, sure=sure)


def questions_related(
    new: Sequence[Known], others: Sequence[Known], rarity: Rarity
) -> Iterator[Relationship]:
    """Yield which newer decisions answer open questions."""
    for newer, older, likeness in _best(
        new, others, rarity, EntryKind.DECISION, EntryKind.QUESTION
    ):
        sure = likeness >= SURELY and _believed(newer, older)
        reason = "decides what was asked"
        yield _related(newer, older, Relation.ANSWERS, likeness, reason, sure=sure)


def followed(new: Sequence[Known], rarity: Rarity) -> Iterator[Relationship]:
    """Yield which actions follow from a decision of their own meeting: after it, and about it."""
    decisions = [one for one in new if one.told.kind is EntryKind.DECISION]
    for action in (one for one in new if one.told.kind is EntryKind.ACTION):
        near = [one for one in decisions if _follows_closely(action.told, one.told)]
        alike = [(_consequence(action, one, rarity), one) for one in near]
        weight, decision = max(alike, key=lambda pair: pair[0], default=(0.0, None))
        if decision is None or weight < CONSEQUENCE:
            continue
        if rarity.mutual(action.subject, decision.subject) < SAID_TWICE:
            reason = "taken on beside it"
            yield _related(action, decision, Relation.FOLLOWS, weight, reason, sure=True)


def talked(
    new: Sequence[Known],
    others: Sequence[Known],
    rarity: Rarity,
    talk: Sequence[Utterance],
    taken: Collection[str],
) -> Iterator[Relationship]:
    """Yield what the talk of a meeting does to open actions and questions, without a finding.

    Args:
        new: The findings of the meeting, in which the talk is looked for.
        others: Findings of other meetings.
        rarity: How much a word says.
        talk: Everything that was said in the meeting.
        taken: Numbers of those that a finding of the meeting has done something to.
    """
    if not new or not talk:
        return
    meeting = new[0].told
    spots = _Spots(talk, meeting.language)
    waiting = [k for k in others if k.told.number not in taken and _waits(k.told, meeting)]
    closed: list[tuple[Known, _Spot]] = []
    for other in waiting:
        share, spot = spots.best(other, rarity)
        if spot is not None and share >= TOLD:
            closed.append((other, spot))
            yield _by_talk(spot, share, other, new, rarity)
    done = {other.told.number for other, _ in closed}
    for question in (k for k in waiting if k.told.number not in done):
        known = (spot for action, spot in closed if spot.known and _to_find_out(action, question))
        if (first := next(known, None)) is not None:
            yield _by_talk(first, 0.0, question, new, rarity)


def _waits(told: Told, meeting: Told) -> bool:
    """Tell whether something is an open action or question of an earlier meeting."""
    before = told.held_at is None or meeting.held_at is None or told.held_at < meeting.held_at
    open_one = told.kind is not EntryKind.DECISION and told.stood_before(meeting)
    near = told.language == meeting.language and of_one_circle(told, meeting)
    return open_one and before and near


def _to_find_out(action: Known, question: Known) -> bool:
    """Tell whether somebody took it on to find a question's answer, right after it was asked."""
    one, other = action.told, question.told
    if one.kind is not EntryKind.ACTION or other.kind is not EntryKind.QUESTION:
        return False
    shared = action.subject.all.stems & question.subject.sentence.stems
    return one.meeting == other.meeting and _apart(one, other) <= ASKED_BESIDE and bool(shared)


@dataclass(frozen=True)
class _Spot:
    """A sentence that says that something is done or known, and the talk around it.

    `close` are its words and those of what was said just before, `words` those around, too.
    """

    said: Utterance
    sentence: str
    close: Words
    words: Words
    around: tuple[Utterance, ...]
    done: bool
    known: bool


class _Spots:
    """The sentences of a meeting that may settle something, by their words."""

    def __init__(self, talk: Sequence[Utterance], language: str) -> None:
        self._spots = [s for place in range(len(talk)) for s in _spots_at(talk, place, language)]
        self._at = defaultdict[str, list[int]](list)
        for place, spot in enumerate(self._spots):
            for word in (*spot.close.stems, *spot.close.values):
                self._at[word].append(place)

    def best(self, other: Known, rarity: Rarity) -> tuple[float, _Spot | None]:
        """Return how much of a task or question is talked of where most of it is, and where."""
        sentence = other.subject.sentence
        words = (*sentence.stems, *sentence.values)
        near = sorted({place for word in words for place in self._at.get(word, ())})
        shares = [(_told(self._spots[place], other, rarity), place) for place in near]
        share, place = max(shares, key=lambda pair: pair[0], default=(0.0, -1))
        return share, self._spots[place] if place >= 0 else None


def _spots_at(talk: Sequence[Utterance], place: int, language: str) -> Iterator[_Spot]:
    """Yield the sentences of an utterance that may settle something."""
    lexicon, said = lexicon_for(language), talk[place]
    if lexicon.late.search(said.text) or lexicon.unreal.search(said.text):
        return
    around = tuple(talk[max(place - BEFORE, 0) : place + AFTER + 1])
    before = [talk[place - 1].text] if place else []
    sentences = _SENTENCE.findall(said.text)
    for number, sentence in enumerate(sentences):
        done, known = lexicon.done.search(sentence), lexicon.known.search(sentence)
        if sentence.rstrip().endswith("?") or not (done or known):
            continue
        near = [*(before if number < 2 else ()), *sentences[max(number - 1, 0) : number + 2]]
        yield _Spot(
            said=said,
            sentence=sentence.strip(),
            close=words_of(near, language),
            words=words_of((one.text for one in around), language),
            around=around,
            done=bool(done),
            known=bool(known),
        )


def _told(spot: _Spot, other: Known, rarity: Rarity) -> float:
    """Return how much of a task or question is talked of where something is settled."""
    task = isinstance(other.told.finding, ActionItem)
    sentence = other.subject.sentence
    if not (spot.done if task else spot.known):
        return 0.0
    if rarity.weight(spot.close & sentence) < LEAST:
        return 0.0
    share = 0.6 * rarity.covered(sentence, spot.close) + 0.4 * rarity.covered(sentence, spot.words)
    return share + (OWNED if task and _speaks_or_is_named(other.told, spot) else 0.0)


def _by_talk(
    spot: _Spot, share: float, other: Known, new: Sequence[Known], rarity: Rarity
) -> Relationship:
    action = other.told.kind is EntryKind.ACTION
    sentence = other.subject.sentence
    enough = len((sentence & spot.close).stems) >= FEWEST
    plainly = enough and rarity.covered(sentence, spot.close) >= PLAINLY
    ours = not action or _speaks_or_is_named(other.told, spot)
    believed = other.told.finding.verdict is Verdict.SUPPORTED
    sure = share >= SURELY_TOLD and plainly and ours and believed
    return Relationship(
        source=None if action else _decided_beside(spot, new),
        target=other.told.number,
        relation=Relation.CLOSES if action else Relation.ANSWERS,
        standing=LinkStanding.SURE if sure else LinkStanding.PROPOSED,
        confidence=round(min(0.3 + share / 2, 0.95), 2),
        reason="said to be done" if action else "somebody knows now",
        later=(_quoted(spot),),
        earlier=tuple(other.told.finding.evidence[:2]),
    )


def _decided_beside(spot: _Spot, new: Sequence[Known]) -> str | None:
    for one in new:
        if one.told.kind is EntryKind.DECISION and any(
            evidence.start <= spot.said.end and spot.said.start <= evidence.end
            for evidence in one.told.finding.evidence
        ):
            return one.told.number
    return None


def _best(
    new: Sequence[Known],
    others: Sequence[Known],
    rarity: Rarity,
    newer_kind: EntryKind,
    older_kind: EntryKind,
) -> Iterator[tuple[Known, Known, float]]:
    """Yield (newer, older, likeness): for each older open one the newer that is most like it."""
    best: dict[str, tuple[Known, Known, float]] = {}
    for one in new:
        for other in others:
            newer, older = newer_first(one, other)
            if newer.told.kind is not newer_kind or older.told.kind is not older_kind:
                continue
            if not older.told.stood_before(newer.told):
                continue
            if not of_one_circle(newer.told, older.told):
                continue
            likeness = rarity.likeness(newer.subject, older.subject)
            if newer_kind is EntryKind.ACTION and set(newer.told.people) & set(older.told.people):
                likeness += OWNER
            if likeness >= max(SAME_TASK, best.get(older.told.number, (0, 0, 0.0))[2]):
                best[older.told.number] = (newer, older, likeness)
    yield from best.values()


def _late(newer: Known) -> bool:
    late = lexicon_for(newer.told.language).late
    return any(late.search(text) for text in newer.told.said)


def _believed(newer: Known, older: Known) -> bool:
    both = (newer.told.finding, older.told.finding)
    return all(finding.verdict is Verdict.SUPPORTED for finding in both)


def _apart(one: Told, other: Told) -> float:
    """Return how many seconds lie between two findings; many where the action comes first."""
    return max(one.start - other.end, other.start - one.end, 0.0)


def _follows_closely(action: Told, decision: Told) -> bool:
    after = action.end >= decision.start
    return after and _apart(action, decision) <= NEAR


def _consequence(action: Known, decision: Known, rarity: Rarity) -> float:
    """Return the weight of what an action shares with a decision: its sentence, then the quotes."""
    mine, yours = action.subject, decision.subject
    direct = Words((mine.sentence & yours.sentence).stems)
    quoted = Words((mine.sentence & yours.own | mine.own & yours.sentence).stems) - direct
    return rarity.weight(direct) + rarity.weight(quoted) / 2


def _speaks_or_is_named(told: Told, spot: _Spot) -> bool:
    owner = told.finding.owner if isinstance(told.finding, ActionItem) else None
    first = owner.split()[0].casefold() if owner and owner.split() else ""
    if not first:
        return False
    return spot.said.speaker == owner or first in normal_words(spot.said.text)


def _quoted(spot: _Spot) -> Evidence:
    said = spot.said
    return Evidence(
        start=said.start, end=said.end, speaker=said.speaker, quote=spot.sentence, score=1.0
    )


def _related(
    newer: Known, older: Known, relation: Relation, likeness: float, reason: str, *, sure: bool
) -> Relationship:
    return Relationship(
        source=newer.told.number,
        target=older.told.number,
        relation=relation,
        standing=LinkStanding.SURE if sure else LinkStanding.PROPOSED,
        confidence=round(min((0.5 if sure else 0.25) + likeness / 8, 0.95), 2),
        reason=reason,
        later=evidence_of(newer, older),
        earlier=evidence_of(older, newer),
    )
