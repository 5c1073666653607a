"""Reading for the sake of measuring: as `convert` reads, leaving nothing but what is slow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from memo.errors import LanguageModelUnavailable, RecordingError
from memo.evaluation.labels import load_meetings, shipped_meetings
from memo.evaluation.trials import Trial, trials_of, try_out
from memo.extraction import load_prompts
from memo.language_model.endpoint import Usage
from memo.pipeline import Heard, Job, Rehearsal, Tools, convert, rehearsal
from memo.ports import Answer, silent

LABELS = shipped_meetings()


class Scribe:
    """A language model that answers in the asked-for shape, empty, and counts."""

    name = "scribe"
    context_tokens = 8192

    def __init__(self) -> None:
        self.usage = Usage()

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def complete(self, *, system: str, user: str, answer: type[Answer], max_tokens: int) -> Answer:
        assert max_tokens > 0
        self._count(system + user)
        empty = {"array": [], "string": "nothing", "object": {}, "boolean": False}
        shape = answer.model_json_schema()["properties"]
        return answer.model_validate({n: empty[about["type"]] for n, about in shape.items()})

    def choose(self, *, system: str, user: str, options: Sequence[str]) -> dict[str, float]:
        self._count(system + user)
        return {option: float(place == 0) for place, option in enumerate(options)}

    def _count(self, text: str) -> None:
        used, tokens = self.usage, self.count_tokens(text)
        self.usage = replace(
            used,
            answers=used.answers + 1,
            prompt_tokens=used.prompt_tokens + tokens,
            answer_tokens=used.answer_tokens + 2,
        )


class Away(Scribe):
    """A language model that stops answering after some questions."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self._left = answers

    def _count(self, text: str) -> None:
        if self._left == 0:
            raise LanguageModelUnavailable("the endpoint cannot be reached")
        self._left -= 1
        super()._count(text)


def refuse(*_what: object) -> NoReturn:
    raise AssertionError("this is not to be used")


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
        log=refuse,
        work=tmp_path / "work",
        version="1",
        now=lambda: dt.datetime(2026, 3, 5, tzinfo=dt.UTC),
    )


@pytest.fixture
def heard() -> Heard:
    case = load_meetings(LABELS)[0]
    return Heard(case.transcript, case.meeting, ())


def asked(tools: Tools, model: Scribe, heard: Heard, *, fresh: bool = False) -> dict[str, float]:
    """Read with a model, and return what it took without the seconds."""
    with rehearsal(replace(tools, model=lambda: nullcontext(model)), fresh=fresh) as reader:
        return reader.read(heard, silent)[1].model_dump(exclude={"seconds"})


def test_a_meeting_is_read_as_convert_reads_it(tools: Tools, heard: Heard, tmp_path: Path) -> None:
    lines = ["WEBVTT"]
    for s in heard.transcript.segments:
        start, end = (f"00:{int(t) // 60:02}:{t % 60:06.3f}" for t in (s.start, s.end))
        lines += ["", f"{start} --> {end}", f"<v {s.speaker}>{s.text}"]
    call = tmp_path / "call.vtt"
    call.write_text("\n".join(lines), encoding="utf-8")
    about = heard.meeting
    job = Job(
        path=call,
        timezone=about.timezone,
        title=about.title,
        started_at=about.started_at,
        attendees=about.attendees,
        formats=("json",),
    )
    converted = convert(job, replace(tools, log=None), silent).memo
    with rehearsal(tools) as reader:
        heard_again, _ = reader.hear(job, silent)
        memo, spent = reader.read(heard_again, silent)
    assert memo == converted
    assert len(memo.findings()) > 3
    assert spent.answers == 0
    assert spent.seconds > 0


def test_hearing_writes_nothing_beside_a_recording(tools: Tools, tmp_path: Path) -> None:
    call = tmp_path / "calls" / "call.vtt"
    call.parent.mkdir()
    call.write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>We will see.\n", encoding="utf-8")
    with rehearsal(tools) as reader:
        reader.hear(Job(path=call, timezone="UTC"), silent)
    assert list(call.parent.iterdir()) == [call]


def test_what_a_model_is_asked_is_counted(tools: Tools, heard: Heard) -> None:
    model = Scribe()
    spent = asked(tools, model, heard)
    assert spent["answers"] == model.usage.answers > 0
    assert spent["prompt_tokens"] == model.usage.prompt_tokens > 100
    assert spent["answer_tokens"] == 2 * model.usage.answers
    assert spent["remembered"] == 0


def test_a_question_is_asked_once_and_its_cost_told_again(tools: Tools, heard: Heard) -> None:
    first = asked(tools, Scribe(), heard)
    silent_model = Away(0)
    again = asked(tools, silent_model, heard)
    assert again == {**first, "remembered": first["answers"]}
    assert silent_model.usage.answers == 0


def test_a_run_that_was_stopped_goes_on_where_it_was(tools: Tools, heard: Heard) -> None:
    whole = asked(tools, Scribe(), heard, fresh=True)["answers"]
    other = replace(tools, work=tools.work.with_name("other"))
    with pytest.raises(LanguageModelUnavailable):
        asked(other, Away(2), heard)
    rest = asked(other, Scribe(), heard)
    assert (rest["answers"], rest["remembered"]) == (whole, 2)


def test_fresh_asks_everything_again(tools: Tools, heard: Heard) -> None:
    asked(tools, Scribe(), heard)
    model = Scribe()
    assert asked(tools, model, heard, fresh=True)["remembered"] == 0
    assert model.usage.answers > 0


def test_another_model_is_asked_for_itself(tools: Tools, heard: Heard) -> None:
    asked(tools, Scribe(), heard)
    model = Scribe()
    asked(replace(tools, model_key="endpoint|http://elsewhere/v1|x"), model, heard)
    assert model.usage.answers > 0


def test_choices_are_kept_too(tools: Tools, heard: Heard) -> None:
    """What is kept of `choose` comes back as it was given."""
    kept: list[dict[str, float]] = []

    class Chooser(Scribe):
        def complete(
            self, *, system: str, user: str, answer: type[Answer], max_tokens: int
        ) -> Answer:
            kept.append(self.choose(system=system, user=user, options=("yes", "no")))
            return super().complete(system=system, user=user, answer=answer, max_tokens=max_tokens)

    asked(tools, Chooser(), heard)
    assert kept[0] == {"yes": 1.0, "no": 0.0}


# --- Trials -------------------------------------------------------------------------------------


def write_calls(folder: Path, *names: str) -> Path:
    """Make transcripts of these names, in which nothing is decided."""
    folder.mkdir(exist_ok=True)
    for name in names:
        text = "WEBVTT\n\n00:05.000 --> 00:09.000\n<v Ruben Haas>Good morning to you all.\n"
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_recordings_are_found_by_the_names_of_their_labels(tmp_path: Path) -> None:
    names = ("b1-warehouse-plan.vtt", "d7-launch-jokes.transcript.vtt", "other.vtt", ".hidden")
    trials, missing = trials_of(LABELS, write_calls(tmp_path, *names))
    assert {t.case.id: t.recording and t.recording.name for t in trials} == {
        "b1-warehouse-plan": "b1-warehouse-plan.vtt",
        "d7-launch-jokes": "d7-launch-jokes.transcript.vtt",
    }
    assert len(missing) == 8


def test_without_recordings_the_labelled_words_are_read() -> None:
    trials, missing = trials_of(LABELS)
    assert len(trials) == 10
    assert {t.recording for t in trials} == {None}
    assert missing == ()


def test_only_some_meetings_can_be_tried() -> None:
    trials, _ = trials_of(LABELS, only=("B1", "jokes"))
    assert [t.case.id for t in trials] == ["b1-warehouse-plan", "d7-launch-jokes"]
    with pytest.raises(RecordingError, match="is called x9") as caught:
        trials_of(LABELS, only=("x9",))
    assert "b1-warehouse-plan" in str(caught.value.hint)


def test_labels_without_any_recording_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no recording or transcript of any meeting"):
        trials_of(LABELS, write_calls(tmp_path, "other.vtt"))
    with pytest.raises(RecordingError, match="cannot be read"):
        trials_of(LABELS, tmp_path / "missing")


def test_two_recordings_of_one_meeting_are_refused(tmp_path: Path) -> None:
    calls = write_calls(tmp_path, "d7-launch-jokes.vtt", "d7-launch-jokes.srt")
    with pytest.raises(RecordingError, match="two files of d7-launch-jokes"):
        trials_of(LABELS, calls)


def test_labels_beside_their_recordings_are_not_taken_for_them(tmp_path: Path) -> None:
    name = "b1-warehouse-plan"
    (tmp_path / f"{name}.json").write_bytes((LABELS / f"{name}.json").read_bytes())
    write_calls(tmp_path, f"{name}.vtt")
    ((trial,), _) = trials_of(tmp_path, tmp_path)
    assert trial.recording == tmp_path / f"{name}.vtt"


def test_a_recording_is_heard_and_measured_by_time(tools: Tools, tmp_path: Path) -> None:
    calls = write_calls(tmp_path, "b1-warehouse-plan.vtt")
    ((trial,), _) = trials_of(LABELS, calls)
    with rehearsal(tools) as reader:
        measured, memo = try_out(trial, reader, silent)
    assert memo.started_at == trial.case.meeting.started_at
    assert memo.title == trial.case.meeting.title
    assert measured.duration == memo.duration < 60
    assert measured.counts["decisions"].labels == 4
    assert measured.counts["decisions"].hits == 0
    assert measured.cost.hearing_seconds > 0


def test_every_shipped_meeting_can_be_tried(tools: Tools) -> None:
    quotes = 0
    for case in load_meetings(LABELS):
        measured, _ = try_out(Trial(case), Rehearsal(tools, None, fresh=False), silent)
        assert measured.misquoted == ()
        quotes += measured.quotes
    assert quotes > 100
