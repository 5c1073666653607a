"""`memo log why`: the chain of a decision, as a story and as a drawing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence

import click

from memo.app import open_log
from memo.cli.invocation import Invocation
from memo.cli.linked import DOES, MAY
from memo.cli.output import clock, printable, say
from memo.model import Decision, Evidence
from memo.remembered import Link, LinkStanding, LogEntry, Story


@click.command(
    "why", epilog="Examples:  memo log why DEC-0042  ·  memo log why 42 --format md > chain.md"
)
@click.argument("number", metavar="NUMBER")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md", "mermaid", "json"]),
    default="text",
    show_default=True,
    help="How to tell it.",
)
@click.option("--mermaid", "form", flag_value="mermaid", help="The decision tree alone.")
@click.option("--json", "form", flag_value="json", help="A JSON object on stdout.")
@click.pass_context
def why(context: click.Context, /, number: str, form: str) -> None:
    """Tell how a decision came about, and what became of it.

    The chain is told from its oldest entry on: what was decided when and why, what replaced it,
    and the words of both meetings that say so. `--format md` draws it as a decision tree, too.
    """
    invocation: Invocation = context.obj
    with open_log(invocation.settings()) as log:
        story = log.story(number)
    if form == "json":
        say(json.dumps(story.model_dump(mode="json"), indent=2))
        return
    if form == "text":
        for line in told(story):
            say(line)
        return
    from memo.export.trees import draw_tree

    if form == "mermaid":
        say(draw_tree(story).rstrip())
        return
    from memo.export.story import render_story

    say(render_story(story).rstrip())


def told(story: Story) -> Iterator[str]:
    """Yield the lines of a story, the oldest entry first."""
    newer = defaultdict[str, list[Link]](list)
    for link in story.links:
        newer[link.source].append(link)
    meeting = None
    for entry in story.entries:
        if meeting != (entry.recording.sha256, entry.meeting_title):
            yield from ("", _heading(entry)) if meeting else (_heading(entry),)
            meeting = (entry.recording.sha256, entry.meeting_title)
        yield from _entry(entry, newer[entry.number], asked=entry.number == story.number)
    for link in (link for link in story.links if link.meeting is not None):
        yield from ("", _meeting(link, story))
        yield f"  {_does(link, link.source)}"
        yield from _said(link.later)
    if story.cut:
        yield from ("", f"The chain goes on: only {len(story.entries)} of its entries are told.")


def _heading(entry: LogEntry) -> str:
    when = f"{entry.decided_at:%Y-%m-%d}" if entry.decided_at else "no date"
    return f"{when}  {printable(entry.meeting_title)}"


def _meeting(link: Link, story: Story) -> str:
    meeting = story.meetings.get(link.source)
    when = f"{meeting.started_at:%Y-%m-%d}" if meeting and meeting.started_at else "no date"
    return f"{when}  {printable(link.meeting or link.source)}"


def _entry(entry: LogEntry, links: Sequence[Link], *, asked: bool) -> Iterator[str]:
    state = "withdrawn" if entry.withdrawn_at else str(entry.state)
    mark = "»" if asked else " "
    yield f"{mark} {entry.number}  {printable(entry.text)}  ({state})"
    if isinstance(entry.finding, Decision) and entry.finding.rationale:
        yield f"      why: {printable(entry.finding.rationale)}"
    if entry.people:
        yield f"      who: {printable(', '.join(entry.people))}"
    if entry.due:
        yield f"      due: {entry.due:%Y-%m-%d}"
    for link in links:
        yield f"      {_does(link, '')}"
        yield from _said(link.earlier, "then")
    yield from _said(entry.finding.evidence[:2])


def _does(link: Link, source: str) -> str:
    words = MAY if link.standing is LinkStanding.PROPOSED else DOES
    does = f"{words[link.relation]} {link.target}"
    because = f": {printable(link.reason)}" if link.reason else ""
    waits = " (memo log review)" if link.standing is LinkStanding.PROPOSED else ""
    return f"{source + ' ' if source else ''}{does}{because}{waits}"


def _said(evidence: Sequence[Evidence], when: str = "said") -> Iterator[str]:
    for one in evidence[:2]:
        speaker = f" {printable(one.speaker)}:" if one.speaker else ""
        yield f"        {when} [{clock(one.start)}]{speaker} “{printable(one.quote)}”"
