"""What can be wrong with a database, and what the user is told; all of it by real ones."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from memo.decision_log.log import DecisionLog
from memo.errors import (
    DatabaseUnavailable,
    DecisionLogError,
    ExitCode,
    MemoError,
    MissingDependencyError,
)
from memo.model import Decision, Evidence, Memo
from memo.remembered import Link, LinkStanding, Relation

MakeDecision = Callable[..., Decision]
MakeMemo = Callable[..., Memo]
Sql = Callable[[str], Sequence[tuple[Any, ...]]]

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)


def check(error: MemoError, *parts: str) -> None:
    """A refusal is one line that names the database, with an order as its hint."""
    for part in parts:
        assert part in str(error)
    assert "\n" not in str(error)
    assert error.hint
    assert error.exit_code is ExitCode.DECISION_LOG
    assert error.__cause__ is not None


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(url: str, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(DecisionLogError) as refused:
        DecisionLog(url)
    check(refused.value, str(path), "is not a database")
    assert path.read_text() == "Dear diary, " * 1000


def test_another_program_s_database_is_refused_and_left_as_it_is(url: str, path: Path) -> None:
    path.parent.mkdir(parents=True)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE cookies (host TEXT)")
    other.close()
    with pytest.raises(DecisionLogError, match=r"another program's database.*'cookies'") as refused:
        DecisionLog(url)
    assert refused.value.hint
    other = sqlite3.connect(path)
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("cookies",)]
    other.close()


@pytest.mark.parametrize("place", ["", "/", "/file/decisions.db", "/folder"])
def test_a_path_where_no_file_can_be_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DecisionLogError) as refused:
        DecisionLog(f"sqlite:///{tmp_path}{place}")
    check(refused.value, str(tmp_path))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "decisions.db",
        "sqlite",
        "mysql://me:geheim@host/log",
        "postgresql://me:geheim@host:x/log",
    ],
)
def test_a_url_that_cannot_be_understood_is_not_repeated(written: str) -> None:
    with pytest.raises(DecisionLogError, match="cannot be understood") as refused:
        DecisionLog(written)
    assert "geheim" not in str(refused.value)
    assert refused.value.hint


def test_a_missing_driver_is_named_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(MissingDependencyError, match="psycopg") as refused:
        DecisionLog("postgresql://me:geheim@localhost/log")
    assert "pip install 'callmemo[postgres]'" in (refused.value.hint or "")
    assert "geheim" not in str(refused.value)


def test_a_lock_held_too_long_is_worth_another_try(
    url: str, path: Path, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url, lock_wait=0.2) as log:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable) as refused:
            log.record(memo(decision("Ship it")), now=NOW)
        check(refused.value, str(path), "locked by another program for 0.2 s")
        assert refused.value.retryable
        assert log.entries() == ()  # readers do not wait
        holder.execute("ROLLBACK")
        holder.close()
        assert log.record(memo(decision("Ship it")), now=NOW).new == ("DEC-0001",)


def test_a_new_file_that_somebody_is_writing_is_waited_for(url: str, path: Path) -> None:
    """Switching to WAL, SQLite itself gives up at once."""
    path.parent.mkdir(parents=True)
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, holder.execute, ["ROLLBACK"])
    timer.start()
    with DecisionLog(url, lock_wait=30) as log:
        assert log.entries() == ()
    timer.join()
    holder.close()


def test_a_read_only_database_can_be_read_and_says_why_it_cannot_be_written(
    url: str, path: Path, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
    with DecisionLog(f"sqlite:///file:{path}?mode=ro&uri=true") as log:
        assert log.entry("1").decision.statement == "Ship it"
        with pytest.raises(DecisionLogError) as refused:
            log.record(memo(decision("Stop it"), call="b"), now=NOW)
    check(refused.value, str(path), "is read-only")


def test_a_full_disk_keeps_what_was_there_and_nothing_half(
    url: str, path: Path, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
        engine = log._database._engine
        pages = path.stat().st_size // 4096 + 4

        @sa.event.listens_for(engine, "begin")
        def limit(connection: sa.Connection) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        many = [decision(f"Decision {n}: " + "because " * 200) for n in range(50)]
        with pytest.raises(DecisionLogError) as refused:
            log.record(memo(*many, call="long"), now=NOW)
        check(refused.value, str(path), "the disk is full")
        assert "because" not in str(refused.value)
        assert "because" not in str(refused.value.__cause__)
        assert [entry.number for entry in log.entries(withdrawn=True)] == ["DEC-0001"]
        sa.event.remove(engine, "begin", limit)
    with DecisionLog(url) as log:
        assert log.record(memo(*many, call="long"), now=NOW).new[0] == "DEC-0002"


def test_a_damaged_database_is_named(
    url: str, path: Path, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(*(decision(f"{n} " + "why " * 500) for n in range(40))), now=NOW)
    content = bytearray(path.read_bytes())
    content[4096 * 3 :] = b"\xa5" * (len(content) - 4096 * 3)
    path.write_bytes(content)
    with pytest.raises(DecisionLogError) as refused, DecisionLog(url) as log:
        log.entries()
    check(refused.value, str(path), "is damaged")


@pytest.mark.parametrize("finding", ["{}", "[]", "null", '{"statement": "x", "mood": "sunny"}'])
def test_a_row_of_another_shape_is_named(
    log: DecisionLog, sql: Sql, memo: MakeMemo, decision: MakeDecision, finding: str
) -> None:
    log.record(memo(decision("Ship it")), now=NOW)
    sql(f"UPDATE entries SET finding = '{finding}'")  # noqa: S608 (of ours)
    with pytest.raises(DecisionLogError) as refused:
        log.entries()
    check(refused.value, "DEC-0001 cannot be read")


@pytest.mark.parametrize("column", ["finding", "logged_at", "decided_at"])
def test_a_row_that_is_no_json_or_no_instant_is_named(
    log: DecisionLog, path: Path, sql: Sql, memo: MakeMemo, decision: MakeDecision, column: str
) -> None:
    log.record(memo(decision("Ship it")), now=NOW)
    sql(f"UPDATE entries SET {column} = 'soon'")  # noqa: S608 (our own columns)
    with pytest.raises(DecisionLogError) as refused:
        log.entry("1")
    check(refused.value, str(path), "holds what memo did not write")


@pytest.mark.postgresql
@pytest.mark.parametrize("instant", ["infinity", "4000-01-01 BC", "12026-03-03"])
def test_an_instant_that_python_does_not_have_is_named(
    log: DecisionLog, sql: Sql, memo: MakeMemo, decision: MakeDecision, instant: str
) -> None:
    log.record(memo(decision("Ship it")), now=NOW)
    sql(f"UPDATE entries SET logged_at = '{instant}'")  # noqa: S608 (of ours)
    with pytest.raises(DecisionLogError) as refused:
        log.entry("1")
    check(refused.value, "refused: timestamp too")


def test_an_event_of_another_shape_is_named(
    log: DecisionLog, sql: Sql, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Ship it")), now=NOW)
    sql("UPDATE events SET what = 'dreamt'")
    with pytest.raises(DecisionLogError) as refused:
        log.history("1")
    check(refused.value, "DEC-0001 cannot be read")


def test_a_table_that_somebody_dropped_is_named(log: DecisionLog, sql: Sql) -> None:
    sql("DROP TABLE links")
    sql("DROP TABLE events")
    sql("DROP TABLE entries")
    with pytest.raises(DecisionLogError) as refused:
        log.entries()
    check(refused.value, "refused", "entries")


def test_a_failure_while_recording_keeps_nothing(
    url: str, log: DecisionLog, sql: Sql, memo: MakeMemo, decision: MakeDecision
) -> None:
    if url.startswith("sqlite"):
        refuse, drop = "SELECT RAISE(ABORT, 'no third'); END", "DROP TRIGGER refuse"
        sql(f"CREATE TRIGGER refuse BEFORE INSERT ON entries WHEN NEW.number = 3 BEGIN {refuse}")
    else:
        body, drop = "RAISE EXCEPTION ''no third''", "DROP FUNCTION refuse CASCADE"
        sql(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {body}; END'")
        when = "FOR EACH ROW WHEN (NEW.number = 3) EXECUTE FUNCTION refuse()"
        sql(f"CREATE TRIGGER refuse BEFORE INSERT ON entries {when}")
    with pytest.raises(DecisionLogError, match="no third") as refused:
        log.record(memo(*map(decision, "abcd")), now=NOW)
    check(refused.value)
    for table in ("meetings", "entries", "events"):
        assert sql(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 (our own tables)
    sql(drop)
    assert log.record(memo(*map(decision, "abcd")), now=NOW).new[0] == "DEC-0001"


@pytest.mark.parametrize("text", ["a\0b", "caf\udce9"], ids=["NUL", "no text"])
def test_what_no_database_holds_is_replaced_in_whatever_is_written_or_asked_for(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision, text: str
) -> None:
    log.record(memo(decision("Ship it", decided_by=(text,))), now=NOW)
    log.record(memo(decision("Stop it"), call="b"), now=NOW)
    evidence = (Evidence(start=10, end=15, speaker=text, quote=text, score=1),)
    link = Link(
        source="DEC-0002",
        target="DEC-0001",
        relation=Relation.AMENDS,
        standing=LinkStanding.PROPOSED,
        confidence=0.5,
        reason=text,
        later=evidence,
        earlier=evidence,
        made_by=text,
        made_at=NOW,
    )
    assert log.link(link, note=text)
    held = re.sub("[\0\udce9]", "\ufffd", text)
    (kept,) = log.links()
    assert (kept.reason, kept.made_by, kept.later[0].quote) == (held, held, held)
    assert [entry.number for entry in log.entries(owner=text)] == ["DEC-0001"]


def test_a_number_that_no_database_counts_to_is_refused(log: DecisionLog) -> None:
    with pytest.raises(DecisionLogError, match="more than a database can count"):
        log.entries(limit=10**20)


def test_a_naive_instant_is_a_bug(log: DecisionLog, memo: MakeMemo, decision: MakeDecision) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        log.record(memo(decision("Ship it")), now=naive)
    assert log.entries() == ()
