"""What is shipped: built as a package index would get it, installed where nothing else is."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        command, cwd=cwd, check=False, text=True, capture_output=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Environment:
    """A virtual environment without pip; the pip of this one installs into it."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Environment:
        venv.create(folder, with_pip=False)
        return cls(folder)

    def _bin(self, name: str) -> Path:
        on_windows = os.name == "nt"
        return self.folder / ("Scripts" if on_windows else "bin") / (name + ".exe" * on_windows)

    def install(self, *what: str | Path) -> None:
        pip = (sys.executable, "-m", "pip", "--python", self._bin("python"), "install", "--quiet")
        run(*pip, "--no-input", "--disable-pip-version-check", *what, cwd=self.folder)

    def python(self, code: str, *, cwd: Path) -> str:
        return run(self._bin("python"), "-c", code, cwd=cwd)

    def command(self, name: str, *words: str) -> str:
        return run(self._bin(name), *words, cwd=self.folder)

    def borrow_packages(self) -> None:
        """Let it see the packages that run these tests, behind its own: all but memo itself."""
        config = {"base": str(self.folder), "platbase": str(self.folder)}
        site = Path(sysconfig.get_path("purelib", scheme="venv", vars=config))
        (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")


@dataclass(frozen=True)
class Built:
    sdist: Path
    wheel: Path
    wheel_from_sdist: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    builder = Environment.create(folder / "builder")
    builder.install(*PROJECT["build-system"]["requires"])

    def build(kind: str, *, source: Path, into: Path) -> Path:
        into.mkdir()
        hook = f"from hatchling.build import build_{kind} as build; print(build({str(into)!r}))"
        return into / builder.python(hook, cwd=source).splitlines()[-1]

    sdist = build("sdist", source=ROOT, into=folder / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return Built(
        sdist=sdist,
        wheel=build("wheel", source=ROOT, into=folder / "wheel"),
        wheel_from_sdist=build("wheel", source=unpacked, into=folder / "again"),
    )


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment.create(tmp_path_factory.mktemp("installed") / "with spaces")
    environment.install("--no-deps", built.wheel)
    environment.borrow_packages()
    return environment


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def shipped_sources() -> dict[str, bytes]:
    """What the wheel owes its users: the package with its data, and the prompts."""
    found = {}
    for folder, place in ((ROOT / "memo", "memo"), (ROOT / "prompts", "memo/prompts")):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found[f"{place}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    return found


def test_the_wheel_holds_the_package_its_data_and_the_prompts_and_nothing_else(
    built: Built,
) -> None:
    inside = contents(built.wheel)
    package = {name: data for name, data in inside.items() if ".dist-info/" not in name}
    assert package.keys() == shipped_sources().keys()
    assert package == shipped_sources()
    schemas = {f"memo/export/{name}.schema.json" for name in ("memo", "transcript")}
    assert {"memo/py.typed", "memo/weights/catalogue.toml", *schemas} <= package.keys()
    assert any(name.startswith("memo/prompts/") for name in package)


def test_the_wheel_carries_its_licence_and_the_command(built: Built) -> None:
    inside = contents(built.wheel)
    (about,) = (name.partition("/")[0] for name in inside if name.endswith("/METADATA"))
    metadata = email.message_from_bytes(inside[f"{about}/METADATA"])
    assert (metadata["Name"], metadata["License-Expression"]) == ("callmemo", "MIT")
    assert metadata["Version"] == PROJECT["project"]["version"]
    assert inside[f"{about}/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert b"memo = memo.cli:main" in inside[f"{about}/entry_points.txt"]


def test_the_sdist_builds_the_same_wheel(built: Built) -> None:
    assert contents(built.wheel_from_sdist) == contents(built.wheel)


def test_the_sdist_has_all_that_its_makefile_needs(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    words = {"Makefile", "requirements.lock", "tests/requirements.lock", ".ci/run"}
    assert words | {"examples/weekly-call.m4a", "README.md", "CHANGELOG.md", "LICENSE"} <= inside


def test_an_installed_memo_is_the_wheels_own_and_knows_its_version(
    installed: Environment, tmp_path: Path
) -> None:
    where = installed.python("import memo; print(memo.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.folder)
    version = PROJECT["project"]["version"]
    assert installed.command("memo", "--version").split()[-1] == version


@pytest.mark.parametrize("name", ["export/memo.schema.json", "weights/catalogue.toml", "py.typed"])
def test_an_installed_memo_finds_its_data(
    installed: Environment, tmp_path: Path, name: str
) -> None:
    code = (
        f"from importlib.resources import files; print(files('memo').joinpath({name!r}).is_file())"
    )
    assert installed.python(code, cwd=tmp_path).strip() == "True"
