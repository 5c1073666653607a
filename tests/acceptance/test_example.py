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
    listed = command("log", "list").stdout
    assert all(number in listed for number in told["log"]["numbers"])
    assert "region" in listed
