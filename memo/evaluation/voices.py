"""Whose voice is whose: "Speaker 2" of a transcript is whoever speaks at those times."""

from __future__ import annotations

from collections import defaultdict

from memo.model import Transcript

_MOST = 0.5
"""Share of a voice's speech that must be one person's."""


def voices_of(heard: Transcript, labelled: Transcript) -> dict[str, str]:
    """Return who speaks as whom in a transcript that somebody else also made.

    Args:
        heard: The transcript whose voices are to be known.
        labelled: The one of which it is known who speaks.

    Returns:
        The speaker in `labelled` by the name of the voice in `heard`; only voices that are one
        person's for more than half of what they say.
    """
    shared: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    spoken: defaultdict[str, float] = defaultdict(float)
    for segment in heard.segments:
        voice = heard.name_of(segment.speaker)
        if voice is None:
            continue
        spoken[voice] += segment.duration
        for said in labelled.segments:
            if said.speaker is not None:
                shared[voice][said.speaker] += segment.overlap(said)
    most = {voice: max(people, key=lambda who: people[who]) for voice, people in shared.items()}
    return {v: who for v, who in most.items() if shared[v][who] > _MOST * spoken[v]}
