"""A draft becomes a memo: every claim verified, coverage counted, provenance noted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from memo.extraction.people import full_name
from memo.extraction.summary import summarise
from memo.extraction.translation import retold
from memo.extraction.verification import Verifier
from memo.extraction.words import coverage, figures, names
from memo.model import (
    Coverage,
    Decision,
    DecisionStatus,
    Draft,
    Gap,
    Meeting,
    Memo,
    NameSource,
    OpenQuestion,
    Participant,
    Provenance,
    Remark,
    Respelling,
    Span,
    Transcript,
    Verdict,
)
from memo.stems import normal_words

TOLD = 0.6
"""Share of a summary's content words that stand in supported findings."""


def write_memo(
    draft: Draft,
    transcript: Transcript,
    meeting: Meeting,
    *,
    created_at: dt.datetime,
    memo_version: str,
    memo_language: str | None = None,
) -> Memo:
    """Return the memo of a meeting; nothing in it is there that was not verified.

    Args:
        draft: What a reader claims.
        transcript: What was said.
        meeting: What is known besides.
        created_at: Now, timezone-aware.
        memo_version: Of this program.
        memo_language: ISO 639-1 code of the language to write in; the one spoken by default.
            What the draft has no translation of stays as it was spoken.
    """
    verifier = Verifier(transcript, meeting)
    decisions = tuple(verifier.decision(c, n) for n, c in enumerate(draft.decisions, 1))
    actions = tuple(verifier.action(c, n) for n, c in enumerate(draft.actions, 1))
    questions = tuple(verifier.question(c, n) for n, c in enumerate(draft.questions, 1))
    memo = Memo(
        title=meeting.title,
        started_at=meeting.started_at,
        timezone=meeting.timezone,
        language=transcript.language,
        memo_language=transcript.language,
        duration=transcript.duration,
        recording=transcript.recording,
        participants=_participants(transcript, meeting),
        summary=_told(draft.summary, decisions, questions, transcript.language),
        topics=tuple(topic for topic in draft.topics if verifier.topic_is_said(topic)),
        decisions=decisions,
        action_items=actions,
        open_questions=questions,
        coverage=_coverage(draft, transcript),
        remarks=(*transcript.warnings, *draft.warnings),
        corrections=_respelled(transcript),
        provenance=Provenance(
            memo_version=memo_version,
            asr_model=transcript.asr_model,
            language_model=draft.reader,
            prompts_sha256=draft.prompts_sha256,
            created_at=created_at,
        ),
    )
    if memo_language not in {None, transcript.language}:
        memo = retold(memo, memo_language, draft.translations)
    return memo if memo.summary else memo.model_copy(update={"summary": summarise(memo)})


def _participants(transcript: Transcript, meeting: Meeting) -> tuple[Participant, ...]:
    """Return who was heard, then who was invited and not recognised among them."""
    invited = tuple(name for name in meeting.attendees if name.strip())
    heard = [
        p.model_copy(update={"name": full_name(p.name, invited)}) for p in transcript.participants
    ]
    known = {p.name.casefold() for p in heard}
    unheard = {name.casefold(): name for name in reversed(invited)}
    return (
        *heard,
        *(
            Participant(name=n, source=NameSource.TOLD)
            for key, n in reversed(unheard.items())
            if key not in known
        ),
    )


def _respelled(transcript: Transcript) -> tuple[Respelling, ...]:
    """Return the names that were misheard, those first that were most often."""
    starts: dict[tuple[str, str], list[float]] = {}
    for one in transcript.corrections:
        starts.setdefault((one.heard, one.written), []).append(one.start)
    found = sorted(starts.items(), key=lambda one: -len(one[1]))
    return tuple(Respelling(heard=h, written=w, starts=tuple(s)) for (h, w), s in found)


def _told(
    summary: str,
    decisions: tuple[Decision, ...],
    questions: tuple[OpenQuestion, ...],
    language: str,
) -> str:
    """Return a reader's summary if it tells nothing but findings that are supported, else ""."""
    facts = _facts(decisions, questions)
    told = f"{' '.join(facts)} {' '.join(d.rationale or '' for d in decisions)}"
    said = set(normal_words(told))
    strange = (figures(summary, language) - figures(told, language)) | {
        name for name in names(summary) if not set(normal_words(name)) <= said
    }
    return "" if strange or coverage(summary, [told], language) < TOLD else summary


def _facts(decisions: tuple[Decision, ...], questions: tuple[OpenQuestion, ...]) -> list[str]:
    """Return what a summary may tell: what was accepted, and what is open."""
    told = [
        d.statement
        for d in decisions
        if d.verdict is Verdict.SUPPORTED and d.status is DecisionStatus.ACCEPTED
    ]
    return told + [q.question for q in questions if q.verdict is Verdict.SUPPORTED]


def _coverage(draft: Draft, transcript: Transcript) -> Coverage:
    """Return how much the memo rests on: the speech less the share of it in the draft's gaps."""
    spoken = sum(s.duration for s in transcript.segments)
    missed = sum(s.overlap(gap) for gap in _apart(draft.gaps) for s in transcript.segments)
    share = min(1.0, missed / spoken) if spoken else 0.0
    decoded = transcript.decoded_seconds
    return Coverage(
        audio_seconds=transcript.duration,
        speech_seconds=transcript.speech_seconds,
        analysed_seconds=transcript.speech_seconds * (1 - share),
        gaps=_in_order(*transcript.gaps, *_named(draft.gaps)),
        decoded_seconds=decoded,
        skipped_seconds=None if decoded is None else max(0.0, transcript.duration - decoded),
    )


def _apart(gaps: Sequence[Gap]) -> list[Span]:
    """Return the stretches that gaps cover, each second once."""
    kept: list[Span] = []
    for gap in sorted(gaps, key=lambda g: (g.start, g.end)):
        if kept and gap.start <= kept[-1].end:
            kept[-1] = Span(start=kept[-1].start, end=max(kept[-1].end, gap.end))
        else:
            kept.append(Span(start=gap.start, end=gap.end))
    return kept


def _named(gaps: Sequence[Gap]) -> list[Gap]:
    """Return the gaps, several of one stretch as one with all their reasons."""
    remarks: dict[tuple[float, float], list[Remark]] = {}
    for gap in gaps:
        remarks.setdefault((gap.start, gap.end), []).extend(gap.remarks)
    return [
        Gap(start=start, end=end, remarks=tuple(dict.fromkeys(why)))
        for (start, end), why in remarks.items()
    ]


def _in_order(*gaps: Gap) -> tuple[Gap, ...]:
    return tuple(sorted(gaps, key=lambda gap: (gap.start, gap.end)))
