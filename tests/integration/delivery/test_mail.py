"""Digests by e-mail, to a real server on this machine: what arrives, and what is done when not."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import ssl
import time
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from memo.delivery import (
    Accounts,
    Attachment,
    MailServer,
    Message,
    Outbox,
    Outcome,
    Patience,
    deliver,
    destinations,
    send,
)

if TYPE_CHECKING:
    from tests.integration.delivery.conftest import Mailbox

NOW = dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LONG = "ä" * 1500
ODD = bytes(range(256))
MESSAGE = Message(
    subject="Entscheidungen für Zoë\r\nBcc: evil@example.org\r\n\r\nand a body",
    text=f"# Digest\n\n.\n.. dots\nFrom here\n{LONG}\n😀\n",
    html=f"<h1>Digest</h1><p>{LONG}</p>",
    attachments=(Attachment(name='a/b"\r\nX: y ü.docx', content=ODD, media_type=WORD),),
)  # fmt: skip
SECRET = "correct-horse-2"  # noqa: S105
PATIENT = Patience(connect=20, read=20, pause=0.01)
HANG, HANG_UP = "hang", "hang up"


def server(box: Mailbox, **more: Any) -> MailServer:  # noqa: ANN401
    return MailServer(**{"host": "localhost", "port": box.port, "encryption": "local", **more})


def mailed(
    box: Outbox, account: MailServer, patience: Patience = PATIENT, message: Message = MESSAGE
) -> Outcome:
    (outcome,) = deliver(
        message, destinations(["mailto:anna@example.org"]), box,
        Accounts(account, "memo@sender.example"), now=lambda: NOW, patience=patience,
    )  # fmt: skip
    return outcome


def parsed(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, _class=EmailMessage, policy=email.policy.default)


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


# --- What arrives -------------------------------------------------------------------------------


def test_text_html_and_word_arrive_as_they_were(mailbox: Mailbox, box: Outbox) -> None:
    assert mailed(box, server(mailbox)).state == "sent"
    (mail,) = mailbox.mails
    assert (mail.sender, mail.receivers) == ("memo@sender.example", ["anna@example.org"])
    assert mail.data.isascii()
    assert max(map(len, mail.data.split(b"\r\n"))) <= 998
    told = parsed(mail.data)
    text, page = (told.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None
    assert text.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert page.get_content().strip() == MESSAGE.html
    (word,) = told.iter_attachments()
    assert (word.get_content_type(), word.get_content()) == (WORD, bytes(range(256)))
    assert word.get_filename() == 'a-b" X: y ü.docx'
    assert box.waiting() == ()


def test_nothing_said_becomes_a_header(mailbox: Mailbox, box: Outbox) -> None:
    mailed(box, server(mailbox))
    told = parsed(mailbox.mails[0].data)
    assert told["Subject"] == "Entscheidungen für Zoë Bcc: evil@example.org and a body"
    assert told["Bcc"] is None
    assert told["X"] is None
    assert told["To"] == "anna@example.org"
    assert told["From"] == "memo <memo@sender.example>"
    assert told["Auto-Submitted"] == "auto-generated"
    assert told["Date"].datetime == NOW
    assert told["Message-ID"].endswith("@sender.example>")


def test_a_plain_digest_is_a_plain_mail(mailbox: Mailbox, box: Outbox) -> None:
    mailed(box, server(mailbox), message=Message(subject="S", text="T\n"))
    assert parsed(mailbox.mails[0].data).get_content_type() == "text/plain"


# --- Encryption and passwords -------------------------------------------------------------------


@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_another_machine_gets_the_password_only_encrypted_and_known(
    mailbox: Mailbox,
    box: Outbox,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    setattr(mailbox, how, tls)
    mailbox.password = SECRET
    account = server(mailbox, encryption=how, user="anna", password=SECRET)
    unknown = mailed(box, account)
    assert unknown.state == "waiting"
    assert "certificate is not to be trusted" in (unknown.reason or "")
    assert "AUTH" not in mailbox.commands
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    other = server(mailbox, host="127.0.0.1", encryption=how, user="anna", password=SECRET)
    assert "certificate is not to be trusted" in (mailed(box, other).reason or "")
    assert mailed(box, account).state == "sent"
    (mail,) = mailbox.mails
    assert (mail.encrypted, mail.user) == (True, "anna")


def test_no_password_and_no_digest_goes_where_encryption_is_taken_away(
    mailbox: Mailbox, box: Outbox
) -> None:
    mailbox.password = SECRET
    outcome = mailed(box, server(mailbox, encryption="starttls", user="anna", password=SECRET))
    assert (outcome.state, outcome.reason) == (
        "waiting",
        "localhost offers no encryption (STARTTLS)",
    )
    assert set(mailbox.commands) <= {"EHLO", "QUIT"}


def test_on_this_machine_any_certificate_will_do(
    mailbox: Mailbox, box: Outbox, tls: ssl.SSLContext
) -> None:
    mailbox.starttls = tls
    assert mailed(box, server(mailbox)).state == "sent"
    assert mailbox.mails[0].encrypted


@pytest.mark.parametrize("password", ["wrong-hunter3", "wröng"])
def test_a_wrong_password_is_not_told_and_can_be_put_right(
    mailbox: Mailbox, box: Outbox, password: str
) -> None:
    mailbox.password = SECRET
    outcome = mailed(box, server(mailbox, user="anna", password=password))
    assert outcome.state == "waiting"
    kept = next(box.folder.glob("*.json")).read_text(encoding="utf-8")
    assert password not in (outcome.reason or "") + kept
    assert mailed(box, server(mailbox, user="anna", password=SECRET)).state == "sent"
    assert len(mailbox.mails) == 1


# --- What goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ({"RCPT": ["550 5.1.1 no such\x07 box"]}, "the server said 550 “5.1.1 no such box”"),
        ({"DATA": ["554 no"]}, "the server said 554 “no”"),
        ({"END": ["552 5.3.4 too large"]}, "the server said 552 “5.3.4 too large”"),
    ],
)
def test_a_letter_that_is_refused_for_good_is_tried_once_and_kept(
    mailbox: Mailbox, box: Outbox, script: dict[str, list[str]], reason: str
) -> None:
    mailbox.script = script
    outcome = mailed(box, server(mailbox))
    assert (outcome.state, outcome.reason) == ("failed", reason)
    assert mailbox.commands.count("MAIL") == 1
    (letter,) = box.waiting()
    assert (letter.failed, letter.reason, letter.message) == (True, reason, MESSAGE)


@pytest.mark.parametrize(
    "script",
    [
        {"CONNECT": ["421 busy", "554 go away for now"]},
        {"MAIL": ["550 5.7.1 not from you"]},
    ],
)
def test_a_refusal_that_is_not_the_letters_fault_waits(
    mailbox: Mailbox, box: Outbox, script: dict[str, list[str]]
) -> None:
    mailbox.script = script
    assert mailed(box, server(mailbox)).state == "waiting"
    assert mailed(box, server(mailbox)).state == "sent"


@pytest.mark.parametrize(
    "script",
    [
        {"CONNECT": ["421 busy", HANG_UP]},
        {"CONNECT": ["garbage \xff", "999"]},
        {"EHLO": [HANG_UP, HANG_UP]},
        {"RCPT": ["450 greylisted", "451 still"]},
        {"DATA": ["451 later"]},
        {"BODY": [HANG_UP]},
        {"END": ["452 full", "451 full"]},
        {"QUIT": [HANG_UP]},
        {"QUIT": ["500 what?"]},
    ],
    ids=str,
)
def test_what_passes_is_tried_again_within_the_run(
    mailbox: Mailbox, box: Outbox, script: dict[str, list[str]]
) -> None:
    mailbox.script = script
    assert mailed(box, server(mailbox)).state == "sent"
    assert len(mailbox.mails) == 1
    assert box.waiting() == ()


@pytest.mark.parametrize("where", ["CONNECT", "EHLO", "MAIL", "DATA"])
def test_a_server_that_hangs_is_given_up_and_the_digest_waits(
    mailbox: Mailbox, box: Outbox, where: str
) -> None:
    mailbox.script = {where: [HANG]}
    outcome = mailed(box, server(mailbox), Patience(connect=0.4, read=0.4, tries=1))
    assert (outcome.state, outcome.reason) == ("waiting", "the server did not answer in time")
    assert mailed(box, server(mailbox)).state == "sent"


def test_a_mail_that_may_have_arrived_is_sent_again_under_the_same_id(
    mailbox: Mailbox, box: Outbox
) -> None:
    mailbox.script = {"END": [HANG]}
    outcome = mailed(box, server(mailbox), Patience(connect=5, read=0.4, tries=1))
    assert outcome.state == "waiting"
    (later,) = send(
        box, Accounts(server(mailbox), "memo@sender.example"),
        now=lambda: NOW + dt.timedelta(days=2), patience=PATIENT,
    )  # fmt: skip
    assert later.state == "sent"
    first, second = (parsed(mail.data) for mail in mailbox.mails)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_a_server_that_is_not_there_is_tried_again_and_the_digest_waits(
    mailbox: Mailbox, box: Outbox
) -> None:
    nobody = MailServer("localhost", 1, "local")
    outcome = mailed(box, nobody)
    assert outcome.state == "waiting"
    assert "the server cannot be reached" in (outcome.reason or "")
    assert mailed(box, server(mailbox)).state == "sent"
    assert len(mailbox.mails) == 1


def test_the_first_digest_to_another_machine_is_told_once(mailbox: Mailbox, box: Outbox) -> None:
    there = Accounts(server(mailbox, host="0.0.0.0", encryption="starttls"), "m@b.example")  # noqa: S104
    told: list[str] = []
    for day in range(2):
        box.put(MESSAGE, destinations(["mailto:a@b.example"]), now=NOW + dt.timedelta(days=day))
        send(box, there, now=lambda: NOW, patience=PATIENT, told=told.append)
    assert told == ["digests leave this machine, to 0.0.0.0: this is the first"]


def test_offline_what_waits_for_another_machine_goes_on_waiting(
    mailbox: Mailbox, box: Outbox
) -> None:
    there = Accounts(server(mailbox, host="0.0.0.0", encryption="starttls"), "m@b.example")  # noqa: S104
    box.put(MESSAGE, destinations(["mailto:a@b.example"]), now=NOW)
    told: list[str] = []
    (outcome,) = send(box, there, now=lambda: NOW, offline=True, told=told.append)
    assert outcome.state == "waiting"
    assert outcome.reason == "offline is set, but 0.0.0.0 is another machine"
    assert (mailbox.commands, told) == ([], [])


def test_older_digests_go_first_and_none_overtakes(mailbox: Mailbox, box: Outbox) -> None:
    places = destinations(["mailto:anna@example.org"])
    for day in range(3):
        message = Message(subject=f"day {day}", text="T")
        box.put(message, places, now=NOW + dt.timedelta(days=day))
    mailbox.script = {"MAIL": ["450 busy"] * 3}
    accounts = Accounts(server(mailbox), "memo@sender.example")
    at_first = send(box, accounts, now=lambda: NOW, patience=PATIENT)
    assert [outcome.state for outcome in at_first] == ["waiting"] * 3
    assert mailbox.commands.count("MAIL") == PATIENT.tries
    later = send(box, accounts, now=lambda: NOW, patience=PATIENT)
    assert [outcome.state for outcome in later] == ["sent"] * 3
    assert [parsed(mail.data)["Subject"] for mail in mailbox.mails] == ["day 0", "day 1", "day 2"]


def test_where_nobody_answers_nothing_else_is_tried_in_the_same_run(
    mailbox: Mailbox, box: Outbox
) -> None:
    box.put(MESSAGE, destinations(["mailto:a@b.example,c@b.example,d@b.example"]), now=NOW)
    mailbox.script = {"CONNECT": ["421 busy"] * 9}
    accounts = Accounts(server(mailbox), "memo@sender.example")
    outcomes = send(box, accounts, now=lambda: NOW, patience=PATIENT)
    assert [outcome.state for outcome in outcomes] == ["waiting"] * 3
    assert len(mailbox.script["CONNECT"]) == 9 - PATIENT.tries


def test_a_letter_that_fails_for_ever_is_not_for_ever_in_the_way(
    mailbox: Mailbox, box: Outbox
) -> None:
    places = destinations(["mailto:a@b.example"])
    for day in range(2):
        message = Message(subject=f"day {day}", text="T")
        box.put(message, places, now=NOW + dt.timedelta(days=day))
    accounts = Accounts(server(mailbox), "memo@sender.example")
    once = Patience(tries=1)
    for runs in range(6):
        assert (len(mailbox.mails), runs) == (0, runs)
        mailbox.script = {"DATA": ["451 try later"]}
        send(box, accounts, now=lambda: NOW, patience=once)
    assert [parsed(mail.data)["Subject"] for mail in mailbox.mails] == ["day 1"]


def test_the_pauses_grow(mailbox: Mailbox, box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    mailbox.script = {"MAIL": ["450 busy"] * 4}
    mailed(box, server(mailbox), Patience(tries=4))
    assert len(pauses) >= 3
    first, second, third = pauses[:3]
    assert first < second < third
