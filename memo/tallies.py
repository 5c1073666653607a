"""How a team's meetings go, counted over the decision log."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import AwareDatetime

from memo.model import Seconds, Value


class Grouping(StrEnum):
    """What is counted together."""

    WEEK = "week"
    MONTH = "month"
    SERIES = "series"


class Tally(Value):
    """What was counted in a week, in a month or over a series of meetings.

    `name` is `2026-W10` (ISO 8601), `2026-03` or the title that the meetings of a series have in
    common; `starts_on` the first day of a week or month. `seconds` is how long the meetings took,
    of which `untimed` do not tell. `decisions` were accepted (and may be superseded by now);
    `reversed` and `amended` count what later decisions, of the meetings counted here, did to
    older ones. `actions` were taken on here, `done` were done here, after `days_to_done` days
    (the median), whenever they were taken on.
    """

    name: str
    starts_on: dt.date | None = None
    meetings: int = 0
    seconds: Seconds = 0.0
    untimed: int = 0
    decisions: int = 0
    reversed: int = 0
    amended: int = 0
    actions: int = 0
    done: int = 0
    days_to_done: float | None = None

    @property
    def hours(self) -> float:
        """How long the meetings took."""
        return self.seconds / 3600

    @property
    def reversals(self) -> int:
        """How many decisions were taken back, in whole or in part."""
        return self.reversed + self.amended


class Waiting(Value):
    """A question that is open, and for how many days."""

    number: str
    question: str
    asked_at: AwareDatetime
    days: int
    waiting_on: str | None
    meeting_title: str


class Stats(Value):
    """What was counted, and how things stand `at` an instant.

    `tallies` are in order of time, or of the series' names; those in which nothing happened are
    left out. `people` are those whose meetings were counted, all if empty. What is open is so
    whenever it came up; `waiting` are the questions that are open longest.
    """

    by: Grouping
    timezone: str
    since: AwareDatetime | None
    at: AwareDatetime
    people: tuple[str, ...]
    tallies: tuple[Tally, ...]
    total: Tally
    actions_open: int
    actions_overdue: int
    questions_open: int
    waiting: tuple[Waiting, ...]
