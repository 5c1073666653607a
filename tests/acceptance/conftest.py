"""The installed command, for a user with an empty home; and a language model that only listens."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

TALK = """WEBVTT

00:00:01.000 --> 00:00:05.000
<v Ann>Should we move the launch to Friday?

00:00:05.000 --> 00:00:11.000
<v Bo>Yes, agreed. We decided to move the launch to Friday because the tests are red.

00:00:11.000 --> 00:00:15.000
<v Ann>Okay, I'll tell the customers by Wednesday.
"""


class Command:
    """The `memo` command in a folder and an environment of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment

    def __call__(self, *words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            ["memo", *words],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start it; whoever calls this sees to its end."""
        return subprocess.Popen(
            ["memo", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line of bash, with `memo` on the path."""
        return subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The command for somebody who has nothing yet, not even models."""
    home, folder = tmp_path / "home", tmp_path / "calls"
    home.mkdir()
    folder.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MEMO_", "XDG_", "OPENAI_"))}
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))
    return Command(folder, {**kept, "HOME": str(home), "PATH": path, "TZ": "UTC"})


@pytest.fixture
def call(command: Command) -> Path:
    """A transcript of a short call."""
    path = command.folder / "call.vtt"
    path.write_text(TALK, encoding="utf-8")
    return path


class Endpoint:
    """An OpenAI-compatible server that finds nothing in any transcript, and takes its time.

    Attributes:
        questions: How many it was asked, answered or not.
        answered: How many it answered.
        delay: Seconds that it takes for an answer.
        breaks: Whether it answers nothing but that it is broken.
        items: What it finds all the same, by a field that only these have.
        headers: Of each question, names in lower case.
    """

    def __init__(self) -> None:
        self.questions = self.answered = 0
        self.delay = 0.0
        self.breaks = False
        self.items: dict[str, list[dict[str, Any]]] = {}
        self.headers: list[dict[str, str]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if not self.path.endswith("/chat/completions"):
                    self.send_error(404)
                    return
                owner.questions += 1
                owner.headers.append({k.lower(): v for k, v in self.headers.items()})
                time.sleep(owner.delay)
                if owner.breaks:
                    self.send_error(503)
                    return
                self._answer(owner._reply(body))
                owner.answered += 1

            def do_GET(self) -> None:
                self.send_error(404)

            def _answer(self, reply: dict[str, Any]) -> None:
                content = json.dumps(reply).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client that was killed has gone

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def _reply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer with nothing, in the asked-for shape."""
        shape = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
        empty: dict[str, Any] = {"array": [], "string": "", "object": {}}
        answer = {
            name: empty.get(about.get("type", "string"))
            for name, about in shape.get("properties", {}).items()
        }
        for field, items in self.items.items():
            if f'"{field}"' in json.dumps(shape):
                answer["items"] = items
        message = {"role": "assistant", "content": json.dumps(answer)}
        tokens = sum(len(m["content"]) for m in body["messages"])
        return {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1},
        }


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A language model on this machine."""
    server = Endpoint()
    thread = threading.Thread(target=server.server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.server.shutdown()
    server.server.server_close()
    thread.join()


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until something is so, a minute or two at most."""

    def wait(is_so: Callable[[], object], seconds: float = 120.0) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.02)

    return wait
