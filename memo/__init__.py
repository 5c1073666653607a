"""memo: recorded calls become memos that can be trusted, and decisions that are remembered."""

from __future__ import annotations

__version__: str


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: `memo --help` takes half the time without."""
    if name != "__version__":
        raise AttributeError(f"module 'memo' has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("callmemo")
    except PackageNotFoundError:  # a source tree that nobody installed
        return "0+source"
