"""`memo log confirm`, `done` and their like: one word for each change that people make most."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from memo.app import open_log
from memo.cli.invocation import Invocation, account
from memo.cli.output import printable, say
from memo.errors import DecisionLogError
from memo.remembered import EntryKind, EntryState, Link, LinkStanding, LogEntry, Relation

if TYPE_CHECKING:
    from memo.decision_log.editing import Edit, Edited

Function = TypeVar("Function", bound=Callable[..., Any])


def who_says(given: str | None) -> str:
    """Return who makes a change: who is named, or who is logged in."""
    if given and given.strip():
        return given.strip().encode("utf-8", "replace").decode()
    return account() or "somebody"


def change_options(function: Function) -> Function:
    """Add what every command that changes the log understands."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout."),
        click.option(
            "--who", metavar="NAME", help="Who says so, if not the user that is logged in."
        ),
        click.option("--note", default="", metavar="TEXT", help="Why, for the history."),
    ):
        function = option(function)
    return function


def make(
    invocation: Invocation,
    edits: Iterable[Edit],
    *,
    who: str | None,
    as_json: bool,
    rehearse: bool = False,
) -> None:
    """Make edits, all or none, and tell what they changed."""
    now = dt.datetime.now(dt.UTC)
    with open_log(invocation.settings()) as log:
        done = log.edit_all(edits, who=who_says(who), now=now, rehearse=rehearse)
    tell(done, as_json=as_json)


def tell(done: Iterable[Edited], *, as_json: bool) -> None:
    """Say what edits changed, a line for each field."""
    if as_json:
        say(json.dumps([as_object(one) for one in done], indent=2))
        return
    for one in done:
        for line in lines_of(one):
            say(line)


def as_object(edited: Edited) -> dict[str, Any]:
    """Return what an edit changed as JSON has it."""
    return {"number": edited.entry.number, **edited.model_dump(mode="json")}


def lines_of(edited: Edited) -> Iterator[str]:
    """Yield what an edit changed in words."""
    number = edited.entry.number
    for change in edited.changes:
        before, after = shown(change.before), shown(change.after)
        yield f"{number}  {change.field}: {before} → {after}"
    if not edited.changes:
        yield f"{number}  is {edited.entry.state}; nothing else is different now"


def shown(value: object) -> str:
    """Return a field's value in words."""
    if value is None or value in ("", []):
        return "nothing"
    return printable("; ".join(map(str, value)) if isinstance(value, list | tuple) else value)


def meant(kind: EntryKind, number: str) -> str:
    """Return a number with its prefix, where the command tells what a bare one means."""
    return f"{kind.prefix}-{number.strip()}" if number.strip().isdecimal() else number


def _state_command(kind: EntryKind, state: EntryState, what: str, example: str) -> click.Command:
    """Return the command that sets the state of entries."""

    @click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
    @change_options
    @click.pass_context
    def command(
        context: click.Context,
        /,
        numbers: tuple[str, ...],
        note: str,
        who: str | None,
        as_json: bool,  # noqa: FBT001
    ) -> None:
        from memo.decision_log.editing import Edit

        changes = {"state": state.value}
        edits = [Edit(number=meant(kind, one), changes=changes, note=note) for one in numbers]
        make(context.obj, edits, who=who, as_json=as_json)

    return click.command(help=what, epilog=f"Example: memo log {example}")(command)


confirm = _state_command(
    EntryKind.DECISION,
    EntryState.ACCEPTED,
    """Vouch for decisions: they are accepted.

    Of a decision that memo was not sure of, this says that it was made.""",
    "confirm DEC-0002 DEC-0003",
)
reject = _state_command(
    EntryKind.DECISION,
    EntryState.REJECTED,
    """Say that decisions were not made, or do not hold.

    What such a decision had replaced is in force again.""",
    "reject DEC-0002 --note 'it was a joke'",
)
done = _state_command(
    EntryKind.ACTION,
    EntryState.DONE,
    "Say that actions are done.",
    "done ACT-0003 ACT-0004",
)
drop = _state_command(
    EntryKind.ACTION,
    EntryState.DROPPED,
    """Put actions or questions aside.

    Nobody will see to them.""",
    "drop ACT-0003 QUE-0001 --note 'the customer left'",
)
reopen = _state_command(
    EntryKind.ACTION,
    EntryState.OPEN,
    """Open actions or questions again.

    What had closed them is told in their history, but counts no more.""",
    "reopen ACT-0003 QUE-0001",
)


@click.command(epilog="Example: memo log reassign ACT-0003 --to Marco")
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@click.option("--to", "owner", required=True, metavar="NAME", help='Whose they are now; "" nobody.')
@change_options
@click.pass_context
def reassign(
    context: click.Context,
    /,
    numbers: tuple[str, ...],
    owner: str,
    note: str,
    who: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Give actions, or questions that wait for somebody, to somebody else."""
    from memo.decision_log.editing import Edit

    edits = [
        Edit(number=meant(EntryKind.ACTION, one), changes={"owner": owner}, note=note)
        for one in numbers
    ]
    make(context.obj, edits, who=who, as_json=as_json)


@click.command(
    epilog='Examples:  memo log answer QUE-0002 "User is Wouter"  ·  '
    "memo log answer QUE-0002 --by DEC-0007"
)
@click.argument("number", metavar="NUMBER")
@click.argument("text", metavar="[TEXT]", required=False)
@click.option("--by", "source", metavar="NUMBER", help="The decision or action that answers it.")
@change_options
@click.pass_context
def answer(
    context: click.Context,
    /,
    number: str,
    text: str | None,
    source: str | None,
    note: str,
    who: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Answer an open question: in words, by a decision, or both."""
    from memo.decision_log.editing import Edit

    if not (text and text.strip()) and source is None:
        raise click.UsageError("Say the answer, or name the decision that is one with --by.")
    invocation: Invocation = context.obj
    with open_log(invocation.settings()) as log:
        question = log.entry(meant(EntryKind.QUESTION, number))
        links: tuple[Link, ...] = ()
        if source is not None:
            _check(question, (EntryKind.QUESTION,), "is no question")
            by = log.entry(source).number
            links = (_link(by, question.number, Relation.ANSWERS, who_says(who)),)
    changes = {"state": EntryState.ANSWERED.value} | ({"answer": text} if text else {})
    edit = Edit(number=question.number, changes=changes, links=links, note=note)
    make(invocation, [edit], who=who, as_json=as_json)


@click.command(
    epilog="Examples:  memo log supersede DEC-0003 --by DEC-0009  ·  "
    "memo log supersede DEC-0003 --by DEC-0009 --undo"
)
@click.argument("number", metavar="NUMBER")
@click.option("--by", "source", required=True, metavar="NUMBER", help="The newer decision.")
@click.option("--amends", is_flag=True, help="It only changes the older one in part.")
@click.option("--undo", is_flag=True, help="It does not; the older one is in force again.")
@change_options
@click.pass_context
def supersede(
    context: click.Context,
    /,
    number: str,
    source: str,
    amends: bool,  # noqa: FBT001
    undo: bool,  # noqa: FBT001
    note: str,
    who: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Say that a newer decision takes the place of an older one.

    The newer one reverses it, or amends it with --amends. With --undo, what one entry does to the
    other, whatever it is, is no longer believed.
    """
    if amends and undo:
        raise click.UsageError("--amends and --undo do not go together.")
    invocation: Invocation = context.obj
    relation = Relation.AMENDS if amends else Relation.REVERSES
    with open_log(invocation.settings()) as log:
        newer, older = log.entry(source), log.entry(number)
        if undo:
            link = _undone(newer, older, who_says(who))
        else:
            for entry in (newer, older):
                _check(entry, (EntryKind.DECISION,), "is no decision")
            _check_order(newer, older)
            link = _link(newer.number, older.number, relation, who_says(who))
        changed = log.link(link, note=note)
        is_now = log.entry(older.number)
    if as_json:
        told = {"link": link, "entry": is_now}
        parts = {name: value.model_dump(mode="json") for name, value in told.items()}
        say(json.dumps([{"number": older.number, "changed": changed, **parts}], indent=2))
        return
    said = f"{newer.number} {link.relation} it" if not undo else f"{newer.number} leaves it alone"
    say(f"{older.number}  is {is_now.state}: {said}{'' if changed else ', as was known'}")


def _link(source: str, target: str, relation: Relation, who: str) -> Link:
    return Link(
        source=source,
        target=target,
        relation=relation,
        standing=LinkStanding.SURE,
        made_by=who,
        made_at=dt.datetime.now(dt.UTC),
    )


def _undone(newer: LogEntry, older: LogEntry, who: str) -> Link:
    """Return the link between two entries, no longer believed."""
    judged = {
        "standing": LinkStanding.REFUSED,
        "made_by": who,
        "made_at": dt.datetime.now(dt.UTC),
    }
    for link in older.links:
        if (link.source, link.target) == (newer.number, older.number):
            return link.model_copy(update=judged)
    raise DecisionLogError(
        f"{newer.number} does nothing to {older.number}",
        hint=f"look at what is linked with `memo log show {older.number}`",
    )


def _check(entry: LogEntry, kinds: tuple[EntryKind, ...], what: str) -> None:
    if entry.kind not in kinds:
        raise DecisionLogError(
            f"{entry.number} {what}",
            hint=f"name one whose number begins with {' or '.join(k.prefix for k in kinds)}",
        )


def _check_order(newer: LogEntry, older: LogEntry) -> None:
    """Refuse a circle: each of two decisions would have taken the other's place."""
    for link in newer.links:
        turned = (link.source, link.target) == (older.number, newer.number)
        if turned and link.standing is LinkStanding.SURE and link.relation.leaves:
            raise DecisionLogError(
                f"{older.number} {link.relation} {newer.number}, so it cannot be the older one",
                hint=f"take that back first: memo log supersede {newer.number} "
                f"--by {older.number} --undo",
            )
