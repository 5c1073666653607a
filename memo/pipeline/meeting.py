"""What is known of a meeting besides its sound: what it is called, and when it began.

Each fact comes from whoever knows best: the user, the recording's own metadata, the name of the
file, and for want of anything better the time at which the file was last changed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from memo.model import Media, Meeting, Remark, RemarkCode

FROM_FILE_TIME = Remark.of(RemarkCode.DATE_OF_FILE)
"""Said in the memo, for a file's time changes when it is copied."""
FROM_FILE_NAME_DAY = Remark.of(RemarkCode.DATE_WITHOUT_TIME)

_ZOOM = re.compile(r"(?<![A-Za-z0-9])GMT(\d{8})-(\d{6})(?!\d)")
_DAY = r"(?P<year>(?:19|20)\d\d)(?P<a>[-_.]?)(?P<month>0[1-9]|1[0-2])(?P=a)(?P<day>[0-3]\d)"
_TIME = r"(?P<hour>[01]\d|2[0-3])(?P<b>[-_.:h]?)(?P<minute>[0-5]\d)(?:[-_.:]?(?P<second>[0-5]\d))?"
_NAMED = re.compile(rf"(?<!\d){_DAY}(?:(?:\s+(?:at\s+)?|[T_-]){_TIME})?(?!\d)")


def meeting_of(
    path: Path,
    media: Media | None,
    *,
    file: Path | None = None,
    title: str | None = None,
    started_at: dt.datetime | None = None,
    timezone: str = "UTC",
    attendees: Sequence[str] = (),
) -> tuple[Meeting, tuple[Remark, ...]]:
    """Return what is known of a meeting, and what a reader should know about how.

    Args:
        path: The recording or transcript.
        media: What the recording's container says; None for a transcript.
        file: The file whose time counts; `path` by default. It exists.
        title: What the user calls it.
        started_at: When it began, as the user says; aware.
        timezone: The meeting's, an IANA name.
        attendees: Who was there, as the user says.

    Returns:
        The meeting, with `started_at` in its time zone, and warnings for the memo.
    """
    zone = ZoneInfo(timezone)
    warning: tuple[Remark, ...] = ()
    began = started_at or (media.recorded_at if media else None) or _instant_in(path, zone)
    if began is None:
        began, warning = _guessed(path, file or path, zone)
    meeting = Meeting(
        title=_whole(title) or (media.title if media else None) or title_from(path),
        started_at=began.astimezone(zone),
        timezone=timezone,
        attendees=tuple(map(_whole, attendees)),
    )
    return meeting, warning


def _whole(text: str | None) -> str:
    """Return a text without what the terminal's encoding could not read, which no file can hold."""
    return (text or "").encode("utf-8", errors="replace").decode()


def parse_instant(text: str, timezone: str | None = None) -> dt.datetime:
    """Read an ISO 8601 instant; one without offset is meant in the time zone, if there is one.

    Raises:
        ValueError: It is not one.
    """
    instant = dt.datetime.fromisoformat(text.strip())
    if instant.tzinfo or timezone is None:
        return instant
    return instant.replace(tzinfo=ZoneInfo(timezone))


def title_from(path: Path) -> str:
    """Return what a file's name calls a meeting: `2026-03-04_weekly_call.m4a` is `weekly call`."""
    stem = path.stem.removesuffix(".transcript")
    undated = _NAMED.sub(" ", _ZOOM.sub(" ", stem)).strip(" _-.,")
    name = undated or stem
    separators = r"_+" if " " in name else r"[_-]+"
    words = re.sub(separators, " ", name)
    shown = "".join(c if c.isprintable() else " " for c in words.encode(errors="replace").decode())
    return " ".join(shown.split()) or "recording"


def _instant_in(path: Path, zone: ZoneInfo) -> dt.datetime | None:
    """Return the instant that the name of a file, or of its folder (Zoom), gives in full."""
    for name in (path.stem, path.absolute().parent.name):
        if zoom := _ZOOM.search(name):
            try:
                written = dt.datetime.strptime("".join(zoom.groups()), "%Y%m%d%H%M%S")  # noqa: DTZ007
                return written.replace(tzinfo=dt.UTC)
            except ValueError:
                pass
        for match in _NAMED.finditer(name):
            if match["hour"] and (instant := _instant(match, zone)):
                return instant
    return None


def _guessed(path: Path, file: Path, zone: ZoneInfo) -> tuple[dt.datetime, tuple[Remark, ...]]:
    """Return the day in the file's name, else the file's time."""
    changed = dt.datetime.fromtimestamp(file.stat().st_mtime, zone)
    days = (_instant(match, zone) for match in _NAMED.finditer(path.stem))
    day = next((day for day in days if day), None)
    if day is None or day.date() == changed.date():
        return changed.replace(microsecond=0), (FROM_FILE_TIME,)
    return day, (FROM_FILE_NAME_DAY,)


def _instant(match: re.Match[str], zone: ZoneInfo) -> dt.datetime | None:
    parts = ("year", "month", "day", "hour", "minute", "second")
    try:
        numbers = [int(match[part] or 0) for part in parts]
        return dt.datetime(*numbers, tzinfo=zone)  # type: ignore[misc,arg-type]
    except ValueError:  # 31 February
        return None
