"""`memo catchup` as a person or a script meets it."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from docx import Document

from memo.cli import main
from memo.decision_log.log import DecisionLog
from memo.errors import ExitCode
from memo.model import (
    ActionItem,
    Coverage,
    Decision,
    Evidence,
    Memo,
    Participant,
    Provenance,
    Recording,
    Verdict,
)

NOW = dt.datetime.now(dt.UTC)
HOUR = dt.timedelta(hours=1)
Run = Callable[..., Result]
WORDS = (Evidence(start=62, end=65, speaker="Ana", quote="so be it", score=1),)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MEMO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MEMO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MEMO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("MEMO_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("MEMO_CONFIG", os.devnull)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run() -> Run:
    def call(*words: object) -> Result:
        return CliRunner().invoke(main, ["catchup", *map(str, words)], catch_exceptions=False)

    return call


def record(statement: str, *, call: str = "call", folder: Path | None = None) -> None:
    """Log the memo of a call that was held an hour ago."""
    memo = Memo(
        title="Weekly call",
        started_at=NOW - HOUR,
        timezone="Asia/Tokyo",
        language="en",
        duration=3600,
        recording=Recording(filename="call.m4a", sha256=hashlib.sha256(call.encode()).hexdigest()),
        participants=(Participant(name="Ana Ruiz"), Participant(name="Bo Li")),
        decisions=(
            Decision(
                id="D1", verdict=Verdict.SUPPORTED, confidence=0.9, evidence=WORDS,
                statement=statement, rationale="it is cheaper",
            ),
        ),
        action_items=(
            ActionItem(
                id="A1", verdict=Verdict.SUPPORTED, confidence=0.9, evidence=WORDS,
                task=f"Tell everybody: {statement}", owner="Ana Ruiz", due=dt.date(2020, 1, 2),
            ),
        ),
        coverage=Coverage(audio_seconds=3600, speech_seconds=3000, analysed_seconds=3600),
        provenance=Provenance(
            memo_version="0.1.0", asr_model=None, language_model="rules",
            prompts_sha256="0" * 64, created_at=NOW,
        ),
    )  # fmt: skip
    path = Path("data/decisions.db").absolute()
    path.parent.mkdir(exist_ok=True)
    with DecisionLog(f"sqlite:///{path}") as log:
        log.record(memo, now=NOW, memo_path=(folder or Path()).absolute() / "call.memo.md")


def test_it_says_what_is_new_once(run: Run) -> None:
    record("Use tabs")
    first = run()
    assert first.exit_code == 0
    assert first.stdout.startswith("# What changed since ")
    assert "**DEC-0001** Use tabs · [1:02](call.memo.md#t=62)" in first.stdout
    assert "*Why:* it is cheaper" in first.stdout
    again = run()
    assert again.stdout.startswith("Nothing new since ")
    assert len(again.stdout.splitlines()) == 1
    record("Use spaces", call="other")
    assert "Use spaces" in run().stdout


def test_peeking_and_moments_are_not_remembered(run: Run) -> None:
    record("Use tabs")
    for words in (["--peek"], ["--since", "yesterday"], ["--since", "ever"]):
        assert "Use tabs" in run(*words).stdout
    assert "Use tabs" in run().stdout


def test_readers_are_told_apart_by_name(run: Run) -> None:
    record("Use tabs")
    assert "Use tabs" in run("--for", "Ana").stdout
    assert run("--for", " ANA ").stdout.startswith("Nothing new since ")
    assert "1 open action is yours. 1 is overdue." in run("--for", "Ana").stdout
    assert "Use tabs" in run("--for", "Bo").stdout
    assert "## Yours: Ana Ruiz" in run("--for", "Ana", "--since", "ever").stdout


def test_what_could_not_be_written_was_not_read(run: Run, tmp_path: Path) -> None:
    record("Use tabs")
    (tmp_path / "digest.md").mkdir()
    failed = run("--out", tmp_path / "digest.md" / "x" / "\0")
    assert failed.exit_code != 0
    assert "Use tabs" in run().stdout


def test_a_reader_who_closes_the_pipe_has_not_read(run: Run) -> None:
    record("Use tabs")
    read, write = os.pipe()
    os.close(read)
    code = "from memo.cli import main; main(['catchup', '--format', 'md'])"
    done = subprocess.run([sys.executable, "-c", code], stdout=write, stderr=-1, check=False)
    os.close(write)
    assert b"Traceback" not in done.stderr
    assert "Use tabs" in run().stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "the other day"], "2 weeks ago"),
        (["--since", "2999-01-01"], "lies in the future"),
        (["--since", ""], "2 weeks ago"),
        (["--tz", "Mars/Base"], "Europe/Berlin"),
        (["--tz", "../../etc/passwd"], "Europe/Berlin"),
        (["--length", "long"], "brief"),
        (["--format", "pdf"], "docx"),
        (["--out", "."], "directory"),
    ],
)
def test_what_is_not_understood_leaves_with_2_and_an_example(
    run: Run, words: list[str], said: str
) -> None:
    done = run(*words)
    assert done.exit_code == ExitCode.USAGE
    assert said in done.stderr
    assert done.stdout == ""


def test_each_form_is_written_and_told_by_the_files_name(run: Run, tmp_path: Path) -> None:
    record("Use tabs", folder=tmp_path / "memos")
    for name in ("a.md", "b.docx", "c.html", "d.json", "new/e.htm", "plain"):
        done = run("--since", "ever", "--out", name)
        assert (done.exit_code, done.stdout) == (0, ""), name
        assert f"written to {name}" in done.stderr
    assert "[1:02](memos/call.memo.md#t=62)" in Path("a.md").read_text(encoding="utf-8")
    assert 'href="../memos/call.memo.md#t=62"' in Path("new/e.htm").read_text(encoding="utf-8")
    assert json.loads(Path("d.json").read_bytes())["decided"][0]["number"] == "DEC-0001"
    assert "# What changed" not in Path("c.html").read_text(encoding="utf-8")
    document = Document(str(tmp_path / "b.docx"))
    assert any("Use tabs" in paragraph.text for paragraph in document.paragraphs)
    assert Path("plain").read_text(encoding="utf-8").startswith("# What the decision log holds")


def test_word_gets_a_name_if_none_is_given(run: Run, tmp_path: Path) -> None:
    record("Use tabs")
    assert run("--since", "ever", "--format", "docx").exit_code == 0
    (made,) = tmp_path.glob("catchup-????-??-??.docx")
    assert Document(io.BytesIO(made.read_bytes())).core_properties.author == "memo"


def test_it_is_written_in_the_language_and_on_the_clocks_that_are_asked_for(run: Run) -> None:
    record("Use tabs")
    told = run("--since", "ever", "--memo-language", "de", "--tz", "Asia/Tokyo").stdout
    assert "## Neu entschieden" in told
    assert "(Asia/Tokyo)" in told
    assert "Europe/Berlin" not in told
    assert "Asia/Tokyo" in run("--since", "ever").stdout  # the meeting's own, beside Berlin's


def test_a_digest_is_sent_if_there_is_something_in_it(run: Run, tmp_path: Path) -> None:
    record("Use tabs")
    place = tmp_path / "inbox" / "digest.md"
    sent = run("--send", f"file:{place}")
    assert (sent.exit_code, sent.stdout) == (0, "")
    assert "Use tabs" in place.read_text(encoding="utf-8")
    place.unlink()
    nothing = run("--send", f"file:{place}")
    assert nothing.exit_code == 0
    assert "Nothing new since" in nothing.stderr
    assert not place.exists()
    assert run("--send", f"file:{place}", "--even-if-empty").exit_code == 0
    assert place.read_text(encoding="utf-8").startswith("Nothing new since")


def test_a_schedule_says_what_to_run_and_reads_nothing(run: Run) -> None:
    record("Use tabs")
    lines = run("--for", "Ana", "--length", "brief", "--schedule", "weekdays 08:30").stdout
    assert "catchup" in lines
    assert "--for=Ana" in lines
    assert "Use tabs" in run("--for", "Ana").stdout


def test_a_terminal_gets_text_in_its_width(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    record(
        "Use tabs and never again spaces, wherever there may be a place for the one or the other"
    )
    monkeypatch.setattr("memo.cli.catchup.shown_to_a_person", lambda: True)
    monkeypatch.setenv("COLUMNS", "50")
    told = run("--since", "ever").stdout
    assert "Use tabs" in told
    assert "**" not in told
    assert "](" not in told
    assert max(map(len, told.splitlines())) <= 50
