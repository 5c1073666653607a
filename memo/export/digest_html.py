"""A digest as one HTML file that needs nothing else: no script, no font, no picture.

It is read on a phone as on a desk, in light and in dark, and printed. Text from outside is
escaped where it lands; the only addresses are those of memos.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.resources import files

from memo.export.digest_page import (
    Comparison,
    DigestPage,
    Fact,
    Group,
    Line,
    Place,
    Section,
    Side,
    Tag,
    Words,
)
from memo.export.direction import language_reads_right_to_left
from memo.export.wording import primary_language

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render_digest_html(page: DigestPage) -> str:
    """Return a digest as a whole HTML document (WHATWG HTML), in UTF-8."""
    style = (files("memo.export") / "digest.css").read_text(encoding="utf-8")
    way = ' dir="rtl"' if language_reads_right_to_left(page.language) else ""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{escape(primary_language(page.language) or "en")}"{way}>',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escape(page.title)}</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            "<main>",
            *_body(page),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _body(page: DigestPage) -> Iterator[str]:
    if not page.sections:
        yield f'<p class="nothing">{_text(" ".join((page.title, *page.notes)))}</p>'
        return
    yield f"<h1>{_text(page.title)}</h1>"
    facts = "".join(f"<span>{_text(fact)}</span>" for fact in page.byline)
    yield f'<p class="byline">{facts}</p>'
    for note in page.notes:
        yield f'<p class="note">{_text(note)}</p>'
    for section in page.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield f'<section class="{section.name}">'
    yield f"<h2>{_text(section.heading)}</h2>"
    for comparison in section.comparisons:
        yield from _comparison(comparison)
    for group in section.groups:
        yield from _group(group)
    if section.note:
        yield f'<p class="note">{_text(section.note)}</p>'
    yield "</section>"


def _group(group: Group) -> Iterator[str]:
    if group.title:
        place = f" {_place(group.place)}" if group.place else ""
        yield (
            f'<h3>{_text(group.title)} <span class="when">{_text(group.when)}</span>{place}</h3>'
        )
    if group.lines:
        yield "<ul>"
        for line in group.lines:
            yield f"<li>{_line(line)}</li>"
        yield "</ul>"


def _comparison(comparison: Comparison) -> Iterator[str]:
    note = f' <span class="when">{_text(comparison.note)}</span>' if comparison.note else ""
    yield f'<article><p class="how">{_tag(comparison.tag)}{note}</p><div class="sides">'
    yield _side(comparison.was, comparison.labels, "was")
    for side in comparison.now:
        yield _side(side, comparison.labels, "now")
    yield "</div></article>"


def _side(side: Side, labels: tuple[str, ...], name: str) -> str:
    rows = zip(labels, side.rows, strict=True)
    facts = "".join(_fact(Fact(label, text)) for label, text in rows)
    said = f'<p class="said">{_place(side.place)}</p>' if side.place else ""
    return (
        f'<div class="side {name}"><p class="when">{_text(side.head)}</p>'
        f'<p class="statement">{_number(side.number)} {_text(side.text)}</p>{facts}{said}</div>'
    )


def _line(line: Line) -> str:
    tags = " ".join(map(_tag, line.tags))
    place = f' <span class="said">{_place(line.place)}</span>' if line.place else ""
    head = f'<p class="statement">{_number(line.number)} {_text(line.text)} {tags}{place}</p>'
    return head + "".join(map(_fact, line.facts)) + "".join(map(_quote, line.words))


def _fact(fact: Fact) -> str:
    colon = ":" if fact.label[:1].isalpha() else ""
    return f'<p class="fact"><b>{_text(fact.label)}{colon}</b> {_text(fact.text)}</p>'


def _quote(words: Words) -> str:
    told = [part for part in (_text(words.speaker), _place(words.place)) if part]
    by = f" — {', '.join(told)}" if told else ""
    return f"<blockquote>{_text(words.text)}{by}</blockquote>"


def _tag(tag: Tag) -> str:
    return f'<span class="tag {tag.tone}">{_text(tag.text)}</span>'


def _number(number: str) -> str:
    return f'<span class="number">{escape(number)}</span>' if number else ""


def _place(place: Place | None) -> str:
    if place is None:
        return ""
    if place.url is None:
        return _text(place.text)
    return f'<a href="{escape(place.url)}">{_text(place.text)}</a>'


def _text(text: str) -> str:
    """Escape text, and keep what it reads like, from right to left too, to itself."""
    if not text:
        return ""
    return f"<bdi>{escape(text)}</bdi>"
