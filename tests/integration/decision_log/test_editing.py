"""What people change of entries stays as they left it, whatever memo finds later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from memo.decision_log.log import DecisionLog, Edit
from memo.errors import DecisionLogError, EditConflict
from memo.model import (
    ActionItem,
    Decision,
    DecisionStatus,
    Evidence,
    Memo,
    OpenQuestion,
    Verdict,
)
from memo.remembered import EntryKind, EntryState, Link, LinkStanding, Relation

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)

_BORNE_OUT = {
    "id": "A1",
    "verdict": Verdict.SUPPORTED,
    "confidence": 0.9,
    "evidence": (Evidence(start=30, end=35, speaker="Ana", quote="will do", score=1),),
}
TASK = ActionItem(
    **_BORNE_OUT, task="Write the plan", owner="Marco", due=dt.date(2026, 3, 6), due_text="Friday"
)
QUESTION = OpenQuestion(**_BORNE_OUT, question="Who pays?", raised_by="Ana", waiting_on="Bo")

MakeDecision = Callable[..., Decision]
MakeMemo = Callable[..., Memo]
Sql = Callable[[str], Sequence[tuple[Any, ...]]]


@pytest.fixture
def full(log: DecisionLog, memo: MakeMemo, decision: MakeDecision) -> DecisionLog:
    """A log of DEC-0001, DEC-0002, ACT-0001 and QUE-0001."""
    log.record(_meeting(memo, decision), now=NOW)
    return log


def _meeting(memo: MakeMemo, decision: MakeDecision, **changes: Any) -> Memo:  # noqa: ANN401
    first = decision(
        "Drop CSV", 10, rationale="nobody uses it", decided_by=("Ana",), **changes.get("first", {})
    )
    second = decision("Keep CSV", 60)
    return memo(
        *(changes.get("decisions") or (first, second)),
        action_items=changes.get("actions", (TASK,)),
        open_questions=changes.get("questions", (QUESTION,)),
    )


def edit(log: DecisionLog, number: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Change an entry as Bo, and return what the log then shows of its finding."""
    log.edit(number, changes, who="Bo", now=LATER)
    return log.entry(number).finding.model_dump(mode="json")


def linked(log: DecisionLog, source: str, target: str, relation: Relation) -> None:
    link = Link(
        source=source,
        target=target,
        relation=relation,
        standing=LinkStanding.SURE,
        made_by="Ana",
        made_at=NOW,
    )
    log.link(link)


# --- One entry ----------------------------------------------------------------------------------


def test_an_edit_is_shown_and_told_with_who_and_why(full: DecisionLog) -> None:
    edited = full.edit(
        "dec-1", {"why": " it breaks on commas "}, who="Bo", now=LATER, note="asked Ana"
    )
    entry = full.entry("DEC-0001")
    assert edited.entry == entry
    assert [(c.field, c.before, c.after) for c in edited.changes] == [
        ("rationale", "nobody uses it", "it breaks on commas")
    ]
    assert entry.decision.rationale == "it breaks on commas"
    assert (entry.edited, entry.changed_at) == (("rationale",), LATER)
    event = full.history("DEC-0001")[-1]
    assert (event.who, event.what, event.note, event.at) == ("Bo", "edited", "asked Ana", LATER)
    assert event.before
    assert event.after
    assert event.before["finding"]["rationale"] == "nobody uses it"
    assert event.after["finding"]["rationale"] == "it breaks on commas"
    found = full.found("DEC-0001")
    assert isinstance(found, Decision)
    assert found.rationale == "nobody uses it"


def test_what_memo_found_is_no_edit(full: DecisionLog) -> None:
    edit(full, "ACT-1", owner="Ana", due="2026-04-01")
    assert full.entry("ACT-1").edited == ("due", "owner")
    edit(full, "ACT-1", owner="Marco")
    assert full.entry("ACT-1").edited == ("due",)
    full.edit_all([Edit(number="ACT-1", taken_back=("due",))], who="Bo", now=LATER)
    entry = full.entry("ACT-1")
    assert (entry.edited, entry.due) == ((), dt.date(2026, 3, 6))


def test_an_edit_that_changes_nothing_is_not_told(full: DecisionLog) -> None:
    before = full.history("ACT-1")
    assert full.edit("ACT-1", {"owner": "Marco"}, who="Bo", now=LATER).changes == ()
    assert full.history("ACT-1") == before


def test_columns_that_are_searched_follow(full: DecisionLog, sql: Sql) -> None:
    edit(full, "ACT-1", owner="Ana  María", due="2026-04-01")
    rows = sql("SELECT people, due FROM entries WHERE kind = 'action'")
    assert [(people, str(due)) for people, due in rows] == [("\nana maría\n", "2026-04-01")]
    edit(full, "ACT-1", owner=None, due="")
    assert sql("SELECT people, due FROM entries WHERE kind = 'action'") == [("\n", None)]


def test_every_kind_understands_the_words_that_people_use(full: DecisionLog) -> None:
    assert edit(full, "DEC-1", statement="No CSV", status="proposed")["statement"] == "No CSV"
    assert full.entry("DEC-1").state is EntryState.PROPOSED
    assert edit(full, "ACT-1", statement="Plan")["task"] == "Plan"
    shown = edit(full, "QUE-1", statement="Who?", owner="Ana", answer="We do", status="answered")
    assert (shown["question"], shown["waiting_on"]) == ("Who?", "Ana")
    entry = full.entry("QUE-1")
    assert (entry.answer, entry.state) == ("We do", EntryState.ANSWERED)


@pytest.mark.parametrize(
    ("number", "changes", "told"),
    [
        ("ACT-1", {"due": "next week"}, "due cannot be 'next week'"),
        ("ACT-1", {"due": "2026-02-30"}, "due cannot be '2026-02-30'"),
        ("ACT-1", {"due": 20260306}, "due cannot be '20260306'"),
        ("ACT-1", {"due": "2026-03-06T10:00:00"}, "due cannot be"),
        ("ACT-1", {"status": "accepted"}, "state cannot be 'accepted'"),
        ("ACT-1", {"why": "because"}, "an action has no 'why'"),
        ("ACT-1", {"owner": ["Ana", "Bo"]}, "owner cannot be 'Ana, Bo'"),
        ("DEC-1", {"statement": " \n "}, "DEC-0001 cannot be left without words"),
        ("DEC-1", {"statement": None}, "DEC-0001 cannot be left without words"),
        ("DEC-1", {"statement": "x" * 30_000}, "too long"),
        ("DEC-1", {"statement": "x", "why": "y", "rationale": "z"}, "changed twice"),
        ("DEC-1", {"decided_by": [1]}, "decided_by cannot be '1'"),
        ("DEC-1", {"state": "superseded"}, "superseded only by another decision"),
        ("DEC-1", {"state": None}, "state cannot be nothing"),
        ("DEC-1", {"verdict": "supported"}, "a decision has no 'verdict'"),
        ("DEC-1", {"evidence": []}, "a decision has no 'evidence'"),
        ("DEC-1", {"id": "D9"}, "a decision has no 'id'"),
        ("DEC-9", {"statement": "x"}, "there is no DEC-0009"),
    ],
)
@pytest.mark.usefixtures("path")
def test_what_an_entry_cannot_hold_is_refused_and_nothing_changes(
    full: DecisionLog, number: str, changes: dict[str, Any], told: str
) -> None:
    before = full.entries(kinds=list(EntryKind))
    with pytest.raises(DecisionLogError) as refused:
        full.edit(number, changes, who="Bo", now=LATER)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.hint
    assert full.entries(kinds=list(EntryKind)) == before


@pytest.mark.parametrize(
    "text", ["a\0b", "\ud800", "\u202eevil", "# ## `x` | y", "日本語", "'; --"]
)
def test_any_text_can_be_said(full: DecisionLog, text: str) -> None:
    held = text.replace("\0", "�").replace("\ud800", "�")
    assert edit(full, "DEC-1", statement=text, why=text, decided_by=[text, " "]) | {} == {
        **full.entry("DEC-1").finding.model_dump(mode="json"),
        "statement": held,
        "rationale": held,
        "decided_by": [held],
    }


# --- Two people at once -------------------------------------------------------------------------


def test_a_field_that_changed_meanwhile_is_a_conflict_that_shows_both(full: DecisionLog) -> None:
    seen = {"owner": "Marco", "due": "2026-03-06"}
    full.edit("ACT-1", {"owner": "Ana"}, who="Ana", now=NOW)
    with pytest.raises(EditConflict) as refused:
        full.edit("ACT-1", {"owner": "Bo"}, who="Bo", now=LATER, expected=seen)
    assert all(name in str(refused.value) for name in ("'Ana'", "'Marco'", "'Bo'"))
    # Another field of it is nobody else's, and who wants the same has no quarrel.
    full.edit("ACT-1", {"due": "2026-04-01"}, who="Bo", now=LATER, expected=seen)
    full.edit("ACT-1", {"owner": "Ana"}, who="Bo", now=LATER, expected=seen)
    entry = full.entry("ACT-1")
    assert (entry.owner, entry.due) == ("Ana", dt.date(2026, 4, 1))


# --- Many at once -------------------------------------------------------------------------------


def test_many_edits_are_all_made_or_none(full: DecisionLog) -> None:
    edits = [
        Edit(number="ACT-1", changes={"owner": "Ana"}),
        Edit(number="QUE-1", changes={"owner": "Ana"}),
    ]
    with pytest.raises(DecisionLogError):
        full.edit_all([*edits, Edit(number="DEC-7")], who="Bo", now=LATER)
    assert full.entry("ACT-1").owner == "Marco"
    done = full.edit_all(edits, who="Bo", now=LATER)
    assert [one.entry.number for one in done] == ["ACT-0001", "QUE-0001"]
    assert (full.entry("ACT-1").owner, full.entry("QUE-1").owner) == ("Ana", "Ana")


def test_a_rehearsal_says_what_would_happen_and_does_nothing(full: DecisionLog) -> None:
    before = full.entry("ACT-1"), full.history("ACT-1")
    edits = [Edit(number="ACT-1", changes={"owner": "Ana"})]
    (would,) = full.edit_all(edits, who="Bo", now=LATER, rehearse=True)
    assert would.entry.owner == "Ana"
    assert (full.entry("ACT-1"), full.history("ACT-1")) == before
    full.edit_all(edits, who="Bo", now=LATER)  # the rehearsal left nothing locked
    assert full.entry("ACT-1").owner == "Ana"


# --- States, and links that say otherwise -------------------------------------------------------


def test_a_person_who_confirms_a_decision_vouches_for_it(full: DecisionLog) -> None:
    edit(full, "DEC-1", state="accepted")
    assert full.entry("DEC-1").edited == ("state",)
    assert full.history("DEC-1")[-1].what == "edited"


def test_a_superseded_decision_is_confirmed_only_without_its_link(full: DecisionLog) -> None:
    linked(full, "DEC-0002", "DEC-0001", Relation.REVERSES)
    with pytest.raises(DecisionLogError, match="DEC-0002 reverses it") as refused:
        edit(full, "DEC-1", state="accepted")
    assert "--undo" in str(refused.value.hint)
    assert full.entry("DEC-1").edited == ()
    edit(full, "DEC-1", state="superseded", why="so it was")  # as it is: no change
    assert full.entry("DEC-1").edited == ("rationale",)


def test_other_fields_of_a_decision_that_was_confirmed_and_then_superseded_can_be_changed(
    full: DecisionLog,
) -> None:
    edit(full, "DEC-1", state="accepted")
    linked(full, "DEC-0002", "DEC-0001", Relation.REVERSES)
    assert full.entry("DEC-1").state is EntryState.SUPERSEDED
    edit(full, "DEC-1", why="commas")
    assert full.entry("DEC-1").state is EntryState.SUPERSEDED


def test_rejecting_what_supersedes_gives_the_older_one_back(full: DecisionLog) -> None:
    linked(full, "DEC-0002", "DEC-0001", Relation.REVERSES)
    edit(full, "DEC-2", state="rejected")
    assert full.entry("DEC-1").state is EntryState.ACCEPTED
    assert full.history("DEC-1")[-1].who == "Bo"
    edit(full, "DEC-2", state="accepted")
    assert full.entry("DEC-1").state is EntryState.SUPERSEDED


def test_opening_again_refuses_what_closed_it_and_a_later_link_closes_it_again(
    full: DecisionLog,
) -> None:
    linked(full, "DEC-0001", "ACT-0001", Relation.CLOSES)
    assert full.entry("ACT-1").state is EntryState.DONE
    edit(full, "ACT-1", state="open")
    entry = full.entry("ACT-1")
    assert (entry.state, entry.edited) == (EntryState.OPEN, ())
    assert [link.standing for link in entry.links] == [LinkStanding.REFUSED]
    linked(full, "DEC-0002", "ACT-0001", Relation.CLOSES)
    assert full.entry("ACT-1").state is EntryState.DONE


def test_what_was_done_is_opened_again(full: DecisionLog) -> None:
    edit(full, "ACT-1", state="done")
    edit(full, "ACT-1", state="open")
    entry = full.entry("ACT-1")
    assert (entry.state, entry.edited) == (EntryState.OPEN, ())


def test_a_question_is_answered_in_words_by_a_decision(full: DecisionLog) -> None:
    link = Link(
        source="DEC-0002",
        target="QUE-0001",
        relation=Relation.ANSWERS,
        standing=LinkStanding.SURE,
        made_by="Bo",
        made_at=LATER,
    )
    changes = {"answer": "Pricing pays", "state": "answered"}
    full.edit_all([Edit(number="QUE-1", changes=changes, links=(link,))], who="Bo", now=LATER)
    entry = full.entry("QUE-1")
    assert (entry.state, entry.answer) == (EntryState.ANSWERED, "Pricing pays")
    assert full.entry("DEC-2").links == entry.links == (link,)


# --- The same meeting again ---------------------------------------------------------------------


def test_recording_again_keeps_edits_and_updates_the_rest(
    full: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    edit(full, "DEC-1", why="it breaks on commas")
    edit(full, "ACT-1", owner="Ana")
    task = TASK.model_copy(update={"due": dt.date(2026, 3, 9), "owner": "Carla"})
    changed = {"first": {"considered": ("TSV",)}, "actions": (task,)}
    done = full.record(_meeting(memo, decision, **changed), now=LATER)
    assert set(done.updated) == {"DEC-0001", "ACT-0001"}
    first = full.entry("DEC-1").decision
    assert (first.rationale, first.considered) == ("it breaks on commas", ("TSV",))
    action = full.entry("ACT-1")
    assert (action.owner, action.due, action.edited) == ("Ana", dt.date(2026, 3, 9), ("owner",))
    found = full.found("ACT-1")
    assert isinstance(found, ActionItem)
    assert found.owner == "Carla"


def test_what_memo_now_says_of_an_edited_field_only_is_kept_and_said(
    full: DecisionLog, memo: MakeMemo, decision: MakeDecision, sql: Sql
) -> None:
    edit(full, "ACT-1", owner="Ana")
    history = full.history("ACT-1")
    task = TASK.model_copy(update={"owner": "Carla"})
    done = full.record(_meeting(memo, decision, actions=(task,)), now=LATER)
    assert done.kept == ("ACT-0001",)
    assert full.history("ACT-1") == history
    assert sql("SELECT people FROM entries WHERE kind = 'action'") == [("\nana\n",)]
    edit(full, "ACT-1", owner="Carla")
    assert full.entry("ACT-1").edited == ()


def test_a_statement_that_people_reworded_is_known_again(
    full: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    edit(full, "DEC-1", statement="Comma-separated files are history")
    done = full.record(_meeting(memo, decision), now=LATER)
    assert (done.new, done.withdrawn) == ((), ())
    assert full.entry("DEC-1").text == "Comma-separated files are history"


def test_edits_outlive_a_withdrawal(
    full: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    edit(full, "DEC-1", why="commas", state="rejected")
    done = full.record(_meeting(memo, decision, decisions=(decision("Keep CSV", 60),)), now=LATER)
    assert done.withdrawn == ("DEC-0001",)
    edit(full, "DEC-1", decided_by=["Bo"])  # a withdrawn entry can be edited, too
    again = full.record(_meeting(memo, decision), now=LATER)
    entry = full.entry("DEC-1")
    assert "DEC-0001" in again.updated
    assert entry.withdrawn_at is None
    assert (entry.state, entry.decision.rationale) == (EntryState.REJECTED, "commas")
    assert entry.decision.decided_by == ("Bo",)
    assert [event.what for event in full.history("DEC-1")][-3:] == [
        "withdrawn",
        "edited",
        "restored",
    ]


@pytest.mark.parametrize(
    ("number", "state"),
    [
        ("DEC-1", "accepted"),
        ("DEC-1", "rejected"),
        ("ACT-1", "done"),
        ("ACT-1", "dropped"),
        ("QUE-1", "answered"),
    ],
)
def test_a_state_that_people_set_outlives_another_conversion(
    full: DecisionLog, memo: MakeMemo, decision: MakeDecision, number: str, state: str
) -> None:
    edit(full, number, state=state)
    first = {"status": DecisionStatus.PROPOSED, "rationale": "other"}
    memo_now = _meeting(
        memo,
        decision,
        decisions=(decision("Drop CSV", 10, **first), decision("Keep CSV", 60)),
        actions=(TASK.model_copy(update={"due_text": "Monday"}),),
        questions=(QUESTION.model_copy(update={"waiting_on": "Eva"}),),
    )
    full.record(memo_now, now=LATER)
    assert full.entry(number).state == state


def test_a_superseded_decision_stays_so_when_its_meeting_is_recorded_again(
    full: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    linked(full, "DEC-0002", "DEC-0001", Relation.AMENDS)
    edit(full, "DEC-1", why="commas")
    changed = {"first": {"considered": ("TSV",)}}
    full.record(_meeting(memo, decision, **changed), now=LATER)
    assert full.entry("DEC-1").state is EntryState.SUPERSEDED
    # What supersedes is not found any more, and comes back.
    only = {"decisions": (decision("Drop CSV", 10),)}
    full.record(_meeting(memo, decision, **only), now=LATER)
    assert full.entry("DEC-1").state is EntryState.ACCEPTED
    full.record(_meeting(memo, decision), now=LATER)
    assert full.entry("DEC-1").state is EntryState.SUPERSEDED


def test_an_answer_in_words_outlives_another_conversion(
    full: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    edit(full, "QUE-1", answer="We do", state="answered")
    question = QUESTION.model_copy(update={"question": "Who is to pay?"})
    full.record(_meeting(memo, decision, questions=(question,)), now=LATER)
    entry = full.entry("QUE-1")
    assert (entry.text, entry.answer) == ("Who is to pay?", "We do")
