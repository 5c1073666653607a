"""A digest for Word: what was and what is now stand side by side in a table.

It has the styles of the memo. Import it late: it needs python-docx.
"""

from __future__ import annotations

import datetime as dt

from docx.text.paragraph import Paragraph

from memo.export.digest_page import Comparison, DigestPage, Group, Line, Section, Side, Words
from memo.export.word_document import Sheet, blank, packed

_LABELS = 0.12  # the share of the text's width that the column of labels takes


def render_digest_word(page: DigestPage, *, made_at: dt.datetime) -> bytes:
    """Return a digest as the bytes of a `.docx` file.

    Args:
        page: The digest.
        made_at: When it was made, for the file's properties.
    """
    document = blank(page.title, page.language, made_at)
    _Writer(Sheet(document, page.language), page).write()
    return packed(document)


class _Writer:
    """Writes a page into a document, from top to bottom."""

    def __init__(self, sheet: Sheet, page: DigestPage) -> None:
        self._sheet = sheet
        self._page = page

    def write(self) -> None:
        page, sheet = self._page, self._sheet
        sheet.line("Title", page.title)
        if page.byline:
            sheet.own("Subtitle", " · ".join(page.byline))
        for note in page.notes:
            sheet.line("Normal", note, "Muted")
        for section in page.sections:
            self._section(section)
        sheet.footer(page.title, page.wording)

    def _section(self, section: Section) -> None:
        self._sheet.heading(section.heading)
        for comparison in section.comparisons:
            self._comparison(comparison)
        for group in section.groups:
            self._group(group)
        if section.note:
            self._sheet.line("Normal", section.note, "Muted")

    def _group(self, group: Group) -> None:
        if group.title:
            title = self._sheet.paragraph("Heading 2", group.title)
            self._sheet.text(title, group.title)
            self._sheet.text(title, f" · {group.when}", "Muted")
            self._sheet.links(title, [group.place] if group.place else [])
        for line in group.lines:
            self._line(line)

    def _line(self, line: Line) -> None:
        paragraph = self._sheet.paragraph("List Bullet", line.text)
        if line.number:
            self._sheet.text(paragraph, f"{line.number} ", "Muted")
        self._sheet.text(paragraph, line.text)
        for tag in line.tags:
            self._sheet.text(paragraph, " · ", "Muted")
            self._sheet.text(paragraph, tag.text, "Doubt" if tag.tone == "warn" else "Label")
        self._sheet.links(paragraph, [line.place] if line.place else [])
        for fact in line.facts:
            paragraph.add_run().add_break()
            label = f"{fact.label}: " if fact.label[:1].isalpha() else f"{fact.label} "
            self._sheet.text(paragraph, label, "Label")
            self._sheet.text(paragraph, fact.text)
        for words in line.words:
            self._quote(words)

    def _quote(self, words: Words) -> None:
        line = self._sheet.line("Quote", words.text)
        if words.speaker or words.place:
            self._sheet.text(line, f" — {words.speaker}," if words.speaker else " —")
        self._sheet.links(line, [words.place] if words.place else [])

    def _comparison(self, comparison: Comparison) -> None:
        sides = (comparison.was, *comparison.now)
        heading = self._sheet.paragraph("Heading 2", comparison.tag.text)
        self._sheet.text(heading, comparison.tag.text)
        if comparison.note:
            self._sheet.text(heading, f" · {comparison.note}", "Muted")
        share = (1 - _LABELS) / len(sides)
        labels = (self._page.what, *comparison.labels, self._page.wording.said)
        heads = ("", *(side.head for side in sides))
        table = self._sheet.table(heads, len(labels), (_LABELS, *[share] * len(sides)))
        for row, label in zip(table.rows[1:], labels, strict=True):
            self._sheet.cell(row.cells[0].paragraphs[0], "")
            self._sheet.text(row.cells[0].paragraphs[0], label, "Label")
        for column, side in enumerate(sides, start=1):
            cells = [row.cells[column].paragraphs[0] for row in table.rows[1:]]
            self._side(cells, side)
        self._sheet.end_table()

    def _side(self, cells: list[Paragraph], side: Side) -> None:
        first, *rest, said = cells
        self._sheet.cell(first, "")
        self._sheet.text(first, f"{side.number} ", "Muted")
        self._sheet.text(first, side.text)
        for cell, text in zip(rest, side.rows, strict=True):
            self._sheet.cell(cell, text)
        self._sheet.cell(said, "")
        self._sheet.links(said, [side.place] if side.place else [])
