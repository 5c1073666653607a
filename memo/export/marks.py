"""Text from outside, escaped for Markdown where it lands.

Only where CommonMark (0.31) or its GitHub dialect (tables, strikethrough, bare links) would read
a character as markup: "3.5 %", "on-call", "Q4_K_M" and "R&D" stay as they are.
"""

from __future__ import annotations

import re

_MARKUP = re.compile(
    r"\\(?=[!-/:-@\[-`{-~]|$)"  # would escape what follows
    r"|`"
    r"|(?<!\s)\*|\*(?!\s)"  # emphasis, unless it stands free: 3 * 4
    r"|_+"  # emphasis, unless within a word: Q4_K_M
    r"|(?<=\S)~|~(?!\w)"  # strikethrough, unless it could only open one: ~5
    r"|\[(?=[\[^])|\](?=[(\[:])"  # links, images, footnotes
    r"|<(?=[a-z/!?])"  # HTML and autolinks
    r"|&(?=#?\w+;)"  # entities
    r"|:(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\.",  # bare links of the GitHub dialect
    re.IGNORECASE,
)
_BLOCK_START = re.compile(
    r"#{1,6}(?=\s|$)|[-+](?=\s|$)|-(?=[-\s]*$)|=(?==*$)|>|\[|(?P<ordered>\d{1,9})(?=[.)](\s|$))"
)
_CLOSING_HASHES = re.compile(r"(?<!\S)(#+)$")


def inline(text: str) -> str:
    """Escape one line that stands within a line."""
    return _MARKUP.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    run, text, start, end = match[0], match.string, match.start(), match.end()
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    if run[0] == "_" and before.isalnum() and after.isalnum():
        return run
    return "".join(f"\\{character}" for character in run)


def block(text: str) -> str:
    """Escape one line that begins a paragraph or a list's item."""
    start = _BLOCK_START.match(text)
    if not start:
        return inline(text)
    if number := start["ordered"]:
        return f"{number}\\{text[len(number)]}{inline(text[len(number) + 1 :])}"
    return f"\\{text[0]}{inline(text[1:])}"


def heading(text: str) -> str:
    """Escape one line that stands in a heading, where closing number signs are dropped."""
    return _CLOSING_HASHES.sub(r"\\\1", inline(text))


def cell(text: str) -> str:
    """Escape one line that stands in a table's cell."""
    return inline(text).replace("|", "\\|")


def link_text(text: str) -> str:
    """Escape one line that stands within the brackets of a link."""
    return re.sub(r"\\.|[\[\]]", lambda at: at[0] if len(at[0]) > 1 else f"\\{at[0]}", inline(text))
