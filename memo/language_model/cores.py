"""How many processor cores this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


def usable_cores(cgroups: Path = _CGROUPS, membership: Path = Path("/proc/self/cgroup")) -> int:
    """Return the cores this process may use: its affinity, capped by its container's quota.

    Reads `cpu.max` of every control group that the process is in (Linux, "Control Group v2"), and
    version 1's `cpu.cfs_quota_us`. Half a core counts as one.

    Args:
        cgroups: Where control groups are mounted.
        membership: The file that says in which ones this process is.
    """
    quotas = [quota for group in _groups(cgroups, membership) if (quota := _quota(group))]
    return max(1, min([_affinity(), *(math.ceil(quota) for quota in quotas)]))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups(cgroups: Path, membership: Path) -> list[Path]:
    """Return the control groups of this process and all above them."""
    groups = [cgroups, cgroups / "cpu"]
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return groups
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in {"", "cpu", "cpu,cpuacct"}:
            group = (cgroups / controllers.split(",", maxsplit=1)[0]) / path.lstrip("/")
            groups += [group, *group.parents]
    return groups


def _quota(group: Path) -> float | None:
    """Return the cores that a control group allows, None for any number."""
    try:
        quota, period = (group / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        pass
    try:
        microseconds = int((group / "cpu.cfs_quota_us").read_text())
        each = int((group / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return microseconds / each if microseconds > 0 and each > 0 else None
