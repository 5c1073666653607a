"""`memo log review`: links that memo proposes, and that wait for somebody to confirm them."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from memo.app import open_log
from memo.cli.invocation import Invocation
from memo.cli.linked import DOES, MAY
from memo.cli.log_changes import who_says
from memo.cli.output import clock, note, printable, say, shown_to_a_person
from memo.model import Evidence
from memo.remembered import Link, LinkStanding, LogEntry

if TYPE_CHECKING:
    from memo.decision_log.log import DecisionLog

_PAIR = re.compile(r"\s*(\w{3}-\d+)\s*:\s*(\w{3}-\d+)\s*", re.IGNORECASE)
_WHICH = "N|NEWER:OLDER"


@click.command(
    "review",
    epilog="Examples:  memo log review  ·  memo log review --accept 1 --refuse DEC-0007:DEC-0003",
)
@click.option("--accept", multiple=True, metavar=_WHICH, help="Confirm these.")
@click.option("--refuse", multiple=True, metavar=_WHICH, help="Refuse these, for good.")
@click.option("--who", metavar="NAME", help="Who says so, if not the user that is logged in.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout.")
@click.pass_context
def review(
    context: click.Context,
    /,
    accept: tuple[str, ...],
    refuse: tuple[str, ...],
    who: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Confirm or refuse links that memo proposes.

    What memo is not sure of changes nothing until somebody confirms it; what is refused is never
    proposed again. In a terminal each is asked for; elsewhere they are listed.
    """
    invocation: Invocation = context.obj
    with open_log(invocation.settings()) as log:
        waiting = log.links(standing=LinkStanding.PROPOSED)
        who = who_says(who)
        if accept or refuse:
            _judge(log, _chosen(waiting, accept, refuse), who)
            return
        if as_json:
            say(json.dumps([_as_json(n, link, log) for n, link in enumerate(waiting, 1)], indent=2))
            return
        if not waiting:
            say("Nothing waits.")
            return
        if in_a_terminal():
            _ask(log, waiting, who)
            return
        for number, link in enumerate(waiting, 1):
            for line in _shown(number, link, log):
                say(line)


def in_a_terminal() -> bool:
    """Tell whether somebody is there to be asked."""
    return shown_to_a_person() and sys.stdin is not None and sys.stdin.isatty()


def _chosen(
    waiting: Sequence[Link], accept: Sequence[str], refuse: Sequence[str]
) -> list[tuple[Link, LinkStanding]]:
    """Return what to make of which links; nothing is judged if one of them is not there."""
    chosen = [(_one(waiting, which), LinkStanding.SURE) for which in accept]
    chosen += [(_one(waiting, which), LinkStanding.REFUSED) for which in refuse]
    ends = [(link.source, link.target) for link, _ in chosen]
    twice = next((f"{s}:{t}" for s, t in ends if ends.count((s, t)) > 1), None)
    if twice:
        raise click.UsageError(f"{twice} is named twice")
    return chosen


def _one(waiting: Sequence[Link], which: str) -> Link:
    if which.strip().isdecimal() and 0 < int(which) <= len(waiting):
        return waiting[int(which) - 1]
    pair = _PAIR.fullmatch(which)
    ends = (_whole(pair[1]), _whole(pair[2])) if pair else None
    found = next((link for link in waiting if (link.source, link.target) == ends), None)
    if found is None:
        raise click.UsageError(
            f"no link that waits is {printable(which)[:40]}: `memo log review` lists them"
        )
    return found


def _whole(number: str) -> str:
    kind, place = number.split("-")
    return f"{kind.upper()}-{int(place):04d}"


def _judge(log: DecisionLog, chosen: Sequence[tuple[Link, LinkStanding]], who: str) -> None:
    for link, standing in chosen:
        now = dt.datetime.now(dt.UTC)
        update = {"standing": standing, "made_by": who, "made_at": now}
        sure = standing is LinkStanding.SURE
        log.link(link.model_copy(update=update), note="confirmed" if sure else "refused")
        does = f"{link.source} {DOES[link.relation]} {link.target}"
        say(f"confirmed: {does}" if sure else f"refused: {does}")


def _ask(log: DecisionLog, waiting: Sequence[Link], who: str) -> None:
    note(f"{len(waiting)} wait. y confirms, n refuses, s skips, q leaves.")
    for number, link in enumerate(waiting, 1):
        for line in _shown(number, link, log):
            say(line)
        answer = click.prompt(
            "    is that so?", type=click.Choice(["y", "n", "s", "q"]), default="s", err=True
        )
        if answer == "q":
            return
        if answer != "s":
            standing = LinkStanding.SURE if answer == "y" else LinkStanding.REFUSED
            _judge(log, [(link, standing)], who)


def _shown(number: int, link: Link, log: DecisionLog) -> Iterator[str]:
    newer, older = _entry(link.source, log), log.entry(link.target)
    yield f"{number:>3}  {link.source} {MAY[link.relation]} {link.target}  ({link.reason})"
    told = _told(newer) if newer else printable(link.meeting or "")
    yield f"     newer  {told}"
    yield from _said(link.later)
    yield f"     older  {_told(older)}"
    yield from _said(link.earlier)


def _told(entry: LogEntry) -> str:
    day = f"{entry.decided_at:%Y-%m-%d}" if entry.decided_at else "no date"
    return f"{day}  {printable(entry.text)}"


def _said(evidence: Sequence[Evidence]) -> Iterator[str]:
    for one in evidence[:2]:
        speaker = f" {printable(one.speaker)}:" if one.speaker else ""
        yield f"            [{clock(one.start)}]{speaker} “{printable(one.quote)}”"


def _entry(number: str, log: DecisionLog) -> LogEntry | None:
    return None if number.startswith("MTG") else log.entry(number)


def _as_json(number: int, link: Link, log: DecisionLog) -> dict[str, Any]:
    newer = _entry(link.source, log)
    return {
        "number": number,
        **link.model_dump(mode="json"),
        "newer_text": newer.text if newer else None,
        "older_text": log.entry(link.target).text,
    }
