"""The hub: fetched over real HTTP from a server that behaves like it, well and badly."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from memo.errors import ConfigError, MissingDependencyError, OutputError, WeightsUnavailable
from memo.weights import Weights
from memo.weights.cache import check_file
from memo.weights.catalogue import Catalogue, Hub, HubFile, Model
from memo.weights.hub import HubClient, Patience

BIG = random.Random(1).randbytes(600_000)  # noqa: S311 only has to be the same every time
SMALL = b'{"a": "configuration"}'
REPO = Hub(
    repo="someone/model",
    revision="a" * 40,
    files=(HubFile(name="model.bin"), HubFile(name="config.json")),
)
# A machine that is busy elsewhere may stop for seconds: only a hub that never answers is hurried.
PATIENT = Patience(connect=30, read=30, tries=3, pause=0.01, longest_pause=1)
HURRIED = replace(PATIENT, connect=0.5, read=0.5)


@dataclass
class Ask:
    """One request as the server saw it."""

    method: str
    path: str
    range: str | None
    authorization: str | None


@dataclass
class FakeHub:
    """Serves files as the Hugging Face Hub does; the fields say how it misbehaves.

    Small files are answered at once with their Git blob id, large ones (in `large`) by a redirect
    with their size and SHA-256 to `cdn`, another origin.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    asked: list[Ask] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    retry_after: str | None = None
    cut_after: list[int] = field(default_factory=list)
    ignore_range: bool = False
    names_no_checksum: bool = False
    hang: float = 0
    seconds_per_chunk: float = 0
    address: str = ""
    cdn: FakeHub | None = None

    def etag(self, name: str) -> str:
        content = self.files[name]
        if name in self.large:
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 Git's

    def gets(self, name: str) -> list[Ask]:
        return [ask for ask in self.asked if ask.method == "GET" and ask.path.endswith(name)]


class Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        hub, name = self.hub, self.path.rpartition("/")[2]
        ask = Ask(self.command, self.path, self.headers["Range"], self.headers["Authorization"])
        hub.asked.append(ask)
        if hub.hang:
            time.sleep(hub.hang)
        if not name:
            self._send(200, {})
        elif hub.failures:
            wish = {"Retry-After": hub.retry_after} if hub.retry_after else {}
            self._send(hub.failures.pop(0), wish)
        elif name not in hub.files:
            self._send(404, {})
        elif hub.cdn and name in hub.large:
            linked = {"X-Linked-Size": str(len(hub.files[name])), "X-Linked-Etag": hub.etag(name)}
            self._send(302, {"Location": f"{hub.cdn.address}/blob/{name}", **linked})
        else:
            self._file(name, body=body)

    def _file(self, name: str, *, body: bool) -> None:
        content, start = self.hub.files[name], 0
        etag = {} if self.hub.names_no_checksum else {"ETag": f'"{self.hub.etag(name)}"'}
        if self.headers["Range"] and not self.hub.ignore_range:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self._send(416, {})
                return
            etag["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send_response(206 if "Content-Range" in etag else 200)
        for key, value in {**etag, "Content-Length": str(len(content) - start)}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self._write(content[start:])

    def _write(self, content: bytes) -> None:
        if self.hub.cut_after:
            content = content[: self.hub.cut_after.pop(0)]
        step = 64 * 1024
        for place in range(0, len(content), step):
            self.wfile.write(content[place : place + step])
            self.wfile.flush()
            time.sleep(self.hub.seconds_per_chunk)

    def _send(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(key, value)
        self.end_headers()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that were killed."""


def serve(hub: FakeHub) -> Server:
    server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    """A hub whose large files lie on another origin."""
    cdn = FakeHub(files={"model.bin": BIG, "config.json": SMALL}, large={"model.bin"})
    fake = FakeHub(cdn=cdn, files=cdn.files, large=cdn.large)
    servers = [serve(cdn), serve(fake)]
    yield fake
    for server in servers:
        server.shutdown()
        server.server_close()


def cdn_of(hub: FakeHub) -> FakeHub:
    assert hub.cdn
    return hub.cdn


def fetch(
    hub: FakeHub,
    folder: Path,
    source: Hub = REPO,
    token: str | None = None,
    patience: Patience = PATIENT,
) -> list[int]:
    """Fetch and check, and return every number of bytes that progress was told."""
    told: list[int] = []
    client = HubClient(hub.address, token, patience)
    for file in client.fetch(source, folder, told.append, lambda _: None):
        check_file(folder, file, lambda _: None)
    return told


def pinned(name: str, content: bytes, sha256: str | None = None) -> Hub:
    digest = sha256 or hashlib.sha256(content).hexdigest()
    file = HubFile(name=name, bytes=len(content), sha256=digest)
    return REPO.model_copy(update={"files": (file,)})


def test_files_arrive_with_progress_up_to_the_total(hub: FakeHub, tmp_path: Path) -> None:
    told = fetch(hub, tmp_path)

    assert (tmp_path / "model.bin").read_bytes() == BIG
    assert (tmp_path / "config.json").read_bytes() == SMALL
    assert told == sorted(told)
    assert told[-1] == len(BIG) + len(SMALL)


def test_the_whole_size_is_known_before_the_first_byte_is_fetched(
    hub: FakeHub, tmp_path: Path
) -> None:
    expected: list[int] = []

    def expect(total: int) -> None:
        expected.append(total)
        assert not cdn_of(hub).gets("model.bin")

    HubClient(hub.address, None, PATIENT).fetch(REPO, tmp_path, lambda _: None, expect)

    assert expected == [len(BIG) + len(SMALL)]


def test_the_token_goes_to_the_hub_and_to_nobody_else(hub: FakeHub, tmp_path: Path) -> None:
    fetch(hub, tmp_path, token="secret")  # noqa: S106

    assert {ask.authorization for ask in hub.asked} == {"Bearer secret"}
    assert {ask.authorization for ask in cdn_of(hub).asked} == {None}
    assert cdn_of(hub).gets("model.bin")


def test_a_body_cut_short_is_continued_where_it_stopped(hub: FakeHub, tmp_path: Path) -> None:
    cdn_of(hub).cut_after = [100_000, 250_000]

    fetch(hub, tmp_path)

    assert (tmp_path / "model.bin").read_bytes() == BIG
    ranges = [ask.range for ask in cdn_of(hub).gets("model.bin")]
    assert ranges == [None, "bytes=100000-", "bytes=350000-"]


def test_a_slow_line_is_borne_as_long_as_something_comes(hub: FakeHub, tmp_path: Path) -> None:
    cdn_of(hub).cut_after = [50_000] * 11  # far more breaks than tries

    fetch(hub, tmp_path)

    assert (tmp_path / "model.bin").read_bytes() == BIG


def test_what_a_killed_run_left_is_continued(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(BIG[:400_000])

    fetch(hub, tmp_path)

    assert (tmp_path / "model.bin").read_bytes() == BIG
    assert [ask.range for ask in cdn_of(hub).gets("model.bin")] == ["bytes=400000-"]


def test_a_server_that_knows_no_ranges_sends_it_all_again(hub: FakeHub, tmp_path: Path) -> None:
    cdn_of(hub).ignore_range = True
    (tmp_path / "model.bin").write_bytes(b"x" * 400_000)

    fetch(hub, tmp_path)

    assert (tmp_path / "model.bin").read_bytes() == BIG


def test_damaged_remains_of_an_earlier_run_are_refused_and_deleted(
    hub: FakeHub, tmp_path: Path
) -> None:
    (tmp_path / "model.bin").write_bytes(b"x" * 400_000)

    with pytest.raises(MissingDependencyError, match="checksum"):
        fetch(hub, tmp_path)
    assert not (tmp_path / "model.bin").exists()

    fetch(hub, tmp_path)
    assert (tmp_path / "model.bin").read_bytes() == BIG


@pytest.mark.parametrize("name", ["model.bin", "config.json"])
def test_bytes_that_are_not_the_hub_s_own_are_refused(
    hub: FakeHub, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = hub.etag(name)
    monkeypatch.setattr(hub, "etag", lambda _: honest)
    forged = bytes([hub.files[name][0] ^ 1]) + hub.files[name][1:]
    hub.files[name] = forged
    source = REPO.model_copy(update={"files": (HubFile(name=name),)})

    with pytest.raises(MissingDependencyError, match=f"{name} was refused") as caught:
        fetch(hub, tmp_path, source)

    assert not caught.value.retryable
    assert not (tmp_path / name).exists()


def test_the_catalogue_s_checksum_counts_whatever_the_hub_says(
    hub: FakeHub, tmp_path: Path
) -> None:
    with pytest.raises(MissingDependencyError, match="checksum"):
        fetch(hub, tmp_path, pinned("model.bin", BIG, "0" * 64))


def test_a_longer_file_than_catalogued_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    hub.files["model.bin"] = BIG + b"more"

    with pytest.raises(MissingDependencyError, match="refused"):
        fetch(hub, tmp_path, pinned("model.bin", BIG))
    assert not (tmp_path / "model.bin").exists()


def test_a_shorter_file_than_catalogued_is_given_up(hub: FakeHub, tmp_path: Path) -> None:
    hub.files["model.bin"] = BIG[:-1]

    with pytest.raises(WeightsUnavailable):
        fetch(hub, tmp_path, pinned("model.bin", BIG))


def test_a_file_without_any_checksum_is_not_taken(hub: FakeHub, tmp_path: Path) -> None:
    hub.names_no_checksum = True

    with pytest.raises(MissingDependencyError, match=r"checksum of config\.json"):
        fetch(hub, tmp_path)
    assert not hub.gets("config.json")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_hub_is_asked_again(hub: FakeHub, tmp_path: Path, status: int) -> None:
    hub.failures = [status, status]

    fetch(hub, tmp_path)

    assert (tmp_path / "model.bin").read_bytes() == BIG


def test_a_hub_that_stays_busy_is_given_up_for_now(hub: FakeHub, tmp_path: Path) -> None:
    hub.failures = [503] * 9

    with pytest.raises(WeightsUnavailable, match="HTTP 503") as caught:
        fetch(hub, tmp_path)

    assert caught.value.retryable
    assert len(hub.failures) == 9 - PATIENT.tries


def test_retry_after_is_obeyed(hub: FakeHub, tmp_path: Path) -> None:
    hub.failures, hub.retry_after = [429], "1"
    begun = time.monotonic()

    fetch(hub, tmp_path)

    assert time.monotonic() - begun >= 1


def test_nobody_waits_for_a_hub_that_wants_an_hour(hub: FakeHub, tmp_path: Path) -> None:
    hub.failures, hub.retry_after = [429], "3600"
    begun = time.monotonic()

    with pytest.raises(WeightsUnavailable, match="429"):
        fetch(hub, tmp_path)

    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_asks_for_a_token(hub: FakeHub, tmp_path: Path, status: int) -> None:
    hub.failures = [status] * 9

    with pytest.raises(MissingDependencyError, match="refuses someone/model") as caught:
        fetch(hub, tmp_path)

    assert "HF_TOKEN" in (caught.value.hint or "")
    assert not caught.value.retryable
    assert len(hub.failures) == 8


def test_a_missing_file_is_named(hub: FakeHub, tmp_path: Path) -> None:
    del hub.files["config.json"]

    with pytest.raises(MissingDependencyError, match=r"no config\.json in someone/model"):
        fetch(hub, tmp_path)


def test_a_hub_that_never_answers_is_given_up_and_not_asked_again(
    hub: FakeHub, tmp_path: Path
) -> None:
    hub.hang = 3
    begun = time.monotonic()

    with pytest.raises(WeightsUnavailable, match="cannot be reached"):
        fetch(hub, tmp_path, patience=HURRIED)
    given_up = time.monotonic()
    with pytest.raises(WeightsUnavailable, match="cannot be reached"):
        fetch(hub, tmp_path, patience=HURRIED)

    assert given_up - begun < 2.5
    assert time.monotonic() - given_up < HURRIED.connect
    assert len(hub.asked) == 1


def test_a_hub_that_is_not_there_is_given_up(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(WeightsUnavailable, match="cannot be reached"):
            HubClient(address, None, PATIENT).fetch(REPO, tmp_path, lambda _: None, lambda _: None)


def test_a_mirror_s_password_is_not_told(tmp_path: Path) -> None:
    client = HubClient("http://me:secret@127.0.0.1:9/", None, PATIENT)

    with pytest.raises(WeightsUnavailable, match=r"http://127\.0\.0\.1:9") as caught:
        client.fetch(REPO, tmp_path, lambda _: None, lambda _: None)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["nonsense", "ftp://example.org", "http://host:port", ""])
def test_an_address_that_is_none_is_a_matter_of_configuration(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a URL"):
        HubClient(address, None, PATIENT).fetch(REPO, tmp_path, lambda _: None, lambda _: None)


def test_a_proxy_of_the_environment_is_used(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", hub.address)
    source = REPO.model_copy(update={"files": (HubFile(name="config.json"),)})

    HubClient("http://hub.invalid", None, PATIENT).fetch(
        source, tmp_path, lambda _: None, lambda _: None
    )

    assert (tmp_path / "config.json").read_bytes() == SMALL
    assert hub.gets("config.json")[0].path.startswith("http://hub.invalid/")


# --- Through the door --------------------------------------------------------------------------

CATALOGUE = Catalogue(
    model=(Model(name="model", kind="asr", licence="MIT", languages="English", hub=REPO),)
)
PULL = """
import json, sys
from pathlib import Path
from memo.weights import Weights
from memo.weights.cache import check_file
from memo.weights.catalogue import Catalogue

def progress(stage, done, total):
    print(json.dumps([stage, done, total]), flush=True)

_, cache, hub, catalogue = sys.argv
weights = Weights(
    Path(cache), hub_url=hub, progress=progress, catalogue=Catalogue.model_validate_json(catalogue)
)
weights.pull("model")
"""


def pulling(cache: Path, hub: FakeHub) -> subprocess.Popen[str]:
    """Pull the model in another process, whose standard output is its progress."""
    command = [sys.executable, "-c", PULL, str(cache), hub.address, CATALOGUE.model_dump_json()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_model_is_fetched_once_and_then_found(hub: FakeHub, tmp_path: Path) -> None:
    told: list[tuple[str, float, float | None]] = []
    weights = Weights(
        tmp_path,
        hub_url=hub.address,
        catalogue=CATALOGUE,
        progress=lambda *report: told.append(report),
    )

    path = weights.path("model", "asr")
    asked = len(hub.asked)

    assert weights.path("model", "asr") == path
    assert len(hub.asked) == asked
    assert (path / "model.bin").read_bytes() == BIG
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == [
        "fetching model",
        "checking model",
    ]
    assert told[-1][1:] == (len(BIG) + len(SMALL), len(BIG) + len(SMALL))
    assert not (tmp_path / "models/.partial/model").exists()


def test_nothing_is_begun_that_the_disk_cannot_hold(hub: FakeHub, tmp_path: Path) -> None:
    huge = REPO.model_copy(
        update={"files": (HubFile(name="model.bin", bytes=10**16, sha256="0" * 64),)}
    )
    model = CATALOGUE.model[0].model_copy(update={"hub": huge})
    weights = Weights(tmp_path, hub_url=hub.address, catalogue=Catalogue(model=(model,)))

    with pytest.raises(OutputError, match=r"model needs 10000000\.0 GB") as caught:
        weights.pull("model")

    assert "Free some space" in (caught.value.hint or "")
    assert not hub.gets("model.bin")


def test_a_full_disk_is_said_and_what_came_is_kept(hub: FakeHub, tmp_path: Path) -> None:
    limited = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "from memo.errors import OutputError\n"
        f"try:\n    exec({PULL!r})\n"
        "except OutputError as error:\n    sys.exit(f'{error} | {error.hint}')\n"
    )
    command = [sys.executable, "-c", limited, str(tmp_path), hub.address]
    done = subprocess.run(
        [*command, CATALOGUE.model_dump_json()], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "cannot write to the model cache" in done.stderr
    assert "Make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert Weights(tmp_path, hub_url=hub.address, catalogue=CATALOGUE).pull("model").is_dir()
    assert cdn_of(hub).gets("model.bin")[-1].range == "bytes=200000-"


def test_a_killed_fetch_leaves_no_model_and_goes_on_where_it_was(
    hub: FakeHub, tmp_path: Path
) -> None:
    cdn_of(hub).seconds_per_chunk = 0.1
    process = pulling(tmp_path, hub)
    assert process.stdout
    for line in process.stdout:
        if json.loads(line)[1] > 200_000:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    weights = Weights(tmp_path, hub_url=hub.address, catalogue=CATALOGUE)
    assert not weights.status()[0].present

    path = weights.pull("model")

    assert (path / "model.bin").read_bytes() == BIG
    resumed = cdn_of(hub).gets("model.bin")[-1].range or ""
    assert int(resumed.removeprefix("bytes=").rstrip("-")) > 200_000


def test_two_processes_fetch_a_model_once(hub: FakeHub, tmp_path: Path) -> None:
    cdn_of(hub).seconds_per_chunk = 0.1
    first = pulling(tmp_path, hub)
    assert first.stdout
    first.stdout.readline()  # it has begun

    second = pulling(tmp_path, hub)
    told = second.communicate(timeout=60)[0].splitlines()
    first.communicate(timeout=60)

    assert (first.returncode, second.returncode) == (0, 0)
    assert [json.loads(line)[0] for line in told] == ["waiting for another memo to fetch model"]
    assert len(cdn_of(hub).gets("model.bin")) == 1


def test_the_reasons_of_every_source_are_told(hub: FakeHub, tmp_path: Path) -> None:
    hub.failures = [404] * 9

    with pytest.raises(
        MissingDependencyError, match="cannot fetch model: the hub has no"
    ) as caught:
        Weights(tmp_path, hub_url=hub.address, catalogue=CATALOGUE).pull("model")

    assert not caught.value.retryable
    assert caught.value.__cause__ is not None


def test_a_damaged_model_is_found_by_verifying_and_fetched_again(
    hub: FakeHub, tmp_path: Path
) -> None:
    weights = Weights(tmp_path, hub_url=hub.address, catalogue=CATALOGUE)
    path = weights.pull("model")
    weights.verify("model")
    with (path / "model.bin").open("r+b") as file:
        file.write(b"damage")

    with pytest.raises(MissingDependencyError, match="model was damaged and is deleted"):
        weights.verify("model")

    assert not weights.status()[0].present
    assert (weights.pull("model") / "model.bin").read_bytes() == BIG


@pytest.mark.parametrize("damage", ["cut", "no manifest", "manifest is nonsense", "file is gone"])
def test_a_model_that_is_not_whole_counts_as_absent_and_is_fetched_again(
    hub: FakeHub, tmp_path: Path, damage: str
) -> None:
    weights = Weights(tmp_path, hub_url=hub.address, catalogue=CATALOGUE)
    path = weights.pull("model")
    if damage == "cut":
        os.truncate(path / "model.bin", 17)
    elif damage == "no manifest":
        (path / "model.json").unlink()
    elif damage == "manifest is nonsense":
        (path / "model.json").write_text("{", encoding="utf-8")
    else:
        (path / "config.json").unlink()

    assert not weights.status()[0].present
    assert (weights.pull("model") / "model.bin").read_bytes() == BIG


def test_a_removed_model_is_gone(hub: FakeHub, tmp_path: Path) -> None:
    weights = Weights(tmp_path, hub_url=hub.address, catalogue=CATALOGUE)
    path = weights.pull("model")

    assert weights.remove("model")
    assert not path.exists()
    assert not weights.remove("model")
    with pytest.raises(ConfigError):
        weights.remove("modell")
