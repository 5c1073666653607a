"""What was said when a task was taken on: the sentences that tell it, and the claim they make.

The rules tell a task from its turns: what was asked, what was promised, what both refer to.
`tidy` puts any spoken sentence in order.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from memo.extraction.cues import cues_for
from memo.extraction.dates import find_due, resolve_due
from memo.extraction.find import Moment
from memo.extraction.lines import Line, sentences
from memo.extraction.names import match_person
from memo.extraction.words import content_stems
from memo.model import (
    ActionClaim,
)

ENOUGH = 4
"""Content words with which a sentence can be understood alone."""
LONGEST = 45
"""Words that a statement may have; more is a speech."""

_FILLER = re.compile(
    r"(?:^|(?<=[\s,]))(?:(?:um+|uh+|er+m?|hmm+|äh+m?|ehm?)\b[,.…]*|(?:you know|i mean),)\s*",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:(?:so|okay|ok|right|good|well|then|and|but|yeah|yes|great|fine|all right|alright|also|"
    r"agreed(?: then)?|lovely|perfect|brilliant|cool|"
    r"gut|ja|na|und|dann|schön|bueno|vale|entonces|pues|bien|sí)\b[,.!:]*\s+)+",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:it|that|this|them|those|these|him|her|das|es|ihn|ihm|ihr|die|den|lo|la|los|las|eso|esto)\b",
    re.IGNORECASE,
)
_DECISION_WORD = re.compile(r"^(?:the |our )?decision(?: is)?[:,]?\s+", re.IGNORECASE)
_PROMISE_OPENING = re.compile(
    r"^(?:(?:sure|yes|yeah|okay|all right|no problem|happily|i do|yep)[,.]? )?"
    r"(?:i'll|i will|i'm going to|i'm gonna|i can|let me|ich werde)\s+",
    re.IGNORECASE,
)
_REQUEST_OPENING = re.compile(
    r"^(?:(?i:and|so|okay)[, ]+)?(?:[A-ZÀ-Þ][\w’'-]+, )?(?i:(?:can|could|would|will) you|please)\s+"
    r"(?i:please )?"
)
_BECAUSE = re.compile(
    r"\b(?:because|'cause|since|weil|denn|da (?=wir|es|die)|porque|ya que)\s+([^.?!]+[.?!]?)",
    re.IGNORECASE,
)


def said(moment: Moment, lines: Sequence[Line], language: str) -> tuple[str, ...]:
    """Return the sentences that tell what happened at a moment, in order, copied.

    The telling sentence comes with the rest of its turn while that is short, and with what it
    refers to if it cannot be understood alone ("I'll do it", "English it is").
    """
    anchor = lines[moment.anchor]
    told = [moment.sentence]
    told += _following(moment.sentence, anchor)
    told = [*_asked(moment, lines, language), *told]
    if moment.anchor != moment.last:
        told += _adding(told, lines[moment.last].sentences()[:2], language)
    if not _understood(" ".join(told), language):
        told = [*_referred(moment, lines, told, language), *told]
    return tuple(dict.fromkeys(told))


def _adding(told: Sequence[str], more: Sequence[str], language: str) -> list[str]:
    """Return those further sentences that add something to what is told."""
    known = {stem for sentence in told for stem in content_stems(sentence, language)}
    return [s for s in more if len(set(content_stems(s, language)) - known) > 1]


def _understood(told: str, language: str) -> bool:
    """Tell whether sentences can be understood alone: they name what they are about."""
    for due in find_due(told, language):  # a date says nothing of the task
        told = told.replace(due, " ")
    return len(content_stems(told, language)) >= (ENOUGH if _PRONOUN.search(told) else ENOUGH - 1)


def _asked(moment: Moment, lines: Sequence[Line], language: str) -> list[str]:
    """Return the sentence that asked for a task, if it was asked for."""
    cues = cues_for(language)
    if moment.first == moment.anchor or cues is None:
        return []
    turn = lines[moment.first].sentences()
    asking = [s for s in turn if cues.request.search(s)] or turn
    return [s for s in asking if len(content_stems(s, language)) > 1][-1:]


def _following(sentence: str, line: Line) -> list[str]:
    """Return the sentences after a telling one in the same turn, while they are short."""
    turn = line.sentences()
    place = turn.index(sentence) if sentence in turn else len(turn)
    rest = turn[place + 1 : place + 3]
    return [s for s in rest if len(s.split()) <= 14 and not s.endswith("?")]


def _referred(
    moment: Moment, lines: Sequence[Line], told: Sequence[str], language: str
) -> list[str]:
    """Return the earlier sentence that says what the telling ones are about.

    It shares words with them or puts something up, can be understood alone, and is near.
    """
    cues = cues_for(language)
    first = max(0, moment.first - 6)
    before = [s for line in lines[first : moment.anchor] for s in line.sentences()]
    turn = lines[moment.anchor].sentences()
    before += turn[: turn.index(moment.sentence)] if moment.sentence in turn else []
    before = [s for s in before if s not in told]
    about = {stem for sentence in told for stem in content_stems(sentence, language)}
    best, best_score = None, 0.0
    for distance, sentence in enumerate(reversed(before)):
        stems = set(content_stems(sentence, language))
        if len(stems) < ENOUGH - 1:
            continue
        score = len(stems & about) + 1 / (1 + distance)
        score += 1 if cues and cues.propose.search(sentence) else 0
        if score > best_score:
            best, best_score = sentence, score
    found = best or next(reversed(before), "")
    return [_BECAUSE.sub("", found).rstrip(" ,")] if found else []


def task_of(
    moment: Moment, lines: Sequence[Line], language: str, people: Sequence[str]
) -> ActionClaim:
    """Return the task that is asked for or promised at a moment, in the words that were said."""
    due = _due(moment, lines, language)
    return ActionClaim(
        segment_ids=_ids(moment, lines, (moment.first, moment.anchor, moment.last)),
        quote=moment.sentence,
        task=task_text(said(moment, lines, language), language),
        owner=moment.owner or _addressed(lines[moment.first : moment.last + 1], people),
        due_text=due,
    )


def _due(moment: Moment, lines: Sequence[Line], language: str) -> str | None:
    """Return the due words that stand nearest to a promise, those that name a day first."""
    turn = lines[moment.anchor].sentences()
    place = turn.index(moment.sentence) if moment.sentence in turn else 0
    confirming = [n.text for n in lines[moment.last + 1 : moment.last + 3] if brief(n)]
    places = [
        *turn[place:],
        lines[moment.last].text,
        *reversed(turn[:place]),
        lines[moment.first].text,
        *confirming,
    ]
    phrases = [due for text in places for due in find_due(text, language)]
    some_day = dt.datetime(2026, 1, 7, 12, tzinfo=dt.UTC)
    dated = (due for due in phrases if resolve_due(due, some_day, language=language))
    return next(dated, phrases[0] if phrases else None)


def brief(line: Line) -> bool:
    """Tell whether a line is a short one."""
    return len(line.text.split()) <= 10


def task_text(told: Sequence[str], language: str) -> str:
    """Return a task in the words of whoever took it on or asked for it."""
    tellings = [s for s in told if len(content_stems(s, language)) > 1] or list(told)
    opening = tidy(tellings[0])
    first = _REQUEST_OPENING.sub("", _PROMISE_OPENING.sub("", opening))
    if first != opening:
        first = first.rstrip("?")
    if len(tellings) == 1:
        return tidy(first.rstrip("."))
    end = "" if first.endswith((".", "?", "!")) else "."
    return tidy(" ".join([first + end, *tellings[1:]]))


def _addressed(lines: Sequence[Line], attendees: Sequence[str]) -> str | None:
    """Return who is spoken to by name ("Tom, can you…"), where nobody knows who speaks."""
    for line in lines:
        for sentence in line.sentences():
            called = re.match(r"^(?:(?i:and|so|okay|und|y)[, ]+)?([A-ZÀ-Þ][\w’'-]+),", sentence)
            called = called or re.search(r"\b([A-ZÀ-Þ][\w’'-]+), (?:can|could|would|you)", sentence)
            person = called and match_person(called.group(1), attendees)
            if person:
                return person
    return None


def _ids(moment: Moment, lines: Sequence[Line], numbers: Sequence[int]) -> tuple[int, ...]:
    """Return the segments of cited lines; of the telling line, which is quoted, only the first."""
    cited = (
        i
        for number in numbers
        for i in lines[number].segment_ids[: 1 if number == moment.anchor else None]
    )
    return tuple(dict.fromkeys(cited))


def tidy(text: str) -> str:
    """Return spoken words as a written sentence: no fillers, no opening "so", a capital."""
    clean = _FILLER.sub("", " ".join(text.split()))
    clean = _DECISION_WORD.sub("", _OPENING.sub("", clean)).strip(" ,-–")
    words = clean.split()
    if len(words) > LONGEST:
        kept: list[str] = []
        for sentence in sentences(clean):
            if kept and len(" ".join([*kept, sentence]).split()) > LONGEST:
                break
            kept.append(sentence)
        clean = " ".join(" ".join(kept).split()[:LONGEST])
    return clean[:1].upper() + clean[1:]
