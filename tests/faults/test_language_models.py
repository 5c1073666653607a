"""A language model that hangs, is busy, breaks, talks nonsense; and then is well."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.faults.box import Box, eventually
from tests.faults.language_model import LanguageModel, Mood
from tests.faults.recordings import transcript
from tests.faults.scenarios import settle

MakeBox = Callable[..., Box]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.mark.parametrize("mood", ["hang", "busy", "broken", "refused", "gone"])
def test_a_model_that_does_not_answer_is_waited_for(
    box: MakeBox, language_model: LanguageModel, mood: Mood
) -> None:
    made = box(MEMO_LLM_TIMEOUT="2", **language_model.environment)
    language_model.mood = mood
    made.watch("--slots", "1")
    for number in range(3):
        (made.inbox / f"call{number}.vtt").write_bytes(transcript(number))
    waiting = lambda: set(made.states()) == {"waiting"} or made.memos()  # noqa: E731
    eventually(waiting, 240, what="all to wait")
    assert not made.memos()
    assert len(list(made.inbox.glob("*.transcript.vtt"))) == 3
    assert all(job["reason"] for job in made.jobs())
    language_model.mood = "well"
    settle(made)
    made.stop_all()
    assert made.verdict().wrong == []


@pytest.mark.parametrize("mood", ["garbage", "half"])
def test_a_model_that_talks_nonsense_for_a_while_spoils_no_memo(
    box: MakeBox, language_model: LanguageModel, mood: Mood
) -> None:
    made = box(**language_model.environment)
    language_model.mood = mood
    made.watch("--slots", "1")
    for number in range(3):
        (made.inbox / f"call{number}.vtt").write_bytes(transcript(number))
    eventually(lambda: made.states().get("failed") == 3, 240, what="all to fail")
    assert not made.memos()
    assert len(list(made.inbox.glob("*.error.txt"))) == 3
    language_model.mood = "well"
    time.sleep(3)
    assert not made.memos()  # nobody asked for it again
    again = made.run("jobs", "retry", *(str(job["id"]) for job in made.jobs()))
    assert again.returncode == 0, again.stderr
    settle(made)
    made.stop_all()
    assert made.verdict().wrong == []
