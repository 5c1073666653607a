"""A small model puts spoken words into a written sentence, and the program keeps it honest.

A model of one or two billion parameters cannot judge a meeting, but it can shorten two
sentences. What it may not do is held by `faithful`: a rewriting stands only if its words are the
speaker's words in the speaker's order, with every figure and every negation kept. Otherwise the
spoken words stand.

The order matters: "dogs in the kitchen, cats in the hall" has the words of its opposite.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from memo.extraction.words import content_stems, figures, names, negated
from memo.stems import normal_words

LEAST_IN_ORDER = 0.8
"""Share of the rewriting's content words that must be the speaker's, in the speaker's order."""
LEAST_KEPT = 0.6
"""Share of the speaker's different content words that must be left."""
ENOUGH_KEPT = 5
"""Content words of the speaker that are enough, however long the speech was."""


class Rewritten(BaseModel):
    """The answer asked of the model."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=240)


def faithful(rewriting: str, said: Sequence[str], language: str, *, question: bool = False) -> bool:
    """Tell whether a rewriting says what was said, and nothing else.

    A question may lose a "not": "we don't know who pays" asks "who pays?".
    """
    spoken = " ".join(said)
    written, heard = content_stems(rewriting, language), content_stems(spoken, language)
    if not written or not heard:
        return False
    common = _longest_common(written, heard)
    own = sum((Counter(written) & Counter(heard)).values())
    return (
        common == own
        and common >= LEAST_IN_ORDER * len(written)
        and common >= min(LEAST_KEPT * len(set(heard)), ENOUGH_KEPT)
        and figures(rewriting, language) <= figures(spoken, language)
        and figures(said[-1], language) <= figures(rewriting, language)
        and not _strangers(rewriting, spoken, heard, language)
        and (question or negated(rewriting, language) == negated(spoken, language))
    )


def _strangers(rewriting: str, spoken: str, heard: Sequence[str], language: str) -> bool:
    """Tell whether a rewriting names somebody, or opens with somebody, whom nobody named."""
    words = {word.removesuffix("'s") for word in normal_words(spoken)}
    first = normal_words(rewriting)[:1]
    named = names(rewriting) | {word for word in first if content_stems(word, language)}
    return any(
        not set(normal_words(name)) <= words and not set(content_stems(name, language)) <= {*heard}
        for name in named
    )


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence of two word lists."""
    row = [0] * (len(other) + 1)
    for word in one:
        previous = 0
        for place, heard in enumerate(other, start=1):
            kept = row[place]
            row[place] = previous + 1 if word == heard else max(row[place], row[place - 1])
            previous = kept
    return row[-1]
