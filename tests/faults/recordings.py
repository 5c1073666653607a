"""Real recordings of a few seconds, transcripts of calls, and ways to drop them slowly."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.box import Box

THINGS = (
    "the printer", "the garden", "the invoice tool", "the night train", "the coffee machine",
    "the mail server", "the roof", "the brochure", "the pension plan", "the bicycle shed",
    "the translation", "the test bench", "the parking lot", "the archive", "the fire drill",
)  # fmt: skip
VERBS = ("replace", "repair", "paint", "move", "sell", "rent", "close", "document")
PEOPLE = ("Ann", "Bo", "Cleo", "Dirk", "Ewa", "Finn")


def transcript(number: int, lines: int = 0) -> bytes:
    """Return a short call in WebVTT that no other number has: a decision, a task, small talk."""
    pick = random.Random(number)  # noqa: S311
    thing, verb = pick.choice(THINGS), pick.choice(VERBS)
    first, second = pick.sample(PEOPLE, 2)
    said = [
        (first, f"Should we {verb} {thing} of house {number}?"),
        (second, f"Yes, agreed. We decided to {verb} {thing} of house {number}, it is too old."),
        (first, f"Okay, I will tell the owners of house {number} by Wednesday."),
    ]
    said += [(second, f"The weather in street {n} was fine on day {number}.") for n in range(lines)]
    cues = ["WEBVTT"]
    for n, (who, words) in enumerate(said):
        cues.append(f"{_clock(5 * n)} --> {_clock(5 * n + 4)}\n<v {who}>{words}")
    return ("\n\n".join(cues) + "\n").encode()


def chat(number: int) -> bytes:
    """Return a shorter call in which nothing is decided."""
    cues = ["WEBVTT", f"00:00.000 --> 00:04.000\n<v Ann>The weather in street {number} was fine."]
    return ("\n\n".join([*cues, "00:05.000 --> 00:07.000\n<v Bo>Good to hear."]) + "\n").encode()


def many(count: int) -> list[tuple[str, bytes]]:
    """Return very many calls in folders of a hundred; in one of each something is decided."""
    made = (chat(n) if n % 100 else transcript(n) for n in range(count))
    return [(f"d{n // 100}/call{n}.vtt", content) for n, content in enumerate(made)]


def clips(source: Path, folder: Path, count: int, seconds: float = 8.0) -> list[Path]:
    """Cut short recordings from a long one, each of another stretch of it, as m4a."""
    from itertools import islice

    import av

    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"clip{n:03}.m4a" for n in range(count)]
    missing = [path for path in made if not path.exists()]
    if not missing:
        return made
    with av.open(source) as opened:
        frames = list(opened.decode(audio=0))
    each = int(seconds * frames[0].sample_rate / frames[0].samples)
    step = max(1, (len(frames) - each) // max(1, count))
    for n, path in enumerate(made):
        _encode(path, islice(frames, n * step, n * step + each))
    return made


def repeated(source: Path, path: Path, times: int) -> Path:
    """Write a recording that plays another one again and again, as m4a."""
    import av

    def frames() -> Iterator[av.AudioFrame]:
        for _ in range(times):
            with av.open(source) as opened:
                yield from opened.decode(audio=0)

    if not path.exists():
        _encode(path, frames())
    return path


def _encode(path: Path, frames: Iterator[object]) -> None:
    import av

    unfinished = path.with_name("unfinished.m4a")
    with av.open(unfinished, "w") as out:
        sound = out.add_stream("aac", rate=16_000, layout="mono")
        resampler = av.AudioResampler("fltp", "mono", 16_000)
        for frame in frames:
            for piece in resampler.resample(frame):  # type: ignore[arg-type]
                piece.pts = None
                out.mux(sound.encode(piece))
        out.mux(sound.encode(None))
    unfinished.replace(path)


# --- Dropping -------------------------------------------------------------------------------------


class Copier:
    """Drops files into a box as people, browsers and synchronisers do.

    `slowly` writes in pieces under the final name, `renamed` under another name that is then
    changed, `replaced` begins something else and then puts the file in its place, `at_once` copies.

    Args:
        box: Where to.
        seed: Of its chances.
        pause: Seconds between pieces; far less than what a file has to lie still.
    """

    def __init__(self, box: Box, seed: int, pause: float = 0.1) -> None:
        self._box = box
        self._random = random.Random(seed)  # noqa: S311
        self._pause = pause
        self._settle = float(box.environment["MEMO_WATCH_SETTLE"])
        self.ways: tuple[Callable[[Path, bytes], None], ...] = (
            self.slowly, self.renamed, self.replaced, self.at_once,
        )  # fmt: skip

    def drop(self, name: str, content: bytes) -> None:
        """Drop a file in one of the ways."""
        path = self._box.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._random.choice(self.ways)(path, content)

    def slowly(self, path: Path, content: bytes) -> None:
        """Write it in pieces."""
        self._write(path, content)

    def renamed(self, path: Path, content: bytes) -> None:
        """Write it under a name that says so, and rename it."""
        unfinished = path.with_name(f"{path.name}.part")
        self._write(unfinished, content)
        unfinished.replace(path)

    def replaced(self, path: Path, content: bytes) -> None:
        """Begin it, and put a whole one in its place."""
        self._write(path, content[: len(content) * 2 // 3])
        unfinished = path.with_name(f"{path.name}.part")
        unfinished.write_bytes(content)
        unfinished.replace(path)

    def at_once(self, path: Path, content: bytes) -> None:
        """Copy it."""
        path.write_bytes(content)

    def _write(self, path: Path, content: bytes) -> None:
        pieces = self._random.randint(3, 8)
        size = -(-len(content) // pieces)
        began = time.monotonic()
        with path.open("wb", buffering=0) as file:
            for start in range(0, len(content), size):
                file.write(content[start : start + size])
                os.fsync(file.fileno())
                time.sleep(self._pause * self._random.uniform(0.5, 1.5))
                now = time.monotonic()
                if now - began > self._settle * 0.7:  # the machine stood still: memo may be ahead
                    sofar = content[: start + size]
                    self._box.lingered.add(hashlib.sha256(sofar).hexdigest())
                began = now


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000"
