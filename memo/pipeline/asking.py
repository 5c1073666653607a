"""Answers a question from the decision log, with the entries that the answer rests on.

    question ──search──▶ entries and what is linked with them ──model──▶ sentences ──checks──▶ Reply

What a model says is believed as far as code can check it: each sentence rests on entries that the
model was given and shares words with them, and every figure, name and quote in it stands in them.
Without a model the best entry is told as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from memo.errors import AnswerTooLong, InvalidAnswer
from memo.extraction.prompts import Prompts
from memo.extraction.words import coverage, names
from memo.model import Decision, Value
from memo.ports import LanguageModel
from memo.remembered import Hit, Hits, Link, LinkStanding, LogEntry, Matched, Number, Relation
from memo.stems import normal_words

if TYPE_CHECKING:
    from memo.decision_log.log import DecisionLog

MOST_FOUND = 8
"""Entries that a search finds for a question."""
MOST_TOLD = 14
"""Entries that a model is given: those, and what they are linked with."""
MOST_SENTENCES = 5
ANSWER_TOKENS = 600
_LONGEST = 400  # characters of one text of an entry, or of a sentence
_SHARE = 0.5  # of what is asked for that the best entry must hold
_CITED = re.compile(r"[\[(]?\b((?:DEC|ACT|QUE)-\d{4,})\b[\])]?", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]+)[\"”“»]")
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_BRACKETS = str.maketrans("[]", "()")
_LANGUAGES = ("en", "de", "es")  # whose words are compared by their stems
_GERMAN = frozenset("der die das und ist nicht wurde wird ein eine den dem zu weil mit".split())  # noqa: SIM905
_WHY = frozenset({"why", "warum", "wieso", "weshalb", "porqué"})
_BECOMES = {
    Relation.REVERSES: "was reversed",
    Relation.AMENDS: "was amended",
    Relation.ANSWERS: "was answered",
    Relation.CLOSES: "was done",
    Relation.SLIPS: "was put off",
}


class Sentence(Value):
    """A sentence of an answer, and the numbers of the entries that it rests on."""

    text: str
    cites: tuple[Number, ...]


class Reply(Value):
    """An answer from the log.

    `sentences` is empty where the log does not know. `by` is the model that worded them, None if
    they are the entries' own words. `found` are the entries that were looked at, the best first;
    `matched` says how much of the question's words stand in them. `remark` tells what went wrong
    on the way.
    """

    question: str
    sentences: tuple[Sentence, ...] = ()
    by: str | None = None
    found: tuple[LogEntry, ...] = ()
    matched: Matched
    remark: str | None = None


def answer(
    question: str,
    log: DecisionLog,
    *,
    model: Callable[[], AbstractContextManager[LanguageModel]] | None,
    prompts: Prompts,
) -> Reply:
    """Answer a question from the log.

    Args:
        question: In any language that the log is in.
        log: The decision log.
        model: Opens who words the answer, if there is something to answer from; None for the
            entries' own words.
        prompts: How the model is asked.

    Raises:
        LanguageModelError: The model cannot be reached, or refused.
    """
    hits = log.search(question, limit=MOST_FOUND)
    reply = Reply(question=question, found=hits.entries, matched=hits.matched)
    best = _best(hits, question)
    if not best:
        return reply
    if model is None:
        known = _is_about(best[0], hits, question)
        return _with(reply, _own_words(best[0], log)) if known else reply
    given = _with_linked(best, log)
    with model() as opened:
        name = opened.name
        try:
            told = _asked(question, given, opened, prompts)
            return _with(reply, told).model_copy(update={"by": name})
        except (AnswerTooLong, InvalidAnswer):
            remark = f"{name} gave no usable answer; these are the entries' own words"
    return _with(reply, _own_words(best[0], log)).model_copy(update={"remark": remark})


def _with(reply: Reply, sentences: Iterable[Sentence]) -> Reply:
    return reply.model_copy(update={"sentences": tuple(sentences)})


def _best(hits: Hits, question: str) -> list[LogEntry]:
    """Return the entries that hold enough of what is asked for, those that hold most first.

    Of equally good ones decisions come first, and to "why" those that tell it.
    """
    good = [hit for hit in hits.hits if hit.entry is not None and hit.share >= _SHARE]
    asks_why = not _WHY.isdisjoint(normal_words(question))

    def rank(hit: Hit) -> tuple[float, bool, bool]:
        finding = hit.entry and hit.entry.finding
        told = getattr(finding, "rationale", None)
        return -hit.share, not isinstance(finding, Decision), asks_why and not told

    return [hit.entry for hit in sorted(good, key=rank) if hit.entry is not None]


def _is_about(entry: LogEntry, hits: Hits, question: str) -> bool:
    """Tell whether an entry is what is asked about, as far as its words alone tell.

    "Who pays for the cake?" is not answered by what else is paid for, though half of it fits; "why
    did we drop CSV?" is by what names CSV.
    """
    share = next(hit.share for hit in hits.hits if hit.entry == entry)
    return share > _SHARE or bool(_names_in(question) & set(normal_words(_told(entry))))


def _with_linked(found: Sequence[LogEntry], log: DecisionLog) -> list[LogEntry]:
    """Return entries with those that they are surely linked with."""
    given = {entry.number: entry for entry in found}
    for entry in found:
        for number in _neighbours(entry):
            if number not in given and len(given) < MOST_TOLD:
                given[number] = log.entry(number)
    return list(given.values())


def _neighbours(entry: LogEntry) -> Iterator[str]:
    for link in entry.links:
        other = link.target if link.source == entry.number else link.source
        if link.standing is LinkStanding.SURE and _CITED.fullmatch(other):
            yield other


# --- In the entries' own words ------------------------------------------------------------------


def _own_words(entry: LogEntry, log: DecisionLog) -> Iterator[Sentence]:
    """Tell an entry: what, when, why, and what became of it."""
    day = f"{entry.decided_at:%Y-%m-%d}" if entry.decided_at else "without a date"
    what = f"{entry.kind.value.capitalize()}, {day}: {_ended(entry.text)}"
    yield Sentence(text=what, cites=(entry.number,))
    if isinstance(entry.finding, Decision) and entry.finding.rationale:
        yield Sentence(text=f"Why: {_ended(entry.finding.rationale)}", cites=(entry.number,))
    if entry.answer:
        yield Sentence(text=f"Answer: {_ended(entry.answer)}", cites=(entry.number,))
    for link in entry.links:
        if link.standing is LinkStanding.SURE and link.target == entry.number:
            yield from _became(link, entry, log)


def _became(link: Link, entry: LogEntry, log: DecisionLog) -> Iterator[Sentence]:
    """Tell what a newer entry did to one."""
    how = _BECOMES.get(link.relation)
    if how is None:
        return
    if not _CITED.fullmatch(link.source):
        yield Sentence(text=f"It {how} in “{link.meeting}”.", cites=(entry.number,))
        return
    newer = log.entry(link.source)
    on = f" on {newer.decided_at:%Y-%m-%d}" if newer.decided_at else ""
    yield Sentence(text=f"It {how}{on}: {_ended(newer.text)}", cites=(newer.number,))


def _ended(text: str) -> str:
    told = " ".join(text.split())
    return told if told.endswith((".", "!", "?", "…", "。")) else f"{told}."


# --- In a model's words -------------------------------------------------------------------------


def _plain(value: object) -> object:
    return "" if value is None else " ".join(value.split()) if isinstance(value, str) else value


def _few(value: object) -> object:
    return value[:MOST_TOLD] if isinstance(value, list) else [] if value is None else value


class SentenceAnswer(BaseModel):
    """One sentence, as a model gives it."""

    model_config = ConfigDict(extra="ignore")

    text: Annotated[str, BeforeValidator(_plain)] = ""
    entries: Annotated[list[str], BeforeValidator(_few)] = Field(default_factory=list)


class QuestionAnswered(BaseModel):
    """What a model answers."""

    model_config = ConfigDict(extra="ignore")

    known: bool
    sentences: Annotated[list[SentenceAnswer], BeforeValidator(_few)] = Field(default_factory=list)


def _asked(
    question: str, given: Sequence[LogEntry], model: LanguageModel, prompts: Prompts
) -> list[Sentence]:
    """Return what a model says and code can check; nothing if it does not know."""
    system, asks = prompts.texts["ask-system"], prompts.fill("ask", question=_one_line(question))
    room = model.context_tokens - ANSWER_TOKENS - model.count_tokens(system + asks)
    shown: list[str] = []
    for entry in given:
        room -= model.count_tokens(block := material(entry))
        if room < 0:
            break
        shown.append(block)
    if not shown:
        raise AnswerTooLong(f"no entry fits {model.name}", hint="ask a shorter question")
    user = "Entries:\n\n" + "\n\n".join(shown) + "\n\n" + asks
    told = model.complete(
        system=system, user=user, answer=QuestionAnswered, max_tokens=ANSWER_TOKENS
    )
    if not told.known:
        return []
    known = {entry.number: entry for entry in given[: len(shown)]}
    checked = (believed(one.text, one.entries, known, question) for one in told.sentences)
    return [one for one in checked if one is not None][:MOST_SENTENCES]


def material(entry: LogEntry) -> str:
    """Return an entry as a model reads it; only its first line is in brackets."""
    day = f"{entry.decided_at:%Y-%m-%d}" if entry.decided_at else "no date"
    lines = [
        f"[{entry.number}] {entry.kind}, {entry.state}, {day}",
        *(f"  {label}: {_one_line(text)}" for label, text in _facts(entry) if text),
    ]
    return "\n".join(lines)


def _facts(entry: LogEntry) -> Iterator[tuple[str, str | None]]:
    finding = entry.finding
    yield "text", entry.text
    if isinstance(finding, Decision):
        yield "why", finding.rationale
        yield "instead of", ", ".join(finding.considered)
    yield "answer", entry.answer
    yield "who", ", ".join(entry.people)
    yield "due", str(entry.due or "")
    yield "meeting", entry.meeting_title
    for evidence in finding.evidence[:2]:
        yield "said", f"{evidence.speaker or 'somebody'}: {evidence.quote}"
    for link in entry.links:
        if link.standing is LinkStanding.SURE:
            yield "chain", f"{link.source} {link.relation} {link.target}"


def _one_line(text: str) -> str:
    """Return a text that cannot look like the head of an entry, nor go on in another line."""
    clean = re.sub("[\0\ud800-\udfff]", "\ufffd", " ".join(text.split()))
    return clean[:_LONGEST].translate(_BRACKETS)


def believed(
    text: str, cites: Sequence[str], given: dict[str, LogEntry], question: str
) -> Sentence | None:
    """Return a sentence of a model as far as it can be checked, None if it cannot be believed.

    Args:
        text: The sentence; numbers of entries in it count as cited.
        cites: The numbers of the entries that it claims to rest on.
        given: The entries that the model was given.
        question: What was asked; it may be repeated.
    """
    named = [*cites, *_CITED.findall(text)]
    numbers = tuple(dict.fromkeys(n for one in named if (n := one.strip(" []()").upper()) in given))
    if not numbers or any(one.upper() not in given for one in _CITED.findall(text)):
        return None
    plain = re.sub(r"\s+([.,;])", r"\1", " ".join(_CITED.sub("", text).split())).strip()
    told = " \n".join(_told(given[number]) for number in numbers)
    if len(plain) > _LONGEST or not _borne_out(plain, told, question):
        return None
    return Sentence(text=_ended(plain), cites=numbers)


def _borne_out(text: str, told: str, question: str) -> bool:
    """Tell whether a sentence is about what entries say, with their figures, names and quotes."""
    known = f"{told} {question}"
    return (
        any(coverage(text, [told], language) for language in _LANGUAGES)
        and all(_stands(quote, told) for quote in _QUOTED.findall(text))
        and set(_FIGURE.findall(text)) <= set(_FIGURE.findall(known))
        and (_is_german(text) or _names_in(text) <= set(normal_words(known)))
    )


def _told(entry: LogEntry) -> str:
    """Return all that an entry says, with its dates as people write them."""
    texts: list[Any] = [text for _, text in _facts(entry) if text]
    texts += [evidence.quote for evidence in entry.finding.evidence]
    for day in (entry.decided_at, entry.due):
        if day is not None:
            texts.append(f"{day:%Y-%m-%d %B} {day.day} {day.year} {day.day}.{day.month}.{day.year}")
    return " \n".join(texts)


def _stands(quote: str, told: str) -> bool:
    words, there = normal_words(quote), normal_words(told)
    return any(there[at : at + len(words)] == words for at in range(len(there)))


def _names_in(text: str) -> set[str]:
    return {word for name in names(text) for word in normal_words(name)}


def _is_german(text: str) -> bool:
    """Tell whether a capital letter says nothing about a word."""
    return any(word in _GERMAN for word in normal_words(text))
