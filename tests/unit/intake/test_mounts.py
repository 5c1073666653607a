"""What Linux says of mounted disks."""

from __future__ import annotations

from pathlib import Path

import pytest

from memo.intake.mounts import is_remote, keeps_numbers

LINES = r"""
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /proc rw - proc proc rw
30 21 0:40 / /mnt/nas rw shared:9 - nfs4 nas:/export rw,vers=4.2
31 21 0:41 / /mnt/share\040of\040Ann rw - cifs //server/ann rw
32 21 0:42 / /mnt/ssh rw - fuse.sshfs me@there: rw
33 21 8:17 / /mnt/stick rw - vfat /dev/sdb1 rw
34 21 8:18 / /mnt/windows rw - fuseblk /dev/sdb2 rw
35 30 0:43 / /mnt/nas/local rw - xfs /dev/sdc1 rw
36 21 0:44 / /home/ann/cloud rw - fuse.rclone cloud: rw
37 21 0:45 / /auto rw - autofs systemd-1 rw
38 21 0:46 / /auto rw - ext4 /dev/sdd1 rw
cut short
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(LINES.strip())
    return path


@pytest.mark.parametrize(
    ("folder", "remote", "keeps"),
    [
        ("/home/bo/calls", False, True), ("/mnt/nas", True, False), ("/mnt/nas/calls", True, False),
        ("/mnt/nas2", False, True), ("/mnt/share of Ann/x", True, False), ("/mnt/ssh", True, False),
        ("/mnt/stick/calls", False, False), ("/mnt/windows", False, True),
        ("/mnt/nas/local/calls", False, True), ("/home/ann", True, False), ("/auto/x", False, True),
    ],
)  # fmt: skip
def test_the_disk_below_a_folder_is_known(
    *, folder: str, remote: bool, keeps: bool, mounts: Path
) -> None:
    assert is_remote(Path(folder), mounts) == remote
    assert keeps_numbers(Path(folder), mounts) == keeps


def test_where_nothing_is_said_a_disk_is_one_s_own(tmp_path: Path) -> None:
    assert not is_remote(tmp_path, tmp_path / "none")
    assert keeps_numbers(tmp_path, tmp_path / "none")


def test_this_system_says_something_of_its_own_folders(tmp_path: Path) -> None:
    assert not is_remote(tmp_path)
