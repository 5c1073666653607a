"""The work folder between real processes: killed while saving, and two at once."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from memo.checkpoints import WAITING, WorkFolder, clean, size
from memo.model import Recording, Segment, Transcript
from memo.ports import silent

RECORDING = Recording(filename="call.m4a", sha256="ab" * 32)

SAVE_FOR_EVER = """
import sys
from pathlib import Path
from memo.checkpoints import WorkFolder
from memo.model import Recording, Segment, Transcript

recording = Recording(filename="call.m4a", sha256="ab" * 32)
work = WorkFolder(Path(sys.argv[1]), recording)
text = "word " * 20_000
for turn in range(10**9):
    segment = Segment(id=0, start=0, end=1, text=text)
    if turn == 1:
        print("ready", flush=True)
    work.save("asr", "key", Transcript(
        recording=recording, duration=turn, speech_seconds=1, language="en", segments=(segment,)))
"""

CONVERT = """
import sys, time
from pathlib import Path
from memo.checkpoints import WorkFolder
from memo.model import Recording, Span

def tell(stage, done, total):
    print(stage, flush=True)

root, log = Path(sys.argv[1]), Path(sys.argv[2])
work = WorkFolder(root, Recording(filename="call.m4a", sha256="ab" * 32))
with work.exclusive(tell):
    if work.load("asr", "key", Span) is None:
        with log.open("a") as file:
            file.write("worked\\n")
        print("working", flush=True)
        while not log.with_name("go").exists():
            time.sleep(0.02)
        work.save("asr", "key", Span(start=0, end=1))
"""


def start(program: str, *arguments: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def test_killed_while_saving_the_file_is_whole_or_the_one_before(tmp_path: Path) -> None:
    dice = random.Random(20_260_801)  # noqa: S311 (chooses moments, no secrets)
    work = WorkFolder(tmp_path, RECORDING)
    for _ in range(8):
        with start(SAVE_FOR_EVER, tmp_path) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            time.sleep(dice.uniform(0.0, 0.05))
            process.kill()
        kept = work.load("asr", "key", Transcript)
        assert kept
        assert kept.segments == (Segment(id=0, start=0, end=1, text="word " * 20_000),)
    with work.exclusive(silent):
        assert [path.suffix for path in work.path.iterdir()] == [".json"]


def test_several_processes_do_the_work_once_and_those_who_wait_say_so(tmp_path: Path) -> None:
    log = tmp_path / "log"
    first = start(CONVERT, tmp_path / "work", log)
    assert first.stdout
    assert first.stdout.readline() == "working\n"
    others = [start(CONVERT, tmp_path / "work", log) for _ in range(3)]
    for other in others:
        assert other.stdout
        assert other.stdout.readline() == f"{WAITING}\n"
    log.with_name("go").touch()
    for process in (first, *others):
        told = process.communicate(timeout=60)[0]
        assert "working" not in told
        assert process.returncode == 0
    assert log.read_text() == "worked\n"


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    with start(CONVERT, tmp_path / "work", tmp_path / "log") as process:
        assert process.stdout
        assert process.stdout.readline() == "working\n"
        work = WorkFolder(tmp_path / "work", RECORDING)
        work.save("merge", "key", Segment(id=0, start=0, end=1, text="x"))
        assert clean(tmp_path / "work", keep_bytes=0) == 0
        process.kill()
    with work.exclusive(lambda *_: None):
        assert work.load("merge", "key", Segment)
    assert clean(tmp_path / "work", keep_bytes=0) > 0
    assert size(tmp_path / "work") == 0
