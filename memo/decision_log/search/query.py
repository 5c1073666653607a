"""What somebody asks for, read without ever failing, and put as both databases want it.

Plain words must all be there; "words in quotes" in that order, side by side; -word not at all.
Anything else that people type is taken literally: only letters and digits are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from memo.decision_log.search.terms import begins_compounds, form, is_stop_word
from memo.stems import terms, unspaced

MOST_CHARACTERS = 2_000
"""Of what is asked; a text that goes on longer is no question."""
MOST_WORDS = 32
MOST_BEGINNINGS = 4
"""Words of a query up to which longer ones are found that begin with one: each costs time."""
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″＂", '"'))
_PIECE = re.compile(r'(?:(?<!\S)(?P<minus>[-−]))?(?:"(?P<phrase>[^"]*)"|(?P<plain>[^\s"]+))')
_NUMBER = re.compile(r"\b(dec|act|que)[-‐‑]?0*([0-9]{1,9})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Form:
    """A word as the index holds it; with `begins`, also longer words that begin like it."""

    text: str
    begins: bool = False


Alternative = tuple[Form, ...]
"""Forms that stand side by side, in this order; only one that is alone may begin longer words."""


@dataclass(frozen=True)
class Part:
    """A word or a phrase that is looked for: what it may look like in the log's languages."""

    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True)
class Asked:
    """What is looked for, and what must not be there."""

    wanted: tuple[Part, ...] = ()
    refused: tuple[Part, ...] = ()

    def fts5(self, *, every: bool = True) -> str:
        """Return it as SQLite's FTS5 reads it (https://www.sqlite.org/fts5.html#full_text_query_syntax).

        Args:
            every: Whether all that is wanted must be there, or some of it will do.
        """
        asked = (" AND " if every else " OR ").join(map(_fts5, self.wanted))
        refused = " OR ".join(map(_fts5, self.refused))
        return f"({asked}) NOT ({refused})" if refused else asked

    def tsquery(self, *, every: bool = True) -> str:
        """Return it as PostgreSQL's `tsquery` is written.

        Args:
            every: Whether all that is wanted must be there, or some of it will do.
        """
        asked = (" & " if every else " | ").join(map(_tsquery, self.wanted))
        refused = " | ".join(map(_tsquery, self.refused))
        return f"({asked}) & !({refused})" if refused else asked


def read_query(text: str, languages: Collection[str]) -> Asked:
    """Read what somebody typed.

    Words that only hold a sentence together are left out, if others remain. Of a very long text
    the beginning counts.

    Args:
        text: Anything.
        languages: Those of the log (ISO 639-1); words are stemmed in each.
    """
    if len(text) > MOST_CHARACTERS:  # to the last whole word
        cut = text[:MOST_CHARACTERS]
        text = cut.rpartition(" ")[0] or cut
    text = _NUMBER.sub(_full_number, text).translate(_QUOTES)
    wanted: dict[tuple[str, ...], None] = {}
    refused: dict[tuple[str, ...], None] = {}
    for piece in _PIECE.finditer(text):
        words = tuple(terms(piece["phrase"] if piece["phrase"] is not None else piece["plain"]))
        if words:
            (refused if piece["minus"] else wanted)[words[:MOST_WORDS]] = None
    telling = _telling(list(wanted), languages)
    compounds = len(telling) <= MOST_BEGINNINGS
    return Asked(
        tuple(_parts(telling, languages, compounds=compounds)),
        tuple(_parts(list(refused)[:MOST_WORDS], languages)),
    )


def read_likeness(text: str, languages: Collection[str]) -> Asked:
    """Return the words of a text, none of which must be there, to find others like it."""
    words = [(word,) for word in dict.fromkeys(terms(text[:MOST_CHARACTERS]))]
    return Asked(tuple(_parts(_telling(words, languages), languages, compounds=False)))


def _telling(words: Sequence[tuple[str, ...]], languages: Collection[str]) -> list[tuple[str, ...]]:
    """Leave out what holds sentences together, unless there is nothing else."""
    telling = [
        some
        for some in words
        if len(some) > 1 or not any(is_stop_word(some[0], language) for language in languages)
    ]
    return (telling or list(words))[:MOST_WORDS]


def _full_number(written: re.Match[str]) -> str:
    return f"{written[1]}-{int(written[2]):04d}"


def _parts(
    words: list[tuple[str, ...]], languages: Collection[str], *, compounds: bool = True
) -> Iterator[Part]:
    for some in words:
        known = {
            alternative: None
            for language in (*languages, "")
            if (alternative := _alternative(some, language, compounds=compounds))
        }
        if known:
            yield Part(tuple(known))


def _alternative(words: tuple[str, ...], language: str, *, compounds: bool) -> Alternative:
    forms = [known for word in words if (known := form(word, language))]
    if len(forms) != 1:
        return tuple(map(Form, forms))
    # One ideograph alone is in the index as the beginning of two.
    alone = len(forms[0]) == 1 and unspaced(forms[0])
    return (Form(forms[0], begins=alone or (compounds and begins_compounds(forms[0], language))),)


def _fts5(part: Part) -> str:
    return "(" + " OR ".join(map(_fts5_phrase, part.alternatives)) + ")"


def _fts5_phrase(forms: Alternative) -> str:
    # Within double quotes, a double quote alone has a meaning, and no form holds one.
    phrase = '"' + " ".join(one.text for one in forms).replace('"', "") + '"'
    return f"{phrase} *" if forms[-1].begins else phrase


def _tsquery(part: Part) -> str:
    return "(" + " | ".join(map(_tsquery_phrase, part.alternatives)) + ")"


def _tsquery_phrase(forms: Alternative) -> str:
    lexemes = (lexeme(one.text) + (":*" if one.begins else "") for one in forms)
    return "(" + " <-> ".join(lexemes) + ")"


def lexeme(text: str) -> str:
    """Return a word as PostgreSQL's `tsvector` and `tsquery` are written."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
