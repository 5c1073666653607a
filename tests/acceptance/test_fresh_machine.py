"""The README's first promise: a fresh checkout, an empty home, two words, and a memo."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(*words: str, cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words],
        cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a clone would hold, in a folder with an unfriendly name and without git."""
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    folder = tmp_path / "it's a fresh checkout"
    shutil.copytree(
        ROOT, folder, ignore=shutil.ignore_patterns(".git", *(line.strip("/") for line in ignored))
    )
    return folder


@pytest.fixture
def newcomer(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody with an empty home, who has this machine's way to the packages.

    What was downloaded before is shared: pip's files and the models.
    """
    pip = (sys.executable, "-m", "pip", "cache", "dir")
    cache = subprocess.run(pip, capture_output=True, text=True, check=True).stdout.strip()
    ours = re.compile(r"HOME$|XDG_|MEMO_|PYTHON|VIRTUAL_ENV|MAKE|MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    home = tmp_path / "home"
    home.mkdir()
    return {**kept, "HOME": str(home), "PIP_CACHE_DIR": cache, "MEMO_CACHE_DIR": str(model_cache())}


def model_cache() -> Path:
    import platformdirs

    given = os.environ.get("MEMO_CACHE_DIR")
    return Path(given) if given else platformdirs.user_cache_path("memo", appauthor=False)


def fake_python(folder: Path, script: str) -> Path:
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


# --- The words ----------------------------------------------------------------------------------


def test_make_alone_explains_every_word(checkout: Path, newcomer: dict[str, str]) -> None:
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)", makefile, re.MULTILINE)
    assert phony
    done = make(cwd=checkout, environment=newcomer)
    assert done.returncode == 0
    explained = {line.split()[1] for line in done.stdout.splitlines()}
    assert explained == set(phony[1].split())
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_too_old_is_named_with_the_way_out(
    checkout: Path, newcomer: dict[str, str], tmp_path: Path
) -> None:
    old = fake_python(tmp_path, "exit 1")
    done = make("demo", f"PYTHON={old}", cwd=checkout, environment=newcomer)
    assert done.returncode != 0
    assert f"{old} is no Python 3.11 or newer" in done.stderr
    assert "make demo PYTHON=" in done.stderr


def test_a_python_without_venv_is_named_with_the_package_to_install(
    checkout: Path, newcomer: dict[str, str], tmp_path: Path
) -> None:
    bare = fake_python(
        tmp_path, f'case "$*" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"'
    )
    done = make("install", f"PYTHON={bare}", cwd=checkout, environment=newcomer)
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_package_with_another_hash_is_refused(checkout: Path, newcomer: dict[str, str]) -> None:
    lock = checkout / "requirements.lock"
    text = lock.read_text(encoding="utf-8")
    click = re.search(r"^click==.*\n(?: .*\n)+", text, re.MULTILINE)
    assert click
    wrong = re.sub(r"sha256:\w{64}", "sha256:" + "0" * 64, click[0])
    lock.write_text(wrong, encoding="utf-8")
    done = make("install", cwd=checkout, environment=newcomer)
    assert done.returncode != 0
    assert "HASHES" in done.stderr
    assert not (checkout / ".venv" / "installed").exists()


# --- The demo -----------------------------------------------------------------------------------


@pytest.mark.asr
@pytest.mark.llm
@pytest.mark.timeout(1800)
def test_make_demo_ends_with_a_memo_and_a_second_one_finds_it_done(
    checkout: Path, newcomer: dict[str, str]
) -> None:
    first = make("-j4", "demo", cwd=checkout, environment=newcomer)
    assert first.returncode == 0, first.stdout + first.stderr
    demo = checkout / "demo"
    files = {
        f"weekly-call.{end}" for end in ("memo.md", "memo.docx", "memo.json", "transcript.vtt")
    }
    assert files <= {path.name for path in demo.iterdir()}
    memo = json.loads((demo / "weekly-call.memo.json").read_text(encoding="utf-8"))
    assert memo["decisions"]
    assert memo["coverage"]["analysed_seconds"] > 100
    assert memo["title"] in first.stdout
    assert all(f"demo/{name}" in first.stdout for name in files)

    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in demo.iterdir()}
    second = make("demo", cwd=checkout, environment=newcomer)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "Installing" not in second.stdout
    after = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in demo.iterdir()}
    assert after == before
