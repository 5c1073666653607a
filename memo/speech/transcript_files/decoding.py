"""Bytes become text, with a warning where that took a guess."""

from __future__ import annotations

import re

from memo.errors import RecordingError
from memo.model import Remark, RemarkCode

LONGEST_LINE = 1_000_000
"""Characters; a day of uninterrupted speech is shorter than that."""

MOST_LINES = 500_000
"""A hundred hours of captions have fewer."""

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROL = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROL = 0.05
"""Share of control characters above which something is no text."""

_BEYOND_ASCII = re.compile("[\x80-\ufffc]")
_RARELY = 10
"""Intact characters beyond ASCII for each damaged one, above which text was UTF-8."""

_HINT = "Give a transcript as text (WebVTT, SRT, `Name: text`), Word (.docx) or JSON."


def decode(data: bytes, filename: str) -> tuple[str, list[Remark]]:
    r"""Return the text of a file, its lines ended by \n, and warnings about its encoding.

    Args:
        data: The whole file.
        filename: How errors name it.

    Raises:
        RecordingError: These bytes are no text.
    """
    text, warnings = _decoded(data, filename)
    if "\x00" in text or len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        raise RecordingError(f"{filename} is not a text file", hint=_HINT)
    return text.replace("\r\n", "\n").replace("\r", "\n"), warnings


def lines_of(text: str, filename: str) -> list[str]:
    """Return the lines of a text.

    Raises:
        RecordingError: A line is longer than anybody speaks, or there are too many.
    """
    if text.count("\n") > MOST_LINES:
        raise RecordingError(
            f"{filename} has more than {MOST_LINES:,} lines", hint="Give a file with one call."
        )
    lines = text.split("\n")
    if max(map(len, lines)) > LONGEST_LINE:
        raise RecordingError(
            f"{filename} has a line of more than {LONGEST_LINE:,} characters",
            hint="Give a transcript with a line for each thing said.",
        )
    return lines


def _decoded(data: bytes, filename: str) -> tuple[str, list[Remark]]:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), []
            except UnicodeDecodeError as error:
                if encoding == "utf-8-sig":
                    break
                message = f"{filename} says it is {encoding.upper()} text but is not"
                raise RecordingError(message, hint=_HINT) from error
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        return _guessed(data)


def _guessed(data: bytes) -> tuple[str, list[Remark]]:
    """Read damaged UTF-8 as UTF-8, all else as Windows-1252, the Windows tools' default."""
    text = data.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    if len(_BEYOND_ASCII.findall(text)) > _RARELY * damaged:
        return text, [Remark.of(RemarkCode.UNREADABLE, count=damaged)]
    return data.decode("cp1252", errors="replace"), [Remark.of(RemarkCode.NOT_UTF8)]
