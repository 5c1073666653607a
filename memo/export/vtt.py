"""The transcript as captions: WebVTT, with the voice of each cue.

Format: W3C WebVTT (Candidate Recommendation, 2019). A cue holds at most two lines of some 42
characters, as captioning guides ask, wherever the times of the words are known.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from memo.export.untrusted import one_line
from memo.model import Segment, Transcript, Word

_LINE = 42  # columns; an East Asian character takes two
_LINES = 2
_STOPS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")


@dataclass(frozen=True)
class _Cue:
    """A caption; times in seconds, `text` cleaned and not yet escaped."""

    start: float
    end: float
    text: str


def render_vtt(transcript: Transcript, *, title: str | None = None) -> str:
    """Return the transcript as WebVTT; every word of it is in exactly one cue.

    Args:
        transcript: What was said.
        title: What the meeting is called; by default the recording's file name stands for it.
    """
    name = one_line(title or "") or one_line(transcript.recording.filename)
    note = f"NOTE\n{_note(name)}\nLanguage: {_note(one_line(transcript.language))}"
    cues = (
        _rendered(cue, transcript.name_of(segment.speaker))
        for segment in transcript.segments
        for cue in _cues(segment)
    )
    return "\n\n".join(["WEBVTT", note, *cues]) + "\n"


def _rendered(cue: _Cue, speaker: str | None) -> str:
    start = round(cue.start * 1000)
    end = max(round(cue.end * 1000), start + 1)  # a cue must end after it starts
    name = one_line(speaker or "")
    voice = f"<v {_escaped(name)}>" if name else ""
    return f"{_clock(start)} --> {_clock(end)}\n{voice}{_escaped(_wrapped(cue.text))}"


def _cues(segment: Segment) -> Iterator[_Cue]:
    """Yield a segment as cues: cut at words if their times are known, else whole."""
    text = one_line(segment.text)
    pieces = _pieces(text, segment.words) or ([_Cue(segment.start, segment.end, text)] * bool(text))
    place = 0
    while place < len(pieces):
        cue = _first_cue(pieces, place)
        yield _Cue(cue[0].start, cue[-1].end, _joined(cue))
        place += len(cue)


def _pieces(text: str, words: Sequence[Word]) -> list[_Cue]:
    """Part a text before each of its words; nothing if the words are not those of the text.

    Recognised words carry no blanks, and Chinese or Japanese has none between them: only the
    text knows what stands between two words.
    """
    spoken = [word for word in words if one_line(word.text)]
    if not spoken:
        return []
    starts, reached = [], 0
    for word in spoken:
        start = text.find(one_line(word.text), reached)
        if start < 0:
            return []
        starts.append(start)
        reached = start + len(one_line(word.text))
    borders = [0, *starts[1:], len(text)]
    return [
        _Cue(word.start, word.end, text[start:end])
        for word, (start, end) in zip(spoken, pairwise(borders), strict=True)
    ]


def _first_cue(pieces: Sequence[_Cue], place: int) -> Sequence[_Cue]:
    """Return the pieces from `place` on that make a cue: what fits, up to a sentence's end."""
    end = place + 1
    while end < len(pieces) and _fits(_joined(pieces[place : end + 1])):
        end += 1
    cue = pieces[place:end]
    if end == len(pieces):
        return cue
    ends = [n for n, piece in enumerate(cue, start=1) if piece.text.rstrip().endswith(_STOPS)]
    full = _columns(_joined(cue))
    longest = ends[-1] if ends else len(cue)
    return cue[:longest] if _columns(_joined(cue[:longest])) * 2 >= full else cue


def _joined(pieces: Iterable[_Cue]) -> str:
    return "".join(piece.text for piece in pieces).strip()


def _lines(text: str) -> list[str]:
    """Break a text at blanks into lines that are as long as fits."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and _columns(f"{lines[-1]} {word}") <= _LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _fits(text: str) -> bool:
    lines = _lines(text)
    return len(lines) <= _LINES and all(_columns(line) <= _LINE for line in lines)


def _wrapped(text: str) -> str:
    """Break a cue's text into lines; two are made as equal as may be."""
    lines = _lines(text)
    if len(lines) != _LINES:
        return "\n".join(lines)
    words = text.split(" ")
    breaks = ((" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words)))
    return "\n".join(min(breaks, key=lambda pair: max(map(_columns, pair))))


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _clock(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _note(text: str) -> str:
    """Return text for a comment, where an arrow would begin a cue."""
    return text.replace("-->", "→")
