"""What counts as new, to whom, and what a digest leaves out or tells in one line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from memo.decision_log.catching_up import Last
from memo.decision_log.log import DecisionLog, Edit
from memo.digest import Digest, DueWord, How
from memo.model import ActionItem, Decision, DecisionStatus, Evidence, Memo, OpenQuestion, Verdict
from memo.remembered import Link, LinkStanding, Relation

MakeDecision = Callable[..., Decision]
MakeMemo = Callable[..., Memo]

NOW = dt.datetime(2026, 3, 4, 12, tzinfo=dt.UTC)  # a Wednesday
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
ANA, BO = Last(reader="ana"), Last(reader="bo")
EVIDENCE = (Evidence(start=30, end=35, speaker="Ana", quote="so be it", score=1),)


@pytest.fixture(autouse=True)
def _no_chains_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memo.decision_log.recording.weave", lambda *_args, **_more: ())


def action(task: str, owner: str | None, due: dt.date | None = None) -> ActionItem:
    return ActionItem(
        id="A1", verdict=Verdict.SUPPORTED, confidence=0.9, evidence=EVIDENCE, task=task,
        owner=owner, due=due,
    )  # fmt: skip


def question(text: str, waiting_on: str | None) -> OpenQuestion:
    return OpenQuestion(
        id="Q1", verdict=Verdict.SUPPORTED, confidence=0.9, evidence=EVIDENCE, question=text,
        waiting_on=waiting_on,
    )  # fmt: skip


def look(
    log: DecisionLog, since: dt.datetime | Last | None = ANA, *, now: dt.datetime = NOW,
    **more: Any,  # noqa: ANN401
) -> Digest:  # fmt: skip
    return log.digest(since=since, now=now, **({"reader": None, "timezone": "UTC"} | more))


def link(
    source: str, target: str, relation: Relation, *, at: dt.datetime = NOW,
    standing: LinkStanding = LinkStanding.SURE, by: str = "memo 0.1.0",
) -> Link:  # fmt: skip
    return Link(
        source=source, target=target, relation=relation, standing=standing, made_by=by, made_at=at
    )


# --- The mark -----------------------------------------------------------------------------------


def test_an_empty_log_has_nothing_new(log: DecisionLog) -> None:
    told = look(log)
    assert told.nothing_new
    assert told.last_event == 0
    log.remember_read(ANA, told)
    assert look(log).nothing_new


def test_the_first_look_tells_what_was_logged_in_seven_days(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Long ago"), call="old"), now=NOW - 9 * DAY)
    log.record(memo(decision("Lately"), call="new"), now=NOW - 6 * DAY)
    told = look(log)
    assert told.first
    assert [entry.text for entry in told.decided] == ["Lately"]


def test_each_reader_goes_on_where_they_stopped(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("One"), call="one"), now=NOW - HOUR)
    log.remember_read(ANA, look(log))
    assert look(log).nothing_new
    log.record(memo(decision("Two"), call="two"), now=NOW)
    assert [entry.text for entry in look(log).decided] == ["Two"]
    assert not look(log).first
    assert {entry.text for entry in look(log, BO).decided} == {"One", "Two"}
    assert [entry.text for entry in look(log).decided] == ["Two"]  # looking alone moves nothing


def test_a_mark_never_goes_back(log: DecisionLog, memo: MakeMemo, decision: MakeDecision) -> None:
    log.record(memo(decision("One"), call="one"), now=NOW - HOUR)
    before = look(log)
    log.record(memo(decision("Two"), call="two"), now=NOW)
    log.remember_read(ANA, look(log))
    log.remember_read(ANA, before)  # a slower run of the same reader
    assert look(log).nothing_new


def test_what_is_logged_while_a_digest_is_read_is_told_next_time(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.remember_read(ANA, look(log))
    told = look(log)
    log.record(memo(decision("Meanwhile")), now=NOW - HOUR)  # by a clock that is slow
    log.remember_read(ANA, told)
    assert [entry.text for entry in look(log).decided] == ["Meanwhile"]


# --- By date ------------------------------------------------------------------------------------


def test_a_date_goes_by_when_meetings_were_held(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Old"), call="old", started_at=NOW - 5 * DAY), now=NOW)
    log.record(memo(decision("New"), call="new", started_at=NOW - DAY), now=NOW)
    told = look(log, NOW - 2 * DAY)
    assert [entry.text for entry in told.decided] == ["New"]
    (earlier,) = told.earlier
    assert (earlier.meeting.recording.filename, earlier.decisions) == ("old.m4a", 1)
    assert look(log, NOW - 6 * DAY).earlier == ()


def test_a_date_goes_by_when_people_changed_something(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Use tabs")), now=NOW - 2 * DAY)
    log.edit("DEC-0001", {"statement": "Use spaces"}, now=NOW, who="Ana")
    (change,) = look(log, NOW - DAY).changes
    assert (change.how, change.by) == (How.EDITED, "Ana")
    assert (change.before.text, change.after[0].text) == ("Use tabs", "Use spaces")
    assert look(log, NOW + HOUR, now=NOW + DAY).nothing_new


def test_what_an_older_meeting_changed_is_no_news_of_a_date(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    for call, days in (("one", 9), ("two", 8)):
        log.record(memo(decision(call), call=call, started_at=NOW - days * DAY), now=NOW)
    log.link(link("DEC-0002", "DEC-0001", Relation.REVERSES))
    told = look(log, NOW - DAY)
    assert (told.changes, told.decided) == ((), ())
    assert [one.meeting.recording.filename for one in told.earlier] == ["two.m4a", "one.m4a"]
    # A person who confirms it now makes it news.
    log.link(link("DEC-0002", "DEC-0001", Relation.AMENDS, by="Ana", at=NOW + HOUR))
    (change,) = look(log, NOW - DAY, now=NOW + DAY).changes
    assert (change.before.number, change.before.state) == ("DEC-0001", "accepted")


def test_meetings_without_a_date_count_from_when_they_were_logged(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Undated"), started_at=None), now=NOW)
    told = look(log, NOW - HOUR)
    assert [entry.text for entry in told.decided] == ["Undated"]
    assert look(log, NOW + HOUR, now=NOW + DAY).nothing_new


def test_a_meeting_in_which_nothing_was_found_counts_all_the_same(
    log: DecisionLog, memo: MakeMemo
) -> None:
    log.remember_read(ANA, look(log))
    log.record(memo(started_at=NOW), now=NOW + HOUR)
    for since in (ANA, NOW - HOUR):
        told = look(log, since, now=NOW + DAY)
        assert len(told.meetings) == 1
        assert not told.nothing_new


# --- What is told, and what is not --------------------------------------------------------------


def test_proposals_stand_apart_and_what_was_refused_is_no_news(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    proposed = decision("Maybe", 10, status=DecisionStatus.PROPOSED)
    rejected = decision("Certainly not", 50, status=DecisionStatus.REJECTED)
    log.record(memo(proposed, decision("Wrong", 90), rejected), now=NOW)
    log.edit("DEC-0002", {"status": "rejected"}, now=NOW, who="Ana")
    told = look(log)
    assert told.decided == ()
    assert [entry.text for entry in told.proposed] == ["Maybe", "Certainly not"]


def test_a_withdrawal_is_told_to_those_who_knew(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Heard wrongly")), now=NOW)
    log.remember_read(ANA, look(log))
    log.record(memo(), now=NOW + HOUR)
    later = NOW + DAY
    assert [entry.text for entry in look(log, now=later).withdrawn] == ["Heard wrongly"]
    assert look(log, BO, now=later).withdrawn == ()
    assert look(log, BO, now=later).decided == ()
    log.remember_read(ANA, look(log, now=later))
    log.record(memo(decision("Heard wrongly")), now=NOW + 2 * HOUR)
    (change,) = look(log, now=later).changes
    assert change.how is How.RESTORED


def test_another_conversion_is_news_only_where_it_says_something_else(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Ship on Friday the 6th")), now=NOW)
    log.remember_read(ANA, look(log))
    log.record(memo(decision("ship on friday, the 6th!", rationale="why not")), now=NOW + HOUR)
    assert look(log).changes == ()
    log.record(memo(decision("Ship it all on Friday the 6th")), now=NOW + 2 * HOUR)
    (change,) = look(log).changes
    assert (change.how, change.by) == (How.REWORDED, "")


def test_states_that_people_change_are_told(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    items = (action("Write it", "Ana"), action("Post it", "Bo"), action("Burn it", "Bo"))
    log.record(
        memo(
            decision("Maybe", status=DecisionStatus.PROPOSED), decision("Sure", 60),
            action_items=items, open_questions=(question("Why?", "Bo"),),
        ),
        now=NOW,
    )  # fmt: skip
    log.remember_read(ANA, look(log))
    log.edit_all(
        [
            Edit(number="DEC-0001", changes={"status": "accepted"}),
            Edit(number="DEC-0002", changes={"status": "rejected"}),
            Edit(number="ACT-0001", changes={"status": "done"}, note="sent on Monday"),
            Edit(number="ACT-0002", changes={"owner": "Cy", "due": "2026-04-01"}),
            Edit(number="ACT-0003", changes={"status": "dropped"}),
            Edit(number="QUE-0001", changes={"answer": "because", "status": "answered"}),
        ],
        now=NOW + HOUR,
        who="Ana",
    )
    told = look(log)
    assert [(one.before.number, one.how) for one in told.changes] == [
        ("DEC-0001", How.ACCEPTED), ("DEC-0002", How.REJECTED),
    ]  # fmt: skip
    assert [(one.entry.number, one.entry.state, one.note) for one in told.closed] == [
        ("ACT-0001", "done", "sent on Monday"), ("ACT-0003", "dropped", ""),
        ("QUE-0001", "answered", "because"),
    ]  # fmt: skip
    (moved,) = told.moved
    assert (moved.before.owner, moved.after[0].owner) == ("Bo", "Cy")
    log.remember_read(ANA, look(log))
    log.edit("ACT-0001", {"status": "open"}, now=NOW + 2 * HOUR, who="Ana")
    (again,) = look(log).moved
    assert again.how is How.RESTORED


def test_a_confirmation_is_no_change(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Keep it"), call="one"), now=NOW)
    log.remember_read(ANA, look(log))
    log.record(memo(decision("We keep it"), call="two"), now=NOW + HOUR)
    log.link(link("DEC-0002", "DEC-0001", Relation.REAFFIRMS, at=NOW + HOUR))
    told = look(log)
    assert (told.changes, told.decided) == ((), ())
    assert [(one.entry.number, one.by.number) for one in told.confirmed] == [
        ("DEC-0001", "DEC-0002")
    ]


def test_a_doubtful_link_changes_nothing_and_waits(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("A"), call="one"), now=NOW)
    log.remember_read(ANA, look(log))
    log.record(memo(decision("B"), call="two"), now=NOW + HOUR)
    doubtful = LinkStanding.PROPOSED
    log.link(link("DEC-0002", "DEC-0001", Relation.REVERSES, standing=doubtful, at=NOW + HOUR))
    told = look(log)
    assert told.changes == ()
    assert [entry.number for entry in told.decided] == ["DEC-0002"]
    (waiting,) = told.doubtful
    assert (waiting.new, waiting.target.text) == (True, "A")
    log.remember_read(ANA, told)
    assert look(log).nothing_new
    assert [one.new for one in look(log).doubtful] == [False]
    # Somebody confirms it: now it is a change.
    log.link(link("DEC-0002", "DEC-0001", Relation.REVERSES, by="Bo", at=NOW + 2 * HOUR))
    (change,) = look(log).changes
    assert change.how is How.REVERSED
    log.remember_read(ANA, look(log))
    # And takes it back: what was reversed stands again.
    refused = link("DEC-0002", "DEC-0001", Relation.REVERSES, by="Bo", at=NOW + 3 * HOUR,
                   standing=LinkStanding.REFUSED)  # fmt: skip
    log.link(refused)
    (change,) = look(log).changes
    assert (change.how, change.after[0].number) == (How.RESTORED, "DEC-0001")


def test_what_goes_in_a_circle_is_told_once_and_ends(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    for call in ("a", "b", "c"):
        log.record(memo(decision(call), call=call), now=NOW)
    for source, target in (("2", "1"), ("3", "2"), ("1", "3")):
        log.link(link(f"DEC-000{source}", f"DEC-000{target}", Relation.REVERSES))
    told = look(log)
    assert len(told.changes) <= 1


# --- Whose it is --------------------------------------------------------------------------------


def test_what_is_yours_is_told_the_overdue_first(log: DecisionLog, memo: MakeMemo) -> None:
    log.record(
        memo(
            action_items=(
                action("Someday", "Ana Ruiz"),
                action("Today", "Ana", dt.date(2026, 3, 4)),
                action("Long ago", "Ana Ruiz", dt.date(2026, 3, 2)),
                action("Not mine", "Anabel", dt.date(2026, 3, 2)),
            ),
            open_questions=(question("When?", "Ana"), question("Who?", "Bo")),
        ),
        now=NOW,
    )  # fmt: skip
    told = look(log, reader="ana")
    assert [task.entry.text for task in told.yours] == ["Long ago", "Today", "Someday"]
    assert [task.due.word for task in told.yours] == [DueWord.OVERDUE, DueWord.TODAY, DueWord.NONE]
    assert [task.entry.text for task in told.waiting] == ["When?"]
    assert {task.entry.text for task in told.others} == {"Not mine", "Who?"}
    assert told.overdue == 1
    # It stays yours, though it is no longer new.
    log.remember_read(ANA, told)
    again = look(log, reader="ana")
    assert again.nothing_new
    assert [task.new for task in again.yours] == [False, False, False]


# --- Size ---------------------------------------------------------------------------------------


def test_a_larger_log_takes_no_more_queries(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    statements: list[str] = []
    sa.event.listen(
        log._database._engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_more: statements.append(statement),
    )

    def record(calls: range) -> None:
        for call in calls:
            items = (action(f"Do {call}", "Ana"), action(f"Try {call}", "Bo"))
            log.record(
                memo(decision(f"Decision {call}"), call=str(call), action_items=items),
                now=NOW + call * HOUR,
            )

    def queries() -> int:
        statements.clear()
        look(log, None, reader="Ana", now=NOW + 30 * DAY)
        return len(statements)

    record(range(3))
    few = queries()
    record(range(3, 23))
    assert queries() <= few + 2
