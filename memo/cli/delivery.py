"""`memo catchup --send`, `--outbox`, `--schedule`: where a digest goes, and when."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click
import platformdirs

from memo.cli.invocation import Invocation
from memo.cli.output import note, printable, say
from memo.config import Settings, unknown_variables
from memo.errors import OutputError
from memo.keys import key_of

if TYPE_CHECKING:
    from memo.delivery import Accounts, Destination, Letter, Message, Outbox, Outcome

Command = TypeVar("Command", bound=Callable[..., Any])

_SECRETS = ("MEMO_SMTP_PASSWORD", "MEMO_WEBHOOK_URL")


def delivery_options(command: Command) -> Command:
    """Add `--send`, `--outbox`, `--schedule` and `--offline` to a command.

    Their values arrive as `send` (a tuple), `outbox`, `schedule` (None if not given) and `offline`
    (None if not given).
    """
    for option in reversed(
        (
            click.option(
                "--send",
                multiple=True,
                metavar="DEST",
                help="Send it: file:PATH, mailto:anna@example.org, webhook, or its https address; "
                "may be repeated.",
            ),
            click.option(
                "--outbox",
                type=click.Choice(["list", "retry", "discard"]),
                is_flag=False,
                flag_value="list",
                help="List what could not be sent yet; `retry` sends it, also what was refused; "
                "`discard` deletes what was refused.",
            ),
            click.option(
                "--schedule",
                metavar="WHEN",
                help='Print lines for cron and systemd that do this, e.g. "weekdays 08:30".',
            ),
            click.option(
                "--offline", is_flag=True, default=None, help="Open no connection to the network."
            ),
        )
    ):
        command = option(command)
    return command


class Post:
    """Where the digest of this run goes. Made before the digest, so that a mistake costs nothing.

    Args:
        settings: The settings.
        words: What `--send` says.
        quiet: Whether to say nothing but errors.

    Raises:
        ConfigError: It is no place, a setting is missing, or `offline` forbids it.
    """

    def __init__(self, settings: Settings, words: Sequence[str], *, quiet: bool = False) -> None:
        from memo.delivery import check, destinations

        self.places: tuple[Destination, ...] = destinations(words)
        self._settings = settings
        self._quiet = quiet
        check(self.places, accounts(settings, self.places), offline=settings.offline)

    def put(self, message: Message, *, now: dt.datetime) -> None:
        """Put a digest where it is not lost any more; it is not sent yet.

        Its day, in names of files and in e-mail, is that of the settings' time zone.

        Raises:
            OutputError: It cannot be written.
        """
        here = now.astimezone(ZoneInfo(self._settings.timezone))
        outbox_of(self._settings).put(message, self.places, now=here)

    def send(self) -> None:
        """Send what waits, the oldest first, and say on stderr what became of it.

        Raises:
            OutputError: Something could not be sent; it waits for the next run.
        """
        _report(_sent(self._settings, failed_too=False, quiet=self._quiet), quiet=self._quiet)


def outbox_of(settings: Settings) -> Outbox:
    """Return the digests that wait to be delivered."""
    from memo.delivery import Outbox

    return Outbox(settings.data_dir / "outbox")


def accounts(
    settings: Settings,
    places: Sequence[Destination],
    environ: Mapping[str, str] = os.environ,
) -> Accounts:
    """Return what digests are sent with to some places.

    Passwords come from the environment, else from the keyring, which is asked for the mail
    server's host, and for `webhook`, if one of the places needs it.

    Raises:
        ConfigError: The keyring refused.
    """
    from memo.delivery import Accounts, read_mail_server

    mails = any(place.kind == "mail" for place in places)
    hooks = any(place.kind == "webhook" and not place.to for place in places)
    server = read_mail_server(settings.smtp_url) if settings.smtp_url else None
    if server and server.user:
        password = key_of(server.host, "MEMO_SMTP_PASSWORD", environ, ask_keyring=mails)
        server = dataclasses.replace(server, password=password)
    return Accounts(
        mail=server,
        sender=settings.mail_from or _address_of(server.user if server else None),
        webhook=key_of("webhook", "MEMO_WEBHOOK_URL", environ, ask_keyring=hooks),
        webhook_format=settings.webhook_format,
    )


def _address_of(user: str | None) -> str | None:
    from memo.delivery import mail_address

    try:
        return mail_address(user) if user else None
    except ValueError:
        return None


# --- The outbox ---------------------------------------------------------------------------------


def show_outbox(settings: Settings, action: str, *, quiet: bool = False) -> None:
    """Do what `--outbox` says: list what waits, try it again, or delete what was refused.

    Raises:
        OutputError: It cannot be read, or something could still not be sent.
    """
    outbox = outbox_of(settings)
    if action == "retry":
        _report(_sent(settings, failed_too=True, quiet=quiet), quiet=quiet)
        return
    if action == "discard":
        for letter in outbox.discard_failed():
            say(f"deleted: {_headed(letter)}")
        return
    for letter in outbox.waiting():
        say(_listed(letter, settings))
    for path in outbox.unreadable():
        note(f"memo: warning: {printable(path)} cannot be read, and is not sent")


def mention_waiting(settings: Settings) -> None:
    """Say on stderr how many digests wait to be sent, if any do: a schedule fails unseen."""
    waiting = outbox_of(settings).waiting()
    if waiting:
        count = "1 digest waits" if len(waiting) == 1 else f"{len(waiting)} digests wait"
        note(f"memo: note: {count} to be sent: memo catchup --outbox")


def _listed(letter: Letter, settings: Settings) -> str:
    zone = ZoneInfo(settings.timezone)
    since = f"{letter.queued_at.astimezone(zone):%Y-%m-%d %H:%M}"
    times = "1 time" if letter.tries == 1 else f"{letter.tries} times"
    state = "failed " if letter.failed else "waiting"
    why = f": {printable(letter.reason)}" if letter.reason else ""
    return f"{since}  {state}  {_headed(letter)}  tried {times}{why}"


def _headed(letter: Letter) -> str:
    return f"{printable(letter.label)}  “{printable(letter.message.subject)}”"


def _sent(settings: Settings, *, failed_too: bool, quiet: bool) -> tuple[Outcome, ...]:
    from memo.delivery import send

    outbox = outbox_of(settings)
    places = [letter.to for letter in outbox.waiting()]
    return send(
        outbox,
        accounts(settings, places),
        now=lambda: dt.datetime.now(dt.UTC),
        offline=settings.offline,
        failed_too=failed_too,
        told=lambda text: None if quiet else note(f"memo: note: {printable(text)}"),
    )


def _report(outcomes: Sequence[Outcome], *, quiet: bool) -> None:
    """Say what became of each letter; fail if one did not arrive.

    Raises:
        OutputError: One did not.
    """
    left = [outcome for outcome in outcomes if outcome.state in {"waiting", "failed"}]
    for outcome in outcomes:
        if not quiet and outcome.state == "sent":
            note(f"memo: sent to {printable(outcome.letter.label)}")
        if not quiet and outcome.state == "again":
            where = printable(outcome.letter.label)
            note(f"memo: the same digest was sent to {where} a moment ago: not sent again")
    if not left:
        return
    for outcome in left[1:]:
        note(f"memo: error: {_failure(outcome)}")
    refused = any(outcome.state == "failed" for outcome in left)
    hint = "It waits: the next --send tries it again; `memo catchup --outbox` lists what waits."
    if refused:
        hint = "It is kept: put it right, then `memo catchup --outbox retry`, or `discard`."
    raise OutputError(_failure(left[0]), hint=hint)


def _failure(outcome: Outcome) -> str:
    label = printable(outcome.letter.label)
    return f"the digest was not sent to {label}: {printable(outcome.reason or 'no reason')}"


# --- The schedule -------------------------------------------------------------------------------


def show_schedule(context: click.Context, settings: Settings, *, name: str | None = None) -> None:
    """Print what runs this command, as it was called, on the schedule that `--schedule` says.

    Args:
        context: The command's own, parsed.
        settings: The settings.
        name: Whom the digest is for; part of the units' names.

    Raises:
        ConfigError: It is no schedule, or no crontab can hold one of the words.
    """
    from memo.delivery import read_schedule, schedule_lines

    invocation: Invocation = context.obj
    zone = settings.timezone
    schedule = read_schedule(str(context.params["schedule"]), zone)
    words = [*_program(), *_settings_file(invocation), "--quiet", "catchup", *_words(context)]
    plain = re.sub(r"[^a-z0-9]+", "-", (name or "").lower()).strip("-")[:40]
    folder = platformdirs.user_config_path("memo", appauthor=False)
    say(
        schedule_lines(
            schedule,
            words,
            name=f"memo-catchup-{plain}" if plain else "memo-catchup",
            environment_file=folder / "environment",
            units=Path("~/.config/systemd/user"),
            same_zone=zone == _machine_zone(),
        )
    )
    if not invocation.quiet:
        _warn(context, settings)


def _warn(context: click.Context, settings: Settings) -> None:
    """Say what the schedule will not know, what leaves the machine, and what is told too many."""
    known = {f"MEMO_{name}".upper() for name in Settings.model_fields} | set(_SECRETS)
    here = sorted(name for name in os.environ if name in known)
    if here:
        names = ", ".join(here)
        note(f"memo: note: only this shell knows {names}: put them where the lines say")
    for name in unknown_variables():
        note(f"memo: warning: the variable {printable(name)} is not a setting")
    _warn_of_places(context, settings)
    if any(word.lower().startswith("http") for word in context.params.get("send") or ()):
        note(
            "memo: warning: these lines hold the address of a webhook, which is a secret: put it "
            "in MEMO_WEBHOOK_URL, and write --send webhook"
        )
    if not context.params.get("send"):
        note("memo: note: nothing is sent without --send: the digest is cron's to mail, or lost")


def _warn_of_places(context: click.Context, settings: Settings) -> None:
    from memo.delivery import check, destinations, remote_host
    from memo.errors import ConfigError

    places = destinations(context.params.get("send") or ())
    known = accounts(settings, places)
    hosts = (remote_host(place, known) for place in places)
    for host in dict.fromkeys(host for host in hosts if host):
        note(f"memo: note: digests will leave this machine, to {printable(host)}")
    try:
        check(places, known, offline=settings.offline)
    except ConfigError as error:
        note(f"memo: warning: from here they could not be sent: {printable(error)}")


def _program() -> list[str]:
    """Return the words that call this memo from anywhere."""
    called = Path(sys.argv[0])
    if called.name in {"memo", "memo.exe"} and called.is_file():
        return [str(called.absolute())]
    found = shutil.which("memo")
    return [found] if found else [sys.executable, "-m", "memo"]


def _settings_file(invocation: Invocation) -> list[str]:
    """Return the settings file that counts here: a schedule runs in another folder."""
    from memo.config import FILE_NAME

    file = invocation.config or Path(FILE_NAME)
    there = invocation.config is not None or file.is_file()
    return ["--config", str(file.expanduser().absolute())] if there else []


def _words(context: click.Context) -> list[str]:
    """Return the options that were given, but for the schedule; paths from the root on."""
    from memo.delivery import destinations

    words: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name in {"schedule", "outbox"} or source is not click.core.ParameterSource.COMMANDLINE:
            continue
        value = context.params[name]
        if name == "send":
            value = [place.word for place in destinations(value)]
        if isinstance(parameter, click.Option):
            words += _option(parameter, value)
        else:
            words += [_word(one) for one in (value if isinstance(value, tuple) else (value,))]
    return words


def _option(option: click.Option, value: object) -> list[str]:
    long = max(option.opts, key=len)
    if option.is_flag and isinstance(value, bool):
        off = max(option.secondary_opts, key=len, default="")
        return [long if value else off]
    values = value if isinstance(value, list | tuple) else [value]
    return [f"{long}={_word(one)}" for one in values]


def _word(value: object) -> str:
    if isinstance(value, Path):
        return str(value.expanduser().absolute())
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else str(value)


def _machine_zone() -> str:
    field = Settings.model_fields["timezone"]
    return str(field.get_default(call_default_factory=True))
