"""Three meetings recorded one after the other: the chains of the log, in both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from memo.decision_log.log import DecisionLog
from memo.evaluation.labels import LabelledMeeting, load_meeting, shipped_meetings
from memo.extraction import read_by_rules, write_memo
from memo.model import Decision, DecisionStatus, Memo
from memo.remembered import EntryKind, EntryState, Link, LinkStanding, Relation

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
SUPERSEDES = {Relation.REVERSES, Relation.AMENDS}


@pytest.fixture(scope="module")
def meetings() -> list[tuple[LabelledMeeting, Memo]]:
    """The meetings b1 to b3, and the memos that memo makes of them without a language model."""
    found = []
    for path in sorted(shipped_meetings().glob("b*.json")):
        case = load_meeting(path)
        draft = read_by_rules(case.transcript, case.meeting)
        memo = write_memo(
            draft, case.transcript, case.meeting, created_at=NOW, memo_version="0.1.0"
        )
        found.append((case, memo))
    return found


def record(
    log: DecisionLog, meetings: Sequence[tuple[LabelledMeeting, Memo]]
) -> list[tuple[Link, ...]]:
    return [log.record(memo, now=NOW, transcript=case.transcript).links for case, memo in meetings]


def superseding(log: DecisionLog) -> set[tuple[str, str, str]]:
    """The sure links by which a decision is superseded: what, newer words, older words."""
    return {
        (link.relation.value, log.entry(link.source).text, log.entry(link.target).text)
        for link in log.links(standing=LinkStanding.SURE)
        if link.relation in SUPERSEDES
    }


CHAINS = {
    (
        "amends",
        "Three years for everything else and seven for the five billing tables.",
        "Three years, then, and the rest stays in the bucket.",
    ),
    (
        "reverses",
        "The tenth of November, if October agrees apart from the credits.",
        "Until the end of November both of them run.",
    ),
}


def test_three_meetings_in_order_give_the_right_chains(
    log: DecisionLog, meetings: list[tuple[LabelledMeeting, Memo]]
) -> None:
    first, second, third = record(log, meetings)
    assert superseding(log) == CHAINS
    assert not any(link.relation in SUPERSEDES for link in first)
    for made in (second, third):
        sure = [x for x in made if x.standing is LinkStanding.SURE and x.relation in SUPERSEDES]
        assert len(sure) == 1
        assert sure[0].later
        assert sure[0].earlier
    superseded = {entry.text for entry in log.entries() if entry.state is EntryState.SUPERSEDED}
    assert superseded == {older for _, _, older in CHAINS}


def test_any_order_of_recording_gives_the_same_chains(
    log: DecisionLog, meetings: list[tuple[LabelledMeeting, Memo]]
) -> None:
    record(log, meetings[::-1])
    assert superseding(log) == CHAINS


def test_recording_again_changes_nothing(
    log: DecisionLog, meetings: list[tuple[LabelledMeeting, Memo]]
) -> None:
    record(log, meetings)
    before, history = log.links(), log.history("DEC-0002")
    assert record(log, [*meetings, *meetings[::-1]]) == [()] * 6
    assert log.links() == before
    assert log.history("DEC-0002") == history


def test_what_people_say_of_a_link_stands(
    log: DecisionLog, meetings: list[tuple[LabelledMeeting, Memo]]
) -> None:
    record(log, meetings)
    sure = next(
        link
        for link in log.links()
        if link.relation is Relation.REVERSES and link.standing is LinkStanding.SURE
    )
    waiting = next(iter(log.links(standing=LinkStanding.PROPOSED)))
    by_ana = {"made_by": "Ana", "made_at": NOW}
    log.link(sure.model_copy(update={"standing": LinkStanding.REFUSED, **by_ana}))
    log.link(waiting.model_copy(update={"standing": LinkStanding.SURE, **by_ana}))
    assert log.entry(sure.target).state is EntryState.ACCEPTED
    record(log, meetings)
    kept = {(link.source, link.target): link for link in log.links()}
    assert kept[sure.source, sure.target].standing is LinkStanding.REFUSED
    assert kept[waiting.source, waiting.target].standing is LinkStanding.SURE
    assert log.entry(sure.target).state is EntryState.ACCEPTED


def test_a_link_that_is_found_no_more_is_taken_back(
    log: DecisionLog, meetings: list[tuple[LabelledMeeting, Memo]]
) -> None:
    record(log, meetings[:2])
    case, memo = meetings[0]
    rejected = tuple(
        one.model_copy(update={"status": DecisionStatus.REJECTED}) for one in memo.decisions
    )
    again = memo.model_copy(update={"decisions": rejected})
    log.record(again, now=NOW, transcript=case.transcript)
    assert superseding(log) == set()
    assert log.entry("DEC-0003").state is EntryState.REJECTED
    told = {(event.what, event.note) for event in log.history("DEC-0003")}
    assert ("unlinked", "DEC-0007 amends DEC-0003: no longer found") in told


def test_the_talk_of_a_meeting_is_told_as_such(
    log: DecisionLog, meetings: list[tuple[LabelledMeeting, Memo]]
) -> None:
    record(log, meetings)
    by_talk = [link for link in log.links() if link.meeting is not None]
    assert by_talk
    for link in by_talk:
        assert link.source.startswith("MTG-")
        story = log.story(link.target)
        assert story.meetings[link.source].title == link.meeting
    sure = by_talk[0].model_copy(
        update={"standing": LinkStanding.SURE, "made_by": "Ana", "made_at": NOW}
    )
    log.link(sure)
    assert log.entry(sure.target).state in {EntryState.DONE, EntryState.ANSWERED}


# --- Stories --------------------------------------------------------------------------------------


def chained(
    log: DecisionLog, memo: Callable[..., Memo], decision: Callable[..., Decision], length: int
) -> None:
    log.record(
        memo(*(decision(f"Word {n} of the {n}th matter.", 10 * n) for n in range(length))), now=NOW
    )
    for n in range(1, length):
        log.link(_link(f"DEC-{n + 1:04d}", f"DEC-{n:04d}"))


def _link(source: str, target: str, **changes: Any) -> Link:  # noqa: ANN401
    values = {"relation": Relation.AMENDS, "standing": LinkStanding.SURE, "made_by": "Ana"}
    return Link(source=source, target=target, made_at=NOW, **values | changes)


def test_a_story_tells_the_whole_chain_from_any_of_its_ends(
    log: DecisionLog, memo: Callable[..., Memo], decision: Callable[..., Decision]
) -> None:
    chained(log, memo, decision, 12)
    for number in ("DEC-0001", "DEC-0006", "DEC-0012"):
        story = log.story(number)
        assert [entry.number for entry in story.entries] == [f"DEC-{n:04d}" for n in range(1, 13)]
        assert len(story.links) == 11
        assert not story.cut


def test_a_story_ends_where_a_chain_runs_in_a_circle(
    log: DecisionLog, memo: Callable[..., Memo], decision: Callable[..., Decision]
) -> None:
    chained(log, memo, decision, 3)
    log.link(_link("DEC-0001", "DEC-0003"))
    assert len(log.story("2").entries) == 3


def test_what_was_refused_is_no_part_of_a_story(
    log: DecisionLog, memo: Callable[..., Memo], decision: Callable[..., Decision]
) -> None:
    chained(log, memo, decision, 2)
    log.link(_link("DEC-0002", "DEC-0001", standing=LinkStanding.REFUSED))
    assert [entry.number for entry in log.story("1").entries] == ["DEC-0001"]
    assert log.story("1").links == ()
    assert log.entry("1").kind is EntryKind.DECISION
