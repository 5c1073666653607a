"""Voices are corrected: memo, transcript and log follow, and nothing is listened to again.

Everything is real but the speech model and what tells voices apart.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from memo.decision_log.log import DecisionLog
from memo.errors import LanguageModelUnavailable, MemoError, RecordingError
from memo.model import Segment, Span, Transcript, Turn, Word
from memo.pipeline import (
    Changes,
    Corrections,
    Job,
    Outcome,
    Recalled,
    Tools,
    WrongVoice,
    convert,
    portraits,
    recall_conversion,
    revoice,
    together,
)
from memo.pipeline.corrections import Told
from memo.pipeline.revoicing import Revoicing, find_voice
from memo.pipeline.sampling import write_samples
from memo.ports import Checkpoints, Progress, silent
from memo.remembered import LogEntry
from memo.speech.names.glossary import Term
from memo.speech.recording import identify

SENTENCES = (
    "Should we move the launch to Friday?",
    "Yes, agreed. We decided to move the launch to Friday because the tests are red.",
    "Okay, I'll tell the customers by Wednesday.",
    "Thank you, that is all there was for today.",
)


class Whisper:
    """Hears four sentences of four seconds each in any file; counts how often it listens."""

    name = "given"

    def __init__(self) -> None:
        self.listened = 0

    @contextmanager
    def opened(self) -> Iterator[Whisper]:
        yield self

    def transcribe(
        self,
        path: Path,
        *,
        channel: int | None = None,  # noqa: ARG002
        language: str | None,  # noqa: ARG002
        hotwords: Sequence[str] = (),  # noqa: ARG002
        checkpoints: Checkpoints,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> Transcript:
        self.listened += 1
        return Transcript(
            recording=identify(path),
            duration=16,
            speech_seconds=16,
            language="en",
            segments=tuple(sentence(n, text) for n, text in enumerate(SENTENCES)),
        )


def sentence(number: int, text: str) -> Segment:
    words = text.split()
    start, step = 4.0 * number, 4 / len(words)
    return Segment(
        id=number,
        start=start,
        end=start + 4,
        text=text,
        words=tuple(
            Word(start=start + step * n, end=start + step * (n + 1), text=word, probability=1)
            for n, word in enumerate(words)
        ),
    )


class Voices:
    """Says that three voices speak, under labels of its own."""

    name = "given"
    turns = (
        Turn(start=0, end=4, speaker="x"),
        Turn(start=4, end=8, speaker="y"),
        Turn(start=8, end=12, speaker="z"),
        Turn(start=12, end=16, speaker="x"),
    )

    def diarize(
        self,
        path: Path,  # noqa: ARG002
        *,
        channel: int | None = None,  # noqa: ARG002
        speakers: int | None,  # noqa: ARG002
        checkpoints: Checkpoints,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> tuple[Turn, ...]:
        return self.turns


@pytest.fixture
def whisper() -> Whisper:
    return Whisper()


@pytest.fixture
def tools(tmp_path: Path, rule_tools: Tools, whisper: Whisper) -> Tools:
    return replace(
        rule_tools,
        transcriber=whisper.opened,
        log=lambda: DecisionLog(f"sqlite:///{tmp_path}/log.db"),
        diarizer=Voices,
        corrections=Corrections(tmp_path / "data" / "speakers"),
    )


@pytest.fixture
def call(tmp_path: Path, examples: Path) -> Path:
    path = tmp_path / "calls" / "call.m4a"
    path.parent.mkdir()
    shutil.copy(examples / "weekly-call.tracks" / "Tom.m4a", path)
    return path


def job(path: Path, **about: object) -> Job:
    return replace(Job(path=path, timezone="UTC"), **about)  # type: ignore[arg-type]


def converted(tools: Tools, path: Path, **about: object) -> Outcome:
    formats = ("md", "json", "vtt", "words")
    return convert(job(path, title="Launch", formats=formats, **about), tools, silent)


def recalled(tools: Tools, path: Path) -> Recalled:
    return recall_conversion(job(path), tools)


def said(tools: Tools, path: Path, **changes: object) -> Outcome:
    return revoice(recalled(tools, path), Changes(**changes), tools, silent)  # type: ignore[arg-type]


def named(tools: Tools, path: Path) -> dict[str, str]:
    return {voice.label: voice.name for voice in portraits(recalled(tools, path).transcript)}


def entry(tools: Tools, number: str) -> LogEntry:
    assert tools.log is not None
    with tools.log() as log:
        return log.entry(number)


# --- Memo, transcript and log follow ------------------------------------------------------------


def test_a_name_that_is_told_stands_everywhere_and_nothing_is_heard_again(
    tools: Tools, call: Path, whisper: Whisper
) -> None:
    first = converted(tools, call)
    assert first.memo.action_items[0].owner == "Speaker 3"
    outcome = said(tools, call, names=("Speaker 3=Priya", "Speaker 2=Bo"))
    assert whisper.listened == 1
    assert outcome.memo.title == "Launch"
    assert outcome.memo.action_items[0].owner == "Priya"
    assert outcome.files == first.files
    for name in ("md", "json", "vtt", "words"):
        assert "Priya" in outcome.files[name].read_text(encoding="utf-8")
    assert "Speaker 3" not in outcome.files["vtt"].read_text(encoding="utf-8")
    assert outcome.recorded == first.recorded == ("DEC-0001", "ACT-0001")
    logged = entry(tools, "DEC-0001").decision
    assert "Bo" in logged.decided_by
    assert "Speaker 2" not in logged.decided_by


def test_the_same_conversion_finds_all_done_and_force_keeps_the_names(
    tools: Tools, call: Path, whisper: Whisper
) -> None:
    converted(tools, call)
    said(tools, call, names=("Speaker 3=Priya",))
    assert converted(tools, call).was_done
    again = converted(tools, call, force=True)
    assert (again.was_done, whisper.listened) == (False, 2)
    assert again.memo.action_items[0].owner == "Priya"


def test_names_survive_a_cleared_cache_and_other_labels(
    tools: Tools, call: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted(tools, call)
    said(tools, call, names=("Speaker 3=Priya",))
    shutil.rmtree(tools.work)
    # the first sentence is nobody's of the others now: all numbers move up by one
    turns = (Turn(start=0, end=4, speaker="new"), *Voices.turns[1:])
    monkeypatch.setattr(Voices, "turns", turns)
    assert converted(tools, call).memo.action_items[0].owner == "Priya"


def test_a_conversion_that_was_never_corrected_is_left_alone(tools: Tools, call: Path) -> None:
    first = converted(tools, call)
    assert named(tools, call) == {f"Speaker {n}": f"Speaker {n}" for n in (1, 2, 3)}
    assert converted(tools, call).was_done
    assert converted(tools, call).memo == first.memo


def test_a_merge_and_a_sentence_for_another_voice(tools: Tools, call: Path) -> None:
    converted(tools, call)
    outcome = said(tools, call, merges=("3=1",), moves=((5.0, "speaker 1"), (13.0, "Speaker 2")))
    speakers = [s.speaker for s in recalled(tools, call).transcript.segments]
    assert speakers == ["Speaker 1", "Speaker 1", "Speaker 1", "Speaker 2"]
    assert outcome.memo.action_items[0].owner == "Speaker 1"
    said(tools, call, names=("Speaker 1=Ann",))
    assert named(tools, call) == {"Speaker 1": "Ann", "Speaker 2": "Speaker 2"}
    assert [s.speaker for s in recalled(tools, call).transcript.segments] == speakers


def test_reset_forgets_all_that_was_said(tools: Tools, call: Path) -> None:
    first = converted(tools, call)
    said(tools, call, merges=("3=1",), names=("1=Ann",))
    outcome = said(tools, call, reset=True)
    assert outcome.memo == first.memo
    assert named(tools, call) == {f"Speaker {n}": f"Speaker {n}" for n in (1, 2, 3)}


def test_a_voice_can_be_spoken_of_by_the_name_it_was_given(tools: Tools, call: Path) -> None:
    converted(tools, call)
    said(tools, call, names=("Speaker 3=Pria",))
    said(tools, call, names=("pria=Priya = P.",))
    assert named(tools, call)["Speaker 3"] == "Priya = P."


def test_what_somebody_edited_is_kept_beside_the_new_memo(tools: Tools, call: Path) -> None:
    page = converted(tools, call).files["md"]
    page.write_text("mine", encoding="utf-8")
    outcome = said(tools, call, names=("Speaker 3=Priya",))
    assert [path.name for path in outcome.kept] == ["call.memo.md.bak"]
    assert outcome.kept[0].read_text(encoding="utf-8") == "mine"


def test_a_hostile_name_is_one_line_and_escaped_where_it_lands(tools: Tools, call: Path) -> None:
    converted(tools, call)
    outcome = said(tools, call, names=("Speaker 3=<b>\x1b[31m\nPriya|x\ud800",))
    told = named(tools, call)["Speaker 3"]
    assert told.isprintable()
    assert "\x1b" not in outcome.files["md"].read_text(encoding="utf-8")
    assert "<b>" not in outcome.files["vtt"].read_text(encoding="utf-8")


def test_a_model_that_fails_does_not_lose_what_was_said(tools: Tools, call: Path) -> None:
    converted(tools, call)

    @contextmanager
    def down() -> Iterator[None]:
        raise LanguageModelUnavailable("the endpoint cannot be reached")
        yield

    with pytest.raises(MemoError, match="cannot be reached"):
        said(replace(tools, model=down, model_key="down"), call, names=("3=Priya",))  # type: ignore[arg-type]
    assert converted(tools, call).memo.action_items[0].owner == "Priya"


# --- What was cleared, and what was never there ---------------------------------------------------


@pytest.mark.parametrize("form", ["words", "vtt"])
def test_without_the_kept_work_the_written_transcript_will_do(
    tools: Tools, call: Path, whisper: Whisper, form: str
) -> None:
    out = call.parent / "out"
    formats = ("md", "json", form)
    attendees = ("Ann", "Priya")
    asked = job(call, title="Launch", folder=out, formats=formats, attendees=attendees)
    convert(asked, tools, silent)
    shutil.rmtree(tools.work)
    found = recall_conversion(job(call, folder=out), tools)
    assert found.settings == {"llm": "none"}
    outcome = revoice(found, Changes(names=("Speaker 3=Priya",)), tools, silent)
    assert whisper.listened == 1
    assert set(outcome.files) == set(formats)
    assert outcome.memo.title == "Launch"
    assert outcome.memo.duration == 16
    assert outcome.memo.action_items[0].owner == "Priya"
    assert [p.name for p in outcome.memo.participants if p.label is None] == ["Ann"]
    assert outcome.recorded == ("DEC-0001", "ACT-0001")


def test_a_recording_that_was_never_converted_is_an_error_with_a_way_out(
    tools: Tools, call: Path
) -> None:
    with pytest.raises(RecordingError, match=r"nothing is kept of what is said in call\.m4a") as e:
        recalled(tools, call)
    assert "memo convert call.m4a" in (e.value.hint or "")


def test_the_memo_of_another_recording_is_none_of_this_one(tools: Tools, call: Path) -> None:
    converted(tools, call)
    shutil.rmtree(tools.work)
    with call.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(RecordingError, match="nothing is kept"):
        recalled(tools, call)


def test_a_transcript_is_corrected_just_the_same(tools: Tools, tmp_path: Path) -> None:
    path = tmp_path / "call.vtt"
    lines = (f"<v {who}>{text}" for who, text in zip("ABCA", SENTENCES, strict=True))
    cues = (f"00:{4 * n:02}.000 --> 00:{4 * n + 4:02}.000\n{line}" for n, line in enumerate(lines))
    path.write_text("WEBVTT\n\n" + "\n\n".join(cues) + "\n", encoding="utf-8")
    convert(job(path), tools, silent)
    outcome = said(tools, path, names=("C=Priya",), merges=("A=B",))
    assert outcome.memo.action_items[0].owner == "Priya"
    assert named(tools, path) == {"B": "B", "C": "Priya"}
    with pytest.raises(WrongVoice, match="cannot be split by ear"):
        said(tools, path, splits=("B=2",))


# --- What cannot be so ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"names": ("Speaker 9=Priya",)},
            "there is no voice 'Speaker 9': the voices are Speaker 1",
        ),
        ({"names": ("Priya",)}, "is not VOICE=NAME"),
        ({"names": ("Speaker 1=",)}, "does not say what"),
        ({"names": (f"Speaker 1={'x' * 101}",)}, "at most 100 characters"),
        ({"names": ("Speaker 1=Speaker 2",)}, "--merge Speaker 1=Speaker 2 makes them one"),
        ({"merges": ("Speaker 1=Priya",)}, "there is no voice 'Priya'"),
        ({"merges": ("Speaker 1=1",)}, "one voice already"),
        ({"merges": ("Speaker 2=1", "Speaker 2=3")}, "there is no voice 'Speaker 2'"),
        ({"splits": ("Speaker 1=x",)}, "no number of voices"),
        ({"splits": ("Speaker 1=1",)}, "no number of voices"),
        ({"moves": ((900.0, "Speaker 1"),)}, "nobody speaks at that time"),
        ({"moves": ((1.0, "Priya"),)}, "there is no voice"),
    ],
)
def test_what_cannot_be_so_is_refused_and_changes_nothing(
    tools: Tools, call: Path, changes: dict[str, object], message: str
) -> None:
    first = converted(tools, call)
    with pytest.raises(WrongVoice, match=message):
        said(tools, call, **{"names": ("Speaker 1=Ann",), **changes})
    assert named(tools, call)["Speaker 1"] == "Speaker 1"
    again = converted(tools, call)
    assert again.was_done
    assert again.memo == first.memo


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("ann", "ann"), ("Ann", "Ann"), (" ANN ", "Ann"), ("2", "Speaker 2"),
        ("speaker 2", "Speaker 2"), ("priya", "Speaker 2"), ("Tom", None), ("", None),
    ],
)  # fmt: skip
def test_a_voice_is_meant_by_label_number_or_name(text: str, label: str | None) -> None:
    voices = {"Ann": "Ann", "ann": "ann", "Speaker 2": "Priya", "x": "Tom", "y": "Tom"}
    assert find_voice(text, voices) == label


# --- Splitting ----------------------------------------------------------------------------------


def split(turns: Sequence[Turn], text: str = "Speaker 1=2") -> tuple[Revoicing, Transcript]:
    heard = Transcript(
        recording=identify(Path(__file__)),
        duration=16,
        speech_seconds=16,
        language="en",
        segments=tuple(
            sentence(n, text).model_copy(update={"speaker": f"Speaker {1 + (n == 1)}"})
            for n, text in enumerate(SENTENCES)
        ),
        participants=(),
    )
    revoicing = Revoicing(heard, Told(), {"Speaker 1": "Priya"})
    asked: list[tuple[Sequence[Span], int]] = []

    def divide(spans: Sequence[Span], count: int) -> Sequence[Turn]:
        asked.append((spans, count))
        return turns

    revoicing.rename("Speaker 1=Priya")
    revoicing.split(text, divide)
    assert asked[0] == ([Span(start=s, end=s + 4) for s in (0, 8, 12)], 2)
    return revoicing, heard


def test_the_larger_part_of_a_split_voice_keeps_its_label_and_neither_its_name() -> None:
    revoicing, _ = split((Turn(start=0, end=4, speaker="a"), Turn(start=8, end=16, speaker="b")))
    told = revoicing.told()
    assert {v.label: [s.start for s in v.spans] for v in told.voices} == {
        "Speaker 3": [0], "Speaker 2": [4], "Speaker 1": [8, 12]
    }  # fmt: skip
    assert told.names == {}
    assert told.regrouped


def test_a_voice_that_sounds_alike_throughout_is_not_split() -> None:
    with pytest.raises(WrongVoice, match="sounds alike"):
        split((Turn(start=0, end=16, speaker="a"),))


# --- Tracks -------------------------------------------------------------------------------------


def test_a_meeting_of_several_files_is_corrected_by_naming_them_all(
    tools: Tools, tmp_path: Path, examples: Path
) -> None:
    tracks = tuple(tmp_path / f"{name}.m4a" for name in ("Tom", "Dan"))
    for track in tracks:
        shutil.copy(examples / "weekly-call.tracks" / track.name, track)
    path, files = together(tracks)
    convert(job(path, tracks=files, formats=("json",)), tools, silent)
    found = recall_conversion(job(path, tracks=files), tools)
    assert {p.name for p in found.transcript.participants} == {"Tom", "Dan"}
    outcome = revoice(found, Changes(names=("Tom=Thomas",)), tools, silent)
    assert {p.name for p in outcome.memo.participants} == {"Thomas", "Dan"}
    assert convert(job(path, tracks=files, formats=("json",)), tools, silent).was_done
    with pytest.raises(WrongVoice, match="cannot be split"):
        revoice(found, Changes(splits=("Dan=2",)), tools, silent)
    with pytest.raises(RecordingError, match="each voice has a file of its own"):
        write_samples(found.job, portraits(found.transcript), tmp_path, tools.work)


# --- What is kept of a conversion -----------------------------------------------------------------


def test_the_job_is_kept_with_all_that_was_asked(tools: Tools, call: Path) -> None:
    out = call.parent / os.fsdecode(b"caf\xe9")
    asked = job(
        call,
        timezone="Europe/Lisbon",
        title="Launch \ud800",
        started_at=dt.datetime(2026, 11, 30, 10, tzinfo=dt.UTC),
        attendees=("Ann", "Bo"),
        language="en",
        memo_language="de",
        speakers=3,
        folder=out,
        formats=("json",),
        glossary=(Term(written="Kubernetes"),),
        typed=frozenset({"attendees"}),
    )
    convert(asked, tools, silent)
    kept = recalled(tools, call).job
    assert replace(kept, heard=None) == replace(asked, title="Launch ?")
    assert [path.name for path in out.iterdir()] == ["call.memo.json"]
