"""The shelf as a bucket, against an S3 server in a process of its own."""

from __future__ import annotations

import http.server
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from memo.intake.bucket import Bucket
from memo.intake.job import Place
from memo.intake.moving import free_name
from memo.intake.objects import FETCHING, Objects
from memo.intake.shelf import open_shelf
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


def test_what_s3_cannot_copy_at_once_stays_where_it_is(
    disk: Path,
    machine: Callable[[str], Bucket],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("memo.intake.bucket._MOST_COPIED", 4)
    bucket = machine("a")
    with bucket.opened(put(disk, "call.m4a")) as path:
        bucket.move(path, bucket.root / "done" / "call.m4a")
    assert names(disk) == ["call.m4a"]
    assert "call.m4a is too large to be moved" in caplog.text


def test_a_name_that_no_object_can_have_is_refused(
    disk: Path, machine: Callable[[str], Bucket]
) -> None:
    del disk
    bucket = machine("a")
    with pytest.raises(OutputError, match="not UTF-8"):
        bucket.publish([bucket.root / os.fsdecode(b"\xff.memo.md")])


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


class _Answering(http.server.BaseHTTPRequestHandler):
    """Says the same to everything."""

    answer: tuple[int, bytes]

    def do_GET(self) -> None:
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    do_PUT = do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None: ...


@contextmanager
def answering(status: int, body: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a server that says the same to everything."""
    handler = type("Handler", (_Answering,), {"answer": (status, body)})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as answers:
        threading.Thread(target=answers.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{answers.server_port}")
        yield
        answers.shutdown()


def test_a_wrong_key_is_told_and_not_shown(
    disk: Path, machine: Callable[[str], Bucket], monkeypatch: pytest.MonkeyPatch
) -> None:
    del disk
    refusal = b"<Error><Code>InvalidAccessKeyId</Code><Message>AKIAEXAMPLE</Message></Error>"
    with answering(403, refusal, monkeypatch):
        bucket = machine("a")
        with (
            pytest.raises(RecordingUnavailable, match="403 Forbidden") as caught,
            bucket.opened(Place.on(None, Path("call.m4a"))),
        ):
            pass
        memo = bucket.root / "x.memo.md"
        memo.parent.mkdir(parents=True, exist_ok=True)
        memo.write_bytes(b"x")
        with pytest.raises(OutputUnavailable, match="cannot be written to: 403"):
            bucket.publish([memo])
    told = f"{caught.value} {caught.value.hint}"
    assert "AWS_ACCESS_KEY_ID" in told
    assert SECRET not in told
    assert "AKIAEXAMPLE" not in told
    assert "\n" not in told


def listing(*keys: str) -> bytes:
    """What a bucket answers that has these objects, all of them empty."""
    contents = (
        f"<Contents><Key>{key}</Key><Size>0</Size><ETag>e</ETag>"
        "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
        for key in keys
    )
    return f"<ListBucketResult>{''.join(contents)}</ListBucketResult>".encode()


@pytest.mark.parametrize("key", ["in/a//b.m4a", "in/../c.m4a", "in/./d.m4a"])
def test_an_object_whose_name_is_no_path_is_named(
    disk: Path, machine: Callable[[str], Bucket], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    with answering(200, listing(f"{disk.parent.name}/team/{key}"), monkeypatch):
        bucket = machine("a")
        with pytest.raises(RecordingUnavailable, match=f"{re.escape(key)} is no path"):
            bucket.scan(bucket.root, lambda folder: folder.iterdir())


def test_what_only_marks_a_folder_is_nothing(
    disk: Path,
    machine: Callable[[str], Bucket],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    names = ("in/", "in/mon.tracks/", "in/mon.tracks/1.wav", "in/mon.tracks/2.wav")
    keys = [f"{disk.parent.name}/team/{name}" for name in names]
    with answering(200, listing(*keys), monkeypatch):
        bucket = machine("a")
        found = bucket.scan(bucket.root / "in", lambda folder: folder.rglob("*.*"))
        assert {path.name for path in found} == {"mon.tracks", "1.wav", "2.wav"}
    assert caplog.text == ""


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
