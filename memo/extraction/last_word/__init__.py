"""The last word: in a meeting, later talk overrides earlier talk.

A reader takes down each decision, task and question where it finds it. This pass over its draft
looks at them in the order in which they were said, without a model:

decisions   a changed value or a turned sense takes the earlier one's place. What had really been
            settled stays as superseded, and the last word says what it replaced; what was only
            argued (fifteen, eight, ten, twelve) leaves one decision. A summing-up is joined with
            what it sums up.
actions     the last owner and the last date count; who gives a task back does not own it; what
            was done meanwhile is no task; what was promised twice is one.
questions   what was answered is not open; what somebody will find out waits for them.

In doubt nothing is changed: two decisions that may be two stay two. Whatever is left out names
what took its place. In a language without a table `[turns]` nothing is overridden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from memo.extraction.cues import cues_for
from memo.extraction.last_word.actions import LastActions
from memo.extraction.last_word.decisions import LastDecisions
from memo.extraction.last_word.outcome import Kept
from memo.extraction.last_word.questions import LastQuestions
from memo.extraction.last_word.talk import Talk
from memo.extraction.last_word.turns import turns_for
from memo.extraction.lines import Line
from memo.model import Claim, Draft

__all__ = ["LastWord", "Overridden", "last_word"]

MOST_ROUNDS = 8
"""Passes until nothing changes any more; each one only takes away or settles."""

AnyKept = TypeVar("AnyKept", bound=Kept[Any])


@dataclass(frozen=True)
class Overridden:
    """A claim that a draft no longer makes, and what took its place: a claim, or a line."""

    claim: Claim
    by: Claim | Line


@dataclass(frozen=True)
class LastWord:
    """A draft in which the last word counts, and what is therefore no longer in it."""

    draft: Draft
    overridden: tuple[Overridden, ...] = ()


def last_word(
    draft: Draft, lines: Sequence[Line], people: Sequence[str], language: str
) -> LastWord:
    """Return a draft in which later talk overrides earlier talk.

    Doing it twice changes nothing more. Claims keep their order; none is new.

    Args:
        draft: What a reader claims.
        lines: What was said, numbered.
        people: Names of those who were there.
        language: ISO 639-1 code.
    """
    cues, turns = cues_for(language), turns_for(language)
    if cues is None or turns is None:
        return LastWord(draft)
    talk = Talk(lines, people, language, cues, turns)
    decisions = [Kept(claim, claim) for claim in draft.decisions]
    actions = [Kept(claim, claim) for claim in draft.actions]
    questions = [Kept(claim, claim) for claim in draft.questions]
    every: list[Kept[Any]] = [*decisions, *actions, *questions]
    for _ in range(MOST_ROUNDS):
        before = [(one.claim, one.taken_by) for one in every]
        LastDecisions(talk).settle(_standing(decisions))
        LastActions(talk).settle(_standing(actions))
        LastQuestions(talk, decisions).settle(_standing(questions))
        if before == [(one.claim, one.taken_by) for one in every]:
            break
    settled = draft.model_copy(
        update={
            "decisions": tuple(one.claim for one in _standing(decisions)),
            "actions": tuple(one.claim for one in _standing(actions)),
            "questions": tuple(one.claim for one in _standing(questions)),
        }
    )
    return LastWord(settled, _overridden(every))


def _standing(kept: Sequence[AnyKept]) -> list[AnyKept]:
    return [one for one in kept if one.taken_by is None]


def _overridden(kept: Sequence[Kept[Any]]) -> tuple[Overridden, ...]:
    """Return what was left out, each with what stands in its place in the end."""
    gone = []
    for one in kept:
        by = one.taken_by
        while isinstance(by, Kept) and by.taken_by is not None:
            by = by.taken_by
        if by is not None:
            gone.append(Overridden(one.given, by.claim if isinstance(by, Kept) else by))
    return tuple(gone)
