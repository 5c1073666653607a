"""A draft becomes a memo: every claim verified, coverage counted, provenance noted."""

from __future__ import annotations

import datetime as dt

from memo.extraction.verification import Verifier
from memo.model import (
    Coverage,
    Decision,
    DecisionStatus,
    Draft,
    Gap,
    Meeting,
    Memo,
    OpenQuestion,
    Participant,
    Provenance,
    Transcript,
    Verdict,
)

SUMMARY_WORDS = 60


def write_memo(
    draft: Draft,
    transcript: Transcript,
    meeting: Meeting,
    *,
    created_at: dt.datetime,
    memo_version: str,
) -> Memo:
    """Return the memo of a meeting; nothing in it is there that was not verified.

    Args:
        draft: What a reader claims.
        transcript: What was said.
        meeting: What is known besides.
        created_at: Now, timezone-aware.
        memo_version: Of this program.
    """
    verifier = Verifier(transcript, meeting)
    decisions = tuple(verifier.decision(c, n) for n, c in enumerate(draft.decisions, 1))
    actions = tuple(verifier.action(c, n) for n, c in enumerate(draft.actions, 1))
    questions = tuple(verifier.question(c, n) for n, c in enumerate(draft.questions, 1))
    return Memo(
        title=meeting.title,
        started_at=meeting.started_at,
        timezone=meeting.timezone,
        language=transcript.language,
        duration=transcript.duration,
        recording=transcript.recording,
        participants=_participants(transcript, meeting),
        summary=draft.summary or _summary(decisions, questions),
        topics=draft.topics,
        decisions=decisions,
        action_items=actions,
        open_questions=questions,
        coverage=_coverage(draft, transcript),
        warnings=(*transcript.warnings, *draft.warnings),
        provenance=Provenance(
            memo_version=memo_version,
            asr_model=transcript.asr_model,
            language_model=draft.reader,
            prompts_sha256=draft.prompts_sha256,
            created_at=created_at,
        ),
    )


def _participants(transcript: Transcript, meeting: Meeting) -> tuple[Participant, ...]:
    """Return who was heard, then who was invited and not recognised among them."""
    heard = transcript.participants
    known = {p.name.casefold() for p in heard}
    unheard = (name for name in meeting.attendees if name.casefold() not in known)
    return (*heard, *(Participant(name=name) for name in unheard))


def _summary(decisions: tuple[Decision, ...], questions: tuple[OpenQuestion, ...]) -> str:
    """Return the outcome in the statements' own words, when no model gave a better one."""
    told = [
        d.statement
        for d in decisions
        if d.verdict is Verdict.SUPPORTED and d.status is DecisionStatus.ACCEPTED
    ]
    told += [q.question for q in questions if q.verdict is Verdict.SUPPORTED]
    kept: list[str] = []
    for sentence in told[:3]:
        if kept and len(" ".join([*kept, sentence]).split()) > SUMMARY_WORDS:
            break
        kept.append(sentence if sentence.endswith((".", "?", "!", "…")) else f"{sentence}.")
    return " ".join(kept)


def _coverage(draft: Draft, transcript: Transcript) -> Coverage:
    unread = sum(gap.duration for gap in draft.gaps)
    return Coverage(
        audio_seconds=transcript.duration,
        speech_seconds=transcript.speech_seconds,
        analysed_seconds=max(0.0, transcript.speech_seconds - unread),
        gaps=_in_order(*transcript.gaps, *draft.gaps),
    )


def _in_order(*gaps: Gap) -> tuple[Gap, ...]:
    return tuple(sorted(gaps, key=lambda gap: (gap.start, gap.end)))
