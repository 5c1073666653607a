"""Whom a name means, among those who were there. A wrong owner is worse than none.

A name means a participant if each of its words is a word of that participant's name and of
nobody else's, whatever the case, the diacritics, the title or the possessive. A word that the
ASR misheard counts if it is very like one of the participant's ("Prya"), begins and ends like
it ("Daniela" is not "Daniel"), and is near nobody else's. Nicknames are not known: "Bob" is not
Robert.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_LONGEST_NAME = 120
_SHORTEST_MISHEARD = 4
_ALIKE = 0.86
_NEAR = 0.72
_WORD = re.compile(r"[^\W_]+")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b|(?<=s)['’](?!\w)", re.IGNORECASE)
_ELISION = re.compile(r"(?<=\w)['’](?=\w)")
_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"}
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TITLES = _set_of(
    """
    dr prof professor mr mrs ms miss mx sir madam herr herrn frau doktor ing dipl sr sra srta
    señor señora señorita don doña dra doctor doctora mag phd md jr
    """
)
_PARTICLES = _set_of(
    """
    van von de der den del della di da dos du el la le bin ibn al y e zu zur
    """
)
_NOBODY = _set_of(
    """
    i me my myself we us our ourselves you your he she they them his her their it who someone
    somebody anyone anybody everyone everybody nobody none all both each team group the speaker
    unknown unassigned tbd ich mich mir wir uns du ihr er sie man jemand niemand alle alles
    beide das die der team gruppe keiner yo me mí nosotros nosotras tú usted ustedes vosotros
    vosotras él ella ellos ellas alguien nadie todos todas ambos equipo grupo uno el la los null
    nil n a
    """
)


def match_person(name: str, participants: Sequence[str]) -> str | None:
    """Return the participant whom a name means, as spelled among them; None if nobody or several.

    Args:
        name: What was said or claimed: "Priya", "Dr. Weidlich's", "Havlik, Tomas", "we".
        participants: Names of those who were there.
    """
    if len(name) > _LONGEST_NAME:
        return None
    people = {person: _words(person) for person in participants}
    asked = _words(name)
    same = [person for person, words in people.items() if asked and words == asked]
    if same:
        return same[0] if len(same) == 1 else None
    if not _names_somebody(name, asked):
        return None
    meant = [person for person, words in people.items() if _is_part(asked, words)]
    if meant:
        return meant[0] if len(meant) == 1 else None
    return _misheard(asked, people)


def _words(name: str) -> tuple[str, ...]:
    """Return the words of a name without title, possessive or aside, folded."""
    plain = _ELISION.sub(
        "", _POSSESSIVE.sub("", _ASIDE.sub(" ", unicodedata.normalize("NFC", name)))
    )
    words = [word.casefold() for word in _WORD.findall(plain)]
    untitled = [word for word in words if word not in _TITLES]
    return tuple(untitled or words)


def _names_somebody(name: str, words: tuple[str, ...]) -> bool:
    """Whether the words are a name at all: no pronoun, particle, initial or number.

    "Ella" is a name where it is written like one, "ella" is a pronoun.
    """
    if not any(len(word) > 1 and not word.isdigit() and word not in _PARTICLES for word in words):
        return False
    if all(word in _NOBODY for word in words):
        return len(words) == 1 and words[0] == "ella" and name.strip().startswith("E")
    return True


def _spellings(word: str) -> frozenset[str]:
    """Return a word without diacritics, and as it is spelled where there are none (Mueller)."""
    stripped = unicodedata.normalize("NFKD", word.translate(_UNDECOMPOSED))
    bare = "".join(c for c in stripped if not unicodedata.combining(c))
    return frozenset({word, bare, word.translate(_UMLAUTS)})


def _same(said: str, word: str) -> bool:
    return not _spellings(said).isdisjoint(_spellings(word))


def _is_part(asked: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether each asked word is another word of the name; an initial does beside a word."""
    left = list(words)
    for said in sorted(asked, key=len, reverse=True):
        initial = len(said) == 1 and len(asked) > 1
        found = next((w for w in left if _same(said, w) or (initial and w.startswith(said))), None)
        if found is None:
            return False
        left.remove(found)
    return True


# --- Misheard names -----------------------------------------------------------------------------


def _misheard(asked: tuple[str, ...], people: dict[str, tuple[str, ...]]) -> str | None:
    near = {person: _likeness(asked, words) for person, words in people.items()}
    near = {person: likeness for person, likeness in near.items() if likeness >= _NEAR}
    if len(near) != 1:
        return None
    person = next(iter(near))
    return person if _is_misheard(asked, people[person]) else None


def _likeness(asked: tuple[str, ...], words: tuple[str, ...]) -> float:
    """Return how like the least like asked word is to a word of the name."""
    return min((max((_ratio(said, w) for w in words), default=0.0) for said in asked), default=0.0)


def _is_misheard(asked: tuple[str, ...], words: tuple[str, ...]) -> bool:
    left = list(words)
    for said in asked:
        found = next((w for w in left if _same(said, w) or _sounds_like(said, w)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _sounds_like(said: str, word: str) -> bool:
    long_enough = min(len(said), len(word)) >= _SHORTEST_MISHEARD
    ends_alike = said[:1] == word[:1] and said[-1:] == word[-1:]
    return long_enough and ends_alike and _ratio(said, word) >= _ALIKE


def _ratio(one: str, other: str) -> float:
    from rapidfuzz.distance import Indel

    return max(
        Indel.normalized_similarity(a, b) for a in _spellings(one) for b in _spellings(other)
    )
