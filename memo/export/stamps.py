"""Files that memo keeps in step with the log carry a checksum, to tell when a person edited one.

A file with front matter has it there (`checksum: "…"`), any other in a comment at its end. It is
over the text without that line, with line feeds: git may change line ends on its way.
"""

from __future__ import annotations

import hashlib
import json
import re

_FRONT_MATTER = re.compile(r"\A---\n(.*?)^---$", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r'^(?:checksum: *"?([0-9a-f]{16})"?|<!-- checksum: ([0-9a-f]{16}) -->)\n', re.M)
_FACT = re.compile(r"^([a-z][a-z-]*):[ \t]*(.*?)[ \t]*$", re.MULTILINE)


def plain(text: str) -> str:
    """Return a text with line feeds, and without a byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def stamped(text: str) -> str:
    """Return the text with the checksum that makes it memo's own, in the place of an older one."""
    bare = unstamped(text)
    head = _FRONT_MATTER.match(bare)
    if head is None:
        end = "" if not bare or bare.endswith("\n") else "\n"
        checksum = _checksum(bare + end)
        return f"{bare}{end}<!-- checksum: {checksum} -->\n"
    return f'{bare[: head.end(1)]}checksum: "{_checksum(bare)}"\n{bare[head.end(1) :]}'


def unstamped(text: str) -> str:
    """Return the text without its checksum."""
    text = plain(text)
    line = _line_of(text)
    return text if line is None else text[: line.start()] + text[line.end() :]


def is_stamped(text: str) -> bool:
    """Tell whether a text has a checksum, right or wrong."""
    return _line_of(plain(text)) is not None


def is_unchanged(text: str) -> bool:
    """Tell whether a text is just as memo wrote it."""
    return is_stamped(text) and stamped(text) == plain(text)


def front_matter(text: str) -> dict[str, object] | None:
    """Return the facts that a text begins with; None if it begins with none.

    Read is what memo writes, a line for each fact: JSON, or words as they are. What else of YAML a
    person may have written there is passed over.
    """
    head = _FRONT_MATTER.match(plain(text))
    if head is None:
        return None
    return {name: _value(written) for name, written in _FACT.findall(head[1])}


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _value(written: str) -> object:
    try:
        value: object = json.loads(written)
    except (ValueError, RecursionError):
        return written
    return value


def _line_of(text: str) -> re.Match[str] | None:
    """Return the checksum's line: in the front matter, or the last one of its kind."""
    head = _FRONT_MATTER.match(text)
    if head is not None:
        return _LINE.search(text, 0, head.end(1))
    return next(reversed(list(_LINE.finditer(text))), None)
