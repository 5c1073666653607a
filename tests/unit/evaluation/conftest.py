"""Small labelled meetings, and memos of them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from memo.evaluation.counting import Cost, Measured, measure
from memo.evaluation.labels import LabelledMeeting, load_meeting
from memo.model import (
    ActionItem,
    Coverage,
    Decision,
    Evidence,
    Memo,
    OpenQuestion,
    Provenance,
    Transcript,
    Verdict,
)

UTTERANCES = [
    ("Ann Lee", "Should we move the launch to Friday?"),
    ("Bo Diaz", "Agreed. We move the launch to Friday because the tests are red."),
    ("Ann Lee", "I'll tell the customers by Wednesday."),
    ("Bo Diaz", "Who pays for the venue?"),
]
COMPLETE: dict[str, Any] = {
    "id": "launch",
    "title": "Launch",
    "started_at": "2026-03-02T10:00:00+00:00",
    "timezone": "UTC",
    "language": "en",
    "participants": [{"name": "Ann Lee", "role": "Lead"}, {"name": "Bo Diaz", "role": "Test"}],
    "utterances": [
        {"start": 100.0 * i, "end": 100.0 * i + 8, "speaker": who, "text": text}
        for i, (who, text) in enumerate(UTTERANCES)
    ],
    "gold": {
        "decisions": [
            {
                "text": "The launch moves to Friday.",
                "rationale": "The tests are red.",
                "decided_by": ["Bo Diaz"],
                "status": "accepted",
                "supersedes": None,
                "evidence": [1],
            }
        ],
        "actions": [
            {
                "task": "Tell the customers",
                "owner": "Ann Lee",
                "due": "2026-03-04",
                "due_text": "by Wednesday",
                "evidence": [2],
            }
        ],
        "open_questions": [{"question": "Who pays for the venue?", "evidence": [3]}],
        "must_not": ["The launch is cancelled.", "Bo Diaz tells the customers."],
    },
}
CORPUS: dict[str, Any] = {
    "id": "XY1",
    "corpus": "AMI",
    "title": "Talk",
    "language": "en",
    "annotated": ["abstract", "decisions", "problems"],
    "participants": [{"id": "A", "role": "Project Manager"}, {"id": "B"}, {"id": "C"}],
    "utterances": [
        {"start": 100.0 * i, "end": 100.0 * i + 8, "speaker": "AB"[i % 2], "text": text}
        for i, (_, text) in enumerate(UTTERANCES)
    ],
    "gold": {
        "decisions": [{"text": "The remote control will be yellow.", "evidence": [1]}],
        "actions": [],
        "problems": [{"text": "Whether the venue is too dear.", "evidence": []}],
    },
}


class Bench:
    """What the tests of measuring work with."""

    complete = COMPLETE
    corpus = CORPUS

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, data: object, name: str = "meeting.json") -> Path:
        path = self.folder / name
        text = data if isinstance(data, str) else json.dumps(data)
        path.write_text(text, encoding="utf-8")
        return path

    def case(self, data: object = None) -> LabelledMeeting:
        return load_meeting(self.write(COMPLETE if data is None else data))

    def changed(self, *path: str | int, to: object) -> dict[str, Any]:
        """Return the complete form with one value changed."""
        data: dict[str, Any] = json.loads(json.dumps(COMPLETE))
        inside: Any = data
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = to
        return data

    def evidence(self, place: int, quote: str | None = None) -> tuple[Evidence, ...]:
        who, text = UTTERANCES[place]
        start = 100.0 * place
        said = text if quote is None else quote
        return (Evidence(start=start, end=start + 8, speaker=who, quote=said, score=1.0),)

    def decision(self, statement: str, place: int = 1, **more: Any) -> Decision:  # noqa: ANN401
        given = {"evidence": self.evidence(place), "verdict": Verdict.SUPPORTED, **more}
        return Decision(id="D1", confidence=0.9, statement=statement, **given)

    def action(self, task: str, place: int = 2, **more: Any) -> ActionItem:  # noqa: ANN401
        given = {"evidence": self.evidence(place), "verdict": Verdict.SUPPORTED, **more}
        return ActionItem(id="A1", confidence=0.9, task=task, **given)

    def question(self, question: str, place: int = 3, **more: Any) -> OpenQuestion:  # noqa: ANN401
        given = {"evidence": self.evidence(place), "verdict": Verdict.SUPPORTED, **more}
        return OpenQuestion(id="Q1", confidence=0.9, question=question, **given)

    def memo(self, case: LabelledMeeting, *findings: object) -> Memo:
        transcript = case.transcript
        return Memo(
            title="Launch",
            started_at=None,
            timezone="UTC",
            language="en",
            duration=transcript.duration,
            recording=transcript.recording,
            decisions=tuple(f for f in findings if isinstance(f, Decision)),
            action_items=tuple(f for f in findings if isinstance(f, ActionItem)),
            open_questions=tuple(f for f in findings if isinstance(f, OpenQuestion)),
            coverage=Coverage(audio_seconds=308, speech_seconds=32, analysed_seconds=24),
            provenance=Provenance(
                memo_version="0",
                asr_model=None,
                language_model="rules",
                prompts_sha256="0" * 64,
                created_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
            ),
        )

    def measured(
        self, *findings: object, data: object = None, heard: Transcript | None = None
    ) -> Measured:
        case = self.case(data)
        return measure(case, self.memo(case, *findings), heard or case.transcript, Cost())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Labelled meetings to measure with."""
    return Bench(tmp_path)
