"""Fetches model files from the Hugging Face Hub, or a mirror that speaks like it, over HTTP.

A file is at `<hub>/<repo>/resolve/<revision>/<name>`. Large files are redirected to a content
network; the hub's own answer then says `X-Linked-Size` and `X-Linked-Etag`, the SHA-256 of the
Git LFS pointer. Small files are answered with an `ETag` that is their Git blob id
(https://huggingface.co/docs/huggingface_hub/package_reference/file_download).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from memo.errors import ConfigError, MissingDependencyError, WeightsUnavailable
from memo.weights.cache import Expected, shifted, wrong_checksum
from memo.weights.catalogue import Hub, HubFile

Report = Callable[[int], None]
Result = TypeVar("Result")

_BUSY = {408, 425, 429, 500, 502, 503, 504}
_FORGET_SECONDS = 600.0
_REDIRECTS = 5

_unreachable: dict[str, tuple[float, str]] = {}
"""Hubs that could not be reached: when that was (monotonic), and why."""


@dataclass(frozen=True)
class Patience:
    """How long a hub is waited for, in seconds, and how often it is asked again."""

    connect: float = 3.0
    read: float = 20.0
    tries: int = 4
    pause: float = 1.0
    longest_pause: float = 30.0


@dataclass(frozen=True)
class Remote:
    """A file, and where the hub has it."""

    url: str
    file: Expected


class _TryAgain(Exception):  # noqa: N818
    """The hub is busy, or stopped in the middle of a file; `seconds` is how long it asks for."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class HubClient:
    """A hub, asked politely and given up when it cannot be reached.

    Args:
        url: Address of the hub.
        token: Access token, sent to the hub's own host only.
        patience: How long to wait.
    """

    def __init__(self, url: str, token: str | None, patience: Patience | None = None) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._patience = patience or Patience()

    def fetch(
        self, source: Hub, folder: Path, report: Report, expect: Callable[[int], None]
    ) -> tuple[Expected, ...]:
        """Fetch a model's files into a folder; what is there already is kept.

        Args:
            source: The repository, its commit and the files.
            folder: Where the files grow.
            report: Told of the bytes there so far.
            expect: Told of the bytes in all before the first is fetched; may refuse.

        Returns:
            What the files should be; they are not checked yet.

        Raises:
            WeightsUnavailable: The hub cannot be reached or is busy; what came is kept.
            MissingDependencyError: It refuses, or has no such file.
            ConfigError: The hub's address is no URL.
        """
        with self._client() as client:
            self._check_reachable(client)
            remotes = [self._describe(client, source, file) for file in source.files]
            expect(sum(remote.file.bytes for remote in remotes))
            done = 0
            for remote in remotes:
                target = folder / remote.file.name
                self._download(client, source, remote, target, shifted(report, done))
                done += remote.file.bytes
        return tuple(remote.file for remote in remotes)

    def _client(self) -> httpx.Client:
        headers = {"Accept-Encoding": "identity", "User-Agent": "callmemo"}
        if self._token:  # httpx drops it when a redirect leads to another host
            headers["Authorization"] = f"Bearer {self._token}"
        timeout = httpx.Timeout(self._patience.read, connect=self._patience.connect)
        try:
            return httpx.Client(headers=headers, timeout=timeout)
        except (ImportError, ValueError) as error:  # a proxy that httpx cannot use
            raise WeightsUnavailable(f"the hub cannot be reached: {error}") from error

    def _check_reachable(self, client: httpx.Client) -> None:
        """Give up after seconds; a name server that hangs is not bound by httpx's timeout."""
        since, reason = _unreachable.get(self._url, (-_FORGET_SECONDS, ""))
        if time.monotonic() - since < _FORGET_SECONDS:
            raise WeightsUnavailable(f"the hub cannot be reached: {reason}")
        outcome: list[Exception | None] = []

        def knock() -> None:
            try:
                client.head(self._url, timeout=self._patience.connect)
                outcome.append(None)
            except Exception as error:  # noqa: BLE001 carried to the caller's thread
                outcome.append(error)

        thread = threading.Thread(target=knock, daemon=True)
        thread.start()
        thread.join(self._patience.connect + 1)
        error = outcome[0] if outcome else TimeoutError("no answer")
        shown = re.sub("//[^/]*@", "//", self._url)  # a mirror's password is nobody's business
        if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
            raise ConfigError(f"the hub's address {shown!r} is not a URL") from error
        if error is not None:
            reason = f"{shown}: {str(error) or type(error).__name__}"
            _unreachable[self._url] = (time.monotonic(), reason)
            raise WeightsUnavailable(f"the hub cannot be reached: {reason}") from error

    def _describe(self, client: httpx.Client, source: Hub, file: HubFile) -> Remote:
        url = f"{self._url}/{source.repo}/resolve/{source.revision}/{file.name}"
        if file.bytes and file.sha256:
            return Remote(url, Expected(name=file.name, bytes=file.bytes, sha256=file.sha256))
        headers = self._patiently(lambda: _head(client, source, url), source).headers
        etag = headers.get("x-linked-etag") or headers.get("etag") or ""
        checksum = etag.removeprefix("W/").strip('"').lower()
        size = headers.get("x-linked-size") or headers.get("content-length")
        if file.bytes is None and not (size or "").isdigit():
            raise MissingDependencyError(f"the hub does not say how large {file.name} is")
        return _remote(file, url, int(size or 0), checksum)

    def _download(
        self, client: httpx.Client, source: Hub, remote: Remote, target: Path, report: Report
    ) -> None:
        while (before := _size(target)) < remote.file.bytes:
            try:
                self._patiently(lambda: _stream(client, source, remote, target, report), source)
            except WeightsUnavailable:
                if _size(target) <= before:
                    raise
        if _size(target) > remote.file.bytes:
            target.unlink()
            raise wrong_checksum(remote.file.name)

    def _patiently(self, ask: Callable[[], Result], source: Hub) -> Result:
        for attempt in range(self._patience.tries):
            try:
                return ask()
            except (httpx.RequestError, _TryAgain) as error:
                wish = error.seconds if isinstance(error, _TryAgain) else None
                pause = self._patience.pause * 2**attempt if wish is None else wish
                if attempt + 1 == self._patience.tries or pause > self._patience.longest_pause:
                    reason = str(error) or type(error).__name__
                    raise WeightsUnavailable(
                        f"the hub stopped answering for {source.repo}: {reason}"
                    ) from error
                time.sleep(pause)
        raise AssertionError


def _head(client: httpx.Client, source: Hub, url: str) -> httpx.Response:
    """Ask about a file; its checksum is in the last answer before another host's."""
    response = client.head(url)
    for _ in range(_REDIRECTS):
        if "x-linked-etag" in response.headers or response.next_request is None:
            break
        response = client.send(response.next_request)
    _check_status(response, source, url)
    return response


def _check_status(response: httpx.Response, source: Hub, url: str) -> None:
    status, name = response.status_code, url.rpartition("/")[2]
    if status < 400:  # a redirect to the content network is as good
        return
    if status in _BUSY:
        wish = response.headers.get("retry-after", "")
        raise _TryAgain(f"HTTP {status}", float(wish) if wish.isdigit() else None)
    if status in {401, 403}:
        raise MissingDependencyError(
            f"the hub refuses {source.repo} (HTTP {status})",
            hint="Give an access token of the hub in HF_TOKEN, or the path of a copy.",
        )
    raise MissingDependencyError(f"the hub has no {name} in {source.repo} (HTTP {status})")


def _remote(file: HubFile, url: str, size: int, checksum: str) -> Remote:
    sha256 = file.sha256 or (checksum if re.fullmatch("[0-9a-f]{64}", checksum) else None)
    blob = None if sha256 or not re.fullmatch("[0-9a-f]{40}", checksum) else checksum
    if sha256 is None and blob is None:
        raise MissingDependencyError(
            f"neither memo nor the hub knows a checksum of {file.name}",
            hint="Use the hub itself instead of a mirror, or give the path of a copy.",
        )
    size = file.bytes or size
    return Remote(url, Expected(name=file.name, bytes=size, sha256=sha256, git_blob=blob))


def _stream(
    client: httpx.Client, source: Hub, remote: Remote, target: Path, report: Report
) -> None:
    """Fetch what is missing of a file, from where it stops."""
    have = _size(target)
    headers = {"Range": f"bytes={have}-"} if have else {}
    with client.stream("GET", remote.url, headers=headers, follow_redirects=True) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            target.unlink(missing_ok=True)
            raise _TryAgain("it has another size than said")
        _check_status(response, source, remote.url)
        start = f"bytes {have}-"
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        if resumed and not response.headers.get("content-range", "").startswith(start):
            raise _TryAgain("it sent another part than asked for")
        with target.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
                report(file.tell())
                if file.tell() > remote.file.bytes:  # endless, or another file: refused by its size
                    return
    if _size(target) < remote.file.bytes:
        raise _TryAgain("it stopped in the middle of a file")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
