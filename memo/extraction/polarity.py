"""Whether a claim says yes where no was said, or the other way around.

Words alone do not tell: "extend the contract" and "do not extend the contract" share them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from memo.extraction.cues import vocabulary_for
from memo.extraction.lines import sentences
from memo.extraction.words import content_stems, negated
from memo.model import RemarkCode

_CLAUSE = re.compile(
    r"[,;:.!…–—]|\b(?:but|and|because|so|since|if|then|aber|und|weil|sondern|denn|wenn|dann"
    r"|pero|y|porque|sino|si|entonces)\b",
    re.IGNORECASE,
)
_REASON = re.compile(r"\b(?:because|'cause|since|weil|denn|porque|ya que)\b.*$", re.IGNORECASE)


def turned_around(
    statement: str, quotes: Sequence[str], spoken: Sequence[str], language: str
) -> RemarkCode | None:
    """Return how a statement turns around what was said, None if it does not.

    It adds a "not" that nobody says; or it leaves one out: all its content words stand in a
    clause that says no, and in none that does not. A question is no clause ("Why don't we…?").

    Args:
        statement: What is claimed.
        quotes: The words it rests on.
        spoken: What was said around them.
        language: ISO 639-1 code; nothing is known of a language without negations.
    """
    if not vocabulary_for(language).negations:
        return None
    if negated(statement, language):
        said = any(negated(text, language) for text in spoken)
        return None if said else RemarkCode.NOBODY_SAYS_NO
    stems = set(content_stems(statement, language))
    telling = [
        clause for clause in _clauses(quotes) if stems <= set(content_stems(clause, language))
    ]
    if stems and telling and all(negated(clause, language) for clause in telling):
        return RemarkCode.WORDS_SAY_NO
    return None


def _clauses(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        for sentence in sentences(text):
            if not sentence.endswith(("?", "？")):
                yield _REASON.sub("", sentence)  # why it is so may say no to something else
                yield from _CLAUSE.split(sentence)
