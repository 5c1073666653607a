"""The outbox: what is in it is safe, private, in order and once."""

from __future__ import annotations

import datetime as dt
import os
import stat
from pathlib import Path

import pytest

from memo.delivery import (
    Accounts,
    Attachment,
    Destination,
    Message,
    Outbox,
    Patience,
    deliver,
    destinations,
    send,
)
from memo.errors import ConfigError, OutputError

NOW = dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)
MESSAGE = Message(
    subject="Digest", text="# Digest\n\nNothing new.\n", html="<h1>Digest</h1>",
    attachments=(Attachment(name="digest.docx", content=b"PK\0\xff"),),
)  # fmt: skip
ANNA = Destination(kind="mail", to="anna@example.org")
ONCE = Patience(tries=1, pause=0)


def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "data" / "outbox")


def at(minutes: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def to_file(path: Path) -> Destination:
    return Destination(kind="file", to=str(path))


# --- Letters ------------------------------------------------------------------------------------


def test_a_letter_comes_back_as_it_was_put_in(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    (put,) = box.put(MESSAGE, [ANNA], now=NOW)
    assert outbox(tmp_path).waiting() == (put,)
    assert put.message.attachments[0].content == b"PK\0\xff"


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    os.umask(umask := os.umask(0))
    box.put(MESSAGE, [ANNA], now=NOW)
    (path,) = box.folder.glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(box.folder.stat().st_mode) == 0o700
    assert umask is not None


def test_the_same_digest_is_put_in_once_a_day_and_place(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    again = MESSAGE.model_copy(
        update={"attachments": (Attachment(name="digest.docx", content=b"2"),)}
    )
    (first,) = box.put(MESSAGE, [ANNA], now=NOW)
    (second,) = box.put(again, [ANNA], now=at(30))
    assert first.id == second.id
    assert box.waiting() == (first,)
    box.put(MESSAGE, [ANNA], now=at(24 * 60))
    box.put(MESSAGE, [Destination(kind="mail", to="b@example.org")], now=NOW)
    box.put(MESSAGE.model_copy(update={"text": "else"}), [ANNA], now=NOW)
    assert len(box.waiting()) == 4


def test_a_key_says_that_other_words_are_the_same_digest(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    for text, key in (("at 08:29", "42"), ("at 08:30", "42"), ("at 08:30", "43")):
        box.put(Message(subject="S", text=text, key=key), [ANNA], now=NOW)
    assert sorted(letter.message.text for letter in box.waiting()) == ["at 08:29", "at 08:30"]


def test_what_waits_is_in_order(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    places = destinations(["mailto:z@example.org,a@example.org", "webhook"])
    box.put(MESSAGE, places, now=at(5))
    box.put(MESSAGE, [ANNA], now=NOW)
    assert [letter.to for letter in box.waiting()] == [ANNA, *places]


def test_halves_of_characters_are_no_reason_to_lose_a_digest(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.put(Message(subject="a\ud800", text="\ud83d\ude00 \udcff"), [ANNA], now=NOW)
    (letter,) = box.waiting()
    assert letter.message.text == "😀 \ufffd"


def test_what_is_no_letter_is_left_alone_and_told(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.put(MESSAGE, [ANNA], now=NOW)
    strange = box.folder / "strange.json"
    strange.write_text("{}")
    assert len(box.waiting()) == 1
    assert box.unreadable() == (strange,)
    send(box, Accounts(), now=lambda: NOW, patience=ONCE)
    assert strange.read_text() == "{}"


def test_an_outbox_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(OutputError, match=r"the outbox .* cannot be used"):
        outbox(tmp_path).put(MESSAGE, [ANNA], now=NOW)


# --- Files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("new/folder/digest.md", b"# Digest\n\nNothing new.\n"),
        ("digest.HTML", b"<h1>Digest</h1>"),
        ("digest.docx", b"PK\0\xff"),
        ("digest-{date}.txt", b"# Digest\n\nNothing new.\n"),
    ],
)
def test_a_digest_goes_to_a_file(tmp_path: Path, name: str, content: bytes) -> None:
    box = outbox(tmp_path)
    (outcome,) = deliver(
        MESSAGE, [to_file(tmp_path / name)], box, Accounts(), now=lambda: NOW, offline=True
    )
    assert outcome.state == "sent"
    assert (tmp_path / name.replace("{date}", "2026-11-23")).read_bytes() == content
    assert box.waiting() == ()
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_file_is_written_again_each_time(tmp_path: Path) -> None:
    path = tmp_path / "digest.md"
    path.write_text("old")
    for text in ("one", "two", "two"):
        message = MESSAGE.model_copy(update={"text": text})
        deliver(message, [to_file(path)], outbox(tmp_path), Accounts(), now=lambda: NOW)
        assert path.read_text() == text


def test_what_is_no_file_is_not_written_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "blocked").write_text("")
    box = outbox(tmp_path)
    for path in (tmp_path / "pipe.md", tmp_path, tmp_path / "blocked" / "x.md"):
        deliver(MESSAGE, [to_file(path)], box, Accounts(), now=lambda: NOW)
    assert [letter.failed for letter in box.waiting()] == [True] * 3
    assert stat.S_ISFIFO((tmp_path / "pipe.md").stat().st_mode)


def test_a_digest_that_was_not_made_for_word_says_so(tmp_path: Path) -> None:
    plain = Message(subject="S", text="T")
    place = to_file(tmp_path / "x.docx")
    (outcome,) = deliver(plain, [place], outbox(tmp_path), Accounts(), now=lambda: NOW)
    assert (outcome.state, outcome.reason) == ("failed", "the digest was not made for Word")


# --- What fails ---------------------------------------------------------------------------------


def test_what_was_refused_waits_for_a_person(tmp_path: Path) -> None:
    box, place = outbox(tmp_path), to_file(tmp_path / "folder")
    (tmp_path / "folder").mkdir()
    deliver(MESSAGE, [place], box, Accounts(), now=lambda: NOW)
    (letter,) = box.waiting()
    assert (letter.failed, letter.tries, letter.tried_at) == (True, 1, NOW)
    assert send(box, Accounts(), now=lambda: at(1)) == ()
    (tmp_path / "folder").rmdir()
    (outcome,) = send(box, Accounts(), now=lambda: at(2), failed_too=True)
    assert outcome.state == "sent"
    assert (tmp_path / "folder").read_text() == MESSAGE.text


def test_who_sends_what_was_refused_once_more_means_it(tmp_path: Path) -> None:
    box, place = outbox(tmp_path), to_file(tmp_path / "folder")
    (tmp_path / "folder").mkdir()
    deliver(MESSAGE, [place], box, Accounts(), now=lambda: NOW)
    (tmp_path / "folder").rmdir()
    (outcome,) = deliver(MESSAGE, [place], box, Accounts(), now=lambda: at(1))
    assert outcome.state == "sent"


def test_a_broken_letter_is_replaced_by_a_good_one(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    (letter,) = box.put(MESSAGE, [ANNA], now=NOW)
    (path,) = box.folder.glob("*.json")
    path.write_text("half a let")
    assert box.waiting() == ()
    box.put(MESSAGE, [ANNA], now=NOW)
    assert box.waiting() == (letter,)


def test_a_file_is_told_to_the_others_as_the_place_of_the_whole(tmp_path: Path) -> None:
    places = [ANNA, to_file(tmp_path / "digests" / "{date}.md")]
    for letter in outbox(tmp_path).put(MESSAGE, places, now=NOW):
        assert letter.message.whole == str(tmp_path / "digests" / "2026-11-23.md")


@pytest.mark.parametrize("known", ["", "5", "{}", "[5]", "\xff", "null"])
def test_a_list_of_known_machines_that_is_none_is_made_anew(tmp_path: Path, known: str) -> None:
    box = outbox(tmp_path)
    assert box.is_new("a.example")
    (box.folder / "known.json").write_text(known)
    assert box.is_new("a.example")
    assert not box.is_new("a.example")
    assert box.is_new("b.example")
    assert not box.is_new("a.example")


def test_what_was_refused_can_be_given_up(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    (tmp_path / "folder").mkdir()
    deliver(MESSAGE, [to_file(tmp_path / "folder")], box, Accounts(), now=lambda: NOW)
    box.put(MESSAGE, [ANNA], now=NOW)
    assert [letter.to.kind for letter in box.discard_failed()] == ["file"]
    assert [letter.to.kind for letter in box.waiting()] == ["mail"]


def test_nothing_is_put_in_that_could_never_be_sent(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    with pytest.raises(ConfigError):
        deliver(MESSAGE, [to_file(tmp_path / "x.md"), ANNA], box, Accounts(), now=lambda: NOW)
    assert box.waiting() == ()
    assert not (tmp_path / "x.md").exists()


def test_a_letter_whose_settings_are_gone_waits_and_is_not_in_the_way(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.put(MESSAGE, [ANNA], now=NOW)
    box.put(MESSAGE, [ANNA], now=at(24 * 60))
    box.put(MESSAGE, [to_file(tmp_path / "x.md")], now=at(1))
    outcomes = send(box, Accounts(), now=lambda: at(2))
    assert [outcome.state for outcome in outcomes] == ["waiting", "sent", "waiting"]
    first, second = box.waiting()
    assert (first.reason, first.tries, second.tries) == ("no mail server is set", 1, 0)


def test_who_finds_the_outbox_in_use_leaves_the_digest_in_it(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.put(MESSAGE, [to_file(tmp_path / "x.md")], now=NOW)
    with Outbox(box.folder).exclusive(1):
        (outcome,) = send(box, Accounts(), now=lambda: NOW, patience=Patience(lock=0))
    assert (outcome.state, outcome.reason) == ("waiting", "another memo is sending")
    assert len(box.waiting()) == 1


@pytest.mark.parametrize(
    ("attempt", "asked", "least", "most"),
    [(1, None, 0.75, 1.25), (2, None, 3, 5), (1, 7.0, 7, 7), (1, 0.0, 0, 0)],
)
def test_the_pause_grows_unless_the_server_says_how_long(
    attempt: int, asked: float | None, least: float, most: float
) -> None:
    pause = Patience().before(attempt, asked)
    assert pause is not None
    assert least <= pause <= most


@pytest.mark.parametrize(("attempt", "asked"), [(3, None), (3, 1.0), (1, 61.0)])
def test_the_next_run_tries_where_this_one_would_wait_too_long(
    attempt: int, asked: float | None
) -> None:
    assert Patience().before(attempt, asked) is None
