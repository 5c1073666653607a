"""Who takes a task on, and in which sentence.

Of everybody who speaks around a task or is called by name there, one may own it: who promised,
who was asked and said yes. Whoever is most probable owns it, if that is probable at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from memo.extraction.judging.choosing import KINDS, Found, Judgement
from memo.extraction.judging.linear import Linear, probability
from memo.extraction.judging.sentences import Sentence
from memo.extraction.judging.signs import Signs
from memo.stems import normal_words

LINES_BEFORE, LINES_AFTER = 3, 4
"""Lines before and after the settling sentence in which the owner is heard or called."""
LEAST = 0.35
"""Probability from which somebody owns a task."""
_ACTION = KINDS.index("action")
_HEARD = ("promise", "assent", "unable", "request", "accept", "chore")
_I = frozenset({"i", "i'll", "i'm", "i've", "i'd", "ich", "yo", "me"})


def owner_of(
    found: Found, judgement: Judgement, people: Sequence[str], model: Linear
) -> str | None:
    """Return who owns a task, or None if nobody seems to."""
    weights = {p: model(owner_signs(found, judgement, p)) for p in around(found, judgement, people)}
    best = max(weights, key=lambda person: weights[person], default=None)
    return best if best is not None and probability(weights[best]) >= LEAST else None


def around(found: Found, judgement: Judgement, people: Sequence[str]) -> list[str]:
    """Return who speaks around a task or is called there."""
    near = _near(found, judgement)
    said = {word for place in near for word in judgement.sentences[place].words}
    heard = [judgement.sentences[place].speaker for place in near]
    called = [p for p in people if (words := normal_words(p)) and words[0] in said]
    return list(dict.fromkeys(p for p in (*heard, *called) if p is not None))


def taken_in(found: Found, judgement: Judgement, owner: str | None) -> int:
    """Return the place of the sentence in which the owner takes a task on most plainly."""
    places = [p for p in _near(found, judgement) if judgement.sentences[p].speaker == owner]
    own = found.settles if judgement.sentences[found.settles].speaker == owner else None
    if own is not None or not places:
        return found.settles
    return max(places, key=lambda p: judgement.at(p, "action"))


def owner_signs(found: Found, judgement: Judgement, person: str) -> Signs:
    """Return the signs by which somebody owns a task."""
    sentences = judgement.sentences
    settling, told = sentences[found.settles], sentences[found.tells]
    near = _near(found, judgement)
    mine = [place for place in near if sentences[place].speaker == person]
    signs = {
        "speaks": float(bool(mine)),
        "settles": float(settling.speaker == person),
        "tells": float(told.speaker == person),
        "sentences": min(len(mine), 6) / 6,
        "called": float(any(_calls(sentences[p], person) for p in near)),
        "called in the settling": float(_calls(settling, person)),
        "called in the telling": float(_calls(told, person)),
    }
    for tag in range(_ACTION, len(judgement.logits[0]), len(KINDS)):
        best = max((judgement.logits[place][tag] for place in mine), default=-8.0)
        rest = max((judgement.logits[p][tag] for p in near if p not in mine), default=-8.0)
        signs |= {f"judged {tag}": best / 4, f"judged more {tag}": (best - rest) / 4}
    signs |= _said("settling", settling, settling.speaker == person)
    signs |= _said("telling", told, told.speaker == person)
    after = [p for p in mine if p > found.settles]
    if after and settling.speaker != person:
        signs["answers at once"] = float(after[0] - found.settles <= 2)
        signs |= _said("answer", sentences[after[0]], mine=True)
    return signs


def _said(name: str, sentence: Sentence, mine: bool) -> Signs:  # noqa: FBT001 - a sign of its own
    whose = "own" if mine else "other's"
    signs = {f"{whose} {name}:{cue}": 1.0 for cue in sentence.cues if cue in _HEARD}
    signs[f"{whose} {name} I"] = float(bool(_I & set(sentence.words)))
    signs[f"{whose} {name} asks"] = float(sentence.asks)
    return signs


def _calls(sentence: Sentence, person: str) -> bool:
    words = normal_words(person)
    return sentence.speaker != person and bool(words) and words[0] in sentence.words


def _near(found: Found, judgement: Judgement) -> list[int]:
    sentences = judgement.sentences
    line = sentences[found.settles].line
    first = last = found.settles
    while first > 0 and sentences[first - 1].line >= line - LINES_BEFORE:
        first -= 1
    while last + 1 < len(sentences) and sentences[last + 1].line <= line + LINES_AFTER:
        last += 1
    return list(range(first, last + 1))
