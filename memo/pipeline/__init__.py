"""The order of things: a recording becomes a transcript, a memo, log entries and files."""

from __future__ import annotations

from memo.pipeline.conversion import Heard, Job, Outcome, Tools, convert
from memo.pipeline.corrections import Corrections
from memo.pipeline.enrolment import enroll
from memo.pipeline.meeting import parse_instant
from memo.pipeline.outputs import FORMATS, base_names
from memo.pipeline.portraits import Portrait, portraits
from memo.pipeline.rehearsal import Rehearsal, rehearsal
from memo.pipeline.revoicing import Changes, Recalled, WrongVoice, recall_conversion, revoice
from memo.pipeline.sources import together

__all__ = [
    "FORMATS",
    "Changes",
    "Corrections",
    "Heard",
    "Job",
    "Outcome",
    "Portrait",
    "Recalled",
    "Rehearsal",
    "Tools",
    "WrongVoice",
    "base_names",
    "convert",
    "enroll",
    "parse_instant",
    "portraits",
    "recall_conversion",
    "rehearsal",
    "revoice",
    "together",
]
