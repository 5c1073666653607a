"""What was said, cut into captions; `vtt` and `srt` write them down.

A caption holds at most two lines of some 42 characters, as captioning guides ask, wherever the
times of the words are known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from memo.confidence import unsure_words
from memo.export.untrusted import one_line
from memo.model import Segment, Word

_LINE = 42  # columns; an East Asian character takes two
_LINES = 2
_STOPS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
_PUNCTUATION = ".,;:!?…\"'”’)]»。，、！？"
# What readers of plain transcripts, ours among them, take for the beginning of a turn.
_TURN = re.compile(r"[^\w\s]|\d{1,3}:\d\d|[^:：]{1,90}(?::(?![^\W_]*\d)|：)")


@dataclass(frozen=True)
class Caption:
    """A caption; times in seconds, `text` cleaned and not yet escaped.

    `unsure` are the stretches of its characters that were poorly heard.
    """

    start: float
    end: float
    text: str
    unsure: tuple[tuple[int, int], ...] = ()


def captions(segment: Segment, *, lead: str = "", marked: bool = False) -> Iterator[Caption]:
    """Yield a segment as captions: cut at words if their times are known, else whole.

    Args:
        segment: What was said; a caption is never of two.
        lead: What will stand before each text, and needs room.
        marked: Whether to say what was poorly heard.
    """
    text = one_line(segment.text)
    pieces = _pieces(text, segment.words) or (
        [Caption(segment.start, segment.end, text)] * bool(text)
    )
    unsure = unsure_in(segment) if marked else []
    place, reached = 0, 0
    while place < len(pieces):
        cue = _first_cue(pieces, place, lead)
        whole = "".join(piece.text for piece in cue)
        begin = reached + len(whole) - len(whole.lstrip())
        told = whole.strip()
        marks = (
            (max(a - begin, 0), min(b - begin, len(told)))
            for a, b in unsure
            if a < begin + len(told) and begin < b
        )
        yield Caption(cue[0].start, cue[-1].end, told, tuple(marks))
        place += len(cue)
        reached += len(whole)


def unsure_in(segment: Segment) -> list[tuple[int, int]]:
    """Return the stretches of a segment's text, in one line, that were poorly heard.

    Words in a row are one stretch, without the punctuation after them.
    """
    text = one_line(segment.text)
    heard = zip(segment.words, unsure_words(segment), strict=True)
    spoken = [(word, unsure) for word, unsure in heard if one_line(word.text)]
    starts = _starts(text, [word for word, _ in spoken])
    stretches: list[tuple[int, int]] = []
    was_unsure = False
    for (word, unsure), start in zip(spoken, starts, strict=False):
        if unsure:
            end = start + len(one_line(word.text).rstrip(_PUNCTUATION))
            first = stretches.pop()[0] if was_unsure else start
            stretches.append((first, max(end, start)))
        was_unsure = unsure
    return [(start, end) for start, end in stretches if start < end]


def _spoken(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if one_line(word.text)]


def _starts(text: str, words: Sequence[Word]) -> list[int]:
    """Return where in a text its words begin; nothing if the words are not those of the text."""
    starts, reached = [], 0
    for word in words:
        start = text.find(one_line(word.text), reached)
        if start < 0:
            return []
        starts.append(start)
        reached = start + len(one_line(word.text))
    return starts


def _pieces(text: str, words: Sequence[Word]) -> list[Caption]:
    """Part a text before each of its words; nothing if the words are not those of the text.

    Recognised words carry no blanks, and Chinese or Japanese has none between them: only the
    text knows what stands between two words.
    """
    spoken = _spoken(words)
    starts = _starts(text, spoken)
    if not starts:
        return []
    borders = [0, *starts[1:], len(text)]
    return [
        Caption(word.start, word.end, text[start:end])
        for word, (start, end) in zip(spoken, pairwise(borders), strict=True)
    ]


def _first_cue(pieces: Sequence[Caption], place: int, lead: str) -> Sequence[Caption]:
    """Return the pieces from `place` on that make a cue: what fits, up to a sentence's end."""
    end = place + 1
    while end < len(pieces) and _fits(lead + _joined(pieces[place : end + 1])):
        end += 1
    cue = pieces[place:end]
    if end == len(pieces):
        return cue
    ends = [n for n, piece in enumerate(cue, start=1) if piece.text.rstrip().endswith(_STOPS)]
    full = columns(_joined(cue))
    longest = ends[-1] if ends else len(cue)
    return cue[:longest] if columns(_joined(cue[:longest])) * 2 >= full else cue


def _joined(pieces: Iterable[Caption]) -> str:
    return "".join(piece.text for piece in pieces).strip()


def lines_of(text: str, width: int) -> list[str]:
    """Break a text at blanks into lines that are as long as fits, measured in columns."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and columns(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _fits(text: str) -> bool:
    lines = lines_of(text, _LINE)
    return len(lines) <= _LINES and all(columns(line) <= _LINE for line in lines)


def wrapped(text: str) -> str:
    """Break a caption's text into lines; two are made as equal as may be."""
    lines = lines_of(text, _LINE)
    if len(lines) != _LINES:
        return "\n".join(lines)
    words = text.split(" ")
    breaks = ((" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words)))
    return "\n".join(min(breaks, key=lambda pair: max(map(columns, pair))))


def columns(text: str) -> int:
    """Return how wide a text is where an East Asian character is as wide as two others."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def begins_a_turn(line: str) -> bool:
    """Return whether a line that goes on could be taken for one that begins: `Tom: no`, `[0:05]`.

    What somebody quotes must not become what somebody else said because a line was broken there.
    """
    return _TURN.match(line) is not None
