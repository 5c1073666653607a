"""One recording in the steps of its workflow: what becomes of it, and what is left behind."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import threading
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Never

import pytest

from memo.decision_log.log import DecisionLog
from memo.errors import (
    ConfigError,
    DatabaseUnavailable,
    LanguageModelUnavailable,
    MemoError,
    RecordingError,
    TranscriptionError,
    WeightsUnavailable,
)
from memo.extraction import load_prompts
from memo.intake.book import Book
from memo.intake.ending import Stopping
from memo.intake.job import Arrival, Job, Place, Request, State, Worker, key_of
from memo.intake.shelf import Shelf
from memo.intake.work import Work, asked_of
from memo.model import Segment, Transcript, Word
from memo.pipeline import (
    Changes,
    Corrections,
    Tools,
    convert,
    recall_conversion,
    revoice,
    together,
)
from memo.pipeline.sources import identity_of
from memo.ports import Checkpoints, Progress, Transcriber, silent
from memo.speech.recording import identify

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
HERE = "aaaa"
ON_SQLITE = pytest.mark.usefixtures("path")
"""For tests of files: which database there is makes no difference to them."""
TALK = """WEBVTT

00:00:01.000 --> 00:00:05.000
<v Ann>Should we move the launch to Friday?

00:00:05.000 --> 00:00:11.000
<v Bo>Yes, agreed. We decided to move the launch to Friday because the tests are red.
"""
SENTENCES = ("Should we move the launch?", "We decided to move the launch to Friday.")


def tomorrow() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=1)


class Whisper:
    """Hears two sentences in any file, and counts how often it listens."""

    name = "given"

    def __init__(self) -> None:
        self.heard = 0
        self.error: Exception | None = None
        self.meanwhile: Callable[[], None] = lambda: None

    def transcribe(
        self,
        path: Path,
        *,
        channel: int | None = None,  # noqa: ARG002
        language: str | None,  # noqa: ARG002
        hotwords: Sequence[str] = (),  # noqa: ARG002
        checkpoints: Checkpoints,
        progress: Progress,
    ) -> Transcript:
        if kept := checkpoints.load("asr-trial", "1", Transcript):
            return kept
        progress("transcribing", 0, 8)
        self.heard += 1
        self.meanwhile()
        if self.error:
            raise self.error
        segments = tuple(
            Segment(
                id=n,
                start=4.0 * n,
                end=4.0 * n + 4,
                text=text,
                words=tuple(
                    Word(
                        start=4.0 * n + i / 4, end=4.0 * n + i / 4 + 0.2, text=word, probability=0.9
                    )
                    for i, word in enumerate(text.split())
                ),
            )
            for n, text in enumerate(SENTENCES)
        )
        transcript = Transcript(
            recording=identify(path), duration=8, speech_seconds=8, language="en", segments=segments
        )
        checkpoints.save("asr-trial", "1", transcript)
        return transcript


class Model:
    """A language model that is not there."""

    name = "missing"
    context_tokens = 8192

    def __init__(self, error: MemoError) -> None:
        self.error = error

    def count_tokens(self, text: str) -> int:
        return len(text)

    def complete(self, **_question: object) -> Never:
        raise self.error

    choose = complete


@dataclass
class Bench:
    """A worker on a machine with one folder, and what it works with."""

    book: Book
    url: str
    calls: Path
    whisper: Whisper
    tools: Tools
    shelf: Shelf
    fetched: list[str] = field(default_factory=list)
    model: MemoError | None = None
    missing: MemoError | None = None
    name: str = "w1"
    work: Work = field(init=False)

    def __post_init__(self) -> None:
        self.work = self.hire("w1")

    def hire(self, name: str, **about: Any) -> Work:  # noqa: ANN401
        self.name = name
        self.book.beat(
            Worker(name=name, machine=HERE, host="h", pid=1, boot="b", version="1", started_at=NOW)
        )
        self.work = Work(self.book, name, self.shelf, self._tools_of, **about)
        return self.work

    def _tools_of(self, request: Request, _progress: Progress) -> Tools:
        def open_model() -> Any:  # noqa: ANN401
            if self.missing:
                raise self.missing
            assert self.model
            return nullcontext(Model(self.model))

        def fetch(_needs_asr: bool) -> None:  # noqa: FBT001
            raise AssertionError("the language model's files are not needed to listen")

        needs_model = bool(self.model or self.missing)
        return replace(
            self.tools,
            model=open_model if needs_model else None,
            model_key="m" if needs_model else "none",
            fetch=fetch,
            fetch_ears=lambda _needs_asr: self.fetched.append("ears"),
            log=self.tools.log if request.logs else None,
        )

    def file(self, name: str, content: str | bytes = TALK) -> Path:
        path = self.calls / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def take_in(self, path: Path, **about: Any) -> int:  # noqa: ANN401
        settings = {"timezone": "Europe/Berlin", "formats": ["md", "json", "vtt"]}
        request = Request(settings={**settings, **about.pop("settings", {})}, **about)
        sha256 = identity_of(asked_of(request, path)).sha256
        arrival = Arrival(
            place=self.shelf.place_of(path),
            signature=str(about),
            filename=path.name,
            recording_sha256=sha256,
            key=key_of(sha256, request, {}),
            request=request,
        )
        (taken,) = self.book.take_in([arrival])
        return taken.job_id

    def go(self, job_id: int) -> dict[str, Any] | None:
        """Do the workflow of a job's attempt, as DBOS does it."""
        attempt = self.job(job_id).attempt
        outcome = self.work.hear(job_id, attempt)
        if "ending" not in outcome:
            outcome = json.loads(json.dumps(self.work.write(job_id, attempt)))
        settled: dict[str, Any] | None = self.work.settle(job_id, attempt, outcome)["ending"]
        return settled

    def job(self, job_id: int) -> Job:
        job = self.book.job(job_id)
        assert job
        return job

    def ended(self, job_id: int) -> Job:
        self.go(job_id)
        return self.job(job_id)

    def names(self) -> set[str]:
        return {
            path.relative_to(self.calls).as_posix()
            for path in self.calls.rglob("*")
            if path.is_file()
        }

    def entries(self) -> int:
        assert self.tools.log
        with self.tools.log() as log:
            return log.count()


@pytest.fixture
def bench(anew: Callable[[], str], tmp_path: Path) -> Iterator[Bench]:
    url, whisper, calls = anew(), Whisper(), tmp_path / "calls"
    calls.mkdir()
    shelf = Shelf(None, machine=HERE, work=tmp_path / "cache" / "work")

    def transcriber() -> nullcontext[Transcriber]:
        return nullcontext(whisper)

    tools = Tools(
        transcriber=transcriber,
        transcriber_key="given",
        model=None,
        model_key="none",
        small=False,
        fetch=lambda _needs_asr: None,
        prompts=load_prompts(),
        log=lambda: DecisionLog(url),
        work=tmp_path / "another",
        version="1",
        now=lambda: NOW,
    )
    with Book(url) as book:
        yield Bench(book, url, calls, whisper, tools, shelf)


@pytest.fixture
def sound(examples: Path) -> bytes:
    return (examples / "weekly-call.m4a").read_bytes()


# --- What becomes of it -------------------------------------------------------------------------


def test_a_recording_becomes_a_memo_and_the_job_says_where(bench: Bench) -> None:
    job = bench.ended(bench.take_in(bench.file("call.vtt")))
    assert (job.state, job.reason, job.exit_code) == (State.DONE, "", 0)
    files = {name: Place(**place).as_path() for name, place in job.results["files"].items()}
    assert files == {
        "md": bench.calls / "call.memo.md",
        "json": bench.calls / "call.memo.json",
        "vtt": bench.calls / "call.transcript.vtt",
    }
    assert bench.names() == {"call.vtt", *(path.name for path in files.values())}
    assert len(job.results["numbers"]) == job.results["new"] == 1
    assert bench.entries() == 1
    assert bench.work.doing() == ""


def test_what_runs_a_second_time_changes_nothing(bench: Bench, sound: bytes) -> None:
    job_id = bench.take_in(bench.file("call.m4a", sound))
    work = bench.work
    for _ in range(2):
        assert "ending" not in work.hear(job_id, 1)
    first = work.write(job_id, 1)
    before = {path: path.stat().st_mtime_ns for path in bench.calls.iterdir()}
    second = work.write(job_id, 1)
    assert second["ending"]["state"] == "done"
    assert {path: path.stat().st_mtime_ns for path in bench.calls.iterdir()} == before
    assert work.settle(job_id, 1, first)["ending"] == first["ending"]
    assert work.settle(job_id, 1, first) == {"ending": None}  # the job has ended
    assert bench.whisper.heard == 1


def test_another_worker_goes_on_where_one_died(bench: Bench, sound: bytes) -> None:
    job_id = bench.take_in(bench.file("call.m4a", sound))
    bench.work.hear(job_id, 1)
    bench.book.bury("w1", crashed=True)
    work = bench.hire("w2")
    outcome = work.write(job_id, 1)
    assert work.settle(job_id, 1, outcome)["ending"]["state"] == "done"
    assert bench.whisper.heard == 1
    assert bench.job(job_id).crashes == 1


def test_who_was_taken_for_dead_undoes_nothing(bench: Bench) -> None:
    job_id = bench.take_in(bench.file("call.vtt"))
    slow = bench.work
    slow.hear(job_id, 1)
    bench.book.bury("w1", crashed=False)
    bench.hire("w2")
    assert bench.go(job_id)
    broken = {"ending": {"state": "failed", "reason": "it is broken"}}
    assert slow.settle(job_id, 1, broken) == {"ending": None}
    assert bench.job(job_id).state is State.DONE
    assert not any(name.endswith(".error.txt") for name in bench.names())


def test_an_attempt_that_is_over_is_not_made(bench: Bench) -> None:
    job_id = bench.take_in(bench.file("call.vtt"))
    bench.book.cancel([job_id])
    assert bench.work.hear(job_id, 1) == {"ending": None}
    assert bench.work.settle(job_id, 1, {"ending": None}) == {"ending": None}
    assert bench.job(job_id).state is State.CANCELLED


@ON_SQLITE
def test_what_was_converted_by_hand_meanwhile_is_done(bench: Bench, sound: bytes) -> None:
    path = bench.file("call.m4a", sound)
    job_id = bench.take_in(path)
    place = bench.shelf.bench(bench.job(job_id).place)
    request = bench.job(job_id).request
    convert(asked_of(request, path), replace(bench.tools, work=place.root), silent)
    job = bench.ended(job_id)
    assert job.state is State.DONE
    assert job.results["was_done"]
    assert job.results["numbers"]
    assert bench.whisper.heard == 1


@ON_SQLITE
def test_a_done_recording_is_made_anew_when_somebody_asks_for_it(bench: Bench) -> None:
    path = bench.file("call.vtt")
    first = bench.ended(bench.take_in(path))
    bench.book.retry([first.id])
    again = bench.ended(first.id)
    assert (again.state, again.attempt) == (State.DONE, 2)
    assert not again.results["was_done"]
    assert again.results["files"] == first.results["files"]


# --- A language model that is missing -----------------------------------------------------------


@pytest.mark.parametrize("what", ["down", "missing", "unknown"])
@ON_SQLITE
def test_the_transcript_comes_without_the_language_model_and_the_memo_later(
    bench: Bench, sound: bytes, what: str
) -> None:
    if what == "down":
        bench.model = LanguageModelUnavailable("the endpoint is down", hint="Start it.")
    elif what == "unknown":
        bench.missing = ConfigError("there is no model qwen-99", hint="Name another one.")
    else:
        bench.missing = WeightsUnavailable("qwen cannot be fetched", hint="Connect.")
    job = bench.ended(bench.take_in(bench.file("call.m4a", sound)))
    assert job.state is State.WAITING
    assert "the transcript is in" in job.reason
    assert "run the same command" not in job.hint
    assert job.not_before is not None
    assert bench.names() == {"call.m4a", "call.transcript.vtt"}
    assert "We decided" in (bench.calls / "call.transcript.vtt").read_text()

    bench.model = bench.missing = None
    bench.book.retry([job.id])
    assert bench.ended(job.id).state is State.DONE
    assert bench.whisper.heard == 1
    assert "call.memo.md" in bench.names()


# --- Failing, and trying again ------------------------------------------------------------------


@ON_SQLITE
def test_a_broken_recording_fails_and_says_so_beside_it(bench: Bench) -> None:
    job = bench.ended(bench.take_in(bench.file("call.m4a", b"no sound at all" * 99)))
    assert (job.state, job.exit_code) == (State.FAILED, RecordingError.exit_code)
    assert bench.names() == {"call.m4a", "call.m4a.error.txt"}
    assert f"memo jobs retry {job.id}" in (bench.calls / "call.m4a.error.txt").read_text()


@ON_SQLITE
def test_the_notice_goes_when_all_is_well(bench: Bench, sound: bytes) -> None:
    bench.whisper.error = RecordingError("call.m4a is damaged", hint="Copy it again.")
    job = bench.ended(bench.take_in(bench.file("call.m4a", sound)))
    assert "call.m4a.error.txt" in bench.names()
    bench.whisper.error = None
    bench.book.retry([job.id])
    assert bench.ended(job.id).state is State.DONE
    assert "call.m4a.error.txt" not in bench.names()


def test_what_may_be_chance_is_tried_three_times(bench: Bench, sound: bytes) -> None:
    bench.whisper.error = TranscriptionError("the speech model failed")
    job_id = bench.take_in(bench.file("call.m4a", sound))
    states = []
    for _ in range(3):
        states.append(bench.ended(job_id).state)
        if states[-1] is State.WAITING:
            with Book(bench.url, now=tomorrow) as later:
                later.due(HERE, longest_wait=dt.timedelta(days=3))
    assert states == [State.WAITING, State.WAITING, State.FAILED]
    assert bench.whisper.heard == 3


@ON_SQLITE
def test_a_recording_that_kills_its_workers_is_given_up(bench: Bench) -> None:
    job_id = bench.take_in(bench.file("call.vtt"))
    for number in range(1, 5):
        work = bench.hire(f"w{number}", crashes=3)
        assert "ending" not in work.hear(job_id, 1)
        bench.book.bury(f"w{number}", crashed=True)
    bench.hire("w5", crashes=3)
    job = bench.ended(job_id)
    assert job.state is State.FAILED
    assert "4 workers died" in job.reason
    assert "call.vtt.error.txt" in bench.names()
    bench.book.retry([job_id])
    assert bench.ended(job_id).state is State.DONE


@ON_SQLITE
def test_a_full_disk_is_a_wait_and_half_written_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = bench.take_in(bench.file("call.vtt"))

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        job = bench.ended(job_id)
    assert job.state is State.WAITING
    assert "No space left" in job.reason
    assert bench.names() == {"call.vtt"}
    bench.book.retry([job_id])
    assert bench.ended(job_id).state is State.DONE


@ON_SQLITE
def test_a_sidecar_that_is_wrong_is_the_files_own_fault(bench: Bench) -> None:
    path = bench.file("call.vtt")
    bench.file("call.toml", "title = 12")
    job = bench.ended(bench.take_in(path))
    assert job.state is State.FAILED
    assert "line 1" in job.reason


def test_a_database_that_is_away_at_the_end_is_for_the_engine(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = bench.take_in(bench.file("call.vtt"))
    bench.work.hear(job_id, 1)
    outcome = bench.work.write(job_id, 1)

    def away(*_about: object) -> Never:
        raise DatabaseUnavailable("gone")

    with monkeypatch.context() as patched:
        patched.setattr(Book, "end", away)
        with pytest.raises(DatabaseUnavailable):
            bench.work.settle(job_id, 1, outcome)
    assert bench.work.settle(job_id, 1, outcome)["ending"]["state"] == "done"


# --- Meanwhile ----------------------------------------------------------------------------------


@ON_SQLITE
def test_a_recording_that_has_vanished_is_gone(bench: Bench) -> None:
    path = bench.file("call.vtt")
    bench.file("other.vtt")
    job_id = bench.take_in(path)
    path.unlink()
    job = bench.ended(job_id)
    assert job.state is State.GONE
    assert bench.names() == {"other.vtt"}


@pytest.mark.parametrize("what", ["empty", "missing"])
@ON_SQLITE
def test_a_recording_whose_folder_is_empty_may_be_on_a_drive_that_is_away(
    bench: Bench, what: str
) -> None:
    path = bench.file("drive/call.vtt")
    job_id = bench.take_in(path)
    path.unlink()
    if what == "missing":
        path.parent.rmdir()
    job = bench.ended(job_id)
    assert job.state is State.WAITING
    bench.file("drive/call.vtt")
    bench.book.retry([job_id])
    assert bench.ended(job_id).state is State.DONE


@ON_SQLITE
def test_another_recording_in_its_place_is_another_job(bench: Bench) -> None:
    path = bench.file("call.vtt")
    job_id = bench.take_in(path)
    bench.file("call.vtt", TALK.replace("Friday", "Monday"))
    job = bench.ended(job_id)
    assert job.state is State.GONE
    assert bench.names() == {"call.vtt"}
    assert bench.ended(bench.take_in(path)).state is State.DONE


@ON_SQLITE
def test_a_recording_that_changes_while_it_is_heard_is_not_written_of(
    bench: Bench, sound: bytes
) -> None:
    path = bench.file("call.m4a", sound)
    job_id = bench.take_in(path)

    def meanwhile() -> None:
        path.write_bytes(sound + b"more")

    bench.whisper.meanwhile = meanwhile
    job = bench.ended(job_id)
    assert job.state is State.GONE
    assert bench.names() == {"call.m4a"}


def test_a_job_that_is_cancelled_stops_soon(
    bench: Bench, sound: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memo.intake.work._TELL_SECONDS", 0.05)
    work, over = bench.hire("w2", grace=0.05), threading.Event()
    job_id = bench.take_in(bench.file("call.m4a", sound))

    def meanwhile() -> None:
        bench.book.cancel([job_id])
        while not over.wait(0.01):
            pass

    bench.whisper.meanwhile = meanwhile
    try:
        assert bench.go(job_id) is not None
    finally:
        over.set()
    assert work.doing() == ""
    assert bench.job(job_id).state is State.CANCELLED
    assert bench.names() == {"call.m4a"}


@ON_SQLITE
def test_a_worker_that_stops_leaves_its_job_to_be_gone_on_with(bench: Bench, sound: bytes) -> None:
    job_id = bench.take_in(bench.file("call.m4a", sound))
    bench.whisper.meanwhile = bench.work.stop
    bench.work.hear(job_id, 1)  # it was heard by then: the next step stops
    with pytest.raises(Stopping):
        bench.work.write(job_id, 1)
    assert bench.job(job_id).state is State.RUNNING
    bench.work.stop()  # while nothing is in hand: what comes next
    with pytest.raises(Stopping):
        bench.go(job_id)
    assert bench.go(job_id)
    assert bench.job(job_id).state is State.DONE
    assert bench.whisper.heard == 1


def test_how_far_it_has_come_is_told(
    bench: Bench, sound: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memo.intake.work._TELL_SECONDS", 0.02)
    job_id = bench.take_in(bench.file("call.m4a", sound))
    seen: list[Job] = []

    def meanwhile() -> None:
        deadline = 3000
        while not bench.job(job_id).stage and deadline:
            deadline -= 1
        seen.append(bench.job(job_id))

    bench.whisper.meanwhile = meanwhile
    bench.work.hear(job_id, 1)
    assert [(job.stage, job.share) for job in seen] == [("transcribing", 0.0)]


# --- Moving the original ------------------------------------------------------------------------


def done_folder(bench: Bench) -> dict[str, Any]:
    return {"moved_to": bench.shelf.place_of(bench.calls / "done")}


@ON_SQLITE
def test_the_original_is_moved_when_all_is_done_and_links_lead_there(bench: Bench) -> None:
    path = bench.file("call.vtt")
    bench.file("call.toml", 'title = "Launch"')
    job = bench.ended(bench.take_in(path, **done_folder(bench)))
    assert job.state is State.DONE
    assert bench.names() == {
        "done/call.vtt", "done/call.toml", "call.memo.md", "call.memo.json", "call.transcript.vtt",
    }  # fmt: skip
    page = (bench.calls / "call.memo.md").read_text()
    assert "Launch" in page
    assert "](done/call.vtt#t=" in page
    assert Place(**job.results["moved_to"]).as_path() == bench.calls / "done" / "call.vtt"


@ON_SQLITE
def test_who_speaks_can_still_be_said_after_the_move(bench: Bench) -> None:
    path = bench.file("call.vtt")
    job_id = bench.take_in(path, **done_folder(bench))
    bench.ended(job_id)
    before = bench.names()
    place = bench.shelf.bench(bench.job(job_id).place)
    tools = replace(
        bench.tools, work=place.root, corrections=Corrections(bench.calls.parent / "speakers")
    )
    now = asked_of(bench.job(job_id).request, bench.calls / "done" / "call.vtt")
    revoice(recall_conversion(now, tools), Changes(names=("Bo=Bob",)), tools, silent)
    page = (bench.calls / "call.memo.md").read_text()
    assert "Bob, [0:05](done/call.vtt#t=5)" in page
    assert bench.names() == before


@ON_SQLITE
def test_a_recording_that_waits_is_not_moved(bench: Bench) -> None:
    bench.model = LanguageModelUnavailable("down")
    path = bench.file("call.vtt")
    job = bench.ended(bench.take_in(path, **done_folder(bench)))
    assert job.state is State.WAITING
    assert path.exists()
    assert not (bench.calls / "done").exists()


@ON_SQLITE
def test_a_move_that_was_cut_short_is_finished(bench: Bench) -> None:
    path = bench.file("call.vtt")
    bench.file("call.toml", 'title = "Launch"')
    job_id = bench.take_in(path, **done_folder(bench))
    bench.work.hear(job_id, 1)
    outcome = bench.work.write(job_id, 1)
    (bench.calls / "done").mkdir()
    path.rename(bench.calls / "done" / "call.vtt")  # then the process was killed
    bench.book.bury("w1", crashed=True)
    page = (bench.calls / "call.memo.md").read_bytes()
    work = bench.hire("w2")
    assert work.settle(job_id, 1, outcome)["ending"]["state"] == "done"
    assert (bench.calls / "done" / "call.toml").exists()
    assert (bench.calls / "call.memo.md").read_bytes() == page


@ON_SQLITE
def test_even_if_nobody_knows_how_far_it_had_come(bench: Bench) -> None:
    path = bench.file("call.vtt")
    bench.file("call.toml", 'title = "Launch"')
    job_id = bench.take_in(path, **done_folder(bench))
    bench.work.hear(job_id, 1)
    bench.work.write(job_id, 1)
    page = (bench.calls / "call.memo.md").read_bytes()
    (bench.calls / "done").mkdir()
    path.rename(bench.calls / "done" / "call.vtt")
    bench.book.bury("w1", crashed=True)
    bench.hire("w2")
    assert bench.ended(job_id).state is State.DONE
    assert bench.job(job_id).results["was_done"]
    assert (bench.calls / "call.memo.md").read_bytes() == page
    assert bench.names() == {
        "done/call.vtt", "done/call.toml", "call.memo.md", "call.memo.json", "call.transcript.vtt",
    }  # fmt: skip


@ON_SQLITE
def test_a_name_that_is_taken_meanwhile_is_not_taken_away(bench: Bench) -> None:
    path = bench.file("call.vtt")
    job_id = bench.take_in(path, **done_folder(bench))
    bench.work.hear(job_id, 1)
    outcome = bench.work.write(job_id, 1)
    bench.file("done/call.vtt", "somebody else's")
    bench.work.settle(job_id, 1, outcome)
    assert bench.job(job_id).state is State.WAITING
    bench.book.retry([job_id])
    assert bench.ended(job_id).state is State.DONE
    assert (bench.calls / "done" / "call.vtt").read_text() == "somebody else's"
    (moved,) = (bench.calls / "done").glob("call-*.vtt")
    assert moved.read_text() == TALK
    assert f"](done/{moved.name}#t=" in (bench.calls / "call.memo.md").read_text()


@ON_SQLITE
def test_another_recording_of_that_name_is_not_taken_for_the_one_that_vanished(
    bench: Bench,
) -> None:
    path = bench.file("call.vtt")
    bench.file("call.toml", 'title = "Launch"')
    bench.file("done/call.vtt", TALK.replace("Friday", "Monday"))
    job_id = bench.take_in(path, **done_folder(bench))
    path.unlink()
    assert bench.ended(job_id).state is State.GONE
    assert bench.names() == {"call.toml", "done/call.vtt"}


@ON_SQLITE
def test_results_in_a_folder_of_their_own_link_to_where_the_recording_is(bench: Bench) -> None:
    path = bench.file("a/call.vtt")
    out = bench.shelf.place_of(bench.calls / "memos")
    bench.ended(bench.take_in(path, out=out, **done_folder(bench)))
    page = (bench.calls / "memos" / "call.memo.md").read_text()
    assert "](../done/call.vtt#t=" in page


# --- Tracks -------------------------------------------------------------------------------------


@ON_SQLITE
def test_a_folder_of_tracks_is_one_meeting_and_moves_as_one(bench: Bench, examples: Path) -> None:
    folder = bench.calls / "weekly.tracks"
    folder.mkdir()
    shutil.copy(examples / "weekly-call.m4a", folder / "Ann.m4a")
    with wave.open(str(folder / "Bo.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(os.urandom(2 * 8000 * 20))
    job_id = bench.take_in(folder, **done_folder(bench))
    assert together([folder])[1]
    job = bench.ended(job_id)
    assert (job.state, job.reason) == (State.DONE, "")
    assert bench.names() == {
        "done/weekly.tracks/Ann.m4a", "done/weekly.tracks/Bo.wav",
        "weekly.memo.md", "weekly.memo.json", "weekly.transcript.vtt",
    }  # fmt: skip


@pytest.mark.parametrize("name", [b"caf\xe9 \xff.vtt", "💥 \u202egnp.vtt".encode(), b"a\nb.vtt"])
def test_names_of_any_bytes_go_all_the_way(bench: Bench, name: bytes) -> None:
    path = bench.file(os.fsdecode(name))
    job = bench.ended(bench.take_in(path, **done_folder(bench)))
    assert job.state is State.DONE
    assert (bench.calls / "done" / os.fsdecode(name)).exists()
    assert hashlib.sha256(TALK.encode()).hexdigest() == job.recording_sha256
