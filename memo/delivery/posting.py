"""Takes what lies in the outbox to where it should go: in order, once, and again if need be."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from memo.delivery.accounts import Accounts
from memo.delivery.destinations import Destination, check, remote_host
from memo.delivery.files import post_to_file
from memo.delivery.letters import Letter, Message
from memo.delivery.outbox import Busy, Outbox
from memo.delivery.patience import NotDelivered, Patience
from memo.errors import ConfigError

_IN_THE_WAY = 5
"""How often a letter is tried before younger ones may overtake it: it may be the reason itself."""

Clock = Callable[[], dt.datetime]
Told = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of a letter.

    `state` is `sent`; `again` if the same digest went there a moment ago, and was not sent twice;
    `waiting` for the next run; or `failed` for good, until a person looks after it.
    """

    letter: Letter
    state: Literal["sent", "again", "waiting", "failed"]
    reason: str | None = None


def deliver(
    message: Message,
    places: Iterable[Destination],
    outbox: Outbox,
    accounts: Accounts,
    *,
    now: Clock,
    offline: bool = False,
    patience: Patience | None = None,
    told: Told = lambda _: None,
) -> tuple[Outcome, ...]:
    """Put a digest into the outbox, and send all that waits there, the oldest first.

    Args:
        message: The digest.
        places: Where it goes.
        outbox: Keeps it until it arrived.
        accounts: What it is sent with.
        now: Tells the time, with a zone.
        offline: Send nothing to another machine.
        patience: How long servers are waited for.
        told: Is told, in a line, what a person should know: the first letter to a machine.

    Returns:
        What became of each letter that waited, this one's last.

    Raises:
        ConfigError: A setting is missing, or `offline` forbids a place; nothing was put in.
        OutputError: The outbox cannot be used.
    """
    places = tuple(places)
    check(places, accounts, offline=offline)
    outbox.put(message, places, now=now())
    return send(outbox, accounts, now=now, offline=offline, patience=patience, told=told)


def send(
    outbox: Outbox,
    accounts: Accounts,
    *,
    now: Clock,
    offline: bool = False,
    failed_too: bool = False,
    patience: Patience | None = None,
    told: Told = lambda _: None,
) -> tuple[Outcome, ...]:
    """Send what waits, the oldest first.

    Nothing overtakes an older letter to the same place, unless that has failed so often that it
    may be the reason itself. Where nobody answers, nothing else is tried in this run. One run goes
    at a time: another waits for it, and then finds nothing left to do.

    Args:
        outbox: What waits.
        accounts: What it is sent with.
        now: Tells the time, with a zone.
        offline: Send nothing to another machine.
        failed_too: Try again also what was refused for good.
        patience: How long servers, and other runs, are waited for.
        told: Is told, in a line, what a person should know.

    Raises:
        OutputError: The outbox cannot be used.
    """
    patience = patience or Patience()
    round_ = _Round(outbox, accounts, now, offline, patience, told)
    waiting = [one for one in outbox.waiting() if failed_too or not one.failed]
    if not waiting:
        return ()
    try:
        with outbox.exclusive(patience.lock):
            found = (round_.take(one) for one in waiting)
            return tuple(outcome for outcome in found if outcome)
    except Busy:
        return tuple(Outcome(one, "waiting", "another memo is sending") for one in waiting)


class _Round:
    """One way from letter to letter."""

    def __init__(
        self,
        outbox: Outbox,
        accounts: Accounts,
        now: Clock,
        offline: bool,  # noqa: FBT001 - one of its own
        patience: Patience,
        told: Told,
    ) -> None:
        self._outbox = outbox
        self._accounts = accounts
        self._now = now
        self._offline = offline
        self._patience = patience
        self._told = told
        self._stuck: dict[Destination, str] = {}
        self._no_mail: str | None = None

    def take(self, listed: Letter) -> Outcome | None:
        """Deliver a letter, and write down what became of it; None if another run did."""
        one = self._outbox.read(listed)
        if one is None:
            return None
        reason = self._stuck.get(one.to) or (self._no_mail if one.to.kind == "mail" else None)
        if reason:
            return Outcome(one, "waiting", reason)
        if self._outbox.sent_lately(one, self._now()):
            self._outbox.done(one, self._now())
            return Outcome(one, "again")
        try:
            self._try(one)
        except NotDelivered as error:
            return self._kept(one, error)
        self._outbox.done(one, self._now())
        return Outcome(one, "sent")

    def _kept(self, one: Letter, error: NotDelivered) -> Outcome:
        if error.closed or not (error.final or one.tries >= _IN_THE_WAY):
            self._stuck[one.to] = error.reason
        if error.closed and one.to.kind == "mail":
            self._no_mail = error.reason
        kept = one.model_copy(
            update={
                "tries": one.tries + 1,
                "tried_at": self._now(),
                "reason": error.reason,
                "failed": error.final,
            }
        )
        self._outbox.keep(kept)
        return Outcome(kept, "failed" if error.final else "waiting", error.reason)

    def _try(self, one: Letter) -> None:
        """Try a few times within this run, if that may help."""
        self._allowed(one)
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._post(one)
            except NotDelivered as error:
                pause = self._patience.before(attempt, error.after) if error.again else None
                if pause is None:
                    raise
                time.sleep(pause)

    def _allowed(self, one: Letter) -> None:
        """Make sure that it may be sent, and say so where that is new."""
        try:
            check([one.to], self._accounts, offline=self._offline)
        except ConfigError as error:
            raise NotDelivered(str(error)) from error
        host = remote_host(one.to, self._accounts)
        if host and self._outbox.is_new(host):
            self._told(f"digests leave this machine, to {host}: this is the first")

    def _post(self, one: Letter) -> None:
        if one.to.kind == "file":
            post_to_file(one)
        elif one.to.kind == "mail":
            from memo.delivery.mail import post_by_mail

            post_by_mail(one, self._accounts, self._patience)
        else:
            from memo.delivery.webhook import post_to_webhook

            post_to_webhook(one, self._accounts, self._patience, lambda: self._whole(one))

    def _whole(self, one: Letter) -> str:
        place = one.message.whole or self._outbox.keep_whole(one)
        return place.replace(str(Path.home()), "~")  # a user's name is nobody's business
