"""Who spoke when, as RTTM, for programs that compare or draw it.

Format: NIST, "The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation Plan", appendix A:
a line per turn, fields parted by blanks, `<NA>` where there is nothing to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memo.export.untrusted import one_line
from memo.model import Transcript, Turn

_PAUSE = 0.5
"""Seconds; a voice that pauses for longer begins another turn."""
_NOTHING = "<NA>"


def render_rttm(transcript: Transcript, *, file_id: str) -> str:
    """Return a `SPEAKER` line for each turn; nothing of what no voice is known to have said.

    Args:
        transcript: What was said.
        file_id: What the recording is called; a file name, as a rule without its suffix.
    """
    file = _field(file_id) or "recording"
    names: dict[str, str] = {}
    return "".join(
        f"SPEAKER {file} 1 {turn.start:.3f} {_seconds(turn)} {_NOTHING} {_NOTHING}"
        f" {_voice(turn.speaker, names)} {_NOTHING} {_NOTHING}\n"
        for turn in _turns(transcript)
    )


def _turns(transcript: Transcript) -> Iterator[Turn]:
    """Yield the turns, in order of time: what a voice says without another one, or a pause."""
    turn: Turn | None = None
    for segment in transcript.segments:
        name = transcript.name_of(segment.speaker)
        goes_on = turn and turn.speaker == name and segment.start - turn.end <= _PAUSE
        if turn and goes_on:
            turn = turn.model_copy(update={"end": max(turn.end, segment.end)})
            continue
        if turn:
            yield turn
        turn = Turn(start=segment.start, end=segment.end, speaker=name) if name else None
    if turn:
        yield turn


def _seconds(turn: Turn) -> str:
    """Return the length of a turn, such that start and length, rounded, give the end."""
    return f"{max(round(turn.end, 3) - round(turn.start, 3), 0.001):.3f}"


def _voice(name: str, names: dict[str, str]) -> str:
    """Return a name without blanks, another one for each voice."""
    if name not in names:
        plain = field = _field(name) or "speaker"
        number = 1
        while field in names.values():
            number += 1
            field = f"{plain}_{number}"
        names[name] = field
    return names[name]


def _field(text: str) -> str:
    """Return a text without blanks, and without the angles that mark what is no name."""
    return re.sub(r"[\s<>]+", "_", one_line(text)).strip("_;")
