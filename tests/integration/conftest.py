"""A real database, SQLite's or PostgreSQL's."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from memo.decision_log.log import DecisionLog

if TYPE_CHECKING:
    from tests.conftest import PostgreSQL

SQLITE, POSTGRESQL = "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that needs a database on both.

    One that looks at the file at `path` is about SQLite, one marked `postgresql` about that.
    """
    if "url" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("postgresql")
        one = SQLITE if "path" in metafunc.fixturenames else POSTGRESQL if marked else None
        metafunc.parametrize("url", [one] if one else [SQLITE, POSTGRESQL], indirect=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file of a SQLite database will be."""
    return tmp_path / "state" / "memo" / "decisions.db"


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; beside an open `log`, of one that has its tables."""
    return _database(request, request.param, tables="log" in request.fixturenames)


@pytest.fixture
def anew(request: pytest.FixtureRequest, url: str) -> Callable[[], str]:
    """Leave nothing in the database but its tables, and return its URL: for many examples."""
    return lambda: _database(request, url.partition("+")[0].partition(":")[0], tables=True)


@pytest.fixture
def dump(request: pytest.FixtureRequest, url: str) -> Callable[[], str]:
    """Say all that the database holds, its tables too."""
    if not url.startswith("sqlite"):
        return lambda: str(request.getfixturevalue("postgresql").dump())

    def dumped() -> str:
        connection = sqlite3.connect(request.getfixturevalue("path"))
        try:
            return "\n".join(connection.iterdump())
        finally:
            connection.close()

    return dumped


def _database(request: pytest.FixtureRequest, kind: str, *, tables: bool) -> str:
    """Make a database, or empty the one there is."""
    if kind == "postgresql":
        then = request.getfixturevalue("made_dump") if tables else ""
        return str(request.getfixturevalue("postgresql").emptied(then))
    path = request.getfixturevalue("path")
    if tables:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(request.getfixturevalue("made_file"), path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with its tables: to copy it is quicker than to make them each time."""
    path = tmp_path_factory.mktemp("made") / "decisions.db"
    DecisionLog(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def made_dump(postgresql: PostgreSQL) -> str:
    """What makes the tables in PostgreSQL."""
    DecisionLog(postgresql.emptied()).close()
    return postgresql.dump()


@pytest.fixture
def sql(url: str) -> Callable[[str], Sequence[tuple[Any, ...]]]:
    """Run a statement in the database, behind memo's back, and return its rows."""

    def run(statement: str) -> Sequence[tuple[Any, ...]]:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            result = connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []

    return run
