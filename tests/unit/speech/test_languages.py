"""Clips in another language than the recording's are found, and heard in that language."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from memo.model import Span
from memo.speech.heard import HeardClip, HeardWord, SpokenLanguage
from memo.speech.recognition.languages import heard_in, in_their_languages, language_at, others


def clip(start: float, end: float, code: str, share: float) -> HeardClip:
    word = HeardWord(start=start, end=end, text=" word", probability=0.9)
    likeliest = SpokenLanguage(code=code, share=share)
    return HeardClip(
        start=start, end=end, words=(word,), avg_logprob=-0.2, no_speech_prob=0.0,
        sounds_like=likeliest,
    )  # fmt: skip


class Ear:
    """Knows who speaks what when; remembers what it was asked."""

    def __init__(self, *spoken: tuple[float, float, str], share: float = 0.99) -> None:
        self.spoken = spoken
        self.share = share
        self.told: list[Span] = []
        self.heard: list[tuple[float, float, str]] = []

    def tell(self, spans: Sequence[Span]) -> list[SpokenLanguage]:
        self.told.extend(spans)
        return [SpokenLanguage(code=self.at(span), share=self.share) for span in spans]

    def at(self, span: Span) -> str:
        middle = (span.start + span.end) / 2
        return next((code for a, b, code in self.spoken if a <= middle < b), "en")

    def hear(self, spans: Sequence[Span], language: str) -> list[HeardClip]:
        self.heard.extend((span.start, span.end, language) for span in spans)
        return [clip(span.start, span.end, language, 1.0) for span in spans]


def speech(*spans: tuple[float, float]) -> list[Span]:
    return [Span(start=start, end=end) for start, end in spans]


SENTENCES = speech(*((at, at + 4.5) for at in range(0, 90, 5)))
CLIPS = [(0, 29.5), (30, 59.5), (60, 89.5)]


def test_clips_that_sound_like_the_rest_cost_nothing_more() -> None:
    ear = Ear()
    clips = [clip(*span, "en", 0.95) for span in CLIPS]
    assert in_their_languages(clips, SENTENCES, "en", tell=ear.tell, hear=ear.hear) == clips
    assert not ear.told
    assert not ear.heard


def test_a_clip_in_another_language_is_heard_in_it() -> None:
    ear = Ear((30, 60, "de"))
    clips = [clip(*CLIPS[0], "en", 0.9), clip(*CLIPS[1], "de", 0.97), clip(*CLIPS[2], "en", 0.9)]
    found = in_their_languages(clips, SENTENCES, "en", tell=ear.tell, hear=ear.hear)
    assert ear.heard == [(30, 59.5, "de")]
    assert [(each.start, each.language) for each in found] == [(0, None), (30, "de"), (60, None)]
    assert list(others(found)) == [(Span(start=30, end=59.5), "de")]


def test_a_clip_in_two_languages_is_heard_in_both() -> None:
    ear = Ear((40, 60, "de"))
    clips = [clip(*CLIPS[0], "en", 0.9), clip(*CLIPS[1], "en", 0.55)]
    found = in_their_languages(clips, SENTENCES, "en", tell=ear.tell, hear=ear.hear)
    assert sorted(ear.heard) == [(30, 39.5, "en"), (40, 59.5, "de")]
    assert [each.language for each in found] == [None, None, "de"]


def test_a_switch_goes_on_over_clips_and_is_told_once() -> None:
    ear = Ear((40, 90, "de"))
    clips = [clip(*CLIPS[0], "en", 0.9), clip(*CLIPS[1], "de", 0.6), clip(*CLIPS[2], "de", 0.97)]
    found = in_their_languages(clips, SENTENCES, "en", tell=ear.tell, hear=ear.hear)
    assert list(others(found)) == [(Span(start=40, end=89.5), "de")]


def test_a_few_words_in_another_language_change_nothing() -> None:
    ear = Ear((42, 46, "fr"))
    clips = [clip(30, 59, "en", 0.5)]
    spans = speech((30, 37), (42, 46), (51, 59))
    assert in_their_languages(clips, spans, "en", tell=ear.tell, hear=ear.hear) == clips
    assert ear.told != []
    assert ear.heard == []


def test_few_words_here_and_few_there_do_not_add_up() -> None:
    ear = Ear((25, 30, "cy"), (60, 65, "cy"))
    spans = speech((25, 30), (31, 59), (60, 65))
    clips = [clip(25, 30, "cy", 0.9), clip(31, 59, "en", 0.9), clip(60, 65, "cy", 0.9)]
    assert in_their_languages(clips, spans, "en", tell=ear.tell, hear=ear.hear) == clips


def test_what_sounds_like_another_language_without_being_sure_changes_nothing() -> None:
    ear = Ear((30, 60, "cy"), share=0.7)
    clips = [clip(*CLIPS[1], "cy", 0.7)]
    assert in_their_languages(clips, SENTENCES, "en", tell=ear.tell, hear=ear.hear) == clips


def test_what_was_not_asked_is_not_looked_at() -> None:
    ear = Ear((0, 90, "de"))
    clips = [clip(*CLIPS[1], "de", 0.9).model_copy(update={"sounds_like": None})]
    assert in_their_languages(clips, SENTENCES, "en", tell=ear.tell, hear=ear.hear) == clips


def test_a_stretch_is_heard_again_in_the_language_of_its_clip() -> None:
    ear = Ear()
    clips = [clip(0, 10, "en", 1), clip(10, 20, "de", 1).model_copy(update={"language": "de"})]
    holes = speech((2, 4), (12, 14), (16, 18))
    again = heard_in([(hole, language_at(hole, clips) or "en") for hole in holes], "en", ear.hear)
    assert [(each.start, each.language) for each in again] == [(2, None), (12, "de"), (16, "de")]


@given(
    st.lists(st.sampled_from(["en", "de", "fr"]), min_size=1, max_size=12),
    st.lists(st.sampled_from([("en", 0.9), ("en", 0.5), ("de", 0.6), ("fr", 0.99)]), min_size=12),
)
def test_no_speech_is_lost_whatever_is_spoken(
    spoken: list[str], believed: list[tuple[str, float]]
) -> None:
    ear = Ear(*((10.0 * at, 10.0 * at + 10, code) for at, code in enumerate(spoken)))
    spans = speech(*((10.0 * at, 10.0 * at + 9) for at in range(len(spoken))))
    clips = [clip(span.start, span.end, *how) for span, how in zip(spans, believed, strict=False)]
    found = in_their_languages(clips, spans, "en", tell=ear.tell, hear=ear.hear)
    assert [(each.start, each.end) for each in found] == [(s.start, s.end) for s in spans]
