"""What the tests of conversions are done with."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NoReturn

import pytest

from memo.extraction.prompts import load_prompts
from memo.pipeline import Tools


def refuse() -> NoReturn:
    """Nobody is to call for this."""
    pytest.fail("not wanted")


@pytest.fixture
def rule_tools(tmp_path: Path) -> Tools:
    """Tools that read by rules; nothing can be heard, and nothing is logged."""
    return Tools(
        transcriber=refuse,
        transcriber_key="given",
        model=None,
        model_key="none",
        small=False,
        fetch=lambda _needs_asr: None,
        prompts=load_prompts(),
        log=None,
        work=tmp_path / "work",
        version="1",
        now=lambda: dt.datetime(2026, 3, 5, tzinfo=dt.UTC),
    )
