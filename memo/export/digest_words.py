"""The words, times and addresses that a digest is made of: `digest.toml` has them by language."""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from memo.digest import Change, Due, DueWord, How, zone_or_utc
from memo.export.digest_page import Tag, Tone
from memo.export.untrusted import one_line
from memo.export.wording import primary_language, wording_for
from memo.model import Decision
from memo.remembered import LogEntry

NOTHING = "—"
_FAR = "../../../"
Links = Literal["uris", "paths", "none"]


class DigestWords:
    """How a digest says things to one reader.

    Args:
        language: Language that it is written in.
        timezone: The reader's.
        folder: Where the digest will lie: what is near is linked by the way from there.
        links: What other links are: `uris` (`file:`), `paths`, or that there are none.
    """

    def __init__(
        self, language: str, timezone: str, *, folder: Path | None = None, links: Links = "uris"
    ) -> None:
        self.wording = wording_for(language)
        self._language = language
        self._zone = zone_or_utc(timezone)
        self._folder = folder
        self._links = links

    def say(self, key: str, **values: int | str) -> str:
        """Return one of the digest's own sentences; what is inserted is cleaned."""
        cleaned = {k: one_line(v) if isinstance(v, str) else v for k, v in values.items()}
        return one_line(words_of_digest(key, self._language, **cleaned))

    def due_tag(self, due: Due) -> Tag:
        """Return how a date stands to the reader's own day."""
        day = self.wording.short_day(due.day) if due.day else ""
        if due.word is DueWord.OVERDUE:
            return Tag(f"{self.say('overdue', count=due.days)} ({day})", "warn")
        if due.word is DueWord.BEFORE_DAY and due.day:
            weekday = self.wording.weekdays[due.day.weekday()]
            soon: Tone = "warn" if due.days <= 1 else "plain"
            return Tag(f"{self.say('before_day', weekday=weekday)} ({day})", soon)
        if due.word in {DueWord.TODAY, DueWord.TOMORROW}:
            return Tag(f"{self.say(due.word.value)} ({day})", "warn")
        if due.word is DueWord.LATER:
            return Tag(f"{self.say('due')} {day}")
        return Tag(self.say("undated"))

    def meeting_time(self, instant: dt.datetime | None, timezone: str) -> str:
        """Return when it was on the reader's clocks, and on those of the meeting."""
        if instant is None:
            return self.wording.date_unknown
        here, there = self.local(instant), instant.astimezone(zone_or_utc(timezone))
        mine = f"{self.wording.short_day(here.date())}, {here:%H:%M}"
        if here.utcoffset() == there.utcoffset():
            return mine
        day = "" if here.date() == there.date() else f"{self.wording.short_day(there.date())}, "
        return f"{mine} ({day}{there:%H:%M} {one_line(timezone)})"

    def named(self, name: str | None) -> str:
        """Return a name; voices without one as this language calls them."""
        return one_line(self.wording.named(name or ""))

    def local(self, instant: dt.datetime) -> dt.datetime:
        """Return an instant on the reader's clocks."""
        try:
            return instant.astimezone(self._zone)
        except OverflowError:
            return instant

    def day(self, instant: dt.datetime) -> str:
        """Return the reader's day at an instant: `Fri 2025-12-05`."""
        return self.wording.short_day(self.local(instant).date())

    def moment(self, instant: dt.datetime) -> str:
        """Return an instant on the reader's clocks: `Fri 2025-12-05, 09:00`."""
        return f"{self.day(instant)}, {self.local(instant):%H:%M}"

    def terms(self, entry: LogEntry) -> str:
        """Return whose an entry is and when it is due: `Ana, Fri 2025-12-05`."""
        owner = self.named(entry.owner) or NOTHING
        return ", ".join(filter(None, (owner, self.due_day(entry))))

    def due_day(self, entry: LogEntry) -> str:
        """Return the day on which an action is due, as it was said."""
        return self.wording.short_day(entry.due) if entry.due else ""

    def url(self, path: str | None, second: float | None = None) -> str | None:
        """Return the address of a memo; percent-encoding leaves nothing that any format reads."""
        if not path or self._links == "none":
            return None
        fragment = "" if second is None else f"#t={int(second)}"
        try:
            return self._address(path) + fragment
        except (ValueError, UnicodeEncodeError):  # another drive; halves of characters
            return None

    def _address(self, path: str) -> str:
        if self._folder is not None:
            way = os.path.relpath(path, self._folder).replace(os.sep, "/")
            if not way.startswith(_FAR):
                return quote(way, safe="/")
        whole = Path(path).absolute()
        if self._links == "paths" and str(whole).startswith("/"):
            return quote(str(whole), safe="/")
        return whole.as_uri()

    def how(self, change: Change) -> Tag:
        """Return what happened to an entry, in a word or two."""
        key = change.how.value
        if change.how is How.SLIPPED and change.before.due == change.after[-1].due:
            key = "handed"
        if change.how is How.SLIPPED and change.after[-1].owner != change.before.owner:
            key = "handed"
        good = change.how in {How.ACCEPTED, How.RESTORED}
        warn = change.how in {How.REVERSED, How.REJECTED, How.SUPERSEDED, How.SLIPPED}
        return Tag(self.say(key), "warn" if warn else "good" if good else "plain")

    def text(self, entry: LogEntry) -> str:
        """Return what an entry says."""
        return one_line(entry.text) or NOTHING

    def why(self, entry: LogEntry) -> str:
        """Return the reason of a decision."""
        finding = entry.finding
        why = finding.rationale if isinstance(finding, Decision) else None
        return one_line(why or "") or self.say("nobody_said")

    def state(self, entry: LogEntry) -> str:
        """Return how an entry stands."""
        return self.say(f"state_{entry.state.value}")


def words_of_digest(key: str, language: str, **values: int | str) -> str:
    """Return one of the digest's own sentences; in English where the language has none."""
    entry = _table()[key]
    template = entry.get(primary_language(language), entry["en"])
    if isinstance(template, list):
        template = template[0 if values.get("count") == 1 else 1]
    return str(template.format(**values))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("memo.export") / "digest.toml").read_text(encoding="utf-8"))
