"""A digest at fixed times: lines for cron, and a timer for systemd.

Sources: crontab(5) of cronie and of Debian; systemd.service(5), "Command lines"; systemd.time(7),
"Calendar events"; systemd.syntax(7).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from memo.delivery.patience import cleaned
from memo.errors import ConfigError
from memo.model import Value

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FORMS = 'Write days and a time: "weekdays 08:30", "mon,thu 9:00", "mon-fri 17:15", "daily 7:00".'
_NAMES = {
    "mon": 0, "monday": 0, "tue": 1, "tues": 1, "tuesday": 1, "wed": 2, "wednesday": 2, "thu": 3,
    "thur": 3, "thurs": 3, "thursday": 3, "fri": 4, "friday": 4, "sat": 5, "saturday": 5, "sun": 6,
    "sunday": 6,
}  # fmt: skip
_SETS = {"daily": range(7), "everyday": range(7), "weekdays": range(5), "weekends": range(5, 7)}
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NEXT = """\
# then:
#   systemctl --user daemon-reload
#   systemctl --user enable --now {name}.timer
#   loginctl enable-linger     (so that it also runs while you are logged out)
#
# Variables like MEMO_SMTP_PASSWORD are known to neither. For systemd they belong in
# {file} (chmod 600), NAME=value on a line;
# for cron, on lines of their own above the one that needs them."""
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?")


class Schedule(Value):
    """Days of the week (0 is Monday) and a time of day, in a time zone or the machine's own."""

    days: tuple[int, ...]
    hour: int
    minute: int
    timezone: str | None = None

    @property
    def calendar(self) -> str:
        """As systemd's `OnCalendar` writes it."""
        days = "" if len(self.days) == 7 else f"{_ranges(self.days, DAYS, '..')} "
        zone = f" {self.timezone}" if self.timezone else ""
        return f"{days}*-*-* {self.hour:02}:{self.minute:02}:00{zone}"

    @property
    def cron(self) -> str:
        """As the first five fields of a crontab's line; Sunday is 0."""
        days = sorted((day + 1) % 7 for day in self.days)
        week = "*" if len(days) == 7 else _ranges(days, [str(day) for day in range(7)], "-")
        return f"{self.minute} {self.hour} * * {week}"


def read_schedule(words: str, timezone: str | None = None) -> Schedule:
    """Read `weekdays 08:30`.

    Args:
        words: Days (`daily`, `weekdays`, `weekends`, names of days, `mon-fri`, `mon,thu`) and a
            time, `8:30`, `17:05` or `5 pm`.
        timezone: IANA name of the time zone; None for the machine's own.

    Raises:
        ConfigError: These are no days and no time.
    """
    text = re.sub(r"\bat\b|\bon\b", " ", words.strip().lower().replace("every day", "daily"))
    match = re.fullmatch(r"(.*?)\s+(\S+(?:\s*[ap]m)?)", " ".join(text.split()))
    days = _days(match[1]) if match else ()
    time = _time(match[2]) if match else None
    if not days or time is None:
        raise ConfigError(f"{cleaned(words)!r} is no schedule", hint=_FORMS)
    return Schedule(days=days, hour=time[0], minute=time[1], timezone=timezone)


def schedule_lines(
    schedule: Schedule,
    command: Sequence[str],
    *,
    name: str,
    environment_file: Path,
    units: Path,
    same_zone: bool,
) -> str:
    """Return what runs a command on a schedule: lines for a crontab, a service and a timer.

    Args:
        schedule: When.
        command: The program's absolute path, and its words.
        name: Name of the units, letters, digits and hyphens.
        environment_file: Where variables (passwords) can be kept for systemd; it need not exist.
        units: The folder of the user's units.
        same_zone: Whether the schedule's zone is the machine's own.

    Raises:
        ConfigError: A word has a line break in it, or another control character: no line of a
            crontab or unit can hold it.
    """
    for word in command:
        if _UNWRITABLE.search(word):
            raise ConfigError(
                f"{cleaned(word)!r} holds a control character", hint="Write it without."
            )
    about = {"Description": f"memo: {name}"}
    service = {
        "Type": "oneshot",
        "EnvironmentFile": f"-{_specified(str(environment_file))}",
        "ExecStart": systemd_line(command),
    }
    timer = {"OnCalendar": schedule.calendar, "Persistent": "true"}
    install = {"WantedBy": "timers.target"}
    parts = (
        _crontab(schedule, command, same_zone=same_zone),
        f"# Or, for systemd: {units / name}.service",
        _unit({"Unit": about, "Service": service}),
        f"# and {units / name}.timer",
        _unit({"Unit": about, "Timer": timer, "Install": install}),
        _NEXT.format(name=name, file=cleaned(str(environment_file))),
    )
    return "\n".join(parts)


def cron_line(command: Sequence[str]) -> str:
    r"""Return a command as cron hands it to the shell: quoted, and every `%` behind a backslash.

    Cron ends the command at a `%`, unless a backslash stands before it, which it takes away; a
    backslash behind a backslash does not count. So that one that belongs to the words is not
    taken for cron's, the quotes are closed and opened again between the two.
    """
    quoted = shlex.join(command)
    return re.sub(r"(\\?)%", lambda match: (r"\''" if match[1] else "") + r"\%", quoted)


def systemd_line(command: Sequence[str]) -> str:
    r"""Return a command as `ExecStart` reads it: each word in quotes where it needs them.

    `%` begins a specifier and `$` a variable, except in the program's own path, where no variable
    is looked for.
    """
    program, *words = command
    escaped = [_specified(program), *(_specified(word).replace("$", "$$") for word in words)]
    return " ".join(_systemd_quoted(word) for word in escaped)


def _systemd_quoted(word: str) -> str:
    if re.fullmatch(r"[\w./:,=@%+$-]+", word, re.ASCII):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _specified(text: str) -> str:
    return text.replace("%", "%%")


def _unit(sections: Mapping[str, Mapping[str, str]]) -> str:
    lines: list[str] = []
    for section, facts in sections.items():
        lines += [f"[{section}]", *(f"{key}={value}" for key, value in facts.items()), ""]
    return "\n".join(lines)


def _crontab(schedule: Schedule, command: Sequence[str], *, same_zone: bool) -> str:
    lines = ["# For cron: crontab -e"]
    if schedule.timezone and not same_zone:
        lines += [
            "# CRON_TZ is heeded by cronie (Fedora, Red Hat, Arch), not by the cron of Debian,",
            "# Ubuntu or macOS, which goes by the machine's own time: use the timer there.",
            f"CRON_TZ={schedule.timezone}",
        ]
    return "\n".join([*lines, f"{schedule.cron} {cron_line(command)}", ""])


def _days(text: str) -> tuple[int, ...]:
    days: set[int] = set()
    for part in re.split(r"[,\s]+(?:and\s+)?", text.strip(" ,")):
        first, dash, last = re.sub(r"\.\.|–", "-", part).partition("-")
        if not dash and part in _SETS:
            days |= set(_SETS[part])
            continue
        start, end = _day(first), _day(last) if dash else _day(first)
        if start is None or end is None:
            return ()
        days |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    return tuple(sorted(days))


def _day(text: str) -> int | None:
    return _NAMES.get(text, _NAMES.get(text.removesuffix("s")))


def _time(text: str) -> tuple[int, int] | None:
    match = _TIME.fullmatch(text)
    if not match or not (match[2] or match[3]):
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[3] == "pm" else 0)
    return (hour, minute) if hour < 24 and minute < 60 else None


def _ranges(days: Sequence[int], names: Sequence[str], between: str) -> str:
    """Write days as ranges: `Mon..Fri`, `Mon,Thu`."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(
        names[run[0]] if len(run) == 1
        else f"{names[run[0]]}{between if len(run) > 2 else ','}{names[run[-1]]}"
        for run in runs
    )  # fmt: skip
