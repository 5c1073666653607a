"""The log as CSV, JSON and a calendar, read back by the programs that such files are for."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from typing import Any

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from memo.export.due_dates import render_ics
from memo.export.listing import COLUMNS, render_csv, render_json
from memo.export.untrusted import one_line
from memo.remembered import EntryState, LogEntry

Make = Callable[..., LogEntry]
DUE = dt.date(2026, 3, 4)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def events(text: str) -> list[Any]:
    """What the calendar says, each property checked by the library."""
    calendar = icalendar.Calendar.from_ical(text)
    assert not calendar.errors
    found = list(calendar.walk("VEVENT"))
    assert not any(event.errors for event in found)
    return found


# --- CSV and JSON -----------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_entry_in_the_order_of_numbers(
    log: tuple[LogEntry, ...],
) -> None:
    table = rows(render_csv(log[::-1]))
    assert [row["number"] for row in table] == [entry.number for entry in log]
    first, task = table[0], table[3]
    assert first["state"] == "superseded"
    assert (first["why"], first["considered"]) == (
        "the customers wait",
        "Ship on Monday; Do not ship",
    )
    assert (first["people"], first["owner"], first["due"]) == ("Ana; Bo", "", "")
    assert (first["day"], first["time"], first["zone"]) == ("2026-03-02", "23:30", "Europe/Berlin")
    assert (first["recording"], first["second"]) == ("weekly.m4a", "75")
    assert first["links"] == "leads to ACT-0001; amended by DEC-0003"
    assert (task["owner"], task["due"]) == ("Bo", "2026-03-04")
    assert table[4]["links"] == "closed by Launch call"


@given(st.text(), st.text())
def test_the_table_is_read_back_as_it_was(entry: Make, text: str, quote: str) -> None:
    table = render_csv([entry("DEC-0001", text, said=quote)])
    [row] = rows(table)
    assert set(row) == set(COLUMNS)
    assert row["text"].removeprefix("'") == one_line(text).removeprefix("'")
    assert row["quote"].removeprefix("'") == one_line(quote).removeprefix("'")
    assert table.endswith("\r\n")
    assert table.replace("\r\n", "").isprintable() or "\n" not in table.replace("\r\n", "")


@given(st.sampled_from("=+-@＝＋－＠"), st.text())
def test_no_cell_begins_a_formula(entry: Make, sign: str, rest: str) -> None:
    made = entry("DEC-0001", sign + rest, rationale=f"\t{sign}1", decided_by=(f"\r{sign}A1",))
    [row] = rows(render_csv([made]))
    assert row["text"].startswith(f"'{sign}")
    assert row["why"] == f"'{sign}1"
    assert row["people"] == f"'{sign}A1"
    assert not any(value[:1] in tuple("=+-@＝＋－＠\t\r") for value in row.values() if value)


def test_an_empty_log_has_a_table_with_a_head() -> None:
    assert render_csv([]) == ",".join(COLUMNS) + "\r\n"
    assert json.loads(render_json([])) == []


def test_json_is_what_the_log_holds(log: tuple[LogEntry, ...]) -> None:
    read = [LogEntry.model_validate(value) for value in json.loads(render_json(log[::-1]))]
    assert [one.number for one in read] == [one.number for one in log]
    assert [one.finding for one in read] == [one.finding for one in log]


# --- The calendar -----------------------------------------------------------------------------


def test_open_actions_with_a_date_are_events_of_a_whole_day(log: tuple[LogEntry, ...]) -> None:
    [event] = events(render_ics(log))
    assert str(event["SUMMARY"]) == "Bo: Tell the customers"
    assert event["DTSTART"].dt == DUE
    assert event["DTEND"].dt == DUE + dt.timedelta(days=1)
    assert event["DTSTAMP"].dt == dt.datetime(2026, 3, 2, 23, 30, tzinfo=dt.UTC)
    assert str(event["TRANSP"]) == "TRANSPARENT"
    assert "“so be it” — Ana, 1:15" in str(event["DESCRIPTION"])
    assert str(event["DESCRIPTION"]).splitlines()[0] == "ACT-0001"


@given(st.text(), st.text(), st.text())
def test_a_calendar_is_read_back_whatever_it_says(
    entry: Make, task: str, owner: str, quote: str
) -> None:
    text = render_ics([entry("ACT-0001", task, owner=owner, due=DUE, said=quote)])
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    [event] = events(text)
    who, what = one_line(owner), one_line(task) or "ACT-0001"
    assert str(event["SUMMARY"]) == (f"{who}: {what}" if who else what)
    assert f"“{one_line(quote)}”" in str(event["DESCRIPTION"])


def test_an_action_keeps_its_uid_when_everything_else_changes(entry: Make) -> None:
    def uid(**given: Any) -> str:  # noqa: ANN401
        [event] = events(render_ics([entry("ACT-0001", **{"text": "x", "due": DUE} | given)]))
        return str(event["UID"])

    later = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    changed = uid(text="y", due=dt.date(2027, 5, 5), owner="Bo", changed_at=later)
    assert changed == uid()
    [other] = events(render_ics([entry("ACT-0002", "x", due=DUE)]))
    assert str(other["UID"]) != uid()


def test_what_is_done_dropped_or_has_no_date_is_not_in_the_calendar(entry: Make) -> None:
    entries = [
        entry("ACT-0001", "done", due=DUE, state=EntryState.DONE),
        entry("ACT-0002", "dropped", due=DUE, state=EntryState.DROPPED),
        entry("ACT-0003", "no date"),
        entry("DEC-0001", "no action"),
    ]
    assert events(render_ics(entries)) == []


def test_the_last_day_there_is_does_no_harm(entry: Make) -> None:
    [event] = events(render_ics([entry("ACT-0001", "x", due=dt.date.max)]))
    assert event["DTSTART"].dt == dt.date.max
    [early] = events(render_ics([entry("ACT-0001", "x", due=dt.date(33, 1, 1))]))
    assert early["DTSTART"].dt == dt.date(33, 1, 1)
