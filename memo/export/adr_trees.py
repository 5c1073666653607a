"""How decisions replaced each other, drawn for Mermaid (https://mermaid.js.org/syntax/flowchart.html).

Hosts of git show such a drawing where a fenced block is marked `mermaid`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from memo.export.adr import day_of, sure_links, wording_of
from memo.export.untrusted import one_line, shortened
from memo.remembered import EntryKind, EntryState, Link, LogEntry, Relation

_CHAINED = frozenset({Relation.REVERSES, Relation.AMENDS, Relation.REAFFIRMS})
_LARGEST = 40
"""Decisions in a drawing; one of more cannot be read, and each of their pages would hold it."""
_LABEL = 80
_SPECIAL = re.compile(r"[^\w ,.:!?'’“”„«»…–—/+*=€$£-]")


def trees_of(entries: Iterable[LogEntry]) -> dict[str, str]:
    """Return the drawing of the chain that a decision belongs to, by number.

    A decision that nothing replaced, and that replaced nothing, has none.

    Args:
        entries: The entries to draw; links to others are left out.
    """
    decisions = {entry.number: entry for entry in entries if entry.kind is EntryKind.DECISION}
    trees: dict[str, str] = {}
    for number in decisions:
        if number not in trees:
            chain = _chain(number, decisions)
            if 1 < len(chain) <= _LARGEST:
                trees.update(dict.fromkeys(chain, _drawn(chain, decisions)))
    return trees


def _chain(number: str, decisions: Mapping[str, LogEntry]) -> list[str]:
    """Return the decisions that are linked to one, over any number of links, the oldest first."""
    seen, waiting = {number}, [number]
    while waiting:
        for _, other in _chained(decisions[waiting.pop()]):
            if other in decisions and other not in seen:
                seen.add(other)
                waiting.append(other)
    return sorted(seen, key=lambda one: (len(one), one))


def _chained(entry: LogEntry) -> Iterator[tuple[Link, str]]:
    return ((link, other) for link, other, _ in sure_links(entry) if link.relation in _CHAINED)


def _drawn(chain: Iterable[str], decisions: Mapping[str, LogEntry]) -> str:
    lines, arrows = ["flowchart TD"], list[str]()
    for number in chain:
        entry = decisions[number]
        lines.append(f'    {_node(number)}["{_label(entry)}"]')
        arrows += [
            f"    {_node(number)} -->|{wording_of(link, newer=False)}| {_node(other)}"
            for link, other in _chained(entry)
            if link.target == number and other in decisions
        ]
    gone = [_node(number) for number in chain if decisions[number].state is EntryState.SUPERSEDED]
    if gone:
        arrows.append(
            f"    classDef gone stroke-dasharray: 4 4,opacity: 0.7\n    class {','.join(gone)} gone"
        )
    return "\n".join([*lines, *arrows])


def _node(number: str) -> str:
    return number.replace("-", "")


def _label(entry: LogEntry) -> str:
    day = f" ({day})" if (day := day_of(entry.decided_at)) else ""
    text = shortened(one_line(entry.text), _LABEL)
    return f"{entry.number}{day}: {_escaped(text)}"


def _escaped(text: str) -> str:
    """Write as a number each character that could end the label or mark something in it."""
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};", text)
