"""Entries of a log, as two meetings leave them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from memo.model import ActionItem, Decision, Evidence, OpenQuestion, Recording, Verdict
from memo.remembered import EntryKind, EntryState, Link, LinkStanding, LogEntry, Relation

Make = Callable[..., LogEntry]

_STARTED = dt.datetime(2026, 3, 2, 23, 30, tzinfo=ZoneInfo("Europe/Berlin"))
_FINDINGS: dict[str, tuple[type[Any], str, EntryState]] = {
    "DEC": (Decision, "statement", EntryState.ACCEPTED),
    "ACT": (ActionItem, "task", EntryState.OPEN),
    "QUE": (OpenQuestion, "question", EntryState.OPEN),
}


@pytest.fixture(scope="session")
def folder() -> Path:
    return Path(__file__).parent


@pytest.fixture(scope="session")
def entry() -> Make:
    """Make an entry: its number, what it says, and whatever else is given, by field."""

    def make(number: str, text: str, **given: Any) -> LogEntry:  # noqa: ANN401
        kind, name, state = _FINDINGS[number[:3]]
        said = given.pop("said", "so be it")
        finding = {
            "id": "F1",
            "verdict": Verdict.SUPPORTED,
            "confidence": 0.9,
            "evidence": (Evidence(start=75, end=80, speaker="Ana", quote=said, score=1),),
            name: text,
        }
        finding |= {key: given.pop(key) for key in list(given) if key in kind.model_fields}
        values = {
            "number": number,
            "kind": next(kind for kind in EntryKind if kind.prefix == number[:3]),
            "state": state,
            "finding": kind(**finding),
            "meeting_title": "Weekly call",
            "decided_at": _STARTED,
            "timezone": "Europe/Berlin",
            "recording": Recording(filename="weekly.m4a", sha256="ab" * 32),
            "logged_at": _STARTED,
            "changed_at": _STARTED + dt.timedelta(hours=1),
            "memo_path": "/home/ana/calls/weekly.memo.md",
        }
        return LogEntry(**values | given)

    return make


@pytest.fixture(scope="session")
def link() -> Callable[..., Link]:
    """Make a sure link: `link("DEC-0002", "amends", "DEC-0001")`."""

    def make(source: str, relation: str, target: str, **given: Any) -> Link:  # noqa: ANN401
        values = {
            "standing": LinkStanding.SURE,
            "made_by": "memo 0.1.0",
            "made_at": _STARTED,
        }
        return Link(source=source, relation=Relation(relation), target=target, **values | given)

    return make


@pytest.fixture(scope="session")
def log(entry: Make, link: Callable[..., Link]) -> tuple[LogEntry, ...]:
    """Two calls: the second amends what the first decided, and answers what it asked."""
    later = dt.datetime(2026, 3, 9, 10, 5, tzinfo=ZoneInfo("Europe/Berlin"))
    amends = link("DEC-0003", "amends", "DEC-0001", reason="the date is another")
    answers = link("DEC-0003", "answers", "QUE-0001")
    follows = link("ACT-0001", "follows", "DEC-0001")
    closes = link("MTG-0002", "closes", "ACT-0002", meeting="Launch call")
    second: dict[str, Any] = {
        "meeting_title": "Launch call",
        "decided_at": later,
        "changed_at": later,
        "logged_at": later,
        "recording": Recording(filename="launch call.m4a", sha256="cd" * 32),
        "memo_path": "C:\\calls\\launch call.memo.md",
    }
    return (
        entry(
            "DEC-0001",
            "We ship on Friday",
            state=EntryState.SUPERSEDED,
            rationale="the customers wait",
            considered=("Ship on Monday", "Do not ship"),
            decided_by=("Ana", "Bo"),
            links=(amends, follows),
        ),
        entry("DEC-0002", "Keep the old logo", state=EntryState.PROPOSED),
        entry(
            "DEC-0003",
            "We ship on Thursday",
            decided_by=("Bo",),
            links=(amends, answers),
            said="Thursday, then.",
            **second,
        ),
        entry(
            "ACT-0001",
            "Tell the customers",
            owner="Bo",
            due=dt.date(2026, 3, 4),
            links=(follows,),
        ),
        entry(
            "ACT-0002",
            "Book the hall",
            owner="Ana",
            state=EntryState.DONE,
            links=(closes,),
        ),
        entry("ACT-0003", "Find a truck", **second),
        entry(
            "QUE-0001",
            "Which day?",
            raised_by="Ana",
            state=EntryState.ANSWERED,
            links=(answers,),
        ),
        entry("QUE-0002", "Who pays?", raised_by="Ana", waiting_on="Bo", **second),
    )
