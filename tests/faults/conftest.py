"""Boxes, the network between memo and PostgreSQL, full disks: what faults are made with."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.box import Box, is_linux_root
from tests.faults.language_model import LanguageModel
from tests.faults.network import Proxy, can_be_cut
from tests.faults.recordings import clips

if TYPE_CHECKING:
    from tests.conftest import PostgreSQL

PASSWORD = "geheim"  # noqa: S105 (of a role that lives for a test)
ROLE = f"""
DROP ROLE IF EXISTS far;
CREATE ROLE far LOGIN SUPERUSER PASSWORD '{PASSWORD}';
"""

MakeBox = Callable[..., Box]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long unless it is asked for, and what the system does not let us do.

    Each of the latter has a neighbour that runs anywhere.
    """
    if "faults" not in config.getoption("markexpr"):
        long = [item for item in items if item.get_closest_marker("faults")]
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)
    needs = {
        "cable": can_be_cut,
        "hosts": _can_rename,
        "small_disk": _can_mount,
        "clock": _can_shift,
    }
    here = [item for item in items if item.path.parent == Path(__file__).parent]
    wanting = []
    for fixture, possible in needs.items():
        using = [item for item in here if fixture in getattr(item, "fixturenames", ())]
        if using and not possible():
            wanting += using
    items[:] = [item for item in items if item not in wanting]
    config.hook.pytest_deselected(items=wanting)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[MakeBox]:
    """Make boxes."""
    with contextlib.ExitStack() as boxes:

        def make(
            name: str = "box",
            database: str | None = None,
            results: Path | None = None,
            **environment: str,
        ) -> Box:
            made = Box(tmp_path / name, database, environment, results=results)
            return boxes.enter_context(made)

        yield make


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest) -> str | None:
    """SQLite in the box, and an empty PostgreSQL database."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def proxied(postgresql: PostgreSQL) -> Iterator[tuple[Proxy, str]]:
    """A proxy before an empty PostgreSQL database, and the URL through it."""
    postgresql.emptied()
    postgresql.run(ROLE)
    proxy = Proxy(("127.0.0.1", postgresql.port))
    try:
        yield proxy, f"postgresql://far:{PASSWORD}@127.0.0.1:{proxy.port}/memo"
    finally:
        proxy.close()


@pytest.fixture
def language_model() -> Iterator[LanguageModel]:
    """A language model that misbehaves as told."""
    server = LanguageModel()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def spoken(
    tmp_path_factory: pytest.TempPathFactory, examples: Path
) -> Callable[[int], list[tuple[str, bytes]]]:
    """Make real recordings of a few seconds: name and content."""

    def make(count: int) -> list[tuple[str, bytes]]:
        folder = tmp_path_factory.getbasetemp() / f"clips{count}"
        made = clips(examples / "weekly-call.m4a", folder, count)
        return [(path.name, path.read_bytes()) for path in made]

    return make


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    path = tmp_path / "disk"
    path.mkdir()
    words: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", path]
    subprocess.run(words, check=True, capture_output=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that shifts the wall clock of whoever is started with it."""
    library = tmp_path_factory.mktemp("clock") / "clock_shim.so"
    _build_shim(library)
    return library


def _build_shim(library: Path) -> None:
    source = Path(__file__).with_name("clock_shim.c")
    words: list[str | Path] = ["cc", "-shared", "-fPIC", "-O1", "-o", library, source]
    subprocess.run(words, check=True, capture_output=True)


def _can_mount() -> bool:
    if not is_linux_root():
        return False
    words = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _can_rename() -> bool:
    words = ["unshare", "--uts", "hostname", "another"]
    return is_linux_root() and subprocess.run(words, check=False).returncode == 0


def _can_shift() -> bool:
    return sys.platform == "linux" and shutil.which("cc") is not None
