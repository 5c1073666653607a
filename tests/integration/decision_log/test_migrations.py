"""A database comes up to date when it is opened, one whole step after another."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from memo import __version__
from memo.decision_log.catching_up import Last
from memo.decision_log.database import Database
from memo.decision_log.log import DecisionLog
from memo.decision_log.migrations import MIGRATIONS, migrate
from memo.decision_log.schema import metadata
from memo.errors import DecisionLogError
from memo.intake.book import Book
from memo.model import Decision, Memo
from memo.remembered import EntryKind, LogEntry

if TYPE_CHECKING:
    from tests.conftest import PostgreSQL

MakeMemo = Callable[..., Memo]
MakeDecision = Callable[..., Decision]
Sql = Callable[[str], Sequence[tuple[Any, ...]]]
Dump = Callable[[], str]

DATA = Path(__file__).parents[2] / "data" / "decision_log"
NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 3, 4, 9, tzinfo=dt.UTC)


def add_moods(connection: sa.Connection) -> None:
    connection.execute(sa.text("ALTER TABLE entries ADD COLUMN mood TEXT"))
    connection.execute(sa.text("UPDATE entries SET mood = 'fine'"))


def add_half_and_fail(connection: sa.Connection) -> None:
    add_moods(connection)
    connection.execute(sa.text("CREATE TABLE half (x TEXT)"))
    connection.execute(sa.text("ALTER TABLE nowhere ADD COLUMN x TEXT"))


# --- The steps ----------------------------------------------------------------------------------


def test_all_migrations_together_give_what_the_schema_says(url: str, path: Path) -> None:
    DecisionLog(url).close()
    declared = path.with_name("declared.db")
    engine = sa.create_engine(f"sqlite:///{declared}")
    metadata.create_all(engine)
    engine.dispose()
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    made, said = sqlite3.connect(path), sqlite3.connect(declared)
    assert made.execute(query).fetchall() == said.execute(query).fetchall()
    made.close()
    said.close()


@pytest.mark.postgresql
def test_all_migrations_together_give_what_the_schema_says_in_postgresql(
    url: str, postgresql: PostgreSQL
) -> None:
    DecisionLog(url).close()
    made = postgresql.dump("--schema-only")
    postgresql.emptied()
    engine = sa.create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    assert made.splitlines() == postgresql.dump("--schema-only").splitlines()


def test_each_migration_is_recorded_with_the_version_of_memo(url: str, sql: Sql) -> None:
    DecisionLog(url).close()
    assert sql("SELECT * FROM memo_migrations ORDER BY number") == [
        (number, migration.__name__, __version__)
        for number, migration in enumerate(MIGRATIONS, start=1)
    ]


def test_migrations_are_named_by_their_numbers() -> None:
    for number, migration in enumerate(MIGRATIONS, start=1):
        assert migration.__name__.startswith(f"m{number:04d}_")


def test_a_database_that_is_up_to_date_is_only_read(url: str, path: Path) -> None:
    DecisionLog(url).close()
    before = path.read_bytes()
    DecisionLog(url).close()
    assert path.read_bytes() == before


def test_stopping_before_a_migration_builds_the_older_database(url: str) -> None:
    database = Database(url)
    migrate(database, stop_before=1)
    with database.reading() as connection:
        assert sa.inspect(connection).get_table_names() == []
    database.close()


# --- Upgrades -----------------------------------------------------------------------------------


def fill(url: str, version: int) -> None:
    """Make a database as an earlier memo left it: its tables, and rows that it wrote."""
    database = Database(url)
    migrate(database, stop_before=version + 1)
    rows = DATA / f"version-{version}.sql"
    assert rows.exists(), f"what a database of version {version} holds has to be kept for this test"
    with database.writing() as connection:
        of_its_kind = rows.with_suffix(f".{connection.dialect.name}.sql")  # an index of words
        for part in filter(Path.exists, (rows, of_its_kind)):
            for statement in part.read_text(encoding="utf-8").split(";\n")[:-1]:
                connection.exec_driver_sql(statement)
        if connection.dialect.name == "postgresql":  # ids were given, not drawn
            for table in sa.inspect(connection).get_table_names():
                serial = f"pg_get_serial_sequence('{table}', 'id')"
                if "id" in {c["name"] for c in sa.inspect(connection).get_columns(table)}:
                    connection.exec_driver_sql(f"SELECT setval({serial}, max(id)) FROM {table}")  # noqa: S608 (our own tables)
    database.close()


def everything(log: DecisionLog) -> dict[str, LogEntry]:
    every = log.entries(kinds=tuple(EntryKind), withdrawn=True)
    return {entry.number: entry for entry in sorted(every, key=lambda entry: entry.number)}


def test_a_database_of_the_first_memo_is_upgraded_and_keeps_entries_and_history(
    url: str, decision: MakeDecision
) -> None:
    fill(url, 1)
    said: dict[str, Any] = {"rationale": "Größe 'zählt'", "decided_by": ("Ana", "Marco")}
    with DecisionLog(url) as log:
        logged = everything(log)
        assert list(logged) == ["DEC-0001", "DEC-0002"]
        first, second = logged.values()
        assert first.finding == decision("We roll out by region", 30.5, **said)
        assert first.decided_at == dt.datetime(2026, 3, 2, 15, 0, 30, 500_000, tzinfo=dt.UTC)
        assert (first.meeting_title, first.timezone) == ("Weekly call", "Europe/Berlin")
        assert first.memo_path == "/calls/weekly.memo.md"
        assert (first.state, first.logged_at, first.withdrawn_at) == ("accepted", NOW, None)
        assert (second.finding.id, second.withdrawn_at) == ("D2", LATER)
        history = log.history("DEC-0001")
        assert [(event.what, event.at) for event in history] == [
            ("recorded", NOW),
            ("updated", LATER),
        ]
        before, after = history[1].before, history[1].after
        assert before
        assert after
        assert history[0].after == before
        assert before["finding"]["statement"] == "Roll out by region"
        assert after["finding"]["statement"] == "We roll out by region"
        assert [event.what for event in log.history("DEC-0002")] == ["recorded", "withdrawn"]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_an_upgraded_database_goes_on_as_if_nothing_had_happened(
    url: str, memo: MakeMemo, decision: MakeDecision, version: int
) -> None:
    fill(url, version)
    with DecisionLog(url) as log:
        before = everything(log)
        assert {"DEC-0001", "DEC-0002"} <= before.keys()
        again = memo(*(e.finding for e in before.values() if e.number in ("DEC-0001", "DEC-0002")))
        recorded = log.record(again, now=LATER)
        assert {number[:4] for number in recorded.new} == set()
        assert "DEC-0001" in recorded.unchanged
        new = log.record(memo(decision("Another matter altogether"), call="next"), now=LATER)
        decisions = [number for number in before if number.startswith("DEC")]
        assert new.new == (f"DEC-{len(decisions) + 1:04d}",)
        assert [event.what for event in log.history(new.new[0])] == ["recorded"]
        after = everything(log)
        assert {n: e.finding for n, e in after.items() if n in before} == {
            number: entry.finding for number, entry in before.items()
        }


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_an_upgraded_database_has_the_tables_of_a_new_one(
    url: str, request: pytest.FixtureRequest, version: int
) -> None:
    fill(url, version)
    DecisionLog(url).close()
    upgraded = described(url)
    if url.startswith("sqlite"):
        request.getfixturevalue("path").unlink()
    else:
        request.getfixturevalue("postgresql").emptied()
    DecisionLog(url).close()
    assert upgraded == described(url)


def described(url: str) -> dict[str, Any]:
    """Say what tables there are, with their columns, keys and indexes."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    inspector = sa.inspect(engine)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
            inspector.get_pk_constraint(table),
            sorted(map(str, inspector.get_foreign_keys(table))),
            sorted(map(str, inspector.get_unique_constraints(table))),
            sorted(map(str, inspector.get_indexes(table))),
        )
        for table in inspector.get_table_names()
    }


def test_links_and_states_are_kept_by_an_upgrade(url: str) -> None:
    fill(url, 2)
    with DecisionLog(url) as log:
        logged = everything(log)
        states = {number: str(entry.state) for number, entry in logged.items()}
        (link,) = log.links()
    assert states == {
        "ACT-0001": "open",
        "DEC-0001": "superseded",
        "DEC-0002": "accepted",
        "DEC-0003": "accepted",
        "QUE-0001": "open",
    }
    assert (link.source, str(link.relation), link.target) == ("DEC-0003", "reverses", "DEC-0001")
    assert link in logged["DEC-0001"].links


def test_what_was_said_edited_and_read_is_kept_by_an_upgrade(url: str) -> None:
    fill(url, 3)
    with DecisionLog(url) as log:
        hits = log.search("everywhere at once", transcripts=True).hits
        assert [hit.entry.number for hit in hits if hit.entry] == ["DEC-0003"]
        assert [hit.utterance.text for hit in hits if hit.utterance] == ["Everywhere at once."]
        assert log.entry("ACT-0001").edited == ("owner",)
        assert [event.who for event in log.history("ACT-0001")][1:] == ["anna"]
        digest = log.digest(since=Last(reader="ana"), timezone="UTC", now=LATER)
        assert (digest.first, digest.decided, digest.moved) == (False, (), ())
    with Book(url) as book:
        assert sum(book.counts().values()) == 0


UPGRADE_TOGETHER = """
import sys
from multiprocessing import get_context
from memo.decision_log.log import DecisionLog

def upgrade(_):
    with DecisionLog(sys.argv[1]) as log:
        return [entry.finding.statement for entry in log.entries(withdrawn=True)]

with get_context("fork").Pool(4) as pool:
    one, *others = pool.map(upgrade, range(4), chunksize=1)
assert len(one) == 2
assert others == [one] * 3, others
"""


def test_several_that_open_an_older_database_at_once_upgrade_it_once(url: str, sql: Sql) -> None:
    fill(url, 1)
    done = subprocess.run([sys.executable, "-c", UPGRADE_TOGETHER, url], timeout=60, check=False)
    assert done.returncode == 0
    numbers = list(range(1, len(MIGRATIONS) + 1))
    assert sql("SELECT number FROM memo_migrations ORDER BY number") == [(n,) for n in numbers]
    assert sql("SELECT count(*) FROM events") == [(4,)]


def test_an_older_database_is_upgraded_step_by_step(
    url: str, sql: Sql, memo: MakeMemo, decision: MakeDecision
) -> None:
    database = Database(url)
    migrate(database, (*MIGRATIONS, add_moods), stop_before=len(MIGRATIONS) + 1)
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
    migrate(database, (*MIGRATIONS, add_moods))
    database.close()
    assert sql("SELECT number, mood FROM entries") == [(1, "fine")]
    assert sql("SELECT max(number) FROM memo_migrations") == [(len(MIGRATIONS) + 1,)]


# --- What is refused, and what fails ------------------------------------------------------------


def test_a_newer_database_is_refused_with_both_versions_and_left_as_it_is(
    url: str, sql: Sql, dump: Dump
) -> None:
    database = Database(url)
    migrate(database, (*MIGRATIONS, add_moods))
    name = database.name
    database.close()
    sql("UPDATE memo_migrations SET memo_version = '9.1'")
    before = dump()
    newer, known = len(MIGRATIONS) + 1, len(MIGRATIONS)
    with pytest.raises(DecisionLogError) as refused:
        DecisionLog(url)
    for part in (name, f"version {newer}", "memo 9.1", f"memo {__version__}", f"to {known}"):
        assert part in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "9.1" in (refused.value.hint or "")
    assert dump() == before


def test_a_migration_that_fails_leaves_the_version_before_whole(
    url: str, dump: Dump, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
    before = dump()
    database = Database(url)
    with pytest.raises(DecisionLogError, match="nowhere"):
        migrate(database, (*MIGRATIONS, add_half_and_fail))
    database.close()
    assert dump() == before
    with DecisionLog(url) as log:
        assert log.entry("1").decision.statement == "Ship it"


@pytest.mark.parametrize("finding", ["[]", '"soon"', "{}", '{"decision": null}'])
def test_an_older_database_with_a_row_that_memo_did_not_write_is_refused_and_left_as_it_is(
    url: str, sql: Sql, dump: Dump, finding: str
) -> None:
    fill(url, 1)
    sql(f"UPDATE events SET after = '{finding}'")  # noqa: S608 (of ours)
    before = dump()
    with pytest.raises(DecisionLogError) as refused:
        DecisionLog(url)
    assert "did not write" in str(refused.value)
    assert refused.value.hint
    assert dump() == before


KILLED_INSIDE = """
import os, signal, sys
import sqlalchemy as sa
from memo.decision_log.database import Database
from memo.decision_log.migrations import MIGRATIONS, migrate

def dies(connection):
    connection.execute(sa.text("ALTER TABLE entries ADD COLUMN mood TEXT"))
    connection.execute(sa.text("UPDATE entries SET mood = 'half'"))
    os.kill(os.getpid(), signal.SIGKILL)

migrate(Database(sys.argv[1]), (*MIGRATIONS, dies))
"""


def test_killed_inside_a_migration_the_version_before_is_whole(
    url: str, dump: Dump, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
    before = dump()
    killed = subprocess.run([sys.executable, "-c", KILLED_INSIDE, url], check=False)
    assert killed.returncode == -9
    assert dump() == before
    with DecisionLog(url) as log:
        assert log.entry("1").decision.statement == "Ship it"
