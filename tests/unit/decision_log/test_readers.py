"""Who is meant by a name: leniently, but never somebody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.decision_log.readers import belongs_to, resolve

TEAM = ("Priya Raman", "Tom Okafor", "Marta Díaz", "Dan", "Speaker 2")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("Priya Raman", ("Priya Raman",)),
        ("priya", ("Priya Raman",)),
        ("RAMAN", ("Priya Raman",)),
        ("P. Raman", ("Priya Raman",)),
        ("marta diaz", ("Marta Díaz",)),
        (" Tom  Okafor ", ("Tom Okafor",)),
        ("Dan", ("Dan",)),
        ("Dan Berg", ("Dan",)),  # nobody else is called Dan
    ],
)
def test_a_name_is_found_however_it_is_written(asked: str, names: tuple[str, ...]) -> None:
    assert resolve(asked, TEAM).names == names


def test_both_forms_of_one_name_are_one_person() -> None:
    assert resolve("Priya", ("Priya", "Priya Raman")).names == ("Priya", "Priya Raman")
    assert resolve("Priya Raman", ("Priya", "Priya Raman")).names == ("Priya", "Priya Raman")


def test_a_name_that_two_people_have_is_nobodys() -> None:
    told = resolve("Priya", ("Priya Raman", "Priya Shah"))
    assert (told.names, told.others) == ((), ("Priya Raman", "Priya Shah"))
    assert told.ambiguous


def test_a_first_name_that_two_people_have_is_not_told_as_either_ones() -> None:
    told = resolve("Priya Raman", ("Priya", "Priya Raman", "Priya Shah"))
    assert told.names == ("Priya Raman",)


def test_who_is_called_by_the_first_name_alone_stays_so_beside_others() -> None:
    told = resolve("Priya", ("Priya", "Priya Raman", "Priya Shah"))
    assert told.names == ("Priya",)
    assert told.ambiguous


def test_nobody_is_found_by_a_letter_or_by_nothing() -> None:
    assert resolve("P", TEAM).names == ()
    assert resolve("P R", TEAM).names == ()
    assert resolve("", TEAM).names == ()
    assert resolve("Pri", TEAM).names == ()


def test_who_is_not_there_may_be_somebody_who_is() -> None:
    told = resolve("Prya Raman", TEAM)
    assert (told.names, told.others) == ((), ("Priya Raman",))
    assert not told.ambiguous


def test_voices_without_a_name_are_nobody() -> None:
    assert resolve("Speaker 2", TEAM).names == ()


def test_what_several_own_is_each_ones() -> None:
    tom = resolve("Tom", ("Tom Okafor and Priya Raman",))
    assert tom.names == ("Tom Okafor",)
    assert belongs_to("Tom Okafor and Priya Raman", tom)
    assert belongs_to("tom okafor", tom)
    assert not belongs_to("Tomas Okafor", tom)
    assert not belongs_to("Priya Raman", tom)
    assert not belongs_to(None, tom)
    assert not belongs_to("Tom Okafor", None)


@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=8))
def test_any_text_can_be_a_name(asked: str, names: list[str]) -> None:
    told = resolve(asked, names)
    assert not (told.names and not any(belongs_to(name, told) for name in told.names))
