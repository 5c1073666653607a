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
POSTGRESQL = pytest.mark.postgresql
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
    second = drop("deep/down/другой 会议.vtt")
    second.with_suffix(".toml").write_text('title = "The launch"\n', encoding="utf-8")
    shutil.copy(first, first.with_name("copy.vtt"))
    (first.parent / "part.vtt.crdownload").write_text("half")
    done = command("watch", "in", "--once", *RULES)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\d\d:\d\d call\.vtt: 1 decision, 1 action$", done.stdout, re.MULTILINE)
    assert "holds the same as" in done.stderr
    assert first.with_name("call.memo.md").is_file() ^ first.with_name("copy.memo.md").is_file()
    assert first.is_file()
    memo = json.loads(second.with_name("другой 会议.memo.json").read_text(encoding="utf-8"))
    assert memo["title"] == "The launch"
    assert list(states(command).values()) == ["done", "done"]
    again = command("watch", "in", "--once", *RULES, "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert command("log", "list").stdout.count("DEC-") == 2


def test_what_is_done_moves_and_what_fails_says_why_beside_it(
    command: Command, drop: Callable[[str], Path]
) -> None:
    good = drop("good.vtt")
    bad = good.with_name("bad.m4a")
    bad.write_bytes(b"no sound at all" * 100)
    words = ("--done", "in/done", "--out", "memos", "--format", "md", "--no-log")
    done = command("watch", "in", "--once", *RULES, *words)
    assert done.returncode == ExitCode.RECORDING
    assert "bad.m4a: failed: " in done.stdout
    notice = (good.parent / "bad.m4a.error.txt").read_text(encoding="utf-8")
    failed = jobs(command)["bad.m4a"]
    assert failed["reason"] in notice
    assert "memo jobs retry" in notice
    assert not good.exists()
    assert (command.folder / "in/done/good.vtt").is_file()
    assert [file.name for file in (command.folder / "memos").iterdir()] == ["good.memo.md"]
    assert command("log", "list").stdout == ""
    listed = command("jobs", "list", "--state", "failed", COLUMNS="60").stdout
    assert " ".join(failed["reason"].split()) in " ".join(listed.split())
    assert command("jobs", "cancel", str(bad)).returncode == 0
    assert command("jobs", "retry", str(bad)).stdout.endswith("bad.m4a: will be tried again\n")
    assert states(command) == {"bad.m4a": "queued", "good.vtt": "done"}


def test_wrong_words_are_refused(command: Command, call: Path) -> None:
    for words in (["watch"], ["watch", call.name], ["watch", ".", "--status"],
                  ["worker", "--slots", "0"]):  # fmt: skip
        done = command(*words)
        assert (done.returncode, done.stdout) == (ExitCode.USAGE, ""), words
    assert command("watch", ".", "--settle", "-1").returncode == ExitCode.CONFIG
    assert command("watch", "gone", "--once").returncode == ExitCode.RECORDING


# --- On and on ------------------------------------------------------------------------------------


def test_a_watcher_goes_on_whoever_is_killed(
    command: Command,
    drop: Callable[[str], Path],
    start: Callable[..., Running],
    eventually: Eventually,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    watcher = start("watch", "in", *RULES, "--metrics", str(port), "--json")
    drop("call.vtt")
    eventually(lambda: 'memo_jobs_ended_total{state="done"} 1' in answer(port, "/metrics")[1])
    assert answer(port, "/healthz") == (200, "ok\n")
    figures = answer(port, "/metrics")[1]
    for figure in ('memo_jobs{state="done"} 1', "memo_workers 1", "memo_watch_files 1"):
        assert figure in figures.splitlines()
    status = command("watch", "--status")
    assert (status.returncode, "1 of 1 worker live" in status.stdout) == (0, True), status.stdout
    told = json.loads(command("watch", "--status", "--json").stdout)
    assert (told["jobs"]["done"], told["runs"][0]["pid"]) == (1, watcher.process.pid)

    os.kill(told["workers"][0]["pid"], signal.SIGKILL)
    eventually(lambda: "was killed (SIGKILL)" in watcher.told())
    second = drop("another call.vtt")
    eventually(lambda: watcher.told().count('"event": "done"') == 2)
    assert second.with_name("another call.memo.md").is_file()
    assert "tests are red" not in watcher.told()
    events = [json.loads(line)["event"] for line in watcher.told().splitlines()]
    assert [events.count(name) for name in ("watching", "taken in", "done")] == [1, 2, 2]

    (worker,) = json.loads(command("watch", "--status", "--json").stdout)["workers"]
    watcher.process.kill()
    watcher.process.wait()
    eventually(lambda: not runs(worker["pid"]))
    killed = command("watch", "--status")
    assert (killed.returncode, "was killed" in killed.stdout) == (ExitCode.INCOMPLETE, True)
    assert "no watcher runs here" in command("watch", "--status").stdout


def answer(port: int, page: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=60) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def runs(pid: int) -> bool:
    """Tell whether a process is there and no mere remains of one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_file_waits_for_a_language_model_and_is_done_when_that_is_well(
    command: Command,
    drop: Callable[[str], Path],
    start: Callable[..., Running],
    endpoint: Endpoint,
    eventually: Eventually,
) -> None:
    endpoint.breaks = True
    settings = command.folder / "memo.toml"
    settings.write_text(f'llm_url = "{endpoint.url}"\nllm_model = "m"\n', encoding="utf-8")
    words = ("watch", "in", "--transcripts", "--settle", "0.2", "--format", "md,vtt")
    watcher = start(*words)
    path = drop("call.vtt")
    eventually(lambda: "call.vtt: waits: " in watcher.told())
    assert path.with_name("call.transcript.vtt").is_file()
    assert not path.with_name("call.memo.md").exists()
    waiting = jobs(command)["call.vtt"]
    assert waiting["state"] == "waiting"
    assert waiting["reason"] in watcher.told()
    endpoint.breaks = False
    assert command("jobs", "retry", "in/call.vtt").returncode == 0
    eventually(path.with_name("call.memo.md").exists)
    assert watcher.end(signal.SIGINT) == 0
    assert "stopping" in watcher.told()
    assert "Traceback" not in watcher.told()


@pytest.mark.parametrize("where", ["sqlite", pytest.param("postgresql", marks=POSTGRESQL)])
def test_one_takes_files_in_and_another_works_on_them(
    command: Command, drop: Callable[[str], Path], request: pytest.FixtureRequest, where: str
) -> None:
    if where == "postgresql":
        url = str(request.getfixturevalue("postgresql_url")).replace("+psycopg", "")
        command.environment["MEMO_DATABASE_URL"] = url
    path = drop("call.vtt")
    command.environment["MEMO_SHELF"] = str(path.parent)
    taken = command("watch", "in", "--once", "--no-work", *RULES, MEMO_LOG_FORMAT="json")
    assert (taken.returncode, taken.stdout) == (0, ""), taken.stderr
    assert [json.loads(line)["event"] for line in taken.stderr.splitlines()][-1] == "taken in"
    assert states(command) == {"call.vtt": "queued"}
    shelf = shutil.move(path.parent, command.folder / "mounted elsewhere")
    worked = command("worker", "--drain", "--json", MEMO_SHELF=str(shelf))
    assert worked.returncode == 0, worked.stderr
    events = [json.loads(line) for line in worked.stdout.splitlines()]
    assert all({"at", "level", "event"} <= set(event) for event in events)
    assert events[-1]["event"] == "done"
    assert (Path(shelf) / "call.memo.md").is_file()
    assert command("log", "list").stdout.count("DEC-") == 1


@pytest.mark.asr
def test_a_recording_is_heard_and_stopped_on_its_way(
    command: Command,
    examples: Path,
    weights: Callable[..., Path],
    start: Callable[..., Running],
    eventually: Eventually,
) -> None:
    command.environment["MEMO_ASR_MODEL"] = str(weights("tiny.en", "asr"))
    folder = command.folder / "in"
    folder.mkdir()
    words = ("watch", "in", "--llm", "none", "--settle", "0.2")
    watcher = start(*words)
    copied = folder / "call.m4a.part"
    shutil.copy(examples / "weekly-call.m4a", copied)
    copied.rename(folder / "call.m4a")
    eventually(lambda: "call.m4a: transcribing" in watcher.told())
    assert watcher.end() == 0
    assert states(command) == {"call.m4a": "queued"}
    assert [path.name for path in folder.iterdir()] == ["call.m4a"]
    done = command(*words, "--once")
    assert done.returncode == 0, done.stderr
    assert (folder / "call.memo.md").is_file()
    assert re.search(r"call\.m4a: \d decisions", done.stdout)
