"""`memo log search`: what is found is told, and how to find more."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from memo.cli import log_search, main
from memo.cli.log_search import told
from memo.decision_log.log import DecisionLog
from memo.model import Decision, Evidence, Memo

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)

Search = Callable[..., Result]


@pytest.fixture
def meeting(memo: Callable[..., Memo], decision: Callable[..., Decision]) -> Memo:
    quote = Evidence(
        start=31, end=36, speaker="Ana\x1b[2J", quote="So we drop the CSV export.", score=1
    )
    return memo(
        decision("Drop the CSV export", 31, rationale="nobody uses it", evidence=(quote,)),
        decision("Keep Excel", 60, status="proposed"),
    )


@pytest.fixture
def search(
    url: str, path: Path, meeting: Memo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Search:
    """Run `memo log search` in a log that holds the meeting."""
    with DecisionLog(url) as log:
        log.record(meeting, now=NOW, memo_path=Path("/calls/weekly.memo.md"))
    assert path.exists()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEMO_DATABASE_URL", url)
    monkeypatch.setenv("MEMO_TIMEZONE", "UTC")

    def run(*words: str, before: tuple[str, ...] = ()) -> Result:
        return CliRunner().invoke(main, [*before, "log", "search", *words])

    return run


def test_an_entry_is_told_with_its_reason_its_words_and_its_memo(search: Search) -> None:
    result = search("csv", "exports")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "DEC-0001  2026-03-02  accepted  Drop the CSV export",
        "          why    nobody uses it",
        "          0:31   Ana[2J: “So we drop the CSV export.”",
        "          memo   /calls/weekly.memo.md",
    ]
    assert result.stderr == ""


def test_finding_nothing_is_no_failure_and_says_how_to_find_more(search: Search) -> None:
    result = search("unicorn", "--status", "accepted")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == (
        "memo: nothing found: try other words, or leave out the options that narrow it,"
        " or add --transcripts to find what was said\n"
    )
    assert search("unicorn", before=("--quiet",)).stderr == ""


def test_finding_some_of_the_words_is_told(search: Search) -> None:
    result = search("unicorn csv")
    assert result.stdout.startswith("DEC-0001")
    assert result.stderr == "memo: nothing holds all of these words; this holds some of them\n"


def test_a_query_without_a_word_is_told(search: Search) -> None:
    result = search("!!!", "👍")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no word to look for" in result.stderr


def test_a_word_with_a_minus_is_no_option(search: Search) -> None:
    assert "DEC-0002" in search("-the", "excel").stdout
    assert search("excel", "-keep").stdout == ""
    assert search("excel", "--", "-keep").stdout == ""
    assert search("excel", "--statsu", "accepted").exit_code == 2


def test_options_narrow_what_is_found(search: Search) -> None:
    assert "DEC-0002" in search("excel", "--status", "proposed", "--kind", "decision").stdout
    assert search("excel", "--status", "accepted").stdout == ""
    assert "DEC-0002" in search("excel", "--since", "2026-03-02", "--until", "2 march 2026").stdout
    assert search("excel", "--since", "2026-03-03").stdout == ""
    assert search("excel", "--meeting", "yearly").stdout == ""
    assert search("excel", "--owner", "Ana").stdout == ""


def test_a_date_that_is_none_is_refused_with_examples(search: Search) -> None:
    result = search("excel", "--since", "3/4/2026")
    assert result.exit_code == 2
    assert "'3/4/2026' is not understood" in result.stderr
    assert "2 weeks ago" in result.stderr


def test_json_holds_the_entry_and_what_to_mark(search: Search) -> None:
    found = json.loads(search("csv", "--json").stdout)
    assert found["matched"] == "all"
    (hit,) = found["hits"]
    assert hit["entry"]["number"] == "DEC-0001"
    assert hit["snippets"][0] == {
        "field": "text",
        "text": "Drop the CSV export",
        "spans": [[9, 12]],
        "moment": None,
        "speaker": None,
    }


def test_a_terminal_gets_marks_and_lines_of_its_width(
    url: str, path: Path, meeting: Memo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DecisionLog(url) as log:
        log.record(meeting, now=NOW)
        hits = log.search('"the csv export"')
    assert path.exists()
    monkeypatch.setattr(log_search, "shown_to_a_person", lambda: True)
    monkeypatch.setenv("COLUMNS", "41")
    monkeypatch.delenv("NO_COLOR", raising=False)
    on, off = "\x1b[1;33m", "\x1b[0m"
    assert list(told(hits)) == [
        "DEC-0001  2026-03-02  accepted  Drop " + f"{on}the{off}",
        f"  {on}CSV export{off}",
        "  why    nobody uses it",
        f"  0:31   Ana[2J: “So we drop {on}the CSV{off}",
        f"    {on}export{off}.”",
    ]
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "24")
    lines = list(told(hits))
    assert lines[:3] == ["DEC-0001  2026-03-02", "  accepted  Drop the", "  CSV export"]
    assert max(map(len, lines)) <= 24
    assert "\x1b" not in "".join(lines)
