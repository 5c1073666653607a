"""A decision of the log as a page in the form of MADR 4 (https://adr.github.io/madr/).

The same entries give the same bytes on any machine and in any zone: nothing depends on the time
at which a page is made, and days are those of the meeting. Text from outside is escaped where it
lands. Status, statement, options, why and deciders can be changed in a page and read back
(`memo log import`); the rest follows from the log.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from memo.export.marks import block, heading, inline, link_text
from memo.export.stamps import stamped
from memo.export.untrusted import moment_url, one_line
from memo.model import Evidence, Verdict
from memo.remembered import (
    EntryKind,
    EntryState,
    Link,
    LinkStanding,
    LogEntry,
    Relation,
    content_of,
    fingerprint,
)

_SLUG_LENGTH = 50
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th"})
_HAPPENED = {
    EntryState.PROPOSED: "Proposed",
    EntryState.REJECTED: "Rejected",
}


@dataclass(frozen=True)
class Around:
    """What the pages of a folder know of each other.

    Attributes:
        entries: Every entry that has a place in the folder, by its number.
        names: Names of the files in which they stand, by number.
        memos: Where memos and recordings lie, as seen from the folder, or an address; None if
            nobody knows, and nothing is linked there.
        trees: Mermaid's drawings of the chains, by the numbers of the decisions in them.
    """

    entries: Mapping[str, LogEntry] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    memos: str | None = None
    trees: Mapping[str, str] = field(default_factory=dict)

    def link(self, number: str) -> str:
        """Return a number, leading to where its entry stands if it has a place."""
        name = self.names.get(number)
        return f"[{number}]({quote(name, errors='replace')})" if name else number

    def told(self, number: str) -> str:
        """Return a number as a link, and what its entry says."""
        entry = self.entries.get(number)
        says = f": “{inline(one_line(entry.text))}”" if entry else ""
        return f"{self.link(number)}{says}"

    def memo_link(self, entry: LogEntry) -> str | None:
        """Return the name of an entry's memo, leading there if somebody said where memos lie."""
        if entry.memo_path is None:
            return None
        name = re.split(r"[\\/]", entry.memo_path)[-1]
        if not self.memos:
            return inline(one_line(name)) or "memo"
        address = self._at(quote(name, safe="", errors="replace"))
        return f"[{link_text(one_line(name)) or 'memo'}]({address})"

    def moment(self, entry: LogEntry, seconds: float) -> str:
        """Return a time of a recording, leading there if somebody said where recordings lie."""
        at = clock(seconds)
        if not self.memos:
            return at
        return f"[{at}]({self._at(moment_url(entry.recording.filename, seconds))})"

    def _at(self, name: str) -> str:
        return f"{quote((self.memos or '').rstrip('/'), safe='/:@%~', errors='replace')}/{name}"


def slug(text: str) -> str:
    """Return a short name for a file: small ASCII letters, figures and hyphens, on any disk.

    Accents go; of a script that has no such letters nothing is left.
    """
    folded = unicodedata.normalize("NFKD", one_line(text).casefold().translate(_LETTERS))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    words = re.findall(r"[a-z0-9]+", re.sub(r"['’]", "", plain[:1000]))
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word[:_SLUG_LENGTH]
        if len(longer) > _SLUG_LENGTH:
            break
        name = longer
    return name


def file_name(entry: LogEntry) -> str:
    """Return the name of a new file for a decision: `0042-ship-on-friday.md`."""
    place = entry.number.removeprefix(f"{EntryKind.DECISION.prefix}-")
    return f"{place}-{slug(entry.text) or 'decision'}.md"


def by_number(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """Return entries in the order of their numbers: decisions, actions, questions."""
    return sorted(entries, key=place_of)


def place_of(entry: LogEntry) -> tuple[int, int]:
    """Return where an entry stands among all others, by its number."""
    return list(EntryKind).index(entry.kind), int(entry.number.partition("-")[2])


def day_of(instant: dt.datetime | None) -> str | None:
    """Return the day of an instant in its own zone."""
    return None if instant is None else instant.date().isoformat()


def meeting_of(entry: LogEntry) -> str:
    """Return the meeting's title and day, escaped to stand within a line."""
    title = inline(one_line(entry.meeting_title)) or "a meeting"
    day = day_of(entry.decided_at)
    return f"{title}, {day}" if day else title


def clock(seconds: float) -> str:
    """Return seconds as `12:34` or `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def sure_links(entry: LogEntry) -> Iterator[tuple[Link, str, bool]]:
    """Yield what is sure: a link, the number at its other end, whether the entry is the newer."""
    for link in sorted(entry.links, key=lambda link: (link.source, link.target, link.relation)):
        if link.standing is LinkStanding.SURE:
            newer = link.source == entry.number
            yield link, link.target if newer else link.source, newer


def wording_of(link: Link, *, newer: bool) -> str:
    """Return what one end of a link does to the other, as seen from the newer or the older."""
    return link.relation.does if newer else link.relation.undergoes


def superseded_by(entry: LogEntry) -> tuple[str, ...]:
    """Return the numbers of the decisions that took a decision's place."""
    if entry.state is not EntryState.SUPERSEDED:
        return ()
    replacing = {Relation.REVERSES, Relation.AMENDS}
    return tuple(
        other
        for link, other, newer in sure_links(entry)
        if not newer and link.relation in replacing
    )


def render_decision(entry: LogEntry, around: Around | None = None) -> str:
    """Return a decision's page, with its checksum.

    Args:
        entry: A decision.
        around: What it can lead to; by default nothing, and numbers stand alone.
    """
    blocks = "\n\n".join(_blocks(entry, around or Around()))
    return stamped(f"{_facts(entry)}\n\n{blocks}\n")


def _facts(entry: LogEntry) -> str:
    decision = entry.decision
    by = superseded_by(entry)
    status = f"superseded by {', '.join(by)}" if by else str(entry.state)
    facts = {
        "status": json.dumps(status) if by else status,
        "date": day_of(entry.decided_at),
        "decision-makers": _json(people) if (people := _lines(decision.decided_by)) else None,
        "number": entry.number,
        "content": _json(fingerprint(content_of(entry))),
        "recording": _json(entry.recording.sha256),
    }
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    return "\n".join(["---", *lines, "---"])


def _json(value: object) -> str:
    """Return a value as YAML reads it, too: JSON is a part of it."""
    return json.dumps(value, ensure_ascii=False)


def _blocks(entry: LogEntry, around: Around) -> Iterator[str]:
    decision, statement = entry.decision, one_line(entry.text) or entry.number
    yield f"# {heading(statement)}"
    yield from _replaced(entry, around)
    yield "## Context and Problem Statement"
    yield from _context(entry, around)
    yield "## Considered Options"
    others = [other for other in _lines(decision.considered) if other != statement]
    yield _bullets([block(statement), *map(block, others)])
    yield "## Decision Outcome"
    yield f'Chosen option: "{inline(statement)}"'
    if why := one_line(decision.rationale or ""):
        yield f"*Why:* {inline(why)}"
    yield from _consequences(entry, around)
    yield "## More Information"
    yield from _information(entry, around)


def _replaced(entry: LogEntry, around: Around) -> Iterator[str]:
    if by := superseded_by(entry):
        yield "\n>\n".join(f"> **Superseded by {around.told(number)}**" for number in by)


def _context(entry: LogEntry, around: Around) -> Iterator[str]:
    yield _when(entry)
    decision = entry.decision
    does = [
        f"{wording_of(link, newer=newer)[:1].upper()}{wording_of(link, newer=newer)[1:]}"
        f" {_other_end(link, other, around)}{_because(link)}"
        for link, other, newer in sure_links(entry)
        if other not in superseded_by(entry) and not other.startswith("ACT")
    ]
    if not does and (replaced := one_line(decision.supersedes or "")):
        does = [f"In the place of: {inline(replaced)}"]
    if does:
        yield _bullets(does)


def _when(entry: LogEntry) -> str:
    happened = _HAPPENED.get(entry.state, "Decided")
    title = inline(one_line(entry.meeting_title))
    where = f" in *{title}*" if title else " in a meeting"
    if entry.decided_at is None:
        return f"{happened}{where}; nobody knows when."
    zone = inline(one_line(entry.timezone))
    return f"{happened}{where} on {day_of(entry.decided_at)} at {entry.decided_at:%H:%M} ({zone})."


def _other_end(link: Link, other: str, around: Around) -> str:
    if link.meeting is not None:
        return f"*{inline(one_line(link.meeting))}*"
    return around.told(other)


def _because(link: Link) -> str:
    reason = one_line(link.reason)
    return f" ({inline(reason)})" if reason else ""


def _consequences(entry: LogEntry, around: Around) -> Iterator[str]:
    others = [around.entries.get(other) for _, other, newer in sure_links(entry) if not newer]
    actions = [other for other in others if other and other.kind is EntryKind.ACTION]
    if actions:
        yield "### Consequences"
        yield _bullets(_consequence(action, around) for action in actions)


def _consequence(action: LogEntry, around: Around) -> str:
    facts = [
        inline(one_line(action.owner or "")) or "nobody",
        f"due {action.due.isoformat()}" if action.due else "",
        str(action.state),
    ]
    told = inline(one_line(action.text))
    return f"{around.link(action.number)}: {told} — {', '.join(filter(None, facts))}"


def _information(entry: LogEntry, around: Around) -> Iterator[str]:
    finding = entry.finding
    if finding.verdict is not Verdict.SUPPORTED:
        reason = one_line(finding.reason or "")
        yield f"⚠ Not borne out in all: {inline(reason)}" if reason else "⚠ Not borne out in all."
    if tree := around.trees.get(entry.number):
        yield f"```mermaid\n{tree.rstrip()}\n```"
    yield f"Said in {inline(one_line(entry.recording.filename)) or 'a recording'}:"
    yield "\n>\n".join(_quote(entry, said, around) for said in finding.evidence) or "> (no words)"
    if memo := around.memo_link(entry):
        yield f"Memo: {memo}"


def _quote(entry: LogEntry, said: Evidence, around: Around) -> str:
    speaker = inline(one_line(said.speaker or ""))
    by = ", ".join(filter(None, (speaker, around.moment(entry, said.start))))
    return f"> “{inline(one_line(said.quote))}” — {by}"


def _lines(texts: Iterable[str]) -> list[str]:
    return [line for text in texts if (line := one_line(text))]


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"* {line}" for line in lines)
