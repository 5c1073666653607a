"""Model files: what there is, what is here, and how the rest is fetched."""

from __future__ import annotations
