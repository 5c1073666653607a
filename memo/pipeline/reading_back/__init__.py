"""What people changed in files that memo wrote is read back into the log.

    Markdown ──pages──▶ Told ──three_way──▶ Edit, Clash, what cannot be read back
                                  ▲
                   what memo wrote there, what the log says now

`marks` undoes what Markdown needs, `memo_page` reads the memo of a meeting, `log_pages` the files
of `memo log export`, `three_way` compares, `importing` is the door. All three sides of a
comparison are read from Markdown by the same code, so that what memo wrote is no change by
construction.
"""

from __future__ import annotations
