"""Decisions are remembered under numbers that never change."""

from __future__ import annotations
