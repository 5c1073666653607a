"""Dates of the past as options take them."""

from __future__ import annotations

import datetime as dt

import click

from memo.moments import Period, period_of


def since(text: str | None, timezone: str, *, option: str = "--since") -> dt.datetime | None:
    """Return the instant at which a date begins.

    Args:
        text: As `memo.moments` reads it; None stays None.
        timezone: IANA name of the reader's time zone.
        option: What it was given for, to say what is wrong.

    Raises:
        BadParameter: It is not understood.
    """
    return None if text is None else _period(text, timezone, option)[0]


def until(text: str | None, timezone: str, *, option: str = "--until") -> dt.datetime | None:
    """Return the first instant after a date; see `since`."""
    return None if text is None else _period(text, timezone, option)[1]


def _period(text: str, timezone: str, option: str) -> Period:
    period = period_of(text, now=dt.datetime.now(dt.UTC), timezone=timezone)
    if period is None:
        raise click.BadParameter(
            f"{text[:40]!r} is not understood. Write it like 2026-01-31, yesterday, "
            "last monday, 2 weeks ago, March 2026",
            param_hint=option,
        )
    return period
