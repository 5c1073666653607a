"""How good the reading is, measured on meetings whose outcome people have labelled."""

from __future__ import annotations
