"""Which machine this is, and since when it runs."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
import sys
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path

_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")


@cache
def machine_id() -> str:
    """Return what tells this machine from others, the same after a restart; says nothing else.

    The system's own identifier must not leave the machine as it is (man 5 machine-id), so it is
    hashed; where there is none, the network card's address and the host's name stand for it. A
    container that is made anew is another machine.
    """
    told = next(filter(None, map(_text, _IDS)), "") or f"{uuid.getnode()}"
    return hashlib.sha256(f"memo {told} {host_name()}".encode()).hexdigest()[:16]


@cache
def boot_id() -> str:
    """Return what the machine calls the time since it was last started; "" if it does not say."""
    return _text(_BOOT)


@cache
def process_space() -> str:
    """Return what tells where a process's number means this process, and since when."""
    with suppress(OSError):
        return f"{boot_id()} {_PROCESSES.readlink()}"  # containers count for themselves
    return boot_id()


def is_running(pid: int) -> bool:
    """Return whether a process of this `process_space` may still run."""
    if sys.platform == "win32":  # there, to ask is to end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return True


def host_name() -> str:
    """Return the machine's name for people."""
    return platform.node() or socket.gethostname() or "this machine"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
