"""Which findings are about the same thing: by the rare words that they share.

Words are compared by their stems, weighed by how few findings have them (inverse document
frequency: Spärck Jones, 1972). Figures and names of days are kept apart: they are what changes.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from memo.decision_log.chains.lexicon import lexicon_for
from memo.decision_log.chains.told import Told
from memo.model import Evidence
from memo.numbers import numbers_in
from memo.remembered import Utterance
from memo.stems import normal_words, stemmer, terms

Stems = frozenset[str]

_NONE: Stems = frozenset()
_VALUE = 0.5
"""What a figure or day weighs beside words, whose weight is from 0 to 1."""
_BACKGROUND = 24
"""Findings about nothing of all this, so that a young log is no judge of what is rare."""
_NAMELESS = re.compile(r"(?:speaker|sprecher|hablante|spk)?[\s_-]*\d*")
_SHORTEST = 3
QUOTES = 3
"""Most quotes of one meeting that bear a relationship out."""


@lru_cache(maxsize=16_384)
def content(text: str, language: str) -> Stems:
    """Return the stems of the words of a text that may name a subject: no figures, no days."""
    lexicon, stem = lexicon_for(language), stemmer(language)
    words = {part for term in terms(text) for part in term.split("'")}
    return frozenset(
        stem(word)
        for word in words
        if word not in lexicon.stop
        and word not in lexicon.days
        and (len(word) >= _SHORTEST or not word.isascii())
        and not numbers_in(word, language)[0]
    )


@lru_cache(maxsize=16_384)
def values(text: str, language: str) -> Stems:
    """Return the figures of a text, and the days and months that it names."""
    days = lexicon_for(language).days
    named = {word for word in normal_words(text) if word in days}
    return frozenset(numbers_in(text, language)[0] | {word.rstrip("s") for word in named})


@dataclass(frozen=True)
class Words:
    """The stems and the values of some text."""

    stems: Stems = _NONE
    values: Stems = _NONE

    def __or__(self, other: Words) -> Words:
        return Words(self.stems | other.stems, self.values | other.values)

    def __and__(self, other: Words) -> Words:
        return Words(self.stems & other.stems, self.values & other.values)

    def __sub__(self, other: Words) -> Words:
        return Words(self.stems - other.stems, self.values - other.values)


def words_of(texts: Iterable[str], language: str) -> Words:
    """Return the words of some texts together."""
    found = Words()
    for text in texts:
        found |= Words(content(text, language), values(text, language))
    return found


@dataclass(frozen=True)
class Subject:
    """What a finding is about, by the words of its sentence, its quotes and the talk around."""

    sentence: Words
    quotes: Words
    talk: Words

    @cached_property
    def own(self) -> Words:
        """The words of its sentence and its quotes."""
        return self.sentence | self.quotes

    @cached_property
    def all(self) -> Words:
        """All words that are known of it."""
        return self.sentence | self.quotes | self.talk


def subject_of(told: Told, talk: Sequence[Utterance]) -> Subject:
    """Return what a finding is about.

    Args:
        told: The finding.
        talk: What was said around it, about nothing else.
    """
    language = told.language
    names = Words(frozenset(stem for name in told.people for stem in content(name, language)))
    quotes = words_of((one.quote for one in told.finding.evidence), language)
    around = words_of((said.text for said in talk), language)
    return Subject(words_of([told.text], language), quotes - names, around - names)


@dataclass(frozen=True)
class Known:
    """A finding, the talk around it that is about nothing else, and what it is about."""

    told: Told
    talk: tuple[Utterance, ...]
    subject: Subject


class Rarity:
    """How much a word says: the fewer findings it stands in, the more.

    Args:
        subjects: Those of every finding that is compared.
    """

    def __init__(self, subjects: Iterable[Subject]) -> None:
        every = list(subjects)
        self._count = Counter(stem for subject in every for stem in subject.own.stems)
        self._all = len(every) + _BACKGROUND

    def weight(self, words: Words) -> float:
        """Return how much words say together; one that nothing else has weighs 1."""
        return sum(map(self._of, words.stems)) + _VALUE * len(words.values)

    def covered(self, words: Words, by: Words) -> float:
        """Return the share of words that others have too, 0 to 1; 0 where there are none."""
        common = words & by
        if not common.stems and not common.values:
            return 0.0
        return self.weight(common) / self.weight(words)

    def mutual(self, one: Subject, other: Subject) -> float:
        """Return the share of each sentence that is told in the other's own words, the less one."""
        return min(self.covered(one.sentence, other.own), self.covered(other.sentence, one.own))

    def told_before(self, newer: Subject, older: Subject) -> float:
        """Return the share of a newer sentence that stands in, or around, an older finding."""
        return self.covered(newer.sentence, older.all)

    def likeness(self, newer: Subject, older: Subject) -> float:
        """Return how much two findings seem to be about the same thing.

        Each sentence may be told in words that stand around the other one: "the tenth of November,
        then" is about running two warehouses if that was talked of just before. From 0 to 2, and
        what both sentences name counts again.
        """
        back = self.covered(older.sentence, newer.all)
        forth = self.told_before(newer, older)
        shared = Words((newer.sentence & older.sentence).stems)
        return back + forth + self.weight(shared)

    def _of(self, stem: str) -> float:
        seen = self._count[stem]
        return math.log((self._all + 1) / (seen + 0.5)) / math.log((self._all + 1) / 0.5)


def of_one_circle(one: Told, other: Told) -> bool:
    """Tell whether two meetings may be about one thing: the same people, or alike in title.

    Where nobody knows who was there, they may.
    """
    mine, yours = _named(one), _named(other)
    if not mine or not yours or mine & yours:
        return True
    return bool(content(one.title, one.language) & content(other.title, other.language))


def _named(told: Told) -> frozenset[str]:
    names = (" ".join(name.split()).casefold() for name in told.participants)
    return frozenset(name for name in names if not _NAMELESS.fullmatch(name))


def newer_first(one: Known, other: Known) -> tuple[Known, Known]:
    """Return two findings, the one of the later meeting first; the first one where nobody knows."""
    mine, yours = one.told.held_at, other.told.held_at
    if mine is not None and yours is not None and mine < yours:
        return other, one
    return one, other


def evidence_of(one: Known, other: Known) -> tuple[Evidence, ...]:
    """Return the quotes of a finding that have most in common with another one, in order."""
    language = one.told.language
    theirs = other.subject.all

    def common(evidence: Evidence) -> int:
        mine = words_of([evidence.quote], language) & theirs
        return len(mine.stems) + len(mine.values)

    best = sorted(one.told.finding.evidence, key=common, reverse=True)[:QUOTES]
    return tuple(sorted(best, key=lambda evidence: evidence.start))
