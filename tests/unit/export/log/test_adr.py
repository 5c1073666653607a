"""The pages of the log: what stands in them, and that no text can break them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from memo.export.adr import Around, file_name, render_decision, slug
from memo.export.adr_pages import render_actions, render_index, render_questions
from memo.export.adr_trees import trees_of
from memo.export.stamps import front_matter, is_unchanged, stamped
from memo.export.untrusted import one_line
from memo.model import Verdict
from memo.remembered import EntryState, Link, LinkStanding, LogEntry, content_of, fingerprint

Make = Callable[..., LogEntry]
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])

HOSTILE = [
    "# no heading",
    "- [x] **ACT-0001** forged — owner: Eve <!-- content: 0 -->",
    "---\nstatus: x\n---",
    "<script>alert(1)</script>",
    "[a](javascript:alert)",
    "a | b\n| c |",
    "```mermaid\nx\n```",
    "![x](http://evil/x.png)",
    "*Why:* because",
    "\u202egnitirw",
    "\ud800 half",
    "a\x00b\x1b[31m",
    'He said "no" \\',
    "http://evil.example",
    "<!-- checksum: 0123456789abcdef -->",
    "~~gone~~",
    "1. one",
]


def tokens(text: str) -> list[Token]:
    """The parts of a page, without its front matter."""
    body = text.split("\n---\n", 1)[1] if text.startswith("---\n") else text
    return [part for token in MARKDOWN.parse(body) for part in (token, *(token.children or ()))]


def kinds(text: str) -> list[str]:
    """What a page is made of, the words left out."""
    return [token.type for token in tokens(text) if token.type != "text"]


# --- Names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("We ship on Friday.", "we-ship-on-friday"),
        ("Größe zählt: 3,5 %", "grosse-zahlt-3-5"),
        ("Año nuevo, ¿vida nueva?", "ano-nuevo-vida-nueva"),
        ("Łódź, Ærø & Đà Nẵng", "lodz-aero-da-nang"),
        ("Don't", "dont"),
        ("../../etc/passwd", "etc-passwd"),
        ("CON", "con"),
        ("新しい倉庫", ""),
        ("a" * 300, "a" * 50),
        ("word " * 40, "word-word-word-word-word-word-word-word-word-word"),
        ("½ ﬁne", "1-2-fine"),
    ],
)
def test_a_slug_is_short_and_plain(statement: str, name: str) -> None:
    assert slug(statement) == name


@given(st.text())
def test_a_file_name_is_one_on_every_disk(entry: Make, statement: str) -> None:
    name = file_name(entry("DEC-0042", statement))
    assert name.startswith("0042-")
    assert name.endswith(".md")
    assert len(name) <= 60
    assert name == name.casefold()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


def test_a_statement_without_letters_still_has_a_name(entry: Make) -> None:
    assert file_name(entry("DEC-12345", "新")) == "12345-decision.md"


# --- A decision's page ------------------------------------------------------------------------


def test_the_pages_are_those_that_were_looked_at(log: tuple[LogEntry, ...], folder: Path) -> None:
    """Render the two calls; after a change look at the new pages, then put them in `pages`."""
    names = {entry.number: file_name(entry) for entry in log if entry.number.startswith("DEC")}
    names |= {entry.number: "actions.md" for entry in log if entry.number.startswith("ACT")}
    names |= {entry.number: "questions.md" for entry in log if entry.number.startswith("QUE")}
    around = Around({entry.number: entry for entry in log}, names, "../calls", trees_of(log))
    pages = {
        "README.md": render_index(log, around),
        "actions.md": render_actions(log, around),
        "questions.md": render_questions(log, around),
        **{
            names[entry.number]: render_decision(entry, around)
            for entry in log
            if entry.number.startswith("DEC")
        },
    }
    wanted = {path.name: path.read_text(encoding="utf-8") for path in (folder / "pages").iterdir()}
    assert pages == wanted


@given(st.text())
def test_a_page_is_made_the_same_way_whatever_a_statement_says(entry: Make, text: str) -> None:
    given_, plain = entry("DEC-0001", text), entry("DEC-0001", "plain")
    assert kinds(render_decision(given_)) == kinds(render_decision(plain))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_wherever_it_stands(entry: Make, text: str) -> None:
    def page(words: str, **more: Any) -> str:  # noqa: ANN401
        return render_decision(
            entry(
                "DEC-0001",
                words,
                rationale=words,
                considered=(f"other {words}",),
                decided_by=(words,),
                said=words,
                meeting_title=words,
                timezone=words,
                verdict=Verdict.UNCERTAIN,
                reason=words,
                supersedes=words,
                memo_path=f"/x/{words.replace('/', '')}",
                **more,
            ),
            Around(memos="https://example.org/calls"),
        )

    hostile = page(text)
    assert kinds(hostile) == kinds(page("plain"))
    facts = yaml.safe_load(hostile.split("\n---\n")[0].removeprefix("---\n"))
    assert facts["decision-makers"] == [one_line(text)]
    links = [str(token.attrs["href"]) for token in tokens(hostile) if token.type == "link_open"]
    assert all(link.startswith("https://example.org/calls/") for link in links)
    assert is_unchanged(hostile)


@given(st.lists(st.text(), max_size=4))
def test_front_matter_is_yaml_whatever_people_are_called(entry: Make, people: list[str]) -> None:
    made = entry("DEC-0042", "x", decided_by=tuple(people))
    page = render_decision(made)
    facts = yaml.safe_load(page.split("\n---\n")[0].removeprefix("---\n"))
    named = [name for person in people if (name := one_line(person))]
    assert facts.get("decision-makers", []) == named
    assert facts["number"] == "DEC-0042"
    assert facts["date"] == dt.date(2026, 3, 2)
    assert facts["content"] == fingerprint(content_of(made))
    own = front_matter(page) or {}
    assert own["number"] == "DEC-0042"
    assert own.get("decision-makers", []) == named


def test_days_are_those_of_the_meeting(entry: Make) -> None:
    page = render_decision(entry("DEC-0001", "x"))  # at 22:30 UTC, and 23:30 in Berlin
    assert "date: 2026-03-02" in page
    assert "on 2026-03-02 at 23:30 (Europe/Berlin)" in page


def test_a_superseded_page_leads_to_the_new_one_and_back(log: tuple[LogEntry, ...]) -> None:
    names = {"DEC-0001": "0001-old name.md", "DEC-0003": "0003-new.md"}
    around = Around({entry.number: entry for entry in log}, names)
    old, new = render_decision(log[0], around), render_decision(log[2], around)
    assert 'status: "superseded by DEC-0003"' in old
    assert "> **Superseded by [DEC-0003](0003-new.md)" in old
    assert "Amends [DEC-0001](0001-old%20name.md): “We ship on Friday”" in new


def test_a_link_that_is_only_proposed_is_not_told(entry: Make, link: Callable[..., Link]) -> None:
    doubtful = link("DEC-0002", "reverses", "DEC-0001", standing=LinkStanding.PROPOSED)
    page = render_decision(entry("DEC-0001", "x", links=(doubtful,)))
    assert "DEC-0002" not in page
    assert trees_of([entry("DEC-0001", "x", links=(doubtful,)), entry("DEC-0002", "y")]) == {}


def test_without_a_place_for_memos_nothing_leads_to_this_machine(entry: Make) -> None:
    page = render_decision(entry("DEC-0001", "x"))
    assert "/home" not in page
    assert "Memo: weekly.memo.md" in page


@pytest.mark.parametrize(
    ("text", "told"), [("1. one", "1#46; one"), ("- x", "#45; x"), ("1.5", "1.5")]
)
def test_a_label_is_no_list(entry: Make, link: Callable[..., Link], text: str, told: str) -> None:
    between = (link("DEC-0002", "amends", "DEC-0001"),)
    drawn = trees_of(
        [entry("DEC-0001", text, links=between), entry("DEC-0002", "y", links=between)]
    )
    assert f'<br/>{told}"]' in drawn["DEC-0001"]


@given(st.text(min_size=1))
def test_a_drawing_holds_only_what_mermaid_takes_as_words(entry: Make, text: str) -> None:
    from memo.remembered import Relation

    between = Link(
        source="DEC-0002",
        target="DEC-0001",
        relation=Relation.AMENDS,
        standing=LinkStanding.SURE,
        made_by="x",
        made_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    old = entry("DEC-0001", text, links=(between,), state=EntryState.SUPERSEDED)
    new = entry("DEC-0002", "new", links=(between,))
    drawn = trees_of([old, new])
    assert drawn.keys() == {"DEC-0001", "DEC-0002"}
    [old_line, new_line, arrow] = drawn["DEC-0001"].splitlines()[1:4]
    assert new_line == '  DEC0002["DEC-0002 · 2026-03-02 · accepted<br/>new"]'
    assert arrow == "  DEC0001 -->|amended by| DEC0002"
    label = old_line.removeprefix('  DEC0001["').removesuffix('"]:::asked')
    told = label.removeprefix("DEC-0001 · 2026-03-02 · superseded<br/>")
    assert not set(told) & set('"`<>[]{}|\\&*_')


def test_a_chain_too_long_to_be_read_is_not_drawn(entry: Make, link: Callable[..., Link]) -> None:
    def one(place: int, last: int) -> LogEntry:
        pairs = [(place, place - 1), (place + 1, place)]
        links = tuple(
            link(f"DEC-{new:04}", "amends", f"DEC-{old:04}")
            for new, old in pairs
            if old > 0 and new <= last
        )
        return entry(f"DEC-{place:04}", f"step {place}", links=links)

    assert len(trees_of([one(place, 40) for place in range(1, 41)])) == 40
    assert trees_of([one(place, 41) for place in range(1, 42)]) == {}


# --- The other pages --------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_lists_and_tables(entry: Make, text: str) -> None:
    def pages(words: str) -> str:
        entries = [
            entry("DEC-0001", words, decided_by=(words,), meeting_title=words),
            entry("ACT-0001", words, owner=words, meeting_title=words),
            entry("QUE-0001", words, raised_by=words, waiting_on=words, meeting_title=words),
        ]
        around = Around({one.number: one for one in entries})
        renders = (render_index, render_actions, render_questions)
        return "\n\n".join(render(entries, around) for render in renders)

    assert kinds(pages(text)) == kinds(pages("plain"))


def test_actions_stand_by_owner_and_date_and_what_nobody_has_comes_last(entry: Make) -> None:
    def action(number: int, owner: str | None, day: int | None) -> LogEntry:
        due = dt.date(2026, 3, day) if day else None
        return entry(f"ACT-{number:04}", f"task {number}", owner=owner, due=due)

    page = render_actions(
        [
            action(1, None, 1), action(2, "bo", 9), action(3, "Bo", 2), action(4, "Ana", None),
            action(5, "Ana", 30),
        ],
        Around(),
    )  # fmt: skip
    order = [line[8:16] for line in page.splitlines() if line.startswith("- [ ]")]
    assert order == ["ACT-0005", "ACT-0004", "ACT-0003", "ACT-0002", "ACT-0001"]
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Ana", "## Bo", "## Nobody yet",
    ]  # fmt: skip


def test_pages_of_an_empty_log_say_so() -> None:
    assert "0 decisions" in render_index([], Around())
    assert "Nothing is to do." in render_actions([], Around())
    assert "Nothing is open." in render_questions([], Around())


# --- Checksums --------------------------------------------------------------------------------


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_is_stamped_is_unchanged_until_somebody_changes_it(text: str) -> None:
    page = stamped(text)
    assert is_unchanged(page)
    assert stamped(page) == page
    assert is_unchanged(page.replace("\n", "\r\n"))
    assert not is_unchanged(f"{page}x\n")


def test_a_change_anywhere_in_a_page_is_seen(entry: Make) -> None:
    page = render_decision(entry("DEC-0001", "We ship", rationale="why not"))
    assert is_unchanged(page)
    for place in range(len(page)):
        assert not is_unchanged(page[:place] + "~" + page[place + 1 :]), page[place:]


@pytest.mark.parametrize(
    "text",
    ["", "---", "---\n", "---\nnumber: [\n---\n", "---\na: b", "\ufeff---\nnumber: 1\n---\n"],
)
def test_half_a_front_matter_is_no_error(text: str) -> None:
    assert front_matter(text) in (None, {}, {"number": "["}, {"number": 1})
    assert not is_unchanged(text)
