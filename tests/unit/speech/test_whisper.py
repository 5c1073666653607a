"""How work is dealt out, and what becomes of freed memory; Whisper itself is tested for real."""

from __future__ import annotations

import platform
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from memo.model import Span
from memo.speech.recognition import heap
from memo.speech.recognition.whisper import _dealt, _frames, _most_tokens, graphics_cards

lengths = st.lists(st.floats(min_value=0.1, max_value=29.0), min_size=1, max_size=40)


@given(lengths, st.integers(min_value=1, max_value=8), st.integers(min_value=1, max_value=4))
def test_every_clip_is_dealt_once_and_no_worker_is_without(
    seconds: list[float], most: int, workers: int
) -> None:
    clips = [
        Span(start=30.0 * place, end=30.0 * place + length) for place, length in enumerate(seconds)
    ]
    batches = [list(batch) for batch in _dealt(clips, most, workers)]
    assert sorted((clip for batch in batches for clip in batch), key=lambda c: c.start) == clips
    assert all(len(batch) <= most for batch in batches)
    assert all(batch == sorted(batch, key=lambda clip: clip.start) for batch in batches)
    assert len(batches) % workers == 0 or len(batches) == len(clips)
    longest = [max(clip.duration for clip in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True)


_PEAKS = """
import resource, sys
import numpy as np
from memo.speech.recognition import heap

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(8):
        np.ones(9_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

usual = faults()
heap.keep_freed()
np.ones(9_000_000)
kept = faults()
heap.return_freed()
print(usual, kept, faults())
"""


def test_freed_memory_is_kept_only_while_it_is_wanted() -> None:
    """With glibc a block of 72 MB is 17,578 pages to clear; elsewhere nothing changes."""
    words = [sys.executable, "-c", _PEAKS]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    usual, kept, after = map(int, told.split())
    if platform.libc_ver()[0] == "glibc":
        assert kept < usual / 10
        assert after > usual / 2
    else:
        assert kept > usual / 2


def test_memory_is_given_back_by_who_kept_none() -> None:
    heap.return_freed()


@given(lengths)
def test_short_clips_have_no_long_text_and_long_ones_any(seconds: list[float]) -> None:
    clips = [Span(start=30.0 * place, end=30.0 * place + s) for place, s in enumerate(seconds)]
    most = _most_tokens(clips)
    if max(seconds) > 7:
        assert most is None
    elif most is not None:
        assert 30 * max(seconds) <= most <= 210


@given(st.floats(min_value=0.0, max_value=30.0))
def test_whisper_hears_a_clip_whole_and_some_silence_but_no_more_than_it_can(
    seconds: float,
) -> None:
    assert min(3000, 100 * (seconds + 5)) <= _frames(seconds) <= min(3000, 100 * (seconds + 6))


def test_graphics_cards_are_counted() -> None:
    assert graphics_cards() >= 0
