"""What a name or a path means, without any source."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.errors import ConfigError, MemoError, MissingDependencyError
from memo.weights import Weights


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    return Weights(tmp_path / "cache", offline=True)


@pytest.fixture
def whisper(tmp_path: Path) -> Path:
    folder = tmp_path / "whisper"
    folder.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (folder / name).write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "some.gguf"
    path.write_bytes(b"GGUF and so on")
    return path


def test_a_path_that_is_a_model_wins(weights: Weights, whisper: Path, gguf: Path) -> None:
    assert weights.path(str(whisper), "asr") == whisper
    assert weights.path(str(gguf), "llm") == gguf


def test_the_home_folder_may_be_written_as_a_tilde(
    weights: Weights, gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(gguf.parent))
    monkeypatch.setenv("USERPROFILE", str(gguf.parent))

    assert weights.path("~/some.gguf", "llm") == gguf


def test_a_folder_beside_does_not_take_the_place_of_a_model_s_name(
    weights: Weights, whisper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(whisper.parent)
    whisper.rename("base")

    with pytest.raises(MissingDependencyError, match="base is not in the cache"):
        weights.path("base", "asr")
    assert weights.path("./base", "asr") == Path("base")


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json"])
def test_half_a_whisper_folder_is_refused(weights: Weights, whisper: Path, name: str) -> None:
    (whisper / name).unlink()

    with pytest.raises(ConfigError, match=f"has no {name}"):
        weights.path(str(whisper), "asr")


def test_what_is_no_gguf_is_refused(weights: Weights, whisper: Path, tmp_path: Path) -> None:
    (tmp_path / "fake.gguf").write_bytes(b"<html>not found</html>")

    with pytest.raises(ConfigError, match="not a GGUF"):
        weights.path(str(tmp_path / "fake.gguf"), "llm")
    with pytest.raises(ConfigError, match="cannot be read"):
        weights.path(str(whisper), "llm")


@pytest.mark.parametrize("text", ["./no/such/model", "~/nothing.gguf", "nothing.gguf", "/"])
def test_a_path_that_leads_nowhere_is_named(weights: Weights, text: str) -> None:
    with pytest.raises(ConfigError, match=text.replace(".", r"\.")):
        weights.path(text, "llm")


def test_a_misspelt_name_meets_the_nearest_one(weights: Weights) -> None:
    with pytest.raises(ConfigError, match="no model called smal") as caught:
        weights.path("smal", "asr")

    assert "Did you mean small?" in (caught.value.hint or "")


def test_a_model_of_the_other_kind_is_refused(weights: Weights) -> None:
    with pytest.raises(ConfigError, match="base is a model of kind asr, not llm"):
        weights.path("base", "llm")


def test_the_command_that_fetches_is_the_hint(weights: Weights) -> None:
    with pytest.raises(MissingDependencyError) as caught:
        weights.path("turbo", "asr")

    assert "memo models pull large-v3-turbo" in (caught.value.hint or "")
    assert caught.value.exit_code == 5


def test_listing_looks_and_changes_nothing(weights: Weights, tmp_path: Path) -> None:
    listed = {status.name: status for status in weights.status()}

    assert {"base", "tiny.en", "qwen2.5-coder-1.5b"} <= set(listed)
    assert not any(status.present for status in listed.values())
    assert listed["base"].bytes == 150_218_479
    assert [source.split(":")[0] for source in listed["base"].sources] == ["hub", "registry"]
    assert not (tmp_path / "cache").exists()


@given(text=st.text(), kind=st.sampled_from(("asr", "llm")))
def test_no_text_whatever_breaks_the_look_up(text: str, kind: Literal["asr", "llm"]) -> None:
    with pytest.raises(MemoError):
        Weights(Path("nowhere"), offline=True).path(text, kind)


@pytest.mark.parametrize(
    "text", ["", "~nobody-at-all/x", "x" * 5000, "a\0b", "a\nb", "./a\nb", " base"]
)
def test_odd_text_is_refused_in_one_line(weights: Weights, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        weights.path(text, "asr")

    assert str(caught.value).isprintable()


def test_the_door_is_cheap_to_import() -> None:
    code = "import sys, memo.weights; print([m for m in sys.modules if m in sys.argv[1:]])"
    heavy = ["httpx", "filelock", "asyncio", "numpy", "faster_whisper"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, check=True)

    assert done.stdout.strip() == b"[]"
