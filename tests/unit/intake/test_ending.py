"""What each error means for a job, and for how long it is put off."""

from __future__ import annotations

import datetime as dt
import errno
import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo import errors
from memo.errors import MemoError
from memo.intake.ending import (
    FIRST_WAIT,
    LONGEST_WAIT,
    TRIES,
    Stopping,
    ending_of,
    poisoned,
    wait_of,
)
from memo.intake.job import Ending, Job, Place, Request, State
from memo.pipeline.conversion import AGAIN

NOW = dt.datetime(2026, 11, 22, 17, 30, tzinfo=dt.UTC)
SAID = "the words of a call"

FOR_LATER = {
    "ConfigError", "WeightsUnavailable", "MissingDependencyError", "LanguageModelUnavailable",
    "LanguageModelError", "DatabaseUnavailable", "DatabaseFull", "OutputUnavailable", "DiskFull",
    "RecordingUnavailable", "RecordingChanged",
}  # fmt: skip
OVER = {
    "SidecarError", "RecordingError", "InvalidAnswer", "AnswerTooLong", "DecisionLogError",
    "EditConflict", "OutputError", "IncompleteResult",
}  # fmt: skip
CHANCE = {"TranscriptionError"}
GONE = {"RecordingMissing"}

KINDS = {
    name: kind
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, MemoError) and kind is not MemoError
}


def job(**about: object) -> Job:
    told: dict[str, Any] = {
        "id": 12,
        "token": "abc",
        "key": "0" * 64,
        "recording_sha256": "1" * 64,
        "place": Place(machine="m", path=b"/calls/call.m4a".hex()),
        "filename": "call.m4a",
        "request": Request(settings={}),
        "created_at": NOW,
        "changed_at": NOW,
        **about,
    }
    return Job(**told)


def ends(error: Exception, **about: object) -> Ending:
    return ending_of(error, job(**about), NOW)


def test_every_error_has_its_place_in_one_of_the_tables() -> None:
    tables = [FOR_LATER, OVER, CHANCE, GONE]
    assert set().union(*tables) == set(KINDS)
    assert sum(map(len, tables)) == len(KINDS)


@pytest.mark.parametrize("name", sorted(KINDS))
@pytest.mark.parametrize("waits", [0, 5, 1000])
def test_what_is_not_the_files_fault_waits_for_ever_and_all_else_is_over(
    name: str, waits: int
) -> None:
    kind = KINDS[name]
    ending = ends(kind("it went wrong", hint="Mend it."), waits=waits, attempt=waits + 1)
    wanted = State.GONE if name in GONE else State.FAILED if name in OVER else State.WAITING
    assert ending.state is wanted
    assert (ending.reason, ending.hint) == ("it went wrong", "Mend it.")
    assert ending.exit_code == kind.exit_code
    assert (ending.not_before is not None) is (wanted is State.WAITING)


@pytest.mark.parametrize(
    "error", [errors.TranscriptionError("failed"), KeyError(SAID), MemoryError()]
)
def test_what_may_be_chance_is_tried_a_few_times(error: Exception) -> None:
    now = job()
    for _ in range(TRIES - 1):
        ending = ending_of(error, now, NOW)
        assert ending.state is State.WAITING
        now = job(waits=now.waits + 1, results=ending.results)
    ending = ending_of(error, now, NOW)
    assert ending.state is State.FAILED
    assert ending.results == {}


def test_waiting_for_something_else_in_between_is_no_try() -> None:
    once = ending_of(KeyError(), job(), NOW)
    down = errors.LanguageModelUnavailable("down")
    now = job(waits=1, results=once.results)
    for waits in range(1, 50):
        now = job(waits=waits, results=ending_of(down, now, NOW).results)
    ending = ending_of(KeyError(), now, NOW)
    assert ending.state is State.WAITING
    again = job(waits=50, results=ending.results)
    assert ending_of(KeyError(), again, NOW).state is State.FAILED


def test_who_retries_a_job_by_hand_gives_it_all_its_tries_again() -> None:
    assert ending_of(KeyError(), job(waits=0, results={"tries": 2}), NOW).state is State.WAITING


def test_a_bug_is_told_without_the_words_of_its_error() -> None:
    with pytest.raises(KeyError) as raised:
        dict[str, str]()[SAID]
    ending = ends(raised.value)
    assert SAID not in ending.model_dump_json()
    assert "bug in memo: KeyError" in ending.reason
    assert ending.exit_code == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.ESTALE, errno.EACCES])
def test_a_disk_that_nobody_has_spoken_of_is_waited_for_all_the_same(number: int) -> None:
    ending = ends(OSError(number, "refused"))
    assert ending.state is State.WAITING
    assert ending.reason == "a file cannot be read or written: refused"
    assert ending.hint


def test_a_hint_to_run_the_same_command_is_none_for_a_job() -> None:
    ending = ends(errors.LanguageModelUnavailable("down", hint=f"Start it. {AGAIN}"))
    assert ending.hint == "Start it. memo then goes on from the transcript."


def test_what_cannot_be_printed_is_replaced() -> None:
    ending = ends(errors.RecordingError("call\x1b[2J\udcff.m4a is broken", hint="a\nb"))
    assert ending.reason == "call�[2J�.m4a is broken"
    assert ending.hint == "a�b"


def test_a_poisonous_recording_says_what_was_being_done() -> None:
    ending = poisoned(job(crashes=4, stage="transcribing"))
    assert ending.state is State.FAILED
    assert ending.reason == "4 workers died while they worked on it, the last one in: transcribing"
    assert "memo jobs retry 12" in ending.hint
    assert poisoned(job(crashes=4)).reason == "4 workers died while they worked on it"


def test_stopping_is_taken_for_no_failure() -> None:
    assert not issubclass(Stopping, Exception)


# --- How long -----------------------------------------------------------------------------------


@given(waits=st.integers(0, 10**9), token=st.text(max_size=30))
def test_a_wait_doubles_up_to_an_hour_and_is_spread(waits: int, token: str) -> None:
    wait = wait_of(job(waits=waits, token=token))
    whole = min(30.0 * 2 ** min(waits, 40), 3600.0)
    assert 0.5 * whole <= wait.total_seconds() <= 1.5 * whole
    assert wait <= LONGEST_WAIT
    assert wait == wait_of(job(waits=waits, token=token))


def test_jobs_that_fail_together_do_not_come_back_together() -> None:
    waits = {wait_of(job(token=str(number))) for number in range(100)}
    assert len(waits) == 100
    assert max(waits) - min(waits) > FIRST_WAIT * 0.7


@given(
    seconds=st.floats(0, 7e9),
    waits=st.integers(0, 100),
)
def test_whatever_the_clock_says_a_job_waits_no_longer_than_the_longest(
    seconds: float, waits: int
) -> None:
    now = dt.datetime.fromtimestamp(seconds, dt.UTC)
    ending = ending_of(errors.DiskFull("full"), job(waits=waits), now)
    assert ending.not_before is not None
    assert dt.timedelta(0) < ending.not_before - now <= LONGEST_WAIT
