# ruff: noqa: INP001
"""Measure where topics are cut, on the labelled meetings that come with memo.

    python benchmarks/topics.py              both tables
    python benchmarks/topics.py --show       also the topics of each meeting, to be read

    labelled   the ten meetings as they are, against turns labelled by one reader
    joined     labelled topics of different English meetings, 6 to 10 of them, one after the other
               (as Choi, NAACL 2000), 40 times

Pk (Beeferman et al. 1999) and WindowDiff (Pevzner and Hearst 2002), both 0 at best, with windows of
half the mean length of a labelled topic. Compared with TextTiling at its defaults (Hearst 1997: 20
words, 10 blocks), with as many topics of even length, and with no cut at all. memo's topics last at
least a minute, and half of the labelled ones do not.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from memo.evaluation.labels import LabelledMeeting, load_meetings, shipped_meetings
from memo.extraction import read_by_rules
from memo.extraction.lines import number_lines
from memo.extraction.segmentation import cut_at_turns, segment
from memo.extraction.words import content_stems
from memo.model import Segment, Transcript

TURNS = {
    "b1-warehouse-plan": (3, 17, 24, 34, 39, 51, 59),
    "b2-warehouse-checkpoint": (2, 13, 27, 35, 49, 54),
    "b3-warehouse-compare": (4, 15, 39, 54, 57),
    "d10-sales-pipeline": (3, 26, 54, 58, 70, 74, 83),
    "d4-station-dienstplan": (4, 24, 39, 46, 65, 74),
    "d5-lab-friday-coffee": (5, 15, 27, 37, 41, 53, 56),
    "d6-sensor-shipping-dates": (5, 16, 38, 48, 52, 60, 66),
    "d7-launch-jokes": (2, 13, 26, 36, 53, 75, 81),
    "d8-foodbank-board": (2, 25, 29, 44, 55, 67, 82, 88),
    "d9-school-board-start-time": (2, 14, 29, 40),
}
"""The utterances with which a topic begins, the first after the greetings; counted from 0."""
ENDS = {
    "b1-warehouse-plan": 64,
    "b2-warehouse-checkpoint": 59,
    "b3-warehouse-compare": 72,
    "d10-sales-pipeline": 92,
    "d4-station-dienstplan": 85,
    "d5-lab-friday-coffee": 67,
    "d6-sensor-shipping-dates": 74,
    "d7-launch-jokes": 86,
    "d8-foodbank-board": 101,
    "d9-school-board-start-time": 95,
}
"""The first utterance after the last topic."""
JOINED, PIECES, LEAST = 40, (6, 10), 8
Cuts = set[int]
Row = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Talk:
    """A talk, and the utterances at which it is cut."""

    transcript: Transcript
    people: frozenset[str]
    cuts: Cuts


def say(text: str) -> None:
    """Write one line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# --- Talks ----------------------------------------------------------------------------------------


def part(transcript: Transcript, segments: Sequence[Segment]) -> Transcript:
    """Return a transcript of some segments, from 0 seconds on and without pauses between pieces."""
    moved, now = [], 0.0
    for place, one in enumerate(segments):
        follows = place and one.id == segments[place - 1].id + 1
        pause = one.start - segments[place - 1].end if follows else 0.3
        start = now + max(0.0, pause)
        now = start + one.duration
        moved.append(one.model_copy(update={"id": place, "start": start, "end": now}))
    return transcript.model_copy(update={"segments": tuple(moved), "duration": now})


def labelled(meetings: Sequence[LabelledMeeting]) -> list[Talk]:
    """Return the meetings from their first topic on, with their labels."""
    talks = []
    for one in meetings:
        turns = TURNS[one.id]
        talk = part(one.transcript, one.transcript.segments[turns[0] :])
        talks.append(Talk(talk, people_of(one), {turn - turns[0] for turn in turns[1:]}))
    return talks


def joined(meetings: Sequence[LabelledMeeting]) -> list[Talk]:
    """Return labelled topics of different English meetings, in any order."""
    dice = random.Random(0)  # noqa: S311 - no secret
    topics = [
        (one, first, end)
        for one in meetings
        if one.transcript.language == "en"
        for first, end in pairwise((*TURNS[one.id], ENDS[one.id]))
        if end - first >= LEAST
    ]
    talks = []
    for _ in range(JOINED):
        segments: list[Segment] = []
        cuts: Cuts = set()
        chosen = dice.sample(topics, dice.randint(*PIECES))
        for one, first, end in chosen:
            cuts.add(len(segments))
            segments += one.transcript.segments[first:end]
        people = frozenset().union(*(people_of(one) for one, *_ in chosen))
        talks.append(Talk(part(chosen[0][0].transcript, segments), people, cuts - {0}))
    return talks


def people_of(meeting: LabelledMeeting) -> frozenset[str]:
    """Return the stems of the names of who was there."""
    language = meeting.transcript.language
    names = (*meeting.meeting.attendees, *(p.name for p in meeting.transcript.participants))
    return frozenset(stem for name in names for stem in content_stems(name, language))


# --- Ways to cut ----------------------------------------------------------------------------------


def by_memo(talk: Talk) -> Cuts:
    """Cut as memo does."""
    language = talk.transcript.language
    lines = cut_at_turns(number_lines(talk.transcript), language)
    starts = [lines[first].start for first, _ in segment(lines, language, talk.people)]
    segments = talk.transcript.segments
    return {min(segments, key=lambda s: abs(s.start - start)).id for start in starts[1:]}


def by_text_tiling(talk: Talk, words: int = 20, blocks: int = 10) -> Cuts:
    """Cut where neighbouring blocks of words have least in common (Hearst 1997)."""
    language = talk.transcript.language
    tokens = [
        (stem, s.id) for s in talk.transcript.segments for stem in content_stems(s.text, language)
    ]
    rows = [tokens[i : i + words] for i in range(0, len(tokens), words)]
    likeness = [
        cosine(rows[max(0, gap - blocks) : gap], rows[gap : gap + blocks])
        for gap in range(1, len(rows))
    ]
    smooth = [
        sum(likeness[max(0, i - 1) : i + 2]) / len(likeness[max(0, i - 1) : i + 2])
        for i in range(len(likeness))
    ]
    depths = [depth(smooth, i) for i in range(len(smooth))]
    mean = sum(depths) / len(depths)
    deviation = math.sqrt(sum((d - mean) ** 2 for d in depths) / len(depths))
    return {
        rows[i + 1][0][1]
        for i, deep in enumerate(depths)
        if deep > mean - deviation / 2 and deep == max(depths[max(0, i - 1) : i + 2])
    }


def cosine(one: Sequence[Row], other: Sequence[Row]) -> float:
    """Return how alike two blocks of words are."""
    a = Counter(stem for row in one for stem, _ in row)
    b = Counter(stem for row in other for stem, _ in row)
    product = sum(a[stem] * b[stem] for stem in a)
    return product / (
        math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values())) or 1
    )


def depth(likeness: Sequence[float], place: int) -> float:
    """Return how deep a valley is."""
    left = right = likeness[place]
    for value in reversed(likeness[:place]):
        if value < left:
            break
        left = value
    for value in likeness[place + 1 :]:
        if value < right:
            break
        right = value
    return left + right - 2 * likeness[place]


def evenly(talk: Talk) -> Cuts:
    """Cut into as many topics as there are, of even length."""
    size, count = len(talk.transcript.segments), len(talk.cuts) + 1
    return {round(size * i / count) for i in range(1, count)}


def never(_talk: Talk) -> Cuts:
    """Do not cut."""
    return set()


WAYS: dict[str, Callable[[Talk], Cuts]] = {
    "memo": by_memo,
    "TextTiling": by_text_tiling,
    "even": evenly,
    "none": never,
}


# --- Measures -------------------------------------------------------------------------------------


def errors(talk: Talk, cuts: Cuts) -> tuple[float, float]:
    """Return Pk and WindowDiff."""
    size = len(talk.transcript.segments)
    window = max(2, round(size / (len(talk.cuts) + 1) / 2))
    spans = [range(i + 1, i + window + 1) for i in range(size - window)]
    wanted = [len(talk.cuts.intersection(span)) for span in spans]
    found = [len(cuts.intersection(span)) for span in spans]
    pairs = list(zip(wanted, found, strict=True))
    return (
        sum((w > 0) != (f > 0) for w, f in pairs) / len(pairs),
        sum(w != f for w, f in pairs) / len(pairs),
    )


def table(name: str, talks: Sequence[Talk]) -> None:
    """Print the errors of each way to cut some talks."""
    wanted = sum(len(t.cuts) for t in talks)
    say(f"{name:<12}    Pk  WindowDiff  cuts of {wanted}")
    for way, cut in WAYS.items():
        found = [cut(talk) for talk in talks]
        rated = [errors(talk, cuts) for talk, cuts in zip(talks, found, strict=True)]
        pk, window_diff = (sum(column) / len(rated) for column in zip(*rated, strict=True))
        say(f"  {way:<10}{pk:>6.3f}{window_diff:>12.3f}{sum(map(len, found)):>6}")


def main() -> None:
    """Read the command line and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--show", action="store_true", help="print the topics of each meeting")
    meetings = load_meetings(shipped_meetings())
    if parser.parse_args().show:
        for one in meetings:
            say(one.id)
            for topic in read_by_rules(one.transcript, one.meeting).topics:
                say(f"  {int(topic.start) // 60}:{int(topic.start) % 60:02}  {topic.title}")
    table("labelled", labelled(meetings))
    table("joined", joined(meetings))


if __name__ == "__main__":
    main()
