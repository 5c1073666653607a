"""A language model on this machine that misbehaves as told, and then behaves."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Mood = Literal["well", "hang", "busy", "broken", "garbage", "half", "refused", "gone"]


class LanguageModel:
    """An OpenAI-compatible server that finds nothing in any transcript.

    Attributes:
        mood: What it does with questions: answer; hang until told otherwise; say 429 with
            `Retry-After`; say 500; answer with garbage; answer with half of the JSON; say 401;
            hang up.
        delay: Seconds that an answer takes.
        asked: How many questions came in each mood.
    """

    def __init__(self) -> None:
        self.mood: Mood = "well"
        self.delay = 0.0
        self.asked: dict[str, int] = {}
        self._closed = False
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if not self.path.endswith("/chat/completions"):
                    self.send_error(404)
                    return
                owner.asked[owner.mood] = owner.asked.get(owner.mood, 0) + 1
                owner.answer(self, body)

            def do_GET(self) -> None:
                self.send_error(404)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client that was killed has gone

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """The settings that have memo ask it."""
        return {"MEMO_LLM": "endpoint", "MEMO_LLM_URL": self.url, "MEMO_LLM_MODEL": "m"}

    def close(self) -> None:
        """End it."""
        self._closed = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, to: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        """Do with a question what the mood wants."""
        mood = self.mood
        while mood == "hang" and self.mood == "hang" and not self._closed:
            time.sleep(0.1)
        if mood in {"hang", "gone"}:
            to.close_connection = True
        elif mood in {"busy", "broken", "refused"}:
            status = {"busy": 429, "broken": 500, "refused": 401}[mood]
            _send(to, status, b'{"error": {"message": "no"}}', {"retry-after": "1"})
        else:
            time.sleep(self.delay)
            content = json.dumps(_empty(body))
            said = {"garbage": "\x00<html>%$", "half": content[: len(content) // 2]}
            _send(to, 200, json.dumps(_completion(body, said.get(mood, content))).encode())


def _send(
    to: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str] | None = None
) -> None:
    to.send_response(status)
    to.send_header("content-type", "application/json")
    to.send_header("content-length", str(len(content)))
    for name, value in (headers or {}).items():
        to.send_header(name, value)
    to.end_headers()
    to.wfile.write(content)


def _empty(body: dict[str, Any]) -> dict[str, Any]:
    """Return nothing, in the asked-for shape."""
    shape = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    empty: dict[str, Any] = {"array": [], "string": "", "object": {}}
    properties = shape.get("properties", {}).items()
    return {name: empty.get(about.get("type", "string")) for name, about in properties}


def _completion(body: dict[str, Any], content: str) -> dict[str, Any]:
    tokens = sum(len(message["content"]) for message in body["messages"])
    message = {"role": "assistant", "content": content}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1},
    }
