"""What the decision log remembers: entries, the links between them, and what happened to them.

    Memo ──record──▶ LogEntry ◀──Link──▶ LogEntry
                        └── LogEvent, one for each change

An entry is a finding under a number that is never changed or used again. A link goes from the
newer entry (`source`) to the older one (`target`) and is worded from the newer: `DEC-0007 amends
DEC-0003`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from memo.model import (
    ActionItem,
    Decision,
    Evidence,
    Found,
    OpenQuestion,
    Probability,
    Recording,
    Seconds,
    Value,
)

Number = Annotated[str, Field(pattern=r"^(DEC|ACT|QUE)-\d{4,}$")]
Source = Annotated[str, Field(pattern=r"^(DEC|ACT|QUE|MTG)-\d{4,}$")]
"""What does something to an entry: a newer one, or a meeting (`MTG-0003`) by its talk alone."""


class EntryKind(StrEnum):
    """What is remembered; the name is the one of its counter."""

    DECISION = "decision"
    ACTION = "action"
    QUESTION = "question"

    @property
    def prefix(self) -> str:
        """What its numbers begin with."""
        return _PREFIXES[self]

    @property
    def states(self) -> tuple[EntryState, ...]:
        """The states that an entry of this kind may be in, the first one first."""
        return _STATES[self]


class EntryState(StrEnum):
    """How an entry stands: decisions in the words of ADRs, actions and questions in plain ones."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    OPEN = "open"
    DONE = "done"
    ANSWERED = "answered"
    DROPPED = "dropped"


_PREFIXES = {EntryKind.DECISION: "DEC", EntryKind.ACTION: "ACT", EntryKind.QUESTION: "QUE"}
_STATES = {
    EntryKind.DECISION: (
        EntryState.PROPOSED,
        EntryState.ACCEPTED,
        EntryState.REJECTED,
        EntryState.SUPERSEDED,
    ),
    EntryKind.ACTION: (EntryState.OPEN, EntryState.DONE, EntryState.DROPPED),
    EntryKind.QUESTION: (EntryState.OPEN, EntryState.ANSWERED, EntryState.DROPPED),
}


class Relation(StrEnum):
    """What a newer entry does to an older one.

    Between decisions: `reverses`, `amends`, `reaffirms`. A decision or an action `answers` a
    question. Something said `closes` an action; a newer action `slips` an older one (another date
    or owner). An action `follows` from a decision of its meeting.
    """

    REVERSES = "reverses"
    AMENDS = "amends"
    REAFFIRMS = "reaffirms"
    ANSWERS = "answers"
    CLOSES = "closes"
    SLIPS = "slips"
    FOLLOWS = "follows"

    @property
    def leaves(self) -> EntryState | None:
        """The state that the older entry is in once the link is sure; None changes nothing."""
        return _LEAVES.get(self)

    @property
    def does(self) -> str:
        """What the newer entry does to the older one, in words."""
        return _WORDS[self][0]

    @property
    def undergoes(self) -> str:
        """What happens to the older entry, in words."""
        return _WORDS[self][1]


_WORDS = {
    Relation.REVERSES: ("reverses", "reversed by"),
    Relation.AMENDS: ("amends", "amended by"),
    Relation.REAFFIRMS: ("reaffirms", "reaffirmed by"),
    Relation.ANSWERS: ("answers", "answered by"),
    Relation.CLOSES: ("closes", "closed by"),
    Relation.SLIPS: ("puts off", "put off by"),
    Relation.FOLLOWS: ("follows from", "leads to"),
}
_LEAVES = {
    Relation.REVERSES: EntryState.SUPERSEDED,
    Relation.AMENDS: EntryState.SUPERSEDED,
    Relation.ANSWERS: EntryState.ANSWERED,
    Relation.CLOSES: EntryState.DONE,
    Relation.SLIPS: EntryState.DROPPED,
}


class LinkStanding(StrEnum):
    """How far a link is believed: a proposed one waits for somebody, a refused one is kept."""

    SURE = "sure"
    PROPOSED = "proposed"
    REFUSED = "refused"


class Link(Value):
    """What one entry does to an older one, and the words of both meetings that bear it out.

    Where only the talk of a meeting closes an action or answers a question, without a finding that
    says so, `source` is that meeting (`MTG-0003`) and `meeting` its title, which is None otherwise.
    `later` is quoted from the meeting of `source`, `earlier` from that of `target`. `made_by`
    names a person, or memo and its version.
    """

    source: Source
    target: Number
    meeting: str | None = None
    relation: Relation
    standing: LinkStanding
    confidence: Probability = 1.0
    reason: str = ""
    later: tuple[Evidence, ...] = ()
    earlier: tuple[Evidence, ...] = ()
    made_by: str
    made_at: AwareDatetime


class LogEntry(Value):
    """A finding as the log keeps it, and as people left it: `edited` names what they changed.

    `answer` is what somebody answered a question, in words; no memo finds that.
    `number` (`DEC-0001`, `ACT-0001`, `QUE-0001`) is never changed or used again. `decided_at` is
    the instant at which its evidence starts. `memo_path` is where the memo was last written.
    `changed_at` is the instant of the last event. `withdrawn_at` is when a later conversion of the
    same recording no longer found it: the entry stays, so that its number always leads somewhere.
    """

    number: Number
    kind: EntryKind
    state: EntryState
    finding: Found
    answer: str | None = None
    edited: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    meeting_title: str
    decided_at: AwareDatetime | None
    timezone: str
    recording: Recording
    logged_at: AwareDatetime
    changed_at: AwareDatetime
    memo_path: str | None = None
    withdrawn_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if self.kind is not kind_of(self.finding):
            raise ValueError(f"{self.number} is no {self.kind}")
        if self.state not in self.kind.states:
            raise ValueError(f"a {self.kind} is never {self.state}")
        return self

    @property
    def text(self) -> str:
        """What was decided, what is to do, or what was asked."""
        return text_of(self.finding)

    @property
    def people(self) -> tuple[str, ...]:
        """Return who it belongs to: deciders, the owner, or who asked and who is waited for."""
        return people_of(self.finding)

    @property
    def owner(self) -> str | None:
        """Whose it is to act on: the owner of an action, who a question waits for."""
        if isinstance(self.finding, ActionItem):
            return self.finding.owner
        return self.finding.waiting_on if isinstance(self.finding, OpenQuestion) else None

    @property
    def due(self) -> dt.date | None:
        """The day by which an action is due."""
        return self.finding.due if isinstance(self.finding, ActionItem) else None

    @property
    def decision(self) -> Decision:
        """Return the decision that a decision's entry holds."""
        if not isinstance(self.finding, Decision):
            raise TypeError(f"{self.number} is no decision")
        return self.finding


class LogEvent(Value):
    """One change of an entry, never changed itself.

    `who` is a person, or memo and its version; `what` is `recorded`, `updated`, `withdrawn`,
    `restored`, `edited`, `linked` or `unlinked`; `note` is what they said about it. `before` and
    `after` are the entry's content as JSON: its state, finding, title of the meeting, instant and
    time zone. `before` is None for the first event, `after` for a withdrawal.
    """

    id: int
    number: Number
    at: AwareDatetime
    who: str
    what: Literal["recorded", "updated", "withdrawn", "restored", "edited", "linked", "unlinked"]
    note: str = ""
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class LoggedMeeting(Value):
    """A meeting in the log; `duration` in seconds, None where an older memo recorded it."""

    recording: Recording
    title: str
    started_at: AwareDatetime | None
    timezone: str
    duration: Seconds | None = None
    language: str | None = None
    participants: tuple[str, ...] = ()
    summary: str = ""
    memo_path: str | None = None
    recorded_at: AwareDatetime


class Story(Value):
    """What led to an entry and what became of it.

    `entries` are those of its chain, the oldest first, `links` those between them that nobody
    refused, `meetings` those whose talk alone is the source of one, by number (`MTG-0003`).
    `cut` says that the chain is longer than what is told.
    """

    number: Number
    entries: tuple[LogEntry, ...]
    links: tuple[Link, ...]
    meetings: dict[str, LoggedMeeting] = Field(default_factory=dict)
    cut: bool = False


class Utterance(Value):
    """Something that was said in a meeting, by seconds from the start of its recording."""

    start: Seconds
    end: Seconds
    speaker: str | None
    text: str


def content_of(entry: LogEntry) -> dict[str, Any]:
    """Return what an entry says, as JSON; not where its memo lies, nor its id there."""
    said = {"state", "finding", "meeting_title", "decided_at", "timezone"}
    if entry.answer is not None:
        said.add("answer")
    content = entry.model_dump(mode="json", include=said)
    del content["finding"]["id"]
    return content


def fingerprint(content: Mapping[str, Any]) -> str:
    """Return 16 hexadecimal digits that stand for what an entry says, as `content_of` has it.

    Files that are made from the log carry it, so that what people change in them can be told
    from what memo wrote there.
    """
    written = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:16]


class Matched(StrEnum):
    """How much of what was looked for stands in what was found."""

    ALL = "all"
    SOME = "some"  # nothing holds all of it
    NONE = "none"
    NOT_ASKED = "not asked"  # there was no word to look for


class Snippet(Value):
    """Words in which something was found, or that tell what it is.

    `spans` are the stretches [start, end) of `text` to be marked, in characters. `moment` is the
    second of the recording at which a quote or an utterance starts, `speaker` who says it.
    """

    field: Literal["text", "why", "answer", "considered", "people", "meeting", "quote", "said"]
    text: str
    spans: tuple[tuple[int, int], ...] = ()
    moment: Seconds | None = None
    speaker: str | None = None


class Hit(Value):
    """Something that was found: an entry, or an utterance of a meeting.

    `score` is the better the higher it is, and comparable within one search only; `share` is how
    much of what was looked for is there. The first snippet is the entry's own text or the
    utterance.
    """

    entry: LogEntry | None = None
    utterance: Utterance | None = None
    meeting: LoggedMeeting | None = None
    score: float
    share: Probability = 1.0
    snippets: tuple[Snippet, ...]


class Hits(Value):
    """What a search found, the best first; entries before utterances."""

    hits: tuple[Hit, ...] = ()
    matched: Matched = Matched.NONE

    @property
    def entries(self) -> tuple[LogEntry, ...]:
        """The entries among what was found."""
        return tuple(hit.entry for hit in self.hits if hit.entry is not None)


def kind_of(finding: Found) -> EntryKind:
    """Return what kind of entry a finding becomes."""
    if isinstance(finding, Decision):
        return EntryKind.DECISION
    return EntryKind.ACTION if isinstance(finding, ActionItem) else EntryKind.QUESTION


def text_of(finding: Found) -> str:
    """Return what was decided, what is to do, or what was asked."""
    if isinstance(finding, Decision):
        return finding.statement
    return finding.task if isinstance(finding, ActionItem) else finding.question


def people_of(finding: Found) -> tuple[str, ...]:
    """Return whose a finding is: deciders, the owner, or who asked and who is waited for."""
    if isinstance(finding, Decision):
        return finding.decided_by
    if isinstance(finding, ActionItem):
        return (finding.owner,) if finding.owner else ()
    return tuple(dict.fromkeys(filter(None, (finding.raised_by, finding.waiting_on))))
