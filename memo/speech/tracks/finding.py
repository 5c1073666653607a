"""Meetings whose voices have sounds of their own: a channel, a sound track or a file each.

That says who speaks better than any model. Whether the channels of a recording are people or one
microphone twice is heard from how far they are the same: in fake stereo they are, in a room and in
music both sound at once; of two people on the phone mostly one speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from memo.errors import RecordingError
from memo.model import Media, Recording, Remark, RemarkCode
from memo.ports import Progress
from memo.speech.audio import Sound, decode, probe
from memo.speech.clock import clock
from memo.speech.recording import identify, printable
from memo.speech.tracks.alignment import Known, align
from memo.speech.tracks.levels import FRAME, Comparison, Levels, activity, mixtures, side_by_side
from memo.speech.tracks.names import names_of

STAGE = "comparing tracks"

_SAME = 0.95  # correlation from which two files are one
_APART = 0.3  # ... up to which two channels may be two people's
_LEAST = 3.0  # s that somebody speaks on a channel
_COMMON = 0.4  # share of a channel's sound during which another sounds, too
_MOST_CHANNELS = 8
_LATE = 1.0  # s; a track that begins later is worth a remark


@dataclass(frozen=True)
class Track:
    """One of the sounds of a meeting: a file, or a channel (or sound track) of one.

    `name` is who speaks on it, as far as is known; `start` the second of the meeting at which it
    begins.
    """

    path: Path
    recording: Recording
    channel: int | None = None
    name: str | None = None
    start: float = 0.0


@dataclass(frozen=True)
class Tracks:
    """The sounds of one meeting, which run side by side.

    Attributes:
        tracks: At least two.
        levels: How loud each is, on the clock of the meeting, shape (tracks, frames).
        shared: Whether several people may well speak on one of them.
        warnings: What a reader should know of them.
    """

    tracks: tuple[Track, ...]
    levels: Levels
    shared: bool
    warnings: tuple[Remark, ...] = ()


def channels_of(path: Path, progress: Progress) -> Tracks | None:
    """Return the channels, or the sound tracks, of a recording if different people speak on them.

    Args:
        path: The sound file.
        progress: Told of the seconds of sound compared.

    Returns:
        None if it has one channel, or the channels hold the same, one is silent or both sound at
        once: then their mix is to be listened to.

    Raises:
        RecordingError: The file cannot be read.
    """
    media = probe(path)
    count = media.sound_tracks if media.sound_tracks > 1 else media.channels
    if not 2 <= count <= _MOST_CHANNELS:
        return None
    try:
        compared = _compared([decode(path, channel=n) for n in range(count)], [media], progress)
    except RecordingError:  # a track that cannot be decoded, or is empty
        return None
    levels = side_by_side(compared.levels, [0.0] * count)
    sums = {*compared.mixtures(), *mixtures(activity(levels))} if media.sound_tracks > 1 else set()
    places = [place for place in range(count) if place not in sums]
    if not _are_people(levels[places], compared.correlations()[np.ix_(places, places)]):
        return None
    recording = identify(path)
    tracks = tuple(Track(path, recording, channel=place) for place in places)
    return Tracks(tracks, levels[places], shared=True)


def files_of(paths: Sequence[Path], progress: Progress) -> Tracks:
    """Return the files of one meeting, one for each who spoke, on one clock.

    Args:
        paths: The files; their order does not matter. A file that is the others' mix is left out.
        progress: Told of the seconds of sound compared.

    Raises:
        RecordingError: A file cannot be read or holds no sound, or two hold the same.
    """
    paths = sorted(paths, key=lambda path: (path.name.casefold(), path.name))
    recordings = [identify(path) for path in paths]
    medias = [probe(path) for path in paths]
    compared = _compared([decode(path) for path in paths], medias, progress)
    _refuse_twins(paths, recordings, compared)
    levels, durations = compared.levels, compared.durations
    known = [media.recorded_at for media in medias]
    starts, how = align(levels, durations, known)
    placed = side_by_side(levels, starts)
    sums = {*(compared.mixtures() if not any(starts) else ()), *mixtures(activity(placed))}
    tracks = [
        Track(path, recording, name=name, start=start)
        for path, recording, name, start in zip(
            paths, recordings, names_of(paths), starts, strict=True
        )
    ]
    places = [place for place in range(len(tracks)) if place not in sums]
    warnings = [_left_out(tracks[place]) for place in sorted(sums)]
    warnings.extend(_timing([tracks[place] for place in places], durations, how))
    return Tracks(
        tuple(tracks[place] for place in places),
        placed[places],
        shared=False,
        warnings=tuple(warnings),
    )


def _compared(
    sounds: Sequence[Iterable[Sound]], medias: Sequence[Media], progress: Progress
) -> Comparison:
    compared = Comparison()
    known = [media.duration for media in medias if media.duration is not None]
    expected = max(known) if len(known) == len(medias) else None
    progress(STAGE, 0.0, expected)
    for done in compared.listen(sounds):
        progress(STAGE, done, None if expected is None else max(done, expected))
    return compared


def _are_people(levels: Levels, correlations: np.typing.NDArray[np.float64]) -> bool:
    """Return whether different people speak on the channels, mostly one at a time."""
    active = activity(levels)
    seconds = active.sum(axis=1) * FRAME
    talking = [place for place in range(len(levels)) if seconds[place] > _LEAST]
    return len(talking) > 1 and all(
        abs(correlations[one, other]) < _APART
        and (active[one] & active[other]).sum() * FRAME < _COMMON * min(seconds[[one, other]])
        for one, other in combinations(talking, 2)
    )


def _refuse_twins(
    paths: Sequence[Path], recordings: Sequence[Recording], compared: Comparison
) -> None:
    alike = compared.correlations() > _SAME
    for one, other in combinations(range(len(paths)), 2):
        if alike[one, other] or recordings[one].sha256 == recordings[other].sha256:
            raise RecordingError(
                f"{printable(paths[one])} and {printable(paths[other])} hold the same sound",
                hint="Leave one of them out.",
            )


def _left_out(track: Track) -> Remark:
    return Remark.of(RemarkCode.TRACK_LEFT_OUT, track=printable(track.path))


def _timing(tracks: Sequence[Track], durations: Sequence[float], how: Known) -> list[Remark]:
    if how is Known.ASSUMED:
        apart = clock(max(durations) - min(durations))
        return [Remark.of(RemarkCode.TRACKS_ASSUMED, apart=apart)]
    return [
        Remark.of(RemarkCode.TRACK_LATER, track=printable(track.path), after=clock(track.start))
        for track in tracks
        if track.start >= _LATE
    ]
