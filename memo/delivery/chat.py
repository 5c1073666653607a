"""A digest in the words of a chat: its dialect, its limits, and nobody called by a quote.

Sources: Slack, "Formatting message text" and "chat.postMessage" (40,000 characters); Mattermost,
"Incoming webhooks" (16,383); Microsoft Teams, "Create incoming webhooks with Workflows" (about
28 KB, Adaptive Cards up to 1.5) and Adaptive Cards, `RichTextBlock`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Any

from memo.delivery.letters import Message
from memo.delivery.markdown import Block, Run, blocks, is_web_address, without_front_matter
from memo.delivery.patience import cleaned

_SLACK_CHARACTERS = 40_000
_MATTERMOST_CHARACTERS = 16_383
_TEAMS_BYTES = 24_000
"""Of the 28 KB that Microsoft states for the whole of a message."""
_TEAMS_BLOCKS = 300

Where = Callable[[], str]
"""Says where all of a digest can be read; asked only when it does not fit."""

_MENTION = re.compile(r"(?<![\w.+-])@(?=\w)")
_LINK = re.compile(
    r"!?\[((?:\\.|[^\[\]\\])*)\]\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))*)>?(?:\s+\"[^\"]*\")?\s*\)"
)


class Dialect(StrEnum):
    """What an incoming webhook understands."""

    SLACK = "slack"
    MATTERMOST = "mattermost"
    TEAMS = "teams"


def payload(message: Message, dialect: Dialect, whole: Where) -> bytes:
    """Return the JSON that posts a digest. What does not fit is cut at a paragraph, and told.

    Nothing in it calls anybody: the `<!channel>` or `@all` of a quote is text.

    Args:
        message: The digest.
        dialect: What the webhook understands.
        whole: Says where all of it can be read; asked only when it does not fit.
    """
    return _json(_BODIES[dialect](message, whole))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _kept(parts: list[str], limit: int, note: Where) -> str:
    """Return as many paragraphs as fit, and a last one that says so where some did not.

    Each comes with the blank lines behind it.
    """
    if len("".join(parts).rstrip()) <= limit:
        return "".join(parts).rstrip()
    last = note()
    room = limit - len(last)
    kept: list[str] = []
    for part in parts:
        room -= len(part)
        if room < 0:
            break
        kept.append(part)
    head = "".join(kept) or _begun(parts[0], limit - len(last) - 2)
    return f"{head.rstrip()}\n\n{last}"


def cut_note(whole: str) -> str:
    """Return the line that ends a digest which was cut."""
    return f"… It was cut here: this chat takes no more. The whole digest: {cleaned(whole)}"


def _begun(text: str, limit: int) -> str:
    """Return the beginning of one long paragraph, cut at a word."""
    head, space, _ = text[:limit].rpartition(" ")
    return head if space and len(head) > limit // 2 else text[:limit]


# --- Slack --------------------------------------------------------------------------------------


def _slack(message: Message, whole: Where) -> dict[str, Any]:
    found = _told(message)
    parts = [
        _mrkdwn(block) + ("\n" if block.kind == after.kind == "item" else "\n\n")
        for block, after in zip(found, [*found[1:], Block("rule")], strict=True)
    ]
    text = _kept(parts, _SLACK_CHARACTERS, lambda: _escaped(cut_note(whole())))
    return {"text": text, "unfurl_links": False, "unfurl_media": False}


def _mrkdwn(block: Block) -> str:
    if block.kind == "rule":
        return "———"
    if block.kind == "heading":
        plain = (replace(run, bold=False) for run in block.runs)
        return _wrapped("".join(map(_slack_run, plain)), "*")
    lead = "    " * block.depth + f"{_bullet(block)} " if block.kind == "item" else ""
    lines = (lead + "".join(map(_slack_run, block.runs))).split("\n")
    return "\n".join(f"> {line}" if block.quoted else line for line in lines)


def _slack_run(run: Run) -> str:
    text = _escaped(run.text)
    if run.link and is_web_address(run.link):
        text = (
            f"<{_escaped(run.link).replace('|', '%7C')}|{' '.join(text.replace('|', '¦').split())}>"
        )
    for mark, on in (("`", run.code), ("_", run.italic), ("*", run.bold)):
        text = _wrapped(text, mark) if on else text
    return text


def _wrapped(text: str, mark: str) -> str:
    """Put marks around words, line by line and without the blanks at their ends."""
    return re.sub(r"[^\s](?:[^\n]*[^\s])?", lambda match: f"{mark}{match[0]}{mark}", text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- Mattermost ---------------------------------------------------------------------------------


def _mattermost(message: Message, whole: Where) -> dict[str, Any]:
    text = _LINK.sub(_only_to_the_web, without_front_matter(message.text).strip())
    if not text.startswith("#"):
        title = re.sub(r"([\\`*_\[\]<>#~|])", r"\\\1", cleaned(message.subject))
        text = f"**{title}**\n\n{text}"
    text = _MENTION.sub("@\u2060", text)
    parts = [f"{part}\n\n" for part in _with_closed_fences(re.split(r"\n[ \t]*\n+", text))]
    return {"text": _kept(parts, _MATTERMOST_CHARACTERS, lambda: cut_note(whole()))}


def _only_to_the_web(link: re.Match[str]) -> str:
    """Keep a link that leads to the web; one to a file of this machine is words to a chat."""
    return link[0] if is_web_address(link[2]) and link[0][0] != "!" else link[1]


def _with_closed_fences(parts: list[str]) -> list[str]:
    """Join paragraphs that lie within one fence of code: it is kept whole, or cut whole."""
    joined: list[str] = []
    inside = False
    for part in parts:
        joined = [*joined[:-1], f"{joined[-1]}\n\n{part}"] if inside else [*joined, part]
        inside ^= len(re.findall(r"^ {0,3}```", part, re.MULTILINE)) % 2 == 1
    return joined


# --- Teams --------------------------------------------------------------------------------------


def _teams(message: Message, whole: Where) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": _fitting([_card_block(block) for block in _told(message)], whole),
    }
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _fitting(body: list[dict[str, Any]], whole: Where) -> list[dict[str, Any]]:
    """Return as many paragraphs of a card as Teams takes, and one that says where the rest is."""
    sizes = [len(_json(block)) + 1 for block in body]
    if sum(sizes) <= _TEAMS_BYTES and len(body) <= _TEAMS_BLOCKS:
        return body
    note = _rich([{"type": "TextRun", "text": cut_note(whole()), "italic": True}])
    room = _TEAMS_BYTES - len(_json(note))
    kept: list[dict[str, Any]] = []
    for block, size in zip(body[:_TEAMS_BLOCKS], sizes, strict=False):
        room -= size
        if room < 0:
            break
        kept.append(block)
    return [*kept, note]


def _card_block(block: Block) -> dict[str, Any]:
    """Return a paragraph as text that no Markdown is read in: what was said stays as it was."""
    runs = [_text_run(run, block) for run in _alike(block.runs)]
    if block.kind == "item":
        runs.insert(0, {"type": "TextRun", "text": "\u2003" * block.depth + f"{_bullet(block)} "})
    if block.kind == "rule" or not runs:
        return _rich([{"type": "TextRun", "text": " "}]) | {"separator": True}
    return _rich(runs) | ({"spacing": "Small"} if block.kind == "item" else {})


def _alike(runs: Iterable[Run]) -> list[Run]:
    """Join runs that look alike once links that lead not to the web are words."""
    joined: list[Run] = []
    for run in runs:
        link = run.link if run.link and is_web_address(run.link) else None
        plain = replace(run, link=link)
        if joined and replace(joined[-1], text="") == replace(plain, text=""):
            joined[-1] = replace(plain, text=joined[-1].text + run.text)
        elif run.text:
            joined.append(plain)
    return joined


def _rich(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs}


def _text_run(run: Run, block: Block) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "TextRun", "text": run.text}
    if run.bold or block.kind == "heading":
        made["weight"] = "Bolder"
    if block.kind == "heading":
        made["size"] = "Large" if block.depth <= 1 else "Medium"
    if run.italic or block.quoted:
        made["italic"] = True
    if run.code:
        made["fontType"] = "Monospace"
    if run.link:
        made["selectAction"] = {"type": "Action.OpenUrl", "url": run.link}
    return made


# --- All of them --------------------------------------------------------------------------------


def _told(message: Message) -> list[Block]:
    """Return the digest's paragraphs, the subject first unless it begins with a heading."""
    found = blocks(message.text)
    if found and found[0].kind == "heading":
        return found
    return [Block("heading", (Run(cleaned(message.subject)),), depth=1), *found]


def _bullet(block: Block) -> str:
    return block.marker or "•"


_BODIES: dict[Dialect, Callable[[Message, Where], dict[str, Any]]] = {
    Dialect.SLACK: _slack,
    Dialect.MATTERMOST: _mattermost,
    Dialect.TEAMS: _teams,
}
