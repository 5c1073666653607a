# ruff: noqa: INP001
"""Measure how often words are wrong that the speech model was sure of, or was not.

    memo convert CALL --format words
    python benchmarks/confidence.py CALL.transcript.json=REFERENCE ...

Each transcript, as `--format words` writes it, is held against what was really said: any transcript
that memo reads, in English. The table has, by the probability that the speech model gave them, how
many words there are and how many of them are wrong, and for each probability: the share of all
words below it, how many of these are wrong (`precision`), and how many of all wrong words these are
(`found`). Then the same for what memo marks.

A word is wrong where nothing like it was said there. Fillers do not count, "26" is "twenty six".
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from memo.export.captions import unsure_in
from memo.model import Recording, Segment, Transcript, Word
from memo.speech.transcript_files import read_transcript

EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)
FILLERS = frozenset({"um", "uh", "er", "hm", "hmm", "mm", "like"})
ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
]  # fmt: skip
ORDINALS = {
    "first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight",
    "ninth": "nine", "twelfth": "twelve", "twentieth": "twenty", "okay": "ok",
}  # fmt: skip
SCALES = ((1_000_000, "million"), (1000, "thousand"), (100, "hundred"))


class Judged(NamedTuple):
    """A recognised word; `marked` if memo says that it was poorly heard."""

    word: Word
    right: bool
    marked: bool


def spelled(number: int) -> list[str]:
    """Return a number in English words."""
    for size, name in SCALES:
        if number >= size:
            rest = number % size
            return [*spelled(number // size), name, *(spelled(rest) if rest else [])]
    if number < len(ONES):
        return [ONES[number]]
    return [TENS[number // 10], *([ONES[number % 10]] if number % 10 else [])]


def tokens(text: str) -> Iterator[str]:
    """Yield the words of a text as they are compared."""
    written = text.lower().replace("’", "'").replace("%", " percent ").replace("$", " dollars ")
    for token in re.findall(r"[a-z']+|\d[\d,]*", written):
        if token[0].isdigit():
            yield from spelled(int(token.replace(",", "")[:9]))
            continue
        word = ORDINALS.get(token.strip("'"), token.strip("'"))
        number = word.removesuffix("th")
        if word and word not in FILLERS | {"st", "nd", "rd", "th"}:
            yield number if number in ONES else word


def judged(heard: Transcript, said: Transcript) -> Iterator[Judged]:
    """Yield each recognised word, and whether it was said."""
    words = [(w, marked) for segment in heard.segments for w, marked in words_of(segment)]
    found = [(token, place) for place, (w, _) in enumerate(words) for token in tokens(w.text)]
    ordered = sorted(said.segments, key=lambda segment: segment.start)
    wanted = [token for segment in ordered for token in tokens(segment.text)]
    wrong = set(_unlike([token for token, _ in found], wanted))
    missed = {place for number, (_, place) in enumerate(found) if number in wrong}
    for place in dict.fromkeys(place for _, place in found):
        word, marked = words[place]
        yield Judged(word, place not in missed, marked)


def _unlike(found: Sequence[str], wanted: Sequence[str]) -> Iterator[int]:
    """Yield the places of tokens that are not the wanted ones, however they are joined."""
    matcher = difflib.SequenceMatcher(None, found, wanted, autojunk=False)
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind != "equal" and "".join(found[start:end]) != "".join(wanted[first:last]):
            yield from range(start, end)


def words_of(segment: Segment) -> Iterator[tuple[Word, bool]]:
    """Yield the words of a segment, and whether memo marks them."""
    stretches, reached = unsure_in(segment), 0
    for word in segment.words:
        start = max(segment.text.find(word.text, reached), reached)
        reached = start + len(word.text)
        yield word, any(a <= start < b for a, b in stretches)


def show(found: Sequence[Judged]) -> None:
    """Write the tables."""
    all_wrong = sum(not one.right for one in found)
    say(f"{len(found)} words, {all_wrong} wrong")
    say("probability  words  wrong         below:  share  precision     found")
    for low, high in pairwise(EDGES):
        within = [one for one in found if low <= one.word.probability < high]
        wrong = sum(not one.right for one in within)
        below = part([one for one in found if one.word.probability < high], found)
        share = 100 * wrong / max(1, len(within))
        say(f"{low:4} - {min(high, 1):4} {len(within):7} {wrong:6} {share:5.1f} %      {below}")
    say(f"marked                                   {part([o for o in found if o.marked], found)}")


def part(chosen: Sequence[Judged], found: Sequence[Judged]) -> str:
    """Return share, precision and recall of some words as a cell."""
    wrong = sum(not one.right for one in chosen)
    all_wrong = sum(not one.right for one in found)
    shares = (len(chosen) / len(found), wrong / max(1, len(chosen)), wrong / max(1, all_wrong))
    return "  ".join(f"{100 * share:6.1f} %" for share in shares)


def say(text: str) -> None:
    """Write one line."""
    sys.stdout.write(f"{text}\n")


def main() -> None:
    """Measure the pairs that are named."""
    found: list[Judged] = []
    for pair in sys.argv[1:]:
        heard, said = (
            read_transcript(Path(name), Recording(filename=name, sha256="0" * 64))
            for name in pair.split("=")
        )
        found += judged(heard, said)
    show(found)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    main()
