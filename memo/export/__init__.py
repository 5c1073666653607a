"""Memos and transcripts become files: Markdown, Word, JSON, WebVTT."""

from __future__ import annotations
