"""Names for voices, from the talk itself: "Tom, can you…?" and the next voice answers.

A wrong name is worse than "Speaker 2". So only people of the attendee list are named, each from
calls by name that were answered or from an introduction, and only where nothing speaks against
it: nobody calls himself, and a voice has one name. Where as many voices are heard as people were
there, the last name goes to the last voice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from memo.extraction.lines import Line, number_lines
from memo.extraction.names import match_person
from memo.model import Participant, Remark, RemarkCode, Transcript

ANSWER_WITHIN = 4.0
"""Seconds in which somebody who is called answers."""
INTRODUCED = 3
"""Calls that an introduction is worth."""
ENOUGH = 2
"""Answered calls that make a name."""

_ANONYMOUS = re.compile(r"^Speaker \d+$")
_CALLED = re.compile(
    r"^(?:(?i:and|so|okay|thanks|thank you|und|also|y|gracias)[, ]+)?([A-ZÀ-Þ][\w’'-]+)(?:,|\?|$)"
)
_CALLED_LAST = re.compile(r"(?:^|[,.] )([A-ZÀ-Þ][\w’'-]+)[.?!]$")
_INTRODUCTION = re.compile(
    r"\b(?i:i'm|i am|this is|my name is|ich bin|hier ist|mein name ist|soy|me llamo|aquí)\s+"
    r"([A-ZÀ-Þ][\w’'-]+)\b"
)


def name_voices(transcript: Transcript, attendees: Sequence[str]) -> Transcript:
    """Return the transcript with names for the voices that can be told.

    Args:
        transcript: What was said, by "Speaker 1" and others.
        attendees: Who was there; nobody else is named.
    """
    lines = number_lines(transcript)
    votes: Counter[tuple[str, str]] = Counter()
    for label, name, weight in (*_introductions(lines, attendees), *_answers(lines, attendees)):
        votes[label, name] += weight
    callers = set(_callers(lines, attendees))
    for label, name in callers:
        votes[label, name] -= ENOUGH
    voices = [p.label for p in transcript.participants if p.label and _ANONYMOUS.match(p.label)]
    names = _by_elimination(_unmistakable(votes), voices, attendees, callers)
    if not names:
        return transcript
    told = ", ".join(f"{label} = {name}" for label, name in sorted(names.items()))
    return transcript.model_copy(
        update={
            "participants": tuple(_named(p, names) for p in transcript.participants),
            "warnings": (
                *transcript.warnings,
                Remark.of(RemarkCode.VOICES_NAMED, voices=told),
            ),
        }
    )


def _introductions(
    lines: Sequence[Line], attendees: Sequence[str]
) -> Iterator[tuple[str, str, int]]:
    for line in lines:
        if line.speaker and _ANONYMOUS.match(line.speaker):
            for called in _INTRODUCTION.findall(line.text):
                if person := match_person(called, attendees):
                    yield line.speaker, person, INTRODUCED


def _answers(lines: Sequence[Line], attendees: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Yield each voice that speaks next after somebody was called by name."""
    for line, following in pairwise(lines):
        answers = following.speaker
        if not answers or answers == line.speaker or not _ANONYMOUS.match(answers):
            continue
        if following.start - line.end > ANSWER_WITHIN:
            continue
        person = _called(line.sentences()[-2:], attendees)
        if person:
            yield answers, person, 1


def _callers(lines: Sequence[Line], attendees: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each voice that calls somebody: it is not that person."""
    for line in lines:
        if line.speaker:
            for sentence in line.sentences():
                if person := _called([sentence], attendees):
                    yield line.speaker, person


def _called(sentences: Sequence[str], attendees: Sequence[str]) -> str | None:
    for sentence in reversed(sentences):
        for pattern in (_CALLED_LAST, _CALLED):
            match = pattern.search(sentence.strip())
            person = match and match_person(match.group(1), attendees)
            if person:
                return person
    return None


def _unmistakable(votes: Counter[tuple[str, str]]) -> dict[str, str]:
    """Return the names that enough speaks for: the best of the voice, and of the person."""
    names: dict[str, str] = {}
    for (label, name), count in votes.items():
        rivals = [n for (la, na), n in votes.items() if (la == label) != (na == name)]
        if count >= ENOUGH and count > 2 * max((0, *rivals)):
            names[label] = name
    return names


def _by_elimination(
    names: dict[str, str],
    voices: Sequence[str],
    attendees: Sequence[str],
    callers: set[tuple[str, str]],
) -> dict[str, str]:
    """Add the voice for which one name is left, where as many were heard as were there.

    Half of the voices must have their names from the talk already.
    """
    if len(voices) != len(set(attendees)) or 2 * len(names) < len(voices):
        return names
    names = dict(names)
    while True:
        for voice in voices:
            left = [
                name
                for name in attendees
                if name not in names.values() and (voice, name) not in callers
            ]
            if voice not in names and len(left) == 1:
                names[voice] = left[0]
                break
        else:
            return names


def _named(participant: Participant, names: dict[str, str]) -> Participant:
    name = names.get(participant.label or "")
    return participant.model_copy(update={"name": name}) if name else participant
