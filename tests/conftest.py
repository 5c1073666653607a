"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest

from memo.weights import Kind, Weights

ROOT = Path(__file__).resolve().parents[1]
SHARED_AUDIO = ROOT.parent / "shared" / "audio"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests that need recordings which only this project's own machines have.

    Each has a neighbour that tests the same behaviour on `examples/`.
    """
    if SHARED_AUDIO.is_dir():
        return
    wanting = [item for item in items if "shared_audio" in getattr(item, "fixturenames", ())]
    items[:] = [item for item in items if item not in wanting]
    config.hook.pytest_deselected(items=wanting)


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of the example recordings."""
    return ROOT / "examples"


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """The folder of real recordings beside the project; its README and manifest describe them."""
    return SHARED_AUDIO


@pytest.fixture(scope="session")
def weights() -> Callable[[str, Kind], Path]:
    """Return where a real model's files are, fetched into the user's own cache if need be."""
    given = os.environ.get("MEMO_CACHE_DIR")
    cache = Path(given) if given else platformdirs.user_cache_path("memo", appauthor=False)
    return Weights(cache).path
