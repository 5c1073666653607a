"""The lock files: complete, hashed, and free of any index's address."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = "requirements.lock"
TESTS = "tests/requirements.lock"
LOCKS = (RUNTIME, TESTS)

PIN = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))?"
    r"(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{64})+)"
)
PLATFORMS = tuple(
    {
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": sys_platform,
        "platform_system": system,
        "os_name": os_name,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    for python in ("3.11", "3.12", "3.13")
    for sys_platform, system, os_name, machine in (
        ("linux", "Linux", "posix", "x86_64"),
        ("linux", "Linux", "posix", "aarch64"),
        ("darwin", "Darwin", "posix", "arm64"),
        ("win32", "Windows", "nt", "AMD64"),
    )
)


@cache
def text(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


@cache
def entries(lock: str) -> tuple[str, ...]:
    """Each requirement of a lock file on one line, hashes and all; comments are left out."""
    lines = [line for line in text(lock).splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return tuple(line.strip() for line in joined.splitlines() if line.strip())


@cache
def pins(lock: str) -> tuple[re.Match[str], ...]:
    return tuple(match for entry in entries(lock) if (match := PIN.fullmatch(entry)))


def chosen(lock: str, name: str, platform: dict[str, str]) -> list[Version]:
    """The versions of one package that pip would take on one platform."""
    return [
        Version(pin["version"])
        for pin in pins(lock)
        if pin["name"] == canonicalize_name(name)
        and (pin["marker"] is None or Marker(pin["marker"]).evaluate(platform))
    ]


def asked(lock: str) -> list[Requirement]:
    """What pyproject.toml asks for, directly."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    words = list(project["project"]["dependencies"])
    if lock == TESTS:
        words += project["dependency-groups"]["test"]
    return [Requirement(word) for word in words]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_an_exact_version_with_hashes(lock: str) -> None:
    odd = [entry[:80] for entry in entries(lock) if not PIN.fullmatch(entry)]
    assert odd == []
    assert len(pins(lock)) > 20


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_index_no_address_and_no_path(lock: str) -> None:
    suspicious = re.compile(
        r"://|file:|@|--(?:index-url|extra-index-url|find-links|trusted-host)"
        r"|(?:^|\s)-[iefr]\s|(?:^|\s)[./~]\S*/"
    )
    found = [line for line in text(lock).splitlines() if suspicious.search(line)]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_pinned_within_its_range_on_every_platform(lock: str) -> None:
    wrong = [
        f"{requirement} on {platform['sys_platform']}, Python {platform['python_version']}"
        for requirement in asked(lock)
        for platform in PLATFORMS
        if requirement.marker is None or requirement.marker.evaluate(platform)
        if not [v for v in chosen(lock, requirement.name, platform) if v in requirement.specifier]
    ]
    assert wrong == [], "renew the lock files: make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_no_platform_is_given_two_versions_of_a_package(lock: str) -> None:
    names = sorted({pin["name"] for pin in pins(lock)})
    doubled = [
        name for name in names for platform in PLATFORMS if len(chosen(lock, name, platform)) > 1
    ]
    assert doubled == []


def test_the_tests_run_on_the_very_versions_that_users_get() -> None:
    def versions(lock: str) -> set[tuple[str, str, str | None]]:
        return {(pin["name"], pin["version"], pin["marker"]) for pin in pins(lock)}

    everywhere = {(name, version) for name, version, marker in versions(TESTS) if marker is None}
    missing = versions(RUNTIME) - versions(TESTS)
    assert {pin for pin in missing if pin[:2] not in everywhere} == set()


def test_nothing_heavier_than_needed_is_installed() -> None:
    unwanted = {"torch", "tensorflow", "transformers", "scipy", "pandas", "langchain"}
    assert unwanted.isdisjoint(pin["name"] for pin in pins(RUNTIME))
