"""The claim that an item makes, in the words in which it was said.

What tells an item is copied and tidied ("Okay, so, um, let's…" loses its run-up), never put in
other words. A model may put it better afterwards (`rewriting`); it never adds to it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from memo.extraction.cues import Cues, cues_for
from memo.extraction.dates import find_due, resolve_due
from memo.extraction.find import accepts
from memo.extraction.judging import Item
from memo.extraction.lines import Line
from memo.extraction.moments import brief, said, task_of, task_text, tidy
from memo.model import ActionClaim, Claim, DecisionClaim, QuestionClaim, Remark, RemarkCode

ENOUGH = 4
"""Words with which a statement can stand without the reason that follows it."""
_BECAUSE = re.compile(
    r"\b(?:because|'cause|since|weil|denn|da (?=wir|es|die)|porque|ya que)\s+([^.?!]+[.?!]?)",
    re.IGNORECASE,
)


def told_by(item: Item, lines: Sequence[Line], language: str) -> tuple[str, ...]:
    """Return the sentences that tell an item, in order, copied.

    Of a task, what was asked and what was promised belong together; what settles a decision or
    leaves a question open ("Fine.", "No idea.") tells nothing of it.
    """
    if item.rule is not None:
        return said(item.rule, lines, language)
    if item.kind != "action" or item.settles == item.tells or len(item.settles.stems) < 2:
        return (item.tells.text,)
    pair = sorted((item.settles, item.tells), key=lambda s: (s.line, s.place))
    return tuple(sentence.text for sentence in pair)


def claim(item: Item, lines: Sequence[Line], language: str, people: Sequence[str]) -> Claim | None:
    """Return the claim that an item makes; None in a language without cues."""
    cues = cues_for(language)
    if cues is None:
        return None
    if item.kind == "decision":
        return _decision(item, lines, cues)
    if item.rule is not None:
        return task_of(item.rule, lines, language, people)
    if item.kind == "action":
        return _action(item, lines, language)
    return QuestionClaim(
        segment_ids=_ids(item, lines),
        quote=item.tells.text,
        question=tidy(item.tells.text),
        raised_by=lines[item.tells.line].speaker,
        doubt=None if item.sure else Remark.of(RemarkCode.PERHAPS_ANSWERED),
    )


def _decision(item: Item, lines: Sequence[Line], cues: Cues) -> DecisionClaim:
    settling = lines[item.settles.line]
    agreed = [
        n for n in lines[settling.number + 1 : settling.number + 4] if accepts(n, settling, cues)
    ]
    statement, reason = _apart(tidy(item.tells.text))
    given = tidy(item.reason.text) if item.reason else None
    speakers = (lines[item.tells.line].speaker, settling.speaker, *(n.speaker for n in agreed))
    return DecisionClaim(
        segment_ids=_ids(item, lines, *(n.number for n in agreed)),
        quote=item.tells.text,
        statement=statement,
        rationale=reason or given,
        decided_by=tuple(dict.fromkeys(s for s in speakers if s is not None)),
        status=item.status,
        doubt=None if item.sure else Remark.of(RemarkCode.NOBODY_AGREED),
    )


def _apart(statement: str) -> tuple[str, str | None]:
    """Part a statement from the reason it gives itself ("… because the numbers are wrong")."""
    match = _BECAUSE.search(statement)
    if not match or len(statement[: match.start()].split()) < ENOUGH:
        return statement, None
    return tidy(statement[: match.start()].rstrip(" ,")), tidy(match.group(1))


def _action(item: Item, lines: Sequence[Line], language: str) -> ActionClaim:
    return ActionClaim(
        segment_ids=_ids(item, lines, item.settles.line),
        quote=item.tells.text,
        task=task_text(told_by(item, lines, language), language),
        owner=item.owner,
        due_text=_due(item, lines, language),
        doubt=None if item.sure else Remark.of(RemarkCode.NOBODY_TOOK_IT),
    )


def _due(item: Item, lines: Sequence[Line], language: str) -> str | None:
    """Return the due words that stand nearest to a promise, those that name a day first."""
    line = item.settles.line
    turn = lines[line].sentences()
    place = item.settles.place
    confirming = [n.text for n in lines[line + 1 : line + 3] if brief(n)]
    own = [
        lines[n].text for n in item.lines if n != line and lines[n].speaker == lines[line].speaker
    ]
    places = [*turn[place:], item.tells.text, *reversed(turn[:place]), *confirming, *own]
    phrases = [due for text in places for due in find_due(text, language)]
    some_day = dt.datetime(2026, 1, 7, 12, tzinfo=dt.UTC)
    dated = (due for due in phrases if resolve_due(due, some_day, language=language))
    return next(dated, phrases[0] if phrases else None)


def _ids(item: Item, lines: Sequence[Line], *more: int) -> tuple[int, ...]:
    """Return the segments of what an item rests on; of the telling line, as quoted, the first."""
    cited = (
        i
        for number in sorted({*item.lines, *more})
        for i in lines[number].segment_ids[: 1 if number == item.tells.line else None]
    )
    return tuple(dict.fromkeys(cited))
