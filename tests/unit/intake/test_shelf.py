"""The shelf: one folder that machines know by different paths, and what is kept on it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.checkpoints import WorkFolder
from memo.errors import ConfigError, RecordingError
from memo.intake.job import Place
from memo.intake.shelf import HIDDEN, Shelf
from memo.model import Recording, Span
from memo.pipeline.outputs import Ledger
from memo.ports import silent

RECORDING = Recording(filename="call.m4a", sha256="ab" * 32)
NAMES = st.binary(min_size=1, max_size=40).filter(
    lambda name: not {0, ord("/")} & set(name) and name not in {b".", b".."}
)


def shelf(root: Path | None, machine: str = "a", work: Path | None = None) -> Shelf:
    return Shelf(root, machine=machine, work=work or Path("/cache/work"))


def test_a_file_on_the_shelf_is_found_where_another_machine_mounts_it() -> None:
    place = shelf(Path("/mnt/nas/calls")).place_of(Path("/mnt/nas/calls/mon/call.m4a"))
    assert place.machine is None
    other = shelf(Path("/Volumes/calls"), machine="b")
    assert other.path_of(place) == Path("/Volumes/calls/mon/call.m4a")


def test_a_file_that_is_not_on_the_shelf_belongs_to_its_machine() -> None:
    place = shelf(Path("/mnt/nas")).place_of(Path("/home/anna/call.m4a"))
    assert place == Place.on("a", Path("/home/anna/call.m4a"))
    assert shelf(Path("/mnt/nas")).path_of(place) == Path("/home/anna/call.m4a")


@given(names=st.lists(NAMES, min_size=1, max_size=4))
def test_every_name_that_a_disk_can_hold_comes_back(names: list[bytes]) -> None:
    path = Path("/mnt/nas", *map(os.fsdecode, names))
    ours = shelf(Path("/mnt/nas"))
    assert os.fsencode(ours.path_of(ours.place_of(path))) == os.fsencode(path)
    assert ours.place_of(path).machine is None


@pytest.mark.parametrize(
    ("path", "is_shared"),
    [("/mnt/nas", True), ("/mnt/nas2/call.m4a", False), ("/mnt/nas/../call.m4a", False)],
)
def test_only_what_lies_under_the_root_is_on_the_shelf(path: str, *, is_shared: bool) -> None:
    assert (shelf(Path("/mnt/nas")).place_of(Path(path)).machine is None) is is_shared


def test_a_folder_that_is_reached_through_a_link_is_on_the_shelf(tmp_path: Path) -> None:
    (tmp_path / "disk" / "calls").mkdir(parents=True)
    (tmp_path / "nas").symlink_to(tmp_path / "disk")
    ours = shelf(tmp_path / "nas")
    place = ours.place_of(tmp_path / "disk" / "calls" / "a.m4a")
    assert (place.machine, place.as_path()) == (None, Path("calls/a.m4a"))


def test_a_link_on_the_shelf_does_not_lead_away_from_it(tmp_path: Path) -> None:
    (tmp_path / "nas").mkdir()
    (tmp_path / "nas" / "a.m4a").symlink_to(tmp_path / "b.m4a")
    place = shelf(tmp_path / "nas").place_of(tmp_path / "nas" / "a.m4a")
    assert place.as_path() == Path("a.m4a")


def test_a_place_on_the_shelf_needs_a_shelf() -> None:
    with pytest.raises(ConfigError, match="no shelf") as caught:
        shelf(None).path_of(Place.on(None, Path("call.m4a")))
    assert "`shelf`" in (caught.value.hint or "")


def test_a_place_on_another_machine_is_not_looked_for_here() -> None:
    with pytest.raises(RecordingError, match="another machine"):
        shelf(None).path_of(Place.on("b", Path("/home/bob/call.m4a")))


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.wav", "a/../../b.wav"])
def test_no_place_leads_out_of_the_shelf(path: str) -> None:
    with pytest.raises(RecordingError, match="does not lie on the shelf"):
        shelf(Path("/mnt/nas")).path_of(Place.on(None, Path(path)))


def test_finished_steps_of_shared_recordings_are_shared(tmp_path: Path) -> None:
    root = tmp_path / "nas"
    root.mkdir()
    place = shelf(root).place_of(root / "call.m4a")
    benches = [shelf(root, work=tmp_path / name).bench(place) for name in ("one", "two")]
    one, two = (WorkFolder(bench.root, RECORDING, bench.shared) for bench in benches)
    with one.exclusive(silent):
        one.save("asr", "window 1", Span(start=0, end=300))
        with two.exclusive(silent):  # a lock of one machine is nothing to another
            assert two.load("asr", "window 1", Span) == Span(start=0, end=300)
    assert not list(root.rglob("*.lock"))


def test_finished_steps_of_a_machines_own_recordings_stay_there(tmp_path: Path) -> None:
    ours = shelf(tmp_path / "nas", work=tmp_path / "work")
    assert ours.bench(Place.on("a", Path("/home/a.m4a"))).root == tmp_path / "work"
    assert not (tmp_path / "nas").exists()


def test_a_shelf_that_cannot_keep_steps_leaves_them_to_each_machine(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "nas"
    root.mkdir()
    (root / HIDDEN).write_bytes(b"somebody's file")
    ours = shelf(root, work=tmp_path / "work")
    place = ours.place_of(root / "call.m4a")
    assert [ours.bench(place).root for _ in range(3)] == [tmp_path / "work"] * 3
    assert caplog.text.count("cannot keep finished steps") == 1


def test_results_written_by_one_machine_are_known_to_the_other(tmp_path: Path) -> None:
    root = tmp_path / "nas"
    root.mkdir()
    (tmp_path / "other").symlink_to(root)  # the other machine's way to it
    for name in ("nas", "other"):
        ours = shelf(tmp_path / name, work=tmp_path / f"work-{name}")
        bench = ours.bench(Place.on(None, Path("call.m4a")))
        memo = tmp_path / name / "call.memo.md"
        ledger = Ledger(WorkFolder(bench.root, RECORDING, bench.shared))
        if name == "nas":
            memo.write_bytes(b"# Call")
            ledger.announce({memo: b"# Call"})
            ledger.settle({memo: b"# Call"})
        else:
            assert ledger.is_unchanged(memo)
            memo.write_bytes(b"# Call, edited")
            assert not ledger.is_unchanged(memo)
