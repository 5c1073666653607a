"""Signals: the first stops politely, the next at once; and what is told to health checks."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from memo.cli.serving import Service, as_variables, polite_signals
from memo.cli.telling import Teller
from memo.cli.tidings import Tidings
from memo.config import Settings, load_settings
from memo.errors import DatabaseUnavailable
from memo.intake.book import Book
from memo.intake.heartbeat import beats
from memo.intake.lookout import View
from memo.intake.metrics import exposition
from memo.intake.slots import Slots


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_is_polite_and_the_next_is_not(number: int) -> None:
    stop, told = threading.Event(), list[str]()
    before = signal.getsignal(number)
    with polite_signals(stop, lambda: told.append("stopping")):
        signal.raise_signal(number)
        assert stop.wait(60)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert told == ["stopping"]
    assert signal.getsignal(number) is before


def test_nohup_is_respected() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop = threading.Event()
        with polite_signals(stop, lambda: None):
            signal.raise_signal(signal.SIGHUP)
            assert not stop.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return load_settings({"data_dir": tmp_path / "data", "threads": 3, "offline": True})


def test_workers_get_the_settings_of_their_parent(settings: Settings) -> None:
    told = as_variables(settings, ("threads", "offline", "shelf", "worker_lease"))
    assert told == {
        "MEMO_THREADS": "3", "MEMO_OFFLINE": "true", "MEMO_WORKER_LEASE": "60.0",
    }  # fmt: skip


def test_health_tells_what_keeps_a_run_from_its_work(settings: Settings) -> None:
    view = View(files=3, arriving_count=1, arriving=(Path("/calls/half\x1b.m4a"),))

    def away() -> Book:
        raise DatabaseUnavailable("the database does not answer")

    teller = Teller(quiet=True)
    tidings = Tidings(away, teller, timezone="UTC", shelf=None, concerns=lambda _: True)
    seen = [view._replace(trouble="calls cannot be looked into")]
    service = Service(
        settings, "watch", slots=Slots(["/nowhere"], 1), tidings=tidings, teller=teller,
        view=lambda: seen[0], folders=["calls"],
    )  # fmt: skip
    stop = threading.Event()
    found: list[tuple[str, ...]] = []

    def finished() -> bool:
        found.append(tuple(service.health().troubles))
        found.append(tuple(exposition(service.figures()).splitlines()))
        (beat,) = beats(settings.data_dir)
        assert (beat.kind, beat.files, beat.arriving_count) == ("watch", 3, 1)
        assert "\x1b" not in "".join(beat.arriving)
        return True

    service._heart.beat(**service._how())
    service.run(stop, finished)
    assert found[0] == (
        "the database does not answer", "calls cannot be looked into", "no worker runs",
    )  # fmt: skip
    assert {"memo_healthy 0", "memo_watch_arriving 1", "memo_workers_wanted 1"} <= set(found[1])
    assert beats(settings.data_dir) == []
