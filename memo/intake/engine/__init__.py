"""Who is on which job now: the one package that knows DBOS.

A job's attempt is a workflow of three steps, whose results DBOS keeps: one that a dead process
leaves behind goes on where it was, in the hands of another, and whoever wakes up after having
been taken for dead is refused (https://docs.dbos.dev). Nothing of a recording goes into DBOS, but
the job's number and its attempt; what the steps return is for reading again, not for people.

What DBOS does not do is done here: it counts what runs by queue, we by process; it never goes on
with what a *living* process has lost (a full disk), `mend` does; nor with what the dead leave
behind, unless it is told who is dead (`rescue`).
"""

from __future__ import annotations

import logging
import os


class _ForDevelopers(logging.Handler):
    """Tells what DBOS says with `--verbose` only: what matters of it, the heart says."""

    def emit(self, record: logging.LogRecord) -> None:
        first, *_ = record.getMessage().splitlines() or [""]
        logging.getLogger(__name__).debug("DBOS: %s", first)


# DBOS writes to stderr unless somebody listens to it, and obeys its variables: one of them would
# have it report to a service on the net. Both are settled when it is first imported.
logging.getLogger("dbos").addHandler(_ForDevelopers())
logging.getLogger("dbos").propagate = False
for _name in [name for name in os.environ if name.startswith("DBOS_")]:
    del os.environ[_name]

from memo.intake.engine.fleet import Engine  # noqa: E402
from memo.intake.engine.here import run_here  # noqa: E402
from memo.intake.engine.workflow import Outcome, Work  # noqa: E402

__all__ = ["Engine", "Outcome", "Work", "run_here"]
