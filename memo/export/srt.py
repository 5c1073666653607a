"""The transcript as SubRip (SRT), for players and editors that know nothing else.

SubRip has no standard, no voices and no way to escape anything. Names stand before the text, and
what a player could take for markup or a time is written with full-width characters, which look
alike and mean nothing (Unicode Standard Annex #15 maps them back).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from memo.export.captions import Caption, begins_a_turn, captions, wrapped
from memo.export.untrusted import one_line
from memo.model import Transcript

_UNNAMED = ">> "  # captioners' sign for another voice, whose name is not known
_MARKUP = re.compile(r"<(?=[/!\w])|(?<=[->])>|>(?=>)|\{(?=\\)")
_FULL_WIDTH = 0xFEE0  # from a character of ASCII to its full-width form


def render_srt(transcript: Transcript) -> str:
    """Return the transcript as SubRip; every word of it is in exactly one caption.

    A caption begins with the name of who speaks; with `>>` where nobody knows it, if others are
    named.
    """
    numbered = enumerate(_captions(transcript), 1)
    return "\n".join(f"{number}\n{caption}\n" for number, caption in numbered)


def _captions(transcript: Transcript) -> Iterator[str]:
    voices = any(_name(transcript.name_of(segment.speaker)) for segment in transcript.segments)
    for segment in transcript.segments:
        name = _name(transcript.name_of(segment.speaker))
        lead = f"{name}: " if name else _UNNAMED if voices else ""
        for caption in captions(segment, lead=lead):
            yield _rendered(caption, lead)


def _rendered(caption: Caption, lead: str) -> str:
    start = round(caption.start * 1000)
    end = max(round(caption.end * 1000), start + 1)  # players drop what lasts no time
    text = lead + _harmless(caption.text)
    first, *others = lines = wrapped(text).split("\n")
    if any(map(begins_a_turn, others)) or not first.startswith(lead.strip()):
        lines = [text]
    return "\n".join([f"{_clock(start)} --> {_clock(end)}", *lines])


def _name(name: str | None) -> str:
    """Return a name that ends where its colon stands."""
    return one_line(_harmless(re.sub("[:：]", " ", name or "")))


def _harmless(text: str) -> str:
    """Return a text in which no player finds tags, style codes, references or arrows."""
    text = _MARKUP.sub(lambda match: chr(ord(match[0]) + _FULL_WIDTH), text)
    return text if unescape(text) == text else text.replace("&", chr(ord("&") + _FULL_WIDTH))


def _clock(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{thousandths:03}"
