"""What is said of an error; and that work in another thread is as good as in this one."""

from __future__ import annotations

import _thread
import threading
import time

import pytest

from memo.cli.failures import report, trace
from memo.cli.interruption import interruptible
from memo.errors import ExitCode, OutputError, told

SAID = "the words of a call"


def bug() -> None:
    raise ValueError(SAID)


def caught_bug() -> Exception:
    try:
        bug()
    except ValueError as error:
        return error
    raise AssertionError


def test_a_bug_is_named_with_its_place_and_without_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = caught_bug()
    assert report(error) is ExitCode.INTERNAL
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("memo: error: this is a bug in memo: ValueError (bug, line ")
    assert "memo --verbose" in err
    assert SAID not in err


def test_a_trace_shows_the_causes_but_no_foreign_words() -> None:
    error = OutputError("the disk is full")
    error.__cause__ = caught_bug()
    lines = list(trace(error))
    assert lines[-1] == "OutputError: the disk is full"
    assert any(line.endswith("in bug") for line in lines)
    assert SAID not in "".join(lines)


def test_an_error_of_memos_own_is_told_in_its_words() -> None:
    assert told(OutputError("full", hint="Empty it.")) == ("full", "Empty it.")


def test_work_gives_its_result_or_raises_its_error() -> None:
    assert interruptible(lambda: 42) == 42
    with pytest.raises(ValueError, match=SAID):
        interruptible(bug)


def test_an_interrupt_reaches_the_work_which_tidies_up() -> None:
    begun, tidied = threading.Event(), threading.Event()

    def work() -> None:
        try:
            begun.set()
            while True:
                time.sleep(0.01)
        finally:
            tidied.set()

    def interrupt() -> None:
        begun.wait()
        _thread.interrupt_main()

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        interruptible(work)
    assert tidied.wait(5)


def test_an_interrupt_does_not_wait_for_work_that_does_not_hear_it() -> None:
    begun, over = threading.Event(), threading.Event()

    def deaf() -> None:
        begun.set()
        over.wait(30)

    def interrupt() -> None:
        begun.wait()
        _thread.interrupt_main()

    threading.Thread(target=interrupt).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interruptible(deaf)
    assert time.monotonic() - started < 10
    over.set()
