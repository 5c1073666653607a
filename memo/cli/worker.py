"""`memo worker`: work on what `memo watch` has taken in, on this machine or on another."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

import click

from memo.app.intake import Backlog, open_book, work_in_slot
from memo.cli.invocation import Invocation
from memo.cli.serving import Service, polite_signals, say_stopping, workers
from memo.cli.telling import Teller, log_through
from memo.cli.tidings import Tidings, begun_by
from memo.config import Settings
from memo.errors import ExitCode, MemoError
from memo.intake.slots import Tether

_log = logging.getLogger("memo.worker")


@click.command(epilog="Examples:  memo worker --slots 2  ·  memo worker --drain")
@click.option(
    "--slots", "worker_slots", type=click.IntRange(min=1), metavar="N",
    help="Recordings to work on at a time.",
)  # fmt: skip
@click.option(
    "--gpu/--no-gpu", default=None,
    help="Take what wants a graphics card, or not; by default if there is one.",
)  # fmt: skip
@click.option("--threads", type=int, metavar="N", help="Processor threads of each.")
@click.option("--drain", is_flag=True, help="Leave when nothing is left to do.")
@click.option(
    "--metrics", type=click.IntRange(0, 65535), metavar="PORT",
    help="Serve figures and a health check on this machine's own address.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="A JSON object per event on stdout.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but results and errors.")
@click.option("--slot", is_flag=True, hidden=True, help="Be one worker, tied to its parent.")
@click.pass_context
def worker(
    context: click.Context,
    /,
    gpu: bool | None,  # noqa: FBT001
    drain: bool,  # noqa: FBT001
    metrics: int | None,
    as_json: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
    slot: bool,  # noqa: FBT001
    **given: object,
) -> None:
    """Work on recordings that `memo watch` has taken in.

    Any machine may help that reaches the same database (database_url) and the same shelf. Each
    recording is worked on by one; if that one dies, another goes on with it. Ctrl-C, or SIGTERM,
    stops after what is just being done; once more stops at once.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings(given)
    teller = Teller(
        as_json=as_json or settings.log_format == "json",
        to_stdout=as_json,
        quiet=quiet or invocation.quiet,
    )
    log_through(teller, verbose=invocation.verbose)
    if slot:
        be_a_worker(settings, gpu)
    try:
        open_book(settings).close()
    except MemoError as error:
        if not error.retryable:  # no waiting would help
            raise
    options = [] if gpu is None else ["--gpu" if gpu else "--no-gpu"]
    slots = workers(invocation, settings, settings.worker_slots, teller, options=options)
    tidings = Tidings(
        lambda: open_book(settings), teller, timezone=settings.timezone, shelf=settings.shelf,
        concerns=begun_by(slots),
    )  # fmt: skip
    service = Service(settings, "worker", slots=slots, tidings=tidings, teller=teller, port=metrics)
    backlog = Backlog(settings)
    stop = threading.Event()
    with polite_signals(stop, lambda: say_stopping(teller, slots)):
        if drain:
            service.run(
                stop,
                finished=lambda: backlog.is_done(tidings.counts),
                has_work=lambda: not backlog.is_done(tidings.counts),
            )
        else:
            service.run(stop, lambda: False)
    context.exit((tidings.exit_code if drain else ExitCode.OK) or teller.exit_code)


def be_a_worker(settings: Settings, gpu: bool | None) -> None:  # noqa: FBT001
    """Work until the parent is gone, or says to stop; then leave the process.

    The process is left at once: what is deep in somebody else's code does not hold it up.
    """
    stop = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    tether = Tether(stop.set)
    code = 0
    try:
        work_in_slot(settings, stop, tether.beat, gpu=gpu)
    except MemoError as error:
        code = error.exit_code
        # What will pass by itself, the parent has noticed, too; it starts another worker.
        told = f"{error}; {error.hint}" if error.hint else str(error)
        _log.log(logging.INFO if error.retryable else logging.ERROR, "%s", told)
    except Exception:  # noqa: BLE001 - nothing else is above
        code = ExitCode.INTERNAL
        _log.exception("this is a bug in memo: a worker could not go on")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)
