"""What recordings there are in a folder, now.

A scan is the truth: what tells of changes (`alarm`) may only say that it is time for another.
Links are not followed, and what is no ordinary file is never opened. Two names of one file are
two sightings: that they hold the same, their content will say; numbers of files are not to be
relied on, on many disks. Names are bytes: whatever a disk holds, a path can say.

A folder below the root is one meeting if it is called `….tracks`, if Zoom or Craig made it, or if
a `recording.toml` or `recording.ics` in it is of no single recording there; and if it holds two
sound files at least. Otherwise each sound file is a recording.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from memo.intake.ignored import ends_like, is_ignored_file, is_ignored_folder, is_partial
from memo.intake.job import Sighting
from memo.pipeline.sidecar import ENDINGS, sidecar_files
from memo.pipeline.sources import SOUNDS, TRACKS_ENDING, ZOOM_FOLDER, called_after

TRANSCRIPTS = frozenset({".vtt", ".srt", ".docx", ".txt"})
"""Suffixes of what other programs write of a call."""

_SIDECARS = frozenset(ENDINGS)
_CRAIG = re.compile(r"^\d{1,3}-.")
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})

Unseen = Callable[[Path, OSError], None]
"""Told of a folder, or a file, that cannot be looked at now: what is in it is not gone."""


@dataclass(frozen=True)
class Rules:
    """What is looked for.

    Attributes:
        transcripts: Whether transcripts are taken, too.
        left_out: Folders that are never looked into; the root is, whatever stands here.
        numbers: Whether the disk's numbers of files mean anything (`mounts.keeps_numbers`).
    """

    transcripts: bool = False
    left_out: frozenset[Path] = frozenset()
    numbers: bool = True

    @property
    def suffixes(self) -> frozenset[str]:
        """Suffixes of the files that are taken."""
        return SOUNDS | TRANSCRIPTS if self.transcripts else SOUNDS


class _Listing:
    """What is in one folder."""

    def __init__(self, folder: Path, rules: Rules, unseen: Unseen) -> None:
        self.folder = folder
        self.names: set[str] = set()
        self.files: list[str] = []
        self.folders: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                self.names.add(entry.name)
                try:
                    if entry.is_dir(follow_symlinks=False):
                        self.folders.append(entry.name)
                    elif entry.is_file(follow_symlinks=False):
                        self.files.append(entry.name)
                except OSError as error:  # a disk that does not say what an entry is
                    _tell(unseen, Path(entry.path), error)
        self.sounds = [n for n in self.files if ends_like(n, SOUNDS) and not n.startswith(".")]
        self.taken = [
            n for n in self.files if ends_like(n, rules.suffixes) and not is_ignored_file(n)
        ]
        self.sidecars = {
            _folded(PurePath(name).stem) for name in self.names if ends_like(name, _SIDECARS)
        }

    def may_say_more(self, path: Path) -> bool:
        """Return whether there may be files here that say more of a recording."""
        named = {_folded(path.name), _folded(path.stem)}
        is_only = len(self.sounds) == 1 and "recording" in self.sidecars
        return is_only or not named.isdisjoint(self.sidecars)


def scan(root: Path, rules: Rules, unseen: Unseen = lambda *_: None) -> Iterator[Sighting]:
    """Yield every recording in a folder and the folders in it.

    Args:
        root: The folder.
        rules: What is looked for.
        unseen: Told of what cannot be looked at.

    Raises:
        OSError: The folder itself is not there, or cannot be looked into.
    """
    left_out = _numbers(rules.left_out) - _numbers({root})
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            if folder != root and left_out and _number(folder, follow=False) in left_out:
                continue
            listing = _Listing(folder, rules, unseen)
        except OSError as error:
            if folder == root:
                raise
            _tell(unseen, folder, error)
            continue
        tracks = [] if folder == root else _tracks(listing, rules, unseen)
        if len(tracks) > 1:
            yield from _meeting(listing, tracks, rules, unseen)
            continue
        yield from _recordings(listing, rules, unseen)
        inside = (name for name in listing.folders if not is_ignored_folder(name))
        mixed = ZOOM_FOLDER if listing.taken else None  # then one person's track says no more
        folders += [folder / name for name in inside if name != mixed]


def _tell(unseen: Unseen, path: Path, error: OSError) -> None:
    if error.errno not in _GONE:
        unseen(path, error)


# --- Recordings -----------------------------------------------------------------------------------


def _recordings(listing: _Listing, rules: Rules, unseen: Unseen) -> Iterator[Sighting]:
    for name in listing.taken:
        path = listing.folder / name
        try:
            found = os.lstat(path)
        except OSError as error:
            _tell(unseen, path, error)
            continue
        if stat.S_ISREG(found.st_mode):
            yield Sighting(
                path=path,
                size=found.st_size,
                mtime_ns=found.st_mtime_ns,
                ino=found.st_ino if rules.numbers else 0,
                dev=found.st_dev,
                sidecars=_digest(_beside(listing, path), rules),
            )


def _beside(listing: _Listing, path: Path) -> list[Path]:
    """Return the files beside a recording that say more of it."""
    if not listing.sidecars or not listing.may_say_more(path):
        return []
    return list(sidecar_files(path).values())


def _folded(name: str) -> str:
    """Return what a disk that does not tell cases, or forms of a letter, apart calls the same."""
    return unicodedata.normalize("NFC", name).casefold()


# --- Meetings in several files --------------------------------------------------------------------


def _tracks(listing: _Listing, rules: Rules, unseen: Unseen) -> list[Path]:
    """Return the tracks in a folder that is one meeting; else none."""
    if ZOOM_FOLDER in listing.folders:
        try:
            listing = _Listing(listing.folder / ZOOM_FOLDER, rules, unseen)
        except OSError as error:
            _tell(unseen, listing.folder, error)
            return []
    elif not _is_meeting(listing):
        return []
    return [listing.folder / name for name in sorted(listing.sounds)]


def _is_meeting(listing: _Listing) -> bool:
    if listing.folder.name == ZOOM_FOLDER or ends_like(
        listing.folder.name, frozenset({TRACKS_ENDING})
    ):
        return True
    if "info.txt" in listing.names and all(map(_CRAIG.match, listing.sounds)):
        return True
    says = any(f"recording{ending}" in listing.names for ending in ENDINGS)
    return says and all(_folded(PurePath(name).stem) != "recording" for name in listing.sounds)


def _meeting(
    listing: _Listing, tracks: Sequence[Path], rules: Rules, unseen: Unseen
) -> Iterator[Sighting]:
    """Yield the one sighting of a folder of tracks: it changes whenever one of them does."""
    try:
        found = [os.lstat(track) for track in tracks]
    except OSError as error:
        _tell(unseen, listing.folder, error)
        return
    coming = [listing.folder / name for name in sorted(listing.files) if is_partial(name)]
    beside = sidecar_files(called_after(listing.folder), tracks)
    yield Sighting(
        path=listing.folder,
        size=sum(each.st_size for each in found),
        mtime_ns=max(each.st_mtime_ns for each in found),
        dev=found[0].st_dev,
        sidecars=_digest([*tracks, *coming, *beside.values()], rules),
        tracks=tuple(tracks),
    )


# --- What the disk says of files ------------------------------------------------------------------


def _digest(paths: Sequence[Path], rules: Rules) -> str:
    """Return what changes whenever one of some files does; "" for none."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(os.fsencode(path.name) + b"\0")
        try:
            found = path.stat()
        except OSError:
            continue
        number = found.st_ino if rules.numbers else 0
        digest.update(f"{found.st_size}:{found.st_mtime_ns}:{number}\0".encode())
    return digest.hexdigest()[:16] if paths else ""


def _numbers(paths: Collection[Path]) -> set[tuple[int, int]]:
    return {number for path in paths if (number := _number(path)) is not None}


def _number(path: Path, *, follow: bool = True) -> tuple[int, int] | None:
    try:
        found = path.stat(follow_symlinks=follow)
    except OSError:
        return None
    return found.st_dev, found.st_ino
