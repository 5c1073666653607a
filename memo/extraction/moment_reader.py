"""Reading with a small model: rules find the moments, the model puts each into a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from memo.errors import AnswerTooLong, InvalidAnswer
from memo.extraction.asking import Interview
from memo.extraction.find import Moment, find_moments
from memo.extraction.lines import Line
from memo.extraction.merging import text_of
from memo.extraction.moments import claim, said, tidy
from memo.extraction.rewriting import Rewritten, faithful
from memo.model import ActionClaim, Claim, DecisionClaim, Meeting, QuestionClaim, Transcript
from memo.ports import Progress

REWRITE_TOKENS = 90


def claims_by_rules(
    lines: Sequence[Line], transcript: Transcript, meeting: Meeting
) -> list[tuple[Moment, Claim]]:
    """Return each moment that the cues find, with the claim in the words that were said."""
    heard = (p.name for p in transcript.participants)
    people = tuple(dict.fromkeys((*meeting.attendees, *heard)))
    found = []
    for moment in find_moments(lines, transcript.language):
        made = claim(moment, lines, transcript.language, people)
        if made is not None:
            found.append((moment, made))
    return found


def read_moments(
    lines: Sequence[Line],
    transcript: Transcript,
    meeting: Meeting,
    interview: Interview,
    progress: Progress,
) -> list[Claim]:
    """Return the claims that the rules find, in the model's words where those are faithful."""
    found = claims_by_rules(lines, transcript, meeting)
    claims = [made for _, made in found]
    # By kind, so that questions which start alike follow each other (prefix cache).
    order = sorted(range(len(found)), key=lambda i: found[i][0].kind)
    for done, i in enumerate(order):
        progress("reading", done, len(order))
        told = said(found[i][0], lines, transcript.language)
        claims[i] = _reworded(found[i][0], claims[i], told, transcript.language, interview)
    progress("reading", len(order), len(order))
    return claims


def _reworded(
    moment: Moment, drafted: Claim, told: Sequence[str], language: str, interview: Interview
) -> Claim:
    quoted = " ".join(f'"{tidy(sentence)}"' for sentence in told)
    asked = interview.prompts.fill(f"rewrite-{moment.kind}", said=quoted)
    try:
        answer = interview.ask("rewrite-system", asked, Rewritten, REWRITE_TOKENS)
    except (InvalidAnswer, AnswerTooLong):
        return drafted  # the spoken words stand; nothing is lost
    text = tidy(answer.text)
    question = moment.kind == "question"
    if len(text) > len(text_of(drafted)) or not faithful(text, told, language, question=question):
        return drafted
    return _put(drafted, text)


def _put(drafted: Claim, text: str) -> Claim:
    """Return a claim with other words for the same thing."""
    if isinstance(drafted, DecisionClaim):
        return drafted.model_copy(update={"statement": text})
    if isinstance(drafted, ActionClaim):
        return drafted.model_copy(update={"task": text.rstrip(".")})
    assert isinstance(drafted, QuestionClaim)  # noqa: S101 - there are three kinds
    return drafted.model_copy(update={"question": text})
