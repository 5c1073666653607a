"""What long runs say: to people, calmly; to programs, an object per line."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from memo.cli.telling import Event, Teller, log_through
from memo.cli.tidings import Tidings, under
from memo.errors import DatabaseUnavailable, ExitCode
from memo.intake.book import Book
from memo.intake.job import Arrival, Ending, Place, Request, State, instant

NOW = dt.datetime(2026, 11, 22, 14, 3, tzinfo=dt.UTC)


def teller(**how: bool) -> Teller:
    return Teller(**how, now=lambda: NOW)


# --- Telling ------------------------------------------------------------------------------------


def test_a_full_stdout_does_not_end_a_long_run_and_is_told_in_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        says = teller()
        for name in ("a.m4a: 1 decision", "b.m4a: 2 decisions"):
            says.tell(Event("done", [name], is_result=True))
    assert says.exit_code == ExitCode.OUTPUT
    assert capsys.readouterr().err.count("memo: error: cannot write to the standard output") == 1


def test_results_go_to_stdout_and_all_else_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    says = teller()
    says.tell(Event("done", ["call.m4a: 1 decision", "call.memo.md"], is_result=True))
    says.tell(Event("taken in", ["b.m4a: taken in\x1b[2J"]))
    says.tell(Event("only for programs"))
    told = capsys.readouterr()
    assert told.out == "14:03 call.m4a: 1 decision\n      call.memo.md\n"
    assert told.err == "14:03 b.m4a: taken in[2J\n"


def test_quiet_says_results_and_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    says = teller(quiet=True)
    says.tell(Event("taken in", ["b.m4a: taken in"]))
    says.tell(Event("waiting", ["b.m4a: waits"], "warning"))
    says.tell(Event("done", ["b.m4a: done"], is_result=True))
    told = capsys.readouterr()
    assert (told.out, told.err) == ("14:03 b.m4a: done\n", "14:03 b.m4a: waits\n")


@pytest.mark.parametrize("to_stdout", [True, False])
def test_programs_get_an_object_per_line(
    capsys: pytest.CaptureFixture[str], *, to_stdout: bool
) -> None:
    says = teller(as_json=True, to_stdout=to_stdout, quiet=True)
    says.status("never shown")
    says.tell(Event("taken in", about={"job": 3, "file": "a\nb é"}))
    says.tell(Event("failed", ["x"], "error", is_result=True))
    told = capsys.readouterr()
    lines = (told.out if to_stdout else told.err).splitlines()
    assert (told.err if to_stdout else told.out) == ""
    first, second = map(json.loads, lines)
    assert first == {
        "at": "2026-11-22T14:03:00.000+00:00", "level": "info", "event": "taken in", "job": 3,
        "file": "a\nb é",
    }  # fmt: skip
    assert (second["level"], second["event"]) == ("error", "failed")


def test_what_modules_log_goes_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    log_through(teller(as_json=True), verbose=False)
    log = logging.getLogger("memo.intake.somewhere")
    log.info("not worth it")
    log.warning("the shelf is %s", "gone")
    try:
        int("what somebody said in a meeting")
    except ValueError:
        log.exception("a look failed")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["level"], first["message"]) == (
        "log",
        "warning",
        "the shelf is gone",
    )
    assert first["logger"] == "memo.intake.somewhere"
    assert second["level"] == "error"
    assert "ValueError" in second["trace"][-1]
    assert "somebody said" not in json.dumps(second)


def test_the_bottom_line_gives_way_to_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    says = teller()
    says.status("a.m4a: transcribing 10%")
    says.status("a.m4a: transcribing 10%")
    says.tell(Event("taken in", ["b.m4a: taken in"]))
    says.status("")
    clear = "\r\x1b[K"
    assert terminal.getvalue() == (
        f"{clear}a.m4a: transcribing 10%{clear}14:03 b.m4a: taken in\n"
        f"{clear}a.m4a: transcribing 10%{clear}"
    )


# --- Tidings ------------------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with Book(f"sqlite:///{tmp_path / 'decisions.db'}") as opened:
        yield opened


@pytest.fixture
def heard(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """Return what was told since, to both streams, without the time."""

    def lines() -> list[str]:
        told = capsys.readouterr()
        return [line[6:] for line in (told.out + told.err).splitlines()]

    return lines


def take_in(book: Book, *paths: str, content: str = "") -> list[int]:
    arrivals = [
        Arrival(
            place=Place.on("here", Path(path)), signature="1", filename=Path(path).name,
            recording_sha256=f"{(content or path).encode().hex():0>64}"[-64:],
            key=f"{(content or path).encode().hex():0>64}"[-64:], request=Request(settings={}),
        )
        for path in paths
    ]  # fmt: skip
    return [taken.job_id for taken in book.take_in(arrivals)]


def end(book: Book, *numbers: int, attempt: int = 1, **how: object) -> None:
    for number in numbers:
        assert book.begin(number, attempt, "w")
        assert book.end(number, attempt, "w", Ending.model_validate(how))


def tidings(book: Book, says: Teller, folders: Sequence[str] = ("/calls",)) -> Tidings:
    places = [Place.on("here", Path(folder)) for folder in folders]
    made = Tidings(lambda: book, says, timezone="UTC", shelf=None, concerns=under(places))
    made.look()
    return made


def test_each_recording_is_told_when_it_comes_and_when_it_ends(
    book: Book, heard: Callable[[], list[str]]
) -> None:
    take_in(book, "/calls/before.m4a")
    news = tidings(book, teller())
    (one, two) = take_in(book, "/calls/a.m4a", "/calls/b.m4a")
    take_in(book, "/calls-of-others/c.m4a")
    take_in(book, "/calls/copy.m4a", content="/calls/a.m4a")
    news.look()
    assert heard() == [
        f"a.m4a: taken in, job {one}", f"b.m4a: taken in, job {two}",
        f"/calls/copy.m4a: holds the same as a.m4a, job {one}",
    ]  # fmt: skip
    end(book, one, state=State.DONE, results={"numbers": ["DEC-0001", "QUE-0001"]})
    end(book, two, state=State.FAILED, reason="b.m4a holds no sound", hint="Ask.", exit_code=4)
    news.look()
    assert heard() == [
        "a.m4a: 1 decision, 1 open question", "b.m4a: failed: b.m4a holds no sound", "→ Ask.",
    ]  # fmt: skip
    assert (news.exit_code, news.ended[State.DONE], news.ended[State.FAILED]) == (4, 1, 1)
    news.look()
    assert heard() == []


def test_a_wait_is_told_once_until_its_reason_changes(
    book: Book, heard: Callable[[], list[str]]
) -> None:
    news = tidings(book, teller())
    (one,) = take_in(book, "/calls/a.m4a")
    about = {"state": State.WAITING, "hint": "Start it.", "not_before": instant()}
    for attempt, reason in enumerate(("no model", "no model", "the disk is full"), 1):
        end(book, one, attempt=attempt, reason=reason, **about)
        news.look()
        assert book.due("here", longest_wait=dt.timedelta(hours=2))
    told = heard()
    assert told[0] == f"a.m4a: taken in, job {one}"
    assert [line for line in told if "waits" in line] == [
        "a.m4a: waits: no model", "a.m4a: waits: the disk is full",
    ]  # fmt: skip
    assert told.count("→ Start it.") == 2


def test_many_that_wait_for_one_reason_are_one_line(
    book: Book, heard: Callable[[], list[str]]
) -> None:
    news = tidings(book, teller())
    numbers = take_in(book, *(f"/calls/{number}.m4a" for number in range(40)))
    news.look()
    assert heard() == ["0.m4a and 39 more: taken in"]
    end(book, *numbers, state=State.WAITING, reason="no model", hint="", not_before=instant())
    news.look()
    (line,) = heard()
    assert line == "40 recordings wait: no model"


def test_progress_is_told_now_and_then(book: Book, heard: Callable[[], list[str]]) -> None:
    news = tidings(book, teller())
    (one,) = take_in(book, "/calls/a.m4a")
    book.begin(one, 1, "w")
    for share in (0.0, 0.1, 0.2, 0.3, 0.31, 0.6, 1.0):
        book.tell(one, 1, "w", "transcribing", share)
        news.look()
    book.tell(one, 1, "w", "writing", None)
    news.look()
    assert [line for line in heard() if "taken in" not in line] == [
        "a.m4a: transcribing 0%", "a.m4a: transcribing 30%", "a.m4a: transcribing 60%",
        "a.m4a: transcribing 100%", "a.m4a: writing",
    ]  # fmt: skip


def test_a_database_that_is_away_is_told_once_and_nothing_is_missed(
    book: Book, heard: Callable[[], list[str]]
) -> None:
    class Away(Book):
        is_away = False

        def news(self, after: int | None, *, limit: int = 500):  # type: ignore[no-untyped-def] # noqa: ANN202
            if self.is_away:
                raise DatabaseUnavailable("the database does not answer", hint="Wait.")
            return super().news(after, limit=limit)

    away = Away(str(book._database._engine.url))
    news = tidings(away, teller())
    away.is_away = True
    news.look()
    news.look()
    assert news.trouble == "the database does not answer"
    (one,) = take_in(book, "/calls/a.m4a")
    away.is_away = False
    news.look()
    assert heard() == [
        "memo: warning: the database does not answer", "→ Wait.",
        f"a.m4a: taken in, job {one}", "the database answers again",
    ]  # fmt: skip
    assert news.trouble == ""
    news.close()
