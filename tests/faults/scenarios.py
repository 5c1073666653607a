"""What is done to memo while it works, and the figures that come of it."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import statistics
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.box import Box, Verdict, eventually, family, resident_megabytes
from tests.faults.recordings import Copier

Inputs = Sequence[tuple[str, bytes]]
LIVE = {"queued", "running", "waiting"}


# --- kill -9 --------------------------------------------------------------------------------------


@dataclass
class Kills:
    """What came of a run in which processes were killed."""

    rounds: int
    seconds: float
    victims: Counter[str]
    settled: float
    verdict: Verdict

    def __str__(self) -> str:
        who = ", ".join(f"{count} {name}" for name, count in sorted(self.victims.items()))
        told = f"{self.rounds} × kill -9 ({who}) in {self.seconds:.0f} s, "
        return f"{told}all done {self.settled:.0f} s after the last: {self.verdict}"


def kills(
    box: Box,
    inputs: Inputs,
    rounds: int,
    *,
    seed: int = 1,
    pause: tuple[float, float] = (0.3, 4.0),
    wait: float = 420.0,
) -> Kills:
    """Kill processes of memo at random moments while recordings come in; then let it finish.

    A watcher with a worker and a second worker by itself: each round one process of theirs dies,
    or a whole family at once. Those that somebody started are started again; their children are
    theirs to start.

    Args:
        box: An empty one.
        inputs: Names and contents of what is dropped, in that order, over the time of the rounds.
        rounds: How often something is killed.
        seed: Of all chances.
        pause: Seconds between two kills, at least and at most.
        wait: Seconds at most until all is done after the last kill.

    Raises:
        TimeoutError: Something is still not done.
    """
    chances = random.Random(seed)  # noqa: S311
    victims: Counter[str] = Counter()
    roots = {"watch": box.watch("--slots", "1"), "worker": box.start("worker", "--slots", "1")}
    began = time.monotonic()
    expected = rounds * sum(pause) / 2
    with dropping(box, inputs, over=expected * 0.9, seed=seed) as dropped:
        for _ in range(rounds):
            time.sleep(chances.uniform(*pause))
            name = chances.choice(sorted(roots))
            victims[_kill_one(roots[name], name, chances)] += 1
            if _is_gone(roots[name]):
                box.forget(roots[name])
                words = ("--slots", "1")
                roots[name] = box.watch(*words) if name == "watch" else box.start(name, *words)
        seconds = time.monotonic() - began
        dropped.wait()
        settled = settle(box, wait)
    box.stop_all()
    return Kills(rounds, seconds, victims, settled, box.verdict())


def settle(box: Box, seconds: float = 420.0) -> float:
    """Wait until each recording has its memo and no job is left; return how long that took.

    Raises:
        TimeoutError: Something is still not done; the message says what.
    """
    began = time.monotonic()
    try:
        eventually(box.is_done, seconds, what="the memos")
        eventually(lambda: not LIVE & set(box.states()), seconds, what="the jobs")
    except TimeoutError as error:
        missing = set(box.inputs().values()) - box.memos().keys()
        raise TimeoutError(
            f"{error}: {box.states()}, without a memo: {sorted(sha[:8] for sha in missing)}"
        ) from error
    return time.monotonic() - began


def _kill_one(root: subprocess.Popen[bytes], name: str, chances: random.Random) -> str:
    """Kill a process of a family, or all of it; return what it was."""
    members = family(root.pid)
    whom = chances.choice(("parent", "child", "child", "all"))
    if whom == "all":
        chosen = members
    elif whom == "child" and len(members) > 1:
        chosen = [chances.choice(members[1:])]
    else:
        whom, chosen = "parent", members[:1]
    for pid in chosen:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return f"{name} {whom}"


def _is_gone(process: subprocess.Popen[bytes]) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=0.2)
    return process.poll() is not None


# --- Dropping -------------------------------------------------------------------------------------


@dataclass
class Dropping:
    """Recordings that are being dropped beside everything else."""

    done: threading.Event = field(default_factory=threading.Event)
    error: list[BaseException] = field(default_factory=list)

    def wait(self, seconds: float = 600.0) -> None:
        """Wait until all are there."""
        if not self.done.wait(seconds):
            raise TimeoutError("the recordings are still being dropped")
        if self.error:
            raise self.error[0]


@contextmanager
def dropping(box: Box, inputs: Inputs, *, over: float, seed: int) -> Iterator[Dropping]:
    """Drop recordings one after another over some seconds, in two threads of copiers."""
    state, stopping = Dropping(), threading.Event()
    gap = 2 * over / max(1, len(inputs))
    left = [2]

    def run(offset: int) -> None:
        copier = Copier(box, seed + offset)
        try:
            for name, content in inputs[offset::2]:
                began = time.monotonic()
                if stopping.is_set():
                    return
                copier.drop(name, content)
                stopping.wait(max(0.0, gap - (time.monotonic() - began)))
        except BaseException as error:
            state.error.append(error)
            raise
        finally:
            left[0] -= 1
            if not left[0]:
                state.done.set()

    threads = [threading.Thread(target=run, args=(offset,), daemon=True) for offset in (0, 1)]
    for thread in threads:
        thread.start()
    try:
        yield state
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


# --- Many files -----------------------------------------------------------------------------------


@dataclass
class Drops:
    """What came of many files that were dropped at once.

    `first` and `last` are seconds from the drop to the first and the last memo; `memory` are
    megabytes of the watcher and its workers together, over time.
    """

    files: int
    first: float
    last: float
    processor: float
    memory: list[tuple[float, float]]
    verdict: Verdict | None = None

    @property
    def growth(self) -> float:
        """Megabytes between the first tenth of the time with work and the last."""
        tenth = max(1, len(self.memory) // 10)
        early = statistics.median(m for _, m in self.memory[tenth : 2 * tenth] or self.memory)
        return statistics.median(m for _, m in self.memory[-tenth:]) - early

    def __str__(self) -> str:
        peak = max((megabytes for _, megabytes in self.memory), default=0.0)
        each = 1000 * self.last / max(1, self.files)
        told = f"{self.files} files: {self.last:.0f} s, {each:.1f} ms each by the clock, "
        told += f"{1000 * self.processor / max(1, self.files):.1f} ms of processor; first after "
        told += f"{self.first:.1f} s; memory {peak:.0f} MB at most, {self.growth:+.0f} MB over time"
        return f"{told}\n{self.verdict}" if self.verdict else told


def drop_at_once(box: Box, inputs: Inputs, *, slots: int, wait: float) -> Drops:
    """Put many files into a folder that is watched, and wait until all have their memos."""
    root = box.watch("--slots", str(slots))
    eventually(lambda: len(family(root.pid)) > slots, 60, what="the workers")
    time.sleep(3)
    cpu = _processor_seconds(root.pid)
    for name, content in inputs:
        path = box.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    began = time.monotonic()
    memory: list[tuple[float, float]] = []
    first = last = 0.0
    count = 0
    while count < len(inputs):
        if time.monotonic() - began > wait:
            break
        time.sleep(0.5)
        members = family(root.pid)
        memory.append((time.monotonic() - began, sum(map(resident_megabytes, members))))
        count = sum(1 for _ in box.inbox.rglob("*.memo.json"))
        last = time.monotonic() - began
        first = first or (last if count else 0.0)
    return Drops(count, first, last, _processor_seconds(root.pid) - cpu, memory)


def _processor_seconds(pid: int) -> float:
    """Return the processor time of a process and its children that live, in seconds."""
    words = ["ps", "-o", "cputimes=", "-p", ",".join(map(str, family(pid)))]
    told = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return float(sum(map(int, told.split())))


# --- Throughput -----------------------------------------------------------------------------------


def throughput(box: Box, inputs: Inputs, workers: int, *, wait: float = 400.0) -> float:
    """Return the seconds that some workers take for recordings which are there and queued already.

    Counted from the first memo on, so that nobody's start is in it.
    """
    for name, content in inputs:
        (box.inbox / name).write_bytes(content)
    watcher = box.watch("--no-work")
    eventually(lambda: len(box.jobs()) >= len(inputs), 120, what="the queue")
    watcher.terminate()
    box.forget(watcher)
    for _ in range(workers):
        box.start("worker", "--slots", "1")
    eventually(lambda: any(box.inbox.rglob("*.memo.json")), 120, what="the first memo")
    began = time.monotonic()
    before = sum(1 for _ in box.inbox.rglob("*.memo.json"))
    eventually(
        lambda: sum(1 for _ in box.inbox.rglob("*.memo.json")) >= len(inputs), wait, what="memos"
    )
    seconds = time.monotonic() - began
    return seconds * len(inputs) / max(1, len(inputs) - before)


def bytes_of(folder: Path) -> int:
    """Return how much a folder's files take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
