from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.model import Span
from memo.speech.recognition.windows import LONGEST_PAUSE, plan_clips, plan_windows

lengths = st.floats(min_value=0.03, max_value=200.0)


@st.composite
def speeches(draw: st.DrawFn) -> list[Span]:
    """Ordered, disjoint stretches of speech."""
    spans, now = [], 0.0
    for _ in range(draw(st.integers(0, 30))):
        start = now + draw(lengths)
        now = start + draw(lengths)
        spans.append(Span(start=start, end=now))
    return spans


def seconds_of(spans: list[Span]) -> list[tuple[float, float]]:
    """Join touching spans, so that cutting inside speech does not count as a difference."""
    joined: list[tuple[float, float]] = []
    for span in spans:
        if joined and joined[-1][1] == span.start:
            joined[-1] = (joined[-1][0], span.end)
        else:
            joined.append((span.start, span.end))
    return joined


@given(speeches(), st.floats(min_value=5, max_value=400))
def test_windows_hold_all_speech_exactly_once(speech: list[Span], limit: float) -> None:
    windows = plan_windows(speech, limit)

    assert seconds_of(list(itertools.chain(*windows))) == seconds_of(speech)


@given(speeches(), st.floats(min_value=5, max_value=400))
def test_no_window_is_empty_or_longer_than_the_limit(speech: list[Span], limit: float) -> None:
    for window in plan_windows(speech, limit):
        assert window[-1].end - window[0].start <= limit * (1 + 1e-9)


@given(speeches())
def test_windows_are_always_the_same(speech: list[Span]) -> None:
    assert plan_windows(speech) == plan_windows(list(speech))


@given(speeches(), st.floats(min_value=0, max_value=1))
def test_clips_cover_all_speech_wherever_it_is_cut(speech: list[Span], where: float) -> None:
    clips = plan_clips(speech, lambda start, end: start + where * (end - start))

    for clip, following in itertools.pairwise(clips):
        assert clip.end <= following.start
    for clip in clips:
        assert 0 < clip.duration <= 29.0 * (1 + 1e-9)
    covered = sum(clip.duration for clip in clips)
    pauses = sum(b.start - a.end for a, b in itertools.pairwise(speech))
    spoken = sum(span.duration for span in speech)
    assert spoken - 1e-6 <= covered <= spoken + pauses + 1e-6
    assert all(any(clip.start <= span.start < clip.end for clip in clips) for span in speech)


def test_a_cut_outside_what_was_offered_is_moved_inside() -> None:
    clips = plan_clips([Span(start=0, end=60)], lambda _start, _end: 1e9)
    assert [clip.duration for clip in clips] == pytest.approx([29, 29, 2])


def test_a_window_ends_at_the_longest_pause_that_offers_itself() -> None:
    speech = [
        Span(start=0, end=90),
        Span(start=91, end=230),  # then a pause of 5 s
        Span(start=235, end=290),  # then one of 1 s, which would fill the window better
        Span(start=291, end=400),
    ]
    assert [window[-1].end for window in plan_windows(speech, 300)] == [230, 400]


def test_speech_without_end_is_cut_hard() -> None:
    windows = plan_windows([Span(start=0, end=1000)], 300)
    assert len(windows) == 4
    assert seconds_of([span for window in windows for span in window]) == [(0, 1000)]


def test_a_clip_holds_no_long_silence() -> None:
    speech = [Span(start=0, end=5), Span(start=5 + LONGEST_PAUSE + 0.1, end=15)]
    assert plan_clips(speech) == speech


def test_short_utterances_share_a_clip() -> None:
    speech = [Span(start=0, end=1), Span(start=1.5, end=2), Span(start=4, end=6)]
    assert plan_clips(speech) == [Span(start=0, end=6)]


def test_nothing_said_needs_no_window_and_no_clip() -> None:
    assert plan_windows([]) == []
    assert plan_clips([]) == []
