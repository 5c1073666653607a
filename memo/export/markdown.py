"""The memo as Markdown: readable as it is, and rendered by anything that knows CommonMark.

Text from outside is escaped where it lands, and only where CommonMark (0.31) or its GitHub
dialect (tables, strikethrough, bare links) would read a character as markup: "3.5 %", "on-call",
"Q4_K_M" and "R&D" stay as they are. The only links are those to the recording.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from memo.export.layout import NOTHING, Item, Link, Page, Quote, Task, Unverified, lay_out
from memo.export.marks import block, cell, heading, inline
from memo.model import Memo

_SIGN = "⚠"


def render_markdown(
    memo: Memo, *, recording_path: str | None = None, front_matter: bool = True
) -> str:
    """Return the memo as Markdown.

    Args:
        memo: The memo.
        recording_path: Way from the memo's folder to the recording, with forward slashes; the
            links to the seconds use it. None when they lie side by side.
        front_matter: Whether to begin with YAML front matter; a terminal does without.
    """
    page = lay_out(memo, recording_path=recording_path)
    blocks = [*([_front_matter(memo, page)] if front_matter else []), *_blocks(page)]
    return "\n\n".join(blocks) + "\n"


def _front_matter(memo: Memo, page: Page) -> str:
    """Return the facts that other programs look for. JSON's strings and lists are YAML's too."""
    facts = {
        "title": page.title,
        "date": page.date.isoformat() if page.date else None,
        "timezone": page.timezone,
        "duration": round(memo.duration, 3),
        "participants": page.participants,
        "language": page.language,
        **({"spoken_language": page.spoken} if page.spoken != page.language else {}),
        "recording": page.recording,
        "sha256": memo.recording.sha256,
        "memo_version": page.memo_version,
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items()]
    return "\n".join(["---", *lines, "---"])


def _blocks(page: Page) -> Iterator[str]:
    """Yield the blocks of the memo, which blank lines will part."""
    say = page.wording
    yield f"# {heading(page.title)}"
    yield block(" · ".join(page.byline))
    yield from map(block, page.summary)
    yield f"## {say.decisions}"
    for number, decision in enumerate(page.decisions, start=1):
        yield from _item(page, decision, f"{number}. ")
    if not page.decisions:
        yield say.no_decisions
    yield f"## {say.actions}"
    yield _table(page) if page.tasks else say.no_actions
    yield f"## {say.questions}"
    for question in page.questions:
        yield from _item(page, question, "")
    if not page.questions:
        yield say.no_questions
    yield from _afterwards(page)


def _afterwards(page: Page) -> Iterator[str]:
    """Yield what follows the three questions a reader comes with."""
    say = page.wording
    if page.discussed:
        yield f"## {say.discussed}"
        yield _bullets(f"{block(topic.title)} {_link(topic.link)}" for topic in page.discussed)
    if page.unverified:
        yield f"## {say.unverified}"
        yield say.unverified_note
        yield _bullets(map(_unverified, page.unverified))
    yield f"## {say.about}"
    warnings = (f"{_SIGN} {inline(warning)}" for warning in page.warnings)
    yield _bullets([*map(block, page.coverage), *warnings, *map(block, page.provenance)])


def _item(page: Page, item: Item, number: str) -> Iterator[str]:
    """Yield a decision or question: what it is in bold, what is known of it, the words."""
    say = page.wording
    status = f" — *{item.status}*" if item.status else ""
    statement = inline(item.statement) if number else block(item.statement)
    yield f"**{number}{statement}**{status}"
    lines = [f"*{detail.label}:* {inline(detail.text)}" for detail in item.details]
    if item.doubt:
        lines.insert(0, f"{_SIGN} *{say.uncertain}:* {inline(item.doubt)}")
    if item.more:
        lines.append(f"*{say.also_at}:* {_links(item.more)}")
    if lines:
        yield _bullets(lines)
    yield "\n>\n".join(map(_quote, item.quotes))


def _quote(quote: Quote) -> str:
    said_by = ", ".join(filter(None, (inline(quote.speaker or ""), _link(quote.link))))
    return f"> {inline(quote.words)} — {said_by}"


def _table(page: Page) -> str:
    say = page.wording
    head = [say.owner, say.task, say.due, say.said]
    rows = [head, ["---"] * len(head), *(_row(page, task) for task in page.tasks)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(page: Page, task: Task) -> list[str]:
    owner = cell(task.owner) if task.owner else f"*{page.wording.no_owner}*"
    what = cell(task.task)
    if task.doubt:
        what = f"{_SIGN} {what} — *{page.wording.uncertain}:* {cell(task.doubt)}"
    due = " ".join(filter(None, (task.due, task.due_words))) or NOTHING
    return [owner, what, cell(due), _links(task.links)]


def _unverified(claim: Unverified) -> str:
    text = f"{_SIGN} *{claim.kind}?* {inline(claim.claim)} — *{inline(claim.reason)}*"
    return " ".join([text, _links(claim.links)]).rstrip()


def _link(link: Link) -> str:
    return f"[{link.text}]({link.url})"


def _links(links: Iterable[Link]) -> str:
    return " ".join(map(_link, links))


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
