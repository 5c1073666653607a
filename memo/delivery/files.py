"""Delivers a digest to a file: whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from memo.delivery.letters import Letter, Message
from memo.delivery.patience import NotDelivered

_FINAL = {errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.EEXIST}


def post_to_file(one: Letter) -> None:
    """Write a digest to its file; folders are made, a file that is there is replaced.

    The name's ending says what is written: `.html` or `.htm` the digest as a web page, `.docx` the
    attachment for Word, anything else its Markdown. `{date}` in the name is the digest's day.

    Raises:
        NotDelivered: The file cannot be written.
    """
    path = one.to.path(one.queued_at)
    content = _content(one.message, path)
    neighbour = path.with_name(f".memo-{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise IsADirectoryError(errno.EISDIR, "something else than a file has this name")
        _write(neighbour, content)
        neighbour.replace(path)
    except OSError as error:
        reason = f"it cannot be written ({error.strerror or type(error).__name__})"
        raise NotDelivered(reason, final=error.errno in _FINAL) from error
    finally:
        with contextlib.suppress(OSError):
            neighbour.unlink(missing_ok=True)


def _content(message: Message, path: Path) -> bytes:
    ending = path.suffix.lower()
    if ending in {".html", ".htm"} and message.html is not None:
        return message.html.encode()
    if ending == ".docx":
        for attachment in message.attachments:
            if attachment.name.lower().endswith(".docx"):
                return attachment.content
        raise NotDelivered("the digest was not made for Word", final=True)
    return message.text.encode()


def _write(path: Path, content: bytes) -> None:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o666), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
