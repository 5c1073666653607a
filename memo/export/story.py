"""The story of a decision as a page of Markdown, with its chain drawn as a tree."""

from __future__ import annotations

from collections.abc import Iterator

from memo.export.marks import heading, inline
from memo.export.trees import draw_tree
from memo.export.untrusted import one_line
from memo.model import Decision, Evidence
from memo.remembered import Link, LinkStanding, LogEntry, Story


def render_story(story: Story) -> str:
    """Return a story as Markdown: the tree, then each entry, the oldest first."""
    return "\n".join(_lines(story)) + "\n"


def _lines(story: Story) -> Iterator[str]:
    asked = next(entry for entry in story.entries if entry.number == story.number)
    yield from (f"# {asked.number}: {heading(asked.text)}", "")
    yield from ("```mermaid", draw_tree(story).rstrip(), "```")
    for entry in story.entries:
        links = [link for link in story.links if link.source == entry.number]
        yield from ("", *_entry(entry, links))
    for link in (link for link in story.links if link.source in story.meetings):
        meeting = story.meetings[link.source]
        day = f"{meeting.started_at:%Y-%m-%d} · " if meeting.started_at else ""
        yield from ("", f"## {day}{heading(meeting.title)}", "", f"- {_does(link)}")
        yield from _quotes(link.later)
    if story.cut:
        yield from ("", "The chain goes on; this is a part of it.")


def _entry(entry: LogEntry, links: list[Link]) -> Iterator[str]:
    day = f" · {entry.decided_at:%Y-%m-%d}" if entry.decided_at else ""
    yield from (
        f"## {entry.number}{day} · {entry.state}",
        "",
        f"**{inline(one_line(entry.text))}**",
    )
    yield ""
    yield f"- *Meeting:* {inline(one_line(entry.meeting_title))}"
    if isinstance(entry.finding, Decision) and entry.finding.rationale:
        yield f"- *Why:* {inline(one_line(entry.finding.rationale))}"
    if entry.people:
        yield f"- *Who:* {inline(one_line(', '.join(entry.people)))}"
    for link in links:
        yield f"- {_does(link)}"
    yield from _quotes(entry.finding.evidence[:2])


def _does(link: Link) -> str:
    waits = " (not confirmed)" if link.standing is LinkStanding.PROPOSED else ""
    because = f": {inline(one_line(link.reason))}" if link.reason else ""
    return f"*{link.relation.does.capitalize()}* {link.target}{waits}{because}"


def _quotes(evidence: tuple[Evidence, ...]) -> Iterator[str]:
    for one in evidence[:2]:
        minutes, seconds = divmod(int(one.start), 60)
        who = f" — {inline(one_line(one.speaker))}" if one.speaker else ""
        yield ""
        yield f"> “{inline(one_line(one.quote))}”{who}, {minutes}:{seconds:02}"
