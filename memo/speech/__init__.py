"""Recordings and transcript files become transcripts."""

from __future__ import annotations
