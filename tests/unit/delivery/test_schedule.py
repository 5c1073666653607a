"""Schedules: words are read, lines are written, and both cron and systemd read them as meant."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.delivery import Schedule, read_schedule, schedule_lines
from memo.delivery.schedule import cron_line, systemd_line
from memo.errors import ConfigError

SYSTEMD = shutil.which("systemd-analyze")
WORDS = ["/opt/memo/bin/memo", "catchup", "--since=last", "--for=Zoë O'Brien", "--send=webhook"]
HOSTILE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("%\\'\"$`;&|<>{}#!* ~"),
    max_size=12,
)


@pytest.mark.parametrize(
    ("words", "cron", "calendar"),
    [
        ("weekdays 08:30", "30 8 * * 1-5", "Mon..Fri *-*-* 08:30:00"),
        ("Weekdays at 8:30", "30 8 * * 1-5", "Mon..Fri *-*-* 08:30:00"),
        ("daily 7 am", "0 7 * * *", "*-*-* 07:00:00"),
        ("every day 00:00", "0 0 * * *", "*-*-* 00:00:00"),
        ("mon,thu 9:05", "5 9 * * 1,4", "Mon,Thu *-*-* 09:05:00"),
        ("Mondays, Wednesdays and Fridays 17.15", "15 17 * * 1,3,5", "Mon,Wed,Fri *-*-* 17:15:00"),
        ("weekends 12 pm", "0 12 * * 0,6", "Sat,Sun *-*-* 12:00:00"),
        ("sunday 12am", "0 0 * * 0", "Sun *-*-* 00:00:00"),
        ("fri-mon 10:00", "0 10 * * 0,1,5,6", "Mon,Fri..Sun *-*-* 10:00:00"),
        ("mon-sun 10:00", "0 10 * * *", "*-*-* 10:00:00"),
    ],
)
def test_days_and_a_time_are_read(words: str, cron: str, calendar: str) -> None:
    schedule = read_schedule(words)
    assert (schedule.cron, schedule.calendar) == (cron, calendar)


@pytest.mark.parametrize(
    "words",
    ["", "weekdays", "08:30", "weekdays 25:00", "weekdays 8:60", "someday 8:00", "weekdays 8",
     "mon- 8:00", "weekdays 0am", "weekdays 13pm", "* * * * *", "mon 8:00 9:00", "weekdays\n8:0"],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(words: str) -> None:
    with pytest.raises(ConfigError, match="no schedule") as refused:
        read_schedule(words)
    assert "weekdays 08:30" in (refused.value.hint or "")


@given(st.text(max_size=40))
def test_any_words_are_a_schedule_or_refused(words: str) -> None:
    try:
        told = read_schedule(words).calendar
    except ConfigError as error:
        told = str(error)
    assert told.isprintable()


# --- Cron ---------------------------------------------------------------------------------------


def cron_reads(line: str) -> tuple[str, bool]:
    """What cron hands to the shell, and whether it cut the line at a percent sign (crontab(5))."""
    out, escaped = "", False
    for mark in line:
        if escaped:
            out = out[:-1] + mark if mark == "%" else out + mark
            escaped = False
        elif mark == "%":
            return out, True
        else:
            escaped = mark == "\\"
            out += mark
    return out, False


@given(st.lists(HOSTILE, min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_the_shell_that_cron_calls_gets_every_word_as_it_was(words: list[str]) -> None:
    show = "import json, sys; print(json.dumps(sys.argv[1:]))"
    line, cut = cron_reads(cron_line([sys.executable, "-c", show, *words]))
    assert not cut
    run = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True)
    assert json.loads(run.stdout) == words


# --- systemd ------------------------------------------------------------------------------------


def systemd_reads(line: str) -> list[str]:
    """The words of an `ExecStart` (systemd.service(5)): quotes, then specifiers, then variables."""
    words: list[str] = []
    at = 0
    for match in re.finditer(r'"((?:\\.|[^"\\])*)"(?:\s|$)|([^\s"\\\']+)(?:\s|$)', line):
        assert match.start() == at, line
        at = match.end()
        word = re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2]
        assert not re.search(r"%(?!%)", word.replace("%%", "")), word
        word = word.replace("%%", "%")
        if words:
            assert "$" not in word.replace("$$", ""), word
            word = word.replace("$$", "$")
        words.append(word)
    assert at == len(line), line
    return words


@given(HOSTILE.map(lambda name: f"/opt/{name}/memo"), st.lists(HOSTILE, max_size=4))
def test_systemd_gets_every_word_as_it_was(program: str, words: list[str]) -> None:
    assert systemd_reads(systemd_line([program, *words])) == [program, *words]


def lines_for(words: list[str], schedule: Schedule | None = None) -> str:
    return schedule_lines(
        schedule or read_schedule("weekdays 08:30", "Europe/Berlin"), words,
        name="memo-catchup-zo", environment_file=Path("/home/zoë 100%/memo/environment"),
        units=Path("~/.config/systemd/user"), same_zone=False,
    )  # fmt: skip


def units_of(lines: str) -> dict[str, str]:
    """The two units among the lines, by the ending of their names."""
    found = re.findall(
        r"^# (?:or, for systemd:|and) \S+\.(\w+)$(.*?)(?=^#)", lines, re.M | re.S | re.I
    )
    assert len(found) == 2
    return dict(found)


def test_the_lines_say_when_what_and_where() -> None:
    lines = lines_for(WORDS)
    assert "CRON_TZ=Europe/Berlin\n30 8 * * 1-5 /opt/memo/bin/memo catchup" in lines
    assert "Mon..Fri *-*-* 08:30:00 Europe/Berlin" in units_of(lines)["timer"]
    assert "systemctl --user enable --now memo-catchup-zo.timer" in lines


@pytest.mark.parametrize("word", ["a\nb", "a\rb", "a\0b", "a\x1bb", "a\udcffb"])
def test_a_word_that_no_line_can_hold_is_refused(word: str) -> None:
    with pytest.raises(ConfigError, match="control character"):
        lines_for([*WORDS, word])


HARD = ["--for=\"'$HOME` %h \\% \\ 100% ;reboot #", "--send=file:/srv/ä ö/{date}.md", "", "ends\\"]


def test_the_units_are_what_systemd_calls_correct(tmp_path: Path) -> None:
    """Asked of `systemd-analyze` where it is installed; the forms are always checked above."""
    program = tmp_path / "50% $x" / "memo"
    program.parent.mkdir()
    program.symlink_to("/bin/true")
    units = units_of(lines_for([str(program), *WORDS[1:], *HARD]))
    (line,) = re.findall(r"^ExecStart=(.*)$", units["service"], re.MULTILINE)
    assert systemd_reads(line) == [str(program), *WORDS[1:], *HARD]
    assert re.fullmatch(r"(?:\[\w+\]\n(?:\w+=.+\n)+\n?)+", units["service"].strip() + "\n")
    if SYSTEMD is None:
        return
    for ending, text in units.items():
        (tmp_path / f"memo-catchup-zo.{ending}").write_text(text, encoding="utf-8")
    run = subprocess.run(
        [SYSTEMD, "verify", "--man=no", *map(str, sorted(tmp_path.glob("memo-catchup-zo.*")))],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    ours = [line for line in run.stderr.splitlines() if "memo-catchup" in line]
    assert ours == []


@pytest.mark.parametrize("words", ["weekdays 08:30", "fri-mon 23:59", "daily 0:00", "sun,wed 7pm"])
def test_the_calendar_is_the_one_that_systemd_reads(words: str) -> None:
    schedule = read_schedule(words, "Europe/Berlin")
    if SYSTEMD is None:
        assert re.fullmatch(
            r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:(?:\.\.|,)\w{3})* )?\*-\*-\* \d\d:\d\d:00 \S+",
            schedule.calendar,
        )
        return
    run = subprocess.run(
        [SYSTEMD, "calendar", "--iterations=14", schedule.calendar],
        capture_output=True, text=True, check=True, env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
        timeout=60,
    )  # fmt: skip
    told = re.findall(r"(\w{3} \d{4}-\d\d-\d\d \d\d:\d\d):00 UTC", run.stdout)
    from zoneinfo import ZoneInfo

    assert len(told) >= 14
    for at in told:
        instant = dt.datetime.strptime(at, "%a %Y-%m-%d %H:%M").replace(tzinfo=dt.UTC)
        here = instant.astimezone(ZoneInfo("Europe/Berlin"))
        assert (here.hour, here.minute) == (schedule.hour, schedule.minute)
        assert here.weekday() in schedule.days
