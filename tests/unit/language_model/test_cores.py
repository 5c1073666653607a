"""How many cores there are to use, by affinity and by the quota of a container."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from memo.language_model.cores import usable_cores


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("6400000 100000", 8),
        ("nonsense", 8),
        ("100000 0", 8),
    ],
)
def test_quota_caps_the_cores(tmp_path: Path, quota: str, cores: int) -> None:
    write(tmp_path / "cpu.max", quota)
    assert usable_cores(tmp_path, tmp_path / "none") == cores


def test_quota_of_a_group_above_counts_too(tmp_path: Path) -> None:
    write(tmp_path / "membership", "0::/pod/memo\n")
    write(tmp_path / "groups/pod/cpu.max", "300000 100000")
    write(tmp_path / "groups/pod/memo/cpu.max", "max 100000")
    assert usable_cores(tmp_path / "groups", tmp_path / "membership") == 3


def test_quota_of_the_first_version_counts(tmp_path: Path) -> None:
    write(tmp_path / "membership", "12:memory:/pod\n4:cpu,cpuacct:/pod\n")
    write(tmp_path / "groups/cpu/pod/cpu.cfs_quota_us", "400000\n")
    write(tmp_path / "groups/cpu/pod/cpu.cfs_period_us", "100000\n")
    assert usable_cores(tmp_path / "groups", tmp_path / "membership") == 4
    write(tmp_path / "groups/cpu/pod/cpu.cfs_quota_us", "-1\n")
    assert usable_cores(tmp_path / "groups", tmp_path / "membership") == 8


def test_machine_without_control_groups_has_its_cores(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "none", tmp_path / "none") == 8
