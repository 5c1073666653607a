"""Several watchers on one folder, the same recording twice, and very many at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.box import Box
from tests.faults.recordings import many, transcript
from tests.faults.scenarios import drop_at_once, dropping, settle

MakeBox = Callable[..., Box]


def test_two_watchers_of_one_folder_do_nothing_twice(box: MakeBox, database: str | None) -> None:
    made = box(database=database)
    calls = [(f"call{n}.vtt", transcript(n)) for n in range(6)]
    with dropping(made, calls, over=2, seed=1) as dropped:
        for _ in range(2):
            made.watch("--slots", "1")
        dropped.wait()
        settle(made)
    made.stop_all()
    verdict = made.verdict()
    assert verdict.wrong == []
    assert len(made.jobs()) == verdict.memos == 6


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_ten_thousand_files_at_once(box: MakeBox, database: str | None) -> None:
    made = box(database=database, MEMO_FORMATS="json,md")
    drops = drop_at_once(made, many(10_000), slots=2, wait=3000)
    settle(made)
    made.stop_all()
    assert drops.files == 10_000
    assert drops.growth < 50, str(drops)
    assert made.verdict().wrong == []
