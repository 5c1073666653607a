"""`memo config`: look at the settings."""

from __future__ import annotations

import json

import click

from memo.cli.invocation import Invocation
from memo.cli.output import note, printable, say
from memo.config import origins, shown, unknown_variables


@click.command(epilog="Example: memo config show --json")
@click.option("--json", "as_json", is_flag=True, help="A JSON object on stdout.")
@click.pass_context
def show(context: click.Context, /, as_json: bool) -> None:  # noqa: FBT001
    """Show each setting and where it came from.

    The command line comes before the environment (MEMO_ASR_MODEL), that before memo.toml, and
    that before the default. Keys of endpoints are no settings and are never shown.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings()
    values, sources = shown(settings), origins(settings)
    for name in unknown_variables():
        note(f"memo: warning: the variable {printable(name)} is not a setting")
    if as_json:
        both = {name: {"value": values[name], "origin": sources[name]} for name in values}
        say(json.dumps(both, indent=2))
        return
    width = max(map(len, values))
    for name, value in values.items():
        say(f"{name:<{width}} {printable(value) or '-':<40}  {printable(sources[name])}")
