"""Sentences that speech models write where nobody speaks: `stock_phrases.toml` has them."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

_NAME = "*"
_LONGEST_NAME = 40  # letters
_EVERYWHERE = "en"  # Whisper falls back on it


class Stock(Enum):
    """How likely it is that a sentence of the catalogue is said in a call."""

    CREDIT = "hardly ever: it tells who captioned a video"
    PHRASE = "every day"


def stock(text: str, language: str) -> Stock | None:
    """Return what a sentence or clip as a whole is in the catalogue, or None.

    Args:
        text: What was written.
        language: ISO 639-1 code of what is spoken.
    """
    plain = normalised(text)
    if not plain:
        return None
    credits, named = _credits()
    if plain in credits:
        return Stock.CREDIT
    everyday = plain in _phrases(language) or plain in _phrases(_EVERYWHERE)
    return Stock.PHRASE if everyday or named.fullmatch(plain) else None


def normalised(text: str) -> str:
    """Return a text by which phrases are compared: letters, and "0" for each number."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    kept = "".join(char for char in folded if char.isalnum())
    return re.sub(r"\d+", "0", kept)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(
        (files("memo.speech.recognition") / "stock_phrases.toml").read_text("utf-8")
    )


@cache
def _phrases(language: str) -> frozenset[str]:
    return frozenset(map(normalised, _table().get(language, {}).get("phrases", ())))


@cache
def _credits() -> tuple[frozenset[str], re.Pattern[str]]:
    """Return the credits, and a pattern of those that hold a name."""
    credits = {text for entry in _table().values() for text in entry["credits"]}
    named = [
        f".{{1,{_LONGEST_NAME}}}".join(re.escape(normalised(part)) for part in text.split(_NAME))
        for text in sorted(credits)
        if _NAME in text
    ]
    exact = frozenset(normalised(text) for text in credits if _NAME not in text)
    return exact, re.compile("|".join(named))
