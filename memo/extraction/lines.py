"""Numbered lines: the form in which a transcript is read, cited and searched.

A line is one turn, or a part of a long one: neighbouring segments of one voice are joined until
they hold `MAX_WORDS` words, so that a number means a thought and not a breath. A segment that is
longer than that (a paragraph of somebody's transcript) is cut at its sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from memo.model import Segment, Transcript

MAX_WORDS = 45
MAX_PAUSE = 2.0


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
        return f"[{self.number}] {self.speaker + ': ' if self.speaker else ''}{self.text}"


def sentences(text: str) -> list[str]:
    """Cut a text at its sentence ends; an end inside a word ("3.5", "v2.1") is none."""
    parts: list[str] = []
    start = 0
    for match in re.finditer(r"[.?!…]+[\"')\]”’]*(?=\s|$)|[。？！]+", text):
        parts.append(text[start : match.end()].strip())
        start = match.end()
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def number_lines(transcript: Transcript) -> tuple[Line, ...]:
    """Return the transcript as lines, numbered from 0; no word is left out."""
    groups: list[list[Segment]] = []
    for segment in transcript.segments:
        if groups and _continues(groups[-1], segment):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    lines: list[Line] = []
    for group in groups:
        for start, end, text in _pieces(group):
            lines.append(
                Line(
                    number=len(lines),
                    start=start,
                    end=end,
                    speaker=transcript.name_of(group[0].speaker),
                    text=text,
                    segment_ids=tuple(s.id for s in group),
                )
            )
    return tuple(lines)


def _continues(group: list[Segment], segment: Segment) -> bool:
    """Tell whether a segment belongs to the line that `group` makes.

    Without speakers a new sentence may be a new voice, so only broken sentences are joined.
    """
    last = group[-1]
    if last.speaker != segment.speaker or segment.start - last.end > MAX_PAUSE:
        return False
    words = sum(len(s.text.split()) for s in group) + len(segment.text.split())
    if words > MAX_WORDS:
        return False
    return last.speaker is not None or not last.text.rstrip().endswith((".", "?", "!", "…"))


def _pieces(group: list[Segment]) -> Iterator[tuple[float, float, str]]:
    start, end = group[0].start, max(s.end for s in group)
    text = " ".join(" ".join(s.text.split()) for s in group)
    words = len(text.split())
    if words <= 2 * MAX_WORDS:
        yield start, end, text
        return
    done = 0
    for piece in _cut(text):
        length = len(piece.split())
        begin = start + (end - start) * done / words
        done += length
        yield begin, start + (end - start) * done / words, piece


def _cut(text: str) -> Iterator[str]:
    """Cut a long text into pieces of at most `MAX_WORDS` words, at sentences where it can."""
    piece: list[str] = []
    for sentence in sentences(text):
        words = sentence.split()
        if piece and len(piece) + len(words) > MAX_WORDS:
            yield " ".join(piece)
            piece = []
        while len(words) > MAX_WORDS:
            yield " ".join(words[:MAX_WORDS])
            words = words[MAX_WORDS:]
        piece += words
    if piece:
        yield " ".join(piece)
