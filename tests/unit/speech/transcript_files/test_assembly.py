"""Cues become segments: sentences whole, long turns cut, and not a word lost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.errors import RecordingError
from memo.model import Recording, Transcript
from memo.speech.transcript_files.assembly import MOST_CUES, assemble
from memo.speech.transcript_files.cues import Cue, Reading, cut, word_count

RECORDING = Recording(filename="call.txt", sha256="0" * 64)


def assembled(*cues: Cue) -> Transcript:
    return assemble(Reading(list(cues)), RECORDING)


def squeezed(texts: list[str]) -> str:
    return "".join("".join(texts).split())


SAID = st.lists(
    st.sampled_from(
        ["we", "wait.", "No?", '"Yes."', "Dr.", "J.", "3.5", "(so…)",
         "U.S.", "同意します。", "はい", "etc.)",
         "a" * 50, "„Gut.“", "và", "!"]
    ),
    max_size=120,
)  # fmt: skip


@given(words=SAID, start=st.floats(0, 1e4), length=st.just(0.0) | st.floats(0.01, 600))
def test_cutting_a_turn_loses_nothing_and_stays_in_its_time(
    words: list[str], start: float, length: float
) -> None:
    text = "So " + " ".join(words)
    segments = assembled(Cue(start, start + length, "Anna", text)).segments
    assert squeezed([segment.text for segment in segments]) == squeezed([text])
    assert segments[0].start == start
    assert length == 0 or segments[-1].end <= start + length + 1e-6
    assert all(a.end == pytest.approx(b.start) for a, b in pairwise(segments))


@given(words=SAID, most=st.integers(1, 50))
def test_pieces_have_no_more_words_than_asked_for(words: list[str], most: int) -> None:
    text = " ".join(words)
    pieces = list(cut(text, most))
    assert squeezed(pieces) == squeezed([text])
    assert all(word_count(piece) <= most + 0.01 or " " not in piece for piece in pieces)


def test_speech_without_full_stops_is_cut_too() -> None:
    segments = assembled(Cue(0.0, 400.0, None, "and then we " * 300)).segments
    assert max(word_count(segment.text) for segment in segments) == 40
    assert segments[1].start == pytest.approx(400 * 40 / 900)


def test_chinese_without_full_stops_is_cut_too() -> None:
    segments = assembled(Cue(0.0, 400.0, None, "我们从欧洲开始" * 100)).segments
    assert 8 < len(segments) < 12
    assert squeezed([segment.text for segment in segments]) == "我们从欧洲开始" * 100


@pytest.mark.parametrize(
    "text", ["We saw Dr. Weber there.", "It is for J. Park, of course.", "3.5 % it is."]
)
def test_a_dot_does_not_always_end_a_sentence(text: str) -> None:
    before = "This is what was said before that and it is quite long. " * 5
    segments = assembled(Cue(0.0, 40.0, "Anna", before + text)).segments
    assert segments[-1].text.endswith(text)


def test_a_sentence_goes_on_in_the_next_caption_of_the_same_voice_only() -> None:
    cues = [
        Cue(0.0, 1.0, "Anna", "So we"),
        Cue(1.0, 2.0, "Anna", "wait."),
        Cue(2.0, 3.0, "Anna", "Until"),
        Cue(3.0, 4.0, "Ben", "Friday?"),
        Cue(4.0, 5.0, "Anna", "no"),
        Cue(9.0, 10.0, "Anna", "until Monday"),
    ]
    segments = assembled(*cues).segments
    assert [(s.start, s.end, s.speaker, s.text) for s in segments] == [
        (0.0, 2.0, "Anna", "So we wait."),
        (2.0, 3.0, "Anna", "Until"),
        (3.0, 4.0, "Ben", "Friday?"),
        (4.0, 5.0, "Anna", "no"),
        (9.0, 10.0, "Anna", "until Monday"),
    ]


def test_more_than_a_hundred_hours_are_refused() -> None:
    with pytest.raises(RecordingError, match="longer than a hundred hours"):
        assembled(*[Cue(0.0, 1.0, None, "Hi.")] * (MOST_CUES + 1))
    with pytest.raises(RecordingError, match="longer than a hundred hours"):
        assembled(*[Cue(0.0, 1.0, None, "Hi. " * 250_000)] * 13)
