"""A digest, and a digest on its way to one place."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

from memo.delivery.destinations import Destination
from memo.delivery.patience import cleaned
from memo.model import Value


def _whole_characters(text: object) -> object:
    """Join the halves of characters, and replace those left alone: they are no text."""
    if not isinstance(text, str):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


Text = Annotated[str, BeforeValidator(_whole_characters)]


class Attachment(Value):
    """A file that goes with an e-mail: the digest for Word, say."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    name: Text
    content: bytes
    media_type: str = "application/octet-stream"


class Message(Value):
    """A finished digest.

    `text` is Markdown, readable as it is. `whole` says where all of it can be read: shown where a
    chat takes only its beginning. Two messages of a day with the same `key`, else with the same
    words, are the same message: words may tell the minute in which they were written.
    """

    subject: Text
    text: Text
    html: Text | None = None
    attachments: tuple[Attachment, ...] = ()
    whole: Text | None = None
    key: Text | None = None


class Letter(Value):
    """A digest on its way to one place, as the outbox keeps it."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    to: Destination
    message: Message
    queued_at: AwareDatetime
    place: int = 0
    """Which of several that were put in at the same instant it is, from 0."""
    tries: int = 0
    tried_at: AwareDatetime | None = None
    reason: str | None = None
    failed: bool = False
    """Whether it would be refused again: then it waits for a person."""

    @property
    def label(self) -> str:
        """What may be shown of where it goes: of a file that has the day in its name, the day."""
        return (
            cleaned(str(self.to.path(self.queued_at))) if self.to.kind == "file" else self.to.label
        )


def letter(message: Message, to: Destination, now: dt.datetime, place: int = 0) -> Letter:
    """Return a digest addressed to one place.

    Its id is made of the key or the words, the place and the day, so that the same digest, composed
    anew after a crash, is recognised: by the outbox, and by mail servers, which see it as
    Message-ID. Attachments count by name alone: Word files differ each time they are written.

    Args:
        message: The digest.
        to: Where it goes.
        now: The instant, with a time zone.
        place: Which of several letters of that instant it is.
    """
    day = now.astimezone(dt.UTC).date().isoformat()
    names = [attachment.name for attachment in message.attachments]
    words = [message.subject, message.text, message.html or ""]
    parts = [to.kind, to.to, *(words if message.key is None else [message.key]), *names, day]
    digest = hashlib.sha256(
        b"\0".join(part.encode("utf-8", "surrogatepass") for part in parts)
    ).hexdigest()
    kept = message.model_copy(update={"key": None})  # it is in the id, and may be long
    return Letter(id=digest[:32], to=to, message=kept, queued_at=now, place=place)
