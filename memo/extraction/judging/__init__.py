"""What in a meeting is a decision, a task or an open question, judged sentence by sentence.

Two judges look at every sentence: a linear model over signs that can be named (cues of the
language, who speaks before and after, what is said again), and a small text encoder that reads the
words themselves. Their logits are averaged; what may be an item is then weighed as a whole. All
weights come with memo and were learnt from labelled meetings by `training/`, which says how well
each part does on meetings that it has not seen.

    find_items(lines, language, people)      the items of a meeting, each with how probable it is
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from memo.extraction.find import Kind, Moment, find_moments
from memo.extraction.judging.choosing import (
    KINDS,
    TAGS,
    Found,
    Judgement,
    candidates,
    chosen,
    rule_signs,
)
from memo.extraction.judging.linear import Linear, linear_models, probability
from memo.extraction.judging.outcome import reason_of, status_of
from memo.extraction.judging.plain import is_plain, summed_up, told_plainly
from memo.extraction.judging.sentences import Sentence, sentences_of
from memo.extraction.judging.signs import all_signs
from memo.extraction.judging.taking import owner_of, taken_in
from memo.extraction.lines import Line
from memo.model import DecisionStatus

if TYPE_CHECKING:
    from memo.extraction.judging.encoder import Encoder

__all__ = ["Item", "find_items"]

LEAST: Mapping[Kind, float] = {"decision": 0.28, "action": 0.55, "question": 0.35}
"""Probability from which an item is told; where the F1 on unseen meetings was about highest."""
FLOOR: Mapping[Kind, float] = {"decision": 0.04, "action": 0.07, "question": 0.07}
EVERY: Mapping[Kind, float] = {"decision": 180.0, "action": 180.0, "question": 360.0}
"""Of a meeting in which little is plain, the likeliest are told all the same, as doubtful: one per
so many seconds, from this probability on. In long design meetings that finds five times as many
decisions, in others it costs nothing (`training/`)."""
LONG = 900.0
"""Seconds of a meeting that is long; a short one may well be small talk that settles nothing."""
LEAST_OF_RULE = 0.25
"""The same for a task that the rules find too."""
SURE: Mapping[Kind, float] = {"decision": 0.5, "action": 0.5, "question": 0.5}
"""Probability from which it is told without a doubt."""
UNCLEAR = 3.0
"""Score up to which a moment of the rules bears no item out: about half of these are items, of
those above nearly all."""
PLAIN: Mapping[Kind, float] = {"decision": 0.8, "question": 0.5}
"""Least probability of what is said plainly: a decision's is more than its neighbours mostly have,
so that it is the one that is told."""
ENCODER_SHARE: Mapping[str, float] = {"en": 0.5}
"""How much the encoder's judgement counts, by language; elsewhere it added nothing."""


_NO_TASK = frozenset({"open", "defer", "unable"})


@dataclass(frozen=True)
class Item:
    """One item: the sentences that settle and tell it, and the numbers of the lines it rests on.

    `reason` and `status` are a decision's, `owner` is a task's, which
    `settles` takes on; `rule` is the moment by which the rules tell a task better;
    `borne_out` that they are sure of an item too.
    """

    kind: Kind
    settles: Sentence
    tells: Sentence
    lines: tuple[int, ...]
    probability: float
    owner: str | None = None
    rule: Moment | None = None
    status: DecisionStatus = DecisionStatus.ACCEPTED
    reason: Sentence | None = None
    borne_out: bool = False

    @property
    def sure(self) -> bool:
        """Whether it is told without a doubt."""
        return self.borne_out or self.probability >= SURE[self.kind]


def find_items(lines: Sequence[Line], language: str, people: Sequence[str]) -> tuple[Item, ...]:
    """Return the items of a meeting in order; none in a language without cues.

    Args:
        lines: All lines of the meeting.
        language: ISO 639-1 code.
        people: Names of those who were there.
    """
    sentences = sentences_of(lines, language, people)
    if not sentences:
        return ()
    models = linear_models()
    logits = judged(sentences, language, models)
    judgement = Judgement(sentences, logits, find_moments(lines, language))
    seconds = lines[-1].end - lines[0].start
    return tuple(
        item for kind in KINDS for item in _items(judgement, kind, people, seconds, models)
    )


def judged(
    sentences: Sequence[Sentence], language: str, models: Mapping[str, Linear]
) -> list[list[float]]:
    """Return the logits of each sentence, by both judges together."""
    share = ENCODER_SHARE.get(language, 0.0)
    tags = [models[f"tag {tag}"] for tag in range(TAGS)]
    by_signs = [[tag(signs) for tag in tags] for signs in all_signs(sentences)]
    if not share:
        return by_signs
    read = _encoder().judge(sentences).tolist()
    return [
        [(1 - share) * mine + share * yours for mine, yours in zip(one, other, strict=True)]
        for one, other in zip(by_signs, read, strict=True)
    ]


def _items(
    judgement: Judgement,
    kind: Kind,
    people: Sequence[str],
    seconds: float,
    models: Mapping[str, Linear],
) -> list[Item]:
    found = [
        told_plainly(f, judgement) for f in candidates(judgement, kind, models[f"teller {kind}"])
    ]
    by_rules = _tasks_by_rules(judgement, models) if kind == "action" else []
    if kind == "action":
        taken = {line + aside for item in by_rules for line in item.lines for aside in (-1, 0, 1)}
        found = [f for f in found if f.rule is None and not _stands(f, taken, judgement)]
        found = [f for f in found if not _is_no_task(f, judgement)]
    if kind == "decision":
        found = [f for f in found if "retold" not in judgement.sentences[f.tells].cues]
    found = summed_up(found, judgement)
    weigher = models[f"weigher {kind}"]
    kept = chosen(found, judgement, lambda each: _weight(each, judgement, weigher), FLOOR[kind])
    kept = _likeliest(kept, kind, seconds, len(by_rules))
    items = [_item(each, weight, judgement, people, models) for each, weight in kept]
    return sorted([*by_rules, *items], key=lambda item: (item.settles.line, item.settles.place))


def _weight(found: Found, judgement: Judgement, weigher: Linear) -> float:
    """Return how probable an item is; what is said plainly is told whatever stands around it."""
    weight = probability(weigher(found.signs))
    return max(weight, PLAIN[found.kind]) if is_plain(found, judgement) else weight


def _likeliest(
    kept: Sequence[tuple[Found, float]], kind: Kind, seconds: float, others: int
) -> list[tuple[Found, float]]:
    """Return what is probable enough, and of the rest the likeliest while there are few."""
    few = max(0, int(seconds / EVERY[kind]) - others) if seconds >= LONG else 0
    ranked = sorted(kept, key=lambda each: -each[1])
    return [each for i, each in enumerate(ranked) if each[1] >= LEAST[kind] or i < few]


def _is_no_task(found: Found, judgement: Judgement) -> bool:
    told, settling = judgement.sentences[found.tells], judgement.sentences[found.settles]
    return bool(_NO_TASK & {*told.cues, *settling.cues})


def _stands(found: Found, taken: set[int], judgement: Judgement) -> bool:
    sentences = judgement.sentences
    return bool({sentences[found.settles].line, sentences[found.tells].line} & taken)


def _tasks_by_rules(judgement: Judgement, models: Mapping[str, Linear]) -> list[Item]:
    """Return the tasks of the rules that stand up to the judges."""
    weigher = models["weigher rule"]
    items = []
    for rule in judgement.moments:
        if rule.kind != "action":
            continue
        weight = probability(weigher(rule_signs(judgement, rule)))
        if weight >= LEAST_OF_RULE:
            there = [judgement.sentences[p] for p in judgement.within(rule.anchor, rule.anchor)]
            said = next((s for s in there if s.text == rule.sentence), there[0])
            lines = tuple(range(rule.first, rule.last + 1))
            items.append(Item("action", said, said, lines, weight, rule=rule))
    return items


def _item(
    found: Found,
    weight: float,
    judgement: Judgement,
    people: Sequence[str],
    models: Mapping[str, Linear],
) -> Item:
    sentences = judgement.sentences
    item = Item(
        kind=found.kind,
        settles=sentences[found.settles],
        tells=sentences[found.tells],
        lines=found.lines,
        probability=weight,
        borne_out=found.rule is not None and found.rule.score > UNCLEAR,
    )
    if found.kind == "decision":
        reason = reason_of(found, judgement, models["reason"])
        status = status_of(found, judgement, models)
        turned_down = "refuse" in sentences[found.settles].cues
        if is_plain(found, judgement) and not turned_down:
            status = DecisionStatus.ACCEPTED  # that it was taken is what was said
        given = None if reason is None else sentences[reason]
        return replace(item, status=status, reason=given)
    if found.kind == "action":
        owner = owner_of(found, judgement, people, models["owner"])
        taken = taken_in(found, judgement, owner)
        return replace(item, owner=owner, settles=sentences[taken])
    return item


@cache
def _encoder() -> Encoder:
    from memo.extraction.judging.encoder import Encoder

    return Encoder()
