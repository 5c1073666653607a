"""What is compared: findings with the talk around them, and what comes of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from memo.model import ActionItem, Decision, Evidence, OpenQuestion
from memo.remembered import (
    EntryKind,
    LinkStanding,
    Relation,
    Utterance,
    kind_of,
    people_of,
    text_of,
)

AROUND = 60.0
"""Seconds of talk before and after its evidence that belong to a finding."""


@dataclass(frozen=True)
class Told:
    """A finding as its meeting told it.

    Attributes:
        number: What it is known by, in the log or anywhere else.
        finding: The finding.
        meeting: What its meeting is known by.
        held_at: When the meeting was; None if nobody knows.
        language: ISO 639-1 code of what was said.
        title: Title of its meeting.
        participants: Names of those who were there, as far as they have any.
        talk: What was said from `AROUND` seconds before its evidence to as long after it.
        standing: Whether it is accepted or open, as far as it says itself or people said.
        ended_at: When something later ended it; None if nothing did.
        ended_by: The meetings that ended it.
        reaffirms: Numbers of the decisions that it is known to reaffirm: what ends it ends them.
    """

    number: str
    finding: Decision | ActionItem | OpenQuestion
    meeting: str
    held_at: dt.datetime | None
    language: str
    title: str = ""
    participants: tuple[str, ...] = ()
    talk: tuple[Utterance, ...] = ()
    standing: bool = True
    ended_at: dt.datetime | None = None
    ended_by: frozenset[str] = frozenset()
    reaffirms: frozenset[str] = frozenset()

    def stood_before(self, newer: Told) -> bool:
        """Tell whether it was in force, or open, when a newer finding's meeting was held.

        A meeting that ended it finds it in force when it is recorded again, and one that was held
        before it was ended but is recorded later finds it so, too.
        """
        if not self.standing or self.meeting == newer.meeting:
            return False
        if not self.ended_by or newer.meeting in self.ended_by:
            return True
        return bool(self.ended_at and newer.held_at and newer.held_at < self.ended_at)

    @property
    def kind(self) -> EntryKind:
        """What kind of entry it is."""
        return kind_of(self.finding)

    @property
    def text(self) -> str:
        """What was decided, is to do, or was asked."""
        return self.finding.untranslated or text_of(self.finding)

    @property
    def people(self) -> tuple[str, ...]:
        """Whose it is."""
        return people_of(self.finding)

    @property
    def start(self) -> float:
        """Second at which its evidence begins."""
        return min((one.start for one in self.finding.evidence), default=0.0)

    @property
    def end(self) -> float:
        """Second at which its evidence ends."""
        return max((one.end for one in self.finding.evidence), default=0.0)

    @cached_property
    def said(self) -> tuple[str, ...]:
        """Return its words and those it rests on, in order."""
        return (self.text, *(one.quote for one in self.finding.evidence))


@dataclass(frozen=True)
class Relationship:
    """What something newer does to something older.

    `source` is the newer finding's number; None where no finding holds it, and `later`, words of
    the newer meeting, are all there is. `reason` is plain English.
    """

    source: str | None
    target: str
    relation: Relation
    standing: LinkStanding
    confidence: float
    reason: str
    later: tuple[Evidence, ...]
    earlier: tuple[Evidence, ...]
