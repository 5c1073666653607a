"""What was poorly heard makes what rests on it doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from memo.extraction.verification import Verifier
from memo.model import (
    ActionClaim,
    DecisionClaim,
    Finding,
    Meeting,
    Remark,
    RemarkCode,
    Transcript,
    Verdict,
)

if TYPE_CHECKING:
    from tests.unit.extraction.conftest import Desk

CALL = (
    ("Ann", "So we agreed on forty thousand for Lisbon."),
    ("Bo", "Right, forty thousand it is."),
    ("Ann", "Bo, can you send the contract by Wednesday?"),
    ("Bo", "I will send it."),
)
MEETING = Meeting(title="Call", attendees=("Ann", "Bo"))


def heard(transcript: Transcript, **probabilities: float) -> Transcript:
    """A transcript of memo's own in which some words were heard with another probability."""
    segments = tuple(
        segment.model_copy(
            update={
                "words": tuple(
                    word.model_copy(
                        update={
                            "probability": probabilities.get(
                                word.text.strip(".,?"), probabilities.get("others", 0.95)
                            )
                        }
                    )
                    for word in segment.words
                )
            }
        )
        for segment in transcript.segments
    )
    return transcript.model_copy(update={"segments": segments, "asr_model": "faster-whisper/base"})


@pytest.fixture(scope="module")
def call(desk: Desk) -> Transcript:
    return desk.talk(*CALL, words=True)


def decided(transcript: Transcript, statement: str, *ids: int) -> Finding:
    claim = DecisionClaim(statement=statement, segment_ids=ids)
    return Verifier(transcript, MEETING).decision(claim, 1)


def test_a_figure_that_was_only_heard_poorly_is_doubtful(call: Transcript) -> None:
    poor = heard(call, forty=0.2)
    finding = decided(poor, "We agreed on forty thousand for Lisbon.", 0)
    assert finding.verdict is Verdict.UNCERTAIN
    assert finding.remarks == (Remark.of(RemarkCode.WORDS_POORLY_HEARD, words="40000"),)


def test_a_figure_that_was_heard_well_once_is_none(call: Transcript) -> None:
    first = call.segments[0]
    words = tuple(
        word.model_copy(update={"probability": 0.2 if word.text == "forty" else 0.95})
        for word in first.words
    )
    once = heard(call)
    segments = (first.model_copy(update={"words": words}), *once.segments[1:])
    finding = decided(
        once.model_copy(update={"segments": segments}), "We agreed on forty thousand.", 0
    )
    assert finding.verdict is Verdict.SUPPORTED


def test_a_name_that_was_poorly_heard_is_doubtful_but_for_those_who_were_there(
    call: Transcript,
) -> None:
    place = decided(heard(call, Lisbon=0.1), "We agreed on forty thousand for Lisbon.", 0)
    assert place.remarks == (Remark.of(RemarkCode.WORDS_POORLY_HEARD, words="Lisbon"),)
    person = Verifier(heard(call, Bo=0.1), MEETING).action(
        ActionClaim(task="Send the contract", owner="Bo", segment_ids=(2, 3)), 1
    )
    assert (person.verdict, person.owner) == (Verdict.SUPPORTED, "Bo")


def test_a_day_that_was_poorly_heard_is_doubtful(call: Transcript) -> None:
    claim = ActionClaim(
        task="Send the contract", owner="Bo", due_text="by Wednesday", segment_ids=(2, 3)
    )
    day = Verifier(heard(call, Wednesday=0.2), MEETING).action(claim, 1)
    assert day.remarks == (Remark.of(RemarkCode.WORDS_POORLY_HEARD, words="Wednesday"),)
    by = Verifier(heard(call, by=0.2), MEETING).action(claim, 1)
    assert by.verdict is Verdict.SUPPORTED


def test_what_was_poorly_heard_as_a_whole_is_doubtful_and_less_sure(call: Transcript) -> None:
    well = decided(heard(call), "We agreed on forty thousand for Lisbon.", 0)
    poor = decided(heard(call, others=0.65), "We agreed on forty thousand for Lisbon.", 0)
    assert well.verdict is Verdict.SUPPORTED
    assert poor.remarks == (Remark.of(RemarkCode.POORLY_HEARD),)
    assert poor.confidence < well.confidence


def test_words_around_the_evidence_do_not_lower_its_confidence(call: Transcript) -> None:
    sure = heard(call)
    beside = heard(call, send=0.1, contract=0.1)
    statement = "We agreed on forty thousand for Lisbon."
    assert decided(sure, statement, 0).confidence == decided(beside, statement, 0).confidence


def test_what_others_transcribed_counts_as_well_heard(call: Transcript) -> None:
    theirs = heard(call, others=0.1).model_copy(update={"asr_model": None})
    finding = decided(theirs, "We agreed on forty thousand for Lisbon.", 0)
    assert (finding.verdict, finding.remarks) == (Verdict.SUPPORTED, ())


def test_german_nouns_are_no_names(desk: Desk) -> None:
    call = desk.talk(
        ("Ann", "Also, wir machen den Vertrag mit vierzig Stunden."),
        ("Bo", "Gut, einverstanden."),
        language="de",
        words=True,
    )
    statement = "Wir machen den Vertrag mit vierzig Stunden."
    assert decided(heard(call, Vertrag=0.1), statement, 0).verdict is Verdict.SUPPORTED
    assert decided(heard(call, vierzig=0.1), statement, 0).verdict is Verdict.UNCERTAIN
