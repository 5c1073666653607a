"""Runs that are killed, and runs at the same time: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import datetime as dt
import email
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from memo.delivery import Accounts, MailServer, Outbox, Patience, send

if TYPE_CHECKING:
    from tests.integration.delivery.conftest import Hook, Mailbox

NOW = dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)
RUN = """
import datetime as dt, sys
from pathlib import Path
from memo.delivery import *
port, folder, place = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
accounts = Accounts(MailServer("localhost", port, "local"), "memo@sender.example")
now = lambda: dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)
message = Message(subject="S", text="T")
told = deliver(message, destinations([place]), Outbox(folder), accounts, now=now)
print(*(outcome.state for outcome in told))
"""


def run(port: int, folder: Path, place: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(port), str(folder), place],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_run_that_is_killed_while_it_sends_leaves_the_digest(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    mailbox.script = {"END": ["hang"]}
    killed = run(mailbox.port, tmp_path / "outbox", "mailto:anna@example.org")
    while not mailbox.mails:
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    box = Outbox(tmp_path / "outbox")
    (letter,) = box.waiting()
    assert (letter.message.text, letter.tries) == ("T", 0)
    accounts = Accounts(MailServer("localhost", mailbox.port, "local"), "memo@sender.example")
    (outcome,) = send(box, accounts, now=lambda: NOW, patience=Patience(lock=60))
    assert outcome.state == "sent"
    first, second = (email.message_from_bytes(mail.data) for mail in mailbox.mails)
    assert first["Message-ID"] == second["Message-ID"]
    assert box.waiting() == ()


def test_runs_at_the_same_time_send_once(hook: Hook, tmp_path: Path) -> None:
    hook.delay = 0.3
    runs = [run(1, tmp_path / "outbox", hook.url) for _ in range(3)]
    told = sorted(one.communicate()[0].strip() for one in runs)
    assert all(one.returncode == 0 for one in runs)
    assert len(hook.posts) == 1
    assert told.count("sent") == 1
    assert set(told) <= {"sent", "again", ""}
    assert Outbox(tmp_path / "outbox").waiting() == ()
