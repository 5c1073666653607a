"""Sentences with what is known of each: the unit that is judged."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

from memo.extraction.cues import Cues, cues_for
from memo.extraction.dates import find_due
from memo.extraction.lines import Line
from memo.extraction.words import content_stems, figures, names, negated
from memo.stems import normal_words

CUES = tuple(f.name for f in fields(Cues))


@dataclass(frozen=True)
class Sentence:
    """One sentence of a line; `place` of `siblings` in it, `start` in seconds.

    `cues` are the names of the cues that it shows (`memo.extraction.cues`), `weight` the summed
    inverse document frequency of its stems in the meeting (Spärck Jones 1972), `traits` what else
    can be seen in it: asks, names somebody, a figure, a date, says no.
    """

    text: str
    line: int
    place: int
    siblings: int
    speaker: str | None
    start: float
    words: tuple[str, ...]
    stems: tuple[str, ...]
    cues: tuple[str, ...]
    traits: tuple[str, ...]
    weight: float

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return self.text.endswith("?")


def sentences_of(lines: Sequence[Line], language: str, people: Sequence[str]) -> list[Sentence]:
    """Return the sentences of numbered lines in a language that has cues.

    Args:
        lines: All lines of a meeting.
        language: ISO 639-1 code.
        people: Names of those who were there.
    """
    cues = cues_for(language)
    if cues is None:
        return []
    told = [(line, place, text) for line in lines for place, text in enumerate(line.sentences())]
    stems = [tuple(content_stems(text, language)) for _, _, text in told]
    rarity = _rarity(stems)
    called = {words[0] for person in people if (words := normal_words(person))}
    count = Counter(line.number for line, _, _ in told)
    return [
        Sentence(
            text=text,
            line=line.number,
            place=place,
            siblings=count[line.number],
            speaker=line.speaker,
            start=line.start,
            words=(spoken := tuple(normal_words(text))),
            stems=mine,
            cues=tuple(name for name in CUES if getattr(cues, name).search(text)),
            traits=tuple(_traits(text, spoken, language, called)),
            weight=sum(rarity[stem] for stem in mine),
        )
        for (line, place, text), mine in zip(told, stems, strict=True)
    ]


def _rarity(stems: Sequence[tuple[str, ...]]) -> dict[str, float]:
    holding = Counter(stem for mine in stems for stem in set(mine))
    return {stem: math.log(len(stems) / n) for stem, n in holding.items()}


def _traits(text: str, words: Sequence[str], language: str, called: set[str]) -> list[str]:
    seen = {
        "asks": text.endswith("?"),
        "figure": bool(figures(text, language)),
        "name": bool(names(text)),
        "no": negated(text, language),
        "due": bool(find_due(text, language)),
        "calls": any(word in called for word in words),
    }
    return [name for name, there in seen.items() if there]
