"""Two or three sentences that say what came of a meeting, made of nothing but supported findings.

What was decided and what is open is told in the findings' own sentences; the words around them
stand in `languages/*.toml`. A finding may be a spoken fragment, or several sentences: findings are
listed and not woven into clauses, so that the grammar holds whatever they say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from memo.extraction.cues import language_data, vocabulary_for
from memo.extraction.lines import sentences
from memo.model import (
    ActionItem,
    Decision,
    DecisionStatus,
    Finding,
    Memo,
    OpenQuestion,
    Topic,
    Verdict,
)

MOST_ITEMS = 3
"""Decisions or questions that are told; the others are counted."""
MOST_NAMES = 4
"""Topics or owners that are told."""
MOST_WORDS = 60
"""Words after which no further item is told."""
ITEM_WORDS = 24
"""Words of one item; of a longer one the last sentences are told, which settle it."""
REASON_WORDS = 12
"""Words of a reason that is short enough to be told."""
ALONE_WORDS = 5
"""Words with which a question can be understood alone."""
_FALLBACK = "en"
_ENDS = ".!¡;:, –—"
_ENDED_TWICE = re.compile(r"(?<=[…?？])\.$")
_Item = TypeVar("_Item", bound=Finding)


def summarise(memo: Memo) -> str:
    """Return what was decided, what is open and who has how much to do, in the memo's language.

    Of a meeting in which nothing was found it says so, and what was talked about; of one of which
    nothing could be read, nothing.
    """
    say = _Wording(memo.written_in)
    if not memo.coverage.analysed_seconds:
        return ""
    if all(finding.verdict is Verdict.UNSUPPORTED for finding in memo.findings()):
        return " ".join(filter(None, (say("none"), _about(memo.topics, say))))
    decided = _decided(memo.decisions, say)
    left = _open(memo.decisions, memo.open_questions, say)
    tasks = _tasks(memo.action_items, say)
    about = "" if left or tasks or _accepted(memo.decisions) else _about(memo.topics, say)
    return " ".join(filter(None, (decided, left, tasks, about)))


class _Wording:
    """The sentences of a summary in one language; in English for one that is not known."""

    def __init__(self, language: str) -> None:
        known = (language_data(language) or {}).get("summary")
        self.language = language if known else _FALLBACK
        self._data: dict[str, Any] = known or (language_data(_FALLBACK) or {})["summary"]

    def __call__(self, sentence: str, /, **values: object) -> str:
        """Return a sentence with values in it; braces in a value stay as they are."""
        return _ENDED_TWICE.sub("", str(self._data[sentence]).format(**values))

    def either(self, sentence: str, /, *, first: bool, **values: object) -> str:
        """Return the first or the second form of a sentence."""
        return str(self._data[sentence][0 if first else 1]).format(**values)

    def more(self, count: int) -> list[str]:
        """Return "and 2 more", if there are."""
        return [self.either("more", first=count == 1, count=count)] if count else []


# --- What was decided -----------------------------------------------------------------------------


def _decided(decisions: Sequence[Decision], say: _Wording) -> str:
    """Return the sentence about what was decided, or that nothing was."""
    accepted = _accepted(decisions)
    if accepted:
        first, *others = accepted
        told = (_with_reason(first, say), *(_line(d.statement, say) for d in others))
        return say("decided", list=_listed(told, say))
    rejected = _of(decisions, DecisionStatus.REJECTED)
    if rejected:
        return say("rejected", list=_listed((_line(d.statement, say) for d in rejected), say))
    unsure = sum(
        d.verdict is Verdict.UNCERTAIN and d.status is DecisionStatus.ACCEPTED for d in decisions
    )
    if unsure:
        return say.either("unsure", first=unsure == 1, count=unsure)
    return say("nothing")


def _accepted(decisions: Sequence[Decision]) -> list[Decision]:
    """Return what was accepted, as it is told.

    First what replaces something, last what is too long to be told in full; before the others,
    what was given a reason.
    """
    accepted = _of(decisions, DecisionStatus.ACCEPTED)
    return sorted(
        accepted,
        key=lambda d: (not d.supersedes, _shortened(d.statement).endswith("…"), not d.rationale),
    )


def _of(decisions: Sequence[Decision], status: DecisionStatus) -> list[Decision]:
    return [d for d in _supported(decisions) if d.status is status]


def _supported(findings: Iterable[_Item]) -> list[_Item]:
    return [f for f in findings if f.verdict is Verdict.SUPPORTED]


def _with_reason(decision: Decision, say: _Wording) -> str:
    """Return a decision with its reason in brackets, if that is short."""
    statement, reason = _line(decision.statement, say), _line(decision.rationale or "", say)
    short = 0 < len(reason.split()) <= REASON_WORDS and "(" not in statement
    return f"{statement} ({_lowered(reason, say)})" if short else statement


# --- What is open, and who has to do something ----------------------------------------------------


def _open(decisions: Sequence[Decision], questions: Sequence[OpenQuestion], say: _Wording) -> str:
    """Return the sentence about what is left open: questions, or else proposals."""
    asked = list(dict.fromkeys(_asked(q.question) for q in _supported(questions)))
    if asked:
        told = list(_few(asked))
        more = say.more(len(asked) - len(told))
        rest = [f"{text[:1].upper()}{text[1:]}." for text in more]
        return say("open", list=" ".join([*told, *rest]))
    proposed = _of(decisions, DecisionStatus.PROPOSED)
    told = [_line(d.statement, say) for d in proposed]
    return say("proposed", list=_listed(told, say)) if told else ""


def _asked(text: str) -> str:
    """Return what a question asks, with the sentence before it if it is too short alone."""
    said = sentences(_shortened(text))
    asking = [place for place, sentence in enumerate(said) if sentence.endswith(("?", "？"))]
    if asking:
        last = asking[-1]
        first = last if len(said[last].split()) >= ALONE_WORDS else max(0, last - 1)
        said = said[first : last + 1]
    return " ".join(map(_ended, said))


def _tasks(actions: Sequence[ActionItem], say: _Wording) -> str:
    """Return the sentence that counts the tasks, and whose they are."""
    tasks = _supported(actions)
    if len(tasks) < 2:
        return "".join(say.either("task", first=bool(t.owner), name=t.owner) for t in tasks)
    owners = Counter(task.owner for task in tasks if task.owner).most_common()
    nobodys = sum(not task.owner for task in tasks)
    if len(owners) + bool(nobodys) == 1:
        name = owners[0][0] if owners else None
        return say.either("all", first=bool(owners), count=len(tasks), name=name)
    shown = owners if len(owners) <= MOST_NAMES else owners[: MOST_NAMES - 1]
    others = sum(count for _, count in owners[len(shown) :])
    told = [say("owned", count=count, name=name) for name, count in shown]
    told += [say("others", count=others)] * bool(others)
    told += [say("unowned", count=nobodys)] * bool(nobodys)
    return say("tasks", count=len(tasks), list=", ".join(told))


def _about(topics: Sequence[Topic], say: _Wording) -> str:
    """Return the sentence that names the topics."""
    titles = list(dict.fromkeys(filter(None, (topic.title.strip(_ENDS) for topic in topics))))
    if not titles:
        return ""
    told = [*titles[:MOST_NAMES], *say.more(len(titles[MOST_NAMES:]))]
    return say("about", list="; ".join(told))


# --- Lists ----------------------------------------------------------------------------------------


def _listed(items: Iterable[str], say: _Wording) -> str:
    """Return items with semicolons between them; those that are too many are counted."""
    every = list(filter(None, items))
    told = list(_few(every))
    return "; ".join([*told, *say.more(len(every) - len(told))])


def _few(items: Sequence[str]) -> Iterator[str]:
    """Return the first items, as many as can be read at a glance; the first always."""
    words = 0
    for place, item in enumerate(items[:MOST_ITEMS]):
        words += len(item.split())
        if place and words > MOST_WORDS:
            return
        yield item


def _line(text: str, say: _Wording) -> str:
    """Return a statement as one item of a list: its sentences joined by dashes, without an end."""
    first, *others = [s.strip(_ENDS) for s in sentences(_shortened(text.rstrip("… ")))] or [""]
    return " – ".join(filter(None, [first, *(_lowered(other, say) for other in others)]))


def _lowered(text: str, say: _Wording) -> str:
    """Return a text that goes on after others: a small word that opens it loses its capital."""
    word = re.split(r"[\s'’]", text, maxsplit=1)[0].strip(_ENDS)
    small = word.lower() in vocabulary_for(say.language).stop and word != "I"
    return text[:1].lower() + text[1:] if small else text


def _shortened(text: str) -> str:
    """Return the last sentences of a text that together are short; of a long one its first words.

    What settles a matter is said last.
    """
    kept: list[str] = []
    for sentence in reversed(sentences(" ".join(text.split()))):
        if kept and len(" ".join([sentence, *kept]).split()) > ITEM_WORDS:
            break
        kept.insert(0, sentence)
    words = " ".join(kept).split()
    if len(words) <= ITEM_WORDS:
        return " ".join(words)
    return " ".join(words[:ITEM_WORDS]).rstrip(_ENDS) + "…"


def _ended(text: str) -> str:
    return text if text.endswith((".", "?", "!", "…", "？", "。")) else f"{text}."
