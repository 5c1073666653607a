"""How long a server is waited for, and why something could not be delivered."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for, in seconds, and how often it is tried within one run."""

    connect: float = 10.0
    read: float = 30.0
    tries: int = 3
    pause: float = 1.0
    longest_pause: float = 60.0
    lock: float = 300.0

    def before(self, attempt: int, asked: float | None) -> float | None:
        """Return the seconds to wait before another attempt; None if it is not worth waiting.

        Args:
            attempt: How many were made.
            asked: What the server asked for, in seconds.
        """
        if attempt >= self.tries or (asked or 0.0) > self.longest_pause:
            return None
        if asked is not None:
            return asked
        spread = random.uniform(0.75, 1.25)  # noqa: S311 - no secret
        return float(min(self.pause * 4 ** (attempt - 1), self.longest_pause) * spread)


class NotDelivered(Exception):  # noqa: N818 - an outcome; it never leaves this package
    """A digest did not arrive, as far as can be told.

    Args:
        reason: What happened, in a few words without a secret, a quote or a full stop.
        final: The same digest would be refused again.
        again: Another attempt within the same run is worth while.
        after: Seconds that the server asks to be left alone.
        closed: Not even a conversation began: nothing gets through there now.
    """

    def __init__(
        self,
        reason: str,
        *,
        final: bool = False,
        again: bool = False,
        after: float | None = None,
        closed: bool = False,
    ) -> None:
        super().__init__(reason)
        self.closed = closed
        self.reason = reason
        self.final = final
        self.again = again
        self.after = after


def cleaned(text: str) -> str:
    """Return text as one line of characters that can be seen."""
    kept = (
        mark if mark.isprintable() else " " for mark in text if mark.isprintable() or mark.isspace()
    )
    return " ".join("".join(kept).split())
