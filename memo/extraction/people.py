"""Who is meant, was there, and took it on. A wrong owner is worse than none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from memo.extraction.cues import cues_for
from memo.extraction.lines import sentences
from memo.extraction.names import match_person
from memo.model import Meeting, Transcript
from memo.stems import normal_words

AFTER = 4
"""Segments after the last cited one in which somebody may still refuse a task."""


def full_name(name: str, invited: Sequence[str]) -> str:
    """Return how the list of those invited spells a name: "Priya" is "Priya Raman"."""
    return match_person(name, invited) or name


class People:
    """Those who were at a meeting, and what its transcript tells of them."""

    def __init__(self, transcript: Transcript, meeting: Meeting) -> None:
        self._transcript = transcript
        invited = tuple(dict.fromkeys(n for n in meeting.attendees if normal_words(n)))
        heard = (p.name for p in transcript.participants if normal_words(p.name))
        self.names = tuple(dict.fromkeys((*invited, *(full_name(n, invited) for n in heard))))
        self.words = frozenset(word for name in self.names for word in normal_words(name))

    def present(self, claimed: Iterable[str | None], context: Mapping[int, str]) -> tuple[str, ...]:
        """Return those claimed people who were there and speak, or are named, in the context.

        Args:
            claimed: Names as somebody claims them.
            context: What was said, by segment id.
        """
        people = (match_person(name, self.names) for name in claimed if name)
        found = dict.fromkeys(person for person in people if person)
        return tuple(person for person in found if self._is_heard_of(person, context))

    def owner(
        self, claimed: str | None, context: Mapping[int, str], cited: Sequence[int]
    ) -> str | None:
        """Return who owns a task, if it is somebody who was there and did not refuse it.

        Args:
            claimed: A name.
            context: What was said around the evidence, by segment id.
            cited: Ids of the segments that are the evidence.
        """
        person = next(iter(self.present((claimed,), context)), None)
        return None if person is None or self._refuses(person, context, cited) else person

    def _is_heard_of(self, person: str, context: Mapping[int, str]) -> bool:
        if any(self._speaker(i) == person for i in context):
            return True
        spoken = {
            word.removesuffix("'s") for text in context.values() for word in normal_words(text)
        }
        called = [word for word in normal_words(person) if len(word) > 1 or not word.isascii()]
        return any(word in spoken for word in called or normal_words(person))

    def _refuses(self, person: str, context: Mapping[int, str], cited: Sequence[int]) -> bool:
        """Tell whether the last that somebody says of taking a task on is no."""
        cues = cues_for(self._transcript.language)
        if cues is None or not cited:
            return False
        refuses = False
        for i in range(min(cited), max(cited) + AFTER + 1):
            if i not in context or self._speaker(i) != person:
                continue
            for sentence in sentences(context[i]):
                if cues.promise.search(sentence) or cues.assent.search(sentence):
                    refuses = False
                elif cues.unable.search(sentence):
                    refuses = True
        return refuses

    def _speaker(self, segment_id: int) -> str | None:
        """Return whose voice a segment is, as spelled among those who were there."""
        name = self._transcript.name_of(self._transcript.segments[segment_id].speaker)
        return None if name is None else (match_person(name, self.names) or name)
