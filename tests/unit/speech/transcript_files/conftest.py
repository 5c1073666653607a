from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from memo.model import Recording, Transcript
from memo.speech.transcript_files import read_transcript

Read = Callable[[str | bytes, str], Transcript]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write content to a file of that name and read it as a transcript."""

    def write_and_read(content: str | bytes, name: str) -> Transcript:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_transcript(path, Recording(filename=name, sha256="0" * 64))

    return write_and_read
