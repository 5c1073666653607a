"""When a file is whole: examples, and a model that sees any sequence of changes and looks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from memo.intake.job import Sighting
from memo.intake.ready import Readiness

SETTLE, PATIENCE = 10.0, 900.0
CALL = Path("/calls/mon.m4a")


def seen(size: int = 5, path: Path = CALL, **what: object) -> Sighting:
    return Sighting(path=path, size=size, mtime_ns=1, **what)  # type: ignore[arg-type]


@pytest.fixture
def readiness() -> Readiness:
    return Readiness(SETTLE, PATIENCE)


def test_a_file_is_whole_when_it_has_looked_the_same_for_a_while(readiness: Readiness) -> None:
    assert readiness.look([seen()], 0).wake == SETTLE
    assert readiness.look([seen()], 9.9).arriving == (seen(),)
    assert readiness.look([seen()], 10).ready == (seen(),)
    assert readiness.look([seen()], 11) == ((), (), (), None)


@pytest.mark.parametrize(
    "changed",
    [seen(6), seen(ino=7), seen(sidecars="a"), Sighting(CALL, 5, 2), seen(tracks=(CALL,))],
)
def test_any_change_begins_the_wait_anew(readiness: Readiness, changed: Sighting) -> None:
    readiness.look([seen()], 0)
    readiness.look([changed], 9)
    assert readiness.look([changed], 11).arriving == (changed,)
    assert readiness.look([changed], 19).ready == (changed,)
    readiness.look([seen()], 20)
    assert readiness.look([seen()], 30).ready == (seen(),)


def test_an_event_that_changes_nothing_to_be_seen_begins_the_wait_anew(
    readiness: Readiness,
) -> None:
    readiness.look([seen()], 0)
    readiness.look([seen()], 9, frozenset({os.fsencode(CALL)}))
    assert readiness.look([seen()], 12, frozenset({b"/calls/other.m4a"})).ready == ()
    assert readiness.look([seen()], 19).ready == (seen(),)
    assert readiness.look([seen()], 20, frozenset({os.fsencode(CALL)})) == ((), (), (), None)


def test_an_event_of_one_track_is_one_of_the_meeting(readiness: Readiness) -> None:
    tracks = (CALL / "a.m4a", CALL / "b.m4a")
    readiness.look([seen(tracks=tracks)], 0)
    look = readiness.look([seen(tracks=tracks)], 10, frozenset({os.fsencode(tracks[1])}))
    assert look.wake == 20


def test_what_was_handed_on_before_a_restart_is_not_handed_on_again() -> None:
    readiness = Readiness(SETTLE, PATIENCE, {os.fsencode(CALL): seen().signature})
    assert readiness.look([seen()], 0) == ((), (), (), None)
    assert readiness.look([seen(6)], 1).arriving == (seen(6),)


def test_an_empty_file_is_waited_for_longer(readiness: Readiness) -> None:
    readiness.look([seen(0)], 0)
    assert readiness.look([seen(0)], PATIENCE - 1).ready == ()
    assert readiness.look([seen(0)], PATIENCE).ready == (seen(0),)


def test_what_is_put_off_is_handed_on_again_unless_it_changed(readiness: Readiness) -> None:
    readiness.look([seen()], 0)
    readiness.look([seen()], 10)
    readiness.put_off(seen(), 100)
    assert not readiness.is_current(seen())
    assert readiness.look([seen()], 99).arriving == (seen(),)
    assert readiness.look([seen()], 100).ready == (seen(),)
    assert readiness.is_current(seen())
    readiness.look([seen(6)], 101)
    readiness.put_off(seen(), 5000)
    assert not readiness.is_current(seen())
    assert readiness.look([seen(6)], 111).ready == (seen(6),)


def test_patience_counts_from_the_last_change(readiness: Readiness) -> None:
    readiness.look([seen()], 100)
    readiness.look([seen(6)], 200)
    assert readiness.patience_left(seen(6), 210) == PATIENCE - 10
    assert readiness.patience_left(seen(6), 200 + PATIENCE) == 0


def test_what_is_gone_is_told_until_it_is_believed(readiness: Readiness) -> None:
    readiness.look([seen()], 0)
    assert readiness.look([], 1).gone == (CALL,)
    assert readiness.look([], 2).gone == (CALL,)
    readiness.forget([CALL])
    assert readiness.look([], 3).gone == ()
    assert readiness.look([seen()], 4).wake == 4 + SETTLE


def test_bytes_that_are_no_text_are_a_path(readiness: Readiness) -> None:
    odd = Path(os.fsdecode(b"/calls/\xff\n\xf0.m4a"))
    readiness.look([seen(path=odd)], 0)
    assert readiness.look([], 1).gone == (odd,)


# --- Any sequence of changes and looks ------------------------------------------------------------

FILES = [Path("/calls") / name for name in ("a", "b", "c")]


class Changes(RuleBasedStateMachine):
    """Files come, change and go while somebody looks now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.there: dict[Path, int] = {}
        self.versions = 0
        self.first_seen: dict[Path, tuple[int, float]] = {}
        self.handed_on: dict[Path, int] = {}
        self.readiness = Readiness(SETTLE, PATIENCE)

    def sightings(self) -> Iterable[Sighting]:
        return (Sighting(path, 1 + self.there[path], 0) for path in sorted(self.there))

    @rule(path=st.sampled_from(FILES))
    def write(self, path: Path) -> None:
        self.versions += 1
        self.there[path] = self.versions

    @rule(path=st.sampled_from(FILES))
    def delete(self, path: Path) -> None:
        self.there.pop(path, None)

    @rule(old=st.sampled_from(FILES), new=st.sampled_from(FILES))
    def rename(self, old: Path, new: Path) -> None:
        if old in self.there:
            self.there[new] = self.there.pop(old)

    @rule(seconds=st.floats(0, 25))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        told = {os.fsencode(p): Sighting(p, 1 + v, 0).signature for p, v in self.handed_on.items()}
        self.readiness = Readiness(SETTLE, PATIENCE, told)
        self.first_seen = {
            p: s for p, s in self.first_seen.items() if self.handed_on.get(p) == s[0]
        }

    @rule(is_read=st.booleans())
    def look(self, *, is_read: bool) -> None:
        look = self.readiness.look(self.sightings(), self.now)
        assert set(look.gone) == {*self.first_seen, *self.handed_on} - self.there.keys()
        self.readiness.forget(look.gone)
        for path in look.gone:
            self.first_seen.pop(path, None)
            self.handed_on.pop(path, None)
        for path, version in self.there.items():
            if self.first_seen.get(path, (None,))[0] != version:
                self.first_seen[path] = (version, self.now)
        due = {
            path
            for path, (version, since) in self.first_seen.items()
            if since + SETTLE <= self.now and self.handed_on.get(path) != version
        }
        assert {sighting.path for sighting in look.ready} == due
        for sighting in look.ready:
            if is_read:
                self.handed_on[sighting.path] = self.there[sighting.path]
            else:  # it changed while it was read: nobody is to lose it
                self.readiness.put_off(sighting, self.now)

    @invariant()
    def nothing_is_remembered_that_is_not_there(self) -> None:
        assert len(self.readiness) <= len(FILES)


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
