"""Meetings to read, and models that say what they are told to."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from memo.extraction import load_prompts, read_by_rules, read_with_model, write_memo
from memo.model import Draft, Meeting, Memo, Participant, Recording, Segment, Transcript, Word
from memo.ports import Answer, Artifact, Checkpoints, silent

Said = tuple[str | None, str]
SCRIPTED = Path(__file__).parents[3] / "memo" / "evaluation" / "meetings"
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SECONDS_A_WORD = 0.4


def talk(
    *said: Said, language: str = "en", words: bool = False, names: dict[str, str] | None = None
) -> Transcript:
    """Return a transcript of turns (speaker, text), half a second between them."""
    segments: list[Segment] = []
    now = 0.0
    for place, (speaker, text) in enumerate(said):
        tokens = text.split()
        end = now + max(0.4, SECONDS_A_WORD * len(tokens))
        timed = [
            Word(
                start=now + SECONDS_A_WORD * i,
                end=now + SECONDS_A_WORD * (i + 1),
                text=token,
                probability=0.9,
            )
            for i, token in enumerate(tokens)
        ]
        segments.append(
            Segment(
                id=place,
                start=now,
                end=end,
                text=text,
                speaker=speaker,
                words=tuple(timed) if words else (),
            )
        )
        now = end + 0.5
    labels = dict.fromkeys(s.speaker for s in segments if s.speaker is not None)
    known = names or {}
    return Transcript(
        recording=Recording(filename="call.m4a", sha256="0" * 64),
        duration=now,
        speech_seconds=sum(s.duration for s in segments),
        language=language,
        segments=tuple(segments),
        participants=tuple(Participant(name=known.get(v, v), label=v) for v in labels),
    )


def scripted_meeting(path: Path) -> tuple[Transcript, Meeting]:
    """Return a labelled meeting without its labels."""
    data = json.loads(path.read_text(encoding="utf-8"))
    people = [p["name"] for p in data["participants"]]
    voices = {u["speaker"] for u in data["utterances"]}
    segments = [
        Segment(id=i, start=u["start"], end=u["end"], text=u["text"], speaker=u["speaker"])
        for i, u in enumerate(data["utterances"])
    ]
    transcript = Transcript(
        recording=Recording(filename=f"{data['id']}.vtt", sha256="0" * 64),
        duration=segments[-1].end,
        speech_seconds=sum(s.duration for s in segments),
        language=data["language"],
        segments=tuple(segments),
        participants=tuple(Participant(name=p, label=p) for p in people if p in voices),
    )
    return transcript, Meeting(
        title=data["title"],
        started_at=dt.datetime.fromisoformat(data["started_at"]),
        timezone=data["timezone"],
        attendees=tuple(people),
    )


class Memory:
    """Keeps answers in memory, as JSON (`memo.ports.Checkpoints`)."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def load(self, step: str, key: str, kind: type[Artifact]) -> Artifact | None:
        text = self.kept.get((step, key))
        return None if text is None else kind.model_validate_json(text)

    def save(self, step: str, key: str, artifact: BaseModel) -> None:
        self.kept[step, key] = artifact.model_dump_json()


@dataclass
class Asked:
    """One question to a model."""

    system: str
    user: str
    answer: type[BaseModel]
    max_tokens: int


Script = Callable[[Asked], Any]


@dataclass
class ScriptedModel:
    """Answers as a script says (`memo.ports.LanguageModel`).

    The script returns JSON-like data, or an error to raise. Tokens are words.
    """

    script: Script
    context_tokens: int = 8000
    name: str = "scripted"
    asked: list[Asked] = field(default_factory=list)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def complete(self, *, system: str, user: str, answer: type[Answer], max_tokens: int) -> Answer:
        question = Asked(system, user, answer, max_tokens)
        self.asked.append(question)
        said = self.script(question)
        if isinstance(said, Exception):
            raise said
        return answer.model_validate(said)

    def choose(self, *, system: str, user: str, options: Sequence[str]) -> dict[str, float]:
        raise NotImplementedError(system, user, options)


def read_large(
    transcript: Transcript,
    model: ScriptedModel,
    *,
    meeting: Meeting | None = None,
    checkpoints: Checkpoints | None = None,
    small: bool = False,
) -> Draft:
    """Return what a scripted model makes of a transcript."""
    return read_with_model(
        transcript,
        meeting or Meeting(title="Call"),
        model=model,
        prompts=load_prompts(),
        small=small,
        checkpoints=checkpoints or Memory(),
        progress=silent,
    )


def written(draft: Draft, transcript: Transcript, meeting: Meeting | None = None) -> Memo:
    """Return the memo of a draft."""
    return write_memo(
        draft, transcript, meeting or Meeting(title="Call"), created_at=NOW, memo_version="0"
    )


def by_rules(transcript: Transcript, meeting: Meeting | None = None) -> Memo:
    """Return the memo that the rules make."""
    about = meeting or Meeting(title="Call")
    return written(read_by_rules(transcript, about), transcript, about)


def misquoted(memo: Memo, transcript: Transcript) -> list[str]:
    """Return the quotes of evidence that do not stand word for word at their time."""
    bad = []
    for e in (e for finding in memo.findings() for e in finding.evidence):
        there = [s for s in transcript.segments if s.start < e.end and e.start < s.end]
        said = " ".join(s.text for s in there if transcript.name_of(s.speaker) == e.speaker)
        if not e.quote or " ".join(e.quote.split()) not in " ".join(said.split()):
            bad.append(e.quote)
    return bad


@dataclass(frozen=True)
class Desk:
    """What the tests of extraction work with."""

    talk: Callable[..., Transcript] = talk
    scripted_meeting: Callable[[Path], tuple[Transcript, Meeting]] = scripted_meeting
    memory: type[Memory] = Memory
    model: type[ScriptedModel] = ScriptedModel
    read: Callable[..., Draft] = read_large
    written: Callable[..., Memo] = written
    by_rules: Callable[..., Memo] = by_rules
    misquoted: Callable[[Memo, Transcript], list[str]] = misquoted
    scripted: tuple[Path, ...] = tuple(sorted(SCRIPTED.glob("*.json")))


@pytest.fixture(scope="session")
def desk() -> Desk:
    """Meetings, models and readers."""
    return Desk()
