"""Markdown that memo wrote and people edited, undone line by line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from memo.remembered import EntryKind

_OPENING, _CLOSING = '“„«"', '”“»"'
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINK = re.compile(r"\[([^\[\]\n]*)\]\([^()\s]*\)")
_FACT = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(.*)")
_BULLET = re.compile(r"[ \t]*[-*+][ \t]+(.*)")
_LABELLED = re.compile(r"(?:[*_]{1,2})?([^*_:\\]{1,40}?)[ \t]*:[*_]{0,2}[ \t]*(.*)", re.DOTALL)


@dataclass
class Told:
    """What a page says of one entry.

    Attributes:
        kind: Of the entry.
        line: Of the page where it begins, from 1.
        fields: What it says, in the words of the page; None where it says nothing.
        lists: Fields of several parts, in order; of a page that keeps them apart.
        parts: Parts of fields that the page does not keep apart, as memo wrote them.
        number: Of the entry, if the page has it.
        content: Fingerprint of what the log held when the page was written, if it has one.
        recording: SHA-256 of the recording, if it has one.
        marks: Quotes and times that stand beside it, by which it is known again.
        doubts: Why a field cannot be understood.
        others: Lines that mean nothing here.
        regions: Lines of the page that hold what can be read back, by name.
    """

    kind: EntryKind
    line: int
    fields: dict[str, str | None] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)
    number: str | None = None
    content: str | None = None
    recording: str | None = None
    marks: tuple[str, ...] = ()
    doubts: dict[str, str] = field(default_factory=dict)
    others: list[tuple[int, str]] = field(default_factory=list)
    regions: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What was decided, is to do, or was asked."""
        return self.fields.get(TEXTS[self.kind]) or ""


TEXTS = {
    EntryKind.DECISION: "statement",
    EntryKind.ACTION: "task",
    EntryKind.QUESTION: "question",
}
"""The field that says what an entry is."""


def plain(text: str) -> str:
    """Return one line of Markdown as the text that it shows.

    U+FFFD is left out: the log holds it where pages leave out what it stands for.
    """
    return " ".join(_ESCAPED.sub(r"\1", text).replace("\ufffd", "").split())


def without_links(text: str) -> str:
    """Return Markdown in which links are the words that they show."""
    return _LINK.sub(r"\1", text)


def cells(row: str) -> list[str]:
    """Return the cells of a table's row (GitHub Flavored Markdown 0.29, 4.10)."""
    inner = row.strip()
    inner = inner[1:] if inner.startswith("|") else inner
    found, here = [], ""
    for piece in re.split(r"(\\.|\|)", inner):
        if piece == "|":
            found.append(here)
            here = ""
        else:
            here += "|" if piece == "\\|" else piece
    if here.strip():
        found.append(here)
    return [one.strip() for one in found]


def bullet(line: str) -> str | None:
    """Return what stands behind a bullet; None if the line has none."""
    match = _BULLET.fullmatch(line)
    return match[1] if match else None


def labelled(text: str) -> tuple[str, str] | None:
    """Return the label that a line begins with, and what stands behind it: `*Why:* because`."""
    match = _LABELLED.fullmatch(text)
    return (match[1].strip(), match[2].strip()) if match else None


def between_quotes(text: str) -> tuple[str, str] | None:
    """Return what stands between quotation marks, and what stands outside; None without such."""
    start = next((i for i, character in enumerate(text) if character in _OPENING), None)
    end = max(map(text.rfind, _CLOSING))
    if start is None or end <= start:
        return None
    return text[start + 1 : end].strip(), f"{text[:start]} {text[end + 1 :]}".strip()


def emphasised(text: str) -> str:
    """Return a text without the emphasis around it."""
    stripped = text.strip()
    for mark in ("**", "__", "*", "_"):
        if len(stripped) > 2 * len(mark) and stripped.startswith(mark) and stripped.endswith(mark):
            return stripped[len(mark) : -len(mark)].strip()
    return stripped


def front_matter(lines: list[str]) -> tuple[dict[str, object], dict[str, tuple[int, int]], int]:
    """Return the facts that a page begins with, the lines of each, and where the page goes on.

    A value is JSON as memo writes it, a list of YAML, or words.
    """
    if not lines or lines[0].strip() != "---":
        return {}, {}, 0
    end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    if end is None:
        return {}, {}, 0
    facts: dict[str, object] = {}
    spans: dict[str, tuple[int, int]] = {}
    name = None
    for i in range(1, end):
        match = _FACT.fullmatch(lines[i])
        part = bullet(lines[i])
        if match:
            name = match[1]
            facts[name] = _value(match[2].strip())
            spans[name] = (i, i + 1)
        elif name and part is not None:
            known = facts[name]
            facts[name] = [*(known if isinstance(known, list) else []), _value(part.strip())]
            spans[name] = (spans[name][0], i + 1)
    return facts, spans, end + 1


def texts(value: object) -> list[str]:
    """Return the texts of a fact that may be a list."""
    if value in (None, ""):
        return []
    parts = value if isinstance(value, list) else [value]
    return [" ".join(str(part).split()) for part in parts if str(part).strip()]


def _value(written: str) -> object:
    try:
        value: object = json.loads(written)
    except (ValueError, RecursionError):
        pass
    else:
        return value
    if written.startswith("[") and written.endswith("]"):
        return [one.strip().strip("'\"") for one in written[1:-1].split(",") if one.strip()]
    quoted = len(written) > 1 and written[0] == written[-1] == "'"
    return written[1:-1].replace("''", "'") if quoted else written
