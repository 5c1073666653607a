"""`memo log`: look into the decision log."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator

import click

from memo.app import open_log
from memo.cli.invocation import Invocation
from memo.cli.output import clock, printable, say, shown_to_a_person
from memo.model import DecisionStatus
from memo.remembered import EntryState, LogEntry


@click.command("list", epilog="Examples:  memo log list  ·  memo log list --status accepted --json")
@click.option(
    "--status", type=click.Choice([status.value for status in DecisionStatus]), help="Only these."
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@click.option("--all", "withdrawn", is_flag=True, help="Also those that are withdrawn.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout.")
@click.pass_context
def list_entries(
    context: click.Context,
    /,
    status: str | None,
    limit: int | None,
    withdrawn: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """List the decisions that were recorded, those of the newest meeting first.

    A decision is withdrawn when a later conversion of its recording no longer finds it.
    """
    invocation: Invocation = context.obj
    wanted = (EntryState(status),) if status else ()
    with open_log(invocation.settings()) as log:
        entries = log.entries(states=wanted, limit=limit, withdrawn=withdrawn)
    if as_json:
        say(json.dumps([entry.model_dump(mode="json") for entry in entries], indent=2))
        return
    for entry in entries:
        say(_line(entry))


@click.command("show", epilog="Example: memo log show DEC-0002  ·  memo log show 2 --json")
@click.argument("number", metavar="NUMBER")
@click.option("--json", "as_json", is_flag=True, help="A JSON object on stdout.")
@click.pass_context
def show_entry(context: click.Context, /, number: str, as_json: bool) -> None:  # noqa: FBT001
    """Show one decision: what, why, who, and the words it rests on."""
    invocation: Invocation = context.obj
    with open_log(invocation.settings()) as log:
        entry = log.entry(number)
    if as_json:
        say(json.dumps(entry.model_dump(mode="json"), indent=2))
        return
    for label, text in _facts(entry):
        say(_filled(f"{label + ':':<14}{text}", " " * 14) if label else "")


def _line(entry: LogEntry) -> str:
    day = f"{entry.decided_at:%Y-%m-%d}" if entry.decided_at else "no date   "
    state = "withdrawn" if entry.withdrawn_at else str(entry.state)
    head = f"{entry.number}  {day}  {state:<10}  "
    unsure = "" if entry.finding.verdict == "supported" else " (unverified)"
    return _filled(f"{head}{printable(entry.text)}{unsure}", "          ")


def _facts(entry: LogEntry) -> Iterator[tuple[str, str]]:
    decision = entry.decision
    yield entry.number, printable(decision.statement)
    yield "status", str(decision.status)
    if entry.withdrawn_at:
        yield "withdrawn", f"{entry.withdrawn_at:%Y-%m-%d}: its recording no longer shows it"
    if entry.decided_at:
        yield "when", f"{entry.decided_at:%Y-%m-%d %H:%M} ({printable(entry.timezone)})"
    yield "why", printable(decision.rationale or "nobody said")
    if decision.considered:
        yield "instead of", printable(", ".join(decision.considered))
    if decision.supersedes:
        yield "replaces", printable(decision.supersedes)
    if decision.decided_by:
        yield "decided by", printable(", ".join(decision.decided_by))
    yield "meeting", printable(entry.meeting_title)
    yield "recording", printable(entry.recording.filename)
    if entry.memo_path:
        yield "memo", printable(entry.memo_path)
    reason = f" ({printable(decision.reason)})" if decision.reason else ""
    yield "verified", f"{decision.verdict}{reason}"
    for evidence in decision.evidence:
        speaker = f" {printable(evidence.speaker)}:" if evidence.speaker else ""
        yield "said", f"[{clock(evidence.start)}]{speaker} “{printable(evidence.quote)}”"


def _filled(text: str, indent: str) -> str:
    """Break a line at the width of the terminal; a pipe gets it whole."""
    if not shown_to_a_person():
        return text
    width = max(20, shutil.get_terminal_size().columns)
    if width <= len(indent) + 20:
        indent = "  "
    return textwrap.fill(text, width, subsequent_indent=indent, break_on_hyphens=False)
