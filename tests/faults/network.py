"""A network between memo and PostgreSQL that can be slow, refuse, break off, or fall silent."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Literal

Mood = Literal["pass", "refuse", "swallow"]


class Proxy:
    """Hands bytes on between a port of this machine and a server.

    Attributes:
        port: Where it listens.
        mood: `pass` hands on; `refuse` resets what comes; `swallow` takes all and answers nothing,
            as a network does that has gone away without a word.
        delay: Seconds that each piece takes.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self.mood: Mood = "pass"
        self.delay = 0.0
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> None:
        """Break off every connection with a RST."""
        for one in list(self._open):
            _reset(one)

    def close(self) -> None:
        """End it."""
        self._closed = True
        self._listening.close()
        self.reset()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.mood == "refuse":
                _reset(client)
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._server, timeout=5)
        except OSError:
            _reset(client)
            return
        pair = {client: server, server: client}
        self._open |= set(pair)
        with contextlib.suppress(OSError), selectors.DefaultSelector() as ready:
            for one in pair:
                ready.register(one, selectors.EVENT_READ)
            self._hand_on(pair, ready)
        for one in pair:
            self._open.discard(one)
            _reset(one)

    def _hand_on(
        self, pair: dict[socket.socket, socket.socket], ready: selectors.DefaultSelector
    ) -> None:
        while True:
            self._be_silent()
            for key, _ in ready.select(timeout=0.2):
                one = key.fileobj
                if not isinstance(one, socket.socket):
                    return
                piece = one.recv(65536)
                if not piece:
                    return
                time.sleep(self.delay)
                self._be_silent()
                pair[one].sendall(piece)

    def _be_silent(self) -> None:
        while self.mood == "swallow":
            time.sleep(0.05)


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RD)  # wakes whoever waits for it
    one.close()


@dataclass
class Cable:
    """A network namespace, and the one cable that leads out of it; Linux, as root.

    A cable that is cut tells nobody: no FIN, no RST, packets are simply gone.

    Attributes:
        before: Words before a command that is to run at the far end.
        host: This machine's address as seen from there.
    """

    name: str = ""
    subnet: str = "10.177.31"

    def __post_init__(self) -> None:
        self.name = self.name or f"memo{os.getpid()}"
        self.host, self.far = f"{self.subnet}.1", f"{self.subnet}.2"
        self.before = ("ip", "netns", "exec", self.name)
        near, away = self._ends
        for words in (
            f"netns add {self.name}",
            f"link add {near} type veth peer name {away}",
            f"link set {away} netns {self.name}",
            f"addr add {self.host}/24 dev {near}",
            f"link set {near} up",
            f"-n {self.name} addr add {self.far}/24 dev {away}",
            f"-n {self.name} link set {away} up",
            f"-n {self.name} link set lo up",
        ):
            self._ip(words)

    def __enter__(self) -> Cable:
        return self

    def __exit__(self, *_: object) -> None:
        self._ip(f"link del {self._ends[0]}")
        self._ip(f"netns del {self.name}")

    def cut(self) -> None:
        """Take the cable away."""
        self._ip(f"link set {self._ends[0]} down")

    def mend(self) -> None:
        """Put it back."""
        self._ip(f"link set {self._ends[0]} up")

    @property
    def _ends(self) -> tuple[str, str]:
        return f"m{os.getpid()}a", f"m{os.getpid()}b"

    @staticmethod
    def _ip(words: str) -> None:
        subprocess.run(["ip", *words.split()], check=True, capture_output=True)


def can_be_cut() -> bool:
    """Return whether this process may make network namespaces."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError), Cable(f"try{os.getpid()}"):
        return True
    return False
