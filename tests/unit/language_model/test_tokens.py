"""Estimates of token counts; `tests/integration/test_embedded.py` holds them to real tokenizers."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from memo.language_model.tokens import estimate_tokens, fewest_tokens


@given(st.text())
def test_estimates_lie_between_nothing_and_one_token_a_byte(text: str) -> None:
    most = len(text.encode(errors="replace"))
    assert 0 <= fewest_tokens(text) <= most
    assert fewest_tokens(text) <= estimate_tokens(text) <= most


@example(["", " ", " "])
@given(st.lists(st.text(alphabet="abcäß  –,.;01", max_size=30), max_size=5))
def test_lines_cost_no_more_together_than_alone(lines: list[str]) -> None:
    together = estimate_tokens("\n".join(lines))
    assert together <= sum(map(estimate_tokens, lines)) + len(lines)


def test_english_is_not_estimated_at_twice_its_tokens() -> None:
    text = "We decided to roll out by region instead of one cutover on the eighth."
    assert 15 <= estimate_tokens(text) <= 30  # 15 by the vocabulary of Qwen2.5


def test_text_without_words_is_not_free() -> None:
    assert estimate_tokens("1234567890") == 10
    assert estimate_tokens("\n\n\n") == 3
    assert estimate_tokens("🙂") == 4
