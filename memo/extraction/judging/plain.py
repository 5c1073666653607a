"""What is said so plainly that nothing around it has to be weighed.

The weights were learnt from whole meetings. A talk of a few lines shows too little around a
sentence for them, yet "We decided to ship on Friday" leaves no doubt there either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from memo.extraction.judging.choosing import Found, Judgement
from memo.extraction.judging.sentences import Sentence

SCORE = 3.5
"""Score from which the rules are taken at their word (`memo.extraction.find`)."""
SAID_OPEN = 3.0
"""The same for a question that is said to be open."""
SUMS_UP = 16
"""Lines before a plain decision in which what it sums up was put up."""
_ANNOUNCING = 6
"""Words that a sentence has at most which only announces what the next one says."""
_NAMES = 2
"""Stems by which a sentence names what it settles."""
_DOUBTFUL = frozenset({"unreal", "promise", "pending", "defer"})


def is_plain(found: Found, judgement: Judgement) -> bool:
    """Tell whether the rules find an item in so many words.

    A decision is plain where it is said to be one ("we decided to…", "so, decision: …"), a
    question where it is said to be open, or asked and left so.
    """
    sentence = judgement.sentences[found.settles]
    if found.rule is None:
        announced = found.kind == "decision" and _announced_before(found.settles, judgement)
        return announced and not (sentence.asks or _DOUBTFUL & set(sentence.cues))
    if found.kind == "question" and "open" in sentence.cues:
        return found.rule.score >= SAID_OPEN
    if found.rule.score < SCORE:
        return False
    if found.kind == "question":
        return sentence.asks and found.tells == found.settles
    if found.kind != "decision" or sentence.asks or _DOUBTFUL & set(sentence.cues):
        return False
    put_up = "propose" in sentence.cues  # "what if we reverse what we agreed"
    return ("explicit" in sentence.cues and not put_up) or _announced(found.settles, judgement)


def told_plainly(found: Found, judgement: Judgement) -> Found:
    """Return an item with the sentence that settles it telling it too, if that says it plainly."""
    plain = found.kind == "decision" or "open" in judgement.sentences[found.settles].cues
    if (
        not (plain and is_plain(found, judgement))
        or len(judgement.sentences[found.settles].stems) < _NAMES
    ):
        return found
    lines = sorted({*found.lines, judgement.sentences[found.settles].line})
    return replace(found, tells=found.settles, lines=tuple(lines))


def summed_up(found: Sequence[Found], judgement: Judgement) -> list[Found]:
    """Return what is left when what a plain decision sums up is told by it alone.

    "What if we roll out by region?" – "So, decision: … region by region" is one decision.
    """
    plain: defaultdict[int, list[Found]] = defaultdict(list)
    for each in found:
        if each.kind == "decision" and is_plain(each, judgement):
            plain[judgement.sentences[each.settles].line].append(each)
    if not plain:
        return list(found)
    return [f for f in found if not _is_summed_up(f, plain, judgement)]


def _is_summed_up(found: Found, plain: Mapping[int, list[Found]], judgement: Judgement) -> bool:
    sentences = judgement.sentences
    if is_plain(found, judgement):
        return False
    line, stems = sentences[found.tells].line, set(sentences[found.tells].stems)
    after = (f for n in range(line, line + SUMS_UP + 1) for f in plain.get(n, ()))
    return any(len(stems & set(sentences[f.tells].stems)) >= _NAMES for f in after)


def _announced(place: int, judgement: Judgement) -> bool:
    sentence = judgement.sentences[place]
    if "announce" in sentence.cues and len(sentence.text.split()) > _ANNOUNCING:
        return True
    return _announced_before(place, judgement)


def _announced_before(place: int, judgement: Judgement) -> bool:
    return place > 0 and _only_announces(judgement.sentences[place - 1])


def _only_announces(sentence: Sentence) -> bool:
    return "announce" in sentence.cues and len(sentence.text.split()) <= _ANNOUNCING
