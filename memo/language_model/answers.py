"""The shape of an answer: the JSON schema asked for, and the value made of what came back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic

from pydantic import BaseModel, ValidationError

from memo.ports import Answer

Json = dict[str, Any]

_THINKING = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)(?:\n\s*```|\Z)", re.DOTALL)
_SHOWN_ERRORS = 3
_BARE = frozenset(
    {"type", "properties", "items", "enum", "const", "anyOf", "required", "additionalProperties"}
    | {"description", "$ref", "$defs"}
)


class UnusableAnswer(ValueError):  # noqa: N818 - as in `memo.errors`
    """A text is not the asked-for value; the message says why and quotes none of it."""


@dataclass(frozen=True)
class Parsed(Generic[Answer]):
    """A validated answer, and how many items of its lists were invalid and left out."""

    value: Answer
    dropped: int


# --- What is asked for ------------------------------------------------------------------------


def strict_schema(answer: type[BaseModel]) -> Json:
    """Return the JSON schema of a model in the form that endpoints enforce.

    Objects are closed and every property is required, as "structured outputs" demand; references
    are written out, since some endpoints do not follow them (a schema that contains itself keeps
    them). Defaults and titles are left out: a model copies them.
    """
    schema = answer.model_json_schema()
    definitions = schema.get("$defs", {})
    recursive = _recursive(definitions)
    closed: Json = _close(schema, {} if recursive else definitions)
    if recursive:
        closed["$defs"] = {name: _close(body, {}) for name, body in definitions.items()}
    return closed


def bare_schema(schema: Json) -> Json:
    """Return a schema without the limits (lengths, patterns, …) that some endpoints refuse."""
    bare = {key: value for key, value in schema.items() if key in _BARE}
    if "oneOf" in schema:
        bare["anyOf"] = schema["oneOf"]
    for key in ("properties", "$defs"):
        if key in bare:
            bare[key] = {name: bare_schema(body) for name, body in bare[key].items()}
    if "anyOf" in bare:
        bare["anyOf"] = [bare_schema(body) for body in bare["anyOf"]]
    if isinstance(bare.get("items"), dict):
        bare["items"] = bare_schema(bare["items"])
    return bare


def _recursive(definitions: Mapping[str, Json]) -> bool:
    def reaches(name: str, seen: frozenset[str]) -> bool:
        targets = re.findall(r'"#/\$defs/([^"]+)"', json.dumps(definitions[name]))
        return any(target in seen or reaches(target, seen | {target}) for target in targets)

    return any(reaches(name, frozenset({name})) for name in definitions)


def _close(node: Any, definitions: Mapping[str, Json]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, list):
        return [_close(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    reference = str(node.get("$ref", "")).removeprefix("#/$defs/")
    if reference in definitions:
        siblings = {key: value for key, value in node.items() if key != "$ref"}
        return _close({**definitions[reference], **siblings}, definitions)
    closed = {
        key: _close(value, definitions)
        for key, value in node.items()
        if key not in {"title", "default", "$defs", "discriminator", "properties"}
    }
    if "properties" in node:
        closed["properties"] = {k: _close(v, definitions) for k, v in node["properties"].items()}
        closed["required"] = list(node["properties"])
        closed["additionalProperties"] = False
    return closed


# --- What came back -----------------------------------------------------------------------------


def parse_answer(text: str, answer: type[Answer]) -> Parsed[Answer]:
    """Make a value of a model's text: strict with each item, lenient with each list.

    Reasoning (`<think>`), code fences and talk around the JSON are ignored. An item of a list
    that is not valid is left out and counted, unless nothing of any list would remain.

    Raises:
        UnusableAnswer: There is no JSON of that shape in the text.
    """
    data = _wrapped(_json_in(text), answer)
    dropped = 0
    while True:
        try:
            value = answer.model_validate_json(json.dumps(data))
        except ValidationError as error:
            places = {place for e in error.errors() if (place := _item_of(data, e["loc"]))}
            reason = _summary(error)
            if not places or _left(data, len(places)) <= 0:
                raise UnusableAnswer(reason) from error
            dropped += len(places)
            _drop(data, places)
        else:
            return Parsed(value, dropped)


def _json_in(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the JSON in a text, which may be all of it, fenced, or between other words."""
    text = _THINKING.sub("", text).strip()
    candidates = [text, *_FENCE.findall(text)]
    candidates += [text[text.find(a) : text.rfind(b) + 1] for a, b in ("{}", "[]")]
    for candidate in candidates:
        try:
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    raise UnusableAnswer("the answer is empty" if not text else "the answer is not JSON")


def _wrapped(data: Any, answer: type[BaseModel]) -> Any:  # noqa: ANN401 - any JSON
    """Put a bare list into the only field of the answer, where a model forgot to."""
    fields = list(answer.model_fields)
    if isinstance(data, list) and len(fields) == 1:
        return {fields[0]: data}
    return data


def _item_of(data: Any, loc: tuple[int | str, ...]) -> tuple[int | str, ...] | None:  # noqa: ANN401
    """Return the path of the outermost list item that an error's location lies in, if any."""
    path: list[int | str] = []
    for step in loc:
        if isinstance(data, list) and isinstance(step, int) and step < len(data):
            return (*path, step)
        if isinstance(data, dict) and step in data:
            data = data[step]
            path.append(step)
    return None


def _drop(data: Any, places: set[tuple[int | str, ...]]) -> None:  # noqa: ANN401 - any JSON
    for *path, index in sorted(places, key=lambda place: (len(place), place[-1]), reverse=True):
        target = data
        for step in path:
            target = target[step]
        del target[index]


def _left(data: Any, dropped: int) -> int:  # noqa: ANN401 - any JSON
    """Return how many items of outermost lists would be left after dropping some."""

    def items(node: Any) -> int:  # noqa: ANN401 - any JSON
        if isinstance(node, list):
            return len(node)
        return sum(items(value) for value in node.values()) if isinstance(node, dict) else 0

    return items(data) - dropped


def _summary(error: ValidationError) -> str:
    shown = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in shown]
    return "; ".join(lines[:_SHOWN_ERRORS])
