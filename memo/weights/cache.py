"""The folder in which fetched models live.

    <cache>/models/base/model.bin ...        a complete model; model.json is its manifest
    <cache>/models/.partial/base/hub-…/      files on their way in, kept so that a fetch resumes
    <cache>/models/.partial/base.lock        held while somebody fetches

A model appears under its name by one rename, after its files were checked, so a folder with a
manifest is complete. Reading it back checks the sizes only: hashing a gigabyte at every start
would cost seconds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

from pydantic import NonNegativeInt, ValidationError, model_validator

from memo.errors import MissingDependencyError, OutputError
from memo.model import Sha256, Value
from memo.weights.catalogue import MANIFEST, FileName, ModelName

_CHUNK = 1 << 20
_GB = 1e9


class StoredFile(Value):
    """A file in the cache, as it was when it was checked."""

    name: FileName
    bytes: NonNegativeInt
    sha256: Sha256


class Expected(Value):
    """A file as its source describes it: by its SHA-256 or, failing that, by its Git blob id."""

    name: FileName
    bytes: NonNegativeInt
    sha256: Sha256 | None
    git_blob: str | None = None

    @model_validator(mode="after")
    def _check_known(self) -> Self:
        if self.sha256 is None and self.git_blob is None:
            raise ValueError(f"nothing is known by which to check {self.name}")
        return self


class Manifest(Value):
    """What a complete model consists of and where it came from."""

    schema_version: Literal[1] = 1
    name: ModelName
    source: str
    files: tuple[StoredFile, ...]


class ModelCache:
    """Complete models by name, and models on their way in."""

    def __init__(self, cache_dir: Path) -> None:
        self._models = cache_dir / "models"

    def folder(self, name: str) -> Path:
        """Return where the model of this name is, or would be."""
        return self._models / name

    def manifest(self, name: str) -> Manifest | None:
        """Return the manifest of a complete model, or None if it is not there or damaged."""
        folder = self.folder(name)
        try:
            manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
            whole = all((folder / f.name).stat().st_size == f.bytes for f in manifest.files)
        except (OSError, ValidationError):
            return None
        return manifest if whole else None

    def staging(self, name: str, source: str) -> Path:
        """Return the folder, made if need be, in which a source's files arrive."""
        folder = self._models / ".partial" / name / source
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def lock(self, name: str, *, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold a model's lock, so that two processes do not fetch it at once.

        Args:
            name: The model.
            waiting: Called when another process holds the lock, before waiting for it.

        Raises:
            OutputError: The cache folder cannot be written or locked.
        """
        from filelock import FileLock, Timeout

        try:
            (self._models / ".partial").mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._models / ".partial" / f"{name}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                waiting()
                lock.acquire(poll_interval=0.2)
        except (OSError, NotImplementedError) as error:
            raise unwritable(self._models, error) from error
        try:
            yield
        finally:
            lock.release()

    def install(
        self,
        staging: Path,
        name: str,
        source: str,
        files: Sequence[Expected],
        report: Callable[[int], None],
    ) -> None:
        """Check fetched files and make them the model of that name, in one rename.

        Args:
            staging: The folder in which they arrived.
            name: The model.
            source: Where they came from, for the manifest.
            files: What they should be.
            report: Told of the bytes checked so far.

        Raises:
            MissingDependencyError: One is not what it should be; it is deleted.
        """
        stored, done = [], 0
        for file in files:
            stored.append(check_file(staging, file, shifted(report, done)))
            done += file.bytes
        manifest = Manifest(name=name, source=source, files=tuple(stored))
        write_durably(staging / MANIFEST, manifest.model_dump_json(indent=2).encode())
        target = self.folder(name)
        if target.exists():  # damaged, or `manifest` would have found it
            shutil.rmtree(target)
        staging.replace(target)
        _sync_folder(self._models)
        shutil.rmtree(staging.parent, ignore_errors=True)

    def remove(self, name: str) -> bool:
        """Delete a model and what is left of fetching it; return whether it was there."""
        there = self.folder(name).exists()
        for folder in (self.folder(name), self._models / ".partial" / name):
            if folder.exists():
                shutil.rmtree(folder)
        return there

    def require_space(self, needed: int, name: str) -> None:
        """Refuse to begin what the disk cannot hold.

        Raises:
            OutputError: Fewer than `needed` bytes are free.
        """
        free = shutil.disk_usage(self._models).free
        if free < needed:
            raise OutputError(
                f"{name} needs {megabytes(needed)} in {self._models}, {megabytes(free)} are free",
                hint="Free some space, or choose another cache folder.",
            )


def check_file(folder: Path, file: Expected, report: Callable[[int], None]) -> StoredFile:
    """Check that a file is what it should be, and put it safely on the disk.

    Args:
        folder: Where the file is.
        file: What it should be.
        report: Told of the bytes checked so far.

    Raises:
        MissingDependencyError: It has another size or checksum; it is deleted.
    """
    path, length = folder / file.name, 0
    found = hashlib.sha256()
    blob = hashlib.sha1(f"blob {file.bytes}\0".encode())  # noqa: S324 Git's
    with path.open("r+b") as content:
        while chunk := content.read(_CHUNK):
            found.update(chunk)
            if file.git_blob:
                blob.update(chunk)
            length += len(chunk)
            report(length)
        os.fsync(content.fileno())
    good = length == file.bytes and file.sha256 in (None, found.hexdigest())
    if not good or file.git_blob not in (None, blob.hexdigest()):
        path.unlink()
        raise wrong_checksum(file.name)
    return StoredFile(name=file.name, bytes=length, sha256=found.hexdigest())


def wrong_checksum(what: str) -> MissingDependencyError:
    """Return the error for bytes that are not the ones asked for."""
    return MissingDependencyError(
        f"{what} was refused and deleted: its checksum is not the one in the catalogue",
        hint="Fetch it again; if that does not help, give the path of a copy that you trust.",
    )


def unwritable(folder: Path, error: Exception) -> OutputError:
    """Return the error for a cache folder that cannot be written."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return OutputError(
        f"cannot write to the model cache {folder}: {reason}",
        hint="Make room or permission there, or choose another cache folder.",
    )


def write_durably(path: Path, content: bytes) -> None:
    """Write a small file so that it survives a power failure."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def megabytes(size: float) -> str:
    """Return a size in bytes as people read it."""
    return f"{size / _GB:.1f} GB" if size >= _GB else f"{size / 1e6:.0f} MB"


def shifted(report: Callable[[int], None], done: int) -> Callable[[int], None]:
    """Return a report of one file among several, of which `done` bytes came before."""
    return lambda more: report(done + more)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
