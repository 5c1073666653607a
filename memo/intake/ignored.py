"""Names that no recording has: what systems, synchronisers, downloads and memo itself leave.

Compared without regard to case. A copy that a synchroniser made of a conflict is not among them:
what it holds decides.
"""

from __future__ import annotations

import re

_FOLDERS = frozenset(
    {
        "$recycle.bin",  # Windows
        "system volume information",
        "recycler",
        "__macosx",  # what macOS puts into archives, and on shared disks
        "network trash folder",
        "temporary items",
        "lost+found",
        "@eadir",  # Synology: an entry of its own for each file
        "#recycle",
        "#snapshot",
        "@tmp",
        "@recycle",  # QNAP
        "@recently-snapshot",
        "~snapshot",
        "cvs",
    }
)
_PARTIAL = re.compile(
    r"""
    \.( part | partial | crdownload | download | opdownload | filepart | tmp | temp | aria2
      | !ut | !qb | !sync | swp | icloud )$
    | ^\.syncthing\. | ^~syncthing~ | \.octransferid\w+
    | ^\..+\.[a-z0-9]{6}$     # rsync
    | \.(temp|tmp)\.\w+$      # yt-dlp, while it puts a file together
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_FILES = re.compile(r"^~\$ | ^\.~lock\. | \.bak\d*$ | ~$", re.VERBOSE | re.IGNORECASE)
_OWN = re.compile(
    r"\.memo\.(md|docx|json)$ | \.transcript\.(vtt|srt|txt|json|rttm)$ | \.error\.txt$",
    re.VERBOSE | re.IGNORECASE,
)


def is_ignored_folder(name: str) -> bool:
    """Return whether nothing in a folder of this name is anybody's recording."""
    return name.startswith(".") or name.lower() in _FOLDERS or is_partial(name)


def is_ignored_file(name: str) -> bool:
    """Return whether a file of this name is no recording, whatever its suffix says."""
    return name.startswith(".") or is_partial(name) or is_own(name) or bool(_FILES.search(name))


def is_partial(name: str) -> bool:
    """Return whether a name says that the file, or the folder, is still being copied."""
    return _PARTIAL.search(name) is not None


def is_own(name: str) -> bool:
    """Return whether memo gives its results such names: it would read its own captions."""
    return _OWN.search(name) is not None


def ends_like(name: str, suffixes: frozenset[str]) -> bool:
    """Return whether a name has one of these suffixes (lower case, with the dot)."""
    _, dot, last = name.rpartition(".")
    return f"{dot}{last}".lower() in suffixes
