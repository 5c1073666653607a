"""A bucket that machines share: finished steps, copies and their cleaning, watching."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from memo.checkpoints import WorkFolder
from memo.intake.book import Book
from memo.intake.bucket import Bucket
from memo.intake.folder import Wish
from memo.intake.job import Place, Request
from memo.intake.keeper import Keeper
from memo.intake.lookout import Pace
from memo.intake.objects import Object
from memo.intake.scan import Rules, scan
from memo.intake.watcher import Watcher
from memo.model import Recording, Span

SHA = "ab" * 32
SECRET = "wJalrXUtnFEMI"  # noqa: S105 - nobody's


def put(disk: Path, name: str, content: bytes = b"sound") -> Place:
    path = disk / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Place.on(None, Path(name))


def names(folder: Path) -> list[str]:
    """The names of the files in a folder, without memo's own."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if path.parts[0] != ".memo")


# --- Finished steps -----------------------------------------------------------------------------


def test_another_machine_goes_on_from_the_last_finished_step(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "call.m4a")
    recording = Recording(filename="call.m4a", sha256=SHA)
    for number, name in enumerate(("a", "b", "a")):
        bucket = machine(name)
        with bucket.opened(place, recording=SHA):
            bench = bucket.bench(place)
            work = WorkFolder(bench.root, recording, bench.shared)
            for done in range(number):
                assert work.load("asr", f"window {done}", Span) == Span(start=done, end=300)
            work.save("asr", f"window {number}", Span(start=number, end=300))
    assert names(disk) == ["call.m4a"]  # the steps are hidden


def test_the_newer_of_two_steps_wins(disk: Path, machine: Callable[[str], Bucket]) -> None:
    place = put(disk, "call.m4a")
    recording = Recording(filename="call.m4a", sha256=SHA)
    for end, name in enumerate(("a", "b", "a")):
        bucket = machine(name)
        with bucket.opened(place, recording=SHA):
            work = WorkFolder(bucket.bench(place).root, recording)
            before = work.load("outputs", "x", Span)
            assert (before.end if before else 0) == end
            time.sleep(1.1)  # the server tells whole seconds
            work.save("outputs", "x", Span(start=0, end=end + 1))


def test_steps_are_cleaned_from_the_bucket_the_oldest_first_but_not_what_is_needed(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    shas = [hashlib.sha256(bytes([number])).hexdigest() for number in range(4)]
    for number, sha in enumerate(shas):
        step = disk / ".memo" / "work" / sha[:2] / sha / "asr-1.json"
        step.parent.mkdir(parents=True)
        step.write_bytes(b"x" * 1000)
        os.utime(step, (1000 + number, 1000 + number))
    freed = machine("a").tidy(2000, {shas[0]})
    assert freed == 2000
    left = [path.parent.name for path in (disk / ".memo").rglob("*.json")]
    assert sorted(left) == sorted([shas[0], shas[3]])


# --- Cleaning copies ----------------------------------------------------------------------------


def test_copies_may_be_dropped_but_for_those_that_are_open(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    bucket = machine("a")
    places = [put(disk, f"{name}.m4a", name.encode()) for name in "abc"]
    put(disk, "c.toml", b'title = "x"')
    put(disk, "mon.tracks/a.wav", b"track")
    tracks = Place.on(None, Path("mon.tracks"))
    with bucket.opened(places[0]) as closed, bucket.opened(places[1]):
        before = closed.stat()
    with bucket.opened(tracks) as folder, bucket.opened(places[2]) as path:
        dropped = [copy for copy in bucket.idle() if bucket.drop(copy)]
        assert [copy.path.name for copy in dropped] == ["a.m4a", "b.m4a"]
        assert path.read_bytes() == b"c"
        assert path.with_suffix(".toml").read_bytes() == b'title = "x"'
        assert (folder / "a.wav").read_bytes() == b"track"
        after = closed.stat()  # a scan sees no change
        assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        assert closed.read_bytes() == b"\0"
    assert {copy.path.name for copy in bucket.idle()} == {"c.m4a", "c.toml", "a.wav"}
    with bucket.opened(places[0]) as path:
        assert path.read_bytes() == b"a"


def test_copies_make_room_for_one_another_but_for_those_that_are_open(
    disk: Path, tmp_path: Path
) -> None:
    """A machine that only watches reads everything, and keeps little of it."""
    places = [put(disk, f"{number}.m4a", b"x" * 10_000) for number in range(6)]
    address = f"s3://calls/{disk.parent.name}/team"
    bucket = Bucket(address, machine="a", work=tmp_path / "work", room=25_000)

    def kept() -> list[str]:
        return sorted(path.name for path in bucket.root.glob("*.m4a") if path.stat().st_blocks)

    with bucket.opened(places[0]) as path:
        for place in places[1:]:
            with bucket.opened(place):
                pass
        assert kept() == ["0.m4a", "5.m4a"]
        assert path.read_bytes() == b"x" * 10_000
    again = Bucket(address, machine="a", work=tmp_path / "work", room=25_000)
    with again.opened(places[1]):
        assert kept() == ["1.m4a", "5.m4a"]
    put(disk, "large.m4a", b"x" * 100_000)
    with again.opened(Place.on(None, Path("large.m4a"))):
        assert kept() == ["large.m4a"]


def test_what_a_killed_run_left_half_fetched_is_deleted_in_time(disk: Path, tmp_path: Path) -> None:
    place = put(disk, "in/call.m4a")
    address = f"s3://calls/{disk.parent.name}/team"
    bucket = Bucket(address, machine="a", work=tmp_path / "work", room=1000)
    old, new = (bucket.root / "in" / f".memo-{name}.tmp" for name in ("old", "new"))
    old.parent.mkdir(parents=True)
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1000, 1000))
    with bucket.opened(place):
        assert (old.exists(), new.exists()) == (False, True)


def test_a_copy_that_was_opened_since_it_was_looked_at_is_not_dropped(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    bucket = machine("a")
    place = put(disk, "call.m4a")
    with bucket.opened(place):
        pass
    (copy,) = bucket.idle()
    with bucket.opened(place) as path:
        assert not bucket.drop(copy)
        assert path.read_bytes() == b"sound"


def test_copies_count_towards_the_budget_and_go_before_finished_steps(
    disk: Path, machine: Callable[[str], Bucket], tmp_path: Path
) -> None:
    bucket = machine("a")
    for number in range(3):
        with bucket.opened(put(disk, f"{number}.m4a", b"x" * 10_000)):
            pass
    work = WorkFolder(tmp_path / "a" / "work", Recording(filename="c", sha256=SHA))
    work.save("asr", "window", Span(start=0, end=300))
    keeper = Keeper(tmp_path / "a" / "work", 15_000, bucket, set)
    assert keeper.tidy() == 20_000
    assert [copy.path.name for copy in bucket.idle()] == ["2.m4a"]
    assert work.path.exists()
    assert Keeper(tmp_path / "a" / "work", 0, bucket, set).tidy() > 10_000
    assert not work.path.exists()


# --- Watching -----------------------------------------------------------------------------------


def seen(bucket: Bucket, folder: str = "") -> dict[str, str]:
    """What a scan sees in a folder of the bucket: names and signatures."""
    root = bucket.root / folder
    rules = Rules(numbers=False)
    return {
        sighting.path.relative_to(bucket.root).as_posix(): sighting.signature
        for sighting in bucket.scan(root, lambda place: scan(place, rules))
    }


def test_a_bucket_is_seen_as_a_folder_is(disk: Path, machine: Callable[[str], Bucket]) -> None:
    for name in ("in/a.m4a", "in/deep/b.wav", "in/mon.tracks/1.wav", "in/mon.tracks/2.wav"):
        put(disk, name, b"x" * 1_000_000)
    for name in ("in/a.memo.md", "in/notes.txt", "in/.hidden/c.m4a", "other/d.m4a", ".memo/e.m4a"):
        put(disk, name)
    bucket = machine("a")
    assert sorted(seen(bucket, "in")) == ["in/a.m4a", "in/deep/b.wav", "in/mon.tracks"]
    blocks = sum(path.stat().st_blocks for path in bucket.root.rglob("*") if path.is_file())
    assert blocks * 512 < 100_000  # 4 MB are seen, and nothing was fetched


def test_what_is_seen_changes_with_the_bucket_and_with_nothing_else(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "in/a.m4a", b"one")
    put(disk, "in/a.toml", b'title = "a"')
    put(disk, "in/b.m4a", b"two")
    bucket = machine("a")
    first = seen(bucket)
    assert first == seen(bucket) == seen(machine("b"))
    with bucket.opened(place):
        assert seen(bucket) == first
    assert seen(bucket) == first
    for copy in bucket.idle():
        assert bucket.drop(copy)
    assert seen(bucket) == first
    put(disk, "in/a.toml", b'title = "b"')  # of the same size, in the same second
    second = seen(bucket)
    assert second["in/a.m4a"] != first["in/a.m4a"]
    assert second["in/b.m4a"] == first["in/b.m4a"]
    (disk / "in/b.m4a").unlink()
    assert list(seen(bucket)) == ["in/a.m4a"]


def test_what_is_being_worked_on_is_drawn_anew_only_afterwards(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "a.m4a", b"one")
    put(disk, "a.toml", b'title = "a"')
    bucket = machine("a")
    before = seen(bucket)
    with bucket.opened(place) as path:
        put(disk, "a.m4a", b"two")
        (disk / "a.toml").unlink()
        memo = path.with_name("a.memo.md")
        memo.write_bytes(b"not published yet")
        assert seen(bucket) == before
        assert path.read_bytes() == b"one"
        assert path.with_suffix(".toml").exists()
        assert memo.exists()
    assert seen(bucket) != before
    with bucket.opened(place) as path:
        assert path.read_bytes() == b"two"


def test_names_that_no_disk_can_have_are_left_out_and_told_once(
    disk: Path, machine: Callable[[str], Bucket], caplog: pytest.LogCaptureFixture
) -> None:
    del disk
    bucket = machine("a")
    when = dt.datetime.now(dt.UTC)
    names = ("x" * 300 + ".m4a", "a.m4a", "a.m4a/b.m4a", "../c.m4a", "d//e.m4a", "f.m4a")
    more = [Object(key=name, size=5, changed_at=when, tag="t") for name in names]
    bucket._objects.listed = lambda _start="": iter(more)  # type: ignore[method-assign,assignment]
    for _ in range(2):
        assert sorted(seen(bucket)) == ["a.m4a", "f.m4a"]
    assert caplog.text.count("is left out") == 4


def test_a_sidecar_for_the_only_recording_is_had_only_by_that(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "mon/a.m4a")
    put(disk, "mon/recording.toml", b'title = "x"')
    bucket = machine("a")
    with bucket.opened(place):
        assert names(bucket.root) == ["mon/a.m4a", "mon/recording.toml"]
    put(disk, "mon/b.m4a")
    with bucket.opened(place):
        assert names(bucket.root) == ["mon/a.m4a"]


def test_a_watcher_takes_in_what_lies_in_a_bucket_once(
    disk: Path, machine: Callable[[str], Bucket], tmp_path: Path
) -> None:
    for number in range(3):
        put(disk, f"in/{number}.m4a", f"sound {number}".encode())
    put(disk, "in/again.m4a", b"sound 1")

    def taken(bucket: Bucket) -> list[str]:
        with Book(f"sqlite:///{tmp_path}/jobs.db") as book:
            root = bucket.named(f"s3://calls/{disk.parent.name}/team/in")
            wish = Wish(Request(settings={}))
            watcher = Watcher([root], book, wish, bucket, pace=Pace(settle=0.0))
            watcher.settle(threading.Event())
            return sorted(f"{job.place.shown()} {job.place.machine}" for job in book.jobs())

    expected = [f"in/{name}.m4a None" for name in ("0", "1", "2")]
    first = taken(machine("a"))
    assert [line.replace("again", "1") for line in first] == expected
    fetched = {path.name for path in machine("b").root.rglob("*.m4a")}
    assert fetched == set()
    assert taken(machine("b")) == first  # another machine's watcher has nothing to read
    assert machine("b").idle() == []
