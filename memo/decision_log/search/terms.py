"""The words of a text as the index holds them: stems without case, accents and apostrophes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from memo.stems import Spoken, stemmer, terms_in

_LONGEST = 60  # characters of a word; a longer one is no word
_ACCENTS = re.compile("[\u0300-\u036f]")  # of Latin, Greek and Cyrillic; other marks are letters
_COMPOUNDING = frozenset({"da", "de", "fi", "hu", "nl", "no", "sv"})
_SHORTEST_PART = 4  # letters

# Words of questions and of grammar, which say nothing about what is looked for.
_STOP = {
    "en": """
    a an and are as at be been but by can could did do does for from had has have how i if in into
    is it its me my of on or our shall should so than that the their them then there these they
    this those to us was we were what when where which who whom whose why will with would you your
    """,
    "de": """
    aber als am an auch auf aus bei beim bin bis das dass daß dem den denn der des die dies diese
    dieser dieses doch ein eine einem einen einer eines er es euch für hat hatte hatten haben ich
    ihr im in ist ja man mit nach oder ob sein sich sie sind so über um und uns unser von vom war
    waren warum was weil welche welcher welches wem wen wenn wer werden wie wieso wir wird wo wurde
    wurden zu zum zur
    """,
    "es": """
    a al como cómo con cual cuál cuales cuáles cuando cuándo de del donde dónde el ella ellos en
    era es ese esta este esto fue fueron ha habían hay hemos la las le les lo los me mi muy no nos
    nosotros o para pero por porque porqué que qué quien quién se ser si sin sobre son su sus te tu
    un una unas unos y ya
    """,
}


def language_of(tag: str | None) -> str:
    """Return the language of a tag such as `de` or `de-AT`, in lower case; "" for none."""
    return (tag or "").replace("_", "-").partition("-")[0].lower()


@lru_cache(maxsize=100_000)
def form(word: str, language: str) -> str:
    """Return a normal word (`memo.stems`) as the index holds it; "" if nothing of it is left.

    What comes out holds letters, digits and marks only: there is nothing in it that a database
    could take for syntax.
    """
    if language == "en":  # to which an accent is foreign, and no part of an ending
        word = _without_accents(word)
    return _without_accents(stemmer(language)(word).replace("'", ""))[:_LONGEST]


def _without_accents(word: str) -> str:
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word)))


def forms_in(text: str, language: str) -> Iterator[Spoken]:
    """Return the words of a text as the index holds them, each with its place."""
    for spoken in terms_in(text):
        if known := form(spoken.word, language):
            yield Spoken(known, spoken.start, spoken.end)


def is_stop_word(word: str, language: str) -> bool:
    """Tell whether a normal word says nothing about what is looked for."""
    return word in _stop_words(language)


def begins_compounds(known: str, language: str) -> bool:
    """Tell whether a form may be the first part of a longer word ("Rechnungsexport")."""
    return language in _COMPOUNDING and len(known) >= _SHORTEST_PART and known.isalpha()


@lru_cache(maxsize=16)
def _stop_words(language: str) -> frozenset[str]:
    return frozenset(_STOP.get(language, "").split())
