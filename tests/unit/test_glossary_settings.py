from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from memo.cli import main
from memo.config import load_settings, shown
from memo.errors import ConfigError, ExitCode


def test_a_glossary_may_be_a_list_or_a_line(tmp_path: Path) -> None:
    file = tmp_path / "memo.toml"
    file.write_text('glossary = ["Teravault: terra vault, tera fault", "Kassandra"]')
    listed = load_settings(config=file).glossary
    assert listed == ("Teravault: terra vault, tera fault", "Kassandra")
    file.write_text('glossary = "Teravault: terra vault, tera fault; Kassandra"')
    assert load_settings(config=file).glossary == listed


def test_a_file_that_the_settings_name_lies_beside_them(tmp_path: Path) -> None:
    file = tmp_path / "memo.toml"
    file.write_text('glossary = ["ours.txt", "Kassandra"]')
    settings = load_settings(config=file)
    assert settings.glossary == (str(tmp_path / "ours.txt"), "Kassandra")
    assert shown(settings)["glossary"] == f"{tmp_path / 'ours.txt'}, Kassandra"


def test_the_environment_names_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMO_GLOSSARY", "Teravault, ours.txt")
    assert load_settings().glossary == ("Teravault", "ours.txt")


@pytest.mark.parametrize("text", ["glossary = 1", "glossary = [1]", "glossary = {a = 1}"])
def test_what_is_no_glossary_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "memo.toml"
    file.write_text(f"strict = true\n{text}")
    with pytest.raises(ConfigError, match=r"memo\.toml, line 2: glossary is wrong"):
        load_settings(config=file)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["--glossary", "none.txt"], "the glossary none.txt does not exist"),
        (["--glossary", "Kassandra", "--glossary", ": x"], "glossary, ': x': there is no term"),
    ],
)
def test_a_wrong_glossary_is_told_before_anything_is_listened_to(
    given: list[str], complaint: str
) -> None:
    result = CliRunner().invoke(main, ["convert", "call.m4a", *given])
    assert result.exit_code == ExitCode.CONFIG
    assert complaint in result.output


def test_a_command_line_wins_over_what_lies_beside_and_that_over_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("CACHE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    call = tmp_path / "call.vtt"
    call.write_text("WEBVTT\n\n00:01.000 --> 00:05.000\nWe leave Tera vault for Casandra, Prya.\n")
    call.with_suffix(".toml").write_text(
        "title = 'Beside'\nattendees = ['Priya']\nglossary = ['Kassandra']\n"
        "timezone = 'Asia/Tokyo'\nstarted_at = 2026-03-04T10:00:00\n"
    )
    settings = tmp_path / "memo.toml"
    settings.write_text("attendees = ['Ann']\ntimezone = 'UTC'\nglossary = ['Teravault']\n")
    words = ["--config", str(settings), "convert", str(call), "--llm", "none", "--no-log"]
    given = ["--format", "json", "--out", str(tmp_path), "--title", "Typed"]

    def memo(*more: str) -> dict[str, Any]:
        result = CliRunner().invoke(main, [*words, *given, *more])
        assert result.exit_code == 0, result.output
        told: dict[str, Any] = json.loads((tmp_path / "call.memo.json").read_bytes())
        return told

    told = memo()
    assert (told["title"], told["started_at"]) == ("Typed", "2026-03-04T10:00:00+09:00")
    assert [person["name"] for person in told["participants"]] == ["Priya"]
    written = {one["heard"]: one["written"] for one in told["corrections"]}
    assert written == {"Tera vault": "Teravault", "Casandra": "Kassandra", "Prya": "Priya"}
    told = memo("--attendees", "Bo", "--timezone", "UTC", "--started-at", "2026-03-04T11:00")
    assert told["started_at"] == "2026-03-04T11:00:00Z"
    assert [person["name"] for person in told["participants"]] == ["Bo"]
