"""A claim becomes a finding: its words are looked up, its owner and date are checked by code.

The verdict follows from the transcript alone. *Supported*: the words are there, the claim's
content stands around them, and no figure or name in it comes from elsewhere. *Uncertain*: the
place is there, the content only partly. *Unsupported*: nobody said it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from memo.extraction.dates import find_due, resolve_due
from memo.extraction.evidence import find_quote, whole_segment
from memo.extraction.merging import text_of
from memo.extraction.names import match_person
from memo.extraction.words import coverage, figures, names, normal_words
from memo.model import (
    ActionClaim,
    ActionItem,
    Claim,
    Decision,
    DecisionClaim,
    Evidence,
    Meeting,
    OpenQuestion,
    QuestionClaim,
    Segment,
    Transcript,
    Verdict,
)

ENOUGH = 0.6
"""Share of a claim's content words that must stand around its evidence."""
LITTLE = 0.3
"""Below this share a claim is about something else."""
CONTEXT = 6
"""Segments before and after the evidence that may hold what a claim refers to."""
ENOUGH_SHARED = 0.2
"""Share of a claim's content words that makes a cited segment evidence of it."""
MOST_EVIDENCE = 5


@dataclass(frozen=True)
class _Proof:
    evidence: tuple[Evidence, ...]
    context: tuple[Segment, ...]
    verdict: Verdict
    confidence: float
    reason: str | None

    def says(self, text: str | None, language: str, least: float) -> bool:
        return bool(text) and coverage(text or "", self.spoken, language) >= least

    @property
    def spoken(self) -> list[str]:
        return [segment.text for segment in self.context]


class Verifier:
    """Holds claims against one transcript.

    Args:
        transcript: What was said.
        meeting: Who was there, and when it was.
    """

    def __init__(self, transcript: Transcript, meeting: Meeting) -> None:
        self._transcript = transcript
        self._meeting = meeting
        heard = (p.name for p in transcript.participants)
        self._people = tuple(dict.fromkeys((*meeting.attendees, *heard)))

    def decision(self, claim: DecisionClaim, place: int) -> Decision:
        """Check a claimed decision; `place` counts from 1."""
        proof = self._prove(claim)
        language = self._transcript.language
        return Decision(
            **self._finding(f"D{place}", proof),
            statement=claim.statement,
            rationale=claim.rationale if proof.says(claim.rationale, language, 0.5) else None,
            considered=tuple(c for c in claim.considered if proof.says(c, language, 0.5)),
            decided_by=self._known(claim.decided_by),
            status=claim.status,
            supersedes=claim.supersedes if proof.says(claim.supersedes, language, 0.4) else None,
        )

    def action(self, claim: ActionClaim, place: int) -> ActionItem:
        """Check a claimed task; the due date is resolved from words that were really said."""
        proof = self._prove(claim)
        due_text = self._said_due(claim, proof)
        return ActionItem(
            **self._finding(f"A{place}", proof),
            task=claim.task,
            owner=next(iter(self._known((claim.owner,))), None),
            due=self._due(due_text, proof),
            due_text=due_text,
        )

    def question(self, claim: QuestionClaim, place: int) -> OpenQuestion:
        """Check a claimed open question; whoever is waited for must have been named."""
        proof = self._prove(claim)
        known = self._known((claim.waiting_on,))
        spoken = {w for text in proof.spoken for w in normal_words(text)}
        named = claim.waiting_on and set(normal_words(claim.waiting_on)) <= spoken
        return OpenQuestion(
            **self._finding(f"Q{place}", proof),
            question=claim.question,
            raised_by=next(iter(self._known((claim.raised_by,))), None),
            waiting_on=known[0] if known else (claim.waiting_on if named else None),
        )

    def _finding(self, number: str, proof: _Proof) -> dict[str, object]:
        return {
            "id": number,
            "verdict": proof.verdict,
            "confidence": proof.confidence,
            "evidence": proof.evidence,
            "reason": proof.reason,
        }

    def _prove(self, claim: Claim) -> _Proof:
        evidence = self._evidence(claim)
        context = self._context(claim, evidence)
        spoken = [segment.text for segment in context]
        language = self._transcript.language
        statement = text_of(claim)
        covered = coverage(statement, spoken, language)
        foreign = self._foreign(statement, spoken)
        verdict, reason = _judge(covered, foreign, found=bool(evidence))
        if claim.doubt and verdict is Verdict.SUPPORTED:
            verdict, reason = Verdict.UNCERTAIN, claim.doubt
        surest = max((e.score for e in evidence), default=0.0)
        confidence = round(surest * max(covered, 0.1) * _heard(context), 3)
        return _Proof(evidence, context, verdict, confidence, reason)

    def _evidence(self, claim: Claim) -> tuple[Evidence, ...]:
        """Return the quote first, then the other cited segments, in order of time."""
        segments = self._transcript.segments
        ids = [i for i in claim.segment_ids if 0 <= i < len(segments)]
        quote = find_quote(claim.quote, self._transcript, ids) if claim.quote else None
        statement = text_of(claim)
        language = self._transcript.language
        others = []
        for i in ids:
            share = coverage(statement, [segments[i].text], language)
            if quote and segments[i].start < quote.end and quote.start < segments[i].end:
                continue
            nods = quote and segments[i].start >= quote.end and len(segments[i].text.split()) <= 12
            if share >= ENOUGH_SHARED or nods:
                others.append(whole_segment(segments[i], self._transcript, round(share, 3)))
        if quote is None:
            others.sort(key=lambda e: -e.score)
            quote, others = (others[0], others[1:]) if others else (None, [])
        kept = sorted(others, key=lambda e: -e.score)[: MOST_EVIDENCE - 1]
        return (quote, *sorted(kept, key=lambda e: e.start)) if quote else ()

    def _context(self, claim: Claim, evidence: Sequence[Evidence]) -> tuple[Segment, ...]:
        segments = self._transcript.segments
        places = [
            s.id for s in segments for e in evidence if s.start < e.end and e.start < s.end
        ] or [i for i in claim.segment_ids if 0 <= i < len(segments)]
        if not places:
            return ()
        return segments[max(0, min(places) - CONTEXT) : max(places) + CONTEXT + 1]

    def _foreign(self, statement: str, spoken: Sequence[str]) -> set[str]:
        """Return the figures and names of a claim that were not said around its evidence."""
        language = self._transcript.language
        words = {w for text in spoken for w in normal_words(text)}
        known = {w for person in self._people for w in normal_words(person)}
        told = figures(statement, language) | names(statement)
        if any(word.isdigit() for word in told) and figures(" ".join(spoken), language):
            # "1,200" may stand for "twelve hundred": digits are only compared with digits.
            told = {w for w in told if not w.isdigit() or any(s.isdigit() for s in words)}
        return {w for w in told if not set(normal_words(w)) <= words | known}

    def _known(self, claimed: Sequence[str | None]) -> tuple[str, ...]:
        people = [match_person(name, self._people) for name in claimed if name]
        return tuple(dict.fromkeys(person for person in people if person))

    def _said_due(self, claim: ActionClaim, proof: _Proof) -> str | None:
        """Return the due words as they were said around the evidence, or None."""
        if not claim.due_text:
            return None
        wanted = " ".join(normal_words(claim.due_text))
        near = " ".join(" ".join(normal_words(text)) for text in proof.spoken)
        if wanted and wanted in near:
            return claim.due_text
        language = self._transcript.language
        said = [due for e in proof.evidence for due in find_due(e.quote, language)]
        return said[0] if said else None

    def _due(self, due_text: str | None, proof: _Proof) -> dt.date | None:
        started = self._meeting.started_at
        if not due_text or started is None or not proof.evidence:
            return None
        said_at = started + dt.timedelta(seconds=proof.evidence[0].start)
        return resolve_due(
            due_text,
            said_at,
            language=self._transcript.language,
            timezone=self._meeting.timezone,
        )


def _judge(covered: float, foreign: set[str], *, found: bool) -> tuple[Verdict, str | None]:
    if not found or covered < LITTLE:
        return Verdict.UNSUPPORTED, "these words were not found in the transcript"
    if foreign:
        strangers = ", ".join(sorted(foreign)[:3])
        return Verdict.UNCERTAIN, f"not said near the evidence: {strangers}"
    if covered < ENOUGH:
        return Verdict.UNCERTAIN, "only partly found in the transcript"
    return Verdict.SUPPORTED, None


def _heard(context: Sequence[Segment]) -> float:
    """Return how sure the ASR was of the words, 1 where nobody says."""
    heard = [word.probability for segment in context for word in segment.words]
    return sum(heard) / len(heard) if heard else 1.0
