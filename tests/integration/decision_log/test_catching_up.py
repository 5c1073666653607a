"""What a reader is told who slept through calls: the series b1 to b3, as people labelled it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

import pytest

from memo.decision_log.catching_up import Last
from memo.decision_log.log import DecisionLog
from memo.digest import Digest, How
from memo.model import (
    ActionItem,
    Coverage,
    Decision,
    Evidence,
    Memo,
    OpenQuestion,
    Participant,
    Provenance,
    Recording,
    Verdict,
)
from memo.remembered import Link, LinkStanding, Relation

AMSTERDAM = "Europe/Amsterdam"
DAY = dt.timedelta(days=1)
SERIES = ("b1-warehouse-plan", "b2-warehouse-checkpoint", "b3-warehouse-compare")
PRIYA = Last(reader="priya")


# --- The series, from its labels ----------------------------------------------------------------


def labelled(name: str) -> dict[str, Any]:
    text = (files("memo.evaluation") / "meetings" / f"{name}.json").read_text(encoding="utf-8")
    meeting: dict[str, Any] = json.loads(text)
    return meeting


def memo_of(name: str) -> Memo:
    """The memo that the labels of a meeting ask for."""
    meeting = labelled(name)
    gold, said = meeting["gold"], meeting["utterances"]
    started_at = dt.datetime.fromisoformat(meeting["started_at"])

    def found(place: str, label: dict[str, Any]) -> dict[str, Any]:
        evidence = tuple(
            Evidence(
                start=said[at]["start"], end=said[at]["end"], speaker=said[at]["speaker"],
                quote=said[at]["text"], score=1,
            )
            for at in label["evidence"]
        )  # fmt: skip
        return {
            "id": place, "verdict": Verdict.SUPPORTED, "confidence": 0.9, "evidence": evidence,
        }  # fmt: skip

    def only(label: dict[str, Any], *names: str) -> dict[str, Any]:
        return {name: label[name] for name in names}

    return Memo(
        title=meeting["title"],
        started_at=started_at,
        timezone=meeting["timezone"],
        language="en",
        duration=3600.0,
        recording=Recording(
            filename=f"{name}.m4a", sha256=hashlib.sha256(name.encode()).hexdigest()
        ),
        participants=tuple(Participant(name=one["name"]) for one in meeting["participants"]),
        summary=gold["summary"],
        decisions=tuple(
            Decision(
                **found(f"D{place}", one),
                statement=one["text"],
                **only(one, "rationale", "decided_by", "status"),
            )
            for place, one in enumerate(gold["decisions"], 1)
        ),
        action_items=tuple(
            ActionItem(**found(f"A{place}", one), **only(one, "task", "owner", "due", "due_text"))
            for place, one in enumerate(gold["actions"], 1)
        ),
        open_questions=tuple(
            OpenQuestion(
                **found(f"Q{place}", one), **only(one, "question", "raised_by", "waiting_on")
            )
            for place, one in enumerate(gold["open_questions"], 1)
        ),
        coverage=Coverage(audio_seconds=3600, speech_seconds=3000, analysed_seconds=3600),
        provenance=Provenance(
            memo_version="0.1.0", asr_model=None, language_model="rules",
            prompts_sha256="0" * 64, created_at=started_at,
        ),
    )  # fmt: skip


LINKS: dict[str, Sequence[tuple[str, Relation, str, int]]] = {
    SERIES[0]: (),
    SERIES[1]: (  # newer entry, what it does, older entry, an utterance of the newer meeting
        ("DEC-0006", Relation.AMENDS, "DEC-0002", 23),
        ("DEC-0007", Relation.AMENDS, "DEC-0004", 44),
        ("DEC-0007", Relation.ANSWERS, "QUE-0001", 37),
        ("DEC-0005", Relation.ANSWERS, "QUE-0003", 4),
        ("ACT-0007", Relation.SLIPS, "ACT-0001", 32),
        ("MTG-0002", Relation.CLOSES, "ACT-0002", 2),
        ("MTG-0002", Relation.CLOSES, "ACT-0003", 35),
        ("MTG-0002", Relation.CLOSES, "ACT-0004", 4),
        ("QUE-0004", Relation.FOLLOWS, "QUE-0002", 49),
    ),
    SERIES[2]: (
        ("DEC-0008", Relation.REVERSES, "DEC-0001", 46),
        ("DEC-0009", Relation.ANSWERS, "QUE-0002", 60),
        ("DEC-0009", Relation.ANSWERS, "QUE-0004", 60),
        ("ACT-0011", Relation.SLIPS, "ACT-0010", 11),
        ("ACT-0016", Relation.SLIPS, "ACT-0006", 70),
        ("MTG-0003", Relation.CLOSES, "ACT-0007", 16),
        ("MTG-0003", Relation.CLOSES, "ACT-0008", 53),
        ("MTG-0003", Relation.CLOSES, "ACT-0009", 58),
    ),
}


def held(name: str) -> dt.datetime:
    return dt.datetime.fromisoformat(labelled(name)["started_at"])


def add(log: DecisionLog, name: str, *, now: dt.datetime | None = None) -> None:
    """Record a meeting of the series, and what it does to the older ones."""
    now = now or held(name) + dt.timedelta(hours=2)
    log.record(memo_of(name), now=now)
    said = labelled(name)["utterances"]
    for source, relation, target, at in LINKS[name]:
        words = Evidence(
            start=said[at]["start"], end=said[at]["end"], speaker=said[at]["speaker"],
            quote=said[at]["text"], score=1,
        )  # fmt: skip
        log.link(
            Link(
                source=source, target=target, relation=relation, standing=LinkStanding.SURE,
                later=(words,), made_by="memo 0.1.0", made_at=now,
            )
        )  # fmt: skip


def look(log: DecisionLog, since: dt.datetime | Last | None, **more: Any) -> Digest:  # noqa: ANN401
    given = {"reader": None, "timezone": AMSTERDAM, "now": held(SERIES[2]) + DAY} | more
    return log.digest(since=since, **given)


@pytest.fixture(autouse=True)
def _no_chains_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is linked is said here: how well chains are found is tested elsewhere."""
    monkeypatch.setattr("memo.decision_log.recording.weave", lambda *_args, **_more: ())


@pytest.fixture
def series(log: DecisionLog) -> DecisionLog:
    """The log after all three meetings."""
    for name in SERIES:
        add(log, name)
    return log


# --- Golden: between the meetings ---------------------------------------------------------------


def test_after_the_first_meeting_everything_is_new(log: DecisionLog) -> None:
    add(log, SERIES[0])
    told = look(log, held(SERIES[0]) - DAY, now=held(SERIES[0]) + DAY)
    assert [entry.number for entry in told.decided] == ["DEC-0001", "DEC-0002", "DEC-0003"]
    assert [entry.number for entry in told.proposed] == ["DEC-0004"]
    assert (told.changes, told.moved, told.closed) == ((), (), ())
    assert {task.entry.number for task in told.others} == {
        "ACT-0001", "ACT-0002", "ACT-0003", "ACT-0004", "QUE-0001", "QUE-0002", "QUE-0003",
    }  # fmt: skip
    assert all(task.new for task in told.others)


@pytest.mark.parametrize("since", ["last", "a date"])
def test_after_the_second_meeting_exactly_what_changed_is_told(
    log: DecisionLog, since: str
) -> None:
    add(log, SERIES[0])
    log.remember_read(PRIYA, look(log, None, now=held(SERIES[0]) + DAY))
    add(log, SERIES[1])
    when = PRIYA if since == "last" else held(SERIES[1]) - DAY
    told = look(log, when, now=held(SERIES[1]) + DAY)

    history, hourly = told.changes
    assert history.how is How.AMENDED
    assert history.before.number == "DEC-0002"
    assert history.before.text.startswith("Bring over three years of history")
    assert history.before.state == "accepted"  # as it was, not as it is
    assert history.before.decision.rationale is not None
    assert [entry.number for entry in history.after] == ["DEC-0006"]
    assert history.after[0].text.startswith("Bring over seven years of history for the five")
    assert (hourly.before.number, hourly.after[0].number) == ("DEC-0004", "DEC-0007")
    assert hourly.before.state == "proposed"

    assert [entry.number for entry in told.decided] == ["DEC-0005"]
    assert told.proposed == ()
    (script,) = told.moved
    assert script.how is How.SLIPPED
    assert (script.before.number, script.after[0].number) == ("ACT-0001", "ACT-0007")
    assert script.before.due == dt.date(2025, 10, 14)
    assert script.after[0].due == dt.date(2025, 10, 24)
    assert [closing.entry.number for closing in told.closed] == [
        "ACT-0002", "ACT-0003", "ACT-0004", "QUE-0001", "QUE-0003",
    ]  # fmt: skip
    answered = told.closed[3]
    assert answered.entry.state == "answered"
    assert answered.by is not None
    assert answered.by.number == "DEC-0007"
    assert "six and a half thousand" in answered.words[0].quote
    sent = told.closed[0]
    assert sent.meeting is not None
    assert sent.meeting.title == "Warehouse move, checkpoint"
    new = {task.entry.number for task in told.others if task.new}
    assert new == {"ACT-0005", "ACT-0006", "ACT-0007", "ACT-0008", "ACT-0009", "ACT-0010",
                   "QUE-0004"}  # fmt: skip
    assert [task.entry.number for task in told.others if not task.new] == ["QUE-0002"]
    assert [one.meeting.title for one in told.meetings] == ["Warehouse move, checkpoint"]
    assert (told.earlier, told.withdrawn, told.confirmed, told.doubtful) == ((), (), (), ())


@pytest.mark.parametrize("since", ["last", "a date"])
def test_after_the_third_meeting_exactly_what_changed_is_told(log: DecisionLog, since: str) -> None:
    for name in SERIES[:2]:
        add(log, name)
    log.remember_read(PRIYA, look(log, None, now=held(SERIES[1]) + DAY))
    add(log, SERIES[2])
    told = look(log, PRIYA if since == "last" else held(SERIES[2]) - DAY)

    (switch,) = told.changes
    assert switch.how is How.REVERSED
    assert switch.before.text == (
        "Run the old and new warehouses side by side until 30 November 2025."
    )
    assert switch.after[0].text.startswith("Stop running side by side and switch to the new")
    assert switch.before.state == "accepted"
    assert [entry.number for entry in told.decided] == ["DEC-0009"]
    assert [(one.before.number, one.after[0].number) for one in told.moved] == [
        ("ACT-0010", "ACT-0011"), ("ACT-0006", "ACT-0016"),
    ]  # fmt: skip
    training = told.moved[0]
    assert (training.before.owner, training.after[0].owner) == ("Oskar Wojcik", "Meilin Tan")
    assert [closing.entry.number for closing in told.closed] == [
        "ACT-0007", "ACT-0008", "ACT-0009", "QUE-0004", "QUE-0002",
    ]  # fmt: skip
    assert [one.meeting.title for one in told.meetings] == ["Warehouse move, first comparison"]


def test_who_missed_all_of_it_sees_each_matter_once(series: DecisionLog) -> None:
    told = look(series, held(SERIES[0]) - DAY)
    pairs = [(change.before.number, change.after[0].number) for change in told.changes]
    assert sorted(pairs) == [
        ("DEC-0001", "DEC-0008"), ("DEC-0002", "DEC-0006"), ("DEC-0004", "DEC-0007"),
    ]  # fmt: skip
    assert not any(change.known for change in told.changes)
    assert {entry.number for entry in told.decided} == {"DEC-0003", "DEC-0005", "DEC-0009"}
    # The script slipped and was done: it is told as done.
    assert [one.before.number for one in told.moved] == ["ACT-0010", "ACT-0006"]
    closed = {closing.entry.number for closing in told.closed}
    assert "ACT-0007" in closed
    assert "ACT-0001" not in closed
    assert len(told.meetings) == 3
    assert told.seconds == 3 * 3600


def test_what_changed_twice_is_told_once_as_it_was_and_as_it_stands(
    series: DecisionLog, memo: Callable[..., Memo], decision: Callable[..., Decision]
) -> None:
    before = look(series, None)
    series.remember_read(PRIYA, before)
    now = held(SERIES[2]) + DAY
    for call, statement in (("c4", "Keep ten years"), ("c5", "Keep one year")):
        now += DAY
        series.record(memo(decision(statement), call=call, started_at=now), now=now)
    for source, target in (("DEC-0010", "DEC-0006"), ("DEC-0011", "DEC-0010")):
        series.link(
            Link(
                source=source, target=target, relation=Relation.AMENDS,
                standing=LinkStanding.SURE, made_by="memo 0.1.0", made_at=now,
            )
        )  # fmt: skip
    (change,) = look(series, PRIYA, now=now).changes
    assert (change.before.number, change.steps) == ("DEC-0006", ("DEC-0010",))
    assert [entry.text for entry in change.after] == ["Keep one year"]
    assert look(series, PRIYA, now=now).decided == ()
