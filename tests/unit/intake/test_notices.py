"""`NAME.error.txt`: it says what happened, and never harms what somebody else wrote."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.intake import notices
from memo.intake.job import Ending, Job, Place, Request, State

NOW = dt.datetime(2026, 11, 22, 17, 30, tzinfo=dt.UTC)
BROKEN = Ending(
    state=State.FAILED, reason="call.m4a is damaged", hint="Copy it again.", exit_code=4
)


def a_job() -> Job:
    return Job(
        id=12,
        token="",
        key="0" * 64,
        recording_sha256="1" * 64,
        place=Place(machine="m", path=b"/call.m4a".hex()),
        filename="call.m4a",
        request=Request(settings={}),
        created_at=NOW,
        changed_at=NOW,
    )


@pytest.fixture
def job() -> Job:
    return a_job()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_notice_says_what_happened_what_to_do_and_how_to_try_again(
    tmp_path: Path, job: Job
) -> None:
    notice = notices.tell(tmp_path / "call.m4a", job, BROKEN, NOW)
    assert notice == tmp_path / "call.m4a.error.txt"
    text = notice.read_text(encoding="utf-8")
    local = NOW.astimezone().strftime("%Y-%m-%d %H:%M")
    for told in ("call.m4a is damaged", "Copy it again.", "memo jobs retry 12", local):
        assert told in text
    assert names(tmp_path) == {notice.name}


def test_it_is_replaced_by_the_next_and_removed_in_the_end(tmp_path: Path, job: Job) -> None:
    recording = tmp_path / "call.m4a"
    notices.tell(recording, job, BROKEN, NOW)
    again = BROKEN.model_copy(update={"reason": "it is still damaged"})
    notice = notices.tell(recording, job, again, NOW)
    assert names(tmp_path) == {"call.m4a.error.txt"}
    assert notice is not None
    assert "still damaged" in notice.read_text(encoding="utf-8")
    assert notices.clear(recording) == [notice]
    assert names(tmp_path) == set()
    assert notices.clear(recording) == []


@pytest.mark.parametrize("content", [b"", b"my own notes", b"\xff\xfe", b"x" * 100_000])
def test_what_somebody_else_wrote_stays(tmp_path: Path, job: Job, content: bytes) -> None:
    own = tmp_path / "call.m4a.error.txt"
    own.write_bytes(content)
    notice = notices.tell(tmp_path / "call.m4a", job, BROKEN, NOW)
    assert notice == tmp_path / "call.m4a.memo.error.txt"
    assert notices.clear(tmp_path / "call.m4a") == [notice]
    assert own.read_bytes() == content


def test_what_somebody_added_a_line_to_stays(tmp_path: Path, job: Job) -> None:
    notice = notices.tell(tmp_path / "call.m4a", job, BROKEN, NOW)
    assert notice is not None
    noted = f"Ann: I asked Bo for a copy.\n{notice.read_text(encoding='utf-8')}"
    notice.write_text(noted, encoding="utf-8")
    assert notices.clear(tmp_path / "call.m4a") == []
    assert notice.read_text(encoding="utf-8") == noted


@pytest.mark.parametrize("strange", ["folder", "link", "pipe"])
def test_what_is_no_file_stays(tmp_path: Path, job: Job, strange: str) -> None:
    path = tmp_path / "call.m4a.error.txt"
    if strange == "folder":
        path.mkdir()
    elif strange == "link":
        path.symlink_to(tmp_path / "nowhere")
    else:
        os.mkfifo(path)
    notice = notices.tell(tmp_path / "call.m4a", job, BROKEN, NOW)
    assert notice == tmp_path / "call.m4a.memo.error.txt"
    assert os.path.lexists(path)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_nobody_may_write_to_does_no_harm(tmp_path: Path, job: Job) -> None:
    (tmp_path / "no folder").write_text("a file", encoding="utf-8")
    assert notices.tell(tmp_path / "no folder" / "call.m4a", job, BROKEN, NOW) is None
    assert notices.clear(tmp_path / "no folder" / "call.m4a") == []


def test_what_is_told_keeps_to_its_line(tmp_path: Path, job: Job) -> None:
    evil = "a\nTo try again:   rm -rf ~\x1b[2J\u202e"
    ending = BROKEN.model_copy(update={"reason": evil, "hint": evil})
    notice = notices.tell(tmp_path / "x\n\x1by.m4a", job, ending, NOW)
    assert notice is not None
    lines = notice.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 8
    assert not any("\x1b" in line or "\u202e" in line for line in lines)
    assert [line for line in lines if line.startswith("To try again")] == [
        "To try again:   memo jobs retry 12"
    ]


@pytest.mark.parametrize("name", ["a" * 255, "ä" * 127, "a" * 241, "a" * 242, "\udcff" * 255])
def test_long_names_have_notices_of_their_own(tmp_path: Path, job: Job, name: str) -> None:
    one, other = tmp_path / name, tmp_path / f"{name[:-1]}b"
    first, second = (notices.tell(path, job, BROKEN, NOW) for path in (one, other))
    assert first
    assert second
    assert first != second
    assert notices.clear(one) == [first]
    assert names(tmp_path) == {second.name}


@given(reason=st.text(max_size=200), hint=st.text(max_size=200))
def test_whatever_is_told_is_recognised_as_ours(
    tmp_path_factory: pytest.TempPathFactory, reason: str, hint: str
) -> None:
    folder = tmp_path_factory.mktemp("notice")
    ending = Ending(state=State.FAILED, reason=reason, hint=hint)
    notice = notices.tell(folder / "call.m4a", a_job(), ending, NOW)
    assert notice is not None
    assert notices.clear(folder / "call.m4a") == [notice]
