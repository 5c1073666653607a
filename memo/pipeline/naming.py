"""Who the voices of a recording are: whoever knows better has the last word.

The talk itself gives names away, as guesses; voices that are enrolled are recognised; and what the
user says stands above both.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memo.errors import MemoError
from memo.model import NameSource, Participant, Remark, RemarkCode, Transcript
from memo.pipeline.corrections import Told, regrouped, renamed, spans_of, with_names
from memo.speech.names.misheard import correct
from memo.speech.names.respelling import undo

if TYPE_CHECKING:
    from memo.speech.names.glossary import Term
    from memo.speech.voices.voiceprints import Voiceprints


_log = logging.getLogger(__name__)


def voiced(
    transcript: Transcript,
    told: Told,
    sound: Path | None,
    *,
    attendees: Sequence[str],
    glossary: Sequence[Term] = (),
    enrolled: Voiceprints | None,
) -> Transcript:
    """Return a transcript whose voices have the names that are known.

    Args:
        transcript: What was said; voices are told apart, and have names only from their tracks.
        told: What the user says of them.
        sound: The recording; None for a transcript that somebody else made.
        attendees: Who was there, as far as is known.
        glossary: Terms that were spoken of; they and names are written as they should be.
        enrolled: The voices that are remembered; None knows none.
    """
    heard = undo(transcript) if told.regrouped else transcript
    transcript = correct(regrouped(heard, told), attendees, glossary)
    if enrolled is not None and sound is not None:
        transcript = _recognised(transcript, sound, enrolled)
    transcript = renamed(transcript, told)
    if not transcript.participants:
        return transcript
    from memo.extraction import name_voices

    named = name_voices(transcript, attendees)
    said = {p.label: p for p in transcript.participants if p.label and p.source is NameSource.TOLD}
    return with_names(named, said)  # who is nobody, as the user says, is not guessed at


def _recognised(transcript: Transcript, sound: Path, enrolled: Voiceprints) -> Transcript:
    """Name the voices that are enrolled, except those that have a track of their own."""
    tracks = {p.label for p in transcript.participants if p.source is NameSource.TRACK}
    voices = {k: spans for k, spans in spans_of(transcript).items() if k not in tracks}
    try:
        matches = enrolled.recognised(sound, voices)
    except MemoError as error:  # a memo without these names is better than none
        _log.warning("enrolled voices were not looked for: %s", error)
        return transcript
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
