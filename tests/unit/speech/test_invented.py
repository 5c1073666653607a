"""What nobody said goes, what somebody said stays, and nothing is lost on the way."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.model import RemarkCode, Span
from memo.speech.heard import HeardClip
from memo.speech.recognition.invented import TakenOut, sift
from memo.speech.recognition.stock_phrases import Stock, stock
from memo.speech.recognition.words import Spoken

CATALOGUE: dict[str, dict[str, Any]] = tomllib.loads(
    (files("memo.speech.recognition") / "stock_phrases.toml").read_text("utf-8")
)
NAMES = ("Priya", "Tom", "Marta Ruiz", "Kubernetes")


def clip(start: float, end: float, *, no_speech: float, logprob: float) -> HeardClip:
    return HeardClip(start=start, end=end, words=(), avg_logprob=logprob, no_speech_prob=no_speech)


def said(
    text: str,
    start: float = 0.0,
    *,
    first: float = 0.9,
    others: float = 0.9,
    no_speech: float = 0.1,
    logprob: float = -0.3,
    step: float = 0.4,
) -> list[Spoken]:
    """The words of one clip, evenly spread."""
    texts = text.split()
    of = clip(start, start + len(texts) * step, no_speech=no_speech, logprob=logprob)
    return [
        Spoken(
            word,
            start + place * step,
            start + (place + 1) * step,
            first if place == 0 else others,
            spaced=True,
            clip=of,
        )
        for place, word in enumerate(texts)
    ]


def judged(
    *clips: list[Spoken], **given: Sequence[object] | str
) -> tuple[str, list[tuple[str, str]]]:
    """What stays as text, and what goes with the reason."""
    stay, gone = sift(list(itertools.chain(*clips)), **given)  # type: ignore[arg-type]
    return " ".join(word.text for word in stay), [(taken.text, taken.why.value) for taken in gone]


TALK = "So we ship on Friday, and Tom tells the customers."


# --- Whole clips ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first", "no_speech", "logprob"),
    [
        ("You", 0.04, 0.75, -0.76),  # silence
        ("You", 0.07, 0.71, -0.76),
        ("I'm sorry, I'm sorry, I'm sorry", 0.13, 0.91, -1.3),  # a tone
        ("I'm sorry. " * 6, 0.14, 0.88, -0.76),  # white noise
        ("I don't know if it's true, but " * 12, 0.02, 0.78, -0.17),  # chords
        ("Untertitel der Amara.org-Community", 0.5, 0.8, -1.1),
    ],
)
def test_a_clip_in_which_the_model_hears_nobody_goes(
    text: str, first: float, no_speech: float, logprob: float
) -> None:
    clips = said(text, 9, first=first, no_speech=no_speech, logprob=logprob)
    assert judged(said(TALK), clips) == (TALK, [(text.strip(), "no_words")])


@pytest.mark.parametrize(
    ("first", "no_speech", "logprob"),
    [(0.5, 0.9, -0.9), (0.05, 0.5, -0.5), (0.9, 0.1, -2.0), (0.9, 0.95, -0.2)],
)
def test_one_sign_alone_takes_no_clip(first: float, no_speech: float, logprob: float) -> None:
    assert judged(said(TALK, first=first, no_speech=no_speech, logprob=logprob)) == (TALK, [])


def test_a_clip_without_a_letter_goes() -> None:
    assert judged(said(TALK), said(". . . .", 9)) == (TALK, [(". . . .", "no_words")])


@pytest.mark.parametrize("text", ["I'm sorry, " * 50, "字幕" * 20 + " " + "字幕" * 20])
def test_a_clip_with_more_words_than_fit_goes(text: str) -> None:
    fast = said(text, 9, step=1 / len(text.split()))
    assert judged(said(TALK), fast)[1] == [(" ".join(text.split()), "too_fast")]


def test_who_speaks_fast_is_heard() -> None:
    fast = said(TALK, step=0.12)  # 8 words, 30 letters a second
    assert judged(fast) == (TALK, [])


# --- Sentences ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Subtitles by the Amara.org community", "Sous-titrage ST' 501"])
@pytest.mark.parametrize(
    "signs",
    [{"start": 60}, {"start": 9, "no_speech": 0.7}, {"start": 9, "first": 0.3, "others": 0.2}],
)
def test_a_credit_goes_at_the_first_sign(text: str, signs: dict[str, Any]) -> None:
    assert judged(said(TALK, 4), said(text, **signs)) == (TALK, [(text, "invented")])


def test_a_credit_that_somebody_reads_out_stays() -> None:
    clips = [said(TALK, 0), said("Subtitles by the Amara.org community.", 4), said(TALK, 7)]
    assert judged(*clips)[1] == []


@pytest.mark.parametrize("text", ["Thank you.", "Thanks for watching!", "Bye.", "I'm sorry."])
def test_what_people_say_every_day_stays_though_alone_or_hardly_heard(text: str) -> None:
    alone = said(text, 60)
    hardly_heard = said(text, 4, no_speech=0.7)
    assert judged(said(TALK), alone)[1] == []
    assert judged(said(TALK), hardly_heard, said(TALK, 6))[1] == []


@pytest.mark.parametrize("text", ["Thank you.", "Thanks for watching!", "Bye.", "I'm sorry."])
def test_what_people_say_every_day_goes_when_alone_and_hardly_heard(text: str) -> None:
    doubtful = said(text, 60, no_speech=0.7)
    assert judged(said(TALK), doubtful) == (TALK, [(text, "invented")])


def test_a_sentence_goes_and_the_rest_of_its_clip_stays() -> None:
    clips = said(f"{TALK} Thanks for watching!", no_speech=0.7, logprob=-0.9)
    assert judged(clips) == (TALK, [("Thanks for watching!", "invented")])


def test_a_phrase_counts_in_its_language_and_english_ones_everywhere() -> None:
    """Tak is thanks in Danish and yes in Polish."""
    doubtful = [said(TALK), said("Tak.", 60, no_speech=0.7), said("Thank you.", 90, no_speech=0.7)]
    assert judged(*doubtful, language="da")[1] == [("Tak.", "invented"), ("Thank you.", "invented")]
    assert judged(*doubtful, language="pl")[1] == [("Thank you.", "invented")]


@pytest.mark.parametrize("text", ["Yeah.", "Okay.", "No.", "Ja.", "Sí.", "Oui."])
def test_an_answer_stays_however_doubtful(text: str) -> None:
    answer = said(text, 60, first=0.21, no_speech=0.9, logprob=-0.95)
    assert judged(said(TALK), answer)[1] == []


def test_a_phrase_in_a_sentence_is_part_of_it() -> None:
    text = "Thank you for watching the shop while I was away."
    assert judged(said(text, 60, no_speech=0.7, logprob=-0.9)) == (text, [])


def test_a_phrase_stretched_over_silence_is_doubtful() -> None:
    doubtful = said("Thank you.", 9, step=4, others=0.1, first=0.3)
    speech = [Span(start=0, end=4), Span(start=9, end=9.5)]
    assert judged(said(TALK), doubtful, speech=speech)[1] == [("Thank you.", "invented")]


def test_a_phrase_amid_music_is_doubtful() -> None:
    doubtful = [said(TALK), said("Thank you.", 6, no_speech=0.7), said(TALK, 9)]
    assert judged(*doubtful)[1] == []
    music = [Span(start=4.5, end=8.5)]
    assert judged(*doubtful, noise=music)[1] == [("Thank you.", "invented")]


def test_a_text_that_several_clips_are_is_doubtful() -> None:
    """A stock phrase of this recording, which no catalogue knows."""
    again = [said("It is the house.", at, others=0.2, first=0.3) for at in (20, 40, 60)]
    assert judged(said(TALK), *again) == (TALK, [("It is the house.", "invented")] * 3)
    assert judged(said(TALK), *again[:2])[1] == []


def test_who_listens_is_heard_each_time() -> None:
    yeahs = [said("Yeah, sure.", at, no_speech=0.3) for at in range(0, 200, 10)]
    assert judged(*yeahs)[1] == []


@pytest.mark.parametrize("text", ["[Music]", "(upbeat music)", "*sighs*", "♪ la la la ♪"])
def test_a_description_of_a_sound_was_not_said(text: str) -> None:
    assert judged(said(TALK), said(text, 6)) == (TALK, [(text, "no_words")])


# --- What the model was told to expect ------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["Priya, Tom, Marta Ruiz, Kubernetes", "Tom. Priya. Tom, Marta.", "priya tom marta"]
)
def test_names_that_were_expected_are_an_echo_when_doubtful(text: str) -> None:
    doubtful = said(text.replace(". ", ", "), 60, no_speech=0.8)
    stay, gone = judged(said(TALK), doubtful, hotwords=NAMES)
    assert stay == TALK
    assert {why for _, why in gone} == {"echoed"}


def test_a_roll_call_stays() -> None:
    roll = said("Priya, Tom, Marta, Kubernetes?", 60)
    assert judged(said(TALK), roll, hotwords=NAMES)[1] == []
    answer = said("Priya and Tom.", 60, no_speech=0.8)
    assert judged(said(TALK), answer, hotwords=NAMES)[1] == []


# --- Nothing is lost ------------------------------------------------------------------------------

PHRASES = [TALK, "Thank you.", "You", "Bye. " * 9, "Priya, Tom, Marta.", "[Music]", "...", "Yeah."]
PHRASES += ["Subtitles by the Amara.org community", "謝謝 觀看", "so " * 50, "No, " * 5]
PROBABILITIES = st.sampled_from([0.0, 0.1, 0.19, 0.5, 0.61, 1.0])


@st.composite
def recordings(draw: st.DrawFn) -> list[Spoken]:
    words: list[Spoken] = []
    start = 0.0
    for _ in range(draw(st.integers(0, 8))):
        of_clip = said(
            " ".join(draw(st.lists(st.sampled_from(PHRASES), min_size=1, max_size=3))),
            start,
            first=draw(PROBABILITIES),
            others=draw(PROBABILITIES),
            no_speech=draw(PROBABILITIES),
            logprob=draw(st.sampled_from([0.0, -0.5, -0.9, -1.5])),
            step=draw(st.sampled_from([0.001, 0.1, 0.4, 3.0])),
        )
        words.extend(of_clip)
        start = of_clip[-1].end + draw(st.sampled_from([0.0, 1.0, 30.0]))
    return words


def in_order(words: Sequence[Spoken]) -> list[Spoken]:
    return sorted(words, key=lambda word: (word.start, word.end))


@given(recordings(), st.booleans())
def test_every_word_stays_or_goes_and_keeps_its_place(
    words: list[Spoken],
    known: bool,  # noqa: FBT001
) -> None:
    speech = [Span(start=word.start, end=word.end) for word in words[::2]] if known else []

    stay, gone = sift(words, speech=speech, hotwords=NAMES)

    apart = [word for taken in gone for word in taken.words]
    assert in_order([*stay, *apart]) == words
    assert stay == in_order(stay)
    assert gone == sorted(gone, key=lambda taken: taken.words[0].start)
    assert all(list(taken.words) == in_order(taken.words) for taken in gone)
    assert all(
        taken.place.start <= taken.words[0].start and taken.words[-1].end <= taken.place.end + 1e-9
        for taken in gone
    )


def test_what_goes_knows_its_text_and_place() -> None:
    taken = TakenOut.of(said("Thank you.", 3), RemarkCode.INVENTED)
    assert (taken.text, taken.place) == ("Thank you.", Span(start=3, end=3.8))


# --- The catalogue --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", CATALOGUE)
def test_each_entry_of_the_catalogue_is_found_however_it_is_written(language: str) -> None:
    for text in CATALOGUE[language]["credits"]:
        kind = Stock.PHRASE if "*" in text else Stock.CREDIT
        assert stock(text.replace("*", "Ann Example 7"), "xx") is kind
        assert stock(f"– {text.upper().replace('*', 'Ann')} … !", "xx") is kind
    for text in CATALOGUE[language]["phrases"]:
        assert stock(text, language) is not None
        assert stock(f"{text}!!", language) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Untertitelung des ZDF für funk, 2023",  # another year
        "字幕by 索兰娅",
        "SUBTÍTULOS REALIZADOS POR LA COMUNIDAD DE AMARA.ORG",
        "ご視聴、ありがとうございました。",
    ],
)
def test_known_variants_are_found(text: str) -> None:
    assert stock(text, "en") is Stock.CREDIT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "Thank you for the budget.",
        "We need subtitles by Friday, and somebody has to pay the translators for it.",
        "The end of the quarter.",
        "Vielen Dank an alle, die geholfen haben.",
        "Gracias por ver el contrato.",
        "我们下周要订阅新的方案",
    ],
)
def test_sentences_of_meetings_are_not_in_it(text: str) -> None:
    assert all(stock(text, language) is None for language in CATALOGUE)
