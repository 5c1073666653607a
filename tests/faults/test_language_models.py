"""A language model that hangs, is busy, breaks, talks nonsense; and then is well."""

from __future__ import annotations

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
    told: set[str] = set()

    def have_waited() -> bool:
        """Each may be tried again at any moment: who has ever waited, and said why?"""
        told.update(job["filename"] for job in made.jobs() if job["reason"])
        return len(told) == 3

    eventually(have_waited, 240, what="all to wait")
    assert not made.memos()
    assert len(list(made.inbox.glob("*.transcript.vtt"))) == 3
    language_model.mood = "well"
    settle(made)
    made.stop_all()
    assert made.verdict().wrong == []


@pytest.mark.parametrize("mood", ["garbage", "half"])
def test_a_memo_of_a_model_that_talks_nonsense_says_so_and_is_made_anew_when_asked_for(
    box: MakeBox, language_model: LanguageModel, mood: Mood
) -> None:
    made = box(**language_model.environment)
    language_model.mood = mood
    made.watch("--slots", "1")
    for number in range(3):
        (made.inbox / f"call{number}.vtt").write_bytes(transcript(number))
    settle(made)
    for memos in made.memos().values():
        (memo,) = memos
        assert not memo["decisions"] + memo["action_items"] + memo["open_questions"]
        (gap,) = memo["coverage"]["gaps"]
        assert gap["end"] == memo["duration"]
    language_model.mood = "well"
    jobs = [str(job["id"]) for job in made.jobs()]
    again = made.run("jobs", "retry", *jobs)
    assert again.returncode == 0, again.stderr
    eventually(lambda: not any(gaps(made)), what="memos without a gap")
    settle(made)
    made.stop_all()
    assert made.verdict().wrong == []


def gaps(made: Box) -> list[object]:
    """What the memos say was not read."""
    return [gap for memos in made.memos().values() for gap in memos[0]["coverage"]["gaps"]]
