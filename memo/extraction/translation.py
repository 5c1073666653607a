"""What was found is told in another language than the one spoken.

A sentence can be held against a transcript only in the language of the transcript. So the model
first says what it found in the language spoken, and is then asked to translate: the finding is
verified as always, and the translation is held against the sentence that was verified. What can be
compared across languages is: figures, weekdays and months, the names of those who were there,
other names where the language does not capitalise all nouns, and whether it says no. A translation
that fails is not told: the sentence stays as it was spoken. Quotes are never translated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from memo.errors import AnswerTooLong, InvalidAnswer
from memo.extraction.asking import Interview
from memo.extraction.cues import vocabulary_for
from memo.extraction.dates import days_and_months
from memo.extraction.merging import text_of
from memo.extraction.words import names, negated
from memo.model import (
    ActionItem,
    Claim,
    Decision,
    DecisionClaim,
    Draft,
    Finding,
    Memo,
    OpenQuestion,
    QuestionClaim,
    Remark,
    RemarkCode,
    Topic,
    Translation,
)
from memo.numbers import numbers_in
from memo.ports import Progress
from memo.stems import normal_words

MOST_LINES, MOST_TOKENS = 20, 500
"""Texts, and tokens of them, that are translated at once."""
LONGEST_TEXT = 1200
"""Characters of one translation."""
_LONGER = 3
"""How many times longer a translation may be than its text."""
_NAMES = {"de": "German", "en": "English", "es": "Spanish"}
_CAPITAL_NOUNS = frozenset({"de"})
_NO_FIGURE = frozenset({"1"})  # "ein Vertrag" is "a contract"
_OPENING = re.compile(r"(^|[.?!…:]\s)\W*\w[^\s]*")
_CAPITAL = re.compile(r"(?<!\w)[^\W\d_][\w’'-]*")
_Found = TypeVar("_Found", bound=Finding)


def _plain(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _short(value: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"more than {LONGEST_TEXT} characters")
    return value


class TranslatedLine(BaseModel):
    """One line in the other language."""

    model_config = ConfigDict(extra="ignore")

    number: int
    text: Annotated[str, BeforeValidator(_plain), AfterValidator(_short)]


class TranslatedLines(BaseModel):
    """The lines that were asked for, in whatever order."""

    model_config = ConfigDict(extra="ignore")

    items: list[TranslatedLine] = Field(default_factory=list)


# --- Asking for it ------------------------------------------------------------------------------


def with_translations(
    draft: Draft, language: str, interview: Interview, progress: Progress
) -> Draft:
    """Return a draft with translations of its texts, as far as the model gives some.

    Args:
        draft: What was claimed, in the language spoken.
        language: ISO 639-1 code of the language wanted.
        interview: The model to ask.
        progress: Told of the texts translated.

    Raises:
        LanguageModelError: The model cannot be reached, or refused.
    """
    texts = list(dict.fromkeys(text for text in _texts(draft) if text.strip()))
    found: dict[str, str] = {}
    done = 0
    for batch in _batches(texts, interview):
        progress("translating", done, len(texts))
        found.update(_ask(batch, language, interview))
        done += len(batch)
    progress("translating", len(texts), len(texts))
    told = tuple(Translation(text=text, translated=found[text]) for text in texts if text in found)
    return draft.model_copy(update={"translations": told})


def _texts(draft: Draft) -> Iterator[str]:
    """Yield what is told in sentences or phrases; names of people are none."""
    for claim in (*draft.decisions, *draft.actions, *draft.questions):
        yield from _texts_of(claim)
    yield from (topic.title for topic in draft.topics)
    yield draft.summary


def _texts_of(claim: Claim) -> Iterator[str]:
    yield text_of(claim)
    if isinstance(claim, DecisionClaim):
        yield from filter(None, (claim.rationale, claim.supersedes, *claim.considered))
    if isinstance(claim, QuestionClaim) and claim.waiting_on:
        yield claim.waiting_on


def _batches(texts: Sequence[str], interview: Interview) -> Iterator[list[str]]:
    most = min(MOST_TOKENS, interview.model.context_tokens // 6)
    batch: list[str] = []
    size = 0
    for text in texts:
        tokens = interview.model.count_tokens(text)
        if batch and (len(batch) == MOST_LINES or size + tokens > most):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += tokens
    if batch:
        yield batch


def _ask(batch: Sequence[str], language: str, interview: Interview) -> dict[str, str]:
    """Ask for some texts; those of an answer that does not fit are asked for by halves."""
    listed = "\n".join(f"[{number}] {' '.join(text.split())}" for number, text in enumerate(batch))
    asked = interview.prompts.fill(
        "translate", language=_NAMES.get(language, language), items=listed
    )
    room = 80 + 3 * interview.model.count_tokens(listed)
    most = max(200, interview.model.context_tokens // 2)
    try:
        answer = interview.ask("translate-system", asked, TranslatedLines, min(room, most))
    except (AnswerTooLong, InvalidAnswer):
        if len(batch) == 1:
            return {}
        middle = len(batch) // 2
        halves = (batch[:middle], batch[middle:])
        return {k: v for half in halves for k, v in _ask(half, language, interview).items()}
    return {batch[line.number]: line.text for line in answer.items if 0 <= line.number < len(batch)}


# --- Believing it -------------------------------------------------------------------------------


def retold(memo: Memo, language: str, translations: Iterable[Translation] | None) -> Memo:
    """Return a memo in another language, as far as its translations can be trusted.

    A summary that cannot be is left out.

    Args:
        memo: What was verified, in the language spoken.
        language: ISO 639-1 code of the language wanted.
        translations: What a model gave; None if none was asked, and all stays as spoken.
    """
    told = _Retelling(memo, language, translations)
    return memo.model_copy(
        update={
            "memo_language": language,
            "decisions": tuple(map(told.decision, memo.decisions)),
            "action_items": tuple(map(told.action, memo.action_items)),
            "open_questions": tuple(map(told.question, memo.open_questions)),
            "topics": tuple(map(told.topic, memo.topics)),
            "summary": told.translated(memo.summary) or "",
            "remarks": (*memo.remarks, *told.remarks()),
        }
    )


class _Retelling:
    """One memo being told in another language."""

    def __init__(
        self, memo: Memo, language: str, translations: Iterable[Translation] | None
    ) -> None:
        self._spoken = memo.language
        self._wanted = language
        people = [participant.name for participant in memo.participants]
        self._people = frozenset(people)
        self._words = frozenset(word for name in people for word in normal_words(name))
        self._was_asked = translations is not None
        self._translated = {t.text: t.translated for t in translations or ()}
        self._told: set[str] = set()
        self._left: set[str] = set()

    def translated(self, original: str) -> str | None:
        """Return a text in the language wanted; None where that cannot be trusted."""
        if not original.strip() or original in self._people:
            return original
        self._told.add(original)
        translated = self._translated.get(original, "")
        if self._keeps(original, translated):
            return translated
        self._left.add(original)
        return None

    def decision(self, decision: Decision) -> Decision:
        """Return a decision with everything that it tells translated."""
        return self._finding(
            decision,
            "statement",
            rationale=decision.rationale and self._text(decision.rationale),
            considered=tuple(map(self._text, decision.considered)),
            supersedes=decision.supersedes and self._text(decision.supersedes),
        )

    def action(self, action: ActionItem) -> ActionItem:
        """Return a task translated; the words of its date are a quote."""
        return self._finding(action, "task")

    def question(self, question: OpenQuestion) -> OpenQuestion:
        """Return a question translated."""
        waiting_on = question.waiting_on and self._text(question.waiting_on)
        return self._finding(question, "question", waiting_on=waiting_on)

    def topic(self, topic: Topic) -> Topic:
        """Return a topic with its title translated."""
        return topic.model_copy(update={"title": self._text(topic.title)})

    def remarks(self) -> tuple[Remark, ...]:
        """Return what a reader should know of the translation, once all is told."""
        if not self._told:
            return ()
        if not self._was_asked:
            return (Remark.of(RemarkCode.AS_SPOKEN, language=self._spoken),)
        found = []
        if self._told - self._left:
            found.append(Remark.of(RemarkCode.TRANSLATED, language=self._spoken))
        if left := len(self._left):
            found.append(Remark.of(RemarkCode.NOT_TRANSLATED, language=self._spoken, count=left))
        return tuple(found)

    def _text(self, original: str) -> str:
        return self.translated(original) or original

    def _finding(self, finding: _Found, sentence: str, **others: object) -> _Found:
        original: str = getattr(finding, sentence)
        translated = self.translated(original)
        changed: dict[str, Any] = dict(others)
        how = RemarkCode.LEFT_AS_SPOKEN
        if translated is not None:
            how = RemarkCode.WORDING_UNCHECKED
            changed |= {sentence: translated, "untranslated": original}
        if self._was_asked:
            changed["remarks"] = (*finding.remarks, Remark.of(how, language=self._spoken))
        return finding.model_copy(update=changed)

    # --- What can be compared across languages ---

    def _keeps(self, original: str, translated: str) -> bool:
        """Tell whether a translation keeps what can be compared across languages."""
        if not translated.strip() or len(translated) > _LONGER * len(original) + 40:
            return False
        mine, yours = self._spoken, self._wanted
        return (
            numbers_in(original, mine)[0] - _NO_FIGURE
            == numbers_in(translated, yours)[0] - _NO_FIGURE
            and self._days_agree(original, translated)
            and self._called(original) == self._called(translated)
            and self._names_stand(original, mine, translated)
            and self._names_stand(translated, yours, original)
            and self._negations_agree(original, translated)
        )

    def _days_agree(self, original: str, translated: str) -> bool:
        if not {self._spoken, self._wanted} <= _NAMES.keys():
            return True
        spoken = days_and_months(original, self._spoken)
        return spoken == days_and_months(translated, self._wanted)

    def _negations_agree(self, original: str, translated: str) -> bool:
        known = all(vocabulary_for(tag).negations for tag in (self._spoken, self._wanted))
        same = negated(original, self._spoken) == negated(translated, self._wanted)
        return same or not known

    def _called(self, text: str) -> set[str]:
        """Return the words of a text that call somebody who was there."""
        words = (word for word in _CAPITAL.findall(text) if word[0].isupper())
        found = {part for word in words for part in normal_words(word)}
        return {word.removesuffix("'s").removesuffix("s'") for word in found} & self._words

    def _names_stand(self, text: str, language: str, other: str) -> bool:
        """Tell whether the names in a text stand in the other one too, as far as they show."""
        if language in _CAPITAL_NOUNS:
            return True
        there = set(normal_words(other)) | self._words
        return all(
            set(normal_words(name)) <= there or days_and_months(name.title(), language)
            for name in names(_OPENING.sub(r"\1x", text))  # whatever opens a sentence is capital
        )
