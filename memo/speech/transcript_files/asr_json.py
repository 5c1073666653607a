"""JSON of speech recognisers: timed segments, with words and speakers where they have them.

Taken are openai-whisper and faster-whisper (`segments` with `avg_logprob`, words with
`probability`), OpenAI's `verbose_json`, WhisperX (words with `score`, `speaker` on both; words that
could not be aligned have no times), whisper.cpp (`transcription` with `offsets` in milliseconds),
services that say `utterances`, Teams' `entries`, a bare list of segments, and memo's own
transcript.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from pydantic import ValidationError

from memo.errors import RecordingError
from memo.model import Recording, Remark, RemarkCode, Segment, Transcript, Word
from memo.speech.transcript_files.cues import (
    Cue,
    Reading,
    clean,
    label,
    speaking_time,
    word_count,
)
from memo.speech.transcript_files.stamps import parse_stamp
from memo.speech.transcript_files.timeline import place_turns

MOST_VALUES = 3_000_000
"""More than the words of a hundred hours; keeps memory below a gigabyte."""

UNKNOWN_PROBABILITY = 0.5
"""Probability of a word for which the file has none."""

_LATEST = 1e8
"""Seconds; three years. Later is no time inside a recording."""
_SLOWEST = 0.05
"""Words per second; when twenty words or more are slower, times were milliseconds."""
_FEWEST_WORDS = 20
_MOST_VOICES = 1000

_LISTS = ("segments", "utterances", "transcription", "entries")
_TEXTS = ("text", "transcript")
_STARTS = ("start", "start_time", "startOffset")
_ENDS = ("end", "end_time", "endOffset")
_SPEAKERS = ("speaker", "speaker_name", "speakerDisplayName", "speaker_id")
_PROBABILITIES = ("probability", "score", "confidence")
_HINT = (
    "Give the JSON that Whisper, WhisperX or memo wrote for a recording, or a VTT, SRT or .docx."
)


def read_json(text: str, filename: str, recording: Recording) -> Reading | Transcript:
    """Read the JSON of a speech recogniser.

    Args:
        text: The file.
        filename: How errors name it.
        recording: What memo's own transcript is to be a transcript of.

    Returns:
        Its cues, or the transcript itself if memo wrote it.

    Raises:
        RecordingError: This is no JSON, or JSON of another kind.
    """
    value = _parsed(text, filename)
    if isinstance(value, dict) and "speech_seconds" in value:
        return _own(value, filename, recording)
    items = _items(value)
    if not items:
        _refuse(f"{filename} is JSON, but no transcript")
    outer = value if isinstance(value, dict) else {}
    inner = outer.get("result")
    said = _text_of(outer, ("language",)) or _text_of(inner, ("language",))
    reading = Reading([], language=said, duration=_number(outer.get("duration")) or 0.0)
    reading.cues = list(_placed([_cue(item) for item in items], reading.warnings))
    if _in_milliseconds(reading.cues):
        reading.cues = [_scaled(cue, 1e-3) for cue in reading.cues]
        reading.duration = 0.0
        reading.warnings.append(Remark.of(RemarkCode.TIMES_IN_MILLISECONDS))
    return reading


def _refuse(message: str) -> NoReturn:
    raise RecordingError(message, hint=_HINT)


def _parsed(text: str, filename: str) -> object:
    if text.count(",") + text.count("[") + text.count("{") > MOST_VALUES:
        _refuse(f"{filename} holds more values than a transcript of a hundred hours")
    try:
        value: object = json.loads(text)
    except RecursionError as error:
        raise RecordingError(f"{filename} is nested too deeply", hint=_HINT) from error
    except ValueError as error:
        raise RecordingError(f"{filename} is not valid JSON", hint=_HINT) from error
    return value


def _items(value: object) -> list[Mapping[str, Any]]:
    """Return the segments of whatever this is; none if it is no transcript."""
    lists = [value.get(key) for key in _LISTS] if isinstance(value, dict) else [value]
    for found in lists:
        if isinstance(found, list) and found and all(isinstance(item, dict) for item in found):
            items = [item for item in found if _text_of(item, _TEXTS) is not None]
            if 2 * len(items) >= len(found):
                return items
    return []


# --- memo's own -------------------------------------------------------------------------------


def _own(value: Mapping[str, Any], filename: str, recording: Recording) -> Transcript:
    try:
        transcript = Transcript.model_validate({**value, "recording": recording})
    except ValidationError as error:
        message = f"{filename} is no transcript of this version of memo"
        raise RecordingError(message, hint="Convert the recording again.") from error
    if not transcript.segments:
        _refuse(f"{filename} is a transcript in which nothing is said")
    segments = tuple(map(_cleaned, transcript.segments))
    participants = tuple(
        person.model_copy(update={"name": clean(person.name), "label": label(person.label)})
        for person in transcript.participants
    )
    return transcript.model_copy(update={"segments": segments, "participants": participants})


def _cleaned(segment: Segment) -> Segment:
    words = (word.model_copy(update={"text": clean(word.text)}) for word in segment.words)
    return segment.model_copy(
        update={
            "text": clean(segment.text),
            "speaker": label(segment.speaker),
            "words": tuple(word for word in words if word.text),
        }
    )


# --- Others' ----------------------------------------------------------------------------------


def _cue(item: Mapping[str, Any]) -> Cue:
    """Return what a segment says; a start or end that it lacks is NaN or None."""
    start, end = _time(item, _STARTS, "from"), _time(item, _ENDS, "to")
    words = _words(item.get("words"), start)
    return Cue(
        start=math.nan if start is None else start,
        end=end,
        speaker=_speaker(item) or _speaker_of_words(item.get("words")),
        text=_text_of(item, _TEXTS) or "",
        words=words,
        avg_logprob=_number(item.get("avg_logprob"), lowest=-_LATEST),
        no_speech_prob=_probability(item, ("no_speech_prob",)),
    )


def _placed(cues: Sequence[Cue], warnings: list[Remark]) -> Iterator[Cue]:
    """Yield the cues with a start each, after the one before where the file has none."""
    missing = sum(math.isnan(cue.start) for cue in cues)
    if missing == len(cues):
        warnings.append(Remark.of(RemarkCode.TIMES_ESTIMATED))
        places = place_turns([cue.text for cue in cues], [None] * len(cues))
        for cue, (start, end) in zip(cues, places, strict=True):
            yield replace(cue, start=start, end=end)
        return
    if missing:
        warnings.append(Remark.of(RemarkCode.STARTS_ESTIMATED, count=missing))
    at = 0.0
    for cue in cues:
        placed = replace(cue, start=at) if math.isnan(cue.start) else cue
        at = placed.end or placed.start + speaking_time(cue.text)
        yield placed


def _in_milliseconds(cues: Sequence[Cue]) -> bool:
    span = sum(max((cue.end or cue.start) - cue.start, 0.0) for cue in cues)
    return _FEWEST_WORDS <= sum(word_count(cue.text) for cue in cues) < _SLOWEST * span


def _scaled(cue: Cue, factor: float) -> Cue:
    words = (
        word.model_copy(update={"start": word.start * factor, "end": word.end * factor})
        for word in cue.words
    )
    end = None if cue.end is None else cue.end * factor
    return replace(cue, start=cue.start * factor, end=end, words=tuple(words))


def _words(value: object, start: float | None) -> tuple[Word, ...]:
    """Return the words of a segment; one without times lies between its neighbours."""
    items = value if isinstance(value, list) else []
    words: list[Word] = []
    at = start or 0.0
    for item in items:
        text = clean(_text_of(item, ("word", "text")) or "")
        if not text:
            continue
        begins = _time(item, _STARTS)
        begins = at if begins is None else begins
        ends = _time(item, _ENDS)
        at = begins if ends is None or ends < begins else ends
        probability = _probability(item, _PROBABILITIES)
        known = UNKNOWN_PROBABILITY if probability is None else probability
        words.append(Word(start=begins, end=at, text=text, probability=known))
    return tuple(words)


def _speaker(item: Mapping[str, Any]) -> str | None:
    for key in _SPEAKERS:
        value = item.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_VOICES:
            return f"Speaker {value}"
    return None


def _speaker_of_words(value: object) -> str | None:
    items = value if isinstance(value, list) else []
    votes = Counter(_speaker(item) for item in items if isinstance(item, dict))
    return votes.most_common(1)[0][0] if votes else None


def _text_of(item: object, keys: Sequence[str]) -> str | None:
    if not isinstance(item, dict):
        return None
    return next((item[key] for key in keys if isinstance(item.get(key), str)), None)


def _time(item: object, keys: Sequence[str], offset: str = "") -> float | None:
    """Return a time in seconds: a number, or a clock like `00:01:02.300`."""
    if not isinstance(item, dict):
        return None
    offsets = item.get("offsets")
    if offset and isinstance(offsets, dict):  # whisper.cpp
        milliseconds = _number(offsets.get(offset))
        return None if milliseconds is None else milliseconds / 1000
    value = next((item[key] for key in keys if key in item), None)
    if isinstance(value, str):
        stamp = parse_stamp(value[:16])
        return stamp.seconds if stamp else None
    return _number(value)


def _probability(item: object, keys: Sequence[str]) -> float | None:
    if not isinstance(item, dict):
        return None
    value = next((_number(item[key]) for key in keys if key in item), None)
    return None if value is None else min(value, 1.0)


def _number(value: object, lowest: float = 0.0) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if lowest <= value <= _LATEST else None
