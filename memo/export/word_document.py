"""What every Word file of memo's is made with: the blank document, its paragraphs, links, tables.

Everything from outside goes into text nodes and document properties, never into markup. Import it
late: it needs python-docx.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Protocol

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.table import WD_TABLE_DIRECTION
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Twips
from docx.table import Table
from docx.text.paragraph import Paragraph

from memo.export import word_look
from memo.export.direction import language_reads_right_to_left, reads_right_to_left, runs
from memo.export.untrusted import shortened
from memo.export.wording import Wording

_NO_BREAK = "\N{NO-BREAK SPACE}"
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


class Linked(Protocol):
    """A text that leads somewhere, or does not."""

    @property
    def text(self) -> str:
        """What is shown."""

    @property
    def url(self) -> str | None:
        """Where it leads."""


def blank(title: str, language: str, created_at: dt.datetime) -> WordDocument:
    """Return an empty A4 document with our styles and nothing of the package's template."""
    document = Document()
    _drop_foreign_parts(document)
    _refill(document.styles.element, word_look.style_sheet(language))
    _refill(document.part.numbering_part.element, word_look.bullets())
    _refill(document.settings.element, word_look.settings())
    section = document.sections[0]
    section.page_width, section.page_height = (
        Mm(word_look.PAGE_WIDTH_MM),
        Mm(word_look.PAGE_HEIGHT_MM),
    )
    section.left_margin = section.right_margin = Mm(word_look.SIDE_MARGIN_MM)
    section.top_margin = section.bottom_margin = Mm(word_look.EDGE_MARGIN_MM)
    _describe(document, title, language, created_at)
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


def _describe(document: WordDocument, title: str, language: str, created_at: dt.datetime) -> None:
    """Fill the document's properties."""
    created = created_at.astimezone(dt.UTC).replace(tzinfo=None)
    properties = document.core_properties
    properties.title = shortened(title, _PROPERTY_LENGTH)
    properties.author = properties.last_modified_by = "memo"
    properties.created = properties.modified = created
    properties.language = shortened(language, _PROPERTY_LENGTH)
    properties.comments = properties.keywords = properties.subject = ""
    properties.revision = 1


def packed(document: WordDocument) -> bytes:
    """Return a document without the time of packing, so that equal memos are equal files."""
    written, repacked = io.BytesIO(), io.BytesIO()
    document.save(written)
    with (
        zipfile.ZipFile(io.BytesIO(written.getvalue())) as source,
        zipfile.ZipFile(repacked, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return repacked.getvalue()


class Sheet:
    """A document that is written from top to bottom.

    Args:
        document: It.
        language: The one that it is written in.
    """

    def __init__(self, document: WordDocument, language: str) -> None:
        self.document = document
        self.leftwards = language_reads_right_to_left(language)

    def table(self, heads: Sequence[str], rows: int, shares: Sequence[float]) -> Table:
        """Add a table with a head that repeats and rows that stay whole.

        Args:
            heads: The head's texts.
            rows: How many rows follow.
            shares: How much of the text's width each column takes.
        """
        table: Table = self.document.add_table(rows=1 + rows, cols=len(shares))
        table.style = self.document.styles["Memo Table"]
        table.autofit = False
        if self.leftwards:
            table.table_direction = WD_TABLE_DIRECTION.RTL
        for cell, head in zip(table.rows[0].cells, heads, strict=True):
            self.cell(cell.paragraphs[0], head, style="Table Head")
        for column, share in zip(table.columns, shares, strict=True):
            width = Twips(round(share * word_look.TEXT_WIDTH_TWIPS))
            column.width = width
            for cell in column.cells:
                cell.width = width
        for number, row in enumerate(table.rows):
            marks = ("w:cantSplit",) if number else ("w:cantSplit", "w:tblHeader")
            _mark(row._tr.get_or_add_trPr(), *marks)  # noqa: SLF001 - python-docx has no other way
        return table

    def end_table(self) -> None:
        """Add what LibreOffice (7.4) needs to keep a heading with what follows after a table."""
        self.document.add_paragraph(style="Table End")

    def footer(self, title: str, say: Wording) -> None:
        """Number the pages."""
        footer = self.document.sections[0].footer.paragraphs[0]
        footer.style = self.document.styles["footer"]
        self.text(footer, shortened(title, _FOOTER_TITLE))
        footer.add_run(f"\t{say.page} ")
        _field(footer, "PAGE")
        footer.add_run(f" {say.of} ")
        _field(footer, "NUMPAGES")

    def cell(self, paragraph: Paragraph, text: str, *, style: str = "Table Text") -> None:
        """Begin a cell; in a page that goes to the left, all do, so that edges are straight."""
        paragraph.style = self.document.styles[style]
        _turn(paragraph, leftwards=self.leftwards or reads_right_to_left(text))
        self.text(paragraph, text)

    def heading(self, text: str) -> None:
        """Add the heading of a section."""
        self.own("Heading 1", text)

    def nothing(self, section: Sequence[object], sentence: str) -> None:
        """Say that a section is empty, if it is."""
        if not section:
            self.line("Normal", sentence, "Muted")

    def own(self, style: str, text: str) -> None:
        """Add a paragraph that goes the way of the memo's language, whatever it says."""
        paragraph = self.document.add_paragraph(style=style)
        _turn(paragraph, leftwards=self.leftwards)
        self.text(paragraph, text)

    def line(self, style: str, text: str, look: str | None = None) -> Paragraph:
        """Add a paragraph that goes the way its text does."""
        paragraph = self.paragraph(style, text)
        self.text(paragraph, text, look)
        return paragraph

    def paragraph(self, style: str, text: str) -> Paragraph:
        """Add an empty paragraph that goes the way `text` does."""
        paragraph = self.document.add_paragraph(style=style)
        _turn(paragraph, leftwards=reads_right_to_left(text))
        return paragraph

    def text(self, paragraph: Paragraph, text: str, style: str | None = None) -> None:
        """Add text, told apart by direction so that Word sets each stretch in the right font."""
        base = _is_turned(paragraph)
        for stretch, leftwards in runs(text, base=base):
            run = paragraph.add_run(stretch, style)
            if leftwards:
                _mark(run.element.get_or_add_rPr(), "w:rtl")

    def labelled(self, label: str, text: str) -> Paragraph:
        """Add an item of a list: a label and what belongs to it."""
        line = self.paragraph("List Bullet", text)
        self.text(line, f"{label}: ", "Label")
        self.text(line, text)
        return line

    def links(self, paragraph: Paragraph, links: Iterable[Linked]) -> None:
        """Add links, a blank before each that follows a text."""
        for link in links:
            if paragraph.text[-1:].strip():
                paragraph.add_run(_NO_BREAK)
            if link.url is None:
                self.text(paragraph, link.text)
                continue
            key = paragraph.part.relate_to(link.url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
            hyperlink = OxmlElement("w:hyperlink")
            hyperlink.set(qn("r:id"), key)
            hyperlink.append(paragraph.add_run(link.text, "Hyperlink").element)
            paragraph.paragraph_format.element.append(hyperlink)


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
