"""Delivers a digest to the incoming webhook of a chat: Slack, Mattermost, Teams and their kind."""

from __future__ import annotations

import datetime as dt
import email.utils
import logging
import re
import ssl
import time
from urllib.parse import urlsplit

import httpx

from memo.delivery.accounts import Accounts
from memo.delivery.chat import Dialect, Where, payload
from memo.delivery.hosts import is_loopback
from memo.delivery.letters import Letter
from memo.delivery.patience import NotDelivered, Patience

_BUSY = {408, 425, 429, 500, 502, 503, 504}
_ANSWER = 4096
_CODE = re.compile(r"[a-z]+(?:_[a-z]+)+")
_TEAMS = (".logic.azure.com", ".powerplatform.com", ".powerautomate.com", ".office.com")


def dialect(url: str, accounts: Accounts) -> Dialect:
    """Return the dialect that a webhook speaks: the one that is set, else told by its address.

    Of an unknown address, the plain `{"text": Markdown}` of Mattermost, which most of what calls
    itself compatible with Slack takes.
    """
    if accounts.webhook_format != "auto":
        return Dialect(accounts.webhook_format)
    host = (urlsplit(url).hostname or "").lower()
    if host in {"hooks.slack.com", "hooks.slack-gov.com"}:
        return Dialect.SLACK
    return Dialect.TEAMS if host.endswith(_TEAMS) else Dialect.MATTERMOST


def post_to_webhook(one: Letter, accounts: Accounts, patience: Patience, whole: Where) -> None:
    """Post a digest.

    A redirect is not followed: the digest goes where the user said, or nowhere. Whether an answer
    that never came means that nothing was posted cannot be known; then the next run tries again,
    not this one.

    Args:
        one: The digest.
        accounts: The webhook of the settings, and its dialect.
        patience: How long to wait.
        whole: Says where all of it can be read, if the chat takes only the beginning.

    Raises:
        NotDelivered: It cannot be reached, or refused; its address is not told.
    """
    url = one.to.to or accounts.webhook
    if not url:
        raise NotDelivered("MEMO_WEBHOOK_URL is not set")
    speaks = dialect(url, accounts)
    try:
        answer = _posted(url, payload(one.message, speaks, whole), patience)
    except httpx.InvalidURL as error:
        raise NotDelivered("the webhook's address is none", final=True) from error
    except httpx.HTTPError as error:
        raise _told(error) from None  # its words may hold the address
    _judge(answer, speaks)


def _posted(url: str, body: bytes, patience: Patience) -> tuple[httpx.Response, str]:
    """Return the answer and the beginning of its words."""
    for talkative in ("httpx", "httpcore"):  # they log the address
        logging.getLogger(talkative).setLevel(logging.WARNING)
    timeout = httpx.Timeout(patience.read, connect=patience.connect)
    trust_env = not is_loopback(urlsplit(url).hostname or "")
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "memo"}
    with (
        httpx.Client(timeout=timeout, trust_env=trust_env, follow_redirects=False) as client,
        client.stream("POST", url, content=body, headers=headers) as response,
    ):
        return response, _beginning(response, patience.read)


def _beginning(response: httpx.Response, seconds: float) -> str:
    """Read a little of an answer; one that drips, or breaks off, has told its status already."""
    read = b""
    until = time.monotonic() + seconds
    try:
        for chunk in response.iter_bytes():
            read += chunk
            if len(read) >= _ANSWER or time.monotonic() > until:
                break
    except httpx.HTTPError:
        pass
    return read[:_ANSWER].decode("utf-8", "replace").strip()


def _judge(answer: tuple[httpx.Response, str], speaks: Dialect) -> None:
    response, words = answer
    status = response.status_code
    if response.is_redirect or 300 <= status < 400:
        raise NotDelivered(f"it leads elsewhere ({status}), and was not followed", final=True)
    if status in _BUSY:
        after = _seconds(response.headers.get("retry-after"))
        raise NotDelivered(f"it answered {status}", again=True, after=after)
    if not response.is_success:
        code = f" {words}" if len(words) <= 40 and _CODE.fullmatch(words) else ""
        raise NotDelivered(f"it answered {status}{code}", final=True)
    if "text/html" in response.headers.get("content-type", "") and words != "ok":
        raise NotDelivered("a web page answered, not a webhook", final=True)
    if speaks is Dialect.SLACK and words != "ok":
        raise NotDelivered("its answer is not Slack's")


def _told(error: httpx.HTTPError) -> NotDelivered:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotDelivered(f"its certificate is not to be trusted: {cause.verify_message}")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.PoolTimeout):
        return NotDelivered("it cannot be reached", again=True, closed=True)
    if isinstance(error, httpx.TimeoutException):
        return NotDelivered("it did not answer in time; the digest may have arrived")
    return NotDelivered(f"the connection broke ({type(error).__name__})")


def _seconds(retry_after: str | None) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds, or a date."""
    if not retry_after:
        return None
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", retry_after.strip()):
        return float(retry_after)
    try:
        at = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds())
