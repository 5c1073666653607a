from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from memo.model import Gap, Span
from memo.speech import listening
from memo.speech.audio import SAMPLE_RATE, decode
from memo.speech.listening import find_speech
from memo.speech.vad import listen, union


def test_speech_and_excerpts_of_the_example_are_found(examples: Path) -> None:
    told: list[tuple[str, float, float | None]] = []

    heard, excerpts = find_speech(
        examples / "weekly-call.m4a", 178.0, lambda *given: told.append(given)
    )

    assert 150 < heard.speech_seconds < 170
    assert heard.gaps == ()
    assert heard.announced == heard.duration
    assert 4 <= len(excerpts) <= 8
    assert all(excerpt.size <= 29 * SAMPLE_RATE for excerpt in excerpts)
    assert told[0] == ("listening", 0.0, 178.0)
    assert told[-1] == ("listening", told[-1][1], told[-1][1])


def test_speech_lies_where_it_is_however_the_sound_is_cut_up(
    examples: Path, tmp_path: Path
) -> None:
    """Seven seconds of speech across the border of two passages of five minutes."""
    speech = np.concatenate(list(decode(examples / "weekly-call.m4a")))[: 7 * SAMPLE_RATE]
    sound = np.zeros(320 * SAMPLE_RATE, np.float32)
    sound[297 * SAMPLE_RATE : 304 * SAMPLE_RATE] = speech
    path = tmp_path / "late.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())

    heard, excerpts = find_speech(path, None, lambda *_: None)

    assert heard.duration == 320
    assert all(296.5 < span.start < span.end < 304.5 for span in heard.speech)
    assert sum(span.duration for span in heard.speech) > 4
    assert excerpts


def test_passages_give_back_the_sound_of_their_speech() -> None:
    rising = [np.full(SAMPLE_RATE, second / 1000, np.float32) for second in range(400)]
    first, second = listen(rising)
    assert (first.start, second.start) == (0, 300)
    assert second.cut(Span(start=320, end=322)).tolist()[:: SAMPLE_RATE] == [
        np.float32(0.32), np.float32(0.321)
    ]  # fmt: skip


def test_the_union_covers_what_either_covers() -> None:
    spans = [(3, 5), (0, 1), (4, 6), (6, 7), (9, 9.5)]
    assert union([Span(start=start, end=end) for start, end in spans]) == [
        Span(start=0, end=1), Span(start=3, end=7), Span(start=9, end=9.5)
    ]  # fmt: skip


def test_excerpts_are_spread_evenly_over_any_number_of_clips() -> None:
    excerpts = listening._Excerpts()
    for place in range(1000):
        excerpts.offer([np.full(4, place, np.float32)])

    chosen = [int(excerpt[0]) for excerpt in excerpts.chosen()]

    assert len(chosen) == 8
    assert chosen[0] < 130
    assert chosen[-1] > 780
    assert len(excerpts._kept) <= 16


def test_one_damaged_stretch_is_one_gap() -> None:
    spans = [(10, 20), (20.1, 31), (31.5, 40), (90, 95)]
    gaps = [Gap(start=start, end=end, reason="damaged") for start, end in spans]
    assert [(gap.start, gap.end) for gap in listening._joined(gaps)] == [(10, 40), (90, 95)]


def test_hours_in_which_nothing_is_audible_are_not_searched_for_speech(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the detector was asked")

    monkeypatch.setattr("faster_whisper.vad.get_speech_timestamps", fail)
    hour = (np.full(SAMPLE_RATE * 60, 0.0004, np.float32) for _ in range(60))
    assert [passage.speech for passage in listen(hour)] == [()] * 12


def test_hold_music_between_speech_is_named(
    examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speech = np.concatenate(list(decode(examples / "weekly-call.m4a")))[: 20 * SAMPLE_RATE]
    time = np.arange(30 * SAMPLE_RATE) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (262, 330, 392))
    music = (0.1 * np.asarray(chord)).astype(np.float32)
    silence = np.zeros(15 * SAMPLE_RATE, np.float32)
    monkeypatch.setattr(listening, "decode", lambda *_, **__: [speech, silence, music, speech])

    heard, _ = find_speech(Path("call.wav"), None, lambda *_: None)

    assert [(round(span.start), round(span.end)) for span in heard.noise] == [(35, 65)]
    assert sum(span.duration for span in heard.speech) > 25
