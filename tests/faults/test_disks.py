"""A disk that is full, and then is not."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.box import Box
from tests.faults.recordings import transcript
from tests.faults.scenarios import settle

MakeBox = Callable[..., Box]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.mark.parametrize("what", ["results", "work", "database"])
def test_recordings_wait_for_room(box: MakeBox, small_disk: Path, what: str) -> None:
    results = small_disk if what == "results" else None
    where = {"work": "MEMO_CACHE_DIR", "database": "MEMO_DATA_DIR"}.get(what)
    made = box(results=results, **({where: str(small_disk / what)} if where else {}))
    (made.inbox / "before.vtt").write_bytes(transcript(0))
    made.watch("--slots", "1")
    settle(made)
    fill(small_disk)
    for number in range(1, 6):
        (made.inbox / f"call{number}.vtt").write_bytes(transcript(number))
    time.sleep(20)
    assert len(made.memos()) == 1
    (small_disk / "filler").unlink()
    settle(made)
    made.stop_all()
    verdict = made.verdict()
    assert verdict.wrong == []
    assert verdict.memos == 6


def fill(disk: Path) -> None:
    """Leave no room at all."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        for size in (1 << 20, 4096, 512, 1):
            try:
                while True:
                    filler.write(os.urandom(size))
            except OSError:
                continue
