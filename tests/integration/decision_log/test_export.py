"""`memo log export` on a real log: the same bytes from every database, and clear words."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import icalendar
import pytest
from click.testing import CliRunner, Result

from memo.cli import main
from memo.decision_log.log import DecisionLog
from memo.errors import ExitCode
from memo.model import ActionItem, Decision, Evidence, Memo, OpenQuestion, Verdict
from memo.remembered import EntryKind, Link, LinkStanding, Relation

NOW = dt.datetime(2026, 3, 10, 8, tzinfo=dt.UTC)
SAID = (Evidence(start=30, end=32, speaker="Bo", quote="I'll do it", score=1),)
BELIEVED: dict[str, Any] = {
    "id": "F1",
    "verdict": Verdict.SUPPORTED,
    "confidence": 1.0,
    "evidence": SAID,
}
DUE = dt.date(2026, 3, 6)

Fill = Callable[[DecisionLog], None]


@pytest.fixture
def fill(decision: Callable[..., Decision], memo: Callable[..., Memo]) -> Fill:
    """Record two calls, of which the second reverses what the first decided."""

    def record(log: DecisionLog) -> None:
        task = ActionItem(**BELIEVED, task="Tell =everybody", owner="Bo", due=DUE)
        question = OpenQuestion(**BELIEVED, question="Who pays?", waiting_on="Ana")
        first = memo(
            decision("We ship | on Friday", rationale="it's ready", decided_by=("Ana", "Bo")),
            decision("Größe: #5", 60.0),
            action_items=(task,),
            open_questions=(question,),
        )
        later = first.started_at and first.started_at + dt.timedelta(days=7)
        second = memo(decision("We do not ship"), call="second", started_at=later)
        for number, one in enumerate((first, second)):
            log.record(
                one, now=NOW + dt.timedelta(hours=number), memo_path=Path("/calls/x.memo.md")
            )
        log.link(
            Link(
                source="DEC-0003",
                target="DEC-0001",
                relation=Relation.REVERSES,
                standing=LinkStanding.SURE,
                made_by="Ana",
                made_at=NOW + dt.timedelta(hours=2),
            )
        )

    return record


@pytest.fixture
def export(url: str, log: DecisionLog, fill: Fill, tmp_path: Path) -> Callable[..., Result]:
    """Run `memo log export` on a filled log."""
    fill(log)

    def run(*words: str | Path, zone: str = "UTC") -> Result:
        environment = {
            "MEMO_DATABASE_URL": url,
            "MEMO_TIMEZONE": zone,
            "MEMO_CACHE_DIR": str(tmp_path / "cache"),
        }
        return CliRunner().invoke(main, ["log", "export", *map(str, words)], env=environment)

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_a_table_and_a_calendar_are_written(
    export: Callable[..., Result], tmp_path: Path
) -> None:
    folder, table, dates = tmp_path / "docs", tmp_path / "log.csv", tmp_path / "due.ics"
    done = export(folder, "--csv", table, "--ics", dates)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == f"{folder}: 6 written, 0 removed, 0 unchanged"
    old = (folder / "0001-we-ship-on-friday.md").read_text(encoding="utf-8")
    assert 'status: "superseded by DEC-0003"' in old
    assert "DEC0001 -->|reversed by| DEC0003" in old
    assert table.read_bytes().startswith(b"\xef\xbb\xbfnumber,kind,")
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert [row["number"] for row in rows] == [
        "DEC-0001", "DEC-0002", "DEC-0003", "ACT-0001", "QUE-0001",
    ]  # fmt: skip
    [event] = icalendar.Calendar.from_ical(dates.read_bytes()).walk("VEVENT")
    assert event.decoded("DTSTART") == DUE


def test_the_same_log_gives_the_same_bytes_in_every_zone(
    export: Callable[..., Result], tmp_path: Path
) -> None:
    for zone in ("UTC", "Pacific/Kiritimati"):
        words = (tmp_path / zone, "--json", tmp_path / f"{zone[:3]}.json")
        assert export(*words, zone=zone).exit_code == 0
    assert contents(tmp_path / "UTC") == contents(tmp_path / "Pacific/Kiritimati")
    assert (tmp_path / "UTC.json").read_bytes() == (tmp_path / "Pac.json").read_bytes()


@pytest.mark.postgresql
def test_postgresql_and_sqlite_give_the_same_bytes(
    export: Callable[..., Result], fill: Fill, tmp_path: Path
) -> None:
    assert export(tmp_path / "postgresql", "--json", tmp_path / "p.json").exit_code == 0
    other = f"sqlite:///{tmp_path / 'other.db'}"
    with DecisionLog(other) as log:
        fill(log)
    words = ["log", "export", str(tmp_path / "sqlite"), "--json", str(tmp_path / "s.json")]
    done = CliRunner().invoke(main, words, env={"MEMO_DATABASE_URL": other})
    assert done.exit_code == 0
    assert contents(tmp_path / "postgresql") == contents(tmp_path / "sqlite")
    assert (tmp_path / "p.json").read_bytes() == (tmp_path / "s.json").read_bytes()


def test_check_tells_whether_anything_is_behind_and_writes_nothing(
    export: Callable[..., Result], log: DecisionLog, memo: Callable[..., Memo], tmp_path: Path
) -> None:
    words = (tmp_path / "docs", "--csv", tmp_path / "log.csv")
    assert export(*words, "--check").exit_code == ExitCode.INCOMPLETE
    assert not (tmp_path / "docs").exists()
    assert export(*words).exit_code == 0
    before = contents(tmp_path / "docs")
    assert export(*words, "--check").exit_code == 0
    assert export(*words).stdout.splitlines()[0].endswith("log.csv: unchanged")
    log.record(memo(call="second"), now=NOW)  # it no longer decides anything
    behind = export(*words, "--check")
    assert behind.exit_code == ExitCode.INCOMPLETE
    assert "0003-we-do-not-ship.md" in behind.stderr
    assert "log.csv" in behind.stderr
    assert contents(tmp_path / "docs") == before
    assert export(*words).stdout.splitlines()[-1].endswith("1 removed, 3 unchanged")


def test_an_edited_page_is_told_and_kept_until_it_is_forced(
    export: Callable[..., Result], tmp_path: Path
) -> None:
    folder = tmp_path / "docs"
    export(folder)
    page = folder / "0002-grosse-5.md"
    page.write_text(page.read_text(encoding="utf-8") + "mine\n", encoding="utf-8")
    done = export(folder)
    assert done.exit_code == ExitCode.OUTPUT
    assert "0002-grosse-5.md" in done.stderr
    assert f"memo log import {folder}" in done.stderr
    assert page.read_text(encoding="utf-8").endswith("mine\n")
    assert export(folder, "--force").exit_code == 0
    assert not page.read_text(encoding="utf-8").endswith("mine\n")


def test_results_go_to_stdout_alone_if_asked(export: Callable[..., Result]) -> None:
    assert export("--csv", "-").stdout.startswith("number,kind,state,")
    assert export("--ics", "-").stdout.startswith("BEGIN:VCALENDAR")
    listed = json.loads(export("--json", "-").stdout)
    assert [one["number"] for one in listed if one["kind"] == EntryKind.QUESTION] == ["QUE-0001"]


def test_words_that_make_no_sense_leave_with_2(
    export: Callable[..., Result], tmp_path: Path
) -> None:
    assert export().exit_code == ExitCode.USAGE
    assert export("--csv", "-", "--check").exit_code == ExitCode.USAGE
    assert export(tmp_path / "x", "--memos", "javascript:alert(1)").exit_code == ExitCode.USAGE
    assert not (tmp_path / "x").exists()


def test_links_lead_to_where_memos_are_said_to_lie(
    export: Callable[..., Result], tmp_path: Path
) -> None:
    export(tmp_path / "a", "--memos", "../calls")
    export(tmp_path / "b", "--memos", "https://example.org/calls/")
    name = "0002-grosse-5.md"
    assert "(../calls/x.memo.md)" in (tmp_path / "a" / name).read_text(encoding="utf-8")
    assert "(https://example.org/calls/weekly.m4a#t=60)" in (tmp_path / "b" / name).read_text(
        encoding="utf-8"
    )
