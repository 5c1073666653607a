"""`memo log list` and `memo log show`: look into the decision log."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from memo.app import open_log
from memo.cli.dates import since, until
from memo.cli.invocation import Invocation
from memo.cli.log_changes import shown
from memo.cli.output import clock, printable, say, shown_to_a_person
from memo.digest import is_unsure, zone_or_utc
from memo.errors import MemoError
from memo.model import ActionItem, Decision, OpenQuestion
from memo.remembered import (
    EntryKind,
    EntryState,
    Link,
    LinkStanding,
    LogEntry,
    LogEvent,
)

if TYPE_CHECKING:
    from memo.decision_log.log import DecisionLog
    from memo.model import Found

_DAY = click.DateTime(["%Y-%m-%d"])
_WIDE = 100  # columns from which on people and dates stand in columns of their own
_LABEL = 14  # columns of what `show` calls the facts


@click.command(
    "list",
    epilog="Examples:  memo log list  ·  memo log list --status accepted --json  ·  "
    "memo log list --kind action --status open --owner Marco",
)
@click.option(
    "--kind",
    type=click.Choice([*(kind.value for kind in EntryKind), "all"]),
    help="Only these; decisions, unless what else is asked for says otherwise.",
)
@click.option(
    "--status", type=click.Choice([state.value for state in EntryState]), help="Only these."
)
@click.option("--owner", metavar="NAME", help="Only what is theirs, or waits for them.")
@click.option("--since", metavar="DATE", help="Only what came up on this date or later.")
@click.option("--until", metavar="DATE", help="Only what came up until this date.")
@click.option("--due-before", type=_DAY, metavar="DAY", help="Only what is due before this day.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@click.option("--all", "withdrawn", is_flag=True, help="Also those that are withdrawn.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout.")
@click.pass_context
def list_entries(
    context: click.Context,
    /,
    *,
    kind: str | None,
    status: str | None,
    limit: int | None,
    withdrawn: bool,
    as_json: bool,
    **asked: Any,  # noqa: ANN401 - of owner, since, until, due_before
) -> None:
    """List the decisions that were recorded, those of the newest meeting first.

    With --kind, actions and open questions, too. An entry is withdrawn when a later conversion of
    its recording no longer finds it.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings()
    due_before = asked["due_before"]
    with open_log(settings) as log:
        entries = log.entries(
            kinds=_kinds(kind, status, asked),
            states=(EntryState(status),) if status else (),
            owner=asked["owner"],
            since=since(asked["since"], settings.timezone),
            until=until(asked["until"], settings.timezone),
            due_before=due_before and due_before.date(),
            limit=limit,
            withdrawn=withdrawn,
        )
    if as_json:
        say(json.dumps([entry.model_dump(mode="json") for entry in entries], indent=2))
        return
    for line in _table(entries):
        say(line)


@click.command(
    "show", epilog="Example: memo log show DEC-0002  ·  memo log show ACT-7 --history  ·  --json"
)
@click.argument("number", metavar="NUMBER")
@click.option("--history", is_flag=True, help="Also who or what changed it when.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object on stdout.")
@click.pass_context
def show_entry(
    context: click.Context,
    /,
    number: str,
    history: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Show one decision, action or question.

    What, why, who, what it has to do with others, what people changed, and the words it rests on.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings()
    with open_log(settings) as log:
        entry = log.entry(number)
        events = log.history(number) if history else ()
        facts = [] if as_json else list(_facts(entry, log))
    if as_json:
        told = entry.model_dump(mode="json")
        if history:
            told["history"] = [event.model_dump(mode="json") for event in events]
        say(json.dumps(told, indent=2))
        return
    for label, text in facts:
        say(_filled(f"{label + ':':<{_LABEL}}{text}", " " * _LABEL))
    for event in events:
        for line in _event(event, settings.timezone):
            say(line)


# --- The list -----------------------------------------------------------------------------------


def _kinds(
    kind: str | None, status: str | None, asked: Mapping[str, object]
) -> tuple[EntryKind, ...]:
    """Return the kinds of entries that are meant: without a word on it, decisions."""
    if kind == "all":
        return tuple(EntryKind)
    if kind is not None:
        return (EntryKind(kind),)
    if asked["due_before"] is not None:
        return (EntryKind.ACTION,)
    if status is not None:
        return tuple(one for one in EntryKind if EntryState(status) in one.states)
    return tuple(EntryKind) if asked["owner"] is not None else (EntryKind.DECISION,)


def _table(entries: tuple[LogEntry, ...]) -> Iterator[str]:
    width = shutil.get_terminal_size().columns
    if not (shown_to_a_person() and width >= _WIDE):
        yield from map(_line, entries)
        return
    names = [_whose(entry) for entry in entries]
    wide = min(max(map(len, names), default=0), 22)
    dated = any(entry.due for entry in entries)
    for entry, name in zip(entries, names, strict=True):
        due = f"{entry.due or ''!s:<12}" if dated else ""
        head = f"{_head(entry)}{textwrap.shorten(name, wide, placeholder='…'):<{wide}}  {due}"
        yield _filled(f"{head}{_text(entry)}", " " * len(head))


def _line(entry: LogEntry) -> str:
    about = ", ".join(filter(None, (_whose(entry), f"due {entry.due}" if entry.due else "")))
    is_decision = entry.kind is EntryKind.DECISION
    aside = f" ({about})" if about and not is_decision else ""
    return _filled(f"{_head(entry)}{_text(entry)}{aside}", " " * 10)


def _head(entry: LogEntry) -> str:
    day = f"{entry.decided_at:%Y-%m-%d}" if entry.decided_at else "no date   "
    return f"{entry.number:<8}  {day}  {_state(entry):<10}  "


def _state(entry: LogEntry) -> str:
    return "withdrawn" if entry.withdrawn_at else str(entry.state)


def _text(entry: LogEntry) -> str:
    return f"{printable(entry.text)}{' (unverified)' if is_unsure(entry) else ''}"


def _whose(entry: LogEntry) -> str:
    if entry.kind is EntryKind.DECISION:
        return printable(", ".join(entry.people))
    return printable(entry.owner or "")


# --- One entry ----------------------------------------------------------------------------------


def _facts(entry: LogEntry, log: DecisionLog) -> Iterator[tuple[str, str]]:
    """Yield what is known of an entry: a label, and what it is."""
    yield entry.number, printable(entry.text)
    yield "status", f"{entry.state}{_vouched(entry)}"
    if entry.withdrawn_at:
        yield "withdrawn", f"{entry.withdrawn_at:%Y-%m-%d}: its recording no longer shows it"
    if entry.decided_at:
        yield "when", f"{entry.decided_at:%Y-%m-%d %H:%M} ({printable(entry.timezone)})"
    yield from _said_of(entry)
    yield from _linked(entry, log)
    yield from _edited(entry, log)
    yield "meeting", printable(entry.meeting_title)
    yield "recording", printable(entry.recording.filename)
    if entry.memo_path:
        yield "memo", printable(entry.memo_path)
    finding = entry.finding
    reason = f" ({printable(finding.reason)})" if finding.reason else ""
    yield "verified", f"{finding.verdict}{reason}"
    for evidence in finding.evidence:
        speaker = f" {printable(evidence.speaker)}:" if evidence.speaker else ""
        yield "said", f"[{clock(evidence.start)}]{speaker} “{printable(evidence.quote)}”"


def _vouched(entry: LogEntry) -> str:
    return ", as somebody says" if "state" in entry.edited else ""


def _said_of(entry: LogEntry) -> Iterator[tuple[str, str]]:
    """Yield what only an entry of its kind has."""
    facts: dict[str, str | None]
    if isinstance(entry.finding, Decision):
        decision = entry.finding
        facts = {
            "why": decision.rationale or "nobody said",
            "instead of": ", ".join(decision.considered),
            "replaces": decision.supersedes,
            "decided by": ", ".join(decision.decided_by),
        }
    elif isinstance(entry.finding, ActionItem):
        words = entry.finding.due_text
        due = " ".join(filter(None, (str(entry.due or ""), words and f"“{words}”")))
        facts = {"owner": entry.owner or "nobody", "due": due}
    else:
        question: OpenQuestion = entry.finding
        facts = {
            "answer": entry.answer,
            "raised by": question.raised_by,
            "waits for": question.waiting_on,
        }
    yield from ((label, printable(text)) for label, text in facts.items() if text)


def _linked(entry: LogEntry, log: DecisionLog) -> Iterator[tuple[str, str]]:
    """Yield what an entry does to others, and what they do to it."""
    for link in sorted(entry.links, key=lambda one: one.standing is not LinkStanding.SURE):
        if link.standing is LinkStanding.REFUSED:
            continue
        newer = link.source == entry.number
        label = link.relation.does if newer else link.relation.undergoes
        yield label, _other_end(link, link.target if newer else link.source, log)


def _other_end(link: Link, other: str, log: DecisionLog) -> str:
    why = f": {printable(link.reason)}" if link.reason else ""
    asks = " (proposed; see `memo log review`)" if link.standing is LinkStanding.PROPOSED else ""
    if link.meeting is not None and other == link.source:
        return f"what was said in {printable(link.meeting)}{why}{asks}"
    try:
        entry = log.entry(other)
    except MemoError:  # it has another shape than this memo knows
        return f"{other}{why}{asks}"
    day = f" on {entry.decided_at:%Y-%m-%d}" if entry.decided_at else ""
    is_action = entry.kind is EntryKind.ACTION
    facts = (_whose(entry), f"due {entry.due}" if entry.due else "", str(entry.state))
    aside = f" ({', '.join(filter(None, facts))})" if is_action else ""
    return f"{entry.number}{day} “{printable(entry.text)}”{aside}{why}{asks}"


def _edited(entry: LogEntry, log: DecisionLog) -> Iterator[tuple[str, str]]:
    """Yield what people changed, and what memo had found."""
    if not entry.edited:
        return
    found: Found = log.found(entry.number)
    held = found.model_dump(mode="json")
    for name in entry.edited:
        if name in held:
            yield "edited", f"{name}; memo found {shown(held[name])}"
        else:
            yield "edited", name


# --- Its history --------------------------------------------------------------------------------


def _event(event: LogEvent, timezone: str) -> Iterator[str]:
    at = event.at.astimezone(zone_or_utc(timezone))
    note = f": {printable(event.note)}" if event.note else ""
    yield _filled(f"{at:%Y-%m-%d %H:%M}  {printable(event.who)}  {event.what}{note}", " " * 18)
    before, after = _flat(event.before), _flat(event.after)
    if event.before is None or event.after is None:
        return
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        if was != now:
            yield _filled(f"{'':18}{name}: {_told(was)} → {_told(now)}", " " * 20)


def _flat(content: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what an entry said, field by field; its state once."""
    if content is None:
        return {}
    finding = {k: v for k, v in content.get("finding", {}).items() if k != "status"}
    return {k: v for k, v in content.items() if k != "finding"} | finding


def _told(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        quotes = [str(one.get("quote", one.get("code", ""))) for one in value]
        return printable(" / ".join(f"“{quote}”" for quote in quotes))
    return shown(value)


def _filled(text: str, indent: str) -> str:
    """Break a line at the width of the terminal; a pipe gets it whole."""
    if not shown_to_a_person():
        return text
    width = max(20, shutil.get_terminal_size().columns)
    if width <= len(indent) + 20:
        indent = "  "
    return textwrap.fill(text, width, subsequent_indent=indent, break_on_hyphens=False)
