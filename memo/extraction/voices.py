"""Names for voices, from the talk itself, as a guess with a probability.

A wrong name is worse than "Speaker 2". Each sign that a voice is somebody's (`calling`) multiplies
the odds by what it was worth in meetings of which it is known who speaks; then all voices are
named at once: no two have one name, and each may be nobody's of the list. A name is given where it
is nearly certain. The probability of each pair is summed over all ways to give out the names, so
that the last name goes to the last voice by itself.

Without a list of attendees the names are those that people call each other by; then only somebody
who says his own name, or whom three different signs name and none speaks against, gets it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from memo.extraction.calling import How, Kind, Namer, Sign, names_in, signs_in
from memo.extraction.lines import number_lines
from memo.extraction.names import match_person
from memo.model import NameSource, Participant, Remark, RemarkCode, Transcript

WORTH: Mapping[Kind, float] = {
    Kind.OWN: 5.0,
    Kind.ANSWERS: 2.8,
    Kind.THANKED: 1.8,
    Kind.REPLIED: 1.6,
    Kind.NEAR: 1.0,
    Kind.NEXT: 0.8,
    Kind.CALLS: -3.0,
    Kind.MENTIONS: -1.4,
}
"""Natural logarithm of the odds that one sign is worth (`benchmarks/names.py` measures them)."""
COUNTED = 4
"""Signs of one kind that are counted: more of them are not independent."""
SURE = 0.9
"""Probability from which a voice is named."""
ABSENT = 0.05
"""Odds, beside one name of the list, that a voice is nobody's of it."""
UNLISTED = 1.0
"""The same where nobody said who was there."""
MOST_NAMES = 12
"""Names that are weighed against one another; those with the fewest signs are left out."""
FOR = frozenset({Kind.OWN, Kind.ANSWERS, Kind.THANKED, Kind.REPLIED})
"""Signs that a name can rest on."""
ENOUGH = 3
"""Such signs that make a name where nobody said who was there."""

_SUREST = 0.99
_ANONYMOUS = re.compile(
    r"(?i:speaker|sprecher(?:in)?|hablante|voice|stimme|voz)[ _-]?(?:\d{1,3}|[A-Z])"
)
"""Labels of machines: "Speaker 1", "SPEAKER_00", "Sprecher 2", "Speaker A"."""
_WORD = re.compile(r"[^\W\d_](?:[\w’'-]*\w)?")
_SAYS_NAME = re.compile(
    r"\b(?i:name(?:['’]s| is| ist)|ich hei(?:ß|ss)e|me llamo|mi nombre es) "
    r"(?i:(?:uh|um|äh|ähm|eh),? )?(?P<name>[^\W\d_]\w*)"
)

Scores = Mapping[str, Mapping[str, float]]
"""Logarithms of the odds that a voice is somebody's, by voice and name."""


def name_voices(transcript: Transcript, attendees: Sequence[str] = ()) -> Transcript:
    """Return the transcript with names for the voices that can be told; others keep their number.

    Args:
        transcript: What was said, by "Speaker 1" or "SPEAKER_00" and others. Who has a name keeps
            it, unless it was such a guess.
        attendees: Who was there; nobody else is named. If nobody knows, those called by name may
            be.
    """
    people = [_unnamed(p) if p.source is NameSource.GUESS else p for p in transcript.participants]
    voices = [p.label for p in people if p.label and _is_open(p)]
    if not voices:
        return transcript
    listed = [name for name in dict.fromkeys(attendees) if name.strip()]
    taken = {match_person(p.name, listed) or p.name for p in people if not _is_open(p)}
    guesses = (
        _of_list(transcript, voices, listed, taken)
        if listed
        else _of_talk(transcript, voices, taken)
    )
    return _told(transcript, [_guessed(p, guesses) for p in people])


def _is_open(participant: Participant) -> bool:
    """Whether a voice is still to be named."""
    label = participant.label or ""
    unnamed = participant.source is NameSource.LABEL and participant.name == label
    return unnamed and bool(_ANONYMOUS.fullmatch(label))


def _unnamed(participant: Participant) -> Participant:
    blank = {"source": NameSource.LABEL, "confidence": None, "named_at": ()}
    return participant.model_copy(update={"name": participant.label, **blank})


def _guessed(participant: Participant, guesses: Mapping[str, _Guess]) -> Participant:
    guess = guesses.get(participant.label or "")
    if guess is None:
        return participant
    return participant.model_copy(
        update={
            "name": guess.name,
            "source": NameSource.GUESS,
            "confidence": round(min(guess.probability, _SUREST), 2),
            "named_at": guess.at,
        }
    )


def _told(transcript: Transcript, people: Sequence[Participant]) -> Transcript:
    """Return a transcript with these people, and a remark on who of them is a guess."""
    warnings = [w for w in transcript.warnings if w.code != RemarkCode.VOICES_NAMED]
    guessed = sorted(f"{p.label} = {p.name}" for p in people if p.source is NameSource.GUESS)
    if guessed:
        warnings.append(Remark.of(RemarkCode.VOICES_NAMED, voices=", ".join(guessed)))
    return transcript.model_copy(
        update={"participants": tuple(people), "warnings": tuple(warnings)}
    )


# --- Who is named ---------------------------------------------------------------------------


class _Guess(NamedTuple):
    """A name for a voice, how probable it is, and the seconds at which it is said."""

    name: str
    probability: float
    at: tuple[float, ...]


def _of_list(
    transcript: Transcript, voices: Sequence[str], listed: Sequence[str], taken: Collection[str]
) -> dict[str, _Guess]:
    """Return guesses among those who were there.

    Who is named only because all others are, is so where as many voices are heard as people were
    there, and half of them are called by their names.
    """
    namer = cache(lambda word: match_person(word, listed))
    signs = signs_in(transcript, namer)
    free = [name for name in listed if name not in taken]
    named = _likely(probabilities(_scores(signs, voices, free), ABSENT), signs)
    called = {v: g for v, g in named.items() if g.at and not _is_disputed(v, named, signs)}
    complete = len(voices) == len(free) and 2 * len(called) >= len(voices)
    if not complete:
        return called
    strangers = _strangers(transcript, namer)
    last = {v: g for v, g in named.items() if not g.at and v not in strangers}
    return {**called, **last}


def _strangers(transcript: Transcript, namer: Namer) -> set[str]:
    """Return the voices that say a name which is not on the list."""
    others = {word for word in _called(transcript) if namer(word) is None}
    signs = signs_in(transcript, lambda word: word if word in others else None)
    return {sign.voice for sign in signs if sign.kind is Kind.OWN}


def _is_disputed(voice: str, named: Mapping[str, _Guess], signs: Iterable[Sign]) -> bool:
    """Whether a voice that has no name answers to this one's, at least half as often."""
    name = named[voice].name
    answers = Counter(s.voice for s in signs if s.name == name and s.kind in FOR)
    others = (count for other, count in answers.items() if other not in named)
    return 2 * max(others, default=0) >= answers[voice]


def _of_talk(
    transcript: Transcript, voices: Sequence[str], taken: Collection[str]
) -> dict[str, _Guess]:
    """Return guesses among those whom people call by name."""
    called = _called(transcript) - {word for name in taken for word in name.split()}
    if not called:
        return {}
    signs = signs_in(transcript, lambda word: word if word in called else None)
    for_whom = Counter((s.voice, s.name) for s in signs if s.kind in FOR)
    against = {(s.voice, s.name) for s in signs if s.kind in {Kind.CALLS, Kind.MENTIONS}}
    named = _likely(probabilities(_scores(signs, voices, sorted(called)), UNLISTED), signs)
    introduced = _introduced(transcript, signs)
    return {
        voice: guess
        for voice, guess in named.items()
        if (voice, guess.name) not in against
        and (for_whom[voice, guess.name] >= ENOUGH or (voice, guess.name) in introduced)
    }


def _likely(sure: Mapping[str, Mapping[str, float]], signs: Sequence[Sign]) -> dict[str, _Guess]:
    """Return the name of each voice that almost certainly has one."""
    guesses = {}
    for voice, names in sure.items():
        name = max(names, key=lambda name: names[name], default="")
        if name and names[name] >= SURE:
            at = dict.fromkeys(
                s.at for s in signs if (s.voice, s.name) == (voice, name) and s.kind in FOR
            )
            guesses[voice] = _Guess(name, names[name], tuple(at))
    return guesses


# --- Whom people call, where nobody said who was there ------------------------------------------


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ARTICLE = re.compile(
    r"\b(?:an?|the|this|that|every|d(?:er|ie|as|en|em|es)|(?:k?ein|mein|dein|unser)\w*|zum|zur|im|am|vom|beim"
    r"|el|l[ao]s?|un[ao]?s?|mi|tu|su|del|al)\s+$",
    re.IGNORECASE,
)
_NOBODY = _set_of(
    """
    all everyone everybody anyone somebody someone nobody folks guys people team man men mate mates
    dude boss chief sir madam god gosh jesus christ lord heaven doctor doc captain chair mum dad
    love dear darling honey guy girl girls boys gentlemen ladies friends colleagues kids
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december christmas easter
    english german french spanish italian american british scottish irish welsh indian chinese
    european canadian australian swiss austrian mexican dutch
    leute alle zusammen freunde kollegen kolleginnen chef chefin mensch mann frau herr herrschaften
    gott himmel junge mädchen kinder mama papa liebe lieber schatz montag dienstag mittwoch
    donnerstag freitag samstag sonntag januar februar märz mai juni juli oktober dezember
    danke bitte mahlzeit moin servus hallo genau gut
    todos todas chicos chicas gente señores señoras amigos compañeros jefe jefa hombre mujer dios
    tío tía hijo hija mamá papá lunes martes miércoles jueves viernes sábado domingo
    i'm i've i'll i'd mr mrs ms miss dr sr sra prof profe professor profesor profesora doctora
    señor señora
    """
)


def _called(transcript: Transcript) -> frozenset[str]:
    """Return the words that look like names and that somebody is called by."""
    said = [sentence for line in number_lines(transcript) for sentence in line.sentences()]
    small = {word.casefold() for s in said for word in _WORD.findall(s) if word[0].islower()}
    inside: set[str] = set()
    for sentence in said:
        for match in _WORD.finditer(sentence):
            word, left = match.group(), sentence[: match.start()]
            if not word[0].isupper() or word.isupper() or word.casefold() in small | _NOBODY:
                continue
            if _ARTICLE.search(left):
                small.add(word.casefold())
            elif left.strip(' "“”„«»¿¡()'):
                inside.add(word)
    likely = {word for word in inside if word.casefold() not in small}
    addressed = {
        found.name
        for sentence in said
        for found in names_in(sentence, lambda word: word if word in likely else None)
        if found.how is not How.SPOKEN_OF
    }
    return frozenset(addressed)


def _introduced(transcript: Transcript, signs: Sequence[Sign]) -> set[tuple[str, str]]:
    """Return the voices that say their names: in full words, or as others call them, too."""
    by_others = {(s.name, s.voice) for s in signs if s.kind is Kind.CALLS}
    own = {(s.voice, s.name) for s in signs if s.kind is Kind.OWN}
    known = {
        (voice, name)
        for voice, name in own
        if any(other == name and who != voice for other, who in by_others)
    }
    for segment in transcript.segments:
        for found in _SAYS_NAME.finditer(segment.text):
            if segment.speaker and (segment.speaker, found["name"]) in own:
                known.add((segment.speaker, found["name"]))
    return known


# --- How probable each name is ----------------------------------------------------------------


def _scores(signs: Iterable[Sign], voices: Sequence[str], names: Sequence[str]) -> Scores:
    """Return what all signs are worth, for the names with the most of them."""
    counts = Counter((s.voice, s.name, s.kind) for s in signs)
    heard = Counter(s.name for s in signs)
    weighed = sorted(names, key=lambda name: -heard[name])[:MOST_NAMES]
    return {
        voice: {
            name: sum(
                worth * min(counts[voice, name, kind], COUNTED) for kind, worth in WORTH.items()
            )
            for name in weighed
        }
        for voice in voices
    }


def probabilities(scores: Scores, absent: float) -> dict[str, dict[str, float]]:
    """Return how probable each name is for each voice, if no two voices have one name.

    Sums over all ways to give out the names, by dynamic programming over the sets of names given
    to the first voices and to the last: in time that grows with the voices, not with their ways.

    Args:
        scores: Logarithms of odds, by voice and name; the same names for each voice.
        absent: Odds, beside a name of which nothing is known, that a voice is nobody of the list.
    """
    import numpy as np

    names = list(next(iter(scores.values()), {}))
    sets = np.arange(1 << len(names))
    without = [sets[sets & 1 << place == 0] for place in range(len(names))]
    rows = [_odds(row, absent) for row in scores.values()]
    given, left = [(sets == 0).astype(float)], [np.ones(len(sets))]
    for *odds, nobody in rows:
        after = given[-1] * nobody
        for place, (few, worth) in enumerate(zip(without, odds, strict=True)):
            after[few | 1 << place] += given[-1][few] * worth
        given.append(after / after.sum())
    for *odds, nobody in reversed(rows):
        before = left[-1] * nobody
        for place, (few, worth) in enumerate(zip(without, odds, strict=True)):
            before[few] += left[-1][few | 1 << place] * worth
        left.append(before / before.max())
    left.reverse()
    sure: dict[str, dict[str, float]] = {}
    for number, (voice, (*odds, nobody)) in enumerate(zip(scores, rows, strict=True)):
        first, rest = given[number], left[number + 1]
        ways = [
            float(first[few] @ rest[few | 1 << place]) * worth
            for place, (few, worth) in enumerate(zip(without, odds, strict=True))
        ]
        total = sum(ways) + float(first @ rest) * nobody
        sure[voice] = {name: way / total for name, way in zip(names, ways, strict=True)}
    return sure


def _odds(row: Mapping[str, float], absent: float) -> list[float]:
    """Return the odds of each name, and last those of none; the largest is about 1."""
    most = max(0.0, *row.values()) if row else 0.0
    return [*(math.exp(score - most) for score in row.values()), absent * math.exp(-most)]
