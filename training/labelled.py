"""Labelled meetings as they are learnt from: what each sentence should be judged as.

Of each sentence nine things are taught, one for each of `memo.extraction.judging.choosing.TAGS`:
whether it belongs to a decision, a task, an open question; how well it tells one; whether it
settles one. What the labels of a meeting do not say is masked and teaches nothing.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from memo.evaluation.labels import LabelledMeeting, load_meeting, shipped_meetings
from memo.evaluation.matching import Item
from memo.evaluation.words import Words, bag_f1
from memo.extraction.find import Kind, Moment, find_moments
from memo.extraction.judging.choosing import KINDS, TAGS
from memo.extraction.judging.sentences import Sentence, sentences_of
from memo.extraction.lines import Line, number_lines
from memo.extraction.words import content_stems
from memo.model import Span

SHIPPED, WRITTEN = "shipped", "written"
MEETINGS = Path(__file__).with_name("meetings")
SECOND = frozenset({"ES2008b", "IS1008b", "TS3006b", "ES2011d"})
"""Meetings of AMI that are of the second half."""
FAINT = 0.15
"""Likeness to a label from which a sentence tells anything of it."""

_GOLD: Mapping[Kind, tuple[str, str, str]] = {
    "decision": ("decisions", "text", "settled_at"),
    "action": ("actions", "task", "taken_at"),
    "question": ("open_questions", "question", "asked_at"),
}
_CATEGORY = {"decision": "decisions", "action": "actions", "question": "questions"}
_IN_CORPORA = {"open_questions": "problems"}


class Stems(Words):
    """Compares texts by the stems that memo reads by; the signs of sentences know no others."""

    def __init__(self, language: str) -> None:
        super().__init__(language)
        self._language = language

    def content(self, text: str) -> tuple[str, ...]:
        """Return the stems of a text's content words."""
        return tuple(content_stems(text, self._language))


@dataclass(frozen=True)
class Gold:
    """A labelled item: `places` of the sentences that belong to it, and of those that settle it.

    `label` is the item as the file has it.
    """

    item: Item
    stems: tuple[str, ...]
    places: tuple[int, ...]
    settling: tuple[int, ...]
    label: Mapping[str, Any]

    def best(self, sentences: Sequence[Sentence]) -> int:
        """Return the place of the sentence that tells it best."""
        return max(self.places, key=lambda place: bag_f1(sentences[place].stems, self.stems))


@dataclass(frozen=True)
class Labelled:
    """A meeting with what is taught: `taught` (sentences, TAGS) in 0 to 1, `known` (TAGS,)."""

    id: str
    corpus: str
    source: str
    language: str
    people: tuple[str, ...]
    lines: Sequence[Line]
    sentences: Sequence[Sentence]
    moments: Sequence[Moment]
    gold: Mapping[Kind, Sequence[Gold]]
    taught: npt.NDArray[np.float64]
    known: npt.NDArray[np.bool_]
    spans: Sequence[Span]

    def labels(self, kind: Kind) -> bool:
        """Whether items of a kind were labelled at all."""
        return bool(self.known[KINDS.index(kind)])

    @property
    def half(self) -> int:
        """The half, 0 or 1, whose encoder learns from it; -1: neither's.

        Whoever wrote a meeting wrote for one half only. Of other folders every other meeting goes
        to the second half, by a checksum of its id.
        """
        if self.corpus == "ICSI":
            return -1
        if self.corpus:
            return int(self.id in SECOND)
        if self.source in {SHIPPED, WRITTEN}:
            return int(self.source == SHIPPED or self.id.startswith("e"))
        return zlib.crc32(self.id.encode()) % 2


def all_meetings(folders: Iterable[Path]) -> list[Labelled]:
    """Return the meetings of this repository, then those of other folders, in order.

    Raises:
        RecordingError: A file is no labelled meeting.
        ValueError: Two meetings have one id.
    """
    places = [(SHIPPED, shipped_meetings()), (WRITTEN, MEETINGS)]
    places += [(str(folder), folder) for folder in folders]
    found = [
        _labelled(p, source) for source, folder in places for p in sorted(folder.glob("*.json"))
    ]
    twice = [name for name, count in Counter(m.id for m in found).items() if count > 1]
    if twice:
        raise ValueError(f"more than one meeting is called {', '.join(twice)}")
    return found


def _labelled(path: Path, source: str) -> Labelled:
    meeting = load_meeting(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    transcript, language = meeting.transcript, meeting.transcript.language
    lines = number_lines(transcript)
    attendees, voices = meeting.meeting.attendees, transcript.participants
    people = tuple(dict.fromkeys((*attendees, *(voice.name for voice in voices))))
    sentences = sentences_of(lines, language, people)
    read = _Reader(data, lines, sentences, language)
    gold = {kind: read.gold(kind) for kind in KINDS}
    known = _known(meeting, data["gold"])
    return Labelled(
        id=meeting.id,
        corpus=meeting.corpus,
        source=source,
        language=language,
        people=people,
        lines=lines,
        sentences=sentences,
        moments=find_moments(lines, language),
        gold=gold,
        taught=_taught(sentences, gold),
        known=np.array(known),
        spans=[Span(start=s.start, end=s.end) for s in transcript.segments],
    )


class _Reader:
    """Leads from the utterances that a file counts to sentences."""

    def __init__(
        self,
        data: Mapping[str, Any],
        lines: Sequence[Line],
        sentences: Sequence[Sentence],
        language: str,
    ) -> None:
        self._gold, self._language = data["gold"], language
        self._said = data["utterances"]
        told = [i for i, said in enumerate(self._said) if said["text"].strip()]
        told.sort(key=lambda i: self._said[i]["start"])
        line_of = {segment: line.number for line in lines for segment in line.segment_ids}
        self._line = {i: line_of[segment] for segment, i in enumerate(told)}
        self._places: dict[int, list[int]] = {}
        for place, sentence in enumerate(sentences):
            self._places.setdefault(sentence.line, []).append(place)

    def gold(self, kind: Kind) -> list[Gold]:
        """Return the labelled items of a kind."""
        category, text, mark = _GOLD[kind]
        noted = self._gold.get(category) or self._gold.get(_IN_CORPORA.get(category, ""), ())
        return [self._item(label, label.get(text) or label["text"], mark) for label in noted]

    def _item(self, label: Mapping[str, Any], text: str, mark: str) -> Gold:
        evidence = [i for i in label.get("evidence", ()) if i in self._line]
        spans = tuple(
            Span(start=self._said[i]["start"], end=self._said[i]["end"]) for i in evidence
        )
        lines = sorted({self._line[i] for i in evidence})
        marked = self._line.get(label.get(mark, -1))
        return Gold(
            item=Item(text, spans),
            stems=tuple(content_stems(text, self._language)),
            places=tuple(place for line in lines for place in self._places[line]),
            settling=tuple(self._places[marked]) if marked is not None else (),
            label=label,
        )


def _taught(
    sentences: Sequence[Sentence], gold: Mapping[Kind, Sequence[Gold]]
) -> npt.NDArray[np.float64]:
    taught = np.zeros((len(sentences), TAGS))
    for k, kind in enumerate(KINDS):
        for item in (item for item in gold[kind] if item.places):
            weight = 0.5 if item.label.get("optional") else 1.0
            alike = np.array([bag_f1(sentences[p].stems, item.stems) for p in item.places])
            for place, how in zip(item.places, alike, strict=True):
                taught[place, k] = max(taught[place, k], weight)
                if alike.max() >= FAINT:
                    tells = (how / alike.max()) ** 2 * weight
                    taught[place, 3 + k] = max(taught[place, 3 + k], tells)
            for place in item.settling:
                taught[place, 6 + k] = weight
    return taught


def _known(meeting: LabelledMeeting, gold: Mapping[str, Any]) -> list[bool]:
    """Return which tags the labels tell of."""
    marked = any(
        isinstance(label.get(mark), int)
        for category, _, mark in _GOLD.values()
        for label in gold.get(category, ())
    )
    there = [_CATEGORY[kind] in meeting.labels for kind in KINDS]
    return [*there, *there, *(labelled and marked for labelled in there)]
