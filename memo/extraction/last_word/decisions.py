"""Of decisions about one matter the last one stands, and says what it replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from memo.extraction.last_word.matters import Matter, agree, changed, matter_of, with_value
from memo.extraction.last_word.outcome import Kept, joined
from memo.extraction.last_word.talk import Place, Talk
from memo.extraction.lines import Line
from memo.model import DecisionClaim, DecisionStatus

NEAR = 10
"""Lines between two settlings that are still one argument."""
BACK = 4
"""Lines in which what was just settled may be taken back by "scrap that"."""
ARGUED = 3
"""Cited lines up to the settling one in which "actually", "instead" mean the decision."""
NAMED = 3
"""Letters of a word that names an option; a shorter one may be a stammer."""
LONGEST_OPTION = 6
"""Words of an option that was considered."""

Relation = Literal["same", "replaces"]
_OPEN = DecisionStatus.PROPOSED
_YES = DecisionStatus.ACCEPTED
_NO = DecisionStatus.REJECTED
_STANDING = frozenset({_OPEN, _YES, _NO})


@dataclass(frozen=True)
class _Told:
    """A decision as it stands in the talk."""

    claim: DecisionClaim
    place: Place
    matter: Matter

    @property
    def no(self) -> bool:
        """Whether it says no: to reject what is denied is to want it."""
        return self.matter.no != (self.claim.status is _NO)


class LastDecisions:
    """The decisions of a meeting, in which later ones override earlier ones."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    def settle(self, kept: Sequence[Kept[DecisionClaim]]) -> None:
        """Let each decision override the earlier ones about its matter; complete what stands."""
        placed = [(place, one) for one in kept if (place := self._talk.place(one.claim))]
        placed.sort(key=lambda pair: (pair[0].quoted, pair[0].last))
        for number, (place, later) in enumerate(placed):
            for before, earlier in reversed(placed[:number]):
                if before.quoted < place.quoted and earlier.taken_by is None:
                    self._override(earlier, later)
        standing = [(place, one) for place, one in placed if one.taken_by is None]
        for number, (place, one) in enumerate(standing):
            following = [other.quoted for other, _ in standing[number + 1 :]]
            until = min((n for n in following if n > place.quoted), default=len(self._talk.lines))
            self._take_back(one, until)
            self._complete(one)

    # --- One and another ------------------------------------------------------------------------

    def _override(self, earlier: Kept[DecisionClaim], later: Kept[DecisionClaim]) -> None:
        one, other = self._told(earlier.claim), self._told(later.claim)
        if not _may_override(one.claim, other.claim):
            return
        elliptic = self._completed_value(one, other)
        if elliptic:
            later.claim = later.claim.model_copy(update={"statement": elliptic})
            other = self._told(later.claim)
        relation = self._relation(one, other)
        if relation == "same":
            earlier.taken_by = later
            later.claim = joined(*_fuller(one, other))
        elif relation == "replaces":
            self._replace(earlier, later)

    def _replace(self, earlier: Kept[DecisionClaim], later: Kept[DecisionClaim]) -> None:
        one, other = earlier.claim, later.claim
        told = self._told(one)
        if self._is_settled(told):
            earlier.claim = one.model_copy(update={"status": DecisionStatus.SUPERSEDED})
            ids = _union(other.segment_ids, self._put_up(told).segment_ids[:1])
            later.claim = other.model_copy(
                update={
                    "supersedes": other.supersedes or one.statement,
                    "segment_ids": ids,
                }
            )
            return
        earlier.taken_by = later
        values = told.matter.values()
        options = values if one.status is not _NO and len(values) == 1 else ()
        considered = tuple(dict.fromkeys((*other.considered, *one.considered, *options)))
        later.claim = other.model_copy(
            update={
                "segment_ids": _union(other.segment_ids, one.segment_ids),
                "considered": considered,
                "rationale": other.rationale or one.rationale,
            }
        )

    def _put_up(self, told: _Told) -> Line:
        """Return the line that says most of a decision: that it was taken stands there."""
        lines = [self._talk.lines[n] for n in told.place.cited]
        return max(lines, key=lambda line: len(told.matter.topic & self._talk.stems(line.text)))

    def _is_settled(self, told: _Told) -> bool:
        """Tell whether a decision had really been taken, and not only been argued for."""
        claim = told.claim
        return claim.status is _YES and claim.doubt is None and self._talk.settled(told.place)

    def _told(self, claim: DecisionClaim) -> _Told:
        place = self._talk.place(claim)
        assert place is not None  # noqa: S101 - only claims that have one are compared
        return _Told(claim, place, matter_of(claim.statement, self._talk.language))

    def _completed_value(self, one: _Told, other: _Told) -> str | None:
        """Return what "twelve, then" means right after "ten percent off"."""
        if not 0 < other.place.quoted - one.place.quoted <= BACK or other.matter.no:
            return None
        if self._is_settled(one) and not self._turns(other):
            return None  # the next value is another matter's
        return with_value(one.matter, other.matter)

    def _relation(self, one: _Told, other: _Told) -> Relation | None:
        """Return what a later decision is to an earlier one, None to an unrelated one."""
        language = self._talk.language
        if self._talk.turns.besides(self._wording(other)):
            return None
        differs = changed(one.matter, other.matter, language)
        if differs or one.no != other.no:
            return "replaces" if self._same_matter(one, other) else None
        if self._renamed(one, other):
            return "replaces"
        if not agree(one.matter, other.matter, language):
            return None
        return "same" if self._told_again(one, other) else None

    def _same_matter(self, one: _Told, other: _Told) -> bool:
        """Tell whether two decisions that differ in a value or in sense are about one matter."""
        mine, yours = one.matter.topic, other.matter.topic
        shared = mine & yours
        near = other.place.quoted - one.place.quoted <= NEAR
        turned = near or self._turns(other)
        if not shared:
            return False
        if mine == yours:
            return len(shared) >= 2 or turned
        if yours <= mine:
            return turned
        if mine <= yours:  # what the later one names besides may be another case
            return one.claim.status is _OPEN and near if not self._turns(other) else True
        return False

    def _renamed(self, one: _Told, other: _Told) -> bool:
        """Tell whether a later decision puts another word in one's place, and says so."""
        mine, yours = one.matter.topic, other.matter.topic
        near = other.place.quoted - one.place.quoted <= NEAR
        enough = len(mine & yours) >= (1 if near else 2)
        swapped = len(mine - yours) == 1 == len(yours - mine) and enough
        return swapped and self._turns(other) and one.claim.status is _YES

    def _told_again(self, one: _Told, other: _Told) -> bool:
        """Tell whether two decisions that agree in every value are one."""
        mine, yours = one.matter.topic, other.matter.topic
        small, large = sorted((mine, yours), key=len)
        if not small or not small <= large:
            return False
        recap = self._talk.cues.announce.search(self._wording(other))
        open_still = one.claim.status is _OPEN
        near = other.place.quoted - one.place.quoted <= NEAR
        if len(small) >= 2 or small == large:
            return len(large - small) <= 1 or bool(recap) or (open_still and near)
        return open_still and near and len(large - small) <= 1

    def _turns(self, told: _Told) -> bool:
        """Tell whether a decision, or the talk just before it, says that something changes."""
        cited = [n for n in told.place.cited if n <= told.place.quoted][-ARGUED:]
        said = " ".join(self._talk.lines[n].text for n in cited)
        return self._talk.turns.instead(f"{self._wording(told)} {said}")

    def _wording(self, told: _Told) -> str:
        line = self._talk.lines[told.place.quoted]
        return f"{told.claim.statement}. {told.claim.quote or line.text}"

    # --- One decision ---------------------------------------------------------------------------

    def _take_back(self, one: Kept[DecisionClaim], until: int) -> None:
        """Reject what was settled and then taken back in so many words ("no, scrap that").

        Args:
            one: A decision.
            until: Line in which the next one is settled: from there on "that" is another thing.
        """
        told = self._told(one.claim)
        if one.claim.status is not _YES:
            return
        near = [n for n in self._talk.after(told.place.quoted, BACK) if n < until]
        for line, sentence in self._talk.sentences_of(near):
            if self._talk.turns.back(sentence):
                ids = _union(one.claim.segment_ids, line.segment_ids)
                update = {"status": _NO, "segment_ids": ids}
                one.claim = one.claim.model_copy(update=update)
                return

    def _complete(self, one: Kept[DecisionClaim]) -> None:
        """Add who decided and what else was considered, as far as it was heard."""
        if one.claim.status is not _YES:
            return
        told = self._told(one.claim)
        deciders = list(one.claim.decided_by)
        for name in self._deciders(told):
            if not any(name == d or self._talk.same_person(name, d) for d in deciders):
                deciders.append(name)
        considered = one.claim.considered or tuple(dict.fromkeys(self._options(told)))
        one.claim = one.claim.model_copy(
            update={"decided_by": tuple(deciders), "considered": considered}
        )

    def _deciders(self, told: _Told) -> Iterator[str]:
        """Return who put it up, and who plainly agreed, in the lines that are cited."""
        talk, proposed = self._talk, False
        settler = talk.lines[told.place.quoted].speaker
        for number in told.place.cited:
            line = talk.lines[number]
            if line.speaker is None:
                continue
            agrees = talk.accepts(line, None) and not talk.cues.promise.search(line.text)
            if agrees or line.speaker == settler:
                yield line.speaker
            elif not proposed and self._proposes(line.text, told):
                proposed = True
                yield line.speaker

    def _proposes(self, text: str, told: _Told) -> bool:
        about = self._talk.stems(text) & told.matter.topic
        proposal = self._talk.cues.propose.search(text) and not self._talk.cues.refuse.search(text)
        return bool(about and proposal)

    def _options(self, told: _Told) -> Iterator[str]:
        """Return the options that were named and not taken, in the words in which they were."""
        turns, cited = self._talk.turns, told.place.cited
        for line, sentence in self._talk.sentences_of(range(cited[0], told.place.quoted + 1)):
            about = line.number in cited and self._talk.stems(line.text) & told.matter.topic
            for named in (turns.against, turns.put_up) if about else ():
                yield from (x for x in named.groups(sentence, "x") if self._is_other(x, told))
            if sentence.endswith("?"):
                yield from self._not_chosen(sentence, told)

    def _not_chosen(self, question: str, told: _Told) -> Iterator[str]:
        """Return that side of "this or that?" that was not taken, if the other one was."""
        pairs = zip(
            self._talk.turns.choice.groups(question, "left"),
            self._talk.turns.choice.groups(question, "right"),
            strict=True,
        )
        for before, right in pairs:
            left = " ".join(before.split()[-len(right.split()) :])
            for one, other in ((left, right), (right, left)):
                if self._is_taken(one, told) and self._is_other(other, told):
                    yield other

    def _is_taken(self, option: str, told: _Told) -> bool:
        matter = matter_of(option, self._talk.language)
        in_it = matter.topic <= told.matter.topic and agree(
            matter, told.matter, self._talk.language
        )
        return bool(matter.topic) and in_it

    def _is_other(self, option: str, told: _Told) -> bool:
        words = len(option.split())
        named = any(len(stem) >= NAMED for stem in matter_of(option, self._talk.language).topic)
        return named and words <= LONGEST_OPTION and not self._is_taken(option, told)


def _may_override(one: DecisionClaim, other: DecisionClaim) -> bool:
    """Tell whether a later decision has the standing to take an earlier one's place."""
    if one.status not in _STANDING or other.status not in _STANDING:
        return False
    if one.status is not other.status and (other.status is _OPEN or other.doubt is not None):
        return False  # what was settled is not unsettled by a proposal, or by a doubt
    return other.doubt is None or one.doubt is not None


def _fuller(one: _Told, other: _Told) -> tuple[DecisionClaim, DecisionClaim]:
    """Return the telling of a decision that says more first; the last word if both say as much.

    What was settled tells it better than what was only put up.
    """
    mine = (one.claim.status is not _OPEN, len(one.matter.values()), len(one.matter.topic))
    yours = (other.claim.status is not _OPEN, len(other.matter.values()), len(other.matter.topic))
    return (one.claim, other.claim) if mine > yours else (other.claim, one.claim)


def _union(ids: Sequence[int], more: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted({*ids, *more}))
