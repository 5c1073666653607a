"""`memo catchup --send`: from a recorded meeting to a mailbox and a chat, by the real command."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from memo.cli import main
from memo.cli.invocation import Invocation

if TYPE_CHECKING:
    from tests.integration.delivery.conftest import Hook, Mailbox

CALL = """WEBVTT

00:00:01.000 --> 00:00:05.000
<v Ann>Should we move the launch to Friday?

00:00:05.000 --> 00:00:11.000
<v Bo>Yes, agreed. We decided to move the launch to Friday because the tests are red.

00:00:11.000 --> 00:00:15.000
<v Ann>Okay, I'll tell the customers by Wednesday.
"""
DECIDED = "move the launch to Friday"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A user's data folder, with a log of one meeting; and no variables of memo's but its own."""
    folder = tmp_path_factory.mktemp("logged")
    (folder / "call.vtt").write_text(CALL)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MEMO_")]:
            patch.delenv(name)
        for kind in ("DATA", "CONFIG", "CACHE"):
            patch.setenv(f"XDG_{kind}_HOME", str(folder / kind.lower()))
        patch.setattr(Invocation, "begin", lambda _: None)  # signals and logs are pytest's here
        patch.chdir(folder)
        words = ["convert", "call.vtt", "--llm", "none", "--started-at", "2026-11-20T10:00"]
        made = CliRunner().invoke(main, words)
        assert made.exit_code == 0, made.output
        yield folder


@pytest.fixture
def memo(
    logged: Path, tmp_path: Path, mailbox: Mailbox, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run memo for a user who has a log, a mail server and a chat."""
    shutil.copytree(logged / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("MEMO_WEBHOOK_URL", hook.url)
    monkeypatch.setenv("MEMO_SMTP_URL", f"smtp://localhost:{mailbox.port}")
    monkeypatch.setenv("MEMO_MAIL_FROM", "memo@sender.example")
    return lambda *words: CliRunner().invoke(main, list(words))


def mails(box: Mailbox) -> list[EmailMessage]:
    policy = email.policy.default
    return [
        email.message_from_bytes(mail.data, _class=EmailMessage, policy=policy)
        for mail in box.mails
    ]


def test_a_digest_reaches_a_mailbox_a_chat_and_a_file_once(
    memo: Run, mailbox: Mailbox, hook: Hook, tmp_path: Path
) -> None:
    send = ["--send", "mailto:anna@example.org", "--send", "webhook", "--send", "file:d/x.html"]
    done = memo("catchup", "--for", "Priya", *send)
    assert (done.exit_code, done.stdout) == (0, ""), done.stderr
    (mail,) = mails(mailbox)
    text, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None
    assert DECIDED in text.get_content()
    assert DECIDED in page.get_content()
    assert DECIDED in json.loads(hook.posts[0][2])["text"]
    assert DECIDED in (tmp_path / "d" / "x.html").read_text(encoding="utf-8")
    again = memo("catchup", "--for", "Priya", *send)
    assert again.exit_code == 0
    assert (len(mailbox.mails), len(hook.posts)) == (1, 1)


def test_a_digest_that_could_not_be_sent_goes_first_with_the_next_run(
    memo: Run, mailbox: Mailbox, hook: Hook
) -> None:
    mailbox.script = {"MAIL": ["550 5.7.1 who are you?"]}
    send = ["--send", "mailto:anna@example.org"]
    failed = memo("catchup", "--for", "Priya", *send)
    assert failed.exit_code == 9
    assert failed.stderr.startswith(
        "memo: error: the digest was not sent to anna@example.org: the server said 550"
    )
    (line,) = memo("catchup", "--outbox").stdout.splitlines()
    assert re.search(r"waiting  anna@example\.org  “.+”  tried 1 time: the server said 550", line)
    seen = memo("catchup", "--for", "Tom", "--peek")
    assert seen.stderr == "memo: note: 1 digest waits to be sent: memo catchup --outbox\n"
    then = memo("catchup", "--for", "Priya", *send)
    assert then.exit_code == 0, then.stderr
    (mail,) = mails(mailbox)
    body = mail.get_body(("plain",))
    assert body is not None
    assert DECIDED in body.get_content()
    assert memo("catchup", "--outbox").stdout == ""
    assert hook.posts == []


def test_what_a_schedule_prints_does_what_it_says(memo: Run, hook: Hook, tmp_path: Path) -> None:
    words = ["--for", "Priya", "--send", "webhook", "--send", "file:100%.md"]
    told = memo("catchup", *words, "--schedule", "weekdays 08:30")
    assert told.exit_code == 0, told.stderr
    assert "MEMO_WEBHOOK_URL" in told.stderr
    assert hook.url not in told.stdout + told.stderr
    (line,) = re.findall(r"^30 8 \* \* 1-5 (.*)$", told.stdout, re.MULTILINE)
    called = shlex.split(line.replace("\\%", "%"))
    start = called.index("--quiet")
    assert called[start + 1] == "catchup"
    elsewhere = memo(*called[start:])
    assert (elsewhere.exit_code, elsewhere.stdout, elsewhere.stderr) == (0, "", "")
    assert len(hook.posts) == 1
    assert (tmp_path / "100%.md").is_file()


def test_a_mistake_is_told_before_the_reader_is_said_to_have_read(
    memo: Run, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MEMO_WEBHOOK_URL")
    assert memo("catchup", "--for", "Priya", "--send", "webhook").exit_code == 3
    monkeypatch.setenv("MEMO_WEBHOOK_URL", hook.url)
    right = memo("catchup", "--for", "Priya", "--send", "webhook")
    assert right.exit_code == 0
    assert DECIDED in json.loads(hook.posts[0][2])["text"]
