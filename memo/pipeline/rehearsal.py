"""Reading as `convert` reads, for the sake of knowing how well and at what cost.

Nothing is written beside a recording and nothing is logged. What was heard is kept in the
recording's work folder and shared with `convert`; what a model answers is asked anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pydantic import BaseModel

from memo.model import Memo
from memo.pipeline.conversion import Heard, Job, Tools, hear, read
from memo.ports import Artifact, LanguageModel, Progress

if TYPE_CHECKING:
    from memo.language_model.endpoint import Usage


@runtime_checkable
class _Counting(Protocol):
    """A language model that counts what it is asked."""

    @property
    def usage(self) -> Usage: ...


@dataclass(frozen=True)
class Spent:
    """Seconds that something took, and what a model was asked meanwhile, in tokens."""

    seconds: float
    answers: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0


class Rehearsal:
    """Reads meetings with one language model, which stays in memory meanwhile.

    Args:
        tools: What with; `tools.model` gives `model`.
        model: The language model; None reads by rules alone.
    """

    def __init__(self, tools: Tools, model: LanguageModel | None) -> None:
        self._tools = tools
        self._model = model

    @property
    def reader(self) -> str:
        """Name of the language model, "" for rules alone."""
        return self._model.name if self._model else ""

    def hear(self, job: Job, progress: Progress) -> tuple[Heard, float]:
        """Return what is said in a recording, and the seconds that it took to find out.

        Raises:
            MemoError: As `memo.pipeline.conversion.hear`.
        """
        began = time.perf_counter()
        heard = hear(job, self._tools, progress)
        return heard, time.perf_counter() - began

    def read(self, heard: Heard, progress: Progress) -> tuple[Memo, Spent]:
        """Return the memo of what was heard, and what it took.

        Raises:
            LanguageModelError: The language model failed.
        """
        before, began = self._usage(), time.perf_counter()
        memo = read(
            heard.transcript,
            heard.meeting,
            self._tools,
            checkpoints=_Forgetful(),
            progress=progress,
            warnings=heard.warnings,
        )
        seconds, after = time.perf_counter() - began, self._usage()
        spent = {name: after[name] - before[name] for name in after}
        return memo, Spent(seconds=seconds, **spent)

    def _usage(self) -> dict[str, int]:
        if not isinstance(self._model, _Counting):
            return {}
        usage = self._model.usage
        return {
            "answers": usage.answers,
            "prompt_tokens": usage.prompt_tokens,
            "cached_tokens": usage.cached_tokens,
            "answer_tokens": usage.answer_tokens,
        }


@contextmanager
def rehearsal(tools: Tools) -> Iterator[Rehearsal]:
    """Open what reads meetings: the model is fetched and loaded once for all of them.

    Raises:
        MissingDependencyError: A model's files are not there.
    """
    tools.fetch(False)  # noqa: FBT003 - as `Tools.fetch` is called
    if tools.model is None:
        yield Rehearsal(tools, None)
        return
    with tools.model() as model:
        yield Rehearsal(replace(tools, model=lambda: nullcontext(model)), model)


class _Forgetful:
    """Keeps nothing, so that every answer is asked for (`memo.ports.Checkpoints`)."""

    def load(self, step: str, key: str, kind: type[Artifact]) -> Artifact | None:  # noqa: ARG002
        """Return nothing."""
        return None

    def save(self, step: str, key: str, artifact: BaseModel) -> None:
        """Keep nothing."""
