"""The transcript in every form, written by the command and read by it again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from memo.errors import ExitCode

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command

RULES = ("--llm", "none")
SCHEMA = Path(__file__).parents[2] / "memo/export/transcript.schema.json"
ALL = ("md", "docx", "json", "vtt", "srt", "txt", "words", "rttm")


def test_every_form_is_written_when_it_is_asked_for(command: Command, call: Path) -> None:
    done = command("convert", call.name, *RULES, "--json", "--format", ",".join(ALL))
    assert (done.returncode, done.stderr) == (0, "")
    files = json.loads(done.stdout)["files"]
    assert set(files) == set(ALL)
    text = {name: (command.folder / files[name]).read_text("utf-8") for name in ALL[2:]}
    assert "\nAnn: Should we move the launch to Friday?\n" in text["srt"]
    assert text["srt"].startswith("1\n00:00:01,000 --> 00:00:05,000\n")
    assert "[0:05] Bo:\n    Yes, agreed. We decided to move" in text["txt"]
    jsonschema.validate(json.loads(text["words"]), json.loads(SCHEMA.read_text("utf-8")))
    turn = re.compile(r"SPEAKER call 1 (\S+) \S+ <NA> <NA> (\w+) <NA> <NA>")
    assert [turn.findall(line) for line in text["rttm"].splitlines()] == [
        [("1.000", "Ann")], [("5.000", "Bo")], [("11.000", "Ann")],
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["vtt", "srt", "txt", "words"])
def test_a_memo_of_a_written_transcript_finds_the_same(
    command: Command, call: Path, form: str
) -> None:
    told = command("convert", call.name, *RULES, "--json", "--format", f"json,{form}")
    first = json.loads(told.stdout)["files"]
    again = command("convert", first[form], *RULES, "--out", "again", "--no-log", "--json")
    assert again.returncode == 0, again.stderr
    second = json.loads(again.stdout)["files"]
    assert Path(second["json"]).name == "call.memo.json"
    before, after = (
        json.loads((command.folder / files["json"]).read_text("utf-8")) for files in (first, second)
    )
    for kind, sentence in (("decisions", "statement"), ("action_items", "task")):
        assert [found[sentence] for found in after[kind]] == [f[sentence] for f in before[kind]]
    assert [task["owner"] for task in after["action_items"]] == ["Ann"]


def test_a_transcript_that_is_converted_is_not_overwritten(command: Command, call: Path) -> None:
    command("convert", call.name, *RULES, "--format", "words")
    mine = command.folder / "call.transcript.json"
    before = mine.read_bytes()
    done = command("convert", mine.name, *RULES, "--format", "words", "--no-log", "--json")
    assert done.returncode == 0, done.stderr
    assert mine.read_bytes() == before
    assert json.loads(done.stdout)["files"]["words"] != mine.name


def test_forms_can_stand_in_the_settings_and_unknown_ones_are_refused(
    command: Command, call: Path
) -> None:
    (command.folder / "memo.toml").write_text('formats = ["srt", "rttm"]\n', encoding="utf-8")
    done = command("convert", call.name, *RULES, "--json")
    assert set(json.loads(done.stdout)["files"]) == {"srt", "rttm"}
    refused = command("convert", call.name, *RULES, "--format", "ttml")
    assert refused.returncode == ExitCode.CONFIG
    assert "--format" in refused.stderr


def test_a_dead_server_leaves_every_form_of_the_transcript(command: Command, call: Path) -> None:
    words = ("--llm-url", "http://127.0.0.1:9/v1", "--llm-model", "m")
    done = command("convert", call.name, *words, "--format", "md,srt,words")
    assert done.returncode == ExitCode.LANGUAGE_MODEL
    assert "the transcript is in call.transcript.srt" in done.stderr
    assert (command.folder / "call.transcript.srt").is_file()
    assert (command.folder / "call.transcript.json").is_file()
    assert not (command.folder / "call.memo.md").exists()
