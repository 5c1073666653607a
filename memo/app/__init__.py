"""The one place that wires settings to what does the work.

Everything heavy is imported where it is used: a run that finds its work done loads neither Whisper
nor a language model.
"""

from __future__ import annotations

from memo.app.examining import Check, examine
from memo.app.wiring import (
    answer_question,
    chosen_models,
    open_log,
    prepare_environment,
    read_memo,
    settings_of_then,
    tools,
    voiceprints,
    weights,
    work_folder,
)

__all__ = [
    "Check",
    "answer_question",
    "chosen_models",
    "examine",
    "open_log",
    "prepare_environment",
    "read_memo",
    "settings_of_then",
    "tools",
    "voiceprints",
    "weights",
    "work_folder",
]
