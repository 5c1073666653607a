"""Speech is cut into windows that leave nothing out, and windows become turns that fill it."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.model import Span
from memo.speech.voices.diarization import cut_long, plan, turns_of
from memo.speech.voices.embeddings import MODEL


def span(start: float, end: float) -> Span:
    return Span(start=start, end=end)


@st.composite
def speech(draw: st.DrawFn) -> list[Span]:
    now, spans = 0.0, []
    for _ in range(draw(st.integers(1, 6))):
        start = round(now + draw(st.floats(0.3, 20)), 3)
        now = round(start + draw(st.one_of(st.floats(0.05, 2), st.floats(2, 200))), 3)
        spans.append(span(start, now))
    return spans


def test_the_voice_model_is_the_one_that_was_measured() -> None:
    assert hashlib.sha256(MODEL.read_bytes()).hexdigest() == (
        "2f463419ff39b2ce12a180ef4f2ca72d326b458db434605e3b14466b26162e80"
    )
    notice = MODEL.with_name("campplus.NOTICE").read_text(encoding="utf-8")
    for said in ("Apache License, Version 2.0", "3D-Speaker", "Alibaba", "zh_en_16k-common"):
        assert said in notice


@given(speech())
def test_long_speech_is_cut_into_pieces_that_fit_into_memory(spans: list[Span]) -> None:
    pieces = list(cut_long(spans))
    assert all(piece.duration <= 62 for piece in pieces)
    assert sum(piece.duration for piece in pieces) == pytest.approx(sum(s.duration for s in spans))
    assert all(a.end <= b.start for a, b in pairwise(pieces))


@given(speech())
def test_windows_cover_all_speech_that_is_long_enough(spans: list[Span]) -> None:
    pieces = list(cut_long(spans))
    windows = list(plan(pieces))
    assert {window.piece for window in windows} == {
        place for place, piece in enumerate(pieces) if piece.duration >= 0.2
    }
    for place, piece in enumerate(pieces):
        own = [window for window in windows if window.piece == place]
        if own:
            assert (own[0].start, own[-1].end) == pytest.approx((piece.start, piece.end))
        assert all(0.2 <= window.end - window.start <= 1.5 + 1e-6 for window in own)
        assert all(0 < b.middle - a.middle <= 0.75 + 1e-6 for a, b in pairwise(own))


@given(speech(), st.data())
def test_turns_fill_the_speech_and_at_most_the_breaths_in_it(
    spans: list[Span], data: st.DataObject
) -> None:
    pieces = list(cut_long(spans))
    windows = list(plan(pieces))
    if not windows:
        return
    size = len(windows)
    voices = data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))

    turns = turns_of(pieces, windows, voices)

    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(turns))
    breaths = (b.start - a.end for a, b in pairwise(pieces) if b.start - a.end <= 0.5)
    speech = sum(piece.duration for piece in pieces)
    filled = sum(turn.duration for turn in turns)
    assert speech - 0.01 <= filled <= speech + sum(breaths) + 0.01
    assert list(dict.fromkeys(turn.speaker for turn in turns)) == [
        f"Speaker {n + 1}" for n in range(len({turn.speaker for turn in turns}))
    ]


def test_a_change_of_voice_lies_between_the_windows() -> None:
    pieces = [span(10, 14.5)]
    windows = list(plan(pieces))
    assert [window.start for window in windows] == [10, 10.75, 11.5, 12.25, 13]
    turns = turns_of(pieces, windows, [7, 7, 4, 4, 4])
    assert [(turn.start, turn.end, turn.speaker) for turn in turns] == [
        (10, 11.875, "Speaker 1"), (11.875, 14.5, "Speaker 2")
    ]  # fmt: skip


def test_a_breath_does_not_end_a_turn_but_a_pause_does() -> None:
    pieces = [span(0, 1), span(1.4, 2.4), span(3, 4), span(4.3, 5.3)]
    turns = turns_of(pieces, list(plan(pieces)), [0, 0, 0, 1])
    assert [(turn.start, turn.end) for turn in turns] == [(0, 2.4), (3, 4), (4.3, 5.3)]


def test_one_window_within_anothers_speech_is_a_slip() -> None:
    pieces = [span(0, 4.5), span(6, 7)]
    windows = list(plan(pieces))
    turns = turns_of(pieces, windows, [0, 0, 1, 0, 0, 1])
    assert [(turn.start, turn.end, turn.speaker) for turn in turns] == [
        (0, 4.5, "Speaker 1"), (6, 7, "Speaker 2")
    ]  # fmt: skip


def test_a_sound_too_short_to_tell_has_the_nearest_voice() -> None:
    pieces = [span(0, 1), span(4.0, 4.1), span(5, 6)]
    windows = list(plan(pieces))
    turns = turns_of(pieces, windows, [0, 1])
    assert [turn.speaker for turn in turns] == ["Speaker 1", "Speaker 2", "Speaker 2"]
