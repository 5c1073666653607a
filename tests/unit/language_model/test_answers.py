"""The schema that is asked for, and what is made of what comes back."""

from __future__ import annotations

import contextlib
import json
from enum import StrEnum
from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from memo.language_model.answers import (
    UnusableAnswer,
    bare_schema,
    parse_answer,
    strict_schema,
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=40, description="a name")  # a property called like a keyword
    colour: Colour = Colour.RED
    lines: tuple[int, ...] = ()


class Whole(BaseModel):
    parts: tuple[Part, ...] = ()
    first: Part | None = None
    sizes: list[Literal[1, 2]] = Field(default=[], max_length=3)


class Tree(BaseModel):
    name: str
    children: list[Tree] = []


def objects(node: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    if isinstance(node, list):
        return [found for item in node for found in objects(item)]
    if not isinstance(node, dict):
        return []
    return [
        *([node] if "properties" in node else []),
        *[found for value in node.values() for found in objects(value)],
    ]


@pytest.mark.parametrize("kind", [Whole, Tree])
def test_schema_is_valid_closed_and_requires_everything(kind: type[BaseModel]) -> None:
    schema = strict_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert objects(schema)
    for found in objects(schema):
        assert found["additionalProperties"] is False
        assert found["required"] == list(found["properties"])
    assert "default" not in json.dumps(schema)


def test_schema_has_no_references_unless_it_contains_itself() -> None:
    assert "$" not in json.dumps(strict_schema(Whole))
    jsonschema.validate(
        {"name": "a", "children": [{"name": "b", "children": []}]}, strict_schema(Tree)
    )
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "a", "children": [{"name": 1}]}, strict_schema(Tree))


def test_property_called_like_a_keyword_stays() -> None:
    parts = strict_schema(Whole)["properties"]["parts"]
    assert parts["items"]["properties"]["title"] == {
        "description": "a name",
        "maxLength": 40,
        "type": "string",
    }


def test_bare_schema_means_the_same_without_limits() -> None:
    bare = bare_schema(strict_schema(Whole))
    assert "max" not in json.dumps(bare)
    jsonschema.validate({"parts": [], "first": None, "sizes": [1] * 9}, bare)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"parts": [{}], "first": None, "sizes": []}, bare)


parts = st.builds(Part, title=st.text(max_size=40))
wholes = st.builds(
    Whole,
    parts=st.lists(parts).map(tuple),
    first=st.none() | parts,
    sizes=st.lists(st.sampled_from([1, 2]), max_size=3),
)


@given(wholes)
def test_what_a_value_dumps_fits_its_schema_and_is_read_back(value: Whole) -> None:
    text = value.model_dump_json()
    jsonschema.validate(json.loads(text), strict_schema(Whole))
    parsed = parse_answer(f"<think>{{}}</think>```json\n{text}\n```", Whole)
    assert (parsed.value, parsed.dropped) == (value, 0)


@given(st.lists(st.sampled_from(["good", "bad", "worse"]), min_size=1, max_size=8))
def test_exactly_the_invalid_items_are_left_out(kinds: list[str]) -> None:
    made: dict[str, object] = {
        "good": {"title": "a"},
        "bad": {"title": "a", "lines": [1, "x", "y"]},
        "worse": "a",
    }
    text = json.dumps({"parts": [made[kind] for kind in kinds]})
    good = kinds.count("good")
    if not good:
        with pytest.raises(UnusableAnswer):
            parse_answer(text, Whole)
        return
    parsed = parse_answer(text, Whole)
    assert parsed.value.parts == (Part(title="a"),) * good
    assert parsed.dropped == len(kinds) - good


def test_error_outside_of_lists_is_not_forgiven() -> None:
    with pytest.raises(UnusableAnswer, match=r"^first\.title: "):
        parse_answer('{"parts": [{"title": "a"}], "first": {"lines": []}}', Whole)


def test_reason_quotes_nothing_that_was_said() -> None:
    with pytest.raises(UnusableAnswer) as caught:
        parse_answer('{"parts": "the secret plan"}', Whole)
    assert "secret" not in str(caught.value)


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_an_answer_or_unusable(text: str) -> None:
    with contextlib.suppress(UnusableAnswer):
        assert isinstance(parse_answer(text, Part).value, Part)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"parts":' * 50_000, "1" * 10_000, '{"sizes": [NaN]}', '"\\ud800"']
)
def test_hostile_json_is_unusable(text: str) -> None:
    with pytest.raises(UnusableAnswer):
        parse_answer(text, Whole)
