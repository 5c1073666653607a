"""`memo watch` and `memo worker` by people who get something wrong, or mean ill."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from memo.errors import ExitCode

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command

ONCE = ("watch", "in", "--once", "--transcripts", "--settle", "0.2")


def states(command: Command) -> list[tuple[str, str]]:
    told = json.loads(command("jobs", "list", "--json").stdout)
    return [(job["filename"], job["state"]) for job in reversed(told)]


def test_what_is_wrong_with_folders_is_said_before_anything_is_done(
    command: Command, call: Path
) -> None:
    assert command("watch", "").returncode == ExitCode.USAGE
    wrong = command("watch", "in", "--out", call.name)
    assert wrong.returncode == ExitCode.USAGE
    assert f"{call.name} is a file" in wrong.stderr


def test_a_worker_leaves_where_waiting_does_not_help(command: Command) -> None:
    ended = command("worker", MEMO_DATABASE_URL="sqlite:////dev/null/x/y.db")
    assert ended.returncode == ExitCode.DECISION_LOG
    assert "hint:" in ended.stderr


def test_names_play_no_tricks_and_what_is_not_whole_is_named(command: Command, call: Path) -> None:
    folder = command.folder / "in"
    folder.mkdir()
    name = os.fsdecode(b"-rf \x1b[31m\n\xff.vtt")
    (folder / name).write_bytes(call.read_bytes())
    (folder / "empty.m4a").touch()
    done = command(*ONCE, "--llm", "none")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "empty.m4a" in done.stderr
    assert [state for _, state in states(command)] == ["done"]
    assert f"{name.removesuffix('.vtt')}.memo" in {each.stem for each in folder.iterdir()}


def test_settings_that_are_put_right_are_used_for_what_waits(command: Command, call: Path) -> None:
    (command.folder / "in").mkdir()
    call.rename(command.folder / "in" / "call.vtt")
    wrong = ("--llm", "endpoint", "--llm-url", "http://127.0.0.1:9/v1", "--llm-model", "x")
    command(*ONCE, *wrong)
    assert states(command) == [("call.vtt", "waiting")]
    command(*ONCE, "--llm", "none")
    assert states(command) == [("call.vtt", "gone"), ("call.vtt", "done")]
