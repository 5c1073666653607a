"""Numbered lines: the form in which a transcript is read, cited and searched.

A line is one turn, or a part of a long one: neighbouring segments of one voice are joined until
they hold `MAX_WORDS` words, so that a number means a thought and not a breath. A segment that is
longer than that (a paragraph of somebody's transcript) is cut at its sentences. What somebody says
or is called cannot look like a line's number: "[3]" is shown as "(3)".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from memo.model import Segment, Transcript
from memo.stems import length

MAX_WORDS = 45
MAX_PAUSE = 2.0  # seconds
MAX_NAME = 60
"""Characters of a name that are shown."""
LONGEST_WORD = 60
"""Characters without a space of which a piece is made, at most: what is longer is no word."""

_SENTENCE_END = re.compile(r"(?<![.?!…])[.?!…]++[\"')\]”’]*+(?=\s|$)|[。？！]++")
_NO_END = re.compile(
    r"(?<![\w.])(?:"
    r"(?:Mr|Mrs|Ms|Dr|Prof|Sr|Sra|Srta|Dra|Hr|Nr|bzw|ca|vgl|vs)\.(?=\s)"
    r"|(?:[Zz]\. ?B|[Dd]\. ?h|u\. ?a|p\. ?ej|e\. ?g|i\. ?e)\."
    r"|\d{1,2}\.(?=\s(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November"
    r"|Dezember|Quartal)\b)"
    r"|(?:[Aa]m|bis|dem|den|der|im|vom|zum)\s\d{1,2}\.(?=\s[a-zà-ÿ])"
    r")"
)
"""Abbreviations and German ordinals that something follows: their points end no sentence."""
_NUMBER = re.compile(r"\[(\d+)\]")
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Line:
    """One numbered line; `start` and `end` are seconds, `speaker` is a name or None."""

    number: int
    start: float
    end: float
    speaker: str | None
    text: str
    segment_ids: tuple[int, ...]

    def sentences(self) -> list[str]:
        """Return the line's sentences."""
        return sentences(self.text)

    def shown(self) -> str:
        """Return the line as a model reads it: `[12] Priya: So, decision: …`."""
        said = f"{self.speaker[:MAX_NAME]}: {self.text}" if self.speaker else self.text
        return f"[{self.number}] " + _NUMBER.sub(r"(\1)", said)


def sentences(text: str) -> list[str]:
    """Cut a text at its sentence ends; one inside a word ("3.5") or name ("Mr. Ito") is none."""
    parts: list[str] = []
    start = 0
    points = {n for m in _NO_END.finditer(text) for n in range(*m.span()) if text[n] == "."}
    for match in _SENTENCE_END.finditer(text):
        if match.start() in points and match.group() == ".":
            continue
        parts.append(text[start : match.end()].strip())
        start = match.end()
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def number_lines(transcript: Transcript) -> tuple[Line, ...]:
    """Return the transcript as lines, numbered from 0; no word is left out."""
    groups: list[list[Segment]] = []
    words = 0
    for segment in transcript.segments:
        size = length(segment.text)
        if groups and words + size <= MAX_WORDS and _continues(groups[-1][-1], segment):
            groups[-1].append(segment)
            words += size
        elif size:  # a line says something
            groups.append([segment])
            words = size
    lines: list[Line] = []
    for group in groups:
        for start, end, text in _pieces(group):
            lines.append(
                Line(
                    number=len(lines),
                    start=start,
                    end=end,
                    speaker=_one_line(transcript.name_of(group[0].speaker)),
                    text=text,
                    segment_ids=tuple(s.id for s in group),
                )
            )
    return tuple(lines)


def _one_line(name: str | None) -> str | None:
    return " ".join(_UNREADABLE.sub(" ", name or "").split()) or None


def _continues(last: Segment, segment: Segment) -> bool:
    """Tell whether a segment belongs to the same line as the one before it.

    Without speakers a new sentence may be a new voice, so only broken sentences are joined.
    """
    if last.speaker != segment.speaker or segment.start - last.end > MAX_PAUSE:
        return False
    return last.speaker is not None or not last.text.rstrip().endswith(_ENDS)


_ENDS = (".", "?", "!", "…", "。", "？", "！")


def _pieces(group: list[Segment]) -> Iterator[tuple[float, float, str]]:
    start, end = group[0].start, max(s.end for s in group)
    text = " ".join(" ".join(_UNREADABLE.sub(" ", s.text).split()) for s in group).strip()
    if length(text) <= 2 * MAX_WORDS and len(text) <= 2 * MAX_WORDS * LONGEST_WORD // 6:
        yield start, end, text
        return
    done = 0
    for piece in _cut(text):
        begin = start + (end - start) * done / len(text)
        done = min(len(text), done + len(piece) + 1)
        yield begin, start + (end - start) * done / len(text), piece


def _cut(text: str) -> Iterator[str]:
    """Cut a long text into pieces of at most `MAX_WORDS` words, at sentences where it can."""
    piece: list[str] = []
    size = 0
    for sentence in sentences(text):
        words = [part for word in sentence.split() for part in _parts(word)]
        sizes = [length(word) for word in words]
        if piece and size + sum(sizes) > MAX_WORDS:
            yield " ".join(piece)
            piece, size = [], 0
        for word, weight in zip(words, sizes, strict=True):
            if piece and size + weight > MAX_WORDS:
                yield " ".join(piece)
                piece, size = [], 0
            piece.append(word)
            size += weight
    if piece:
        yield " ".join(piece)


def _parts(word: str) -> Iterator[str]:
    for start in range(0, len(word), LONGEST_WORD):
        yield word[start : start + LONGEST_WORD]
