"""A box: a folder that recordings are dropped into, memo at work on it, and what must then be true.

No pytest in here: tests and `benchmarks/` use it alike. memo is only ever run as people run it, by
its command, in processes of its own; what became of the files is read from what it leaves behind.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.sampler import Sampler

RULES = {"MEMO_LLM": "none"}
QUICK = {
    "MEMO_TIMEZONE": "UTC",
    "MEMO_WATCH_SETTLE": "1",
    "MEMO_WATCH_RESCAN": "5",
    "MEMO_WORKER_LEASE": "10",
    "MEMO_WORKER_CRASHES": "100000",
}
"""Short times, and no recording is ever held for poison: here it is we who kill."""
OURS = (".memo.md", ".memo.docx", ".memo.json", ".transcript.vtt", ".error.txt")


def memo_command() -> str:
    """Return the installed command."""
    scripts = sysconfig.get_path("scripts")
    found = shutil.which("memo", path=os.pathsep.join((scripts, os.environ.get("PATH", ""))))
    if found is None:
        raise FileNotFoundError("memo is not installed in this environment")
    return found


def eventually(is_so: Callable[[], object], seconds: float = 180.0, *, what: str = "") -> float:
    """Wait until something is so; return how many seconds that took.

    Raises:
        TimeoutError: It did not come.
    """
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"waited {seconds:.0f} s in vain for {what or is_so}")
        time.sleep(0.1)
    return time.monotonic() - began


@dataclass
class Verdict:
    """What is wrong in a box; nothing if all is as one undisturbed conversion would have left it.

    `memos` are the inputs that have exactly one, `entries` those of the log.
    """

    inputs: int
    memos: int
    entries: int
    seen: int
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = f"{self.inputs} files, {self.memos} memos, {self.entries} log entries, "
        told += f"{self.seen} results seen whole, {len(self.wrong)} wrong"
        return "\n  ".join([told, *self.wrong[:20]])


class Box:
    """A folder with recordings, and an environment in which memo knows nothing else.

    Args:
        root: An empty folder.
        database: URL of the log's database; None for SQLite in the box.
        environment: Settings beyond `QUICK`, as variables.
        results: Where they go; None for beside the recordings.

    Attributes:
        lingered: Hashes of unfinished copies that lay still so long that memo may have taken them
            for whole.
    """

    def __init__(
        self,
        root: Path,
        database: str | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        results: Path | None = None,
    ) -> None:
        self.root = root
        self.inbox = root / "calls"
        self.told = root / "told"
        self.results = results or self.inbox
        for folder in (self.inbox, self.told):
            folder.mkdir(parents=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MEMO_", "XDG_", "DBOS"))}
        self.environment = {
            **kept,
            **QUICK,
            **RULES,
            "HOME": str(root),
            "MEMO_DATA_DIR": str(root / "data"),
            "MEMO_CACHE_DIR": str(root / "cache"),
            "PYTHONFAULTHANDLER": "1",
            **({"MEMO_DATABASE_URL": database} if database else {}),
            **({"MEMO_OUT": str(results)} if results else {}),
            **(environment or {}),
        }
        self.lingered: set[str] = set()
        self.sampler = Sampler(self.results, OURS)
        self._running: list[subprocess.Popen[bytes]] = []
        self._count = 0

    def __enter__(self) -> Box:
        self.sampler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_all()
        self.sampler.stop()

    # --- Processes --------------------------------------------------------------------------

    def start(
        self, *words: str | Path, before: Sequence[str] = (), **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start the command; what it says is kept in a file."""
        self._count += 1
        told = self.told / f"{self._count:04}-{words[0]}.txt"
        with told.open("wb") as out:
            process = subprocess.Popen(
                [*before, memo_command(), *words],
                cwd=self.root,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._running.append(process)
        return process

    def watch(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a watcher of the box's folder, with workers unless words say otherwise."""
        return self.start("watch", self.inbox, "--transcripts", *words, **environment)

    def run(self, *words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [memo_command(), *words],
            cwd=self.root,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def stop_all(self, seconds: float = 120.0) -> float:
        """Ask everything that was started to stop, and return how many seconds that took."""
        began = time.monotonic()
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(timeout=seconds)
        self._running.clear()
        return time.monotonic() - began

    def kill_all(self) -> None:
        """Kill everything that was started, and what these have started."""
        for process in self._running:
            for pid in family(process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
        self._running.clear()

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """Leave a process that is gone out of what is to be stopped."""
        process.wait()
        self._running.remove(process)

    # --- What has become of the files ---------------------------------------------------------

    def inputs(self) -> dict[Path, str]:
        """Return the recordings in the folder, and their hashes."""
        return {
            path: sha256_of(path)
            for path in sorted(self.inbox.rglob("*"))
            if path.is_file() and not path.name.endswith((*OURS, ".tmp", ".part"))
            if ".memo" not in path.parts  # of a shelf, where machines keep finished steps
        }

    def memos(self) -> dict[str, list[dict[str, Any]]]:
        """Return the memos by the hash of their recording."""
        found: dict[str, list[dict[str, Any]]] = {}
        for path in sorted(self.results.rglob("*.memo.json")):
            memo = json.loads(path.read_bytes())
            found.setdefault(memo["recording"]["sha256"], []).append(memo)
        return found

    def is_done(self) -> bool:
        """Return whether each recording has its memo."""
        return not set(self.inputs().values()) - self.memos().keys()

    def jobs(self) -> list[dict[str, Any]]:
        """Return all jobs, as `memo jobs list` tells them."""
        listed = self.run("jobs", "list", "--json", "--limit", "100000")
        if listed.returncode:
            raise RuntimeError(f"memo jobs list: {listed.returncode} {listed.stderr}")
        return list(json.loads(listed.stdout))

    def states(self) -> Counter[str]:
        """Return how many jobs there are in each state."""
        return Counter(str(job["state"]) for job in self.jobs())

    def entries(self, **environment: str) -> Counter[tuple[str, str, str]]:
        """Return the log's entries: the recording's hash, the kind and the finding."""
        words = ("log", "list", "--kind", "all", "--all", "--json", "--limit", "1000000")
        listed = self.run(*words, **environment)
        if listed.returncode:
            raise RuntimeError(f"memo log list: {listed.returncode} {listed.stderr}")
        return Counter(
            (entry["recording"]["sha256"], entry["kind"], _canonical(entry["finding"]))
            for entry in json.loads(listed.stdout)
            if entry["withdrawn_at"] is None
        )

    def verdict(self) -> Verdict:
        """Return what is wrong, everything having been stopped."""
        inputs, memos, entries = self.inputs(), self.memos(), self.entries()
        seen = self.sampler.look()
        one_each = sum(len(memos.get(sha, ())) == 1 for sha in set(inputs.values()))
        verdict = Verdict(len(inputs), one_each, sum(entries.values()), seen)
        verdict.wrong += self.sampler.wrong
        verdict.wrong += list(self._wrong_files(set(inputs.values()), memos))
        verdict.wrong += list(self._wrong_jobs(set(inputs.values())))
        expected_memos, expected_entries = self._undisturbed(list(inputs))
        for (sha, kind, finding), count in sorted(
            ((expected_entries - entries) + (entries - expected_entries)).items()
        ):
            if sha in self.lingered:
                continue
            there, wanted = (c[sha, kind, finding] for c in (entries, expected_entries))
            verdict.wrong.append(f"log: {kind} of {sha[:8]} {there} times, not {wanted} ({count})")
        for sha in expected_memos.keys() & memos.keys():
            if _stable(memos[sha][0]) != _stable(expected_memos[sha][0]):
                verdict.wrong.append(f"the memo of {sha[:8]} is not what a conversion writes")
        return verdict

    def _wrong_files(
        self, inputs: set[str], memos: dict[str, list[dict[str, Any]]]
    ) -> Iterator[str]:
        for sha in sorted(inputs):
            if len(memos.get(sha, ())) != 1:
                yield f"{len(memos.get(sha, ()))} memos of {sha[:8]}"
        for sha in sorted(memos.keys() - inputs - self.lingered):
            yield f"a memo of {sha[:8]}, which nobody dropped"
        for path in {*self.inbox.rglob("*"), *self.results.rglob("*")}:
            if path.name.endswith((".tmp", ".bak", ".error.txt")):
                yield f"left behind: {path.relative_to(self.root)}"
        for path in self.results.rglob("*.memo.json"):
            base = path.name.removesuffix(".memo.json")
            if not path.with_name(f"{base}.memo.md").exists():
                yield f"missing: {base}.memo.md"

    def _wrong_jobs(self, inputs: set[str]) -> Iterator[str]:
        jobs = self.jobs()
        for job in jobs:
            if job["state"] != "done" and job.get("recording_sha256") not in self.lingered:
                yield f"job {job['id']} is {job['state']}: {job.get('reason', '')[:200]}"
        if len(jobs) < len(inputs):
            yield f"{len(jobs)} jobs for {len(inputs)} recordings"

    def _undisturbed(
        self, inputs: list[Path]
    ) -> tuple[dict[str, list[dict[str, Any]]], Counter[tuple[str, str, str]]]:
        """Convert the recordings in peace, each where it is, the results elsewhere."""
        peace = self.root / "peace"
        names = ("MEMO_DATABASE_URL", "MEMO_OUT", "LD_PRELOAD")
        environment = dict.fromkeys(names, "")
        environment |= {"MEMO_DATA_DIR": str(peace / "data")}
        environment |= {"MEMO_CACHE_DIR": str(peace / "cache"), "MEMO_FORMATS": "json"}
        memos: dict[str, list[dict[str, Any]]] = {}
        for start in range(0, len(inputs), 500):
            batch = inputs[start : start + 500]
            words: list[str | Path] = [
                *("convert", "--quiet", "--json", "--out", peace / "out"),
                *batch,
            ]
            done = self.run(*words, **environment)
            if done.returncode:
                raise RuntimeError(f"memo convert: {done.returncode} {done.stderr[-2000:]}")
        for path in (peace / "out").glob("*.memo.json"):
            memo = json.loads(path.read_bytes())
            memos.setdefault(memo["recording"]["sha256"], []).append(memo)
        return memos, self.entries(**environment)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def family(pid: int) -> list[int]:
    """Return a process and all that came from it, the eldest first."""
    words = ["ps", "-A", "-o", "pid=,ppid="]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [pid]
    for one in found:
        found += [child for child, parent in pairs if parent == one]
    return found


def resident_megabytes(pid: int) -> float:
    """Return how much memory a process holds."""
    words = ["ps", "-o", "rss=", "-p", str(pid)]
    told = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return int(told or 0) / 1024


def is_linux_root() -> bool:
    """Return whether disks can be mounted and networks be cut."""
    return sys.platform == "linux" and os.geteuid() == 0


def _canonical(finding: dict[str, Any]) -> str:
    """Return a finding without what depends on which meetings were logged before."""
    about = {k: v for k, v in finding.items() if k not in {"status", "supersedes"}}
    return json.dumps(about, sort_keys=True)


def _stable(memo: dict[str, Any]) -> dict[str, Any]:
    """Return what two conversions of a recording agree in."""
    made_by = {k: v for k, v in memo["provenance"].items() if k != "created_at"}
    return {**memo, "provenance": made_by}
