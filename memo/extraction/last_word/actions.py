"""Of a task the last owner and the last date stand; what is done already is no task any more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from memo.extraction.dates import find_due
from memo.extraction.last_word.matters import Matter, agree, matter_of
from memo.extraction.last_word.outcome import Kept, joined
from memo.extraction.last_word.talk import Place, Talk
from memo.extraction.lines import Line
from memo.extraction.words import negated
from memo.model import ActionClaim

ENOUGH = 2
"""Words that say what a task is about; with fewer it is told from no other one."""
NEAR = 3
"""Lines after a promise in which "that" means the task."""
NEAR_DONE = 8
"""The same for "I've just sent it" of somebody who promised nothing else meanwhile."""
BETWEEN = 5
"""Words of a line that may stand between a task and "let Cleo do that"."""
BRIEF = 8
"""Words of a refusal that names nothing ("No, I can't.")."""
ANSWERED = 2
"""Lines in which somebody answers a request."""
_CLAUSE_END = re.compile(r"[,;:.!?–—]")


@dataclass(frozen=True)
class _Others:
    """The other tasks: the lines that they rest on, those in which they are promised, topics."""

    lines: frozenset[int]
    promises: frozenset[int]
    topics: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, rests: Sequence[tuple[Place, frozenset[str]]]) -> Self:
        """Return them by where each stands and what it is about."""
        return cls(
            lines=frozenset(n for place, _ in rests for n in (*place.cited, place.quoted)),
            promises=frozenset(place.quoted for place, _ in rests),
            topics=tuple(topic for _, topic in rests),
        )


class LastActions:
    """The tasks of a meeting, in which later talk overrides earlier talk."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    def settle(self, kept: Sequence[Kept[ActionClaim]]) -> None:
        """Join tasks that are one; give each its last owner and date; drop what was done."""
        placed = [(place, one) for one in kept if (place := self._talk.place(one.claim))]
        placed.sort(key=lambda pair: (pair[0].quoted, pair[0].last))
        telling = [pair for pair in placed if len(self._matter(pair[1].claim).topic) >= ENOUGH]
        for number, (place, later) in enumerate(telling):
            for before, earlier in reversed(telling[:number]):
                if before.quoted < place.quoted and earlier.taken_by is None:
                    self._join(earlier, later)
        standing = [one for _, one in placed if one.taken_by is None]
        rests = [self._rest(one.claim) for one in standing]
        for number, one in enumerate(standing):
            self._follow(one, _Others.of([*rests[:number], *rests[number + 1 :]]))
            rests[number] = self._rest(one.claim)

    # --- One and another ------------------------------------------------------------------------

    def _join(self, earlier: Kept[ActionClaim], later: Kept[ActionClaim]) -> None:
        one, other = earlier.claim, later.claim
        if not self._one_task(one, other):
            return
        mine, yours = (len(self._matter(claim).topic) for claim in (one, other))
        whole = joined(one, other) if mine > yours else joined(other, one)
        earlier.taken_by = later
        later.claim = whole.model_copy(
            update={
                "quote": other.quote,
                "owner": other.owner or one.owner,
                "due_text": other.due_text or one.due_text,
            }
        )

    def _one_task(self, one: ActionClaim, other: ActionClaim) -> bool:
        mine, yours = self._matter(one), self._matter(other)
        small, large = sorted((mine.topic, yours.topic), key=len)
        same = len(small) >= ENOUGH and small <= large and len(large - small) <= 1
        values = mine.no == yours.no and self._same_numbers(mine, yours)
        if not same or not values or self._talk.turns.besides(self._promise(other)):
            return False
        if one.owner is None or other.owner is None:
            return one.due_text is None or other.due_text is None or self._turns(other)
        if self._talk.same_person(one.owner, other.owner):
            return True
        return self._taken_over(one, other)

    def _same_numbers(self, one: Matter, other: Matter) -> bool:
        return {q.number for q in one.quantities} == {q.number for q in other.quantities} and agree(
            one.undated(), other.undated(), self._talk.language
        )

    def _taken_over(self, one: ActionClaim, other: ActionClaim) -> bool:
        """Tell whether the owner of a later task took it from the owner of an earlier one."""
        talk, first, last = self._talk, self._place(one).quoted, self._place(other).quoted
        opening = talk.lines[last].text
        if talk.turns.no(opening) or talk.turns.mine(opening) or self._turns(other):
            return True
        return any(
            self._refuses(line, sentence, one)
            for line, sentence in talk.sentences_of(range(first + 1, last))
        )

    def _turns(self, claim: ActionClaim) -> bool:
        return self._talk.turns.instead(self._promise(claim))

    def _promise(self, claim: ActionClaim) -> str:
        """Return the sentence in which a task is taken on."""
        return claim.quote or self._talk.lines[self._place(claim).quoted].text

    def _place(self, claim: ActionClaim) -> Place:
        place = self._talk.place(claim)
        assert place is not None  # noqa: S101 - only claims that have one are compared
        return place

    def _matter(self, claim: ActionClaim) -> Matter:
        return matter_of(claim.task, self._talk.language)

    # --- One task and what was said of it later ---------------------------------------------------

    def _follow(self, one: Kept[ActionClaim], others: _Others) -> None:
        """Let each later sentence about a task change it, in the order in which they were said."""
        first = self._place(one.claim).quoted + 1
        naming = {*self._talk.saying(self._matter(one.claim).topic, 1, first)}
        for line, sentence in self._talk.turning:
            near = first <= line.number <= self._place(one.claim).last + NEAR_DONE
            if not near and line.number not in naming:
                continue
            if self._is_done(line, sentence, one.claim, others):
                one.taken_by = line
                return
            change = self._change(line, sentence, one.claim, others)
            if change and any(getattr(one.claim, name) != new for name, new in change.items()):
                ids = tuple(sorted({*one.claim.segment_ids, *line.segment_ids}))
                one.claim = one.claim.model_copy(update={**change, "segment_ids": ids})

    def _change(
        self, line: Line, sentence: str, claim: ActionClaim, others: _Others
    ) -> dict[str, Any]:
        """Return what a later sentence changes of a task."""
        if line.number in others.lines and line.number not in self._place(claim).cited:
            return {}  # it tells of another task
        if self._refuses(line, sentence, claim):
            return {"owner": None}
        owner = self._handed_to(line, sentence, claim, others)
        if owner is not None:
            return {"owner": owner}
        due = self._new_date(line, sentence, claim, others)
        return {"due_text": due} if due is not None else {}

    def _rest(self, claim: ActionClaim) -> tuple[Place, frozenset[str]]:
        return self._place(claim), self._matter(claim).topic

    def _about(self, line: Line, sentence: str, claim: ActionClaim, others: _Others) -> bool:
        """Tell whether a sentence speaks of a task: names it, or refers to it right after."""
        near = line.number - self._place(claim).last <= NEAR
        new = self._talk.stems(sentence) - self._talk.turns.plain
        return self._names(line, claim, others) or (near and not self._other_thing(new, others))

    def _names(self, line: Line, claim: ActionClaim, others: _Others) -> bool:
        """Tell whether a line says enough of a task's words, or one that no other task has."""
        topic = self._matter(claim).topic
        said = self._talk.stems(line.text)
        shared = topic & said
        if not shared or any(len(topic & said) > len(shared) for topic in others.topics):
            return False
        if len(shared) >= 2:
            return True
        own = shared.difference(*others.topics)
        return bool(own) and self._talk.same_person(line.speaker, claim.owner) and len(topic) <= 3

    def _other_thing(self, stems: frozenset[str], others: _Others) -> bool:
        return any(stems & topic for topic in others.topics)

    def _refuses(self, line: Line, sentence: str, claim: ActionClaim) -> bool:
        """Tell whether the owner gives the task back."""
        talk = self._talk
        if not talk.same_person(line.speaker, claim.owner) or sentence.endswith("?"):
            return False
        if talk.cues.promise.search(sentence):
            return False
        for clause in _CLAUSE_END.split(sentence):
            if not (talk.turns.withdraw(clause) or talk.cues.unable.search(clause)):
                continue
            if self._new(clause, claim):
                continue  # "I can't find a pen"
            names = len(self._matter(claim).topic & talk.stems(line.text)) >= 2
            near = line.number - self._place(claim).last <= NEAR
            if names or (near and len(sentence.split()) <= BRIEF):
                return True
        return False

    def _new(self, sentence: str, claim: ActionClaim) -> frozenset[str]:
        """Return what a sentence is about besides a task."""
        matter = matter_of(sentence, self._talk.language)
        return (matter.topic | {*matter.dates}) - self._matter(claim).topic

    def _handed_to(
        self, line: Line, sentence: str, claim: ActionClaim, others: _Others
    ) -> str | None:
        """Return to whom a sentence gives a task, if it does and nobody refuses right after."""
        talk, distance = self._talk, line.number - self._place(claim).last
        named = self._names(line, claim, others)
        if self._denies(sentence):
            return None
        if line.speaker and talk.turns.mine(sentence) and not sentence.endswith("?"):
            at_once = distance <= 1 and len(sentence.split()) <= BRIEF
            return line.speaker if named or at_once else None
        if not named and not self._follows(line, sentence, claim):
            return None
        for name in talk.turns.hand.groups(sentence, "who"):
            person = talk.person(name)
            if person and self._takes(person, line.number, asked=sentence.endswith("?")):
                return person
        return None

    def _follows(self, line: Line, sentence: str, claim: ActionClaim) -> bool:
        """Tell whether "that" can only mean a task: next to nothing was said in between."""
        last = self._place(claim).last
        if line.number - last > NEAR:
            return False
        between = [n.text for n in self._talk.lines[last + 1 : line.number]]
        before = line.text[: max(0, line.text.find(sentence))]
        brief = all(len(text.split()) <= BETWEEN for text in between)
        return brief and not self._new(before, claim)

    def _denies(self, sentence: str) -> bool:
        """Tell whether a sentence says "not" besides an opening "no"."""
        return negated(self._talk.turns.no.removed(sentence), self._talk.language)

    def _takes(self, person: str, number: int, *, asked: bool) -> bool:
        """Tell whether somebody does not refuse what was given to them, or agrees when asked."""
        talk = self._talk
        answers = [
            sentence
            for line, sentence in talk.sentences_of(talk.after(number, ANSWERED))
            if talk.same_person(line.speaker, person)
        ]
        if any(talk.cues.unable.search(a) or talk.turns.no(a) for a in answers):
            return False
        return not asked or any(talk.cues.assent.search(a) for a in answers)

    def _new_date(
        self, line: Line, sentence: str, claim: ActionClaim, others: _Others
    ) -> str | None:
        """Return the date to which a sentence moves a task."""
        if sentence.endswith("?") or not self._talk.turns.redate(sentence):
            return None
        if claim.due_text is None or not self._about(line, sentence, claim, others):
            return None
        dues = find_due(sentence, self._talk.language)
        if len(dues) != 1:
            return None
        mine = self._talk.same_person(line.speaker, claim.owner)
        named = self._names(line, claim, others)
        elsewhere = self._new(sentence, claim) - {*dues} and not named
        return dues[0] if (mine or named) and not elsewhere else None

    def _is_done(self, line: Line, sentence: str, claim: ActionClaim, others: _Others) -> bool:
        """Tell whether the owner says that the task is done already."""
        talk = self._talk
        mine = talk.same_person(line.speaker, claim.owner)
        if not mine or sentence.endswith("?") or not talk.turns.done(sentence):
            return False
        topic, said = self._matter(claim).topic, talk.stems(sentence)
        shared = topic & said
        if len(shared) >= 2 and 2 * len(shared) >= len(topic):
            return True
        return not self._new(sentence, claim) and self._is_the_one_meant(line, claim, others)

    def _is_the_one_meant(self, line: Line, claim: ActionClaim, others: _Others) -> bool:
        """Tell whether "I've just sent it" can mean only this task."""
        place = self._place(claim)
        between = range(place.cited[0], line.number + 1)
        return line.number - place.last <= NEAR_DONE and others.promises.isdisjoint(between)
