"""Digests as e-mail: whatever is said in them, nothing of it becomes a header."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.delivery import Attachment, Destination, Message, mail_address
from memo.delivery.letters import letter
from memo.delivery.mail import composed

NOW = dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)
HEADERS = {
    "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
}  # fmt: skip
ODD = st.text(
    st.sampled_from('a b\r\n:=?<>@,;"\\é😀\x00\x85\u2028') | st.characters(), max_size=300
)


def sent(message: Message, to: str = "anna@example.org") -> tuple[bytes, EmailMessage]:
    one = letter(message, Destination(kind="mail", to=to), NOW)
    data = composed(one, "memo@sender.example").as_bytes()
    policy = email.policy.default
    return data, email.message_from_bytes(data, _class=EmailMessage, policy=policy)


@given(ODD, ODD, ODD, ODD)
@settings(max_examples=40, deadline=None)
def test_any_words_make_a_mail_with_the_same_headers(
    subject: str, text: str, page: str, name: str
) -> None:
    word = Attachment(name=name, content=b"\0PK")
    data, mail = sent(Message(subject=subject, text=text, html=page, attachments=(word,)))
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)  # a server may take it for a line's end
    assert set(mail.keys()) == HEADERS
    assert mail["To"] == "anna@example.org"
    (attachment,) = mail.iter_attachments()
    assert attachment.get_content() == b"\0PK"


@given(
    st.text(st.sampled_from("abü.+-_!#$%&'*/=?^`{|}~0 ") | st.characters(), max_size=12),
    st.text(st.sampled_from("ab-.ü_1") | st.characters(), max_size=10),
)
def test_what_is_taken_as_an_address_is_one(local: str, domain: str) -> None:
    try:
        address = mail_address(f"{local}@{domain}")
    except ValueError:
        address = "anna@example.org"
    _, mail = sent(Message(subject="S", text="T"), address)
    assert [one.addr_spec for one in mail["To"].addresses] == [address]


@pytest.mark.parametrize("address", ["a.b+c@x-y.example", "o'brien@h", "a_b@xn--bcher-kva.example"])
def test_usual_addresses_stay_as_they_are(address: str) -> None:
    assert mail_address(address) == address
