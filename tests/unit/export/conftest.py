"""A real memo, and the same memo with any text in the place of its words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memo.model import Memo

Rewrite = Callable[[Memo, Callable[[str], str]], Memo]

# What is free text, and may hold anything at all; the rest is numbers, dates, codes.
FREE = {
    *("title", "summary", "timezone", "language", "filename", "name", "label", "role", "statement"),
    *("rationale", "considered", "decided_by", "supersedes", "task", "owner", "due_text", "quote"),
    *("question", "raised_by", "waiting_on", "speaker", "reason", "warnings", "memo_version"),
    *("asr_model", "language_model"),
}


@pytest.fixture(scope="session")
def folder() -> Path:
    return Path(__file__).parent


@pytest.fixture(scope="session")
def weekly(folder: Path) -> Memo:
    """The memo that a careful reader wrote of examples/weekly-call.m4a."""
    return Memo.model_validate_json((folder / "weekly-call.memo.json").read_bytes())


@pytest.fixture(scope="session")
def empty(weekly: Memo) -> Memo:
    """A memo of a meeting in which nothing was settled."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("decisions", "action_items", "open_questions", "topics", "participants"), ()
    )
    return weekly.model_copy(update={**nothing, "summary": "", "started_at": None})


@pytest.fixture(scope="session")
def rewritten() -> Rewrite:
    """Return a function that puts another text in the place of every free text of a memo."""

    def rewrite(memo: Memo, change: Callable[[str], str]) -> Memo:
        return Memo.model_validate(_rewritten(memo.model_dump(), change))

    return rewrite


def _rewritten(value: Any, change: Callable[[str], str], *, free: bool = False) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _rewritten(part, change, free=key in FREE) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return tuple(_rewritten(part, change, free=free) for part in value)
    return change(value) if free and isinstance(value, str) else value
