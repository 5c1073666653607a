"""Which way a text is read, for formats that want to be told (Unicode UAX #9, simplified)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import groupby

_RIGHT_TO_LEFT_LANGUAGES = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ji", "ps", "sd", "ug", "ur", "yi"}
)
_STRONG = {"L": False, "R": True, "AL": True}


def language_reads_right_to_left(language: str) -> bool:
    """Whether a language (`he`, `ar-EG`) is usually written from right to left."""
    return language.replace("_", "-").partition("-")[0].lower() in _RIGHT_TO_LEFT_LANGUAGES


def reads_right_to_left(text: str) -> bool:
    """Whether the first character of a text that has a direction goes to the left (rule P2)."""
    return next((way for way in map(_strong, text) if way is not None), False)


def runs(text: str, *, base: bool) -> Iterator[tuple[str, bool]]:
    """Yield the stretches of a text that go one way, and whether that is to the left.

    What has no direction of its own, like blanks, digits and points, goes with its neighbours
    when both agree and with the paragraph when they do not (rules N1 and N2).

    Args:
        text: One line.
        base: Whether its paragraph goes from right to left.
    """
    ways = zip(text, _ways(text, base=base), strict=True)
    for way, characters in groupby(ways, key=lambda pair: pair[1]):
        yield "".join(character for character, _ in characters), way


def _strong(character: str) -> bool | None:
    """Return whether a character goes to the left, None if it has no direction of its own."""
    return _STRONG.get(unicodedata.bidirectional(character))


def _ways(text: str, *, base: bool) -> list[bool]:
    """Return for each character whether it goes to the left."""
    strong = list(map(_strong, text))
    before = _carried(strong, base=base)
    for place, character in enumerate(text):
        if unicodedata.bidirectional(character) == "EN" and not before[place]:
            strong[place] = False  # digits stay with the letters before them: Q3 (rule W7)
    after = _carried(strong[::-1], base=base)[::-1]
    return [
        own if own is not None else (left if left == right else base)
        for own, left, right in zip(strong, before, after, strict=True)
    ]


def _carried(strong: list[bool | None], *, base: bool) -> list[bool]:
    """Return for each place the last direction seen, the paragraph's before there is one."""
    seen: list[bool] = []
    last = base
    for way in strong:
        last = last if way is None else way
        seen.append(last)
    return seen
