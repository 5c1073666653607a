from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from memo.export.markdown import render_markdown
from memo.export.marks import block, cell, heading, inline
from memo.export.untrusted import one_line
from memo.model import Evidence, Memo, NameSource

REGENERATE = "MEMO_REGENERATE_GOLDEN"

FRAGMENTS = st.sampled_from(
    [
        "[x](javascript:alert(1))",
        "![x](http://evil.example/p.png)",
        "<script>alert(1)</script>",
        "<http://evil.example>",
        "http://evil.example",
        "[x]: http://evil.example",
        "[a][b]",
        "**",
        "*",
        "__",
        "_",
        "~~",
        "~",
        "`",
        "```",
        "|",
        "\\",
        "\\|",
        "# ",
        " #",
        "- ",
        "+ ",
        "1. ",
        "12) ",
        "> ",
        "---",
        "===",
        "&amp;",
        "&#35;",
        "<!--",
        "<br>",
        "\n",
        "\n\n",
        "\r",
        "\t",
        "    ",
        "\x00",
        "\x0b",
        "\x1b[31m",
        "\x85",
        "\u2028",
        "\u202e",
        "\u2066",
        "\ud800",
        "שלום",
        "日本語",
        "word",
        "3.5 %",
        " ",
        "!",
        "“",
    ]
)
HOSTILE = st.one_of(st.lists(FRAGMENTS, max_size=8).map("".join), st.text(max_size=30))
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _tokens(markdown: str) -> list[Token]:
    return PARSER.parse(markdown)


def _structure(markdown: str) -> list[str]:
    """What kinds of blocks there are, in order."""
    return [token.type for token in _tokens(markdown)]


def _text(markdown: str) -> str:
    """What a reader sees of it."""
    inline = [child for token in _tokens(markdown) for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "text_special"}, inline
    return "".join(child.content for child in inline)


def _links(markdown: str) -> list[str]:
    inline = [child for token in _tokens(markdown) for child in token.children or ()]
    return [str(child.attrs["href"]) for child in inline if child.type == "link_open"]


def _in_one_paragraph(text: str) -> str:
    """Only a summary may have several paragraphs; and nothing that is there may vanish."""
    joined = " ".join(text.splitlines())
    return joined if one_line(joined) else "a"


def test_an_ordinary_memo_reads_as_it_was_approved(weekly: Memo, folder: Path) -> None:
    golden = folder / "weekly-call.memo.md"
    rendered = render_markdown(weekly)
    if os.environ.get(REGENERATE):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")


def test_golden_files_are_not_regenerated_while_they_are_tested() -> None:
    assert REGENERATE not in os.environ, f"look at the difference, then unset {REGENERATE}"


def test_front_matter_holds_the_facts_as_quoted_strings(weekly: Memo) -> None:
    first, *lines = render_markdown(weekly).split("\n---\n", maxsplit=1)[0].split("\n")
    facts = {key: json.loads(value) for key, value in (line.split(": ", 1) for line in lines)}
    assert first == "---"
    assert facts["title"] == "Weekly engineering call"
    assert facts["date"] == "2026-12-01T09:30:00+00:00"
    assert facts["participants"] == ["Priya", "Tom", "Marta", "Dan"]
    assert facts["sha256"] == weekly.recording.sha256


def test_front_matter_can_be_left_out_for_a_terminal(weekly: Memo) -> None:
    assert render_markdown(weekly, front_matter=False).startswith("# Weekly engineering call\n")


@given(title=HOSTILE)
@settings(deadline=None)
def test_no_title_breaks_out_of_the_front_matter(weekly: Memo, title: str) -> None:
    rendered = render_markdown(weekly.model_copy(update={"title": title}))
    lines = rendered.split("\n")
    assert lines[0] == lines[10] == "---"
    assert json.loads(lines[1].removeprefix("title: ")) == (one_line(title) or "Untitled meeting")


def test_sections_that_readers_look_for_say_when_they_are_empty(empty: Memo) -> None:
    rendered = render_markdown(empty)
    assert "## Decisions\n\nNo decisions were found.\n" in rendered
    assert "## Actions\n\nNo actions were found.\n" in rendered
    assert "## Open questions\n\nNo open questions were found.\n" in rendered
    assert "date unknown · 3 min\n" in rendered
    assert "Also discussed" not in rendered
    assert "Not verified" not in rendered


def test_an_unsupported_finding_stands_apart_with_its_reason(weekly: Memo) -> None:
    facts, apart = render_markdown(weekly).split("## Not verified")
    assert "Freeze all deployments" not in facts
    assert "Freeze all deployments in December — *the quoted words are not in" in apart


def test_an_uncertain_finding_without_words_to_show_stands_apart(weekly: Memo) -> None:
    wordless = weekly.action_items[-1].model_copy(update={"evidence": ()})
    facts, apart = render_markdown(weekly.model_copy(update={"action_items": (wordless,)})).split(
        "## Not verified"
    )
    assert "Settle the holiday cover" not in facts
    assert "*Action?* Settle the holiday cover — Mon 2026-12-07, “next Monday”" in apart


def test_an_uncertain_finding_stays_in_its_section_with_a_sign_and_the_reason(
    weekly: Memo,
) -> None:
    row = next(line for line in render_markdown(weekly).splitlines() if "holiday cover —" in line)
    assert row.startswith("| *no owner* | ⚠ Settle the holiday cover — *Uncertain:* nobody took")


def test_actions_are_grouped_by_owner_and_those_of_nobody_come_last(weekly: Memo) -> None:
    shuffled = weekly.model_copy(update={"action_items": weekly.action_items[::-1]})
    rows = [line for line in render_markdown(shuffled).splitlines() if line.startswith("|")][2:]
    assert [row.split(" | ")[0] for row in rows] == [
        "| Tom",
        "| Marta",
        "| Dan",
        "| Dan",
        "| *no owner*",
    ]
    assert "Wed 2026-12-02 “by Wednesday”" in rows[2]


def test_a_status_is_shown_unless_it_is_accepted(weekly: Memo) -> None:
    rejected = weekly.decisions[0].model_copy(update={"status": "rejected"})
    rendered = render_markdown(weekly.model_copy(update={"decisions": (rejected,)}))
    assert "Canada last** — *rejected*\n" in rendered
    assert "accepted" not in render_markdown(weekly)


def test_a_voice_is_called_by_its_name(weekly: Memo) -> None:
    words = Evidence(start=754.9, end=756, speaker="SPEAKER_01", quote="Right.", score=1)
    decision = weekly.decisions[0].model_copy(update={"evidence": (words,)})
    rendered = render_markdown(weekly.model_copy(update={"decisions": (decision,)}))
    assert "> “Right.” — Tom, [12:34](weekly-call.m4a#t=754)\n" in rendered


def test_links_name_the_recording_safely(weekly: Memo) -> None:
    strange = weekly.recording.model_copy(update={"filename": "javascript:Call (1) #2?.m4a"})
    rendered = render_markdown(weekly.model_copy(update={"recording": strange}))
    assert {link.split("#t=")[0] for link in _links(rendered)} == {
        "javascript%3ACall%20%281%29%20%232%3F.m4a"
    }


def test_links_find_a_recording_in_another_folder(weekly: Memo) -> None:
    rendered = render_markdown(weekly, recording_path="../my calls/weekly-call.m4a")
    assert "](../my%20calls/weekly-call.m4a#t=71)" in rendered


def test_a_topic_with_a_decision_is_not_told_twice(weekly: Memo) -> None:
    rendered = render_markdown(weekly)
    assert "Coffee machine in the Lisbon office [2:48]" in rendered
    assert "- Billing migration" not in rendered


def test_coverage_names_what_is_missing(weekly: Memo) -> None:
    gaps = [
        {"start": 600, "end": 660, "reason": "no answer from the model"},
        {"start": 630, "end": 720, "reason": "no answer from the model"},
    ]
    coverage = {"audio_seconds": 3600, "speech_seconds": 3000, "analysed_seconds": 2880}
    told = Memo.model_validate(
        {**weekly.model_dump(), "coverage": {**coverage, "gaps": gaps}, "warnings": ["Faint."]}
    )
    rendered = render_markdown(told)
    assert "- Covers 58 of 60 minutes; 2 gaps: 10:00–11:00 (no answer from the model), " in rendered
    assert "- Only 48 of 50 minutes of speech were read.\n" in rendered
    assert "- ⚠ Faint.\n" in rendered


def test_coverage_tells_what_the_speech_model_heard_and_what_was_skipped(weekly: Memo) -> None:
    heard = {"decoded_seconds": 165.2, "skipped_seconds": 13.3}
    told = weekly.model_copy(update={"coverage": weekly.coverage.model_copy(update=heard)})
    line = "- Transcribed: 2:45. Skipped, for nobody speaks there: 0:13.\n"
    assert line in render_markdown(told)
    assert "Skipped" not in render_markdown(weekly)
    german = render_markdown(told.model_copy(update={"memo_language": "de"}))
    assert "- Transkribiert: 2:45. Übersprungen, weil dort niemand spricht: 0:13.\n" in german


def test_a_memo_is_worded_in_its_own_language_and_quotes_what_was_spoken(weekly: Memo) -> None:
    rendered = render_markdown(weekly.model_copy(update={"memo_language": "es"}))
    assert "## Decisiones" in rendered
    assert 'language: "es"\nspoken_language: "en"\n' in rendered
    assert weekly.decisions[0].evidence[0].quote in rendered
    assert "spoken_language" not in render_markdown(weekly)


def test_voices_without_a_name_are_called_as_the_language_calls_them(weekly: Memo) -> None:
    person = weekly.participants[0]
    nobody = person.model_copy(update={"name": "Speaker 12", "label": person.label})
    participants = (nobody, *weekly.participants[1:])
    changed = {"participants": participants, "summary": "2 Aufgaben, für Speaker 12."}
    memo = weekly.model_copy(update={"language": "de", **changed})
    assert "2 Aufgaben, für Stimme 12." in render_markdown(memo)
    assert "Speaker" not in render_markdown(memo)
    assert "Speaker 12" in render_markdown(memo.model_copy(update={"language": "en"}))


def test_a_guessed_name_is_shown_as_one_once(weekly: Memo) -> None:
    guess = {"source": NameSource.GUESS, "confidence": 0.97, "named_at": (12.0,), "role": "lead"}
    participants = (weekly.participants[0].model_copy(update=guess), *weekly.participants[1:])
    rendered = render_markdown(weekly.model_copy(update={"participants": participants}))
    assert " · Priya (lead, guessed), Tom, Marta, Dan\n" in rendered
    assert rendered.count("guessed") == 1
    assert 'participants: ["Priya", "Tom"' in rendered


def test_rules_are_named_in_words(weekly: Memo) -> None:
    origin = weekly.provenance.model_copy(update={"language_model": "rules"})
    memo = weekly.model_copy(update={"provenance": origin, "language": "es"})
    assert "leído por reglas, sin modelo." in render_markdown(memo)


@pytest.mark.parametrize(
    ("language", "heading"),
    [("de", "Entscheidungen"), ("es-MX", "Decisiones"), ("ja", "Decisions"), ("", "Decisions")],
)
def test_headings_are_in_the_language_of_the_memo(
    weekly: Memo, language: str, heading: str
) -> None:
    rendered = render_markdown(weekly.model_copy(update={"language": language}))
    assert f"\n## {heading}\n" in rendered


@pytest.mark.parametrize(
    "prose",
    [
        "3.5 % of it's on-call",
        "Q4_K_M and snake_case_names",
        "R&D, AT&T, <3, a < b > c",
        "~5 minutes, 3 * 4 = 12",
        "[laughs] C:\\new #1 (see 2.)",
        '2025-12-05 – 1.5 or 2) what? "Yes!" {ok} $5 + 10€ | a/b',
    ],
)
def test_ordinary_prose_is_not_escaped(prose: str) -> None:
    assert inline(prose) == prose


@given(text=HOSTILE.map(one_line))
@settings(deadline=None)
def test_escaped_text_is_read_as_it_was_said(text: str) -> None:
    assert _text(block(text)) == text
    assert _text(f"said {inline(text)} so") == (f"said {text} so" if text else "said  so")
    assert _text(f"# {heading(text)}") == text
    assert _text(f"- {block(text)}") == text
    assert _text(f"| a |\n| --- |\n| {cell(text)} |") == f"a{text}"


@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_changes_the_structure_of_a_memo(
    weekly: Memo, rewritten: Callable[..., Memo], data: st.DataObject
) -> None:
    plain = rewritten(weekly, lambda _: "word")
    changed = rewritten(weekly, lambda _: _in_one_paragraph(data.draw(HOSTILE)))
    expected, actual = (
        render_markdown(memo, front_matter=False)
        for memo in (
            plain.model_copy(update={"language": "en"}),
            changed.model_copy(update={"language": "en"}),
        )
    )
    assert _structure(actual) == _structure(expected)
    assert len(_links(actual)) == len(_links(expected))
    assert all("#t=" in link and ":" not in link for link in _links(actual))
    assert not any(token.type.startswith("html") for token in _tokens(actual))


@given(text=st.text(alphabet=st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
@settings(deadline=None)
def test_nothing_reorders_or_breaks_a_line(text: str) -> None:
    cleaned = one_line(f"a{text}b")
    assert cleaned.encode()
    assert len(cleaned.splitlines()) == 1
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x1b\x00")
