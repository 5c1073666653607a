# ruff: noqa: INP001
"""Measure how often voices are named rightly from what is said in the talk.

    python benchmarks/names.py [FOLDER ...] [--wrong]

Each labelled meeting of the folders (those of `training/meetings` and those that come with memo by
default) is read with its speakers called "Speaker 1", "Speaker 2" …, under conditions that real
calls bring: the list of attendees is complete, has first names only, lacks somebody who speaks or
has others who do not, does not exist; some sentences are another voice's; two voices were taken
for one. A name is wrong if it is nobody's who speaks with that voice. `--wrong` lists the wrong
ones. The odds in `memo.extraction.voices` were fitted to two thirds of the meetings; the figures
of the last third, chosen by their names, stand apart.

The second table says how often each kind of sign was right, which is what those odds rest on.
"""

from __future__ import annotations

import argparse
import random
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from memo.evaluation.labels import load_meetings, shipped_meetings
from memo.extraction.calling import signs_in
from memo.extraction.names import match_person
from memo.extraction.voices import name_voices
from memo.model import Participant, Transcript

FOLDERS = (Path(__file__).resolve().parents[1] / "training" / "meetings", shipped_meetings())
ABSENT = ("Lisa Pfennig", "Oleg Petrov")


class Talk(NamedTuple):
    """A meeting without names; `truth` is who speaks with each voice."""

    id: str
    transcript: Transcript
    truth: dict[str, frozenset[str]]
    attendees: tuple[str, ...]


Condition = Callable[[Talk, random.Random], Talk]


def nameless(name: str, transcript: Transcript, attendees: Sequence[str]) -> Talk:
    """Return a meeting with its voices numbered by first appearance."""
    numbers: dict[str, str] = {}
    for segment in transcript.segments:
        if segment.speaker:
            numbers.setdefault(segment.speaker, f"Speaker {len(numbers) + 1}")
    segments = tuple(
        s.model_copy(update={"speaker": numbers.get(s.speaker or "")}) for s in transcript.segments
    )
    people = tuple(Participant(name=label, label=label) for label in numbers.values())
    numbered = transcript.model_copy(update={"segments": segments, "participants": people})
    truth = {label: frozenset({who}) for who, label in numbers.items()}
    return Talk(name, numbered, truth, tuple(attendees))


def revoiced(transcript: Transcript, change: Callable[[str], str]) -> Transcript:
    """Return a transcript with other labels for the voices of its segments."""
    segments = tuple(
        s.model_copy(update={"speaker": change(s.speaker)}) if s.speaker else s
        for s in transcript.segments
    )
    return transcript.model_copy(update={"segments": segments})


# --- Conditions -----------------------------------------------------------------------------------


def complete(talk: Talk, _chance: random.Random) -> Talk:
    """Everybody who was there is on the list."""
    return talk


def first_names(talk: Talk, _chance: random.Random) -> Talk:
    """The list has first names."""
    firsts = (
        next(word for word in name.split() if not word.endswith(".")) for name in talk.attendees
    )
    return talk._replace(attendees=tuple(firsts))


def lacking(talk: Talk, chance: random.Random) -> Talk:
    """Somebody who speaks is not on the list."""
    heard = sorted(name for names in talk.truth.values() for name in names)
    missing = chance.choice(heard)
    return talk._replace(attendees=tuple(n for n in talk.attendees if n != missing))


def with_absent(talk: Talk, _chance: random.Random) -> Talk:
    """Two on the list were not there."""
    return talk._replace(attendees=(*talk.attendees, *ABSENT))


def silent(talk: Talk, chance: random.Random) -> Talk:
    """Somebody on the list, who is spoken of and to, says nothing."""
    gone = chance.choice(list(talk.truth))
    said = [s for s in talk.transcript.segments if s.speaker != gone]
    segments = tuple(s.model_copy(update={"id": place}) for place, s in enumerate(said))
    people = tuple(p for p in talk.transcript.participants if p.label != gone)
    transcript = talk.transcript.model_copy(update={"segments": segments, "participants": people})
    truth = {label: who for label, who in talk.truth.items() if label != gone}
    return talk._replace(transcript=transcript, truth=truth)


def unlisted(talk: Talk, _chance: random.Random) -> Talk:
    """There is no list."""
    return talk._replace(attendees=())


def confused(talk: Talk, chance: random.Random, share: float = 0.05) -> Talk:
    """A twentieth of the utterances has any voice."""
    voices = list(talk.truth)

    def change(label: str) -> str:
        return chance.choice(voices) if chance.random() < share else label

    return talk._replace(transcript=revoiced(talk.transcript, change))


def merged(talk: Talk, chance: random.Random) -> Talk:
    """Two people are taken for one voice."""
    one, other = chance.sample(list(talk.truth), 2)
    transcript = revoiced(talk.transcript, lambda label: one if label == other else label)
    people = tuple(p for p in transcript.participants if p.label != other)
    truth = {v: who for v, who in talk.truth.items() if v != other}
    truth[one] |= talk.truth[other]
    return talk._replace(
        transcript=transcript.model_copy(update={"participants": people}), truth=truth
    )


CONDITIONS: tuple[Condition, ...] = (
    complete, first_names, lacking, with_absent, silent, confused, merged, unlisted,
)  # fmt: skip


# --- What is counted ----------------------------------------------------------------------------


def is_right(name: str, people: Iterable[str]) -> bool:
    """Whether a name is that of one of these people, or a part of it."""
    return any(name == person or name in person.split() for person in people)


def outcomes(talk: Talk) -> list[tuple[str, Participant]]:
    """Return for each voice whether it was named rightly, wrongly or not at all."""
    named = name_voices(talk.transcript, talk.attendees)
    found = []
    for person in named.participants:
        people = talk.truth.get(person.label or "", frozenset())
        kind = "unnamed" if person.name == person.label else "wrong"
        found.append(("right" if is_right(person.name, people) else kind, person))
    return found


def measure(talks: Sequence[Talk], condition: Condition, *, wrong: bool) -> None:
    """Write a line of the table."""
    cells = []
    for held_out in (False, True):
        counts: Counter[str] = Counter()
        for talk in talks:
            if (zlib.crc32(talk.id.encode()) % 3 == 0) is not held_out:
                continue
            changed = condition(talk, random.Random(talk.id))  # noqa: S311
            for kind, person in outcomes(changed):
                counts[kind] += 1
                if wrong and kind == "wrong":
                    say(f"  {talk.id}: {changed.truth[person.label or '']} as {person.name}")
        total = sum(counts.values())
        shares = (f"{counts[kind]:5}" for kind in ("right", "wrong", "unnamed"))
        cells.append(f"{' '.join(shares)} {100 * counts['right'] / total:6.1f} %")
    say(f"{condition.__name__:12} {cells[0]}   {cells[1]}")


def signs(talks: Sequence[Talk]) -> None:
    """Write how often each kind of sign named the right person."""
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for talk in talks:
        namer = cache(lambda word, people=talk.attendees: match_person(word, people))
        for sign in signs_in(talk.transcript, namer):
            seen[sign.kind] += 1
            right[sign.kind] += sign.name in talk.truth.get(sign.voice, ())
    for kind, count in seen.most_common():
        say(f"{kind:10} {count:5} {100 * right[kind] / count:6.1f} %")


def say(text: str) -> None:
    """Write one line."""
    sys.stdout.write(f"{text}\n")


def main() -> None:
    """Measure, and write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, default=FOLDERS)
    parser.add_argument("--wrong", action="store_true", help="list the wrong names")
    told = parser.parse_args()
    talks = [
        nameless(m.id, m.transcript, m.meeting.attendees)
        for folder in told.folders
        for m in load_meetings(folder)
    ]
    head = f"{'right':>5} {'wrong':>5} {'none':>5} {'named':>8}"
    say(f"{'':12} {head}   {head} (held out)")
    for condition in CONDITIONS:
        measure(talks, condition, wrong=told.wrong)
    say("")
    signs(talks)


if __name__ == "__main__":
    main()
