"""`memo doctor`: is everything in place?"""

from __future__ import annotations

import json

import click

from memo.app import examine
from memo.cli.invocation import Invocation
from memo.cli.output import printable, say
from memo.errors import ExitCode

_MARKS = {"ok": "ok  ", "warn": "note", "fail": "FAIL"}


@click.command(epilog="Example: memo doctor")
@click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout.")
@click.pass_context
def doctor(context: click.Context, /, as_json: bool) -> None:  # noqa: FBT001
    """Say whether everything is in place.

    Each thing that a conversion needs is tried for real. Leaves with the exit code of the first
    one that is not.
    """
    invocation: Invocation = context.obj
    checks = examine(invocation.settings())
    if as_json:
        say(json.dumps([check.model_dump(mode="json") for check in checks], indent=2))
    else:
        for check in checks:
            say(f"{_MARKS[check.state]}  {check.name:<16} {printable(check.detail)}")
            if check.hint:
                say(f"      {'':<16} → {printable(check.hint)}")
    failed = [check.exit_code for check in checks if check.state == "fail"]
    context.exit(failed[0] if failed else ExitCode.OK)
