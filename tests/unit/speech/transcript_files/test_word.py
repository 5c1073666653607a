"""Word files: built here with python-docx in the shapes that Teams and Google Docs give them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest

from memo.errors import RecordingError
from memo.model import Transcript

Read = Callable[[str | bytes, str], Transcript]


def saved(document: docx.document.Document) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def paragraphs(*texts: str) -> bytes:
    document = docx.Document()
    for text in texts:
        document.add_paragraph(text)
    return saved(document)


def repacked(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The same package with its parts changed."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return stream.getvalue()


def said(transcript: Transcript) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in transcript.segments]


def test_teams_has_name_and_time_in_one_line_and_the_text_below(read: Read) -> None:
    document = docx.Document()
    document.add_heading("Weekly call")
    document.add_paragraph("March 9, 2026, 1:40PM\n3m 2s")
    document.add_paragraph("Priya Shah started transcription")
    for name, time, text in (
        ("Priya Shah", "0:03", "Morning everyone. Shall we wait?"),
        ("Tom Weber", "0:09", "No: we start."),
        ("Priya Shah", "1:00:12", "That was an hour."),
    ):
        paragraph = document.add_paragraph()
        paragraph.add_run(name).bold = True
        paragraph.add_run(f"   {time}").add_break()
        paragraph.add_run(text)
    transcript = read(saved(document), "Weekly call.docx")
    assert said(transcript) == [
        ("Priya Shah", "Morning everyone. Shall we wait?"),
        ("Tom Weber", "No: we start."),
        ("Priya Shah", "That was an hour."),
    ]
    assert [segment.start for segment in transcript.segments] == [3.0, 9.0, 3612.0]


def test_the_old_teams_export_has_a_timing_line(read: Read) -> None:
    data = paragraphs(
        "0:0:0.0 --> 0:0:1.890\nPriya Shah\nMorning.",
        "0:0:2.0 --> 0:0:4.5\nTom\nHi. Shall we start?",
    )
    transcript = read(data, "old.docx")
    assert said(transcript) == [("Priya Shah", "Morning."), ("Tom", "Hi. Shall we start?")]
    assert transcript.segments[0].end == pytest.approx(1.89)


def test_google_meet_writes_names_before_colons_under_time_headings(read: Read) -> None:
    document = docx.Document()
    document.add_heading("Weekly (2026-03-09 13:40 GMT+1) – Transcript")
    document.add_heading("Attendees", level=2)
    document.add_paragraph("Priya Shah, Tom Weber")
    document.add_heading("Transcript", level=2)
    document.add_heading("00:00:00", level=3)
    document.add_paragraph("Priya Shah: We roll out by region.")
    document.add_paragraph("Tom Weber: Good.")
    document.add_heading("00:05:00", level=3)
    document.add_paragraph("Priya Shah: Next, the rota.")
    document.add_heading("Transcription ended after 00:06:10", level=3)
    document.add_paragraph("This editable transcript was computer generated.")
    transcript = read(saved(document), "meet.docx")
    assert said(transcript) == [
        ("Priya Shah", "We roll out by region."),
        ("Tom Weber", "Good."),
        ("Priya Shah", "Next, the rota."),
    ]
    assert transcript.segments[2].start == 300.0
    assert transcript.duration == 370.0


@pytest.mark.parametrize(
    "rows",
    [
        [("00:00:01", "Anna", "Hello all."), ("00:00:05", "Ben", "Hi there.")],
        [("Anna", "00:00:01", "Hello all."), ("Ben", "00:00:05", "Hi there.")],
        [("Anna:", "[0:01]", "Hello all."), ("Ben:", "[0:05]", "Hi there.")],
    ],
)
def test_tables_are_read_by_rows(read: Read, rows: list[tuple[str, ...]]) -> None:
    document = docx.Document()
    table = document.add_table(rows=0, cols=3)
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    transcript = read(saved(document), "table.docx")
    assert said(transcript) == [("Anna", "Hello all."), ("Ben", "Hi there.")]
    assert [segment.start for segment in transcript.segments] == [1.0, 5.0]


def test_names_in_the_table_without_times(read: Read) -> None:
    document = docx.Document()
    table = document.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, [("Anna", "Hello."), ("Ben", "Hi.")], strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    assert said(read(saved(document), "t.docx")) == [("Anna", "Hello."), ("Ben", "Hi.")]


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", b" " * (100 * 2**20))
    return stream.getvalue()


def entity_bomb() -> bytes:
    laughs = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

    def change(name: str, content: bytes) -> bytes:
        return (
            content.replace(b"<w:document", laughs + b"<w:document", 1)
            if "document.xml" in name
            else content
        )

    return repacked(paragraphs("Anna: Hello."), change)


def nested() -> bytes:
    deep = b"<w:p>" * 5000 + b"</w:p>" * 5000

    def change(name: str, content: bytes) -> bytes:
        return (
            content.replace(b"<w:body>", b"<w:body>" + deep)
            if name == "word/document.xml"
            else content
        )

    return repacked(paragraphs("Anna: Hello."), change)


def tagged() -> bytes:
    many = b"<w:p/>" * 3_000_001

    def change(name: str, content: bytes) -> bytes:
        return (
            content.replace(b"<w:body>", b"<w:body>" + many)
            if name == "word/document.xml"
            else content
        )

    return repacked(paragraphs("Anna: Hello."), change)


def other_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    return stream.getvalue()


def without_main_part() -> bytes:
    def change(name: str, content: bytes) -> bytes:
        return b"<Relationships/>" if name == "_rels/.rels" else content

    return repacked(paragraphs("Anna: Hello."), change)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (bomb, "unpacks to more"),
        (entity_bomb, "defines XML entities"),
        (nested, "not a readable Word file"),
        (tagged, "unpacks to more"),
        (other_zip, "not a Word file"),
        (without_main_part, "not a readable Word file"),
        (lambda: paragraphs("Anna: Hello.")[:-200], "damaged"),
        (lambda: b"PK\x03\x04" + b"junk" * 100, "damaged"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "encrypted or an old Word file"),
        (lambda: paragraphs(""), "nothing is said"),
    ],
)
def test_a_word_file_that_is_none_is_refused(
    read: Read, make: Callable[[], bytes], reason: str
) -> None:
    with pytest.raises(RecordingError, match=reason) as caught:
        read(make(), "bad.docx")
    assert "bad.docx" in str(caught.value)
    assert caught.value.hint


def test_every_byte_of_a_word_file_may_be_broken(read: Read) -> None:
    data = paragraphs("Anna: Hello.", "Ben: Hi.")
    refused = 0
    for place in range(0, len(data), max(len(data) // 150, 1)):
        broken = data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]
        try:
            read(broken, "broken.docx")
        except RecordingError:
            refused += 1
    assert refused > 50


def test_deleted_text_and_repeated_fallbacks_are_not_read(read: Read) -> None:
    def change(name: str, content: bytes) -> bytes:
        deleted = b"<w:p><w:del><w:r><w:delText>Ben: Gone.</w:delText></w:r></w:del></w:p>"
        return (
            content.replace(b"<w:body>", b"<w:body>" + deleted)
            if name == "word/document.xml"
            else content
        )

    data = repacked(paragraphs("Anna: Hello.", "Ben: Hi."), change)
    assert said(read(data, "tracked.docx")) == [("Anna", "Hello."), ("Ben", "Hi.")]
