"""The command as a person or a script meets it: exit codes, streams, signals, terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from memo.cli import main
from memo.cli.group import LazyGroup
from memo.errors import ExitCode

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command, Endpoint

Eventually = Callable[[Callable[[], object]], None]
RULES = ("--llm", "none")


# --- What it writes -----------------------------------------------------------------------------


def test_results_are_told_on_stdout_and_all_else_on_stderr(command: Command, call: Path) -> None:
    done = command("convert", call.name, *RULES)
    assert done.returncode == 0
    assert done.stderr == ""
    first, *files = done.stdout.splitlines()
    assert first == "call.vtt: 1 decision (DEC-0001), 1 action, 0 open questions"
    assert [line.strip() for line in files] == [
        "call.memo.md", "call.memo.docx", "call.memo.json", "call.transcript.vtt",
    ]  # fmt: skip
    assert all((command.folder / line.strip()).is_file() for line in files)


def test_a_second_run_has_nothing_to_do(command: Command, call: Path) -> None:
    command("convert", call.name, *RULES)
    before = {path: path.stat().st_mtime_ns for path in command.folder.iterdir()}
    again = command("convert", call.name, *RULES)
    assert again.returncode == 0
    assert "already converted, nothing to do" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in command.folder.iterdir()} == before
    forced = command("convert", call.name, *RULES, "--force")
    assert "already" not in forced.stdout


def test_json_is_one_object_for_each_recording_failed_ones_too(
    command: Command, call: Path
) -> None:
    done = command("convert", call.name, "gone.m4a", *RULES, "--json", "--quiet")
    assert done.returncode == ExitCode.RECORDING
    good, bad = map(json.loads, done.stdout.splitlines())
    assert (good["ok"], good["decisions"], good["log"]["new"]) == (
        True,
        1,
        ["DEC-0001", "ACT-0001"],
    )
    memo = json.loads((command.folder / good["files"]["json"]).read_text(encoding="utf-8"))
    schema = json.loads(
        (Path(__file__).parents[2] / "memo/export/memo.schema.json").read_text(encoding="utf-8")
    )
    jsonschema.validate(memo, schema)
    assert bad["recording"] == "gone.m4a"
    assert (bad["ok"], bad["error"]["exit_code"]) == (False, ExitCode.RECORDING)


def test_one_bad_file_does_not_stop_the_others(command: Command, call: Path) -> None:
    (command.folder / "empty.m4a").touch()
    done = command("convert", "empty.m4a", call.name, "gone.vtt", *RULES)
    assert done.returncode == ExitCode.RECORDING
    assert "call.vtt: 1 decision" in done.stdout
    assert done.stderr.count("memo: error:") == 2
    assert "1 of 3 converted, 2 failed" in done.stderr


def test_a_file_named_twice_is_converted_once(command: Command, call: Path) -> None:
    done = command("convert", call.name, f"./{call.name}", call, *RULES)
    assert done.stdout.count("call.vtt:") == 1


def test_quiet_says_nothing_but_errors(command: Command, call: Path) -> None:
    other = shutil.copy(call, command.folder / "other.vtt")
    assert command("--quiet", "convert", call.name, other, *RULES).stderr == ""
    failed = command("convert", "gone.m4a", "--quiet")
    assert failed.stderr.startswith("memo: error: gone.m4a does not exist\nhint: ")
    assert len(failed.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    "name",
    ["-dash.vtt", "with space.vtt", "новая 会议.vtt", "line\nbreak\x1b[31m.vtt", "a'b\".vtt"],
)
def test_any_name_of_a_file_works_and_is_printed_harmlessly(
    command: Command, call: Path, name: str
) -> None:
    call.rename(command.folder / name)
    done = command("convert", *RULES, "--", name)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 5
    assert (command.folder / f"{name.removesuffix('.vtt')}.memo.md").is_file()


def test_options_reach_the_memo(command: Command, call: Path) -> None:
    done = command(
        "convert", call.name, *RULES, "--json", "--title", "Launch", "--started-at",
        "2026-03-04T10:30", "--timezone", "Europe/Berlin", "--attendees", "Cy, Di",
        "--attendees", "Ed", "--format", "json,md", "--format", "vtt", "--out", "new/memos",
        "--no-log",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["files"]) == {"md", "json", "vtt"}
    assert told["log"]["numbers"] == []
    memo = json.loads((command.folder / "new/memos/call.memo.json").read_text(encoding="utf-8"))
    assert (memo["title"], memo["started_at"]) == ("Launch", "2026-03-04T10:30:00+01:00")
    assert {"Cy", "Di", "Ed"} < {participant["name"] for participant in memo["participants"]}
    assert memo["action_items"][0]["due"] == "2026-03-11"


# --- Exit codes: each by a real cause -----------------------------------------------------------


def test_wrong_words_leave_with_2(command: Command, call: Path) -> None:
    for words in (
        ["convert"], ["nonsense"], ["convert", call.name, "--nonsense"], ["convert", "."],
        ["convert", call.name, "--llm", "other"], ["convert", call.name, "--started-at", "soon"],
        ["completion", "tcsh"], ["convert", "--together", call.name],
        ["convert", "--together", call.name, "."],
    ):  # fmt: skip
        done = command(*words)
        assert (done.returncode, done.stdout) == (ExitCode.USAGE, ""), words
    assert "is a folder" in command("convert", ".").stderr
    assert "a file for each who spoke" in command("convert", "--together", call.name).stderr


def test_a_wrong_setting_leaves_with_3(command: Command, call: Path) -> None:
    (command.folder / "memo.toml").write_text("asr_modle = 'x'\n")
    done = command("convert", call.name, *RULES)
    assert done.returncode == ExitCode.CONFIG
    assert "memo.toml, line 1" in done.stderr
    (command.folder / "memo.toml").unlink()
    for words in (["--timezone", "Mars"], ["--format", "pdf"], ["--prompts", "gone"]):
        assert command("convert", call.name, *RULES, *words).returncode == ExitCode.CONFIG, words
    remote = ("--llm-url", "https://llm.example/v1", "--llm-model", "m")
    offline = command("convert", call.name, *remote, "--offline")
    assert offline.returncode == ExitCode.CONFIG
    assert "llm.example" in offline.stderr


def test_a_bad_recording_leaves_with_4(command: Command) -> None:
    (command.folder / "text.m4a").write_text("hello")
    for name in ("text.m4a", "gone.wav"):
        assert command("convert", name, *RULES).returncode == ExitCode.RECORDING
    assert command("show", "gone.m4a").returncode == ExitCode.RECORDING


def test_missing_weights_leave_with_5_and_say_how_to_get_them(
    command: Command, call: Path, examples: Path
) -> None:
    done = command("convert", examples / "weekly-call.m4a", "--out", ".", *RULES, "--offline")
    assert done.returncode == ExitCode.MISSING_DEPENDENCY
    assert "memo models pull base" in done.stderr
    assert command("convert", call.name, "--offline").returncode == ExitCode.MISSING_DEPENDENCY
    assert command("doctor", MEMO_OFFLINE="1").returncode == ExitCode.MISSING_DEPENDENCY


@pytest.mark.asr
def test_a_speech_model_that_fails_leaves_with_6(
    command: Command, examples: Path, weights: Callable[..., Path], tmp_path: Path
) -> None:
    # A model whose tokenizer is another's loads, and fails when it is asked.
    broken = tmp_path / "broken"
    shutil.copytree(weights("tiny.en", "asr"), broken)
    (broken / "preprocessor_config.json").write_text('{"feature_size": 7}')
    done = command(
        "convert", examples / "weekly-call.m4a", "--out", ".", *RULES, "--asr-model", broken
    )
    assert done.returncode == ExitCode.TRANSCRIPTION, done.stderr
    assert done.stderr.count("memo: error:") == 1


def test_an_endpoint_that_is_down_leaves_with_7_and_the_transcript(
    command: Command, call: Path
) -> None:
    done = command("convert", call.name, "--llm-url", "http://127.0.0.1:9/v1", "--llm-model", "m")
    assert done.returncode == ExitCode.LANGUAGE_MODEL
    assert "the transcript is in call.transcript.vtt" in done.stderr
    assert (command.folder / "call.transcript.vtt").is_file()


def test_a_model_on_another_machine_is_named_once(command: Command, call: Path) -> None:
    shutil.copy(call, command.folder / "other.vtt")
    words = ("--llm-url", "http://0.0.0.0:9/v1", "--llm-model", "m", "--quiet")  # nobody answers
    done = command("convert", call.name, "other.vtt", *words)
    assert done.stderr.count("what was said goes to 0.0.0.0\n") == 1
    near = command("convert", call.name, *words, "--llm-url", "http://localhost:9/v1")
    assert "what was said" not in near.stderr


def test_a_log_that_cannot_be_read_leaves_with_8(command: Command, call: Path) -> None:
    (command.folder / "decisions.db").write_text("no database at all, but text" * 100)
    url = f"sqlite:///{command.folder / 'decisions.db'}"
    done = command("convert", call.name, *RULES, MEMO_DATABASE_URL=url)
    assert done.returncode == ExitCode.DECISION_LOG
    assert not (command.folder / "call.memo.md").exists()
    assert command("log", "show", "7").returncode == ExitCode.DECISION_LOG


def test_a_place_that_cannot_be_written_leaves_with_9(command: Command, call: Path) -> None:
    (command.folder / "file").touch()
    done = command("convert", call.name, *RULES, "--out", "file/memos")
    assert done.returncode == ExitCode.OUTPUT
    if Path("/dev/full").exists():
        assert command.shell("memo convert call.vtt --llm none > /dev/full").returncode == 9


def test_strict_leaves_with_10_and_the_memo_is_there(
    command: Command, call: Path, endpoint: Endpoint
) -> None:
    endpoint.items["decided_by"] = [
        {"lines": [1], "quote": "we buy a horse", "decision": "They will buy a white horse."}
    ]
    words = ("convert", call.name, "--llm-url", endpoint.url, "--llm-model", "m")
    relaxed = command(*words, "--json")
    assert (relaxed.returncode, json.loads(relaxed.stdout)["unverified"]) == (0, 1)
    strict = command(*words, "--strict")
    assert strict.returncode == ExitCode.INCOMPLETE
    assert "1 of 1 findings are not verified" in strict.stderr
    assert (command.folder / "call.memo.md").is_file()
    assert command("convert", call.name, *RULES, "--strict").returncode == 0


# --- Signals and streams --------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_stops_at_once_and_says_how_to_go_on(
    command: Command, call: Path, endpoint: Endpoint, eventually: Eventually, number: signal.Signals
) -> None:
    endpoint.delay = 20.0
    running = command.start("convert", call.name, "--llm-url", endpoint.url, "--llm-model", "m")
    eventually(lambda: endpoint.questions)
    running.send_signal(number)
    out, err = running.communicate(timeout=10)
    assert running.returncode == ExitCode.INTERRUPTED
    assert out == ""
    assert err.endswith(
        "memo: error: interrupted\nhint: Finished work is kept: run the same command to go on.\n"
    )
    endpoint.delay = 0.0
    words = ("convert", call.name, "--llm-url", endpoint.url, "--llm-model", "m")
    assert command(*words).returncode == 0


def test_a_reader_who_has_gone_is_no_error(command: Command, call: Path) -> None:
    done = command.shell(f"memo convert {call.name} --llm none | true; memo log list | head -c 1")
    assert (done.returncode, done.stderr) == (0, "")
    assert (command.folder / "call.memo.md").is_file()


def test_closed_streams_do_no_harm(command: Command, call: Path) -> None:
    done = command.shell(f"memo convert {call.name} --llm none >&- 2>&- <&-")
    assert done.returncode == 0
    files = [path for path in command.folder.iterdir() if path.suffix != ".vtt"]
    assert len(files) == 3
    log = next((command.folder.parent / "home").rglob("decisions.db"))
    with sqlite3.connect(log) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)


def on_a_terminal(command: Command, columns: int, *words: str | Path, **environment: str) -> str:
    """Return what a person sees."""
    leader, follower = pty.openpty()
    screen = {**command.environment, "COLUMNS": str(columns), "TERM": "xterm", **environment}
    running = subprocess.Popen(
        ["memo", *words], cwd=command.folder, env=screen, stdin=follower, stdout=follower,
        stderr=follower,
    )  # fmt: skip
    os.close(follower)
    seen = b""
    while select.select([leader], [], [], 120)[0]:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other end is closed (Linux)
            break
        if not piece:
            break
        seen += piece
    os.close(leader)
    assert running.wait() == 0, seen
    return seen.decode().replace("\r\n", "\n")


def test_a_narrow_terminal_shows_everything_in_its_width(command: Command, call: Path) -> None:
    command("convert", call.name, *RULES)
    for words in (("show", "call.vtt"), ("log", "list"), ("log", "show", "1")):
        seen = on_a_terminal(command, 40, *words, NO_COLOR="1")
        text = re.sub(r"\x1b\[[0-9;]*m", "", seen)
        assert max(map(len, text.splitlines())) <= 40, text
        assert "Friday" in text


def test_a_terminal_is_left_as_it_was(command: Command, call: Path) -> None:
    seen = on_a_terminal(command, 100, "convert", call.name, *RULES)
    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h")
    assert "call.vtt: 1 decision" in seen


# --- The other commands ---------------------------------------------------------------------------


def test_a_memo_is_shown_by_its_recording_or_its_json(command: Command, call: Path) -> None:
    command("convert", call.name, *RULES, "--out", "memos")
    shown = command("show", "memos/call.memo.json")
    assert shown.returncode == 0
    assert shown.stdout.startswith("# call\n")
    assert "move the launch to Friday" in shown.stdout
    assert command("show", call.name, "--out", "memos").stdout == shown.stdout
    assert command("show", call.name).returncode == ExitCode.RECORDING


def test_the_log_is_listed_and_shown(command: Command, call: Path) -> None:
    command("convert", call.name, *RULES)
    listed = command("log", "list")
    assert listed.stdout.startswith("DEC-0001  ")
    assert command("log", "list", "--status", "rejected").stdout == ""
    (entry,) = json.loads(command("log", "list", "--json").stdout)
    assert json.loads(command("log", "show", "DEC-0001", "--json").stdout) == entry
    shown = command("log", "show", "1").stdout
    assert "[0:05] Bo: “" in shown
    assert str(command.folder / "call.memo.md") in shown


def test_models_are_listed_and_what_is_not_there_is_said(command: Command) -> None:
    models = json.loads(command("models", "list", "--json").stdout)
    assert {"base", "qwen2.5-coder-1.5b"} <= {model["name"] for model in models}
    assert all(model["path"] is None for model in models)
    assert command("models", "remove", "base").stdout == "base: was not here\n"
    assert command("models", "verify", "base").returncode == ExitCode.MISSING_DEPENDENCY
    assert command("models", "pull", "nope").returncode == ExitCode.CONFIG
    assert command("models", "pull", "--offline").returncode == ExitCode.MISSING_DEPENDENCY


def test_doctor_says_what_will_be_fetched_and_what_is_wrong(
    command: Command, endpoint: Endpoint
) -> None:
    healthy = command("doctor")
    assert healthy.returncode == 0, healthy.stdout
    assert "base is fetched on first use" in healthy.stdout
    assert "no database" not in healthy.stdout
    told = {"MEMO_LLM_URL": endpoint.url, "MEMO_LLM_MODEL": "m"}
    assert f"m at {endpoint.url} answers" in command("doctor", **told).stdout
    down = command("doctor", MEMO_LLM_URL="http://127.0.0.1:9/v1", MEMO_LLM_MODEL="m")
    assert down.returncode == ExitCode.LANGUAGE_MODEL
    assert "MEMO_TYPO" in command("doctor", MEMO_TYPO="1").stdout


def test_settings_are_shown_with_their_origin_and_without_keys(command: Command) -> None:
    shown = command("config", "show", "--json", MEMO_LLM_API_KEY="sk-secret", MEMO_THREADS="2")
    told = json.loads(shown.stdout)
    assert told["threads"] == {"value": "2", "origin": "environment"}
    assert told["asr_model"] == {"value": "base", "origin": "default"}
    assert "sk-secret" not in shown.stdout + shown.stderr


def test_the_key_reaches_the_endpoint_and_nothing_else(
    command: Command, call: Path, endpoint: Endpoint
) -> None:
    words = ("--verbose", "convert", call.name, "--llm-url", endpoint.url, "--llm-model", "m")
    done = command(*words, MEMO_LLM_API_KEY="sk-secret")
    assert done.returncode == 0, done.stderr
    assert {headers["authorization"] for headers in endpoint.headers} == {"Bearer sk-secret"}
    left = b"".join(p.read_bytes() for p in command.folder.parent.rglob("*") if p.is_file())
    assert "sk-secret" not in done.stdout + done.stderr + left.decode(errors="ignore")
    assert "launch" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(command: Command, shell: str) -> None:
    assert "_MEMO_COMPLETE" in command("completion", shell).stdout


def test_completion_knows_the_commands(command: Command) -> None:
    done = command(_MEMO_COMPLETE="bash_complete", COMP_WORDS="memo con", COMP_CWORD="1")
    assert [line.split(",")[1] for line in done.stdout.splitlines()] == ["convert", "config"]


def test_the_version_is_told(command: Command) -> None:
    assert re.fullmatch(r"memo \d+\.\d+.*\n", command("--version").stdout)


# --- Help -----------------------------------------------------------------------------------------


def leaves(group: LazyGroup, *words: str) -> list[tuple[str, ...]]:
    found = []
    for name in group.list_commands(None):  # type: ignore[arg-type]
        child = group.get_command(None, name)  # type: ignore[arg-type]
        deeper = isinstance(child, LazyGroup)
        found += leaves(child, *words, name) if deeper else [(*words, name)]  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("words", leaves(main), ids=" ".join)
def test_every_command_explains_itself_with_an_example(
    command: Command, words: tuple[str, ...]
) -> None:
    done = command(*words, "--help")
    assert done.returncode == 0
    assert re.search(rf"Examples?:\s+memo {' '.join(words)}", done.stdout)
    described = re.findall(r"^  (?:-\w, )?(--[a-z-]+)(?: [A-Z\[]\S*)*(.*\n.*)", done.stdout, re.M)
    assert described
    assert all(text.strip() for _, text in described)


def test_the_short_helps_are_those_of_the_commands() -> None:
    every = [main.get_command(None, name) for name in main.list_commands(None)]  # type: ignore[arg-type]
    for group in (main, *(child for child in every if isinstance(child, LazyGroup))):
        assert isinstance(group, LazyGroup)
        for name in group.list_commands(None):  # type: ignore[arg-type]
            child = group.get_command(None, name)  # type: ignore[arg-type]
            assert child is not None
            listed = group._where[name][1].rstrip(".")
            own = (child.help or "").strip().splitlines()[0]
            assert own.startswith(listed), (name, listed, own)
