"""The signs by which a sentence is judged: its own, its neighbours', and how it hangs together.

Decisions, tasks and questions show in the turns around them more than in themselves: a proposal
before, an assent after, the same words again at the end (Fernández et al. 2008; Bui & Peters 2010).
A sign is a number under a name; names are stable, for the weights are kept by them.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence

from memo.extraction.judging.sentences import Sentence

Signs = dict[str, float]

BEFORE, AFTER = 6, 5
"""Sentences whose cues count as shown shortly before and after."""
ARGUED, ANSWERED, ELSEWHERE = 25, 11, 40
"""Sentences within which the same matter is argued, answered; beyond which it is taken up again."""
_END = sys.maxsize
_OPENING, _ENDING = 0.06, 0.85
_I = frozenset({"i", "i'll", "i'm", "i've", "ich", "yo"})
_WE = frozenset({"we", "we'll", "we're", "we've", "wir", "nosotros", "nosotras"})
_YOU = frozenset({"you", "du", "sie", "ihr", "tú", "usted", "ustedes"})


def own_signs(sentence: Sentence) -> Signs:
    """Return what a sentence shows by itself."""
    words, stems = len(sentence.words), len(sentence.stems)
    said = set(sentence.words)
    signs = {f"cue:{cue}": 1.0 for cue in sentence.cues}
    signs |= {f"trait:{trait}": 1.0 for trait in sentence.traits}
    signs |= {
        "length": min(words, 40) / 20,
        "under four words": float(words < 4),
        "under seven words": float(words < 7),
        "over twenty words": float(words > 20),
        "stems": min(stems, 15) / 8,
        "no stem": float(stems == 0),
        "two stems at most": float(stems <= 2),
        "I": float(bool(said & _I)),
        "we": float(bool(said & _WE)),
        "you": float(bool(said & _YOU)),
        "opens the turn": float(sentence.place == 0),
        "ends the turn": float(sentence.place == sentence.siblings - 1),
        "turn": min(sentence.siblings, 6) / 6,
        "weight": min(sentence.weight, 60) / 30,
    }
    return signs


def all_signs(sentences: Sequence[Sentence]) -> list[Signs]:
    """Return the signs of each sentence of a meeting."""
    if not sentences:
        return []
    end = max(sentences[-1].start, 1.0)
    places = _places(sentences)
    found = []
    for place, sentence in enumerate(sentences):
        share = sentence.start / end
        signs = own_signs(sentence) | {
            "position": share,
            "opening": float(share < _OPENING),
            "ending": float(share > _ENDING),
        }
        signs |= _next_to(sentences, place) | _around(sentences, place)
        found.append(signs | _told(sentence, place, places))
    return found


def _places(sentences: Sequence[Sentence]) -> dict[str, list[int]]:
    """Return for each stem the sentences that have it, in order."""
    places: dict[str, list[int]] = {}
    for place, sentence in enumerate(sentences):
        for stem in set(sentence.stems):
            places.setdefault(stem, []).append(place)
    return places


def _next_to(sentences: Sequence[Sentence], place: int) -> Signs:
    """Return the cues of the sentences just before and after, by who says them."""
    signs: Signs = {}
    for name, other in (("previous", place - 1), ("next", place + 1)):
        if 0 <= other < len(sentences):
            who = _who(sentences[place], sentences[other])
            signs |= {f"{name} {who}:{cue}": 1.0 for cue in _shown(sentences[other])}
    return signs


def _around(sentences: Sequence[Sentence], place: int) -> Signs:
    """Return how often cues show shortly before and after, two at most, by who says them."""
    seen: Counter[str] = Counter()
    for name, some in (
        ("before", sentences[max(0, place - BEFORE) : place]),
        ("after", sentences[place + 1 : place + 1 + AFTER]),
    ):
        for other in some:
            who = _who(sentences[place], other)
            seen.update(f"{name} {who}:{cue}" for cue in _shown(other, due=True))
    return {name: min(count, 2) / 2 for name, count in seen.items()}


def _told(sentence: Sentence, place: int, places: Mapping[str, Sequence[int]]) -> Signs:
    """Return how much of a sentence is said elsewhere: argued, answered, taken up again."""
    mine = set(sentence.stems)
    signs = {}
    for name, first, end in (
        ("argued", place - ARGUED, place),
        ("answered", place + 1, place + 1 + ANSWERED),
        ("said long before", 0, place - ELSEWHERE),
        ("said long after", place + 1 + ELSEWHERE, _END),
    ):
        counts = [
            max(0, bisect_left(places[stem], end) - bisect_left(places[stem], first))
            for stem in mine
        ]
        signs[name] = sum(n > 0 for n in counts) / max(1, len(mine))
        if name in {"argued", "answered"}:
            signs[f"{name} often"] = sum(min(n, 4) for n in counts) / max(1, len(mine))
    return signs


def _who(one: Sentence, other: Sentence) -> str:
    return "same" if one.speaker == other.speaker else "other"


def _shown(sentence: Sentence, *, due: bool = False) -> list[str]:
    shown = [*sentence.cues]
    shown += [trait for trait in sentence.traits if trait == "asks" or (due and trait == "due")]
    return shown
