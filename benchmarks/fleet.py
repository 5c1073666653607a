# ruff: noqa: INP001, T201
"""Measure what 1, 2 and 4 workers get done on one queue, against the ideal.

    python benchmarks/fleet.py [--recordings 24] [--seconds 0.3] [--postgresql | --url …]
    python benchmarks/fleet.py --spoken 8 [--workers 1 2]

The first has transcripts read by a language model on this machine that only takes time and no
processor, so that workers do not take it from each other: ideally each gets as much done as one
does alone (a process of its own for each recording, `memo convert`, takes longer). The second has
real recordings of thirty seconds heard with tiny.en; there the cores are the bound. All is queued
before the workers start, and time counts from the first memo on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from kills import ROOT, TINY, database

from tests.faults.box import Box
from tests.faults.language_model import LanguageModel
from tests.faults.recordings import clips, transcript
from tests.faults.scenarios import throughput


def main(words: Sequence[str] | None = None) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recordings", type=int, default=24)
    parser.add_argument(
        "--seconds", type=float, default=0.3, help="of an answer; a recording takes several"
    )
    parser.add_argument("--spoken", type=int, default=0, help="real recordings instead")
    parser.add_argument("--workers", type=int, nargs="+", default=(1, 2, 4))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true", help="start a server")
    parser.add_argument("--url", help="of an empty PostgreSQL database; for one of --workers")
    arguments = parser.parse_args(words)
    server = LanguageModel()
    with tempfile.TemporaryDirectory(prefix="memo-fleet-") as folder:
        calls, chosen = _work(arguments, server, Path(folder))
        one = _alone(Path(folder) / "alone", calls[0], server, chosen)
        print(f"one recording by `memo convert`, beyond its start: {one:.2f} s", flush=True)
        first = 0.0
        for workers in arguments.workers:
            with (
                database(arguments) as url,
                Box(Path(folder) / f"box{workers}", url, chosen) as box,
            ):
                seconds = throughput(box, calls, workers)
                box.stop_all()
                first = first or workers * seconds
                told = f"{workers} workers, {'PostgreSQL' if url else 'SQLite'}: {len(calls)} in"
                share = f"{100 * first / (workers * seconds):.0f} % of the first, for each worker"
                alone = f"by itself {len(calls) * one / workers:.1f} s"
                print(told, f"{seconds:.1f} s: {share}; {alone}", flush=True)
    server.close()
    return 0


def _work(
    arguments: argparse.Namespace, server: LanguageModel, folder: Path
) -> tuple[list[tuple[str, bytes]], dict[str, str]]:
    if arguments.spoken:
        made = clips(
            ROOT / "examples" / "weekly-call.m4a", folder / "clips", arguments.spoken, 30.0
        )
        chosen = {"MEMO_ASR_MODEL": str(TINY), "MEMO_THREADS": str(arguments.threads)}
        return [(path.name, path.read_bytes()) for path in made], chosen
    server.delay = arguments.seconds
    calls = [(f"call{n}.vtt", transcript(n)) for n in range(arguments.recordings)]
    return calls, server.environment


def _alone(
    root: Path, call: tuple[str, bytes], server: LanguageModel, chosen: dict[str, str]
) -> float:
    """Return what a recording takes by itself, less what the same takes when it is done already."""
    with Box(root, None, chosen) as box:
        path = box.inbox / call[0]
        path.write_bytes(call[1])
        seconds = []
        for _ in range(2):
            began = time.monotonic()
            done = box.run("convert", path)
            if done.returncode:
                sys.exit(done.stderr)
            seconds.append(time.monotonic() - began)
    server.asked.clear()
    return seconds[0] - seconds[1]


if __name__ == "__main__":
    sys.exit(main())
