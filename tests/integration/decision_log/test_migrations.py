"""A database comes up to date when it is opened, one whole step after another."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from memo import __version__
from memo.decision_log.database import Database
from memo.decision_log.log import DecisionLog
from memo.decision_log.migrations import MIGRATIONS, migrate
from memo.decision_log.schema import metadata
from memo.errors import DecisionLogError
from memo.model import Decision, Memo

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)


def add_moods(connection: sa.Connection) -> None:
    connection.execute(sa.text("ALTER TABLE entries ADD COLUMN mood TEXT"))
    connection.execute(sa.text("UPDATE entries SET mood = 'fine'"))


def add_half_and_fail(connection: sa.Connection) -> None:
    add_moods(connection)
    connection.execute(sa.text("CREATE TABLE half (x TEXT)"))
    connection.execute(sa.text("ALTER TABLE nowhere ADD COLUMN x TEXT"))


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def dump(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_all_migrations_together_give_what_the_schema_says(url: str, path: Path) -> None:
    DecisionLog(url).close()
    declared = path.with_name("declared.db")
    engine = sa.create_engine(f"sqlite:///{declared}")
    metadata.create_all(engine)
    engine.dispose()
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    assert ask(path, query) == ask(declared, query)


def test_each_migration_is_recorded_with_the_version_of_memo(url: str, path: Path) -> None:
    DecisionLog(url).close()
    assert ask(path, "SELECT * FROM memo_migrations") == [
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


def test_stopping_before_a_migration_builds_the_older_database(url: str, path: Path) -> None:
    database = Database(url)
    migrate(database, stop_before=1)
    database.close()
    assert ask(path, "SELECT * FROM sqlite_master") == []


def test_an_older_database_is_upgraded_and_keeps_what_it_holds(
    url: str, path: Path, memo: Callable[..., Memo], decision: Callable[..., Decision]
) -> None:
    database = Database(url)
    migrate(database, (*MIGRATIONS, add_moods), stop_before=len(MIGRATIONS) + 1)
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
    migrate(database, (*MIGRATIONS, add_moods))
    database.close()
    assert ask(path, "SELECT number, mood FROM entries") == [(1, "fine")]
    assert ask(path, "SELECT max(number) FROM memo_migrations") == [(len(MIGRATIONS) + 1,)]


def test_a_newer_database_is_refused_with_both_versions_and_left_as_it_is(
    url: str, path: Path
) -> None:
    database = Database(url)
    migrate(database, (*MIGRATIONS, add_moods))
    database.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE memo_migrations SET memo_version = '9.1'")
    connection.commit()
    connection.close()
    before = dump(path)
    newer, known = len(MIGRATIONS) + 1, len(MIGRATIONS)
    with pytest.raises(DecisionLogError) as refused:
        DecisionLog(url)
    for part in (str(path), f"version {newer}", "memo 9.1", f"memo {__version__}", f"to {known}"):
        assert part in str(refused.value)
    assert "9.1" in (refused.value.hint or "")
    assert dump(path) == before


def test_a_migration_that_fails_leaves_the_version_before_whole(
    url: str, path: Path, memo: Callable[..., Memo], decision: Callable[..., Decision]
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
    before = dump(path)
    database = Database(url)
    with pytest.raises(DecisionLogError, match="nowhere"):
        migrate(database, (*MIGRATIONS, add_half_and_fail))
    database.close()
    assert dump(path) == before
    with DecisionLog(url) as log:
        assert log.entry("1").decision.statement == "Ship it"


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
    url: str, path: Path, memo: Callable[..., Memo], decision: Callable[..., Decision]
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
    before = dump(path)
    killed = subprocess.run([sys.executable, "-c", KILLED_INSIDE, url], check=False)
    assert killed.returncode == -9
    assert dump(path) == before
    with DecisionLog(url) as log:
        assert log.entry("1").decision.statement == "Ship it"
