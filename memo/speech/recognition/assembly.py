"""What was heard becomes a `Transcript`: sentences, gaps, and warnings about both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from memo.model import (
    Media,
    Recording,
    Remark,
    RemarkCode,
    Segment,
    Span,
    Transcript,
    Word,
)
from memo.speech.clock import clock
from memo.speech.heard import HeardClip, HeardWindow, Listening, SpokenLanguage
from memo.speech.recognition.gaps import gaps_of
from memo.speech.recognition.invented import TakenOut, sift
from memo.speech.recognition.languages import others
from memo.speech.recognition.sentences import sentences, text_of
from memo.speech.recognition.words import Spoken, spoken_words

_LITTLE_SPEECH = 0.4  # share of the recording
_SHORT_RECORDING = 60.0  # s; in a shorter one the share says little
_LONG_LOOP = 2.0  # s; a shorter one is counted, but its place is not worth a warning
_UNCERTAIN_LANGUAGE = 0.5  # share of the votes

_TOLD = {
    RemarkCode.DAMAGED: RemarkCode.DAMAGED_AT,
    RemarkCode.ENDS_EARLY: RemarkCode.ENDS_EARLY_AT,
}
"""How a warning puts why a stretch of the file is missing."""


def assemble(
    *,
    recording: Recording,
    media: Media,
    listening: Listening,
    language: SpokenLanguage,
    windows: Iterable[HeardWindow],
    asr_model: str,
    hotwords: Iterable[str] = (),
) -> Transcript:
    """Make the transcript of a recording from what was heard in it.

    Args:
        recording: Its identity.
        media: What its container says.
        listening: Where there is speech.
        language: What is spoken.
        windows: What was recognised, in order of time.
        asr_model: Engine and model, for the provenance.
        hotwords: Names and terms that the model was told to expect.
    """
    clips = [clip for window in windows for clip in window.clips]
    heard = spoken_words(clips, language.code)
    words, taken = sift(
        heard,
        speech=listening.speech,
        noise=listening.noise,
        language=language.code,
        hotwords=hotwords,
    )
    return Transcript(
        recording=recording,
        duration=listening.announced,
        speech_seconds=round(listening.speech_seconds, 3),
        language=language.code,
        segments=tuple(
            _segment(place, sentence) for place, sentence in enumerate(sentences(words))
        ),
        gaps=gaps_of(listening, clips, words, taken),
        warnings=(
            *_warnings(media, listening, language, taken),
            *_in_other_languages(clips),
        ),
        asr_model=asr_model,
        decoded_seconds=round(sum(clip.duration for clip in clips), 3),
    )


def _segment(place: int, sentence: Sequence[Spoken]) -> Segment:
    clip = sentence[0].clip
    return Segment(
        id=place,
        start=sentence[0].start,
        end=sentence[-1].end,
        text=text_of(sentence),
        words=tuple(
            Word(start=word.start, end=word.end, text=word.text, probability=word.probability)
            for word in sentence
        ),
        avg_logprob=clip.avg_logprob,
        no_speech_prob=clip.no_speech_prob,
    )


# --- Warnings ----------------------------------------------------------------------------------


def _warnings(
    media: Media, listening: Listening, language: SpokenLanguage, taken: Sequence[TakenOut]
) -> Iterator[Remark]:
    for gap in listening.gaps:
        for remark in gap.remarks:
            yield Remark.of(_TOLD[RemarkCode(remark.code)], **_from_to(gap))
    if media.sound_tracks > 1:
        yield Remark.of(RemarkCode.SOUND_TRACKS, count=media.sound_tracks)
    if not listening.speech:
        yield Remark.of(RemarkCode.NOBODY_SPEAKS)
    elif _has_little_speech(listening):
        yield Remark.of(
            RemarkCode.LITTLE_SPEECH,
            speech=clock(listening.speech_seconds),
            total=clock(listening.duration),
        )
    if listening.speech and language.share < _UNCERTAIN_LANGUAGE:
        share = round(100 * language.share)
        yield Remark.of(RemarkCode.LANGUAGE_UNSURE, language=language.code, share=share)
    if taken:
        yield Remark.of(RemarkCode.TAKEN_OUT, count=len(taken))
    for invented in taken:
        if invented.why is RemarkCode.REPEATED and invented.place.duration >= _LONG_LOOP:
            yield Remark.of(RemarkCode.REPEATED_AT, **_from_to(invented.place))


def _in_other_languages(clips: Iterable[HeardClip]) -> Iterator[Remark]:
    for stretch, code in others(clips):
        yield Remark.of(RemarkCode.OTHER_LANGUAGE, language=code, **_from_to(stretch))


def _from_to(span: Span) -> dict[str, str]:
    return {"start": clock(span.start), "end": clock(span.end)}


def _has_little_speech(listening: Listening) -> bool:
    share = listening.speech_seconds / max(listening.duration, 1.0)
    return listening.duration > _SHORT_RECORDING and share < _LITTLE_SPEECH
