"""What meetings decided, took on and left open is remembered under numbers that never change.

    Memo ──record──▶ DecisionLog ──entries, entry, links, history──▶ LogEntry, Link, LogEvent

`log` is the door. Behind it: `recording` writes a memo's findings down, `matching` knows one again
after a new conversion, `editing` lays what people say over what was found, `linking` says what an
entry does to an older one and the state that follows, `chains` finds out what a meeting does to
older entries, `search` finds entries by words, `catching_up` tells what changed (`news`) since a
reader (`readers`) last looked, `entries` turns rows into values, `schema` and `migrations` say what
the tables look like and looked like, `database` is the one place that knows SQLite from PostgreSQL
(`sqlite`, `postgresql`; `holding` makes what is written fit both). Importing this package is cheap;
importing `log` loads SQLAlchemy.
"""

from __future__ import annotations
