"""Three workers on one PostgreSQL: restarted, out of reach, slow; and one of them dead for good."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.conftest import _programs
from tests.faults.box import Box, eventually, family
from tests.faults.conftest import PASSWORD, ROLE
from tests.faults.network import Cable, Proxy
from tests.faults.recordings import transcript
from tests.faults.scenarios import dropping, settle

if TYPE_CHECKING:
    from tests.conftest import PostgreSQL

MakeBox = Callable[..., Box]

pytestmark = [pytest.mark.postgresql, pytest.mark.faults, pytest.mark.timeout(900)]

CALLS = [(f"call{n}.vtt", transcript(n)) for n in range(24)]


def three(made: Box, **how: object) -> list[subprocess.Popen[bytes]]:
    """Start a watcher and three workers, and wait until the first has done something."""
    before = how.get("before", ())
    assert isinstance(before, tuple)
    started = [made.start("watch", made.inbox, "--transcripts", "--no-work", before=before)]
    started += [made.start("worker", "--slots", "1", before=before) for _ in range(3)]
    return started


def settled(made: Box) -> None:
    """Wait until all is done, and judge."""
    settle(made)
    made.stop_all()
    verdict = made.verdict()
    assert verdict.wrong == []
    assert verdict.memos == len(CALLS)


def test_a_server_that_is_restarted_again_and_again(
    box: MakeBox, postgresql: PostgreSQL, postgresql_url: str
) -> None:
    made = box(database=postgresql_url)
    three(made)
    with dropping(made, CALLS, over=40, seed=1) as dropped:
        for seconds in (1.0, 5.0, 15.0):
            time.sleep(6)
            postgresql.stop()
            time.sleep(seconds)
            postgresql.start()
        dropped.wait()
        settled(made)


@pytest.mark.parametrize("mood", ["refuse", "swallow", "slow", "reset"])
def test_a_network_that_fails(box: MakeBox, proxied: tuple[Proxy, str], mood: str) -> None:
    proxy, url = proxied
    made = box(database=url)
    three(made)
    with dropping(made, CALLS, over=40, seed=2) as dropped:
        for _ in range(3):
            time.sleep(5)
            if mood == "slow":
                proxy.delay = 0.02
            elif mood == "refuse":
                proxy.mood = "refuse"
                proxy.reset()
            elif mood == "swallow":
                proxy.mood = "swallow"
            time.sleep(8)
            proxy.reset() if mood == "reset" else None
            proxy.mood, proxy.delay = "pass", 0.0
        dropped.wait()
        settled(made)


@pytest.fixture
def cable() -> Iterator[tuple[Cable, str]]:
    """A network of its own with one cable to a PostgreSQL server, and the server's URL there."""
    from tests.conftest import PostgreSQL

    programs = _programs()
    assert programs
    with Cable() as made:
        server = PostgreSQL(programs, hosts=f"127.0.0.1,{made.host}")
        try:
            with (server.folder / "data" / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {made.subnet}.0/24 scram-sha-256\n")
            server.run(f"SELECT pg_reload_conf(); {ROLE}")
            yield made, f"postgresql://far:{PASSWORD}@{made.host}:{server.port}/memo"
        finally:
            server.stop(keep=False)


def test_a_cable_that_is_cut_under_one_of_three_workers(
    box: MakeBox, cable: tuple[Cable, str]
) -> None:
    wire, url = cable
    near = url.replace(wire.host, "127.0.0.1")
    made = box(database=near)
    made.start("watch", made.inbox, "--transcripts", "--no-work")
    for _ in range(2):
        made.start("worker", "--slots", "1")
    made.start("worker", "--slots", "1", before=wire.before, MEMO_DATABASE_URL=url)
    with dropping(made, CALLS, over=40, seed=3) as dropped:
        time.sleep(8)
        wire.cut()
        time.sleep(30)
        wire.mend()
        dropped.wait()
        settled(made)


def test_a_cable_that_is_cut_under_all(box: MakeBox, cable: tuple[Cable, str]) -> None:
    wire, url = cable
    made = box(database=url, MEMO_DATABASE_URL=url)
    three(made, before=wire.before)
    with dropping(made, CALLS, over=40, seed=4) as dropped:
        time.sleep(8)
        wire.cut()
        time.sleep(45)
        wire.mend()
        dropped.wait()
        made.environment["MEMO_DATABASE_URL"] = url.replace(wire.host, "127.0.0.1")
        settled(made)


def test_one_of_three_workers_dies_for_good(box: MakeBox, postgresql_url: str) -> None:
    made = box(database=postgresql_url)
    _, first, *_ = three(made)
    with dropping(made, CALLS, over=20, seed=5) as dropped:
        eventually(lambda: any(made.inbox.rglob("*.memo.json")), 60, what="the first memo")
        time.sleep(2)
        for pid in family(first.pid):
            subprocess.run(["kill", "-9", str(pid)], check=False)
        made.forget(first)
        dropped.wait()
        settled(made)
