"""Reading as `convert` reads, for the sake of knowing how well and at what cost.

Nothing is written beside a recording and nothing is logged. What was heard is kept in the
recording's work folder and shared with `convert`. Answers of a model are kept there too, each with
what it cost, so that a run that was stopped, or is repeated after a change elsewhere, asks nothing
twice and still tells what it takes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from pydantic import BaseModel

from memo.checkpoints import WorkFolder
from memo.model import Memo, Value
from memo.pipeline.conversion import Heard, Job, Tools, hear
from memo.pipeline.reading import read
from memo.ports import Answer, Artifact, Checkpoints, LanguageModel, Progress

if TYPE_CHECKING:
    from memo.language_model.endpoint import Usage

_STEP = "rehearsed"


class Spent(Value):
    """Seconds that something took, and what a model was asked meanwhile.

    `remembered` of the `answers` are of an earlier run, at what they took then. `cached_tokens`
    of the `prompt_tokens` were known to the model and cost nothing.
    """

    seconds: float = 0.0
    answers: int = 0
    remembered: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0

    def __add__(self, other: Self) -> Self:
        """Return both together."""
        sums = {
            name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields
        }
        return self.model_copy(update=sums)


class Rehearsal:
    """Reads meetings with one language model, which stays in memory meanwhile.

    Args:
        tools: What with.
        model: The language model; None reads by rules alone.
        fresh: Whether to ask the model again what it was asked in an earlier run.
    """

    def __init__(self, tools: Tools, model: LanguageModel | None, *, fresh: bool) -> None:
        self._tools = tools
        self._model = model
        self._fresh = fresh

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
        tools, asked = self._tools, None
        if self._model is not None:
            work = WorkFolder(tools.work, heard.transcript.recording)
            asked = _Asked(self._model, tools.model_key, work, fresh=self._fresh)
            tools = replace(tools, model=lambda: nullcontext(asked))
        began = time.perf_counter()
        memo = read(
            heard.transcript,
            heard.meeting,
            tools,
            checkpoints=_Forgetful(),
            progress=progress,
            warnings=heard.warnings,
        )
        spent = Spent(seconds=time.perf_counter() - began)
        return memo, spent + asked.spent() if asked else spent


@contextmanager
def rehearsal(tools: Tools, *, fresh: bool = False) -> Iterator[Rehearsal]:
    """Open what reads meetings: the model is fetched and loaded once for all of them.

    Args:
        tools: What with.
        fresh: Whether to ask the model again what it was asked in an earlier run.

    Raises:
        MissingDependencyError: A model's files are not there.
    """
    tools.fetch(False)  # noqa: FBT003 - as `Tools.fetch` is called
    if tools.model is None:
        yield Rehearsal(tools, None, fresh=fresh)
        return
    with tools.model() as model:
        yield Rehearsal(tools, model, fresh=fresh)


class _Forgetful:
    """Keeps nothing (`memo.ports.Checkpoints`): `_Asked` remembers, and knows the cost."""

    def load(self, step: str, key: str, kind: type[Artifact]) -> Artifact | None:  # noqa: ARG002
        return None

    def save(self, step: str, key: str, artifact: BaseModel) -> None:
        pass


@runtime_checkable
class _Counting(Protocol):
    """A language model that counts what it is asked."""

    @property
    def usage(self) -> Usage: ...


class _Kept(Value):
    """An answer as JSON, and what it cost."""

    answer: str
    spent: Spent


class _Asked:
    """A language model (`memo.ports.LanguageModel`) whose answers and their cost are kept.

    Args:
        model: The model.
        key: Names everything of it that changes an answer.
        work: Where answers are kept.
        fresh: Whether to ask again all the same.
    """

    def __init__(self, model: LanguageModel, key: str, work: Checkpoints, *, fresh: bool) -> None:
        self._model = model
        self._key = key
        self._work = work
        self._fresh = fresh
        self._now = self._then = Spent()

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def context_tokens(self) -> int:
        return self._model.context_tokens

    def count_tokens(self, text: str) -> int:
        return self._model.count_tokens(text)

    def complete(self, *, system: str, user: str, answer: type[Answer], max_tokens: int) -> Answer:
        shape = json.dumps(answer.model_json_schema(), sort_keys=True)

        def ask() -> str:
            given = self._model.complete(
                system=system, user=user, answer=answer, max_tokens=max_tokens
            )
            return given.model_dump_json()

        kept = self._remembered(["complete", system, user, shape, max_tokens], ask)
        return answer.model_validate_json(kept)

    def choose(self, *, system: str, user: str, options: Sequence[str]) -> dict[str, float]:
        def ask() -> str:
            return json.dumps(self._model.choose(system=system, user=user, options=options))

        kept = self._remembered(["choose", system, user, list(options)], ask)
        chances: dict[str, float] = json.loads(kept)
        return chances

    def spent(self) -> Spent:
        """Return what was asked; seconds only of what was asked in an earlier run."""
        return self._now.model_copy(update={"seconds": 0.0}) + self._then

    def _remembered(self, question: Sequence[object], ask: Callable[[], str]) -> str:
        key = json.dumps([self._key, *question])
        kept = None if self._fresh else self._work.load(_STEP, key, _Kept)
        if kept is not None:
            self._then += kept.spent.model_copy(update={"remembered": 1})
            return kept.answer
        before, began = self._usage(), time.perf_counter()
        answer = ask()
        after = self._usage()
        told = {name: after[name] - before[name] for name in after}
        spent = Spent(seconds=time.perf_counter() - began, **{"answers": 1, **told})
        self._work.save(_STEP, key, _Kept(answer=answer, spent=spent))
        self._now += spent
        return answer

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
