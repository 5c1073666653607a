"""What was talked about when: the topics of a call, with titles made of words that were said.

The program cuts the call and finds a key phrase for each stretch. A small model, where there is
one, sees a few telling sentences of a stretch and may name it better; what it says stands only if
each of its words was said there. A stretch without a title is no topic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from pydantic import BaseModel, ConfigDict, Field

from memo.errors import AnswerTooLong, InvalidAnswer
from memo.extraction.asking import Interview
from memo.extraction.lines import Line
from memo.extraction.merging import text_of
from memo.extraction.nouns import grammar_for
from memo.extraction.segmentation import cut_at_turns, segment
from memo.extraction.titles import MOST_WORDS, Titles
from memo.extraction.words import content_stems, figures
from memo.model import Claim, Topic
from memo.ports import Progress, silent

TITLE_TOKENS = 40
TELLING = 5
"""Sentences of a stretch that a model is shown."""
SHORTEST, LONGEST = 3, 30
"""Words of such a sentence."""
FIRST_LINES = 2
"""Lines of a stretch whose sentences tell more than others."""
TELLS_MORE = 1.5
RECURS = 0.7
"""What one word of a title must be worth: nearly a word that comes back in this stretch alone."""


class Headed(BaseModel):
    """The answer asked of a model."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=80)


def find_topics(
    lines: Sequence[Line],
    language: str,
    people: Iterable[str],
    claims: Sequence[Claim] = (),
    *,
    interview: Interview | None = None,
    progress: Progress = silent,
) -> tuple[Topic, ...]:
    """Return the topics of a call in order of time, none of them over another.

    Small talk at either end is left out, and so is a stretch that nothing names. Calls shorter
    than a minute, and languages about which nothing is known, have no topics.

    Args:
        lines: What was said.
        language: ISO 639-1 code.
        people: Names of who was there, which are no topics.
        claims: What was found in the call; its words matter more than others.
        interview: A model that may name topics, or None.
        progress: Told of the topics named by the model.

    Raises:
        LanguageModelError: The model cannot be reached, or refused.
    """
    grammar = grammar_for(language)
    if grammar is None:
        return ()
    names = frozenset(stem for name in people for stem in content_stems(name, language))
    matters = frozenset(s for claim in claims for s in content_stems(text_of(claim), language))
    lines = cut_at_turns(lines, language)
    stretches = segment(lines, language, names)
    titles = Titles(lines, stretches, language, grammar, names, matters)
    found: list[tuple[int, str]] = []
    for place, (first, last) in enumerate(stretches):
        title = titles.of(place)
        if interview is not None:
            progress("naming topics", place, len(stretches))
            namer = _Namer(lines[first:last], language, titles, place)
            title = namer.ask(interview) or title
        if title:
            found.append((place, title))
    if interview is not None and stretches:
        progress("naming topics", len(stretches), len(stretches))
    spans = _spans(lines, stretches)
    return tuple(Topic(title=title, **spans[place]) for place, title in found)


def _spans(lines: Sequence[Line], stretches: Sequence[tuple[int, int]]) -> list[dict[str, float]]:
    """Return when each stretch starts and ends; lines may overlap, topics do not."""
    spans: list[dict[str, float]] = []
    reached = 0.0
    for place, (first, last) in enumerate(stretches):
        start = max(reached, lines[first].start)
        if place + 1 < len(stretches):
            reached = max(start, lines[last].start)
        else:
            reached = max(start, *(line.end for line in lines[first:last]))
        spans.append({"start": start, "end": reached})
    return spans


class _Namer:
    """Has a model name one stretch, and holds it to what was said there."""

    def __init__(self, lines: Sequence[Line], language: str, titles: Titles, place: int) -> None:
        self._lines = lines
        self._language = language
        self._titles = titles
        self._place = place
        self._said = [set(content_stems(line.text, language)) for line in lines]

    def ask(self, interview: Interview) -> str | None:
        """Return the model's title, or None if it has none that can stand."""
        said = " ".join(f'"{sentence}"' for sentence in self._telling())
        if not said:
            return None
        asked = interview.prompts.fill("title-topic", said=said)
        try:
            answer = interview.ask("title-system", asked, Headed, TITLE_TOKENS)
        except (InvalidAnswer, AnswerTooLong):
            return None
        title = " ".join(answer.title.split()).strip(" .,:;!?\"'“”„«»")
        return title[:1].upper() + title[1:] if self._stands(title) else None

    def _telling(self) -> list[str]:
        """Return the sentences that say most of what the stretch is about, as they follow."""
        rated: list[tuple[float, int, str]] = []
        for number, line in enumerate(self._lines):
            for sentence in line.sentences():
                words = len(sentence.split())
                if SHORTEST <= words <= LONGEST:
                    stems = dict.fromkeys(content_stems(sentence, self._language))
                    worth = sum(self._titles.worth(stem, self._place) for stem in stems)
                    more = TELLS_MORE if number < FIRST_LINES else 1.0
                    rated.append((worth * more / words**0.5, len(rated), sentence))
        best = sorted(rated, key=lambda r: (-r[0], r[1]))[:TELLING]
        return [sentence for worth, _, sentence in sorted(best, key=lambda r: r[1]) if worth]

    def _stands(self, title: str) -> bool:
        """Tell whether a title is made of words that were said here, and names what comes back."""
        stems = content_stems(title, self._language)
        return (
            2 <= len(title.split()) <= MOST_WORDS
            and len(set(stems)) == len(stems)
            and set(stems) <= set().union(*self._said)
            and not figures(title, self._language)
            and not any(map(self._titles.is_person, stems))
            and self._titles.ends_well(title)
            and self._titles.tells(title, self._place) >= RECURS
            and self._said_together(title)
        )

    def _said_together(self, title: str) -> bool:
        """Tell whether neighbouring words of a title were said in one line.

        "Plan for the council" is something else than a plan here and a council there; what "and"
        joins may come from anywhere.
        """
        parts = self._titles.joined_parts(title)
        pairs = (pair for part in parts for pair in pairwise(content_stems(part, self._language)))
        return all(any({*pair} <= said for said in self._said) for pair in pairs)
