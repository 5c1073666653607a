"""A digest as it is read, from top to bottom; how it looks is the renderers'.

All text is cleaned and on a single line, and not yet escaped for any format.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

from memo.export.wording import Wording

Tone = Literal["plain", "good", "warn"]

WORDS_A_MINUTE = 230
"""How fast people read silently (Brysbaert 2019, 238 for English non-fiction; rounded down)."""


@dataclass(frozen=True)
class Place:
    """Where something was said: `text` as shown, `url` of the memo; None if nobody knows it."""

    text: str
    url: str | None


@dataclass(frozen=True)
class Tag:
    """A word or two beside an entry."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Fact:
    """A labelled line below an entry, or beside it where there is little room."""

    label: str
    text: str


@dataclass(frozen=True)
class Words:
    """What was said, between quotation marks."""

    text: str
    speaker: str
    place: Place | None


@dataclass(frozen=True)
class Line:
    """An entry: its number, what it says, and what is known of it."""

    number: str
    text: str
    tags: tuple[Tag, ...] = ()
    facts: tuple[Fact, ...] = ()
    words: tuple[Words, ...] = ()
    place: Place | None = None


@dataclass(frozen=True)
class Side:
    """One side of a comparison: `head` says of when it is; `rows` are those of the comparison."""

    head: str
    number: str
    text: str
    rows: tuple[str, ...]
    place: Place | None


@dataclass(frozen=True)
class Comparison:
    """What was, beside what is now; `labels` name the rows of each side."""

    tag: Tag
    labels: tuple[str, ...]
    was: Side
    now: tuple[Side, ...]
    note: str = ""


@dataclass(frozen=True)
class Group:
    """Entries of one meeting; no `title` where they are of several."""

    title: str
    when: str
    lines: tuple[Line, ...]
    place: Place | None = None


@dataclass(frozen=True)
class Section:
    """A part of the digest under a heading."""

    name: str
    heading: str
    comparisons: tuple[Comparison, ...] = ()
    groups: tuple[Group, ...] = ()
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing below the heading."""
        return not (self.comparisons or self.groups or self.note)


@dataclass(frozen=True)
class DigestPage:
    """A digest as it is read, from top to bottom."""

    wording: Wording
    language: str
    brief: bool
    title: str
    byline: tuple[str, ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    minutes: int
    was: str
    now: str
    what: str


def loose(lines: tuple[Line, ...]) -> tuple[Group, ...]:
    """Return entries as a group of no meeting's, if there are any."""
    return (Group("", "", lines),) if lines else ()


def minutes_to_read(sections: Sequence[Section], notes: Sequence[str]) -> int:
    """Return how long a page takes to read, in whole minutes and at least one."""
    count = sum(len(text.split()) for text in _texts((*sections, *notes)))
    return max(1, math.ceil(count / WORDS_A_MINUTE))


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, Place):
        return  # looked up, not read
    elif is_dataclass(part) and not isinstance(part, type):
        for name in fields(part):
            if name.name not in {"name", "tone", "number"}:
                yield from _texts(getattr(part, name.name))
