"""A watcher says that it lives, to people and to systemd."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from memo.intake.heartbeat import Beat, Heartbeat, beats
from memo.intake.job import instant
from memo.intake.systemd import Notifier


def test_a_beat_is_there_until_the_watcher_ends(tmp_path: Path) -> None:
    heart = Heartbeat(tmp_path, "watch", "1.2", ("calls",))
    heart.beat(files=3)
    heart.beat(files=4, trouble="the folder is gone")
    (beat,) = beats(tmp_path)
    assert (beat.files, beat.trouble, beat.folders) == (4, "the folder is gone", ("calls",))
    assert (beat.pid, beat.standing()) == (os.getpid(), "running")
    assert beat.started_at <= beat.beat_at
    heart.end()
    assert beats(tmp_path) == []
    heart.end()


def test_a_watcher_that_was_killed_is_told_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from memo.intake.heartbeat import Heartbeat;"
        "Heartbeat(Path(sys.argv[1]), 'watch', '1').beat()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    (beat,) = beats(tmp_path)
    assert beat.standing() == "dead"
    assert beats(tmp_path) == []


@pytest.mark.parametrize("minutes", [-60, 60])
def test_one_whose_last_beat_is_not_of_now_is_stuck(tmp_path: Path, minutes: int) -> None:
    Heartbeat(tmp_path, "watch", "1").beat()
    (beat,) = beats(tmp_path)
    then = instant() - dt.timedelta(minutes=minutes)
    assert beat.model_copy(update={"beat_at": then}).standing() == "stuck"
    elsewhere = beat.model_copy(update={"machine": "another", "pid": 4_000_000})
    assert elsewhere.standing() == "running"
    assert elsewhere.model_copy(update={"beat_at": then}).standing() == "stuck"


def test_a_beat_of_before_the_machine_was_started_is_of_a_dead_one(tmp_path: Path) -> None:
    Heartbeat(tmp_path, "watch", "1").beat()
    (beat,) = beats(tmp_path)
    assert beat.model_copy(update={"boot": "another"}).standing() == "dead"


def test_what_is_no_beat_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "watch"
    folder.mkdir()
    (folder / "half.json").write_text('{"kind": "wa')
    (folder / "other.json").write_bytes(b"\xff\xfe")
    assert beats(tmp_path) == []
    assert beats(tmp_path / "nowhere") == []


def test_a_full_disk_does_not_stop_the_watcher(tmp_path: Path) -> None:
    (tmp_path / "watch").write_text("a file where the folder should be")
    Heartbeat(tmp_path, "watch", "1").beat()
    assert beats(tmp_path) == []


def test_the_shape_of_a_beat_goes_round() -> None:
    now = instant()
    beat = Beat(
        kind="watch", version="1", host="h", machine="m", boot="b", pid=1, started_at=now,
        beat_at=now, arriving=("a", "b"), arriving_count=7, scanned_at=now,
    )  # fmt: skip
    assert Beat.model_validate_json(beat.model_dump_json()) == beat


def test_systemd_is_told_what_it_asked_for(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(60)
        notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"})
        notifier.ready()
        notifier.alive()
        notifier.status("2 recordings")
        notifier.status("2 recordings")
        notifier.stopping()
        told = [systemd.recv(100).decode() for _ in range(4)]
    assert told == ["READY=1", "WATCHDOG=1", "STATUS=2 recordings", "STOPPING=1"]


def test_without_systemd_nobody_is_told(tmp_path: Path) -> None:
    Notifier({}).ready()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()
    Notifier({"NOTIFY_SOCKET": "vsock:1:2"}).ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        address = str(tmp_path / "notify")
        systemd.bind(address)
        systemd.settimeout(0)
        Notifier({"NOTIFY_SOCKET": address}).alive()
        other = {"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}
        Notifier({"NOTIFY_SOCKET": address, **other}).alive()
        with pytest.raises(BlockingIOError):
            systemd.recv(100)
