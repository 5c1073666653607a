"""Work is stopped at its next word of progress, or without one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from memo.intake.reins import Reins


class Stop(BaseException):
    """What the work is stopped with."""


class Runner:
    """Does work in a thread, and says how it ended."""

    def __init__(self, reins: Reins, work: Callable[[], None]) -> None:
        self.error: BaseException | None = None
        self._reins = reins
        self._work = work
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self._reins.held():
                self._work()
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            self.error = error

    def ended(self) -> type[BaseException] | None:
        self._thread.join(60)
        assert not self._thread.is_alive()
        return type(self.error) if self.error else None


@pytest.fixture
def over() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_work_that_tells_of_its_progress_stops_there(over: threading.Event) -> None:
    reins = Reins(grace=3600)
    begun, steps = threading.Event(), []

    def work() -> None:
        while not over.wait(0.01):
            begun.set()
            steps.append(1)
            reins.check()

    runner = Runner(reins, work)
    assert begun.wait(60)
    reins.pull(Stop)
    assert runner.ended() is Stop


def test_work_that_tells_nothing_is_stopped_at_its_next_step(over: threading.Event) -> None:
    reins = Reins(grace=0.01)
    begun = threading.Event()

    def work() -> None:
        while not over.wait(0.01):
            begun.set()

    runner = Runner(reins, work)
    assert begun.wait(60)
    reins.pull(Stop)
    assert runner.ended() is Stop


def test_work_that_swallows_it_is_stopped_again(
    over: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memo.intake.reins._AGAIN_SECONDS", 0.05)
    reins = Reins(grace=0.01)
    swallowed = []

    def work() -> None:
        while not over.wait(0.01):
            try:
                while not over.wait(0.01):
                    pass
            except Stop:
                swallowed.append(1)
                if len(swallowed) == 3:
                    raise

    runner = Runner(reins, work)
    reins.pull(Stop)
    assert runner.ended() is Stop
    assert len(swallowed) in {0, 3}  # or it had not begun


def test_what_is_stopped_before_it_begins_does_not_begin() -> None:
    reins = Reins()
    reins.pull(Stop)
    did: list[int] = []
    assert Runner(reins, lambda: did.append(1)).ended() is Stop
    assert did == []


def test_who_is_done_is_left_alone(over: threading.Event) -> None:
    reins = Reins(grace=0.0)
    for _ in range(50):
        with reins.held():
            pass
    reins.pull(Stop)
    assert not over.wait(0.2)  # an exception that came now would end the test


def test_the_first_who_pulls_says_why() -> None:
    reins = Reins(grace=3600)
    reins.pull(Stop)
    reins.pull(KeyboardInterrupt)
    with pytest.raises(Stop):
        reins.check()
