"""What a service tells systemd: that it is ready, that it lives, that it stops (sd_notify(3))."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Tells systemd how a service is, if systemd wants to know.

    Args:
        environment: Where `NOTIFY_SOCKET` may stand, and `WATCHDOG_USEC`.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        usec = environment.get("WATCHDOG_USEC", "")
        meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._watched = usec.isdigit() and meant
        self._said = ""

    def ready(self) -> None:
        """Say that the service has started."""
        self._send("READY=1")

    def alive(self) -> None:
        """Say that the service lives; several times within `WATCHDOG_USEC`."""
        if self._watched:
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Say in a line what the service is doing, as `systemctl status` shows it."""
        if text != self._said:
            self._said = text
            self._send(f"STATUS={text}")

    def stopping(self) -> None:
        """Say that the service has begun to stop."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address.startswith(("/", "@")):
            return
        address = self._address.replace("@", "\0", 1)  # an abstract one
        with (
            contextlib.suppress(OSError, AttributeError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
        ):
            out.settimeout(1.0)
            out.sendto(message.encode(), address)
