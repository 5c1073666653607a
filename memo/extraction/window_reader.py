"""Reading with a capable model: windows of numbered lines, one question per category each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from memo.errors import AnswerTooLong, InvalidAnswer, LanguageModelError
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
    Remark,
    RemarkCode,
    Topic,
)
from memo.ports import Answer, Progress
from memo.stems import normal_words

ANSWER_TOKENS = 1200
"""Room for one category's answer about one window."""
LEAST_BUDGET = 200
"""Tokens of transcript below which a model is of no use."""
SMALLEST = 4
"""Lines of a window that is not cut again, however long the answer about it."""
LONGEST_TEXT = 600
"""Characters of one text of an answer; more is no statement."""
MOST_LINES, MOST_NAMES = 12, 12
"""Lines and names of one item that are used."""
MOST_FACTS = 60
"""Outcomes of which a summary is asked."""


class _Wire(BaseModel):
    """The small shapes asked of a model; the domain's values are made from them."""

    model_config = ConfigDict(extra="ignore")


def _plain(value: object) -> object:
    return "" if value is None else " ".join(value.split()) if isinstance(value, str) else value


def _short(value: str) -> str:
    """Refuse a speech; as a limit in the schema it would blow up grammars."""
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"more than {LONGEST_TEXT} characters")
    return value


def _few(value: object) -> object:
    return value[:MOST_LINES] if isinstance(value, list) else [] if value is None else value


def _some(value: object) -> object:
    return value[:MOST_NAMES] if isinstance(value, list) else [] if value is None else value


def _known_status(value: object) -> object:
    """Return a status; an unknown one claims no more than that something was put forward."""
    word = str(value or DecisionStatus.ACCEPTED).strip().lower()
    return _STATUSES.get(word, DecisionStatus.PROPOSED)


_STATUSES = {
    **{status.value: status for status in DecisionStatus if status != DecisionStatus.SUPERSEDED},
    **dict.fromkeys(("approved", "agreed", "decided"), DecisionStatus.ACCEPTED),
    **dict.fromkeys(("declined", "refused"), DecisionStatus.REJECTED),
}
Text = Annotated[str, BeforeValidator(_plain), AfterValidator(_short)]
Said = Annotated[Text, Field(min_length=3)]
Lines = Annotated[list[int], BeforeValidator(_few)]
Texts = Annotated[list[Text], BeforeValidator(_some)]
Status = Annotated[DecisionStatus, BeforeValidator(_known_status)]


class DecisionAnswer(_Wire):
    """One decision: where it stands first, words later."""

    lines: Lines = Field(default_factory=list)
    quote: Text = ""
    decision: Said
    why: Text = ""
    considered: Texts = Field(default_factory=list)
    decided_by: Texts = Field(default_factory=list)
    status: Status = DecisionStatus.ACCEPTED
    replaces: Text = ""


class ActionAnswer(_Wire):
    """One task."""

    lines: Lines = Field(default_factory=list)
    quote: Text = ""
    task: Said
    owner: Text = ""
    due: Text = ""


class QuestionAnswer(_Wire):
    """One open question."""

    lines: Lines = Field(default_factory=list)
    quote: Text = ""
    question: Said
    raised_by: Text = ""
    waiting_on: Text = ""


class TopicAnswer(_Wire):
    """One topic, from line to line."""

    first_line: int
    last_line: int
    title: Annotated[Text, Field(min_length=2)]


class DecisionAnswers(_Wire):
    """The decisions of a window."""

    items: list[DecisionAnswer]


class ActionAnswers(_Wire):
    """The tasks of a window."""

    items: list[ActionAnswer]


class QuestionAnswers(_Wire):
    """The open questions of a window."""

    items: list[QuestionAnswer]


class TopicAnswers(_Wire):
    """The topics of a window."""

    items: list[TopicAnswer]


class SummaryAnswer(_Wire):
    """Two or three sentences."""

    summary: Annotated[str, BeforeValidator(_plain)] = Field(max_length=700)


class WindowReader:
    """Asks a model about every window of a transcript.

    Attributes:
        gaps: Stretches about which the model gave no usable answer, and to which question.
        warnings: What else is missing.
    """

    def __init__(
        self, lines: Sequence[Line], language: str, interview: Interview, progress: Progress
    ) -> None:
        self._lines = lines
        self._language = language
        self._interview = interview
        self._progress = progress
        self._done, self._total = 0, 0
        self.gaps: list[Gap] = []
        self.warnings: list[Remark] = []

    def read(self) -> tuple[list[Claim], list[Topic]]:
        """Return every claim and topic, window by window.

        Raises:
            LanguageModelError: The model's context holds no transcript beside the instructions.
        """
        claims: list[Claim] = []
        topics: list[Topic] = []
        windows = plan_windows(self._lines, self._budget(), self._interview.model.count_tokens)
        self._total = 4 * sum(len(window) for window in windows)
        for window in windows:
            for question in (self._decisions, self._actions, self._questions):
                self._progress("reading", self._done, self._total)
                claims += question(window)
                self._done += len(window)
            self._progress("reading", self._done, self._total)
            topics += self._topics(window)
            self._done += len(window)
        self._progress("reading", self._total, self._total)
        return claims, _joined(topics)

    def summary(self, claims: Iterable[Claim]) -> str:
        """Return two or three sentences about the claims, if the model keeps to them."""
        facts = [text_of(claim) for claim in claims]
        if not facts:
            return ""
        listed = "\n".join(f"- {fact}" for fact in facts[:MOST_FACTS])
        question = self._interview.prompts.fill("summary", items=listed)
        try:
            answer = self._interview.ask("system", question, SummaryAnswer, 300)
        except (InvalidAnswer, AnswerTooLong):
            return ""
        return answer.summary if coverage(answer.summary, facts, self._language) > 0.5 else ""

    def _budget(self) -> int:
        """Return how many tokens of transcript fit beside the instructions and the answer."""
        prompts, model = self._interview.prompts, self._interview.model
        questions = [prompts.texts[name] for name in prompts.texts if name.startswith("window-")]
        fixed = prompts.fill("system") + max(questions, key=len)
        room = model.context_tokens - self._answer_tokens - model.count_tokens(fixed) - 128
        if room < LEAST_BUDGET:
            raise LanguageModelError(
                f"{model.name} takes {model.context_tokens} tokens at once, too few for a meeting",
                hint="set a model, or a context length, of at least 4,096 tokens",
            )
        return room

    @property
    def _answer_tokens(self) -> int:
        return min(ANSWER_TOKENS, self._interview.model.context_tokens // 4)

    # --- One question about one window ----------------------------------------------------------

    def _decisions(self, window: Sequence[Line]) -> list[Claim]:
        return [
            DecisionClaim(
                **_place(item.lines, item.quote, part),
                statement=item.decision,
                rationale=item.why or None,
                considered=tuple(item.considered),
                decided_by=tuple(item.decided_by),
                status=item.status,
                supersedes=item.replaces or None,
            )
            for part, answer in self._ask(window, "decisions", DecisionAnswers)
            for item in answer.items
        ]

    def _actions(self, window: Sequence[Line]) -> list[Claim]:
        return [
            ActionClaim(
                **_place(item.lines, item.quote, part),
                task=item.task,
                owner=item.owner or None,
                due_text=item.due or None,
            )
            for part, answer in self._ask(window, "actions", ActionAnswers)
            for item in answer.items
        ]

    def _questions(self, window: Sequence[Line]) -> list[Claim]:
        return [
            QuestionClaim(
                **_place(item.lines, item.quote, part),
                question=item.question,
                raised_by=item.raised_by or None,
                waiting_on=item.waiting_on or None,
            )
            for part, answer in self._ask(window, "questions", QuestionAnswers)
            for item in answer.items
        ]

    def _topics(self, window: Sequence[Line]) -> list[Topic]:
        topics = []
        for part, answer in self._ask(window, "topics", TopicAnswers):
            first, last = part[0].number, part[-1].number
            for item in answer.items:
                if first <= item.first_line <= item.last_line <= last:
                    start, end = part[item.first_line - first], part[item.last_line - first]
                    span = {"start": start.start, "end": max(start.start, end.end)}
                    topics.append(Topic(title=item.title, **span))
        return topics

    def _ask(
        self, window: Sequence[Line], about: str, answer: type[Answer]
    ) -> list[tuple[Sequence[Line], Answer]]:
        """Ask one question about a window; what does not fit is asked about its halves.

        The transcript stands first and the question last, so that the questions about one
        window share the model's prefix cache.

        Returns:
            Each answer with the lines that it is about.
        """
        transcript = "\n".join(line.shown() for line in window)
        question = self._interview.prompts.fill(f"window-{about}")
        asked = f"Transcript:\n{transcript}\n\n{question}"
        try:
            return [(window, self._interview.ask("system", asked, answer, self._answer_tokens))]
        except AnswerTooLong:
            if len(window) > SMALLEST:
                one, other = halves(window)
                return [*self._ask(one, about, answer), *self._ask(other, about, answer)]
            self._miss(window, about, RemarkCode.ANSWER_TOO_LONG)
        except InvalidAnswer:
            self._miss(window, about, RemarkCode.NO_USABLE_ANSWER)
        return []

    def _miss(self, window: Sequence[Line], about: str, why: RemarkCode) -> None:
        """Note what is missing; topics are no part of what a memo must not lose."""
        if about == "topics":
            self.warnings = [Remark.of(RemarkCode.NO_TOPICS)]
            return
        start, end = window[0].start, max(line.end for line in window)
        missed = Remark.of(why, about=about)
        self.gaps.append(Gap(start=start, end=max(start, end), remarks=(missed,)))


def _place(numbers: Sequence[int], quote: str, window: Sequence[Line]) -> dict[str, Any]:
    """Return where a claim says it stands: the segments of the lines it cites.

    A line outside of the window is one that the model was not shown.
    """
    first = window[0].number
    cited = [n - first for n in numbers if 0 <= n - first < len(window)]
    ids = [i for place in cited for i in window[place].segment_ids]
    return {"segment_ids": tuple(dict.fromkeys(ids)), "quote": quote or None}


def _joined(topics: Sequence[Topic]) -> list[Topic]:
    """Return topics in order of time, one that two windows share once."""
    kept: list[Topic] = []
    for topic in sorted(topics, key=lambda t: (t.start, t.end, t.title)):
        twin = next((k for k in kept if _is_one(k, topic)), None)
        if twin is None:
            kept.append(topic)
        else:
            end = max(twin.end, topic.end)
            kept[kept.index(twin)] = twin.model_copy(update={"end": end})
    return kept


def _is_one(earlier: Topic, later: Topic) -> bool:
    same = normal_words(earlier.title) == normal_words(later.title)
    return same and later.start <= earlier.end
