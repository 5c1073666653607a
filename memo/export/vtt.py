"""The transcript as captions: WebVTT, with the voice of each cue and its unsure words.

Words that were poorly heard are of the class `unsure`, which is underlined where a player can.
Format: W3C WebVTT (Candidate Recommendation, 2019).
"""

from __future__ import annotations

from collections.abc import Iterable

from memo.confidence import is_measured
from memo.export.captions import Caption, captions, wrapped
from memo.export.untrusted import one_line
from memo.model import Transcript

_UNSURE = "unsure"
_STYLE = f"STYLE\n::cue(.{_UNSURE}) {{ text-decoration: underline }}"


def render_vtt(transcript: Transcript, *, title: str | None = None) -> str:
    """Return the transcript as WebVTT; every word of it is in exactly one cue.

    Args:
        transcript: What was said.
        title: What the meeting is called; by default the recording's file name stands for it.
    """
    name = one_line(title or "") or one_line(transcript.recording.filename)
    note = f"NOTE\n{_note(name)}\nLanguage: {_note(one_line(transcript.language))}"
    cues = [
        (cue, transcript.name_of(segment.speaker))
        for segment in transcript.segments
        for cue in captions(segment, marked=is_measured(transcript))
    ]
    style = [_STYLE] * any(cue.unsure for cue, _ in cues)
    return "\n\n".join(["WEBVTT", note, *style, *(_rendered(*cue) for cue in cues)]) + "\n"


def _rendered(cue: Caption, speaker: str | None) -> str:
    start = round(cue.start * 1000)
    end = max(round(cue.end * 1000), start + 1)  # a cue must end after it starts
    name = one_line(speaker or "")
    voice = f"<v {_escaped(name)}>" if name else ""
    return f"{_clock(start)} --> {_clock(end)}\n{voice}{_marked(wrapped(cue.text), cue.unsure)}"


def _marked(text: str, unsure: Iterable[tuple[int, int]]) -> str:
    """Return text with its unsure stretches in spans; line breaks took the place of blanks."""
    parts, reached = [], 0
    for start, end in unsure:
        parts += [_escaped(text[reached:start]), f"<c.{_UNSURE}>{_escaped(text[start:end])}</c>"]
        reached = end
    return "".join([*parts, _escaped(text[reached:])])


def _clock(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _note(text: str) -> str:
    """Return text for a comment, where an arrow would begin a cue."""
    return text.replace("-->", "→")
