"""Where in the transcript a claim's words are: exact, then fuzzy.

Nothing of what a model says about times or speakers is used: `start`, `end` and `speaker` are
those of the transcript's own words, and the quote is a copy of them. A quote may run over several
segments of one voice, joined by a space.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from memo.extraction.lines import sentences
from memo.extraction.words import coverage
from memo.model import Evidence, Segment, Transcript
from memo.stems import length, normal_words, unspaced, words_in

FUZZY_FLOOR = 80.0
"""Lowest rapidfuzz partial ratio at which two texts count as the same words."""
SHORT_FLOOR = 90.0
"""The same for quotes of three or four words, in which one misheard word changes the sense."""
NEIGHBOURS = 3
"""How many segments around the cited ones are searched before the whole transcript."""
LONGEST_QUOTE = 120
"""Words of a quote that are looked for; a model that copies more has copied too much."""
CONTEXT = 6
"""Segments before and after the evidence that may hold what a claim refers to."""
CONTEXT_WORDS = 200
"""Words before and after it that they may have at most."""
LONGEST_PART = 60
"""Words of a segment that are quoted as evidence whole; of a longer one, its best part is."""
LEAST_SHARE = 0.4
"""Share of a quote's letters that must have been said in one turn."""
CANDIDATES = 24
"""Places at which a quote is compared letter by letter, best first."""
COMMON = 5000
"""Times that a word is said from which on it tells nothing about a place."""


@dataclass(frozen=True)
class Found:
    """Evidence, and what it is made of: segments (ids) and words (places in the transcript)."""

    evidence: Evidence
    segment_ids: tuple[int, ...]
    first_word: int
    last_word: int


@dataclass(frozen=True)
class _Match:
    """Words `first` to `last` of the transcript, both included."""

    first: int
    last: int
    score: float


class Quotes:
    """Looks up quotes in one transcript."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._words: list[str] = []
        self._segment_of: list[int] = []
        self._span_of: list[tuple[int, int]] = []
        self._first_word: list[int] = []
        for segment in transcript.segments:
            self._first_word.append(len(self._words))
            for word, start, end in words_in(segment.text):
                self._words.append(word)
                self._segment_of.append(segment.id)
                self._span_of.append((start, end))
        self._first_word.append(len(self._words))

    def find(self, quote: str, near: Sequence[int] = ()) -> Found | None:
        """Return the words of the transcript that a quote copies, or None if nobody said them.

        A quote of one or two words ("Fine.") stands everywhere: it must be near, or unique.

        Args:
            quote: The words a claim rests on.
            near: Ids of the segments where they should be; searched first.
        """
        wanted = normal_words(quote)[:LONGEST_QUOTE]
        if not wanted:
            return None
        around = self._around(near)
        close = [match for i in around for match in self._exact(wanted, *self._words_of(i))]
        if close:
            return self._found(min(close, key=lambda m: self._distance(m, near)))
        exact = list(islice(self._exact(wanted, 0, len(self._words)), 2))
        if exact and (len(wanted) > 2 or len(exact) == 1):
            return self._found(exact[0])
        fuzzy = self._fuzzy(wanted, around)
        return self._found(fuzzy) if fuzzy else None

    def part_of(self, segment_id: int, about: str, score: float) -> Found | None:
        """Return a segment as evidence: all of it, or what of a long one is most about a claim.

        None if no word is said in it.
        """
        first, end = self._first_word[segment_id], self._first_word[segment_id + 1]
        if first == end:
            return None
        text = self._transcript.segments[segment_id].text
        if length(text) <= LONGEST_PART:
            return self._found(_Match(first, end - 1, score))
        language = self._transcript.language
        pieces = list(self._pieces(segment_id))
        best = max(
            pieces, key=lambda m: (coverage(about, [self._text(m)], language), m.last - m.first)
        )
        return self._found(_Match(best.first, best.last, score))

    def said(self, words: str, segment_ids: Iterable[int]) -> str | None:
        """Return words as they stand in one of these segments, None where they do not."""
        wanted = normal_words(words)
        for i in segment_ids if wanted else ():
            for match in self._exact(wanted, *self._words_of(i)):
                return self._text(match)
        return None

    def around(self, found: Sequence[Found]) -> dict[int, str]:
        """Return what was said around some evidence, by segment, in order.

        That is `CONTEXT` segments before and after each, but no more than `CONTEXT_WORDS` words:
        of a segment that is a speech, only the part around the evidence.
        """
        wanted: dict[int, tuple[int, int]] = {}
        for one in found:
            for segment_id, (first, last) in self._context(one):
                known = wanted.get(segment_id, (first, last))
                wanted[segment_id] = min(first, known[0]), max(last, known[1])
        return {i: self._text(_Match(*wanted[i], 1.0)) for i in sorted(wanted)}

    def _context(self, found: Found) -> Iterable[tuple[int, tuple[int, int]]]:
        ids = found.segment_ids
        begin = self._first_word[max(0, ids[0] - CONTEXT)]
        end = self._first_word[min(len(self._first_word) - 1, ids[-1] + CONTEXT + 1)]
        begin = max(begin, found.first_word - CONTEXT_WORDS)
        end = min(end, found.last_word + CONTEXT_WORDS + 1)
        for segment_id in range(self._segment_of[begin], self._segment_of[end - 1] + 1):
            first, after = self._words_of(segment_id)
            if first < after:
                yield segment_id, (max(first, begin), min(after, end) - 1)

    # --- Looking --------------------------------------------------------------------------------

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """Where each word stands, in order."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(self._words):
            places[word].append(place)
        return dict(places)

    @cached_property
    def _turns(self) -> list[tuple[int, int]]:
        """For each segment, the words [first, end) of the turn that it belongs to."""
        segments = self._transcript.segments
        turns = [(0, 0)] * len(segments)
        first = 0
        for i, segment in enumerate(segments):
            if i and segment.speaker != segments[i - 1].speaker:
                first = i
            if i + 1 == len(segments) or segments[i + 1].speaker != segment.speaker:
                turn = (self._first_word[first], self._first_word[i + 1])
                turns[first : i + 1] = [turn] * (i + 1 - first)
        return turns

    def _words_of(self, segment_id: int) -> tuple[int, int]:
        return self._first_word[segment_id], self._first_word[segment_id + 1]

    def _around(self, near: Sequence[int]) -> list[int]:
        last = len(self._transcript.segments)
        return sorted(
            {
                i
                for n in near
                if 0 <= n < last
                for i in range(max(0, n - NEIGHBOURS), min(last, n + NEIGHBOURS + 1))
            }
        )

    def _distance(self, match: _Match, near: Sequence[int]) -> int:
        return min(abs(self._segment_of[match.first] - n) for n in near)

    def _exact(self, wanted: list[str], begin: int, end: int) -> Iterator[_Match]:
        """Give each run of just these words that starts in [begin, end) and stays in one turn."""
        rarest = min(wanted, key=lambda word: len(self._places.get(word, ())))
        offset, size = wanted.index(rarest), len(wanted)
        places = self._places.get(rarest, [])
        for at in range(bisect_left(places, begin + offset), len(places)):
            first = places[at] - offset
            if first >= end:
                return
            in_turn = first + size <= self._turns[self._segment_of[first]][1]
            if in_turn and self._words[first : first + size] == wanted:
                yield _Match(first, first + size - 1, 1.0)

    def _fuzzy(self, wanted: list[str], around: Sequence[int]) -> _Match | None:
        """Find the words that nearly say it, near the cited segments if they are there."""
        if len(wanted) < 3:
            return None
        everywhere = (0, len(self._words))
        for stretches in ([self._words_of(i) for i in around], [everywhere]):
            blocks = self._likely(wanted, stretches, rare=stretches == [everywhere])
            matches = [m for block in blocks if (m := self._aligned(wanted, *block))]
            if matches:
                return max(matches, key=lambda m: m.score)
        return None

    def _likely(
        self, wanted: list[str], stretches: Sequence[tuple[int, int]], *, rare: bool
    ) -> list[tuple[int, int]]:
        """Return the blocks [first, end) of words that share most with a quote, best first.

        Each place of each wanted word tells where the quote would begin; where many agree,
        it is looked at.

        Args:
            wanted: The words of the quote.
            stretches: Words [first, end) in which it is looked for.
            rare: Only words that are not said all the time tell a place.
        """
        step = max(2, len(wanted) // 2)
        hits: Counter[tuple[int, tuple[int, int]]] = Counter()
        for offset, word in enumerate(wanted):
            places = self._places.get(word, [])
            for begin, end in stretches if not rare or len(places) <= COMMON else ():
                for place in places[bisect_left(places, begin) : bisect_left(places, end)]:
                    turn = self._turns[self._segment_of[place]]
                    hits[max(turn[0], place - offset) // step, turn] += 1
        ranked = sorted(hits, key=lambda key: (-hits[key], key))[:CANDIDATES]
        return [
            (
                max(turn[0], bucket * step - len(wanted) // 2),
                min(turn[1], bucket * step + step + 3 * len(wanted) // 2),
            )
            for bucket, turn in ranked
        ]

    def _aligned(self, wanted: list[str], first: int, end: int) -> _Match | None:
        """Compare a quote with a stretch of words, letter by letter."""
        from rapidfuzz import fuzz

        text, spoken = " ".join(wanted), " ".join(self._words[first:end])
        # A stretch that is shorter than the quote says at most that share of it.
        share = min(1.0, len(spoken) / len(text))
        floor = SHORT_FLOOR if len(wanted) < 5 else FUZZY_FLOOR
        alignment = fuzz.partial_ratio_alignment(text, spoken, score_cutoff=floor)
        if alignment is None or share < LEAST_SHARE:
            return None
        begin = spoken.rfind(" ", 0, alignment.dest_start + 1) + 1
        start = first + spoken.count(" ", 0, begin)
        until = spoken[begin : alignment.dest_end].rstrip()
        return _Match(start, start + until.count(" "), alignment.score / 100 * share)

    def _pieces(self, segment_id: int) -> Iterator[_Match]:
        """Cut a long segment into its sentences, and those that are too long into pieces."""
        begin = self._first_word[segment_id]
        place = begin
        for sentence in sentences(self._transcript.segments[segment_id].text):
            words = len(normal_words(sentence))
            for start in range(place, place + words, LONGEST_PART):
                yield _Match(start, min(start + LONGEST_PART, place + words) - 1, 1.0)
            place += words

    # --- Copying --------------------------------------------------------------------------------

    def _found(self, match: _Match) -> Found:
        ids = tuple(range(self._segment_of[match.first], self._segment_of[match.last] + 1))
        ids = tuple(i for i in ids if self._first_word[i] < self._first_word[i + 1])
        segments = [self._transcript.segments[i] for i in ids]
        start = _time_at(segments[0], self._span_of[match.first], at_end=False)
        end = _time_at(segments[-1], self._span_of[match.last], at_end=True)
        evidence = Evidence(
            start=start,
            end=max(start, end),
            speaker=self._transcript.name_of(segments[0].speaker),
            quote=self._text(match),
            score=min(1.0, match.score),
        )
        return Found(evidence, ids, match.first, match.last)

    def _text(self, match: _Match) -> str:
        """Return the characters of some words, with the punctuation that touches them."""
        first, last = self._segment_of[match.first], self._segment_of[match.last]
        parts = []
        for segment_id in range(first, last + 1):
            text = self._transcript.segments[segment_id].text
            start = self._span_of[match.first][0] if segment_id == first else 0
            end = self._span_of[match.last][1] if segment_id == last else len(text)
            parts.append(text[_opened(text, start) : _closed(text, end)].strip())
        return " ".join(part for part in parts if part)


def find_quote(quote: str, transcript: Transcript, near: Sequence[int] = ()) -> Evidence | None:
    """Return the words of the transcript that a quote copies, or None if nobody said them.

    For many quotes of one transcript, keep a `Quotes`.
    """
    found = Quotes(transcript).find(quote, near)
    return found.evidence if found else None


def _opened(text: str, start: int) -> int:
    """Return where the written word begins that holds a character, back to a space."""
    while start and not text[start - 1].isspace() and not _breaks(text, start):
        start -= 1
    return start


def _closed(text: str, end: int) -> int:
    """Return where the written word ends, with its closing punctuation."""
    while end < len(text) and not text[end].isspace() and not _breaks(text, end):
        end += 1
    return end


def _breaks(text: str, place: int) -> bool:
    """Tell whether words part between two characters that no space parts.

    They do around each letter of an unspaced script; its closing marks belong to what they close.
    """
    before, after = text[place - 1], text[place]
    return unspaced(after) or (unspaced(before) and after.isalnum()) or before in "。！？、，"


def _time_at(segment: Segment, span: tuple[int, int], *, at_end: bool) -> float:
    """Return when the characters of a span were said: by the words' times where they have any."""
    place = 0
    time = None
    for word in segment.words:
        found = segment.text.find(word.text, place)
        if found < 0 or any(map(str.isalnum, segment.text[place:found])):
            break  # the words are not those of the text
        if found >= span[1]:
            return segment.start if time is None else time
        place = found + len(word.text)
        if place > span[0] and (time is None or at_end):
            time = word.end if at_end else word.start
        if time is not None and (place >= span[1] or not at_end):
            return time
    return segment.end if at_end else segment.start
