"""Speech recognition (ASR): what is said, and what of it nobody said."""

from __future__ import annotations
