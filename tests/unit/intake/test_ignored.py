"""Names that no recording has."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.intake.ignored import ends_like, is_ignored_file, is_ignored_folder, is_partial
from memo.pipeline.sources import SOUNDS


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store", "._call.m4a", ".call.m4a", "Thumbs.db.tmp", "~$minutes.docx",
        ".~lock.notes.docx#", "call.m4a.crdownload", "Unconfirmed 12.crdownload", "call.m4a.part",
        "call.m4a.PART", "call.m4a.partial", "call.m4a.filepart", "call.m4a.download",
        "call.m4a.opdownload", "call.m4a.!ut", "call.m4a.tmp", "call.m4a~", "call.m4a.bak",
        "call.m4a.bak2", ".syncthing.call.m4a.tmp", "~syncthing~call.m4a.tmp",
        ".call.m4a.Xa81Zq", "call.temp.m4a", "call.m4a.ocTransferId99.part", "call.m4a.aria2",
        ".call.m4a.icloud", "call.memo.md", "call.memo.docx", "call.memo.json",
        "call.transcript.vtt", "call.transcript.srt", "call.m4a.error.txt", "CALL.MEMO.DOCX",
        ".memo-0123456789abcdef.tmp",
    ],
)  # fmt: skip
def test_what_others_leave_is_no_recording(name: str) -> None:
    assert is_ignored_file(name)


@pytest.mark.parametrize(
    "name",
    [
        "call.m4a", "call.sync-conflict-20260302-101010-ABCDEF.m4a", "part.m4a", "a.part1.m4a",
        "temp.m4a", "tmp.wav", "download.mp3", "memo.m4a", "call.memo.m4a", "error.txt",
        "transcript.vtt", "Zoom transcript.vtt", "café ☕.opus", "-rf.wav", "$(x).m4a", "a\nb.m4a",
        os.fsdecode(b"\xff\xfe.m4a"), " .m4a", "call (conflicted copy 2026-03-02).m4a", "lock.wav",
    ],
)  # fmt: skip
def test_what_people_call_recordings_is_none_of_that(name: str) -> None:
    assert not is_ignored_file(name)


@pytest.mark.parametrize(
    "name",
    [
        ".git", ".memo", ".stfolder", ".stversions", ".Trash-1000", ".Spotlight-V100", "@eaDir",
        "#recycle", "#snapshot", "__MACOSX", "$RECYCLE.BIN", "$Recycle.Bin", "lost+found",
        "System Volume Information", "call.m4a.download", "Backup.tmp", ".rsync-partial",
    ],
)  # fmt: skip
def test_what_systems_keep_is_no_folder_of_recordings(name: str) -> None:
    assert is_ignored_folder(name)


@pytest.mark.parametrize("name", ["done", "2026", "Call.tracks", "tmp", "downloads", "#1", "@home"])
def test_what_people_call_folders_is_looked_into(name: str) -> None:
    assert not is_ignored_folder(name)


@given(st.binary(min_size=1, max_size=60))
def test_any_name_has_an_answer(name: bytes) -> None:
    text = os.fsdecode(name)
    assert is_ignored_file(text) >= is_partial(text)
    assert is_ignored_folder(text) >= is_partial(text)


@pytest.mark.parametrize(
    ("name", "is_sound"),
    [("a.m4a", True), ("A.M4A", True), ("m4a", False), ("a.m4a.txt", False), ("a.", False)],
)
def test_the_suffix_says_what_is_taken(*, name: str, is_sound: bool) -> None:
    assert ends_like(name, SOUNDS) == is_sound
