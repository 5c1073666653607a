"""Who speaks on each of several files of one meeting, as recorders name such files.

Zoom joins the name to "audio", the number of the participant, that of the recording and the
meeting's: `audioPriyaRaman11234567890.m4a` (older versions: `audio_only_1234567890_Priya.m4a`);
Craig puts a number before it, Riverside writes `riverside_priya_raman_raw-audio_….wav`. Whatever
all files of a meeting have in common (its title, the date) names nobody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from memo.speech.recording import clean

LONGEST = 60  # characters; more is no name

_ZOOM = re.compile(r"^audio[ _-]?(?P<name>[^\d_].*?)_?\d{6,}$", re.IGNORECASE)
_ZOOM_PART = re.compile(r"^(?P<who>audio\D.*?\d*)(?P<part>\d(?P<meeting>\d{9}))$", re.IGNORECASE)
_ZOOM_BEFORE = re.compile(r"^audio_only(?:_\d+)*_(?P<name>[^\d_].*)$", re.IGNORECASE)
_ZOOM_PLAIN = re.compile(r"^audio[ _-]?\d*[ _-]+(?P<name>[^\W\d_].*)$", re.IGNORECASE)
_RIVERSIDE = re.compile(r"^riverside[ _-](?P<name>.+?)[ _-](?:raw|compressed|cloud)\b.*$", re.I)
_CRAIG = re.compile(r"^\d{1,3}[-_ ](?P<name>[^\W\d_].*?)(?:_\d{1,4})?$")
_SCHEMES = (_ZOOM_BEFORE, _ZOOM, _ZOOM_PLAIN, _RIVERSIDE, _CRAIG)

_PARTS = re.compile(r"[^\W_]+|[\W_]+")
_HUMP = re.compile(r"(?<=[^\W\d_A-Z]{2})(?=[A-ZÀ-ÖØ-Þ])")
_PREFIX = re.compile(r"\b(Mc|Mac|Fitz|Le|La|De|Di|Du|Van|O['’]) (?=[A-ZÀ-ÖØ-Þ])")
_EDGES = " _-–—.,()[]"
_NOBODY = frozenset(
    {"audio", "track", "channel", "mic", "microphone", "speaker", "recording", "rec", "sound"}
    | {"tonspur", "spur", "aufnahme", "mikrofon", "pista", "canal", "micro", "voice", "stereo"}
)


def names_of(paths: Sequence[Path]) -> list[str | None]:
    """Return who speaks on each file, as far as its name says; None where it names nobody.

    Args:
        paths: The files of one meeting.
    """
    stems = [clean(path.stem) for path in paths]
    by_scheme = [_by_scheme(stem) for stem in stems]
    if not all(by_scheme):
        by_scheme = [None] * len(stems)  # a scheme holds for all files or is none
    return [
        _as_name(name or rest) for name, rest in zip(by_scheme, _without_shared(stems), strict=True)
    ]


def shared_name(paths: Sequence[Path]) -> str:
    """Return what the names of all files begin with, or else end with: that of the meeting."""
    stems = [clean(path.stem) for path in paths]
    if all(map(_by_scheme, stems)):
        return ""
    cut = [_PARTS.findall(stem) for stem in stems]
    before, after = _shared(cut)
    found = ["".join(cut[0][:before]), "".join(cut[0][len(cut[0]) - after :] if after else [])]
    names = (text.strip(_EDGES) for text in found)
    return next((name for name in names if len(name) > 2 and name.lower() not in _NOBODY), "")


def parts_of(paths: Sequence[Path]) -> list[str]:
    """Return how the files of each part of a meeting end, if Zoom's recording was interrupted.

    A recording that is stopped and started again has further files of the same people, whose last
    ten digits differ in the first. None, if the files are of one part or not Zoom's.
    """
    found = [_ZOOM_PART.match(path.stem) for path in paths]
    matches = [match for match in found if match]
    parts = sorted({match["part"] for match in matches})
    people = {match["who"] for match in matches}
    is_one = len(matches) < len(paths) or len({match["meeting"] for match in matches}) > 1
    return [] if is_one or len(parts) < 2 or len(people) == len(paths) else parts


def _by_scheme(stem: str) -> str | None:
    found = (scheme.match(stem) for scheme in _SCHEMES)
    return next((match["name"] for match in found if match), None)


def _without_shared(stems: Sequence[str]) -> list[str]:
    """Return what is left of names without the words that all begin and end with."""
    if len(stems) < 2:
        return list(stems)
    cut = [_PARTS.findall(stem) for stem in stems]
    before, after = _shared(cut)
    return ["".join(parts[before : len(parts) - after]) for parts in cut]


def _shared(cut: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Return how many parts all lists begin with, and how many they end with."""
    shortest = min(map(len, cut))
    before = _alike([parts[:shortest] for parts in cut])
    after = _alike([parts[::-1][: shortest - before] for parts in cut])
    return before, after


def _alike(cut: Sequence[Sequence[str]]) -> int:
    count = 0
    for column in zip(*cut, strict=False):
        if len(set(column)) > 1:
            break
        count += 1
    return count


def _as_name(text: str) -> str | None:
    """Return a name as people write it: `priya_raman` is Priya Raman, `PriyaRaman` too."""
    words = " ".join(re.sub(r"[_.]+", " ", text).strip(_EDGES).split())
    if " " not in words:
        words = _PREFIX.sub(r"\1", _HUMP.sub(" ", words)) if "-" not in words else words
        words = words.replace("-", " ") if words.islower() else words
    bare = (word.strip("-0123456789").lower() for word in words.split())
    if not any(any(map(str.isalpha, w)) and w not in _NOBODY for w in bare) or len(words) > LONGEST:
        return None
    return words.title() if words.islower() else words
