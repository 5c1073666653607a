"""The harness notices what it is there to notice."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.box import OURS, Box
from tests.faults.network import Proxy
from tests.faults.recordings import Copier, transcript
from tests.faults.sampler import Sampler

MakeBox = Callable[..., Box]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.memo.json", b'{"recording": {"sha256": "ab'),
        ("a.memo.json", b"[]"),
        ("a.memo.md", b"---\ntitle: a\n---\n# a\n"),
        ("a.memo.md", b"---\ntitle: a\n---\n# a\n\n## Decis"),
        ("a.memo.docx", b"PK\x03\x04"),
        ("a.transcript.vtt", b"WEBVTT\n\n00:0"),
        ("a.m4a.error.txt", b""),
    ],
)
def test_a_result_that_is_not_whole_is_noticed(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    sampler = Sampler(tmp_path, OURS)
    sampler.look()
    assert [wrong.split()[0] for wrong in sampler.wrong] == [name]


def test_a_text_that_grows_is_noticed(tmp_path: Path) -> None:
    sampler = Sampler(tmp_path, OURS)
    for text in ("WEBVTT\n", "WEBVTT\n\n00:00.000 --> 00:01.000\nYes.\n"):
        (tmp_path / "a.transcript.vtt").write_text(text)
        sampler.look()
    assert sampler.wrong == ["a.transcript.vtt was seen with its beginning alone"]


def test_what_is_lost_doubled_or_left_behind_is_noticed(
    box: MakeBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = box()
    monkeypatch.setattr(made, "jobs", lambda: [{"id": 1, "state": "done"}] * 3)
    for number in range(3):
        (made.inbox / f"call{number}.vtt").write_bytes(transcript(number))
    assert made.run("convert", *made.inbox.iterdir()).returncode == 0
    assert made.verdict().wrong == []
    kept = Counter(made.entries())

    (made.inbox / "call0.memo.json").unlink()
    doubled = made.inbox / "again.memo.json"
    doubled.write_bytes((made.inbox / "call1.memo.json").read_bytes())
    memo = json.loads((made.inbox / "call2.memo.json").read_bytes())
    memo["recording"]["sha256"] = "0" * 64
    (made.inbox / "strange.memo.json").write_text(json.dumps(memo))
    (made.inbox / ".memo-1.tmp").write_bytes(b"")
    entry, _ = kept.popitem()
    monkeypatch.setattr(made, "entries", _sequence([kept, Counter([*made.entries(), entry])]))
    monkeypatch.setattr(made, "jobs", lambda: [{"id": 1, "state": "failed", "reason": "no"}])
    wrong = "\n".join(made.verdict().wrong)
    for part in ("0 memos of", "2 memos of", "nobody dropped", "left behind", "job 1 is failed"):
        assert part in wrong
    assert "0 times, not 2" in wrong


def _sequence(values: list[Counter[tuple[str, str, str]]]) -> Callable[..., object]:
    return lambda **_: values.pop(0)


def test_copies_arrive_whole_in_each_way(box: MakeBox) -> None:
    made = box()
    copier = Copier(made, seed=1, pause=0.01)
    for number, way in enumerate(copier.ways):
        way(made.inbox / f"{number}.vtt", transcript(number))
    there = {path.name: path.read_bytes() for path in made.inputs()}
    assert there == {f"{n}.vtt": transcript(n) for n in range(len(copier.ways))}


def test_a_copy_that_lies_still_for_long_is_remembered(box: MakeBox) -> None:
    made = box(MEMO_WATCH_SETTLE="0.01")
    Copier(made, seed=1, pause=0.02).slowly(made.inbox / "a.vtt", transcript(1))
    assert made.lingered


def test_a_proxy_hands_on_falls_silent_and_breaks_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = Proxy(("127.0.0.1", server.getsockname()[1]))
        client = socket.create_connection(("127.0.0.1", proxy.port), timeout=30)
        far, _ = server.accept()
        client.sendall(b"one")
        assert far.recv(10) == b"one"
        proxy.mood = "swallow"
        time.sleep(0.3)
        client.sendall(b"two")
        far.settimeout(0.5)
        with pytest.raises(TimeoutError):
            far.recv(10)
        proxy.mood = "pass"
        far.settimeout(30)
        assert far.recv(10) == b"two"
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            client.recv(10)
        proxy.mood = "refuse"
        with (
            pytest.raises(ConnectionResetError),  # while it connects, or after
            socket.create_connection(("127.0.0.1", proxy.port), timeout=30) as refused,
        ):
            refused.recv(10)
        proxy.close()
        far.close()
        client.close()
