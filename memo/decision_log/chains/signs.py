"""What is said about something older, beside being about the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from memo.decision_log.chains.lexicon import Lexicon, lexicon_for
from memo.decision_log.chains.subjects import Known, Rarity, Subject, Words, content, words_of
from memo.decision_log.chains.told import Told
from memo.model import Decision, DecisionStatus
from memo.stems import normal_words

BEFORE = 60.0
"""Seconds before its evidence in which something is said about the older decision."""
AFTER = 10.0
"""Seconds after its evidence in which that is."""
_APART = 0.35
"""Weight of what each of two sentences names, and the other does not, that makes them siblings."""
_SHARED = 0.4
"""Weight of what two sentences have in common from which a "not" in one of them tells."""


@dataclass(frozen=True)
class Signs:
    """What speaks for a newer decision changing an older one, or for leaving it as it is.

    Attributes:
        instead: Its own words say that something takes another's place.
        near: The talk beside it does.
        back: It reaches back to what was said before.
        stays: It says that something stands.
        changed: A figure or day of the older one is another one now.
        widened: A figure or day stands beside one of the older one now.
        turned: It says no where the older one says yes, or the opposite word.
        undone: It is said that what the older one names is done no more.
        recalled: What the older one names, and it does not, is talked of beside it.
        named: It says in so many words that it replaces something, and what.
        same: Its figures and days are the older one's.
        unreal: It may not be meant.
        besides: It is said to be another matter.
        rejected: It turns a proposal down.
        proposed: It is not settled itself.
        sibling: Each names something that the other does not: two streets, two products.
        adds: It names something that is not talked of beside the older one.
        touches: Both sentences have a word, figure or day in common.
        again: The newer sentence says what the older one does, and nothing else.
    """

    instead: bool
    near: bool
    back: bool
    stays: bool
    changed: bool
    widened: bool
    turned: bool
    undone: bool
    recalled: bool
    named: bool
    same: bool
    unreal: bool
    besides: bool
    rejected: bool
    proposed: bool
    sibling: bool
    adds: bool
    touches: bool
    again: bool

    @property
    def change(self) -> float:
        """How much speaks for a change."""
        return (
            1.0 * self.instead
            + 0.5 * (self.near and not self.instead)
            + 0.5 * self.back
            + 1.0 * self.changed
            + 0.5 * self.widened
            + 1.0 * self.turned
            + 0.5 * self.undone
            + 0.5 * self.recalled
            + 1.5 * self.named
        )

    @property
    def explicit(self) -> bool:
        """Whether it is said that something takes another's place, or reaches back."""
        return self.instead or self.undone or self.named or self.back

    def reason(self) -> str:
        """Return what speaks for it, in plain English."""
        told = {
            "it says what it replaces": self.named,
            "the opposite": self.turned,
            "said to be done no more": self.undone,
            "another figure or day": self.changed,
            "one more figure or day": self.widened,
            "said to change something": self.instead or self.near,
            "reaches back": self.back,
            "talks of the older one": self.recalled,
        }
        return ", ".join(words for words, so in told.items() if so) or "about the same thing"


def signs_of(newer: Known, older: Known, rarity: Rarity) -> Signs:
    """Return what is said of an older decision beside a newer one."""
    told, mine, yours = newer.told, newer.subject, older.subject
    lexicon = lexicon_for(told.language)
    beside = [
        said.text
        for said in newer.talk
        if said.end >= told.start - BEFORE and said.start <= told.end + AFTER
    ]
    own = mine.sentence.values or mine.quotes.values
    both = mine.sentence & yours.sentence
    shared = Words(both.stems)
    lost = rarity.weight(Words((yours.sentence - mine.own).stems))
    added = rarity.weight(Words((mine.sentence - yours.all).stems))
    gone, came = yours.sentence - mine.sentence, mine.sentence - yours.sentence
    opposite = turned(told.text, older.told.text, lexicon)
    return Signs(
        instead=_any(lexicon.instead, told.said),
        near=_any(lexicon.instead, beside),
        back=_any(lexicon.back, (*told.said, *beside)),
        stays=_any(lexicon.stays, told.said),
        changed=bool(own - yours.own.values) and bool(yours.sentence.values - mine.sentence.values),
        widened=bool(own - yours.own.values) and bool(own & yours.sentence.values),
        turned=rarity.weight(shared) >= _SHARED and opposite,
        undone=any(
            lexicon.undone.search(text) and content(text, told.language) & yours.sentence.stems
            for text in (*told.said, *beside)
        ),
        recalled=bool(gone.stems & mine.all.stems or gone.values & mine.all.values),
        named=_names(told, yours, rarity),
        same=bool(own) and own <= yours.own.values,
        unreal=_any(lexicon.unreal, told.said[1:]),
        besides=_any(lexicon.besides, told.said),
        rejected=_status(told) is DecisionStatus.REJECTED,
        proposed=_status(told) is DecisionStatus.PROPOSED,
        sibling=min(lost, added) >= _APART,
        adds=added >= _APART,
        touches=bool(both.stems or both.values),
        again=bool(both.stems) and not (_holds(gone) or _holds(came) or opposite),
    )


def _holds(words: Words) -> bool:
    return bool(words.stems or words.values)


def turned(newer: str, older: str, lexicon: Lexicon) -> bool:
    """Tell whether one of two sentences says no where the other says yes."""
    mine, yours = set(normal_words(newer)), set(normal_words(older))
    if any(lexicon.opposites.get(word, frozenset()) & yours - mine for word in mine - yours):
        return True
    no, too = mine & lexicon.negations, yours & lexicon.negations
    return bool(no) != bool(too) or len(no) % 2 != len(too) % 2  # "not drop" is no "drop"


def _status(told: Told) -> DecisionStatus | None:
    return told.finding.status if isinstance(told.finding, Decision) else None


def _names(newer: Told, older: Subject, rarity: Rarity) -> bool:
    """Tell whether a decision says in words what it replaces, and these mean the older one."""
    named = newer.finding.supersedes if isinstance(newer.finding, Decision) else None
    if not named:
        return False
    return rarity.covered(words_of([named], newer.language), older.all) >= 0.5


def _any(pattern: re.Pattern[str], texts: Iterable[str]) -> bool:
    return any(pattern.search(text) for text in texts)
