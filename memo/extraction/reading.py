"""A transcript is read: by rules alone, by a small model with the rules' help, or by a large one.

read_by_rules      cues find the moments; the spoken words are the claims
read_with_model    small: the same, and the model puts each claim into a sentence
                   else:  the model reads windows of numbered lines
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from memo.extraction.asking import Interview
from memo.extraction.cues import cues_for
from memo.extraction.last_word import last_word
from memo.extraction.lines import Line, number_lines
from memo.extraction.merging import merged
from memo.extraction.moment_reader import claims_by_rules, read_moments
from memo.extraction.people import People
from memo.extraction.prompts import Prompts
from memo.extraction.topics import find_topics
from memo.extraction.translation import with_translations
from memo.extraction.window_reader import WindowReader
from memo.model import (
    ActionClaim,
    Claim,
    DecisionClaim,
    Draft,
    Gap,
    Meeting,
    QuestionClaim,
    Remark,
    RemarkCode,
    Transcript,
)
from memo.ports import Checkpoints, LanguageModel, Progress, silent

RULES = "rules"
"""Name of the reader that needs no model."""


def read_by_rules(transcript: Transcript, meeting: Meeting) -> Draft:
    """Return what the cues of the language find, in the words in which it was said.

    Languages without cues give an empty draft with a warning, and all of it is a gap.
    """
    lines = number_lines(transcript)
    claims = [made for _, made in claims_by_rules(lines, transcript, meeting)]
    draft = _draft(claims, lines, transcript, meeting, RULES, hashlib.sha256(b"").hexdigest())
    draft = _with_topics(draft, lines, transcript, meeting)
    if cues_for(transcript.language) or not lines:
        return draft
    why = Remark.of(RemarkCode.NO_RULES, language=transcript.language)
    unread = Gap(start=0, end=max(transcript.duration, lines[-1].end), remarks=(why,))
    return draft.model_copy(update={"warnings": (why,), "gaps": (unread,)})


def read_with_model(
    transcript: Transcript,
    meeting: Meeting,
    *,
    model: LanguageModel,
    prompts: Prompts,
    small: bool,
    checkpoints: Checkpoints,
    progress: Progress,
    memo_language: str | None = None,
) -> Draft:
    """Return what a language model makes of a transcript.

    Args:
        transcript: What was said.
        meeting: Who was there.
        model: The model to ask.
        prompts: What to ask.
        small: The model can put words well but not judge a meeting: rules find the moments.
            In a language without rules a small model reads windows all the same.
        checkpoints: Where each answer is kept; a repeated run asks nothing twice.
        progress: Told of the questions asked or the lines read.
        memo_language: ISO 639-1 code of the language that the memo is written in, if it is not
            the one spoken: a capable model translates into it, too.

    Raises:
        LanguageModelError: The model cannot be reached, or refused.
    """
    lines = number_lines(transcript)
    interview = Interview(model, prompts, checkpoints)
    if not lines:
        return _draft([], lines, transcript, meeting, model.name, prompts.sha256)
    if small and cues_for(transcript.language):
        claims = read_moments(lines, transcript, meeting, interview, progress)
        draft = _draft(claims, lines, transcript, meeting, model.name, prompts.sha256)
        return _with_topics(draft, lines, transcript, meeting, interview, progress)
    reader = WindowReader(lines, transcript.language, interview, progress)
    claims, topics = reader.read()
    draft = _draft(claims, lines, transcript, meeting, model.name, prompts.sha256)
    summary = reader.summary((*draft.decisions, *draft.questions))
    draft = draft.model_copy(
        update={
            "topics": tuple(topics),
            "summary": summary,
            "gaps": tuple(reader.gaps),
            "warnings": tuple(reader.warnings),
        }
    )
    if small or memo_language in {None, transcript.language}:
        return draft
    return with_translations(draft, memo_language, interview, progress)


def _with_topics(
    draft: Draft,
    lines: Sequence[Line],
    transcript: Transcript,
    meeting: Meeting,
    interview: Interview | None = None,
    progress: Progress = silent,
) -> Draft:
    """Return a draft with the topics of the call."""
    people = People(transcript, meeting).names
    claims = (*draft.decisions, *draft.actions, *draft.questions)
    topics = find_topics(
        lines, transcript.language, people, claims, interview=interview, progress=progress
    )
    return draft.model_copy(update={"topics": topics})


def _draft(
    claims: Sequence[Claim],
    lines: Sequence[Line],
    transcript: Transcript,
    meeting: Meeting,
    reader: str,
    prompts_sha256: str,
) -> Draft:
    """Return what was claimed: the same once, and of what was said twice the last word."""
    language = transcript.language
    draft = Draft(
        reader=reader,
        prompts_sha256=prompts_sha256,
        decisions=merged([c for c in claims if isinstance(c, DecisionClaim)], language),
        actions=merged([c for c in claims if isinstance(c, ActionClaim)], language),
        questions=merged([c for c in claims if isinstance(c, QuestionClaim)], language),
    )
    return last_word(draft, lines, People(transcript, meeting).names, language).draft
