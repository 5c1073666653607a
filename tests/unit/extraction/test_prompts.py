"""Prompts come with memo, can be replaced one by one, and are checked when they are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.errors import ConfigError
from memo.extraction.prompts import (
    MOST_CHARACTERS,
    VARIABLES,
    Prompts,
    load_prompts,
    shipped_folder,
)


def test_every_prompt_comes_with_memo_and_no_other() -> None:
    assert {path.stem for path in shipped_folder().glob("*.md")} == set(VARIABLES)
    assert set(load_prompts().texts) == set(VARIABLES)


def test_a_changed_prompt_takes_the_place_of_ours_and_changes_the_hash(tmp_path: Path) -> None:
    (tmp_path / "system.md").write_text("Write minutes.\n\n", encoding="utf-8")
    changed, ours = load_prompts(tmp_path), load_prompts()
    assert changed.texts["system"] == "Write minutes.\n"
    assert changed.texts["summary"] == ours.texts["summary"]
    assert changed.sha256 != ours.sha256
    assert load_prompts().sha256 == ours.sha256


def test_a_prompt_may_come_through_a_link_and_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("Write minutes.", encoding="utf-8-sig")
    (tmp_path / "system.md").symlink_to(tmp_path / "mine.txt")
    assert load_prompts(tmp_path).texts["system"] == "Write minutes.\n"


def broken_link(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


def endless_link(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    "make",
    [
        Path.mkdir,
        os.mkfifo,
        broken_link,
        endless_link,
        lambda path: path.write_bytes(b"\xff\xfe\x00\x01"),
        lambda path: path.write_text("x" * (MOST_CHARACTERS + 1)),
        lambda path: path.write_text("It costs $5."),
        lambda path: path.write_text("Answer $everything."),
        lambda path: path.write_text("A stray $"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_refused_at_once(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "system.md")
    with pytest.raises(ConfigError, match=r"system\.md") as caught:
        load_prompts(tmp_path)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_prompt_must_say_where_its_material_goes(tmp_path: Path) -> None:
    (tmp_path / "rewrite-action.md").write_text("Write a task.")
    with pytest.raises(ConfigError, match=r"rewrite-action\.md .*\$said"):
        load_prompts(tmp_path)


@pytest.mark.parametrize("make", [None, Path.touch, Path.mkdir])
def test_a_folder_without_prompts_is_refused(tmp_path: Path, make: object) -> None:
    folder = tmp_path / "prompts"
    if callable(make):
        make(folder)
    with pytest.raises(ConfigError, match="prompts"):
        load_prompts(folder)


def test_a_dollar_sign_is_written_twice(tmp_path: Path) -> None:
    (tmp_path / "system.md").write_text("It costs $$5.")
    assert load_prompts(tmp_path).fill("system") == "It costs $5.\n"


@given(st.text())
def test_what_is_filled_in_is_never_filled_in_again(text: str) -> None:
    prompts = Prompts(texts={"p": "<$said>"}, sha256="0" * 64)
    assert prompts.fill("p", said=f"{text}$said${{items}}$$") == f"<{text}$said${{items}}$$>"
