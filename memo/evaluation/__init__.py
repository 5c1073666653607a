"""How good the reading is, measured on meetings whose outcome people have labelled.

    LabelledMeeting + Memo ──measure──▶ Measured ──run_of──▶ Run ──compare──▶ Comparison

`labels` reads the meetings, `words` and `matching` tell which finding is which label, `counting`
counts one meeting, `scores` adds meetings up, with intervals, and `runs` is what is kept of it.
`trials` has the meetings read, by a `Rehearsal` that it is given.
"""

from __future__ import annotations

from memo.evaluation.counting import Cost, Counts, Measured, measure
from memo.evaluation.labels import (
    CATEGORIES,
    Category,
    LabelledMeeting,
    shipped_meetings,
)
from memo.evaluation.runs import Failure, Reader, Run, load_run, part_of, predictions, run_of
from memo.evaluation.scores import Comparison, Difference, Estimate, Scores, compare
from memo.evaluation.trials import Trial, trials_of, try_out

__all__ = [
    "CATEGORIES",
    "Category",
    "Comparison",
    "Cost",
    "Counts",
    "Difference",
    "Estimate",
    "Failure",
    "LabelledMeeting",
    "Measured",
    "Reader",
    "Run",
    "Scores",
    "Trial",
    "compare",
    "load_run",
    "measure",
    "part_of",
    "predictions",
    "run_of",
    "shipped_meetings",
    "trials_of",
    "try_out",
]
