"""What a memo says is held against what people found, and each mistake is counted once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from memo.evaluation.counting import Counts, is_verbatim
from memo.evaluation.labels import Category
from memo.model import (
    DecisionStatus,
    Evidence,
    Participant,
    Recording,
    Segment,
    Transcript,
    Verdict,
)

if TYPE_CHECKING:
    from tests.unit.evaluation.conftest import Bench

MOVED = "The launch is moved to Friday"


def counted(bench: Bench, category: Category, *findings: object, data: object = None) -> Counts:
    return bench.measured(*findings, data=data).counts[category]


def test_a_perfect_memo_has_everything_right(bench: Bench) -> None:
    measured = bench.measured(
        bench.decision(
            MOVED, rationale="the tests are red", decided_by=("Bo Diaz",), supersedes=None
        ),
        bench.action("Tell the customers", owner="Ann Lee", due=dt.date(2026, 3, 4)),
        bench.question("Who pays for the venue?"),
    )
    both = sum(measured.counts.values(), Counts())
    assert (both.found, both.labels, both.hits) == (3, 3, 3)
    assert (both.spans, both.near, both.placed, both.reached) == (3, 3, 3, 3)
    decisions, actions = measured.counts["decisions"], measured.counts["actions"]
    assert (decisions.status_right, decisions.reason_right, decisions.reason_borne_out) == (1, 1, 1)
    assert (decisions.deciders_right, decisions.replaces_wrong) == (1, 0)
    assert (actions.owner_right, actions.due_right, actions.owner_wrong) == (1, 1, 0)
    assert measured.misquoted == ()
    assert measured.violations == ()
    assert (measured.speech_seconds, measured.analysed_seconds) == (32, 24)


def test_an_empty_memo_misses_everything(bench: Bench) -> None:
    for counts in bench.measured().counts.values():
        assert (counts.found, counts.labels, counts.hits, counts.reached) == (0, 1, 0, 0)


def test_a_second_finding_of_the_same_is_one_too_many(bench: Bench) -> None:
    counts = counted(bench, "decisions", bench.decision(MOVED), bench.decision(MOVED))
    assert (counts.found, counts.hits) == (2, 1)


def test_unsupported_findings_are_not_counted(bench: Bench) -> None:
    nobody = bench.decision("Buy a boat", verdict=Verdict.UNSUPPORTED, evidence=())
    measured = bench.measured(nobody)
    assert measured.counts["decisions"].found == 0
    assert measured.verdicts == {Verdict.UNSUPPORTED: 1}


def test_an_optional_label_is_neither_required_nor_wrong(bench: Bench) -> None:
    data = bench.changed("gold", "decisions", 0, "optional", to="said in passing")
    assert counted(bench, "decisions", data=data).labels == 0
    counts = counted(bench, "decisions", bench.decision(MOVED), data=data)
    assert (counts.found, counts.labels, counts.hits, counts.status_asked) == (0, 0, 0, 0)
    assert (counts.spans, counts.near, counts.placed) == (1, 1, 0)


@pytest.mark.parametrize(
    ("label", "told", "right"),
    [
        ("accepted", DecisionStatus.ACCEPTED, 1),
        ("accepted", DecisionStatus.PROPOSED, 0),
        ("proposed", DecisionStatus.ACCEPTED, 0),
        ("rejected", DecisionStatus.REJECTED, 1),
        ("rejected", DecisionStatus.ACCEPTED, 1),
        ("rejected", DecisionStatus.PROPOSED, 0),
    ],
)
def test_a_status_is_right_or_not(
    bench: Bench, label: str, told: DecisionStatus, right: int
) -> None:
    data = bench.changed("gold", "decisions", 0, "status", to=label)
    counts = counted(bench, "decisions", bench.decision(MOVED, status=told), data=data)
    assert (counts.status_asked, counts.status_right) == (1, right)


@pytest.mark.parametrize(
    ("owner", "right", "wrong"),
    [("Ann Lee", 1, 0), ("ann", 1, 0), ("Bo Diaz", 0, 1), (None, 0, 0), ("Ann and Bo", 0, 1)],
)
def test_a_missing_owner_is_not_a_wrong_one(
    bench: Bench, owner: str | None, right: int, wrong: int
) -> None:
    counts = counted(bench, "actions", bench.action("Tell the customers", owner=owner))
    assert (counts.owner_asked, counts.owner_right, counts.owner_wrong) == (1, right, wrong)


def test_naming_an_owner_where_there_is_none_is_wrong(bench: Bench) -> None:
    data = bench.changed("gold", "actions", 0, "owner", to=None)
    counts = counted(bench, "actions", bench.action("Tell the customers", owner="Bo"), data=data)
    assert (counts.owner_right, counts.owner_wrong) == (0, 1)
    counts = counted(bench, "actions", bench.action("Tell the customers"), data=data)
    assert (counts.owner_right, counts.owner_wrong) == (1, 0)


@pytest.mark.parametrize(
    ("labelled", "accepted", "told", "counts"),
    [
        ("2026-03-04", [], "2026-03-04", (1, 1, 0)),
        ("2026-03-04", [], "2026-03-05", (1, 0, 1)),
        ("2026-03-04", [], None, (1, 0, 0)),
        ("2026-03-04", ["2026-03-05"], "2026-03-05", (1, 1, 0)),
        ("2026-03-04", [None], None, (1, 1, 0)),
        (None, [], None, (0, 0, 0)),
        (None, [], "2026-03-04", (0, 0, 1)),
    ],
)
def test_a_missing_date_is_not_a_wrong_one(
    bench: Bench,
    labelled: str | None,
    accepted: list[str | None],
    told: str | None,
    counts: tuple[int, int, int],
) -> None:
    data = bench.changed("gold", "actions", 0, "due", to=labelled)
    data["gold"]["actions"][0]["due_accept"] = accepted
    due = dt.date.fromisoformat(told) if told else None
    n = counted(bench, "actions", bench.action("Tell the customers", due=due), data=data)
    assert (n.due_asked, n.due_right, n.due_wrong) == counts


def test_a_reason_that_nobody_gave_is_told_apart(bench: Bench) -> None:
    said = bench.decision(MOVED, rationale="the tests are red")
    invented = bench.decision(MOVED, rationale="the weather will be better")
    assert counted(bench, "decisions", said).reason_borne_out == 1
    counts = counted(bench, "decisions", invented)
    assert (counts.reason_right, counts.reason_borne_out) == (1, 0)
    assert counted(bench, "decisions", bench.decision(MOVED)).reason_right == 0


def test_a_replaced_decision_is_told_or_made_up(bench: Bench) -> None:
    told = bench.decision(MOVED, supersedes="the launch on Monday")
    assert counted(bench, "decisions", told).replaces_wrong == 1
    data = bench.changed("gold", "decisions", 0, "supersedes", to={"meeting": "m", "decision": "d"})
    counts = counted(bench, "decisions", told, data=data)
    assert (counts.replaces_asked, counts.replaces_right, counts.replaces_wrong) == (1, 1, 0)


def test_evidence_elsewhere_misses_though_the_words_are_right(bench: Bench) -> None:
    counts = counted(bench, "decisions", bench.decision("The launch moves to Friday", place=3))
    assert (counts.hits, counts.near, counts.reached) == (1, 0, 0)


def test_long_evidence_counts_for_its_first_minute(bench: Bench) -> None:
    long = Evidence(start=0, end=300, speaker=None, quote="x", score=1)
    counts = counted(bench, "decisions", bench.decision(MOVED, evidence=(long,)))
    assert (counts.spans, counts.near) == (1, 0)


def test_stretches_are_not_judged_where_labels_have_no_place(bench: Bench) -> None:
    question = bench.question("Is the venue too dear?")
    counts = counted(bench, "questions", question, data=bench.corpus)
    assert (counts.found, counts.labels, counts.spans, counts.placed) == (1, 1, 0, 0)


# --- Quotes -------------------------------------------------------------------------------------


def test_a_quote_is_verbatim_at_its_time_and_by_its_speaker(bench: Bench) -> None:
    transcript = bench.case().transcript
    (right,) = bench.evidence(1)
    assert is_verbatim(right, transcript)
    assert is_verbatim(right.model_copy(update={"quote": "the tests  are\nred"}), transcript)
    for wrong in (
        {"quote": "the tests were red"},
        {"quote": ""},
        {"speaker": "Ann Lee"},
        {"start": 200.0, "end": 208.0},
    ):
        assert not is_verbatim(right.model_copy(update=wrong), transcript), wrong


def test_a_segment_without_length_can_be_quoted() -> None:
    segments = (
        Segment(id=0, start=5, end=5, text="Yeah", speaker="A"),
        Segment(id=1, start=6, end=8, text="fine", speaker="A"),
    )
    transcript = Transcript(
        recording=Recording(filename="a", sha256="0" * 64),
        duration=9,
        speech_seconds=2,
        language="en",
        segments=segments,
        participants=(Participant(name="A", label="A"),),
    )
    assert is_verbatim(
        Evidence(start=5, end=8, speaker="A", quote="Yeah fine", score=1), transcript
    )


def test_a_quote_that_was_changed_is_listed(bench: Bench) -> None:
    wrong = bench.decision(MOVED, evidence=bench.evidence(1, "We move the launch to Monday"))
    assert bench.measured(wrong).misquoted == ("We move the launch to Monday",)


# --- What must not be said ----------------------------------------------------------------------


def test_a_statement_that_must_not_be_made_is_found(bench: Bench) -> None:
    (found,) = bench.measured(bench.decision("Cancel the launch")).violations
    assert (found.finding, found.must_not) == ("Cancel the launch", "The launch is cancelled.")


@pytest.mark.parametrize(
    "more",
    [
        {"status": DecisionStatus.PROPOSED},
        {"status": DecisionStatus.REJECTED},
        {"verdict": Verdict.UNSUPPORTED},
        {"statement": "The launch is not cancelled"},
        {"statement": "The 2 launches are cancelled"},
    ],
)
def test_what_is_not_stated_as_a_fact_is_no_violation(bench: Bench, more: dict[str, Any]) -> None:
    statement = more.pop("statement", "The launch is cancelled")
    assert bench.measured(bench.decision(statement, **more)).violations == ()


def test_a_task_of_the_wrong_person_is_a_violation_and_of_the_right_one_none(bench: Bench) -> None:
    wrong = bench.action("Tell the customers", owner="Bo")
    (found,) = bench.measured(wrong).violations
    assert found.must_not == "Bo Diaz tells the customers."
    right = bench.action("Tell the customers", owner="Ann Lee")
    nobody = bench.action("Tell the customers")
    assert bench.measured(right, nobody).violations == ()


# --- Voices -------------------------------------------------------------------------------------


def test_a_voice_that_was_heard_without_a_name_is_known_by_its_times(bench: Bench) -> None:
    case = bench.case()
    voices = {"Ann Lee": "Speaker 1", "Bo Diaz": "Speaker 2"}
    segments = tuple(
        s.model_copy(update={"speaker": voices[str(s.speaker)]}) for s in case.transcript.segments
    )
    people = tuple(Participant(name=v, label=v) for v in voices.values())
    heard = case.transcript.model_copy(update={"segments": segments, "participants": people})
    right = bench.action("Tell the customers", owner="Speaker 1")
    counts = bench.measured(right, heard=heard).counts["actions"]
    assert (counts.owner_right, counts.owner_wrong) == (1, 0)
    wrong = right.model_copy(update={"owner": "Speaker 2"})
    assert bench.measured(wrong, heard=heard).counts["actions"].owner_wrong == 1
