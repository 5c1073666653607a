"""A digest as Markdown, HTML, Word and JSON: what it says, and what no text in it can do."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import string
import tomllib
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from memo.digest import (
    Change,
    Closing,
    Confirmation,
    Digest,
    DigestMeeting,
    DoubtfulLink,
    How,
    Reader,
    Task,
    due_for,
)
from memo.export.digest_html import render_digest_html
from memo.export.digest_json import render_digest_json
from memo.export.digest_layout import lay_out_digest
from memo.export.digest_markdown import render_digest_markdown
from memo.export.digest_word import render_digest_word
from memo.model import ActionItem, Decision, Evidence, OpenQuestion, Recording, Verdict
from memo.remembered import Link, LinkStanding, LogEntry, LoggedMeeting, Relation, kind_of

NOW = dt.datetime(2026, 3, 4, 12, tzinfo=dt.UTC)
STARTED_AT = dt.datetime(2026, 3, 3, 16, tzinfo=dt.UTC)
RECORDING = Recording(filename="call.m4a", sha256="a" * 64)
SURE: dict[str, Any] = {"id": "x", "verdict": Verdict.SUPPORTED, "confidence": 0.9}

HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</style></title><svg onload=1>",
    '"><a href="javascript:alert(1)">', "' onmouseover='alert(1)", "[x](javascript:alert(1))",
    "![x](http://evil.example/p.png)", "<http://evil.example>", "http://evil.example", "a|b",
    "www.evil.example", "](http://evil.example)", "\\|", "\\", "**", "`", "```\n", "# x", "1. x",
    "- x\n- y", "> x", "---", "&amp;&#35;", "<!--", "\n\n## Yours", "\r", "\t", "\x00\x07\x1b[31m",
    "\u202eevil\u202c", "\u2066\u2028\u2029", "\ud800", "שלום", "日本語", "=cmd|' /C calc'!A0",
    "{name}", "%s", "$(id)", "~~x~~", "_x_", "a" * 300, "[ ]", "![", "<?php", "]]>", "💥",
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4).map(" ".join), st.text(max_size=40)
)


def told(text: str) -> str:
    """A text that says something: what is empty is told otherwise."""
    return f"w{text}w"


def path_of(text: str) -> str:
    """Where a memo lies: in a folder of that name, as the log can hold it."""
    return f"/calls/{text.encode('utf-8', 'replace').decode()}/call.memo.md"


def entry(number: str, text: str, **changes: Any) -> LogEntry:  # noqa: ANN401
    """An entry that says, everywhere, a text."""
    said = Evidence(start=62, end=65, speaker=text, quote=text, score=1)
    finding: Decision | ActionItem | OpenQuestion
    if number.startswith("DEC"):
        finding = Decision(
            **SURE, evidence=(said,), statement=text, rationale=text, decided_by=(text,)
        )
    elif number.startswith("ACT"):
        due = dt.date(2026, 3, 6)
        finding = ActionItem(**SURE, evidence=(said,), task=text, owner=text, due=due)
    else:
        finding = OpenQuestion(**SURE, evidence=(said,), question=text, waiting_on=text)
    values: dict[str, Any] = {
        "number": number,
        "kind": kind_of(finding),
        "state": "accepted" if number.startswith("DEC") else "open",
        "finding": finding,
        "meeting_title": text,
        "decided_at": STARTED_AT,
        "timezone": "Europe/Berlin",
        "recording": RECORDING,
        "logged_at": NOW,
        "changed_at": NOW,
        "memo_path": path_of(text),
    }
    return LogEntry(**values | changes)


def digest(text: str = "word", **changes: Any) -> Digest:  # noqa: ANN401
    """A digest in which there is something of everything, and every text is the same."""
    meeting = LoggedMeeting(
        recording=RECORDING, title=text, started_at=STARTED_AT, timezone="Europe/Berlin",
        duration=5400, language="en", participants=(text,), memo_path=path_of(text),
        recorded_at=NOW,
    )  # fmt: skip
    link = Link(
        source="DEC-0002", target="DEC-0001", relation=Relation.REVERSES,
        standing=LinkStanding.PROPOSED, reason=text, made_by=text, made_at=NOW,
    )  # fmt: skip
    talk = link.model_copy(update={"source": "MTG-0001", "meeting": text})
    due = due_for(dt.date(2026, 3, 6), of="Europe/Berlin", timezone="Asia/Tokyo", now=NOW)
    done = entry("ACT-0009", text, state="done")
    words = done.finding.evidence
    held = DigestMeeting(meeting=meeting, decisions=1, actions=2, questions=1, changes=1)
    values: dict[str, Any] = {
        "since": NOW - dt.timedelta(days=2),
        "until": NOW,
        "timezone": "Asia/Tokyo",
        "language": "en",
        "reader": Reader(asked=text, names=(text,)),
        "meetings": (held,),
        "earlier": (held,),
        "changes": (
            Change(
                how=How.REVERSED, before=entry("DEC-0001", text),
                after=(entry("DEC-0002", text), entry("DEC-0003", text)), steps=("DEC-0004",),
                by=text,
            ),
        ),
        "moved": (
            Change(
                how=How.SLIPPED, before=entry("ACT-0001", text), after=(entry("ACT-0002", text),)
            ),
        ),
        "decided": (entry("DEC-0005", text),),
        "proposed": (entry("DEC-0006", text, state="proposed"),),
        "confirmed": (Confirmation(entry=entry("DEC-0007", text), by=entry("DEC-0008", text)),),
        "yours": (Task(entry=entry("ACT-0003", text), due=due, new=True),),
        "waiting": (Task(entry=entry("QUE-0001", text), due=due, new=False),),
        "closed": (
            Closing(entry=done, words=words, meeting=meeting),
            Closing(entry=entry("QUE-0003", text, state="answered"), words=words,
                    by=entry("DEC-0005", f"{text}!")),
            Closing(entry=entry("QUE-0004", text, state="dropped"), note=text),
        ),
        "others": (Task(entry=entry("QUE-0002", text), due=due, new=True),),
        "others_left": 3,
        "doubtful": (
            DoubtfulLink(
                link=link, target=entry("DEC-0001", text), source=entry("DEC-0002", text), new=True
            ),
            DoubtfulLink(link=talk, target=entry("DEC-0001", text)),
        ),
        "withdrawn": (entry("DEC-0010", text),),
    }  # fmt: skip
    return Digest(**values | changes)


# --- Markdown -----------------------------------------------------------------------------------

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def markdown(text: str, **more: Any) -> str:  # noqa: ANN401
    return render_digest_markdown(lay_out_digest(digest(told(text)), links="paths", **more))


def structure(rendered: str) -> list[str]:
    """The kinds of blocks and of what is in them, but for text."""
    found = []
    for token in PARSER.parse(rendered):
        found.append(token.type)
        found += [c.type for c in token.children or () if c.type not in {"text", "text_special"}]
    return found


def goals(rendered: str) -> set[str]:
    children = [child for token in PARSER.parse(rendered) for child in token.children or ()]
    return {str(child.attrs["href"]) for child in children if child.type == "link_open"}


@pytest.mark.parametrize("length", ["brief", "full"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(text=TEXTS)
def test_no_text_changes_what_markdown_is_made_of(text: str, length: str) -> None:
    rendered = markdown(text, length=length)
    plain = markdown("ord", length=length)
    assert structure(rendered) == structure(plain)
    assert goals(rendered)
    assert all(goal.startswith("/calls/") for goal in goals(rendered))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", rendered)


def test_what_was_and_what_is_stand_side_by_side() -> None:
    rendered = render_digest_markdown(lay_out_digest(digest()))
    head = next(line for line in rendered.splitlines() if "Was ·" in line)
    assert head == "|  | Was · Wed 2026-03-04 | Now · Wed 2026-03-04 | Now · Wed 2026-03-04 |"
    assert "**⚠ Reversed: DEC-0001 → DEC-0002, DEC-0003**" in rendered


def test_each_entry_leads_to_its_memo_and_the_second() -> None:
    rendered = render_digest_markdown(lay_out_digest(digest(), links="paths"))
    entries = [line for line in rendered.splitlines() if re.match(r"- \*\*(DEC|ACT|QUE)", line)]
    assert len(entries) >= 9
    assert all("1:02](/calls/word/call.memo.md#t=62)" in line for line in entries)


def test_links_can_be_relative_to_where_the_digest_lies() -> None:
    page = lay_out_digest(digest(), folder=Path("/calls/digests"))
    far = lay_out_digest(digest(), folder=Path("/home/anna/some/where"))
    assert "](file:///calls/word/call.memo.md#t=62)" in render_digest_markdown(far)
    assert "](../word/call.memo.md#t=62)" in render_digest_markdown(page)


def test_a_terminal_does_without_links_and_is_told_where_the_memos_are() -> None:
    rendered = render_digest_markdown(lay_out_digest(digest(), links="none"))
    assert goals(rendered) == set()
    assert "/calls/word/call.memo.md" in rendered


def test_times_are_the_readers_with_the_meetings_own_beside_them() -> None:
    rendered = render_digest_markdown(lay_out_digest(digest()))
    assert "Wed 2026-03-04, 01:00 (Tue 2026-03-03, 17:00 Europe/Berlin)" in rendered
    at_home = digest(timezone="Europe/Berlin")
    assert "Tue 2026-03-03, 17:00 ·" in render_digest_markdown(lay_out_digest(at_home))


def test_the_head_says_what_it_replaces_and_costs() -> None:
    page = lay_out_digest(digest())
    assert page.byline == (
        "Mon 2026-03-02, 21:00 to Wed 2026-03-04, 21:00 (Asia/Tokyo)",
        "1 meeting", "instead of 1 h 30 min of calls", "2 min to read",
    )  # fmt: skip
    words = digest(decided=tuple(entry(f"DEC-{n:04d}", "word " * 115) for n in range(20, 22)))
    assert lay_out_digest(words).minutes == 5  # statement and reason, 230 words a minute


def test_earlier_meetings_are_named_with_what_shows_them() -> None:
    (note,) = lay_out_digest(digest()).notes
    assert note == (
        "Also logged since: 1 earlier meeting, word (Wed 2026-03-04, 1 decision, 2 actions, "
        "1 open question, 1 of them changes an older one). “--since 2026-03-04” tells it."
    )


def test_what_is_not_verified_is_marked() -> None:
    sure = entry("DEC-0005", "word")
    unsure = sure.model_copy(
        update={"finding": sure.finding.model_copy(update={"verdict": Verdict.UNCERTAIN})}
    )
    rendered = render_digest_markdown(lay_out_digest(digest(decided=(unsure,))))
    assert "**DEC-0005** word · ⚠ *unverified*" in rendered


@pytest.mark.parametrize(
    ("reader", "note"),
    [
        (Reader(asked="Pri", others=("Priya R", "Priya S")), "“Pri” may be Priya R or Priya S:"),
        (Reader(asked="Prya", others=("Priya",)), "called “Prya”. Did you mean Priya?"),
        (Reader(asked="Nobody"), "Nobody in the log is called “Nobody”."),
    ],
)
def test_who_is_not_found_is_told_so(reader: Reader, note: str) -> None:
    page = lay_out_digest(digest(reader=reader, yours=(), waiting=()))
    assert any(note in line for line in page.notes)
    assert "yours" not in [section.name for section in page.sections]


def test_a_brief_one_has_a_line_for_what_changed_and_what_is_yours() -> None:
    page = lay_out_digest(digest(), length="brief")
    assert [section.name for section in page.sections] == [
        "changed", "moved", "decided", "proposed", "yours", "waiting", "closed", "doubtful",
    ]  # fmt: skip
    rendered = render_digest_markdown(page)
    assert len(rendered.splitlines()) < 40
    many = digest(decided=tuple(entry(f"DEC-{n:04d}", "word") for n in range(20, 50)))
    assert "*and 22 more: --length full*" in render_digest_markdown(
        lay_out_digest(many, length="brief")
    )


def test_nothing_new_is_one_line_in_every_form() -> None:
    nothing = Digest(since=NOW - dt.timedelta(days=1), until=NOW, timezone="UTC")
    page = lay_out_digest(nothing)
    assert render_digest_markdown(page) == "Nothing new since Tue 2026-03-03, 12:00.\n"
    assert render_digest_html(page).count("<p") == 1
    document = Document(io.BytesIO(render_digest_word(page, made_at=NOW)))
    assert [p.text for p in document.paragraphs] == ["Nothing new since Tue 2026-03-03, 12:00."]
    due = due_for(dt.date(2026, 3, 2), of="UTC", timezone="UTC", now=NOW)
    yours = (Task(entry=entry("ACT-0001", "word"), due=due, new=False),)
    line = lay_out_digest(nothing.model_copy(update={"yours": yours})).title
    assert line.endswith("1 open action is yours. 1 is overdue.")


# --- Words --------------------------------------------------------------------------------------


def test_every_word_is_there_in_every_language() -> None:
    table = tomllib.loads((files("memo.export") / "digest.toml").read_text(encoding="utf-8"))

    def fields(text: str | list[str]) -> list[set[str | None]]:
        forms = [text] if isinstance(text, str) else text
        return [
            {name for _, name, _, _ in string.Formatter().parse(form)} - {None} for form in forms
        ]

    for key, words in table.items():
        assert list(words) == ["en", "de", "es"], key
        assert len({len(fields(text)) for text in words.values()}) == 1, key
        needed = set.union(*fields(words["en"]))
        assert all(set.union(*fields(text)) == needed for text in words.values()), key


@pytest.mark.parametrize("language", ["de", "es", "fr"])
@pytest.mark.parametrize("length", ["brief", "full"])
def test_a_digest_is_written_in_the_language_that_is_asked_for(
    language: str, length: Any  # noqa: ANN401
) -> None:  # fmt: skip
    rendered = render_digest_markdown(lay_out_digest(digest(), language=language, length=length))
    heads = {"de": "Was aufgehoben oder geändert wurde", "es": "Qué se revocó o se modificó"}
    assert f"## {heads.get(language, 'What was reversed or amended')}" in rendered


# --- HTML ---------------------------------------------------------------------------------------


class Parsed(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: set[str] = set()
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src"}}

    def handle_endtag(self, tag: str) -> None:
        self.elements.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("length", ["brief", "full"])
@settings(max_examples=25)
@given(text=TEXTS)
def test_no_text_changes_what_html_is_made_of(text: str, length: Any) -> None:  # noqa: ANN401
    page = lay_out_digest(digest(told(text)), length=length)
    parsed = Parsed(render_digest_html(page))
    plain = Parsed(render_digest_html(lay_out_digest(digest("word"), length=length)))
    assert parsed.elements == plain.elements
    assert all(address.startswith("file:///calls/") for address in parsed.addresses)
    shown = "".join(parsed.words)
    statement = next(s for s in page.sections if s.name == "decided").groups[0].lines[0].text
    assert statement in shown


def test_html_needs_nothing_else_and_runs_nothing() -> None:
    page = render_digest_html(lay_out_digest(digest()))
    assert "default-src 'none'" in page
    assert '<meta name="viewport" content="width=device-width' in page
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"<script|<link|<img|@import|url\(|https?://", page)


# --- Word ---------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(text=TEXTS)
def test_no_text_breaks_the_word_file_or_leads_anywhere(text: str) -> None:
    rendered = render_digest_word(lay_out_digest(digest(told(text))), made_at=NOW)
    document = Document(io.BytesIO(rendered))
    outside = [rel for rel in document.part.rels.values() if rel.is_external]
    assert outside
    assert all(rel.target_ref.startswith("file:///calls/") for rel in outside)
    assert len(document.tables) == 2
    plain = Document(io.BytesIO(render_digest_word(lay_out_digest(digest()), made_at=NOW)))
    styles = [p.style.name for p in document.paragraphs if p.style]
    assert styles == [p.style.name for p in plain.paragraphs if p.style]


def test_the_same_digest_is_the_same_word_file() -> None:
    page = lay_out_digest(digest())
    assert render_digest_word(page, made_at=NOW) == render_digest_word(page, made_at=NOW)


# --- JSON ---------------------------------------------------------------------------------------


def test_json_is_the_digest_and_what_can_be_counted() -> None:
    made = digest("<b>&\u2028")
    read = json.loads(render_digest_json(made, lay_out_digest(made)))
    counted = [read.pop(name) for name in ("nothing_new", "hours_of_calls", "minutes_to_read")]
    assert counted == [False, 1.5, 2]
    assert Digest.model_validate_json(json.dumps(read)) == made
