"""The wall clock jumps while recordings come in, wait and are worked on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.box import Box, eventually
from tests.faults.language_model import LanguageModel
from tests.faults.recordings import transcript
from tests.faults.scenarios import dropping, settle

MakeBox = Callable[..., Box]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.mark.parametrize("jump", [3600, -3600, 86_400, -86_400])
def test_nothing_stands_still_when_the_clock_jumps(
    box: MakeBox, clock: Path, language_model: LanguageModel, tmp_path: Path, jump: int
) -> None:
    seconds = tmp_path / "seconds"
    seconds.write_text("0")
    shifted = {"LD_PRELOAD": str(clock), "SHIFT_FILE": str(seconds)}
    made = box(MEMO_LLM_TIMEOUT="2", **language_model.environment, **shifted)
    made.watch("--slots", "1")
    made.start("worker", "--slots", "1")
    calls = [(f"call{n}.vtt", transcript(n)) for n in range(12)]
    with dropping(made, calls, over=20, seed=1) as dropped:
        eventually(made.memos, 60, what="the first memo")
        language_model.mood = "broken"
        eventually(lambda: "waiting" in made.states(), 120, what="one to wait")
        seconds.write_text(str(jump))
        language_model.mood = "well"
        dropped.wait()
        began = time.monotonic()
        settle(made)
        assert time.monotonic() - began < 240
    made.stop_all()
    seconds.write_text("0")
    verdict = made.verdict()
    assert verdict.wrong == []
    assert verdict.memos == 12
