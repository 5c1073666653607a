"""What is known of a language: words without a subject, and phrases about something older.

One file a language in `languages/`; a new file is a new language.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

_NEVER = re.compile(r"(?!)")
_PHRASES = (
    "instead",
    "undone",
    "back",
    "stays",
    "refused",
    "done",
    "late",
    "known",
    "unreal",
    "besides",
)


@dataclass(frozen=True)
class Lexicon:
    """The words of one language.

    `stop` carry no subject; `negations` and `opposites` turn a sense around. The patterns say:
    `instead` that something takes another's place, `undone` that it is done no more, `back` that
    something older is meant, `stays` that it stands, `refused` that a proposal was turned down,
    `done` and `late` how a task stands, `known` that an answer is there, `unreal` that it
    is a joke or a mere wish, `besides` that it is another matter.
    """

    stop: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    opposites: Mapping[str, frozenset[str]] = field(default_factory=dict)
    instead: re.Pattern[str] = _NEVER
    undone: re.Pattern[str] = _NEVER
    back: re.Pattern[str] = _NEVER
    stays: re.Pattern[str] = _NEVER
    refused: re.Pattern[str] = _NEVER
    done: re.Pattern[str] = _NEVER
    late: re.Pattern[str] = _NEVER
    known: re.Pattern[str] = _NEVER
    unreal: re.Pattern[str] = _NEVER
    besides: re.Pattern[str] = _NEVER


@cache
def lexicon_for(language: str) -> Lexicon:
    """Return what is known of a language (ISO 639-1), an empty lexicon if nothing is."""
    if not re.fullmatch(r"[a-z]{2,3}", language):
        return Lexicon()
    file = files("memo.decision_log.chains") / "languages" / f"{language}.toml"
    if not file.is_file():
        return Lexicon()
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return Lexicon(
        stop=frozenset(data["stop"].split()),
        days=frozenset((data["weekdays"] + " " + data["months"]).split()),
        negations=frozenset(data["negations"].split()),
        opposites=_both_ways(data["opposites"]),
        **{name: re.compile("|".join(data[name]), re.IGNORECASE) for name in _PHRASES},
    )


def _both_ways(text: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for pair in text.split(","):
        one, other = pair.split()
        for left, right in ((one, other), (other, one)):
            found[left] = found.get(left, frozenset()) | {right}
    return found
