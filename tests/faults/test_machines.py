"""Three machines with one PostgreSQL and one shared folder; one dies, one comes back from the dead.

A machine is a host name of its own (Linux, as root) and folders of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.box import Box, eventually, family
from tests.faults.recordings import transcript
from tests.faults.scenarios import dropping, settle

MakeBox = Callable[..., Box]
Spoken = Callable[[int], list[tuple[str, bytes]]]

pytestmark = [
    pytest.mark.postgresql, pytest.mark.faults, pytest.mark.asr, pytest.mark.timeout(900),
]  # fmt: skip


def on(made: Box, host: str, *words: str | Path) -> subprocess.Popen[bytes]:
    """Start memo on a machine."""
    before = ("unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host)
    own = made.root / host
    return made.start(
        *words, before=before, MEMO_DATA_DIR=str(own / "data"), MEMO_CACHE_DIR=str(own / "cache")
    )


@pytest.fixture
def hosts() -> tuple[str, ...]:
    """The names of three machines."""
    return ("one", "two", "three")


@pytest.mark.parametrize("fate", ["dies", "sleeps"])
def test_what_a_machine_leaves_behind_goes_on_elsewhere_once(
    box: MakeBox,
    hosts: tuple[str, ...],
    postgresql_url: str,
    spoken: Spoken,
    weights: Callable[..., Path],
    fate: str,
) -> None:
    tiny = str(weights("tiny.en", "asr"))
    made = box(database=postgresql_url, MEMO_ASR_MODEL=tiny)
    made.environment["MEMO_SHELF"] = str(made.inbox)
    on(made, hosts[0], "watch", made.inbox, "--transcripts", "--no-work")
    workers = [on(made, host, "worker", "--slots", "1") for host in hosts]
    calls = [(f"call{n}.vtt", transcript(n)) for n in range(12)] + spoken(12)
    with dropping(made, calls, over=15, seed=1) as dropped:
        busy = lambda: any(job["state"] == "running" for job in made.jobs())  # noqa: E731
        eventually(busy, 120, what="work")
        time.sleep(1)
        members = family(workers[1].pid)
        for pid in members:
            os.kill(pid, signal.SIGKILL if fate == "dies" else signal.SIGSTOP)
        dropped.wait()
        if fate == "sleeps":
            time.sleep(30)  # far longer than its lease
            for pid in members:
                os.kill(pid, signal.SIGCONT)
        else:
            made.forget(workers[1])
        settle(made)
    made.stop_all()
    verdict = made.verdict()
    assert verdict.wrong == []
    assert verdict.memos == len(calls)
