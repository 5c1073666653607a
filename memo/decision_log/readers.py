"""Who is meant by a name: leniently, but never somebody else.

"Priya" is Priya Raman if nobody else in the log is called Priya. If several are, none of them is
meant, and the digest says so: somebody else's tasks are worse than none.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from memo.digest import Reader

_UNNAMED = re.compile(r"(?:speaker|stimme|voz)[ _]?\d+", re.IGNORECASE)
_AND = re.compile(r"\s*(?:[,;/&+]|\b(?:and|und|y)\b)\s*")
_OTHERS_TOLD = 5


def resolve(asked: str, names: Iterable[str]) -> Reader:
    """Return whom a name stands for.

    Args:
        asked: The name as somebody typed it.
        names: Everybody in the log, as they are written there.
    """
    wanted = _key(asked)
    known = {_key(name): " ".join(name.split()) for name in _singled(names)}
    exact = {key for key in known if key == wanted}
    fuller = {key for key in known if key != wanted and _stands_for(wanted, key)}
    if _distinct(fuller) > 1 and not (exact and len(wanted.split()) > 1):
        others = tuple(sorted(known[key] for key in fuller))[:_OTHERS_TOLD]
        return Reader(asked=asked, names=_shown(known, exact), others=others)
    if exact or fuller:
        meant = exact | fuller | _shorter(wanted, fuller, known)
        return Reader(asked=asked, names=_shown(known, meant))
    shorter = _shorter(wanted, set(), known)
    if shorter:
        return Reader(asked=asked, names=_shown(known, shorter))
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.7)
    return Reader(asked=asked, others=tuple(known[key] for key in near))


def belongs_to(owner: str | None, reader: Reader | None) -> bool:
    """Return whether somebody, or one of several, is the reader."""
    if not owner or reader is None:
        return False
    meant = {_key(name) for name in reader.names}
    return any(_key(name) in meant for name in (owner, *_AND.split(owner)))


def _singled(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        for one in _AND.split(name):
            if one.strip() and not _UNNAMED.fullmatch(one.strip()):
                yield one


def _key(name: str) -> str:
    """Return a name without capitals, accents and points."""
    plain = unicodedata.normalize("NFKD", name)
    kept = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return " ".join(kept.replace(".", " ").casefold().split())


def _stands_for(short: str, full: str) -> bool:
    """Return whether each word of a name is one of another's, or the letter that it begins with."""
    rest = full.split()
    words = short.split()
    for word in sorted(words, key=len, reverse=True):
        hit = next(
            (one for one in rest if one == word or (len(word) == 1 and one[0] == word)), None
        )
        if hit is None:
            return False
        rest.remove(hit)
    return any(len(word) > 1 for word in words)


def _distinct(keys: set[str]) -> int:
    """Count people: a name that stands for another one's is no further person."""
    return sum(not any(_stands_for(key, other) for other in keys - {key}) for key in keys)


def _shorter(wanted: str, fuller: set[str], known: dict[str, str]) -> set[str]:
    """Return shorter forms of the same name that nobody else in the log could be called by."""
    whole = fuller | {wanted}
    return {
        key
        for key in known
        if any(_stands_for(key, name) for name in whole)
        and all(
            other == key or any(_stands_for(other, name) or other == name for name in whole)
            for other in known
            if _stands_for(key, other)
        )
    }


def _shown(known: dict[str, str], keys: set[str]) -> tuple[str, ...]:
    return tuple(sorted(known[key] for key in keys))
