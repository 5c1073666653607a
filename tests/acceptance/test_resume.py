"""`kill -9`, then the same command: it finishes, and does nothing twice that was finished."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command, Endpoint

Eventually = Callable[[Callable[[], object]], None]
ROUNDS = 5  # of three minutes: several windows of five


@pytest.fixture
def long_call(command: Command, examples: Path) -> Path:
    """The example again and again, in one file."""
    path = command.folder / "long.m4a"
    with av.open(path, "w") as out:
        sound = out.add_stream("aac", rate=16_000, layout="mono")
        resampler = av.AudioResampler("fltp", "mono", 16_000)
        for _ in range(ROUNDS):
            with av.open(examples / "weekly-call.m4a") as source:
                for frame in source.decode(audio=0):
                    for piece in resampler.resample(frame):
                        piece.pts = None
                        out.mux(sound.encode(piece))
        out.mux(sound.encode(None))
    return path


def steps(command: Command, kind: str) -> dict[Path, int]:
    """The finished steps of one kind in the work folder, each with the instant of its writing."""
    folder = command.folder.parent / "home"
    found = (path for path in folder.rglob(f"{kind}-*.json"))
    return {path: path.stat().st_mtime_ns for path in found}


@pytest.mark.asr
def test_transcription_goes_on_where_it_was_killed(
    command: Command, long_call: Path, weights: Callable[..., Path], eventually: Eventually
) -> None:
    tiny = weights("tiny.en", "asr")
    words = ("convert", long_call.name, "--asr-model", tiny, "--llm", "none")
    running = command.start(*words)
    eventually(lambda: steps(command, "window") or running.poll() is not None)
    running.kill()
    running.communicate()
    finished = steps(command, "window")
    listened = steps(command, "speech")
    assert finished
    assert not (command.folder / "long.memo.md").exists()

    done = command(*words, "--json")
    assert done.returncode == 0, done.stderr
    after = steps(command, "window")
    assert len(after) > len(finished)
    assert {path: after[path] for path in finished} == finished
    assert steps(command, "speech") == listened
    assert "listening" not in done.stderr
    told = json.loads(done.stdout)
    assert told["coverage"]["audio_seconds"] == pytest.approx(ROUNDS * 178.5, abs=2)
    assert {path.name for path in command.folder.iterdir()} == {
        "long.m4a", "long.memo.md", "long.memo.docx", "long.memo.json", "long.transcript.vtt",
    }  # fmt: skip


def test_extraction_goes_on_where_it_was_killed(
    command: Command, endpoint: Endpoint, eventually: Eventually
) -> None:
    lines = [
        f"00:{n // 60:02}:{n % 60:02}.000 --> 00:{n // 60:02}:{n % 60:02}.900\n"
        f"<v Ann>This is sentence number {n} of a long and quite uneventful talk about the weather."
        for n in range(900)
    ]
    (command.folder / "talk.vtt").write_text("\n\n".join(["WEBVTT", *lines]), encoding="utf-8")
    words = ("convert", "talk.vtt", "--llm-url", endpoint.url, "--llm-model", "m")
    endpoint.delay = 0.3
    running = command.start(*words)
    eventually(lambda: endpoint.answered >= 3 or running.poll() is not None)
    running.kill()
    running.communicate()
    kept = steps(command, "answer")
    assert len(kept) >= 2
    assert not (command.folder / "talk.memo.md").exists()

    endpoint.delay = 0.0
    endpoint.questions = 0
    done = command(*words)
    assert done.returncode == 0, done.stderr
    after = steps(command, "answer")
    assert {path: after[path] for path in kept} == kept
    assert endpoint.questions == len(after) - len(kept)
    assert endpoint.questions > 0

    endpoint.questions = 0
    assert "nothing to do" in command(*words).stdout
    assert command(*words, "--force").returncode == 0
    assert endpoint.questions == 0
