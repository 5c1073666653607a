"""The names and terms of a meeting: those of a glossary, and of the people who were there.

A glossary is lines of text, a term on each as it is to be written, and after a colon, if need be,
what it is heard as:

    # our systems
    Teravault: terra vault, tera fault
    Kassandra
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from memo.errors import ConfigError
from memo.model import Value

MOST_TERMS = 2000
LONGEST_TERM = 80
"""Characters."""
LARGEST_FILE = 1_000_000
"""Bytes."""

_ENDING = ".txt"
_HEARD_AS = re.compile(r"\s*:(?!//)\s*")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_HINT = "Write a term on each line, and after a colon, if need be, what it is heard as."


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TITLES = _set_of(
    """
    dr prof professor mr mrs ms miss mx sir madam herr herrn frau doktor ing dipl sr sra srta
    señor señora señorita don doña doctor doctora mag phd md jr msc ba bsc
    """
)
_PARTICLES = _set_of("van von de der den del della di da dos du el la le bin ibn al y zu zur")


class Term(Value):
    """A name or term as it is written, and what it is heard as besides."""

    written: str
    heard_as: tuple[str, ...] = ()


def is_file_name(entry: str) -> bool:
    """Return whether an entry of a glossary names a file of more: one that ends in `.txt`."""
    return entry.strip().lower().endswith(_ENDING)


def listed(text: str) -> list[str]:
    """Return the entries of a glossary that is written on one line.

    `Teravault, Kassandra` are two; where one says what it is heard as, semicolons part them:
    `Teravault: terra vault, tera fault; Kassandra`.
    """
    mark = ";" if ";" in text or _HEARD_AS.search(text) else ","
    return [entry.strip() for entry in text.split(mark) if entry.strip()]


def read_entries(entries: Sequence[str], *, said_by: str = "glossary") -> tuple[Term, ...]:
    """Return the terms of a glossary, those of the files that it names in their place.

    Args:
        entries: Lines, and paths of files with lines.
        said_by: What an error names as the place of the lines.

    Raises:
        ConfigError: A file cannot be read, or a line is no term.
    """
    glossaries = [
        read_glossary(Path(entry.strip()).expanduser())
        if is_file_name(entry)
        else _terms([(f"{said_by}, {entry.strip()[:LONGEST_TERM]!r}", entry)], said_by)
        for entry in entries
    ]
    return merged(*glossaries)


def read_glossary(path: Path) -> tuple[Term, ...]:
    """Return the terms of a file.

    Raises:
        ConfigError: It is missing, no text, too large, or a line is no term.
    """
    try:
        if not path.is_file():
            raise ConfigError(f"the glossary {path} does not exist", hint="Correct the path.")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"the glossary {path} is no text", hint="Save it as UTF-8.") from error
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"the glossary {path} cannot be read: {error}", hint="Save it where you may read it."
        ) from error
    if len(content) > LARGEST_FILE:
        raise ConfigError(
            f"the glossary {path} is larger than {LARGEST_FILE // 1000} kB",
            hint="Keep what this meeting may speak of.",
        )
    place = f"the glossary {path}"
    numbered = enumerate(text.splitlines(), 1)
    return _terms(((f"{place}, line {number}", line) for number, line in numbered), place)


def merged(*glossaries: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms of several glossaries, each once, with all that it is heard as."""
    heard: dict[str, dict[str, None]] = {}
    for term in (term for glossary in glossaries for term in glossary):
        heard.setdefault(term.written, {}).update(dict.fromkeys(term.heard_as))
    return tuple(Term(written=written, heard_as=tuple(words)) for written, words in heard.items())


def hotwords(people: Sequence[str], glossary: Sequence[Term]) -> tuple[str, ...]:
    """Return what a speech recogniser is told may be said: first names, then terms."""
    called = [parts[0] for name in people if (parts := name_parts(name))]
    return tuple(dict.fromkeys([*called, *(term.written for term in glossary)]))


def name_parts(name: str) -> tuple[str, ...]:
    """Return the words of a person's name, without titles, particles, initials and asides."""
    words = _ASIDE.sub(" ", name).replace(",", " ").split()
    bare = [word.strip(".") for word in words]
    return tuple(
        word
        for word in bare
        if len(word) > 1 and word.casefold() not in _TITLES and word.casefold() not in _PARTICLES
    )


def _terms(lines: Iterable[tuple[str, str]], place: str) -> tuple[Term, ...]:
    """Return the terms of lines, each with what an error calls its place."""
    terms = []
    for where, line in lines:
        if (plain := _plain(line)) and not plain.startswith("#"):
            terms.append(_term(plain, where))
    if len(terms) > MOST_TERMS:
        raise ConfigError(
            f"{place} has {len(terms):,} terms; at most {MOST_TERMS:,} are taken",
            hint="Keep what this meeting may speak of.",
        )
    return merged(terms)


def _plain(line: str) -> str:
    """Return a line in composed Unicode, without what cannot be seen and blanks in a row."""
    shown = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", line))
    return " ".join(shown.split())


def _term(line: str, place: str) -> Term:
    parts = _HEARD_AS.split(line, maxsplit=1)
    written = parts[0]
    heard = [word.strip() for word in parts[1].split(",")] if len(parts) > 1 else []
    if not any(c.isalnum() for c in written):
        raise ConfigError(f"{place}: there is no term", hint=_HINT)
    if max(map(len, [written, *heard])) > LONGEST_TERM:
        raise ConfigError(f"{place}: a term is longer than {LONGEST_TERM} characters", hint=_HINT)
    spoken = [word for word in heard if any(c.isalnum() for c in word)]
    return Term(written=written, heard_as=tuple(dict.fromkeys(spoken)))
