"""What meetings do to each other's decisions, on labelled series and on what would mislead."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.decision_log.chains.relating import relate
from memo.decision_log.chains.told import AROUND, Relationship, Told
from memo.model import ActionItem, Decision, Evidence, OpenQuestion, Verdict
from memo.remembered import EntryKind, LinkStanding, Relation, Utterance

ROOT = Path(__file__).resolve().parents[3]
SERIES = sorted((ROOT / "tests" / "data" / "series").glob("*.json"))
SHIPPED = sorted((ROOT / "memo" / "evaluation" / "meetings").glob("b*.json"))
NAMES = [*sorted({path.stem.rpartition("-")[0] for path in SERIES}), "b"]
SUPERSEDES = {Relation.REVERSES, Relation.AMENDS}


# --- Labelled series ------------------------------------------------------------------------------


def labelled(data: dict[str, Any], category: str, item: dict[str, Any]) -> Told:
    said = [data["utterances"][place] for place in item["evidence"]]
    base: dict[str, Any] = {
        "id": item["id"],
        "verdict": "supported",
        "confidence": 0.9,
        "evidence": [
            Evidence(start=u["start"], end=u["end"], speaker=u["speaker"], quote=u["text"], score=1)
            for u in said
        ],
    }
    finding: Decision | ActionItem | OpenQuestion
    if category == "decisions":
        about = {name: item[name] for name in ("rationale", "decided_by", "status")}
        finding = Decision(statement=item["text"], **about, **base)
    elif category == "actions":
        finding = ActionItem(task=item["task"], owner=item["owner"], due=item["due"], **base)
    else:
        finding = OpenQuestion(question=item["question"], **base)
    start, end = said[0]["start"] - AROUND, said[-1]["end"] + AROUND
    near = [u for u in talk_of(data) if u.end >= start and u.start <= end]
    return Told(
        number=f"{data['id']}/{item['id']}",
        finding=finding,
        meeting=data["id"],
        held_at=dt.datetime.fromisoformat(data["started_at"]),
        language=data["language"],
        title=data["title"],
        participants=tuple(person["name"] for person in data["participants"]),
        talk=tuple(near),
    )


def talk_of(data: dict[str, Any]) -> tuple[Utterance, ...]:
    return tuple(Utterance.model_validate(said) for said in data["utterances"])


def meetings_of(name: str) -> list[dict[str, Any]]:
    paths = SHIPPED if name == "b" else [p for p in SERIES if p.stem.rpartition("-")[0] == name]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def findings_of(data: dict[str, Any]) -> list[Told]:
    return [
        labelled(data, category, item)
        for category in ("decisions", "actions", "open_questions")
        for item in data["gold"][category]
    ]


def related(name: str) -> list[Relationship]:
    standing: list[Told] = []
    found: list[Relationship] = []
    for data in meetings_of(name):
        new = findings_of(data)
        found += relate(new, standing, talk_of(data))
        standing += new
    return found


def truth(name: str) -> set[tuple[str, str]]:
    return {
        (f"{data['id']}/{item['id']}", f"{older['meeting']}/{older['decision']}")
        for data in meetings_of(name)
        for item in data["gold"]["decisions"]
        if (older := item["supersedes"])
    }


def reaffirmed(name: str) -> dict[str, str]:
    return {
        f"{data['id']}/{item['id']}": f"{older['meeting']}/{older['decision']}"
        for data in meetings_of(name)
        for item in data["gold"]["decisions"]
        if (older := item.get("reaffirms"))
    }


@pytest.mark.parametrize("name", NAMES)
def test_what_is_surely_superseded_really_is(name: str) -> None:
    roots = reaffirmed(name)
    sure = {
        (one.source, roots.get(one.target, one.target))
        for one in related(name)
        if one.relation in SUPERSEDES and one.standing is LinkStanding.SURE
    }
    assert sure - truth(name) == set()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_superseded_is_found_or_proposed(name: str) -> None:
    roots = reaffirmed(name)
    found = {
        (one.source, roots.get(one.target, one.target))
        for one in related(name)
        if one.relation in SUPERSEDES
    }
    assert truth(name) - found == set()


def test_reversals_are_told_from_amendments() -> None:
    found = {(one.source, one.target): one.relation for one in related("b")}
    reversal = ("b3-warehouse-compare/d1", "b1-warehouse-plan/d1")
    amendment = ("b2-warehouse-checkpoint/d2", "b1-warehouse-plan/d2")
    assert (found[reversal], found[amendment]) == (Relation.REVERSES, Relation.AMENDS)


def test_actions_slip_and_questions_are_answered() -> None:
    sure = {
        (one.relation, one.source, one.target)
        for one in related("b")
        if one.standing is LinkStanding.SURE
    }
    b1, b2, b3 = "b1-warehouse-plan", "b2-warehouse-checkpoint", "b3-warehouse-compare"
    assert {
        (Relation.SLIPS, f"{b2}/a3", f"{b1}/a1"),
        (Relation.SLIPS, f"{b3}/a1", f"{b2}/a6"),
        (Relation.SLIPS, f"{b3}/a6", f"{b2}/a2"),
    } <= sure
    answered = {one[2] for one in sure if one[0] is Relation.ANSWERS}
    assert answered == {f"{b1}/q1", f"{b1}/q2", f"{b1}/q3", f"{b2}/q1"}


def test_both_meetings_bear_a_relationship_out() -> None:
    for one in (one for name in NAMES for one in related(name)):
        assert one.later
        assert one.earlier
        assert one.reason
        assert 0 <= one.confidence <= 1


def test_the_order_of_recording_changes_no_relation_of_a_series() -> None:
    for name in ("t4-sensors", "h3-editorial"):
        standing: list[Told] = []
        found: list[Relationship] = []
        for data in reversed(meetings_of(name)):
            new = findings_of(data)
            found += relate(new, standing, talk_of(data))
            standing += new
        pairs = {(one.source, one.target) for one in found if one.relation in SUPERSEDES}
        assert truth(name) <= pairs


# --- What would mislead ---------------------------------------------------------------------------

MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def decided(
    statement: str,
    *quotes: str,
    week: int = 1,
    language: str = "en",
    **changes: Any,  # noqa: ANN401
) -> Told:
    said = quotes or (statement,)
    evidence = tuple(
        Evidence(start=60 + 5 * n, end=64 + 5 * n, speaker="Ana", quote=quote, score=1)
        for n, quote in enumerate(said)
    )
    values = {"id": "D1", "verdict": Verdict.SUPPORTED, "confidence": 0.9, "evidence": evidence}
    return Told(
        number=f"DEC-{week:04d}",
        finding=Decision(statement=statement, **values | changes),
        meeting=f"MTG-{week:04d}",
        held_at=MONDAY + dt.timedelta(weeks=week),
        language=language,
    )


def between(older: Told, newer: Told, *others: Told) -> Sequence[Relationship]:
    found = relate([newer], [older, *others])
    return [one for one in found if one.target == older.number]


EXPORT = "Exports to Excel are limited to 500 rows."


def test_another_figure_of_the_same_thing_amends() -> None:
    (one,) = between(
        decided(EXPORT),
        decided(
            "Exports to Excel are limited to 2000 rows.",
            "500 rows was too few, so exports go up to 2000 rows instead.",
            week=2,
        ),
    )
    assert (one.relation, one.standing) == (Relation.AMENDS, LinkStanding.SURE)


def test_the_same_said_again_supersedes_nothing() -> None:
    found = between(decided(EXPORT), decided(EXPORT, "Last week we said: 500 rows.", week=2))
    assert {one.relation for one in found} <= {Relation.REAFFIRMS}


def test_the_same_sentence_reaffirms_whatever_is_said_around_it() -> None:
    dropped = "We drop the CSV export and keep Excel."
    again = decided(dropped, "Instead of CSV it is Excel, as we said last time.", week=2)
    (one,) = between(decided(dropped), again)
    assert (one.relation, one.standing) == (Relation.REAFFIRMS, LinkStanding.SURE)
    kept = decided("We do not drop the CSV export and keep Excel.", week=2)
    assert Relation.REAFFIRMS not in {one.relation for one in between(decided(dropped), kept)}


def test_a_proposal_that_is_turned_down_leaves_what_stands() -> None:
    newer = decided(
        "Exports to Excel are limited to 2000 rows.",
        "Can we go up to 2000 rows instead of 500?",
        "No. We're not touching that, it stays at 500.",
        week=2,
        status="rejected",
    )
    assert {one.relation for one in between(decided(EXPORT), newer)} <= {Relation.REAFFIRMS}


def test_the_same_setting_of_another_product_is_at_most_proposed() -> None:
    found = between(
        decided("The Heron logger keeps its readings for thirty days."),
        decided("The Wren thermostat keeps its readings for ninety days.", week=2),
    )
    assert all(one.standing is LinkStanding.PROPOSED for one in found)


def test_a_joke_is_at_most_proposed() -> None:
    newer = decided(
        "Exports to Excel are limited to 3 rows.",
        "Let's change exports to Excel to 3 rows instead, just a joke.",
        week=2,
    )
    found = between(decided(EXPORT), newer)
    assert all(one.standing is LinkStanding.PROPOSED for one in found)


def test_a_doubtful_decision_supersedes_nothing_surely() -> None:
    newer = decided(
        "Exports to Excel are limited to 2000 rows.",
        "500 rows was too few, so exports go up to 2000 rows instead.",
        week=2,
        verdict=Verdict.UNCERTAIN,
    )
    (one,) = between(decided(EXPORT), newer)
    assert one.standing is LinkStanding.PROPOSED


def test_the_same_number_about_something_else_is_nothing() -> None:
    newer = decided("The office party costs 500 euros instead of 400.", week=2)
    assert between(decided(EXPORT), newer) == []


def test_what_was_ended_before_is_not_ended_again() -> None:
    ended = Told(
        **{
            **vars(decided(EXPORT)),
            "ended_at": MONDAY + dt.timedelta(weeks=2),
            "ended_by": frozenset({"MTG-0002"}),
        }
    )
    words = ("Exports to Excel are limited to 9000 rows.", "So exports go up to 9000 rows instead.")
    assert between(ended, decided(*words, week=3)) == []
    assert between(ended, decided(*words, week=2)) != []


@pytest.mark.parametrize(
    ("language", "older", "newer", "said"),
    [
        (
            "de",
            "Die Sitzung beginnt dienstags um neun Uhr.",
            "Die Sitzung beginnt mittwochs um zehn Uhr.",
            "Dienstags geht nicht mehr, also stattdessen mittwochs um zehn, die Sitzung.",
        ),
        (
            "es",
            "La reunión empieza los martes a las nueve.",
            "La reunión empieza los jueves a las diez.",
            "Los martes ya no podemos, cambiamos la reunión al jueves a las diez.",
        ),
    ],
)
def test_german_and_spanish_are_read(language: str, older: str, newer: str, said: str) -> None:
    found = between(
        decided(older, language=language), decided(newer, said, week=2, language=language)
    )
    assert [one.standing for one in found] == [LinkStanding.SURE]


def test_the_talk_alone_closes_an_action_of_its_owner() -> None:
    task = ActionItem(
        id="A1",
        verdict=Verdict.SUPPORTED,
        confidence=0.9,
        evidence=(Evidence(start=9, end=12, speaker="Bo", quote="I'll do it.", score=1),),
        task="Translate the brochure for the harbour museum",
        owner="Bo Larsen",
    )
    older = Told("ACT-0001", task, "MTG-0001", MONDAY, "en")
    talk = (
        Utterance(start=5, end=8, speaker="Ana", text="The brochure for the museum, Bo?"),
        Utterance(start=8, end=12, speaker="Bo Larsen", text="Translated. I sent it on Friday."),
    )
    newer = decided("Lunch is at one.", week=2)
    (one,) = relate([newer], [older], talk)
    assert (one.relation, one.source, one.target) == (Relation.CLOSES, None, "ACT-0001")
    late = (*talk[:1], Utterance(start=8, end=12, speaker="Bo Larsen", text="Not yet, sorry."))
    assert relate([newer], [older], late) == []


texts = st.text(max_size=80)


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=2, max_size=6), st.sampled_from(["en", "de", "es", "ja", "xx"]))
def test_no_text_breaks_it(said: list[str], language: str) -> None:
    half = len(said) // 2
    older = [
        decided(text, text[::-1], week=n + 1, language=language)
        for n, text in enumerate(said[:half])
    ]
    newer = [decided(text, text, week=9, language=language) for text in said[half:]]
    talk = tuple(Utterance(start=n, end=n + 1, speaker=None, text=t) for n, t in enumerate(said))
    for one in relate(newer, older, talk):
        assert one.target in {told.number for told in older}
        assert one.source in {"DEC-0009", None}


def test_nothing_is_said_of_no_meeting() -> None:
    assert relate([], [decided(EXPORT)]) == []
    assert relate([decided(EXPORT)], []) == []
    assert EntryKind.DECISION is decided(EXPORT).kind
