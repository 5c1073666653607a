"""Workers are kept going: real processes, and a clock that the test sets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memo.intake.slots import Ended, Slots, how_it_ended

LIVES = """
import signal, sys, threading
from pathlib import Path
from memo.intake.slots import Tether
out, stop = Path(sys.argv[1]), threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
tether = Tether(stop.set)
print("noise of a library")
while not stop.wait(0.01):
    tether.beat()
(out / "stopped").touch()
"""
DIES = "import os, sys; os.kill(os.getpid(), int(sys.argv[2]))"
SILENT = "import time; time.sleep(600)"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def made() -> Iterator[list[Slots]]:
    """What a test made; nothing of it is left running."""
    slots: list[Slots] = []
    yield slots
    for each in slots:
        each.kill()


def until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def looked(slots: Slots, is_so: Callable[[], object]) -> None:
    """Look again and again until something is so."""

    def look() -> object:
        slots.look()
        return is_so()

    until(look)


def test_workers_start_and_stop_politely(tmp_path: Path, made: list[Slots]) -> None:
    slots = Slots([sys.executable, "-c", LIVES, str(tmp_path)], 2)
    made.append(slots)
    assert (slots.ready, slots.pids) == (0, [])
    looked(slots, lambda: slots.ready == 2)
    assert len(set(slots.pids)) == 2
    slots.stop()
    looked(slots, lambda: not slots.pids)
    assert (tmp_path / "stopped").exists()
    slots.look()
    assert (slots.pids, slots.restarts) == ([], 0)


def test_one_that_dies_is_started_again_each_time_more_slowly(
    clock: Clock, made: list[Slots], tmp_path: Path
) -> None:
    told: list[Ended] = []
    words = [sys.executable, "-c", DIES, str(tmp_path), str(int(signal.SIGKILL))]
    slots = Slots(words, 1, ended=told.append, now=clock)
    made.append(slots)
    for expected in (1, 2, 4, 8, 16, 32, 60, 60):
        looked(slots, lambda: told)
        ended = told.pop()
        assert (ended.slot, ended.pause) == (1, expected)
        assert "SIGKILL" in ended.why
        clock.now += expected - 0.5
        slots.look()
        assert slots.pids == []
        clock.now += 1
    assert slots.restarts == 8


def test_the_pause_is_short_again_after_a_steady_hour(
    clock: Clock, made: list[Slots], tmp_path: Path
) -> None:
    told: list[Ended] = []
    slots = Slots([sys.executable, "-c", LIVES, str(tmp_path)], 1, ended=told.append, now=clock)
    made.append(slots)
    for _ in range(3):
        looked(slots, lambda: slots.ready)
        clock.now += 3600
        slots.look()  # nothing is silent: it was heard just now, and the clock is the parent's
        for pid in slots.pids:
            os.kill(pid, signal.SIGKILL)
        looked(slots, lambda: told)
        assert told.pop().pause == 1
        clock.now += 2


def test_one_that_says_nothing_for_long_is_replaced(clock: Clock, made: list[Slots]) -> None:
    told: list[Ended] = []
    slots = Slots([sys.executable, "-c", SILENT], 1, ended=told.append, grace=30, now=clock)
    made.append(slots)
    slots.look()
    slots.look()
    clock.now += 29
    slots.look()
    assert slots.pids
    clock.now += 2
    looked(slots, lambda: told)
    assert told[0].why == "said nothing for 30 s"


def test_a_worker_stops_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = (
        "import sys, time\n"
        "from memo.intake.slots import Slots\n"
        "slots = Slots([sys.executable, '-c', sys.argv[1], sys.argv[2]], 2)\n"
        "while slots.ready < 2: slots.look(); time.sleep(0.01)\n"
        "print(*slots.pids, flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent, LIVES, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        process.kill()
    assert len(pids) == 2
    until((tmp_path / "stopped").exists)
    until(lambda: not any(map(runs, pids)))


def runs(pid: int) -> bool:
    """Tell whether a process is there and no mere remains of one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_command_that_is_not_there_is_tried_again(clock: Clock, made: list[Slots]) -> None:
    told: list[Ended] = []
    slots = Slots(["/nowhere/memo"], 1, ended=told.append, now=clock)
    made.append(slots)
    slots.look()
    assert [ended.why for ended in told] == ["could not be started: No such file or directory"]


def test_workers_do_not_speak_to_systemd_in_the_name_of_their_parent(
    tmp_path: Path, made: list[Slots]
) -> None:
    code = "import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ)))"
    there = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1", "KEPT": "yes"}
    slots = Slots([sys.executable, "-c", code, str(tmp_path / "env")], 1, environment=there)
    made.append(slots)
    looked(slots, lambda: slots.restarts)
    told = (tmp_path / "env").read_text()
    assert "KEPT" in told
    assert "NOTIFY" not in told
    assert "WATCHDOG" not in told


def test_how_a_process_ended_is_told_in_words() -> None:
    assert how_it_ended(3) == "ended with exit code 3"
    assert how_it_ended(-signal.SIGSEGV) == "ended by SIGSEGV"
    assert how_it_ended(-signal.SIGKILL) == "was killed (SIGKILL): perhaps memory ran out"
    assert how_it_ended(-250) == "ended by signal 250"


def test_no_thread_is_left_behind(tmp_path: Path) -> None:
    slots = Slots([sys.executable, "-c", LIVES, str(tmp_path)], 2)
    looked(slots, lambda: slots.ready == 2)
    slots.kill()
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("ear of")])
