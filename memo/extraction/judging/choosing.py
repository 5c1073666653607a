"""From judged sentences to moments: what is one item, and which sentence tells it.

Around each sentence that may settle a matter stands the one that tells it best ("Fine, do that."
settles, what it refers to tells). Each pair is weighed once more as a whole, and of pairs about
one matter the best is kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from memo.extraction.find import Kind, Moment
from memo.extraction.judging.linear import Linear, probability
from memo.extraction.judging.sentences import Sentence
from memo.extraction.judging.signs import Signs, own_signs

KINDS: tuple[Kind, ...] = ("decision", "action", "question")
LOOSE: Mapping[Kind, float] = {"decision": 0.06, "action": 0.06, "question": 0.04}
"""Probability from which a sentence is looked at as one that settles."""
LEAST_TELLING = 2
"""Content words of a sentence that tells an item."""
REACH: Mapping[Kind, tuple[int, int]] = {
    "decision": (16, 4),
    "action": (7, 3),
    "question": (8, 2),
}
"""Sentences before and after the settling one among which the telling one is looked for."""
ASIDE = 3
"""Lines before and after within which what belongs to an item is cited too."""
NEAR: Mapping[Kind, int] = {"decision": 3, "action": 1, "question": 4}
"""Lines within which two items are one."""
FAR = 40
"""Lines within which two items in the same words are one."""
_PART, _TELLS, _SETTLES, TAGS = 0, 3, 6, 9
"""Judgements of a sentence: it belongs to, tells, settles a decision, a task, a question."""
_TAUGHT = ("propose", "settle", "accept", "request", "promise", "assent", "unknown", "pending")

Judged = Sequence[Sequence[float]]
"""Logits of each sentence (`TAGS`)."""


@dataclass(frozen=True)
class Found:
    """An item that may be: places of sentences, the lines that belong to it, and its signs."""

    kind: Kind
    settles: int
    tells: int
    lines: tuple[int, ...]
    signs: Signs
    rule: Moment | None


@dataclass(frozen=True)
class Judgement:
    """A meeting with what was judged of its sentences."""

    sentences: Sequence[Sentence]
    logits: Judged
    moments: Sequence[Moment]

    def within(self, first: int, last: int) -> range:
        """Return the places of the sentences in lines `first` to `last` (both included)."""
        begin = bisect_left(self.sentences, first, key=lambda s: s.line)
        end = bisect_left(self.sentences, last + 1, key=lambda s: s.line)
        return range(begin, end)

    def at(self, place: int, kind: Kind) -> float:
        """Return how much a sentence looks like one that settles an item of a kind."""
        row, k = self.logits[place], KINDS.index(kind)
        return 0.35 * row[_SETTLES + k] + 0.3 * row[_PART + k] + 0.35 * row[_TELLS + k]

    def part(self, place: int, kind: Kind) -> float:
        """Return how probably a sentence belongs to an item of a kind."""
        return probability(self.logits[place][_PART + KINDS.index(kind)])

    def reach(self, settles: int, kind: Kind) -> range:
        """Return the places among which the telling sentence stands."""
        before, after = REACH[kind]
        return range(max(0, settles - before), min(len(self.sentences), settles + after + 1))

    def tells_something(self, place: int) -> bool:
        """Tell whether a sentence can be understood by itself at all: "26." and "Sure." cannot."""
        return len(self.sentences[place].stems) >= LEAST_TELLING


def candidates(judgement: Judgement, kind: Kind, teller: Linear) -> Iterator[Found]:
    """Return every item of a kind that may be."""
    rules = {(m.anchor, m.sentence): m for m in judgement.moments if m.kind == kind}
    scores = [judgement.at(place, kind) for place in range(len(judgement.sentences))]
    thick = 10 * sum(map(probability, scores)) / max(1, len(scores))
    for settles, sentence in enumerate(judgement.sentences):
        rule = rules.get((sentence.line, sentence.text))
        if probability(scores[settles]) < LOOSE[kind] and rule is None:
            continue
        told = sorted(
            ((teller(telling_signs(judgement, settles, place, kind)), place)
             for place in judgement.reach(settles, kind) if judgement.tells_something(place)),
            reverse=True,
        )  # fmt: skip
        if not told:
            continue
        best, tells = told[0]
        lines = _belonging(judgement, settles, tells, kind)
        signs = _item_signs(judgement, settles, tells, rule)
        signs |= {
            "telling": best * 3,
            "alone": (best - told[1][0]) * 5 if len(told) > 1 else 0.0,
            "stems": min(len(judgement.sentences[tells].stems), 10) / 5,
            "lines": len(lines) / 5,
            "higher nearby": _nearby(scores, settles) / 4,
            "meeting": len(scores) / 500,
            "thick": thick,
        }
        yield Found(kind, settles, tells, lines, signs, rule)


def rule_signs(judgement: Judgement, rule: Moment) -> Signs:
    """Return the signs by which a moment that the rules found is an item."""
    sentences, logits = judgement.sentences, judgement.logits
    places = judgement.within(rule.first, rule.last)
    anchor = next((p for p in places if sentences[p].text == rule.sentence), places[0])
    sentence = sentences[anchor]
    signs = {f"anchor {tag}": logit / 4 for tag, logit in enumerate(logits[anchor])}
    signs |= {f"best {tag}": max(logits[p][tag] for p in places) / 4 for tag in range(TAGS)}
    signs |= {f"cue {cue}": 1.0 for cue in sentence.cues}
    signs |= {f"trait {trait}": 1.0 for trait in sentence.traits}
    return signs | {
        "score": rule.score / 4,
        "asked": float(rule.first != rule.anchor or rule.last != rule.anchor),
        "stems": min(len(sentence.stems), 10) / 5,
    }


def telling_signs(judgement: Judgement, settles: int, place: int, kind: Kind) -> Signs:
    """Return the signs by which a sentence tells what another settles."""
    sentences = judgement.sentences
    told, settling = sentences[place], sentences[settles]
    away = place - settles
    mine = set(told.stems)
    near = Counter(
        stem
        for other in judgement.reach(settles, kind)
        if other != place
        for stem in set(sentences[other].stems)
    )
    same = away == 0
    signs = own_signs(told) | {
        "itself": float(same),
        "just before": float(away == -1),
        "just after": float(away == 1),
        "before": max(0, -away) / 10,
        "after": max(0, away) / 3,
        "same speaker": float(told.speaker == settling.speaker),
        "same line": float(told.line == settling.line),
        "lines away": abs(told.line - settling.line) / 5,
        "rich itself": min(len(settling.stems), 8) / 8 * same,
        "settled with little": float(len(settling.stems) <= 2 and not same),
        "shared": 0.0 if same else len(mine & set(settling.stems)) / max(1, len(mine)),
        "around": sum(near[stem] > 0 for stem in mine) / max(1, len(mine)),
        "around often": sum(min(near[stem], 3) for stem in mine) / 8,
    }
    row = judgement.logits[place]
    signs |= {f"judged {tag}": logit / 4 for tag, logit in enumerate(row)}
    signs["judged telling, elsewhere"] = 0.0 if same else row[_TELLS + KINDS.index(kind)] / 4
    where = "itself" if same else "before" if away < 0 else "after"
    return signs | {f"{where} {cue}": 1.0 for cue in settling.cues if cue in _TAUGHT}


def _belonging(judgement: Judgement, settles: int, tells: int, kind: Kind) -> tuple[int, ...]:
    """Return the lines of an item: where it is told and settled, and what belongs to it."""
    sentences = judgement.sentences
    lines = {sentences[settles].line, sentences[tells].line}
    first, last = min(lines) - ASIDE, max(lines) + ASIDE
    middle = min(settles, tells)
    place = middle
    while place > 0 and sentences[place - 1].line >= first:
        place -= 1
    while place < len(sentences) and sentences[place].line <= last:
        if judgement.part(place, kind) >= 0.5:
            lines.add(sentences[place].line)
        place += 1
    return tuple(sorted(lines))


def _item_signs(judgement: Judgement, settles: int, tells: int, rule: Moment | None) -> Signs:
    signs = {f"settling {tag}": v / 4 for tag, v in enumerate(judgement.logits[settles])}
    signs |= {f"telling {tag}": v / 4 for tag, v in enumerate(judgement.logits[tells])}
    signs["rule"] = float(rule is not None)
    signs["rule's score"] = rule.score / 4 if rule else 0.0
    signs["itself"] = float(settles == tells)
    return signs


def _nearby(scores: Sequence[float], place: int) -> float:
    """Return how much higher the best neighbour's score is."""
    around = [*scores[max(0, place - 4) : place], *scores[place + 1 : place + 5]]
    return max(around, default=0.0) - scores[place]


def chosen(
    found: Sequence[Found],
    judgement: Judgement,
    weigh: Callable[[Found], float],
    least: float,
) -> list[tuple[Found, float]]:
    """Return the items that are at least so probable, one of those about one matter, in order."""
    ranked = sorted(((weigh(each), -i) for i, each in enumerate(found)), reverse=True)
    kept: list[tuple[Found, float]] = []
    # Only within `FAR` lines can two be one: looked up by stretches of so many, none runs long.
    by_stretch: defaultdict[int, list[Found]] = defaultdict(list)
    for weight, i in ranked:
        if weight < least:
            break
        stretch = judgement.sentences[found[-i].settles].line // FAR
        others = (f for near in (-1, 0, 1) for f in by_stretch.get(stretch + near, ()))
        if not any(_one_matter(found[-i], other, judgement) for other in others):
            kept.append((found[-i], weight))
            by_stretch[stretch].append(found[-i])
    return sorted(kept, key=lambda each: (each[0].settles, each[0].tells))


def _one_matter(one: Found, other: Found, judgement: Judgement) -> bool:
    if one.tells == other.tells or one.settles == other.settles:
        return True
    if one.kind == "decision" and not set(one.lines).isdisjoint(other.lines):
        return True
    sentences = judgement.sentences
    mine, yours = set(sentences[one.tells].stems), set(sentences[other.tells].stems)
    shared = len(mine & yours) / max(1, min(len(mine), len(yours)))
    apart = abs(sentences[one.settles].line - sentences[other.settles].line)
    two_rules = one.kind == "question" and None not in (one.rule, other.rule)
    if apart <= NEAR[one.kind] and not two_rules:
        together = abs(one.settles - other.settles) <= 1
        speaks = sentences[one.settles].speaker == sentences[other.settles].speaker
        if one.kind != "action" or shared >= 0.3 or (speaks and together):
            return True
    return apart <= FAR and shared >= 0.5 and len(mine & yours) > 1
