"""The first pass over a recording: where is speech, and what may tell its language?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from memo.model import Gap, Span
from memo.ports import Progress
from memo.speech import vad
from memo.speech.audio import SAMPLE_RATE, Sound, decode
from memo.speech.heard import Listening
from memo.speech.loudness import Loudness
from memo.speech.recognition.windows import plan_clips
from memo.speech.steps import Steps

ABOUT = (3, vad.SETTINGS)
"""What speech that was found depends on; the number counts changes of how it is looked for."""

_EXCERPTS = 8
_STAGE = "listening"
_STEP = "speech"
_BETWEEN_GAPS = 2.0  # s


def find_speech(
    path: Path, expected: float | None, progress: Progress, *, channel: int | None = None
) -> tuple[Listening, list[Sound]]:
    """Find the speech in a recording, in one stream and in bounded memory.

    Args:
        path: A sound or video file.
        expected: Seconds that it is said to have, for the progress.
        progress: Told of the seconds heard.
        channel: The one channel (or sound track) to listen to; None for all of them.

    Returns:
        Where there is speech, and up to eight excerpts of speech of up to 29 s, spread evenly
        over the recording.

    Raises:
        RecordingError: The file cannot be read or holds no sound.
        TranscriptionError: The detector failed.
    """
    gaps: list[Gap] = []
    speech: list[Span] = []
    excerpts = _Excerpts()
    loudness = Loudness()
    duration = 0.0
    progress(_STAGE, 0.0, expected)
    for passage in vad.listen(decode(path, channel=channel, report=gaps.append)):
        speech.extend(passage.speech)
        loudness.hear(passage.sound)
        excerpts.offer(passage.cut(clip) for clip in plan_clips(passage.speech))
        duration = passage.start + passage.sound.size / SAMPLE_RATE
        progress(_STAGE, duration, None if expected is None else max(expected, duration))
    progress(_STAGE, duration, duration)
    united = tuple(vad.union(speech))
    listening = Listening(
        duration=round(duration, 3),
        speech=united,
        gaps=tuple(_joined(gaps)),
        noise=tuple(loudness.without_speech(united)),
    )
    return listening, excerpts.chosen()


def heard_before(steps: Steps) -> Listening | None:
    """Return the speech that was found in a recording before, or None."""
    return steps.load(_STEP, ABOUT, Listening)


def keep(listening: Listening, steps: Steps) -> None:
    """Keep where speech was found.

    Raises:
        OutputError: It cannot be written.
    """
    steps.save(_STEP, ABOUT, listening)


def _joined(gaps: Iterable[Gap]) -> list[Gap]:
    """Join gaps with little between them: a damaged stretch in which a few packets survived."""
    joined: list[Gap] = []
    for gap in gaps:
        last = joined[-1] if joined else None
        if last and last.remarks == gap.remarks and gap.start - last.end <= _BETWEEN_GAPS:
            joined[-1] = last.model_copy(update={"end": gap.end})
        else:
            joined.append(gap)
    return joined


class _Excerpts:
    """Keeps some of a stream of clips, evenly spread, without knowing how many will come.

    Every `stride`-th clip is kept; when there are too many, every other one is let go and the
    stride doubles.
    """

    def __init__(self) -> None:
        self._kept: list[Sound] = []
        self._stride = 1
        self._offered = 0

    def offer(self, clips: Iterable[Sound]) -> None:
        for clip in clips:
            if self._offered % self._stride == 0:
                self._kept.append(clip.copy())  # a view would hold the whole passage in memory
            self._offered += 1
            if len(self._kept) > 2 * _EXCERPTS:
                self._kept = self._kept[::2]
                self._stride *= 2

    def chosen(self) -> list[Sound]:
        count = min(_EXCERPTS, len(self._kept))
        return [self._kept[place * len(self._kept) // count] for place in range(count)]
