"""How remarks tell a time of a recording."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Return seconds as `1:02:03`."""
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"
