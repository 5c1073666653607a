"""Word files (.docx), as Teams and Google Docs export transcripts.

A .docx is a zip of XML. Before any of it is parsed its sizes are capped (the zip reader stops at
the size an entry declares) and so is the number of its tags, which is what memory goes by. Document
type definitions are refused: Office Open XML forbids them (ECMA-376 part 2) and entity bombs need
them. python-docx itself resolves no entities.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from memo.errors import RecordingError
from memo.speech.transcript_files.stamps import STAMP

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement

LARGEST_UNPACKED = 96 * 2**20
MOST_PARTS = 2_000
MOST_TAGS = 3_000_000

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_BREAKS = {f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}tab": "\t", f"{_W}noBreakHyphen": "-"}
_TIME_CELL = re.compile(rf"[\[(]?{STAMP}[\])]?")
_LONGEST_NAME_CELL = 80
_HINT = "Open it in Word and save it again as .docx, or export the transcript as .vtt."


def read_lines(data: bytes, filename: str) -> list[str]:
    """Return the lines of a Word file's text, table rows as `[time] name: text`.

    Args:
        data: The whole file.
        filename: How errors name it.

    Raises:
        RecordingError: This is no Word file, it is damaged, or it unpacks to more than any call.
    """
    _check(data, filename)
    return "\n\n".join(_paragraphs(_body(data, filename))).split("\n")


def _check(data: bytes, filename: str) -> None:
    """Refuse what is no Word file, or would take too much to unpack and parse."""
    broken = (
        zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError,
        EOFError,
    )  # fmt: skip
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _check_parts(package, filename)
    except broken as error:
        raise RecordingError(f"{filename} is damaged or encrypted", hint=_HINT) from error


def _check_parts(package: zipfile.ZipFile, filename: str) -> None:
    parts = package.infolist()
    if "[Content_Types].xml" not in package.namelist():
        raise RecordingError(f"{filename} is not a Word file", hint=_HINT)
    tags = 0
    fits = len(parts) <= MOST_PARTS and sum(p.file_size for p in parts) <= LARGEST_UNPACKED
    for part in parts if fits else ():
        content = package.read(part)
        if any(doctype in content for doctype in _DOCTYPES):
            raise RecordingError(f"{filename} defines XML entities; Word files do not", hint=_HINT)
        tags += content.count(b"<")
    if not fits or tags > MOST_TAGS:
        raise RecordingError(f"{filename} unpacks to more than any call", hint=_HINT)


def _body(data: bytes, filename: str) -> BaseOxmlElement:
    import docx

    try:
        body: BaseOxmlElement = docx.Document(io.BytesIO(data)).element.body
    except Exception as error:  # no closed set: KeyError, lxml's, zip's, its own
        raise RecordingError(f"{filename} is not a readable Word file", hint=_HINT) from error
    return body


def _paragraphs(parent: Iterable[BaseOxmlElement]) -> Iterator[str]:
    """Yield the text of each paragraph and of each table row, in the order of the document."""
    for child in parent:
        if child.tag == f"{_W}p":
            yield _text(child)
        elif child.tag == f"{_W}tr":
            yield _row([cell for cell in map(_cell, child.iterfind(f"{_W}tc")) if cell])
        elif isinstance(child.tag, str) and child.tag != _FALLBACK:
            yield from _paragraphs(child)


def _text(paragraph: BaseOxmlElement) -> str:
    """Return a paragraph's text, without what was deleted under tracked changes."""
    parts: list[str] = []
    for node in paragraph.iter(f"{_W}t", *_BREAKS):
        parts.append(_BREAKS.get(node.tag) or node.text or "")
    return "".join(parts)


def _cell(cell: BaseOxmlElement) -> str:
    return "\n".join(filter(str.strip, _paragraphs(cell))).strip()


def _row(cells: list[str]) -> str:
    """Return a table row as text, in the form in which dialogue is read.

    A first or second cell with a time becomes `[time]`, a short one before the last a name.
    """
    time = next((cell for cell in cells[:2] if _TIME_CELL.fullmatch(cell)), None)
    rest = [cell for cell in cells if cell is not time]
    lead = f"[{time.strip('[]()')}] " if time else ""
    name, *said = rest or [""]
    if len(said) == 1 and len(name) <= _LONGEST_NAME_CELL and "\n" not in name:
        return f"{lead}{name.rstrip(':')}: {said[0]}"
    return lead + "\n".join(rest)
