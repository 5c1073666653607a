"""What listening to a recording leaves behind, step by step: its checkpoints."""

from __future__ import annotations

from memo.model import Gap, Probability, Seconds, Span, Turn, Value


class Listening(Value):
    """Where in a recording there is speech, and which stretches are damaged or missing.

    `duration` (s) is what could be read, `speech` is ordered and disjoint. `noise` is the long
    stretches without speech that are as loud as the speech around them.
    """

    duration: Seconds
    speech: tuple[Span, ...]
    gaps: tuple[Gap, ...] = ()
    noise: tuple[Span, ...] = ()

    @property
    def announced(self) -> float:
        """Seconds that the recording would have if nothing were missing at its end."""
        return max([self.duration, *(gap.end for gap in self.gaps)])

    @property
    def speech_seconds(self) -> float:
        """Seconds of speech in the recording."""
        return sum(span.duration for span in self.speech)


class SpokenLanguage(Value):
    """The language of a recording (ISO 639-1) and the share of the votes that it got."""

    code: str
    share: Probability


class HeardWord(Span):
    """A piece of text as Whisper gave it: a word, part of one, or a character.

    `text` begins with a space where a new word begins (in languages that put spaces).
    """

    text: str
    probability: Probability


class HeardClip(Span):
    """What was recognised in one clip of up to 30 s, as Whisper gave it.

    `sounds_like` is the language that Whisper takes it for, if that was asked; `language` the one
    that it was recognised in, None for the recording's.
    """

    words: tuple[HeardWord, ...]
    avg_logprob: float | None
    no_speech_prob: Probability | None
    sounds_like: SpokenLanguage | None = None
    language: str | None = None


class HeardWindow(Value):
    """What was recognised in one window: the unit of the checkpoints."""

    clips: tuple[HeardClip, ...]


class Turns(Value):
    """Who speaks when, in order of time: what telling voices apart leaves behind."""

    turns: tuple[Turn, ...]
