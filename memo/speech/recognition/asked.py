"""What Whisper is asked for: all that its answer depends on besides the sound and the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DECODING = {
    "beam_size": 5,  # 1 takes a fifth less time, for 0.4 points more WER; 2 is worse than either
    "temperature": 0.0,
    "word_timestamps": True,
    "condition_on_previous_text": False,
    "without_timestamps": False,  # loses fewer words than True: WER 7.0 % instead of 7.4 %
}
"""How faster-whisper decodes."""

LONGEST_PROMPT = 240
"""Characters: what a prompt takes is missing for the answer."""


@dataclass(frozen=True)
class Asked:
    """What Whisper is told of a recording.

    `language` (ISO 639-1) is what is spoken, `prompt` has words that may be said.
    `attentive` lets it say what language it takes each clip for.
    """

    language: str
    prompt: str | None = None
    attentive: bool = False


def prompt_of(words: Sequence[str]) -> str | None:
    """Return names and terms as something that was said before, which Whisper spells alike.

    As many are taken as fit, the first first; None if there are none. They stand alone, for a
    sentence around them is heard again in noise. faster-whisper's own `hotwords` stand without a
    stop at their end, and cost words.
    """
    text = ""
    for word in dict.fromkeys(words):
        longer = f"{text}, {word}" if text else f" {word}"
        if len(longer) <= LONGEST_PROMPT:
            text = longer
    return f"{text}." if text else None
