"""What is missing is named once, also where several tracks make one transcript."""

from __future__ import annotations

from memo.model import Gap, Recording, Remark, RemarkCode, Segment, Span, Transcript
from memo.speech.heard import HeardClip, Listening
from memo.speech.recognition.gaps import gaps_of
from memo.speech.recognition.invented import TakenOut
from memo.speech.recognition.words import Spoken
from memo.speech.tracks.merging import merged

RECORDING = Recording(filename="call.m4a", sha256="0" * 64)
INVENTED = Remark.of(RemarkCode.INVENTED)


def empty(start: float, end: float) -> HeardClip:
    return HeardClip(start=start, end=end, words=(), avg_logprob=None, no_speech_prob=None)


def listening(
    *speech: tuple[float, float], gaps: tuple[Gap, ...] = (), noise: tuple[Span, ...] = ()
) -> Listening:
    spans = tuple(Span(start=start, end=end) for start, end in speech)
    return Listening(duration=60, speech=spans, gaps=gaps, noise=noise)


def taken(text: str, start: float, end: float) -> TakenOut:
    clip = empty(start, end)
    word = Spoken(text, start, end, 0.1, spaced=True, clip=clip)
    return TakenOut((word,), RemarkCode.NO_WORDS, clip)


def test_speech_that_could_not_be_made_out_is_named_once() -> None:
    clips = [empty(5, 9), empty(20, 26)]
    gaps = gaps_of(listening((5, 9), (20, 26)), clips, [], [taken("You", 5, 9)])
    assert [(gap.start, gap.end, gap.remarks[0].code) for gap in gaps] == [
        (5, 9, "no_words"),
        (20, 26, "unclear"),
        (26, 60, "no_speech"),
    ]


def test_what_is_taken_out_amid_noise_is_one_gap_with_the_noise() -> None:
    noise = (Span(start=10, end=40),)
    words = [taken("You", at, at + 0.5) for at in (5, 15, 30, 50)]
    gaps = gaps_of(listening((0, 9), (45, 60), noise=noise), [], [], words)
    assert [(gap.start, gap.end, gap.remarks[0].code, gap.taken_out) for gap in gaps] == [
        (5, 5.5, "no_words", "You"),
        (10, 40, "noise", "You … You"),
        (50, 50.5, "no_words", "You"),
    ]


def test_damaged_sound_is_not_called_unclear_too() -> None:
    damage = Gap(start=4, end=10, remarks=(Remark.of(RemarkCode.DAMAGED),))
    known = listening((5, 9), (30, 31), gaps=(damage,))
    assert gaps_of(known, [empty(5, 9)], [], []) == (damage,)


def track(text: str, start: float, invented: str, count: int) -> Transcript:
    segment = Segment(id=0, start=start, end=start + 5, text=text, speaker=text)
    gap = Gap(start=1, end=3, remarks=(INVENTED,), taken_out=invented)
    return Transcript(
        recording=RECORDING,
        duration=60,
        speech_seconds=5,
        language="en",
        segments=(segment,),
        gaps=(gap,),
        warnings=(Remark.of(RemarkCode.TAKEN_OUT, count=count),),
    )


def test_what_is_taken_out_of_a_track_is_kept_though_another_speaks_meanwhile() -> None:
    tracks = [track("We ship on Friday.", 0, "Thank you.", 1), track("Good.", 9, "Bye. … Bye.", 2)]
    speech = [Span(start=0, end=5), Span(start=9, end=14)]
    meeting = merged(tracks, speech, recording=RECORDING, lead=0)
    assert [gap.taken_out for gap in meeting.gaps if gap.taken_out] == ["Thank you.", "Bye. … Bye."]
    counted = [warning for warning in meeting.warnings if warning.code == "taken_out"]
    assert counted == [Remark.of(RemarkCode.TAKEN_OUT, count=3)]
