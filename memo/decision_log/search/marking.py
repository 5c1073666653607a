"""Shows in which words something was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal

from memo.decision_log.search.query import Asked
from memo.decision_log.search.terms import forms_in
from memo.model import Decision, Evidence
from memo.remembered import LogEntry, Snippet
from memo.stems import Spoken

_LONGEST = 320
"""Characters of a snippet; of a longer text the part around the first find is shown."""
_BEFORE = 80
_ELLIPSIS = "…"

Span = tuple[int, int]
Field = Literal["text", "why", "answer", "considered", "people", "meeting", "quote", "said"]


def snippets_of(entry: LogEntry, asked: Asked, language: str) -> tuple[Snippet, ...]:
    """Return what an entry says, why, the quote that fits best, and where else it was found.

    Args:
        entry: The entry.
        asked: What was looked for.
        language: Of its meeting.
    """
    finding = entry.finding
    shown = [marked("text", entry.text, asked, language)]
    if entry.answer:
        shown.append(marked("answer", entry.answer, asked, language))
    also: list[tuple[Field, str]] = []
    if isinstance(finding, Decision):
        if finding.rationale:
            shown.append(marked("why", finding.rationale, asked, language))
        also.append(("considered", ", ".join(finding.considered)))
    also += [("people", ", ".join(entry.people)), ("meeting", entry.meeting_title)]
    others = (marked(field, text, asked, language) for field, text in also)
    shown += [one for one in others if one.spans]
    quotes = [_quote(evidence, asked, language) for evidence in finding.evidence]
    return (*shown, *([max(quotes, key=_told)] if quotes else []))


def marked(
    field: Field,
    text: str,
    asked: Asked,
    language: str,
    *,
    moment: float | None = None,
    speaker: str | None = None,
) -> Snippet:
    """Return a text, or the part of a long one that counts, with what was found marked."""
    spans = find(text, asked, language)
    text, spans = _cut(text, spans)
    return Snippet(field=field, text=text, spans=spans, moment=moment, speaker=speaker)


def share_of(texts: Iterable[str], asked: Asked, language: str) -> float:
    """Return how much of what was looked for stands in texts, from 0 to 1."""
    known = [list(forms_in(text, language)) for text in texts]
    there = sum(
        any(True for words in known for _ in _found(words, Asked((part,)))) for part in asked.wanted
    )
    return there / len(asked.wanted)


def texts_of(entry: LogEntry) -> Iterator[str]:
    """Yield all that an entry is found by."""
    finding = entry.finding
    if isinstance(finding, Decision):
        yield from (finding.rationale or "", finding.supersedes or "", *finding.considered)
    yield from (entry.text, entry.answer or "", *entry.people, entry.meeting_title, entry.number)
    yield from (evidence.quote for evidence in finding.evidence)


def find(text: str, asked: Asked, language: str) -> tuple[Span, ...]:
    """Return where what was looked for stands in a text, in characters, without overlaps."""
    return tuple(_apart(_found(list(forms_in(text, language)), asked)))


def _quote(evidence: Evidence, asked: Asked, language: str) -> Snippet:
    return marked(
        "quote",
        evidence.quote,
        asked,
        language,
        moment=evidence.start,
        speaker=evidence.speaker,
    )


def _told(snippet: Snippet) -> int:
    """Return how many different words of it were looked for."""
    return len({snippet.text[start:end].casefold() for start, end in snippet.spans})


def _found(known: Sequence[Spoken], asked: Asked) -> Iterator[Span]:
    whole, beginnings = _ways(asked)
    for place, spoken in enumerate(known):
        for way in whole.get(spoken.word, ()):
            there = known[place : place + len(way)]
            if tuple(other.word for other in there) == way:
                yield spoken.start, there[-1].end
        if spoken.word.startswith(beginnings):
            yield spoken.start, spoken.end


@lru_cache(maxsize=4)
def _ways(asked: Asked) -> tuple[Mapping[str, list[tuple[str, ...]]], tuple[str, ...]]:
    """Return what is looked for by its first form, and what longer words may begin with."""
    whole: dict[str, list[tuple[str, ...]]] = {}
    beginnings = []
    for way in (way for part in asked.wanted for way in part.alternatives):
        if way[-1].begins:  # a word alone
            beginnings.append(way[-1].text)
        else:
            whole.setdefault(way[0].text, []).append(tuple(form.text for form in way))
    return whole, tuple(beginnings)


def _apart(spans: Iterable[Span]) -> list[Span]:
    kept: list[Span] = []
    for start, end in sorted(spans):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(kept[-1][1], end))
        else:
            kept.append((start, end))
    return kept


def _cut(text: str, spans: tuple[Span, ...]) -> tuple[str, tuple[Span, ...]]:
    """Return the part of a long text around what was found first."""
    if len(text) <= _LONGEST:
        return text, spans
    first = max(0, spans[0][0] - _BEFORE) if spans else 0
    if first:
        first = text.find(" ", first, spans[0][0]) + 1 or first
    last = min(len(text), first + _LONGEST)
    if last < len(text):
        last = max(text.rfind(" ", first, last), spans[0][1] if spans else 0, first + _LONGEST // 2)
    head, tail = (_ELLIPSIS if first else ""), (_ELLIPSIS if last < len(text) else "")
    shift = len(head) - first
    inside = tuple((start + shift, end + shift) for start, end in spans if end <= last)
    return f"{head}{text[first:last]}{tail}", inside
