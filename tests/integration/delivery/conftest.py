"""Real servers on this machine: one that takes e-mail, one that takes posts of webhooks."""

from __future__ import annotations

import base64
import contextlib
import http.server
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HANG, HANG_UP = "hang", "hang up"


@dataclass
class Mail:
    """An e-mail that the server took."""

    sender: str
    receivers: list[str]
    data: bytes
    encrypted: bool
    user: str | None


@dataclass
class Mailbox:
    """A mail server, what it took, and how it misbehaves.

    `script` has, by the command's verb (`CONNECT`, `MAIL`, `DATA`, `END` of the data, …), what is
    answered instead, one for each time: a reply, `HANG` or `HANG_UP`. `HANG_UP` in `BODY` cuts the
    connection in the middle of the data.
    """

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    script: dict[str, list[str]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    starttls: ssl.SSLContext | None = None
    implicit: ssl.SSLContext | None = None
    password: str | None = None
    closing: threading.Event = field(default_factory=threading.Event)


class _Gone(Exception):  # noqa: N818
    """The server hangs up."""


class _Session(socketserver.StreamRequestHandler):
    """One conversation (RFC 5321)."""

    box: Mailbox

    def setup(self) -> None:
        if self.box.implicit:
            self.request = self.box.implicit.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        self.encrypted = self.box.implicit is not None
        self.user: str | None = None
        self.sender, self.receivers = "", list[str]()
        with contextlib.suppress(_Gone, OSError):
            self._answer("CONNECT", "220 test ESMTP")
            while line := self.rfile.readline():
                self._take(line.decode("utf-8", "replace").strip())

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.request.close()  # encrypted, it is another socket than the one that the server knows

    def _take(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        self.box.commands.append(verb)
        getattr(self, f"_{verb.lower()}", self._other)(rest)

    def _answer(self, verb: str, reply: str) -> bool:
        """Send a reply, or what the script wants; tell whether it was the usual one."""
        planned = self.box.script.get(verb)
        said = planned.pop(0) if planned else reply
        if said == HANG:
            self.box.closing.wait(60)
        if said in {HANG, HANG_UP}:
            raise _Gone
        self.wfile.write(f"{said}\r\n".encode())
        return said == reply

    def _ehlo(self, _: str) -> None:
        more = ["STARTTLS"] if self.box.starttls and not self.encrypted else []
        more += ["AUTH PLAIN LOGIN"] if self.box.password is not None else []
        lines = ["test", *more, "SIZE 10000000"]
        said = [f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]
        self._answer("EHLO", "\r\n".join(said))

    def _starttls(self, _: str) -> None:
        assert self.box.starttls
        if self._answer("STARTTLS", "220 go ahead"):
            self.rfile.close()
            self.request = self.box.starttls.wrap_socket(self.request, server_side=True)
            self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
            self.encrypted = True

    def _auth(self, rest: str) -> None:
        method, _, first = rest.partition(" ")
        if method == "PLAIN":
            _, user, password = base64.b64decode(first).decode().split("\0")
        else:
            user = base64.b64decode(first).decode()
            self.wfile.write(b"334 " + base64.b64encode(b"Password:") + b"\r\n")
            password = base64.b64decode(self.rfile.readline()).decode()
        if password == self.box.password:
            self.user = user if self._answer("AUTH", "235 welcome") else None
        else:
            self._answer("AUTH", f"535 5.7.8 {password} is wrong, {user}")

    def _mail(self, rest: str) -> None:
        if self._answer("MAIL", "250 ok"):
            self.sender, self.receivers = rest.partition("<")[2].partition(">")[0], []

    def _rcpt(self, rest: str) -> None:
        if self._answer("RCPT", "250 ok"):
            self.receivers.append(rest.partition("<")[2].partition(">")[0])

    def _data(self, _: str) -> None:
        if not self._answer("DATA", "354 go on"):
            return
        data = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line or self.box.script.get("BODY"):
                self.box.script.pop("BODY", None)
                raise _Gone
            data += line.removeprefix(b".")
        mail = Mail(self.sender, self.receivers, data, self.encrypted, self.user)
        planned = (self.box.script.get("END") or ["250"])[0]
        if planned.startswith(("250", HANG)):
            self.box.mails.append(mail)  # before it answers: a server that hangs up has it, too
        self._answer("END", "250 taken")

    def _quit(self, _: str) -> None:
        self._answer("QUIT", "221 bye")
        raise _Gone

    def _other(self, _: str) -> None:
        self._answer("OTHER", "250 ok")


@contextlib.contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


class _Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_: Any) -> None:  # noqa: ANN401
        """A client that trusts no certificate hangs up; that is what is tested."""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    session = type("Session", (_Session,), {"box": box})
    server = _Threads(("127.0.0.1", 0), session)
    box.port = server.server_address[1]
    with _serving(server):
        yield box
        box.closing.set()


@dataclass
class Hook:
    """A chat's server, what was posted to it, and how it misbehaves.

    `script` has what is answered, one for each post: a status with headers and a body, `HANG` or
    `HANG_UP`. When it is used up, `ok`.
    """

    port: int = 0
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    script: list[tuple[int, dict[str, str], bytes] | str] = field(default_factory=list)
    delay: float = 0.0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/s3cr3t"


class _Post(http.server.BaseHTTPRequestHandler):
    hook: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.hook.posts.append((self.path, dict(self.headers), body))
        answer = self.hook.script.pop(0) if self.hook.script else (200, {}, b"ok")
        self.hook.closing.wait(60 if answer == HANG else self.hook.delay)
        if isinstance(answer, str):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, words = answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(words)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *_: Any) -> None:  # noqa: ANN401
        """Say nothing."""


@pytest.fixture
def new_hook() -> Iterator[Callable[..., Hook]]:
    """Start a chat's server, which may speak TLS."""
    with contextlib.ExitStack() as stack:

        def start(tls: ssl.SSLContext | None = None) -> Hook:
            hook = Hook()
            handler = type("Post", (_Post,), {"hook": hook})
            server = _Threads(("127.0.0.1", 0), handler)
            if tls:
                server.socket = tls.wrap_socket(server.socket, server_side=True)
            hook.port = server.server_address[1]
            stack.enter_context(_serving(server))
            stack.callback(hook.closing.set)
            return hook

        yield start


@pytest.fixture
def hook(new_hook: Callable[..., Hook]) -> Hook:
    return new_hook()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate of `localhost`, with its key, in one file."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_text((folder / "certificate.pem").read_text() + (folder / "key.pem").read_text())
    return both


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
