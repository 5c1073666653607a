"""The log between real processes: many at once, and killed while they record.

Each test starts one program, which loads memo once and then forks as many processes as it needs.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from memo.decision_log.log import DecisionLog
from memo.model import Decision
from memo.remembered import EntryKind, LogEntry

Sql = Callable[[str], Sequence[tuple[Any, ...]]]

WORKERS, MEMOS_EACH, SHARED_EVERY, CALLS_EACH = 8, 25, 5, 4

MEMOS = """
import datetime as dt, hashlib, json, os, sys, time
from multiprocessing import get_context
from memo.decision_log.log import DecisionLog
from memo.model import *
from memo.remembered import EntryKind

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
KINDS = tuple(EntryKind)

def matter(call, n):
    # Words that no other matter has, so that nothing is taken to be about anything else.
    digest = hashlib.sha256(f"{call} {n}".encode()).hexdigest()
    letters = digest.translate(str.maketrans("0123456789", "ghijklmnop"))
    return f"{letters[:9]} {letters[9:18]} {letters[18:27]}"

def memo(call, count, why="so"):
    def found(id, n):
        place = dict(start=n * 10, end=n * 10 + 5)
        evidence = Evidence(**place, speaker="Ana", quote="so be it", score=1)
        return dict(id=id, verdict="supported", confidence=1, evidence=(evidence,))
    decisions = [
        Decision(**found(f"D{n}", n), statement=matter(call, n), rationale=why)
        for n in range(count)]
    task = ActionItem(**found("A1", 40), task=matter(call, "A"), owner=why)
    question = OpenQuestion(**found("Q1", 50), question=matter(call, "Q"))
    return Memo(
        title=call, started_at=NOW, timezone="UTC", language="en", duration=600,
        recording=Recording(filename=call, sha256=hashlib.sha256(call.encode()).hexdigest()),
        decisions=decisions, action_items=[task], open_questions=[question],
        coverage=Coverage(audio_seconds=600, speech_seconds=600, analysed_seconds=600),
        provenance=Provenance(memo_version="1", asr_model=None, language_model="rules",
                              prompts_sha256="0" * 64, created_at=NOW))

def small(call, kind, why):
    whole, none = memo(call, 1, why), {"decisions": (), "action_items": (), "open_questions": ()}
    kept = list(none)[kind]
    return whole.model_copy(update=none | {kept: getattr(whole, kept)})

def all_of(log):
    return log.entries(kinds=KINDS, withdrawn=True)
"""

RECORD_TOGETHER = (
    MEMOS
    + """
url, workers, memos_each, shared_every, calls_each = sys.argv[1], *map(int, sys.argv[2:])

def record(worker):
    given = {}
    for turn in range(memos_each):
        if turn == memos_each // 2:
            looked.wait(60)  # somebody reads before all is done, however busy the machine
        if turn % shared_every == 0:
            log = DecisionLog(url)  # opened anew, as each `memo convert` does
        if turn % shared_every == 1:
            call = memo("the same call", 2, f"by {worker}")
        else:
            mine = turn % calls_each
            call = small(f"call {worker}-{mine}", mine % 3, f"turn {turn}")
        for entry in log.record(call, now=NOW).entries:
            what = entry.finding.id + " of " + entry.meeting_title
            assert given.setdefault(entry.number, what) == what
        if turn % shared_every == shared_every - 1:
            log.close()
    return given

def read(_):
    looks = 0
    with DecisionLog(url) as log:
        while True:
            looks += 1
            meetings, numbers = {}, {kind: [] for kind in KINDS}
            for entry in all_of(log):
                meetings.setdefault(entry.meeting_title, []).append(entry.finding)
                numbers[entry.kind].append(int(entry.number[4:]))
            for title, findings in meetings.items():
                assert len(findings) == (4 if title == "the same call" else 1), title
                assert len({f.rationale for f in findings if f.id[0] == "D"}) <= 1, title
            for given in numbers.values():
                assert sorted(given) == list(range(1, len(given) + 1)), given
            looked.set()
            if len(meetings) == workers * calls_each + 1 and done.is_set():
                return looks
            time.sleep(0.2)

context = get_context("fork")
done, looked = context.Event(), context.Event()
with context.Pool(workers) as pool, context.Pool(1) as reader:
    looks = reader.map_async(read, [0])
    given = pool.map(record, range(workers), chunksize=1)
    done.set()
    print(json.dumps({"given": given, "looks": looks.get(60)[0]}))
"""
)

RECORD_AND_BE_KILLED = (
    MEMOS
    + """
import signal
url = sys.argv[1]
for line in sys.stdin:
    started, starts = os.pipe()
    child = os.fork()
    if child == 0:
        log = DecisionLog(url)
        os.write(starts, b".")
        for turn in range(10**9):
            log.record(memo(f"call {turn % 5}", 20 + turn % 3, f"{line}{turn} " * 50), now=NOW)
    os.read(started, 1)
    time.sleep(float(line))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
with DecisionLog(url) as log:
    for call in range(5):
        log.record(memo(f"call {call}", 3, "at last"), now=NOW)
"""
)


def run(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_eight_processes_recording_200_memos_at_once_lose_double_and_renumber_nothing(
    url: str, sql: Sql
) -> None:
    """The database is new: they make its tables at once, too; and somebody reads all the while."""
    with run(RECORD_TOGETHER, url, WORKERS, MEMOS_EACH, SHARED_EVERY, CALLS_EACH) as program:
        told, _ = program.communicate(timeout=300)
    assert program.returncode == 0
    reported = json.loads(told)
    assert reported["looks"] > 1
    logged = read(url)
    assert len(logged) == WORKERS * CALLS_EACH + 4
    assert len({entry.finding.id + entry.meeting_title for entry in logged.values()}) == len(logged)
    assert len(reported["given"]) == WORKERS
    for given in reported["given"]:
        assert len(given) == CALLS_EACH + 4
        for number, what in given.items():
            assert what == f"{logged[number].finding.id} of {logged[number].meeting_title}"
    for entry in logged.values():
        if isinstance(entry.finding, Decision) and entry.meeting_title != "the same call":
            assert entry.finding.rationale == f"turn {last_turn(int(entry.meeting_title[-1]))}"
    check_whole(logged, sql)


def last_turn(call: int) -> int:
    """The last turn in which a worker records one of its own calls."""
    turns = range(MEMOS_EACH)
    return max(t for t in turns if t % CALLS_EACH == call and t % SHARED_EVERY != 1)


def test_killed_while_recording_there_is_never_half_a_meeting(url: str, sql: Sql) -> None:
    dice = random.Random(20_260_802)  # noqa: S311 (chooses moments, no secrets)
    with run(RECORD_AND_BE_KILLED, url) as program:
        assert program.stdin
        assert program.stdout
        for _ in range(8):
            program.stdin.write(f"{dice.uniform(0.0, 0.3)}\n")
            program.stdin.flush()
            assert program.stdout.readline() == "killed\n"
            check_whole(read(url), sql)
        program.stdin.close()
        assert program.wait(timeout=60) == 0
    logged = read(url)
    check_whole(logged, sql)
    standing = [entry for entry in logged.values() if entry.withdrawn_at is None]
    assert sorted(f"{e.finding.id} of {e.meeting_title}" for e in standing) == sorted(
        f"{finding} of call {call}"
        for call in range(5)
        for finding in ("D0", "D1", "D2", "A1", "Q1")
    )


def test_killed_while_recording_the_file_is_whole(path: Path, url: str, sql: Sql) -> None:
    with run(RECORD_AND_BE_KILLED, url) as program:
        program.communicate("0.1\n0.2\n", timeout=60)
    assert program.returncode == 0
    assert path.exists()
    assert sql("PRAGMA integrity_check") == [("ok",)]
    assert sql("PRAGMA foreign_key_check") == []


def read(url: str) -> dict[str, LogEntry]:
    with DecisionLog(url) as log:
        return {
            entry.number: entry for entry in log.entries(kinds=tuple(EntryKind), withdrawn=True)
        }


def check_whole(logged: dict[str, LogEntry], sql: Sql) -> None:
    """Numbers are dense, each entry has its meeting and its history, a meeting is of one turn."""
    counted: dict[str, int] = dict(sql("SELECT name, last FROM counters"))
    for kind in EntryKind:
        numbers = sorted(entry.number for entry in logged.values() if entry.kind is kind)
        assert numbers == [f"{kind.prefix}-{n:04d}" for n in range(1, len(numbers) + 1)]
        assert counted[kind] == len(numbers)
    orphans = "SELECT count(*) FROM {0} LEFT JOIN {1} ON {1}.id = {0}.{2} WHERE {1}.id IS NULL"
    assert sql(orphans.format("entries", "meetings", "meeting_id")) == [(0,)]
    assert sql(orphans.format("events", "entries", "entry_id")) == [(0,)]
    recorded = "SELECT entry_id FROM events WHERE what = 'recorded' ORDER BY entry_id"
    assert sql(recorded) == sql("SELECT id FROM entries ORDER BY id")
    turns: dict[str, set[str]] = {}
    for entry in logged.values():
        if entry.kind is EntryKind.DECISION and entry.withdrawn_at is None:
            turns.setdefault(entry.meeting_title, set()).add(
                entry.finding.model_dump()["rationale"]
            )
    assert [title for title, turn in turns.items() if len(turn) > 1] == []
