"""Reads the files of `memo log export` as people left them: decisions, actions, questions."""

from __future__ import annotations

import re

from memo.pipeline.reading_back.marks import Told, bullet, front_matter, labelled, plain, texts
from memo.remembered import EntryKind, EntryState

_LINE = re.compile(r"[-*+][ \t]+(?:\[([ xX])\][ \t]+)?(~~)?\*\*((?:ACT|QUE)-\d{4,9})\*\*[ \t]+(.*)")
_CONTENT = re.compile(r"<!--[ \t]{0,9}content:[ \t]{0,9}([0-9a-f]{16})[ \t]{0,9}-->$")
_FACTS = re.compile(r"(?:owner|raised by|waits for|answer): ")
_CHOSEN = re.compile(r'Chosen option:[ \t]*["“”](.*)["“”]\.?')
_KINDS = {"ACT": EntryKind.ACTION, "QUE": EntryKind.QUESTION}
_NOBODY = "nobody"


def is_decision_page(text: str) -> bool:
    """Tell whether a text is the file of a decision."""
    facts = front_matter(text.splitlines())[0]
    number = facts.get("number")
    return isinstance(number, str) and bool(re.fullmatch(r"DEC-\d{4,9}", number))


def is_list_page(text: str) -> bool:
    """Tell whether a text is a list of actions or questions."""
    return any(told.content for told in read_list_page(text))


def read_decision_page(text: str) -> Told:
    """Read the file of a decision; `is_decision_page` has said that it is one.

    The decision stands there three times: as its heading, as an option and as the chosen one.
    """
    lines = text.splitlines()
    facts, spans, start = front_matter(lines)
    told = Told(EntryKind.DECISION, 1, number=str(facts["number"]))
    told.content = facts["content"] if isinstance(facts.get("content"), str) else None  # type: ignore[assignment]
    told.recording = str(facts.get("recording") or "") or None
    told.regions = {k: v for k, v in spans.items() if k in ("status", "decision-makers")}
    _set_state(told, str(facts.get("status") or ""))
    told.lists = {"decided_by": texts(facts.get("decision-makers")), "options": []}
    told.fields |= {"statement": None, "chosen": None, "rationale": None}
    section = ""
    for i in range(start, len(lines)):
        line = lines[i].strip()
        if line.startswith("## "):
            section = line[3:].strip().casefold()
        elif line.startswith("# ") and told.fields["statement"] is None:
            told.fields["statement"] = plain(re.sub(r"(?<![\\#\S])#+$", "", line[2:].strip()))
            told.regions["heading"] = (i, i + 1)
        elif section == "considered options" and (option := bullet(lines[i])) is not None:
            told.lists["options"].append(plain(option))
            first = told.regions.get("options", (i, i))[0]
            told.regions["options"] = (first, i + 1)
        elif section == "decision outcome":
            _outcome_line(told, i, line)
    return told


def _outcome_line(told: Told, i: int, line: str) -> None:
    label, value = labelled(line) or ("", "")
    if chosen := _CHOSEN.fullmatch(line):
        told.fields["chosen"] = plain(chosen[1])
        told.regions["chosen"] = (i, i + 1)
    elif label.casefold() == "why" and told.fields["rationale"] is None:
        told.fields["rationale"] = plain(value) or None
        told.regions["why"] = (i, i + 1)


def _set_state(told: Told, status: str) -> None:
    word = status.strip().casefold()
    state = EntryState.SUPERSEDED.value if word.startswith("superseded") else word
    told.fields["state"] = state
    if state not in [known.value for known in told.kind.states]:
        told.doubts["state"] = f"{status[:40]!r} is no state of a decision"


def read_list_page(text: str) -> list[Told]:
    """Read a list of actions or questions, an entry from each line that has a number."""
    found = []
    for i, line in enumerate(text.splitlines()):
        if match := _LINE.fullmatch(line.rstrip()):
            found.append(_told_in(match, i))
    return found


def _told_in(match: re.Match[str], i: int) -> Told:
    box, struck, number, body = match.groups()
    written = _CONTENT.search(body)
    body, content = (body[: written.start()].rstrip(), written[1]) if written else (body, None)
    kind = _KINDS[number[:3]]
    told = Told(kind, i + 1, number=number, content=content, regions={number: (i, i + 1)})
    done = EntryState.DONE if kind is EntryKind.ACTION else EntryState.ANSWERED
    state = EntryState.DROPPED if box is None else EntryState.OPEN if box == " " else done
    told.fields["state"] = state.value
    if struck:
        told.fields["state"] = "struck through"
        told.doubts["state"] = "struck through may be done or dropped: tick the box instead"
    at = _start_of_facts(body)
    what, facts = (body[:at], body[at + 3 :]) if at is not None else (body, "")
    if kind is EntryKind.ACTION:
        told.fields["task"] = plain(what)
        _read_action(told, facts)
    else:
        told.fields["question"] = plain(what)
        _read_question(told, facts)
    return told


def _start_of_facts(body: str) -> int | None:
    """Return where the facts begin, behind the last dash that one follows."""
    at = body.rfind(" — ")
    while at >= 0:
        if _FACTS.match(body, at + 3):
            return at
        at = body.rfind(" — ", 0, at)
    return None


def _read_action(told: Told, facts: str) -> None:
    owner, sign, due = facts.removeprefix("owner: ").rpartition(", due: ")
    name = plain(owner if sign else facts.removeprefix("owner: "))
    told.fields["owner"] = None if name in ("", _NOBODY) else name
    told.fields["due"] = plain(due) or None if sign else None
    if sign and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", plain(due)):
        told.doubts["due"] = f"{plain(due)[:40]!r} is no day like 2026-03-31"


def _read_question(told: Told, facts: str) -> None:
    given: dict[str, str | None] = dict.fromkeys(("raised_by", "waiting_on", "answer"))
    for name, label in (("answer", "answer: "), ("waiting_on", "waits for: ")):
        before, sign, value = (
            ("", label, facts[len(label) :])
            if facts.startswith(label)
            else facts.partition(f", {label}")
        )
        if sign:
            facts = before
            given[name] = plain(value) or None
    given["raised_by"] = plain(facts.removeprefix("raised by: ")) or None
    if given["waiting_on"] == _NOBODY:
        given["waiting_on"] = None
    told.fields |= given
    if given["answer"] and told.fields["state"] == EntryState.OPEN:
        told.fields["state"] = EntryState.ANSWERED.value
