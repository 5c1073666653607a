r"""Write the trained encoder as ONNX, its matrices and vocabulary rounded to eight bits.

    python training/onnx_export.py build/first.npz --minilm DIR \
        --out memo/extraction/judging/encoder.int8.onnx

The graph is written by hand, node by node: inputs `ids` and `turns` (int64) and `there` (float, 1
for tokens), all (windows, tokens); output `logits` (windows, tokens, TAGS). The mean over the
tokens of a sentence is the caller's: the head is linear, so it may come first.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from encoder import FROZEN
from minilm import AWAY, HEADS, NORM, WIDTH, Weights, starting_weights
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from trained import Trained

from memo.extraction.judging.choosing import TAGS
from memo.extraction.judging.encoder import WINDOW

OPSET, IR = 17, 8  # read by onnxruntime from 1.14 on


class Graph:
    """Collects nodes and constants; every method returns the name of what it adds."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, array: Any) -> str:
        """Add a constant."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, name: str, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output of its own name."""
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def linear(self, name: str, x: str, weights: tuple[Any, Any]) -> str:
        """Add a matrix and a bias."""
        matrix, bias = (np.asarray(array, np.float32) for array in weights)
        product = self.node(f"{name}m", "MatMul", x, self.constant(f"{name}w", matrix))
        return self.node(name, "Add", product, self.constant(f"{name}b", bias))

    def norm(self, name: str, x: str, weights: tuple[Any, Any]) -> str:
        """Add a layer norm."""
        scale, bias = (np.asarray(array, np.float32) for array in weights)
        constants = (self.constant(f"{name}g", scale), self.constant(f"{name}c", bias))
        return self.node(name, "LayerNormalization", x, *constants, epsilon=NORM)


def exported(start: Weights, trained: Trained) -> onnx.ModelProto:
    """Return the encoder as an ONNX model of 32-bit floats."""
    graph = Graph()
    _shared(graph)
    x = _embedded(graph, start)
    for number, weights in enumerate([*start["layers"][:FROZEN], *trained.layers]):
        x = _layer(graph, f"l{number}", x, weights)
    scores = graph.node("z", "MatMul", x, graph.constant("hw", np.float32(trained.head[0])))
    graph.node("logits", "Add", scores, graph.constant("hb", np.float32(trained.head[1])))
    kinds = {"ids": TensorProto.INT64, "turns": TensorProto.INT64, "there": TensorProto.FLOAT}
    info = helper.make_tensor_value_info
    inputs = [info(name, kind, ["windows", "tokens"]) for name, kind in kinds.items()]
    output = info("logits", TensorProto.FLOAT, ["windows", "tokens", TAGS])
    body = helper.make_graph(graph.nodes, "encoder", inputs, [output], graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(model)
    return model


def _shared(graph: Graph) -> None:
    """Add the constants that several nodes read, and the bias that hides padding."""
    size = WIDTH // HEADS
    for name, value in {
        "zero": np.array([0]),
        "one": np.array([1]),
        "two": np.array([2]),
        "onetwo": np.array([1, 2]),
        "split": np.array([0, 0, HEADS, size]),
        "merge": np.array([0, 0, WIDTH]),
        "scale": np.float32(1 / np.sqrt(size)),
        "half": np.float32(0.5),
        "root": np.float32(1 / np.sqrt(2)),
        "unit": np.float32(1),
        "away": np.float32(AWAY),
    }.items():
        graph.constant(name, value)
    there = graph.node("there4", "Unsqueeze", "there", "onetwo")
    graph.node("bias", "Mul", graph.node("absent", "Sub", "unit", there), "away")


def _embedded(graph: Graph, start: Weights) -> str:
    graph.constant("words", start["words"])
    graph.constant("positions", start["positions"][:WINDOW])
    graph.constant("sides", start["turns"])
    words = graph.node("xw", "Gather", "words", "ids")
    turns = graph.node("xt", "Gather", "sides", "turns")
    length = graph.node("length", "Slice", graph.node("shape", "Shape", "ids"), "one", "two")
    places = graph.node("xp", "Slice", "positions", "zero", length)
    total = graph.node("x1", "Add", graph.node("x0", "Add", words, turns), places)
    return graph.norm("x", total, start["norm"])


def _layer(graph: Graph, name: str, x: str, weights: Weights) -> str:
    heads = {}
    for part, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        y = graph.linear(f"{name}{part}", x, weights[part])
        split = graph.node(f"{name}{part}s", "Reshape", y, "split")
        heads[part] = graph.node(f"{name}{part}t", "Transpose", split, perm=order)
    scores = graph.node(f"{name}s0", "MatMul", heads["q"], heads["k"])
    scores = graph.node(f"{name}s1", "Mul", scores, "scale")
    scores = graph.node(f"{name}s2", "Add", scores, "bias")
    attention = graph.node(f"{name}a", "Softmax", scores, axis=-1)
    seen = graph.node(f"{name}c0", "MatMul", attention, heads["v"])
    seen = graph.node(f"{name}c1", "Transpose", seen, perm=[0, 2, 1, 3])
    seen = graph.node(f"{name}c2", "Reshape", seen, "merge")
    y = graph.linear(f"{name}o", seen, weights["o"])
    x = graph.norm(f"{name}n1", graph.node(f"{name}r1", "Add", x, y), weights["norm1"])
    y = _gelu(graph, name, graph.linear(f"{name}i", x, weights["in"]))
    y = graph.linear(f"{name}d", y, weights["out"])
    return graph.norm(f"{name}n2", graph.node(f"{name}r2", "Add", x, y), weights["norm2"])


def _gelu(graph: Graph, name: str, x: str) -> str:
    y = graph.node(f"{name}e0", "Mul", x, "root")
    y = graph.node(f"{name}e2", "Add", graph.node(f"{name}e1", "Erf", y), "unit")
    return graph.node(f"{name}e4", "Mul", graph.node(f"{name}e3", "Mul", x, y), "half")


def main() -> None:
    """Write the encoder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trained", type=Path, help="what encoder.py wrote")
    parser.add_argument("--minilm", type=Path, required=True, help="folder with model.safetensors")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    model = exported(starting_weights(given.minilm), Trained.load(given.trained))
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "encoder.onnx"
        onnx.save(model, whole)
        quantize_dynamic(
            whole,
            given.out,
            op_types_to_quantize=["MatMul", "Gather"],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
