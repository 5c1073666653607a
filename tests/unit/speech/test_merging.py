"""Transcripts of tracks become one: nothing is said twice, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from memo.model import (
    Gap,
    Participant,
    Recording,
    Remark,
    RemarkCode,
    Segment,
    Span,
    Transcript,
    Word,
)
from memo.speech.tracks.levels import FRAME, Levels
from memo.speech.tracks.merging import merged, said_once, shifted

RECORDING = Recording(filename="call.tracks", sha256="0" * 64)


def sentence(start: float, text: str, speaker: str | None = None) -> Segment:
    """A sentence whose words take half a second each."""
    words = tuple(
        Word(start=start + n / 2, end=start + n / 2 + 0.4, text=word, probability=0.9)
        for n, word in enumerate(text.split())
    )
    return Segment(id=0, start=start, end=words[-1].end, text=text, words=words, speaker=speaker)


def transcript(*segments: Segment, **about: object) -> Transcript:
    told = {
        "recording": RECORDING,
        "duration": 20.0,
        "speech_seconds": 5.0,
        "language": "en",
        "participants": tuple(
            Participant(name=label, label=label)
            for label in dict.fromkeys(s.speaker for s in segments)
            if label
        ),
        "segments": tuple(s.model_copy(update={"id": n}) for n, s in enumerate(segments)),
    }
    return Transcript.model_validate({**told, **about})


def levels(*tracks: Sequence[tuple[float, float, float]]) -> Levels:
    """Levels of 20 s with stretches (start, end, dB); otherwise they are soft."""
    found = np.full((len(tracks), round(20 / FRAME)), -80, np.float32)
    for row, spans in zip(found, tracks, strict=True):
        for start, end, level in spans:
            row[round(start / FRAME) : round(end / FRAME)] = level
    return found


def texts(transcripts: Sequence[Transcript]) -> list[list[str]]:
    return [[segment.text for segment in found.segments] for found in transcripts]


ANN = "We move the launch to Friday."  # 3 s
BO = "Then I tell the press tomorrow."


def test_words_that_a_microphone_picks_up_are_kept_where_they_are_loud() -> None:
    heard = levels([(1, 4, -20), (6, 9, -32)], [(1, 4, -32), (6, 9, -20)])
    ann = transcript(sentence(1, ANN), sentence(6, "Then I tell the dress tomorrow."))
    bo = transcript(sentence(1, "We prove the lunch to Friday."), sentence(6, BO))
    assert texts(said_once([ann, bo], heard)) == [[ANN], [BO]]


def test_words_that_are_softer_stay_if_the_other_track_has_none() -> None:
    heard = levels([(1, 4, -20), (6, 9, -20)], [(1, 4, -32), (6, 9, -32)])
    bo = transcript(sentence(6, BO))
    assert texts(said_once([transcript(sentence(1, ANN)), bo], heard)) == [[ANN], [BO]]


def test_two_who_speak_at_once_are_both_heard() -> None:
    heard = levels([(1, 4, -20)], [(1, 4, -22)])
    found = said_once([transcript(sentence(1, ANN)), transcript(sentence(1, BO))], heard)
    assert texts(found) == [[ANN], [BO]]


def test_the_same_words_as_loud_on_two_tracks_are_said_once() -> None:
    heard = levels([(1, 4, -20)], [(1, 4, -18)])
    echo = transcript(sentence(1.2, "We move a launch to Friday."))
    found = said_once([transcript(sentence(1, ANN)), echo], heard)
    assert texts(found) == [[], ["We move a launch to Friday."]]


def test_a_short_word_may_be_said_by_two_at_once() -> None:
    heard = levels([(1, 2, -20)], [(1, 2, -20)])
    found = said_once([transcript(sentence(1, "Okay.")), transcript(sentence(1, "Okay."))], heard)
    assert texts(found) == [["Okay."], ["Okay."]]


def test_an_echo_is_known_in_writing_without_blanks() -> None:
    heard = levels([(1, 2, -20)], [(1, 2, -18)])
    found = said_once(
        [transcript(sentence(1, "我们星期五发布")), transcript(sentence(1, "我们星期五发步"))],
        heard,
    )
    assert texts(found) == [[], ["我们星期五发步"]]


def test_a_sentence_is_cut_where_another_voice_comes_in() -> None:
    heard = levels([(1, 4, -20), (4, 7, -35)], [(1, 4, -35), (4, 7, -20)])
    ann = transcript(sentence(1, f"{ANN} {BO}"))
    assert texts(said_once([ann, transcript(sentence(4, BO))], heard)) == [[ANN], [BO]]


def test_soft_words_beside_somebody_elses_are_the_tracks_own() -> None:
    heard = levels([(1, 4, -20)], [(1, 4, -80)])
    found = said_once([transcript(sentence(1, ANN)), transcript(sentence(4.2, "Mm hm."))], heard)
    assert texts(found) == [[ANN], ["Mm hm."]]


def test_a_transcript_without_times_of_words_is_taken_whole() -> None:
    heard = levels([(1, 4, -20)], [(6, 9, -20)])
    plain = [
        transcript(sentence(start, text).model_copy(update={"words": ()}))
        for start, text in ((1, ANN), (6, BO))
    ]
    assert texts(said_once(plain, heard)) == [[ANN], [BO]]


def test_what_is_said_stands_in_the_order_of_time() -> None:
    found = merged(
        [
            transcript(sentence(1, ANN, "Ann"), sentence(10, "Bye.", "Ann")),
            transcript(sentence(2, "Okay.", "Bo"), sentence(6, BO, "Bo")),
        ],
        [Span(start=1, end=4), Span(start=2, end=2.5), Span(start=6, end=11)],
        recording=RECORDING,
        lead=0,
    )
    assert [(s.id, s.speaker, s.start) for s in found.segments] == [
        (0, "Ann", 1), (1, "Bo", 2), (2, "Bo", 6), (3, "Ann", 10)
    ]  # fmt: skip
    assert [p.name for p in found.participants] == ["Ann", "Bo"]
    assert (found.speech_seconds, found.decoded_seconds) == (8, 10)
    assert found.gaps == ()


def test_the_language_is_that_of_the_track_that_leads() -> None:
    tracks = [transcript(language="und"), transcript(sentence(1, ANN), language="de")]
    found = merged(tracks, [Span(start=1, end=4)], recording=RECORDING, lead=1)
    assert found.language == "de"


def remarked(code: RemarkCode, **values: int | str) -> tuple[Remark, ...]:
    return (Remark.of(code, **values),)


def test_silence_is_a_gap_where_nobody_speaks_on_any_track() -> None:
    quiet = Gap(start=0, end=100, remarks=remarked(RemarkCode.NO_SPEECH))
    tracks = [
        transcript(sentence(100, ANN, "Ann"), duration=200, gaps=(quiet,)),
        transcript(sentence(40, BO, "Bo"), duration=180),
    ]
    speech = [Span(start=100, end=103), Span(start=40, end=43)]
    found = merged(tracks, speech, recording=RECORDING, lead=0)
    assert [(gap.start, gap.end) for gap in found.gaps] == [(0, 40), (43, 100), (103, 200)]
    assert found.duration == 200
    assert [w.code for w in found.warnings] == ["little_speech"]


def test_damage_is_told_and_what_was_invented_only_where_nobody_spoke() -> None:
    damaged = Gap(start=1, end=3, remarks=remarked(RemarkCode.DAMAGED))
    during = Gap(start=1, end=3, remarks=remarked(RemarkCode.REPEATED))
    beside = Gap(start=10, end=12, remarks=remarked(RemarkCode.REPEATED))
    tracks = [
        transcript(sentence(1, ANN, "Ann")),
        transcript(gaps=(damaged, during, beside)),
    ]
    found = merged(tracks, [Span(start=1, end=4)], recording=RECORDING, lead=0)
    assert found.gaps == (damaged, beside)


def test_what_is_true_of_one_track_alone_is_not_told_of_the_meeting() -> None:
    nobody = remarked(RemarkCode.NOBODY_SPEAKS)
    unsure = remarked(RemarkCode.LANGUAGE_UNSURE, language="cy", share=30)
    late = Remark.of(RemarkCode.TRACK_LATER, track="Bo.m4a", after="0:01:00")
    tracks = [transcript(sentence(1, ANN, "Ann")), transcript(warnings=(*nobody, *unsure))]
    told = merged(
        tracks, [Span(start=1, end=4)], recording=RECORDING, lead=0, warnings=[late]
    ).warnings
    assert told == (late,)
    silent = merged([transcript(warnings=nobody)] * 2, [], recording=RECORDING, lead=0)
    assert silent.warnings == nobody


def test_a_track_that_begins_later_is_moved_with_its_words_and_gaps() -> None:
    gap = Gap(start=3, end=5)
    moved = shifted(transcript(sentence(1, "Yes."), gaps=(gap,)), 60.5)
    assert (moved.segments[0].start, moved.segments[0].words[0].start) == (61.5, 61.5)
    assert (moved.gaps[0].start, moved.duration) == (63.5, 80.5)
    still = transcript(sentence(1, "Yes."))
    assert shifted(still, 0) is still


@pytest.mark.parametrize("count", [1, 2, 5])
def test_tracks_on_which_nothing_is_said_make_an_empty_transcript(count: int) -> None:
    nothing = said_once([transcript()] * count, levels(*[[]] * count))
    assert merged(nothing, [], recording=RECORDING, lead=0).segments == ()
