"""Who the voices of a recording are: whoever knows better has the last word.

The talk itself gives names away, as guesses; voices that are enrolled are recognised; and what the
user says stands above both.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memo.model import NameSource, Participant, Remark, RemarkCode, Transcript
from memo.pipeline.corrections import Told, regrouped, renamed, spans_of, with_names

if TYPE_CHECKING:
    from memo.speech.voiceprints import Voiceprints


def voiced(
    transcript: Transcript,
    told: Told,
    sound: Path | None,
    *,
    attendees: Sequence[str],
    enrolled: Voiceprints | None,
) -> Transcript:
    """Return a transcript whose voices have the names that are known.

    Args:
        transcript: What was said; voices are told apart, and have names only from their tracks.
        told: What the user says of them.
        sound: The recording; None for a transcript that somebody else made, which has its names.
        attendees: Who was there, as far as is known.
        enrolled: The voices that are remembered; None knows none.

    Raises:
        RecordingError: The recording cannot be read.
        MissingDependencyError: The voice model is missing or broken.
    """
    transcript = regrouped(transcript, told)
    if sound is not None and transcript.participants:
        from memo.extraction import name_voices

        transcript = name_voices(transcript, attendees)
        if enrolled is not None:
            transcript = _recognised(transcript, sound, enrolled)
    return renamed(transcript, told)


def _recognised(transcript: Transcript, sound: Path, enrolled: Voiceprints) -> Transcript:
    """Name the voices that are enrolled, except those that have a track of their own."""
    tracks = {p.label for p in transcript.participants if p.source is NameSource.TRACK}
    voices = {k: spans for k, spans in spans_of(transcript).items() if k not in tracks}
    matches = enrolled.recognised(sound, voices)
    if not matches:
        return transcript
    names = {
        label: Participant(name=found.name, source=NameSource.ENROLLED, confidence=found.confidence)
        for label, found in matches.items()
    }
    named = with_names(transcript, names)
    told = ", ".join(f"{label} = {found.name}" for label, found in sorted(matches.items()))
    remark = Remark.of(RemarkCode.VOICES_RECOGNISED, voices=told)
    return named.model_copy(update={"warnings": (*named.warnings, remark)})
