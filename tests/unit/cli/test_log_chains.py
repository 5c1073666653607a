"""`memo log why` and `memo log review` on a real log: what they print, ask and change."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from memo.cli import main
from memo.cli.log_why import told
from memo.decision_log.log import DecisionLog
from memo.export.story import render_story
from memo.export.trees import draw_tree
from memo.model import Coverage, Decision, Evidence, Memo, Provenance, Recording, Verdict
from memo.remembered import EntryState, Link, LinkStanding, Relation, Story

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
HOSTILE = 'Drop "CSV"]; ```\n<script>alert(1)</script> & click me #quot; \x1b[31m| end --> X'


def memo_of(call: str, day: int, *statements: str) -> Memo:
    decisions = tuple(
        Decision(
            id=f"D{n}",
            verdict=Verdict.SUPPORTED,
            confidence=0.9,
            evidence=(Evidence(start=10 * n, end=10 * n + 5, speaker="Ana", quote=text, score=1),),
            statement=text,
            rationale="nobody asked for it",
        )
        for n, text in enumerate(statements, 1)
    )
    started_at = dt.datetime(2026, 3, day, 9, tzinfo=dt.UTC)
    return Memo(
        title=f"Call {call}",
        started_at=started_at,
        timezone="UTC",
        language="en",
        duration=100,
        recording=Recording(filename=f"{call}.m4a", sha256=call * 64),
        decisions=decisions,
        coverage=Coverage(audio_seconds=100, speech_seconds=90, analysed_seconds=100),
        provenance=Provenance(
            memo_version="0.1.0",
            asr_model=None,
            language_model="rules",
            prompts_sha256="0" * 64,
            created_at=started_at,
        ),
    )


def link(source: str, target: str, **changes: Any) -> Link:  # noqa: ANN401
    values: dict[str, Any] = {
        "relation": Relation.AMENDS,
        "standing": LinkStanding.PROPOSED,
        "made_by": "memo 0.1.0",
        "made_at": NOW,
        "reason": "another figure",
    }
    return Link(source=source, target=target, **values | changes)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a log in which DEC-0002 may amend DEC-0001, and DEC-0003 reverses it."""
    url = f"sqlite:///{tmp_path / 'log.db'}"
    monkeypatch.setenv("MEMO_DATABASE_URL", url)
    with DecisionLog(url) as log:
        log.record(memo_of("a", 2, "We ship on Tuesdays."), now=NOW)
        log.record(memo_of("b", 9, HOSTILE, "The parrot stays."), now=NOW)
        log.link(link("DEC-0002", "DEC-0001"))
        sure = {"standing": LinkStanding.SURE, "relation": Relation.REVERSES}
        log.link(link("DEC-0003", "DEC-0001", **sure))
    return url


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["log", *words])


@pytest.mark.usefixtures("log")
def test_a_story_begins_with_the_oldest_and_tells_what_replaced_it() -> None:
    result = run("why", "1")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    first = next(n for n, line in enumerate(lines) if "» DEC-0001" in line)
    newer = next(n for n, line in enumerate(lines) if "DEC-0003  The parrot" in line)
    assert first < newer
    assert "      why: nobody asked for it" in lines
    assert "      reverses DEC-0001: another figure" in lines
    assert "      may amend DEC-0001: another figure (memo log review)" in lines
    assert "\x1b" not in result.stdout


@pytest.mark.usefixtures("log")
def test_a_story_of_an_unknown_number_leaves_with_8() -> None:
    result = run("why", "DEC-0077")
    assert result.exit_code == 8
    assert "DEC-0077" in result.stderr


@pytest.mark.usefixtures("log")
def test_nothing_in_a_label_is_syntax() -> None:
    drawn = run("why", "1", "--mermaid").stdout
    labels = [line for line in drawn.splitlines() if line.startswith("  DEC0002[")]
    (label,) = labels
    assert label.count('"') == 2
    inner = label.split('"')[1].replace("<br/>", "")
    assert not set(inner) & set("`<>[]{}|&\x1b\\")
    assert "  DEC0001 -->|reversed by| DEC0003" in drawn
    assert "  DEC0001 -.->|perhaps amended by| DEC0002" in drawn


@pytest.mark.usefixtures("log")
def test_markdown_has_one_drawing_that_no_text_ends() -> None:
    page = run("why", "1", "--format", "md").stdout
    assert page.count("```") == 2
    assert "<script" not in page.replace("\\<", "")
    assert page.startswith("# DEC-0001: We ship on Tuesdays.")


@pytest.mark.usefixtures("log")
def test_a_story_is_told_to_programs() -> None:
    story = json.loads(run("why", "3", "--json").stdout)
    assert [entry["number"] for entry in story["entries"]] == ["DEC-0001", "DEC-0002", "DEC-0003"]
    assert {one["standing"] for one in story["links"]} == {"sure", "proposed"}


def test_a_long_chain_is_told_and_drawn(log: str) -> None:
    with DecisionLog(log) as opened:
        first = opened.entry("1").model_copy(update={"links": ()})
    numbers = [f"DEC-{n:04d}" for n in range(1, 301)]
    links = [link(new, old, standing=LinkStanding.SURE) for old, new in pairwise(numbers)]
    entries = tuple(first.model_copy(update={"number": number}) for number in numbers)
    story = Story(number="DEC-0150", entries=entries, links=tuple(links))
    assert draw_tree(story).count("-->|amended by|") == 299
    assert sum("      amends DEC-" in line for line in told(story)) == 299
    assert render_story(story).count("*Amends*") == 299


# --- Review ---------------------------------------------------------------------------------------


def state_of(log: str, number: str) -> EntryState:
    with DecisionLog(log) as opened:
        return opened.entry(number).state


def standing(log: str) -> dict[tuple[str, str], tuple[str, str]]:
    with DecisionLog(log) as opened:
        return {
            (one.source, one.target): (one.standing.value, one.made_by) for one in opened.links()
        }


@pytest.mark.usefixtures("log")
def test_what_waits_is_listed_with_the_words_of_both() -> None:
    result = run("review")
    assert result.exit_code == 0
    assert "1  DEC-0002 may amend DEC-0001  (another figure)" in result.stdout
    assert "older  2026-03-02  We ship on Tuesdays." in result.stdout
    assert "\x1b" not in result.stdout
    (told,) = json.loads(run("review", "--json").stdout)
    assert (told["number"], told["source"], told["older_text"]) == (
        1,
        "DEC-0002",
        "We ship on Tuesdays.",
    )


@pytest.mark.parametrize("which", ["1", "dec-2:DEC-0001"])
def test_what_is_confirmed_is_sure_and_says_by_whom(log: str, which: str) -> None:
    result = run("review", "--accept", which, "--who", "Ana")
    assert result.stdout == "confirmed: DEC-0002 amends DEC-0001\n"
    assert standing(log)["DEC-0002", "DEC-0001"] == ("sure", "Ana")
    assert state_of(log, "1") is EntryState.SUPERSEDED
    assert run("review").stdout == "Nothing waits.\n"


def test_what_is_refused_waits_no_more(log: str) -> None:
    assert run("review", "--refuse", "1", "--who", "Ana").exit_code == 0
    assert standing(log)["DEC-0002", "DEC-0001"] == ("refused", "Ana")
    assert run("review", "--json").stdout == "[]\n"


@pytest.mark.parametrize(
    "words", [["--accept", "2"], ["--refuse", "DEC-9:DEC-1"], ["--accept", "x"]]
)
def test_what_does_not_wait_is_not_judged(log: str, words: list[str]) -> None:
    before = standing(log)
    result = run("review", "--accept", "1", *words)
    assert result.exit_code == 2
    assert "memo log review" in result.stderr
    assert standing(log) == before


def test_one_link_is_not_confirmed_and_refused(log: str) -> None:
    result = run("review", "--accept", "1", "--refuse", "DEC-0002:DEC-0001")
    assert (result.exit_code, "named twice" in result.stderr) == (2, True)
    assert standing(log)["DEC-0002", "DEC-0001"] == ("proposed", "memo 0.1.0")


@pytest.mark.parametrize(
    ("typed", "left"),
    [("y\n", "sure"), ("n\n", "refused"), ("s\n", "proposed"), ("q\n", "proposed")],
)
def test_each_is_asked_for_in_a_terminal(
    log: str, typed: str, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memo.cli.log_review.in_a_terminal", lambda: True)
    result = CliRunner().invoke(main, ["log", "review", "--who", "Ana"], input=typed)
    assert result.exit_code == 0, result.output
    assert standing(log)["DEC-0002", "DEC-0001"][0] == left
