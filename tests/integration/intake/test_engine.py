"""The engine in this process: what is among the workflows, and one recording on its own."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from memo.errors import DatabaseUnavailable, DecisionLogError
from memo.intake.book import Book
from memo.intake.engine import Engine, run_here
from memo.intake.job import Arrival, Job, Needs, Place, Request, Worker
from memo.intake.liveness import LONGEST_WAIT, this_worker
from memo.intake.machine import machine_id
from memo.intake.queues import queue_of, queues_of

if TYPE_CHECKING:
    from tests.conftest import PostgreSQL

PATIENCE = 120.0


class Doing:
    """Work that does nothing, and says what it was asked for."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def hear(self, job_id: int, attempt: int) -> dict[str, Any]:
        self.done.append(f"hear {job_id}/{attempt}")
        return {"heard": job_id}

    def write(self, job_id: int, attempt: int) -> dict[str, Any]:
        self.done.append(f"write {job_id}/{attempt}")
        return {"written": job_id}

    def settle(self, job_id: int, attempt: int, outcome: dict[str, Any]) -> dict[str, Any]:
        self.done.append(f"settle {job_id}/{attempt} {outcome}")
        return {"ending": outcome}

    def stop(self) -> None:
        self.done.append("stop")

    @property
    def heard(self) -> int:
        return sum(what.startswith("hear") for what in self.done)


@pytest.fixture
def book(url: str) -> Iterator[Book]:
    with Book(url) as book:
        yield book


@pytest.fixture
def me() -> Worker:
    return this_worker("1.0")


@pytest.fixture
def doing() -> Doing:
    return Doing()


@pytest.fixture
def engine(url: str, me: Worker, doing: Doing) -> Iterator[Engine]:
    engine = Engine(url, me.name, queues_of(me.machine, me.can, has_shelf=True), doing)
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture
def rows(url: str) -> Callable[..., Sequence[tuple[Any, ...]]]:
    """Ask DBOS's own tables, behind its back."""

    def run(statement: str, **values: Any) -> Sequence[tuple[Any, ...]]:  # noqa: ANN401
        address = sa.make_url(url)
        if address.get_backend_name() == "sqlite":
            address = address.set(database=str(Path(str(address.database)).with_name("jobs.db")))
        else:
            address = address.update_query_dict({"options": "-c search_path=dbos"})
        engine = sa.create_engine(address, poolclass=sa.NullPool)
        with engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    return run


@pytest.fixture
def jobs(book: Book) -> Callable[..., tuple[Job, ...]]:
    """Take recordings in, and return the jobs that are due."""

    def take_in(*names: str, needs: Needs = "", machine: str | None = None) -> tuple[Job, ...]:
        for name in names:
            sha256 = hashlib.sha256(name.encode()).hexdigest()
            arrival = Arrival(
                place=Place.on(machine, Path(name)),
                signature="1",
                filename=name,
                recording_sha256=sha256,
                key=sha256,
                request=Request(settings={}),
                needs=needs,
            )
            book.take_in([arrival])
        return book.due(machine or machine_id(), longest_wait=LONGEST_WAIT)

    return take_in


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


STATUS = "SELECT workflow_uuid, status, queue_name FROM workflow_status ORDER BY 1"


def test_a_job_is_done_once_however_often_it_is_put(
    engine: Engine,
    doing: Doing,
    me: Worker,
    jobs: Callable[..., tuple[Job, ...]],
    rows: Callable[..., Sequence[tuple[Any, ...]]],
) -> None:
    [job] = jobs("a.m4a")
    engine.put([job], [me])
    engine.put([job], [me])
    until(lambda: any(status == "SUCCESS" for _, status, _ in rows(STATUS)))
    assert doing.done == [
        f"hear {job.id}/1",
        f"write {job.id}/1",
        f"settle {job.id}/1 {{'written': {job.id}}}",
    ]
    assert rows(STATUS) == [(job.workflow, "SUCCESS", "shelf")]
    [(given,)] = rows("SELECT inputs FROM workflow_input")
    assert f"[{job.id}, 1]".replace(" ", "") in given.replace(" ", "")  # and not pickled


def test_what_the_book_still_wants_is_done_again_though_its_workflow_has_ended(
    engine: Engine, doing: Doing, me: Worker, jobs: Callable[..., tuple[Job, ...]]
) -> None:
    [job] = jobs("a.m4a")
    assert engine.missing([job]) == [job]
    engine.put([job], [me])
    until(lambda: doing.heard == 1 and engine.missing([job]) == [job])
    engine.put([job], [me])
    until(lambda: doing.heard == 2 and engine.missing([job]) == [job])


def test_workflows_are_forgotten_a_day_after_they_ended(
    engine: Engine,
    me: Worker,
    jobs: Callable[..., tuple[Job, ...]],
    rows: Callable[..., Sequence[tuple[Any, ...]]],
) -> None:
    old, new = jobs("old.m4a", "new.m4a")
    engine.put([old, new], [me])
    until(lambda: len(engine.missing([old, new])) == 2)
    assert engine.sweep() == 0
    then = int((time.time() - 25 * 3600) * 1000)
    rows(
        "UPDATE workflow_status SET completed_at = :then WHERE workflow_uuid = :id",
        then=then,
        id=old.workflow,
    )
    assert engine.sweep() == 1
    assert [name for name, *_ in rows(STATUS)] == [new.workflow]


def test_what_wants_a_graphics_card_does_without_when_nobody_has_one_any_more(
    engine: Engine,
    me: Worker,
    jobs: Callable[..., tuple[Job, ...]],
    rows: Callable[..., Sequence[tuple[Any, ...]]],
) -> None:
    engine.close()  # nothing is begun
    able = me.model_copy(update={"name": "able", "can": "gpu"})
    here = jobs("here.m4a", needs="gpu", machine=machine_id())
    shelved = jobs("shelved.m4a", needs="gpu")[-1:]
    engine.put([*here, *shelved], [me, able])
    waiting_for_one = {queue_of(machine_id(), "gpu"), queue_of(None, "gpu")}
    assert {queue for *_, queue in rows(STATUS)} == waiting_for_one
    assert engine.reroute([me, able]) == 0

    assert engine.reroute([me]) == 2
    assert {queue for *_, queue in rows(STATUS)} == {queue_of(machine_id(), ""), "shelf"}


def test_the_dead_have_their_work_put_back_into_its_queue_and_nobody_else(
    engine: Engine,
    me: Worker,
    jobs: Callable[..., tuple[Job, ...]],
    rows: Callable[..., Sequence[tuple[Any, ...]]],
) -> None:
    engine.close()
    engine.put(jobs("a.m4a", "b.m4a", "c.m4a"), [me])
    [(a, *_), (b, *_), (c, *_)] = rows(STATUS)
    for workflow, owner, steps in ((a, "dead", None), (b, "alive", None), (c, "dead", "others")):
        rows(
            "UPDATE workflow_status SET status = 'PENDING', executor_id = :owner,"
            " application_version = coalesce(:steps, application_version)"
            " WHERE workflow_uuid = :id",
            owner=owner,
            steps=steps,
            id=workflow,
        )
    assert engine.rescue(["alive"]) == 1
    assert engine.rescue(["alive"]) == 0
    states = {name: (status, queue) for name, status, queue in rows(STATUS)}
    assert states == {a: ("ENQUEUED", "shelf"), b: ("PENDING", "shelf"), c: ("PENDING", "shelf")}


def test_an_engine_leaves_room_for_the_next_one_in_the_same_process(
    url: str, engine: Engine, me: Worker
) -> None:
    other = Engine(url, "other", ["shelf"], Doing())
    with pytest.raises(RuntimeError, match="an engine runs"):
        other.start()
    engine.stop()
    before = threading.active_count()
    other.start()
    other.stop()
    assert threading.active_count() <= before
    assert me.name != "other"


def test_two_logs_side_by_side_share_no_workflows(tmp_path: Path, doing: Doing) -> None:
    for name in ("decisions.db", "test.db"):
        engine = Engine(f"sqlite:///{tmp_path}/{name}", name, ["shelf"], doing)
        engine.start()
        engine.stop()
    assert {file.name for file in tmp_path.iterdir()} == {"jobs.db", "test.db.jobs"}


@pytest.mark.postgresql
def test_two_logs_in_schemas_of_one_database_share_no_workflows(
    postgresql: PostgreSQL, doing: Doing
) -> None:
    url = postgresql.emptied("CREATE SCHEMA team")
    for address in (url, f"{url}&options=-csearch_path%3Dteam"):
        engine = Engine(address, "me", ["shelf"], doing)
        engine.start()
        engine.stop()
    told = sa.inspect(sa.create_engine(url, poolclass=sa.NullPool)).get_schema_names()
    assert {"dbos", "team_dbos"} <= set(told)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"x" * 4000])
def test_workflows_in_a_broken_file_can_be_made_anew(
    tmp_path: Path, doing: Doing, content: bytes
) -> None:
    (tmp_path / "jobs.db").write_bytes(content)
    engine = Engine(f"sqlite:///{tmp_path}/decisions.db", "me", ["shelf"], doing)
    with pytest.raises(DecisionLogError, match=r"jobs\.db is") as refused:
        engine.start()
    assert "delete the file" in str(refused.value.hint)
    (tmp_path / "jobs.db").unlink()
    engine.start()
    engine.stop()


def test_a_database_that_is_away_is_worth_another_try(tmp_path: Path, doing: Doing) -> None:
    away = f"postgresql://postgres@/memo?host={tmp_path}&port=1"
    engine = Engine(away, "me", ["shelf"], doing)
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        engine.start()


# --- One recording, here --------------------------------------------------------------------------


def kept(file: Path) -> int:
    engine = sa.create_engine(f"sqlite:///{file}", poolclass=sa.NullPool)
    with engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM workflow_status")).scalar_one())


def test_one_recording_is_a_workflow_of_the_same_steps(tmp_path: Path, doing: Doing) -> None:
    file = tmp_path / "work" / "workflows.db"
    for _ in range(2):
        assert run_here(file, doing, 7) == {"ending": {"written": 7}}
    assert [what.split()[0] for what in doing.done] == 2 * ["hear", "write", "settle"]
    assert kept(file) == 0
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), DecisionLogError("no")])
def test_what_a_step_raises_here_is_raised_as_it_is(
    tmp_path: Path, doing: Doing, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*_: object) -> dict[str, Any]:
        raise error

    monkeypatch.setattr(doing, "write", write)
    with pytest.raises(type(error)) as raised:
        run_here(tmp_path / "workflows.db", doing)
    assert raised.value is error
    assert kept(tmp_path / "workflows.db") == 0


def test_a_file_that_is_broken_makes_way(tmp_path: Path, doing: Doing) -> None:
    file = tmp_path / "workflows.db"
    file.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    assert run_here(file, doing) == {"ending": {"written": 0}}


def test_a_disk_that_is_full_is_told_from_what_the_work_came_to(
    tmp_path: Path, doing: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def write(*_: object) -> dict[str, Any]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
        return {}

    monkeypatch.setattr(doing, "write", write)
    try:
        with pytest.raises(DatabaseUnavailable, match=r"workflows\.db"):
            run_here(tmp_path / "workflows.db", doing)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


KILLED = """
import os, sys
from pathlib import Path
from memo.intake.engine import run_here

class Dying:
    def hear(self, *_): return {}
    def write(self, *_): print([n for n in os.environ if n.startswith("DBOS")]); os._exit(9)
    def settle(self, *_): return {}
    def stop(self): pass

sys.stdout.reconfigure(line_buffering=True)
run_here(Path(sys.argv[1]), Dying())
"""


def test_what_a_killed_run_left_is_forgotten_and_the_environment_of_no_account(
    tmp_path: Path, doing: Doing
) -> None:
    file = tmp_path / "workflows.db"
    words = [sys.executable, "-W", "error", "-c", KILLED, str(file)]
    run = subprocess.run(
        words,
        env={**os.environ, "DBOS__CLOUD": "true", "DBOS__APPVERSION": "x", "DBOS__VMID": "y"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (9, "[]\n", "")
    assert kept(file) == 1

    run_here(file, doing)
    assert kept(file) == 0
