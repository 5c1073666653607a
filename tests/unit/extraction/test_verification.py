"""What the transcript does not bear out is never shown as fact."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.extraction.verification import Verifier
from memo.model import (
    ActionClaim,
    DecisionClaim,
    DecisionStatus,
    Meeting,
    QuestionClaim,
    Remark,
    RemarkCode,
    Transcript,
    Verdict,
)

if TYPE_CHECKING:
    from tests.unit.extraction.conftest import Desk

CALL = (
    ("Ann Weber", "Should we extend the contract with Acme? It costs 84,000 a quarter."),
    ("Bo Larsen", "I'd rather not. Nobody used it since the eighth of March."),
    ("Ann Weber", "Agreed, we do not extend the Acme contract."),
    ("Cy Adams", "Fine by me."),
    ("Ann Weber", "Cy, can you tell the supplier by Friday?"),
    ("Cy Adams", "Sorry, I can't, I'm away until Monday."),
    ("Bo Larsen", "I'll do it, by the end of the week."),
    ("Ann Weber", "And who owns the tariff table? Ilse Brandt from pricing would know."),
    ("Cy Adams", "No idea."),
)
MEETING = Meeting(
    title="Call",
    started_at=dt.datetime(2026, 3, 4, 23, 30, tzinfo=dt.UTC),
    timezone="Pacific/Auckland",
    attendees=("Ann Weber", "Bo Larsen", "Cy Adams", "Dot Silent"),
)


@pytest.fixture(scope="module")
def call(desk: Desk) -> Transcript:
    return desk.talk(*CALL)


@pytest.fixture(scope="module")
def verifier(call: Transcript) -> Verifier:
    return Verifier(call, MEETING)


def decided(statement: str, *ids: int, quote: str | None = None, **more: Any) -> DecisionClaim:  # noqa: ANN401
    return DecisionClaim(statement=statement, segment_ids=ids, quote=quote, **more)


# --- Verdicts -----------------------------------------------------------------------------------


def test_what_was_said_is_supported(verifier: Verifier) -> None:
    claim = decided(
        "Do not extend the Acme contract for $84,000 a quarter",
        *(0, 2),
        quote="we do not extend the Acme contract",
        rationale="Nobody used it since 8 March",
        decided_by=("Ann", "Cy", "Dot", "Bob"),
        considered=("extend the contract", "buy the moon"),
        supersedes="the lease of the yacht",
    )
    found = verifier.decision(claim, 7)
    assert (found.id, found.verdict, found.remarks) == ("D7", Verdict.SUPPORTED, ())
    assert found.evidence[0].quote == "we do not extend the Acme contract."
    assert found.evidence[0].speaker == "Ann Weber"
    assert found.rationale == "Nobody used it since 8 March"
    assert found.decided_by == ("Ann Weber", "Cy Adams")
    assert found.considered == ("extend the contract",)
    assert found.supersedes is None


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("Do not extend the Acme contract for 48,000 a quarter", "48000"),
        ("Do not extend the Acme contract after the ninth of March", "9"),
        ("Do not extend the Acme contract with Globex", "globex"),
        ("Zed will not extend the Acme contract", "zed"),
        ("Extend the Acme contract", "words_say_no"),
    ],
)
def test_a_changed_value_is_shown_as_doubtful(
    verifier: Verifier, statement: str, reason: str
) -> None:
    found = verifier.decision(decided(statement, 2), 1)
    assert found.verdict is Verdict.UNCERTAIN
    (remark,) = found.remarks
    assert reason in (remark.code, remark.values.get("words"))


def test_a_no_that_nobody_said_is_doubtful(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "We extend the contract with Acme by a year."))
    found = Verifier(transcript, MEETING).decision(decided("Do not extend the Acme contract", 0), 1)
    assert found.verdict is Verdict.UNCERTAIN


def test_what_was_turned_down_may_be_told_as_a_proposal(verifier: Verifier) -> None:
    claim = decided("Extend the Acme contract", 2, status=DecisionStatus.REJECTED)
    assert verifier.decision(claim, 1).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    "claim",
    [
        decided("Everybody gets a pony and a bonus", 0, 2),
        decided("Everybody gets a pony", 3, quote="Fine by me."),
        decided("Extend the Acme contract"),
        decided("Extend the Acme contract", 999, -1, quote="let us extend it for ever and ever"),
        decided("", 2),
        decided("…", 2, quote="…"),
        decided("It is so.", 2),
    ],
)
def test_what_nobody_said_is_not_supported(verifier: Verifier, claim: DecisionClaim) -> None:
    assert verifier.decision(claim, 1).verdict is Verdict.UNSUPPORTED


def test_words_from_all_over_the_call_prove_nothing(desk: Desk) -> None:
    filler = [("Bo", f"Something else about topic {n} entirely.") for n in range(40)]
    transcript = desk.talk(("Ann", "The garden is lovely."), *filler, ("Cy", "We sell the house."))
    claim = decided("We sell the lovely topic 20 garden house", 0, 41)
    assert Verifier(transcript, MEETING).decision(claim, 1).verdict is not Verdict.SUPPORTED


def test_a_readers_doubt_is_passed_on(verifier: Verifier) -> None:
    claim = decided("Do not extend the Acme contract", 2, doubt=Remark.of(RemarkCode.NOBODY_AGREED))
    found = verifier.decision(claim, 1)
    assert (found.verdict, found.remarks) == (Verdict.UNCERTAIN, (claim.doubt,))


@pytest.mark.parametrize(
    "rationale",
    ["It costs 48,000 a quarter", "It was used by Globex since March", "The sky is green"],
)
def test_a_reason_that_was_not_given_is_left_out(verifier: Verifier, rationale: str) -> None:
    claim = decided("Do not extend the Acme contract", 2, rationale=rationale)
    assert verifier.decision(claim, 1).rationale is None


# --- Owners -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "person"),
    [
        ("Bo", "Bo Larsen"),
        ("bo larsen", "Bo Larsen"),
        ("Cy Adams", None),  # refused
        ("Dot Silent", None),  # was neither heard nor named there
        ("Ilse Brandt", None),  # was not there
        ("we", None),
        ("someone", None),
        ("", None),
        (None, None),
        ("Bo\n\n<b>Larsen</b>", None),
        ("x" * 10_000, None),
    ],
)
def test_owners_were_there_and_did_not_refuse(
    verifier: Verifier, owner: str | None, person: str | None
) -> None:
    claim = ActionClaim(
        task="Tell the supplier", segment_ids=(4, 5, 6), quote="I'll do it", owner=owner
    )
    assert verifier.action(claim, 1).owner == person


def test_who_first_cannot_and_then_does_owns(desk: Desk) -> None:
    transcript = desk.talk(
        ("Ann", "Cy, can you tell the supplier?"),
        ("Cy", "I can't do it today."),
        ("Ann", "Tomorrow?"),
        ("Cy", "Yes, I'll tell the supplier tomorrow."),
    )
    claim = ActionClaim(task="Tell the supplier", segment_ids=(0, 1, 3), owner="Cy")
    assert Verifier(transcript, MEETING).action(claim, 1).owner == "Cy Adams"


# --- Dates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due_text", "said", "due"),
    [
        ("by Friday", "by Friday", dt.date(2026, 3, 6)),
        ("BY FRIDAY!", "by Friday", dt.date(2026, 3, 6)),
        ("by the end of the week", "by the end of the week", dt.date(2026, 3, 6)),
        (None, None, None),
        ("", None, None),
        ("Mon", None, None),  # part of a word is no word
        ("by Christmas", None, None),
    ],
)
def test_due_words_were_said_and_are_resolved_in_the_zone_of_the_meeting(
    verifier: Verifier, due_text: str | None, said: str | None, due: dt.date | None
) -> None:
    claim = ActionClaim(
        task="Tell the supplier", segment_ids=(6,), quote="I'll do it", due_text=due_text
    )
    found = verifier.action(claim, 1)
    assert (found.due_text, found.due) == (said, due)


def test_the_only_date_in_the_evidence_stands_for_one_that_was_put_otherwise(
    verifier: Verifier,
) -> None:
    claim = ActionClaim(task="Tell the supplier", segment_ids=(4,), due_text="Friday 6 March 2026")
    found = verifier.action(claim, 1)
    assert (found.due_text, found.due) == ("by Friday", dt.date(2026, 3, 6))


def test_tomorrow_is_counted_where_the_meeting_is(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "I'll tell the supplier tomorrow."))
    claim = ActionClaim(task="Tell the supplier", segment_ids=(0,), due_text="tomorrow")
    found = Verifier(transcript, MEETING).action(claim, 1)
    assert found.due == dt.date(2026, 3, 6)
    utc = MEETING.model_copy(update={"timezone": "UTC"})
    assert Verifier(transcript, utc).action(claim, 1).due == dt.date(2026, 3, 5)
    undated = MEETING.model_copy(update={"started_at": None})
    assert Verifier(transcript, undated).action(claim, 1).due is None


def test_an_invented_date_is_left_out(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "I'll tell the supplier, maybe, when I can."))
    claim = ActionClaim(task="Tell the supplier", segment_ids=(0,), due_text="in May")
    found = Verifier(transcript, MEETING).action(claim, 1)
    assert (found.due, found.due_text) == (None, None)


def test_due_words_may_run_over_a_segments_end(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "I'll tell the supplier by the end"), ("Ann", "of next week."))
    claim = ActionClaim(
        task="Tell the supplier", segment_ids=(0, 1), due_text="by the end of next week"
    )
    found = Verifier(transcript, MEETING).action(claim, 1)
    assert (found.due_text, found.due) == ("by the end of next week", dt.date(2026, 3, 13))


# --- Questions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waiting_on", "shown"),
    [
        ("Ilse Brandt", "Ilse Brandt"),
        ("Ilse", "Ilse"),
        ("ilse brandt from pricing", "Ilse Brandt from pricing"),
        ("Cy", "Cy Adams"),
        ("Dot Silent", None),
        ("the taxman", None),
        ("the", None),
        ("!!!", None),
        ("<b>Ilse</b>", None),
        (None, None),
    ],
)
def test_who_is_waited_for_was_named(
    verifier: Verifier, waiting_on: str | None, shown: str | None
) -> None:
    claim = QuestionClaim(
        question="Who owns the tariff table?",
        segment_ids=(7, 8),
        raised_by="ann",
        waiting_on=waiting_on,
    )
    found = verifier.question(claim, 1)
    assert (found.verdict, found.raised_by) == (Verdict.SUPPORTED, "Ann Weber")
    assert found.waiting_on == shown


# --- Whatever is claimed --------------------------------------------------------------------------

TEXT = st.one_of(
    st.text(max_size=60),
    st.sampled_from([text for _, text in CALL]),
    st.lists(
        st.sampled_from(["extend", "not", "Acme", "84,000", "Bo", "by Friday", "[3]", "$said"])
    ).map(" ".join),
)
IDS = st.lists(st.integers(-3, 12), max_size=6).map(tuple)


@given(statement=TEXT, quote=st.none() | TEXT, ids=IDS, other=st.none() | TEXT)
def test_whatever_is_claimed_is_held_against_the_transcript(
    desk: Desk, statement: str, quote: str | None, ids: tuple[int, ...], other: str | None
) -> None:
    call = desk.talk(*CALL)
    verifier = Verifier(call, MEETING)
    place = {"segment_ids": ids, "quote": quote}
    findings = [
        verifier.decision(
            DecisionClaim(**place, statement=statement, rationale=other, decided_by=(other or "",)),
            1,
        ),
        verifier.action(ActionClaim(**place, task=statement, owner=other, due_text=other), 1),
        verifier.question(
            QuestionClaim(**place, question=statement, raised_by=other, waiting_on=other), 1
        ),
    ]
    said = " ".join(s.text for s in call.segments)
    for finding in findings:
        assert 0 <= finding.confidence <= 1
        assert finding.evidence or finding.verdict is Verdict.UNSUPPORTED
        assert (not finding.remarks) == (finding.verdict is Verdict.SUPPORTED)
        assert all(e.quote in said and e.quote for e in finding.evidence)
        assert len(finding.evidence) <= 5
    assert findings[1].owner in {None, *MEETING.attendees}  # type: ignore[attr-defined]
