"""How decisions replaced each other, drawn for the pages of those in the chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from memo.export.adr import by_number, sure_links
from memo.export.trees import draw_tree
from memo.remembered import EntryKind, Link, LogEntry, Relation, Story

_CHAINED = frozenset({Relation.REVERSES, Relation.AMENDS, Relation.REAFFIRMS})
_LARGEST = 40
"""Decisions in a drawing; one of more cannot be read, and each of their pages would hold it."""


def trees_of(entries: Iterable[LogEntry]) -> dict[str, str]:
    """Return Mermaid's drawing of the chain that a decision belongs to, by number.

    A decision that nothing replaced, and that replaced nothing, has none.

    Args:
        entries: The entries to draw; links to others are left out.
    """
    decisions = {entry.number: entry for entry in entries if entry.kind is EntryKind.DECISION}
    trees: dict[str, str] = {}
    seen: set[str] = set()
    for number in decisions:
        if number not in seen:
            chain = _chain(number, decisions)
            seen.update(chain)
            if 1 < len(chain) <= _LARGEST:
                trees |= {one: draw_tree(_story(one, chain, decisions)) for one in chain}
    return trees


def _chain(number: str, decisions: Mapping[str, LogEntry]) -> list[str]:
    """Return the decisions that are linked to one, over any number of links, the oldest first."""
    seen, waiting = {number}, [number]
    while waiting:
        for _, other in _chained(decisions[waiting.pop()]):
            if other in decisions and other not in seen:
                seen.add(other)
                waiting.append(other)
    return [entry.number for entry in by_number(decisions[one] for one in seen)]


def _story(number: str, chain: Iterable[str], decisions: Mapping[str, LogEntry]) -> Story:
    entries = tuple(decisions[one] for one in chain)
    links = tuple(
        link
        for entry in entries
        for link, other in _chained(entry)
        if link.target == entry.number and other in decisions
    )
    return Story(number=number, entries=entries, links=links)


def _chained(entry: LogEntry) -> Iterator[tuple[Link, str]]:
    return ((link, other) for link, other, _ in sure_links(entry) if link.relation in _CHAINED)
