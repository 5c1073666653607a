"""People change the log in an editor of theirs."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from memo.errors import ExitCode

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command


@pytest.fixture
def logged(command: Command, call: Path) -> Command:
    """The command, for a log of DEC-0001 and ACT-0001."""
    assert command("convert", call.name, "--llm", "none").returncode == 0
    return command


def shown(command: Command, number: str) -> dict[str, object]:
    entry = json.loads(command("log", "show", number, "--json").stdout)
    return {"state": entry["state"], "edited": entry["edited"], **entry["finding"]}


def in_an_editor(command: Command, script: str, answers: str = "") -> tuple[int, str]:
    """Edit DEC-1 with a script as the editor; return how it ended and what was seen."""
    editor = command.folder / "editor"
    editor.write_text(f"#!/bin/sh\n{script}\n")
    editor.chmod(0o755)
    leader, follower = pty.openpty()
    running = subprocess.Popen(
        ["memo", "log", "edit", "DEC-1"],
        cwd=command.folder,
        env={**command.environment, "VISUAL": "", "EDITOR": str(editor), "TERM": "dumb"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    os.write(leader, answers.encode())
    seen = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other end is closed (Linux)
            break
        seen += piece
    os.close(leader)
    return running.wait(), seen.decode()


def test_an_editor_shows_the_entry_and_what_was_changed_is_taken(logged: Command) -> None:
    assert "there is no terminal" in logged("log", "edit", "DEC-1", EDITOR="true").stderr
    code, seen = in_an_editor(logged, 'sed -i "s/^rationale = .*/rationale = \\"red\\"/" "$1"')
    assert (code, "→ red" in seen) == (0, True)
    assert shown(logged, "DEC-1")["edited"] == ["rationale"]
    assert "is as it was" in in_an_editor(logged, "true")[1]


def test_a_text_that_cannot_be_read_is_kept_and_edited_on(logged: Command) -> None:
    code, seen = in_an_editor(logged, 'echo "oops" >> "$1"', answers="n\n")
    assert code == ExitCode.DECISION_LOG
    assert "the form cannot be read" in seen
    kept = Path(seen.split("your text is kept in ")[1].split()[0])
    assert kept.read_text().endswith("oops\n")
    kept.unlink()
    mend = 'if grep -q oops "$1"; then sed -i "/oops/d; s/accepted\\"/rejected\\"/" "$1";'
    code, seen = in_an_editor(logged, f'{mend} else echo oops >> "$1"; fi', answers="y\n")
    assert (code, "state: accepted → rejected" in seen) == (0, True)
