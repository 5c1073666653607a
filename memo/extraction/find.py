"""Finds the moments of a meeting that may hold a decision, a task or an open question.

No model is needed: each line is scored by the cues in its sentences and in its neighbours'.
The moments are where a small language model is asked to look, and all that the rule-based
reader has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from memo.extraction.cues import Cues, cues_for
from memo.extraction.lines import Line

Kind = Literal["decision", "action", "question"]

REACH_BACK = 60.0
"""How many seconds before it a decision may have been argued."""
REACH_ON = 8.0
"""How many seconds after it a proposal may be accepted."""
MOST_NEAR = 30
"""How many lines that may be: a transcript's times may all be the same."""
ANNOUNCED = 4.0
"""What it adds that somebody said "so, decision"."""
THRESHOLDS: dict[Kind, float] = {"decision": 3.0, "action": 2.5, "question": 2.5}


@dataclass(frozen=True)
class Moment:
    """Lines `first` to `last` (numbers, both included) that may hold an item.

    `anchor` is the line that gave it away, `sentence` its telling sentence. `owner` is who
    takes a task on, as far as the turns tell.
    """

    kind: Kind
    first: int
    last: int
    anchor: int
    sentence: str
    score: float
    owner: str | None = None


def find_moments(lines: Sequence[Line], language: str) -> tuple[Moment, ...]:
    """Return the moments in order of their anchors; none for a language without cues."""
    cues = cues_for(language)
    if cues is None:
        return ()
    finders: tuple[tuple[Kind, Callable[[Sequence[Line], int, Cues], Moment | None]], ...] = (
        ("decision", _decision_at),
        ("action", _action_at),
        ("question", _question_at),
    )
    found = []
    for kind, finder in finders:
        candidates = [finder(lines, place, cues) for place in range(len(lines))]
        strong = [c for c in candidates if c and c.score >= THRESHOLDS[kind]]
        found += {"decision": _thinned, "question": _asked_once}.get(kind, list)(strong)
    return tuple(sorted(found, key=lambda m: (m.anchor, m.kind)))


def _asked_once(moments: list[Moment]) -> list[Moment]:
    """Join what belongs to one question: the same one, or "let's leave it open" after it."""
    kept: list[Moment] = []
    for moment in moments:
        follows = kept and moment.first - kept[-1].last <= 4
        asks = moment.sentence.endswith("?")
        if kept and (moment.sentence == kept[-1].sentence if asks else follows):
            score = max(kept[-1].score, moment.score)
            kept[-1] = replace(kept[-1], last=moment.last, score=score)
        else:
            kept.append(moment)
    return kept


def _thinned(moments: list[Moment]) -> list[Moment]:
    """Keep the best of moments that are about the same thing: their lines run into each other.

    The last word wins between equals.
    """
    kept: list[Moment] = []
    for moment in moments:
        while kept and _overlap(kept[-1], moment) and moment.score >= kept[-1].score:
            moment = replace(moment, first=min(moment.first, kept.pop().first))  # noqa: PLW2901
        if not (kept and _overlap(kept[-1], moment)):
            kept.append(moment)
    return kept


def _overlap(earlier: Moment, later: Moment) -> bool:
    """Tell whether two moments are about the same thing; an announced decision sums up more."""
    reach = 16 if later.score >= ANNOUNCED + 1 else 3
    return later.first <= earlier.anchor and later.anchor - earlier.anchor <= reach


def _before(lines: Sequence[Line], place: int, seconds: float) -> Sequence[Line]:
    """Return the lines in the seconds before one, `MOST_NEAR` at most."""
    first, least = place, max(0, place - MOST_NEAR)
    while first > least and lines[place].start - lines[first - 1].end <= seconds:
        first -= 1
    return lines[first:place]


def _after(lines: Sequence[Line], place: int, seconds: float) -> Sequence[Line]:
    """Return the lines in the seconds after one, `MOST_NEAR` at most."""
    last, most = place, min(len(lines) - 1, place + MOST_NEAR)
    while last < most and lines[last + 1].start - lines[place].end <= seconds:
        last += 1
    return lines[place + 1 : last + 1]


# --- Decisions ----------------------------------------------------------------------------------


def _decision_at(lines: Sequence[Line], place: int, cues: Cues) -> Moment | None:
    line = lines[place]
    best, telling = _telling(lines, place, cues)
    if not telling:
        return None
    before = _before(lines, place, REACH_BACK)
    after = _after(lines, place, REACH_ON)
    score = best
    score += min(2, sum(accepts(n, line, cues) for n in after))
    score += 0.5 if any(accepts(n, line, cues) for n in before[-3:]) else 0
    score += 0.5 if any(cues.propose.search(n.text) for n in before) else 0
    score += 0.5 if cues.reason.search(line.text) else 0
    first = _proposal(line, before, cues)
    last = place + max((i + 1 for i, n in enumerate(after) if accepts(n, line, cues)), default=0)
    return Moment("decision", first, last, place, telling, score)


def _telling(lines: Sequence[Line], place: int, cues: Cues) -> tuple[float, str]:
    """Return the sentence of a line that settles most, and how much it does.

    After "so, decision:" the very next sentence is the decision, in this line or the next.
    """
    told = lines[place].sentences()
    previous = lines[place - 1].sentences()[-1:] if place else []
    best, telling = 0.0, ""
    for sentence, earlier in zip(told, [*previous, *told][-len(told) - 1 :], strict=False):
        weight = _settles(sentence, cues)
        announced = earlier is not sentence and _only_announces(earlier, cues)
        if announced or (cues.announce.search(sentence) and len(sentence.split()) > 6):
            weight += ANNOUNCED
        if weight >= best and weight > 0:
            best, telling = weight, sentence
    return best, telling


def _only_announces(sentence: str, cues: Cues) -> bool:
    return bool(cues.announce.search(sentence)) and len(sentence.split()) <= 6


def _settles(sentence: str, cues: Cues) -> float:
    weight = 0.0
    if cues.explicit.search(sentence):
        weight = 3.5
    elif cues.settle.search(sentence):
        weight = 2.5
    elif cues.defer.search(sentence) or cues.refuse.search(sentence) or cues.lean.search(sentence):
        weight = 1.5
    if weight and sentence.endswith("?"):
        weight -= 1.5
    if cues.unreal.search(sentence):
        weight -= 2
    if cues.pending.search(sentence):  # an open question, and found as one
        weight -= 1
    if cues.promise.search(sentence):
        weight -= 1.5
    if len(sentence.split()) < 4 and not cues.settle.search(sentence):
        weight -= 1
    return max(weight, 0)


def accepts(line: Line, after: Line, cues: Cues) -> bool:
    """Tell whether a line opens by agreeing to an earlier one of somebody else."""
    somebody_else = line.speaker is None or line.speaker != after.speaker
    opening = line.sentences()[:1]
    return somebody_else and bool(opening) and bool(cues.accept.search(opening[0]))


def _proposal(line: Line, before: Sequence[Line], cues: Cues) -> int:
    """Return the number of the line in which the matter that `line` settles was put up."""
    words = _content(line.text)
    first = line.number
    for earlier in reversed(before):
        if cues.propose.search(earlier.text) or len(words & _content(earlier.text)) >= 2:
            first = earlier.number
    return first


def _content(text: str) -> set[str]:
    return {w.strip(".,;:!?\"'()").lower() for w in text.split() if len(w) > 4}


# --- Actions ------------------------------------------------------------------------------------


def _action_at(lines: Sequence[Line], place: int, cues: Cues) -> Moment | None:
    line = lines[place]
    asked = _request_before(lines, place, cues)
    for sentence in line.sentences():
        if cues.unable.search(sentence):
            return None
        promised = cues.promise.search(sentence) and not cues.chore.search(sentence)
        if promised and not sentence.endswith("?") and not cues.unreal.search(sentence):
            score = 2.5 + (1 if asked is not None else 0)
            first = place if asked is None else asked
            return Moment("action", first, place, place, sentence, score, line.speaker)
    if asked is not None and cues.assent.search(line.sentences()[0] if line.sentences() else ""):
        told = [s for s in lines[asked].sentences() if _requests(s, cues)]
        return Moment("action", asked, place, asked, told[-1], 2.5, line.speaker)
    return None


def _requests(sentence: str, cues: Cues) -> bool:
    return bool(cues.request.search(sentence)) and not cues.chore.search(sentence)


def _request_before(lines: Sequence[Line], place: int, cues: Cues) -> int | None:
    for back in (place - 1, place - 2):
        if back < 0:
            break
        other = lines[back].speaker is None or lines[back].speaker != lines[place].speaker
        if other and any(_requests(s, cues) for s in lines[back].sentences()):
            return back
    return None


# --- Open questions -----------------------------------------------------------------------------


def _until(sentences: list[str], last: str) -> list[str]:
    """Return the sentences up to the last one that matters; what comes after is another thing."""
    return sentences[: sentences.index(last) + 1] if last in sentences else sentences


def _question_at(lines: Sequence[Line], place: int, cues: Cues) -> Moment | None:
    """Score a line that says nobody knows; its question stands in it or shortly before."""
    line = lines[place]
    signs = (cues.unknown, cues.pending, cues.open)
    telling = [s for s in line.sentences() if any(sign.search(s) for sign in signs)]
    if not telling:
        return None
    score = 1.5 if any(cues.unknown.search(s) for s in telling) else 1.0
    score += 1 if any(cues.pending.search(n.text) for n in (line, *_after(lines, place, 12))) else 0
    questions = [
        (n.number, s)
        for n in (*_before(lines, place, 10), line)
        for s in _until(n.sentences(), telling[-1])
        if s.endswith("?")
    ]
    score += 1 if questions else 0
    nearby = (line, *_after(lines, place, REACH_ON))
    score += 1.5 if any(cues.open.search(n.text) for n in nearby) else 0
    asked = [(number, s) for number, s in questions if not cues.request.search(s)]
    if cues.unreal.search(line.text):
        score -= 1.5
    number, sentence = asked[-1] if asked else (place, telling[0])
    return Moment("question", number, place, number, sentence, score)
