"""What can be wrong with a PostgreSQL database, and what the user is told; all by a real server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa

from memo.decision_log.database import Database
from memo.decision_log.log import DecisionLog
from memo.errors import DatabaseUnavailable, DecisionLogError, MemoError
from memo.model import Decision, Memo

if TYPE_CHECKING:
    from memo.decision_log.postgresql import Turn
    from tests.conftest import PostgreSQL

MakeDecision = Callable[..., Decision]
MakeMemo = Callable[..., Memo]
Sql = Callable[[str], Sequence[tuple[Any, ...]]]

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
PASSWORD = "geheim"  # noqa: S105 (of a role that lives for a test)

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def ana(postgresql: PostgreSQL) -> Iterator[str]:
    """Somebody who may only log in."""
    postgresql.run(f"CREATE ROLE ana LOGIN PASSWORD '{PASSWORD}'")
    yield "ana"
    postgresql.run("DROP ROLE ana")


def by_port(url: str, server: PostgreSQL, user: str, password: str = PASSWORD) -> str:
    """The URL of the same database by way of the port, where a password is asked for."""
    address = sa.make_url(url).set(
        username=user, password=password, host="127.0.0.1", port=server.port, query={}
    )
    return address.render_as_string(hide_password=False)


def as_user(url: str, user: str) -> str:
    return url.replace("//postgres@", f"//{user}@")


def check(error: MemoError, *parts: str) -> None:
    """A refusal is one line that names the database and no password, with an order as its hint."""
    for part in parts:
        assert part in str(error)
    assert "\n" not in str(error)
    assert PASSWORD not in str(error)
    assert error.hint


# --- It cannot be reached -----------------------------------------------------------------------


def test_the_owner_of_a_database_is_let_in_by_password(
    url: str, sql: Sql, postgresql: PostgreSQL, ana: str, memo: MakeMemo, decision: MakeDecision
) -> None:
    sql(f"ALTER DATABASE memo OWNER TO {ana}")
    with DecisionLog(by_port(url, postgresql, ana)) as log:
        assert log.record(memo(decision("Ship it")), now=NOW).new == ("DEC-0001",)


def test_a_wrong_password_is_told_and_not_repeated(
    url: str, postgresql: PostgreSQL, ana: str
) -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        DecisionLog(by_port(url, postgresql, ana, PASSWORD + "!"))
    check(refused.value, f"//ana@127.0.0.1:{postgresql.port}", "password authentication failed")


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{PASSWORD}@127.0.0.1:1/log",
        f"postgres://me@127.0.0.1:1/log?password={PASSWORD}",
        f"postgresql+psycopg://me:{PASSWORD}@/log?host=/nowhere&connect_timeout=3",
        f"postgresql://me:{PASSWORD}@nowhere.invalid/log",
    ],
    ids=["port", "password behind ?", "socket", "name"],
)
def test_no_server_there_is_worth_another_try(address: str) -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        DecisionLog(address)
    check(refused.value, "cannot be reached", "postgresql://me@")
    assert refused.value.retryable


def test_a_database_that_is_not_there_is_named(url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        DecisionLog(url.replace("/memo?", "/nope?"))
    check(refused.value, "does not exist", "/nope")


def test_a_server_started_anew_between_two_calls_is_not_noticed(
    url: str, postgresql: PostgreSQL, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
        postgresql.stop()
        postgresql.start()
        assert log.record(memo(decision("Stop it"), call="b"), now=NOW).new == ("DEC-0002",)
        assert [entry.number for entry in log.entries()] == ["DEC-0002", "DEC-0001"]


def test_while_the_server_is_gone_each_call_says_so_and_once_it_is_back_all_is_well(
    url: str, postgresql: PostgreSQL, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
        postgresql.stop()
        try:
            with pytest.raises(DatabaseUnavailable) as refused:
                log.entries()
            check(refused.value, "cannot be reached")
            with pytest.raises(DatabaseUnavailable):
                log.record(memo(decision("Stop it"), call="b"), now=NOW)
        finally:
            postgresql.start()
        assert [entry.number for entry in log.entries()] == ["DEC-0001"]


def test_a_connection_cut_while_recording_keeps_nothing(
    url: str, sql: Sql, memo: MakeMemo, decision: MakeDecision
) -> None:
    DecisionLog(url).close()
    sql(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'"
    )
    sql("CREATE TRIGGER cut AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION cut()")
    with DecisionLog(url) as log:
        with pytest.raises(DatabaseUnavailable) as refused:
            log.record(memo(decision("Ship it")), now=NOW)
        check(refused.value, "cannot be reached", "terminating connection")
        sql("DROP FUNCTION cut CASCADE")
        assert log.entries() == ()
        assert sql("SELECT count(*) FROM meetings") == [(0,)]
        assert log.record(memo(decision("Ship it")), now=NOW).new == ("DEC-0001",)


def test_too_many_connections_are_worth_another_try(
    url: str, sql: Sql, ana: str, postgresql: PostgreSQL
) -> None:
    sql("ALTER DATABASE memo CONNECTION LIMIT 0")
    with pytest.raises(DatabaseUnavailable) as refused:
        DecisionLog(by_port(url, postgresql, ana))
    check(refused.value, "too many connections")


def test_a_statement_that_the_server_cancels_is_worth_another_try(url: str, sql: Sql) -> None:
    DecisionLog(url).close()
    sql("ALTER DATABASE memo SET statement_timeout = '50ms'")
    database = Database(url)
    with pytest.raises(DatabaseUnavailable) as refused, database.reading() as connection:
        connection.execute(sa.text("SELECT pg_sleep(5)"))
    check(refused.value, "cannot do this now", "statement timeout")
    database.close()


# --- It is not ours, or not fit -----------------------------------------------------------------


def test_another_program_s_tables_are_refused_and_left_as_they_are(url: str, sql: Sql) -> None:
    sql("CREATE TABLE cookies (host TEXT)")
    with pytest.raises(DecisionLogError, match=r"another program's database.*'cookies'") as refused:
        DecisionLog(url)
    check(refused.value)
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert sql(tables) == [("cookies",)]


def test_somebody_who_may_make_no_tables_is_told_what_to_ask_for(url: str, ana: str) -> None:
    with pytest.raises(DecisionLogError) as refused:
        DecisionLog(as_user(url, ana))
    check(refused.value, "permission denied for schema public")
    assert "OWNER" in (refused.value.hint or "")


def test_somebody_who_may_only_read_can_read(
    url: str, sql: Sql, ana: str, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
    sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ana}")
    with DecisionLog(as_user(url, ana)) as log:
        assert [entry.number for entry in log.entries()] == ["DEC-0001"]
        with pytest.raises(DecisionLogError) as refused:
            log.record(memo(decision("Stop it"), call="b"), now=NOW)
    check(refused.value, "permission denied")


def test_a_read_only_copy_can_be_read_and_says_why_it_cannot_be_written(
    url: str, sql: Sql, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision("Ship it")), now=NOW)
    sql("ALTER DATABASE memo SET default_transaction_read_only = on")
    with DecisionLog(url) as log:
        assert [entry.number for entry in log.entries()] == ["DEC-0001"]
        with pytest.raises(DecisionLogError) as refused:
            log.record(memo(decision("Stop it"), call="b"), now=NOW)
    check(refused.value, "is read-only")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_text_is_refused(
    postgresql: PostgreSQL, encoding: str
) -> None:
    postgresql.run(f"CREATE DATABASE other ENCODING {encoding} LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(DecisionLogError) as refused:
            DecisionLog(postgresql.url("other"))
        check(refused.value, encoding)
        assert "UTF8" in (refused.value.hint or "")
    finally:
        postgresql.run("DROP DATABASE other")


def test_a_schema_of_its_own_in_a_database_of_others_will_do(
    url: str, sql: Sql, memo: MakeMemo, decision: MakeDecision
) -> None:
    sql("CREATE TABLE cookies (host TEXT)")
    sql("CREATE SCHEMA memo")
    with DecisionLog(f"{url}&options=-csearch_path%3Dmemo") as log:
        log.record(memo(decision("Ship it")), now=NOW)
    assert sql("SELECT count(*) FROM memo.meetings") == [(1,)]


# --- The network goes away without a word -------------------------------------------------------


def test_a_connection_that_nobody_answers_on_is_given_up_within_half_a_minute(url: str) -> None:
    told = []
    for more in ("", "&tcp_user_timeout=9000"):
        database = Database(f"{url}{more}")
        with database.reading() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, psycopg.Connection)
            found = raw.info.get_parameters()
        database.close()
        silence = int(found["keepalives_idle"])
        silence += int(found["keepalives_interval"]) * int(found["keepalives_count"])
        told.append((silence <= 30, int(found["tcp_user_timeout"])))
    assert told == [(True, 25_000), (True, 9_000)]  # the URL has the last word


@pytest.mark.parametrize(("turn", "idle"), [("log", "1min"), ("jobs", "15s")])
def test_the_server_takes_a_turn_back_from_somebody_who_was_cut_off(
    url: str, turn: Turn, idle: str
) -> None:
    name = "idle_in_transaction_session_timeout"
    database, next_one = Database(url, turn=turn), Database(url, turn=turn, lock_wait=60)

    def be_cut_off() -> None:
        with database.writing() as connection:
            assert connection.execute(sa.text(f"SHOW {name}")).scalar_one() == idle
            connection.execute(sa.text(f"SET LOCAL {name} = 50"))
            with next_one.writing():
                pass
            connection.execute(sa.text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable) as refused:
        be_cut_off()
    check(refused.value, "cannot be reached")
    database.close()
    next_one.close()


# --- Many at once -------------------------------------------------------------------------------


def test_a_turn_that_does_not_come_is_worth_another_try(
    url: str, memo: MakeMemo, decision: MakeDecision
) -> None:
    writer = Database(url)
    with DecisionLog(url, lock_wait=0.2) as log:
        with writer.writing(), pytest.raises(DatabaseUnavailable) as refused:
            log.record(memo(decision("Ship it")), now=NOW)
        check(refused.value, "locked by another program for 0.2 s")
        with writer.writing():
            assert log.entries() == ()  # readers do not wait
        assert log.record(memo(decision("Ship it")), now=NOW).new == ("DEC-0001",)
    writer.close()


def test_a_reader_sees_one_state_throughout(
    url: str, memo: MakeMemo, decision: MakeDecision
) -> None:
    reader = Database(url)
    count = sa.text("SELECT count(*) FROM meetings")
    with DecisionLog(url) as log:
        with reader.reading() as connection:
            before = connection.execute(count).scalar_one()
            log.record(memo(decision("Ship it")), now=NOW)
            assert connection.execute(count).scalar_one() == before == 0
        with reader.reading() as connection:
            assert connection.execute(count).scalar_one() == 1
    reader.close()


def test_a_reader_may_not_write(url: str) -> None:
    database = Database(url)
    with pytest.raises(DecisionLogError, match="read-only"), database.reading() as connection:
        connection.execute(sa.text("CREATE TABLE mine (x TEXT)"))
    database.close()


def test_what_was_to_be_written_is_not_told_by_an_error(url: str, sql: Sql) -> None:
    sql("CREATE TABLE said (words TEXT CHECK (length(words) < 3))")
    database = Database(url)
    with pytest.raises(DecisionLogError) as refused, database.writing() as connection:
        connection.execute(sa.text("INSERT INTO said VALUES (:words)"), {"words": PASSWORD})
    check(refused.value, "check constraint")
    cause = refused.value.__cause__
    assert isinstance(cause, sa.exc.IntegrityError)
    assert PASSWORD not in f"{cause} {cause.orig} {cause!r} {cause.orig!r}"
    database.close()


def test_the_program_is_named_with_its_version(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        version = connection.info.server_version // 10_000
    database = Database(url)
    assert database.program().startswith(f"PostgreSQL {version}")
    database.close()
