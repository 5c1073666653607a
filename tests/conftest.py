"""Fixtures that all tests share, and which tests are left out where something is missing."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import platformdirs
import psycopg
import pytest

from memo.weights import Kind, Weights

ROOT = Path(__file__).resolve().parents[1]
SHARED_AUDIO = ROOT.parent / "shared" / "audio"

NO_POSTGRESQL = (
    "PostgreSQL is not installed: install it (Debian, Ubuntu: apt install postgresql), then run"
    " the tests again"
)

left_out = pytest.StashKey[int]()


# --- What is left out ---------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the checks before a change lands insist on PostgreSQL."""
    parser.addoption(
        "--need-postgresql",
        action="store_true",
        default="CI" in os.environ,
        help="stop if PostgreSQL is not installed, rather than leave its tests out",
    )


@pytest.hookimpl(trylast=True)  # after -k and -m
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests that need what is not here, and count them as deselected.

    Recordings that only this project's own machines have: each test has a neighbour that tests
    the same behaviour on `examples/`. systemd's programs: each test that asks them has a
    neighbour that reads the units itself. PostgreSQL: a user may do without; CI may not.
    """
    here = {
        "shared_audio": SHARED_AUDIO.is_dir(),
        "systemd_analyze": shutil.which("systemd-analyze") is not None,
    }
    missing = [fixture for fixture, is_here in here.items() if not is_here]
    wanting = [item for item in items if any(_uses(item, fixture) for fixture in missing)]
    if _programs() is None:
        without = [item for item in items if item.get_closest_marker("postgresql")]
        if without and config.getoption("--need-postgresql"):
            raise pytest.UsageError(NO_POSTGRESQL)
        config.stash[left_out] = len(without)
        wanting += without
    items[:] = [item for item in items if item not in wanting]
    config.hook.pytest_deselected(items=wanting)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say at the end what was left out, and how to have it run."""
    if count := config.stash.get(left_out, 0):
        terminalreporter.write_line(f"{count} tests were left out: {NO_POSTGRESQL}", yellow=True)


def _uses(item: pytest.Item, fixture: str) -> bool:
    return fixture in getattr(item, "fixturenames", ())


# --- What a command leaves in this process ------------------------------------------------------


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Undo what a command sets up for itself, where a test calls it in this process."""
    log, polite = logging.getLogger("memo"), (signal.SIGTERM, signal.SIGHUP)
    handlers, level, propagates = log.handlers, log.level, log.propagate
    answers = [signal.getsignal(number) for number in polite]
    yield
    log.handlers, log.propagate = handlers, propagates
    log.setLevel(level)
    for number, answer in zip(polite, answers, strict=True):
        signal.signal(number, answer)


# --- Recordings and models ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of the example recordings."""
    return ROOT / "examples"


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """The folder of real recordings beside the project; its README and manifest describe them."""
    return SHARED_AUDIO


@pytest.fixture(scope="session")
def weights() -> Callable[[str, Kind], Path]:
    """Return where a real model's files are, fetched into the user's own cache if need be."""
    given = os.environ.get("MEMO_CACHE_DIR")
    cache = Path(given) if given else platformdirs.user_cache_path("memo", appauthor=False)
    return Weights(cache).path


# --- PostgreSQL ---------------------------------------------------------------------------------

# Runs the server until its input closes: at the end of the tests, or because pytest was killed.
KEEPER = """
"$@" & server=$!
read -r word
kill -QUIT $server; wait $server
[ "$word" = keep ] || rm -rf "$PWD"
"""

# What a test may have left behind: connections, the database's own settings, and what is in it.
RESET = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'memo';
ALTER DATABASE memo OWNER TO postgres;
ALTER DATABASE memo CONNECTION LIMIT -1;
ALTER DATABASE memo RESET ALL;
"""
EMPTY = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT nspname FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP;
END $$;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


class PostgreSQL:
    """A server of our own in a temporary folder, on a socket there and on a port of this machine.

    Whoever comes by the socket is let in, as any user; by the port, only with a password. The
    server's clock shows an odd time zone, so that nobody relies on UTC. It has one database,
    `memo`.
    """

    def __init__(self, programs: Path, hosts: str = "127.0.0.1") -> None:
        self._programs = programs
        self._hosts = hosts
        self._as = _somebody()
        self.folder = Path(tempfile.mkdtemp(prefix="memo-postgresql-"))
        if self._as:
            shutil.chown(self.folder, self._as["user"], self._as["group"])
        locale = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
        words = ["-D", "data", "-U", "postgres", "-E", "UTF8", f"--locale={locale}", "--no-sync"]
        words += ["--auth-local=trust", "--auth-host=scram-sha-256"]
        subprocess.run(
            [programs / "initdb", *words],
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            **self._as,
        )
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start()
        self.run("CREATE DATABASE memo")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {"fsync": "off", "full_page_writes": "off", "timezone": "Asia/Kolkata"}
        words = ["-D", "data", "-k", str(self.folder), "-p", str(self.port), "-h", self._hosts]
        words += [word for setting in settings.items() for word in ("-c", "=".join(setting))]
        with (self.folder / "log").open("a") as log:
            self._keeper = subprocess.Popen(
                ["sh", "-c", KEEPER, "sh", self._programs / "postgres", *words],
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is for pytest, which then ends the server
                **self._as,
            )
        self._wait()

    def stop(self, *, keep: bool = True) -> None:
        """End it at once, as a crash would; its folder goes with it unless it is to be kept."""
        self._keeper.communicate("keep\n" if keep else None, timeout=60)

    def run(self, statements: str, database: str = "postgres") -> None:
        """Run statements as the one who may do everything."""
        with psycopg.connect(self._address(database), autocommit=True) as connection:
            connection.execute(statements.encode())

    def emptied(self, then: str = "") -> str:
        """Empty the database `memo`, run statements in it, and return its URL.

        To make a database for each test would take too long.
        """
        self.run(RESET)
        self.run(EMPTY + then, "memo")
        return self.url("memo")

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        place = f"host={quote(str(self.folder))}&port={self.port}"
        return f"postgresql+psycopg://postgres@/{database}?{place}"

    def dump(self, *options: str) -> str:
        """Return the statements that make what the database `memo` holds."""
        words = [
            *options,
            "--inserts",
            "-h",
            str(self.folder),
            "-p",
            str(self.port),
            "-U",
            "postgres",
            "memo",
        ]
        dumped = subprocess.run(
            [self._programs / "pg_dump", *words], stdout=subprocess.PIPE, text=True, check=True
        )
        return "\n".join(line for line in dumped.stdout.splitlines() if not line.startswith("\\"))

    def _address(self, database: str) -> str:
        return (
            f"host={shlex.quote(str(self.folder))} port={self.port} user=postgres dbname={database}"
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.run("SELECT 1")
            except psycopg.OperationalError as error:
                ended = self._keeper.poll() is not None
                if ended or time.monotonic() > deadline:
                    told = (self.folder / "log").read_text()
                    raise RuntimeError(f"PostgreSQL does not start:\n{told}") from error
                time.sleep(0.02)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server; who uses it is marked `postgresql`."""
    programs = _programs()
    assert programs, NO_POSTGRESQL
    server = PostgreSQL(programs)
    try:
        yield server
    finally:
        server.stop(keep=False)


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> str:
    """The URL of an empty PostgreSQL database."""
    return postgresql.emptied()


def _programs() -> Path | None:
    """Return the folder of the newest PostgreSQL server here: Debian keeps it off the path."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: (len(folder.parent.name), folder.parent.name),
        reverse=True,
    )
    on_path = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    for folder in debian + on_path:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def _somebody() -> dict[str, Any]:
    """Return whom to run the server as: PostgreSQL refuses root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    import pwd

    known = {user.pw_name: user for user in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
