"""Reading with a capable model: windows of numbered lines, one question per category each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from memo.errors import AnswerTooLong, InvalidAnswer
from memo.extraction.asking import Interview
from memo.extraction.lines import Line
from memo.extraction.merging import text_of
from memo.extraction.windows import halves, plan_windows
from memo.extraction.words import coverage
from memo.model import (
    ActionClaim,
    Claim,
    DecisionClaim,
    DecisionStatus,
    Gap,
    QuestionClaim,
    Topic,
)
from memo.ports import Answer, Progress

ANSWER_TOKENS = 1200
"""Room for one category's answer about one window."""
SMALLEST = 4
"""Lines of a window that is not cut again, however long the answer about it."""


class _Wire(BaseModel):
    """The small shapes asked of a model; the domain's values are made from them."""

    model_config = ConfigDict(extra="ignore")


def _none_is_empty(value: object) -> object:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_none_is_empty)]
Lines = Annotated[list[int], Field(max_length=12)]


class DecisionAnswer(_Wire):
    """One decision: where it stands first, words later."""

    lines: Lines
    quote: Text = ""
    decision: str = Field(min_length=3)
    why: Text = ""
    considered: list[str] = Field(default_factory=list, max_length=5)
    decided_by: list[str] = Field(default_factory=list, max_length=12)
    status: DecisionStatus = DecisionStatus.ACCEPTED
    replaces: Text = ""


class ActionAnswer(_Wire):
    """One task."""

    lines: Lines
    quote: Text = ""
    task: str = Field(min_length=3)
    owner: Text = ""
    due: Text = ""


class QuestionAnswer(_Wire):
    """One open question."""

    lines: Lines
    quote: Text = ""
    question: str = Field(min_length=3)
    raised_by: Text = ""
    waiting_on: Text = ""


class TopicAnswer(_Wire):
    """One topic, from line to line."""

    first_line: int
    last_line: int
    title: str = Field(min_length=2, max_length=120)


class DecisionAnswers(_Wire):
    """The decisions of a window."""

    items: list[DecisionAnswer] = Field(max_length=20)


class ActionAnswers(_Wire):
    """The tasks of a window."""

    items: list[ActionAnswer] = Field(max_length=30)


class QuestionAnswers(_Wire):
    """The open questions of a window."""

    items: list[QuestionAnswer] = Field(max_length=20)


class TopicAnswers(_Wire):
    """The topics of a window."""

    items: list[TopicAnswer] = Field(max_length=12)


class SummaryAnswer(_Wire):
    """Two or three sentences."""

    summary: str = Field(max_length=700)


class WindowReader:
    """Asks a model about every window of a transcript.

    Attributes:
        gaps: Stretches about which the model gave no usable answer.
    """

    def __init__(
        self, lines: Sequence[Line], language: str, interview: Interview, progress: Progress
    ) -> None:
        self._lines = lines
        self._language = language
        self._interview = interview
        self._progress = progress
        self.gaps: list[Gap] = []

    def read(self) -> tuple[list[Claim], list[Topic]]:
        """Return every claim and topic, window by window."""
        claims: list[Claim] = []
        topics: list[Topic] = []
        windows = plan_windows(self._lines, self._budget(), self._interview.model.count_tokens)
        total = 4 * sum(len(window) for window in windows)
        done = 0
        for window in windows:
            for question in (self._decisions, self._actions, self._questions):
                self._progress("reading", done, total)
                claims += question(window)
                done += len(window)
            self._progress("reading", done, total)
            topics += self._topics(window)
            done += len(window)
        self._progress("reading", total, total)
        return claims, topics

    def summary(self, claims: Iterable[Claim]) -> str:
        """Return two or three sentences about the claims, if the model keeps to them."""
        facts = [text_of(claim) for claim in claims]
        if not facts:
            return ""
        listed = "\n".join(f"- {fact}" for fact in facts[:60])
        question = self._interview.prompts.fill("summary", items=listed)
        try:
            answer = self._interview.ask("system", question, SummaryAnswer, 300)
        except (InvalidAnswer, AnswerTooLong):
            return ""
        return answer.summary if coverage(answer.summary, facts, self._language) > 0.5 else ""

    def _budget(self) -> int:
        """Return how many tokens of transcript fit beside the instructions and the answer."""
        prompts, model = self._interview.prompts, self._interview.model
        fixed = prompts.fill("system") + max(prompts.texts.values(), key=len)
        return model.context_tokens - ANSWER_TOKENS - model.count_tokens(fixed) - 128

    def _decisions(self, window: Sequence[Line]) -> list[Claim]:
        answers = self._ask(window, "window-decisions", DecisionAnswers)
        return [
            DecisionClaim(
                **_place(item.lines, item.quote, self._lines),
                statement=item.decision,
                rationale=item.why or None,
                considered=tuple(item.considered),
                decided_by=tuple(item.decided_by),
                status=item.status,
                supersedes=item.replaces or None,
            )
            for answer in answers
            for item in answer.items
        ]

    def _actions(self, window: Sequence[Line]) -> list[Claim]:
        answers = self._ask(window, "window-actions", ActionAnswers)
        return [
            ActionClaim(
                **_place(item.lines, item.quote, self._lines),
                task=item.task,
                owner=item.owner or None,
                due_text=item.due or None,
            )
            for answer in answers
            for item in answer.items
        ]

    def _questions(self, window: Sequence[Line]) -> list[Claim]:
        answers = self._ask(window, "window-questions", QuestionAnswers)
        return [
            QuestionClaim(
                **_place(item.lines, item.quote, self._lines),
                question=item.question,
                raised_by=item.raised_by or None,
                waiting_on=item.waiting_on or None,
            )
            for answer in answers
            for item in answer.items
        ]

    def _topics(self, window: Sequence[Line]) -> list[Topic]:
        first, last = window[0].number, window[-1].number
        topics = []
        for answer in self._ask(window, "window-topics", TopicAnswers):
            for item in answer.items:
                if first <= item.first_line <= item.last_line <= last:
                    start, end = self._lines[item.first_line], self._lines[item.last_line]
                    topics.append(Topic(title=item.title, start=start.start, end=end.end))
        return topics

    def _ask(self, window: Sequence[Line], prompt: str, answer: type[Answer]) -> list[Answer]:
        """Ask one question about a window; what does not fit is asked about its halves.

        The transcript stands first and the question last, so that the questions about one
        window share the model's prefix cache.
        """
        transcript = "\n".join(line.shown() for line in window)
        question = f"Transcript:\n{transcript}\n\n{self._interview.prompts.fill(prompt)}"
        try:
            return [self._interview.ask("system", question, answer, ANSWER_TOKENS)]
        except AnswerTooLong:
            if len(window) > SMALLEST:
                one, other = halves(window)
                return [*self._ask(one, prompt, answer), *self._ask(other, prompt, answer)]
            self._miss(window, "the answer about it was too long")
        except InvalidAnswer:
            self._miss(window, "the model gave no usable answer")
        return []

    def _miss(self, window: Sequence[Line], why: str) -> None:
        self.gaps.append(Gap(start=window[0].start, end=window[-1].end, reason=why))


def _place(numbers: Sequence[int], quote: str, lines: Sequence[Line]) -> dict[str, Any]:
    """Return where a claim says it stands: the segments of the lines it cites."""
    ids = [i for n in numbers if 0 <= n < len(lines) for i in lines[n].segment_ids]
    return {"segment_ids": tuple(dict.fromkeys(ids)), "quote": quote or None}
