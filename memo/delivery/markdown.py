"""Reads the Markdown of a digest into paragraphs of plain, bold, slanted and linked words.

It knows what memo's digests are made of (CommonMark's headings, lists, quotes, emphasis, links,
code, and GitHub's tables and task lists), not all of CommonMark. Raw HTML is left out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Kind = Literal["heading", "paragraph", "item", "rule"]

_HEADING = re.compile(r" {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$")
_ITEM = re.compile(r"(\s*)(?:[-+*]|(\d{1,9}[.)]))(?:\s+(.*)|$)")
_RULE = re.compile(r" {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$")
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)\s*(\w*)")
_TABLE_HEAD = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_QUOTE = re.compile(r" {0,3}> ?")
_BREAK = re.compile(r"(?: {2,}|\\)$")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)

_INLINE = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<fence>`+)(?P<code>.+?)(?<!`)(?P=fence)(?!`)"
    r"|(?P<image>!)?\[(?P<text>(?:\\.|[^\[\]\\])*)\]\(\s*<?(?P<to>(?:\\.|[^\s()<>\\]|\([^\s()<>]*\))*)>?"
    r"(?:\s+\"[^\"]*\")?\s*\)"
    r"|<(?P<auto>(?:https?://|mailto:)[^\s<>]+)>"
    r"|(?P<newline><br\s*/?>|\n)"
    r"|(?P<tag></?[a-zA-Z][^<>]{0,200}>)"
    r"|(?P<mark>\*\*\*|\*\*|\*|___|__|_)"
    r"|(?P<entity>&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{2,31});)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Run:
    """Words with one look."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str | None = None


@dataclass(frozen=True)
class Block:
    """A paragraph. `depth` is a heading's level, or how deep an item lies; `marker` its number."""

    kind: Kind
    runs: tuple[Run, ...] = ()
    depth: int = 0
    marker: str = ""
    quoted: bool = False


def blocks(text: str) -> list[Block]:
    """Return the paragraphs of a digest in order."""
    lines = _COMMENT.sub("", without_front_matter(text)).split("\n")
    return [block for block in _Reader(lines).read() if block.runs or block.kind == "rule"]


def without_front_matter(text: str) -> str:
    """Return Markdown without the YAML that it may begin with."""
    return _FRONT_MATTER.sub("", text.replace("\r\n", "\n"), count=1)


def is_web_address(url: str) -> bool:
    """Tell whether a link leads to a page that others can open."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isprintable()


class _Reader:
    """Goes through lines and makes paragraphs of them."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0
        self._open: list[str] = []
        self._shape = Block("paragraph")

    def read(self) -> Iterator[Block]:
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip("\r")
            self._at += 1
            yield from self._line(line)
        yield from self._close()

    def _line(self, line: str) -> Iterator[Block]:
        quoted = bool(_QUOTE.match(line))
        line = _QUOTE.sub("", line, count=1) if quoted else line
        if not line.strip() or quoted != self._shape.quoted:
            yield from self._close()
            self._shape = Block("paragraph", quoted=quoted)
        if not line.strip():
            return
        if fence := _FENCE.match(line):
            yield from self._close()
            yield from self._code(fence[1], fence[2])
        elif heading := _HEADING.match(line):
            yield from self._close()
            yield Block("heading", _inline(heading[2] or ""), depth=len(heading[1]))
        elif _RULE.match(line):
            yield from self._close()
            yield Block("rule")
        elif self._is_table(line):
            yield from self._close()
            yield from self._table(line)
        elif item := _ITEM.match(line):
            yield from self._close()
            depth = len(item[1].expandtabs(4)) // 2
            self._shape = Block("item", depth=min(depth, 6), marker=item[2] or "", quoted=quoted)
            self._open = [_task(item[3] or "")]
        else:
            self._open.append(line.strip() + ("  " if _BREAK.search(line) else ""))

    def _close(self) -> Iterator[Block]:
        if self._open:
            text = "\n".join(self._open)
            text = re.sub(r"\\?[ ]{2,}\n", "<br>", text)
            text = "<br>".join(part.strip() for part in re.split(r"<br\s*/?>", text))
            shape = self._shape
            yield Block(
                shape.kind, _inline(text.replace("\n", " ")), shape.depth, shape.marker,
                shape.quoted,
            )  # fmt: skip
        self._open = []
        self._shape = Block("paragraph", quoted=self._shape.quoted)

    def _code(self, fence: str, language: str) -> Iterator[Block]:
        """Take a fence of code as it is; a drawing in Mermaid is no text to a chat."""
        kept: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if line.strip().startswith(fence):
                break
            kept.append(line)
        if kept and language != "mermaid":
            yield Block("paragraph", (Run("\n".join(kept), code=True),))

    def _is_table(self, line: str) -> bool:
        following = self._lines[self._at] if self._at < len(self._lines) else ""
        return "|" in line and "|" in following and bool(_TABLE_HEAD.match(following))

    def _table(self, line: str) -> Iterator[Block]:
        """Tell a table row by row, each cell behind the head of its column."""
        heads = _cells(line)
        self._at += 1
        while self._at < len(self._lines) and "|" in self._lines[self._at]:
            runs: list[Run] = []
            for head, cell in zip(heads, _cells(self._lines[self._at]), strict=False):
                if cell:
                    runs += [Run("\n")] if runs else []
                    title = [Run(run.text, bold=True) for run in _inline(head)]
                    runs += [*title, Run(": ")] if title else []
                    runs += _inline(cell)
            self._at += 1
            yield Block("paragraph", tuple(runs))


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _task(text: str) -> str:
    box = re.match(r"\[([ xX])\]\s+", text)
    return text if not box else ("☐ " if box[1] == " " else "☑ ") + text[box.end() :]


def _inline(text: str) -> tuple[Run, ...]:
    """Return the runs of a paragraph; marks without a partner are words."""
    runs: list[Run] = []
    bold = italic = False
    at = 0
    for match in _INLINE.finditer(text):
        _add(runs, text[at : match.start()], bold=bold, italic=italic)
        at = match.end()
        if (mark := match["mark"]) and _turns(
            text, match, on=_is_on(mark, bold=bold, italic=italic)
        ):
            bold, italic = bold ^ (len(mark) >= 2), italic ^ (len(mark) % 2 == 1)
        elif match["text"] is not None and not match["image"]:
            goal = _unescaped(match["to"])
            for run in _inline(match["text"]):
                runs.append(Run(run.text, run.bold or bold, run.italic or italic, run.code, goal))
        else:
            code = match["code"] is not None
            link = match["auto"]
            _add(runs, _literal(match), bold=bold, italic=italic, code=code, link=link)
    _add(runs, text[at:], bold=bold, italic=italic)
    return tuple(runs)


def _add(
    runs: list[Run], text: str, *, bold: bool, italic: bool, code: bool = False,
    link: str | None = None,
) -> None:  # fmt: skip
    """Append words, to the last run if they look alike."""
    new = Run(text, bold, italic, code, link)
    if runs and Run("", bold, italic, code, link) == Run("", *_look(runs[-1])):
        runs[-1] = Run(runs[-1].text + text, bold, italic, code, link)
    elif text:
        runs.append(new)


def _look(run: Run) -> tuple[bool, bool, bool, str | None]:
    return run.bold, run.italic, run.code, run.link


def _literal(match: re.Match[str]) -> str:
    """Return what a piece of markup is as words."""
    what = match.lastgroup if match["image"] is None else "image"
    found = match[what or 0] or ""
    words: dict[str | None, str] = {
        "escaped": found,
        "code": found.strip() or found,
        "newline": "\n",
        "entity": html.unescape(found),
        "image": _unescaped(match["text"] or ""),
        "auto": found.removeprefix("mailto:"),
        "tag": "",
    }
    return words.get(what, match[0])


def _unescaped(text: str) -> str:
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text))


def _is_on(mark: str, *, bold: bool, italic: bool) -> bool:
    return bold if len(mark) == 2 else italic if len(mark) == 1 else bold and italic


def _turns(text: str, match: re.Match[str], *, on: bool) -> bool:
    """Tell whether a mark begins or ends emphasis where it stands (CommonMark, 6.2, in short)."""
    before = text[match.start() - 1] if match.start() else " "
    after = text[match.end()] if match.end() < len(text) else " "
    if match["mark"][0] == "_" and before.isalnum() and after.isalnum():
        return False
    if on:
        return not before.isspace()
    closes = match["mark"] in text[match.end() :]
    return not after.isspace() and closes
