"""A digest as Markdown: what was and what is now stand side by side in a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from memo.export.digest_page import Comparison, DigestPage, Fact, Group, Line, Place, Section, Words
from memo.export.marks import block, cell, heading, inline

_SIGNS = {"warn": "⚠ ", "good": "", "plain": ""}


def render_digest_markdown(page: DigestPage) -> str:
    """Return a digest as Markdown (CommonMark with tables); one line if nothing is new."""
    return "\n\n".join(_blocks(page)) + "\n"


def _blocks(page: DigestPage) -> Iterator[str]:
    if not page.sections:
        yield " ".join(map(block, (page.title, *page.notes)))
        return
    yield f"# {heading(page.title)}"
    yield block(" · ".join(page.byline))
    for note in page.notes:
        yield f"*{inline(note)}*"
    for section in page.sections:
        yield from _section(page, section)


def _section(page: DigestPage, section: Section) -> Iterator[str]:
    yield f"## {heading(section.heading)}"
    for comparison in section.comparisons:
        yield from _comparison(page, comparison)
    if section.name == "held":
        yield "\n".join(map(_meeting, section.groups))
        return
    for group in section.groups:
        if group.title:
            yield f"### {heading(f'{group.title} · {group.when}')}"
        yield from _lines(page, group.lines)
    if section.note:
        yield f"*{inline(section.note)}*"


def _comparison(page: DigestPage, comparison: Comparison) -> Iterator[str]:
    sides = (comparison.was, *comparison.now)
    note = f" — *{inline(comparison.note)}*" if comparison.note else ""
    now = ", ".join(side.number for side in comparison.now)
    numbers = now if now == comparison.was.number else f"{comparison.was.number} → {now}"
    yield f"**{_SIGNS[comparison.tag.tone]}{inline(comparison.tag.text)}: {numbers}**{note}"
    head = ["", *(cell(side.head) for side in sides)]
    rows = [head, ["---"] * len(head)]
    rows.append([f"**{page.what}**", *(cell(side.text) for side in sides)])
    for place, label in enumerate(comparison.labels):
        rows.append([f"**{cell(label)}**", *(cell(side.rows[place]) for side in sides)])
    if any(side.place for side in sides):
        said = page.wording.said
        rows.append([f"**{said}**", *(_cell_place(side.place) for side in sides)])
    yield "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _lines(page: DigestPage, lines: Iterable[Line]) -> Iterator[str]:
    """Yield entries as one list; what is known of each stands below it, or behind it if brief."""
    items = [_brief(line) if page.brief else _full(line) for line in lines]
    if items:
        yield "\n".join(items)


def _brief(line: Line) -> str:
    return f"- {_head(line)}" + "".join(f" — {_fact(fact)}" for fact in line.facts)


def _full(line: Line) -> str:
    below = [_fact(fact) for fact in line.facts] + [_words(words) for words in line.words]
    return "\n".join([f"- {_head(line)}", *(f"  - {one}" for one in below)])


def _head(line: Line) -> str:
    tags = [f"{_SIGNS[tag.tone]}*{inline(tag.text)}*" for tag in line.tags]
    place = [_place(line.place)] if line.place else []
    number = f"**{line.number}** " if line.number else ""
    return " · ".join([f"{number}{inline(line.text)}", *tags, *place])


def _fact(fact: Fact) -> str:
    if not fact.label[:1].isalpha():
        return f"{fact.label} {inline(fact.text)}"
    return f"*{inline(fact.label)}:* {inline(fact.text)}"


def _words(words: Words) -> str:
    told = [part for part in (inline(words.speaker), _place(words.place)) if part]
    return f"{inline(words.text)} — {', '.join(told)}" if told else inline(words.text)


def _meeting(group: Group) -> str:
    told = f"- **{inline(group.title)}** · {inline(group.when)}"
    return f"{told} · {_place(group.place)}" if group.place else told


def _place(place: Place | None) -> str:
    if place is None:
        return ""
    text = inline(place.text)
    # Brackets that escape nothing elsewhere would end the text of a link.
    inside = text.replace("\\[", "[").replace("\\]", "]").replace("[", "\\[").replace("]", "\\]")
    return f"[{inside}]({place.url})" if place.url else text


def _cell_place(place: Place | None) -> str:
    return _place(place).replace("|", "\\|")
