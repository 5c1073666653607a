"""The objects of a bucket, through `obstore`: S3, or anything that speaks like it.

An object is whole or not there: S3 promises that of every upload. A download goes to a neighbour,
piece by piece, each of the same object, and is then moved into place.

Who may use the bucket is said by the variables that Amazon's own tools read: AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, for another endpoint AWS_ENDPOINT_URL; or by
the machine's role there. None of it is kept or logged.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import mimetypes
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from memo.errors import (
    ConfigError,
    MemoError,
    MissingDependencyError,
    OutputUnavailable,
    RecordingChanged,
    RecordingUnavailable,
    unwritten,
)
from memo.ports import Progress, silent
from memo.speech.recording import clean

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, S3Store

FETCHING = "fetching the recording"
"""The stage that `Objects.fetch` reports."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PIECE = 8_000_000  # bytes that are fetched at a time
_RETRIES = 4
_PATIENCE = dt.timedelta(seconds=60)  # for one request, all tries together
_SILENCE = dt.timedelta(seconds=30)
_LONGEST = dt.timedelta(hours=1)  # for the piece of an upload
_SIDE_BY_SIDE = 4  # pieces of an upload
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
_NO_CREDENTIALS = "169.254."  # where a machine's role would be asked for


@dataclass(frozen=True)
class Object:
    """What a bucket says of one of its objects.

    Attributes:
        key: Its name, below the prefix.
        size: Bytes.
        changed_at: When it was put there, by the bucket's clock.
        tag: Another one for another content.
    """

    key: str
    size: int
    changed_at: dt.datetime
    tag: str

    @property
    def mtime_ns(self) -> int:
        """When it was put there, as file systems say it; another content has another one.

        Buckets tell whole seconds, disks tenths of microseconds at least: these tell the content.
        """
        content = int(hashlib.sha256(self.tag.encode()).hexdigest()[:12], 16)
        return int(self.changed_at.timestamp()) * 1_000_000_000 + content % 10_000_000 * 100


class Objects:
    """The objects of a bucket, below a prefix.

    Args:
        address: `s3://bucket` or `s3://bucket/prefix`.
        offline: No other machine may be spoken to.

    Raises:
        ConfigError: It is no such address, or it leads away from this machine.
        MissingDependencyError: `obstore` is not installed.
    """

    def __init__(self, address: str, *, offline: bool = False) -> None:
        parts = urlsplit(address)
        if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc) or parts.query:
            named = clean(address.rpartition("@")[2])
            raise ConfigError(
                f"shelf is wrong: {named} is no address of a bucket",
                hint="Write one like s3://recordings/team; keys belong in AWS_ACCESS_KEY_ID.",
            )
        self.bucket = parts.netloc
        self.prefix = "/".join(filter(None, parts.path.split("/")))
        self.endpoint = next(filter(None, map(os.environ.get, _ENDPOINTS)), "")
        if offline and not _is_here(self.endpoint):
            raise ConfigError(
                "offline is set, but shelf leads to another machine",
                hint="Set shelf to a folder, or leave out offline.",
            )
        try:
            import obstore as obstore  # noqa: PLC0414 - only whether it is there
        except ImportError as error:
            raise MissingDependencyError(
                "buckets need the package obstore, which is not installed",
                hint="Install it: pip install 'callmemo[s3]'",
            ) from error

    @cached_property
    def _store(self) -> S3Store:
        from obstore.store import S3Store

        options: ClientConfig = {"read_timeout": _SILENCE, "timeout": _LONGEST}
        if urlsplit(self.endpoint).scheme == "http":
            options["allow_http"] = True
        return S3Store(
            self.bucket,
            prefix=self.prefix or None,
            client_options=options,
            retry_config={"max_retries": _RETRIES, "retry_timeout": _PATIENCE},
            config={"disable_bulk_delete": True},  # which not every such server knows
        )

    def listed(self, start: str = "") -> Iterator[Object]:
        """Yield the objects in a folder, and in those below it.

        Args:
            start: The folder's name below the prefix, without a slash at its end; "" for all.

        Raises:
            RecordingUnavailable: The bucket cannot be read now.
        """
        import obstore

        with self._refusing(RecordingUnavailable, "read"):
            for some in obstore.list(self._store, prefix=start or None):
                yield from (_object(found) for found in some)

    def beginning_with(self, start: str) -> Iterator[Object]:
        """Yield the objects whose names begin with some text: `calls/mon` for `calls/mon.m4a`.

        Raises:
            RecordingUnavailable: The bucket cannot be read now.
        """
        import obstore

        folder = start.rpartition("/")[0]
        if found := self.there(start):  # the list begins after it
            yield found
        with self._refusing(RecordingUnavailable, "read"):
            for some in obstore.list(self._store, prefix=folder or None, offset=start):
                for meta in some:  # by name
                    if not meta["path"].startswith(start):
                        return
                    yield _object(meta)

    def there(self, key: str) -> Object | None:
        """Return what the bucket says of an object; None if there is none.

        Raises:
            RecordingUnavailable: The bucket cannot be read now.
        """
        import obstore

        with self._refusing(RecordingUnavailable, "read"):
            try:
                return _object(obstore.head(self._store, key))
            except FileNotFoundError:
                return None

    def fetch(self, found: Object, path: Path, progress: Progress = silent) -> None:
        """Make a file of an object; it appears whole, as old as the object.

        Args:
            found: The object.
            path: The file; one that is there is replaced.
            progress: Told of the bytes done.

        Raises:
            RecordingUnavailable: The bucket cannot be read now.
            RecordingChanged: The object is not there any more, or another one is.
            OutputError: The file cannot be written.
        """
        neighbour = path.with_name(f".memo-{secrets.token_hex(8)}.tmp")
        try:
            with _writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                with os.fdopen(os.open(neighbour, _NEW, 0o600), "wb") as file:
                    for piece in self._pieces(found, progress):
                        file.write(piece)
            with _writing(path):
                os.utime(neighbour, ns=(found.mtime_ns, found.mtime_ns))
                neighbour.replace(path)
        finally:
            with suppress(OSError):
                neighbour.unlink(missing_ok=True)

    def _pieces(self, found: Object, progress: Progress) -> Iterator[bytes]:
        import obstore

        for start in range(0, found.size, _PIECE):
            progress(FETCHING, start, found.size)
            with self._refusing(RecordingUnavailable, "read"):
                try:
                    got = obstore.get(
                        self._store, found.key, options={"range": (start, start + _PIECE)}
                    )
                    piece = bytes(got.bytes())
                except FileNotFoundError as error:
                    raise _changed(found) from error
            if _object(got.meta).tag != found.tag or len(piece) != min(_PIECE, found.size - start):
                raise _changed(found)
            yield piece

    def put(self, path: Path, key: str) -> Object:
        """Make an object of a file; it appears whole.

        Raises:
            OutputUnavailable: The bucket cannot be written to now.
        """
        import obstore

        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        size = path.stat().st_size
        with self._refusing(OutputUnavailable, "written to"):
            put = obstore.put(
                self._store,
                key,
                path,
                attributes={"Content-Type": kind},
                use_multipart=size > _PIECE,
                chunk_size=_PIECE,
                max_concurrency=_SIDE_BY_SIDE,
            )
        now = dt.datetime.now(dt.UTC)
        return Object(key=key, size=size, changed_at=now, tag=_tag(put["e_tag"]))

    def copy(self, key: str, target: str) -> None:
        """Copy an object within the bucket, at most 5 GB of it (S3's own limit).

        Raises:
            OutputUnavailable: The bucket cannot be written to now.
        """
        import obstore

        with self._refusing(OutputUnavailable, "written to"):
            obstore.copy(self._store, key, target)

    def delete(self, key: str) -> None:
        """Delete an object, if it is there.

        Raises:
            OutputUnavailable: The bucket cannot be written to now.
        """
        import obstore

        with self._refusing(OutputUnavailable, "written to"), suppress(FileNotFoundError):
            obstore.delete(self._store, key)

    @contextmanager
    def _refusing(self, kind: type[MemoError], what: str) -> Iterator[None]:
        """Turn what the bucket refuses into an error of ours."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            why, hint = _told(error)
            raise kind(f"the bucket {self.bucket} cannot be {what}: {why}", hint=hint) from error


def _object(found: ObjectMeta) -> Object:
    return Object(
        key=found["path"],
        size=found["size"],
        changed_at=found["last_modified"],
        tag=_tag(found["e_tag"]),
    )


def _tag(told: str | None) -> str:
    return (told or "").strip('"')


def _told(error: Exception) -> tuple[str, str]:
    """Return in a few words what went wrong, and what to do about it."""
    text = str(error)
    status = re.search(r"status code: (\d{3} [A-Za-z ]+)", text)
    code = re.search(r"<Code>(\w{1,60})</Code>", text)
    why = "it cannot be reached"
    if status:
        why = status[1].strip() + (f" ({code[1]})" if code else "")
    if _NO_CREDENTIALS in text:
        why = "there is no key for it"
    if _NO_CREDENTIALS in text or re.match(r"40[13]", why):
        return why, "Put its keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    if code and code[1] == "NoSuchBucket":
        return why, "Make the bucket, or correct its name in `shelf`."
    if odd := re.search(r'invalid path.*?Path "(.+?)"', text, re.DOTALL):
        return (
            f"{clean(odd[1][:200])} is no path",
            "Rename that object: `//`, `.` and `..` are no names.",
        )
    return why, "Check AWS_ENDPOINT_URL, AWS_REGION and the network; memo will try again."


def _changed(found: Object) -> RecordingChanged:
    return RecordingChanged(
        f"{clean(found.key.rpartition('/')[2])} changed in the bucket while it was being fetched",
        hint="Wait until it is all there; memo will look again.",
    )


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error of ours."""
    try:
        yield
    except OSError as error:
        raise unwritten(error)(
            f"{clean(path.name)} cannot be kept in {path.parent}: {error.strerror}",
            hint="Free some space on its disk, or set another cache_dir.",
        ) from error


def _is_here(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
