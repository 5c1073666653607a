"""On what kind of disk a folder lies, as far as Linux says so.

Other systems do not say it in a file; there a network drive has to be named as one (`--poll`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_REMOTE = frozenset(
    [
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "davfs", "autofs"),
        *("ceph", "glusterfs", "lustre", "gfs2", "ocfs2", "beegfs"),
        *("9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs"),
    ]
)
_NUMBERS_ANEW = frozenset({"vfat", "msdos", "exfat", "umsdos", "iso9660"})
_ESCAPED = re.compile(r"\\([0-7]{3})")


def is_remote(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Return whether others may change files in a folder without this system hearing of it.

    True for network drives, what virtual machines share, and file systems that are programs; also
    where one of them is mounted below the folder.
    """
    return any(_is_elsewhere(kind) for kind in _kinds(folder, mounts))


def keeps_numbers(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Return whether files in a folder keep their inode numbers, also when it is mounted again."""
    return not any(_is_elsewhere(kind) or kind in _NUMBERS_ANEW for kind in _kinds(folder, mounts))


def _is_elsewhere(kind: str) -> bool:
    return kind in _REMOTE or kind == "fuse" or kind.startswith("fuse.")


def _kinds(folder: Path, mounts: Path) -> Iterator[str]:
    """Yield the kinds of the file systems that a folder lies on, and that are mounted below it.

    Source: proc_pid_mountinfo(5). Of mounts in one place, the last lies on top.
    """
    home = os.path.realpath(folder)
    under = home.rstrip("/") + "/"
    found = dict(_mounted(mounts))
    above = [place for place in found if under.startswith(place.rstrip("/") + "/")]
    if above:
        yield found[max(above, key=len)]
    yield from (kind for place, kind in found.items() if place.startswith(under))


def _mounted(mounts: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = os.fsdecode(mounts.read_bytes()).splitlines()
    except OSError:
        return
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) > 4 and after:
            place = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[4])
            yield place, after.split(" ")[0]
