"""Reads the memo of a meeting, `call.memo.md`, as people left it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import cache

from memo.export.wording import LANGUAGES, Wording, wording_for
from memo.model import DecisionStatus
from memo.pipeline.reading_back.marks import (
    Told,
    between_quotes,
    bullet,
    cells,
    emphasised,
    front_matter,
    labelled,
    plain,
    without_links,
)
from memo.remembered import EntryKind, EntryState

_STATEMENT = re.compile(r"\*\*(.+)\*\*(?:[ \t]*[—–-]+[ \t]*(.+))?")
_NUMBERED = re.compile(r"\d{1,6}[.)][ \t]+")
_TIME = re.compile(r"\[(\d[\d:]*)\]\([^()\s]*\)")
_DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
_BOX = re.compile(r"(?:\\?\[([ xX])\\?\]|([☑✅✓✔☐]))[\uFE0E\uFE0F]?[ \t]*(.*)")
_NOTHING = ("", "—", "-")
_DONE = {"x", "yes", "done", "ja", "erledigt", "sí", "si", "hecho", "hecha", "☑", "✅", "✓", "✔"}
_OPEN = {"", "no", "open", "nein", "offen", "abierta", "☐", "—", "-"}
_ANSWERS = {"answer", "antwort", "respuesta"}
_STATE_COLUMNS = {"done", "status", "state", "erledigt", "stand", "hecho", "estado"}


@dataclass
class MemoPage:
    """A meeting's memo.

    Attributes:
        recording: SHA-256 of the recording.
        language: That it is written in.
        told: What it says of decisions, actions and questions.
        rest: Its other lines, with their numbers.
    """

    recording: str
    language: str
    told: list[Told] = field(default_factory=list)
    rest: list[tuple[int, str]] = field(default_factory=list)


def is_memo_page(text: str) -> bool:
    """Tell whether a text is the memo of a meeting."""
    facts = front_matter(text.splitlines())[0]
    sha256 = facts.get("sha256")
    return isinstance(sha256, str) and bool(re.fullmatch(r"[0-9a-f]{64}", sha256))


def read_memo_page(text: str) -> MemoPage:
    """Read the memo of a meeting; `is_memo_page` has said that it is one."""
    lines = text.splitlines()
    facts, _, start = front_matter(lines)
    page = MemoPage(str(facts.get("sha256", "")), str(facts.get("language") or "en"))
    _Reader(page, lines, start).run()
    return page


class _Reader:
    """One memo being read, from top to bottom."""

    def __init__(self, page: MemoPage, lines: list[str], start: int) -> None:
        self._page = page
        self._lines = lines
        self._at = start
        self._say = _wordings(page.language)
        self._section: EntryKind | None = None
        self._here: Told | None = None
        self._columns: list[str] | None = None

    def run(self) -> None:
        headings = {
            heading: kind
            for say in self._say
            for heading, kind in (
                (say.decisions, EntryKind.DECISION),
                (say.actions, EntryKind.ACTION),
                (say.questions, EntryKind.QUESTION),
            )
        }
        while self._at < len(self._lines):
            number, line = self._at + 1, self._lines[self._at].strip()
            self._at += 1
            if line.startswith("## "):
                self._section = headings.get(plain(line[3:]))
                self._here = self._columns = None
            elif not line:
                continue
            elif self._section is None:
                self._page.rest.append((number, line))
            elif self._section is EntryKind.ACTION:
                self._table_line(number, line)
            else:
                self._item_line(number, line)

    # --- Decisions and questions ---

    def _item_line(self, number: int, line: str) -> None:
        if line.startswith("**") and (match := _STATEMENT.fullmatch(self._joined(line))):
            self._begin(number, match[1], match[2])
        elif line.startswith(">"):
            self._quote(line)
        elif (inner := bullet(line)) is not None:
            self._detail(number, self._joined(inner))
        elif self._here is not None:
            self._here.others.append((number, line))
        elif line not in {t for say in self._say for t in (say.no_decisions, say.no_questions)}:
            self._page.rest.append((number, line))

    def _joined(self, line: str) -> str:
        """Add the lines on which a paragraph goes on, as editors break it."""
        while self._at < len(self._lines):
            follows = self._lines[self._at].strip()
            begins = follows.startswith((">", "#", "|", "**")) or bullet(follows) is not None
            if not follows or begins:
                break
            line = f"{line} {follows}"
            self._at += 1
        return line

    def _begin(self, number: int, statement: str, status: str | None) -> None:
        assert self._section is not None  # noqa: S101 - whoever calls this is in one
        told = Told(self._section, number)
        if self._section is EntryKind.DECISION:
            told.fields = dict.fromkeys(("rationale", "considered", "decided_by", "supersedes"))
            told.fields["statement"] = plain(_NUMBERED.sub("", statement, count=1))
            told.fields["state"] = EntryState.ACCEPTED.value
        else:
            told.fields = dict.fromkeys(("raised_by", "waiting_on", "answer"))
            told.fields["question"] = plain(statement)
            told.fields["state"] = EntryState.OPEN.value
        if status is not None:
            self._set_state(told, emphasised(status))
        self._here = told
        self._page.told.append(told)

    def _set_state(self, told: Told, word: str) -> None:
        state = _states(self._page.language).get(plain(word).casefold())
        told.fields["state"] = state.value if state in told.kind.states else plain(word)
        if state not in told.kind.states:
            told.doubts["state"] = f"{plain(word)!r} is no state of a {told.kind}"

    def _quote(self, line: str) -> None:
        inner = line.lstrip("> \t").replace("\ufffd", "")
        if self._here is None or not inner:
            return
        words = between_quotes(inner)
        self._here.marks += ((words[0] if words else inner), *_TIME.findall(inner))

    def _detail(self, number: int, text: str) -> None:
        told = self._here
        if told is None:
            self._page.rest.append((number, text))
            return
        label, value = labelled(text.lstrip("⚠ ")) or ("", "")
        meaning = _labels(self._page.language).get((told.kind, label.casefold()))
        if meaning == "":
            told.marks += tuple(_TIME.findall(value))
        elif meaning == "state":
            self._set_state(told, value)
        elif meaning is None:
            told.others.append((number, text))
        else:
            told.fields[meaning] = plain(value) or None
            if meaning == "answer":
                told.fields["state"] = EntryState.ANSWERED.value

    # --- The table of actions ---

    def _table_line(self, number: int, line: str) -> None:
        if not line.startswith("|"):
            if line not in {say.no_actions for say in self._say}:
                self._page.rest.append((number, line))
            return
        row = cells(line)
        if self._columns is None:
            known = _columns(self._page.language)
            names = [known.get(plain(emphasised(cell)).casefold(), "") for cell in row]
            self._columns = names if "task" in names else ["owner", "task", "due", "said"]
        elif not all(re.fullmatch(r":?-+:?", cell) for cell in row):
            self._row(number, row)

    def _row(self, number: int, row: list[str]) -> None:
        told = Told(EntryKind.ACTION, number)
        told.fields = {"owner": None, "due": None, "due_text": None, "state": "open"}
        self._page.told.append(told)
        columns = [*(self._columns or []), *[""] * len(row)]
        for name, cell in zip(columns, row, strict=False):
            if name == "task":
                self._task(told, cell)
            elif name == "owner":
                nobody = {say.no_owner for say in self._say} | set(_NOTHING)
                told.fields["owner"] = None if emphasised(cell) in nobody else plain(cell)
            elif name == "due":
                self._due(told, cell)
            elif name == "said":
                told.marks = tuple(_TIME.findall(cell))
            elif name == "state" and plain(cell).casefold() in _DONE:
                told.fields["state"] = EntryState.DONE.value
            elif name == "" or plain(cell).casefold() not in _OPEN:
                told.others.append((number, cell))

    def _task(self, told: Told, cell: str) -> None:
        if box := _BOX.fullmatch(cell):
            ticked = (box[1] or box[2]).casefold() in _DONE
            told.fields["state"] = (EntryState.DONE if ticked else EntryState.OPEN).value
            cell = box[3]
        if cell.startswith("~~") and cell.endswith("~~") and len(cell) > 4:
            cell = cell[2:-2].strip()
            told.fields["state"] = "struck through"
            told.doubts["state"] = "struck through may be done or dropped: write [x] before it"
        if cell.startswith("⚠"):
            cell = cell.removeprefix("⚠").strip()
            doubt = cell.rfind(" — *")
            cell = cell[:doubt] if doubt >= 0 and ":*" in cell[doubt:] else cell
        told.fields["task"] = plain(cell)

    def _due(self, told: Told, cell: str) -> None:
        text = plain(cell)
        quoted = between_quotes(text)
        words, outside = quoted or (None, text)
        day = _DATE.search(outside)
        before = outside[: day.start()].strip() if day else ""
        rest = outside[day.end() :].strip() if day else outside
        told.fields["due"] = day[1] if day else None
        told.fields["due_text"] = words
        if rest not in _NOTHING:
            told.fields["due"] = text
            told.doubts["due"] = f"{text!r} is no day like 2026-03-31"
        elif day and not _is_day(day[1]):
            told.doubts["due"] = f"there is no {day[1]}"
        elif day and before and _weekdays().get(before.casefold().rstrip(".,")) != _weekday(day[1]):
            told.doubts["due"] = f"{day[1]} is no {before}"


def _wordings(language: str) -> tuple[Wording, ...]:
    """Return the page's own words first, then those of the other languages."""
    own = wording_for(language)
    return (own, *(say for say in map(wording_for, LANGUAGES) if say is not own))


@cache
def _labels(language: str) -> dict[tuple[EntryKind, str], str]:
    """Return which field a label means, "" for those that are memo's alone."""
    found: dict[tuple[EntryKind, str], str] = {}
    for say in reversed(_wordings(language)):
        both = {say.also_at: "", say.uncertain: "", "Status": "state"}
        decision = {
            say.why: "rationale",
            say.replaces: "supersedes",
            say.considered: "considered",
            say.decided_by: "decided_by",
        }
        question = {say.waiting_for: "waiting_on", say.raised_by: "raised_by"}
        question |= dict.fromkeys(_ANSWERS, "answer")
        for kind, labels in ((EntryKind.DECISION, decision), (EntryKind.QUESTION, question)):
            found |= {(kind, label.casefold()): name for label, name in (both | labels).items()}
    return found


@cache
def _columns(language: str) -> dict[str, str]:
    found = dict.fromkeys(_STATE_COLUMNS, "state")
    for say in reversed(_wordings(language)):
        words = {say.owner: "owner", say.task: "task", say.due: "due", say.said: "said"}
        found |= {word.casefold(): name for word, name in words.items()}
    return found


@cache
def _states(language: str) -> dict[str, EntryState]:
    """Return which state a word means."""
    found: dict[str, EntryState] = {}
    for say in reversed(_wordings(language)):
        found |= {word.casefold(): EntryState(s.value) for s, word in say.statuses.items()}
    return (
        found | {s.value: s for s in EntryState} | {s.value: EntryState(s) for s in DecisionStatus}
    )


@cache
def _weekdays() -> dict[str, int]:
    return {
        name.casefold(): place
        for say in _wordings("en")
        for place, day in enumerate(say.weekdays)
        for name in (day, day[: say.weekday_letters], day[:2], day[:3])
    }


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _weekday(text: str) -> int:
    return dt.date.fromisoformat(text).weekday()


def shown_lines(text: str) -> set[str]:
    """Return what the lines of a page show, whatever its links lead to."""
    return {without_links(line.strip()) for line in text.splitlines()}
