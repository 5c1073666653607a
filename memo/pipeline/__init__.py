"""The order of things: a recording becomes a transcript, a memo, log entries and files."""

from __future__ import annotations

from memo.pipeline.conversion import Heard, Job, Outcome, Tools, convert
from memo.pipeline.meeting import parse_instant
from memo.pipeline.outputs import FORMATS, base_names
from memo.pipeline.rehearsal import Rehearsal, rehearsal

__all__ = [
    "FORMATS",
    "Heard",
    "Job",
    "Outcome",
    "Rehearsal",
    "Tools",
    "base_names",
    "convert",
    "parse_instant",
    "rehearsal",
]
