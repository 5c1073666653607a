"""The values that flow through memo.

    Recording -> Transcript -> Draft -> Memo (-> LogEntry: `memo.remembered`)

Every value is immutable, compares by content and round-trips through JSON. None of them does
I/O, knows a database id or imports more of memo than its codes.

Times inside a recording are seconds from its start, as floats, in half-open spans [start, end).
Instants on the calendar are timezone-aware datetimes whose names end in `_at`.

Three stages of belief are three types: a `Draft` is what a model claims, a `Finding` is a claim
with the evidence that the program found for it, a `LogEntry` is a finding that is remembered.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from memo.codes import RemarkCode as RemarkCode  # noqa: PLC0414, part of the model

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Value(BaseModel):
    """An immutable value: equal by content, serialisable to JSON, closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Value):
    """A half-open stretch [start, end) of a recording, in seconds."""

    start: Seconds
    end: Seconds

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"span ends at {self.end} s, before it starts at {self.start} s")
        return self

    @property
    def duration(self) -> float:
        """Length of the span in seconds."""
        return self.end - self.start

    def overlap(self, other: Span) -> float:
        """Return how many seconds two spans have in common."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))


# --- What memo says of its own work -----------------------------------------------------------


class Remark(Value):
    """Something memo says of its own work, in no language yet: what, and what belongs into it.

    `code` is stable; later versions may add some. `values` are texts and counts by name; those
    of a text are inserted as they are, whatever stands in them.
    """

    code: str
    values: dict[str, int | str] = Field(default_factory=dict)

    @classmethod
    def of(cls, code: RemarkCode, **values: int | str) -> Self:
        """Return a remark; the wording of the code says which values it needs."""
        return cls(code=code.value, values=values)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: object) -> object:
        """Take a sentence that has no code, as transcripts of older versions hold them."""
        if isinstance(given, str):
            return {"code": RemarkCode.OTHER.value, "values": {"text": given}}
        return given

    def __hash__(self) -> int:
        return hash((self.code, *sorted(self.values.items())))


# --- What was recorded and said -------------------------------------------------------------


class Recording(Value):
    """A sound or transcript file, identified by its content and not by its name."""

    filename: str
    sha256: Sha256


class Media(Value):
    """What a sound file's container says about itself, before any of it is listened to.

    `duration` is in seconds; None when the container does not know (a stream, a broken index).
    `sound_tracks` counts the sound tracks, e.g. one for the microphone and one for the computer.
    """

    duration: Seconds | None
    channels: int
    sample_rate: int
    sound_tracks: int = 1
    recorded_at: AwareDatetime | None = None
    title: str | None = None


class Word(Span):
    """One recognised word; `text` carries no surrounding whitespace."""

    text: str
    probability: Probability


class Segment(Span):
    """A sentence or caption, said by one voice. `id` is its place in the transcript, from 0."""

    id: int
    text: str
    speaker: str | None = None
    words: tuple[Word, ...] = ()
    avg_logprob: float | None = None
    no_speech_prob: Probability | None = None


class Turn(Span):
    """A stretch in which one voice speaks; `speaker` is how segments name it."""

    speaker: str


class Gap(Span):
    """A stretch that the memo does not rest on, and why.

    `reason` is worded from `remarks` when a memo is done. `taken_out` is what the speech model
    wrote there though nobody seems to have said it: no part of the transcript, kept to be checked.
    """

    reason: str = ""
    remarks: tuple[Remark, ...] = ()
    taken_out: str = ""


class NameSource(StrEnum):
    """Who says that a voice is called so; memo is sure of all but `GUESS` and `ENROLLED`."""

    LABEL = "label"  # nobody but the transcript, which calls the voice so
    GUESS = "guess"  # what is said in the talk
    TOLD = "told"  # the user
    TRACK = "track"  # the file or channel that holds nobody else's voice
    ENROLLED = "enrolled"  # a voice that the user had memo remember


class CorrectionReason(StrEnum):
    """Why words of a transcript were taken for a name or term."""

    TOLD = "told"  # the glossary says that it is heard so
    SPELLING = "spelling"  # the same but for capitals, accents, blanks and hyphens
    SOUND = "sound"  # it sounds the same
    LIKENESS = "likeness"  # it is nearly the same


class Correction(Span):
    """Words of a segment that were misheard, and the name or term that stands there now.

    `offset` is where `written` stands in the segment's text. `words` are the words that were heard,
    those from `first_word` on, with their times; none if nobody knows these. `likeness` is that
    of the spellings. Undone in reverse order, corrections give the transcript as it was heard.
    """

    segment_id: int
    offset: Annotated[int, Field(ge=0)]
    heard: str
    written: str
    reason: CorrectionReason
    likeness: Probability
    first_word: Annotated[int, Field(ge=0)] = 0
    words: tuple[Word, ...] = ()


class Respelling(Value):
    """A name or term that was misheard in a memo's transcript, and the seconds where."""

    heard: str
    written: str
    starts: tuple[Seconds, ...]


class Participant(Value):
    """Somebody who was there.

    `label` is how segments name the voice (None for an attendee who was not heard);
    `name` is how people call the person, equal to the label while nobody knows better.
    `confidence` is the probability that the voice is this person's, None where nobody doubts it;
    `named_at` the seconds at which the segments start that a guess rests on.
    """

    name: str
    label: str | None = None
    role: str | None = None
    source: NameSource = NameSource.LABEL
    confidence: Probability | None = None
    named_at: tuple[Seconds, ...] = ()


class Transcript(Value):
    """Everything that was said in a recording, in order of time.

    `duration` and `speech_seconds` are seconds of the recording and of the speech found in it,
    `decoded_seconds` those that a speech model heard: speech and the short pauses in it.
    `asr_model` is None for a transcript that somebody else made.
    """

    schema_version: Literal[1] = 1
    recording: Recording
    duration: Seconds
    speech_seconds: Seconds
    language: str
    segments: tuple[Segment, ...]
    participants: tuple[Participant, ...] = ()
    gaps: tuple[Gap, ...] = ()
    warnings: tuple[Remark, ...] = ()
    asr_model: str | None = None
    decoded_seconds: Seconds | None = None
    corrections: tuple[Correction, ...] = ()

    @model_validator(mode="after")
    def _check_ids(self) -> Self:
        if any(segment.id != place for place, segment in enumerate(self.segments)):
            raise ValueError("segment ids must count from 0")
        return self

    def name_of(self, label: str | None) -> str | None:
        """Return the name of the voice with this label, the label itself if nobody knows it."""
        return next((p.name for p in self.participants if label and p.label == label), label)


class Meeting(Value):
    """What is known of a meeting besides its sound."""

    title: str
    started_at: AwareDatetime | None = None
    timezone: str = "UTC"
    attendees: tuple[str, ...] = ()


# --- What a model claims ----------------------------------------------------------------------


class DecisionStatus(StrEnum):
    """State of a decision, in the words of architecture decision records (ADR)."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class Claim(Value):
    """Something a model says was said; `segment_ids` is where it says so. Not yet believed.

    `quote` is the words it claims to copy; None when it was only asked for the place. `doubt` is
    what its own reader holds against it.
    """

    segment_ids: tuple[int, ...] = ()
    quote: str | None = None
    doubt: Remark | None = None


class DecisionClaim(Claim):
    """A claimed decision. `supersedes` is what it replaces, in words."""

    statement: str
    rationale: str | None = None
    considered: tuple[str, ...] = ()
    decided_by: tuple[str, ...] = ()
    status: DecisionStatus = DecisionStatus.ACCEPTED
    supersedes: str | None = None


class ActionClaim(Claim):
    """A claimed task; `due_text` keeps the words in which the date was said."""

    task: str
    owner: str | None = None
    due_text: str | None = None


class QuestionClaim(Claim):
    """A claimed open question."""

    question: str
    raised_by: str | None = None
    waiting_on: str | None = None


class Topic(Span):
    """What was talked about from `start` to `end`."""

    title: str


class Translation(Value):
    """A text of a draft, and how a model puts it in the memo's language. Not yet believed."""

    text: str
    translated: str


class Draft(Value):
    """An unverified reading of a transcript, by a language model or by rules.

    `gaps` are the stretches that could not be read; `reader` names the model. `translations` are
    those of its texts into the memo's language; None where nobody was asked for some.
    """

    reader: str
    prompts_sha256: Sha256
    summary: str = ""
    topics: tuple[Topic, ...] = ()
    decisions: tuple[DecisionClaim, ...] = ()
    actions: tuple[ActionClaim, ...] = ()
    questions: tuple[QuestionClaim, ...] = ()
    gaps: tuple[Gap, ...] = ()
    warnings: tuple[Remark, ...] = ()
    translations: tuple[Translation, ...] | None = None


# --- What the transcript bears out ------------------------------------------------------------


class Verdict(StrEnum):
    """How far the transcript bears a finding out."""

    SUPPORTED = "supported"
    UNCERTAIN = "uncertain"
    UNSUPPORTED = "unsupported"


class Evidence(Span):
    """Words of the transcript that a finding rests on, quoted from it and never from a model.

    `score` says how well the claim's place and words fit the quote.
    """

    speaker: str | None
    quote: str
    score: Probability


class Finding(Value):
    """A claim, the evidence found for it and the verdict on it; `reason` explains a doubt.

    `reason` is worded from `remarks` when a memo is done. `untranslated` is the sentence that was
    held against the transcript, where the one that is told is its translation.
    """

    id: str
    verdict: Verdict
    confidence: Probability
    evidence: tuple[Evidence, ...]
    reason: str | None = None
    remarks: tuple[Remark, ...] = ()
    untranslated: str | None = None

    @model_validator(mode="after")
    def _check_evidence(self) -> Self:
        if self.verdict is Verdict.SUPPORTED and not self.evidence:
            raise ValueError("a supported finding needs evidence")
        return self


class Decision(Finding):
    """Something the meeting settled, or explicitly put off."""

    statement: str
    rationale: str | None = None
    considered: tuple[str, ...] = ()
    decided_by: tuple[str, ...] = ()
    status: DecisionStatus = DecisionStatus.ACCEPTED
    supersedes: str | None = None


class ActionItem(Finding):
    """Something somebody has to do; `due` is resolved from `due_text` by code."""

    task: str
    owner: str | None = None
    due: dt.date | None = None
    due_text: str | None = None


class OpenQuestion(Finding):
    """Something the meeting left open."""

    question: str
    raised_by: str | None = None
    waiting_on: str | None = None


Found = Decision | ActionItem | OpenQuestion
"""Any finding."""


class Coverage(Value):
    """How much of the recording the memo rests on, in seconds.

    Of the sound, a speech model heard `decoded_seconds` and left `skipped_seconds` out, in which
    no speech was found; None where no such model listened.
    """

    audio_seconds: Seconds
    speech_seconds: Seconds
    analysed_seconds: Seconds
    gaps: tuple[Gap, ...] = ()
    decoded_seconds: Seconds | None = None
    skipped_seconds: Seconds | None = None


class Provenance(Value):
    """What produced a memo: enough to produce it again."""

    memo_version: str
    asr_model: str | None
    language_model: str
    prompts_sha256: Sha256
    created_at: AwareDatetime


class Memo(Value):
    """The outcome of a meeting; its JSON form is the `memo.json` contract.

    Every finding is kept, believed or not: exporters mark what is not supported. `language` is
    spoken, `memo_language` written (the spoken one in memos that do not say). `warnings` are
    worded from `remarks` when a memo is done.
    """

    schema_version: Literal[1] = 1
    title: str
    started_at: AwareDatetime | None
    timezone: str
    language: str
    memo_language: str | None = None
    duration: Seconds
    recording: Recording
    participants: tuple[Participant, ...] = ()
    summary: str = ""
    topics: tuple[Topic, ...] = ()
    decisions: tuple[Decision, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()
    coverage: Coverage
    warnings: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    corrections: tuple[Respelling, ...] = ()
    provenance: Provenance

    @property
    def written_in(self) -> str:
        """Language that the memo is written in."""
        return self.memo_language or self.language

    def findings(self) -> tuple[Found, ...]:
        """Return every finding: decisions, then actions, then questions."""
        return (*self.decisions, *self.action_items, *self.open_questions)
