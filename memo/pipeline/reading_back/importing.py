"""Takes what people changed in memos and in the log's own files over into the log."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memo.decision_log.editing import Edit, Edited, Held, fields_in
from memo.errors import DecisionLogError
from memo.export.adr import Around, render_decision
from memo.export.adr_pages import render_actions, render_questions
from memo.export.files import write_outputs
from memo.export.markdown import render_markdown
from memo.export.stamps import is_unchanged, stamped
from memo.export.untrusted import one_line
from memo.model import Coverage, Decision, Found, Memo, Provenance
from memo.pipeline.reading_back.log_pages import (
    is_decision_page,
    is_list_page,
    read_decision_page,
    read_list_page,
)
from memo.pipeline.reading_back.marks import Told
from memo.pipeline.reading_back.memo_page import (
    MemoPage,
    is_memo_page,
    read_memo_page,
    shown_lines,
)
from memo.pipeline.reading_back.three_way import Clash, Side, compare, pair
from memo.remembered import EntryKind, EntryState, LogEntry, fingerprint, kind_of

if TYPE_CHECKING:
    from memo.decision_log.log import DecisionLog

_LARGEST = 5_000_000  # bytes; a memo of a day's talk has a tenth of them
_LONGEST = 100_000  # characters of a line
_NAMED = 12  # lines that cannot be read back, before the rest is counted


@dataclass
class Imported:
    """What reading files back did, or would do.

    Attributes:
        edited: What was changed in the log.
        clashes: What both sides changed, or what cannot be understood; if there are any, nothing
            was changed.
        left: What the files say that cannot be read back, a line for each.
        restamped: Files that are in step with the log again.
    """

    edited: tuple[Edited, ...] = ()
    clashes: list[Clash] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    restamped: list[Path] = field(default_factory=list)


@dataclass
class _Page:
    """One file: its text, and what comes of it."""

    path: Path
    text: str
    edits: list[Edit] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    is_ours: bool = False  # whether all that is different in it was taken over

    def origin(self, line: int) -> str:
        return f"{one_line(self.path.name)}:{line}"


def import_files(
    log: DecisionLog,
    paths: Sequence[Path],
    *,
    who: str,
    now: dt.datetime,
    note: str = "",
    take: Side | None = None,
    rehearse: bool = False,
) -> Imported:
    """Read back what people changed in files: all of it, or where anything clashes nothing.

    Args:
        log: The log.
        paths: Memos in Markdown, files of `memo log export`, or folders of such.
        who: Who says so.
        now: The present instant, aware.
        note: What they say about it.
        take: Whose word counts where file and log both changed; None lets them clash.
        rehearse: Only say what would happen.

    Raises:
        DecisionLogError: A file cannot be read, is none of memo's, or belongs to another log; or
            the log refuses what it says.
    """
    done = Imported()
    pages = [_read(path) for path in _files(paths)]
    for page in pages:
        _compare(page, log, note, take)
        done.clashes += page.clashes
        done.left += page.left
    _find_quarrels(pages, done)
    if done.clashes:
        return done
    edits = [edit for page in pages for edit in page.edits]
    if edits:
        done.edited = log.edit_all(edits, who=who, now=now, rehearse=rehearse)
    if not rehearse:
        done.restamped = [page.path for page in pages if page.is_ours and _stamp(page)]
    return done


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that are meant: of a folder, those that memo may have written."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(path.glob("*.md"))
        known = [one for one in inside if one.is_file() and _kind(_text(one))]
        if not known:
            raise DecisionLogError(
                f"there is nothing in {path} that memo wrote",
                hint="name the folder that `memo log export` made, or a memo",
            )
        yield from known


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()[: _LARGEST + 1]
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise DecisionLogError(
            f"{path} cannot be read: {error.strerror}", hint="check its name"
        ) from error
    except UnicodeDecodeError as error:
        raise DecisionLogError(f"{path} is not UTF-8", hint="save it as UTF-8") from error
    if len(raw) > _LARGEST or any(len(line) > _LONGEST for line in text.splitlines()):
        raise DecisionLogError(f"{path} is too long for a memo", hint="name another file")
    # Only what ends lines in files; all else is text.
    return text.replace("\r\n", "\n").replace("\r", "\n")


_Reader = Callable[[_Page, "DecisionLog", str, "Side | None"], None]


def _kind(text: str) -> _Reader | None:
    if is_decision_page(text):
        return _decision_page
    if is_memo_page(text):
        return _memo_page
    return _list_page if is_list_page(text) else None


def _read(path: Path) -> _Page:
    page = _Page(path, _text(path))
    if _kind(page.text) is None:
        raise DecisionLogError(
            f"{path} is neither a memo in Markdown nor a file of `memo log export`",
            hint="name call.memo.md, or a file or folder that `memo log export` wrote",
        )
    return page


def _compare(page: _Page, log: DecisionLog, note: str, take: Side | None) -> None:
    reader = _kind(page.text)
    assert reader is not None  # noqa: S101 - `_read` has seen to it
    reader(page, log, note, take)
    if len(page.left) > _NAMED:
        more = len(page.left) - _NAMED
        page.left = [*page.left[:_NAMED], f"{page.path.name}: {more} more lines"]


def _take_over(
    page: _Page,
    told: Told,
    sides: tuple[Told | None, Told, Iterable[Told]],
    entry: LogEntry,
    note: str,
    take: Side | None,
) -> None:
    """Note what comes of one entry of a page."""
    base, ours, past = sides
    ours.number = entry.number
    origin = page.origin(told.line)
    done = compare(told, base, ours, origin=origin, past=past, take=take)
    page.clashes += done.clashes
    page.left += [
        f"{origin}: {name} of {entry.number} is what memo once wrote there; the log goes on"
        for name in done.stale
    ]
    page.left += [f"{page.origin(i)}: {one_line(line)[:120]}" for i, line in told.others]
    if done.changes:
        seen = {name: fields_in(entry)[name] for name in done.changes}
        page.edits.append(
            Edit(
                number=entry.number,
                changes=done.changes,
                expected=seen,
                note=": ".join(filter(None, (_source(page), note))),
                origin=origin,
            )
        )


# --- The memo of a meeting ----------------------------------------------------------------------


def _memo_page(page: _Page, log: DecisionLog, note: str, take: Side | None) -> None:
    read = read_memo_page(page.text)
    held = log.held(recording=read.recording)
    if not held:
        raise DecisionLogError(
            f"the log knows nothing of the recording that {page.path} is the memo of",
            hint="convert it first, or name the database with --config",
        )
    written = [_as_written(read, one.entry, one.found, one.found) for one in held]
    shown = [(one, told) for one, told in zip(held, written, strict=True) if told is not None]
    pairs = pair(read.told, [told for _, told in shown])
    for i, told in enumerate(read.told):
        if i not in pairs:
            page.left.append(f"{page.origin(told.line)}: a {told.kind} that the log does not know")
            continue
        one, base = shown[pairs[i]]
        ours = _as_written(read, one.entry, one.entry.finding, one.found)
        if ours is not None:
            past = _once(read, one, _source(page))
            _take_over(page, told, (base, ours, past), one.entry, note, take)
    for j, (one, base) in enumerate(shown):
        if j not in pairs.values() and one.entry.withdrawn_at is None:
            word = "reject" if base.kind is EntryKind.DECISION else "drop"
            hint = f"if it is to go: memo log {word} {one.entry.number}"
            page.left.append(f"{page.path.name}: {one.entry.number} stands there no more; {hint}")
    page.left += _rest(page, read)


def _as_written(read: MemoPage, entry: LogEntry, finding: Found, found: Found) -> Told | None:
    """Return what a memo says of a finding, read as the page is; None if it says nothing of it."""
    # Where a page leaves something out that no database holds, the log has U+FFFD.
    said = finding.model_copy(update={"evidence": found.evidence}).model_dump_json()
    held = type(finding).model_validate_json(said.replace("\ufffd", ""))
    memo = _memo_of(entry, held, read.language)
    shown = read_memo_page(render_markdown(memo)).told
    if not shown:
        return None
    told = shown[0]
    if entry.state.value != told.fields["state"] and finding is not found:
        told.fields["state"] = entry.state.value
    if kind_of(found) is EntryKind.QUESTION and finding is not found:
        told.fields["answer"] = one_line(entry.answer or "") or None
    if isinstance(found, Decision):
        parts = {"decided_by": found.decided_by, "considered": found.considered}
        told.parts = {name: list(map(one_line, some)) for name, some in parts.items()}
    return told


def _source(page: _Page) -> str:
    return f"read back from {one_line(page.path.name)}"


def _once(read: MemoPage, held: Held, source: str) -> Iterator[Told]:
    """Yield what a file may have said of an entry before the log went on.

    That is what memo found at each conversion, and what was read back from the file already.
    """
    for event in held.history:
        is_memos = event.who.startswith("memo ") and event.what != "linked"
        if event.after is not None and (is_memos or event.note.startswith(source)):
            state = EntryState(event.after["state"])
            then = {"state": state, "answer": event.after.get("answer")}
            finding = _finding_in(event.after, held.found)
            told = _as_written(read, held.entry.model_copy(update=then), finding, held.found)
            if told is not None:
                yield told


def _finding_in(content: Mapping[str, Any], found: Found) -> Found:
    given = {"id": found.id, **content["finding"]}
    return type(found).model_validate_json(json.dumps(given))


def _memo_of(entry: LogEntry, finding: Found, language: str) -> Memo:
    """Return a memo that has nothing but one finding."""
    place = {EntryKind.DECISION: "decisions", EntryKind.ACTION: "action_items"}
    nothing = Coverage(audio_seconds=0, speech_seconds=0, analysed_seconds=0)
    origin = Provenance(
        memo_version="0",
        asr_model=None,
        language_model="rules",
        prompts_sha256="0" * 64,
        created_at=entry.logged_at,
    )
    return Memo.model_validate(
        {
            "title": entry.meeting_title,
            "started_at": entry.decided_at,
            "timezone": entry.timezone,
            "language": language,
            "duration": 0,
            "recording": entry.recording,
            "coverage": nothing,
            "provenance": origin,
            place.get(entry.kind, "open_questions"): (finding,),
        }
    )


def _rest(page: _Page, read: MemoPage) -> Iterator[str]:
    """Yield lines of a memo that were changed where nothing is read back, if that can be told."""
    beside = page.path.with_name(page.path.name.removesuffix(".md") + ".json")
    try:
        memo = Memo.model_validate_json(beside.read_bytes())
    except (OSError, ValueError):
        return
    if memo.recording.sha256 != read.recording:
        return
    written = shown_lines(render_markdown(memo))
    for number, line in read.rest:
        if not shown_lines(line) <= written:
            yield f"{page.origin(number)}: {one_line(line)[:120]}"


# --- The files of `memo log export` -------------------------------------------------------------


def _decision_page(page: _Page, log: DecisionLog, note: str, take: Side | None) -> None:
    if is_unchanged(page.text):
        return
    told = read_decision_page(page.text)
    _exported(page, log, [told], note, take)


def _list_page(page: _Page, log: DecisionLog, note: str, take: Side | None) -> None:
    if not is_unchanged(page.text):
        _exported(page, log, read_list_page(page.text), note, take)


def _exported(
    page: _Page, log: DecisionLog, told: Sequence[Told], note: str, take: Side | None
) -> None:
    """Compare the entries that a file of the folder has."""
    numbers = [one.number or "" for one in told]
    if len(set(numbers)) < len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        raise DecisionLogError(f"{page.path} has {twice} twice", hint="keep the line that is right")
    before: list[str | None] = [*page.text.split("\n")]
    for one, held in zip(told, log.held(numbers=numbers), strict=True):
        if one.recording not in (None, held.entry.recording.sha256):
            raise DecisionLogError(
                f"{page.path} is of another log: its {held.entry.number} is of another meeting",
                hint="name the folder of this log, or the log's database with --config",
            )
        base, ours = _base_of(one, held), _read_back(held.entry)
        _take_over(page, one, (base, ours, ()), held.entry, note, take)
        _put_back(before, one, held)
    page.is_ours = is_unchanged("\n".join(line for line in before if line is not None))
    if not page.is_ours:
        page.left.append(
            f"{page.path.name}: what else was changed there is not read back, and stays there"
        )


def _base_of(told: Told, held: Held) -> Told | None:
    """Return what memo wrote of an entry in a file; None if the log never said that."""
    entry = _entry_then(told, held)
    return None if entry is None else _read_back(entry)


def _entry_then(told: Told, held: Held) -> LogEntry | None:
    """Return an entry as it was when a file was written."""
    for event in reversed(held.history):
        for content in (event.after, event.before):
            if content is not None and fingerprint(content) == told.content:
                finding = _finding_in(content, held.found)
                changed = {
                    "state": EntryState(content["state"]),
                    "finding": finding,
                    "answer": content.get("answer"),
                }
                return held.entry.model_copy(update=changed)
    return None


def _read_back(entry: LogEntry) -> Told:
    """Return what a file says of an entry, read as the file is."""
    if entry.kind is EntryKind.DECISION:
        return read_decision_page(render_decision(entry))
    return next(one for one in read_list_page(_list_of(entry)) if one.number == entry.number)


def _list_of(entry: LogEntry) -> str:
    render = render_actions if entry.kind is EntryKind.ACTION else render_questions
    return render([entry], Around())


def _put_back(lines: list[str | None], told: Told, held: Held) -> None:
    """Undo in a file's lines what can be read back: what is left was changed besides."""
    entry = _entry_then(told, held)
    if entry is None:
        return
    is_decision = entry.kind is EntryKind.DECISION
    text = render_decision(entry) if is_decision else _list_of(entry)
    written = _read_back(entry)
    theirs = text.split("\n")
    for name, (start, end) in told.regions.items():
        if name not in written.regions:
            continue
        first, last = written.regions[name]
        lines[start] = "\n".join(theirs[first:last])
        lines[start + 1 : end] = [None] * (end - start - 1)


def _stamp(page: _Page) -> bool:
    """Give a file its checksum again, so that the next export may write it anew."""
    write_outputs({page.path: stamped(page.text).encode()}, by_option=False)
    return True


def _find_quarrels(pages: Sequence[_Page], done: Imported) -> None:
    """Find what two files want of one entry."""
    wanted: dict[tuple[str, str], tuple[object, str]] = {}
    for edit in (edit for page in pages for edit in page.edits):
        for name, value in edit.changes.items():
            known = wanted.setdefault((edit.number, name), (value, edit.origin))
            if known[0] != value:
                clash = Clash(
                    edit.origin,
                    edit.number,
                    name,
                    None,
                    str(value),
                    None,
                    f"{known[1]} has {text_of_value(known[0])!r}",
                )
                done.clashes.append(clash)


def text_of_value(value: object) -> str:
    """Return a field's value as one text."""
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else str(value)
