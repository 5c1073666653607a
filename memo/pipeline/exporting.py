"""Keeps a folder in step with the decision log: a page for each decision, and what leads to them.

The folder lives in git, with other people's files beside memo's. Whose a file is its content
tells, not its name: a page of memo's names its decision and carries a checksum. Only pages that
are just as memo wrote them are replaced or removed; one that a person edited stays as it is, and
is told. A folder that holds the decisions of another log is refused.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memo.errors import OutputError
from memo.export.adr import Around, file_name, render_decision
from memo.export.adr_pages import (
    ACTIONS,
    QUESTIONS,
    render_actions,
    render_index,
    render_questions,
)
from memo.export.adr_trees import trees_of
from memo.export.files import write_outputs
from memo.export.stamps import front_matter, is_stamped, is_unchanged, plain, unstamped
from memo.export.untrusted import one_line
from memo.remembered import EntryKind, LogEntry

INDEX = "README.md"
"""What GitHub, GitLab and others show where a folder is opened."""
OTHER_INDEX = "index.md"
"""What the index is called where somebody else's README.md stands."""

_PAGES = frozenset({INDEX, OTHER_INDEX, ACTIONS, QUESTIONS})
_LARGEST = 4_000_000
"""Bytes; no page of memo's is larger, and nothing larger is read."""
_OURS = frozenset({"content", "recording", "checksum"})
"""Facts that only memo's pages begin with, besides a number."""
_NUMBER = re.compile(r"DEC-\d{4,}")


@dataclass(frozen=True)
class Step:
    """What keeps a folder in step: what is to be written and removed, and what stands in the way.

    Attributes:
        folder: The folder.
        written: Content of the files to write, by name.
        removed: Names of files to remove: pages of memo's that nothing needs any more.
        unchanged: How many files are as they should be.
        edited: Names of pages that somebody edited, which stay as they are.
        taken: Names that memo needs and somebody else's file has.
    """

    folder: Path
    written: Mapping[str, str]
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    edited: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()

    @property
    def is_behind(self) -> bool:
        """Whether the folder is not what the log says."""
        return bool(self.written or self.removed or self.edited or self.taken)

    def take(self) -> None:
        """Write and remove; if something cannot be written, nothing is.

        Raises:
            OutputError: A file cannot be written or removed.
        """
        files = {self.folder / name: text.encode() for name, text in self.written.items()}
        write_outputs(files, by_option=False)
        for name in self.removed:
            _remove(self.folder / name)


@dataclass(frozen=True)
class _Page:
    """A file of the folder that memo wrote once, and the decision that it is about, if one."""

    name: str
    text: str
    number: str | None
    recording: object

    @property
    def is_unchanged(self) -> bool:
        return is_unchanged(self.text)


def plan_step(
    entries: Sequence[LogEntry], folder: Path, *, memos: str | None = None, overwrite: bool = False
) -> Step:
    """Return what brings a folder in step with the log; nothing is written yet.

    Args:
        entries: Everything in the log, what is withdrawn included.
        folder: The folder; it need not be there.
        memos: Where memos and recordings lie, as seen from the folder, or an address.
        overwrite: Whether pages that somebody edited are replaced, too.

    Raises:
        OutputError: The folder is none, cannot be read or holds the decisions of another log.
    """
    there = _names_in(folder)
    pages = [page for name in there if (page := _read(folder / name))]
    _refuse_another_log(pages, entries, folder)
    shown = [entry for entry in entries if entry.withdrawn_at is None]
    wanted = _wanted(shown, _names(shown, pages, there), memos)
    return _compared(folder, wanted, pages, there, overwrite=overwrite)


def check_file(path: Path, text: str) -> None:
    """Make sure that a file may be written: that nothing else is lost that stands there.

    Args:
        path: Where the user wants a table or a calendar.
        text: What will stand there; another version of it begins alike.

    Raises:
        OutputError: Something else stands there, or it cannot be read.
    """
    shown = one_line(str(path))
    try:
        if not path.exists():
            return
        if not path.is_file():
            raise OutputError(f"{shown} is no plain file", hint="Name a file, or - for stdout.")
        with path.open("rb") as file:
            there = file.read(80).decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise OutputError(f"cannot read {shown}: {why}", hint="Name another file.") from error
    if there and _opening(there) != _opening(text):
        raise OutputError(
            f"{shown} holds something that memo did not write", hint="Name another file."
        )


def _opening(text: str) -> str:
    """Return what tells tables from calendars and both from anything else."""
    return plain(text)[:12] if not text.startswith("[") else "["


def _wanted(
    shown: Sequence[LogEntry], names: Mapping[str, str], memos: str | None
) -> dict[str, str]:
    """Return the content of every page, by name."""
    by_number = {entry.number: entry for entry in shown}
    index = names[INDEX]
    around = Around(by_number, names, memos, trees_of(shown))
    decisions = [entry for entry in shown if entry.kind is EntryKind.DECISION]
    return {
        index: render_index(shown, around),
        ACTIONS: render_actions(shown, around),
        QUESTIONS: render_questions(shown, around),
        **{names[entry.number]: render_decision(entry, around) for entry in decisions},
    }


def _compared(
    folder: Path,
    wanted: Mapping[str, str],
    pages: Iterable[_Page],
    there: Iterable[str],
    *,
    overwrite: bool,
) -> Step:
    ours = {page.name: page for page in pages}
    strangers = {name.casefold() for name in there} - {name.casefold() for name in ours}
    written, edited, taken, unchanged = {}, [], [], 0
    for name, text in wanted.items():
        page = ours.get(name)
        if page is None and name.casefold() in strangers:
            taken.append(name)
        elif page is None or page.is_unchanged or overwrite or _says(page.text, text):
            if page is None or plain(page.text) != text:
                written[name] = text
            else:
                unchanged += 1
        else:
            edited.append(name)
    spare = [page for name, page in sorted(ours.items()) if name not in wanted]
    removed = [page.name for page in spare if page.is_unchanged or overwrite]
    edited += [page.name for page in spare if page.name not in removed]
    return Step(folder, written, tuple(removed), unchanged, tuple(edited), tuple(taken))


def _says(text: str, wanted: str) -> bool:
    """Tell whether a text is the wanted one but for its checksum."""
    return unstamped(text) == unstamped(wanted)


# --- Names ------------------------------------------------------------------------------------


def _names(
    shown: Iterable[LogEntry], pages: Iterable[_Page], there: Iterable[str]
) -> dict[str, str]:
    """Return the name of the file in which each entry stands, by number, and that of the index.

    A decision keeps the name of the page that it has; of several the one that memo would give.
    """
    ours = {page.name for page in pages}
    held = {
        page.number: page.name
        for page in sorted(pages, key=lambda page: (_is_given(page), page.name), reverse=True)
    }
    used, names = {name.casefold() for name in there}, dict[str, str]()
    for entry in shown:
        if entry.kind is EntryKind.DECISION:
            held_name = held.get(entry.number)
            names[entry.number] = held_name or _free(file_name(entry), used)
        else:
            names[entry.number] = ACTIONS if entry.kind is EntryKind.ACTION else QUESTIONS
    strange = {name.casefold() for name in there if name not in ours}
    names[INDEX] = OTHER_INDEX if INDEX.casefold() in strange else INDEX
    return names


def _is_given(page: _Page) -> bool:
    """Tell whether a page has a name that a person gave it, and not one like memo's."""
    place = (page.number or "").partition("-")[2]
    return not page.name.startswith(f"{place}-")


def _free(name: str, used: set[str]) -> str:
    """Return the name, or one like it that no file has, whatever the case of its letters."""
    stem, free, count = name.removesuffix(".md"), name, 2
    while free.casefold() in used:
        free, count = f"{stem}-{count}.md", count + 1
    used.add(free.casefold())
    return free


# --- The folder -------------------------------------------------------------------------------


def _names_in(folder: Path) -> list[str]:
    """Return the names of what is in the folder, none if it is not there."""
    shown = one_line(str(folder))
    try:
        if folder.is_symlink():
            raise OutputError(
                f"{shown} is a link to another place", hint="Name the folder that it leads to."
            )
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except NotADirectoryError as error:
        raise OutputError(f"{shown} is no folder", hint="Name a folder, not a file.") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise OutputError(f"cannot read {shown}: {why}", hint="Name another folder.") from error


def _read(path: Path) -> _Page | None:
    """Return a page of memo's; None for anything else, which is not opened if it is no text."""
    if not path.name.endswith(".md"):
        return None
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            return None
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
    except OSError as error:
        raise OutputError(
            f"cannot read {one_line(str(path))}: {error.strerror}",
            hint="Allow yourself to read it, or name another folder.",
        ) from error
    facts = front_matter(text) or {}
    if path.name in _PAGES:
        return _Page(path.name, text, None, None) if not facts and is_stamped(text) else None
    number = facts.get("number")
    if isinstance(number, str) and _NUMBER.fullmatch(number) and _OURS & facts.keys():
        return _Page(path.name, text, number, facts.get("recording"))
    return None


def _refuse_another_log(pages: Iterable[_Page], entries: Iterable[LogEntry], folder: Path) -> None:
    """Refuse a folder whose decisions are others than the log's: nothing of it may be lost."""
    known = {entry.number: entry.recording.sha256 for entry in entries}
    for page in pages:
        if page.number and known.get(page.number) != (page.recording or known.get(page.number)):
            raise OutputError(
                f"{one_line(str(folder))} holds the decisions of another log:"
                f" {one_line(page.name)} is about a {page.number} that this log does not have",
                hint="Name another folder, or the other log with MEMO_DATABASE_URL.",
            )


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot remove {one_line(str(path))}: {error.strerror}",
            hint="Remove it yourself: its decision is withdrawn.",
        ) from error
