"""What the system tells of changes in a folder, as `watchfiles` hears it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memo.intake.alarm import Alarm

LONG = 60.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    (folder / "old").mkdir(parents=True)
    (folder / "a.m4a").write_bytes(b"sound")
    return folder


@pytest.fixture
def alarm(root: Path, stop: threading.Event) -> Iterator[Alarm]:
    """An alarm that has begun to listen."""
    alarm = Alarm(root)
    assert alarm.wait(LONG, stop)  # nobody knows what happened before
    alarm.touched()
    yield alarm
    alarm.renew()


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        (lambda root: (root / "a.m4a").write_bytes(b"other"), "a.m4a"),
        (lambda root: (root / "old/é\n.m4a").write_bytes(b"new"), "old/é\n.m4a"),
        (lambda root: (root / "a.m4a").rename(root / "b.m4a"), "b.m4a"),
        (lambda root: (root / "a.m4a").chmod(0o600), "a.m4a"),
        (lambda root: (root / "a.m4a").unlink(), "a.m4a"),
        (lambda root: (root / "new/deep").mkdir(parents=True), "new"),
    ],
)
def test_a_change_is_heard(
    change: Callable[[Path], object], touched: str, root: Path, alarm: Alarm, stop: threading.Event
) -> None:
    change(root)
    assert alarm.wait(LONG, stop)
    assert os.fsencode(root / touched) in alarm.touched()
    assert alarm.touched() == frozenset()


def test_reading_is_no_change(root: Path, alarm: Alarm, stop: threading.Event) -> None:
    (root / "a.m4a").read_bytes()
    list(root.iterdir())
    assert not alarm.wait(0.5, stop)
    assert alarm.touched() == frozenset()


def test_what_happens_while_nobody_waits_is_heard_later(
    root: Path, alarm: Alarm, stop: threading.Event
) -> None:
    (root / "b.m4a").touch()
    threading.Event().wait(0.3)
    assert alarm.wait(LONG, stop)
    assert alarm.touched() == {os.fsencode(root / "b.m4a")}


def test_a_name_that_is_not_utf_8_makes_it_rely_on_looking_for_a_while(
    root: Path, alarm: Alarm, stop: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    (root / os.fsdecode(b"\xff\xfe.m4a")).touch()
    assert alarm.wait(LONG, stop)
    assert alarm.is_deaf
    assert not alarm.wait(0.01, stop)
    alarm._deaf_until = 0.0
    assert alarm.wait(LONG, stop)
    (root / "b.m4a").touch()
    assert alarm.wait(LONG, stop)
    assert not alarm.is_deaf
    assert caplog.text.count("cannot be heard of") == 1


def test_a_folder_made_anew_is_heard_once_the_alarm_is_renewed(
    root: Path, alarm: Alarm, stop: threading.Event
) -> None:
    shutil.rmtree(root)
    alarm.renew()
    assert alarm.wait(0.1, stop)  # it is not there: that has to be looked at
    root.mkdir()
    assert alarm.wait(LONG, stop)
    (root / "b.m4a").touch()
    assert alarm.wait(LONG, stop)
    assert alarm.touched() == {os.fsencode(root / "b.m4a")}


@pytest.mark.parametrize("poll", [True, False])
def test_a_stop_ends_the_wait(*, poll: bool, root: Path, stop: threading.Event) -> None:
    alarm = Alarm(root, poll=poll)
    alarm.wait(0.01, stop)
    threading.Timer(0.2, stop.set).start()
    assert not alarm.wait(1e6, stop)


def test_where_looking_is_all_there_is_nothing_is_heard(root: Path, stop: threading.Event) -> None:
    alarm = Alarm(root, poll=True)
    (root / "b.m4a").touch()
    assert alarm.is_deaf
    assert not alarm.wait(0.01, stop)
