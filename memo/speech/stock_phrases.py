"""Sentences that speech models write where nobody speaks: `stock_phrases.toml` has them."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from enum import Enum
from functools import cache
from importlib.resources import files

_NAME = "*"
_LONGEST_NAME = 40  # letters


class Stock(Enum):
    """How likely it is that a sentence of the catalogue is said in a call."""

    CREDIT = "hardly ever: it tells who captioned a video"
    PHRASE = "every day"


def stock(text: str) -> Stock | None:
    """Return what a sentence or clip as a whole is in the catalogue, or None."""
    plain = normalised(text)
    if not plain:
        return None
    credits, phrases, named = _catalogue()
    if plain in credits:
        return Stock.CREDIT
    return Stock.PHRASE if plain in phrases or named.fullmatch(plain) else None


def normalised(text: str) -> str:
    """Return a text by which phrases are compared: letters, and "0" for each number."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    kept = "".join(char for char in folded if char.isalnum())
    return re.sub(r"\d+", "0", kept)


@cache
def _catalogue() -> tuple[frozenset[str], frozenset[str], re.Pattern[str]]:
    """Return the credits, the phrases, and a pattern of the credits that hold a name."""
    table = tomllib.loads((files("memo.speech") / "stock_phrases.toml").read_text("utf-8"))
    credits = {text for entry in table.values() for text in entry["credits"]}
    phrases = {text for entry in table.values() for text in entry["phrases"]}
    named = [
        f".{{1,{_LONGEST_NAME}}}".join(re.escape(normalised(part)) for part in text.split(_NAME))
        for text in sorted(credits)
        if _NAME in text
    ]
    exact = frozenset(normalised(text) for text in credits if _NAME not in text)
    return exact, frozenset(map(normalised, phrases)), re.compile("|".join(named))
