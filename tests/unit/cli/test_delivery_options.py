"""`--send`, `--outbox` and `--schedule`, as a command has them that sends what it makes."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from memo.cli.delivery import Post, delivery_options, outbox_of, show_outbox, show_schedule
from memo.cli.group import MemoGroup
from memo.cli.invocation import Invocation
from memo.config import load_settings
from memo.delivery import Destination, Message

NOW = dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC)
HOOK = "https://hooks.slack.com/services/s3cr3t"


@click.command("catchup")
@click.option("--for", "who")
@click.option("--since", default="last")
@click.option("--brief/--full", default=True)
@click.option("--tz")
@click.option("--out", type=click.Path(path_type=Path))
@delivery_options
@click.pass_context
def catchup(  # noqa: PLR0913, PLR0917 - each is an option
    context: click.Context,
    /,
    who: str | None,
    since: str,
    brief: bool,  # noqa: FBT001
    tz: str | None,
    out: Path | None,
    send: tuple[str, ...],
    outbox: str | None,
    schedule: str | None,
    offline: bool | None,  # noqa: FBT001
) -> None:
    """Send a digest that says how it was called."""
    invocation: Invocation = context.obj
    settings = invocation.settings({"offline": offline, "timezone": tz})
    if outbox:
        show_outbox(settings, outbox, quiet=invocation.quiet)
    elif schedule:
        show_schedule(context, settings, name=who)
    else:
        post = Post(settings, send, quiet=invocation.quiet)
        post.put(Message(subject="S\x1b[31m", text=f"{who} {since} {brief} {out}"), now=NOW)
        post.send()


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEMO_SMTP_URL", "MEMO_MAIL_FROM", "MEMO_SMTP_PASSWORD", "MEMO_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MEMO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MEMO_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


def run(*words: str, quiet: bool = False) -> Result:
    group = MemoGroup("memo", commands={"catchup": (catchup, "")})
    invocation = Invocation(quiet=quiet)
    return CliRunner().invoke(group, ["catchup", *words], obj=invocation)


def test_a_digest_is_sent_and_that_is_said(tmp_path: Path) -> None:
    done = run("--send", "file:a/b.md", "--for", "Zoë", "--full")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert done.stderr == f"memo: sent to {tmp_path}/a/b.md\n"
    assert (tmp_path / "a" / "b.md").read_text() == "Zoë last False None"
    assert run("--send", "file:a/b.md", quiet=True).output == ""
    dated = run("--send", "file:{date}.md")  # of the zone that is set, where it is the next day
    assert dated.stderr == f"memo: sent to {tmp_path}/2026-11-23.md\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--send", "mailto:a@b.example"], "no mail server is set"),
        (["--send", "webhook"], "no webhook is set"),
        (["--send", "nowhere"], "'nowhere' is no place"),
        (["--send", HOOK, "--offline"], "offline is set, but hooks.slack.com is another machine"),
        (["--schedule", "sometimes"], "'sometimes' is no schedule"),
        (["--schedule", "daily 8:00", "--for", "a\nb"], "holds a control character"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_done(words: list[str], said: str) -> None:
    done = run("--send", "file:x.md", *words)
    assert done.exit_code == 3
    assert said in done.stderr
    assert "hint: " in done.stderr
    assert "s3cr3t" not in done.output
    assert not Path("x.md").exists()


def test_what_could_not_be_sent_is_listed_tried_again_and_given_up(tmp_path: Path) -> None:
    (tmp_path / "folder" / "x").mkdir(parents=True)
    box = outbox_of(load_settings())
    box.put(Message(subject="S\x1b[31m", text="T"), [Destination(kind="webhook", to=HOOK)], now=NOW)
    box.put(
        Message(subject="F", text="T"),
        [Destination(kind="file", to=str(tmp_path / "folder" / "x"))],
        now=NOW + dt.timedelta(seconds=1),
    )
    done = run("--outbox", "retry", "--offline")
    assert done.exit_code == 9
    assert "waits" in done.stderr or "kept" in done.stderr
    first, second = run("--outbox").stdout.splitlines()
    assert first == (
        "2026-11-23 00:30  waiting  the webhook at hooks.slack.com  “S[31m”  tried 1 time: "
        "offline is set, but hooks.slack.com is another machine"
    )
    assert second.startswith("2026-11-23 00:30  failed   /")
    assert "something else than a file has this name" in second
    assert "deleted: " in run("--outbox", "discard").stdout
    (tmp_path / "folder" / "x").rmdir()
    assert len(run("--outbox", "list").stdout.splitlines()) == 1
    assert "s3cr3t" not in run("--outbox", "list").output


def scheduled(*words: str) -> tuple[list[str], Result]:
    """The words that the shell of cron would call memo with."""
    done = run("--schedule", "weekdays 08:30", *words)
    assert done.exit_code == 0, done.stderr
    (line,) = re.findall(r"^30 8 \* \* 1-5 (.*)$", done.stdout, re.MULTILINE)
    return shlex.split(line.replace("\\%", "%")), done


def test_a_schedule_calls_the_same_command_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["--for", "Zoë O'Brien 100%", "--full", "--since=-2 days", "--out", "here", "--send"]
    words, _ = scheduled(*given, "file:x-{date}.md", "--send", "mailto:a@b.example")
    start = words.index("catchup")
    assert Path(words[0]).is_absolute()
    assert words[start + 1 :] == [
        "--for=Zoë O'Brien 100%", "--since=-2 days", "--full", f"--out={tmp_path}/here",
        f"--send=file:{tmp_path}/x-{{date}}.md", "--send=mailto:a@b.example",
    ]  # fmt: skip
    (tmp_path / "memo.toml").write_text("")
    elsewhere, _ = scheduled("--send", "file:x.md")
    assert elsewhere[elsewhere.index("--config") + 1] == str(tmp_path / "memo.toml")
    parsed = catchup.make_context("catchup", words[start + 1 :], obj=Invocation())
    monkeypatch.chdir("/")
    assert parsed.params["who"] == "Zoë O'Brien 100%"
    assert parsed.params["brief"] is False


def test_a_schedule_says_what_it_will_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMO_SMTP_PASSWORD", "hunter2")
    _, done = scheduled("--send", HOOK, "--send", "mailto:a@b.example", "--tz", "Asia/Tokyo")
    assert "CRON_TZ=Asia/Tokyo" in done.stdout
    assert "*-*-* 08:30:00 Asia/Tokyo" in done.stdout
    assert "only this shell knows MEMO_DATA_DIR, MEMO_SMTP_PASSWORD" in done.stderr
    assert "digests will leave this machine, to hooks.slack.com" in done.stderr
    assert "from here they could not be sent: no mail server is set" in done.stderr
    assert "the address of a webhook, which is a secret" in done.stderr
    assert "hunter2" not in done.output


def test_a_schedule_in_the_machines_own_zone_needs_no_word_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("memo.cli.delivery._machine_zone", lambda: "Europe/Berlin")
    _, done = scheduled("--send", "file:x.md")
    assert "CRON_TZ" not in done.stdout
