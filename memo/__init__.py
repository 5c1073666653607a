"""memo: recorded calls become memos that can be trusted, and decisions that are remembered."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("callmemo")
except PackageNotFoundError:  # a source tree that nobody installed
    __version__ = "0+source"
