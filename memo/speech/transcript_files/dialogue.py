"""Text in which a name says who speaks: `Name: text` and its many relatives.

There is no standard. Taken are, with times or without and in any mixture:

    Name: text                       hand-made, Google Meet, Whisper's diarizing relatives
    [00:01:02] Name: text            also 00:01:02 Name: text, and [00:00.000 --> 00:05.000] text
    Name (00:01:02): text            Rev and others
    Name   0:03                      Teams (.docx and copied), Otter; the text on the next lines
    [Name] 10:02:33                  Zoom's saved captions, in the time of day
    Name, and 0:03 on the next line  copied from a web page
    00:05:00                         Google Meet, every few minutes

Headings of Markdown, bold names and bullets do not matter. Title, date and attendees above the
first turn, and what programs add at the end, are no speech and are left out, with a warning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise

from memo.model import Remark, RemarkCode
from memo.speech.transcript_files.cues import Cue, Reading, clean, word_count
from memo.speech.transcript_files.names import (
    Candidate,
    accepted_names,
    has_name_shape,
    heads_a_line,
    looks_like_name,
    split_name,
)
from memo.speech.transcript_files.stamps import STAMP, Stamp, marks_of, parse_stamp
from memo.speech.transcript_files.timeline import place_turns, steady

_NAME = r"([^\W\d_][^:\n]{0,70}?)"
_LEAD_STAMP = re.compile(
    rf"([\[(])?\s*({STAMP})(?:\s*(?:-{{1,2}}>|\u2192|\u2013|-)\s*{STAMP})?\s*[\])]?"
    r"(?:\s*[-\u2013\u2014|:]\s+|\s+|(?<=[\])])|$)"
)
_NAME_THEN_STAMP = re.compile(
    rf"{_NAME}(?:\s*[\[(]\s*({STAMP})\s*[\])]\s*[:\u2013-]?|(?:\s{{2,}}|\t)({STAMP}))(?:\s+|$)"
)
_HEADER = re.compile(rf"(\[)?{_NAME}\]?(\s*[|,\u00b7\u2022\u2013-]\s*|\s+)[\[(]?({STAMP})[\])]?:?")
_MARKUP = re.compile(r"#+\s*(?=\d)|[#>*+\u2022\u2013\u2014-]+\s*(?=[^\W\d_]|[\[(@])")
_NOTE = re.compile(r"[\[(][^\[\]()]{1,60}[\])]")
_TRANSCRIPT_BELOW = re.compile(
    r"(?:.{1,150}\s[-\u2013]\s)?\W{0,4}(?:transcript(?:ion)?|transkript(?:ion)?|transcripci\u00f3n"
    r"|transcri\u00e7\u00e3o|trascrizione|transcriptie)\W{0,3}",
    re.IGNORECASE,
)
_ENDED = re.compile(
    rf"\W{{0,4}}tran?s[ck]ri\w{{2,10}}(?:\s\w{{1,20}}){{1,4}}\s({STAMP})\W{{0,4}}", re.IGNORECASE
)
_CHROME = re.compile(
    r"transcribed by https?://\S+|.{1,90}\s(?:(?:started|stopped) transcription"
    r"|hat die transkription (?:gestartet|beendet)"
    r"|a (?:d\u00e9marr\u00e9|arr\u00eat\u00e9) la transcription"
    r"|(?:inici\u00f3|detuvo) la transcripci\u00f3n)\.?",
    re.IGNORECASE,
)
_UNSURE = re.compile(r"(?<=\w)\(\?\)")  # as memo marks what was poorly heard
_LONGEST_HEAD = 200
_BARE_SHARE = 0.3
"""Share of lines that start with a time without brackets, below which those times were said."""


class _Kind(Enum):
    TEXT = "text"
    PREFIX = "name: text"
    HEADER = "name and time, text below"
    STAMP = "time, with or without text"


@dataclass(slots=True)
class _Line:
    """A line and what it may be.

    `whole` is the line, `spoken` is it without a leading time: what was said if the name is none.
    """

    kind: _Kind
    whole: str
    spoken: str
    text: str = ""
    name: str | None = None
    stamp: Stamp | None = None
    bare: bool = False
    opens: bool = False


@dataclass(slots=True)
class _Turn:
    speaker: str | None
    stamp: Stamp | None
    parts: list[str] = field(default_factory=list)


def read_dialogue(lines: Sequence[str]) -> Reading:
    """Read plain text.

    Args:
        lines: The lines of the file.

    Returns:
        Its turns, timed, in the order of the file; none if nothing is said in it.
    """
    reading = Reading([])
    body, reading.duration = _until_end(lines)
    marked = _decide(list(_times_below_names(_classify(body))))
    spoken, left_out = _only_speech(marked)
    turns = [turn for turn in _turns(spoken) if turn.parts]
    texts = [_UNSURE.sub("", " ".join(turn.parts)) for turn in turns]
    marks, warnings = marks_of([turn.stamp for turn in turns], sum(map(word_count, texts)))
    reading.cues = [
        Cue(start, end, turn.speaker, text)
        for turn, text, (start, end) in zip(turns, texts, place_turns(texts, marks), strict=True)
    ]
    reading.warnings += warnings
    astray = {mark for mark in marks if mark is not None} - set(steady(marks))
    if astray:
        reading.warnings.append(Remark.of(RemarkCode.MARKS_ASTRAY, count=len(astray)))
    if left_out:
        reading.warnings.append(Remark.of(RemarkCode.NO_SPEECH_LINES, count=left_out))
    return reading


def _until_end(lines: Sequence[str]) -> tuple[list[str], float]:
    """Return the lines above `Transcription ended after 00:31:20`, and that time in seconds."""
    for place, line in enumerate(lines):
        match = _ENDED.fullmatch(line.strip()) if len(line) < _LONGEST_HEAD else None
        stamp = parse_stamp(match[1]) if match else None
        if stamp:
            return list(lines[:place]), stamp.seconds
    return list(lines), 0.0


# --- What a line may be -----------------------------------------------------------------------


def _classify(lines: Iterable[str]) -> Iterator[_Line]:
    blank = True
    for raw in lines:
        line = _unmarked(raw)
        if line:
            found = _line(line)
            found.opens = found.opens or blank
            yield found
        blank = not line


def _unmarked(raw: str) -> str:
    """Return a line without the marks of a heading, a quotation, a bullet or bold text."""
    line = raw.replace("**", "").strip()
    mark = _MARKUP.match(line)
    return line[mark.end() :] if mark else line


def _line(line: str) -> _Line:
    return _header(line) or _stamped_name(line) or _lead_stamp(line) or _plain(line, None)


def _header(line: str) -> _Line | None:
    match = _HEADER.fullmatch(line) if len(line) <= _LONGEST_HEAD else None
    stamp = parse_stamp(match[4]) if match else None
    if not match or not stamp or not has_name_shape(match[2].strip()):
        return None
    zoom = match[1] is not None
    return _Line(
        _Kind.HEADER,
        whole=line,
        spoken=line,
        name=clean(match[2]),
        stamp=stamp._replace(clock=stamp.clock or zoom),
        opens=zoom or match[3] != " ",
    )


def _stamped_name(line: str) -> _Line | None:
    match = _NAME_THEN_STAMP.match(line[:_LONGEST_HEAD])
    stamp = parse_stamp(match[2] or match[3]) if match else None
    if not match or not stamp or not has_name_shape(match[1].strip()):
        return None
    text = line[match.end() :]
    name = clean(match[1])
    return _Line(_Kind.PREFIX, line, line, text=text, name=name, stamp=stamp, opens=True)


def _lead_stamp(line: str) -> _Line | None:
    match = _LEAD_STAMP.match(line[:_LONGEST_HEAD])
    stamp = parse_stamp(match[2]) if match else None
    if not match or not stamp:
        return None
    rest = _plain(line[match.end() :].strip(), stamp)
    rest.whole, rest.bare = line, match[1] is None and bool(rest.spoken)
    return rest


def _plain(text: str, stamp: Stamp | None) -> _Line:
    split = split_name(text)
    if split:
        name, said = clean(split[0]), split[1]
        opens = stamp is not None
        return _Line(_Kind.PREFIX, text, text, said, name, stamp, opens=opens)
    return _Line(_Kind.STAMP if stamp else _Kind.TEXT, text, text, text, stamp=stamp)


def _times_below_names(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Yield the lines, a name and a time on the line below it as one header."""
    before: _Line | None = None
    for line in lines:
        alone = line.kind is _Kind.STAMP and not line.spoken
        if before and alone and _is_name_above(before, line):
            name = clean(before.whole)
            whole = before.whole
            yield _Line(_Kind.HEADER, whole, whole, name=name, stamp=line.stamp, opens=True)
            before = None
            continue
        if before:
            yield before
        before = line
    if before:
        yield before


def _is_name_above(line: _Line, stamp: _Line) -> bool:
    """Tell whether a line names who speaks at the time below it, in the same block or the next."""
    name = line.whole
    return (
        line.kind is _Kind.TEXT
        and (line.opens or not stamp.opens)
        and not _opens_transcript(line)
        and has_name_shape(name)
        and looks_like_name(name)
        and not heads_a_line(name)
    )


# --- What it is -------------------------------------------------------------------------------


def _decide(lines: list[_Line]) -> list[_Line]:
    """Turn what only looked like a speaker or a time back into text."""
    candidates = (Candidate(line.name, line.opens) for line in lines if line.name)
    names = accepted_names(candidates, len(lines))
    bare = sum(line.bare for line in lines) >= _BARE_SHARE * len(lines)
    for line in lines:
        if line.name is not None and line.name not in names:
            line.name = None
            led = line.spoken != line.whole
            line.kind = _Kind.STAMP if led else _Kind.TEXT
            line.text = line.spoken
        if line.kind is _Kind.STAMP and line.bare and not bare:
            line.kind, line.text = _Kind.TEXT, line.whole
        if line.kind is _Kind.TEXT:
            line.stamp = None
    return list(_without_empty_names(lines))


def _without_empty_names(lines: Sequence[_Line]) -> Iterator[_Line]:
    """Yield the lines; a name that comes once, and to say nothing, is text."""
    counts = Counter(line.name for line in lines)
    for line, following in pairwise([*lines, None]):
        if line is None:
            return
        said = line.text or line.stamp or (following and following.kind is _Kind.TEXT)
        once = line.name is not None and counts[line.name] == 1
        yield (
            replace(line, kind=_Kind.TEXT, name=None, text=line.whole)
            if once and not said
            else line
        )


def _only_speech(lines: Sequence[_Line]) -> tuple[list[_Line], int]:
    """Return the lines that were said, and how many were not."""
    below = (place for place, line in enumerate(lines) if _opens_transcript(line))
    body = lines[next(below, -1) + 1 :]
    first = next((place for place, line in enumerate(body) if line.kind is not _Kind.TEXT), 0)
    spoken = [line for line in body[first:] if line.kind is not _Kind.TEXT or not _is_note(line)]
    return spoken, len(lines) - len(spoken)


def _opens_transcript(line: _Line) -> bool:
    short = line.kind is _Kind.TEXT and line.opens and len(line.whole) < _LONGEST_HEAD
    return short and _TRANSCRIPT_BELOW.fullmatch(line.whole) is not None


def _is_note(line: _Line) -> bool:
    text = line.text
    return bool(len(text) < _LONGEST_HEAD and (_NOTE.fullmatch(text) or _CHROME.fullmatch(text)))


def _turns(lines: Iterable[_Line]) -> Iterator[_Turn]:
    """Yield the turns; a line without a speaker goes on with the one before."""
    turn = _Turn(None, None)
    waiting: Stamp | None = None
    named = False
    for line in lines:
        if line.kind is _Kind.TEXT and waiting is None and named:
            turn.parts.append(line.text)
            continue
        yield turn
        named = named or line.name is not None
        speaker = line.name if line.name is not None else turn.speaker
        turn = _Turn(speaker, line.stamp or waiting, [line.text] if line.text else [])
        waiting = line.stamp if line.kind is _Kind.STAMP and not line.text else None
    yield turn
