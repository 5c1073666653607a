"""Transcripts become drafts, and drafts become findings that the transcript bears out."""

from __future__ import annotations
