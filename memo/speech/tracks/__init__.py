"""Tracks: who speaks is known where everybody has a channel, or a file, of his own."""

from __future__ import annotations
