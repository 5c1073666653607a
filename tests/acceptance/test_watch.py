"""`memo watch`, `memo worker` and `memo jobs` as they are used: files go in, memos come out."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from memo.errors import ExitCode

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command, Endpoint

Eventually = Callable[[Callable[[], object]], None]
RULES = ("--transcripts", "--llm", "none", "--settle", "0.2")


class Running:
    """A command that runs on; ended, with all that it started, when the test is over."""

    def __init__(self, command: Command, *words: str | Path) -> None:
        self._told = command.folder.parent / f"told-{len(list(command.folder.parent.iterdir()))}"
        with self._told.open("w") as told:
            self.process = subprocess.Popen(
                ["memo", *words],
                cwd=command.folder,
                env=command.environment,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=subprocess.STDOUT,
            )

    def told(self) -> str:
        """Return all that it has said so far."""
        return self._told.read_text(encoding="utf-8")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal, and return what it leaves with."""
        self.process.send_signal(number)
        return self.process.wait(120)


@pytest.fixture
def start(command: Command) -> Iterator[Callable[..., Running]]:
    """Start a command; see to its end."""
    started: list[Running] = []

    def run(*words: str | Path) -> Running:
        started.append(Running(command, *words))
        return started[-1]

    yield run
    for running in started:
        running.process.kill()
        running.process.wait()


@pytest.fixture
def drop(command: Command, call: Path) -> Callable[[str], Path]:
    """Put a call into the folder `in`, each with words of its own."""
    text = call.read_text(encoding="utf-8")
    call.unlink()
    (command.folder / "in").mkdir()

    def put(name: str) -> Path:
        path = command.folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("Friday", f"the {len(name)}th, {name}"), encoding="utf-8")
        return path

    return put


def jobs(command: Command) -> dict[str, Any]:
    """The jobs by the names of their files."""
    told = json.loads(command("jobs", "list", "--limit", "100", "--json").stdout)
    return {job["filename"]: job for job in told}


def states(command: Command) -> dict[str, str]:
    return {name: job["state"] for name, job in jobs(command).items()}


# --- Once -----------------------------------------------------------------------------------------


def test_once_does_what_is_there_and_leaves(command: Command, drop: Callable[[str], Path]) -> None:
    first = drop("call.vtt")
    drop("deep/down/другой 会议.vtt")
    shutil.copy(first, first.with_name("copy.vtt"))
    (first.parent / "part.vtt.crdownload").write_text("half")
    done = command("watch", "in", "--once", *RULES)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\d\d:\d\d call\.vtt: 1 decision, 1 action$", done.stdout, re.MULTILINE)
    assert "holds the same as" in done.stderr
    assert first.with_name("call.memo.md").is_file() ^ first.with_name("copy.memo.md").is_file()
    assert (first.parent / "deep/down/другой 会议.memo.docx").is_file()
    assert list(states(command).values()) == ["done", "done"]
    assert first.is_file()
    again = command("watch", "in", "--once", *RULES, "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    listed = command("log", "list")
    assert listed.stdout.count("DEC-") == 2


def test_once_leaves_with_what_failed_and_says_why_beside_it(
    command: Command, drop: Callable[[str], Path]
) -> None:
    good = drop("good.vtt")
    bad = good.with_name("bad.m4a")
    bad.write_bytes(b"no sound at all" * 100)
    done = command("watch", "in", "--once", *RULES)
    assert done.returncode == ExitCode.RECORDING
    assert "bad.m4a: failed: " in done.stdout
    notice = (good.parent / "bad.m4a.error.txt").read_text(encoding="utf-8")
    assert jobs(command)["bad.m4a"]["reason"] in notice
    assert "memo jobs retry" in notice
    bad.unlink()
    drop("bad.m4a").rename(good.with_name("later.vtt"))
    assert command("watch", "in", "--once", *RULES).returncode == 0
    shown = command("jobs", "show", str(bad))
    assert shown.returncode == 0
    assert "failed" in shown.stdout


def test_originals_move_when_all_is_done_and_results_go_where_they_are_wanted(
    command: Command, drop: Callable[[str], Path]
) -> None:
    path = drop("call.vtt")
    words = ("--done", "in/done", "--out", "memos", "--format", "md", "--no-log")
    done = command("watch", "in", "--once", *RULES, *words)
    assert done.returncode == 0, done.stderr
    assert not path.exists()
    assert (command.folder / "in/done/call.vtt").is_file()
    assert [file.name for file in (command.folder / "memos").iterdir()] == ["call.memo.md"]
    assert command("log", "list").stdout == ""
    assert command("watch", "in", "--once", *RULES, *words).returncode == 0
    assert list(states(command)) == ["call.vtt"]


def test_sidecars_tell_what_a_call_is(command: Command, drop: Callable[[str], Path]) -> None:
    path = drop("call.vtt")
    path.with_suffix(".toml").write_text('title = "The launch"\n', encoding="utf-8")
    assert command("watch", "in", "--once", *RULES).returncode == 0
    memo = json.loads(path.with_name("call.memo.json").read_text(encoding="utf-8"))
    assert memo["title"] == "The launch"


def test_wrong_words_are_refused(command: Command, call: Path) -> None:
    for words in (["watch"], ["watch", call.name], ["watch", ".", "--status"],
                  ["watch", ".", "--slots", "0"], ["worker", "--metrics", "99999"]):  # fmt: skip
        done = command(*words)
        assert (done.returncode, done.stdout) == (ExitCode.USAGE, ""), words
    assert command("watch", ".", "--settle", "-1").returncode == ExitCode.CONFIG
    assert command("watch", "gone", "--once").returncode == ExitCode.RECORDING


# --- On and on ------------------------------------------------------------------------------------


def test_a_watcher_goes_on_and_stops_politely(
    command: Command,
    drop: Callable[[str], Path],
    start: Callable[..., Running],
    eventually: Eventually,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    watcher = start("watch", "in", *RULES, "--metrics", str(port), "--json")
    eventually(lambda: answer(port, "/healthz") == (200, "ok\n"))
    path = drop("call.vtt")
    eventually(path.with_name("call.memo.md").exists)
    eventually(lambda: 'memo_jobs{state="done"} 1' in answer(port, "/metrics")[1])
    figures = answer(port, "/metrics")[1]
    assert 'memo_jobs_ended_total{state="done"} 1' in figures
    assert "memo_workers 1" in figures
    assert "memo_watch_files 1" in figures
    status = command("watch", "--status")
    assert status.returncode == 0, status.stdout
    assert "1 of 1 worker live" in status.stdout
    told = json.loads(command("watch", "--status", "--json").stdout)
    assert (told["jobs"]["done"], told["runs"][0]["pid"]) == (1, watcher.process.pid)
    (worker,) = told["workers"]
    os.kill(worker["pid"], signal.SIGKILL)
    eventually(lambda: "was killed (SIGKILL)" in watcher.told())
    second = drop("another call.vtt")
    eventually(lambda: watcher.told().count('"event": "done"') == 2)
    assert second.with_name("another call.memo.md").is_file()
    assert watcher.end() == 0
    events = [json.loads(line) for line in watcher.told().splitlines()]
    named = [event["event"] for event in events]
    assert [named.count(name) for name in ("watching", "taken in", "done", "stopping")] == [
        1, 2, 2, 1,
    ]  # fmt: skip
    assert "tests are red" not in watcher.told()
    after = command("watch", "--status")
    assert after.returncode == ExitCode.INCOMPLETE
    assert "no watcher runs here" in after.stdout


def answer(port: int, page: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=60) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def test_a_watcher_that_is_killed_leaves_nothing_running_and_the_next_goes_on(
    command: Command,
    drop: Callable[[str], Path],
    start: Callable[..., Running],
    eventually: Eventually,
) -> None:
    watcher = start("watch", "in", *RULES)
    path = drop("call.vtt")
    eventually(path.with_name("call.memo.md").exists)
    (worker,) = json.loads(command("watch", "--status", "--json").stdout)["workers"]
    watcher.process.kill()
    watcher.process.wait()
    eventually(lambda: not Path(f"/proc/{worker['pid']}").exists())
    killed = command("watch", "--status")
    assert killed.returncode == ExitCode.INCOMPLETE
    assert "was killed" in killed.stdout
    drop("second.vtt")
    assert command("watch", "in", "--once", *RULES).returncode == 0
    assert set(states(command).values()) == {"done"}


def test_a_file_waits_for_a_language_model_and_is_done_when_that_is_well(
    command: Command,
    drop: Callable[[str], Path],
    start: Callable[..., Running],
    endpoint: Endpoint,
    eventually: Eventually,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as dead:
        address = f"http://127.0.0.1:{dead.getsockname()[1]}/v1"
    settings = command.folder / "memo.toml"
    settings.write_text(f'llm_url = "{address}"\nllm_model = "m"\n', encoding="utf-8")
    watcher = start("watch", "in", "--transcripts", "--settle", "0.2", "--format", "md,vtt")
    path = drop("call.vtt")
    eventually(lambda: states(command).get("call.vtt") == "waiting")
    assert path.with_name("call.transcript.vtt").is_file()
    assert not path.with_name("call.memo.md").exists()
    waiting = jobs(command)["call.vtt"]
    assert waiting["reason"] in command("jobs", "list").stdout.replace("\n      ", " ")
    eventually(lambda: "call.vtt: waits: " in watcher.told())
    assert watcher.end(signal.SIGINT) == 0
    settings.write_text(f'llm_url = "{endpoint.url}"\nllm_model = "m"\n', encoding="utf-8")
    again = ("watch", "in", "--transcripts", "--settle", "0.2", "--format", "md,vtt", "--once")
    assert command(*again).returncode == 0
    assert command("jobs", "cancel", str(path)).returncode == 0
    assert command("jobs", "retry", str(path)).returncode == 0
    assert states(command)["call.vtt"] == "queued"


def test_one_takes_files_in_and_another_works_on_them(
    command: Command, drop: Callable[[str], Path]
) -> None:
    path = drop("call.vtt")
    taken = command("watch", "in", "--once", "--no-work", *RULES)
    assert taken.returncode == 0, taken.stderr
    assert states(command) == {"call.vtt": "queued"}
    worked = command("worker", "--drain", "--json")
    assert worked.returncode == 0, worked.stderr
    assert [json.loads(line)["event"] for line in worked.stdout.splitlines()][-1] == "done"
    assert path.with_name("call.memo.md").is_file()


def test_everything_is_said_in_json_if_that_is_set(
    command: Command, drop: Callable[[str], Path]
) -> None:
    drop("call.vtt")
    command.environment["MEMO_LOG_FORMAT"] = "json"
    done = command("watch", "in", "--once", *RULES)
    assert (done.returncode, done.stdout) == (0, "")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"watching", "taken in", "done"} <= {event["event"] for event in events}
    assert all({"at", "level", "event"} <= set(event) for event in events)
