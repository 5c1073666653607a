"""What is known of a language: words that give a moment away, and words that say nothing.

The cues are the field's own observations (finding the issue, the proposal and the acceptance
apart finds decisions best: Bui & Peters, ACL 2010) turned into phrases of spoken language. They
stand in `languages/*.toml`, one file per language; a new file is a new language.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Cues:
    """The cues of one language, each a compiled alternation to search in one sentence.

    `announce` says that the next words are the decision, `explicit` that something is decided,
    `settle` closes a matter outright, `lean` may close it, `accept` agrees to what was said
    before, `propose` puts something up, `defer` puts it off, `refuse` turns it down; `unreal`
    marks what-ifs and jokes; `promise` takes on a task, `assent` takes on what was just asked,
    `request` asks somebody, `chore` is a promise about the call itself, `unable` declines;
    `unknown` says that nobody knows, `pending` that somebody will find out, `open` that a question
    is left so; `reason` opens a why; `retold`
    tells what was settled before this meeting.
    """

    announce: re.Pattern[str]
    explicit: re.Pattern[str]
    settle: re.Pattern[str]
    lean: re.Pattern[str]
    accept: re.Pattern[str]
    propose: re.Pattern[str]
    defer: re.Pattern[str]
    refuse: re.Pattern[str]
    unreal: re.Pattern[str]
    promise: re.Pattern[str]
    assent: re.Pattern[str]
    request: re.Pattern[str]
    chore: re.Pattern[str]
    unable: re.Pattern[str]
    unknown: re.Pattern[str]
    pending: re.Pattern[str]
    open: re.Pattern[str]
    reason: re.Pattern[str]
    retold: re.Pattern[str]


@dataclass(frozen=True)
class Vocabulary:
    """Words of one language: `stop` words carry no content, `negations` turn a sense around."""

    stop: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    figures: frozenset[str] = frozenset()


@cache
def cues_for(language: str) -> Cues | None:
    """Return the cues of a language (ISO 639-1), or None if there are none for it."""
    data = language_data(language)
    if data is None:
        return None
    cues = data["cues"]
    return Cues(**{f.name: re.compile("|".join(cues[f.name]), re.IGNORECASE) for f in fields(Cues)})


@cache
def vocabulary_for(language: str) -> Vocabulary:
    """Return the vocabulary of a language, an empty one if it is not known."""
    data = language_data(language)
    if data is None:
        return Vocabulary()
    return Vocabulary(**{name: frozenset(text.split()) for name, text in data["words"].items()})


@cache
def language_data(language: str) -> dict[str, Any] | None:
    """Return everything that is known of a language, by section, or None if nothing is."""
    if not re.fullmatch(r"[a-z]{2,3}", language):
        return None
    file = files("memo.extraction") / "languages" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
