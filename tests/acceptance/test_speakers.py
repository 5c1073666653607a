"""`memo speakers`, as people type it: who speaks is shown, corrected, remembered and forgotten."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command

TALK = """WEBVTT

00:00:01.000 --> 00:00:05.000
<v Speaker 1>Should we move the launch to Friday?

00:00:05.000 --> 00:00:11.000
<v Speaker 2>Yes, agreed. We decided to move the launch to Friday because the tests are red.

00:00:11.000 --> 00:00:15.000
<v Speaker 3>Okay, I'll tell the customers by Wednesday.
"""


@pytest.fixture
def call(command: Command) -> Path:
    """A converted transcript in which nobody has a name."""
    path = command.folder / "call.vtt"
    path.write_text(TALK, encoding="utf-8")
    done = command("convert", path, "--llm", "none", "--out", "memos", "--title", "Launch")
    assert done.returncode == 0, done.stderr
    return path


def memo_of(command: Command) -> dict[str, Any]:
    memo = json.loads((command.folder / "memos" / "call.memo.json").read_text(encoding="utf-8"))
    assert isinstance(memo, dict)
    return memo


def test_voices_are_shown_and_put_right(command: Command, call: Path) -> None:
    shown = command("speakers", call)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[:2] == [
        "Speaker 1, 0:04, 29%",
        "  [0:01] “Should we move the launch to Friday?”",
    ]
    done = command(
        "speakers", call, "--set", "Speaker 3=Priya", "--merge", "Speaker 1=Speaker 2", "--json"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [(voice["name"], voice["source"]) for voice in told["voices"]] == [
        ("Speaker 2", "label"), ("Priya", "told")
    ]  # fmt: skip
    memo = memo_of(command)
    assert memo["title"] == "Launch"
    assert memo["action_items"][0]["owner"] == "Priya"
    assert told["log"] == {"numbers": ["DEC-0001", "ACT-0001"], "new": [], "links": []}
    logged = json.loads(command("log", "show", "1", "--json").stdout)
    assert {quote["speaker"] for quote in logged["finding"]["evidence"]} <= {"Speaker 2", "Priya"}
    again = command("convert", call, "--llm", "none", "--out", "memos", "--title", "Launch")
    assert "already converted, nothing to do" in again.stdout


def test_options_may_stand_first_and_show_may_be_said(command: Command, call: Path) -> None:
    first = command("speakers", "--at", "0:12", "2", call)
    assert first.returncode == 0, first.stderr
    assert memo_of(command)["action_items"][0]["owner"] == "Speaker 2"
    reset = command("speakers", "show", "--reset", call)
    assert reset.returncode == 0, reset.stderr
    assert memo_of(command)["action_items"][0]["owner"] == "Speaker 3"


def test_what_cannot_be_done_is_one_line_and_changes_nothing(command: Command, call: Path) -> None:
    before = memo_of(command)
    there = "the voices are Speaker 1, Speaker 2, Speaker 3"
    for words, code, message in (
        (("--set", "Bob=Priya"), 2, f"there is no voice 'Bob': {there}"),
        (("--at", "noon", "2"), 2, "'noon' is no time: write 12:30"),
        (("--play", "Speaker 1"), 4, "call.vtt is a transcript: there is no sound"),
    ):
        done = command("speakers", call, *words)
        assert (done.returncode, done.stdout) == (code, "")
        assert message in done.stderr
    assert memo_of(command) == before


def test_a_recording_that_was_not_converted_says_so(command: Command) -> None:
    path = command.folder / "call.vtt"
    path.write_text(TALK, encoding="utf-8")
    done = command("speakers", path)
    assert done.returncode == 4
    assert "nothing is kept of what is said in call.vtt" in done.stderr
    assert "memo convert call.vtt" in done.stderr


def test_voices_are_remembered_from_sound_listed_and_forgotten(
    command: Command, examples: Path
) -> None:
    tracks = examples / "weekly-call.tracks"
    done = command("speakers", "enroll", "Tom", tracks / "Tom.m4a")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Tom: Speaker 1 of Tom.m4a is remembered, 0:")
    folder = command.folder.parent / "home" / ".local" / "share" / "memo" / "voices"
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    listed = json.loads(command("speakers", "voices", "--json").stdout)
    assert [person["name"] for person in listed] == ["Tom"]
    assert "embedding" not in listed[0]["takes"][0]
    unsure = command("speakers", "enroll", "Ann", tracks / "Tom.m4a", "--voice", "Ann")
    assert unsure.returncode == 2
    assert "there is no voice 'Ann': the voices are Speaker 1" in unsure.stderr
    wrong = command("speakers", "forget", "Ann")
    assert (wrong.returncode, "remembered: Tom" in wrong.stderr) == (2, True)
    assert command("speakers", "forget", "tom").returncode == 0
    assert not list(folder.iterdir())
    assert command("speakers", "forget", "--all").stdout == "0 voices deleted\n"
