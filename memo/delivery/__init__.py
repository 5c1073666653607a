"""Sends a finished digest: to a file, by e-mail, to a chat's incoming webhook. On a schedule.

    outbox.put(message, destinations, now=now)     the digest is safe from here on
    send(outbox, accounts, now=clock)              what waits goes out, the oldest first

A digest is in a file of the outbox before the first attempt, and leaves it when it was delivered:
whatever fails, or is killed, loses nothing. Two runs at once do not send twice.
"""

from __future__ import annotations

from memo.delivery.accounts import (
    Accounts,
    MailServer,
    WebhookFormat,
    mail_server_url,
    read_mail_server,
)
from memo.delivery.destinations import (
    Destination,
    check,
    destinations,
    mail_address,
    remote_host,
)
from memo.delivery.letters import Attachment, Letter, Message
from memo.delivery.outbox import Outbox
from memo.delivery.patience import Patience
from memo.delivery.posting import Outcome, deliver, send
from memo.delivery.schedule import Schedule, read_schedule, schedule_lines

__all__ = [
    "Accounts",
    "Attachment",
    "Destination",
    "Letter",
    "MailServer",
    "Message",
    "Outbox",
    "Outcome",
    "Patience",
    "Schedule",
    "WebhookFormat",
    "check",
    "deliver",
    "destinations",
    "mail_address",
    "mail_server_url",
    "read_mail_server",
    "read_schedule",
    "remote_host",
    "schedule_lines",
    "send",
]
