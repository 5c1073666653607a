"""What a parser hands over: who said what when, before it is put in order.

All of it comes from a file that somebody else wrote, so everything is cleaned here once:
`clean` and `label` are the only ways by which foreign text becomes text of a transcript.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from memo.model import Remark, Word

WORDS_PER_SECOND = 2.6
"""Pace of unhurried conversation; times are estimated with it where a file has none."""

LONGEST_LABEL = 80
"""Characters of a speaker's label that are kept."""

# Control characters, lone surrogates (no UTF-8 form exists for them), byte order marks and the
# marks that turn the direction of writing: none of them is heard, all of them can deceive a page.
_UNHEARD = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ud800-\udfff]"
)
# Scripts written without spaces: kana, ideographs and their compatibility forms, Thai, Lao, Khmer.
_LETTERS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1780-\u17ff"
_UNSPACED = re.compile(f"[{_LETTERS}]")
_TOKEN = re.compile(rf"[{_LETTERS}]|[^\s{_LETTERS}]+")
_UNSPACED_PER_WORD = 1.8


@dataclass(frozen=True, slots=True)
class Cue:
    """Something one voice said. Times are seconds; `end` is None where the file has none."""

    start: float
    end: float | None
    speaker: str | None
    text: str
    words: tuple[Word, ...] = ()
    avg_logprob: float | None = None
    no_speech_prob: float | None = None


@dataclass(slots=True)
class Reading:
    """What was read from a file, in any order, and what its reader should know about it.

    `duration` is what the file says of the recording's length in seconds, 0 if it says nothing.
    """

    cues: list[Cue]
    language: str | None = None
    duration: float = 0.0
    warnings: list[Remark] = field(default_factory=list)


def clean(text: str) -> str:
    """Return the text in one line, without control characters and with single spaces."""
    return " ".join(_UNHEARD.sub("", text).split())


def label(name: str | None) -> str | None:
    """Return a speaker's label as it was written, cleaned and cut; None if nothing is left."""
    return clean(name)[:LONGEST_LABEL].strip() or None if name else None


def word_count(text: str) -> float:
    """Return about how many words it takes to say a text, also in scripts without spaces."""
    unspaced = len(_UNSPACED.findall(text))
    if not unspaced:
        return float(len(text.split()))
    return len(_UNSPACED.sub("", text).split()) + unspaced / _UNSPACED_PER_WORD


def cut(text: str, words: int) -> Iterator[str]:
    """Yield a text in pieces of at most so many words, as `word_count` counts them."""
    start, size = 0, 0.0
    for token in _TOKEN.finditer(text):
        weight = 1 / _UNSPACED_PER_WORD if _UNSPACED.match(token[0]) else 1.0
        if size + weight > words:
            yield text[start : token.start()].strip()
            start, size = token.start(), 0.0
        size += weight
    yield text[start:].strip()


def speaking_time(text: str) -> float:
    """Return about how many seconds it takes to say a text."""
    return max(word_count(text), 0.5) / WORDS_PER_SECOND


def joined(first: str, second: str) -> str:
    """Return two texts as one, with a space between them where their script has spaces."""
    unspaced = _UNSPACED.match(first[-1:]) and _UNSPACED.match(second[:1])
    return first + second if unspaced or not first or not second else f"{first} {second}"
