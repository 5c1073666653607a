"""`memo watch`: every recording in a folder becomes a memo."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import click

from memo.app import tools
from memo.app.intake import Backlog, open_book, shelf_of, watcher_of
from memo.cli.convert import convert
from memo.cli.invocation import Invocation
from memo.cli.output import printable
from memo.cli.serving import Service, polite_signals, say_stopping, workers
from memo.cli.standing import say_standing
from memo.cli.telling import Event, Teller, log_through
from memo.cli.tidings import Tidings, under
from memo.cli.watching import Watching
from memo.config import remote_host
from memo.errors import ExitCode
from memo.ports import silent

_AS_CONVERT = frozenset(
    {
        "out", "formats", "timezone", "attendees", "glossary", "language", "memo_language",
        "diarize", "asr_model", "llm", "llm_url", "llm_model", "prompts", "device", "threads",
        "offline", "no_log",
    }
)  # fmt: skip
_OF_THIS_RUN = ("poll", "transcripts", "once", "no_work", "metrics", "as_json", "quiet", "no_log")


@click.command(
    epilog="Examples:  memo watch ~/Recordings  ·  memo watch calls --done calls/done --out memos"
    "  ·  memo watch calls --once --quiet  ·  memo watch --status"
)
@click.argument("folders", nargs=-1, metavar="FOLDER...", type=click.Path(file_okay=False))
@click.option(
    "--done", "watch_done", type=click.Path(path_type=Path), metavar="DIR",
    help="Move recordings there when all is done.",
)  # fmt: skip
@click.option(
    "--settle", "watch_settle", type=float, metavar="SECONDS",
    help="How long a file must not change before it is taken.",
)  # fmt: skip
@click.option(
    "--rescan", "watch_rescan", type=float, metavar="SECONDS",
    help="Look through the folders so often in any case.",
)  # fmt: skip
@click.option("--poll", is_flag=True, help="Rely on looking alone: for network drives.")
@click.option("--transcripts", is_flag=True, help="Take transcripts, too: vtt, srt, docx, txt.")
@click.option("--once", is_flag=True, help="Do everything that is ready, and leave: for cron.")
@click.option(
    "--slots", "worker_slots", type=click.IntRange(min=1), metavar="N",
    help="Recordings to work on at a time.",
)  # fmt: skip
@click.option("--no-work", is_flag=True, help="Only take files in; others work on them.")
@click.option(
    "--metrics", type=click.IntRange(0, 65535), metavar="PORT",
    help="Serve figures and a health check on this machine's own address.",
)  # fmt: skip
@click.option("--status", is_flag=True, help="Say how watchers and workers are, and leave.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object per event on stdout.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but results and errors.")
@click.pass_context
def watch(context: click.Context, /, folders: tuple[str, ...], status: bool, **how: Any) -> None:  # noqa: ANN401, FBT001
    """Turn every recording in a folder into a memo.

    The folders inside it count, too. A file is taken when it is whole: when nobody writes it any
    more. What becomes of it is told here, in `memo jobs`, and beside it in NAME.error.txt if it
    failed. The same recording twice is one piece of work. This may be stopped, or killed, at any
    time, and started again.
    """
    invocation: Invocation = context.obj
    if status and folders:
        raise click.UsageError("--status tells of every watcher: name no folders")
    if status:
        context.exit(say_standing(invocation.settings(), as_json=how["as_json"]))
    if not all(folders) or not folders:  # an empty name would mean the current folder
        raise click.UsageError("name a folder to watch")
    context.exit(_Run(invocation, folders, how).go())


watch.params[1:1] = [option for option in convert.params if option.name in _AS_CONVERT]


class _Run:
    """One run of `memo watch`."""

    def __init__(
        self, invocation: Invocation, folders: tuple[str, ...], how: dict[str, Any]
    ) -> None:
        self._how = {name: how.pop(name) for name in _OF_THIS_RUN}
        self._settings = settings = invocation.settings(how)
        self._teller = Teller(
            as_json=self._how["as_json"] or settings.log_format == "json",
            to_stdout=self._how["as_json"],
            quiet=self._how["quiet"] or invocation.quiet,
        )
        log_through(self._teller, verbose=invocation.verbose)
        tools(settings, silent)  # whatever is wrong with the settings comes out now
        for option, folder in (("--out", settings.out), ("--done", settings.watch_done)):
            if folder is not None and os.path.isfile(folder):  # noqa: PTH113
                raise click.UsageError(f"{option}: {printable(folder)} is a file, and no folder")
        shelf = shelf_of(settings)
        self._folders = [shelf.named(folder) for folder in folders]
        count = 0 if self._how["no_work"] else settings.worker_slots
        self._slots = workers(invocation, settings, count, self._teller, options=[])
        self._tidings = Tidings(
            lambda: open_book(settings),
            self._teller,
            timezone=settings.timezone,
            shelf=settings.shelf,
            concerns=under([shelf.place_of(folder) for folder in self._folders]),
        )

    def go(self) -> int:
        """Watch until somebody stops it, or all is done; return the exit code."""
        settings, teller, once = self._settings, self._teller, self._how["once"]
        watching = Watching(
            lambda: open_book(settings),
            lambda book: watcher_of(
                settings,
                self._folders,
                book,
                poll=self._how["poll"],
                transcripts=self._how["transcripts"],
                logs=not self._how["no_log"],
            ),
            teller,
            once=once,
        )
        names = [printable(folder) for folder in self._folders]
        service = Service(
            settings,
            "watch",
            slots=self._slots,
            tidings=self._tidings,
            teller=teller,
            view=watching.view,
            folders=names,
            port=self._how["metrics"],
        )
        self._greet(names)
        stop = threading.Event()
        with polite_signals(stop, lambda: say_stopping(teller, self._slots)):
            self._tidings.look()  # what is new is what comes from now on
            watching.start(stop)
            if once:
                self._once(service, stop, watching)
            else:
                service.run(stop, lambda: False)
            stop.set()
            watching.end()
        ended = self._tidings.exit_code if once else ExitCode.OK
        return int(watching.exit_code or ended or teller.exit_code)

    def _once(self, service: Service, stop: threading.Event, watching: Watching) -> None:
        """Go on until all that was there is done, or can only be done later."""
        backlog = Backlog(self._settings)

        def has_work() -> bool:
            is_done = self._how["no_work"] or backlog.is_done(self._tidings.counts)
            return watching.is_done and not is_done

        def finished() -> bool:
            if not watching.is_done:
                return False
            self._tidings.look()  # what was counted before may be less than has been taken in
            return not has_work()

        service.run(stop, finished, has_work)

    def _greet(self, names: list[str]) -> None:
        if host := remote_host(self._settings):
            told = f"the language model is not on this machine: what was said goes to {host}"
            self._teller.tell(Event("remote", [f"memo: {told}"], about={"host": host}))
        lines = [] if self._how["once"] else [f"watching {', '.join(names)}; Ctrl-C stops"]
        self._teller.tell(Event("watching", lines, about={"folders": names}))
