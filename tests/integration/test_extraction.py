"""A real language model reads a call: what it makes up stays out of the memo."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memo.checkpoints import WorkFolder
from memo.extraction import load_prompts, read_by_rules, read_with_model, write_memo
from memo.extraction.words import coverage, figures
from memo.language_model.embedded import EmbeddedLlama
from memo.model import (
    Draft,
    Meeting,
    Participant,
    Recording,
    Segment,
    Transcript,
    Verdict,
)
from memo.ports import silent
from memo.weights import Kind

pytestmark = pytest.mark.llm

MEETINGS = Path(__file__).parents[2] / "memo" / "evaluation" / "meetings"
SCRIPTED = MEETINGS / "b2-warehouse-checkpoint.json"
NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
LINES = 14


@pytest.fixture(scope="module")
def model(weights: Callable[[str, Kind], Path]) -> Iterator[EmbeddedLlama]:
    path = weights("qwen2.5-coder-1.5b", "llm")
    with EmbeddedLlama(path, name="qwen", context_tokens=2048) as model:
        yield model


@pytest.fixture(scope="module")
def meeting() -> Meeting:
    data = json.loads(SCRIPTED.read_text(encoding="utf-8"))
    return Meeting(
        title=data["title"],
        started_at=dt.datetime.fromisoformat(data["started_at"]),
        timezone=data["timezone"],
        attendees=tuple(p["name"] for p in data["participants"]),
    )


@pytest.fixture(scope="module")
def call() -> Transcript:
    """The first minutes of a labelled meeting."""
    data = json.loads(SCRIPTED.read_text(encoding="utf-8"))
    said = data["utterances"][:LINES]
    segments = tuple(
        Segment(id=i, start=u["start"], end=u["end"], text=u["text"], speaker=u["speaker"])
        for i, u in enumerate(said)
    )
    voices = dict.fromkeys(u["speaker"] for u in said)
    return Transcript(
        recording=Recording(filename="call.vtt", sha256="0" * 64),
        duration=segments[-1].end,
        speech_seconds=sum(s.duration for s in segments),
        language="en",
        segments=segments,
        participants=tuple(Participant(name=v, label=v) for v in voices),
    )


def read(
    call: Transcript, meeting: Meeting, model: EmbeddedLlama, folder: Path, *, small: bool
) -> Draft:
    return read_with_model(
        call,
        meeting,
        model=model,
        prompts=load_prompts(),
        small=small,
        checkpoints=WorkFolder(folder, call.recording),
        progress=silent,
    )


def test_a_small_model_puts_what_was_said_and_nothing_else(
    call: Transcript, meeting: Meeting, model: EmbeddedLlama, tmp_path: Path
) -> None:
    draft = read(call, meeting, model, tmp_path, small=True)
    spoken = read_by_rules(call, meeting)
    said = " ".join(s.text for s in call.segments)
    told = [*(d.statement for d in draft.decisions), *(a.task for a in draft.actions)]
    told += [q.question for q in draft.questions]
    assert len(told) == len(spoken.decisions) + len(spoken.actions) + len(spoken.questions)
    assert told
    for text in told:
        assert coverage(text, [said], "en") >= 0.8
        assert figures(text, "en") <= figures(said, "en")
    assert [d.quote for d in draft.decisions] == [d.quote for d in spoken.decisions]


def test_the_same_call_gives_the_same_draft_and_asks_nothing_twice(
    call: Transcript, meeting: Meeting, model: EmbeddedLlama, tmp_path: Path
) -> None:
    first = read(call, meeting, model, tmp_path / "first", small=True)
    assert read(call, meeting, model, tmp_path / "second", small=True) == first
    asked = model.usage.answers
    assert read(call, meeting, model, tmp_path / "first", small=True) == first
    assert model.usage.answers == asked


def test_what_a_model_reads_out_of_windows_is_held_against_the_call(
    call: Transcript, meeting: Meeting, model: EmbeddedLlama, tmp_path: Path
) -> None:
    begun = call.model_copy(update={"segments": call.segments[:4]})  # half a minute of its time
    draft = read(begun, meeting, model, tmp_path, small=False)
    memo = write_memo(draft, begun, meeting, created_at=NOW, memo_version="0")
    said = {s.id: s for s in call.segments}
    for finding in memo.findings():
        assert finding.evidence or finding.verdict is Verdict.UNSUPPORTED
        for evidence in finding.evidence:
            there = [s for s in said.values() if s.start < evidence.end and evidence.start < s.end]
            assert evidence.quote in " ".join(s.text for s in there)
            assert evidence.speaker in {s.speaker for s in there}
    assert all(a.owner in {None, *meeting.attendees} for a in memo.action_items)
    missed = {remark.values["about"] for gap in memo.coverage.gaps for remark in gap.remarks}
    assert missed <= {"decisions", "actions", "questions"}
