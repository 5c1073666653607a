"""What is missing is named once, also where several tracks make one transcript."""

from __future__ import annotations

from memo.model import Gap, Recording, Remark, RemarkCode, Segment, Span, Transcript
from memo.speech.gaps import gaps_of
from memo.speech.heard import HeardClip, Listening
from memo.speech.invented import TakenOut
from memo.speech.merging import merged
from memo.speech.words import Spoken

RECORDING = Recording(filename="call.m4a", sha256="0" * 64)
INVENTED = Remark.of(RemarkCode.INVENTED)


def empty(start: float, end: float) -> HeardClip:
    return HeardClip(start=start, end=end, words=(), avg_logprob=None, no_speech_prob=None)


def listening(*speech: tuple[float, float], gaps: tuple[Gap, ...] = ()) -> Listening:
    spans = tuple(Span(start=start, end=end) for start, end in speech)
    return Listening(duration=60, speech=spans, gaps=gaps)


def test_speech_that_could_not_be_made_out_is_named_once() -> None:
    clip = empty(5, 9)
    word = Spoken("You", 5.0, 8.9, 0.1, spaced=True, clip=clip)
    taken = [TakenOut((word,), RemarkCode.NO_WORDS, clip)]
    gaps = gaps_of(listening((5, 9), (20, 26)), [clip, empty(20, 26)], [], taken)
    assert [(gap.start, gap.end, gap.remarks[0].code) for gap in gaps] == [
        (5, 9, "no_words"),
        (20, 26, "unclear"),
        (26, 60, "no_speech"),
    ]


def test_damaged_sound_is_not_called_unclear_too() -> None:
    damage = Gap(start=4, end=10, remarks=(Remark.of(RemarkCode.DAMAGED),))
    known = listening((5, 9), (30, 31), gaps=(damage,))
    assert gaps_of(known, [empty(5, 9)], [], []) == (damage,)


def track(text: str, start: float, taken: str, count: int) -> Transcript:
    segment = Segment(id=0, start=start, end=start + 5, text=text, speaker=text)
    gap = Gap(start=1, end=3, remarks=(INVENTED,), taken_out=taken)
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
