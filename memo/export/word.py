"""The memo as a Word file: real styles, real fields, the same bytes for the same memo.

Everything from outside goes into text nodes and document properties, never into markup; the only
relationships to the outside are links to seconds of the recording, made by `layout`. This is the
only module of the package that imports python-docx; import it late.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Sequence

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.table import WD_TABLE_DIRECTION
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Twips
from docx.text.paragraph import Paragraph

from memo.export import word_look
from memo.export.direction import language_reads_right_to_left, reads_right_to_left, runs
from memo.export.layout import NOTHING, Item, Link, Page, Quote, Task, Unverified, lay_out
from memo.export.untrusted import shortened
from memo.model import Memo

_SIGN = "▲"  # the warning sign proper is missing from most text fonts
_NO_BREAK = "\N{NO-BREAK SPACE}"
_COLUMNS = (0.19, 0.45, 0.25, 0.11)  # owner, task, due, said at: shares of the text's width
_PROPERTY_LENGTH = 240  # python-docx takes 255 characters
_FOOTER_TITLE = 80
_FOREIGN_PARTS = (
    "thumbnail",
    "extended-properties",
    "customXml",
    "stylesWithEffects",
    "fontTable",
    "webSettings",
)
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def render_word(memo: Memo, *, recording_path: str | None = None) -> bytes:
    """Return the memo as the bytes of a `.docx` file.

    Args:
        memo: The memo.
        recording_path: Way from the memo's folder to the recording, with forward slashes; the
            links to the seconds use it. None when they lie side by side.
    """
    page = lay_out(memo, recording_path=recording_path)
    document = _blank(page, memo.provenance.created_at)
    _Writer(document, page).write()
    packed = io.BytesIO()
    document.save(packed)
    return _repacked(packed.getvalue())


# --- The document around the text -------------------------------------------------------------


def _blank(page: Page, created_at: dt.datetime) -> WordDocument:
    """Return an empty A4 document with our styles and nothing of the package's template."""
    document = Document()
    _drop_foreign_parts(document)
    _refill(document.styles.element, word_look.style_sheet(page.language))
    _refill(document.part.numbering_part.element, word_look.bullets())
    _refill(document.settings.element, word_look.settings())
    section = document.sections[0]
    section.page_width, section.page_height = (
        Mm(word_look.PAGE_WIDTH_MM),
        Mm(word_look.PAGE_HEIGHT_MM),
    )
    section.left_margin = section.right_margin = Mm(word_look.SIDE_MARGIN_MM)
    section.top_margin = section.bottom_margin = Mm(word_look.EDGE_MARGIN_MM)
    _describe(document, page, created_at)
    return document


def _drop_foreign_parts(document: WordDocument) -> None:
    """Forget what python-docx's template brings along: a thumbnail, another program's name."""
    for relationships in (document.part.package.rels, document.part.rels):
        for key, relationship in list(relationships.items()):
            if relationship.reltype.endswith(_FOREIGN_PARTS):
                del relationships[key]


def _refill(element: BaseOxmlElement, xml: str) -> None:
    """Replace an element's children by those of another."""
    for child in list(element):
        element.remove(child)
    for child in list(parse_xml(xml.encode())):
        element.append(child)


def _describe(document: WordDocument, page: Page, created_at: dt.datetime) -> None:
    """Fill the document's properties."""
    created = created_at.astimezone(dt.UTC).replace(tzinfo=None)
    properties = document.core_properties
    properties.title = shortened(page.title, _PROPERTY_LENGTH)
    properties.author = properties.last_modified_by = "memo"
    properties.created = properties.modified = created
    properties.language = shortened(page.language, _PROPERTY_LENGTH)
    properties.comments = properties.keywords = properties.subject = ""
    properties.revision = 1


def _repacked(packed: bytes) -> bytes:
    """Return the same archive without the time of packing, so that equal memos are equal files."""
    repacked = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed)) as source,
        zipfile.ZipFile(repacked, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return repacked.getvalue()


# --- The text ---------------------------------------------------------------------------------


class _Writer:
    """Writes a page into a document, from top to bottom."""

    def __init__(self, document: WordDocument, page: Page) -> None:
        self._document = document
        self._page = page
        self._say = page.wording
        self._leftwards = language_reads_right_to_left(page.language)

    def write(self) -> None:
        page, say = self._page, self._say
        self._line("Title", page.title)
        self._own("Subtitle", " · ".join(page.byline))
        for paragraph in page.summary:
            self._line("Normal", paragraph)
        self._heading(say.decisions)
        for number, decision in enumerate(page.decisions, start=1):
            self._item(decision, f"{number}. ")
        self._nothing(page.decisions, say.no_decisions)
        self._heading(say.actions)
        if page.tasks:
            self._table(page.tasks)
        self._nothing(page.tasks, say.no_actions)
        self._heading(say.questions)
        for question in page.questions:
            self._item(question, "")
        self._nothing(page.questions, say.no_questions)
        self._afterwards()
        self._footer()

    def _afterwards(self) -> None:
        """Write what follows the three questions a reader comes with."""
        page, say = self._page, self._say
        if page.discussed:
            self._heading(say.discussed)
        for topic in page.discussed:
            line = self._line("List Bullet", topic.title)
            self._links(line, [topic.link])
        if page.unverified:
            self._heading(say.unverified)
            self._line("Normal", say.unverified_note).paragraph_format.keep_with_next = True
        for claim in page.unverified:
            self._unverified(claim)
        self._heading(say.about)
        notes = [self._line("Coverage", note) for note in page.coverage]
        for warning in page.warnings:
            notes.append(self._line("Coverage", f"{_SIGN} {warning}", "Doubt"))
        notes += [self._line("Coverage", note) for note in page.provenance]
        for note in notes[:-1]:
            note.paragraph_format.keep_with_next = True

    def _item(self, item: Item, number: str) -> None:
        """Write a decision or question: what it is as a heading, what is known, the words."""
        say = self._say
        heading = self._paragraph("Heading 2", item.statement)
        self._text(heading, number + item.statement)
        if item.status:
            self._text(heading, f" — {item.status}", "Muted")
        lines = [self._doubt(item.doubt)] if item.doubt else []
        lines += [self._labelled(detail.label, detail.text) for detail in item.details]
        if item.more:
            also = self._paragraph("List Bullet", item.statement)
            self._text(also, f"{say.also_at}: ", "Label")
            self._links(also, item.more)
            lines.append(also)
        for line in lines:
            line.paragraph_format.keep_with_next = True
        for quote in item.quotes:
            self._quote(quote)

    def _labelled(self, label: str, text: str) -> Paragraph:
        line = self._paragraph("List Bullet", text)
        self._text(line, f"{label}: ", "Label")
        self._text(line, text)
        return line

    def _doubt(self, reason: str) -> Paragraph:
        line = self._paragraph("List Bullet", reason)
        self._text(line, f"{_SIGN} {self._say.uncertain}: ", "Doubt")
        self._text(line, reason)
        return line

    def _quote(self, quote: Quote) -> None:
        line = self._line("Quote", quote.words)
        if self._page.spoken != self._page.language:
            for run in line.runs:
                _spoken_in(self._page.spoken, run.element.get_or_add_rPr())
        self._text(line, f" — {quote.speaker}," if quote.speaker else " —")
        self._links(line, [quote.link])

    def _unverified(self, claim: Unverified) -> None:
        line = self._paragraph("List Bullet", claim.claim)
        self._text(line, f"{_SIGN} {claim.kind}? ", "Doubt")
        self._text(line, claim.claim)
        self._text(line, f" — {claim.reason}", "Muted")
        self._links(line, claim.links)

    def _footer(self) -> None:
        footer = self._document.sections[0].footer.paragraphs[0]
        footer.style = self._document.styles["footer"]
        self._text(footer, shortened(self._page.title, _FOOTER_TITLE))
        footer.add_run(f"\t{self._say.page} ")
        _field(footer, "PAGE")
        footer.add_run(f" {self._say.of} ")
        _field(footer, "NUMPAGES")

    # --- The table of actions ---

    def _table(self, tasks: Sequence[Task]) -> None:
        table = self._document.add_table(rows=1 + len(tasks), cols=len(_COLUMNS))
        table.style = self._document.styles["Memo Table"]
        table.autofit = False
        if self._leftwards:
            table.table_direction = WD_TABLE_DIRECTION.RTL
        heads = (self._say.owner, self._say.task, self._say.due, self._say.said)
        first, *rest = table.rows
        for cell, head in zip(first.cells, heads, strict=True):
            self._cell(cell.paragraphs[0], head, style="Table Head")
        for row, task in zip(rest, tasks, strict=True):
            self._row([cell.paragraphs[0] for cell in row.cells], task)
        for column, share in zip(table.columns, _COLUMNS, strict=True):
            width = Twips(round(share * word_look.TEXT_WIDTH_TWIPS))
            column.width = width
            for cell in column.cells:
                cell.width = width
        for number, row_element in enumerate(self._document.element.body.iter(qn("w:tr"))):
            marks = ("w:cantSplit",) if number else ("w:cantSplit", "w:tblHeader")
            _mark(row_element.get_or_add_trPr(), *marks)
        # LibreOffice (7.4) does not keep a heading with what follows right after a table.
        self._document.add_paragraph(style="Table End")

    def _row(self, cells: Sequence[Paragraph], task: Task) -> None:
        owner, what, due, said = cells
        self._cell(owner, task.owner or "")
        if not task.owner:
            self._text(owner, self._say.no_owner, "Muted")
        self._cell(what, task.task)
        if task.doubt:
            self._text(what, f" {_SIGN} {self._say.uncertain}: ", "Doubt")
            self._text(what, task.doubt, "Muted")
        self._cell(due, task.due or ("" if task.due_words else NOTHING))
        if task.due and task.due_words:
            due.add_run().add_break()
        self._text(due, task.due_words, "Muted")
        self._cell(said, "")
        self._links(said, task.links)

    def _cell(self, paragraph: Paragraph, text: str, *, style: str = "Table Text") -> None:
        """Begin a cell; in a page that goes to the left, all do, so that edges are straight."""
        paragraph.style = self._document.styles[style]
        _turn(paragraph, leftwards=self._leftwards or reads_right_to_left(text))
        self._text(paragraph, text)

    # --- Paragraphs and what they hold ---

    def _heading(self, text: str) -> None:
        self._own("Heading 1", text)

    def _nothing(self, section: Sequence[object], sentence: str) -> None:
        """Say that a section is empty, if it is."""
        if not section:
            self._line("Normal", sentence, "Muted")

    def _own(self, style: str, text: str) -> None:
        """Add a paragraph that goes the way of the memo's language, whatever it says."""
        paragraph = self._document.add_paragraph(style=style)
        _turn(paragraph, leftwards=self._leftwards)
        self._text(paragraph, text)

    def _line(self, style: str, text: str, look: str | None = None) -> Paragraph:
        """Add a paragraph that goes the way its text does."""
        paragraph = self._paragraph(style, text)
        self._text(paragraph, text, look)
        return paragraph

    def _paragraph(self, style: str, text: str) -> Paragraph:
        """Add an empty paragraph that goes the way `text` does."""
        paragraph = self._document.add_paragraph(style=style)
        _turn(paragraph, leftwards=reads_right_to_left(text))
        return paragraph

    def _text(self, paragraph: Paragraph, text: str, style: str | None = None) -> None:
        """Add text, told apart by direction so that Word sets each stretch in the right font."""
        base = _is_turned(paragraph)
        for stretch, leftwards in runs(text, base=base):
            run = paragraph.add_run(stretch, style)
            if leftwards:
                _mark(run.element.get_or_add_rPr(), "w:rtl")

    def _links(self, paragraph: Paragraph, links: Iterable[Link]) -> None:
        """Add links, a blank before each that follows a text."""
        for link in links:
            if paragraph.text[-1:].strip():
                paragraph.add_run(_NO_BREAK)
            key = paragraph.part.relate_to(link.url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
            hyperlink = OxmlElement("w:hyperlink")
            hyperlink.set(qn("r:id"), key)
            hyperlink.append(paragraph.add_run(link.text, "Hyperlink").element)
            paragraph.paragraph_format.element.append(hyperlink)


def _spoken_in(language: str, properties: BaseOxmlElement) -> None:
    """Say in which language a run is, to what reads it aloud or checks its spelling."""
    mark = OxmlElement("w:lang")
    for script in ("w:val", "w:eastAsia", "w:bidi"):
        mark.set(qn(script), word_look.full_tag(language))
    properties.append(mark)


def _turn(paragraph: Paragraph, *, leftwards: bool) -> None:
    """Let a paragraph go from right to left, if it should."""
    if leftwards:
        _mark(paragraph.paragraph_format.element.get_or_add_pPr(), "w:bidi")


def _is_turned(paragraph: Paragraph) -> bool:
    properties = paragraph.paragraph_format.element.pPr
    return properties is not None and properties.find(qn("w:bidi")) is not None


def _mark(element: BaseOxmlElement, *names: str) -> None:
    """Add switches to an element, in the order in which the schema wants them."""
    for name in names:
        element.append(OxmlElement(name))


def _field(paragraph: Paragraph, instruction: str) -> None:
    """Add a field that Word computes while it lays out the pages."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    field.append(paragraph.add_run("1").element)
    paragraph.paragraph_format.element.append(field)
