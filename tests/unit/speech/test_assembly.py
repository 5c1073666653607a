from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.model import Gap, Media, Recording, Remark, RemarkCode, Span, Transcript
from memo.speech.heard import HeardClip, HeardWindow, HeardWord, Listening, SpokenLanguage
from memo.speech.recognition.assembly import assemble

RECORDING = Recording(filename="call.m4a", sha256="0" * 64)
ENGLISH = SpokenLanguage(code="en", share=0.99)


def clip(
    start: float, text: str, *, logprob: float = -0.2, no_speech: float = 0.1, step: float = 0.5
) -> HeardClip:
    """One word every half second."""
    pieces = text.split()
    return HeardClip(
        start=start,
        end=start + max(1, len(pieces)) * step,
        words=tuple(
            HeardWord(
                start=start + place * step,
                end=start + (place + 1) * step,
                text=" " + piece,
                probability=0.9,
            )
            for place, piece in enumerate(pieces)
        ),
        avg_logprob=logprob,
        no_speech_prob=no_speech,
    )


def transcript_of(
    *clips: HeardClip,
    duration: float = 20,
    speech: list[tuple[float, float]] | None = None,
    gaps: tuple[Gap, ...] = (),
    language: SpokenLanguage = ENGLISH,
    tracks: int = 1,
    noise: list[tuple[float, float]] | None = None,
) -> Transcript:
    spans = [(one.start, one.end) for one in clips] if speech is None else speech
    return assemble(
        recording=RECORDING,
        media=Media(duration=duration, channels=1, sample_rate=16_000, sound_tracks=tracks),
        listening=Listening(
            duration=duration,
            speech=tuple(Span(start=start, end=end) for start, end in spans),
            gaps=gaps,
            noise=tuple(Span(start=start, end=end) for start, end in noise or ()),
        ),
        language=language,
        windows=[HeardWindow(clips=clips[:1]), HeardWindow(clips=clips[1:])],
        asr_model="faster-whisper/base",
    )


def test_sentences_become_numbered_segments() -> None:
    transcript = transcript_of(clip(1, "We ship. When?"), clip(9, "Friday.", logprob=-0.5))

    assert [(s.id, s.start, s.end, s.text, s.avg_logprob) for s in transcript.segments] == [
        (0, 1.0, 2.0, "We ship.", -0.2),
        (1, 2.0, 2.5, "When?", -0.2),
        (2, 9.0, 9.5, "Friday.", -0.5),
    ]
    assert transcript.speech_seconds == 2
    assert not transcript.warnings
    assert not transcript.gaps


def test_a_transcript_survives_being_written_and_read() -> None:
    transcript = transcript_of(clip(1, "We ship. When?"))
    assert Transcript.model_validate_json(transcript.model_dump_json()) == transcript


def test_a_sentence_may_go_on_in_the_next_clip() -> None:
    transcript = transcript_of(clip(1, "We ship on"), clip(2.6, "Friday."))
    assert [segment.text for segment in transcript.segments] == ["We ship on Friday."]


def test_only_long_silence_is_a_gap() -> None:
    transcript = transcript_of(clip(10, "one."), clip(39, "two."), clip(70, "three."), duration=90)
    assert [(gap.start, gap.end, gap.remarks[0].code) for gap in transcript.gaps] == [
        (39.5, 70, "no_speech")
    ]


def test_a_damaged_stretch_is_one_gap_and_not_silence_too() -> None:
    damage = Gap(start=20, end=90, remarks=(Remark.of(RemarkCode.DAMAGED),))
    transcript = transcript_of(clip(10, "one."), clip(100, "two."), duration=101, gaps=(damage,))

    assert transcript.gaps == (damage,)
    assert transcript.warnings == (
        Remark.of(RemarkCode.DAMAGED_AT, start="0:00:20", end="0:01:30"),
        Remark.of(RemarkCode.LITTLE_SPEECH, speech="0:00:01", total="0:01:41"),
    )


def test_a_missing_end_counts_as_part_of_the_recording() -> None:
    lost = Gap(start=20, end=60, remarks=(Remark.of(RemarkCode.ENDS_EARLY),))
    transcript = transcript_of(clip(1, "one."), gaps=(lost,))
    assert (transcript.duration, transcript.gaps) == (60, (lost,))


@pytest.mark.parametrize(("share", "warned"), [(0.41, False), (0.39, True)])
def test_little_speech_is_worth_a_warning(share: float, warned: bool) -> None:  # noqa: FBT001
    transcript = transcript_of(clip(0, "one."), duration=100, speech=[(0, 100 * share)])
    assert bool(transcript.warnings) == warned


def test_an_uncertain_language_is_worth_a_warning() -> None:
    transcript = transcript_of(clip(1, "one."), language=SpokenLanguage(code="cy", share=0.4))
    assert transcript.language == "cy"
    unsure = Remark.of(RemarkCode.LANGUAGE_UNSURE, language="cy", share=40)
    assert transcript.warnings[0] == unsure


def test_further_sound_tracks_are_worth_a_warning() -> None:
    tracks = transcript_of(clip(1, "one."), tracks=2).warnings[0]
    assert tracks == Remark.of(RemarkCode.SOUND_TRACKS, count=2)


def test_what_whisper_itself_takes_for_silence_is_no_text() -> None:
    transcript = transcript_of(
        clip(1, "We ship."), clip(5, "Thank you.", logprob=-1.2, no_speech=0.8)
    )
    assert [segment.text for segment in transcript.segments] == ["We ship."]
    assert [(gap.start, gap.end, gap.remarks[0].code) for gap in transcript.gaps] == [
        (5, 6, "no_words")
    ]
    assert transcript.gaps[0].taken_out == "Thank you."


def test_a_loop_is_said_once_and_named() -> None:
    transcript = transcript_of(clip(1, "We ship. " + "Thank you. " * 8, step=0.25))

    assert [segment.text for segment in transcript.segments] == ["We ship.", "Thank you."]
    assert [(gap.start, gap.end, gap.remarks[0].code) for gap in transcript.gaps] == [
        (2, 5.5, "repeated")
    ]
    assert transcript.gaps[0].taken_out == " ".join(["Thank you."] * 7)
    assert transcript.warnings == (
        Remark.of(RemarkCode.TAKEN_OUT, count=1),
        Remark.of(RemarkCode.REPEATED_AT, start="0:00:02", end="0:00:06"),
    )


def test_a_short_loop_is_counted_without_its_place() -> None:
    transcript = transcript_of(clip(1, "We ship. " + "Bye. " * 9, step=0.1))
    assert [gap.remarks[0].code for gap in transcript.gaps] == ["repeated"]
    assert transcript.warnings == (Remark.of(RemarkCode.TAKEN_OUT, count=1),)


def test_what_is_taken_out_side_by_side_is_one_gap_with_all_of_its_text() -> None:
    silent = [clip(at, "You", logprob=-1.2, no_speech=0.8) for at in (5, 6, 12)]
    transcript = transcript_of(clip(1, "We ship."), *silent, clip(15, "Friday."))
    assert [(gap.start, gap.end, gap.taken_out) for gap in transcript.gaps] == [
        (5, 6.5, "You … You"),
        (12, 12.5, "You"),
    ]
    assert transcript.warnings == (Remark.of(RemarkCode.TAKEN_OUT, count=3),)


def test_a_word_between_parts_two_gaps() -> None:
    invented = clip(5, "Hm. You", logprob=-1.2, no_speech=0.8)
    transcript = transcript_of(
        invented, clip(6.1, "Friday.", step=0.4), clip(6.6, "You", logprob=-1.2, no_speech=0.8)
    )
    assert [gap.taken_out for gap in transcript.gaps] == ["Hm. You", "You"]


def test_speech_without_a_word_is_named() -> None:
    silent = HeardClip(start=5, end=9, words=(), avg_logprob=None, no_speech_prob=None)
    short = HeardClip(start=11, end=12.5, words=(), avg_logprob=None, no_speech_prob=None)
    transcript = transcript_of(clip(1, "We ship."), silent, short)
    assert [(gap.start, gap.end, gap.remarks[0].code) for gap in transcript.gaps] == [
        (5, 9, "unclear")
    ]
    assert transcript.warnings == ()


def test_what_is_loud_and_no_speech_is_named_and_the_silence_beside_it_too() -> None:
    transcript = transcript_of(
        clip(1, "We ship."), clip(100, "Friday."), duration=101, noise=[(40, 60)]
    )
    assert [(gap.start, gap.end, gap.remarks[0].code) for gap in transcript.gaps] == [
        (2, 40, "no_speech"),
        (40, 60, "noise"),
        (60, 100, "no_speech"),
    ]


def test_what_was_decoded_is_counted() -> None:
    transcript = transcript_of(clip(1, "We ship."), clip(9, "Friday."), speech=[(1, 1.8), (9, 9.2)])
    assert (transcript.speech_seconds, transcript.decoded_seconds) == (1, 1.5)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["We ship.", "You", "Bye. " * 9, "Thank you.", "so " * 60, "[Music]"]),
            st.sampled_from([0.1, 0.7, 0.9]),
            st.sampled_from([-0.2, -0.9, -1.2]),
        ),
        max_size=6,
    )
)
def test_every_word_is_in_the_transcript_or_in_a_gap(parts: list[tuple[str, float, float]]) -> None:
    clips = [
        clip(10.0 * place, text, no_speech=no_speech, logprob=logprob, step=0.05)
        for place, (text, no_speech, logprob) in enumerate(parts)
    ]
    transcript = transcript_of(*clips, duration=60)

    stayed = [word.text for segment in transcript.segments for word in segment.words]
    went = [word for gap in transcript.gaps for word in gap.taken_out.split() if word != "…"]
    written = [word for text, _, _ in parts for word in text.split()]
    assert sorted([*stayed, *went]) == sorted(written)
    counts = [
        remark.values["count"] for remark in transcript.warnings if remark.code == "taken_out"
    ]
    assert bool(counts) == bool(went)
