r"""WebVTT and SubRip (SRT), as programs write them.

WebVTT is a W3C standard (https://www.w3.org/TR/webvtt1/), SubRip a habit; both are blocks of a
timing line and text, so one reader takes both and what lies between: Teams (`<v Name>` and cue ids
like `guid/12-0`, or the old Word export with a name on the line after the times), Zoom
(`Name: text`), Webex (name in the cue id), Whisper and WhisperX (`[SPEAKER_00]: text`), YouTube
(each line shown twice while it rolls up), and files without a header, without blank lines, or with
blank lines too many.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise, takewhile

from memo.model import Remark, RemarkCode
from memo.speech.transcript_files.cues import (
    Cue,
    Reading,
    clean,
    speaking_time,
    word_count,
)
from memo.speech.transcript_files.names import (
    Candidate,
    accepted_names,
    has_name_shape,
    looks_like_name,
    split_name,
)

_TIMING = re.compile(
    r"\s*(\d[\d:.,]{1,24})\s*(?:-{1,2}>|\u2192)\s*(\d[\d:.,]{1,24})(?:\s+(\S.*)|\s*)"
)
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,3})(?:[.,:](\d{1,9}))?")
_SETTING = re.compile(r"[A-Za-z]\w{0,20}:\S*")
_COMMENT = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s.*)?")
_NAMED_ID = re.compile(r'\s*\d{1,9}\s+"([^"]{1,120})"(?:\s+\(\d{1,20}\))?\s*')  # Webex
_UNPADDED = re.compile(r"\s*\d:\d:\d{1,2}\.\d{1,3}\s-->")  # old Teams
_LANGUAGE = re.compile(r"\s*(?:NOTE\s+)?Language\s*[:=]\s*([A-Za-z-]{2,20})\s*", re.IGNORECASE)
_CUE_ID = re.compile(r"\s*(?:\d{1,9}|[0-9A-Za-z-]{8,64}/\d{1,9}(?:-\d{1,9})?)\s*")
_TAG = re.compile(
    r"</?(?:c|i|b|u|s|v|lang|ruby|rt|font|span)(?:[.\s][^<>]*)?/?>|<\d[\d:.,]*>|\{\\[^{}]*\}",
    re.IGNORECASE,
)
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?(?:\s([^<>]*))?>|</v>", re.IGNORECASE)
_CHANGE = re.compile(r"(?:>>+|[-\u2013\u2014](?=[^\W\d]|[\s\[]))\s*")

_MOST_VOICES = 100
"""Turns told apart in one caption."""
_MOST_ROLLED_LINES = 6
_FEWEST_GOING_ON = 2
_FEW = 5
_ROLLING = 0.3
"""Share of captions repeating the one before, above which a file is rolling captions."""
_CARRIED = 0.8
"""Share of captions with a name, above which a caption without one has an unknown speaker."""


@dataclass(slots=True)
class _Block:
    start: float
    end: float | None
    lines: list[str] = field(default_factory=list)
    name: str | None = None


_Piece = tuple[str | None, str]


def holds_captions(lines: Sequence[str]) -> bool:
    """Return whether lines are WebVTT, or anything else with timing lines."""
    return is_header(lines[0]) or any(_timing(line) for line in lines)


def is_header(line: str) -> bool:
    """Return whether this is the first line of a WebVTT file."""
    return line.split(maxsplit=1)[:1] == ["WEBVTT"]


def read_captions(lines: Sequence[str]) -> Reading:
    """Read WebVTT or SubRip.

    Args:
        lines: The lines of the file.

    Returns:
        Its cues in the order of the file; none if there is no caption.
    """
    reading = Reading([], language=_language(lines) if is_header(lines[0]) else None)
    blocks = list(_blocks(lines))
    backwards = sum(block.end is not None and block.end < block.start for block in blocks)
    if backwards:
        reading.warnings.append(Remark.of(RemarkCode.ENDS_ESTIMATED, count=backwards))
    if any(_VOICE.search(line) for block in blocks for line in block.lines):
        reading.cues = [cue for block in blocks for cue in _cues(block, _voices(block))]
        return reading
    for block in blocks:
        block.lines = [line for line in map(_plain, block.lines) if line]
    if _rolls(blocks):
        blocks = list(_unrolled(blocks))
        reading.warnings.append(Remark.of(RemarkCode.ROLLING_CAPTIONS))
    blocks = [block for block in blocks if block.lines]
    if not is_header(lines[0]) and _names_above(blocks, known=any(map(_UNPADDED.match, lines))):
        for block in blocks:
            block.name = block.lines.pop(0)
    reading.cues = _with_names(blocks)
    return reading


def _language(lines: Sequence[str]) -> str | None:
    """Return the language that stands above the first caption, in the header or in a note."""
    above = takewhile(lambda line: not _timing(line), lines)
    stated = [match[1] for match in map(_LANGUAGE.fullmatch, above) if match]
    return stated[-1] if stated else None


# --- Blocks -----------------------------------------------------------------------------------


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    """Yield each timing line with the text lines that follow it, up to the next one.

    Text after a blank line still belongs to the caption above it: standard WebVTT has no such
    text, and files that have it (Graph's unattributed transcripts put a blank line between times
    and text) mean that. A line right before a timing line is a cue id if it looks like one or
    stands alone.
    """
    block: _Block | None = None
    commented = titled = is_header(lines[0])
    for place, line in enumerate(lines):
        blank_before = place == 0 or not lines[place - 1].strip()
        timing = _timing(line)
        if timing:
            if block:
                yield block
            block, commented = timing, False
            named = _NAMED_ID.fullmatch(lines[place - 1]) if place else None
            block.name = named[1] if named else None
        elif not line.strip():
            commented = False
        elif titled and blank_before and _COMMENT.fullmatch(line):
            commented = not _starts_caption(lines, place + 1)
        elif block and not commented:
            is_id = _starts_caption(lines, place + 1) and (blank_before or _CUE_ID.fullmatch(line))
            if not is_id:
                block.lines.append(line)
    if block:
        yield block


def _starts_caption(lines: Sequence[str], place: int) -> bool:
    return place < len(lines) and _timing(lines[place]) is not None


def _timing(line: str) -> _Block | None:
    if ">" not in line and "\u2192" not in line:
        return None
    match = _TIMING.fullmatch(line)
    if not match:
        return None
    start, end = _seconds(match[1]), _seconds(match[2])
    if start is None or end is None:
        return None
    block = _Block(start, end)
    if match[3] and not all(map(_SETTING.fullmatch, match[3].split())):
        block.lines.append(match[3])
    return block


def _seconds(clock: str) -> float | None:
    """Return the seconds of `H:MM:SS.mmm` or `MM:SS.mmm`; the dot may be a comma or colon."""
    match = _CLOCK.fullmatch(clock)
    if not match:
        return None
    hours, minutes, seconds, fraction = match.groups(default="0")
    whole: int = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int(fraction) / float(10 ** len(fraction))


def _plain(line: str) -> str:
    """Return a line without markup, its character references resolved."""
    return clean(html.unescape(_TAG.sub("", line)))


# --- Who speaks -------------------------------------------------------------------------------


def _cues(block: _Block, pieces: Sequence[_Piece]) -> Iterator[Cue]:
    """Yield a cue for each voice of a caption, sharing its time by the length of what they say."""
    end = block.end if block.end is not None and block.end > block.start else None
    if len(pieces) == 1:
        yield Cue(block.start, end, *pieces[0])
        return
    weights = [max(word_count(text), 0.5) for _, text in pieces]
    span = (end - block.start) if end else sum(speaking_time(text) for _, text in pieces)
    at, total = block.start, sum(weights)
    for (speaker, text), weight in zip(pieces, weights, strict=True):
        yield Cue(at, at + span * weight / total, speaker, text)
        at += span * weight / total


def _voices(block: _Block) -> list[_Piece]:
    """Split a caption at its voice tags; a voice lasts to the next tag or the caption's end."""
    raw = "\n".join(block.lines)
    pieces: list[_Piece] = []
    speaker: str | None = None
    at = 0
    for tag in islice(_VOICE.finditer(raw), _MOST_VOICES):
        pieces.append((speaker, _plain(raw[at : tag.start()])))
        speaker = html.unescape(tag[1]) if tag[1] else None
        at = tag.end()
    pieces.append((speaker, _plain(raw[at:])))
    return [
        (speaker, text)
        for speaker, text in pieces
        if text and (speaker or any(map(str.isalnum, text)))
    ]


def _with_names(blocks: Sequence[_Block]) -> list[Cue]:
    """Return cues with the speakers that the file names beside the text, or else in it."""
    if any(block.name for block in blocks):
        named: list[list[_Piece]] = [[(block.name, " ".join(block.lines))] for block in blocks]
    else:
        named = _with_prefixes(blocks)
    cues = zip(blocks, named, strict=True)
    return [cue for block, pieces in cues for cue in _cues(block, pieces)]


def _names_above(blocks: Sequence[_Block], *, known: bool) -> bool:
    """Tell whether each caption has a name on a line of its own above the text, as in old Teams.

    Args:
        blocks: The captions.
        known: Whether the times are written as only that program writes them.
    """
    names = {block.lines[0] for block in blocks}
    return (
        bool(blocks)
        and all(len(block.lines) > 1 for block in blocks)
        and (known or (len(blocks) > _FEW and len(names) <= len(blocks) / 2))
        and all(has_name_shape(name) and looks_like_name(name) for name in names)
    )


def _with_prefixes(blocks: Sequence[_Block]) -> list[list[_Piece]]:
    splits = [list(_splits(block.lines)) for block in blocks]
    candidates = (
        Candidate(split[0], opens=place == 0 or _CHANGE.match(block.lines[place]) is not None)
        for block, split_lines in zip(blocks, splits, strict=True)
        for place, split in enumerate(split_lines)
        if split
    )
    names = accepted_names(candidates, len(blocks))
    named = sum(any(s and s[0] in names for s in split_lines) for split_lines in splits)
    carried = named < _CARRIED * len(blocks)
    result: list[list[_Piece]] = []
    speaker: str | None = None
    for block, split_lines in zip(blocks, splits, strict=True):
        pieces = _pieces(block.lines, split_lines, names, speaker if carried else None)
        speaker = pieces[-1][0]
        result.append(pieces)
    return result


def _splits(lines: Sequence[str]) -> Iterator[tuple[str, str] | None]:
    """Yield each line as name and text, or None; a name at a caption's end names nobody."""
    for place, line in enumerate(lines, start=1):
        split = split_name(_CHANGE.sub("", line, count=1))
        yield split if split and (split[1] or place < len(lines)) else None


def _pieces(
    lines: Sequence[str],
    splits: Sequence[tuple[str, str] | None],
    names: frozenset[str],
    speaker: str | None,
) -> list[_Piece]:
    """Split a caption's lines at those that begin with a name or with `>>`."""
    turns: list[tuple[str | None, list[str]]] = [(speaker, [])]
    for line, split in zip(lines, splits, strict=True):
        if split and split[0] in names:
            turns.append((split[0], [split[1]]))
        elif line.startswith(">>"):
            turns.append((None, [_CHANGE.sub("", line, count=1)]))
        else:
            turns[-1][1].append(line)
    pieces = [(who, " ".join(filter(None, said))) for who, said in turns]
    return [piece for piece in pieces if piece[1]] or [(turns[-1][0], "")]


# --- Rolling captions -------------------------------------------------------------------------


def _rolls(blocks: Sequence[_Block]) -> bool:
    """Tell whether captions repeat the end of the one before: speech seen live, as on YouTube.

    Some must repeat it and go on; `No.` said four times in a row only repeats.
    """
    repeated = going_on = 0
    for first, second in pairwise(blocks):
        lines, characters = _repeated(first, second)
        repeated += bool(lines or characters)
        going_on += bool(characters or 0 < lines < len(second.lines))
    share = repeated / max(len(blocks) - 1, 1)
    return going_on >= _FEWEST_GOING_ON and repeated > _FEWEST_GOING_ON and share >= _ROLLING


def _repeated(first: _Block, second: _Block) -> tuple[int, int]:
    """Return how many lines, and then characters, of the second caption the first ended with."""
    if not first.lines or first.end is None or second.start > first.end + 0.5:
        return 0, 0
    for count in range(min(len(first.lines), len(second.lines), _MOST_ROLLED_LINES), 0, -1):
        if first.lines[-count:] == second.lines[:count]:
            return count, 0
    grown = second.lines and second.lines[0].startswith(first.lines[-1] + " ")
    return 0, len(first.lines[-1]) if grown else 0


def _unrolled(blocks: Sequence[_Block]) -> Iterator[_Block]:
    """Yield captions without what the one before already showed."""
    before: _Block | None = None
    kept: _Block | None = None
    for block in blocks:
        lines, characters = _repeated(before, block) if before else (0, 0)
        said = block.lines[lines:]
        if characters:
            said = [said[0][characters:].strip(), *said[1:]]
        before = block
        if said:
            if kept:
                yield kept
            kept = _Block(block.start, block.end, said)
        elif kept and block.end is not None:
            kept.end = max(kept.end or 0.0, block.end)
    if kept:
        yield kept
