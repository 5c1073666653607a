"""The order of things: a recording becomes a transcript, a memo, log entries and files."""

from __future__ import annotations

from memo.pipeline.conversion import Job, Outcome, Tools, convert
from memo.pipeline.meeting import parse_instant
from memo.pipeline.outputs import FORMATS, base_names

__all__ = ["FORMATS", "Job", "Outcome", "Tools", "base_names", "convert", "parse_instant"]
