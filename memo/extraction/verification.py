"""A claim becomes a finding: its words are looked up, its owner and date are checked by code.

The verdict follows from the transcript alone. *Supported*: the words are there, the claim's
content stands around them, and no figure, name or "not" in it comes from elsewhere. *Uncertain*:
the place is there, the content only partly, or poorly heard. *Unsupported*: nobody said it.

What a finding tells besides its sentence (a reason, an owner, a date) carries no verdict of its
own: it is left out where it was not said.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memo.extraction.audibility import Audibility, remark_on
from memo.extraction.cues import cues_for
from memo.extraction.dates import find_due, resolve_due
from memo.extraction.evidence import Found, Quotes
from memo.extraction.merging import text_of
from memo.extraction.people import People
from memo.extraction.polarity import turned_around
from memo.extraction.words import content_stems, coverage, figures, names
from memo.model import (
    ActionClaim,
    ActionItem,
    Claim,
    Decision,
    DecisionClaim,
    DecisionStatus,
    Evidence,
    Meeting,
    OpenQuestion,
    QuestionClaim,
    Remark,
    RemarkCode,
    Segment,
    Topic,
    Transcript,
    Verdict,
)
from memo.stems import normal_words

ENOUGH = 0.6
"""Share of a claim's content words that must stand around its evidence."""
LITTLE = 0.3
"""Below this share a claim is about something else."""
HALF = 0.5
"""Share of what is told besides the claim itself (a reason, an option) that must be said."""
ENOUGH_SHARED = 0.2
"""Share of a claim's content words that makes a cited segment evidence of it."""
MOST_EVIDENCE = 5
_NOD = 12
"""Words of a cited answer that may be evidence though it repeats nothing ("Yes, fine by me")."""
_PLAIN = re.compile(r"[\w\s.,'’()&/-]{1,80}")


@dataclass(frozen=True)
class _Proof:
    """Evidence, what was said around it (by segment id), and what follows from it."""

    evidence: tuple[Evidence, ...]
    cited: tuple[int, ...]
    context: dict[int, str]
    verdict: Verdict
    confidence: float
    remark: Remark | None

    @property
    def spoken(self) -> list[str]:
        return list(self.context.values())


class Verifier:
    """Holds claims against one transcript.

    Args:
        transcript: What was said.
        meeting: Who was there, and when it was.
    """

    def __init__(self, transcript: Transcript, meeting: Meeting) -> None:
        self._transcript = transcript
        self._meeting = meeting
        self._language = transcript.language
        self._quotes = Quotes(transcript)
        self._people = People(transcript, meeting)
        self._audibility = Audibility(transcript)

    def decision(self, claim: DecisionClaim, place: int) -> Decision:
        """Check a claimed decision; `place` counts from 1."""
        proof = self._prove(claim)
        return Decision(
            **self._finding(f"D{place}", proof),
            statement=claim.statement,
            rationale=self._if_said(claim.rationale, proof),
            considered=tuple(c for c in claim.considered if self._if_said(c, proof)),
            decided_by=self._people.present(claim.decided_by, proof.context),
            status=claim.status,
            supersedes=self._if_said(claim.supersedes, proof),
        )

    def action(self, claim: ActionClaim, place: int) -> ActionItem:
        """Check a claimed task; the due date is resolved from words that were really said."""
        proof = self._prove(claim)
        due_text = self._said_due(claim, proof)
        return ActionItem(
            **self._finding(f"A{place}", proof),
            task=claim.task,
            owner=self._people.owner(claim.owner, proof.context, proof.cited),
            due=self._due(due_text, proof),
            due_text=due_text,
        )

    def question(self, claim: QuestionClaim, place: int) -> OpenQuestion:
        """Check a claimed open question; whoever is waited for must have been named."""
        proof = self._prove(claim)
        raised_by = self._people.present((claim.raised_by,), proof.context)
        return OpenQuestion(
            **self._finding(f"Q{place}", proof),
            question=claim.question,
            raised_by=raised_by[0] if raised_by else None,
            waiting_on=self._waited_for(claim.waiting_on, proof),
        )

    def topic_is_said(self, topic: Topic) -> bool:
        """Tell whether the title of a topic was talked about in its stretch of the recording."""
        spoken = [
            s.text for s in self._transcript.segments if s.start < topic.end and topic.start < s.end
        ]
        enough = coverage(topic.title, spoken, self._language) >= HALF
        return enough and not self._foreign(topic.title, spoken)

    def _finding(self, number: str, proof: _Proof) -> dict[str, object]:
        return {
            "id": number,
            "verdict": proof.verdict,
            "confidence": proof.confidence,
            "evidence": proof.evidence,
            "remarks": (proof.remark,) if proof.remark else (),
        }

    # --- The verdict ----------------------------------------------------------------------------

    def _prove(self, claim: Claim) -> _Proof:
        found = self._find(claim)
        evidence = tuple(one.evidence for one in found)
        cited = tuple(dict.fromkeys(i for one in found for i in one.segment_ids))
        context = self._quotes.around(found)
        spoken = list(context.values())
        covered = coverage(text_of(claim), spoken, self._language)
        heard = self._audibility.of(evidence, cited)
        doubt = self._doubt(claim, evidence, spoken) or remark_on(
            heard, self._unsure(claim, context)
        )
        verdict, remark = _judge(covered, doubt, found=bool(found))
        surest = max((e.score for e in evidence), default=0.0)
        confidence = round(min(1.0, surest * max(covered, 0.1) * heard), 3)
        return _Proof(evidence, cited, context, verdict, confidence, remark)

    def _find(self, claim: Claim) -> tuple[Found, ...]:
        """Return the quote first, then the other cited segments, in order of time."""
        segments = self._transcript.segments
        ids = [i for i in dict.fromkeys(claim.segment_ids) if 0 <= i < len(segments)]
        quote = self._quotes.find(claim.quote, ids) if claim.quote else None
        others = [
            found
            for i in ids
            if not (quote and i in quote.segment_ids)
            and (found := self._cited(segments[i], text_of(claim), quote)) is not None
        ]
        others.sort(key=lambda f: -f.evidence.score)
        if quote is None:
            quote, others = (others[0], others[1:]) if others else (None, [])
        kept = others[: MOST_EVIDENCE - 1]
        return (quote, *sorted(kept, key=lambda f: f.segment_ids)) if quote else ()

    def _cited(self, segment: Segment, statement: str, quote: Found | None) -> Found | None:
        """Return a cited segment as evidence, if it shares words with the claim or nods to it."""
        share = coverage(statement, [segment.text], self._language)
        nods = quote is not None and segment.start >= quote.evidence.end
        if share < ENOUGH_SHARED and not (nods and len(segment.text.split()) <= _NOD):
            return None
        return self._quotes.part_of(segment.id, statement, round(share, 3))

    def _doubt(
        self, claim: Claim, evidence: Sequence[Evidence], spoken: Sequence[str]
    ) -> Remark | None:
        """Return what in a claim was not said around its evidence, or what its reader doubts."""
        foreign = self._foreign(text_of(claim), spoken)
        if foreign:
            return Remark.of(RemarkCode.NOT_SAID_NEAR, words=", ".join(sorted(foreign)[:3]))
        rejected = isinstance(claim, DecisionClaim) and claim.status is DecisionStatus.REJECTED
        if isinstance(claim, QuestionClaim) or rejected:
            return claim.doubt  # "not" turns around the answer to a question, not the question
        quotes = [e.quote for e in evidence]
        turned = turned_around(text_of(claim), quotes, spoken, self._language)
        return Remark.of(turned) if turned else claim.doubt

    def _unsure(self, claim: Claim, context: Iterable[int]) -> tuple[str, ...]:
        """Return what a claim tells that was poorly heard wherever it was said."""
        due = claim.due_text if isinstance(claim, ActionClaim) else None
        return self._audibility.unsure(text_of(claim), due or "", context, self._people.words)

    def _foreign(self, statement: str, spoken: Sequence[str]) -> set[str]:
        """Return the figures and names of a claim that were not said around its evidence."""
        language = self._language
        said = set().union(*(figures(text, language) for text in (*spoken, " ".join(spoken))))
        words = {w.removesuffix("'s") for text in spoken for w in normal_words(text)}
        stems = {stem for text in spoken for stem in content_stems(text, language)}
        strange = {
            name
            for name in names(statement) - figures(statement, language)
            if not set(normal_words(name)) <= words | self._people.words
            and not set(content_stems(name, language)) <= stems
        }
        return (figures(statement, language) - said) | strange

    def _if_said(self, text: str | None, proof: _Proof) -> str | None:
        """Return a text if it was said around the evidence, with its figures and names."""
        if not text or coverage(text, proof.spoken, self._language) < HALF:
            return None
        return None if self._foreign(text, proof.spoken) else text

    # --- Dates and people -----------------------------------------------------------------------

    def _said_due(self, claim: ActionClaim, proof: _Proof) -> str | None:
        """Return the due words as they were said around the evidence, or None."""
        wanted = normal_words(claim.due_text or "")
        told = claim.due_text or ""
        known = cues_for(self._language) is None or find_due(told, self._language)
        if not wanted or (len(wanted) == 1 and not known):  # a single word is a day, or nothing
            return None
        said = self._quotes.said(told, proof.context)
        if said:
            return said.strip(" .,;:!?…")
        spoken = " ".join(word for text in proof.spoken for word in normal_words(text))
        if f" {' '.join(wanted)} " in f" {spoken} ":  # over the end of a segment
            return " ".join(wanted)
        dues = {due for e in proof.evidence for due in find_due(e.quote, self._language)}
        return dues.pop() if len(dues) == 1 else None

    def _due(self, due_text: str | None, proof: _Proof) -> dt.date | None:
        started = self._meeting.started_at
        if not due_text or started is None or not proof.evidence:
            return None
        said_at = started + dt.timedelta(seconds=proof.evidence[0].start)
        return resolve_due(
            due_text, said_at, language=self._language, timezone=self._meeting.timezone
        )

    def _waited_for(self, name: str | None, proof: _Proof) -> str | None:
        """Return who is waited for: somebody who was there, or words that were said."""
        if not name or not content_stems(name, self._language):
            return None
        known = self._people.present((name,), proof.context)
        if known:
            return known[0]
        said = self._quotes.said(name, proof.context)
        if said:
            return said.strip(" .,;:!?…")
        spoken = {word for text in proof.spoken for word in normal_words(text)}
        plain = _PLAIN.fullmatch(name) and set(normal_words(name)) <= spoken
        return " ".join(name.split()) if plain else None


def _judge(covered: float, doubt: Remark | None, *, found: bool) -> tuple[Verdict, Remark | None]:
    if not found or covered < LITTLE:
        return Verdict.UNSUPPORTED, Remark.of(RemarkCode.NOT_FOUND)
    if doubt:
        return Verdict.UNCERTAIN, doubt
    if covered < ENOUGH:
        return Verdict.UNCERTAIN, Remark.of(RemarkCode.PARTLY_FOUND)
    return Verdict.SUPPORTED, None
