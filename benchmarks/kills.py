# ruff: noqa: INP001, T201
"""Kill memo at random moments while recordings come in, and count what is lost, doubled or half.

    python benchmarks/kills.py --rounds 200 [--postgresql | --url postgresql://…] [--seed 1]

Real recordings of eight seconds, cut from `examples/weekly-call.m4a` and heard with tiny.en, and
transcripts come into a folder in pieces, renamed into place and replaced, while `memo watch` and a
`memo worker` are at work on it and one process of theirs after the other is killed (-9): a parent,
a child, or a family at once. At the end each recording must have one memo, as a single undisturbed
`memo convert` writes it, and the log the same entries; a reader that opens all results every 50 ms
must never have seen half of one. `--postgresql` starts a server of its own. With `--keep` the
folder stays, to be looked at.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import platformdirs

from tests.conftest import PostgreSQL, _programs
from tests.faults.box import Box
from tests.faults.recordings import clips, transcript
from tests.faults.scenarios import kills

ROOT = Path(__file__).resolve().parents[1]
TINY = platformdirs.user_cache_path("memo", appauthor=False) / "models" / "tiny.en"


def inputs(folder: Path, recordings: int, transcripts: int) -> list[tuple[str, bytes]]:
    """Return what is dropped: recordings with transcripts between them."""
    spoken = clips(ROOT / "examples" / "weekly-call.m4a", folder, recordings)
    made = [(f"week {n // 9}/call {n} – ü.vtt", transcript(n)) for n in range(transcripts)]
    gap = max(1, transcripts // max(1, recordings))
    for n, path in enumerate(spoken):
        made.insert(n * (gap + 1), (path.name, path.read_bytes()))
    return made


@contextlib.contextmanager
def database(arguments: argparse.Namespace) -> Iterator[str | None]:
    """Return the URL to use; None for SQLite in the box."""
    programs = _programs()
    if not arguments.postgresql:
        yield arguments.url
        return
    if programs is None:
        sys.exit("PostgreSQL is not installed")
    server = PostgreSQL(programs)
    try:
        yield server.url("memo")
    finally:
        server.stop(keep=False)


def main(words: Sequence[str] | None = None) -> int:
    """Run it; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--recordings", type=int, default=20)
    parser.add_argument("--transcripts", type=int, default=60)
    parser.add_argument("--pause", type=float, nargs=2, default=(0.3, 4.0), metavar="S")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wait", type=float, default=420.0, help="seconds after the last kill")
    parser.add_argument("--asr-model", default=str(TINY))
    parser.add_argument("--postgresql", action="store_true", help="start a server")
    parser.add_argument("--url", help="of an empty PostgreSQL database")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args(words)
    with _folder(keep=arguments.keep) as folder:
        print(f"in {folder}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
        dropped = inputs(Path(folder) / "clips", arguments.recordings, arguments.transcripts)
        chosen = {"MEMO_ASR_MODEL": arguments.asr_model}
        with database(arguments) as url, Box(Path(folder) / "box", url, chosen) as box:
            pause = (arguments.pause[0], arguments.pause[1])
            came = kills(
                box,
                dropped,
                arguments.rounds,
                seed=arguments.seed,
                pause=pause,
                wait=arguments.wait,
            )
    print("PostgreSQL" if url else "SQLite", "·", came)
    return 1 if came.verdict.wrong else 0


@contextlib.contextmanager
def _folder(*, keep: bool) -> Iterator[str]:
    if keep:
        yield tempfile.mkdtemp(prefix="memo-kills-")
        return
    with tempfile.TemporaryDirectory(prefix="memo-kills-") as folder:
        yield folder


if __name__ == "__main__":
    sys.exit(main())
