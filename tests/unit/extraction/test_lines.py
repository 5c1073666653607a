"""Numbered lines, and the windows made of them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.extraction.lines import MAX_WORDS, Line, number_lines, sentences
from memo.extraction.windows import MOST_TOKENS, halves, plan_windows
from memo.model import Participant
from memo.stems import length

if TYPE_CHECKING:
    from tests.unit.extraction.conftest import Desk

SPEAKERS = st.sampled_from([None, "Ann", "Bo", "a b\nc", "[3] Eve", "]", "李雷"])
WORDS = st.text(
    st.sampled_from("abcXYZ019.,?!…。[]()'’-:é日本語สวันह\u0301 \n\t\u2028"), max_size=60
)
TURNS = st.lists(st.tuples(SPEAKERS, WORDS), max_size=30)


def squeezed(text: str) -> str:
    return "".join(text.split())


def count(text: str) -> int:
    return len(text.split())


@given(TURNS)
def test_lines_are_numbered_from_0_and_lose_no_word(
    desk: Desk, turns: list[tuple[str | None, str]]
) -> None:
    transcript = desk.talk(*turns)
    lines = number_lines(transcript)
    assert [line.number for line in lines] == list(range(len(lines)))
    said = squeezed("".join(s.text for s in transcript.segments))
    assert squeezed("".join(line.text for line in lines)) == said
    assert all(line.text for line in lines)


@given(TURNS)
def test_lines_are_in_order_of_time_and_name_their_segments(
    desk: Desk, turns: list[tuple[str | None, str]]
) -> None:
    transcript = desk.talk(*turns)
    lines = number_lines(transcript)
    assert [line.start for line in lines] == sorted(line.start for line in lines)
    for line in lines:
        assert line.segment_ids
        assert line.start <= line.end
        for segment in (transcript.segments[i] for i in line.segment_ids):
            assert line.start < segment.end
            assert segment.start < line.end + 1e-6
            assert count(segment.speaker or "") == count(line.speaker or "")


@given(TURNS)
def test_a_shown_line_is_one_row_that_begins_with_its_number(
    desk: Desk, turns: list[tuple[str | None, str]]
) -> None:
    for line in number_lines(desk.talk(*turns)):
        shown = line.shown()
        assert shown.startswith(f"[{line.number}] ")
        assert len(shown.splitlines()) == 1


def test_segments_of_one_voice_make_a_line_until_it_is_a_thought(desk: Desk) -> None:
    transcript = desk.talk(*[("Ann", "one two three four five")] * 20, ("Bo", "Yes."))
    lines = number_lines(transcript)
    assert [length(line.text) for line in lines] == [MAX_WORDS, MAX_WORDS, 10, 1]
    assert lines[0].segment_ids == tuple(range(9))


def test_a_pause_ends_a_line(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "So"), ("Ann", "yes"))
    late = transcript.segments[1].model_copy(update={"start": 60.0, "end": 61.0})
    far = transcript.model_copy(update={"segments": (transcript.segments[0], late)})
    assert len(number_lines(transcript)) == 1
    assert len(number_lines(far)) == 2


@pytest.mark.parametrize("end", [".", "?", "!", "…", "。", "？"])
def test_without_speakers_a_new_sentence_is_a_new_line(desk: Desk, end: str) -> None:
    assert len(number_lines(desk.talk((None, f"So we go{end}"), (None, "Do we")))) == 2
    assert len(number_lines(desk.talk((None, "So we"), (None, "go there")))) == 1


def test_a_speech_is_cut_at_its_sentences_and_timed_in_proportion(desk: Desk) -> None:
    sentence = "This is a sentence of exactly nine short words."
    transcript = desk.talk(("Ann", " ".join([sentence] * 40)))
    lines = number_lines(transcript)
    assert all(line.text == " ".join([sentence] * 5) for line in lines)
    assert len(lines) == 8
    assert lines[4].start == pytest.approx(transcript.segments[0].end / 2, rel=0.01)


@pytest.mark.parametrize("text", ["词" * 5000, "x" * 5000, "日本語です。" * 800])
def test_text_without_spaces_is_cut_too(desk: Desk, text: str) -> None:
    lines = number_lines(desk.talk((None, text)))
    assert squeezed("".join(line.text for line in lines)) == text
    assert max(len(line.text) for line in lines) < 3000


def test_a_line_bears_the_name_people_use(desk: Desk) -> None:
    transcript = desk.talk(("SPEAKER_00", "Hello there."), names={"SPEAKER_00": "Priya Raman"})
    assert number_lines(transcript)[0].shown() == "[0] Priya Raman: Hello there."


def test_long_names_are_kept_whole_but_shown_short(desk: Desk) -> None:
    name = "Maria " * 40 + "Smith"
    transcript = desk.talk(("A", "Hello.")).model_copy(
        update={"participants": (Participant(name=name, label="A"),)}
    )
    line = number_lines(transcript)[0]
    assert line.speaker == name
    assert len(line.shown()) < 100


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ("It is 3.5 now, v2.1. Fine.", ["It is 3.5 now, v2.1.", "Fine."]),
        ('He said "go." Then left.', ['He said "go."', "Then left."]),
        ("はい。そうです。", ["はい。", "そうです。"]),
        ("Wait... what?", ["Wait...", "what?"]),
        ("no end", ["no end"]),
        ("We sit on Mr. Ito. Fine.", ["We sit on Mr. Ito.", "Fine."]),
        (
            "Ask Dr. Shah, Mrs. Lee or Prof. Ott. No.",
            ["Ask Dr. Shah, Mrs. Lee or Prof. Ott.", "No."],
        ),
        ("Habla la Sra. Gil, p. ej. hoy. Vale.", ["Habla la Sra. Gil, p. ej. hoy.", "Vale."]),
        ("Etwas Neues, z. B. Tee bzw. Saft. Gut.", ["Etwas Neues, z. B. Tee bzw. Saft.", "Gut."]),
        ("D.h. am 26. März, d.h. bald. Ja.", ["D.h. am 26. März, d.h. bald.", "Ja."]),
        ("Am 26. um zehn. Und im 3. Quartal.", ["Am 26. um zehn.", "Und im 3. Quartal."]),
        ("Wir liefern am 26. um zehn.", ["Wir liefern am 26. um zehn."]),
        ("It costs 12. We pay. In Sydney.", ["It costs 12.", "We pay.", "In Sydney."]),
        ("That was Mr.", ["That was Mr."]),
        ("Who is Mr.? Nobody.", ["Who is Mr.?", "Nobody."]),
    ],
)
def test_sentences_end_at_their_marks(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


@given(WORDS)
def test_sentences_lose_nothing(text: str) -> None:
    assert squeezed("".join(sentences(text))) == squeezed(text)


# --- Windows ------------------------------------------------------------------------------------


def lines_of(sizes: list[int]) -> tuple[Line, ...]:
    return tuple(
        Line(i, i, i + 1, "A", " ".join(["word"] * size), (i,)) for i, size in enumerate(sizes)
    )


@given(st.lists(st.integers(1, 60), max_size=60), st.integers(1, 200))
def test_windows_cover_every_line_whole_and_in_order(sizes: list[int], budget: int) -> None:
    lines = lines_of(sizes)
    windows = plan_windows(lines, budget, count)
    covered = [line for window in windows for line in window]
    assert sorted({line.number for line in covered}) == list(range(len(lines)))
    assert all(line is lines[line.number] for line in covered)
    starts = [window[0].number for window in windows]
    ends = [window[-1].number for window in windows]
    assert starts == sorted(set(starts))
    assert ends == sorted(set(ends))
    for window in windows:
        numbers = [line.number for line in window]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        if len(window) > 1:
            assert sum(count(line.shown()) for line in window) <= budget


def test_windows_overlap_a_little() -> None:
    windows = plan_windows(lines_of([8] * 100), 200, count)
    for earlier, later in pairwise(windows):
        shared = earlier[-1].number - later[0].number + 1
        assert 1 <= shared <= 3


def test_a_window_is_bounded_even_for_a_model_that_takes_everything() -> None:
    windows = plan_windows(lines_of([40] * 400), 1_000_000, count)
    assert len(windows) > 1
    assert all(sum(count(line.shown()) for line in w) <= MOST_TOKENS for w in windows)


def test_windows_of_some_of_the_lines_are_of_these_lines() -> None:
    lines = lines_of([8] * 20)[5:15]
    assert next(n.number for w in plan_windows(lines, 45, count) for n in w) == 5
    assert plan_windows((), 100, count) == []


def test_tokens_are_counted_a_few_times_a_line_at_most() -> None:
    asked = 0

    def counting(text: str) -> int:
        nonlocal asked
        asked += 1
        return count(text)

    plan_windows(lines_of([10] * 2000), 500, counting)
    assert asked < 5 * 2000


@given(st.integers(2, 50))
def test_halves_are_the_whole(size: int) -> None:
    lines = lines_of([3] * size)
    one, other = halves(lines)
    assert (*one, *other) == lines
    assert one
    assert other
