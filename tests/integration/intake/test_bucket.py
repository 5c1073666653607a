"""The shelf as a bucket, against an S3 server in a process of its own."""

from __future__ import annotations

import datetime as dt
import hashlib
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memo.checkpoints import WorkFolder
from memo.errors import (
    ConfigError,
    MissingDependencyError,
    OutputError,
    OutputUnavailable,
    RecordingChanged,
    RecordingMissing,
    RecordingUnavailable,
)
from memo.intake.book import Book
from memo.intake.bucket import Bucket
from memo.intake.folder import Wish
from memo.intake.job import Place, Request
from memo.intake.keeper import Keeper
from memo.intake.lookout import Pace
from memo.intake.moving import free_name
from memo.intake.objects import FETCHING, Object, Objects
from memo.intake.scan import Rules, scan
from memo.intake.shelf import open_shelf
from memo.intake.watcher import Watcher
from memo.model import Recording, Span

SHA = "ab" * 32
SECRET = "wJalrXUtnFEMI"  # noqa: S105 - nobody's


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of an S3 server, and the folder of its buckets."""
    disk = tmp_path_factory.mktemp("s3")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "localbucket", str(disk), "--port", str(port)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    break
                except OSError:
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}", disk
        finally:
            process.kill()


@pytest.fixture
def disk(server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What the bucket `calls` holds below the prefix `team`, as files."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server[0])
    folder = server[1] / "calls" / tmp_path.name.lower() / "team"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def machine(disk: Path, tmp_path: Path) -> Callable[[str], Bucket]:
    """Makes the bucket as a machine has it."""

    def of(name: str) -> Bucket:
        work = tmp_path / name / "work"
        return Bucket(f"s3://calls/{disk.parent.name}/team", machine=name, work=work)

    return of


def put(disk: Path, name: str, content: bytes = b"sound") -> Place:
    path = disk / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Place.on(None, Path(name))


def names(folder: Path) -> list[str]:
    """The names of the files in a folder, without memo's own."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if path.parts[0] != ".memo")


# --- Having -------------------------------------------------------------------------------------


def test_a_recording_is_had_with_what_lies_beside_it_and_nothing_else(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "mon/call.m4a", b"sound" * 1000)
    for name in ("call.toml", "call.m4a.ics", "call.memo.md", "call.memo.json"):
        put(disk, f"mon/{name}", name.encode())
    for name in ("call2.m4a", "call.txt", "caller.toml", "call.memo/x"):
        put(disk, f"mon/{name}")
    bucket = machine("a")
    with bucket.opened(place) as path:
        assert path.read_bytes() == b"sound" * 1000
        assert names(bucket.root) == [
            "mon/call.m4a",
            "mon/call.m4a.ics",
            "mon/call.memo.json",
            "mon/call.memo.md",
            "mon/call.toml",
        ]
        assert int(path.stat().st_mtime) == int((disk / "mon/call.m4a").stat().st_mtime)


@pytest.mark.parametrize(
    "name", ["a b/ü#?%20+&=.m4a", "📞.m4a", "no suffix", "x" * 200 + ".wav", "~a/(1) [2] {3}.m4a"]
)
def test_any_name_is_had_and_given_back(
    disk: Path, machine: Callable[[str], Bucket], name: str
) -> None:
    place = put(disk, name)
    bucket = machine("a")
    with bucket.opened(place) as path:
        assert path.read_bytes() == b"sound"
        memo = path.with_name(f"{path.stem[:100]}.memo.md")
        memo.write_bytes(b"# Call")
        bucket.publish([memo])
    assert (disk / memo.relative_to(bucket.root)).read_bytes() == b"# Call"


def test_the_tracks_of_a_meeting_are_had_together(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    for name in ("mon.tracks/a.wav", "mon.tracks/Audio Record/b.wav", "mon.tracks2/c.wav"):
        put(disk, name)
    put(disk, "mon.toml", b'title = "x"')
    bucket = machine("a")
    with bucket.opened(Place.on(None, Path("mon.tracks"))) as path:
        assert path.is_dir()
        assert names(bucket.root) == [
            "mon.toml",
            "mon.tracks/Audio Record/b.wav",
            "mon.tracks/a.wav",
        ]


def test_results_in_another_folder_are_had_too(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "in/call.m4a")
    put(disk, "out/call.memo.md", b"edited by somebody")
    put(disk, "in/call.memo.md", b"another")
    bucket = machine("a")
    with bucket.opened(place, out=Place.on(None, Path("out"))):
        assert names(bucket.root) == ["in/call.m4a", "out/call.memo.md"]


def test_what_is_here_already_is_not_fetched_again(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "call.m4a")
    told: list[float] = []
    for _ in range(2):
        with machine("a").opened(place, progress=lambda _stage, done, _total: told.append(done)):
            pass
    assert told == [0]


def test_what_changed_in_the_bucket_is_fetched_again(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "call.m4a", b"old")
    put(disk, "call.toml", b'title = "old"')
    bucket = machine("a")
    with bucket.opened(place):
        pass
    put(disk, "call.m4a", b"new")
    (disk / "call.toml").unlink()
    with bucket.opened(place) as path:
        assert path.read_bytes() == b"new"
        assert names(bucket.root) == ["call.m4a"]


def test_a_copy_that_somebody_wrote_to_is_fetched_again(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "call.m4a", b"right")
    bucket = machine("a")
    with bucket.opened(place) as path:
        path.write_bytes(b"wrong")
    with bucket.opened(place) as path:
        assert path.read_bytes() == b"right"


def test_a_recording_that_is_gone_is_not_there(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "call.m4a")
    bucket = machine("a")
    with bucket.opened(place):
        pass
    (disk / "call.m4a").unlink()
    with bucket.opened(place) as path:
        assert not path.exists()


def test_a_recording_that_is_replaced_while_it_is_fetched_is_not_mixed(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "call.m4a", b"a" * 20_000_000)
    bucket = machine("a")

    def replace(stage: str, done: float, total: float | None) -> None:
        assert (stage, total) == (FETCHING, 20_000_000)
        if done == 8_000_000:
            (disk / "new").write_bytes(b"b" * 20_000_000)
            (disk / "new").replace(disk / "call.m4a")

    with (
        pytest.raises(RecordingChanged, match=r"call\.m4a changed"),
        bucket.opened(place, progress=replace),
    ):
        pass
    assert names(bucket.root) == []


def test_a_machines_own_file_is_just_there(machine: Callable[[str], Bucket]) -> None:
    with machine("a").opened(Place.on("a", Path("/home/anna/call.m4a"))) as path:
        assert path == Path("/home/anna/call.m4a")


# --- Giving -------------------------------------------------------------------------------------


def test_results_are_whole_for_whoever_looks(disk: Path, machine: Callable[[str], Bucket]) -> None:
    """The server puts an object in place in one step, as S3 does; the JSON comes last."""
    place = put(disk, "call.m4a")
    bucket = machine("a")
    contents = [letter * 9_000_000 for letter in (b"a", b"b", b"c")]
    halves: list[int] = []
    order: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for path in sorted(disk.glob("call.*.*")):
                content = path.read_bytes()
                if path.name not in order:
                    order.append(path.name)
                if content not in contents:
                    halves.append(len(content))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        with bucket.opened(place) as path:
            for content in contents:
                files = [path.with_name(f"call.memo.{ending}") for ending in ("json", "md")]
                for file in files:
                    file.write_bytes(content)
                bucket.publish(files)
    finally:
        over.set()
        looking.join()
    assert halves == []
    assert order == ["call.memo.md", "call.memo.json"]


def test_what_was_published_is_not_fetched_back(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "call.m4a")
    bucket = machine("a")
    with bucket.opened(place) as path:
        memo = path.with_name("call.memo.md")
        memo.write_bytes(b"# Call")
        before = memo.stat()
        bucket.publish([memo])
    with bucket.opened(place):
        assert memo.stat().st_ino == before.st_ino


def test_results_that_are_not_published_yet_are_left_alone(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    """A second recording of the same name is opened while the first is being worked on."""
    put(disk, "call.m4a")
    put(disk, "call.mp4")
    bucket = machine("a")
    with bucket.opened(Place.on(None, Path("call.m4a"))) as path:
        memo = path.with_name("call.memo.md")
        memo.write_bytes(b"# Call")
        with bucket.opened(Place.on(None, Path("call.mp4"))):
            pass
        assert memo.read_bytes() == b"# Call"


def test_a_note_is_withdrawn(disk: Path, machine: Callable[[str], Bucket]) -> None:
    bucket = machine("a")
    note = bucket.path_of(put(disk, "call.m4a.error.txt", b"broken"))
    bucket.withdraw(note)
    bucket.withdraw(note)
    assert names(disk) == []


def test_an_original_is_moved_and_so_are_tracks(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    bucket = machine("a")
    for name in ("in/call.m4a", "in/mon.tracks/a.wav", "in/mon.tracks/b.wav", "in/call.m4a2"):
        put(disk, name, name.encode())
    for name in ("call.m4a", "mon.tracks"):
        with bucket.opened(Place.on(None, Path("in", name))) as path:
            target = bucket.root / "done" / name
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
            for _ in range(2):  # a second time, as after a crash
                bucket.move(path, target)
    assert names(disk) == [
        "done/call.m4a",
        "done/mon.tracks/a.wav",
        "done/mon.tracks/b.wav",
        "in/call.m4a2",
    ]
    assert (disk / "done/mon.tracks/b.wav").read_bytes() == b"in/mon.tracks/b.wav"
    assert {copy.path.name for copy in bucket.idle()} == {"call.m4a", "a.wav", "b.wav"}


def test_a_new_recording_under_the_name_of_the_old_is_not_moved(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    bucket = machine("a")
    place = put(disk, "call.m4a", b"old")
    with bucket.opened(place) as path:
        put(disk, "call.m4a", b"new")
        bucket.move(path, bucket.root / "done" / "call.m4a")
    assert names(disk) == ["call.m4a"]


def test_a_name_that_no_object_can_have_is_refused(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    del disk
    bucket = machine("a")
    with pytest.raises(OutputError, match="not UTF-8"):
        bucket.publish([bucket.root / os.fsdecode(b"\xff.memo.md")])


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


# --- Moving -------------------------------------------------------------------------------------


def test_a_recording_that_was_moved_before_a_crash_is_found_where_it_is(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    put(disk, "done/call.m4a", b"moved")
    put(disk, "done/call-other.m4a", b"somebody else's")
    bucket = machine("b")
    done = Place.on(None, Path("done"))
    with bucket.opened(Place.on(None, Path("call.m4a")), moved_to=done, recording=SHA) as path:
        assert not path.exists()
        assert (bucket.root / "done" / "call.m4a").read_bytes() == b"moved"


def test_a_recording_that_is_nowhere_is_gone(disk: Path, machine: Callable[[str], Bucket]) -> None:
    put(disk, "other.m4a")
    place, done = Place.on(None, Path("call.m4a")), Place.on(None, Path("done"))
    with (
        pytest.raises(RecordingMissing, match="not in the bucket"),
        machine("a").opened(place, moved_to=done, recording=SHA),
    ):
        pass


def test_nothing_in_the_bucket_is_overwritten_by_moving(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    place = put(disk, "call.m4a", b"new")
    put(disk, "done/call.m4a", b"old")
    bucket = machine("a")
    done = bucket.root / "done"
    with bucket.opened(place, moved_to=Place.on(None, Path("done"))) as path:
        target = free_name(path, done, SHA)
        assert target.name == f"call-{SHA[:8]}.m4a"
        with pytest.raises(OutputUnavailable, match="another file has its name"):
            bucket.move(path, done / "call.m4a")
    assert (disk / "done/call.m4a").read_bytes() == b"old"
    assert (disk / "call.m4a").read_bytes() == b"new"


# --- Failing ------------------------------------------------------------------------------------


class _Refusing(http.server.BaseHTTPRequestHandler):
    """Answers as S3 answers a wrong key."""

    def do_GET(self) -> None:
        body = b"<Error><Code>InvalidAccessKeyId</Code><Message>AKIAEXAMPLE</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    do_PUT = do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None: ...


def test_a_wrong_key_is_told_and_not_shown(
    disk: Path, machine: Callable[[str], Bucket], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del disk
    bucket = machine("a")
    refusing = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=refusing.serve_forever, daemon=True).start()
    try:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{refusing.server_port}")
        bucket = machine("b")
        with (
            pytest.raises(RecordingUnavailable, match="403 Forbidden") as caught,
            bucket.opened(Place.on(None, Path("call.m4a"))),
        ):
            pass
        (tmp_path / "x.memo.md").write_bytes(b"x")
        memo = bucket.root / "x.memo.md"
        memo.parent.mkdir(parents=True, exist_ok=True)
        memo.write_bytes(b"x")
        with pytest.raises(OutputUnavailable, match="cannot be written to: 403"):
            bucket.publish([memo])
    finally:
        refusing.shutdown()
        refusing.server_close()
    told = f"{caught.value} {caught.value.hint}"
    assert "AWS_ACCESS_KEY_ID" in told
    assert SECRET not in told
    assert "AKIAEXAMPLE" not in told
    assert "\n" not in told


def test_a_bucket_that_cannot_be_reached_is_a_wait(
    disk: Path, machine: Callable[[str], Bucket], monkeypatch: pytest.MonkeyPatch
) -> None:
    del disk
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with (
        pytest.raises(RecordingUnavailable, match="cannot be reached") as caught,
        machine("a").opened(Place.on(None, Path("call.m4a"))),
    ):
        pass
    assert caught.value.retryable


def test_a_bucket_that_is_not_there_is_told(disk: Path, tmp_path: Path) -> None:
    del disk
    bucket = Bucket("s3://no-such-bucket", machine="a", work=tmp_path / "work")
    with (
        pytest.raises(RecordingUnavailable, match=r"no-such-bucket.*NoSuchBucket") as caught,
        bucket.opened(Place.on(None, Path("call.m4a"))),
    ):
        pass
    assert "Make the bucket" in (caught.value.hint or "")


def test_finished_steps_that_cannot_be_shared_stop_nobody(
    disk: Path,
    machine: Callable[[str], Bucket],
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = put(disk, "call.m4a")
    (disk / ".memo").write_bytes(b"no folder")  # so the server can keep no step
    bucket = machine("a")
    with bucket.opened(place, recording=SHA):
        work = WorkFolder(bucket.bench(place).root, Recording(filename="c", sha256=SHA))
        work.save("asr", "window", Span(start=0, end=300))
    assert caplog.text.count("are not shared with other machines") == 1


@pytest.mark.parametrize(
    "address",
    ["s3://", "s3:///x", "s3://Upper", "s3://key:secret@calls", "s3://calls?x=1", "s3://a_b"],
)
def test_what_is_no_address_of_a_bucket_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no address of a bucket") as caught:
        open_shelf(address, machine="a", work=tmp_path / "work")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["", "https://minio.example.org"])
def test_offline_leads_to_no_other_machine(
    endpoint: str, tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del disk
    open_shelf("s3://calls", machine="a", work=tmp_path / "work", offline=True)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(ConfigError, match="offline"):
        open_shelf("s3://calls", machine="a", work=tmp_path / "work", offline=True)


def test_without_its_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(MissingDependencyError) as caught:
        open_shelf("s3://calls", machine="a", work=tmp_path / "work")
    assert "callmemo[s3]" in (caught.value.hint or "")


def test_a_folder_in_the_bucket_is_named_by_its_address(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    bucket = machine("a")
    own = f"s3://calls/{disk.parent.name}/team"
    assert bucket.named(own) == bucket.named(f"{own}/") == bucket.root
    assert bucket.named(f"{own}/in/") == bucket.root / "in"
    assert bucket.named(str(Path(own) / "in")) == bucket.root / "in"  # as options give it
    assert bucket.named("/home/anna") == Path("/home/anna")
    for other in (f"{own}2/in", "s3://others"):
        with pytest.raises(ConfigError, match="does not lie on the shelf"):
            bucket.named(other)


def test_objects_are_listed_by_folder_and_by_beginning(disk: Path) -> None:
    for number in range(1100):  # more than one page
        put(disk, f"in/{number:04}.m4a", b"x")
    put(disk, "in2/x.m4a")
    objects = Objects(f"s3://calls/{disk.parent.name}/team")
    assert sum(1 for _ in objects.listed("in")) == 1100
    assert [found.key for found in objects.beginning_with("in/0012")] == ["in/0012.m4a"]
    assert [found.key for found in objects.beginning_with("in/0012.m4a")] == ["in/0012.m4a"]
    assert list(objects.listed("nowhere")) == []
