from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.speech.recognition.asked import LONGEST_PROMPT, prompt_of


@pytest.mark.parametrize(
    ("words", "prompt"),
    [
        ((), None),
        (("Priya",), " Priya."),
        (("Priya", "Tom", "Priya", "Teravault"), " Priya, Tom, Teravault."),
    ],
)
def test_names_are_told_as_if_they_had_been_said(
    words: tuple[str, ...], prompt: str | None
) -> None:
    assert prompt_of(words) == prompt


def test_of_more_than_fit_the_first_are_told() -> None:
    names = ["Priya", "x" * LONGEST_PROMPT, *(f"Name{n}" for n in range(100))]
    told = prompt_of(names)
    assert told is not None
    assert told.startswith(" Priya, Name0, Name1,")
    assert "x" not in told


@given(st.lists(st.text(max_size=300)))
def test_a_prompt_leaves_room_for_an_answer(words: list[str]) -> None:
    assert len(prompt_of(words) or "") <= LONGEST_PROMPT + 1
