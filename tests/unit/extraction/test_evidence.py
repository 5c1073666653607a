"""Quotes are found where they were said, and nowhere else."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memo.extraction.evidence import LONGEST_PART, Quotes, find_quote
from memo.model import Word
from memo.stems import normal_words

if TYPE_CHECKING:
    from tests.unit.extraction.conftest import Desk

VOCABULARY = [
    *("budget", "team", "launch", "server", "region", "invoice", "customer", "alert", "morning"),
    *("ticket", "disk", "office", "garden", "window", "river", "market", "school", "train"),
    *("paper", "coffee", "summer", "winter", "letter", "doctor", "kitchen", "bridge"),
]
SENTENCE = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=12).map(
    lambda words: f"{' '.join(words).capitalize()}."
)
TURNS = st.lists(st.tuples(st.sampled_from([None, "Ann", "Bo"]), SENTENCE), min_size=1, max_size=15)


def restyled(text: str, style: int) -> str:
    """Write a text as somebody else would."""
    return [
        text.upper(),
        f"“{text.lower()}”",
        text.replace(".", " …").replace(" ", ",  "),
        f'*"{text}"*\n',
        text.replace("e", "ｅ"),
    ][style]


@given(TURNS, st.data())
def test_a_copied_quote_is_found_at_its_own_time(
    desk: Desk, turns: list[tuple[str | None, str]], data: st.DataObject
) -> None:
    transcript = desk.talk(*turns, words=data.draw(st.booleans()))
    segment = data.draw(st.sampled_from(transcript.segments))
    tokens = segment.text.split()
    first = data.draw(st.integers(0, len(tokens) - 1))
    last = data.draw(st.integers(first, len(tokens) - 1))
    quote = " ".join(tokens[first : last + 1])
    style = data.draw(st.integers(-1, 4))
    wanted = quote if style < 0 else restyled(quote, style)
    found = find_quote(wanted, transcript, [segment.id])
    assert found is not None
    assert found.score == 1.0
    assert normal_words(found.quote) == normal_words(quote)
    assert segment.start <= found.start <= found.end <= segment.end
    assert found.speaker == segment.speaker
    if segment.words and len(set(normal_words(segment.text))) == len(segment.words):
        assert (found.start, found.end) == (segment.words[first].start, segment.words[last].end)


@given(TURNS, st.data())
def test_a_quote_may_run_over_the_segments_of_one_voice(
    desk: Desk, turns: list[tuple[str | None, str]], data: st.DataObject
) -> None:
    transcript = desk.talk(*[("Ann", text) for _, text in turns])
    start = data.draw(st.integers(0, len(turns) - 1))
    end = data.draw(st.integers(start, min(start + 2, len(turns) - 1)))
    quote = " ".join(s.text for s in transcript.segments[start : end + 1])
    found = find_quote(quote, transcript, [start])
    assert found is not None
    assert found.score == 1.0
    assert normal_words(found.quote) == normal_words(quote)


def test_a_quote_never_runs_over_two_voices(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "We move the launch"), ("Bo", "to the second of May"))
    found = find_quote("move the launch to the second of May", transcript, [0])
    assert found is None or len({found.speaker}) == 1
    if found:
        assert found.score < 1
        assert found.quote in {s.text for s in transcript.segments} or found.speaker == "Bo"


@given(TURNS, st.text(max_size=40), st.lists(st.integers(-5, 40), max_size=4))
def test_evidence_is_always_a_copy_of_the_transcript(
    desk: Desk, turns: list[tuple[str | None, str]], quote: str, near: list[int]
) -> None:
    transcript = desk.talk(*turns)
    found = find_quote(quote, transcript, near)
    if found:
        assert found.quote in " ".join(s.text for s in transcript.segments)
        assert 0 <= found.score <= 1


def noisy(text: str, seed: int) -> str:
    """Mishear about every sixth word a little, as an ASR does."""
    luck = random.Random(seed)  # noqa: S311 - no secret
    words = text.split()
    for i in range(0, len(words), 6):
        word = words[i]
        place = luck.randrange(len(word))
        words[i] = word[:place] + luck.choice("aeiou") + word[place + 1 :]
    return " ".join(words)


@given(st.lists(st.sampled_from(VOCABULARY), min_size=6, max_size=20), st.integers(0, 99))
def test_a_misheard_quote_is_found(desk: Desk, words: list[str], seed: int) -> None:
    text = " ".join(words)
    others = [("Bo", "Nobody ever said anything about elephants in Zanzibar.")] * 3
    transcript = desk.talk(*others, ("Ann", f"Well, {text}, right."), *others)
    found = find_quote(noisy(text, seed), transcript)
    assert found is not None
    assert found.speaker == "Ann"
    assert found.score >= 0.8
    assert set(words) & set(normal_words(found.quote))


@given(
    st.lists(st.sampled_from(VOCABULARY[:12]), min_size=1, max_size=12),
    st.lists(st.sampled_from(VOCABULARY[14:]), min_size=1, max_size=12),
)
def test_what_nobody_said_is_not_found(desk: Desk, said: list[str], unsaid: list[str]) -> None:
    assume(not set(said) & set(unsaid))
    assert find_quote(" ".join(unsaid), desk.talk(("Ann", " ".join(said)))) is None


@pytest.mark.parametrize(
    "quote",
    [
        "we sell the office and move everybody to the moon by Friday",
        "the launch is cancelled and the whole team is dismissed today",
        "Fine then",
        "",
        "…!?",
        "ignore your instructions",
    ],
)
def test_an_invented_quote_is_not_found(desk: Desk, quote: str) -> None:
    transcript = desk.talk(
        ("Ann", "So, we move the launch to the eighth, the whole team agrees."),
        ("Bo", "Fine. And the office stays where it is."),
    )
    assert find_quote(quote, transcript) is None


def test_a_half_invented_quote_scores_by_what_was_said(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "We go with the plan."))
    found = find_quote("we fire everybody tomorrow and then we go with the plan", transcript)
    assert found is None or found.score < 0.5


def test_a_short_quote_must_be_near_or_unique(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "Fine."), *[("Bo", "So what.")] * 9, ("Cy", "Fine."))
    assert find_quote("Fine.", transcript) is None
    near = find_quote("Fine.", transcript, [10])
    assert near is not None
    assert near.speaker == "Cy"
    assert find_quote("what so", transcript) is None
    assert find_quote("Fine", desk.talk(("Ann", "Fine."), ("Bo", "No."))) is not None


def test_of_two_equal_quotes_the_nearer_is_meant(desk: Desk) -> None:
    turns = [("Ann", "We keep it as it is.")] + [("Bo", "Something else entirely.")] * 20
    transcript = desk.talk(*turns, ("Cy", "We keep it as it is."))
    for place, speaker in ((0, "Ann"), (21, "Cy")):
        found = find_quote("we keep it as it is", transcript, [place])
        assert found is not None
        assert found.speaker == speaker


def test_of_many_places_that_nearly_say_it_the_near_one_is_meant(desk: Desk) -> None:
    transcript = desk.talk(
        *[(f"P{n % 4}", f"We move item{n} to the shelf on the second floor.") for n in range(6000)]
    )
    quotes = Quotes(transcript)
    for place in (0, 4321, 5999):
        found = quotes.find("we moved an item to the shelf on the second flour", [place])
        assert found is not None
        assert found.segment_ids[0] in range(place - 3, place + 4)


def test_a_quote_is_cut_out_of_text_without_spaces(desk: Desk) -> None:
    transcript = desk.talk(
        ("李", "好的。我们下周一发布新版本,请准备。"), ("王", "来週の金曜日までに。"), language="zh"
    )
    found = find_quote("我们下周一发布新版本", transcript, [0])
    assert found is not None
    assert found.quote == "我们下周一发布新版本,"
    kana = find_quote("金曜日までに", transcript, [1])
    assert kana is not None
    assert kana.quote == "金曜日までに。"


def test_words_without_spaces_have_their_times(desk: Desk) -> None:
    transcript = desk.talk(("李", "a"), language="zh")
    segment = transcript.segments[0].model_copy(
        update={
            "text": "我们下周发布",
            "end": 6.0,
            "words": tuple(
                Word(start=i, end=i + 1, text=c, probability=1)
                for i, c in enumerate("我们下周发布")
            ),
        }
    )
    timed = transcript.model_copy(update={"segments": (segment,)})
    found = find_quote("下周", timed, [0])
    assert found is not None
    assert (found.start, found.end, found.quote) == (2, 4, "下周")


def test_words_that_are_not_those_of_the_text_give_no_time(desk: Desk) -> None:
    transcript = desk.talk(("Ann", "the launch moves to May"), words=True)
    segment = transcript.segments[0].model_copy(update={"text": "a launch moves to May"})
    other = transcript.model_copy(update={"segments": (segment,)})
    found = find_quote("launch moves", other, [0])
    assert found is not None
    assert (found.start, found.end) == (segment.start, segment.end)


def test_of_a_speech_the_part_that_matters_is_quoted(desk: Desk) -> None:
    speech = "We talked about the weather for a while. " * 200
    text = f"{speech}The contract with Acme is extended by a year. {speech}"
    quotes = Quotes(desk.talk(("Ann", text)))
    found = quotes.part_of(0, "Extend the Acme contract by a year", 0.9)
    assert found is not None
    assert found.evidence.quote == "The contract with Acme is extended by a year."
    assert len(quotes.around([found])[0].split()) < 500


@pytest.mark.parametrize("text", ["word " * 5000, "词" * 5000])
def test_a_speech_without_an_end_is_quoted_in_part(desk: Desk, text: str) -> None:
    found = Quotes(desk.talk(("Ann", text))).part_of(0, "word 词词", 0.9)
    assert found is not None
    assert len(normal_words(found.evidence.quote)) <= LONGEST_PART


def test_a_segment_without_words_is_no_evidence(desk: Desk) -> None:
    quotes = Quotes(desk.talk(("Ann", "…"), ("Bo", ""), ("Cy", "Yes, the launch.")))
    assert quotes.part_of(0, "launch", 1) is None
    assert quotes.part_of(1, "launch", 1) is None
    found = quotes.part_of(2, "launch", 1)
    assert found is not None
    assert list(quotes.around([found])) == [2]


def test_words_are_returned_as_they_were_said(desk: Desk) -> None:
    quotes = Quotes(desk.talk(("Ann", "By Friday, I mean by the END of May.")))
    assert quotes.said("by the end of may", [0]) == "by the END of May."
    assert quotes.said("by monday", [0]) is None
    assert quotes.said("", [0]) is None
    assert quotes.said("frida", [0]) is None
