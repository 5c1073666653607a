"""People change the log: by a word, by options, in an editor, from JSON and in Markdown."""

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


def test_a_word_or_an_option_changes_an_entry_and_its_history_says_who_and_why(
    logged: Command,
) -> None:
    done = logged("log", "done", "1", "--note", "on Monday", "--who", "Ann")
    assert done.stdout == "ACT-0001  state: open → done\n"
    changed = logged(
        "log", "edit", "ACT-1", "--owner", "Zoë", "--set", "due=2026-04-01", "--json"
    ).stdout
    (told,) = json.loads(changed)
    assert told["number"] == "ACT-0001"
    assert [c["field"] for c in told["changes"]] == ["owner", "due"]
    history = logged("log", "show", "ACT-1", "--history").stdout
    assert "Ann  edited: on Monday" in history
    assert "state: open → done" in history
    listed = logged("log", "list", "--owner", "zoë", "--due-before", "2026-04-02").stdout
    assert listed.startswith("ACT-0001  ")
    wrong = logged("log", "edit", "ACT-1", "--due", "soon")
    assert wrong.returncode == ExitCode.DECISION_LOG
    assert wrong.stderr.startswith("memo: error: ACT-0001: due cannot be 'soon'\nhint: ")


def test_many_are_changed_from_json_or_none(logged: Command) -> None:
    lines = '{"number": "ACT-1", "owner": "Bo"}\n\n{"number": "DEC-1", "state": "done"}\n'
    (logged.folder / "changes.jsonl").write_text(lines)
    refused = logged("log", "edit", "--from-json", "changes.jsonl")
    assert refused.returncode == ExitCode.DECISION_LOG
    assert "changes.jsonl, line 3: DEC-0001: state cannot be 'done'" in refused.stderr
    assert shown(logged, "ACT-1")["edited"] == []
    array = '[{"number": "ACT-1", "owner": "Bo"}, {"number": 1, "status": "rejected"}]'
    for options in ("--dry-run", ""):
        line = f"echo '{array}' | memo log edit --from-json - {options}"
        assert logged.shell(line).stdout.splitlines()[-1] == "DEC-0001  state: accepted → rejected"
    assert shown(logged, "ACT-1")["owner"] == "Bo"
    assert shown(logged, "DEC-1")["state"] == "rejected"


def test_without_a_terminal_or_an_editor_it_is_said_what_to_do(logged: Command) -> None:
    done = logged("log", "edit", "DEC-1", EDITOR="true")
    assert done.returncode == ExitCode.CONFIG
    assert "there is no terminal" in done.stderr


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


def test_markdown_is_read_back_and_a_clash_is_shown(logged: Command) -> None:
    page = logged.folder / "call.memo.md"
    assert "Nothing" in logged("log", "import", "call.memo.md").stdout
    page.write_text(page.read_text().replace("| Ann |", "| Zoë |"))
    assert logged("log", "import", "call.memo.md", "--dry-run").stdout == (
        "ACT-0001  owner: Ann → Zoë\n"
    )
    logged("log", "reassign", "1", "--to", "Bo")
    clash = logged("log", "import", "call.memo.md")
    assert clash.returncode == ExitCode.DECISION_LOG
    assert clash.stdout.splitlines()[1:] == [
        "  memo wrote: Ann",
        "  the file:   Zoë",
        "  the log:    Bo",
    ]
    assert logged("log", "import", "call.memo.md", "--take", "file").returncode == 0
    assert shown(logged, "ACT-1")["owner"] == "Zoë"
