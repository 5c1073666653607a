"""Windows: stretches of whole lines that fit the model, each line in at least one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from memo.extraction.lines import Line

MOST_TOKENS = 6000
"""Longest window, even for a model that could read more: attention thins out over long talk."""
OVERLAP = 0.12
"""Share of a window that is read again in the next, so that no moment is cut in two."""


def plan_windows(
    lines: Sequence[Line], budget: int, count_tokens: Callable[[str], int]
) -> list[Sequence[Line]]:
    """Return windows of whole lines of at most `budget` tokens, in order, overlapping a little.

    A single line that is longer than the budget (it holds at most a few dozen words) is a
    window of its own.

    Args:
        lines: Neighbouring lines of a transcript.
        budget: Tokens that a window may have.
        count_tokens: Counts the tokens of a text; asked about twice per line.
    """
    from langchain_text_splitters import CharacterTextSplitter

    size = max(1, min(budget, MOST_TOKENS))
    splitter = CharacterTextSplitter(
        separator="\n",
        chunk_size=size,
        chunk_overlap=int(size * OVERLAP),
        length_function=count_tokens,
        keep_separator=False,
        strip_whitespace=False,
    )
    windows: list[Sequence[Line]] = []
    first = lines[0].number if lines else 0
    for chunk in splitter.split_text("\n".join(line.shown() for line in lines)):
        # A line never holds a line break, so the chunk's lines are ours, and the first says where.
        number = int(chunk[1 : chunk.index("]")])
        start = number - first
        windows.append(lines[start : start + chunk.count("\n") + 1])
    return [w for w, following in pairwise([*windows, []]) if not _within(w, following)]


def _within(window: Sequence[Line], other: Sequence[Line]) -> bool:
    return bool(window and other) and window[0].number >= other[0].number


def halves(window: Sequence[Line]) -> tuple[Sequence[Line], Sequence[Line]]:
    """Cut a window in the middle: what did not fit is asked in two."""
    middle = len(window) // 2
    return window[:middle], window[middle:]
