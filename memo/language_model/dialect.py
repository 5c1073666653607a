"""How a server likes to be asked.

"OpenAI-compatible" servers differ in how they hold an answer to a shape, in the names of some
fields and in what they refuse. A `Dialect` is one way of asking; a refusal leads to a humbler one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from memo.language_model.answers import Json, UnusableAnswer, bare_schema
from memo.language_model.servers import Refusal

Message = dict[str, str]

_TOLD_CHARACTERS = 200
_CONTROL = re.compile(r"<(?=\||/?(?:s|bos|eos|start_of_turn|end_of_turn)>)|\[(?=/?INST\])")


@dataclass(frozen=True)
class Dialect:
    """How this server likes to be asked. Each refusal leads to a humbler dialect, or to none."""

    shape: Literal["grammar", "schema", "bare schema", "object", "plain"] = "schema"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True
    seed: bool = True

    def humbler(self, why: Refusal, *, shaped: bool) -> Dialect | None:
        """Return what to try after a refusal; None when nothing is left."""
        if why is Refusal.OVERFLOW:
            return None
        if why is Refusal.MAX_TOKENS and self.limit == "max_tokens":
            return replace(self, limit="max_completion_tokens")
        if why is Refusal.TEMPERATURE and self.temperature:
            return replace(self, temperature=False)
        if why is Refusal.SEED and self.seed:
            return replace(self, seed=False)
        return self._simpler_shape() if shaped else None

    def _simpler_shape(self) -> Dialect | None:
        match self.shape:
            case "grammar":
                return replace(self, shape="schema")
            case "schema":
                return replace(self, shape="bare schema")
            case "bare schema":
                return replace(self, shape="object")
            case "object":
                return replace(self, shape="plain")
            case "plain":
                return None


def messages_of(system: str, user: str) -> list[Message]:
    """Return a question as messages, in which no words of the material can end a message."""
    return [
        {"role": "system", "content": _defused(system)},
        {"role": "user", "content": _defused(user)},
    ]


def _defused(text: str) -> str:
    """Take the meaning from a chat template's control tokens: what is said is data."""
    return _CONTROL.sub(lambda match: f"{match[0]} ", text.encode(errors="replace").decode())


def shaped(
    dialect: Dialect,
    messages: list[Message],
    schema: Json,
    grammar: Callable[[Json], str] | None,
) -> Json:
    """Return the part of a request that asks for an answer of this shape."""
    if dialect.shape == "grammar" and grammar is not None:
        return {"extra_body": {"grammar": grammar(schema)}}
    if dialect.shape in {"schema", "bare schema"}:
        exact = schema if dialect.shape == "schema" else bare_schema(schema)
        named = {"name": "answer", "strict": True, "schema": exact}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    order = "Answer with one JSON object and nothing else. It fits this JSON schema:\n"
    content = f"{messages[-1]['content']}\n\n{order}{json.dumps(schema, ensure_ascii=False)}"
    told = [*messages[:-1], {**messages[-1], "content": content}]
    form: Json = {"response_format": {"type": "json_object"}} if dialect.shape == "object" else {}
    return {"messages": told, **form}


def objection(text: str, error: UnusableAnswer) -> list[Message]:
    """Return the messages that show a model its answer and what is wrong with it."""
    order = f"That is not a valid answer: {shortened(str(error))}. Answer again, with JSON only."
    return [{"role": "assistant", "content": text}, {"role": "user", "content": order}]


def shortened(text: str) -> str:
    """Return a text in one line of at most 200 characters, for people."""
    line = " ".join(text.split())
    return line if len(line) <= _TOLD_CHARACTERS else f"{line[: _TOLD_CHARACTERS - 1]}…"
