"""The decision log on a real SQLite file: numbers, recording again, reading, hostile text."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memo.decision_log.log import DecisionLog
from memo.errors import DecisionLogError
from memo.model import (
    ActionItem,
    Coverage,
    Decision,
    DecisionStatus,
    Gap,
    Memo,
    OpenQuestion,
    Participant,
    Recording,
    Segment,
    Transcript,
    Verdict,
)
from memo.remembered import EntryKind, EntryState, Link, LinkStanding, LogEntry, Relation

MakeDecision = Callable[..., Decision]
MakeMemo = Callable[..., Memo]

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)
REGION = "Roll out by region instead of one cutover on the eighth."
TICKET = "The 80 % disk alert becomes a morning ticket."


def statements(entries: tuple[LogEntry, ...]) -> dict[str, str]:
    return {entry.number: entry.text for entry in entries}


# --- Numbers ------------------------------------------------------------------------------------


def test_decisions_are_numbered_in_the_order_of_the_memo(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    recorded = log.record(memo(decision(REGION, 30), decision(TICKET, 90)), now=NOW)
    assert recorded.new == ("DEC-0001", "DEC-0002")
    assert (recorded.updated, recorded.unchanged, recorded.withdrawn) == ((), (), ())
    assert statements(recorded.entries) == {"DEC-0001": REGION, "DEC-0002": TICKET}


def test_an_entry_holds_the_decision_and_where_it_comes_from(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision, tmp_path: Path
) -> None:
    meeting = memo(
        decision(
            REGION,
            30.5,
            rationale="The Canadian tax numbers were wrong.",
            considered=("one cutover",),
            decided_by=("Ana", "Marco"),
            supersedes="the cutover on the eighth",
        )
    )
    path = tmp_path / "weekly.memo.md"
    (entry,) = log.record(meeting, now=NOW, memo_path=path).entries
    assert entry == LogEntry(
        number="DEC-0001",
        kind=EntryKind.DECISION,
        state=EntryState.ACCEPTED,
        finding=meeting.decisions[0],
        meeting_title="Weekly call",
        decided_at=dt.datetime(2026, 3, 2, 15, 0, 30, 500_000, tzinfo=dt.UTC),
        timezone="Europe/Berlin",
        recording=meeting.recording,
        logged_at=NOW,
        changed_at=NOW,
        memo_path=str(path),
    )
    assert log.entry("DEC-0001") == entry
    assert log.entries() == (entry,)
    assert entry.decided_at
    assert entry.decided_at.utcoffset() == dt.timedelta(hours=1)


def test_the_instant_is_right_across_a_change_of_clocks(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    started_at = dt.datetime(2026, 3, 29, 1, 59, tzinfo=ZoneInfo("Europe/Berlin"))
    (entry,) = log.record(memo(decision(REGION, 120), started_at=started_at), now=NOW).entries
    assert entry.decided_at == dt.datetime(2026, 3, 29, 1, 1, tzinfo=dt.UTC)
    assert entry.decided_at.isoformat() == "2026-03-29T03:01:00+02:00"


def test_supported_and_uncertain_decisions_are_recorded_and_unsupported_ones_are_not(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    meeting = memo(
        decision("Sure", verdict=Verdict.SUPPORTED),
        decision("Doubtful", verdict=Verdict.UNCERTAIN, reason="nobody agreed aloud"),
        decision("Invented", verdict=Verdict.UNSUPPORTED, evidence=()),
    )
    entries = log.record(meeting, now=NOW).entries
    assert [entry.text for entry in entries] == ["Sure", "Doubtful"]
    assert log.entry("2").decision.verdict is Verdict.UNCERTAIN
    assert log.entry("2").decision.reason == "nobody agreed aloud"


def test_a_number_is_never_used_again_even_if_its_row_is_gone(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision, sql: Callable[[str], object]
) -> None:
    log.record(memo(decision(REGION), decision(TICKET)), now=NOW)
    sql("DELETE FROM events WHERE entry_id = 2")
    sql("DELETE FROM entries WHERE number = 2")
    assert log.record(memo(decision("Another"), call="next"), now=LATER).new == ("DEC-0003",)


def test_another_recording_with_the_same_statements_is_another_meeting(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision(REGION)), now=NOW)
    assert log.record(memo(decision(REGION), call="other"), now=NOW).new == ("DEC-0002",)


def test_a_meeting_without_a_decision_is_recorded_without_a_number(
    log: DecisionLog, memo: MakeMemo
) -> None:
    recorded = log.record(memo(), now=NOW)
    assert not recorded.entries
    assert not recorded.new
    assert log.entries() == ()


# --- The same meeting again ---------------------------------------------------------------------


def test_the_same_memo_again_writes_nothing(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision, dump: Callable[[], str]
) -> None:
    meeting = memo(decision(REGION, 30), decision(TICKET, 90))
    first = log.record(meeting, now=NOW)
    before = dump()
    again = log.record(meeting, now=LATER)
    assert again.unchanged == ("DEC-0001", "DEC-0002")
    assert (again.new, again.updated, again.withdrawn) == ((), (), ())
    assert again.entries == first.entries
    assert dump() == before


def test_a_reworded_decision_keeps_its_number_and_its_history_says_what_it_was(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision(REGION, 30), decision(TICKET, 90)), now=NOW)
    reworded = "We will roll out by region instead of a single cutover."
    recorded = log.record(memo(decision(reworded, 31), decision(TICKET, 90)), now=LATER)
    assert recorded.updated == ("DEC-0001",)
    assert recorded.unchanged == ("DEC-0002",)
    entry = log.entry("DEC-0001")
    assert entry.decision.statement == reworded
    assert entry.logged_at == NOW
    first, second = log.history("DEC-0001")
    assert (first.what, first.at, first.before) == ("recorded", NOW, None)
    assert (second.what, second.at) == ("updated", LATER)
    assert second.before == first.after
    assert second.before
    assert second.before["finding"]["statement"] == REGION
    assert second.after
    assert second.after["finding"]["statement"] == reworded
    assert len(log.history("DEC-0002")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"rationale": "because"},
        {"status": DecisionStatus.REJECTED},
        {"decided_by": ("Ana",)},
        {"verdict": Verdict.UNCERTAIN},
        {"confidence": 0.4},
        {"evidence": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_changed_content_updates_the_entry(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision, change: dict[str, object]
) -> None:
    if "evidence" in change:
        change = {**change, "verdict": Verdict.UNCERTAIN}
    log.record(memo(decision(REGION)), now=NOW)
    meeting = memo(decision(REGION, **change))
    assert log.record(meeting, now=LATER).updated == ("DEC-0001",)
    assert log.entry("1").decision == meeting.decisions[0]
    assert [event.what for event in log.history("1")] == ["recorded", "updated"]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Planning"},
        {"timezone": "Asia/Tokyo"},
        {"started_at": dt.datetime(2026, 3, 2, 16, 1, tzinfo=dt.UTC)},
        {"started_at": None},
    ],
    ids=["title", "timezone", "started_at", "no date"],
)
def test_what_is_known_of_the_meeting_is_content_of_its_entries(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision, change: dict[str, object]
) -> None:
    log.record(memo(decision(REGION)), now=NOW)
    recorded = log.record(memo(decision(REGION), **change), now=LATER)
    assert recorded.updated == ("DEC-0001",)
    assert log.entries() == recorded.entries
    assert log.record(memo(decision(REGION), **change), now=LATER).unchanged == ("DEC-0001",)


def test_a_moved_memo_a_renamed_recording_and_another_order_are_no_changes(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    meeting = memo(decision(REGION, 30), decision(TICKET, 90))
    log.record(meeting, now=NOW, memo_path=Path("/old/weekly.memo.md"))
    renamed = Recording(filename="renamed.m4a", sha256=meeting.recording.sha256)
    moved = memo(decision(TICKET, 90), decision(REGION, 30), recording=renamed)
    recorded = log.record(moved, now=LATER, memo_path=Path("/new/renamed.memo.md"))
    assert recorded.unchanged == ("DEC-0002", "DEC-0001")
    entry = log.entry("DEC-0001")
    assert entry.memo_path == "/new/renamed.memo.md"
    assert entry.recording.filename == "renamed.m4a"
    assert entry.decision.id == "D2"
    assert len(log.history("DEC-0001")) == 1


def test_a_memo_that_was_not_kept_leaves_the_pointer_to_the_last_one(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision(REGION)), now=NOW, memo_path=Path("/weekly.memo.md"))
    (entry,) = log.record(memo(decision(REGION)), now=LATER).entries
    assert entry.memo_path == log.entry("1").memo_path == "/weekly.memo.md"


def test_a_decision_that_is_not_found_again_is_withdrawn_and_stays(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision(REGION, 30), decision(TICKET, 90)), now=NOW)
    recorded = log.record(memo(decision(TICKET, 90)), now=LATER)
    assert recorded.withdrawn == ("DEC-0001",)
    assert list(statements(log.entries())) == ["DEC-0002"]
    assert list(statements(log.entries(withdrawn=True))) == ["DEC-0001", "DEC-0002"]
    assert log.entry("DEC-0001").withdrawn_at == LATER
    assert log.entry("DEC-0001").decision.statement == REGION
    assert [event.what for event in log.history("DEC-0001")] == ["recorded", "withdrawn"]
    assert log.history("DEC-0001")[-1].after is None


def test_a_withdrawn_decision_is_withdrawn_once(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision(REGION, 30), decision(TICKET, 90)), now=NOW)
    log.record(memo(decision(TICKET, 90)), now=LATER)
    assert log.record(memo(decision(TICKET, 90)), now=LATER).withdrawn == ()
    assert len(log.history("DEC-0001")) == 2


def test_a_withdrawn_decision_that_is_found_again_has_its_number_back(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision(REGION)), now=NOW)
    log.record(memo(), now=LATER)
    recorded = log.record(memo(decision(REGION)), now=LATER)
    assert (recorded.updated, recorded.new) == (("DEC-0001",), ())
    assert log.entry("DEC-0001").withdrawn_at is None
    assert recorded.entries == log.entries()
    assert [e.what for e in log.history("1")] == ["recorded", "withdrawn", "restored"]


def test_a_decision_that_lost_its_support_is_withdrawn(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision(REGION)), now=NOW)
    unsupported = memo(decision(REGION, verdict=Verdict.UNSUPPORTED, evidence=()))
    assert log.record(unsupported, now=LATER).withdrawn == ("DEC-0001",)


def test_a_gap_withdraws_nothing_that_was_said_in_it(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision(REGION, 30), decision(TICKET, 90)), now=NOW)
    gap = Gap(start=80, end=120, reason="the language model did not answer")
    coverage = Coverage(audio_seconds=180, speech_seconds=150, analysed_seconds=140, gaps=(gap,))
    recorded = log.record(memo(coverage=coverage), now=LATER)
    assert recorded.withdrawn == ("DEC-0001",)
    assert list(statements(log.entries())) == ["DEC-0002"]


def test_another_figure_in_the_same_place_is_another_decision(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("The limit is 5 per user")), now=NOW)
    recorded = log.record(memo(decision("The limit is 7 per user")), now=LATER)
    assert (recorded.new, recorded.withdrawn) == (("DEC-0002",), ("DEC-0001",))


variants = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.lists(
            st.tuples(
                st.sampled_from([REGION, "We roll out by region", TICKET, "Limit 5", "Limit 7"]),
                st.sampled_from([10.0, 12.0, 60.0]),
                st.sampled_from(list(Verdict)),
            ),
            max_size=4,
        ),
    ),
    max_size=8,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(memos=variants)
def test_whatever_is_recorded_numbers_are_unique_dense_and_keep_their_meeting(
    memos: list[tuple[str, list[tuple[str, float, Verdict]]]],
    memo: MakeMemo,
    decision: MakeDecision,
    anew: Callable[[], str],
) -> None:
    meeting_of: dict[str, str] = {}
    with DecisionLog(anew()) as log:
        for call, found in memos:
            meeting = memo(*(decision(s, at, verdict=v) for s, at, v in found), call=call)
            recorded = log.record(meeting, now=NOW)
            believed = [d for d in meeting.decisions if d.verdict is not Verdict.UNSUPPORTED]
            told = [entry.decision.statement for entry in recorded.entries]
            assert told == [decision.statement for decision in believed]
            for entry in recorded.entries:
                assert meeting_of.setdefault(entry.number, call) == call
            standing = {e.number for e in log.entries() if meeting_of[e.number] == call}
            assert standing == {entry.number for entry in recorded.entries}
            again = log.record(meeting, now=LATER)
            assert sorted(again.unchanged) == sorted(standing)
            assert (again.new, again.updated, again.withdrawn) == ((), (), ())
        numbers = sorted(entry.number for entry in log.entries(withdrawn=True))
    assert numbers == [f"DEC-{place:04d}" for place in range(1, len(meeting_of) + 1)]


# --- Reading ------------------------------------------------------------------------------------


def test_the_newest_meeting_comes_first_and_is_in_its_own_order(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    def on(day: int) -> dt.datetime:
        return dt.datetime(2026, 4, day, tzinfo=dt.UTC)

    log.record(memo(decision("B2", 90), decision("B1", 5), call="b", started_at=on(2)), now=NOW)
    log.record(memo(decision("A1"), call="a", started_at=on(1)), now=NOW)
    log.record(memo(decision("C1"), call="c", started_at=on(3)), now=NOW)
    assert list(statements(log.entries()).values()) == ["C1", "B1", "B2", "A1"]
    assert list(statements(log.entries(limit=2)).values()) == ["C1", "B1"]
    assert log.entries(limit=0) == ()


def test_a_meeting_without_a_date_has_the_place_of_when_it_was_recorded(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Undated"), started_at=None, call="u"), now=LATER)
    log.record(memo(decision("Dated")), now=NOW)
    assert list(statements(log.entries()).values()) == ["Undated", "Dated"]
    assert log.entry("DEC-0001").decided_at is None


def test_entries_can_be_asked_for_by_status(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    meeting = memo(*(decision(status.value, status=status) for status in DecisionStatus))
    log.record(meeting, now=NOW)
    for status in DecisionStatus:
        assert list(statements(log.entries(states=(EntryState(status),))).values()) == [
            status.value
        ]


@pytest.mark.parametrize("written", ["DEC-0001", "dec-1", "Dec 1", "1", "0001", " dec0001\n"])
def test_a_number_is_read_as_people_write_it(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision, written: str
) -> None:
    log.record(memo(decision(REGION)), now=NOW)
    assert log.entry(written).number == log.history(written)[0].number == "DEC-0001"


@pytest.mark.parametrize(
    "written", ["", "DEC-", "-1", "1.5", "D1", "1; DROP TABLE decisions", "٣", "9" * 5000, "\0"]
)
def test_what_is_no_number_is_refused(log: DecisionLog, written: str) -> None:
    with pytest.raises(DecisionLogError, match="not a number of the decision log") as refused:
        log.entry(written)
    assert refused.value.hint
    assert len(str(refused.value)) < 200


def test_an_unknown_number_is_told_what_there_is(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    with pytest.raises(DecisionLogError, match="no DEC-0007: the decision log holds no decision"):
        log.entry("7")
    log.record(memo(decision(REGION), decision(TICKET)), now=NOW)
    with pytest.raises(DecisionLogError, match="holds DEC-0001 to DEC-0002"):
        log.history("7")


# --- Hostile text -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Robert'); DROP TABLE decisions;--",
        '"quotes" `ticks` \\ back\\u0000slash %s :name ?',
        "👩‍👩‍👧‍👦 emoji, עברית, العربية, \u202eoverridden\u202c, 中文",
        "line\nbreak\ttab\r\x1b[31mred\x7f",
        "e\u0301 and é stay as they are",
        "x" * 1_000_000,
        "",
        "   ",
    ],
    ids=["sql", "quotes", "scripts", "controls", "accents", "1 MB", "empty", "blank"],
)
def test_any_text_comes_back_as_it_was(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision, text: str
) -> None:
    meeting = memo(
        decision(text, rationale=text, considered=(text,), decided_by=(text,)), title=text
    )
    log.record(meeting, now=NOW, memo_path=Path("/x") / text)
    (entry,) = log.entries()
    assert entry.decision == meeting.decisions[0]
    assert entry.meeting_title == text
    assert log.record(meeting, now=LATER).unchanged == ("DEC-0001",)


def test_nul_becomes_a_replacement_character_and_stays_the_same_decision(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    meeting = memo(decision("a\0b", decided_by=("\0",)), title="t\0", timezone="\0")
    (entry,) = log.record(meeting, now=NOW, memo_path=Path("/m\0")).entries
    assert entry.decision.statement == "a\ufffdb"
    assert entry.decision.decided_by == ("\ufffd",)
    assert (entry.meeting_title, entry.memo_path) == ("t\ufffd", "/m\ufffd")
    assert log.entries() == (entry,)
    assert log.record(meeting, now=LATER).unchanged == ("DEC-0001",)


@pytest.mark.skipif(os.name != "posix", reason="file names that are no text")
def test_a_file_name_that_is_no_text_does_not_stop_the_recording(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    path = Path(os.fsdecode(b"/calls/caf\xe9.memo.md"))
    (entry,) = log.record(memo(decision(REGION)), now=NOW, memo_path=path).entries
    assert entry.memo_path == "/calls/caf\ufffd.memo.md"


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_only_nul_is_replaced(
    text: str, log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    recorded = log.record(memo(decision(text), call=text), now=NOW)
    (entry,) = recorded.entries
    assert log.entry(entry.number).decision.statement == text.replace("\0", "\ufffd")


@pytest.mark.parametrize("zone", ["Nowhere/Atlantis", "../../etc/passwd", "", "Europe", "x" * 9999])
def test_an_unknown_time_zone_shows_instants_in_utc(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision, zone: str
) -> None:
    log.record(memo(decision(REGION), timezone=zone), now=NOW)
    entry = log.entry("1")
    assert entry.timezone == zone
    assert entry.decided_at == dt.datetime(2026, 3, 2, 15, 0, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("started_at", "start"),
    [
        (dt.datetime.max.replace(tzinfo=dt.UTC), 10.0),
        (dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=14))), 10.0),
        (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), 1e300),
    ],
    ids=["last year", "first year", "endless recording"],
)
def test_an_instant_that_no_calendar_has_is_left_out(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision, started_at: dt.datetime, start: float
) -> None:
    meeting = memo(decision(REGION, start), started_at=started_at)
    assert log.record(meeting, now=NOW).new == ("DEC-0001",)
    assert log.entry("1").decided_at is None
    assert log.record(meeting, now=LATER).unchanged == ("DEC-0001",)


# --- The file -----------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_the_file_and_its_folder_are_for_their_owner_only(
    url: str, path: Path, memo: MakeMemo, decision: MakeDecision
) -> None:
    before = os.umask(0)
    try:
        with DecisionLog(url) as log:
            log.record(memo(decision(REGION)), now=NOW)
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(["decisions.db", "decisions.db-wal", "decisions.db-shm"], 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_closed_it_is_one_file_in_wal_mode(
    url: str, path: Path, memo: MakeMemo, decision: MakeDecision
) -> None:
    with DecisionLog(url) as log:
        log.record(memo(decision(REGION)), now=NOW)
    assert [file.name for file in path.parent.iterdir()] == ["decisions.db"]
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert other.execute("PRAGMA foreign_key_check").fetchall() == []
    assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    other.close()


# --- Actions and questions ------------------------------------------------------------------------


def test_actions_and_questions_are_remembered_under_numbers_of_their_own(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    ground = decision(REGION).model_dump(include={"verdict", "confidence", "evidence"})
    action = ActionItem(id="A1", task="Order the parts", owner="Ana", **ground)
    question = OpenQuestion(id="Q1", question="Who pays?", waiting_on="Marco", **ground)
    meeting = memo(decision(REGION), action_items=(action,), open_questions=(question,))
    recorded = log.record(meeting, now=NOW)
    assert [entry.number for entry in recorded.entries] == ["DEC-0001", "ACT-0001", "QUE-0001"]
    assert [entry.text for entry in recorded.decisions] == [REGION]
    assert log.entry("act 1").finding == action
    assert log.entry("que-1").state is EntryState.OPEN
    assert log.entries(kinds=tuple(EntryKind), states=(EntryState.OPEN,)) == recorded.entries[1:]
    changed = action.model_copy(update={"owner": "Marco"})
    again = memo(decision(REGION), action_items=(changed,), open_questions=(question,))
    assert log.record(again, now=LATER).updated == ("ACT-0001",)
    assert log.entry("ACT-1").owner == "Marco"


# --- Links ----------------------------------------------------------------------------------------


def link(source: str, target: str, relation: Relation, standing: LinkStanding) -> Link:
    return Link(
        source=source,
        target=target,
        relation=relation,
        standing=standing,
        made_by="Ana",
        made_at=LATER,
    )


@pytest.fixture
def two(log: DecisionLog, memo: MakeMemo, decision: MakeDecision) -> DecisionLog:
    """A log with DEC-0001, and DEC-0002 from a later meeting."""
    log.record(memo(decision(REGION)), now=NOW)
    log.record(memo(decision("Mondays are spoken in English."), call="next"), now=NOW)
    return log


def test_a_sure_link_supersedes_and_a_refused_one_gives_back(two: DecisionLog) -> None:
    sure = link("DEC-0002", "DEC-0001", Relation.REVERSES, LinkStanding.SURE)
    assert two.link(sure)
    assert two.entry("1").state is EntryState.SUPERSEDED
    assert two.entry("1").links == two.entry("2").links == (sure,)
    assert not two.link(sure)
    assert two.link(sure.model_copy(update={"standing": LinkStanding.REFUSED}), note="no, both")
    assert two.entry("1").state is EntryState.ACCEPTED
    assert [event.what for event in two.history("1")] == ["recorded", "linked", "unlinked"]
    assert two.history("1")[-1].note == "DEC-0002 reverses DEC-0001: no, both"


def test_a_proposed_link_changes_nothing_but_waits(two: DecisionLog) -> None:
    proposed = link("DEC-0002", "DEC-0001", Relation.AMENDS, LinkStanding.PROPOSED)
    two.link(proposed)
    assert two.entry("1").state is EntryState.ACCEPTED
    assert two.links(standing=LinkStanding.PROPOSED) == (proposed,)


def test_what_supersedes_no_longer_counts_once_it_is_withdrawn(
    two: DecisionLog, memo: MakeMemo
) -> None:
    two.link(link("DEC-0002", "DEC-0001", Relation.REVERSES, LinkStanding.SURE))
    two.record(memo(call="next"), now=LATER)
    assert two.entry("1").state is EntryState.ACCEPTED


def test_a_circle_of_links_ends(two: DecisionLog) -> None:
    two.link(link("DEC-0002", "DEC-0001", Relation.REVERSES, LinkStanding.SURE))
    two.link(link("DEC-0001", "DEC-0002", Relation.REVERSES, LinkStanding.SURE))
    assert [two.entry(number).state for number in ("1", "2")] == [EntryState.SUPERSEDED] * 2


def test_nothing_is_linked_to_itself(two: DecisionLog) -> None:
    with pytest.raises(DecisionLogError, match="linked to itself"):
        two.link(link("DEC-0001", "DEC-0001", Relation.REVERSES, LinkStanding.SURE))


def test_what_was_said_is_kept_and_replaced(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    meeting = memo(decision(REGION))
    said = Segment(id=0, start=1, end=4, text="By region, then.", speaker="Speaker 1")
    transcript = Transcript(
        recording=meeting.recording,
        duration=180,
        speech_seconds=3,
        language="en",
        segments=(said,),
        participants=(Participant(name="Ana", label="Speaker 1"),),
    )
    log.record(meeting, now=NOW, transcript=transcript)
    (heard,) = log.said("DEC-0001", before=10, after=10)
    assert (heard.speaker, heard.text) == ("Ana", "By region, then.")
    log.record(meeting, now=NOW)
    assert log.said("DEC-0001", before=10, after=10) == (heard,)
    log.record(meeting, now=NOW, transcript=transcript.model_copy(update={"segments": ()}))
    assert log.said("DEC-0001", before=10, after=10) == ()
