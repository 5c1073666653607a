"""Train the text encoder on one half of the meetings, and have it judge the other half.

    python training/encoder.py first  --minilm DIR --corpus DIR --out build/first.npz
    python training/encoder.py second --minilm DIR --corpus DIR --out build/second.npz

The lower three of MiniLM's six layers stay as they are; the upper three and a linear head learn to
say of each sentence what `labelled` teaches. A sentence's vector is the mean over its tokens.
Epochs alternate between two ways of cutting a meeting into windows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax
from labelled import Labelled, all_meetings
from minilm import WIDTH, Weights, dropped, embedded, layer, padding_bias, starting_weights
from tokenizers import Tokenizer
from trained import Trained

from memo.extraction.judging.choosing import TAGS
from memo.extraction.judging.encoder import LONGEST, WINDOW, _windows

FROZEN = 3
MOST = 64
"""Sentences of a window that are learnt from."""
BATCH, READ_BATCH = 8, 16
POSITIVE = (1.5, 2, 2.5, 2, 2, 3, 2, 2, 3)
"""How much more a sentence counts that is something than one that is not, by tag."""
HALVES = {"first": (0, 6, 1e-4), "second": (1, 7, 1.2e-4)}
"""Half, epochs and learning rate."""

Floats = npt.NDArray[np.floating[Any]]


@dataclass
class Pack:
    """Windows of meetings as arrays, one row each; `rows` tell meeting, first sentence and end."""

    rows: list[tuple[int, int, int]]
    ids: npt.NDArray[np.int32]
    turns: npt.NDArray[np.int32]
    there: Floats
    places: npt.NDArray[np.int32]
    taught: Floats
    known: Floats


class Tokens:
    """Cuts meetings into windows of tokens, as memo does."""

    def __init__(self, folder: Path) -> None:
        self._words = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._words.no_padding()
        self._words.no_truncation()

    def pack(self, meetings: Sequence[Labelled], *, shifted: bool) -> Pack:
        """Return the windows of meetings."""
        cut = [(m, window) for m, meeting in enumerate(meetings)
               for window in self._windows(meeting, shifted=shifted)]  # fmt: skip
        size = len(cut)
        pack = Pack(
            rows=[(m, window.first, window.end) for m, window in cut],
            ids=np.zeros((size, WINDOW), np.int32),
            turns=np.zeros((size, WINDOW), np.int32),
            there=np.zeros((size, WINDOW), np.float32),
            places=np.full((size, WINDOW), MOST, np.int32),
            taught=np.zeros((size, MOST, TAGS), np.float32),
            known=np.zeros((size, MOST, TAGS), np.float32),
        )
        for row, (m, window) in enumerate(cut):
            length = len(window.ids)
            pack.ids[row, :length] = window.ids
            pack.turns[row, :length] = window.turns
            pack.there[row, :length] = 1
            of = np.array(window._of)  # noqa: SLF001 - read as memo's encoder reads it
            pack.places[row, :length] = np.where(of < 0, MOST, np.minimum(of, MOST))
            count = min(window.end - window.first, MOST)
            pack.taught[row, :count] = meetings[m].taught[window.first : window.first + count]
            pack.known[row, :count] = meetings[m].known
        return pack

    def _windows(self, meeting: Labelled, *, shifted: bool) -> list[Any]:
        texts = [sentence.text for sentence in meeting.sentences]
        read = self._words.encode_batch(texts, add_special_tokens=False)
        return _windows(meeting.sentences, [each.ids[:LONGEST] for each in read], shifted=shifted)


# --- The network --------------------------------------------------------------------------------


class Lower:
    """The layers that do not learn: read once for all epochs."""

    def __init__(self, weights: Weights) -> None:
        self._weights = jax.tree.map(jnp.asarray, weights)
        self._read = jax.jit(self._layers)

    def __call__(self, pack: Pack) -> npt.NDArray[np.float16]:
        """Return the vectors (windows, WINDOW, WIDTH) that the upper layers start from."""
        found = [
            np.asarray(self._read(*arrays))[:size].astype(np.float16)
            for _, size, arrays in batches(len(pack.rows), pack.ids, pack.turns, pack.there)
        ]
        return np.concatenate(found)

    def _layers(self, ids: jax.Array, turns: jax.Array, there: jax.Array) -> jax.Array:
        x = embedded(self._weights, ids, turns)
        for weights in self._weights["layers"][:FROZEN]:
            x = layer(weights, x, padding_bias(there))
        return x


def batches(count: int, *arrays: Any) -> Iterator[tuple[int, int, list[Any]]]:
    """Yield first row, number of rows and arrays of equal size, the last filled up with zeros."""
    for first in range(0, count, READ_BATCH):
        size = min(READ_BATCH, count - first)
        parts = (array[first : first + size] for array in arrays)
        fill = [(0, READ_BATCH - size)]
        yield first, size, [np.pad(p, fill + [(0, 0)] * (p.ndim - 1)) for p in parts]


def upper(
    weights: Weights,
    x: jax.Array,
    there: jax.Array,
    places: jax.Array,
    key: jax.Array | None = None,
) -> jax.Array:
    """Return the logits of sentences, shape (windows, MOST, TAGS)."""
    for number, each in enumerate(weights["layers"]):
        mine = None if key is None else jax.random.fold_in(key, number)
        x = layer(each, x, padding_bias(there), mine)
    of = jax.nn.one_hot(places, MOST + 1, dtype=x.dtype)[:, :, :MOST]
    pooled = jnp.einsum("btm,bth->bmh", of, x) / jnp.maximum(of.sum(1)[:, :, None], 1)
    mine = None if key is None else jax.random.fold_in(key, 99)
    return dropped(pooled, mine, 0.2) @ weights["w"] + weights["b"]


def loss(
    weights: Weights, inputs: Sequence[jax.Array], taught: jax.Array, known: jax.Array, key: Any
) -> jax.Array:
    """Return the cross-entropy over what is known."""
    logits = upper(weights, *inputs, key)
    right = jnp.array(POSITIVE) * taught * jax.nn.log_sigmoid(logits)
    wrong = (1 - taught) * jax.nn.log_sigmoid(-logits)
    return -((right + wrong) * known).sum() / known.sum()


# --- Learning -----------------------------------------------------------------------------------


def optimiser(weights: Weights, rate: float, steps: int) -> optax.GradientTransformation:
    """Return AdamW with warm-up and cosine decay; the head learns ten times as fast."""
    rates = optax.warmup_cosine_decay_schedule(0, rate, max(1, steps // 10), steps)
    parts = {
        "head": optax.adamw(lambda step: rates(step) * 10, weight_decay=0.01),
        "body": optax.adamw(rates, weight_decay=0.01),
    }
    layers = jax.tree.map(lambda _: "body", weights["layers"])
    which = {"layers": layers, "w": "head", "b": "head"}
    return optax.chain(optax.clip_by_global_norm(1.0), optax.multi_transform(parts, which))


def learn(start: Weights, lower: Lower, packs: Sequence[Pack], epochs: int, rate: float) -> Weights:
    """Return the upper layers and the head after learning from packs, one epoch each in turn."""
    read = [lower(pack) for pack in packs]
    weights: Weights = {
        "layers": jax.tree.map(jnp.asarray, start["layers"][FROZEN:]),
        "w": jnp.zeros((WIDTH, TAGS)),
        "b": jnp.full((TAGS,), -2.0),
    }
    optimise = optimiser(weights, rate, epochs * len(packs[0].rows) // BATCH)

    @jax.jit
    def step(weights: Weights, state: Any, x: Any, pack: Any, key: Any) -> Any:
        there, places, taught, known = pack
        inputs = (x.astype(jnp.float32), there, places)
        lost, slope = jax.value_and_grad(loss)(weights, inputs, taught, known, key)
        change, state = optimise.update(slope, state, weights)
        return optax.apply_updates(weights, change), state, lost

    state, random, key = optimise.init(weights), np.random.default_rng(0), jax.random.PRNGKey(0)
    for epoch in range(epochs):
        pack, x, began, lost = packs[epoch % 2], read[epoch % 2], time.monotonic(), []
        order = random.permutation(len(x))
        for first in range(0, len(order) - BATCH + 1, BATCH):
            some = order[first : first + BATCH]
            key, mine = jax.random.split(key)
            arrays = (pack.there[some], pack.places[some], pack.taught[some], pack.known[some])
            weights, state, one = step(weights, state, x[some], arrays, mine)
            lost.append(float(one))
        print(f"epoch {epoch + 1}: loss {np.mean(lost):.4f}, {time.monotonic() - began:.0f} s")
    return weights


def judged(
    weights: Weights, lower: Lower, meetings: Sequence[Labelled], packs: Sequence[Pack]
) -> dict[str, Floats]:
    """Return the logits of each sentence of meetings; what stands inside a window counts more."""
    total = [np.zeros((len(m.sentences), TAGS)) for m in meetings]
    weight = [np.zeros((len(m.sentences), 1)) for m in meetings]
    run = jax.jit(upper)
    for pack in packs:
        arrays = (lower(pack), pack.there, pack.places)
        for row, size, (x, there, places) in batches(len(pack.rows), *arrays):
            found = np.asarray(run(weights, x.astype(np.float32), there, places))
            for logits, (m, first, end) in zip(found, pack.rows[row : row + size], strict=False):
                count = min(end - first, MOST)
                inside = np.minimum(np.arange(count), np.arange(count)[::-1])[:, None] + 1.0
                total[m][first : first + count] += inside * logits[:count]
                weight[m][first : first + count] += inside
    return {
        meeting.id: total[m] / np.maximum(weight[m], 1e-9) for m, meeting in enumerate(meetings)
    }


def main() -> None:
    """Train one half's encoder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("half", choices=HALVES)
    parser.add_argument("--minilm", type=Path, required=True, help="folder with model.safetensors")
    parser.add_argument("--corpus", type=Path, action="append", default=[], help="more meetings")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="meetings of each half, to try it out")
    given = parser.parse_args()
    half, epochs, rate = HALVES[given.half]
    meetings = all_meetings(given.corpus)
    seen = [m for m in meetings if m.half == half][: given.limit]
    unseen = [m for m in meetings if m.half != half][: given.limit]
    print(f"learning from {len(seen)} meetings, judging {len(unseen)}")
    start, tokens = starting_weights(given.minilm), Tokens(given.minilm)
    lower = Lower(start)
    both = (False, True)
    weights = learn(start, lower, [tokens.pack(seen, shifted=s) for s in both], epochs, rate)
    found = judged(weights, lower, unseen, [tokens.pack(unseen, shifted=s) for s in both])
    plain = jax.tree.map(np.asarray, weights)
    Trained(plain["layers"], (plain["w"], plain["b"]), found).save(given.out)


if __name__ == "__main__":
    main()
