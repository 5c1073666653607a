"""An S3 server in a process of its own, and machines that share a bucket of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memo.intake.bucket import Bucket

SHA = "ab" * 32
SECRET = "wJalrXUtnFEMI"  # noqa: S105 - nobody's


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of an S3 server, and the folder of its buckets."""
    disk = tmp_path_factory.mktemp("s3")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "localbucket", str(disk), "--port", str(port)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    break
                except OSError:
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}", disk
        finally:
            process.kill()


@pytest.fixture
def disk(server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What the bucket `calls` holds below the prefix `team`, as files."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server[0])
    folder = server[1] / "calls" / tmp_path.name.lower() / "team"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def machine(disk: Path, tmp_path: Path) -> Callable[[str], Bucket]:
    """Makes the bucket as a machine has it."""

    def of(name: str) -> Bucket:
        work = tmp_path / name / "work"
        return Bucket(f"s3://calls/{disk.parent.name}/team", machine=name, work=work)

    return of
