"""Digests to a chat's webhook, on a real HTTP server: what arrives, and what is done when not."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from memo.delivery import (
    Accounts,
    Message,
    Outbox,
    Outcome,
    Patience,
    WebhookFormat,
    deliver,
    destinations,
    send,
)

if TYPE_CHECKING:
    from tests.integration.delivery.conftest import Hook

NOW = dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)
MESSAGE = Message(subject="Digest", text="# Digest\n\n**Excel** it is: 1 < 2 <!channel>, ä 😀.\n")
PATIENT = Patience(connect=20, read=20, pause=0.01, lock=60)
HANG, HANG_UP = "hang", "hang up"


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "state" / "outbox")


def posted(
    box: Outbox,
    hook: Hook,
    *,
    patience: Patience = PATIENT,
    message: Message = MESSAGE,
    speaks: WebhookFormat = "auto",
) -> Outcome:
    (outcome,) = deliver(
        message, destinations(["webhook"]), box,
        Accounts(webhook=hook.url, webhook_format=speaks), now=lambda: NOW, patience=patience,
    )  # fmt: skip
    return outcome


def body(hook: Hook) -> str:
    return hook.posts[-1][2].decode()


def test_a_digest_is_posted_as_json(hook: Hook, box: Outbox) -> None:
    assert posted(box, hook).state == "sent"
    ((path, headers, sent),) = hook.posts
    assert path == "/hooks/s3cr3t"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(sent)["text"].startswith("# Digest\n\n**Excel** it is")
    assert "Authorization" not in headers
    assert box.waiting() == ()


@pytest.mark.parametrize(
    ("speaks", "words"),
    [
        ("slack", "*Digest*\\n\\n*Excel* it is: 1 &lt; 2"),
        ("mattermost", "**Excel**"),
        ("teams", '"type":"AdaptiveCard"'),
    ],
)
def test_the_dialect_can_be_set(hook: Hook, box: Outbox, speaks: WebhookFormat, words: str) -> None:
    posted(box, hook, speaks=speaks)
    assert words in body(hook)


def test_a_long_digest_is_posted_in_part_and_kept_whole(
    hook: Hook, box: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    message = Message(subject="S", text="# H\n\n" + "A paragraph of ten words, or so.\n\n" * 5000)
    posted(box, hook, message=message)
    (kept,) = (box.folder.parent / "digests").iterdir()
    assert kept.read_text(encoding="utf-8") == message.text
    assert json.loads(body(hook))["text"].endswith(f": ~/state/digests/{kept.name}")
    posted(box, hook, message=message.model_copy(update={"whole": "the wiki", "subject": "2"}))
    assert json.loads(body(hook))["text"].endswith("The whole digest: the wiki")


@pytest.mark.parametrize(
    "script",
    [
        [(429, {"Retry-After": "0"}, b""), (503, {}, b"<html>")],
        [(500, {}, b"rollup_error"), (502, {"Retry-After": "soon"}, b"")],
        [(429, {"Retry-After": "Mon, 23 Nov 2020 08:00:00 GMT"}, b"rate_limited")],
    ],
)
def test_what_passes_is_tried_again_within_the_run(
    hook: Hook, box: Outbox, script: list[tuple[int, dict[str, str], bytes] | str]
) -> None:
    count = len(script)
    hook.script = script
    assert posted(box, hook).state == "sent"
    assert len(hook.posts) == count + 1


def test_a_chat_that_asks_for_time_gets_it(
    hook: Hook, box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("memo.delivery.posting.time.sleep", pauses.append)
    hook.script = [(429, {"Retry-After": "17"}, b""), (429, {"Retry-After": "3600"}, b"")]
    outcome = posted(box, hook)
    assert (outcome.state, outcome.reason) == ("waiting", "it answered 429")
    assert 17.0 in pauses
    assert 3600.0 not in pauses
    assert len(hook.posts) == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((400, {}, b"invalid_payload"), "it answered 400 invalid_payload"),
        ((404, {}, b"what you said was: Excel it is"), "it answered 404"),
        ((410, {}, b"channel_is_archived"), "it answered 410 channel_is_archived"),
        ((413, {}, b""), "it answered 413"),
        (
            (200, {"Content-Type": "text/html"}, b"<h1>Log in</h1>"),
            "a web page answered, not a webhook",
        ),
    ],
)
def test_what_is_refused_for_good_is_tried_once_and_kept(
    hook: Hook, box: Outbox, answer: tuple[int, dict[str, str], bytes], reason: str
) -> None:
    hook.script = [answer]
    outcome = posted(box, hook)
    assert (outcome.state, outcome.reason) == ("failed", reason)
    assert len(hook.posts) == 1
    assert box.waiting()[0].failed


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_does_not_carry_the_digest_elsewhere(
    new_hook: Callable[..., Hook], box: Outbox, status: int
) -> None:
    here, elsewhere = new_hook(), new_hook()
    here.script = [(status, {"Location": elsewhere.url}, b"")]
    outcome = posted(box, here)
    assert outcome.state == "failed"
    assert outcome.reason == f"it leads elsewhere ({status}), and was not followed"
    assert elsewhere.posts == []
    assert len(here.posts) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Length": "5000000"}, b"ok"),
        (200, {"Content-Encoding": "gzip"}, b"no gzip"),
        (202, {}, b""),
        (200, {}, b"\xff" * 100_000),
        (200, {"Content-Type": "application/json"}, b'{"success":true}'),
    ],
)
def test_a_strange_answer_is_no_reason_to_send_twice(
    hook: Hook, box: Outbox, answer: tuple[int, dict[str, str], bytes]
) -> None:
    hook.script = [answer]
    assert posted(box, hook, patience=Patience(read=2)).state == "sent"
    assert len(hook.posts) == 1


@pytest.mark.parametrize("answer", [HANG, HANG_UP])
def test_a_post_that_may_have_arrived_is_left_to_the_next_run(
    hook: Hook, box: Outbox, answer: str
) -> None:
    hook.script = [answer]
    outcome = posted(box, hook, patience=Patience(connect=5, read=0.4, pause=0))
    assert outcome.state == "waiting"
    assert len(hook.posts) == 1
    assert posted(box, hook).state == "sent"
    assert len(hook.posts) == 2


def test_a_chat_that_is_not_there_is_tried_again(box: Outbox, hook: Hook) -> None:
    before = time.monotonic()
    places = destinations(["http://127.0.0.1:1/hooks/s3cr3t"])
    (outcome,) = deliver(
        MESSAGE, places, box, Accounts(), now=lambda: NOW, patience=Patience(pause=0.05)
    )
    assert (outcome.state, outcome.reason) == ("waiting", "it cannot be reached")
    assert time.monotonic() - before > 0.15
    assert hook.posts == []


def test_a_certificate_that_nobody_vouches_for_gets_no_digest(
    new_hook: Callable[..., Hook], box: Outbox, tls: ssl.SSLContext
) -> None:
    hook = new_hook(tls)
    places = destinations([hook.url.replace("http://127.0.0.1", "https://localhost")])
    (outcome,) = deliver(MESSAGE, places, box, Accounts(), now=lambda: NOW, patience=PATIENT)
    assert outcome.state == "waiting"
    assert "certificate is not to be trusted" in (outcome.reason or "")
    assert hook.posts == []


def test_slack_has_to_say_ok(hook: Hook, box: Outbox) -> None:
    hook.script = [(200, {}, b"welcome to the airport")]
    assert posted(box, hook, speaks="slack").reason == "its answer is not Slack's"
    assert posted(box, hook, speaks="slack").state == "sent"


def test_no_reason_and_no_log_holds_the_address_or_what_was_said(
    hook: Hook, box: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    hostile = (500, dict[str, str](), b"s3cr3t Excel"), (400, {"X": "Excel"}, b"s3cr3t Excel")
    for answer in (*hostile, HANG_UP):
        hook.script = [answer] * 3
        outcome = posted(box, hook)
        assert "s3cr3t" not in f"{outcome.reason}{outcome.letter.to.label}{caplog.text}"
        assert "Excel" not in f"{outcome.reason}{caplog.text}"
        send(box, Accounts(webhook=hook.url), now=lambda: NOW, failed_too=True, patience=PATIENT)


def test_a_proxy_of_the_environment_is_not_asked_about_this_machine(
    hook: Hook, box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert posted(box, hook).state == "sent"


def test_the_same_digest_within_minutes_is_sent_once(hook: Hook, box: Outbox) -> None:
    assert posted(box, hook).state == "sent"
    assert posted(box, hook).state == "again"
    accounts = Accounts(webhook=hook.url)
    later = NOW + dt.timedelta(minutes=11)
    (outcome,) = deliver(MESSAGE, destinations(["webhook"]), box, accounts, now=lambda: later)
    assert outcome.state == "sent"
    assert len(hook.posts) == 2
