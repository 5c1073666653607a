"""Names and jargon: how they are spelled, and misheard ones put right."""

from __future__ import annotations
