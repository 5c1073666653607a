"""A log in a real database, and memos to record in it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from memo.decision_log.log import DecisionLog
from memo.model import Coverage, Decision, Evidence, Memo, Provenance, Recording, Verdict

STARTED_AT = dt.datetime(2026, 3, 2, 16, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture
def log(url: str) -> Iterator[DecisionLog]:
    with DecisionLog(url) as log:
        yield log


@pytest.fixture(scope="session")
def decision() -> Callable[..., Decision]:
    """Make a decision: its statement, where it starts, and whatever else is given."""

    def make(statement: str, start: float = 10.0, **changes: Any) -> Decision:  # noqa: ANN401
        evidence = Evidence(start=start, end=start + 5, speaker="Ana", quote="so be it", score=1)
        values: dict[str, Any] = {
            "id": "D1",
            "verdict": Verdict.SUPPORTED,
            "confidence": 0.9,
            "evidence": (evidence,),
            "statement": statement,
        }
        return Decision(**values | changes)

    return make


@pytest.fixture(scope="session")
def memo() -> Callable[..., Memo]:
    """Make the memo of a meeting: its decisions, and whatever else is given."""

    def make(*decisions: Decision, call: str = "weekly", **changes: Any) -> Memo:  # noqa: ANN401
        sha256 = hashlib.sha256(call.encode("utf-8", "surrogatepass")).hexdigest()
        values: dict[str, Any] = {
            "title": "Weekly call",
            "started_at": STARTED_AT,
            "timezone": "Europe/Berlin",
            "language": "en",
            "duration": 180.0,
            "recording": Recording(filename=f"{call}.m4a", sha256=sha256),
            "decisions": tuple(
                decision.model_copy(update={"id": f"D{place}"})
                for place, decision in enumerate(decisions, start=1)
            ),
            "coverage": Coverage(audio_seconds=180, speech_seconds=150, analysed_seconds=180),
            "provenance": Provenance(
                memo_version="0.1.0",
                asr_model="faster-whisper/base",
                language_model="rules",
                prompts_sha256="0" * 64,
                created_at=STARTED_AT,
            ),
        }
        return Memo(**values | changes)

    return make
