"""What is new about entries, from what they were and what they are; without a database.

An entry that changed several times is told once: as it was at the beginning of the period, and as
it stands now.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from memo.decision_log.entries import FINDINGS
from memo.digest import Change, Closing, Confirmation, How
from memo.model import ActionItem, Decision, OpenQuestion
from memo.remembered import (
    EntryKind,
    EntryState,
    Link,
    LinkStanding,
    LogEntry,
    LogEvent,
    LoggedMeeting,
    Relation,
)

_REPLACES = {Relation.REVERSES, Relation.AMENDS}
_CLOSED = {EntryState.DONE, EntryState.ANSWERED, EntryState.DROPPED}
_IN_FORCE = {EntryState.ACCEPTED, EntryState.SUPERSEDED}
_PROGRAM = re.compile(r"memo \d")


def is_program(who: str) -> bool:
    """Return whether memo did something, and no person."""
    return bool(_PROGRAM.match(who))


@dataclass(frozen=True)
class Told:
    """An entry and what happened to it in the period.

    `known` says whether it is older than the period; `events` are those of the period that count,
    oldest first; `content` is what it said at its beginning, or when it was recorded in it, None
    if that is what it says now.
    """

    now: LogEntry
    known: bool
    events: tuple[LogEvent, ...] = ()
    content: Mapping[str, Any] | None = None

    @cached_property
    def before(self) -> LogEntry:
        """How it stood at the beginning of the period, or when it was recorded in it."""
        return as_it_was(self.now, self.content)

    @property
    def then(self) -> LogEntry | None:
        """How it stood at the beginning of the period; None where it did not exist."""
        return self.before if self.known else None

    @property
    def gone(self) -> bool:
        """Whether its recording no longer shows it."""
        return self.now.withdrawn_at is not None


@dataclass
class News:
    """Everything that happened in a period, in the shape in which a digest tells it.

    Args:
        told: Entries by number, in the order in which they are told: those that something
            happened to, and those linked to them.
        links: The sure links that were made in the period.
        meetings: Where talk alone closed something, by the number that its links give it.
    """

    told: Mapping[str, Told]
    links: tuple[Link, ...]
    meetings: Mapping[str, LoggedMeeting] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._used: set[str] = set()
        replaced = list(self._replaced(_REPLACES))
        self.confirmed = tuple(self._confirmed())
        self.changes = self._ordered(*replaced, *self._edited({EntryKind.DECISION}))
        slipped = list(self._replaced({Relation.SLIPS}))
        self.closed = tuple(self._closed())
        loose_ends = {EntryKind.ACTION, EntryKind.QUESTION}
        self.moved = self._ordered(*slipped, *self._edited(loose_ends))
        self.decided, self.proposed = self._decisions()
        self.withdrawn = tuple(
            one.now
            for one in self.told.values()
            if one.known and one.gone and any(event.what == "withdrawn" for event in one.events)
        )

    def _ordered(self, *changes: Change) -> tuple[Change, ...]:
        """Return changes, reversals first, in the order of what stands now."""
        places = {number: place for place, number in enumerate(self.told)}
        return tuple(
            sorted(changes, key=lambda c: (c.how is not How.REVERSED, places[c.after[0].number]))
        )

    # --- Chains ---

    def _replaced(self, relations: Collection[Relation]) -> Iterator[Change]:
        """Follow each entry that was replaced in the period to what stands in its place now."""
        steps = [link for link in self.links if link.relation in relations and self._counts(link)]
        targets = list(dict.fromkeys(link.target for link in steps))
        sources = {link.source for link in steps}
        roots = [number for number in targets if number not in sources]
        for root in roots or targets[:1]:  # a circle begins somewhere
            yield from self._followed(root, relations)

    def _followed(self, root: str, relations: Collection[Relation]) -> Iterator[Change]:
        seen, path, ends, waiting = {root}, list[Link](), list[str](), [root]
        while waiting:
            here = waiting.pop(0)
            onward = [link for link in self._onward(here, relations) if link.source not in seen]
            if not onward and here != root:
                ends.append(here)
            for link in onward:
                seen.add(link.source)
                path.append(link)
                waiting.append(link.source)
        if not ends:
            return
        self._used |= seen
        if all(self.told[end].now.state in _CLOSED for end in ends):
            self._used -= set(ends)  # told among what was closed
            return
        old = self.told[root]
        yield Change(
            how=_how(path),
            before=old.before,
            after=tuple(self.told[end].now for end in ends),
            steps=tuple(sorted(seen - {root, *ends})),
            known=old.known,
            links=tuple(path),
        )

    def _onward(self, number: str, relations: Collection[Relation]) -> Iterator[Link]:
        for link in self.told[number].now.links:
            sure = link.standing is LinkStanding.SURE and link.target == number
            if sure and link.relation in relations and self._counts(link):
                yield link

    def _counts(self, link: Link) -> bool:
        """Say whether a link has made its target give way."""
        source = self.told.get(link.source)
        if source is None or source.gone or link.target not in self.told:
            return False
        return source.now.kind is not EntryKind.DECISION or source.now.state in _IN_FORCE

    # --- One entry by itself ---

    def _confirmed(self) -> Iterator[Confirmation]:
        for link in self.links:
            if link.relation is Relation.REAFFIRMS and self._counts(link):
                by = self.told[link.source]
                if link.source not in self._used:
                    self._used.add(link.source)
                    yield Confirmation(entry=self.told[link.target].now, by=by.now)

    def _edited(self, kinds: Collection[EntryKind]) -> Iterator[Change]:
        for number, one in self.told.items():
            if one.then is None or one.gone or not one.events or number in self._used:
                continue
            how = _difference(one) if one.now.kind in kinds else None
            if how is not None:
                self._used.add(number)
                last = one.events[-1].who
                by = "" if is_program(last) else last
                yield Change(how=how, before=one.then, after=(one.now,), by=by)

    def _closed(self) -> Iterator[Closing]:
        for number, one in self.told.items():
            was = one.then.state if one.then else EntryState.OPEN
            if number in self._used or one.gone or not one.events or was in _CLOSED:
                continue
            if one.now.state not in _CLOSED or one.now.kind is EntryKind.DECISION:
                continue
            self._used.add(number)
            if one.known or one.now.state is not EntryState.DROPPED:
                yield self._closing(one)

    def _closing(self, one: Told) -> Closing:
        link = next((link for link in reversed(one.now.links) if _closes(link, one.now)), None)
        if link is None:
            said = [event.note for event in one.events if not is_program(event.who)]
            note = one.now.answer or next(filter(None, reversed(said)), "")
            return Closing(entry=one.now, note=note)
        source = self.told.get(link.source)
        return Closing(
            entry=one.now,
            words=link.later,
            meeting=self.meetings.get(link.source),
            by=source.now if source else None,
            note="" if link.later else link.reason,
        )

    def _decisions(self) -> tuple[tuple[LogEntry, ...], tuple[LogEntry, ...]]:
        decided, proposed = [], []
        for number, one in self.told.items():
            if one.known or one.gone or number in self._used or not one.events:
                continue
            if one.now.kind is not EntryKind.DECISION:
                continue
            if one.now.state is EntryState.ACCEPTED:
                decided.append(one.now)
            elif one.now.state is EntryState.PROPOSED:
                proposed.append(one.now)
            elif one.now.state is EntryState.REJECTED and "state" not in one.now.edited:
                proposed.append(one.now)  # the meeting itself turned it down
        return tuple(decided), tuple(proposed)


def as_it_was(entry: LogEntry, content: Mapping[str, Any] | None) -> LogEntry:
    """Return an entry as an event of its history has it; as it is now if that cannot be read."""
    if content is None:
        return entry
    try:
        written = {"id": entry.finding.id, **content["finding"]}
        changed = {
            "finding": FINDINGS[entry.kind].model_validate_json(json.dumps(written)),
            "state": EntryState(content["state"]),
            "answer": content.get("answer"),
        }
        return entry.model_copy(update=changed | {"withdrawn_at": None})
    except (KeyError, TypeError, ValueError, ValidationError):
        return entry


def _how(path: Iterable[Link]) -> How:
    relations = {link.relation for link in path}
    if Relation.SLIPS in relations:
        return How.SLIPPED
    return How.REVERSED if Relation.REVERSES in relations else How.AMENDED


def _closes(link: Link, entry: LogEntry) -> bool:
    sure = link.standing is LinkStanding.SURE and link.target == entry.number
    return sure and link.relation.leaves is entry.state


def _difference(one: Told) -> How | None:
    """Say what became of an entry without another one taking its place; None if nothing did."""
    was, now = one.before, one.now
    if was.state is not now.state:
        if now.state is EntryState.ACCEPTED:
            return How.ACCEPTED if was.state is EntryState.PROPOSED else How.RESTORED
        if now.state is EntryState.OPEN:
            return How.RESTORED
        if now.state in {EntryState.REJECTED, EntryState.SUPERSEDED}:
            return How(now.state.value)
    gone_or_back = [event.what for event in one.events if event.what in {"withdrawn", "restored"}]
    if gone_or_back[:1] == ["restored"]:
        return How.RESTORED
    by_hand = any(event.what == "edited" for event in one.events)
    if by_hand and _said(was) != _said(now):
        return How.EDITED
    return How.REWORDED if _gist(was) != _gist(now) else None


def _gist(entry: LogEntry) -> tuple[object, ...]:
    """Return what an entry says, but for case, punctuation and reasons."""
    words = re.findall(r"\w+", entry.text.casefold())
    return (*words, entry.owner, entry.due)


def _said(entry: LogEntry) -> tuple[object, ...]:
    finding = entry.finding
    more: tuple[object, ...] = ()
    if isinstance(finding, Decision):
        more = (finding.rationale, finding.decided_by)
    elif isinstance(finding, ActionItem):
        more = (finding.due_text,)
    elif isinstance(finding, OpenQuestion):
        more = (finding.raised_by, entry.answer)
    return (entry.text, entry.owner, entry.due, *more)
