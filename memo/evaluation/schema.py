"""The JSON Schema of a run, so that other programs can rely on `memo eval --json`.

It is generated from `Run`; `run.schema.json` beside this file is its committed copy, held current
by a test. Regenerate it with `python -m memo.evaluation.schema`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from memo.evaluation.runs import Run

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = "urn:callmemo:schema:evaluation:1"


def schema() -> dict[str, Any]:
    """Return the schema."""
    return {"$schema": _DIALECT, "$id": _ID, **Run.model_json_schema(mode="serialization")}


if __name__ == "__main__":
    path = Path(__file__).with_name("run.schema.json")
    path.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path.name}\n")
