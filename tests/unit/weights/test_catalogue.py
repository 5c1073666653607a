"""The catalogue that memo ships, and what is refused of another one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from memo.weights import load_catalogue, recommended_llm
from memo.weights.catalogue import Catalogue, Model

FILE = {"name": "model.bin", "bytes": 10, "sha256": "0" * 64}
PART = {"path": "a/part1", "file": "model.bin", "bytes": 10}
PACKAGE = {"name": "parts", "version": "1.0", "sha256": "0" * 64, "members": [PART]}
HUB = {"repo": "some/model", "revision": "a" * 40, "files": [FILE]}


def entry(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 whatever a catalogue may hold
    base = {"name": "m", "kind": "asr", "licence": "MIT", "languages": "English", "hub": HUB}
    return {**base, **changes}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *[(size, "asr") for size in ("tiny", "base", "small", "medium", "large-v1", "large-v2")],
        *[(size, "asr") for size in ("large-v3", "large", "large-v3-turbo", "turbo")],
        *[(f"{size}.en", "asr") for size in ("tiny", "base", "small", "medium")],
        *[(f"distil-{size}", "asr") for size in ("small.en", "medium.en", "large-v3")],
        ("distil-large-v3.5", "asr"),
        ("qwen2.5-coder-1.5b", "llm"),
        ("qwen2.5-coder-1.5b-instruct", "llm"),
        ("qwen2.5-coder-0.5b", "llm"),
        ("smollm2-135m", "llm"),
    ],
)
def test_every_promised_model_is_known_by_its_name(name: str, kind: str) -> None:
    model = load_catalogue().find(name)

    assert model
    assert model.kind == kind


def test_the_models_of_a_machine_without_the_hub_are_in_the_registry() -> None:
    names = ("tiny.en", "base", "qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "smollm2-135m")

    assert all((model := load_catalogue().find(name)) and model.registry for name in names)


def test_every_model_may_be_used_freely_and_its_size_is_known() -> None:
    for model in load_catalogue().model:
        assert model.licence in {"MIT", "Apache-2.0"}
        assert model.bytes


def test_asr_models_bring_what_would_else_be_fetched_behind_our_back() -> None:
    for model in load_catalogue().model:
        for source in (model.hub, model.registry):
            if model.kind == "asr" and source:
                names = {file.name for file in source.files}
                assert {"model.bin", "config.json", "tokenizer.json"} <= names
                assert names & {"vocabulary.txt", "vocabulary.json"}


def test_where_both_sources_give_the_same_file_they_agree_on_its_checksum() -> None:
    for name in ("tiny.en", "qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"):
        model = load_catalogue().find(name)
        assert model
        assert model.hub
        assert model.registry
        hub = {file.name: (file.bytes, file.sha256) for file in model.hub.files}
        assert hub == {file.name: (file.bytes, file.sha256) for file in model.registry.files}


@pytest.mark.parametrize(
    "wrong",
    [
        entry(name="../up"),
        entry(name=".partial"),
        entry(hub={**HUB, "files": [{**FILE, "name": "../model.bin"}]}),
        entry(hub={**HUB, "files": [FILE, {**FILE, "name": "model.json"}]}),
        entry(hub={**HUB, "files": [FILE, FILE]}),
        entry(hub={**HUB, "files": [{**FILE, "name": "other.bin"}]}),
        entry(hub={**HUB, "files": [{**FILE, "sha256": "short"}]}),
        entry(hub={**HUB, "revision": "main"}),
        entry(hub={**HUB, "repo": "some/model?x"}),
        entry(hub=None),
        entry(kind="llm", hub={**HUB, "files": [FILE, {**FILE, "name": "second.gguf"}]}),
        entry(registry={"files": [FILE], "packages": [{**PACKAGE, "name": "--index-url"}]}),
        entry(registry={"files": [FILE], "packages": [{**PACKAGE, "version": "1 --pre"}]}),
        entry(registry={"files": [FILE], "packages": [PACKAGE, PACKAGE]}),
        entry(registry={"files": [{**FILE, "bytes": 11}], "packages": [PACKAGE]}),
        entry(unknown=1),
    ],
)
def test_a_catalogue_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    Model.model_validate(entry())  # what is changed is what is refused
    with pytest.raises(ValidationError):
        Model.model_validate(wrong)


def test_two_models_cannot_share_a_name() -> None:
    first, second = entry(), entry(name="n", aliases=["m"])

    with pytest.raises(ValidationError, match="two models are called m"):
        Catalogue.model_validate({"model": [first, second]})


@pytest.mark.parametrize(
    ("gigabytes", "name"),
    [
        (1, "qwen2.5-coder-1.5b"),
        (8, "qwen2.5-coder-1.5b"),
        (16, "qwen3-4b"),
        (32, "ministral-3-8b"),
    ],
)
def test_the_language_model_is_chosen_by_memory(gigabytes: int, name: str) -> None:
    assert recommended_llm(gigabytes * 2**30) == name


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_more_memory_never_chooses_a_smaller_model(one: int, other: int) -> None:
    models = [load_catalogue().find(recommended_llm(ram)) for ram in sorted((one, other))]

    less, more = (model.memory or 0 for model in models if model)
    assert less <= more
