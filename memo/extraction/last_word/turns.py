"""The words in which later talk overrides earlier: table `[turns]` of `languages/*.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from memo.extraction.cues import language_data
from memo.extraction.words import content_stems


@dataclass(frozen=True)
class Sign:
    """Phrases that mean one thing, each a regular expression, searched in one sentence."""

    patterns: tuple[re.Pattern[str], ...]

    def __call__(self, text: str) -> bool:
        """Tell whether one of the phrases stands in a text."""
        return any(pattern.search(text) for pattern in self.patterns)

    def removed(self, text: str) -> str:
        """Return a text without the phrases."""
        for pattern in self.patterns:
            text = pattern.sub(" ", text)
        return text

    def groups(self, text: str, name: str) -> Iterator[str]:
        """Return what stands in a named place of the phrases in a text, where they have it."""
        for pattern in self.patterns:
            if name in pattern.groupindex:
                yield from (match[name].strip() for match in pattern.finditer(text))


@dataclass(frozen=True)
class Turns:
    """The phrases of one language, and `plain`: stems that do not say what a claim is about.

    `instead` says something differently than before, `besides` in addition; `cancel` undoes what
    it names, `back` is a sentence that takes back what was just settled; `but` makes an agreement
    none. `hand` gives a task to `who`, `mine` takes another's, `withdraw` gives it back, `redate`
    changes its date, `done` says that it is done. `hedge` is a guess or a condition; `find_out`
    promises an answer, of `who`. `against` and `put_up` name an option `x`, `choice` two, `left`
    and `right`. `asks` are the question words, `asks_amount` and `asks_time` want a number or a
    time, `kind` names what is asked for (`x`); `no` and `yes_or_no` open an answer.
    """

    plain: frozenset[str]
    instead: Sign
    besides: Sign
    cancel: Sign
    back: Sign
    but: Sign
    hand: Sign
    mine: Sign
    withdraw: Sign
    redate: Sign
    done: Sign
    hedge: Sign
    find_out: Sign
    against: Sign
    put_up: Sign
    choice: Sign
    no: Sign
    yes_or_no: Sign
    asks: Sign
    asks_amount: Sign
    asks_time: Sign
    kind: Sign


@cache
def turns_for(language: str) -> Turns | None:
    """Return the phrases of a language (ISO 639-1), or None if there are none for it."""
    table = (language_data(language) or {}).get("turns")
    if table is None:
        return None
    plain = stems_of(table["plain"], language)
    signs = {
        name: Sign(tuple(re.compile(p, re.IGNORECASE) for p in patterns))
        for name, patterns in table.items()
        if name != "plain"
    }
    return Turns(plain=plain, **signs)


def stems_of(text: str, language: str) -> frozenset[str]:
    """Return the stems of a text's content words, so that forms of a verb are one.

    Snowball leaves a German participle ("getauscht", "verlegt") apart from its verb.
    """
    stems = content_stems(text, language)
    return frozenset(_verbal(stem) for stem in stems) if language == "de" else frozenset(stems)


def _verbal(stem: str) -> str:
    bare = stem.removeprefix("ge") if len(stem) > 6 else stem
    return bare.removesuffix("t") if len(bare) > 5 else bare
