"""The example call, through the real speech model and the real language model, as `make demo`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from memo.export.memo_json import shipped_schema

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command

BY_REGION = ("region",)
MORNING_TICKET = ("alert", "ticket")
SLACK = 3.0  # seconds


def decision_about(memo: dict[str, Any], words: tuple[str, ...]) -> dict[str, Any]:
    """The decision whose statement holds all of the words."""
    found = [d for d in memo["decisions"] if all(w in d["statement"].lower() for w in words)]
    assert len(found) == 1, [d["statement"] for d in memo["decisions"]]
    return dict(found[0])


def second_of(reference: dict[str, Any], words: str) -> tuple[float, float]:
    """When somebody said this, as the makers of the recording know."""
    (segment,) = (s for s in reference["segments"] if words in s["text"].lower())
    return segment["start"], segment["end"]


def is_quoted(decision: dict[str, Any], when: tuple[float, float]) -> bool:
    """Whether one of a decision's quotes lies within what was said at this time."""
    return any(
        when[0] - SLACK <= quote["start"] and quote["end"] <= when[1] + SLACK
        for quote in decision["evidence"]
    )


@pytest.mark.asr
@pytest.mark.llm
def test_the_example_becomes_a_memo_with_both_decisions_their_why_and_their_second(
    command: Command, examples: Path, weights: Callable[..., Path]
) -> None:
    models = Path(
        os.path.commonpath([weights("base", "asr"), weights("qwen2.5-coder-1.5b", "llm")])
    )
    cache = command.folder.parent / "cache"
    cache.mkdir()
    (cache / "models").symlink_to(models)
    call = examples / "weekly-call.m4a"
    words = ("convert", call, "--out", "demo")
    done = command(*words, "--json", "--offline", MEMO_CACHE_DIR=str(cache))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    demo = command.folder / "demo"
    assert {path.name for path in demo.iterdir()} == {
        f"weekly-call.{end}" for end in ("memo.md", "memo.docx", "memo.json", "transcript.vtt")
    }

    memo = json.loads((demo / "weekly-call.memo.json").read_text(encoding="utf-8"))
    jsonschema.validate(memo, json.loads(shipped_schema()))
    reference = json.loads((examples / "weekly-call.reference.json").read_text(encoding="utf-8"))
    region = decision_about(memo, BY_REGION)
    ticket = decision_about(memo, MORNING_TICKET)
    assert "tax" in region["rationale"].lower()
    proposed, settled = "roll out by region", "we drop the single cutover"
    assert any(is_quoted(region, second_of(reference, said)) for said in (proposed, settled))
    assert is_quoted(ticket, second_of(reference, "becomes a morning ticket"))
    assert {region["verdict"], ticket["verdict"]} == {"supported"}

    again = command(*words, MEMO_CACHE_DIR=str(cache))
    assert "already converted, nothing to do" in again.stdout
    listed = command("log", "list", "--kind", "all").stdout
    assert all(number in listed for number in told["log"]["numbers"])
    assert "region" in listed
    corrects_who_speaks(command, call, reference, cache)
    names_who_owns_what(command, call, cache)


def names_who_owns_what(command: Command, call: Path, cache: Path) -> None:
    """Convert the call once more, with its attendees: tasks belong to people, not to voices."""
    words = ("convert", call, "--out", "named", "--llm", "none", "--no-log", "--format", "json")
    done = command(*words, "--attendees", "Priya, Tom, Marta, Dan", MEMO_CACHE_DIR=str(cache))
    assert done.returncode == 0, done.stderr
    told = (command.folder / "named" / "weekly-call.memo.json").read_text(encoding="utf-8")
    memo = json.loads(told)
    assert {p["name"] for p in memo["participants"]} == {"Priya", "Tom", "Marta", "Dan"}
    assert all(p["source"] == "guess" and 0.9 <= p["confidence"] < 1 for p in memo["participants"])
    assert {a["owner"] for a in memo["action_items"]} - {None} == {"Tom", "Marta", "Dan"}


def corrects_who_speaks(
    command: Command, call: Path, reference: dict[str, Any], cache: Path
) -> None:
    """Name each voice of the converted call; the memo follows, and nothing is transcribed."""
    mine = {"MEMO_CACHE_DIR": str(cache), "PATH": with_player(command)}
    shown = command("speakers", call, "--sample", "samples", "--json", **mine)
    assert shown.returncode == 0, shown.stderr
    voices = json.loads(shown.stdout)["voices"]
    assert sum(voice["share"] for voice in voices) == pytest.approx(1)
    names = {voice["label"]: who_says(reference, voice["quotes"]) for voice in voices}
    assert sorted(names.values()) == ["Dan", "Marta", "Priya", "Tom"]
    for voice in voices:
        assert (command.folder / voice["sample"]).read_bytes()[:4] == b"RIFF"

    told = [word for label, name in names.items() for word in ("--set", f"{label}={name}")]
    done = command("speakers", call, *told, "--play", "Priya", "--json", **mine)
    assert done.returncode == 0, done.stderr
    assert "transcribing" not in done.stderr
    assert (command.folder / "played.wav").read_bytes()[:4] == b"RIFF"
    memo = json.loads((command.folder / "demo" / "weekly-call.memo.json").read_text("utf-8"))
    owners = {action["owner"] for action in memo["action_items"]}
    assert {"Marta", "Dan"} <= owners <= {"Dan", "Marta", "Priya", "Tom", None}
    captions = (command.folder / "demo" / "weekly-call.transcript.vtt").read_text("utf-8")
    assert "Speaker" not in captions
    assert "already converted" in command("convert", call, "--out", "demo", **mine).stdout
    assert command("speakers", call, "--reset", **mine).returncode == 0


def who_says(reference: dict[str, Any], quotes: list[dict[str, Any]]) -> str:
    """Whose voice it is, as the makers of the recording know."""
    seconds: dict[str, float] = {}
    for said in reference["segments"]:
        for quote in quotes:
            common = min(said["end"], quote["end"]) - max(said["start"], quote["start"])
            seconds[said["speaker"]] = seconds.get(said["speaker"], 0.0) + max(0.0, common)
    return max(seconds, key=lambda name: seconds[name])


def with_player(command: Command) -> str:
    """A search path on which there is a player that only copies what it is to play."""
    player = command.folder / "bin" / "ffplay"
    player.parent.mkdir()
    player.write_text(
        f'#!/bin/sh\nfor last; do :; done\ncp "$last" "{command.folder}/played.wav"\n'
    )
    player.chmod(0o755)
    return f"{player.parent}:{command.environment['PATH']}"
