"""`kill -9` at random moments over a folder that recordings are being copied into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.box import Box
from tests.faults.recordings import transcript
from tests.faults.scenarios import kills

MakeBox = Callable[..., Box]
Spoken = Callable[[int], list[tuple[str, bytes]]]


def mixed(spoken: list[tuple[str, bytes]], transcripts: int) -> list[tuple[str, bytes]]:
    """Return recordings with transcripts between them, some in folders, one with an odd name."""
    written = [(f"week {n // 5}/call {n} – ü.vtt", transcript(n)) for n in range(transcripts)]
    gap = max(1, len(written) // max(1, len(spoken)))
    for n, recording in enumerate(spoken):
        written.insert(n * (gap + 1), recording)
    return written


@pytest.mark.asr
def test_whatever_is_killed_each_recording_ends_as_one_memo(
    box: MakeBox, database: str | None, spoken: Spoken, weights: Callable[..., Path]
) -> None:
    made = box(database=database, MEMO_ASR_MODEL=str(weights("tiny.en", "asr")))
    came = kills(made, mixed(spoken(1), 6), rounds=10, pause=(0.2, 1.6))
    assert came.verdict.wrong == []
    assert came.verdict.memos == came.verdict.inputs == 7


@pytest.mark.faults
@pytest.mark.asr
@pytest.mark.timeout(3600)
def test_whatever_is_killed_two_hundred_times_each_recording_ends_as_one_memo(
    box: MakeBox, database: str | None, spoken: Spoken, weights: Callable[..., Path]
) -> None:
    made = box(database=database, MEMO_ASR_MODEL=str(weights("tiny.en", "asr")))
    came = kills(made, mixed(spoken(30), 90), rounds=200, pause=(0.3, 4.0))
    assert came.verdict.wrong == []
    assert came.verdict.memos == came.verdict.inputs == 120
