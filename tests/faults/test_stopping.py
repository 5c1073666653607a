"""Told to stop, memo stops within the current window; what was done by then is not done again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.box import Box, eventually, family
from tests.faults.recordings import repeated
from tests.faults.scenarios import settle

MakeBox = Callable[..., Box]

ROUNDS = 7  # of three minutes: 20 minutes and more, five windows


@pytest.fixture
def long_call(tmp_path: Path, examples: Path) -> bytes:
    """The example again and again, in one file."""
    return repeated(examples / "weekly-call.m4a", tmp_path / "long.m4a", ROUNDS).read_bytes()


def windows(made: Box) -> dict[Path, int]:
    """The finished windows in the work folder, each with the instant of its writing."""
    found = (made.root / "cache").rglob("window-*.json")
    return {path: path.stat().st_mtime_ns for path in found}


@pytest.mark.faults
@pytest.mark.asr
@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", ["term", "kill", "kill all"])
def test_a_long_recording_goes_on_from_its_last_window(
    box: MakeBox, long_call: bytes, weights: Callable[..., Path], how: str
) -> None:
    made = box(MEMO_ASR_MODEL=str(weights("tiny.en", "asr")), MEMO_DIARIZE="false")
    (made.inbox / "long.m4a").write_bytes(long_call)
    root = made.watch("--slots", "1")
    eventually(lambda: len(windows(made)) >= 2, 400, what="two windows")
    if how == "term":
        assert made.stop_all() < 60
    else:
        members = family(root.pid)
        for pid in members if how == "kill all" else members[-1:]:
            os.kill(pid, signal.SIGKILL)
    before = windows(made)
    if how != "kill":
        made.watch("--slots", "1")
    settle(made)
    made.stop_all()
    after = windows(made)
    assert {path: after[path] for path in before} == before
    assert made.verdict().wrong == []


@pytest.mark.asr
def test_a_worker_that_is_told_to_stop_lets_go_of_its_recording(
    box: MakeBox, examples: Path, weights: Callable[..., Path]
) -> None:
    made = box(MEMO_ASR_MODEL=str(weights("tiny.en", "asr")))
    (made.inbox / "call.m4a").write_bytes((examples / "weekly-call.m4a").read_bytes())
    made.watch("--slots", "1")
    eventually(lambda: any((made.root / "cache").rglob("language-*.json")), 120, what="a window")
    time.sleep(0.5)
    assert made.stop_all() < 60
    assert set(made.states()) == {"queued"}
    assert not list(made.results.rglob("*.memo.*"))
