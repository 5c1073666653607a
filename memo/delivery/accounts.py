"""What digests are sent with: a mail server, a sender, a webhook's address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

from memo.delivery.hosts import is_loopback

WebhookFormat = Literal["auto", "slack", "mattermost", "teams"]
Encryption = Literal["implicit", "starttls", "local"]

_EXAMPLE = "write an address like smtps://anna@mail.example.org or smtp://mail.example.org:587"
_PORTS = {"implicit": 465, "starttls": 587, "local": 25}


@dataclass(frozen=True)
class MailServer:
    """A server that takes e-mail.

    `encryption` is `implicit` (TLS from the first byte), `starttls` (TLS or nothing), or `local`:
    on this machine, where TLS is used if it is offered and nobody stands in between.
    """

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Accounts:
    """What digests are sent with; what is None was not set.

    Args:
        mail: The server for e-mail.
        sender: The address that e-mail comes from.
        webhook: The address of the chat's incoming webhook: who has it can post there.
        webhook_format: The dialect that webhooks speak; `auto` tells it from the address.
    """

    mail: MailServer | None = None
    sender: str | None = None
    webhook: str | None = field(default=None, repr=False)
    webhook_format: WebhookFormat = "auto"


def mail_server_url(url: str) -> str:
    """Return the address of a mail server if it is one.

    Raises:
        ValueError: It is none, or holds a password; the words say so.
    """
    read_mail_server(url)
    return url.strip()


def read_mail_server(url: str, password: str | None = None) -> MailServer:
    """Read the address of a mail server: `smtp://[user@]host[:port]`, or `smtps://`.

    `smtps` is TLS from the first byte (RFC 8314; port 465). `smtp` is STARTTLS (port 587), which
    is insisted on unless the server is on this machine (port 25).

    Args:
        url: The address, without a password.
        password: The user's password.

    Raises:
        ValueError: It is no such address, or holds a password; the words say so.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(_EXAMPLE) from error
    if parts.password is not None:
        raise ValueError("passwords do not belong in an address: put yours in MEMO_SMTP_PASSWORD")
    if parts.scheme not in {"smtp", "smtps"} or not host or port == 0:
        raise ValueError(_EXAMPLE)
    if parts.path not in {"", "/"} or parts.query or parts.fragment or not host.isprintable():
        raise ValueError(_EXAMPLE)
    encryption: Encryption = "implicit" if parts.scheme == "smtps" else "starttls"
    if encryption == "starttls" and is_loopback(host):
        encryption = "local"
    user = unquote(parts.username) if parts.username else None
    return MailServer(host, port or _PORTS[encryption], encryption, user, password)
