"""`memo convert` goes by the workflow of watched folders, and nobody notices."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import traceback
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Never

import pytest

from memo.decision_log.log import DecisionLog
from memo.errors import LanguageModelUnavailable, MissingDependencyError, OutputError
from memo.extraction import load_prompts
from memo.intake.alone import FILE, convert_alone
from memo.pipeline import Job, Tools
from memo.ports import Transcriber, silent

TALK = """WEBVTT

00:00:01.000 --> 00:00:05.000
<v Ann>Should we move the launch to Friday?

00:00:05.000 --> 00:00:11.000
<v Bo>Yes, agreed. We decided to move the launch to Friday because the tests are red.
"""


class Down:
    """A language model that cannot be reached."""

    name = "down"
    context_tokens = 8192

    def count_tokens(self, text: str) -> int:
        return len(text)

    def complete(self, **_question: object) -> Never:
        raise LanguageModelUnavailable("the endpoint cannot be reached", hint="Start it.")

    choose = complete


def refuse() -> nullcontext[Transcriber]:
    raise AssertionError("a transcript is not listened to")


@pytest.fixture
def call(tmp_path: Path) -> Path:
    path = tmp_path / "calls" / "call.vtt"
    path.parent.mkdir()
    path.write_text(TALK, encoding="utf-8")
    return path


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(
        transcriber=refuse,
        transcriber_key="base",
        model=None,
        model_key="none",
        small=False,
        fetch=lambda _needs_asr: None,
        prompts=load_prompts(),
        log=lambda: DecisionLog(f"sqlite:///{tmp_path}/log.db"),
        work=tmp_path / "work",
        version="1",
        now=lambda: dt.datetime(2026, 3, 5, tzinfo=dt.UTC),
    )


def job(path: Path) -> Job:
    return Job(path=path, timezone="Europe/Berlin")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


RESULTS = {"call.vtt", "call.memo.md", "call.memo.docx", "call.memo.json", "call.transcript.vtt"}


def test_a_recording_is_converted_once(call: Path, tools: Tools) -> None:
    first = convert_alone(job(call), tools, silent)
    assert not first.was_done
    assert names(call.parent) == RESULTS
    assert (tools.work / FILE).is_file()
    second = convert_alone(job(call), tools, silent)
    assert second.was_done
    assert second.memo == first.memo


def test_what_is_converted_already_loads_no_workflows(call: Path, tools: Tools) -> None:
    convert_alone(job(call), tools, silent)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from memo.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as left:\n    assert not left.code\n"
        "assert 'dbos' not in sys.modules, 'dbos'\n"
    )
    folder = call.parent.parent / "home"
    words = [sys.executable, "-c", code, "convert", str(call), "--llm", "none"]
    environment = {"MEMO_DATA_DIR": str(folder / "data"), "MEMO_CACHE_DIR": str(folder / "cache")}
    first = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert "AssertionError: dbos" in first.stderr
    again = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "nothing to do" in again.stdout


def test_an_error_comes_out_as_it_went_in(call: Path, tools: Tools) -> None:
    down = replace(tools, model=lambda: nullcontext(Down()), model_key="down")
    with pytest.raises(LanguageModelUnavailable) as raised:
        convert_alone(job(call), down, silent)
    error = raised.value
    assert str(error).startswith("the endpoint cannot be reached; the transcript is in ")
    assert isinstance(error.__cause__, LanguageModelUnavailable)
    frames = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    assert not any("dbos" in frame for frame in frames)
    assert names(call.parent) == {"call.vtt", "call.transcript.vtt"}


def test_a_model_that_is_missing_is_told_before_anybody_listens(call: Path, tools: Tools) -> None:
    def fetch(_needs_asr: bool) -> None:  # noqa: FBT001
        raise MissingDependencyError("qwen is not installed")

    with pytest.raises(MissingDependencyError, match=r"^qwen is not installed$"):
        convert_alone(job(call), replace(tools, fetch=fetch), silent)
    assert names(call.parent) == {"call.vtt"}


def test_an_interrupt_ends_it_and_the_next_run_goes_on(call: Path, tools: Tools) -> None:
    def interrupt() -> Never:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_alone(job(call), replace(tools, model=interrupt, model_key="m"), silent)
    assert not convert_alone(job(call), tools, silent).was_done
    assert names(call.parent) == RESULTS


@pytest.mark.parametrize("strange", ["folder", "rubbish", "another program's"])
def test_workflows_that_cannot_be_kept_take_nothing_away(
    call: Path, tools: Tools, strange: str
) -> None:
    tools.work.mkdir(parents=True)
    file = tools.work / FILE
    if strange == "folder":
        file.mkdir()
    else:
        file.write_bytes(b"no database" * 100 if strange == "rubbish" else b"SQLite format 3\0")
    assert not convert_alone(job(call), tools, silent).was_done
    assert names(call.parent) == RESULTS


def test_a_cache_that_cannot_be_written_is_told_as_ever(call: Path, tools: Tools) -> None:
    tools.work.parent.joinpath("file").write_bytes(b"")
    nowhere = replace(tools, work=tools.work.parent / "file" / "work")
    with pytest.raises(OutputError, match="cannot keep finished work in"):
        convert_alone(job(call), nowhere, silent)
