"""What is said so plainly that nothing around it has to be weighed.

The weights were learnt from whole meetings. A talk of a few lines shows too little around a
sentence for them, yet "We decided to ship on Friday" leaves no doubt there either.
"""

from __future__ import annotations

from dataclasses import replace

from memo.extraction.judging.choosing import Found, Judgement
from memo.extraction.judging.sentences import Sentence

SCORE = 3.5
"""Score from which the rules are taken at their word (`memo.extraction.find`)."""
_ANNOUNCING = 6
"""Words that a sentence has at most which only announces what the next one says."""
_NAMES = 2
"""Stems by which a sentence names what it settles."""
_DOUBTFUL = frozenset({"unreal", "promise", "pending", "defer"})


def is_plain(found: Found, judgement: Judgement) -> bool:
    """Tell whether the rules find an item in so many words.

    A decision is plain where it is said to be one ("we decided to…", "so, decision: …"), a
    question where it is asked and said to be open.
    """
    if found.rule is None or found.rule.score < SCORE:
        return False
    sentence = judgement.sentences[found.settles]
    if found.kind == "question":
        return sentence.asks and found.tells == found.settles
    if found.kind != "decision" or sentence.asks or _DOUBTFUL & set(sentence.cues):
        return False
    return "explicit" in sentence.cues or _announced(found.settles, judgement)


def told_plainly(found: Found, judgement: Judgement) -> Found:
    """Return an item with the sentence that settles it telling it too, if that says it plainly."""
    plain = found.kind == "decision" and is_plain(found, judgement)
    if not plain or len(judgement.sentences[found.settles].stems) < _NAMES:
        return found
    lines = sorted({*found.lines, judgement.sentences[found.settles].line})
    return replace(found, tells=found.settles, lines=tuple(lines))


def _announced(place: int, judgement: Judgement) -> bool:
    sentence = judgement.sentences[place]
    if "announce" in sentence.cues and len(sentence.text.split()) > _ANNOUNCING:
        return True
    return place > 0 and _only_announces(judgement.sentences[place - 1])


def _only_announces(sentence: Sentence) -> bool:
    return "announce" in sentence.cues and len(sentence.text.split()) <= _ANNOUNCING
