"""What was taken for one voice is told apart by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from memo.errors import RecordingError
from memo.model import Span
from memo.speech.voices.splitting import split_voice


def spoken(examples: Path, *names: str) -> list[tuple[Span, str]]:
    turns = [line.split() for line in (examples / "weekly-call.rttm").read_text().splitlines()]
    return [
        (Span(start=float(t[3]), end=float(t[3]) + float(t[4])), t[7])
        for t in turns
        if t[7] in names and float(t[3]) < 100
    ]


def test_two_people_who_were_one_voice_are_two_again(examples: Path) -> None:
    said = spoken(examples, "Priya", "Tom")
    turns = split_voice(examples / "weekly-call.m4a", [span for span, _ in said], 2)
    owners: dict[str, dict[str, float]] = {}
    for turn in turns:
        for span, name in said:
            common = min(turn.end, span.end) - max(turn.start, span.start)
            if common > 0:
                own = owners.setdefault(turn.speaker, {})
                own[name] = own.get(name, 0.0) + common
    assert len(owners) == 2
    best = {label: max(own, key=lambda name: own[name]) for label, own in owners.items()}
    assert set(best.values()) == {"Priya", "Tom"}
    right = sum(own[best[label]] for label, own in owners.items())
    assert right / sum(sum(own.values()) for own in owners.values()) > 0.95


def test_a_few_words_cannot_be_told_apart(examples: Path) -> None:
    with pytest.raises(RecordingError, match="too little is said"):
        split_voice(examples / "weekly-call.m4a", [Span(start=1, end=3)], 3)
