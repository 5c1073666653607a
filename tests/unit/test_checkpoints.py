"""The work folder: whole or not there, for its owner only, and one worker at a time."""

from __future__ import annotations

import datetime as dt
import errno
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memo.checkpoints import WAITING, Shared, WorkFolder, _delete, _folders, clean, size
from memo.errors import ExitCode, OutputError
from memo.model import Gap, Recording, Span
from memo.ports import Checkpoints, silent

RECORDING = Recording(filename="call.m4a", sha256="ab" * 32)


def recording(number: int) -> Recording:
    return Recording(filename=f"{number}.m4a", sha256=f"{number:064x}")


@pytest.fixture
def work(tmp_path: Path) -> WorkFolder:
    return WorkFolder(tmp_path / "cache" / "work", RECORDING)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def only_file(work: WorkFolder) -> Path:
    (path,) = work.path.iterdir()
    return path


def test_it_is_what_the_port_asks_for(work: WorkFolder) -> None:
    checkpoints: Checkpoints = work
    checkpoints.save("asr", "key", Span(start=0, end=1))
    assert checkpoints.load("asr", "key", Span) == Span(start=0, end=1)


def test_what_was_never_saved_is_not_there(work: WorkFolder) -> None:
    assert work.load("asr", "key", Span) is None


def test_another_run_finds_what_was_saved(work: WorkFolder, tmp_path: Path) -> None:
    work.save("asr", "key", Gap(start=0, end=1, reason="“no speech” 🤫"))
    again = WorkFolder(tmp_path / "cache" / "work", RECORDING.model_copy(update={"filename": "x"}))
    assert again.load("asr", "key", Gap) == Gap(start=0, end=1, reason="“no speech” 🤫")


def test_another_step_key_kind_or_recording_finds_nothing(work: WorkFolder, tmp_path: Path) -> None:
    work.save("asr", "key", Span(start=0, end=1))
    other = WorkFolder(tmp_path / "cache" / "work", recording(1))
    assert work.load("merge", "key", Span) is None
    assert work.load("asr", "other key", Span) is None
    assert work.load("asr", "key", Gap) is None
    assert other.load("asr", "key", Span) is None


def test_a_kind_of_equal_shape_is_still_another_kind(work: WorkFolder) -> None:
    class Stretch(Span):
        pass

    work.save("asr", "key", Span(start=0, end=1))
    assert work.load("asr", "key", Stretch) is None


def test_the_file_lies_where_the_layout_says(work: WorkFolder, tmp_path: Path) -> None:
    work.save("asr-window", "key", Span(start=0, end=1))
    path = only_file(work)
    assert path.parent == tmp_path / "cache" / "work" / "ab" / ("ab" * 32)
    assert path.name.startswith("asr-window-")
    assert path.suffix == ".json"


@pytest.mark.parametrize("step", ["", "Asr", "../asr", "a/b", "-a", "a b", "a\x00", "a\n", "é"])
def test_a_step_that_is_no_slug_is_a_bug(work: WorkFolder, step: str) -> None:
    with pytest.raises(ValueError, match="slug"):
        work.save(step, "key", Span(start=0, end=1))


def test_a_key_may_be_long_and_hold_anything(work: WorkFolder) -> None:
    key = "../\x00🙂" * 100_000
    work.save("asr", key, Span(start=0, end=1))
    assert work.load("asr", key, Span) == Span(start=0, end=1)


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_only_the_owner_may_read_the_work(work: WorkFolder, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with work.exclusive(silent):
            work.save("asr", "key", Span(start=0, end=1))
    finally:
        os.umask(before)
    root = tmp_path / "cache" / "work"
    paths = [root, *root.rglob("*")]
    assert {mode_of(path) for path in paths if path.is_dir()} == {0o700}
    assert {mode_of(path) for path in paths if path.is_file()} == {0o600}


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(garbage=st.binary(max_size=300))
def test_garbage_counts_as_never_finished_and_is_replaced(work: WorkFolder, garbage: bytes) -> None:
    work.save("asr", "key", Span(start=0, end=1))
    only_file(work).write_bytes(garbage)
    assert work.load("asr", "key", Span) is None
    work.save("asr", "key", Span(start=0, end=2))
    assert work.load("asr", "key", Span) == Span(start=0, end=2)


def test_a_file_cut_at_any_byte_counts_as_never_finished(work: WorkFolder) -> None:
    work.save("asr", "key", Gap(start=0, end=1, reason="€"))
    whole = only_file(work).read_bytes()
    for length in range(len(whole)):
        only_file(work).write_bytes(whole[:length])
        assert work.load("asr", "key", Gap) is None


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"null",
        b"\xff\xfe",
        b"NaN",
        b"9" * 10_000,
        b'{"step":"asr","key_sha256":"x","kind":"memo.model.Span","artifact":{"start":0,"end":1}}',
    ],
    ids=["deep list", "deep object", "null", "utf-16", "nan", "long number", "short hash"],
)
def test_hostile_json_counts_as_never_finished(work: WorkFolder, content: bytes) -> None:
    work.save("asr", "key", Span(start=0, end=1))
    only_file(work).write_bytes(content)
    assert work.load("asr", "key", Span) is None


def test_a_file_of_an_older_shape_counts_as_never_finished(work: WorkFolder) -> None:
    work.save("asr", "key", Span(start=0, end=1))
    path = only_file(work)
    path.write_text(path.read_text().replace('"end"', '"finish"'))
    assert work.load("asr", "key", Span) is None


def test_a_file_renamed_from_another_key_is_not_believed(work: WorkFolder) -> None:
    work.save("asr", "mine", Span(start=0, end=1))
    mine = only_file(work)
    work.save("asr", "theirs", Span(start=0, end=2))
    (theirs,) = set(work.path.iterdir()) - {mine}
    theirs.replace(mine)
    assert work.load("asr", "mine", Span) is None


@pytest.mark.skipif(os.name != "posix", reason="named pipes")
def test_a_pipe_or_a_folder_in_a_file_s_place_is_not_waited_for(work: WorkFolder) -> None:
    work.save("asr", "key", Span(start=0, end=1))
    path = only_file(work)
    path.unlink()
    os.mkfifo(path)
    assert work.load("asr", "key", Span) is None
    path.unlink()
    path.mkdir()
    assert work.load("asr", "key", Span) is None
    with pytest.raises(OutputError):
        work.save("asr", "key", Span(start=0, end=1))


def test_a_full_disk_is_named_and_leaves_what_was_there(
    work: WorkFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.save("asr", "key", Span(start=0, end=1))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="No space left on device") as refused:
            work.save("asr", "key", Span(start=0, end=2))
    assert refused.value.exit_code is ExitCode.OUTPUT
    assert "free some space" in (refused.value.hint or "")
    assert isinstance(refused.value.__cause__, OSError)
    assert work.load("asr", "key", Span) == Span(start=0, end=1)
    assert only_file(work).suffix == ".json"


def test_a_root_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    work = WorkFolder(tmp_path / "file" / "work", RECORDING)
    with pytest.raises(OutputError, match="file"):
        work.save("asr", "key", Span(start=0, end=1))
    with pytest.raises(OutputError), work.exclusive(silent):
        pytest.fail("entered without a lock")
    assert work.load("asr", "key", Span) is None


def test_an_interrupted_save_leaves_nothing_behind(
    work: WorkFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        work.save("asr", "key", Span(start=0, end=1))
    assert list(work.path.iterdir()) == []


def test_whoever_holds_the_folder_sweeps_what_a_killed_run_left(work: WorkFolder) -> None:
    work.save("asr", "key", Span(start=0, end=1))
    (work.path / "asr-0123abc.tmp").write_bytes(b'{"step":')
    with work.exclusive(silent):
        assert only_file(work).suffix == ".json"


def test_the_second_waits_says_so_and_finds_the_finished_work(
    work: WorkFolder, tmp_path: Path
) -> None:
    told: list[tuple[str, float, float | None]] = []
    waits = threading.Event()

    def tell(stage: str, done: float, total: float | None) -> None:
        told.append((stage, done, total))
        waits.set()

    found: list[Span | None] = []

    def second() -> None:
        other = WorkFolder(tmp_path / "cache" / "work", RECORDING)
        with other.exclusive(tell):
            found.append(other.load("asr", "key", Span))

    thread = threading.Thread(target=second)
    with work.exclusive(silent):
        thread.start()
        assert waits.wait(timeout=30)
        assert found == []
        work.save("asr", "key", Span(start=0, end=1))
    thread.join(timeout=30)
    assert found == [Span(start=0, end=1)]
    assert {stage for stage, _, _ in told} == {WAITING}


def test_who_need_not_wait_is_not_told_so(work: WorkFolder) -> None:
    told: list[str] = []
    with work.exclusive(lambda stage, *_: told.append(stage)):
        pass
    assert told == []


def test_a_failure_inside_lets_go_of_the_folder(work: WorkFolder, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), work.exclusive(silent):
        raise RuntimeError
    with WorkFolder(tmp_path / "cache" / "work", RECORDING).exclusive(silent):
        pass


# --- clean --------------------------------------------------------------------------------------


def fill(root: Path, number: int, *, used: float) -> WorkFolder:
    work = WorkFolder(root, recording(number))
    work.save("asr", "key", Gap(start=0, end=1, reason="x" * 1000))
    os.utime(work.path, (used, used))
    return work


def test_clean_deletes_the_least_recently_used_until_enough_is_free(tmp_path: Path) -> None:
    works = [fill(tmp_path, number, used=1000 + number) for number in (3, 1, 2)]
    each = size(tmp_path) // 3
    freed = clean(tmp_path, keep_bytes=each * 2)
    assert freed == each
    assert [work.path.exists() for work in works] == [True, False, True]
    assert size(tmp_path) == each * 2


def test_clean_deletes_what_was_not_used_since(tmp_path: Path) -> None:
    old, new = fill(tmp_path, 1, used=1000), fill(tmp_path, 2, used=3000)
    clean(tmp_path, older_than=dt.datetime.fromtimestamp(2000, dt.UTC))
    assert not old.path.exists()
    assert new.path.exists()


def test_reading_counts_as_using(tmp_path: Path) -> None:
    read, unread = fill(tmp_path, 1, used=1000), fill(tmp_path, 2, used=2000)
    assert read.load("asr", "key", Gap)
    clean(tmp_path, keep_bytes=size(tmp_path) // 2)
    assert read.path.exists()
    assert not unread.path.exists()


def test_clean_never_deletes_what_is_locked(tmp_path: Path) -> None:
    work = fill(tmp_path, 1, used=1000)
    with work.exclusive(silent):
        assert clean(tmp_path, keep_bytes=0) == 0
        assert work.load("asr", "key", Gap)
    assert clean(tmp_path, keep_bytes=0) > 0
    assert work.load("asr", "key", Gap) is None


def test_clean_without_a_bound_or_without_a_root_deletes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, 1, used=1000)
    assert clean(tmp_path) == 0
    assert clean(tmp_path / "missing", keep_bytes=0) == 0
    assert size(tmp_path / "missing") == 0


def test_clean_leaves_what_is_not_ours_alone(tmp_path: Path) -> None:
    precious = tmp_path / "elsewhere"
    precious.mkdir()
    (precious / "thesis.docx").write_text("years of work")
    root = tmp_path / "work"
    fill(root, 1, used=1000)
    (root / "00" / "notes").mkdir()
    (root / "00" / f"{2:064x}").symlink_to(precious, target_is_directory=True)
    clean(root, keep_bytes=0)
    assert (precious / "thesis.docx").exists()
    assert (root / "00" / "notes").exists()


def test_a_folder_that_was_cleaned_can_be_worked_in_again(tmp_path: Path) -> None:
    work = fill(tmp_path, 1, used=1000)
    clean(tmp_path, keep_bytes=0)
    with work.exclusive(silent):
        work.save("asr", "key", Span(start=0, end=1))
    assert work.load("asr", "key", Span) == Span(start=0, end=1)


def test_a_folder_that_was_used_since_it_was_looked_at_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path, 1, used=1000)
    (seen,) = _folders(tmp_path)
    os.utime(seen.path)
    assert not _delete(seen)
    assert seen.path.exists()


def test_a_folder_that_clean_took_from_who_waited_is_made_again(tmp_path: Path) -> None:
    work = fill(tmp_path, 1, used=1000)

    def gone() -> None:
        shutil.rmtree(work.path, ignore_errors=True)
        holder.release()

    holder = FileLock(work.path.with_name(f"{work.path.name}.lock"), thread_local=False)
    holder.acquire()
    with work.exclusive(lambda *_: gone()):
        assert work.path.is_dir()


def test_the_work_of_spared_recordings_is_not_cleaned(tmp_path: Path) -> None:
    needed, old = fill(tmp_path, 1, used=1000), fill(tmp_path, 2, used=2000)
    clean(tmp_path, keep_bytes=0, spared={needed.path.name})
    assert needed.path.exists()
    assert not old.path.exists()


def test_on_a_shared_root_what_another_machine_is_writing_is_not_swept(tmp_path: Path) -> None:
    shared = Shared(base=tmp_path, locks=tmp_path / "locks")
    work = WorkFolder(tmp_path / "work", RECORDING, shared)
    work.save("asr", "key", Span(start=0, end=1))
    new, old = work.path / "new.tmp", work.path / "old.tmp"
    for path in (new, old):
        path.write_bytes(b"{")
    os.utime(old, (1000, 1000))
    with work.exclusive(silent):
        assert (new.exists(), old.exists()) == (True, False)


def test_a_shared_root_is_cleaned_by_the_locks_of_this_machine(tmp_path: Path) -> None:
    shared = Shared(base=tmp_path, locks=tmp_path / "locks")
    work = WorkFolder(tmp_path / "work", RECORDING, shared)
    with work.exclusive(silent):
        work.save("asr", "key", Span(start=0, end=1))
        assert clean(tmp_path / "work", keep_bytes=0, locks=shared.locks) == 0
    assert clean(tmp_path / "work", keep_bytes=0, locks=shared.locks) > 0
