"""A run of `memo eval`: what was measured, of what, with what. Its JSON form can be compared with.

`run.schema.json` beside this file describes that form.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, ValidationError

from memo.errors import RecordingError
from memo.evaluation.counting import Measured, findings_of, text_of
from memo.evaluation.labels import is_one_of
from memo.evaluation.scores import Scores, score
from memo.model import ActionItem, Finding, Memo, Sha256, Value


class Reader(Value):
    """What was measured. `llm` is `embedded`, `endpoint` or `none`; `language_model` its name."""

    memo_version: str
    llm: str
    language_model: str
    prompts_sha256: Sha256
    asr_model: str | None = None


class Failure(Value):
    """A meeting that could not be read, and why; it is in no score."""

    id: str
    error: str


class Run(Value):
    """Meetings measured one after the other. `labels` names where they are from."""

    schema_version: Literal[1] = 1
    created_at: AwareDatetime
    labels: str
    reader: Reader
    scores: Scores
    meetings: tuple[Measured, ...]
    failures: tuple[Failure, ...] = ()


def run_of(
    meetings: Sequence[Measured],
    failures: Sequence[Failure],
    *,
    labels: str,
    reader: Reader,
    created_at: AwareDatetime,
) -> Run:
    """Return a run with its scores."""
    return Run(
        created_at=created_at,
        labels=labels,
        reader=reader,
        scores=score(meetings),
        meetings=tuple(meetings),
        failures=tuple(failures),
    )


def part_of(run: Run, only: Collection[str]) -> Run:
    """Return a run with only the meetings of these names, scored anew.

    Raises:
        RecordingError: It has none of them.
    """
    chosen = [m for m in run.meetings if is_one_of(m.id, m.corpus, only)]
    if run.meetings and not chosen:
        raise RecordingError(
            f"no meeting of that run is called {' or '.join(only)}",
            hint=f"There are {', '.join(m.id for m in run.meetings)}.",
        )
    return run.model_copy(update={"meetings": tuple(chosen), "scores": score(chosen)})


def predictions(memo: Memo) -> dict[str, Any]:
    """Return a memo's findings in the form that the scorer of AMI and ICSI takes."""
    return {
        category: [_prediction(finding) for finding in some]
        for category, some in findings_of(memo).items()
    }


def _prediction(finding: Finding) -> dict[str, Any]:
    evidence = [{"start": e.start, "end": e.end, "quote": e.quote} for e in finding.evidence]
    owner = finding.owner if isinstance(finding, ActionItem) else None
    return {"text": text_of(finding), "owner": owner, "evidence": evidence}


def load_run(path: Path) -> Run:
    """Read a run that was written before.

    Raises:
        RecordingError: It is missing, or no run that this memo can read.
    """
    try:
        return Run.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RecordingError(
            f"{path.name} cannot be read: {error.strerror}",
            hint="Name a file that `memo eval --json` wrote.",
        ) from error
    except ValidationError as error:
        raise RecordingError(
            f"{path.name} is no run that this memo can read",
            hint="Name a file that `memo eval --json` wrote, or make it again.",
        ) from error
