"""How good the reading is, measured on meetings whose outcome people have labelled.

    LabelledMeeting + Memo ──measure──▶ Measured ──run_of──▶ Run ──compare──▶ Comparison

`labels` reads the meetings, `words` and `matching` tell which finding is which label, `counting`
counts one meeting, `scores` adds meetings up, with intervals, and `runs` is what is kept of it.
Nothing in here reads a recording or asks a model.
"""

from __future__ import annotations

from memo.evaluation.counting import Cost, Measured, measure
from memo.evaluation.labels import (
    CATEGORIES,
    Category,
    LabelledMeeting,
    load_meetings,
    shipped_meetings,
)
from memo.evaluation.runs import Failure, Reader, Run, load_run, predictions, run_of
from memo.evaluation.scores import Comparison, Difference, Estimate, Scores, compare

__all__ = [
    "CATEGORIES",
    "Category",
    "Comparison",
    "Cost",
    "Difference",
    "Estimate",
    "Failure",
    "LabelledMeeting",
    "Measured",
    "Reader",
    "Run",
    "Scores",
    "compare",
    "load_meetings",
    "load_run",
    "measure",
    "predictions",
    "run_of",
    "shipped_meetings",
]
