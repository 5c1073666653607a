"""Where a digest can go: `file:PATH`, `mailto:anna@example.org`, `webhook`, `https://…`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from memo.delivery.accounts import Accounts
from memo.delivery.hosts import is_loopback
from memo.delivery.patience import cleaned
from memo.errors import ConfigError
from memo.model import Value

_FORMS = "Write file:PATH, mailto:anna@example.org, webhook, or the https address of a webhook."
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_ADDRESS = re.compile(rf"(?a:{_ATOM}(?:\.{_ATOM})*)@([\w-]{{1,63}}(?:\.[\w-]{{1,63}})*)")


class Destination(Value):
    """A place that digests are sent to.

    `to` is an absolute path, an e-mail address, or a webhook's address: a secret, kept only in the
    outbox, never printed. It is empty for the webhook of the settings, looked up when it is sent.
    """

    kind: Literal["file", "mail", "webhook"]
    to: str

    @property
    def label(self) -> str:
        """What may be shown of it: of a webhook's address the host alone."""
        if self.kind == "webhook":
            return f"the webhook at {_host(self.to)}" if self.to else "the webhook"
        return cleaned(self.to)

    @property
    def word(self) -> str:
        """As it is written behind `--send`, from any folder; it may hold a webhook's address."""
        if self.kind == "webhook":
            return self.to or "webhook"
        return f"file:{self.to}" if self.kind == "file" else f"mailto:{quote(self.to, safe='@')}"

    def path(self, now: dt.datetime) -> Path:
        """The file of a digest that is made now: `{date}` is the day."""
        return Path(self.to.replace("{date}", now.date().isoformat()))


def destinations(words: Iterable[str]) -> tuple[Destination, ...]:
    """Read where a digest should go, each place once, in the order in which they were named.

    Args:
        words: As they are written on the command line. A relative path is taken from the current
            folder, as it is now.

    Raises:
        ConfigError: One is no such place; the error does not repeat a webhook's address.
    """
    return tuple(dict.fromkeys(place for word in words for place in _read(word.strip())))


def check(places: Iterable[Destination], accounts: Accounts, *, offline: bool = False) -> None:
    """Make sure that everything is set that sending to these places needs.

    Raises:
        ConfigError: A setting is missing, or `offline` forbids one of them.
    """
    for place in places:
        if place.kind == "mail":
            _check_mail(accounts)
        if place.kind == "webhook" and not (place.to or accounts.webhook):
            raise ConfigError(
                "no webhook is set", hint="Put its address in the variable MEMO_WEBHOOK_URL."
            )
        if place.kind == "webhook":
            check_webhook(place.to or accounts.webhook or "")
        if offline and (host := remote_host(place, accounts)):
            raise ConfigError(
                f"offline is set, but {host} is another machine",
                hint="Leave out --offline, or send to a file.",
            )


def remote_host(place: Destination, accounts: Accounts) -> str | None:
    """Return the other machine that a digest would be sent to; None if it stays on this one."""
    host = None
    if place.kind == "mail" and accounts.mail:
        host = accounts.mail.host
    elif place.kind == "webhook":
        host = _host(place.to or accounts.webhook or "")
    return host if host and not is_loopback(host) else None


def check_webhook(url: str) -> None:
    """Make sure that an address can be a webhook's: encrypted, unless it is on this machine.

    Raises:
        ConfigError: It cannot; the error does not repeat it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        usable = host and host.isprintable() and port != 0 and url.isprintable() and " " not in url
    except ValueError:
        usable, host, parts = False, None, urlsplit("")
    if not usable or not host or parts.scheme not in {"http", "https"}:
        raise ConfigError(
            "the webhook's address is none", hint="Copy it whole: https://host/words/and/letters"
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError(
            f"the webhook at {cleaned(host)} is not encrypted",
            hint="Use its https address: a digest is not for everybody on the way.",
        )
    if parts.username or parts.password:
        raise ConfigError(
            f"the address of the webhook at {cleaned(host)} holds a user's name or password",
            hint="Leave it out: incoming webhooks need none.",
        )


def _check_mail(accounts: Accounts) -> None:
    """Make sure that there is a server and a sender."""
    server = accounts.mail
    if server is None:
        raise ConfigError(
            "no mail server is set",
            hint='Write smtp_url = "smtps://anna@mail.example.org" into memo.toml.',
        )
    if not accounts.sender:
        raise ConfigError(
            "it is not set whom e-mail comes from",
            hint='Write mail_from = "anna@example.org" into memo.toml.',
        )
    if server.user and not server.password:
        raise ConfigError(
            f"the password of {cleaned(server.user)} at {cleaned(server.host)} is not set",
            hint="Put it in the variable MEMO_SMTP_PASSWORD.",
        )


def mail_address(text: str) -> str:
    """Return an e-mail address, its domain in the form that every mail server knows.

    Raises:
        ValueError: It is none.
    """
    match = _ADDRESS.fullmatch(text)
    try:
        domain = match[1].encode("idna").decode() if match else ""
    except UnicodeError:
        domain = ""
    local = text.rpartition("@")[0]
    if not domain or local.startswith("-") or len(local) > 64:
        raise ValueError(f"{cleaned(text)[:80]!r} is no e-mail address")
    return f"{local}@{domain}"


def _read(word: str) -> list[Destination]:
    kind, colon, rest = word.partition(":")
    kind = kind.lower()
    if kind == "webhook" and not colon:
        return [Destination(kind="webhook", to="")]
    if kind == "file" and rest:
        return [Destination(kind="file", to=_path(rest))]
    if kind == "mailto" and rest:
        return [Destination(kind="mail", to=_receiver(one)) for one in rest.split(",")]
    if kind in {"http", "https"}:
        check_webhook(word)
        return [Destination(kind="webhook", to=word)]
    shown = cleaned(kind if colon else word)[:40]
    raise ConfigError(f"{shown!r} is no place that a digest can be sent to", hint=_FORMS)


def _path(text: str) -> str:
    if text.startswith("//"):  # file://host/path, file:///path
        host, _, rest = text[2:].partition("/")
        if host not in {"", "localhost"}:
            raise ConfigError(
                f"file://{cleaned(host)}/ is on another machine", hint="Write file:PATH."
            )
        text = f"/{unquote(rest)}"
    if "\0" in text or any("\ud800" <= mark <= "\udfff" for mark in text):
        raise ConfigError(
            f"{cleaned(text)} is no name that a file can be given", hint="Choose another name."
        )
    path = Path(text).expanduser().absolute()
    if text.endswith(("/", "/.")) or path.is_dir():
        raise ConfigError(
            f"{cleaned(str(path))} is a folder", hint="Name a file: file:digests/{date}.md"
        )
    return str(path)


def _receiver(text: str) -> str:
    try:
        return mail_address(unquote(text.strip()))
    except ValueError as error:
        raise ConfigError(str(error), hint="Write mailto:anna@example.org.") from error


def _host(url: str) -> str:
    try:
        return cleaned(urlsplit(url).hostname or "")
    except ValueError:
        return ""
