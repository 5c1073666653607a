"""What servers say: about their model's window, about token counts, and when they refuse.

Each kind of server has its own words for the same things. Sources: llama.cpp
`tools/server/README.md`; vLLM "OpenAI-Compatible Server"; Ollama `docs/api.md`; LM Studio REST
API; OpenAI "Error codes".
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

Fetch = Callable[[str, dict[str, Any] | None], Any]
"""Gets (or, with a body, posts to) an address and returns its JSON, None if it has none."""

DEFAULT_CONTEXT_TOKENS = 8192
_OLLAMA_DEFAULT = 4096

_MODEL_FIELDS = ("n_ctx", "max_model_len", "loaded_context_length", "context_length")
_MODEL_FIELDS_RARE = ("context_window", "max_context_length")
_OVERFLOW = re.compile(
    r"context_length_exceeded|exceed_context_size|maximum context length|max_model_len"
    r"|exceeds? the (?:available )?context|context (?:size|window|length).{0,40}exceed"
    r"|(?:prompt|input|request) (?:is )?too (?:long|large)|longer than the maximum",
    re.IGNORECASE,
)
_ABOUT_SHAPE = re.compile(
    r"response_format|json_schema|json_object|schema|grammar|guided|structured", re.IGNORECASE
)


class Refusal(Enum):
    """Why a server refused a request that it understood."""

    OVERFLOW = "the request does not fit the model's window"
    SHAPE = "it cannot be held to that schema"
    MAX_TOKENS = "it calls the limit of the answer by another name"
    TEMPERATURE = "it does not let the temperature be chosen"
    SEED = "it takes no seed"
    LOGPROBS = "it tells no probabilities"
    OTHER = "something else"


def refusal(message: str) -> Refusal:
    """Tell from the words of a 4xx answer what the server refused."""
    lowered = message.lower()
    if _OVERFLOW.search(message):
        return Refusal.OVERFLOW
    if "max_completion_tokens" in lowered:
        return Refusal.MAX_TOKENS
    for word in (Refusal.TEMPERATURE, Refusal.SEED, Refusal.LOGPROBS):
        if word.name.lower() in lowered:
            return word
    return Refusal.SHAPE if _ABOUT_SHAPE.search(message) else Refusal.OTHER


def context_tokens(fetch: Fetch, base: str, model: str) -> int | None:
    """Ask a server how many tokens fit the model's window; None if it does not say.

    Asks what all OpenAI-compatible servers have (`/models`, where vLLM, llama.cpp and several
    hosts put the size), then llama.cpp's `/props`, then Ollama's `/api/ps` and `/api/show`:
    Ollama's window is what it loaded the model with, often far less than the model could.
    """
    root = root_of(base)
    listed = _listed(fetch(f"{base}/models", None), model)
    if size := _first(listed, _MODEL_FIELDS) or _first(listed.get("meta"), _MODEL_FIELDS):
        return size
    properties = _mapping(fetch(f"{root}/props", None))
    if size := _first(properties.get("default_generation_settings"), ("n_ctx",)):
        return size
    return _ollama_window(fetch, root, model) or _first(listed, _MODEL_FIELDS_RARE)


def count_tokens(fetch: Fetch, base: str, model: str, text: str) -> int | None:
    """Let a server's own tokenizer count (llama.cpp and vLLM: `/tokenize`); None if it has none."""
    body = {"content": text, "add_special": False}
    body |= {"model": model, "prompt": text, "add_special_tokens": False}
    reply = _mapping(fetch(f"{root_of(base)}/tokenize", body))
    if isinstance(reply.get("count"), int):
        return int(reply["count"])
    tokens = reply.get("tokens")
    return len(tokens) if isinstance(tokens, list) else None


def root_of(base: str) -> str:
    """Return the address of a server without the `/v1` of its OpenAI-compatible part."""
    return base.rstrip("/").removesuffix("/v1")


def seconds_to_wait(retry_after: str | None) -> float | None:
    """Read a `Retry-After` header (RFC 9110, 10.2.3): seconds, or a date."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        at = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds())


def _ollama_window(fetch: Fetch, root: str, model: str) -> int | None:
    running = _mapping(fetch(f"{root}/api/ps", None)).get("models")
    if not isinstance(running, list):
        return None
    if not _named(running, model):  # an empty request loads the model, so that its window is known
        fetch(f"{root}/api/generate", {"model": model})
        running = _mapping(fetch(f"{root}/api/ps", None)).get("models")
    if size := _first(_named(running, model), ("context_length",)):
        return size
    shown = _mapping(fetch(f"{root}/api/show", {"model": model})).get("parameters")
    setting = re.search(r"^num_ctx\s+(\d+)", str(shown or ""), re.MULTILINE)
    return int(setting[1]) if setting else _OLLAMA_DEFAULT


def _listed(reply: Any, model: str) -> Mapping[str, Any]:  # noqa: ANN401 - foreign JSON
    entries = _mapping(reply).get("data")
    if not isinstance(entries, list):
        return {}
    only = entries[0] if len(entries) == 1 else None
    return _named(entries, model) or _mapping(only)


def _named(entries: Any, model: str) -> Mapping[str, Any]:  # noqa: ANN401 - foreign JSON
    names = {model, f"{model}:latest"}
    for entry in entries if isinstance(entries, list) else []:
        if names & {_mapping(entry).get(key) for key in ("id", "name", "model")}:
            return _mapping(entry)
    return {}


def _first(entry: Any, fields: tuple[str, ...]) -> int | None:  # noqa: ANN401 - foreign JSON
    values = (_mapping(entry).get(field) for field in fields)
    return next((v for v in values if isinstance(v, int) and v > 0), None)


def _mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - foreign JSON
    return value if isinstance(value, dict) else {}
