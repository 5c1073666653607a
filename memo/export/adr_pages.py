"""The pages beside the decisions of a folder: the index, the actions and the open questions.

Like the decisions' pages they depend on the log alone. Nothing is marked as overdue: that would
change with the day on which the page is made.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from memo.export.adr import (
    Around,
    day_of,
    meeting_of,
    place_of,
    superseded_by,
    sure_links,
    wording_of,
)
from memo.export.marks import cell, heading, inline
from memo.export.stamps import stamped
from memo.export.untrusted import one_line
from memo.model import OpenQuestion
from memo.remembered import (
    EntryKind,
    EntryState,
    LogEntry,
    Relation,
    content_of,
    fingerprint,
)

ACTIONS = "actions.md"
QUESTIONS = "questions.md"

_NOBODY = "nobody"
_SHOWN = (
    EntryState.ACCEPTED,
    EntryState.PROPOSED,
    EntryState.SUPERSEDED,
    EntryState.REJECTED,
)


def newest_first(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """Return entries by when they came up, the newest first; those of unknown times last."""
    never = dt.datetime.min.replace(tzinfo=dt.UTC)
    by_number = sorted(entries, key=place_of, reverse=True)
    return sorted(by_number, key=lambda entry: entry.decided_at or never, reverse=True)


def render_index(entries: Sequence[LogEntry], around: Around) -> str:
    """Return the page that leads to all others: decisions by status, the newest first."""
    return stamped("\n\n".join(_index(entries, around)) + "\n\n")


def _index(entries: Sequence[LogEntry], around: Around) -> Iterator[str]:
    decisions = _of(entries, EntryKind.DECISION)
    yield "# Decisions"
    yield _counts(entries)
    for state in _SHOWN:
        chosen = [entry for entry in decisions if entry.state is state]
        if chosen:
            yield f"## {state.capitalize()}"
            yield _table(newest_first(chosen), around, replaced=state is EntryState.SUPERSEDED)


def _counts(entries: Sequence[LogEntry]) -> str:
    def open_ones(kind: EntryKind) -> int:
        return sum(entry.state is EntryState.OPEN for entry in _of(entries, kind))

    decisions = _counted(len(_of(entries, EntryKind.DECISION)), "decision")
    actions = _counted(open_ones(EntryKind.ACTION), "open action")
    questions = _counted(open_ones(EntryKind.QUESTION), "open question")
    return f"{decisions}, [{actions}]({ACTIONS}), [{questions}]({QUESTIONS})."


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _table(entries: Sequence[LogEntry], around: Around, *, replaced: bool) -> str:
    head = ["Number", "Decision", "Day", "By", *(["Superseded by"] if replaced else [])]
    rows = [head, ["---"] * len(head), *(_row(one, around, replaced=replaced) for one in entries)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(entry: LogEntry, around: Around, *, replaced: bool) -> list[str]:
    people = ", ".join(filter(None, map(one_line, entry.people)))
    row = [
        around.link(entry.number),
        cell(one_line(entry.text)),
        day_of(entry.decided_at) or "",
        cell(people),
    ]
    return [*row, ", ".join(map(around.link, superseded_by(entry)))] if replaced else row


def render_actions(entries: Sequence[LogEntry], around: Around) -> str:
    """Return the page of what is to do: by owner and date, then what is done and dropped."""
    return stamped("\n\n".join(_actions(_of(entries, EntryKind.ACTION), around)) + "\n\n")


def _actions(actions: Sequence[LogEntry], around: Around) -> Iterator[str]:
    yield "# Actions"
    standing = sorted(_in(actions, EntryState.OPEN), key=_by_owner)
    if not standing:
        yield "Nothing is to do."
    owners = dict.fromkeys(_owner(action).casefold() for action in standing)
    for owner in owners:
        its = [action for action in standing if _owner(action).casefold() == owner]
        yield f"## {heading(_owner(its[0])) or 'Nobody yet'}"
        yield _list(its, around)
    for state in (EntryState.DONE, EntryState.DROPPED):
        if closed := newest_first(_in(actions, state)):
            yield f"## {state.capitalize()}"
            yield _list(closed, around)


def render_questions(entries: Sequence[LogEntry], around: Around) -> str:
    """Return the page of what is open: the oldest first, then what is answered and dropped."""
    return stamped("\n\n".join(_questions(_of(entries, EntryKind.QUESTION), around)) + "\n\n")


def _questions(questions: Sequence[LogEntry], around: Around) -> Iterator[str]:
    yield "# Questions"
    if standing := newest_first(_in(questions, EntryState.OPEN))[::-1]:
        yield _list(standing, around)
    else:
        yield "Nothing is open."
    for state in (EntryState.ANSWERED, EntryState.DROPPED):
        if closed := newest_first(_in(questions, state)):
            yield f"## {state.capitalize()}"
            yield _list(closed, around)


def _list(entries: Iterable[LogEntry], around: Around) -> str:
    return "\n".join(line for entry in entries for line in _lines(entry, around))


def _lines(entry: LogEntry, around: Around) -> Iterator[str]:
    """Yield an entry's line, which can be changed and read back, and where it comes from."""
    box = {EntryState.OPEN: "[ ] ", EntryState.DROPPED: ""}.get(entry.state, "[x] ")
    content = fingerprint(content_of(entry))
    told = inline(one_line(entry.text))
    yield f"- {box}**{entry.number}** {told} — {_facts(entry)} <!-- content: {content} -->"
    yield f"  *{' · '.join(_origin(entry, around))}*"


def _facts(entry: LogEntry) -> str:
    finding = entry.finding
    if isinstance(finding, OpenQuestion):
        people = {"raised by": finding.raised_by, "waits for": finding.waiting_on}
        told = [f"{what}: {inline(one_line(who))}" for what, who in people.items() if who]
        if answer := one_line(entry.answer or ""):
            told.append(f"answer: {inline(answer)}")
        return ", ".join(told) or f"waits for: {_NOBODY}"
    due = f", due: {entry.due.isoformat()}" if entry.due else ""
    return f"owner: {inline(_owner(entry)) or _NOBODY}{due}"


def _origin(entry: LogEntry, around: Around) -> Iterator[str]:
    """Yield what an entry has to do with others, and the meeting that it comes from."""
    for link, other, newer in sure_links(entry):
        if link.meeting is not None:
            yield f"{wording_of(link, newer=newer)} {inline(one_line(link.meeting))}"
        elif newer and link.relation is Relation.FOLLOWS:
            yield around.link(other)
        else:
            yield f"{wording_of(link, newer=newer)} {around.link(other)}"
    yield meeting_of(entry)


def _owner(entry: LogEntry) -> str:
    return one_line(entry.owner or "")


def _by_owner(entry: LogEntry) -> tuple[bool, str, dt.date, tuple[int, int]]:
    owner = _owner(entry).casefold()
    return (not owner, owner, entry.due or dt.date.max, place_of(entry))


def _of(entries: Iterable[LogEntry], kind: EntryKind) -> list[LogEntry]:
    return [entry for entry in entries if entry.kind is kind]


def _in(entries: Iterable[LogEntry], state: EntryState) -> list[LogEntry]:
    return [entry for entry in entries if entry.state is state]
