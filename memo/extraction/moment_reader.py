"""Reading with a small model: items are found without it, the model puts each into a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from memo.errors import AnswerTooLong, InvalidAnswer
from memo.extraction.asking import Interview
from memo.extraction.claims import claim, told_by
from memo.extraction.judging import Item, find_items
from memo.extraction.lines import Line
from memo.extraction.merging import text_of
from memo.extraction.moments import tidy
from memo.extraction.rewriting import Rewritten, faithful
from memo.model import ActionClaim, Claim, DecisionClaim, Meeting, QuestionClaim, Transcript
from memo.ports import Progress

REWRITE_TOKENS = 90


def claims_by_rules(
    lines: Sequence[Line], transcript: Transcript, meeting: Meeting
) -> list[tuple[Item, Claim]]:
    """Return each item that is found, with the claim in the words that were said."""
    heard = (p.name for p in transcript.participants)
    people = tuple(dict.fromkeys((*meeting.attendees, *heard)))
    found = []
    for item in find_items(lines, transcript.language, people):
        made = claim(item, lines, transcript.language, people)
        if made is not None:
            found.append((item, made))
    return found


def read_moments(
    lines: Sequence[Line],
    transcript: Transcript,
    meeting: Meeting,
    interview: Interview,
    progress: Progress,
) -> list[Claim]:
    """Return the claims that are found, in the model's words where those are faithful."""
    found = claims_by_rules(lines, transcript, meeting)
    claims = [made for _, made in found]
    # By kind, so that questions which start alike follow each other (prefix cache).
    order = sorted(range(len(found)), key=lambda i: found[i][0].kind)
    for done, i in enumerate(order):
        progress("reading", done, len(order))
        told = told_by(found[i][0], lines, transcript.language)
        claims[i] = _reworded(found[i][0], claims[i], told, transcript.language, interview)
    progress("reading", len(order), len(order))
    return claims


def _reworded(
    item: Item, drafted: Claim, told: Sequence[str], language: str, interview: Interview
) -> Claim:
    quoted = " ".join(f'"{tidy(sentence)}"' for sentence in told)
    asked = interview.prompts.fill(f"rewrite-{item.kind}", said=quoted)
    try:
        answer = interview.ask("rewrite-system", asked, Rewritten, REWRITE_TOKENS)
    except (InvalidAnswer, AnswerTooLong):
        return drafted  # the spoken words stand; nothing is lost
    text = tidy(answer.text)
    question = item.kind == "question"
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
