"""`memo completion`: what makes a shell complete memo's words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from memo.cli.output import say

_WHERE = """Print a script that makes a shell complete memo's words.

\b
bash:  memo completion bash > ~/.local/share/bash-completion/completions/memo
zsh:   memo completion zsh > ~/.zfunc/_memo   (and fpath+=~/.zfunc before compinit)
fish:  memo completion fish > ~/.config/fish/completions/memo.fish
"""


@click.command(help=_WHERE, epilog="Example: memo completion fish")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, /, shell: str) -> None:
    """Print the script of a shell."""
    found = get_completion_class(shell)
    if found is None:  # click knows all three
        raise click.UsageError(f"click does not know the shell {shell}")
    say(found(context.find_root().command, {}, "memo", "_MEMO_COMPLETE").source())
