"""Linear models over named signs, kept as a readable file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Linear:
    """A weighted sum of signs; a sign without a weight counts nothing."""

    bias: float
    weights: Mapping[str, float]

    def __call__(self, signs: Mapping[str, float]) -> float:
        """Return the sum."""
        weights = self.weights
        return self.bias + sum(weights.get(name, 0.0) * value for name, value in signs.items())


def probability(logit: float) -> float:
    """Return the probability that a logit stands for."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))


@cache
def linear_models() -> dict[str, Linear]:
    """Return the models that come with memo, by name."""
    file = files("memo.extraction.judging") / "linear.json"
    data = json.loads(file.read_text(encoding="utf-8"))["models"]
    return {name: Linear(each["bias"], each["weights"]) for name, each in data.items()}
