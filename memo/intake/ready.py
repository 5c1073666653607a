"""When a file is whole: it has looked the same for a while, and nothing touched it meanwhile.

Pure: what was seen goes in, with the time it was seen at. Clocks of disks do not matter, only
whether what they say changes. Whether a file can be read, and is as long as it says itself, is
looked at by whoever gets it from here, and may put it off.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from memo.intake.job import Sighting

_HANDED_ON = math.inf


class Look(NamedTuple):
    """What a look at a folder came to.

    Attributes:
        ready: What looks whole now, each once until it changes.
        arriving: What may still change.
        gone: What was there and is not; told each time until it is forgotten.
        wake: When the next one will look whole if nothing happens; None if none will.
    """

    ready: tuple[Sighting, ...]
    arriving: tuple[Sighting, ...]
    gone: tuple[Path, ...]
    wake: float | None


@dataclass(slots=True)
class _Seen:
    signature: str
    since: float
    due: float


class Readiness:
    """Remembers what was seen in one folder.

    Args:
        settle: Seconds for which a file looks the same before it is taken for whole.
        patience: Seconds for one that is empty, or known to lack something.
        known: Signatures of files that were handed on earlier, by the bytes of their paths.
    """

    def __init__(
        self, settle: float, patience: float, known: Mapping[bytes, str] | None = None
    ) -> None:
        self._settle = settle
        self._patience = max(settle, patience)
        self._seen = {
            path: _Seen(signature, -math.inf, _HANDED_ON)
            for path, signature in (known or {}).items()
        }

    def look(
        self, sightings: Iterable[Sighting], now: float, touched: Set[bytes] = frozenset()
    ) -> Look:
        """Take in what a scan has seen.

        Args:
            sightings: All that is there.
            now: When it was seen, in seconds of a clock that only goes forward.
            touched: The paths of files that something happened to since the last look.
        """
        there: set[bytes] = set()
        ready: list[Sighting] = []
        arriving: list[Sighting] = []
        wake: float | None = None
        for sighting in sightings:
            path = os.fsencode(sighting.path)
            there.add(path)
            seen = self._note(path, sighting, now, touched)
            if seen.due <= now:
                seen.due = _HANDED_ON
                ready.append(sighting)
            elif seen.due != _HANDED_ON:
                arriving.append(sighting)
                wake = seen.due if wake is None else min(wake, seen.due)
        gone = [Path(os.fsdecode(path)) for path in self._seen if path not in there]
        return Look(tuple(ready), tuple(arriving), tuple(gone), wake)

    def _note(self, path: bytes, sighting: Sighting, now: float, touched: Set[bytes]) -> _Seen:
        signature = sighting.signature
        seen = self._seen.get(path)
        is_same = seen is not None and seen.signature == signature
        if seen is None or not is_same or (seen.due != _HANDED_ON and _is_of(sighting, touched)):
            wait = self._settle if sighting.size else self._patience
            seen = self._seen[path] = _Seen(signature, now, now + wait)
        return seen

    def put_off(self, sighting: Sighting, until: float) -> None:
        """Hand a file on once more at a later time, unless it has changed by then."""
        seen = self._seen.get(os.fsencode(sighting.path))
        if seen is not None and seen.signature == sighting.signature:
            seen.due = until

    def is_current(self, sighting: Sighting) -> bool:
        """Return whether nothing else was seen of a file that was handed on."""
        seen = self._seen.get(os.fsencode(sighting.path))
        return seen is not None and (seen.signature, seen.due) == (sighting.signature, _HANDED_ON)

    def patience_left(self, sighting: Sighting, now: float) -> float:
        """Return for how many seconds to wait for what a file lacks; 0 if it was long enough."""
        seen = self._seen.get(os.fsencode(sighting.path))
        return 0.0 if seen is None else max(0.0, seen.since + self._patience - now)

    def forget(self, paths: Collection[Path]) -> None:
        """Believe that files are gone; one that comes back is a new one."""
        for path in paths:
            self._seen.pop(os.fsencode(path), None)

    def __len__(self) -> int:
        return len(self._seen)


def _is_of(sighting: Sighting, touched: Set[bytes]) -> bool:
    paths = sighting.tracks or (sighting.path,)
    return bool(touched) and any(os.fsencode(path) in touched for path in paths)
