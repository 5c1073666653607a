"""What recordings a folder holds: odd names, what is no file, meetings in several files."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memo.intake.ignored import is_ignored_file
from memo.intake.job import Sighting
from memo.intake.scan import Rules, scan

Put = Callable[..., None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    folder.mkdir()
    return folder


@pytest.fixture
def put(root: Path) -> Put:
    def put(*names: str, content: bytes = b"sound") -> None:
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)

    return put


def found(root: Path, **rules: object) -> dict[str, Sighting]:
    sightings = list(scan(root, Rules(**rules)))  # type: ignore[arg-type]
    assert len({each.path for each in sightings}) == len(sightings)
    return {each.path.relative_to(root).as_posix(): each for each in sightings}


# --- Files ----------------------------------------------------------------------------------------


def test_sound_files_are_found_however_deep(root: Path, put: Put) -> None:
    put("a.m4a", "2026/03/b.MP3", "notes.txt", "2026/call.vtt", "x.memo.md", ".hidden/c.m4a")
    put("@eaDir/a.m4a/SYNO.m4a", "#recycle/old.m4a", "d.m4a.part", ".e.m4a", "empty/.keep")
    assert found(root).keys() == {"a.m4a", "2026/03/b.MP3"}


def test_transcripts_are_found_if_wanted_but_not_memo_s_own(root: Path, put: Put) -> None:
    put("a.vtt", "b.srt", "c.docx", "d.txt", "~$c.docx", "e.json", "f.md")
    put("a.transcript.vtt", "a.memo.docx", "a.m4a.error.txt", "a.m4a")
    assert found(root, transcripts=True).keys() == {"a.vtt", "b.srt", "c.docx", "d.txt", "a.m4a"}


def test_a_sighting_says_what_the_disk_says(root: Path, put: Put) -> None:
    put("a.m4a", content=b"12345")
    path = root / "a.m4a"
    os.utime(path, ns=(1, -5_000_000_000))
    told = path.stat()
    assert found(root)["a.m4a"] == Sighting(path, 5, -5_000_000_000, told.st_ino, told.st_dev)
    assert found(root, numbers=False)["a.m4a"].ino == 0


def test_a_folder_that_does_not_change_looks_the_same(root: Path, put: Put) -> None:
    put("a.m4a", "a.toml", "W.tracks/x.wav", "W.tracks/y.wav", "W.tracks/recording.toml")
    assert list(scan(root, Rules())) == list(scan(root, Rules()))


def test_links_and_what_is_no_file_are_left_alone(root: Path, put: Put, tmp_path: Path) -> None:
    put("a.m4a")
    (root / "link.m4a").symlink_to(root / "a.m4a")
    (root / "nowhere.m4a").symlink_to(root / "none")
    (root / "loop").symlink_to(root, target_is_directory=True)
    os.mkfifo(root / "pipe.m4a")
    (root / "folder.m4a").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(root)  # a socket's path may not be long
        listener.bind("socket.m4a")
        os.chdir(tmp_path)
        assert found(root).keys() == {"a.m4a"}


def test_two_names_of_one_file_are_two_sightings(root: Path, put: Put) -> None:
    put("a.m4a")
    (root / "b.m4a").hardlink_to(root / "a.m4a")
    assert found(root).keys() == {"a.m4a", "b.m4a"}


def test_a_link_may_be_named_as_the_folder(root: Path, put: Put, tmp_path: Path) -> None:
    put("a.m4a")
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    assert [each.path for each in scan(tmp_path / "link", Rules())] == [tmp_path / "link/a.m4a"]


def test_folders_are_left_out_under_any_name(root: Path, put: Put, tmp_path: Path) -> None:
    put("a.m4a", "done/b.m4a", "memos/x/c.m4a", "other/done/d.m4a")
    (tmp_path / "out").symlink_to(root / "memos", target_is_directory=True)
    left_out = frozenset({root / "done", tmp_path / "out", root, tmp_path / "none"})
    assert found(root, left_out=left_out).keys() == {"a.m4a", "other/done/d.m4a"}


def test_a_huge_file_costs_no_more_than_a_small_one(root: Path) -> None:
    with (root / "huge.wav").open("wb") as file:
        file.truncate(1 << 42)
    assert found(root)["huge.wav"].size == 1 << 42


@pytest.mark.parametrize(
    "name",
    [
        "-rf.m4a", " .m4a", "a\nb.m4a", "\x1b[31m.m4a", "$(reboot).m4a", "a'b\"c.m4a", "%s{0}.m4a",
        "…/..m4a".replace("/", "∕"), "\u202egnp.m4a", "e\u0301.m4a", "é.m4a", "CON.m4a", "😀.m4a",
        "x" * 251 + ".m4a", os.fsdecode(b"\xff\xfe\x80.m4a"), os.fsdecode(b"\xed\xa0\x80.m4a"),
    ],
)  # fmt: skip
def test_any_name_is_a_file_s_name(name: str, root: Path, put: Put) -> None:
    put(name)
    (sighting,) = scan(root, Rules())
    assert os.fsencode(sighting.path) == os.fsencode(root / name)
    assert sighting.path.read_bytes() == b"sound"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.binary(min_size=1, max_size=40).filter(lambda name: not {0, 47} & set(name)))
def test_any_bytes_are_found_again(name: bytes, root: Path) -> None:
    path = root / os.fsdecode(b"x" + name + b".m4a")
    path.write_bytes(b"sound")
    try:
        expected = [] if is_ignored_file(path.name) else [path]
        assert [each.path for each in scan(root, Rules())] == expected
    finally:
        path.unlink()


def test_many_folders_in_one_another_are_no_trouble(root: Path) -> None:
    deep, here = root, os.open(root, os.O_RDONLY)
    try:
        for _ in range(400):  # the standard library could not delete many more
            os.mkdir("d", dir_fd=here)
            inside = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here, deep = inside, deep / "d"
    finally:
        os.close(here)
    (deep / "a.m4a").write_bytes(b"sound")
    assert [each.path for each in scan(root, Rules())] == [deep / "a.m4a"]


def test_a_path_that_the_system_refuses_is_told(root: Path, put: Put) -> None:
    here = os.open(root, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        inside = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inside
    os.close(here)
    put("a.m4a")
    unseen: dict[Path, OSError] = {}
    assert [each.path.name for each in scan(root, Rules(), unseen.__setitem__)] == ["a.m4a"]
    assert len(unseen) == 1


# --- What is not there ----------------------------------------------------------------------------


def test_a_folder_that_is_not_there_is_an_error(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(scan(root / "none", Rules()))
    (root / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        list(scan(root / "file", Rules()))


def test_what_goes_away_meanwhile_is_not_there(root: Path, put: Put) -> None:
    put("a/x.m4a", "b/y.m4a", "c/z.m4a")
    unseen: dict[Path, OSError] = {}
    names = []
    for sighting in scan(root, Rules(), unseen.__setitem__):
        names.append(sighting.path.name)
        for other in {"a", "b", "c"} - {sighting.path.parent.name}:
            (root / other).rename(root.parent / other)
    assert (len(names), unseen) == (1, {})


def test_a_folder_that_may_not_be_looked_into_is_told(
    root: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the tests may be root, who may look anywhere: the system is made to refuse."""
    put("a.m4a", "closed/b.m4a")
    look = os.scandir

    def refusing(path: Path) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", refusing)
    unseen: dict[Path, OSError] = {}
    assert [each.path.name for each in scan(root, Rules(), unseen.__setitem__)] == ["a.m4a"]
    assert list(unseen) == [root / "closed"]


# --- Several files of one meeting -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "meeting", "tracks"),
    [
        (("W.tracks/b.wav", "W.tracks/a.wav", "W.tracks/notes.txt"), "W.tracks", 2),
        (("W.TRACKS/b.wav", "W.TRACKS/a.wav"), "W.TRACKS", 2),
        (("x/W/Audio Record/audioAnn1.m4a", "x/W/Audio Record/audioBo2.m4a", "x/W/zoom_0.mp4",
          "x/W/audio_only.m4a"), "x/W", 2),
        (("craig/info.txt", "craig/1-ann.flac", "craig/2-bo.flac", "craig/raw.dat"), "craig", 2),
        (("W/recording.toml", "W/a.wav", "W/b.wav", "W/c.wav"), "W", 3),
        (("W/recording.ics", "W/a.wav", "W/b.wav"), "W", 2),
    ],
)  # fmt: skip
def test_a_folder_of_tracks_is_one_meeting(
    names: tuple[str, ...], meeting: str, tracks: int, root: Path, put: Put
) -> None:
    put("other.m4a", *names)
    seen = found(root)
    assert seen.keys() == {"other.m4a", meeting}
    assert len(seen[meeting].tracks) == tracks
    assert seen[meeting].size == 5 * tracks


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("W/a.wav", "W/b.wav"), {"W/a.wav", "W/b.wav"}),
        (("W.tracks/a.wav", "W.tracks/notes.txt"), {"W.tracks/a.wav"}),
        (("W/info.txt", "W/1-ann.flac", "W/other.flac"), {"W/1-ann.flac", "W/other.flac"}),
        (("W/recording.toml", "W/recording.m4a", "W/b.wav"), {"W/recording.m4a", "W/b.wav"}),
        (("W/recording.toml", "W/a.wav"), {"W/a.wav"}),
        (("W/Audio Record/audioAnn1.m4a", "W/audio_only.m4a"), {"W/audio_only.m4a"}),
        (("recording.toml", "a.wav", "b.wav"), {"a.wav", "b.wav"}),
    ],
)
def test_other_folders_hold_recordings(
    names: tuple[str, ...], expected: set[str], root: Path, put: Put
) -> None:
    put(*names)
    assert found(root).keys() == expected


@pytest.mark.parametrize(
    "change", ["W.tracks/a.wav", "W.tracks/c.wav", "W.tracks/c.wav.part", "W.tracks/recording.toml",
               "W.toml", "W.tracks.ics"]
)  # fmt: skip
def test_a_meeting_changes_with_each_of_its_files(change: str, root: Path, put: Put) -> None:
    put("W.tracks/a.wav", "W.tracks/b.wav", "W.tracks/notes.txt")
    before = found(root)["W.tracks"].signature
    put("W.tracks/notes.txt", "W.tracks/.DS_Store", content=b"else")
    assert found(root)["W.tracks"].signature == before
    put(change, content=b"other")
    assert found(root)["W.tracks"].signature != before


# --- What lies beside -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["a.toml", "a.m4a.toml", "a.ics", "a.m4a.ics", "recording.toml", "recording.ics"]
)
def test_what_lies_beside_a_recording_is_part_of_how_it_looks(
    name: str, root: Path, put: Put
) -> None:
    put("a.m4a", "x/b.m4a")
    before = found(root)
    put(name)
    later = found(root)
    assert later["a.m4a"].sidecars
    assert later["x/b.m4a"] == before["x/b.m4a"]
    put(name, content=b"something else")
    assert found(root)["a.m4a"].sidecars not in {"", later["a.m4a"].sidecars}
    (root / name).unlink()
    assert found(root)["a.m4a"] == before["a.m4a"]


@pytest.mark.parametrize("name", ["b.toml", "recording.toml", "memo.toml", "pyproject.toml"])
def test_what_lies_beside_others_is_not(name: str, root: Path, put: Put) -> None:
    put("a.m4a", "b.m4a", "memo.m4a", name)
    assert found(root)["a.m4a"].sidecars == ""


def test_what_lies_beside_ten_thousand_costs_no_more(root: Path, put: Put) -> None:
    for number in range(2000):
        (root / f"{number}.m4a").touch()
    put("recording.toml", "7.toml")
    looks = 0
    look = os.scandir

    def counted(path: Path) -> Iterator[os.DirEntry[str]]:
        nonlocal looks
        looks += 1
        return look(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "scandir", counted)
        seen = found(root)
    assert [name for name, each in seen.items() if each.sidecars] == ["7.m4a"]
    assert looks < 5


def test_an_unreadable_sidecar_is_none(root: Path, put: Put) -> None:
    put("a.m4a")
    os.mkfifo(root / "a.toml")
    (root / "a.ics").mkdir()
    assert found(root)["a.m4a"].sidecars == ""
    assert stat.S_ISFIFO((root / "a.toml").stat().st_mode)
