"""Delivers a digest by e-mail (RFC 5321, 5322): text, HTML beside it, files with it."""

from __future__ import annotations

import contextlib
import email.policy
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from memo.delivery.accounts import Accounts, MailServer
from memo.delivery.letters import Letter
from memo.delivery.patience import NotDelivered, Patience, cleaned

_POLICY = email.policy.SMTP.clone(cte_type="7bit")  # any server takes it
_WORDS = 160


def post_by_mail(one: Letter, accounts: Accounts, patience: Patience) -> None:
    """Hand a digest to the mail server.

    Raises:
        NotDelivered: The server cannot be reached, or refused; nobody's password is told.
    """
    if accounts.mail is None or not accounts.sender:
        raise NotDelivered("smtp_url or mail_from is not set")
    mail = composed(one, accounts.sender)
    talking = False
    try:
        with _connected(accounts.mail, patience) as server:
            talking = True
            server.send_message(mail, from_addr=accounts.sender, to_addrs=[one.to.to])
    except (smtplib.SMTPException, OSError) as error:
        told = _told(error)
        told.closed = not talking
        raise told from error
    except NotDelivered as error:  # no encryption, no password
        error.closed = not talking
        raise


def composed(one: Letter, sender: str) -> EmailMessage:
    """Return a letter as an e-mail.

    Its Message-ID is made of the letter's id, so that a second copy, sent because the first try
    ended unclearly, is known as the same one. Replies of vacationers are not wanted (RFC 3834).
    """
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = cleaned(one.message.subject)[:500]
    mail["From"] = Address(display_name="memo", addr_spec=sender)
    mail["To"] = Address(addr_spec=one.to.to)
    mail["Date"] = format_datetime(one.queued_at)
    mail["Message-ID"] = f"<{one.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(one.message.text)
    if one.message.html is not None:
        mail.add_alternative(one.message.html, subtype="html")
    for attachment in one.message.attachments:
        main, _, sub = attachment.media_type.partition("/")
        mail.add_attachment(
            attachment.content,
            maintype=main,
            subtype=sub or "octet-stream",
            filename=cleaned(attachment.name).replace("/", "-") or "digest",
        )
    return mail


@contextmanager
def _connected(account: MailServer, patience: Patience) -> Iterator[smtplib.SMTP]:
    """Connect, encrypt and log in; whatever happens afterwards, hang up."""
    server = _reached(account, patience)
    try:
        if account.encryption != "implicit":
            _encrypt(server, account)
        if account.user:
            _log_in(server, account)
        if server.sock is not None:
            server.sock.settimeout(patience.read)
        yield server
    except BaseException:
        server.close()
        raise
    with contextlib.suppress(smtplib.SMTPException, OSError):  # what was accepted is accepted
        server.quit()


def _reached(account: MailServer, patience: Patience) -> smtplib.SMTP:
    if account.encryption == "implicit":
        return smtplib.SMTP_SSL(
            account.host, account.port, timeout=patience.connect, context=_trust(account)
        )
    return smtplib.SMTP(account.host, account.port, timeout=patience.connect)


def _encrypt(server: smtplib.SMTP, account: MailServer) -> None:
    server.ehlo_or_helo_if_needed()
    if server.has_extn("starttls"):
        server.starttls(context=_trust(account))
        server.ehlo()
    elif account.encryption == "starttls":
        raise NotDelivered(f"{account.host} offers no encryption (STARTTLS)")


def _trust(account: MailServer) -> ssl.SSLContext:
    """Return whom to trust: the system's authorities; on this machine, anybody."""
    context = ssl.create_default_context()
    if account.encryption == "local":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _log_in(server: smtplib.SMTP, account: MailServer) -> None:
    """Log in; the server's words are not repeated, since some echo what they were told."""
    if not account.password:
        raise NotDelivered("MEMO_SMTP_PASSWORD is not set")
    try:
        server.login(account.user or "", account.password)
    except UnicodeEncodeError:
        raise NotDelivered("the user's name or password is not plain ASCII") from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotDelivered(f"{account.host} lets nobody log in") from error
    except smtplib.SMTPResponseException as error:
        busy = 400 <= error.smtp_code < 500
        raise NotDelivered(
            f"{account.host} did not let {account.user} log in ({error.smtp_code})", again=busy
        ) from None


def _told(error: smtplib.SMTPException | OSError) -> NotDelivered:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return _refused(code, said, final=True)
    if isinstance(error, smtplib.SMTPResponseException):
        about_letter = isinstance(error, smtplib.SMTPDataError)
        return _refused(error.smtp_code, error.smtp_error, final=about_letter)
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = cleaned(error.verify_message)
        return NotDelivered(f"the server's certificate is not to be trusted: {reason}")
    return NotDelivered(_broken(error), again=True)


def _broken(error: OSError) -> str:
    """Say what became of a connection; `SMTPException` is an `OSError`, too."""
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "the server did not answer in time"  # smtplib calls that a server that hung up
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the server hung up"
    if isinstance(error, ssl.SSLError):
        return f"no encrypted connection ({cleaned(error.reason or 'TLS failed')})"
    return f"the server cannot be reached ({cleaned(error.strerror or type(error).__name__)})"


def _refused(code: int, words: bytes | str, *, final: bool) -> NotDelivered:
    """Read a refusal: 4xx is for now, 5xx for good (RFC 5321, 4.2.1).

    Args:
        code: The reply's code.
        words: The reply's words.
        final: Whether it was the letter or its receiver that was refused; a refusal of the sender,
            or of everybody, is the settings' fault, and passes when they are put right.
    """
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    short = cleaned(said)[:_WORDS]
    reason = f"the server said {code}" + (f" “{short}”" if short else "")
    for_good = 500 <= code < 600
    return NotDelivered(reason, final=final and for_good, again=not for_good)
