"""The rules: quick, the same each time, and never taken in by small talk."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.errors import AnswerTooLong, InvalidAnswer, LanguageModelUnavailable
from memo.extraction import read_by_rules
from memo.extraction.cues import Cues, cues_for, vocabulary_for
from memo.extraction.find import find_moments
from memo.extraction.lines import Line
from memo.extraction.moments import tidy
from memo.model import DecisionStatus, Meeting, Remark, RemarkCode, Transcript, Verdict
from memo.stems import normal_words

if TYPE_CHECKING:
    from tests.unit.extraction.conftest import Asked, Desk

LANGUAGES = ("en", "de", "es")
MEETING = Meeting(title="Call", attendees=("Ann", "Bo"))
TURNS = (
    ("Ann", "Should we move the launch to the second of May, because the tests are red?"),
    ("Bo", "Yes, agreed. We decided to move the launch to the second of May."),
    ("Ann", "Okay. Bo, can you tell the customers by Friday?"),
    ("Bo", "Sure, I'll tell the customers by Friday."),
    ("Ann", "Who pays for the venue? I don't know. We have to ask the bank."),
)


@pytest.fixture
def call(desk: Desk) -> Transcript:
    return desk.talk(*TURNS)


def test_a_call_has_its_outcome(desk: Desk, call: Transcript) -> None:
    memo = desk.by_rules(call, MEETING)
    assert any("second of May" in d.statement for d in memo.decisions)
    assert [(a.owner, a.due_text) for a in memo.action_items] == [("Bo", "by Friday")]
    assert any("venue" in q.question for q in memo.open_questions)
    assert memo.summary


def test_the_same_call_gives_the_same_draft(desk: Desk) -> None:
    for path in desk.scripted:
        transcript, meeting = desk.scripted_meeting(path)
        assert read_by_rules(transcript, meeting) == read_by_rules(transcript, meeting)


def test_every_quote_of_the_labelled_meetings_stands_in_them(desk: Desk) -> None:
    quotes = 0
    for path in desk.scripted:
        transcript, meeting = desk.scripted_meeting(path)
        memo = desk.by_rules(transcript, meeting)
        quotes += sum(len(finding.evidence) for finding in memo.findings())
        assert desk.misquoted(memo, transcript) == [], path.name
    assert len(desk.scripted) == 10
    assert quotes > 100


def test_owners_of_the_labelled_meetings_were_there(desk: Desk) -> None:
    for path in desk.scripted:
        transcript, meeting = desk.scripted_meeting(path)
        for found in desk.by_rules(transcript, meeting).action_items:
            assert found.owner in {None, *meeting.attendees}


def test_small_talk_decides_nothing(desk: Desk) -> None:
    (path,) = (p for p in desk.scripted if p.stem == "d5-lab-friday-coffee")
    memo = desk.by_rules(*desk.scripted_meeting(path))
    shown = [f for f in memo.findings() if f.verdict is not Verdict.UNSUPPORTED]
    assert [f for f in shown if f.id[0] in "DA"] == []


def test_a_language_without_rules_is_a_gap_over_everything(desk: Desk) -> None:
    transcript = desk.talk(("李", "我们下周一发布新版本。"), ("王", "好的。"), language="zh")
    memo = desk.by_rules(transcript, MEETING)
    assert memo.findings() == ()
    (gap,) = memo.coverage.gaps
    assert (gap.start, gap.end) == (0, transcript.duration)
    assert memo.coverage.analysed_seconds == 0
    assert memo.remarks == (Remark.of(RemarkCode.NO_RULES, language="zh"),) == gap.remarks
    assert desk.by_rules(desk.talk(language="zh"), MEETING).remarks == ()


@pytest.mark.parametrize("language", ["", "x", "../en", "EN/..", "\0", "english" * 50, "xx"])
def test_any_name_of_a_language_will_do(language: str) -> None:
    assert cues_for(language) is None
    assert vocabulary_for(language).stop == frozenset()


# --- A small model puts the words -----------------------------------------------------------------


def rewrites(text: str | Exception) -> Callable[[Asked], Any]:
    return lambda _: text if isinstance(text, Exception) else {"text": text}


@pytest.mark.parametrize(
    "answer",
    [
        "Fire everybody.",
        "Do not move the launch to the second of May.",
        "Move the launch to the third of May.",
        "",
        "$said",
        "x" * 240,
        InvalidAnswer("no"),
        AnswerTooLong("no"),
    ],
)
def test_what_a_small_model_makes_up_leaves_the_spoken_words(
    desk: Desk, call: Transcript, answer: str | Exception
) -> None:
    spoken = read_by_rules(call, MEETING)
    draft = desk.read(call, desk.model(rewrites(answer)), meeting=MEETING, small=True)
    assert [d.statement for d in draft.decisions] == [d.statement for d in spoken.decisions]
    assert [a.task for a in draft.actions] == [a.task for a in spoken.actions]
    assert [q.question for q in draft.questions] == [q.question for q in spoken.questions]


def test_a_faithful_rewriting_is_taken(desk: Desk, call: Transcript) -> None:
    def script(asked: Asked) -> Any:  # noqa: ANN401
        quoted = asked.user.rpartition("Said: ")[2]
        if "decided" in quoted:
            return {"text": "Move the launch to the second of May."}
        return {"text": ""}

    draft = desk.read(call, desk.model(script), meeting=MEETING, small=True)
    assert "Move the launch to the second of May." in {d.statement for d in draft.decisions}


def test_a_small_model_is_asked_once_and_only_the_rest(desk: Desk, call: Transcript) -> None:
    whole = desk.model(rewrites(""))
    desk.read(call, whole, small=True)
    assert len(whole.asked) > 2
    kept = desk.memory()
    left = 2

    def dying(_: Asked) -> Any:  # noqa: ANN401
        nonlocal left
        left -= 1
        return {"text": ""} if left >= 0 else LanguageModelUnavailable("killed")

    with pytest.raises(LanguageModelUnavailable):
        desk.read(call, desk.model(dying), checkpoints=kept, small=True)
    rest = desk.model(rewrites(""))
    desk.read(call, rest, checkpoints=kept, small=True)
    assert rest.asked == whole.asked[2:]
    again = desk.model(rewrites(""))
    desk.read(call, again, checkpoints=kept, small=True)
    assert again.asked == []


def test_a_small_model_reads_windows_where_there_are_no_rules(desk: Desk) -> None:
    transcript = desk.talk(("李", "我们下周一发布新版本。"), language="zh")
    model = desk.model(lambda a: {"items": []} if a.user.startswith("Transcript") else {"text": ""})
    desk.read(transcript, model, small=True)
    assert len(model.asked) == 4


# --- No pattern runs away -------------------------------------------------------------------------

UNITS = (
    *(
        "a ",
        "let's ",
        "so ",
        "okay ",
        "you'll ",
        "no ",
        "then ",
        "if ",
        "yeah, ",
        "Ann, ",
        "wenn wir ",
    ),
    *(
        "ruf an ",
        "ich ",
        "entonces ",
        "because ",
        "-",
        ".",
        "?",
        "' ",
        "um, ",
        "\u0301",
        "1,",
        "[3]",
    ),
    *("so so ", "one, then ", "(", '"', "…", "X", "would you ", "which ", "we'll just "),
)


def work(pattern: re.Pattern[str], text: str) -> int:
    """Return the nanoseconds of this process' work that a search takes, at best."""
    best = sys.maxsize
    for _ in range(3):
        before = time.process_time_ns()
        pattern.search(text)
        best = min(best, time.process_time_ns() - before)
    return best


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_cue_runs_away_on_a_long_line(language: str) -> None:
    """A line holds at most about a thousand characters; no search of one may take long."""
    cues = cues_for(language)
    assert cues is not None
    for name in (f.name for f in fields(Cues)):
        for unit in UNITS:
            text = (unit * 1000)[:1000] + "!"
            assert work(getattr(cues, name), text) < 50_000_000, (name, unit)


@pytest.mark.parametrize("unit", UNITS)
def test_a_sentence_of_any_length_is_put_in_order_quickly(unit: str) -> None:
    tidy(unit * 3000)
    assert len(tidy(unit * 3000).split()) <= 46


@given(
    st.lists(st.sampled_from(["um", "so,", "Okay.", "we", "move", "Décision:", "…", "3.5", "I"]))
)
def test_tidying_adds_no_word(words: list[str]) -> None:
    text = " ".join(words)
    assert set(normal_words(tidy(text))) <= set(normal_words(text))


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "We decided to ship on Friday."),
        ("de", "Wir haben beschlossen, am Freitag auszuliefern."),
        ("es", "Hemos decidido publicar el viernes."),
    ],
)
def test_what_is_said_to_be_decided_needs_nobody_to_agree(
    desk: Desk, language: str, sentence: str
) -> None:
    draft = read_by_rules(desk.talk(("Ann", sentence), language=language), MEETING)

    (decision,) = draft.decisions
    assert (decision.statement, decision.status) == (sentence, DecisionStatus.ACCEPTED)
    assert decision.doubt is None


def test_what_was_decided_last_week_is_no_news() -> None:
    line = Line(0, 0.0, 3.0, "Ann", "Last week we decided to ship on Friday.", (0,))

    assert not [m for m in find_moments([line], "en") if m.kind == "decision"]
