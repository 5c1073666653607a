# ruff: noqa: INP001, T201
"""Drop very many small files at once into a folder that is watched, and count what they cost.

    python benchmarks/drops.py --files 10000 [--slots 2] [--postgresql | --url postgresql://…]

Told are the seconds until the last memo, the milliseconds for each file by the clock and of the
processors' time, and how much memory the watcher and its workers hold together, over time: growth
is the difference of the medians of the second tenth of the time and the last. With `--verdict` each
memo and the log are then compared with an undisturbed `memo convert` of all files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kills import database

from tests.faults.box import Box
from tests.faults.recordings import many
from tests.faults.scenarios import drop_at_once, settle


def main(words: Sequence[str] | None = None) -> int:
    """Run it; 1 if a file is lost or anything else is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--formats", default="md,json")
    parser.add_argument("--wait", type=float, default=3600.0, help="seconds at most")
    parser.add_argument("--verdict", action="store_true")
    parser.add_argument("--postgresql", action="store_true", help="start a server")
    parser.add_argument("--url", help="of an empty PostgreSQL database")
    arguments = parser.parse_args(words)
    calls = many(arguments.files)
    chosen = {"MEMO_FORMATS": arguments.formats}
    with (
        tempfile.TemporaryDirectory(prefix="memo-drops-") as folder,
        database(arguments) as url,
        Box(Path(folder) / "box", url, chosen) as box,
    ):
        drops = drop_at_once(box, calls, slots=arguments.slots, wait=arguments.wait)
        if drops.files == arguments.files:
            settle(box)
        told = f"{'PostgreSQL' if url else 'SQLite'}, {arguments.slots} slots · {drops}"
        print(told, "·", dict(box.states()), flush=True)
        for second, megabytes in drops.memory[:: max(1, len(drops.memory) // 10)]:
            print(f"  {second:6.0f} s {megabytes:6.0f} MB")
        box.stop_all()
        wrong = box.verdict().wrong if arguments.verdict else []
        print("\n".join(wrong[:20]))
    return 1 if wrong or drops.files < arguments.files else 0


if __name__ == "__main__":
    sys.exit(main())
