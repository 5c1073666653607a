"""What was heard becomes a `Transcript`: sentences, gaps, and warnings about both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from memo.model import (
    Gap,
    Media,
    Recording,
    Remark,
    RemarkCode,
    Segment,
    Span,
    Transcript,
    Word,
)
from memo.speech.heard import HeardClip, HeardWindow, Listening, SpokenLanguage
from memo.speech.loops import without_loops
from memo.speech.sentences import sentences, text_of
from memo.speech.words import Spoken, spoken_words

_LONG_SILENCE = 30.0  # s
_LITTLE_SPEECH = 0.4  # share of the recording
_SHORT_RECORDING = 60.0  # s; in a shorter one the share says little
_LONG_LOOP = 2.0  # s; a shorter one is a gap, but not worth a warning
_UNCERTAIN_LANGUAGE = 0.5  # share of the votes

_TOLD = {
    RemarkCode.DAMAGED: RemarkCode.DAMAGED_AT,
    RemarkCode.ENDS_EARLY: RemarkCode.ENDS_EARLY_AT,
}
"""How a warning puts why a stretch of the file is missing."""

# Whisper's own criterion of silence (Radford et al. 2022, section 4.5).
_NO_SPEECH_PROB = 0.6
_NO_SPEECH_LOGPROB = -1.0


def assemble(
    *,
    recording: Recording,
    media: Media,
    listening: Listening,
    language: SpokenLanguage,
    windows: Iterable[HeardWindow],
    asr_model: str,
) -> Transcript:
    """Make the transcript of a recording from what was heard in it.

    Args:
        recording: Its identity.
        media: What its container says.
        listening: Where there is speech.
        language: What is spoken.
        windows: What was recognised, in order of time.
        asr_model: Engine and model, for the provenance.
    """
    clips = [clip for window in windows for clip in window.clips]
    words, loops = without_loops(
        spoken_words([clip for clip in clips if not _is_silent(clip)], language.code)
    )
    gaps = [*listening.gaps, *_unusable(clips, loops)]
    gaps.extend(_silences(listening, gaps))
    return Transcript(
        recording=recording,
        duration=listening.announced,
        speech_seconds=round(listening.speech_seconds, 3),
        language=language.code,
        segments=tuple(
            _segment(place, sentence) for place, sentence in enumerate(sentences(words))
        ),
        gaps=tuple(sorted(gaps, key=lambda gap: (gap.start, gap.end))),
        warnings=tuple(_warnings(media, listening, language, loops)),
        asr_model=asr_model,
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


def _is_silent(clip: HeardClip) -> bool:
    """Return whether Whisper itself believes that nothing is said in what it wrote."""
    if clip.no_speech_prob is None or clip.avg_logprob is None:
        return False
    return clip.no_speech_prob > _NO_SPEECH_PROB and clip.avg_logprob < _NO_SPEECH_LOGPROB


def _unusable(clips: Iterable[HeardClip], loops: Iterable[Span]) -> Iterator[Gap]:
    for clip in clips:
        if _is_silent(clip) and clip.words:
            yield _gap(clip.start, clip.end, RemarkCode.NO_WORDS)
    for loop in loops:
        yield _gap(round(loop.start, 3), round(loop.end, 3), RemarkCode.REPEATED)


def _silences(listening: Listening, known: Iterable[Gap]) -> Iterator[Gap]:
    """Yield the long stretches without speech, as far as no other gap accounts for them."""
    taken: list[Span] = [*listening.speech, *known]
    now = 0.0
    for span in [*sorted(taken, key=lambda span: span.start), _end_of(listening)]:
        if span.start - now >= _LONG_SILENCE:
            yield _gap(now, span.start, RemarkCode.NO_SPEECH)
        now = max(now, span.end)


def _gap(start: float, end: float, why: RemarkCode) -> Gap:
    return Gap(start=start, end=end, remarks=(Remark.of(why),))


def _end_of(listening: Listening) -> Span:
    return Span(start=listening.announced, end=listening.announced)


# --- Warnings ----------------------------------------------------------------------------------


def _warnings(
    media: Media, listening: Listening, language: SpokenLanguage, loops: Sequence[Span]
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
            speech=_clock(listening.speech_seconds),
            total=_clock(listening.duration),
        )
    if listening.speech and language.share < _UNCERTAIN_LANGUAGE:
        share = round(100 * language.share)
        yield Remark.of(RemarkCode.LANGUAGE_UNSURE, language=language.code, share=share)
    for loop in (loop for loop in loops if loop.duration >= _LONG_LOOP):
        yield Remark.of(RemarkCode.REPEATED_AT, **_from_to(loop))


def _from_to(span: Span) -> dict[str, str]:
    return {"start": _clock(span.start), "end": _clock(span.end)}


def _has_little_speech(listening: Listening) -> bool:
    share = listening.speech_seconds / max(listening.duration, 1.0)
    return listening.duration > _SHORT_RECORDING and share < _LITTLE_SPEECH


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"
