"""Decisions are remembered under numbers that never change.

    Memo ──record──▶ DecisionLog ──entries, entry, history──▶ LogEntry, LogEvent

`log` is the door. Behind it: `recording` writes a memo's decisions down, `matching` knows one
again after a new conversion, `entries` turns rows into values, `schema` and `migrations` say what
the tables look like and looked like, `database` is the one place that knows SQLite from
PostgreSQL. Importing this package is cheap; importing `log` loads SQLAlchemy.
"""

from __future__ import annotations
