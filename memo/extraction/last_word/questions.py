"""A question that was answered later in the meeting is not open; of an open one, who is asked.

An answer is a plain statement of somebody else that says the question's words and something new,
or a decision that does. A guess, a condition, the question in other words, or an answer that
somebody contradicts leaves it open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memo.extraction.last_word.matters import matter_of
from memo.extraction.last_word.outcome import Kept
from memo.extraction.last_word.talk import Place, Talk
from memo.extraction.lines import Line
from memo.model import DecisionClaim, DecisionStatus, QuestionClaim

AT_ONCE = 2
"""Lines after a question in which a bare number, date, yes or no is an answer to it."""
BARE = 8
"""Words that such an answer has at most."""
DOUBTED = 2
"""Lines after an answer in which somebody may contradict it."""
PROMISED = 3
"""Lines after a question in which somebody may promise to find out."""


class LastQuestions:
    """The questions of a meeting, less those that it answered.

    Args:
        talk: What was said.
        decisions: What was settled.
    """

    def __init__(self, talk: Talk, decisions: Sequence[Kept[DecisionClaim]]) -> None:
        self._talk = talk
        self._decisions = decisions

    def settle(self, kept: Sequence[Kept[QuestionClaim]]) -> None:
        """Drop what was answered, and say of the rest who is to find out."""
        for one in kept:
            place = self._talk.place(one.claim)
            if place is None:
                continue
            one.taken_by = self._decision(one.claim, place) or self._answer(one.claim, place)
            if one.taken_by is None and one.claim.waiting_on is None:
                self._wait(one, place)

    # --- Answers --------------------------------------------------------------------------------

    def _needed(self, question: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the stems that an answer must say, and those that it may leave out.

        "Which country" may be answered by "Norway": the kind that is asked for need not be said.
        """
        talk = self._talk
        stems = talk.stems(talk.turns.asks.removed(question))
        kinds = talk.stems(" ".join(talk.turns.kind.groups(question, "x")))
        return stems - kinds, stems & kinds

    def _decision(self, claim: QuestionClaim, place: Place) -> Kept[DecisionClaim] | None:
        """Return the decision that settles a question."""
        for one in self._decisions:
            decided, where = one.claim, self._talk.place(one.claim)
            if one.taken_by is not None or where is None or where.quoted <= place.quoted:
                continue
            settled = decided.status in {DecisionStatus.ACCEPTED, DecisionStatus.REJECTED}
            if settled and decided.doubt is None and self._says(decided.statement, claim):
                return one
        return None

    def _answer(self, claim: QuestionClaim, place: Place) -> Line | None:
        """Return the line that answers a question."""
        asker = self._talk.lines[place.cited[0]].speaker
        for line, sentence in self._candidates(claim, place):
            if line.speaker is None or self._talk.same_person(line.speaker, asker):
                continue
            at_once = line.number - place.last <= AT_ONCE
            if not self._is_plain(sentence):
                continue
            told = self._tells(sentence, claim) or (at_once and self._is_bare(sentence, claim))
            if told and not self._contradicted(line):
                return line
        return None

    def _candidates(self, claim: QuestionClaim, place: Place) -> Iterator[tuple[Line, str]]:
        """Return the sentences after a question that may answer it."""
        needed, _ = self._needed(claim.question)
        asked = place.quoted
        near = {*self._talk.after(asked, place.last - asked + AT_ONCE)}
        later = self._talk.saying(needed, max(1, len(needed) - 1), asked + 1)
        return self._talk.sentences_of(near | {*later})

    def _is_plain(self, sentence: str) -> bool:
        """Tell whether a sentence states something, without a guess, a condition or a doubt."""
        cues, turns = self._talk.cues, self._talk.turns
        doubts = (cues.unknown, cues.pending, cues.open, cues.unreal, cues.defer)
        return not (
            sentence.endswith(("?", "…", "..."))
            or turns.hedge(sentence)
            or turns.find_out(sentence)
            or any(doubt.search(sentence) for doubt in doubts)
        )

    def _tells(self, sentence: str, claim: QuestionClaim) -> bool:
        return self._says(sentence, claim) and not self._talk.turns.asks(sentence)

    def _says(self, statement: str, claim: QuestionClaim) -> bool:
        """Tell whether a statement has the words of a question, and what it asks for."""
        talk, question = self._talk, claim.question
        needed, kinds = self._needed(question)
        said = talk.stems(statement)
        if not needed or not needed <= said or len((needed | kinds) & said) < 2:
            return False
        if not talk.turns.asks(question):
            return question.endswith("?")  # a yes or a no
        return bool(said - needed - kinds) and self._fits(statement, question)

    def _fits(self, statement: str, question: str) -> bool:
        """Tell whether a statement has a number or a time where one is asked for."""
        matter, asked = matter_of(statement, self._talk.language), self._talk.turns
        if asked.asks_amount(question):
            return bool(matter.quantities)
        if asked.asks_time(question):
            return bool(matter.dates or matter.quantities)
        return True

    def _is_bare(self, sentence: str, claim: QuestionClaim) -> bool:
        """Tell whether a sentence answers right away with one number, one time, or a yes or no."""
        talk, question = self._talk, claim.question
        if len(sentence.split()) > BARE:
            return False
        matter = matter_of(sentence, talk.language)
        new = matter.topic - {q.unit for q in matter.quantities} - talk.stems(question)
        if talk.turns.asks_amount(question):
            return len(matter.quantities) == 1 and not new
        if talk.turns.asks_time(question):
            return len(matter.quantities) + len(matter.dates) == 1 and not new
        if talk.turns.asks(question) or not question.endswith("?"):
            return False
        shared = talk.stems(sentence) & talk.stems(question)
        return talk.turns.yes_or_no(sentence) and len(shared) > (1 if new else 0)

    def _contradicted(self, answer: Line) -> bool:
        """Tell whether somebody doubts an answer right after it."""
        talk = self._talk
        return any(
            talk.turns.no(sentence) or talk.cues.unknown.search(sentence)
            for _, sentence in talk.sentences_of(talk.after(answer.number, DOUBTED))
        )

    # --- Who is to find out ---------------------------------------------------------------------

    def _wait(self, one: Kept[QuestionClaim], place: Place) -> None:
        """Note who promised to find out, or whom they will ask."""
        numbers = {n for n in place.cited if n >= place.quoted} | {
            *self._talk.after(place.last, PROMISED)
        }
        for line, sentence in self._talk.sentences_of(numbers):
            if line.number > place.last and sentence.endswith("?"):
                return  # another question
            if sentence.endswith("?") or not self._talk.turns.find_out(sentence):
                continue
            name = self._asked(sentence) or line.speaker
            if name is not None:
                one.claim = one.claim.model_copy(update={"waiting_on": name})
            return

    def _asked(self, sentence: str) -> str | None:
        """Return whom somebody will ask, where it is a name."""
        for name in self._talk.turns.find_out.groups(sentence, "who"):
            last = name.split()[-1]
            if last[:1].isupper() and self._talk.stems(last):
                return name
        return None
