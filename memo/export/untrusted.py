"""Text that somebody else chose, made safe to put on a page.

Titles, names, quotes and file names come from recordings, models and strangers. Here they lose
what could damage any page (control characters, halves of characters, marks that reorder the
text around them); what is special to one format only is escaped by its renderer.
"""

from __future__ import annotations

import re
from urllib.parse import quote

_HARMFUL = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # control characters that are no white space
    r"\u202a-\u202e\u2066-\u2069"  # bidi embeddings, overrides and isolates
    r"\ufeff\ufff9-\ufffb\ufffe\uffff]"  # byte order mark, annotation marks, non-characters
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def one_line(text: str) -> str:
    """Return the text as one line that cannot reorder or break what stands around it.

    White space of any kind becomes single spaces, none at the ends. Bidi embeddings, overrides
    and isolates go (Unicode UAX #9: they act beyond their own text when unbalanced); the plain
    directional marks, which only act locally, stay. Lone surrogates become U+FFFD.
    """
    return " ".join(_HARMFUL.sub("", _without_surrogates(text)).split())


def paragraphs(text: str) -> tuple[str, ...]:
    """Return the lines of a text that say something, each cleaned as by `one_line`."""
    return tuple(line for line in map(one_line, text.splitlines()) if line)


def shortened(text: str, limit: int) -> str:
    """Return at most about `limit` characters of a text, cut at a word and marked as cut."""
    if len(text) <= limit:
        return text
    head, space, _ = text[:limit].rpartition(" ")
    kept = head if space and len(head) > limit // 2 else text[:limit]
    return f"{kept.rstrip()} […]"


def moment_url(recording: str, seconds: float, *, folders: bool = False) -> str:
    """Return the relative address of a second of a recording (W3C Media Fragments, `#t=`).

    Percent-encoding leaves neither a scheme (`javascript:`) nor a bracket or a blank standing.

    Args:
        recording: Name of the file, or with `folders` the way to it, with forward slashes.
        seconds: The moment; rounded down, so that playing starts before the words.
        folders: Whether slashes part folders, rather than being part of a strange name.
    """
    raw = _bytes_of(recording)
    return f"{quote(raw, safe='/' if folders else '')}#t={int(seconds)}"


def _without_surrogates(text: str) -> str:
    """Join the halves of a character where both are there, replace those left alone."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _bytes_of(name: str) -> bytes:
    """Return a file name's bytes; an undecodable one is given back its own (PEP 383)."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return _without_surrogates(name).encode()
