"""`memo log edit`: change an entry in an editor or by options, or many from JSON."""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from memo.app import open_log
from memo.cli.invocation import Invocation
from memo.cli.log_changes import change_options, make, tell, who_says
from memo.cli.output import complain, note, printable
from memo.errors import ConfigError, DecisionLogError, EditConflict

if TYPE_CHECKING:
    from memo.decision_log.editing import Edit, Edited
    from memo.decision_log.log import DecisionLog
    from memo.remembered import LogEntry

_OF_AN_EDIT = ("number", "note", "expected", "taken_back")


@click.command(
    epilog="Examples:  memo log edit DEC-0002  ·  memo log edit ACT-3 --due 2026-04-01 --owner Bo"
    "  ·  memo log edit --from-json changes.jsonl --dry-run"
)
@click.argument("number", metavar="[NUMBER]", required=False)
@click.option("--statement", metavar="TEXT", help="What was decided, is to do, or was asked.")
@click.option("--why", metavar="TEXT", help="Why a decision was made.")
@click.option("--owner", metavar="NAME", help="Whose action it is; who a question waits for.")
@click.option("--due", metavar="DAY", help="When an action is due: 2026-03-31.")
@click.option("--status", metavar="STATE", help="accepted, done, answered, ...")
@click.option(
    "--set", "assigned", multiple=True, metavar="FIELD=VALUE", help="Any field; may be repeated."
)
@click.option(
    "--reset", "taken_back", multiple=True, metavar="FIELD", help="As memo found it, again."
)
@click.option(
    "--from-json",
    "source",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Many changes: a JSON array, or an object on each line; - is stdin.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@change_options
@click.pass_context
def edit(  # noqa: PLR0913 - an option each
    context: click.Context,
    /,
    *,
    number: str | None,
    assigned: tuple[str, ...],
    taken_back: tuple[str, ...],
    source: Path | None,
    dry_run: bool,
    note: str,
    who: str | None,
    as_json: bool,
    **given: str | None,
) -> None:
    """Change an entry of the log, in your editor or by options.

    An empty value, "", says that there is none. What memo found is kept beside, and converting
    the recording again keeps what you changed. With --from-json many are changed at once, all or
    none: each object has a `number`, and the fields of an entry that are to be different.
    """
    invocation: Invocation = context.obj
    options = any(value is not None for value in given.values()) or bool(assigned or taken_back)
    if source is not None:
        if number is not None or options:
            raise click.UsageError("--from-json says which entries, and what of them.")
        edits = list(_edits_in(_text_of(source), _name_of(source), note))
        make(invocation, edits, who=who, as_json=as_json, rehearse=dry_run)
        return
    if number is None:
        raise click.UsageError("Name an entry, or a file with --from-json.")
    if options:
        with open_log(invocation.settings()) as log:
            entry = log.entry(number)
        one = _edit_of(entry, given, assigned, taken_back, note)
        make(invocation, [one], who=who, as_json=as_json, rehearse=dry_run)
        return
    with open_log(invocation.settings()) as log:
        edited = _Editing(log, log.entry(number), who_says(who), note, rehearse=dry_run).run()
    tell([edited] if edited else [], as_json=as_json)


def _edit_of(
    entry: LogEntry,
    given: dict[str, str | None],
    assigned: tuple[str, ...],
    taken_back: tuple[str, ...],
    said: str,
) -> Edit:
    from memo.decision_log.editing import Edit
    from memo.pipeline.entry_form import changes_given

    changes = changes_given(entry.kind, given, assigned)
    return Edit(number=entry.number, changes=changes, taken_back=taken_back, note=said)


# --- In an editor -------------------------------------------------------------------------------


class _Editing:
    """One entry in somebody's editor, until it is right or they give up."""

    def __init__(
        self, log: DecisionLog, entry: LogEntry, who: str, said: str, *, rehearse: bool
    ) -> None:
        self._log = log
        self._entry = entry
        self._who = who
        self._said = said
        self._rehearse = rehearse
        self._command = _editor(entry.number)

    def run(self) -> Edited | None:
        """Return what was changed; None if nothing was."""
        from memo.pipeline.entry_form import render_form, with_complaint

        handle, name = tempfile.mkstemp(prefix=f"memo-{self._entry.number}-", suffix=".toml")
        os.close(handle)
        path = Path(name)
        path.write_text(render_form(self._entry, note=self._said), encoding="utf-8")
        while True:
            self._let_edit(path)
            text = _text_of(path)
            try:
                edited = self._take(text)
            except EditConflict as error:
                raise _kept(error, path) from error
            except DecisionLogError as error:
                complain(str(error), error.hint)
                if not _goes_on():
                    raise _kept(error, path) from error
                path.write_text(with_complaint(text, f"{error}"), encoding="utf-8")
                continue
            path.unlink(missing_ok=True)
            if edited is None:
                note(f"memo: {self._entry.number} is as it was")
            return edited

    def _let_edit(self, path: Path) -> None:
        try:
            done = subprocess.run([*self._command, str(path)], check=False)  # noqa: S603 - theirs
        except OSError as error:
            path.unlink(missing_ok=True)
            raise ConfigError(
                f"the editor {self._command[0]!r} cannot be run: {error.strerror}",
                hint="set EDITOR to one that is there: export EDITOR=nano",
            ) from error
        if done.returncode:
            raise DecisionLogError(
                f"the editor left with {done.returncode}, so nothing was changed",
                hint=f"your text is kept in {path}",
            )

    def _take(self, text: str) -> Edited | None:
        from memo.decision_log.editing import Edit, fields_in
        from memo.pipeline.entry_form import read_form

        changes, said = read_form(text, self._entry)
        if not changes:
            return None
        edit = Edit(
            number=self._entry.number, changes=changes, expected=fields_in(self._entry), note=said
        )
        now = dt.datetime.now(dt.UTC)
        return self._log.edit_all([edit], who=self._who, now=now, rehearse=self._rehearse)[0]


def _editor(number: str) -> list[str]:
    """Return the command of the user's editor.

    Raises:
        ConfigError: None is set, or there is no terminal to edit in.
    """
    by_options = f"or change it by options: memo log edit {number} --owner Marco"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("there is no terminal to edit in", hint=f"run it in one, {by_options}")
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise ConfigError(
            "no editor is set", hint=f"set one, like export EDITOR=nano, {by_options}"
        )
    return words


def _goes_on() -> bool:
    try:
        return click.confirm("Go on editing?", default=True, err=True)
    except click.Abort:
        return False


def _kept(error: DecisionLogError, path: Path) -> DecisionLogError:
    return type(error)(str(error), hint=f"your text is kept in {path}")


# --- From JSON ----------------------------------------------------------------------------------


def _text_of(source: Path) -> str:
    """Read a file, or stdin.

    Raises:
        DecisionLogError: It cannot be read, or is no UTF-8.
    """
    try:
        raw = sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise DecisionLogError(
            f"{_name_of(source)} cannot be read: {error.strerror}", hint="check its name"
        ) from error
    except UnicodeDecodeError as error:
        raise DecisionLogError(
            f"{_name_of(source)} is not UTF-8", hint="save it as UTF-8"
        ) from error


def _name_of(source: Path) -> str:
    return "stdin" if str(source) == "-" else printable(source)


def _edits_in(text: str, name: str, said: str) -> Iterator[Edit]:
    """Yield the edits that a JSON array, or JSON lines, hold."""
    if text.lstrip().startswith("["):
        elements = _json(text, name)
        parts = [(f"{name}, element {i}", one) for i, one in enumerate(elements, start=1)]
    else:
        parts = [
            (origin, _json(line, origin))
            for i, line in enumerate(text.splitlines(), start=1)
            if line.strip()
            for origin in (f"{name}, line {i}",)
        ]
    if not parts:
        _refuse(name, "holds no changes")
    for origin, one in parts:
        yield _edit_in(one, origin, said)


def _edit_in(one: object, origin: str, said: str) -> Edit:
    from pydantic import ValidationError

    from memo.decision_log.editing import Edit

    if not isinstance(one, dict):
        _refuse(origin, "is no object")
    if not isinstance(one.get("number"), str | int) or isinstance(one.get("number"), bool):
        _refuse(origin, "names no entry in `number`")
    about = {name: one[name] for name in _OF_AN_EDIT if name in one}
    changes = {name: value for name, value in one.items() if name not in _OF_AN_EDIT}
    try:
        return Edit.model_validate(
            {"note": said, **about, "number": str(one["number"]), "changes": changes}
            | {"origin": origin}
        )
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, wrong["loc"]))
        _refuse(origin, f"has a wrong {where}: {wrong['msg'].lower()}")


def _json(text: str, origin: str) -> Any:  # noqa: ANN401 (whatever somebody wrote)
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        told = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
        _refuse(origin, f"is no JSON: {told}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a field twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _refuse(origin: str, what: str) -> NoReturn:
    raise DecisionLogError(
        f"{origin} {what}; nothing was changed",
        hint='write each change like {"number": "ACT-0003", "owner": "Marco"}',
    )
