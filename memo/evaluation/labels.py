"""Meetings that people have labelled: what was said, and what a memo of it should hold.

Two forms are read, told apart by `gold`:

    complete   gold.decisions, gold.actions, gold.open_questions: every label there is, with status,
               reason, owner and date; the meetings that come with memo are of this form
    corpus     `corpus`, `annotated`, gold.decisions, gold.actions, gold.problems: what annotators
               of a corpus (AMI, ICSI) noted; only categories named in `annotated` are scored, and
               `problems` are what open questions are held against

`memo/evaluation/meetings/README.md` describes the first in full.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from memo.errors import RecordingError
from memo.model import (
    DecisionStatus,
    Meeting,
    Participant,
    Recording,
    Segment,
    Span,
    Transcript,
    Value,
)

Category = Literal["decisions", "actions", "questions"]
CATEGORIES: tuple[Category, ...] = ("decisions", "actions", "questions")

_ANNOTATED: Mapping[Category, str] = {
    "decisions": "decisions",
    "actions": "actions",
    "questions": "problems",
}
_BOILERPLATE = (
    "work", "works", "working", "group", "team", "meeting", "project", "remote", "remotes",
    "control", "controls", "device", "product",
)  # fmt: skip
"""Words that stand in every second label of AMI and ICSI: they would make matches by themselves."""
_ROLES = (
    "project manager", "marketing expert", "marketing specialist", "marketing executive",
    "marketing manager", "interface designer", "interface specialist",
    *(f"speaker {letter}" for letter in "abcdefgh"),
)  # fmt: skip
_EVERYBODY = re.compile(
    r"all|every(?:one|body)|(?:whole |entire )?(?:group|team)|we|us|they"
    r"|all (?:members|participants)|participants|team members|alle|wir|todos|nosotros"
)
_NOBODY = frozenset({"", "none", "null", "unknown", "unassigned", "n/a"})
_SEVERAL = re.compile(r"[,;&+/]|\band\b")
_LONGEST = 1_000_000.0  # seconds: nobody talks for eleven days
ALL = "ALL"
"""Stands for the whole group as an owner."""


class Label(Value):
    """What a memo should hold; None where the annotators say nothing about it.

    `optional` is neither required nor wrong. `dates` are the due dates that are right, None among
    them for "no date"; empty if dates were not labelled.
    """

    text: str
    spans: tuple[Span, ...] = ()
    optional: bool = False
    status: DecisionStatus | None = None
    rationale: str | None = None
    decided_by: tuple[str, ...] = ()
    supersedes: bool | None = None
    owner_known: bool = False
    owner: str | None = None
    dates: tuple[dt.date | None, ...] = ()

    @property
    def dated(self) -> bool:
        """Whether a date has to be told."""
        return bool(self.dates) and self.dates[0] is not None


class LabelledMeeting(Value):
    """A meeting with its labels; `labels` holds only the categories that were annotated.

    `corpus` names where it comes from, "" for the complete form. `aliases` leads from whatever
    somebody is called, in lower case, to one name for each. `names` and `boilerplate` are words
    that do not count when texts are compared. `sha256` is that of the file.
    """

    id: str
    corpus: str
    sha256: str
    transcript: Transcript
    meeting: Meeting
    labels: dict[Category, tuple[Label, ...]]
    must_not: tuple[str, ...] = ()
    aliases: dict[str, str] = Field(default_factory=dict)
    people: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    boilerplate: tuple[str, ...] = ()

    def owners(self, text: str | None) -> frozenset[str]:
        """Return who is named as the owner: `ALL` for the whole group, nothing for nobody."""
        found = set()
        for part in _SEVERAL.split(text or ""):
            whole = part.strip().lower()
            name = re.sub(r"^(?:the|speaker)\s+", "", whole)
            if name in _NOBODY:
                continue
            if _EVERYBODY.fullmatch(name):
                return frozenset({ALL})
            found.add(self.aliases.get(whole) or self.aliases.get(name, whole))
        everybody = len(self.people) > 2 and found >= set(self.people)
        return frozenset({ALL}) if everybody else frozenset(found)

    def knowing(self, voices: Mapping[str, str]) -> Self:
        """Return the same meeting, with whom else people are called as."""
        known = {voice.lower(): self.aliases.get(who.lower(), who) for voice, who in voices.items()}
        return self.model_copy(update={"aliases": {**known, **self.aliases}})

    def named_in(self, text: str) -> frozenset[str]:
        """Return who of the people a text names, by whole or first name."""
        lower = text.lower()
        return frozenset(self.aliases[a] for a in self._names_in(lower))

    def without_names(self, text: str) -> str:
        """Return a text in lower case without the names of the people in it."""
        lower = text.lower()
        for alias in self._names_in(lower):
            lower = re.sub(rf"\b{re.escape(alias)}\b", " ", lower)
        return lower

    def _names_in(self, lower: str) -> list[str]:
        """Return the aliases that stand in a text, longest first."""
        found = [a for a in self.aliases if re.search(rf"\b{re.escape(a)}\b", lower)]
        return sorted(found, key=len, reverse=True)


def shipped_meetings() -> Path:
    """Return the folder of the labelled meetings that come with memo."""
    return Path(str(files("memo.evaluation"))) / "meetings"


def load_meetings(folder: Path) -> tuple[LabelledMeeting, ...]:
    """Read every labelled meeting (`*.json`) of a folder, in the order of their names.

    Raises:
        RecordingError: The folder is missing or has none, or a file is no labelled meeting.
    """
    try:
        paths = sorted(p for p in folder.iterdir() if p.suffix == ".json" and p.name[0] != ".")
    except OSError as error:
        raise RecordingError(
            f"the folder {folder} cannot be read: {error.strerror}",
            hint="Name a folder with labelled meetings, or none for those that come with memo.",
        ) from error
    if not paths:
        raise RecordingError(
            f"there is no labelled meeting (*.json) in {folder}",
            hint="Name a folder with labelled meetings, or none for those that come with memo.",
        )
    meetings: dict[str, Path] = {}
    loaded = []
    for path in paths:
        meeting = load_meeting(path)
        if meeting.id in meetings:
            raise _refused(path, f"its id {meeting.id!r} is that of {meetings[meeting.id].name}")
        meetings[meeting.id] = path
        loaded.append(meeting)
    return tuple(loaded)


def is_one_of(name: str, corpus: str, only: Collection[str]) -> bool:
    """Tell whether a meeting is meant: by a part of its id, or by its corpus. No words mean all."""
    return not only or any(w.casefold() in name.casefold() or w == corpus for w in only)


def load_meeting(path: Path) -> LabelledMeeting:
    """Read one labelled meeting.

    Raises:
        RecordingError: It is missing, no JSON, of no known form, or wrong somewhere.
    """
    try:
        content = path.read_bytes()
        data = json.loads(content)
        json.dumps(data, ensure_ascii=False).encode()  # refuses half a character
    except OSError as error:
        raise _refused(path, f"it cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise _refused(path, "it is not JSON") from error
    form = _form_of(data)
    if form is None:
        raise _refused(path, "it has no `utterances`, or no `gold` of a known form")
    try:
        return form.model_validate(data).labelled(hashlib.sha256(content).hexdigest())
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        why = first["msg"].removeprefix("Value error, ")
        raise _refused(path, f"{where}: {why[:1].lower()}{why[1:]}") from error
    except _WrongError as error:
        raise _refused(path, str(error)) from error


def _form_of(data: object) -> type[_Form] | None:
    if not isinstance(data, dict) or "utterances" not in data:
        return None
    gold = data.get("gold")
    if not isinstance(gold, dict):
        return None
    if "open_questions" in gold:
        return _Complete
    return _Corpus if "annotated" in data else None


def _refused(path: Path, why: str) -> RecordingError:
    return RecordingError(
        f"{path.name} is no labelled meeting: {why}",
        hint="The README says under `memo eval` what such a file holds; mend it or move it away.",
    )


# --- The files ----------------------------------------------------------------------------------


class _WrongError(ValueError):
    """What a file says does not fit together."""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Utterance(_Wire):
    start: Annotated[float, Field(ge=0, le=_LONGEST)]
    end: Annotated[float, Field(ge=0, le=_LONGEST)]
    text: str
    speaker: str | None = None


class _Person(_Wire):
    id: str | None = None
    name: str | None = None
    role: str | None = None
    tag: str | None = None

    @property
    def called(self) -> str:
        return self.name or self.id or ""


def _truth(value: object) -> bool:
    """Read `optional`: its value says why; false and null say that it is not."""
    return bool(value)


class _Item(_Wire):
    evidence: tuple[int, ...] = ()
    optional: Annotated[bool, BeforeValidator(_truth)] = False


class _Form(_Wire):
    """What both forms share."""

    id: str
    title: str
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    participants: tuple[_Person, ...]
    utterances: tuple[_Utterance, ...]
    started_at: AwareDatetime | None = None
    timezone: str = "UTC"

    def labelled(self, sha256: str) -> LabelledMeeting:
        """Return the meeting; `sha256` is that of the file."""
        raise NotImplementedError

    def transcript(self, sha256: str) -> Transcript:
        """Return what was said, as if somebody else had transcribed it."""
        told = [u for u in self.utterances if u.text.strip()]
        if not told:
            raise _WrongError("nobody says anything in it")
        for place, said in enumerate(self.utterances):
            if said.start > said.end:
                raise _WrongError(f"utterances.{place}: it ends before it starts")
        segments = tuple(
            Segment(id=i, start=u.start, end=u.end, text=u.text, speaker=u.speaker)
            for i, u in enumerate(sorted(told, key=lambda u: u.start))
        )
        voices = dict.fromkeys(u.speaker for u in told if u.speaker)
        invited = [p.called for p in self.participants if p.called in voices]
        heard = dict.fromkeys([*invited, *voices])
        return Transcript(
            recording=Recording(filename=f"{self.id}.json", sha256=sha256),
            duration=max(s.end for s in segments),
            speech_seconds=sum(s.duration for s in segments),
            language=self.language,
            segments=segments,
            participants=tuple(Participant(name=name, label=name) for name in heard),
        )

    def about(self) -> Meeting:
        """Return what is known besides."""
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise _WrongError(f"timezone: {self.timezone!r} is no time zone") from error
        return Meeting(
            title=self.title,
            started_at=self.started_at,
            timezone=self.timezone,
            attendees=tuple(p.called for p in self.participants if p.called),
        )

    def spans(self, item: _Item, where: str) -> tuple[Span, ...]:
        """Return the stretches of the utterances that a label names."""
        strange = [i for i in item.evidence if not 0 <= i < len(self.utterances)]
        if strange:
            raise _WrongError(
                f"{where}: its evidence names the utterance {strange[0]}, there is none"
            )
        said = (self.utterances[i] for i in item.evidence)
        return tuple(Span(start=u.start, end=u.end) for u in said)


def _aliases(people: Sequence[_Person], voices: Mapping[str, str | None]) -> dict[str, str]:
    """Return one name for whatever people are called; what two of them share names nobody."""
    meant: dict[str, set[str]] = {}
    for person in people:
        first = (person.name or "").split(" ")[0]
        for alias in (person.id, person.name, person.role, person.tag, first):
            if alias and not alias.endswith("."):  # "Dr."
                meant.setdefault(alias.lower(), set()).add(person.id or person.called)
    aliases = {alias: min(names) for alias, names in meant.items() if len(names) == 1}
    for label, name in voices.items():
        if name:
            aliases[label.lower()] = aliases.get(name.lower(), name)
    return aliases


class _Decision(_Item):
    text: str
    status: Literal[DecisionStatus.ACCEPTED, DecisionStatus.PROPOSED, DecisionStatus.REJECTED]
    rationale: str | None = None
    decided_by: tuple[str, ...] = ()
    supersedes: Any = None


class _Action(_Item):
    task: str
    owner: str | None = None
    due: dt.date | None = None
    due_accept: tuple[dt.date | None, ...] = ()


class _Question(_Item):
    question: str


class _CompleteGold(_Wire):
    decisions: tuple[_Decision, ...]
    actions: tuple[_Action, ...]
    open_questions: tuple[_Question, ...]
    must_not: tuple[str, ...] = ()
    speaker_names: dict[str, str | None] = Field(default_factory=dict)


class _Complete(_Form):
    gold: _CompleteGold

    def labelled(self, sha256: str) -> LabelledMeeting:
        return LabelledMeeting(
            id=self.id,
            corpus="",
            sha256=sha256,
            transcript=self.transcript(sha256),
            meeting=self.about(),
            labels={
                "decisions": tuple(map(self._decision, self.gold.decisions)),
                "actions": tuple(map(self._action, self.gold.actions)),
                "questions": tuple(map(self._question, self.gold.open_questions)),
            },
            must_not=self.gold.must_not,
            aliases=_aliases(self.participants, self.gold.speaker_names),
            people=tuple(p.called for p in self.participants),
        )

    def _decision(self, item: _Decision) -> Label:
        return Label(
            text=item.text,
            spans=self.spans(item, f"the decision {item.text!r}"),
            optional=item.optional,
            status=item.status,
            rationale=item.rationale,
            decided_by=item.decided_by,
            supersedes=bool(item.supersedes),
        )

    def _action(self, item: _Action) -> Label:
        return Label(
            text=item.task,
            spans=self.spans(item, f"the action {item.task!r}"),
            optional=item.optional,
            owner_known=True,
            owner=item.owner,
            dates=tuple(dict.fromkeys((item.due, *item.due_accept))),
        )

    def _question(self, item: _Question) -> Label:
        spans = self.spans(item, f"the question {item.question!r}")
        return Label(text=item.question, spans=spans, optional=item.optional)


class _Note(_Item):
    text: str
    owner: str | None = None


class _CorpusGold(_Wire):
    decisions: tuple[_Note, ...] = ()
    actions: tuple[_Note, ...] = ()
    problems: tuple[_Note, ...] = ()


class _Corpus(_Form):
    corpus: str
    annotated: tuple[str, ...]
    gold: _CorpusGold

    def labelled(self, sha256: str) -> LabelledMeeting:
        called = [n for p in self.participants for n in (p.id, p.name, p.role, p.tag) if n]
        return LabelledMeeting(
            id=self.id,
            corpus=self.corpus,
            sha256=sha256,
            transcript=self.transcript(sha256),
            meeting=self.about(),
            labels={
                category: tuple(map(self._label, getattr(self.gold, noted)))
                for category, noted in _ANNOTATED.items()
                if noted in self.annotated
            },
            aliases=_aliases(self.participants, {}),
            people=tuple(p.id or p.called for p in self.participants),
            names=(*called, *_ROLES),
            boilerplate=tuple(_BOILERPLATE),
        )

    def _label(self, item: _Note) -> Label:
        spans = self.spans(item, f"the label {item.text!r}")
        known = item.owner is not None
        return Label(
            text=item.text,
            spans=spans,
            optional=item.optional,
            owner_known=known,
            owner=item.owner,
        )
