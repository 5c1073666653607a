"""The memo as a Word file: real styles, real fields, the same bytes for the same memo.

Everything from outside goes into text nodes and document properties, never into markup; the only
relationships to the outside are links to seconds of the recording, made by `layout`. Import it
late: it needs python-docx.
"""

from __future__ import annotations

from collections.abc import Sequence

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.text.paragraph import Paragraph

from memo.export import word_look
from memo.export.layout import NOTHING, Item, Page, Quote, Task, Unverified, lay_out
from memo.export.word_document import Sheet, blank, packed
from memo.model import Memo

_SIGN = "▲"  # the warning sign proper is missing from most text fonts
_COLUMNS = (0.19, 0.45, 0.25, 0.11)  # owner, task, due, said at: shares of the text's width


def render_word(memo: Memo, *, recording_path: str | None = None) -> bytes:
    """Return the memo as the bytes of a `.docx` file.

    Args:
        memo: The memo.
        recording_path: Way from the memo's folder to the recording, with forward slashes; the
            links to the seconds use it. None when they lie side by side.
    """
    page = lay_out(memo, recording_path=recording_path)
    document = blank(page.title, page.language, memo.provenance.created_at)
    _Writer(Sheet(document, page.language), page).write()
    return packed(document)


# --- The text ---------------------------------------------------------------------------------


class _Writer:
    """Writes a page into a document, from top to bottom."""

    def __init__(self, sheet: Sheet, page: Page) -> None:
        self._sheet = sheet
        self._page = page
        self._say = page.wording

    def write(self) -> None:
        page, say = self._page, self._say
        self._sheet.line("Title", page.title)
        self._sheet.own("Subtitle", " · ".join(page.byline))
        for paragraph in page.summary:
            self._sheet.line("Normal", paragraph)
        self._sheet.heading(say.decisions)
        for number, decision in enumerate(page.decisions, start=1):
            self._item(decision, f"{number}. ")
        self._sheet.nothing(page.decisions, say.no_decisions)
        self._sheet.heading(say.actions)
        if page.tasks:
            self._table(page.tasks)
        self._sheet.nothing(page.tasks, say.no_actions)
        self._sheet.heading(say.questions)
        for question in page.questions:
            self._item(question, "")
        self._sheet.nothing(page.questions, say.no_questions)
        self._afterwards()
        self._sheet.footer(page.title, say)

    def _afterwards(self) -> None:
        """Write what follows the three questions a reader comes with."""
        page, say = self._page, self._say
        if page.discussed:
            self._sheet.heading(say.discussed)
        for topic in page.discussed:
            line = self._sheet.line("List Bullet", topic.title)
            self._sheet.links(line, [topic.link])
        if page.unverified:
            self._sheet.heading(say.unverified)
            self._sheet.line("Normal", say.unverified_note).paragraph_format.keep_with_next = True
        for claim in page.unverified:
            self._unverified(claim)
        self._sheet.heading(say.about)
        notes = [self._sheet.line("Coverage", note) for note in page.coverage]
        for warning in page.warnings:
            notes.append(self._sheet.line("Coverage", f"{_SIGN} {warning}", "Doubt"))
        notes += [self._sheet.line("Coverage", note) for note in page.provenance]
        for note in notes[:-1]:
            note.paragraph_format.keep_with_next = True

    def _item(self, item: Item, number: str) -> None:
        """Write a decision or question: what it is as a heading, what is known, the words."""
        say = self._say
        heading = self._sheet.paragraph("Heading 2", item.statement)
        self._sheet.text(heading, number + item.statement)
        if item.status:
            self._sheet.text(heading, f" — {item.status}", "Muted")
        lines = [self._doubt(item.doubt)] if item.doubt else []
        lines += [self._sheet.labelled(detail.label, detail.text) for detail in item.details]
        if item.more:
            also = self._sheet.paragraph("List Bullet", item.statement)
            self._sheet.text(also, f"{say.also_at}: ", "Label")
            self._sheet.links(also, item.more)
            lines.append(also)
        for line in lines:
            line.paragraph_format.keep_with_next = True
        for quote in item.quotes:
            self._quote(quote)

    def _doubt(self, reason: str) -> Paragraph:
        line = self._sheet.paragraph("List Bullet", reason)
        self._sheet.text(line, f"{_SIGN} {self._say.uncertain}: ", "Doubt")
        self._sheet.text(line, reason)
        return line

    def _quote(self, quote: Quote) -> None:
        line = self._sheet.line("Quote", quote.words)
        if self._page.spoken != self._page.language:
            for run in line.runs:
                _spoken_in(self._page.spoken, run.element.get_or_add_rPr())
        self._sheet.text(line, f" — {quote.speaker}," if quote.speaker else " —")
        self._sheet.links(line, [quote.link])

    def _unverified(self, claim: Unverified) -> None:
        line = self._sheet.paragraph("List Bullet", claim.claim)
        self._sheet.text(line, f"{_SIGN} {claim.kind}? ", "Doubt")
        self._sheet.text(line, claim.claim)
        self._sheet.text(line, f" — {claim.reason}", "Muted")
        self._sheet.links(line, claim.links)

    # --- The table of actions ---

    def _table(self, tasks: Sequence[Task]) -> None:
        heads = (self._say.owner, self._say.task, self._say.due, self._say.said)
        table = self._sheet.table(heads, len(tasks), _COLUMNS)
        for row, task in zip(table.rows[1:], tasks, strict=True):
            self._row([cell.paragraphs[0] for cell in row.cells], task)
        self._sheet.end_table()

    def _row(self, cells: Sequence[Paragraph], task: Task) -> None:
        owner, what, due, said = cells
        self._sheet.cell(owner, task.owner or "")
        if not task.owner:
            self._sheet.text(owner, self._say.no_owner, "Muted")
        self._sheet.cell(what, task.task)
        if task.doubt:
            self._sheet.text(what, f" {_SIGN} {self._say.uncertain}: ", "Doubt")
            self._sheet.text(what, task.doubt, "Muted")
        self._sheet.cell(due, task.due or ("" if task.due_words else NOTHING))
        if task.due and task.due_words:
            due.add_run().add_break()
        self._sheet.text(due, task.due_words, "Muted")
        self._sheet.cell(said, "")
        self._sheet.links(said, task.links)


def _spoken_in(language: str, properties: BaseOxmlElement) -> None:
    """Say in which language a run is, to what reads it aloud or checks its spelling."""
    mark = OxmlElement("w:lang")
    for script in ("w:val", "w:eastAsia", "w:bidi"):
        mark.set(qn(script), word_look.full_tag(language))
    properties.append(mark)
