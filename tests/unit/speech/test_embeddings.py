"""What all voices have in common is taken out of their embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from memo.errors import MissingDependencyError
from memo.speech.voices import embeddings
from memo.speech.voices.embeddings import COMMON, distinctive


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    embeddings._common.cache_clear()


def test_what_all_voices_and_a_telephone_have_in_common_is_gone() -> None:
    mean, telephone = np.load(COMMON)
    voices = np.random.default_rng(0).normal(0, 0.05, (6, 192)).astype(np.float32)
    heard = mean + voices
    assert np.allclose(distinctive(heard), distinctive(heard + 0.4 * telephone), atol=1e-5)
    assert np.allclose(np.linalg.norm(distinctive(heard), axis=1), 1, atol=1e-5)
    left = voices - np.outer(voices @ telephone, telephone)
    assert np.allclose(
        distinctive(heard), left / np.linalg.norm(left, axis=1, keepdims=True), atol=1e-4
    )


def test_nothing_but_what_is_common_gives_numbers_all_the_same() -> None:
    mean, _ = np.load(COMMON)
    assert np.isfinite(distinctive(np.stack([mean, mean]))).all()
    assert distinctive(np.zeros((0, 192), np.float32)).shape == (0, 192)


@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY\x01\x00half"])
def test_a_broken_part_of_memo_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    path = tmp_path / "common.npy"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(embeddings, "COMMON", path)
    with pytest.raises(MissingDependencyError, match=r"common\.npy") as caught:
        distinctive(np.ones((1, 192), np.float32))
    assert "Install memo again" in (caught.value.hint or "")
