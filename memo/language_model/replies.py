"""What is read out of a reply.

The SDK does not check what servers send, and some send less, more or something else than its types
promise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletion


def says_something(reply: ChatCompletion) -> bool:
    """Tell whether a reply, which the SDK does not validate, has the parts that are read."""
    choices: object = reply.choices
    return isinstance(choices, list) and any(getattr(c, "message", None) for c in choices[:1])


def plain_text(content: object) -> str:
    """Return the text of an answer, which some hosts give in parts, reasoning apart."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def likeliest(completion: ChatCompletion) -> dict[str, float]:
    """Return the likeliest first tokens and their log probabilities; nothing if not told."""
    try:
        tops: Any = completion.choices[0].logprobs.content[0].top_logprobs  # type: ignore[union-attr, index]
        return {str(top.token): float(top.logprob) for top in tops}
    except (AttributeError, IndexError, TypeError):
        return {}


def cached(used: CompletionUsage) -> int:
    """Return how many tokens of the prompt were known from the call before."""
    details = used.prompt_tokens_details
    return details.cached_tokens or 0 if details else 0


def shared_out(first: Mapping[str, float], options: Sequence[str]) -> dict[str, float]:
    """Share the probabilities of first tokens out to the one option that each begins."""
    mass = dict.fromkeys(options, 0.0)
    for token, logprob in first.items():
        start = token.strip(" \t\n\"'*.,:;!`▁Ġ").casefold()
        begun = [option for option in options if start and option.casefold().startswith(start)]
        if len(begun) == 1:
            mass[begun[0]] += math.exp(logprob)
    return mass
