"""The transcript as text to read: turns with their times and names, in short paragraphs.

Only lines that begin a turn stand at the margin, so nothing that is said can look like one. Readers
of plain transcripts (memo's own, too) take such a file as it is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memo.confidence import is_measured
from memo.export.captions import begins_a_turn, lines_of, unsure_in
from memo.export.remarks import words_of
from memo.export.untrusted import one_line
from memo.export.wording import timestamp, wording_for
from memo.model import Gap, Segment, Transcript

UNSURE = "(?)"
"""Stands after words that were poorly heard."""
_WIDTH = 76  # columns, without the margin
_MARGIN = "    "
_LONGEST = 60.0
"""Seconds of a paragraph, after which the next one begins with its own time."""
_PAUSE = 3.0
"""Seconds; who pauses for longer begins another paragraph."""


@dataclass(frozen=True)
class _Paragraph:
    """What one voice says without a long pause."""

    speaker: str | None
    segments: tuple[Segment, ...]

    def goes_on(self, speaker: str | None, segment: Segment) -> bool:
        first, last = self.segments[0], self.segments[-1]
        short = segment.start - first.start < _LONGEST and segment.start - last.end < _PAUSE
        return speaker == self.speaker and short


def render_txt(
    transcript: Transcript, *, title: str | None = None, language: str | None = None
) -> str:
    """Return the transcript as text.

    Args:
        transcript: What was said.
        title: What the meeting is called; by default the recording's file name stands for it.
        language: ISO 639-1 code of the language that gaps are named in; the one spoken by default.
    """
    spoken = language or transcript.language
    wording = wording_for(spoken)
    name = one_line(title or "") or one_line(transcript.recording.filename)
    parts: list[tuple[float, str]] = []
    for paragraph in _paragraphs(transcript):
        speaker = wording.named(one_line(paragraph.speaker or ""))
        told = _told(paragraph, speaker, marked=is_measured(transcript))
        parts.append((paragraph.segments[0].start, told))
    parts += ((gap.start, _named(gap, spoken)) for gap in transcript.gaps)
    blocks = [text for _, text in sorted(parts, key=lambda part: part[0])]
    return "\n\n".join([name, wording.transcript, *blocks]) + "\n"


def _paragraphs(transcript: Transcript) -> Iterator[_Paragraph]:
    """Yield the paragraphs in order; one ends where a gap begins."""
    paragraph: _Paragraph | None = None
    for segment in transcript.segments:
        if not one_line(segment.text):
            continue
        name = transcript.name_of(segment.speaker)
        if (
            paragraph
            and paragraph.goes_on(name, segment)
            and not _parted(paragraph.segments[0], segment, transcript.gaps)
        ):
            paragraph = _Paragraph(name, (*paragraph.segments, segment))
            continue
        if paragraph:
            yield paragraph
        paragraph = _Paragraph(name, (segment,))
    if paragraph:
        yield paragraph


def _parted(first: Segment, second: Segment, gaps: Iterable[Gap]) -> bool:
    return any(first.start < gap.start <= second.start for gap in gaps)


def _told(paragraph: _Paragraph, speaker: str, *, marked: bool) -> str:
    at = f"[{timestamp(paragraph.segments[0].start)}]"
    head = f"{at} {speaker}:" if speaker else at
    return "\n".join([head, *(f"{_MARGIN}{line}" for line in _lines(paragraph, marked=marked))])


def _marked(segment: Segment) -> str:
    """Return what was said, with a sign after words that were poorly heard."""
    text = one_line(segment.text)
    for _, end in reversed(unsure_in(segment)):
        text = text[:end] + UNSURE + text[end:]
    return text


def _lines(paragraph: _Paragraph, *, marked: bool) -> list[str]:
    """Return the lines of a paragraph; none of them but the first could begin a turn."""
    text = " ".join(
        _marked(segment) if marked else one_line(segment.text) for segment in paragraph.segments
    )
    lines: list[str] = []
    for line in lines_of(text, _WIDTH):
        if lines and begins_a_turn(line):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return lines


def _named(gap: Gap, language: str) -> str:
    """Return a gap between brackets, as what is not said stands in transcripts."""
    reasons = [words_of(remark, language) for remark in gap.remarks] or [gap.reason]
    span = f"{timestamp(gap.start)}–{timestamp(gap.end)}"
    return f"[{one_line('; '.join(filter(None, [*reasons, span])))}]"
