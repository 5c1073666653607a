"""One voice that turns out to be several: its stretches are told apart once more, by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memo.errors import RecordingError
from memo.model import Span, Turn
from memo.speech.recording import printable
from memo.speech.voices.diarization import cut_long, failures, plan, turns_of

if TYPE_CHECKING:
    from memo.speech.audio import Sound
    from memo.speech.voices.diarization import Window

_LEAST_SOUND = 0.2  # s that the voice model needs


def split_voice(
    path: Path, spans: Sequence[Span], count: int, *, threads: int | None = None
) -> tuple[Turn, ...]:
    """Tell apart who speaks in the stretches of what seemed to be one voice.

    Args:
        path: The sound file.
        spans: The stretches; in any order.
        count: How many voices there are, at least 2.
        threads: Threads of the CPU; None for all that this process may use.

    Returns:
        The turns in order of time, labelled "Speaker 1" and so on by first appearance.

    Raises:
        RecordingError: The file cannot be read, or too little is said to tell so many apart.
        MissingDependencyError: The voice model is missing or broken.
        TranscriptionError: The voice model failed.
    """
    with failures():
        return tuple(_turns(path, spans, count, threads))


def _turns(path: Path, spans: Sequence[Span], count: int, threads: int | None) -> list[Turn]:
    import numpy as np

    from memo.speech.vad import union
    from memo.speech.voices.clustering import cluster
    from memo.speech.voices.embeddings import VoiceModel, distinctive

    pieces = list(cut_long(union(spans)))
    windows = list(plan(pieces))
    if len(windows) < 2 * count:
        raise RecordingError(
            f"too little is said in {printable(path)} by this voice to tell {count} apart",
            hint="Give single sentences to another voice with --at.",
        )
    embeddings = list(VoiceModel(threads=threads).embed(_sounds(path, pieces, windows)))
    return turns_of(pieces, windows, cluster(distinctive(np.stack(embeddings)), count).tolist())


def _sounds(path: Path, pieces: Sequence[Span], windows: Sequence[Window]) -> Iterator[Sound]:
    import numpy as np

    from memo.speech.audio import SAMPLE_RATE, cut, decode

    least = round(_LEAST_SOUND * SAMPLE_RATE)
    planned = iter(windows)
    window = next(planned, None)
    for place, sound in enumerate(cut(decode(path), pieces)):
        while window is not None and window.piece == place:
            start, end = (
                round((at - pieces[place].start) * SAMPLE_RATE) for at in (window.start, window.end)
            )
            heard = sound[start:end]
            yield np.pad(heard, (0, max(0, least - heard.size)))
            window = next(planned, None)
