from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from memo.export.memo_json import memo_schema, render_json, schema_text, shipped_schema
from memo.model import Memo


def _validate(document: object) -> None:
    Draft202012Validator(memo_schema(), format_checker=FormatChecker()).validate(document)


def test_the_shipped_schema_is_current() -> None:
    assert shipped_schema() == schema_text(), "run python -m memo.export.memo_json"


def test_the_schema_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(memo_schema())
    assert memo_schema()["$id"].startswith("urn:")


def test_every_field_of_the_contract_is_described() -> None:
    schema = memo_schema()
    objects = {"Memo": schema, **schema["$defs"]}
    assert all(definition["description"] for definition in objects.values())
    missing = [
        f"{name}.{field}"
        for name, definition in objects.items()
        for field, described in definition.get("properties", {}).items()
        if not described.get("description")
    ]
    assert not missing


def test_a_rendered_memo_keeps_the_contract(weekly: Memo, empty: Memo) -> None:
    for memo in (weekly, empty):
        _validate(json.loads(render_json(memo)))


@pytest.mark.parametrize(
    "damage",
    [{"schema_version": 2}, {"duration": -1}, {"surprise": 1}, {"title": None}],
)
def test_the_schema_refuses_what_the_contract_does_not_promise(
    weekly: Memo, damage: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        _validate({**json.loads(render_json(weekly)), **damage})


def test_a_rendered_memo_is_read_back_equal(weekly: Memo) -> None:
    assert Memo.model_validate_json(render_json(weekly)) == weekly


def test_the_form_of_the_file_is_stable(weekly: Memo) -> None:
    rendered = render_json(weekly)
    assert rendered.startswith('{\n  "schema_version": 1,\n  "title": "Weekly engineering call",')
    assert rendered.endswith("}\n")


def test_text_is_written_as_it_is_read(weekly: Memo) -> None:
    assert '"title": "日本語 “é”"' in render_json(weekly.model_copy(update={"title": "日本語 “é”"}))


@given(text=st.text())
@settings(deadline=None)
def test_any_text_is_kept_verbatim(weekly: Memo, rewritten: Callable[..., Memo], text: str) -> None:
    memo = rewritten(weekly, lambda _: text)
    assert Memo.model_validate_json(render_json(memo).encode()) == memo


def test_lone_surrogates_do_not_break_utf_8(weekly: Memo) -> None:
    rendered = render_json(weekly.model_copy(update={"title": "a\ud800b"}))
    assert json.loads(rendered.encode())["title"] == "a\N{REPLACEMENT CHARACTER}b"
