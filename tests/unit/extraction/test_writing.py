"""The memo tells how much it rests on, whatever the call was like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.extraction import read_by_rules
from memo.extraction.cues import cues_for
from memo.extraction.evidence import Quotes
from memo.model import (
    DecisionClaim,
    DecisionStatus,
    Draft,
    Gap,
    Meeting,
    NameSource,
    Participant,
    Remark,
    RemarkCode,
    Transcript,
)

if TYPE_CHECKING:
    from tests.unit.extraction.conftest import Desk

MEETING = Meeting(title="Call", attendees=("Ann Weber", "Bo Larsen"))


def draft(**more: object) -> Draft:
    return Draft.model_validate({"reader": "test", "prompts_sha256": "0" * 64, **more})


def test_an_empty_call_has_an_empty_memo(desk: Desk) -> None:
    memo = desk.by_rules(desk.talk(), MEETING)
    assert (memo.findings(), memo.summary, memo.topics) == ((), "", ())
    assert memo.coverage.analysed_seconds == memo.coverage.speech_seconds == 0
    assert [p.name for p in memo.participants] == ["Ann Weber", "Bo Larsen"]


@pytest.mark.parametrize("speaker", [None, "Ann"])
@pytest.mark.parametrize("text", ["", " ", "…", "Yes.", "So, decision: we move to Oslo in May."])
def test_one_segment_makes_a_memo(desk: Desk, speaker: str | None, text: str) -> None:
    transcript = desk.talk((speaker, text))
    memo = desk.by_rules(transcript, MEETING)
    assert len(memo.decisions) == ("Oslo" in text)
    assert desk.misquoted(memo, transcript) == []


def test_without_speakers_nobody_is_made_up(desk: Desk) -> None:
    transcript = desk.talk(
        (None, "So, decision: we move the launch to Oslo in May."),
        (None, "Okay, agreed."),
        (None, "I'll tell the customers by Friday."),
    )
    memo = desk.by_rules(transcript, MEETING)
    assert memo.decisions
    assert memo.action_items
    assert {a.owner for a in memo.action_items} == {None}
    assert {d.decided_by for d in memo.decisions} == {()}


def test_people_are_listed_once_by_the_name_on_the_list(desk: Desk) -> None:
    transcript = desk.talk(("S0", "Hello."), ("S1", "Hi."), names={"S0": "Ann", "S1": "Cy"})
    meeting = Meeting(title="Call", attendees=("Ann Weber", "Bo Larsen", "bo larsen", " "))
    assert desk.by_rules(transcript, meeting).participants == (
        Participant(name="Ann Weber", label="S0"),
        Participant(name="Cy", label="S1"),
        Participant(name="Bo Larsen", source=NameSource.TOLD),
    )


# --- Coverage -----------------------------------------------------------------------------------

QUIET = Remark.of(RemarkCode.NO_SPEECH)
LONG = Remark.of(RemarkCode.ANSWER_TOO_LONG, about="actions")
GAPS = st.lists(
    st.tuples(st.floats(0, 60), st.floats(0, 60), st.sampled_from([QUIET, LONG])).map(
        lambda g: Gap(start=min(g[:2]), end=max(g[:2]), remarks=(g[2],))
    ),
    max_size=8,
)


@given(GAPS)
def test_a_second_that_was_missed_twice_is_missed_once(desk: Desk, gaps: list[Gap]) -> None:
    transcript = desk.talk(*[("Ann", "one two three four five")] * 20)
    coverage = desk.written(draft(gaps=tuple(gaps)), transcript).coverage
    missed = sum(
        0.01
        for segment in transcript.segments
        for step in range(200)
        if any(g.start <= segment.start + step / 100 < g.end for g in gaps)
    )
    assert coverage.analysed_seconds == pytest.approx(transcript.speech_seconds - missed, abs=0.5)
    assert 0 <= coverage.analysed_seconds <= coverage.speech_seconds
    assert len({(g.start, g.end) for g in coverage.gaps}) == len(coverage.gaps)
    assert {(g.start, g.end) for g in coverage.gaps} == {(g.start, g.end) for g in gaps}


def test_coverage_says_what_a_speech_model_heard_if_one_listened(desk: Desk) -> None:
    read = desk.talk(("Ann", "one two three"))
    heard = read.model_copy(update={"decoded_seconds": read.duration - 0.5, "asr_model": "w/base"})
    coverage = desk.written(draft(), heard).coverage
    assert coverage.decoded_seconds == read.duration - 0.5
    assert coverage.skipped_seconds == pytest.approx(0.5)
    untold = desk.written(draft(), read).coverage
    assert (untold.decoded_seconds, untold.skipped_seconds) == (None, None)


def test_gaps_of_the_sound_stay_beside_those_of_the_reading(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "one two three")).model_copy(
        update={"gaps": (Gap(start=9, end=10, remarks=(QUIET,)),)}
    )
    memo = desk.written(draft(gaps=(Gap(start=0, end=1, remarks=(LONG,)),)), transcript)
    assert [g.remarks for g in memo.coverage.gaps] == [(LONG,), (QUIET,)]


def test_warnings_of_every_stage_are_told(desk: Desk) -> None:
    transcript = desk.talk().model_copy(update={"warnings": (QUIET,)})
    assert desk.written(draft(warnings=(LONG,)), transcript).remarks == (QUIET, LONG)


# --- The summary --------------------------------------------------------------------------------


def test_the_summary_without_a_model_is_what_was_accepted(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "We move to Oslo. We rent a boat. We do not sell the house."))
    claims = [
        DecisionClaim(statement="Move to Oslo", segment_ids=(0,)),
        DecisionClaim(statement="Rent a boat", segment_ids=(0,), status=DecisionStatus.PROPOSED),
        DecisionClaim(statement="Buy an island", segment_ids=(0,)),
        DecisionClaim(statement="Do not sell the house.", segment_ids=(0,)),
    ]
    memo = desk.written(draft(decisions=tuple(claims)), transcript)
    assert memo.summary == (
        "Decided: Move to Oslo; Do not sell the house. Proposed and not settled: Rent a boat."
    )


# --- Size ---------------------------------------------------------------------------------------


def counted(monkeypatch: pytest.MonkeyPatch, run: Callable[[], object]) -> int:
    """Return how many stretches of talk are compared letter by letter while something runs."""
    compared = 0
    original = Quotes._aligned

    def counting(self: Quotes, wanted: list[str], first: int, end: int) -> object:
        nonlocal compared
        compared += end - first
        return original(self, wanted, first, end)

    monkeypatch.setattr(Quotes, "_aligned", counting)
    run()
    return compared


def long_call(desk: Desk, turns: int) -> tuple[Transcript, Draft]:
    transcript = desk.talk(
        *[
            (f"P{n % 4}", f"We move item{n} to shelf{n % 97} on the second floor.")
            for n in range(turns)
        ]
    )
    claims = tuple(
        DecisionClaim(
            statement=f"Move item{n} to shelf{n % 97}",
            segment_ids=(n,),
            quote=f"we moved itam{n} to a shelf on the second flour",
        )
        for n in range(0, turns, turns // 40)
    )
    return transcript, draft(decisions=claims)


def test_the_work_for_a_claim_does_not_grow_with_the_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(size: int) -> int:
        transcript, claims = long_call(desk, size)
        return counted(monkeypatch, lambda: desk.written(claims, transcript))

    assert 0 < work(10_000) < 3 * work(400)


def test_a_call_of_ten_thousand_segments_is_read(desk: Desk) -> None:
    transcript = desk.talk(
        *[(f"P{n % 4}", f"So, we move box {n} to the second floor, okay.") for n in range(10_000)]
    )
    assert cues_for("en")
    made = read_by_rules(transcript, MEETING)
    memo = desk.written(made, transcript, MEETING)
    assert len(memo.findings()) == len(made.decisions) + len(made.actions) + len(made.questions)
    assert desk.misquoted(memo, transcript) == []
