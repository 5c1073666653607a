"""The watcher on real folders: copies, renames, growing, replaced and vanishing files."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memo.intake.book import Book
from memo.intake.folder import Wish
from memo.intake.job import Job, Request, State
from memo.intake.lookout import Pace
from memo.intake.shelf import Shelf
from memo.intake.watcher import Watcher

SETTLE, PATIENCE = 10.0, 900.0
WISH = Wish(Request(settings={"asr_model": "base"}))


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables: to copy it is quicker than to make them each time."""
    path = tmp_path_factory.mktemp("made") / "decisions.db"
    Book(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def book(tmp_path: Path, made: Path) -> Iterator[Book]:
    shutil.copy(made, tmp_path)
    with Book(f"sqlite:///{tmp_path}/decisions.db") as book:
        yield book


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(None, machine="here", work=tmp_path / "work")


Make = Callable[..., Watcher]


@pytest.fixture
def make(root: Path, book: Book, shelf: Shelf, clock: Clock) -> Make:
    """Make a watcher, as after a restart, whose clock stands still."""

    def make(*roots: Path, wish: Wish = WISH) -> Watcher:
        pace = Pace(settle=SETTLE, patience=PATIENCE)
        return Watcher(roots or (root,), book, wish, shelf, pace=pace, clock=clock)

    return make


def wav(text: str = "a", seconds: float = 0.1) -> bytes:
    """A sound that tells how long it is."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        noise = hashlib.sha256(text.encode()).digest() * round(seconds * 500)
        sound.writeframes(noise)
    return file.getvalue()


def jobs(book: Book) -> dict[str, tuple[State, str]]:
    """The state of each job, and what it holds, by the file's name."""
    found = book.jobs(limit=100_000)
    names = {job.place.as_path().name: (job.state, job.recording_sha256) for job in found}
    assert len(names) == len(found)
    return names


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def settled(watcher: Watcher, clock: Clock) -> list[str]:
    """Look, let the time go by, and look again; return what became of the files."""
    watcher.once()
    clock.time += SETTLE
    return [taken.outcome for taken in watcher.once().taken]


# --- Whole files ----------------------------------------------------------------------------------


def test_a_file_becomes_a_job_once(root: Path, book: Book, make: Make, clock: Clock) -> None:
    (root / "a.wav").write_bytes(wav())
    watcher = make()
    assert watcher.once() == ((), 0, SETTLE)
    clock.time += SETTLE
    (taken,) = watcher.once().taken
    assert (taken.outcome, taken.arrival.place.as_path()) == ("new", root / "a.wav")
    assert taken.arrival.request == WISH.request
    assert jobs(book) == {"a.wav": (State.QUEUED, sha(wav()))}
    clock.time += 1e6
    assert watcher.once() == ((), 0, None)


def test_after_a_restart_nothing_is_read_again(
    root: Path, make: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (root / f"{name}.wav").write_bytes(wav(name))
    assert settled(make(), clock) == ["new"] * 3
    (root / "d.wav").write_bytes(wav("d"))
    read: list[str] = []
    digest = hashlib.file_digest

    def counted(file: io.FileIO, name: str) -> object:
        read.append(Path(str(file.name)).name)
        return digest(file, name)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    assert settled(make(), clock) == ["new"]
    assert read == ["d.wav"]


def test_the_same_recording_twice_is_one_job(
    root: Path, book: Book, make: Make, clock: Clock
) -> None:
    (root / "a.wav").write_bytes(wav())
    (root / "b.wav").hardlink_to(root / "a.wav")
    shutil.copy(root / "a.wav", root / "c.wav")
    assert sorted(settled(make(), clock)) == ["duplicate", "duplicate", "new"]
    assert len(jobs(book)) == 1


def test_two_watchers_of_one_folder_make_one_job(
    root: Path, book: Book, make: Make, clock: Clock
) -> None:
    (root / "a.wav").write_bytes(wav())
    one, other = make(), make()
    one.once()
    assert settled(other, clock) == ["new"]
    assert [taken.outcome for taken in one.once().taken] == ["known"]
    assert len(jobs(book)) == 1


def test_names_of_any_bytes_become_jobs(root: Path, make: Make, clock: Clock, book: Book) -> None:
    names = [b"\xff\xfe.wav", b"a\nb.wav", "e\u0301.wav".encode(), "é.wav".encode(), b"-x.wav"]
    for name in names:
        (root / os.fsdecode(name)).write_bytes(wav(repr(name)))
    assert settled(make(), clock) == ["new"] * 5
    found = {os.fsencode(job.place.as_path().name): job for job in book.jobs()}
    assert found.keys() == set(names)
    assert all(job.filename.isprintable() for job in found.values())
    assert make().once() == ((), 0, None)


# --- Files that are not whole ---------------------------------------------------------------------


def test_a_growing_file_is_left_alone(root: Path, make: Make, clock: Clock) -> None:
    whole, watcher = wav(seconds=1), make()
    for end in range(100, len(whole), 500):
        (root / "a.wav").write_bytes(whole[:end])
        assert watcher.once().taken == ()
        clock.time += SETTLE - 1
    (root / "a.wav").write_bytes(whole)
    assert settled(watcher, clock) == ["new"]


def test_a_copy_that_stands_still_is_known_by_what_it_lacks(
    root: Path, book: Book, make: Make, clock: Clock
) -> None:
    whole, watcher = wav(seconds=1), make()
    (root / "a.wav").write_bytes(whole[:-100])
    assert settled(watcher, clock) == []
    clock.time += PATIENCE - SETTLE - 1
    assert watcher.once().taken == ()
    (root / "a.wav").write_bytes(whole)
    assert settled(watcher, clock) == ["new"]
    assert jobs(book) == {"a.wav": (State.QUEUED, sha(whole))}


def test_what_stays_cut_off_is_handed_on_as_it_is(root: Path, make: Make, clock: Clock) -> None:
    (root / "a.wav").write_bytes(wav()[:-100])
    (root / "empty.wav").touch()
    watcher = make()
    assert settled(watcher, clock) == []
    watcher.once()
    clock.time += PATIENCE
    taken = {each.arrival.place.as_path().name: each for each in watcher.once().taken}
    assert taken.keys() == {"a.wav", "empty.wav"}
    assert taken["empty.wav"].arrival.recording_sha256 == sha(b"")


def test_a_file_that_is_replaced_makes_another_job(
    root: Path, book: Book, make: Make, clock: Clock
) -> None:
    watcher = make()
    (root / "a.wav").write_bytes(wav("old"))
    settled(watcher, clock)
    (root / "new").write_bytes(wav("new"))
    (root / "new").replace(root / "a.wav")
    assert settled(watcher, clock) == ["new"]
    states = {job.recording_sha256: job.state for job in book.jobs()}
    assert states == {sha(wav("old")): State.GONE, sha(wav("new")): State.QUEUED}


def test_a_file_that_changes_while_it_waits_to_be_read_is_not_read_before_it_settles(
    root: Path, make: Make, clock: Clock
) -> None:
    watcher = make()
    (root / "a.wav").write_bytes(wav("old"))
    watcher.once()
    clock.time += SETTLE
    watcher._lookouts[0].look()  # it looks whole, and is to be read
    (root / "a.wav").write_bytes(wav("new", 0.2))
    watcher._lookouts[0].look()
    assert watcher.once().taken == ()
    clock.time += SETTLE
    (taken,) = watcher.once().taken
    assert taken.arrival.recording_sha256 == sha(wav("new", 0.2))


def test_a_link_put_in_a_file_s_place_is_not_followed(
    root: Path, make: Make, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "secret.wav").write_bytes(wav("secret"))
    (root / "a.wav").write_bytes(wav())
    watcher = make()
    watcher.once()
    clock.time += SETTLE
    watcher._lookouts[0].look()
    (root / "a.wav").unlink()
    (root / "a.wav").symlink_to(tmp_path / "secret.wav")
    while watcher._lookouts[0].read_next():
        pass
    clock.time += PATIENCE
    assert watcher.once().taken == ()


# --- Files that go --------------------------------------------------------------------------------


def test_a_file_that_goes_before_its_turn_leaves_its_job_gone(
    root: Path, book: Book, make: Make, clock: Clock
) -> None:
    watcher = make()
    for name in ("a", "b"):
        (root / f"{name}.wav").write_bytes(wav(name))
    settled(watcher, clock)
    (root / "a.wav").unlink()
    assert watcher.once().gone == 1
    assert jobs(book)["a.wav"][0] is State.GONE
    assert jobs(book)["b.wav"][0] is State.QUEUED
    (root / "a.wav").write_bytes(wav("a"))
    assert settled(watcher, clock) == ["again"]
    assert jobs(book)["a.wav"][0] is State.QUEUED


def test_a_file_that_is_renamed_keeps_its_job(
    root: Path, book: Book, make: Make, clock: Clock
) -> None:
    watcher = make()
    (root / "a.wav").write_bytes(wav())
    settled(watcher, clock)
    (root / "sub").mkdir()
    (root / "a.wav").rename(root / "sub/b.wav")
    assert settled(watcher, clock) == ["again"]
    assert jobs(book) == {"b.wav": (State.QUEUED, sha(wav()))}


def test_what_went_while_nobody_watched_is_noticed(
    root: Path, book: Book, make: Make, clock: Clock
) -> None:
    for name in ("a", "b"):
        (root / f"{name}.wav").write_bytes(wav(name))
    settled(make(), clock)
    (root / "a.wav").unlink()
    assert make().once().gone == 1
    assert jobs(book)["a.wav"][0] is State.GONE


def test_what_is_not_looked_for_any_more_is_not_gone(
    root: Path, book: Book, make: Make, clock: Clock
) -> None:
    (root / "done").mkdir()
    for name in ("a.wav", "done/b.wav", "c.vtt"):
        (root / name).write_bytes(wav(name))
    settled(make(wish=Wish(WISH.request, transcripts=True)), clock)
    assert make(wish=Wish(WISH.request, left_out=frozenset({root / "done"}))).once().gone == 0
    assert {state for state, _ in jobs(book).values()} == {State.QUEUED}


# --- Folders that go ------------------------------------------------------------------------------


def states(book: Book) -> set[State]:
    return {job.state for job in book.jobs()}


def test_a_folder_that_goes_is_waited_for_with_one_warning(
    root: Path, book: Book, make: Make, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = make()
    (root / "a.wav").write_bytes(wav())
    settled(watcher, clock)
    root.rename(root.with_name("away"))
    for _ in range(3):
        assert watcher.once() == ((), 0, None)
    assert "waited for" in watcher.view().trouble
    assert [record.message for record in caplog.records if "waited for" in record.message] == [
        f"{root}: No such file or directory; it is waited for; is its disk there?"
    ]
    assert states(book) == {State.QUEUED}
    root.with_name("away").rename(root)
    assert watcher.once() == ((), 0, None)
    assert watcher.view().trouble == ""
    assert "calls is there again" in caplog.text


def test_an_empty_folder_in_its_place_is_no_proof_that_all_is_deleted(
    root: Path, book: Book, make: Make, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "a.wav").write_bytes(wav())
    settled(make(), clock)
    root.rename(root.with_name("away"))
    root.mkdir()  # as a disk's folder is while the disk is not there
    (root / "lost+found").mkdir()
    for watcher in (make(), make()):
        for _ in range(2):
            assert watcher.once() == ((), 0, None)
        assert "is empty, where 1 recordings were" in watcher.view().trouble
    assert caplog.text.count("is empty") == 2
    assert states(book) == {State.QUEUED}
    (root / "b.wav").write_bytes(wav("b"))  # so it is the right disk after all
    assert watcher.once().gone == 1
    assert State.GONE in states(book)


def test_a_folder_that_somebody_empties_is_empty(
    root: Path, book: Book, make: Make, clock: Clock
) -> None:
    watcher = make()
    (root / "a.wav").write_bytes(wav())
    settled(watcher, clock)
    (root / "a.wav").unlink()
    assert watcher.once().gone == 1
    assert states(book) == {State.GONE}


def test_a_folder_that_cannot_be_looked_into_keeps_its_jobs(
    root: Path, book: Book, make: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "x").mkdir()
    (root / "x/a.wav").write_bytes(wav())
    (root / "b.wav").write_bytes(wav("b"))
    watcher = make()
    settled(watcher, clock)
    look = os.scandir

    def refusing(path: Path) -> object:
        if Path(path).name == "x":
            raise OSError(5, "Input/output error", os.fspath(path))
        return look(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refusing)
        assert watcher.once().gone == 0
        assert "Input/output error" in watcher.view().trouble
    assert watcher.once() == ((), 0, None)
    assert watcher.view().trouble == ""
    assert states(book) == {State.QUEUED}


def test_folders_in_one_another_are_looked_at_once(
    root: Path, make: Make, clock: Clock, book: Book
) -> None:
    (root / "x").mkdir()
    (root / "x/a.wav").write_bytes(wav())
    (root / "link").symlink_to(root / "x", target_is_directory=True)
    assert settled(make(root / "x", root, root / "link", root), clock) == ["new"]
    assert make(root, root / "x").once() == ((), 0, None)
    assert states(book) == {State.QUEUED}


def test_a_file_that_may_not_be_read_is_waited_for(
    root: Path, make: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    (root / "a.wav").write_bytes(wav())
    (root / "b.wav").write_bytes(wav("b"))
    opened = Path.open

    def refusing(path: Path, how: str = "r") -> object:
        if path.name == "a.wav":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return opened(path, how)

    watcher = make()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refusing)
        assert settled(watcher, clock) == ["new"]
        for _ in range(3):
            watcher.once()
            clock.time += 31
    again = watcher.once().taken
    clock.time += 3600
    again += watcher.once().taken
    assert [taken.arrival.filename for taken in again] == ["a.wav"]
    assert caplog.text.count("may not be read") == 1


# --- Meetings, and what lies beside ---------------------------------------------------------------


def test_tracks_become_one_job_when_all_are_whole(
    root: Path, book: Book, make: Make, clock: Clock
) -> None:
    folder = root / "Weekly.tracks"
    folder.mkdir()
    (folder / "Ann.wav").write_bytes(wav("ann"))
    (folder / "Bo.wav").write_bytes(wav("bo")[:-50])
    watcher = make()
    assert settled(watcher, clock) == []
    (folder / "Bo.wav").write_bytes(wav("bo"))
    assert settled(watcher, clock) == ["new"]
    together = hashlib.sha256(
        "\n".join(["tracks", *sorted([sha(wav("ann")), sha(wav("bo"))])]).encode()
    ).hexdigest()
    assert jobs(book) == {"Weekly.tracks": (State.QUEUED, together)}


@pytest.mark.parametrize("name", ["a.toml", "a.wav.ics", "recording.toml"])
def test_what_comes_to_lie_beside_makes_the_memo_anew(
    name: str, root: Path, book: Book, make: Make, clock: Clock
) -> None:
    (root / "a.wav").write_bytes(wav())
    watcher = make()
    settled(watcher, clock)
    (root / name).write_text("title = 'Weekly'")
    assert settled(watcher, clock) == ["new"]
    assert [job.state for job in sorted(book.jobs(), key=lambda job: job.id)] == [
        State.GONE, State.QUEUED
    ]  # fmt: skip
    os.utime(root / name, (1, 1))
    assert settled(watcher, clock) == ["known"]


# --- Real time, real events -----------------------------------------------------------------------


@contextmanager
def watching(watcher: Watcher) -> Iterator[threading.Event]:
    """Let a watcher run; whatever goes wrong in it comes out here."""
    stop, errors = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            watcher.run(stop)
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()
    assert not errors


def wait_for(what: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def real(root: Path, book: Book, shelf: Shelf, **pace: float) -> Watcher:
    how = {"settle": 0.3, "rescan": 600.0, "patience": 600.0} | pace
    return Watcher([root], book, WISH, shelf, pace=Pace(**how))


def scanned(watcher: Watcher, times: int) -> Callable[[], bool]:
    return lambda: watcher.view().scans >= times


def test_files_are_taken_soon_after_they_appear_in_whatever_way(
    root: Path, book: Book, shelf: Shelf, tmp_path: Path
) -> None:
    """The next look is ten minutes away: the system's events make it come at once."""
    watcher = real(root, book, shelf)
    with watching(watcher):
        wait_for(scanned(watcher, 2))
        (root / "written.wav").write_bytes(wav("written"))
        (tmp_path / "x.wav").write_bytes(wav("moved in"))
        (tmp_path / "x.wav").rename(root / "moved.wav")
        (root / "part.wav.part").write_bytes(wav("renamed"))
        (root / "part.wav.part").rename(root / "renamed.wav")
        (root / "new/deep").mkdir(parents=True)
        (root / "new/deep/a.wav").write_bytes(wav("deep"))
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder/b.wav").write_bytes(wav("folder"))
        (tmp_path / "folder").rename(root / "folder")
        wait_for(lambda: len(book.jobs()) == 5)
    expected = {"written.wav", "moved.wav", "renamed.wav", "a.wav", "b.wav"}
    assert jobs(book).keys() == expected


def test_slow_copies_are_taken_whole(root: Path, book: Book, shelf: Shelf, clock: Clock) -> None:
    """Nothing says how long they should be: only that they change, however slow this machine is."""
    contents = {f"{name}.flac": os.urandom(40_000) for name in ("a", "b", "c")}
    pace = Pace(settle=SETTLE, rescan=0.1)
    watcher = Watcher([root], book, WISH, shelf, pace=pace, clock=clock)
    with watching(watcher):
        for place in range(0, 40_000, 10_000):
            for name, content in contents.items():
                with (root / name).open("ab") as file:
                    file.write(content[place : place + 10_000])
            wait_for(scanned(watcher, watcher.view().scans + 2))
            clock.time += SETTLE - 1
        assert not book.jobs()
        clock.time += SETTLE
        wait_for(lambda: len(book.jobs()) == 3)
    assert {job.filename: job.recording_sha256 for job in book.jobs()} == {
        name: sha(content) for name, content in contents.items()
    }


def test_a_folder_made_anew_is_heard_again(root: Path, book: Book, shelf: Shelf) -> None:
    watcher = real(root, book, shelf, rescan=1.0)
    with watching(watcher):
        (root / "a.wav").write_bytes(wav("a"))
        wait_for(lambda: len(book.jobs()) == 1)
        shutil.rmtree(root)
        wait_for(lambda: watcher.view().trouble)
        root.mkdir()
        (root / "b.wav").write_bytes(wav("b"))
        wait_for(lambda: len(book.jobs()) == 2)
        before = watcher.view().scans
        wait_for(scanned(watcher, before + 2))
    assert jobs(book)["a.wav"][0] is State.GONE


def test_where_nothing_is_heard_looking_is_enough(
    root: Path, book: Book, shelf: Shelf, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """As where a user may watch no more folders: the library raises such an error."""

    def refusing(*_args: object, **_options: object) -> Iterator[set[tuple[object, str]]]:
        raise OSError("OS file watch limit reached. about [...]")
        yield set()

    monkeypatch.setattr("watchfiles.watch", refusing)
    watcher = real(root, book, shelf, rescan=0.5)
    with watching(watcher):
        wait_for(scanned(watcher, 3))
        (root / "a.wav").write_bytes(wav())
        wait_for(lambda: len(book.jobs()) == 1)
    assert caplog.text.count("cannot be heard of") == 1


def test_a_slow_file_hides_no_other(
    root: Path, book: Book, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The huge one is being read until it is let go; another folder's files are taken meanwhile."""
    let_go, is_read = threading.Event(), threading.Event()
    digest = hashlib.file_digest

    def slow(file: io.FileIO, name: str) -> object:
        if str(file.name).endswith("huge.wav"):
            is_read.set()
            let_go.wait(60)
        return digest(file, name)

    monkeypatch.setattr(hashlib, "file_digest", slow)
    other = tmp_path / "other"
    other.mkdir()
    (root / "huge.wav").write_bytes(wav("huge"))
    watcher = Watcher([root, other], book, WISH, shelf, pace=Pace(settle=0.1, rescan=0.2))
    with watching(watcher):
        assert is_read.wait(60)
        (root / "small.wav").write_bytes(wav("small"))
        (other / "b.wav").write_bytes(wav("b"))
        wait_for(lambda: len(book.jobs()) == 1)
        wait_for(lambda: watcher.view().files == 3)
        let_go.set()
        wait_for(lambda: len(book.jobs()) == 3)


def test_of_many_files_dropped_at_once_none_is_lost(
    root: Path, url: str, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    """Dropped at once, in new folders, of which the system's events are known to lose some."""
    caplog.set_level(logging.WARNING)
    count = 1000
    with Book(url) as book:
        watcher = real(root, book, shelf)
        with watching(watcher):
            wait_for(scanned(watcher, 2))
            for number in range(count):
                folder = root / f"{number // 100}/s"
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{number}.wav").write_bytes(b"sound %d" % number)
            wait_for(lambda: sum(book.counts().values()) == count, seconds=300)
        assert book.counts()[State.QUEUED] == count
        assert {job.filename for job in book.jobs(limit=count)} == {
            f"{number}.wav" for number in range(count)
        }


def test_a_database_that_is_away_is_waited_for(
    root: Path, book: Book, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memo.errors import DatabaseUnavailable

    (root / "a.wav").write_bytes(wav())
    refused, take_in = threading.Event(), book.take_in

    def refusing(*_arrivals: object) -> object:
        refused.set()
        raise DatabaseUnavailable("the database does not answer")

    monkeypatch.setattr(book, "take_in", refusing)
    watcher = real(root, book, shelf)
    with watching(watcher):
        assert refused.wait(60)
        wait_for(lambda: watcher.view().trouble == "the database does not answer")
        monkeypatch.setattr(book, "take_in", take_in)
        wait_for(lambda: len(book.jobs()) == 1)
        wait_for(lambda: not watcher.view().trouble)


def first(book: Book) -> Job:
    return book.jobs()[0]


def test_what_is_there_is_taken_in_once_without_waiting_for_what_is_not_whole(
    root: Path, book: Book, shelf: Shelf
) -> None:
    (root / "a.wav").write_bytes(wav())
    (root / "cut.wav").write_bytes(wav()[:-9])
    (root / "empty.wav").touch()
    real(root, book, shelf, settle=0.2).settle(threading.Event())
    assert jobs(book).keys() == {"a.wav"}
    assert first(book).state is State.QUEUED
