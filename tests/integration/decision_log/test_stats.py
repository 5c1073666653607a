"""What `memo stats` counts, on a real log in both databases."""

from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from memo.cli import main
from memo.decision_log.log import DecisionLog
from memo.decision_log.statistics import series_of
from memo.errors import DecisionLogError, ExitCode
from memo.model import (
    ActionItem,
    Decision,
    DecisionStatus,
    Evidence,
    Memo,
    OpenQuestion,
    Participant,
    Verdict,
)
from memo.remembered import Link, LinkStanding, Relation
from memo.tallies import Grouping

ZONE = ZoneInfo("Europe/Berlin")
FIRST = dt.datetime(2026, 3, 2, 10, tzinfo=ZONE)  # a Monday
NOW = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)

Hold = Callable[..., None]


def action(task: str, **given: Any) -> ActionItem:  # noqa: ANN401
    return ActionItem(**finding(), task=task, **given)


def question(text: str, **given: Any) -> OpenQuestion:  # noqa: ANN401
    return OpenQuestion(**finding(), question=text, **given)


def finding() -> dict[str, Any]:
    said = (Evidence(start=0, end=2, speaker="Bo", quote="so it is", score=1),)
    return {"id": "F1", "verdict": Verdict.SUPPORTED, "confidence": 1.0, "evidence": said}


@pytest.fixture
def hold(log: DecisionLog, memo: Callable[..., Memo]) -> Hold:
    """Hold a meeting so many days after the first, and record it."""

    def record(call: str, days: float, *decisions: Decision, **given: Any) -> None:  # noqa: ANN401
        values = {
            "title": "Weekly call",
            "started_at": FIRST + dt.timedelta(days=days),
            "duration": 1800.0,
        }
        log.record(memo(*decisions, call=call, **values | given), now=NOW)

    return record


def links(log: DecisionLog, *said: tuple[str, str, str], **given: Any) -> None:  # noqa: ANN401
    for source, relation, target in said:
        values = {
            "source": source,
            "relation": Relation(relation),
            "target": target,
            "standing": LinkStanding.SURE,
            "made_by": "Ana",
            "made_at": NOW,
        }
        log.link(Link(**values | given))


def test_meetings_hours_and_what_came_of_them_are_counted_by_week(
    log: DecisionLog, hold: Hold, decision: Callable[..., Decision]
) -> None:
    hold("one", 0, decision("We ship"), decision("We paint", 60.0), action_items=(action("Call"),))
    hold("two", 1, decision("We wait", status=DecisionStatus.PROPOSED), duration=5400.0)
    hold("three", 14, decision("We do not ship"), decision("We paint red", 60.0))
    links(log, ("DEC-0004", "reverses", "DEC-0001"), ("DEC-0005", "amends", "DEC-0002"))
    stats = log.stats(now=NOW, timezone="Europe/Berlin")
    first, last = stats.tallies
    assert (first.name, first.starts_on) == ("2026-W10", dt.date(2026, 3, 2))
    assert (first.meetings, first.hours, first.untimed) == (2, 2.0, 0)
    assert (first.decisions, first.actions, first.reversals) == (2, 1, 0)  # one was only proposed
    assert (last.name, last.reversed, last.amended) == ("2026-W12", 1, 1)
    assert (stats.total.meetings, stats.total.hours, stats.total.decisions) == (3, 2.5, 4)
    assert stats.total.reversals == 2


def test_a_link_that_is_doubtful_or_of_a_withdrawn_decision_is_no_reversal(
    log: DecisionLog, hold: Hold, decision: Callable[..., Decision]
) -> None:
    hold("one", 0, decision("We ship"), decision("We paint", 60.0))
    hold("two", 7, decision("We do not ship"), decision("We do not paint", 60.0))
    links(log, ("DEC-0003", "reverses", "DEC-0001"), standing=LinkStanding.PROPOSED)
    links(log, ("DEC-0004", "reverses", "DEC-0002"))
    assert log.stats(now=NOW, timezone="UTC").total.reversed == 1
    hold("two", 7)
    assert log.stats(now=NOW, timezone="UTC").total.reversed == 0


def test_a_week_is_the_one_on_the_readers_clocks(log: DecisionLog, hold: Hold) -> None:
    hold("night", 6.5)  # Sunday, 22:00 in Berlin
    names = {
        zone: log.stats(now=NOW, timezone=zone).tallies[0].name
        for zone in ("Europe/Berlin", "Pacific/Auckland")
    }
    assert names == {"Europe/Berlin": "2026-W10", "Pacific/Auckland": "2026-W11"}


def test_the_turn_of_the_year_belongs_to_the_week_that_iso_says(
    log: DecisionLog, hold: Hold
) -> None:
    hold("old", 0, started_at=dt.datetime(2027, 1, 1, 12, tzinfo=ZONE))
    assert log.stats(now=NOW, timezone="UTC").tallies[0].name == "2026-W53"
    assert log.stats(now=NOW, timezone="UTC", by=Grouping.MONTH).tallies[0].name == "2027-01"


def test_days_to_done_are_those_until_it_was_said_or_marked(log: DecisionLog, hold: Hold) -> None:
    tasks = tuple(action(task) for task in ("Call the harbour", "Paint the hall", "Sell the boat"))
    hold("one", 0, action_items=tasks)
    hold("two", 9, action_items=(action("Bring the keys back"),))
    links(log, ("ACT-0004", "closes", "ACT-0001"))
    log.edit("ACT-0002", {"state": "done"}, now=FIRST + dt.timedelta(days=2), who="Ana")
    stats = log.stats(now=NOW, timezone="Europe/Berlin")
    assert [(one.name, one.done, one.days_to_done) for one in stats.tallies] == [
        ("2026-W10", 1, 2.0),
        ("2026-W11", 1, 9.0),
    ]
    assert (stats.total.done, stats.total.days_to_done) == (2, 5.5)
    assert stats.actions_open == 2
    log.edit("ACT-0002", {"state": "open"}, now=NOW, who="Ana")
    assert log.stats(now=NOW, timezone="UTC").total.done == 1


def test_what_is_open_and_overdue_is_told_and_the_oldest_questions(
    log: DecisionLog, hold: Hold
) -> None:
    due = [dt.date(2026, 3, 31), dt.date(2026, 4, 1), None]
    tasks = tuple(action(f"Task number {n} of {n * 7}", due=day) for n, day in enumerate(due))
    hold("zero", 0, action_items=tasks)
    for number in range(1, 8):
        asked = question(f"Who is number {number}?", waiting_on="Bo" if number == 1 else None)
        hold(f"call {number}", number, open_questions=(asked,))
    stats = log.stats(now=NOW, timezone="Europe/Berlin", since=NOW)
    assert stats.tallies == ()
    assert (stats.actions_open, stats.actions_overdue, stats.questions_open) == (3, 1, 7)
    assert [one.number for one in stats.waiting] == [f"QUE-000{n}" for n in range(1, 6)]
    oldest = stats.waiting[0]
    assert (oldest.days, oldest.waiting_on) == (29, "Bo")
    assert oldest.question == "Who is number 1?"


def test_a_team_is_the_people_who_meet(
    log: DecisionLog, hold: Hold, decision: Callable[..., Decision]
) -> None:
    def there(*names: str) -> dict[str, Any]:
        return {"participants": tuple(Participant(name=name) for name in names)}

    hold("one", 0, decision("We ship"), **there("Ana García", "Bo"))
    hold("two", 1, decision("We wait"), **there("Cy", "Bo"))
    hold("three", 2, decision("We go", decided_by=("Ana García",)))
    assert log.stats(now=NOW, timezone="UTC", people=["ana"]).total.decisions == 2
    assert log.stats(now=NOW, timezone="UTC", people=["Ana Garcia", "Cy"]).total.decisions == 3
    assert log.stats(now=NOW, timezone="UTC", people=["Bo"]).people == ("Bo",)
    with pytest.raises(DecisionLogError, match="nobody in the decision log is called 'Dee'"):
        log.stats(now=NOW, timezone="UTC", people=["Dee"])


def test_a_series_is_what_titles_have_in_common(log: DecisionLog, hold: Hold) -> None:
    for place, title in enumerate(["Weekly call 2026-03-02", "weekly call #2", "Board, 3 March"]):
        hold(f"call {place}", place, title=title)
    stats = log.stats(now=NOW, timezone="UTC", by=Grouping.SERIES)
    assert [(one.name, one.meetings) for one in stats.tallies] == [("Board", 1), ("Weekly call", 2)]
    assert [one.starts_on for one in stats.tallies] == [None, None]


@pytest.mark.parametrize(
    ("title", "series"),
    [
        ("Weekly call", "Weekly call"),
        ("Weekly call 2026-03-02 10:00", "Weekly call"),
        ("Weekly call (March 9th)", "Weekly call"),
        ("Wochenrunde vom 9. März", "Wochenrunde"),
        ("Reunión del lunes 9 de marzo", "Reunión"),
        ("Sprint 12 – Review", "Sprint – Review"),
        ("Marketing 7", "Marketing"),
        ("Friday sync", "Friday sync"),
        ("GMT20260302_Recording", "Recording"),
        ("2026-03-02", "2026-03-02"),
        ("", ""),
        ("  1:1  ", "1:1"),
    ],
)
def test_dates_and_numbers_are_no_part_of_a_series(title: str, series: str) -> None:
    assert series_of(title) == series


def test_an_empty_log_and_a_meeting_of_unknown_length_are_counted(
    log: DecisionLog, hold: Hold, sql: Callable[[str], Any]
) -> None:
    empty = log.stats(now=NOW, timezone="Nowhere/Atall")
    assert (empty.tallies, empty.total.meetings, empty.waiting) == ((), 0, ())
    hold("one", 0, started_at=None)
    sql("UPDATE meetings SET duration = NULL, participants = NULL")
    [tally] = log.stats(now=NOW, timezone="UTC").tallies
    assert (tally.name, tally.hours, tally.untimed) == ("2026-W14", 0.0, 1)


# --- The command ------------------------------------------------------------------------------


@pytest.fixture
def stats(
    url: str, hold: Hold, decision: Callable[..., Decision], tmp_path: Path
) -> Callable[..., Result]:
    """Run `memo stats` on a log of two meetings."""
    hold("one", 0, decision("We ship"), open_questions=(question("Who \x1b[31mpays?"),))
    hold("two", 7, decision("We wait"), title="=Board $x$")

    def run(*words: str | Path) -> Result:
        environment = {"MEMO_DATABASE_URL": url, "MEMO_CACHE_DIR": str(tmp_path / "cache")}
        words = ("stats", "--tz", "Europe/Berlin", *words)
        return CliRunner().invoke(main, list(map(str, words)), env=environment)

    return run


def test_the_table_is_for_people(stats: Callable[..., Result]) -> None:
    done = stats()
    assert done.exit_code == 0, done.output
    head, first, second, total, *_ = done.stdout.splitlines()
    assert head.split()[:3] == ["week", "meetings", "hours"]
    assert first.split() == ["2026-W10", "1", "0.5", "1", "0", "0", "0"]
    assert second.split()[0] == "2026-W11"
    assert total.split()[:3] == ["all", "2", "1.0"]
    assert "Who [31mpays?" in done.stdout
    assert "\x1b" not in done.stdout


def test_json_and_csv_are_for_programs(stats: Callable[..., Result]) -> None:
    told = json.loads(stats("--format", "json", "--by", "month").stdout)
    assert [tally["name"] for tally in told["tallies"]] == ["2026-03"]
    table = list(csv.DictReader(stats("--format", "csv", "--by", "series").stdout.splitlines()))
    assert [row["name"] for row in table] == ["'=Board $x$", "Weekly call"]
    assert stats("--since", "2026-03-09", "--format", "csv").stdout.count("2026-W") == 1


def test_a_plot_is_drawn_where_it_was_asked_for(
    stats: Callable[..., Result], tmp_path: Path
) -> None:
    for name, begins in (("plot.png", b"\x89PNG"), ("PLOT.SVG", b"<?xml")):
        assert stats("--plot", tmp_path / name, "--by", "series").exit_code == 0
        assert (tmp_path / name).read_bytes().startswith(begins)
    assert stats("--plot", tmp_path / "plot.pdf").exit_code == ExitCode.USAGE
    assert stats("--plot", tmp_path / "plot.png" / "x.png").exit_code == ExitCode.OUTPUT
    assert stats("--for", "Nobody").exit_code == ExitCode.DECISION_LOG


def test_without_matplotlib_a_plot_says_what_to_install(url: str, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from memo.cli import main\n"
        f"main(['stats', '--plot', {str(tmp_path / 'plot.png')!r}], prog_name='memo')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"MEMO_DATABASE_URL": url, "HOME": str(tmp_path), "PATH": ""},
    )
    assert run.returncode == ExitCode.MISSING_DEPENDENCY
    assert "pip install 'callmemo[plot]'" in run.stderr
    assert not (tmp_path / "plot.png").exists()
