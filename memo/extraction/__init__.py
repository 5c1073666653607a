"""Transcripts become drafts, and drafts become memos that the transcript bears out."""

from __future__ import annotations

from memo.extraction.prompts import Prompts, load_prompts
from memo.extraction.reading import read_by_rules, read_with_model
from memo.extraction.voices import name_voices
from memo.extraction.writing import write_memo

__all__ = [
    "Prompts",
    "load_prompts",
    "name_voices",
    "read_by_rules",
    "read_with_model",
    "write_memo",
]
