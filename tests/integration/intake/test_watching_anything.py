"""Whatever happens in a folder, in the end each recording there has one job, and no other has."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memo.intake.book import Book
from memo.intake.folder import Wish
from memo.intake.job import Request, State
from memo.intake.lookout import Pace
from memo.intake.shelf import Shelf
from memo.intake.watcher import Watcher

SETTLE = 10.0
NAMES = st.sampled_from(["a.flac", "B.flac", "b.flac", "sub/a.flac", "sub/\udcff.flac"])
CONTENTS = st.sampled_from([b"fLaC one", b"fLaC two", b"fLaC six"])
STEPS = st.one_of(
    st.tuples(st.just("write"), NAMES, CONTENTS),
    st.tuples(st.just("replace"), NAMES, CONTENTS),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("delete"), NAMES),
    st.tuples(st.just("hide")),
    st.tuples(st.just("look"), st.sampled_from([0.0, 4.0, SETTLE])),
    st.tuples(st.just("restart")),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "decisions.db"
    Book(f"sqlite:///{path}").close()
    return path


class Box:
    """A folder, a book and a watcher, whose clock stands."""

    def __init__(self, place: Path, made: Path) -> None:
        self.root = place / "calls"
        (self.root / "sub").mkdir(parents=True)
        (self.root / "keep").touch()
        shutil.copy(made, place)
        self.book = Book(f"sqlite:///{place}/decisions.db")
        self.shelf = Shelf(None, machine="here", work=place / "work")
        self.time = 0.0
        self.changes = 0
        self.restart()

    def restart(self) -> None:
        self.watcher = Watcher(
            [self.root],
            self.book,
            Wish(Request(settings={})),
            self.shelf,
            pace=Pace(settle=SETTLE),
            clock=lambda: self.time,
        )

    def look(self, seconds: float) -> None:
        self.time += seconds
        self.watcher.once()

    def write(self, name: str, content: bytes) -> None:
        """Write a file in place, at an instant of its own: disks' clocks may be coarse."""
        self.changes += 1
        (self.root / name).write_bytes(content)
        os.utime(self.root / name, (self.changes, self.changes))

    def replace(self, name: str, content: bytes) -> None:
        self.write(".new", content)
        (self.root / ".new").replace(self.root / name)

    def rename(self, name: str, other: str) -> None:
        if (self.root / name).exists():
            (self.root / name).replace(self.root / other)

    def delete(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def hide(self) -> None:
        """Take the folder away, look, and bring it back."""
        self.root.rename(self.root.with_name("away"))
        self.watcher.once()
        self.root.with_name("away").rename(self.root)

    def there(self) -> set[str]:
        files = self.root.rglob("*.flac")
        return {hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEPS, max_size=25))
def test_in_the_end_each_recording_has_one_job(
    steps: list[tuple[str, ...]], made: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    box = Box(tmp_path_factory.mktemp("box"), made)
    with box.book:
        for what, *how in steps:
            getattr(box, what)(*how)
        for seconds in (0.0, SETTLE, SETTLE):
            box.look(seconds)
        queued = [job for job in box.book.jobs(limit=1000) if job.state is State.QUEUED]
        assert sorted(job.recording_sha256 for job in queued) == sorted(box.there())
        for job in queued:
            content = job.place.as_path().read_bytes()
            assert hashlib.sha256(content).hexdigest() == job.recording_sha256
        assert {job.state for job in box.book.jobs(limit=1000)} <= {State.QUEUED, State.GONE}
        assert box.watcher.once() == ((), 0, None)
        box.restart()
        assert box.watcher.once() == ((), 0, None)
