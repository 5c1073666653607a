"""One meeting's memo is held against its labels; what is counted can be added up over meetings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, Self, TypeVar

from memo.evaluation.labels import CATEGORIES, Category, Label, LabelledMeeting
from memo.evaluation.matching import MATCH, Item, hits, matched
from memo.evaluation.voices import voices_of
from memo.evaluation.words import Words
from memo.extraction.words import figures, negated
from memo.model import (
    ActionItem,
    Decision,
    DecisionStatus,
    Evidence,
    Finding,
    Memo,
    OpenQuestion,
    Seconds,
    Sha256,
    Span,
    Transcript,
    Value,
    Verdict,
)

_Thing = TypeVar("_Thing")

FORBIDDEN = 0.75
"""Likeness of words from which a finding says what a memo must not say."""
BORNE_OUT = 0.6
"""Share of a reason's content words that must have been said around its decision."""
AROUND = 60.0
"""Seconds around the evidence in which a reason is looked for."""
LONGEST = 60.0
"""Seconds of a piece of evidence that count as its place."""
AS_GOOD = {
    DecisionStatus.REJECTED: {DecisionStatus.REJECTED, DecisionStatus.ACCEPTED},
}
"""A proposal that was turned down may also be told as a decision against it."""


class Counts(Value):
    """What was counted of one category.

    `found` are the findings shown, `labels` those required, `hits` the matches, `soft` the summed
    likeness of all pairs, matches or not. `spans` are stretches of evidence, of which `near` lie
    by that of some label; `placed` are labels with a place, of which `reached` have a finding's
    evidence by them. The rest is about matches: `x_asked` of them have a label for x, `x_right`
    tell it, `x_wrong` tell another.
    """

    found: int = 0
    labels: int = 0
    hits: int = 0
    soft: float = 0.0
    spans: int = 0
    near: int = 0
    placed: int = 0
    reached: int = 0
    status_asked: int = 0
    status_right: int = 0
    reason_asked: int = 0
    reason_right: int = 0
    reason_borne_out: int = 0
    reason_alike: float = 0.0
    replaces_asked: int = 0
    replaces_right: int = 0
    replaces_wrong: int = 0
    deciders_asked: int = 0
    deciders_right: int = 0
    owner_asked: int = 0
    owner_right: int = 0
    owner_wrong: int = 0
    due_asked: int = 0
    due_right: int = 0
    due_wrong: int = 0

    def __add__(self, other: Self) -> Self:
        """Return both together."""
        sums = {
            name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields
        }
        return self.model_copy(update=sums)


class Pair(Value):
    """A finding and the label it was held against; either alone is None.

    `is_match` says that they are alike enough.
    """

    category: Category
    finding: str | None
    label: str | None
    likeness: float = 0.0
    is_match: bool = False
    optional: bool = False


class Violation(Value):
    """A finding that says what a memo of the meeting must not say."""

    finding: str
    must_not: str


class Cost(Value):
    """What a meeting took: seconds of transcribing and of reading, and what a model was asked.

    `remembered` of the `answers` are of an earlier run, at what they took then. `cached_tokens`
    of the `prompt_tokens` were known to the model and cost nothing.
    """

    hearing_seconds: Seconds = 0.0
    reading_seconds: Seconds = 0.0
    answers: int = 0
    remembered: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0


class Measured(Value):
    """What was counted of one meeting; `analysed_seconds` of its speech were read."""

    id: str
    corpus: str
    labels_sha256: Sha256
    language: str
    duration: Seconds
    speech_seconds: Seconds
    analysed_seconds: Seconds
    counts: dict[Category, Counts]
    verdicts: dict[Verdict, int]
    quotes: int
    misquoted: tuple[str, ...]
    must_not: int
    violations: tuple[Violation, ...]
    pairs: tuple[Pair, ...]
    cost: Cost
    warnings: tuple[str, ...] = ()


def measure(case: LabelledMeeting, memo: Memo, transcript: Transcript, cost: Cost) -> Measured:
    """Hold a memo against a meeting's labels.

    Args:
        case: The meeting with its labels.
        memo: What was made of it.
        transcript: What the memo was made from: the labelled one, or what was heard.
        cost: What it took.
    """
    if transcript is not case.transcript:
        case = case.knowing(voices_of(transcript, case.transcript))
    words = Words(case.transcript.language, case.names, case.boilerplate)
    shown = findings_of(memo)
    counts: dict[Category, Counts] = {}
    pairs: list[Pair] = []
    for category in (c for c in CATEGORIES if c in case.labels):
        held = _Held(case, shown[category], case.labels[category], words, transcript)
        counts[category] = held.counts()
        pairs += held.pairs(category)
    evidence = [e for finding in memo.findings() for e in finding.evidence]
    return Measured(
        id=case.id,
        corpus=case.corpus,
        labels_sha256=case.sha256,
        language=case.transcript.language,
        duration=transcript.duration,
        speech_seconds=memo.coverage.speech_seconds,
        analysed_seconds=memo.coverage.analysed_seconds,
        counts=counts,
        verdicts=dict(Counter(finding.verdict for finding in memo.findings())),
        quotes=len(evidence),
        misquoted=tuple(e.quote for e in evidence if not is_verbatim(e, transcript)),
        must_not=len(case.must_not),
        violations=tuple(_violations(case, memo, words)),
        pairs=tuple(pairs),
        cost=cost,
        warnings=memo.warnings,
    )


def findings_of(memo: Memo) -> dict[Category, list[Finding]]:
    """Return the findings that a memo shows as such: those that are not marked unsupported."""
    every: dict[Category, Sequence[Finding]] = {
        "decisions": memo.decisions,
        "actions": memo.action_items,
        "questions": memo.open_questions,
    }
    return {
        category: [f for f in some if f.verdict is not Verdict.UNSUPPORTED]
        for category, some in every.items()
    }


def text_of(finding: Finding) -> str:
    """Return the sentence of a finding."""
    if isinstance(finding, Decision):
        return finding.statement
    if isinstance(finding, ActionItem):
        return finding.task
    assert isinstance(finding, OpenQuestion)  # noqa: S101 - there are three kinds
    return finding.question


def is_verbatim(evidence: Evidence, transcript: Transcript) -> bool:
    """Tell whether a quote was said word for word, at its time and by its speaker."""
    there = (s for s in transcript.segments if _meet(s, evidence))
    said = " ".join(s.text for s in there if transcript.name_of(s.speaker) == evidence.speaker)
    return bool(evidence.quote) and _plain(evidence.quote) in _plain(said)


def _meet(segment: Span, evidence: Span) -> bool:
    """Tell whether a segment, perhaps one without any length, is in a stretch of evidence."""
    begins_inside = evidence.start <= segment.start < evidence.end
    return begins_inside or segment.start <= evidence.start < segment.end


def _plain(text: str) -> str:
    return " ".join(text.split())


# --- One category -------------------------------------------------------------------------------


class _Match(NamedTuple):
    finding: Finding
    label: Label


class _Held:
    """The findings of one category, held against its labels."""

    def __init__(
        self,
        case: LabelledMeeting,
        found: Sequence[Finding],
        labels: Sequence[Label],
        words: Words,
        transcript: Transcript,
    ) -> None:
        self._case = case
        self._found = found
        self._labels = labels
        self._words = words
        self._transcript = transcript
        self._places = [[_place(e) for e in finding.evidence] for finding in found]
        items = [Item(text_of(f), tuple(p)) for f, p in zip(found, self._places, strict=True)]
        gold = [Item(label.text, label.spans) for label in labels]
        self._pairs = matched(items, gold, words)
        self._matches = {i: j for i, j, likeness in self._pairs if likeness >= MATCH}

    def counts(self) -> Counts:
        """Return what is to be counted."""
        free = sum(label.optional for label in self._labels)
        spare = {i for i, j in self._matches.items() if self._labels[j].optional}
        counts = Counts(
            found=len(self._found) - len(spare),
            labels=len(self._labels) - free,
            hits=len(self._matches) - len(spare),
            soft=sum(how for _, j, how in self._pairs if not self._labels[j].optional),
            **self._evidence(),
        )
        for i, j in self._matches.items():
            if i not in spare:
                counts += self._details(_Match(self._found[i], self._labels[j]))
        return counts

    def pairs(self, category: Category) -> Iterator[Pair]:
        """Yield what was held against what, then the findings and labels that stand alone."""
        for i, j, likeness in self._pairs:
            yield Pair(
                category=category,
                finding=text_of(self._found[i]),
                label=self._labels[j].text,
                likeness=round(likeness, 4),
                is_match=i in self._matches,
                optional=self._labels[j].optional,
            )
        for finding in _others(self._found, {i for i, _, _ in self._pairs}):
            yield Pair(category=category, finding=text_of(finding), label=None)
        for label in _others(self._labels, {j for _, j, _ in self._pairs}):
            told = label.optional
            yield Pair(category=category, finding=None, label=label.text, optional=told)

    def _evidence(self) -> dict[str, int]:
        """Count stretches; where labels have no places nobody knows which are right."""
        told = [span for spans in self._places for span in spans]
        linked = [span for label in self._labels for span in label.spans]
        placed = [label for label in self._labels if label.spans and not label.optional]
        if self._labels and not linked:
            return {}
        return {
            "spans": len(told),
            "near": hits(told, linked),
            "placed": len(placed),
            "reached": sum(hits(label.spans, told) > 0 for label in placed),
        }

    def _details(self, match: _Match) -> Counts:
        finding, label = match
        if isinstance(finding, Decision):
            return self._decision(finding, label)
        if isinstance(finding, ActionItem):
            return self._action(finding, label)
        return Counts()

    def _decision(self, finding: Decision, label: Label) -> Counts:
        counts: dict[str, float] = {}
        if label.status:
            right = AS_GOOD.get(label.status, {label.status})
            counts |= {"status_asked": 1, "status_right": finding.status in right}
        if label.rationale:
            counts |= {"reason_asked": 1, **self._reason(finding, label.rationale)}
        if label.supersedes is not None:
            told = finding.supersedes is not None
            counts |= {
                "replaces_asked": label.supersedes,
                "replaces_right": label.supersedes and told,
                "replaces_wrong": told and not label.supersedes,
            }
        if label.decided_by:
            named = self._case.owners(",".join(finding.decided_by))
            meant = self._case.owners(",".join(label.decided_by))
            counts |= {"deciders_asked": 1, "deciders_right": bool(named & meant)}
        return Counts.model_validate(counts)

    def _reason(self, finding: Decision, labelled: str) -> dict[str, float]:
        if not finding.rationale:
            return {}
        near = [
            s.text
            for s in self._transcript.segments
            for e in finding.evidence
            if s.start < e.end + AROUND and e.start - AROUND < s.end
        ]
        return {
            "reason_right": 1,
            "reason_borne_out": self._words.share_said(finding.rationale, near) >= BORNE_OUT,
            "reason_alike": self._words.likeness(finding.rationale, labelled),
        }

    def _action(self, finding: ActionItem, label: Label) -> Counts:
        counts: dict[str, float] = {}
        if label.owner_known:
            named, meant = self._case.owners(finding.owner), self._case.owners(label.owner)
            counts |= {
                "owner_asked": 1,
                "owner_right": named == meant,
                "owner_wrong": bool(named) and named != meant,
            }
        if label.dates:
            counts |= {
                "due_asked": label.dated,
                "due_right": label.dated and finding.due in label.dates,
                "due_wrong": finding.due is not None and finding.due not in label.dates,
            }
        return Counts.model_validate(counts)


def _others(some: Sequence[_Thing], places: Collection[int]) -> Iterator[_Thing]:
    return (one for place, one in enumerate(some) if place not in places)


def _place(evidence: Evidence) -> Span:
    return Span(start=evidence.start, end=min(evidence.end, evidence.start + LONGEST))


# --- What must not be said ----------------------------------------------------------------------


def _violations(case: LabelledMeeting, memo: Memo, words: Words) -> Iterator[Violation]:
    for fact, owner in _facts(memo):
        for wrong in case.must_not:
            if _says(case, fact, owner, wrong, words):
                yield Violation(finding=f"{owner}: {fact}" if owner else fact, must_not=wrong)


def _facts(memo: Memo) -> Iterator[tuple[str, str | None]]:
    """Yield what a memo states as a fact, each with its owner: no questions, nothing proposed."""
    shown = findings_of(memo)
    for finding in shown["decisions"]:
        if isinstance(finding, Decision) and finding.status is DecisionStatus.ACCEPTED:
            yield finding.statement, None
    for finding in shown["actions"]:
        if isinstance(finding, ActionItem):
            yield finding.task, finding.owner


def _says(case: LabelledMeeting, fact: str, owner: str | None, wrong: str, words: Words) -> bool:
    """Tell whether a fact says what it must not: the same words, figures and "not".

    A statement about people is one about a task only if one of them is its owner.
    """
    language = case.transcript.language
    if figures(fact, language) != figures(wrong, language):
        return False
    if negated(fact, language) != negated(wrong, language):
        return False
    if words.likeness(fact, wrong) >= FORBIDDEN:
        return True
    named = case.named_in(wrong)
    if not owner or not named or not named & case.owners(owner):
        return False
    return words.likeness(case.without_names(fact), case.without_names(wrong)) >= FORBIDDEN
