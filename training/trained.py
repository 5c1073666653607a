"""What a training of the encoder leaves: its weights, and its logits of unseen meetings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Trained:
    """The trained upper layers and head, and logits (sentences, TAGS) by meeting."""

    layers: list[dict[str, Any]]
    head: tuple[Any, Any]
    unseen: Mapping[str, npt.NDArray[Any]]

    def save(self, path: Path) -> None:
        """Write it as a .npz."""
        arrays = {f"unseen/{name}": logits for name, logits in self.unseen.items()}
        arrays |= {f"head/{i}": np.asarray(array) for i, array in enumerate(self.head)}
        for number, layer in enumerate(self.layers):
            for name, pair in layer.items():
                for i, array in enumerate(pair):
                    arrays[f"layer/{number}/{name}/{i}"] = np.asarray(array)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Trained:
        """Read what `save` wrote."""
        with np.load(path) as file:
            arrays = dict(file.items())
        layers: dict[int, dict[str, Any]] = {}
        for name, array in arrays.items():
            if name.startswith("layer/") and name.endswith("/0"):
                _, number, part, _ = name.split("/")
                layers.setdefault(int(number), {})[part] = (array, arrays[f"{name[:-1]}1"])
        unseen = {
            name.removeprefix("unseen/"): logits
            for name, logits in arrays.items()
            if name.startswith("unseen/")
        }
        head = (arrays["head/0"], arrays["head/1"])
        return cls([layers[number] for number in sorted(layers)], head, unseen)
