"""The order of things, with real parts except the models: a transcript in, rules to read it."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Never
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.decision_log.log import DecisionLog
from memo.errors import (
    DecisionLogError,
    LanguageModelUnavailable,
    MemoError,
    OutputError,
    RecordingError,
    RecordingUnavailable,
)
from memo.extraction import load_prompts
from memo.model import Media, Memo
from memo.pipeline import Job, Outcome, Tools, convert, parse_instant
from memo.pipeline.meeting import FROM_FILE_NAME_DAY, FROM_FILE_TIME, meeting_of, title_from
from memo.ports import LanguageModel, Transcriber, silent

BERLIN = ZoneInfo("Europe/Berlin")
TALK = """WEBVTT

00:00:01.000 --> 00:00:05.000
<v Ann>Should we move the launch to Friday?

00:00:05.000 --> 00:00:11.000
<v Bo>Yes, agreed. We decided to move the launch to Friday because the tests are red.

00:00:11.000 --> 00:00:15.000
<v Ann>Okay, I'll tell the customers by Wednesday.

00:00:15.000 --> 00:00:19.000
<v Bo>Do we know whether the press was told? I don't know, they haven't replied.
"""


def refuse() -> nullcontext[Transcriber]:
    raise AssertionError("a transcript is not listened to")


class Clock:
    """Time that passes: a second with each look."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


class Down:
    """A language model that cannot be reached."""

    name = "down"
    context_tokens = 8192

    def count_tokens(self, text: str) -> int:
        return len(text)

    def complete(self, **_question: object) -> Never:
        raise LanguageModelUnavailable("the endpoint cannot be reached", hint="Start it.")

    choose = complete


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
        now=Clock(),
    )


@pytest.fixture
def call(tmp_path: Path) -> Path:
    path = tmp_path / "calls" / "2026-03-04 10.30 weekly_call.vtt"
    path.parent.mkdir()
    path.write_text(TALK, encoding="utf-8")
    return path


def job(path: Path, **about: object) -> Job:
    return replace(Job(path=path, timezone="Europe/Berlin"), **about)  # type: ignore[arg-type]


def run(tools: Tools, path: Path, **about: object) -> Outcome:
    return convert(job(path, **about), tools, silent)


def entries(tools: Tools) -> list[str]:
    assert tools.log is not None
    with tools.log() as log:
        return [entry.number for entry in log.entries(withdrawn=True)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- The whole way ------------------------------------------------------------------------------


def test_a_transcript_becomes_files_and_log_entries(tools: Tools, call: Path) -> None:
    outcome = run(tools, call)
    base = "2026-03-04 10.30 weekly_call"
    assert {name: path.name for name, path in outcome.files.items()} == {
        "md": f"{base}.memo.md",
        "docx": f"{base}.memo.docx",
        "json": f"{base}.memo.json",
        "vtt": f"{base}.transcript.vtt",
    }
    assert all(path.parent == call.parent and path.is_file() for path in outcome.files.values())
    memo = Memo.model_validate_json(outcome.files["json"].read_bytes())
    assert memo == outcome.memo
    assert memo.title == "weekly call"
    assert memo.started_at == dt.datetime(2026, 3, 4, 10, 30, tzinfo=BERLIN)
    assert [d.evidence[0].speaker for d in memo.decisions] == ["Bo"]
    assert memo.action_items[0].due == dt.date(2026, 3, 11)
    assert outcome.recorded == outcome.new == ("DEC-0001", "ACT-0001")
    assert call.read_text(encoding="utf-8") == TALK


def test_a_repeated_conversion_changes_nothing(tools: Tools, call: Path) -> None:
    first = run(tools, call)
    before = contents(call.parent)
    again = run(tools, call)
    assert (first.was_done, again.was_done) == (False, True)
    assert (again.memo, again.files) == (first.memo, first.files)
    assert contents(call.parent) == before
    assert entries(tools) == ["DEC-0001"]
    assert again.new == ()


@pytest.mark.parametrize(
    "about",
    [
        {"force": True},
        {"title": "Another name"},
        {"attendees": ("Cy",)},
        {"timezone": "UTC"},
        {"started_at": dt.datetime(2026, 3, 3, tzinfo=dt.UTC)},
        {"formats": ("md",)},
    ],
    ids=str,
)
def test_what_changes_a_memo_converts_again_and_logs_nothing_twice(
    tools: Tools, call: Path, about: dict[str, object]
) -> None:
    run(tools, call)
    again = run(tools, call, **about)
    assert not again.was_done
    assert again.kept == ()
    assert entries(tools) == ["DEC-0001"]


def test_the_language_of_a_transcript_can_be_said(tools: Tools, call: Path) -> None:
    assert run(tools, call).memo.language == "en"
    german = run(tools, call, language="de")
    assert (german.was_done, german.memo.language, german.memo.decisions) == (False, "de", ())


def test_another_model_or_version_converts_again(tools: Tools, call: Path) -> None:
    run(tools, call)
    assert not run(replace(tools, version="2"), call).was_done
    assert not run(replace(tools, model_key="other"), call).was_done


def test_another_memo_language_is_another_memo_and_the_same_decisions(
    tools: Tools, call: Path
) -> None:
    english = run(tools, call)
    german = run(tools, call, memo_language="de")
    assert not german.was_done
    assert (german.memo.language, german.memo.memo_language) == ("en", "de")
    assert (german.recorded, german.new) == (english.recorded, ())
    rendered = german.files["md"].read_text(encoding="utf-8")
    assert "## Entscheidungen" in rendered
    assert "bleibt in der gesprochenen Sprache (Englisch)" in rendered
    assert german.files["vtt"].read_bytes() == english.files["vtt"].read_bytes()
    assert run(tools, call, memo_language="de").was_done


def test_only_the_wanted_formats_are_written(tools: Tools, call: Path, tmp_path: Path) -> None:
    outcome = run(tools, call, formats=("json", "md"), folder=tmp_path / "new" / "out")
    assert list(outcome.files) == ["md", "json"]
    assert len(contents(tmp_path / "new" / "out")) == 2
    page = outcome.files["md"].read_text(encoding="utf-8")
    assert "../../calls/2026-03-04%2010.30%20weekly_call.vtt#t=5" in page


def test_a_missing_result_is_written_again(tools: Tools, call: Path) -> None:
    files = run(tools, call).files
    files["docx"].unlink()
    assert not run(tools, call).was_done
    assert files["docx"].is_file()


def test_a_lost_log_is_filled_again(tools: Tools, call: Path, tmp_path: Path) -> None:
    run(tools, call)
    for path in tmp_path.glob("log.db*"):
        path.unlink()
    assert run(tools, call).was_done
    assert entries(tools) == ["DEC-0001"]


def test_a_log_can_be_done_without(tools: Tools, call: Path, tmp_path: Path) -> None:
    assert run(replace(tools, log=None), call).recorded == ()
    assert not (tmp_path / "log.db").exists()


# --- Nothing of anybody's is lost ---------------------------------------------------------------


def test_what_somebody_edited_is_kept_beside_the_new_file(tools: Tools, call: Path) -> None:
    page = run(tools, call).files["md"]
    page.write_text("my notes", encoding="utf-8")
    again = run(tools, call)
    assert [path.read_text(encoding="utf-8") for path in again.kept] == ["my notes"]
    assert [path.name for path in again.kept] == [f"{page.name}.bak"]
    assert page.read_text(encoding="utf-8").startswith("---")
    page.write_text("more notes", encoding="utf-8")
    assert [path.name for path in run(tools, call).kept] == [f"{page.name}.bak2"]
    assert (page.parent / f"{page.name}.bak").read_text(encoding="utf-8") == "my notes"


def test_two_recordings_of_one_name_have_two_memos(tools: Tools, call: Path) -> None:
    other = call.with_suffix(".srt")
    other.write_text("1\n00:00:01,000 --> 00:00:02,000\nAnn: Hello there.\n", encoding="utf-8")
    first, second = run(tools, call), run(tools, other)
    assert second.files["md"].name == f"{other.name}.memo.md"
    assert Memo.model_validate_json(first.files["json"].read_bytes()) == first.memo
    assert run(tools, call).was_done
    assert run(tools, other).was_done


@pytest.mark.parametrize("formats", [("md",), ("vtt",), ("docx",), ("md", "json")], ids=str)
def test_two_recordings_of_one_name_in_one_folder_do_not_meet(
    tools: Tools, call: Path, tmp_path: Path, formats: tuple[str, ...]
) -> None:
    others = []
    for number in range(3):
        other = tmp_path / str(number) / call.name
        other.parent.mkdir()
        other.write_text(f"{TALK}\n\n00:01:00.000 --> 00:01:01.000\n<v Ann>Number {number}.\n")
        others.append(other)
    outcomes = [run(tools, path, folder=tmp_path / "out", formats=formats) for path in others]
    assert len({path for outcome in outcomes for path in outcome.files.values()}) == len(
        formats
    ) * len(others)
    assert all(outcome.kept == () for outcome in outcomes)
    assert all(
        run(tools, path, folder=tmp_path / "out", formats=formats).was_done for path in others
    )


def test_a_transcript_that_somebody_else_wrote_is_left_alone(tools: Tools, call: Path) -> None:
    theirs = call.with_name(f"{call.stem}.transcript.vtt")
    theirs.write_text("WEBVTT\n\ntheirs", encoding="utf-8")
    outcome = run(tools, call)
    assert theirs.read_text(encoding="utf-8") == "WEBVTT\n\ntheirs"
    assert outcome.files["vtt"] != theirs
    assert outcome.kept == ()


def test_a_result_never_takes_the_place_of_its_input(tools: Tools, call: Path) -> None:
    source = call.with_name("call.transcript.vtt")
    shutil.copy(call, source)
    outcome = run(tools, source)
    assert source.read_text(encoding="utf-8") == TALK
    assert source not in outcome.files.values()
    assert outcome.memo.title == "call"
    assert run(tools, source).was_done


def test_results_are_known_again_after_the_cache_was_cleaned(
    tools: Tools, call: Path, tmp_path: Path
) -> None:
    before = run(tools, call)
    shutil.rmtree(tmp_path / "work")
    again = run(tools, call)
    assert again.files == before.files
    assert len(again.kept) == len(before.files)  # nobody knows whether they were edited


@pytest.mark.parametrize("where", ["file/memos", "long" * 100])
def test_a_place_that_cannot_be_is_said(tools: Tools, call: Path, where: str) -> None:
    (call.parent / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        run(tools, call, folder=call.parent / where)


def test_a_folder_in_the_way_is_walked_around(tools: Tools, call: Path) -> None:
    (call.parent / f"{call.stem}.memo.md").mkdir()
    assert run(tools, call).files["md"].name == f"{call.name}.memo.md"


def test_a_name_that_is_no_text_is_no_hindrance(tools: Tools, call: Path) -> None:
    strange = Path(os.fsdecode(os.fsencode(call.parent) + b"/caf\xe9\n[red].vtt"))
    shutil.copy(call, strange)
    outcome = run(tools, strange)
    assert all(path.is_file() for path in outcome.files.values())
    assert run(tools, strange).was_done


# --- Failure halfway ----------------------------------------------------------------------------


def broken_log() -> DecisionLog:
    raise DecisionLogError("the log is read-only")


def test_no_file_appears_when_the_log_refuses(tools: Tools, call: Path) -> None:
    with pytest.raises(DecisionLogError):
        run(replace(tools, log=broken_log), call)
    assert list(contents(call.parent)) == [call.name]
    assert run(tools, call).new == ("DEC-0001", "ACT-0001")


def test_a_run_that_died_before_its_files_appeared_is_completed(
    tools: Tools, call: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memo.pipeline import conversion

    def die(_files: object, **_: object) -> None:
        raise OutputError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(conversion, "write_outputs", die)
        with pytest.raises(OutputError):
            run(tools, call)
    again = run(tools, call)
    assert not again.was_done
    assert again.kept == ()
    assert entries(tools) == ["DEC-0001"]


def test_a_run_that_died_after_its_files_appeared_takes_them_for_its_own(
    tools: Tools, call: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memo.pipeline.outputs import Ledger

    def die(_ledger: Ledger, _files: object) -> None:
        raise OutputError("the power failed")

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "settle", die)
        with pytest.raises(OutputError):
            run(tools, call)
    again = run(tools, call)
    assert again.kept == ()
    assert sorted(contents(call.parent)) == sorted(
        [call.name, *(path.name for path in again.files.values())]
    )


def test_a_run_that_died_again_and_again_before_its_files_appeared_takes_the_first_for_its_own(
    tools: Tools, call: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memo.pipeline import conversion

    def die(*_: object, **__: object) -> None:
        raise OutputError("the power failed")

    run(tools, call)
    with monkeypatch.context() as patched:
        patched.setattr(conversion, "write_outputs", die)
        for _ in range(3):
            with pytest.raises(OutputError):
                run(tools, call, force=True)
    assert run(tools, call, force=True).kept == ()


def test_a_dead_language_model_leaves_the_transcript_and_says_where(
    tools: Tools, call: Path
) -> None:
    def down() -> nullcontext[LanguageModel]:
        return nullcontext(Down())

    broken = replace(tools, model=down, model_key="down")
    with pytest.raises(LanguageModelUnavailable) as caught:
        run(broken, call)
    transcript = call.with_name(f"{call.stem}.transcript.vtt")
    assert f"the transcript is in {transcript}" in str(caught.value)
    assert "Start it." in (caught.value.hint or "")
    assert transcript.read_text(encoding="utf-8").startswith("WEBVTT")
    assert not call.with_name(f"{call.stem}.memo.md").exists()
    assert entries(tools) == []
    assert run(tools, call).kept == ()


def test_weights_are_asked_for_before_anything_slow(tools: Tools, call: Path) -> None:
    asked = []

    def missing(needs_asr: bool) -> None:  # noqa: FBT001
        asked.append(needs_asr)
        raise OutputError("no weights")

    with pytest.raises(OutputError):
        run(replace(tools, fetch=missing), call)
    assert asked == [False]


@pytest.mark.parametrize(
    ("name", "content"),
    [("gone.m4a", None), ("empty.m4a", b""), ("text.m4a", b"hello"), ("call.vtt", b"\0\1\2")],
)
def test_a_bad_recording_is_refused_and_nothing_is_left(
    tools: Tools, tmp_path: Path, name: str, content: bytes | None
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(RecordingError, match=name.partition(".")[0]):
        run(tools, folder / name)
    assert set(contents(folder)) <= {name}


# --- Strict ---------------------------------------------------------------------------------------


def test_strict_objects_to_what_is_not_verified(tools: Tools, call: Path) -> None:
    outcome = run(tools, call)
    assert outcome.shortcomings() == ()
    decision = outcome.memo.decisions[0].model_copy(update={"verdict": "uncertain"})
    memo = outcome.memo.model_copy(update={"decisions": (decision,)})
    (said,) = outcome.model_copy(update={"memo": memo}).shortcomings()
    assert said.startswith("1 of ")


# --- What is known of a meeting -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "instant"),
    [
        ("2026-03-04 10.30 call.m4a", "2026-03-04T10:30+01:00"),
        ("call_20260304_103015.m4a", "2026-03-04T10:30:15+01:00"),
        ("Recording 2026-07-04 at 10.30.15.m4a", "2026-07-04T10:30:15+02:00"),
        ("2026-03-04T10-30.mp4", "2026-03-04T10:30+01:00"),
        ("GMT20260304-093000_Recording_1920x1080.mp4", "2026-03-04T10:30+01:00"),
    ],
)
def test_a_date_in_the_name_is_when_it_began(tmp_path: Path, name: str, instant: str) -> None:
    path = tmp_path / name
    path.touch()
    meeting, warnings = meeting_of(path, None, timezone="Europe/Berlin")
    assert meeting.started_at == dt.datetime.fromisoformat(instant)
    assert warnings == ()


def test_who_knows_best_when_a_meeting_began_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "2026-03-04 10.30 call.m4a"
    path.touch()
    recorded = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
    said = dt.datetime(2026, 2, 1, 8, tzinfo=dt.UTC)
    media = Media(duration=1.0, channels=1, sample_rate=16000, recorded_at=recorded, title="Q")
    assert meeting_of(path, media)[0].started_at == recorded
    assert meeting_of(path, media, started_at=said)[0].started_at == said
    assert meeting_of(path, media)[0].title == "Q"
    assert meeting_of(path, media, title="Mine")[0].title == "Mine"


@pytest.mark.parametrize("name", ["call.m4a", "2026-02-31 10.30.m4a", "12026030410304.m4a"])
def test_for_want_of_better_the_files_time_is_taken_and_said(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    moment = dt.datetime(2026, 3, 4, 9, 30, tzinfo=dt.UTC)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    assert meeting_of(path, None) == (
        meeting_of(path, None, started_at=moment)[0],
        (FROM_FILE_TIME,),
    )


def test_a_day_alone_in_the_name_is_better_than_another_day_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "2026-03-04 call.m4a"
    path.touch()
    meeting, warnings = meeting_of(path, None, timezone="Europe/Berlin")
    assert meeting.started_at == dt.datetime(2026, 3, 4, tzinfo=BERLIN)
    assert warnings == (FROM_FILE_NAME_DAY,)
    moment = dt.datetime(2026, 3, 4, 9, 30, tzinfo=dt.UTC)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    assert meeting_of(path, None) == (
        meeting_of(path, None, started_at=moment)[0],
        (FROM_FILE_TIME,),
    )


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("weekly_call.m4a", "weekly call"),
        ("weekly-call.m4a", "weekly call"),
        ("Team X - follow-up.m4a", "Team X - follow-up"),
        ("2026-03-04 10.30 weekly_call.m4a", "weekly call"),
        ("2026-03-04.m4a", "2026 03 04"),
        ("call.transcript.vtt", "call"),
        ("a\nb\x1b[31m.m4a", "a b [31m"),
    ],
)
def test_a_files_name_is_made_a_title(name: str, title: str) -> None:
    assert title_from(Path(name)) == title


@given(st.text(min_size=1, max_size=60))
def test_any_name_has_a_title_of_one_printable_line(name: str) -> None:
    title = title_from(Path(name))
    assert title
    assert title.isprintable()


def test_an_instant_without_offset_is_meant_in_the_time_zone() -> None:
    assert parse_instant("2026-03-04T10:30", "Europe/Berlin").isoformat().endswith("+01:00")
    assert parse_instant("2026-03-04T10:30Z", "Europe/Berlin").utcoffset() == dt.timedelta()
    with pytest.raises(ValueError, match="tomorrow"):
        parse_instant("tomorrow", "UTC")


def test_every_error_of_a_conversion_is_one_line(tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(MemoError) as caught:
        run(tools, tmp_path / "a\nb.m4a")
    assert "\n" not in str(caught.value)
    assert json.dumps(str(caught.value))


def test_words_that_no_encoding_knows_do_not_stop_a_memo(tools: Tools, call: Path) -> None:
    outcome = run(tools, call, title="call \udcff", attendees=("Ann\udcfe",))
    assert outcome.memo.title == "call ?"


def test_a_drive_that_is_taken_away_meanwhile_is_not_written_to_where_it_was(
    tools: Tools, call: Path, tmp_path: Path
) -> None:
    def late() -> dt.datetime:  # is asked when the recording has been read
        if call.parent.exists():
            call.parent.rename(tmp_path / "away")
        return tools.now()

    with pytest.raises(RecordingUnavailable, match="not there any more"):
        run(replace(tools, now=late), call)
    assert not call.parent.exists()
    (tmp_path / "away").rename(call.parent)
    assert sorted(run(tools, call).files) == ["docx", "json", "md", "vtt"]
