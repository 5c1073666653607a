"""What a meeting is made from: one recording, or the tracks of one that lie in several files.

Several files are one recording: their identity does not depend on their order or names, and what
is made of them is called after their folder, or after what their names have in common.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from memo.errors import RecordingError
from memo.model import Media, Recording
from memo.speech.recording import identify, printable, unreadable
from memo.speech.tracks.names import parts_of, shared_name
from memo.speech.transcript_files import is_transcript

if TYPE_CHECKING:
    from memo.pipeline.conversion import Job

SOUNDS = frozenset(
    [
        ".3gp",
        ".aac",
        ".ac3",
        ".aif",
        ".aiff",
        ".amr",
        ".au",
        ".avi",
        ".caf",
        ".flac",
        ".m4a",
        ".m4b",
        ".m4v",
        ".mka",
        ".mkv",
        ".mov",
        ".mp2",
        ".mp3",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".oga",
        ".ogg",
        ".opus",
        ".ts",
        ".wav",
        ".webm",
        ".wma",
        ".wmv",
    ]
)
"""Suffixes of what a folder is searched for."""

TRACKS_ENDING = ".tracks"
ZOOM_FOLDER = "Audio Record"
_SAYS_NOTHING = frozenset({ZOOM_FOLDER.lower(), "tracks", "audio", "recordings", "sound"})
_LONGEST_NAME = 60  # characters


def together(paths: Sequence[Path]) -> tuple[Path, tuple[Path, ...]]:
    """Return the tracks of one meeting, and what its results are called after.

    Args:
        paths: The files; or one folder, in which all sound files are tracks. Of a folder that
            Zoom made, those of the participants are taken.

    Returns:
        A path, which need not exist, beside which the results belong (in the folder of the files,
        or beside the folder); and the files, ordered by name.

    Raises:
        RecordingError: There are fewer than two, they are of several recordings one after the
            other, or the folder cannot be read.
    """
    folder = paths[0] if len(paths) == 1 and paths[0].is_dir() else None
    tracks = _in(folder) if folder else sorted(paths, key=lambda path: path.name.casefold())
    if len(tracks) < 2:
        where = f"{printable(folder.absolute())} holds" if folder else "there is"
        raise RecordingError(
            f"{where} {'only one sound file' if tracks else 'no sound file'}: "
            "the tracks of a meeting are several",
            hint="Name the files of all who spoke, or the folder that holds them.",
        )
    if parts := parts_of(tracks):
        raise RecordingError(
            f"the tracks are of {len(parts)} recordings, one after the other",
            hint=f"Convert those that end in {parts[0]} together, then those that end in "
            f"{', then '.join(parts[1:])}.",
        )
    return _called(tracks, folder), tuple(tracks)


def identity_of(job: Job) -> Recording:
    """Return the identity of what is to be converted.

    Raises:
        RecordingError: A file is missing, unreadable, empty, or still being written.
    """
    if not job.tracks:
        return identify(job.path)
    hashes = sorted(identify(path).sha256 for path in job.tracks)
    digest = hashlib.sha256("\n".join(["tracks", *hashes]).encode()).hexdigest()
    return Recording(filename=printable(job.path), sha256=digest)


def media_of(job: Job) -> Media | None:
    """Return what the containers say of what is to be converted; None for a transcript.

    Raises:
        RecordingError: A file is unreadable or has no sound.
    """
    if not job.tracks:
        return None if is_transcript(job.path) else _probe(job.path)
    for path in filter(is_transcript, job.tracks):
        raise RecordingError(
            f"{printable(path)} is a transcript and no track of a meeting",
            hint="Leave it out, or convert it by itself.",
        )
    medias = [_probe(path) for path in job.tracks]
    began = [media.recorded_at for media in medias if media.recorded_at is not None]
    lengths = [media.duration for media in medias if media.duration is not None]
    return Media(
        duration=max(lengths, default=None),
        channels=1,
        sample_rate=max(media.sample_rate for media in medias),
        recorded_at=min(began, default=None),
    )


def file_of(job: Job) -> Path:
    """Return the file that links of the memo lead to: of several tracks, the first."""
    return job.tracks[0] if job.tracks else job.path


def _in(folder: Path) -> list[Path]:
    """Return the sound files in a folder, by name."""
    try:
        of_zoom = folder / ZOOM_FOLDER
        files = (of_zoom if of_zoom.is_dir() else folder).iterdir()
        return sorted(
            (path for path in files if _is_sound(path)), key=lambda path: path.name.casefold()
        )
    except OSError as error:
        raise unreadable(folder, error) from error


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in SOUNDS and not path.name.startswith(".") and path.is_file()


def _called(tracks: Sequence[Path], folder: Path | None) -> Path:
    """Return a path that is named after the meeting."""
    if folder is not None:
        return called_after(folder)
    home = tracks[0].absolute().parent
    shared = shared_name(tracks)
    if not shared and _holds_nothing_else(home, tracks):
        named = home.parent if home.name.lower() in _SAYS_NOTHING else home
        shared = named.name
    names = shared or "+".join(path.stem for path in tracks)[:_LONGEST_NAME].strip(" .+")
    return tracks[0].parent / _with_ending(names)


def called_after(folder: Path) -> Path:
    """Return what the results of a folder of tracks are called after: a path beside the folder."""
    place = Path(os.path.normpath(folder.absolute()))
    named = place.parent if place.name.lower() in _SAYS_NOTHING else place
    return place.parent / _with_ending(named.name or place.name)


def homes(path: Path, tracks: Sequence[Path] = ()) -> Iterator[Path]:
    """Yield the folders that hold one recording, or the tracks of one, and no other, if it does.

    Args:
        path: The recording.
        tracks: Or its tracks; what Zoom makes of all of them together is nothing else.
    """
    home = (tracks[0] if tracks else path).absolute().parent
    if not tracks:
        if path.suffix.lower() in SOUNDS and _has_no_sound_but(home, {path.name}):
            yield home
    elif _holds_nothing_else(home, tracks):
        yield home
        is_zoom = home.name == ZOOM_FOLDER
        says_nothing = home.name.lower() in _SAYS_NOTHING
        if is_zoom or (says_nothing and _has_no_sound_but(home.parent, frozenset())):
            yield home.parent


def _has_no_sound_but(folder: Path, names: Set[str]) -> bool:
    try:
        with os.scandir(folder) as entries:  # not all of them, if there are many
            return not any(_is_sound(Path(each)) for each in entries if each.name not in names)
    except OSError:
        return False


def _with_ending(name: str) -> str:
    return f"{name.removesuffix(TRACKS_ENDING)}{TRACKS_ENDING}"


def _holds_nothing_else(folder: Path, tracks: Sequence[Path]) -> bool:
    names = {path.name for path in tracks if path.absolute().parent == folder}
    try:
        return len(names) == len(tracks) and {path.name for path in _in(folder)} == names
    except RecordingError:
        return False


def _probe(path: Path) -> Media:
    from memo.speech.audio import probe

    return probe(path)
