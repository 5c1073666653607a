from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.export.direction import language_reads_right_to_left, reads_right_to_left, runs


@pytest.mark.parametrize(
    ("text", "leftwards"),
    [("שלום Tom", True), ("Tom שלום", False), ("“12: مرحبا", True), ("12", False), ("", False)],
)
def test_the_first_letter_gives_the_direction(text: str, leftwards: bool) -> None:  # noqa: FBT001
    assert reads_right_to_left(text) is leftwards


def test_languages_are_known_by_their_first_part() -> None:
    assert language_reads_right_to_left("ar-EG")
    assert language_reads_right_to_left("he")
    assert not language_reads_right_to_left("en-IL")


def test_points_and_blanks_between_two_directions_go_with_the_paragraph() -> None:
    assert list(runs("Tom: שלום, דנה.", base=False)) == [
        ("Tom: ", False),
        ("שלום, דנה", True),
        (".", False),
    ]
    assert list(runs("שלום Tom!", base=True)) == [("שלום ", True), ("Tom", False), ("!", True)]


def test_digits_stay_with_the_letters_before_them() -> None:
    assert list(runs("עד Q3 2026", base=True)) == [("עד ", True), ("Q3 2026", False)]
    assert list(runs("עד 2026", base=True)) == [("עד 2026", True)]


@given(text=st.text(), base=st.booleans())
def test_no_character_is_lost(text: str, base: bool) -> None:  # noqa: FBT001
    stretches = list(runs(text, base=base))
    assert "".join(stretch for stretch, _ in stretches) == text
    assert all(one[1] != other[1] for one, other in pairwise(stretches))
