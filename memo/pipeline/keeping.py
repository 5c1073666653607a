"""What a conversion leaves for a later word on its voices: what was asked, and what was heard.

It lies in the recording's work folder. Who corrects a name then needs neither the options of the
conversion nor the speech model again.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from memo.model import Transcript, Value
from memo.ports import Checkpoints

if TYPE_CHECKING:
    from memo.pipeline.conversion import Job, Tools

_STEP = "voices"
_KEY = "1"  # counts changes of what is kept
_APART = frozenset({"path", "tracks", "folder", "heard", "force", "lies_at"})


class Kept(Value):
    """The last conversion of a recording.

    `asked` is its job and `settings` its tools, as JSON has them; `folder` is where the results
    went, its bytes as Latin-1, None for beside the recording; `logs` says whether its decisions
    were logged. `heard` is what was said before names were given, `voiced` after.
    """

    asked: dict[str, Any]
    folder: str | None
    settings: dict[str, Any]
    logs: bool
    heard: Transcript
    voiced: Transcript

    def job(self, now: Job) -> Job:
        """Return the same job again, without listening.

        Args:
            now: Where the recording, or its tracks, lie now.
        """
        folder = None if self.folder is None else Path(os.fsdecode(self.folder.encode("latin-1")))
        job: Job = _jobs().validate_python({**self.asked, "path": now.path})
        return replace(job, tracks=now.tracks, folder=folder, heard=self.heard)


def keep(
    work: Checkpoints, job: Job, tools: Tools, *, heard: Transcript, voiced: Transcript
) -> None:
    """Keep what a conversion was asked, and what it heard.

    Raises:
        OutputError: It cannot be written.
    """
    folder = None if job.folder is None else os.fsencode(job.folder.absolute()).decode("latin-1")
    kept = Kept(
        asked=_storable(_jobs().dump_python(job, mode="json", exclude=set(_APART))),
        folder=folder,
        settings=_storable(dict(tools.settings)),
        logs=tools.log is not None,
        heard=heard,
        voiced=voiced,
    )
    work.save(_STEP, _KEY, kept)


def recall(work: Checkpoints, now: Job) -> tuple[Kept, Job] | None:
    """Return the last conversion of a recording, and its job; None if nothing usable is kept.

    Args:
        work: The recording's work.
        now: Where the recording lies now.
    """
    kept = work.load(_STEP, _KEY, Kept)
    if kept is None:
        return None
    try:
        return kept, kept.job(now)
    except ValidationError:  # kept by another version
        return None


def _storable(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return a value without what the terminal's encoding could not read, which no file holds."""
    if isinstance(value, str):
        return value.encode("utf-8", errors="replace").decode()
    if isinstance(value, dict):
        return {name: _storable(part) for name, part in value.items()}
    return [_storable(part) for part in value] if isinstance(value, list) else value


@cache
def _jobs() -> TypeAdapter[Job]:
    from memo.pipeline.conversion import Job

    return TypeAdapter(Job)
