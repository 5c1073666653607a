"""The command with a team's log in PostgreSQL: what it writes there, and when it is gone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from memo.errors import ExitCode

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command

RULES = ("--llm", "none")

pytestmark = pytest.mark.postgresql


def test_a_call_is_recorded_in_the_team_s_log_and_found_there_by_others(
    command: Command, call: Path, postgresql_url: str
) -> None:
    command.environment["MEMO_DATABASE_URL"] = postgresql_url.replace("+psycopg", "")
    done = command("convert", call.name, *RULES)
    assert done.returncode == 0, done.stderr
    assert "DEC-0001" in done.stdout
    listed = command("log", "list", "--json", XDG_DATA_HOME=str(command.folder / "another"))
    assert [entry["number"] for entry in json.loads(listed.stdout)] == ["DEC-0001"]
    again = command("convert", call.name, *RULES, "--force")
    assert again.returncode == 0, again.stderr
    assert "1 decision (DEC-0001)" in again.stdout
    assert "move the launch to Friday" in command("log", "show", "DEC-0001").stdout
    assert re.search(r"1 decision in postgresql.* \(PostgreSQL \d+", command("doctor").stdout)


def test_a_server_that_is_gone_is_told_in_one_line_without_the_password(
    command: Command, call: Path, postgresql_url: str
) -> None:
    gone = {"MEMO_DATABASE_URL": "postgresql://me:geheim@127.0.0.1:1/log"}
    for told in (
        command("convert", call.name, *RULES, **gone),
        command("log", "list", **gone),
        command("doctor", **gone),
    ):
        assert told.returncode == ExitCode.DECISION_LOG
        assert "postgresql://me@127.0.0.1:1/log cannot be reached" in told.stderr + told.stdout
        assert "Traceback" not in told.stderr
        assert "geheim" not in told.stdout + told.stderr
    assert sorted(path.name for path in command.folder.iterdir()) == ["call.vtt"]
    again = command("convert", call.name, *RULES, MEMO_DATABASE_URL=postgresql_url)
    assert "DEC-0001" in again.stdout
