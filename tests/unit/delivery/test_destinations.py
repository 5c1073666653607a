"""Where a digest can go: what is understood, what is refused, and what is never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.delivery import Accounts, Destination, MailServer, check, destinations, read_mail_server
from memo.delivery.destinations import remote_host
from memo.errors import ConfigError

SLACK = "https://hooks.slack.com/services/T0/B0/s3cr3t"
SERVER = MailServer("mail.example.org", 465, "implicit", "anna", "hunter2")
ACCOUNTS = Accounts(SERVER, "anna@example.org", SLACK)


def one(word: str) -> Destination:
    (place,) = destinations([word])
    return place


def test_a_path_is_taken_from_where_the_command_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert one("file:digests/today.md").to == str(tmp_path / "digests" / "today.md")
    assert one("file:~/today.md").to == str(tmp_path / "home" / "today.md")
    assert one(f"file://{tmp_path}/a%20b.md").to == str(tmp_path / "a b.md")
    assert one(f"file:{tmp_path}/a%20b.md").to == str(tmp_path / "a%20b.md")


def test_e_mail_goes_to_each_address_by_itself() -> None:
    places = destinations(["mailto:a@example.org,b@example.org", "MAILTO:a@example.org"])
    assert [place.to for place in places] == ["a@example.org", "b@example.org"]


def test_a_domain_is_written_as_every_server_knows_it() -> None:
    assert one("mailto:anna@bücher.example").to == "anna@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "word",
    [
        "", "anna@example.org", "mailto:", "mailto:anna", "mailto:anna@", "mailto:@example.org",
        "mailto:a%0d%0aBcc:b@example.org", "mailto:a@example.org?bcc=b@example.org",
        "mailto:a@b@example.org", "mailto:<a@example.org>", "mailto:-f@example.org",
        "mailto:a@example.org\r\nRCPT TO:<b@example.org>", "mailto:a@exa mple.org", "mailto:a@.",
        "file:", "file:.", "file:/", "file:folder/", "file://elsewhere/digest.md", "file:a\0b",
        "file:a\udcff.md", "ftp://example.org/x", "javascript:alert(1)", "webhooks", "webhook:x",
        "http://chat.example.org/hooks/1", "https://", "https:///x", "https://user:pw@host/hooks/1",
        "https://host:99999/x", "https://host/with a blank", "https://ho\x07st/x", "https://[::1/x",
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused_in_one_line(word: str) -> None:
    with pytest.raises(ConfigError) as refused:
        destinations([word])
    assert "\n" not in str(refused.value)
    assert refused.value.hint
    assert "pw" not in str(refused.value)


@given(st.text(max_size=60))
def test_any_word_is_a_place_or_refused(word: str) -> None:
    try:
        told = [place.label for place in destinations([word])]
    except ConfigError as error:
        told = [str(error), error.hint or ""]
    assert all(line and line.isprintable() for line in told)


@given(st.sampled_from(["mailto:", "https://", "file:/"]), st.text(max_size=40))
def test_a_place_is_written_so_that_it_is_read_again(scheme: str, rest: str) -> None:
    try:
        places = destinations([scheme + rest])
    except ConfigError:
        return
    assert destinations(place.word for place in places) == places


def test_the_address_of_a_webhook_is_not_shown() -> None:
    place = one(SLACK)
    assert place.to == SLACK
    assert place.label == "the webhook at hooks.slack.com"
    assert "s3cr3t" not in repr(ACCOUNTS)
    assert "hunter2" not in repr(ACCOUNTS)


@pytest.mark.parametrize(
    ("word", "accounts"),
    [
        ("mailto:a@example.org", Accounts()),
        ("mailto:a@example.org", Accounts(SERVER)),
        ("mailto:a@example.org", Accounts(MailServer("h", 465, "implicit", "anna"), "a@b.c")),
        ("webhook", Accounts()),
        ("webhook", Accounts(webhook="http://chat.example.org/hooks/1")),
    ],
)
def test_what_is_not_set_is_told_before_anything_is_sent(word: str, accounts: Accounts) -> None:
    with pytest.raises(ConfigError) as refused:
        check(destinations([word]), accounts)
    assert "hooks/1" not in str(refused.value)


def test_offline_reaches_this_machine_alone() -> None:
    local = Accounts(MailServer("localhost", 25, "local"), "a@b.c", "http://127.0.0.1:8065/hooks/1")
    words = ["file:x.md", "mailto:a@example.org", "webhook", "http://[::1]:1/x"]
    check(destinations(words), local, offline=True)
    for word in ("mailto:a@example.org", "webhook", SLACK):
        with pytest.raises(ConfigError, match="offline is set"):
            check([one(word)], ACCOUNTS, offline=True)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://localhost/x", None), ("http://127.1.2.3/x", None), ("http://[::1]/x", None),
        ("https://10.0.0.1/x", "10.0.0.1"), ("https://127.0.0.1.example/x", "127.0.0.1.example"),
        ("https://localhost.example.org/x", "localhost.example.org"),
    ],
)  # fmt: skip
def test_another_machine_is_told_from_this_one(url: str, host: str | None) -> None:
    assert remote_host(Destination(kind="webhook", to=url), Accounts()) == host


# --- Mail servers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, "implicit")),
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, "starttls")),
        ("smtp://mail.example.org:25/", MailServer("mail.example.org", 25, "starttls")),
        ("smtp://localhost", MailServer("localhost", 25, "local")),
        ("smtps://localhost", MailServer("localhost", 465, "implicit")),
        ("smtp://[::1]:2525", MailServer("::1", 2525, "local")),
        ("smtps://anna@h.example", MailServer("h.example", 465, "implicit", "anna")),
        ("smtps://a@b.c@h.example", MailServer("h.example", 465, "implicit", "a@b.c")),
        ("smtps://a%40b.c@h.example", MailServer("h.example", 465, "implicit", "a@b.c")),
    ],
)
def test_the_address_of_a_mail_server_says_how_to_reach_it(url: str, server: MailServer) -> None:
    assert read_mail_server(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org", "mail.example.org:587", "smtp://", "smtp:///x", "smtp://h:0",
        "smtp://h:x", "smtp://h/box", "smtp://h?tls=no", "http://h", "smtps://anna:pw@h.example",
        "smtp://[::1", "smtp://h\x00st",
    ],
)  # fmt: skip
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"write an address|passwords do not belong") as refused:
        read_mail_server(url)
    assert "pw" not in str(refused.value)
