"""What a stretch of a call was about, in two to six words that were said there.

A title is a key phrase: a noun, with what stands beside it, that comes back in the stretch and
seldom elsewhere, best where the talk turned to it ("Good. The van."). A phrase of one word takes
another beside it ("Rota and poster"). A stretch in which nothing stands out has no title: a bad
one is worse than none.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from memo.extraction.lines import Line
from memo.extraction.nouns import Grammar, Nouns, Token, clauses, tokens_of

MOST_WORDS = 6
"""Words of a title."""
OPENING = 2
"""Lines of a stretch that may say what it is about."""
BRIEF = 6
"""Words of a sentence that may only say what comes now."""
ENOUGH = 1.0
"""Worth of a phrase that can be a title: one word, said in two lines of this stretch alone."""
INSTEAD = 0.7
"""Share of a word's worth from which a longer phrase with it is the better title."""
BOTH = 1.2
"""Worth that two phrases must have to stand side by side, one of them of one word."""
LONE = 2.0
"""Worth of a single word that can stand alone, or with its article."""
LONGER, REPEATED, AT_ONCE, ALONE, MATTERS = 0.4, 1.3, 1.4, 1.5, 1.4
"""What a phrase is worth more for each further word (a weak one is half of one); for coming back as
a whole; for being said as the stretch begins; for being all that was said in a sentence; and what
a word is worth more that stands in what was decided or taken on."""
FEW, MANY = 2, 3
"""Lines that a word of a title must be said in; in a stretch of more than `LONG` lines."""
LONG = 120


@dataclass(frozen=True)
class Phrase:
    """A phrase as it was said: the stems of its content, of the words that tell, and its words.

    `article` is what stood before it. `opening` says that the stretch begins with it, `linked`
    that it is two nouns joined by a small word, `alone` that it was all that was said.
    """

    stems: tuple[str, ...]
    telling: tuple[str, ...]
    text: str
    article: str
    opening: bool
    linked: bool = False
    alone: bool = False

    @property
    def name(self) -> bool:
        """Whether it looks like a name of one word, of a person or a firm."""
        return len(self.stems) == 1 and self.text[:1].isupper() and not self.article


class Titles:
    """The titles of the stretches of one call.

    Args:
        lines: What was said.
        stretches: First line and line after the last of each.
        language: ISO 639-1 code.
        grammar: Of that language.
        people: Stems of the names of who was there.
        matters: Stems of what was decided, taken on or left open.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        stretches: Sequence[tuple[int, int]],
        language: str,
        grammar: Grammar,
        people: frozenset[str],
        matters: frozenset[str] = frozenset(),
    ) -> None:
        self._language = language
        self._grammar = grammar
        self._people = people
        self._matters = matters
        self._lengths = [last - first for first, last in stretches]
        self._talk = [
            [
                (number - first, tokens_of(sentence, language, grammar))
                for number in range(first, last)
                for sentence in lines[number].sentences()
            ]
            for first, last in stretches
        ]
        self._nouns = Nouns(
            (tokens for stretch in self._talk for _, tokens in stretch), grammar, people
        )
        self._said = [_lines_by_stem(stretch) for stretch in self._talk]

    @cached_property
    def _in_all(self) -> Counter[str]:
        return sum(self._said, Counter[str]())

    def of(self, place: int) -> str | None:
        """Return the title of a stretch, or None if nothing stands out in it."""
        ranked = self.ranked(place)
        for worth, best in ranked:
            if worth < ENOUGH:
                break
            title = best.text if len(best.stems) > 1 else self._with_more(best, worth, ranked)
            if title:
                return title[:1].upper() + title[1:]
        return None

    def _with_more(
        self, best: Phrase, worth: float, ranked: Sequence[tuple[float, Phrase]]
    ) -> str | None:
        """Return a title of a phrase of one word: a longer one with it, two joined, or "the …".

        A German noun may stand alone: it is often two words of other languages, and its article
        says as what it was spoken of. Two names of one word each tell too little.
        """
        alone = self._grammar.head == "only"
        for other_worth, other in ranked:
            longer = len(other.stems) > 1 and best.stems[0] in other.stems
            if longer and other_worth >= INSTEAD * worth:
                return other.text
        beside = (other for other_worth, other in ranked if min(worth, other_worth) >= BOTH)
        for other in beside:
            named = best.name and other.name and not alone
            short = len(other.text.split()) + 2 <= MOST_WORDS
            if short and not named and best.stems[0] not in other.stems:
                return f"{best.text} {self._grammar.joint} {other.text}"
        if worth < LONE or not (best.article or alone):
            return None
        return f"{best.article} {best.text}".strip()

    def ranked(self, place: int) -> list[tuple[float, Phrase]]:
        """Return the phrases of a stretch with their worth, the worthiest first."""
        said: dict[tuple[str, ...], list[Phrase]] = defaultdict(list)
        for line, tokens in self._talk[place]:
            for phrase in self._phrases(tokens, opening=line < OPENING):
                said[phrase.stems].append(phrase)
        rated = ((self._worth(phrases, place), _usual(phrases)) for phrases in said.values())
        return sorted(((w, p) for w, p in rated if w), key=lambda r: (-r[0], r[1].stems))

    def is_person(self, stem: str) -> bool:
        """Tell whether a word is the name of somebody who was there."""
        return stem in self._people

    def tells(self, title: str, place: int) -> float:
        """Return what the word of a title is worth that says most of a stretch."""
        tokens = tokens_of(title, self._language, self._grammar)
        telling = (t.stem for t in tokens if t.stem and not t.vague and not t.weak)
        return max((self.worth(stem, place) for stem in telling), default=0.0)

    def ends_well(self, title: str) -> bool:
        """Tell whether a title ends with a word that can be a noun: not "the flume is running"."""
        tokens = tokens_of(title, self._language, self._grammar)
        return bool(tokens) and bool(tokens[-1].stem) and not tokens[-1].vague

    def joined_parts(self, title: str) -> list[str]:
        """Return the parts of a title that "and" or a comma joins."""
        return re.split(rf",|(?<!\w){self._grammar.joint}(?!\w)", title)

    def worth(self, stem: str, place: int) -> float:
        """Return how much a word says of a stretch: often there, and seldom elsewhere."""
        here = self._said[place][stem]
        if not here or stem in self._people:
            return 0.0
        return math.log2(1 + here) / math.log2(3) * here / self._in_all[stem] * self._weight(stem)

    # --- Phrases ------------------------------------------------------------------------------

    def _phrases(self, tokens: Sequence[Token], *, opening: bool) -> Iterator[Phrase]:
        for place, token in enumerate(tokens):
            if self._nouns.is_noun(token):
                yield from self._around(tokens, place, opening=opening)
        if opening and len(tokens) <= BRIEF:
            for clause in clauses(tokens):
                yield from self._fragment(clause)

    def _around(self, tokens: Sequence[Token], noun: int, *, opening: bool) -> Iterator[Phrase]:
        """Return a noun, alone and with what describes it, and each of them joined to another."""
        token = tokens[noun]
        alone = len(tokens) <= 3
        for first, end in self._described(tokens, noun):
            article = self._article(tokens, first)
            made = self._phrase(tokens[first:end], article, opening=opening, alone=alone)
            yield made
            other = None if token.weak else self._linked(tokens, end)
            if other:
                both = self._phrase(tokens[first:other], article, opening=opening)
                yield replace(both, linked=True)

    def _described(self, tokens: Sequence[Token], noun: int) -> Iterator[tuple[int, int]]:
        yield noun, noun + 1
        if self._grammar.head == "first":
            after = tokens[noun + 1 : noun + 2]
            if after and after[0].glued and self._nouns.describes(after[0]):
                yield noun, noun + 2
        first = noun
        while self._grammar.head == "last" and noun - first < 2 and tokens[first].glued:
            if not self._nouns.describes(tokens[first - 1]):
                return
            first -= 1
            yield first, noun + 1

    def _article(self, tokens: Sequence[Token], place: int) -> str:
        before = tokens[place - 1].word if tokens[place].glued else ""
        return before if before in self._grammar.definite else ""

    def _linked(self, tokens: Sequence[Token], end: int) -> int | None:
        """Return where a phrase ends that goes on with "of the" and another noun."""
        place = end
        for allowed in (self._grammar.links, self._grammar.determiners):
            if place < len(tokens) and tokens[place].glued and tokens[place].word in allowed:
                place += 1
            elif place == end:
                return None
        if place == len(tokens) or not tokens[place].glued or tokens[place].weak:
            return None
        return place + 1 if self._nouns.is_noun(tokens[place]) else None

    def _fragment(self, clause: Sequence[Token]) -> Iterator[Phrase]:
        """Return what a talk turns to, said in a few words without a verb: "Snow days."."""
        while clause and (clause[0].vague or clause[0].weak or not self._nouns.carries(clause[0])):
            clause = clause[1:]
        if not clause or len(clause) > 3:
            return
        plain = all(self._nouns.carries(t) and not self._nouns.is_other(t) for t in clause)
        if plain and (len(clause) > 1 or self._nouns.is_noun(clause[0])):
            yield self._phrase(clause, "", opening=True, alone=True)

    def _phrase(
        self, part: Sequence[Token], article: str, *, opening: bool, alone: bool = False
    ) -> Phrase:
        content = [token for token in part if token.stem]
        return Phrase(
            stems=tuple(token.stem for token in content),
            telling=tuple(token.stem for token in content if not token.weak),
            text=self._nouns.spelt(part),
            article=article,
            opening=opening,
            alone=alone,
        )

    # --- Worth --------------------------------------------------------------------------------

    def _worth(self, phrases: Sequence[Phrase], place: int) -> float:
        """Return what the phrases of the same stems are worth as a title."""
        stems, telling = phrases[0].stems, phrases[0].telling
        least = MANY if self._lengths[place] > LONG else FEW
        once = phrases[0].linked and len(phrases) == 1
        named = any(p.alone and p.opening for p in phrases)
        lines = [self._said[place][stem] for stem in (stems if named else telling)]
        if not telling or len(set(stems)) < len(stems) or (min if once else max)(lines) < least:
            return 0.0
        words = [self.worth(stem, place) for stem in telling]
        longer = len(telling) - 1 + (len(stems) - len(telling)) / 2
        worth = (max(words) + sum(words) / len(words)) / 2 * (1 + LONGER * longer)
        worth *= REPEATED if len(phrases) > 1 < len(stems) else 1.0
        worth *= AT_ONCE if any(p.opening for p in phrases) else 1.0
        worth *= ALONE if any(p.alone for p in phrases) else 1.0
        return max(worth, ENOUGH) if named and len(stems) > 1 else worth

    def _weight(self, stem: str) -> float:
        return MATTERS if stem in self._matters else 1.0


def _lines_by_stem(stretch: Sequence[tuple[int, Sequence[Token]]]) -> Counter[str]:
    """Return in how many lines of a stretch each word was said."""
    said = {(line, token.stem) for line, tokens in stretch for token in tokens if token.stem}
    return Counter(stem for _, stem in said)


def _apart(one: Phrase, other: Phrase) -> bool:
    return not set(one.stems) & set(other.stems)


def _usual(phrases: Sequence[Phrase]) -> Phrase:
    """Return the phrase that was said most often in these words."""
    spelt = Counter(p.text for p in phrases)
    usual = max(phrases, key=lambda p: (spelt[p.text], p.text))
    return replace(usual, article=max(p.article for p in phrases))
