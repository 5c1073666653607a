"""What was said, looked at from a claim: where it was settled, and what came after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from memo.extraction.cues import Cues
from memo.extraction.last_word.turns import Turns, stems_of
from memo.extraction.lines import Line, sentences
from memo.extraction.names import match_person
from memo.model import Claim
from memo.stems import normal_words

QUOTE_REACH = 3
"""Lines before and after the cited ones in which the quote of a claim is looked for."""


@dataclass(frozen=True)
class Place:
    """Where a claim stands, as line numbers: all that it cites, and the one that is quoted."""

    cited: tuple[int, ...]
    quoted: int

    @property
    def last(self) -> int:
        """The last line that it cites."""
        return max(*self.cited, self.quoted)


class Talk:
    """The lines of a meeting, found again by what they say.

    Attributes:
        lines: What was said.
        language: ISO 639-1 code.
        cues: Of the language.
        turns: Of the language.
    """

    def __init__(
        self, lines: Sequence[Line], people: Sequence[str], language: str, cues: Cues, turns: Turns
    ) -> None:
        self.lines = lines
        self.language = language
        self.cues = cues
        self.turns = turns
        self._people = people
        self._places: dict[tuple[tuple[int, ...], str | None], Place | None] = {}
        self._meant: dict[str, str | None] = {}

    def place(self, claim: Claim) -> Place | None:
        """Return where a claim stands, None if it cites nothing that was said."""
        key = (claim.segment_ids, claim.quote)
        if key not in self._places:
            self._places[key] = self._found(claim)
        return self._places[key]

    def _found(self, claim: Claim) -> Place | None:
        cited = sorted({n for i in claim.segment_ids for n in self._lines_of.get(i, ())})
        if not cited:
            return None
        quoted = self._quoted(claim.quote, cited)
        return Place(tuple(cited), cited[-1] if quoted is None else quoted)

    def _quoted(self, quote: str | None, cited: Sequence[int]) -> int | None:
        """Return the line that holds a quote: a cited one, or one near; the last of several."""
        wanted = f" {' '.join(normal_words(quote or ''))} "
        if not wanted.strip():
            return None
        first, last = max(0, cited[0] - QUOTE_REACH), min(len(self.lines), cited[-1] + QUOTE_REACH)
        near = sorted(range(first, last), key=lambda n: (n in cited, n), reverse=True)
        return next((n for n in near if wanted in self._words[n]), None)

    def sentences_of(self, numbers: Collection[int]) -> Iterator[tuple[Line, str]]:
        """Return the sentences of some lines, in order, each with its line."""
        for number in sorted(numbers):
            for sentence in sentences(self.lines[number].text):
                yield self.lines[number], sentence

    @cached_property
    def turning(self) -> tuple[tuple[Line, str], ...]:
        """The sentences that may change a task: few of all."""
        turns = self.turns
        signs = (turns.withdraw, turns.hand, turns.mine, turns.redate, turns.done)
        return tuple(
            (line, sentence)
            for line, sentence in self.sentences_of(range(len(self.lines)))
            if self.cues.unable.search(sentence) or any(sign(sentence) for sign in signs)
        )

    def after(self, number: int, lines: int | None = None) -> range:
        """Return the numbers of the lines after one, all or so many."""
        end = len(self.lines) if lines is None else min(len(self.lines), number + 1 + lines)
        return range(number + 1, end)

    def stems(self, text: str) -> frozenset[str]:
        """Return the stems of a text's content words."""
        return stems_of(text, self.language)

    def saying(self, stems: Collection[str], least: int, first: int) -> list[int]:
        """Return the lines from one on that say at least so many of some stems."""
        said: dict[int, int] = defaultdict(int)
        for stem in stems:
            for number in self._lines_saying.get(stem, ()):
                if number >= first:
                    said[number] += 1
        return sorted(number for number, count in said.items() if count >= least)

    def person(self, name: str | None) -> str | None:
        """Return who is meant by a name, None if nobody who was there."""
        if name and name not in self._meant:
            self._meant[name] = match_person(name, self._people)
        return self._meant[name] if name else None

    def same_person(self, one: str | None, other: str | None) -> bool:
        """Tell whether two names mean one person."""
        if one is None or other is None:
            return False
        return (self.person(one) or one).casefold() == (self.person(other) or other).casefold()

    def accepts(self, line: Line, speaker: str | None) -> bool:
        """Tell whether a line plainly agrees to what somebody else said."""
        opening = sentences(line.text)[:1]
        return (
            line.speaker is not None
            and line.speaker != speaker
            and bool(opening)
            and bool(self.cues.accept.search(opening[0]))
            and not self.turns.but(line.text)
            and not self.cues.refuse.search(line.text)
        )

    def settled(self, place: Place) -> bool:
        """Tell whether somebody agreed to what somebody else said, in or right after the lines."""
        numbers = sorted({*place.cited, place.quoted, *self.after(place.quoted, 1)})
        told = [self.lines[n] for n in numbers]
        return any(
            self.accepts(line, earlier.speaker)
            for i, line in enumerate(told)
            for earlier in told[max(0, i - 1) : i]
        )

    @cached_property
    def _lines_of(self) -> dict[int, list[int]]:
        """The lines of each segment."""
        found: dict[int, list[int]] = defaultdict(list)
        for line in self.lines:
            for i in line.segment_ids:
                found[i].append(line.number)
        return dict(found)

    @cached_property
    def _words(self) -> list[str]:
        return [f" {' '.join(normal_words(line.text))} " for line in self.lines]

    @cached_property
    def _lines_saying(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for line in self.lines:
            for stem in self.stems(line.text):
                found[stem].append(line.number)
        return dict(found)
