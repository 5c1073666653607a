"""Voices: who speaks when (diarization), whose the words are, and voices that are enrolled."""

from __future__ import annotations
