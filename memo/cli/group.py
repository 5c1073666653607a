"""Groups whose commands are imported when they are called, and the one place where errors end."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from memo.cli.failures import report
from memo.cli.invocation import hold_standard_streams
from memo.cli.output import complain, leave_stdout
from memo.errors import ExitCode

Where = str | click.Command


class LazyGroup(click.Group):
    """A group that knows its commands' help, and imports a command only to run it.

    Args:
        name: Its own name.
        commands: By name, where a command is (`package.module:attribute`) and its short help.
        settings: Whatever else `click.Group` takes.
    """

    def __init__(
        self,
        name: str | None = None,
        commands: Any = None,  # noqa: ANN401
        **settings: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(name, **settings)
        self._where: Mapping[str, tuple[Where, str]] = commands or {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order in which they were given."""
        return list(self._where)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, importing it."""
        if cmd_name not in self._where:
            return None
        where = self._where[cmd_name][0]
        if isinstance(where, click.Command):
            return where
        module, _, attribute = where.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._where.items()])


class GroupWithDefault(LazyGroup):
    """A group that may be called without the name of its first command: on a file, mostly."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the first command's name before words that begin with an option of its own."""
        own = {name for option in self.get_params(ctx) for name in option.opts}
        if args and args[0].startswith("-") and args[0] not in own:
            args = [self._first(), *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called; the first one where none is named."""
        if args and args[0] not in self._where:
            args = [self._first(), *args]
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer files beside the commands."""
        return [*super().shell_complete(ctx, incomplete), CompletionItem(incomplete, type="file")]

    def _first(self) -> str:
        return next(iter(self._where))


class MemoGroup(LazyGroup):
    """The `memo` command itself: every error of any command ends here, in one line."""

    def main(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - click's signature
        """Run the command line."""
        hold_standard_streams()
        return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run a command, and leave with the exit code of what went wrong."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            complain("interrupted", "Finished work is kept: run the same command to go on.")
            _exit_at_once(ExitCode.INTERRUPTED)
        except BrokenPipeError:
            leave_stdout()
        except Exception as error:  # noqa: BLE001 - nothing else is above
            ctx.exit(report(error))


def _exit_at_once(code: ExitCode) -> NoReturn:
    """Leave without waiting for threads that are deep in somebody else's code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream:
                stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(code)
