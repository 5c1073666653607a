"""A folder is watched; each recording in it becomes a memo, once, whatever happens in between.

    folder ──scan──▶ Sighting ──ready──▶ Arrival ──Book.take_in──▶ Job ──Engine──▶ Work ──▶ Ending

`job` says what things are and which states a job goes through, `book` keeps the jobs in the
decision log's database. The watcher only ever writes to the book: each folder has a `lookout`,
which looks (`scan`, `ignored`, `mounts`) when its `alarm` says so, decides what is whole (`ready`)
and reads it (`folder`). Workers take from the book. A worker is a process: its `engine` is the one
place that knows DBOS, its heart (`liveness`) keeps it and its neighbours going, `work` does one
recording, and `ending` says what an error means for it. `slots` starts and minds workers, `shelf`
and `bucket` are what machines share, `keeper` keeps the disk from filling up.

Two books, one rule: the table `jobs` says what shall become of a file, DBOS says who is on it
now. What DBOS keeps can always be made again from the book.
"""

from __future__ import annotations
