"""Chains of decisions as a drawing in Mermaid (https://mermaid.js.org/syntax/flowchart.html).

Time runs downwards: an arrow goes from the older entry to what replaced it. What waits to be
confirmed is dotted. Labels are somebody else's words: all but letters, figures and a few plain
marks is written as a character's number, so that nothing in them is syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memo.export.untrusted import one_line, shortened
from memo.remembered import EntryState, LinkStanding, LogEntry, Story

LABEL = 70
"""Characters of a label."""
_PLAIN = frozenset(" .,'!?+-%€£$·()/")
_BULLET = re.compile(r"(?:[+-]|\d{1,9}[.)])(?=\s|$)")
_OVER = {EntryState.SUPERSEDED, EntryState.REJECTED, EntryState.DONE, EntryState.DROPPED}


def draw_tree(story: Story) -> str:
    """Return a story as a Mermaid flowchart, without the fence around it."""
    return "\n".join(_lines(story)) + "\n"


def _lines(story: Story) -> Iterator[str]:
    yield "flowchart TD"
    for entry in story.entries:
        yield f'  {_id(entry.number)}["{_label(entry)}"]{_class(entry, story.number)}'
    for number, meeting in sorted(story.meetings.items()):
        day = f"{meeting.started_at:%Y-%m-%d} · " if meeting.started_at else ""
        yield f'  {_id(number)}(["{day}{_escaped(meeting.title)}"])'
    for link in story.links:
        does, arrow = link.relation.undergoes, "-->"
        if link.standing is LinkStanding.PROPOSED:
            does, arrow = f"perhaps {does}", "-.->"
        yield f"  {_id(link.target)} {arrow}|{does}| {_id(link.source)}"
    yield "  classDef over stroke-dasharray:4 3,color:gray"
    yield "  classDef asked stroke-width:3px"


def _id(number: str) -> str:
    return number.replace("-", "")


def _label(entry: LogEntry) -> str:
    day = f" · {entry.decided_at:%Y-%m-%d}" if entry.decided_at else ""
    return f"{entry.number}{day} · {entry.state}<br/>{_escaped(entry.text)}"


def _class(entry: LogEntry, asked: str) -> str:
    if entry.number == asked:
        return ":::asked"
    return ":::over" if entry.state in _OVER else ""


def _escaped(text: str) -> str:
    """Return text as a label may hold it: `#35;` is Mermaid's way to write a character.

    What could begin a list is written so, too: Mermaid reads a label as Markdown.
    """
    told = shortened(one_line(text), LABEL)
    bullet = _BULLET.match(told)
    special = bullet.end() - 1 if bullet else -1
    return "".join(
        char if (char.isalnum() or char in _PLAIN) and place != special else f"#{ord(char)};"
        for place, char in enumerate(told)
    )
