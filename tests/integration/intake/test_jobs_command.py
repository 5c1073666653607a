"""`memo jobs`: a person sees why a file waits, and what to do, in sixty columns."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from memo.cli import main
from memo.errors import ExitCode
from memo.intake.book import Book
from memo.intake.job import Arrival, Ending, Place, Request, State, instant
from memo.intake.machine import machine_id

Run = Callable[..., Result]
DEAD = "the language model at http://127.0.0.1:9/v1 does not answer"
HINT = "Start the server, or name another one with --llm-url."


@pytest.fixture
def book(url: str) -> Iterator[Book]:
    with Book(url) as opened:
        yield opened


@pytest.fixture
def run(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a terminal of sixty columns."""
    monkeypatch.setenv("MEMO_DATABASE_URL", url)
    monkeypatch.setenv("MEMO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MEMO_TIMEZONE", "UTC")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["jobs", *words])


def taken_in(book: Book, *paths: Path, machine: str | None = "here") -> list[int]:
    """Take files in, each of its own content; return the numbers of their jobs."""
    arrivals = [
        Arrival(
            place=Place.on(machine_id() if machine else None, path),
            signature="1",
            filename=path.name,
            recording_sha256=f"{path.name.encode().hex():0>64}"[-64:],
            key=f"{path.name.encode().hex():0>64}"[-64:],
            request=Request(settings={}),
        )
        for path in paths
    ]
    return [taken.job_id for taken in book.take_in(arrivals)]


def ended(book: Book, number: int, **how: object) -> None:
    """Have a worker begin a job and end it."""
    assert book.begin(number, 1, "w")
    assert book.end(number, 1, "w", Ending.model_validate(how))


def test_a_job_that_waits_says_why_and_what_to_do(book: Book, run: Run, tmp_path: Path) -> None:
    (number,) = taken_in(book, tmp_path / "call.m4a")
    again = instant() + dt.timedelta(minutes=10)
    ended(book, number, state=State.WAITING, reason=DEAD, hint=HINT, not_before=again)
    listed = run("list")
    assert listed.exit_code == 0, listed.output
    first, *others = listed.output.splitlines()
    assert first.split() == [str(number), "waiting", first.split()[2], "call.m4a"]
    text = " ".join(" ".join(others).split())
    assert (
        text == (f"{DEAD} Put off once; tried again at {again:%H:%M}. → {HINT}")
        or "tried again at" in text
    )  # it may be past midnight by then
    assert all(len(line) <= 60 for line in listed.output.splitlines())


def test_every_state_is_listed_the_latest_first_and_can_be_chosen(
    book: Book, run: Run, tmp_path: Path
) -> None:
    names = ("done.m4a", "failed.m4a", "running.m4a", "queued.m4a")
    numbers = taken_in(book, *(tmp_path / name for name in names))
    found = {"numbers": ["DEC-0001", "DEC-0002", "ACT-0001"]}
    ended(book, numbers[0], state=State.DONE, results=found)
    ended(book, numbers[1], state=State.FAILED, reason="no sound", exit_code=4)
    assert book.begin(numbers[2], 1, "w")
    book.tell(numbers[2], 1, "w", "transcribing", 0.345)
    lines = [line for line in run("list").output.splitlines() if line.strip()[:1].isdigit()]
    assert [line.split()[1] for line in lines] == ["running", "failed", "done", "queued"]
    assert "running.m4a · transcribing 34%" in lines[0]
    assert "done.m4a · 2 decisions, 1 action" in lines[2]
    some = run("list", "--state", "failed", "--state", "done", "--json")
    told = json.loads(some.stdout)
    assert [job["state"] for job in told] == ["failed", "done"]
    assert told[0]["file"] == str(tmp_path / "failed.m4a")
    assert (told[0]["reason"], told[0]["exit_code"]) == ("no sound", 4)
    few = run("list", "--limit", "1")
    assert few.stdout.count("\n") == 1
    assert "3 more jobs; --limit 4 shows all" in few.stderr


def test_a_job_is_shown_with_what_happened_to_it(book: Book, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "call.m4a"
    (number,) = taken_in(book, path)
    made = {"md": Place.on(machine_id(), path.with_suffix(".memo.md")).model_dump()}
    ended(book, number, state=State.DONE, results={"files": made, "numbers": ["DEC-0007"]})
    for name in (str(number), f"#{number}", str(path), "a folder/call.m4a"):
        shown = run("show", name)
        assert shown.exit_code == 0, shown.output
        text = " ".join(shown.output.split())
        assert f"{number} call.m4a state done (1 decision)" in text
        assert "DEC-0007" in text
        assert [word for word in ("taken in", "begun: w", "done") if word not in text] == []
    told = json.loads(run("show", str(number), "--json").stdout)
    assert told["files"] == {"md": str(path.with_suffix(".memo.md"))}
    assert [event["what"] for event in told["history"]] == ["taken in", "begun", "done"]


def test_what_is_on_the_shelf_is_told_by_its_path_here(
    book: Book, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number,) = taken_in(book, Path("calls/mon.m4a"), machine=None)
    monkeypatch.setenv("MEMO_SHELF", str(tmp_path / "shelf"))
    told = json.loads(run("show", str(number), "--json").stdout)
    assert (told["machine"], told["file"]) == (None, str(tmp_path / "shelf/calls/mon.m4a"))
    assert run("show", "shelf/calls/mon.m4a").exit_code == 0


def test_jobs_are_tried_again_and_given_up(book: Book, run: Run, tmp_path: Path) -> None:
    one, two, three = taken_in(book, *(tmp_path / name for name in ("1.m4a", "2.m4a", "3.m4a")))
    ended(book, one, state=State.FAILED, reason="no sound")
    ended(book, two, state=State.FAILED, reason="no sound")
    again = run("retry", "1.m4a")
    assert again.stdout == f"{one}  1.m4a: will be tried again\n"
    assert run("retry", "--failed").stdout == f"{two}  2.m4a: will be tried again\n"
    assert "nothing has failed" in run("retry", "--failed").stderr
    assert "is queued already" in run("retry", str(three)).stderr
    given_up = run("cancel", str(three), str(one))
    assert given_up.stdout.count("is given up") == 2
    assert "is cancelled already" in run("cancel", str(three)).stderr
    assert {job.id: job.state for job in book.jobs()} == {
        one: State.CANCELLED,
        two: State.QUEUED,
        three: State.CANCELLED,
    }


def test_what_is_no_job_is_said(run: Run) -> None:
    assert run("list").stdout == ""
    assert "nothing was taken in yet" in run("list").stderr
    for words in (["show", "99"], ["retry", "gone.m4a"], ["cancel", "9" * 40], ["retry"],
                  ["retry", "1", "--failed"], ["list", "--state", "held"]):  # fmt: skip
        refused = run(*words)
        assert refused.exit_code == ExitCode.USAGE, words
        assert refused.stdout == ""
    assert "there is no job 99; `memo jobs list` shows" in run("show", "99").stderr


def test_hostile_names_and_reasons_are_harmless(book: Book, run: Run, tmp_path: Path) -> None:
    (number,) = taken_in(book, tmp_path / "x\x1b[31m\nDONE.m4a")
    ended(book, number, state=State.FAILED, reason="a\x1b[2Jb\nc " + "long" * 40)
    output = run("list").output + run("show", str(number)).output
    assert "\x1b" not in output
    assert "\nDONE" not in output
    assert "\nc" not in output
