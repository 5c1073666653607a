"""The log between real processes: many at once, and killed while they record."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from memo.decision_log.log import DecisionLog

MEMOS = """
import datetime as dt, hashlib, json, sys
from memo.decision_log.log import DecisionLog
from memo.model import *

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)

def memo(call, count, why="so"):
    evidence = [Evidence(start=n * 10, end=n * 10 + 5, speaker="Ana", quote="so be it", score=1)
                for n in range(count)]
    return Memo(
        title=call, started_at=NOW, timezone="UTC", language="en", duration=600,
        recording=Recording(filename=call, sha256=hashlib.sha256(call.encode()).hexdigest()),
        decisions=[
            Decision(id=f"D{n}", verdict="supported", confidence=1, evidence=(evidence[n],),
                     statement=f"{call} decides matter {n}", rationale=why)
            for n in range(count)],
        coverage=Coverage(audio_seconds=600, speech_seconds=600, analysed_seconds=600),
        provenance=Provenance(memo_version="1", asr_model=None, language_model="rules",
                              prompts_sha256="0" * 64, created_at=NOW))
"""

RECORD_SEVERAL = (
    MEMOS
    + """
url, worker, meetings = sys.argv[1], sys.argv[2], int(sys.argv[3])
given = {}
for meeting in range(meetings):
    call = f"call {worker}-{meeting}"
    with DecisionLog(url) as log:  # opened anew, as each `memo convert` does
        for entry in log.record(memo(call, 3), now=NOW).entries:
            given[entry.number] = entry.decision.statement
        shared = log.record(memo("the same call", 4, why=f"by {worker}"), now=NOW)
        given |= {entry.number: entry.decision.statement for entry in shared.entries}
print(json.dumps(given))
"""
)

RECORD_FOR_EVER = (
    MEMOS
    + """
log = DecisionLog(sys.argv[1])
print("ready", flush=True)
for turn in range(10**9):
    log.record(memo(f"call {turn % 5}", 20 + turn % 3, why=f"turn {turn} " * 50), now=NOW)
"""
)


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_many_processes_at_once_lose_nothing_and_never_share_a_number(url: str, path: Path) -> None:
    workers, meetings = 8, 5
    processes = [start(RECORD_SEVERAL, url, str(w), str(meetings)) for w in range(workers)]
    results = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * workers
    with DecisionLog(url) as log:
        logged = {e.number: e.decision.statement for e in log.entries(withdrawn=True)}
        assert len(log.entries()) == len(logged)
    expected = workers * meetings * 3 + 4
    assert sorted(logged) == [f"DEC-{place:04d}" for place in range(1, expected + 1)]
    assert len(set(logged.values())) == expected
    for result in results:
        for number, statement in json.loads(result).items():
            assert logged[number] == statement
    check_whole(path)


def test_killed_while_recording_there_is_never_half_a_meeting(url: str, path: Path) -> None:
    dice = random.Random(20_260_802)  # noqa: S311 (chooses moments, no secrets)
    for _ in range(8):
        with start(RECORD_FOR_EVER, url) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            time.sleep(dice.uniform(0.0, 0.3))
            process.kill()
        check_whole(path)
    with start(RECORD_SEVERAL.replace("call {worker}-{meeting}", "call 0"), url, "0", "1") as last:
        assert last.wait(timeout=60) == 0
    check_whole(path)
    with DecisionLog(url) as log:
        standing = [e for e in log.entries() if e.meeting_title == "call 0"]
        assert {e.decision.statement for e in standing} == {
            f"call 0 decides matter {n}" for n in range(3)
        }
        assert len(standing) == 3


def check_whole(path: Path) -> None:
    """Every entry has its meeting and its history; numbers are dense; a meeting is of one turn."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        numbers = [n for (n,) in connection.execute("SELECT number FROM entries ORDER BY number")]
        assert numbers == list(range(1, len(numbers) + 1))
        assert connection.execute(
            "SELECT last FROM counters WHERE name = 'decision'"
        ).fetchall() == [(len(numbers),)]
        recorded = "SELECT entry_id FROM events WHERE what = 'recorded' ORDER BY entry_id"
        assert [n for (n,) in connection.execute(recorded)] == numbers
        turns = connection.execute(
            "SELECT count(DISTINCT json_extract(finding, '$.rationale')) FROM entries"
            " WHERE withdrawn_at IS NULL GROUP BY meeting_id"
        )
        assert {count for (count,) in turns} <= {1}
    finally:
        connection.close()
