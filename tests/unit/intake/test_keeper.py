"""The keeper: what is over the budget goes, and what is needed never does."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from memo.checkpoints import Shared, WorkFolder, size
from memo.errors import DatabaseUnavailable, DiskFull
from memo.intake.job import Place
from memo.intake.keeper import Keeper, can_use_gpu, threads_each
from memo.intake.shelf import Shelf
from memo.model import Recording, Span
from memo.ports import silent


def recording(number: int) -> Recording:
    return Recording(filename=f"{number}.m4a", sha256=f"{number:064x}")


def fill(root: Path, number: int, *, used: float, shared: Shared | None = None) -> WorkFolder:
    """Leave finished steps of a recording, last used at an instant."""
    work = WorkFolder(root, recording(number), shared)
    work.save("asr", "key", Span(start=0, end=1))
    os.utime(work.path, (used, used))
    return work


def keeper(
    work: Path, budget: int, *, needed: Callable[[], set[str]] = set, shelf: Path | None = None
) -> Keeper:
    return Keeper(work, budget, Shelf(shelf, machine="a", work=work), needed)


def test_the_oldest_work_goes_first_and_only_what_is_too_much(tmp_path: Path) -> None:
    folders = [fill(tmp_path, number, used=1000 + number) for number in range(4)]
    each = size(tmp_path) // 4
    assert keeper(tmp_path, 2 * each).tidy() == 2 * each
    assert [folder.path.exists() for folder in folders] == [False, False, True, True]
    assert keeper(tmp_path, 2 * each).tidy() == 0


def test_what_a_job_needs_is_never_cleaned_away(tmp_path: Path) -> None:
    old, new = fill(tmp_path, 1, used=1000), fill(tmp_path, 2, used=2000)
    keeper(tmp_path, 0, needed=lambda: {recording(1).sha256}).tidy()
    assert old.path.exists()
    assert not new.path.exists()


def test_what_somebody_works_with_is_never_cleaned_away(tmp_path: Path) -> None:
    work = fill(tmp_path, 1, used=1000)
    with work.exclusive(silent):
        assert keeper(tmp_path, 0).tidy() == 0
        assert work.path.exists()


def test_steps_on_the_shelf_have_a_budget_too(tmp_path: Path) -> None:
    (tmp_path / "nas").mkdir()
    shelf = Shelf(tmp_path / "nas", machine="a", work=tmp_path / "work")
    bench = shelf.bench(Place.on(None, Path("1.m4a")))
    folders = [fill(bench.root, n, used=1000 + n, shared=bench.shared) for n in range(3)]
    with folders[1].exclusive(silent):
        Keeper(tmp_path / "work", 0, shelf, lambda: {recording(0).sha256}).tidy()
    assert [folder.path.exists() for folder in folders] == [True, True, False]


def test_nothing_is_deleted_while_it_is_not_known_what_is_needed(tmp_path: Path) -> None:
    work = fill(tmp_path, 1, used=1000)

    def away() -> set[str]:
        raise DatabaseUnavailable("the database is away", hint="Start it.")

    with pytest.raises(DatabaseUnavailable):
        keeper(tmp_path, 0, needed=away).tidy()
    assert work.path.exists()


def test_of_several_processes_one_tidies(tmp_path: Path) -> None:
    work = fill(tmp_path, 1, used=1000)
    with FileLock(tmp_path / "tidy.lock", thread_local=False):
        assert keeper(tmp_path, 0).tidy() == 0
    assert work.path.exists()
    assert keeper(tmp_path, 0).tidy() > 0


def test_it_goes_on_after_trouble_and_tells_it_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    work = fill(tmp_path, 1, used=1000)
    stop = threading.Event()
    asked: list[int] = []

    def needed() -> set[str]:
        asked.append(1)
        if len(asked) < 4:
            raise DatabaseUnavailable("the database is away", hint="Start it.")
        stop.set()
        return set()

    keeper(tmp_path, 0, needed=needed).keep(stop, every=0.001)
    assert not work.path.exists()
    assert caplog.text.count("old work cannot be deleted: the database is away") == 1


def test_a_first_start_finds_nothing_to_do(tmp_path: Path) -> None:
    assert keeper(tmp_path / "not" / "there", 0, shelf=tmp_path / "nor this").tidy() == 0


# --- Room ---------------------------------------------------------------------------------------


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(
    ("total", "free", "is_enough"),
    [
        (10**12, 300_000_000, True),
        (10**12, 100_000_000, False),
        (16_000_000, 1_000_000, True),  # a small disk needs less
        (16_000_000, 100_000, False),
    ],
)
def test_work_is_begun_only_where_it_can_be_kept(
    total: int,
    free: int,
    *,
    is_enough: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(total, total - free, free))
    begun = keeper(tmp_path / "not" / "there", 0)
    if is_enough:
        begun.ensure_room()
        return
    with pytest.raises(DiskFull, match="MB are free") as caught:
        begun.ensure_room()
    assert caught.value.retryable


# --- Giving way ---------------------------------------------------------------------------------


def test_a_worker_gives_way_but_never_more_than_once() -> None:
    code = (
        "import os, logging\n"
        "from memo.intake.keeper import give_way\n"
        "before = os.nice(0)\n"
        "give_way(); give_way()\n"
        "print(before, os.nice(0))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    before, after = map(int, run.stdout.split())
    assert after == max(before, 10)


@given(cores=st.integers(1, 256), slots=st.integers(2, 64))
def test_workers_share_the_cores(cores: int, slots: int) -> None:
    each = threads_each(cores, slots, None)
    assert each is not None
    assert each >= 1
    assert each * slots <= max(cores, slots)


@pytest.mark.parametrize(
    ("slots", "asked", "threads"), [(1, None, None), (1, 3, 3), (4, 3, 3), (4, None, 2)]
)
def test_threads_are_as_asked_for(slots: int, asked: int | None, threads: int | None) -> None:
    assert threads_each(8, slots, asked) == threads


def test_a_graphics_card_is_not_used_if_the_processor_is_asked_for() -> None:
    assert not can_use_gpu("cpu")


def test_without_what_recognises_speech_there_is_no_graphics_card(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "memo.speech.recognition.whisper", None)
    assert not can_use_gpu("auto")


def test_a_graphics_card_is_what_the_engine_sees(caplog: pytest.LogCaptureFixture) -> None:
    from memo.speech.recognition.whisper import graphics_cards

    with caplog.at_level(logging.WARNING):
        assert can_use_gpu("auto") is (graphics_cards() > 0)
    assert caplog.text == ""
