"""Looks at every result again and again, as a reader would, and notes what is not whole."""

from __future__ import annotations

import json
import os
import threading
import zipfile
from io import BytesIO
from pathlib import Path

_Seen = tuple[int, int, int]


class Sampler:
    """Opens each result under a folder every 50 ms, unless it is as it was.

    Args:
        root: The folder.
        endings: Of the results' names.

    Attributes:
        wrong: What was not whole.
    """

    def __init__(self, root: Path, endings: tuple[str, ...]) -> None:
        self.wrong: list[str] = []
        self._root = root
        self._endings = endings
        self._last: dict[Path, _Seen] = {}
        self._texts: dict[Path, list[bytes]] = {}
        self._count = 0
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> int:
        """Look once more, compare what was seen over time, and return how much that was."""
        self._look()
        for path, texts in self._texts.items():
            for text in texts:
                if any(other != text and other.startswith(text) for other in texts):
                    self._note(path, "was seen with its beginning alone")
        return self._count

    def _run(self) -> None:
        while not self._stopping.wait(0.05):
            self._look()

    def _look(self) -> None:
        with self._turn:
            for path in _files(self._root):
                if path.name.endswith(self._endings):
                    self._open(path)

    def _open(self, path: Path) -> None:
        try:
            about = path.stat()
            if self._last.get(path) == (about.st_ino, about.st_mtime_ns, about.st_size):
                return
            content = path.read_bytes()
        except FileNotFoundError:
            return
        self._last[path] = (about.st_ino, about.st_mtime_ns, about.st_size)
        self._count += 1
        if why := _flaw(path.name, content):
            self._note(path, why)
        if path.suffix in {".md", ".vtt", ".txt"}:
            self._texts.setdefault(path, []).append(content)

    def _note(self, path: Path, why: str) -> None:
        self.wrong.append(f"{path.relative_to(self._root)} {why}")


def _files(root: Path) -> list[Path]:
    """Return what is under a folder, whatever comes and goes meanwhile."""
    return [Path(folder, name) for folder, _, names in os.walk(root) for name in names]


def _flaw(name: str, content: bytes) -> str | None:
    """Return what is not whole of a result; None if it can be read to its end."""
    if name.endswith(".json"):
        why = _flaw_of_json(content)
    elif name.endswith(".docx"):
        why = _flaw_of_word(content)
    elif not content.endswith(b"\n"):
        why = "ends in the middle of a line"
    elif name.endswith(".md") and b"\n## " not in content:
        why = "has no parts"
    elif name.endswith(".vtt") and not content.startswith(b"WEBVTT"):
        why = "is no WebVTT"
    else:
        why = None
    return f"{why} ({len(content)} bytes)" if why else None


def _flaw_of_json(content: bytes) -> str | None:
    try:
        json.loads(content)["recording"]["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        return f"is no memo: {error}"
    return None


def _flaw_of_word(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return archive.testzip()
    except zipfile.BadZipFile as error:
        return f"is no Word document: {error}"
