"""`memo models`: speech and language models, fetched, checked and deleted."""

from __future__ import annotations

import json

import click

from memo.app import chosen_models, weights
from memo.cli.invocation import Invocation
from memo.cli.output import note, printable, say, size
from memo.cli.progress import progress
from memo.ports import silent


@click.command("list", epilog="Example: memo models list --json")
@click.option("--json", "as_json", is_flag=True, help="A JSON array on stdout.")
@click.pass_context
def list_models(context: click.Context, /, as_json: bool) -> None:  # noqa: FBT001
    """Say which models there are, and which are here.

    The models that the settings ask for are marked with a star.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings()
    models = weights(settings, silent).status()
    if as_json:
        say(json.dumps([model.model_dump(mode="json") for model in models], indent=2))
        return
    chosen = chosen_models(settings)
    for model in models:
        mark = "*" if {model.name, *model.aliases} & set(chosen) else " "
        there = "here" if model.present else "-"
        heavy = size(model.bytes) if model.bytes else "?"
        say(f"{mark} {model.name:<20} {model.kind:<4} {there:<5} {heavy:>7}  {model.note}")


@click.command(epilog="Examples:  memo models pull  ·  memo models pull small")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--offline", is_flag=True, default=None, help="Only say whether they are here.")
@click.pass_context
def pull(context: click.Context, /, names: tuple[str, ...], offline: bool | None) -> None:  # noqa: FBT001
    """Fetch models: those named, else those that the settings ask for.

    A fetch that was stopped goes on where it was. Every file is checked against its checksum.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings({"offline": offline})
    with progress(quiet=invocation.quiet) as drawn:
        store = weights(settings, drawn)
        if names:
            paths = [store.pull(name) for name in names]
        else:
            kinds = ("asr", "llm")[: len(chosen_models(settings))]
            wanted = zip(chosen_models(settings), kinds, strict=True)
            paths = [store.path(name, kind) for name, kind in wanted]  # type: ignore[arg-type]
    for path in paths:
        say(printable(path))


@click.command(epilog="Example: memo models remove tiny.en")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_context
def remove(context: click.Context, /, names: tuple[str, ...]) -> None:
    """Delete fetched models."""
    invocation: Invocation = context.obj
    store = weights(invocation.settings(), silent)
    for name in names:
        there = store.remove(name)
        say(f"{printable(name)}: {'deleted' if there else 'was not here'}")


@click.command(epilog="Example: memo models verify base")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.pass_context
def verify(context: click.Context, /, names: tuple[str, ...]) -> None:
    """Check fetched models against their checksums: those named, else all that are here.

    A damaged model is deleted, so that it is fetched again.
    """
    invocation: Invocation = context.obj
    store = weights(invocation.settings(), silent)
    chosen = names or tuple(model.name for model in store.status() if model.present)
    if not chosen:
        note("memo: no model is here yet; `memo models pull` fetches those that are needed")
    for name in chosen:
        store.verify(name)
        say(f"{printable(name)}: as it should be")
