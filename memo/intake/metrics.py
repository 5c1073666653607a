"""Figures for Prometheus and a health check, on this machine's own address and no other.

The text form is that of https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from memo.errors import ConfigError

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Figure:
    """A figure that is measured.

    Attributes:
        name: Its name; ends in its unit, or in `_total` if it only ever goes up.
        about: What it is, in a line.
        samples: Its values, each with labels.
        kind: Whether it goes up and down.
    """

    name: str
    about: str
    samples: Sequence[tuple[Mapping[str, str], float]]
    kind: Literal["gauge", "counter"] = "gauge"

    @classmethod
    def of(
        cls, name: str, about: str, value: float, kind: Literal["gauge", "counter"] = "gauge"
    ) -> Figure:
        """Return a figure that is one number."""
        return cls(name, about, [({}, value)], kind)


@dataclass(frozen=True)
class Health:
    """Whether all is well, and if not, what is wrong.

    Attributes:
        troubles: What is wrong, in lines for people; none if all is well.
    """

    troubles: Sequence[str] = field(default_factory=tuple)


def exposition(figures: Iterable[Figure]) -> str:
    """Return figures as Prometheus reads them."""
    lines: list[str] = []
    for figure in figures:
        about = figure.about.replace("\\", r"\\").replace("\n", r"\n")
        lines += [f"# HELP {figure.name} {about}", f"# TYPE {figure.name} {figure.kind}"]
        for labels, value in figure.samples:
            inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            lines.append(f"{figure.name}{{{inside}}} {value:.15g}" if inside
                         else f"{figure.name} {value:.15g}")  # fmt: skip
    return "\n".join(lines) + "\n"


class Metrics:
    """A web server for `/metrics` and `/healthz`.

    Args:
        port: On which it listens, on this machine's own address; 0 takes any.
        figures: Gives the figures; called in a thread of the server's.
        health: Says whether all is well; likewise.

    Raises:
        ConfigError: Something else listens there.
    """

    def __init__(
        self, port: int, figures: Callable[[], Iterable[Figure]], health: Callable[[], Health]
    ) -> None:
        self._figures = figures
        self._health = health
        try:
            self._server = _Server((HOST, port), self._handler())
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"figures cannot be served on port {port} of {HOST}: {error}",
                hint="Name another one with --metrics.",
            ) from error
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, path: str) -> tuple[int, str, str]:
        """Return the status, the type and the text of a page."""
        plain = "text/plain; charset=utf-8"
        if path == "/metrics":
            return 200, "text/plain; version=0.0.4; charset=utf-8", exposition(self._figures())
        if path == "/healthz":
            troubles = self._health().troubles
            return (503 if troubles else 200), plain, "\n".join(troubles or ["ok"]) + "\n"
        return 404, plain, "Here are /metrics and /healthz.\n"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            server_version = "memo"
            sys_version = ""
            timeout = 10.0  # of somebody who connects and says nothing

            def do_GET(self) -> None:
                self._reply(with_text=True)

            def do_HEAD(self) -> None:
                self._reply(with_text=False)

            def _reply(self, *, with_text: bool) -> None:
                try:
                    status, kind, text = answer(self.path.partition("?")[0])
                except Exception as error:  # noqa: BLE001 - it is the asker who wants to know
                    status, kind = 500, "text/plain; charset=utf-8"
                    text = f"{type(error).__name__}\n"
                content = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                if with_text:
                    self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking a name server what this machine is called."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever asked has gone."""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
