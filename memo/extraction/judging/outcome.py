"""What became of a decision, and why: its status and the sentence that gives its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from memo.extraction.judging.choosing import Found, Judgement
from memo.extraction.judging.linear import Linear, probability
from memo.extraction.judging.signs import Signs, own_signs
from memo.model import DecisionStatus

REASON_BEFORE, REASON_AFTER = 22, 8
"""Sentences before and after the settling one among which the reason is looked for."""
REASON = 0.8
"""Probability from which a sentence is given as the reason: about half of those are it."""
_HEARD = 6
"""Sentences after the settling one that say what became of it."""


def status_of(found: Found, judgement: Judgement, models: Mapping[str, Linear]) -> DecisionStatus:
    """Return what most probably became of a matter."""
    signs = status_signs(found, judgement)
    return max(DecisionStatus, key=lambda status: _weight(status, signs, models))


def _weight(status: DecisionStatus, signs: Signs, models: Mapping[str, Linear]) -> float:
    model = models.get(f"status {status}")
    return model(signs) if model else float("-inf")


def status_signs(found: Found, judgement: Judgement) -> Signs:
    """Return the signs of what became of a matter."""
    sentences = judgement.sentences
    told, settling = sentences[found.tells], sentences[found.settles]
    after = sentences[found.settles + 1 : found.settles + 1 + _HEARD]
    signs = {f"settling {name}": value for name, value in own_signs(settling).items()}
    signs |= {f"telling {name}": value for name, value in own_signs(told).items()}
    heard: Counter[str] = Counter()
    for other in after:
        who = "same" if other.speaker == settling.speaker else "other"
        heard.update(f"heard {who}:{name}" for name in (*other.cues, *other.traits))
    signs |= {name: min(n, 2) / 2 for name, n in heard.items()}
    signs |= {
        f"judged {tag}": logit / 4 for tag, logit in enumerate(judgement.logits[found.settles])
    }
    return signs


def reason_of(found: Found, judgement: Judgement, model: Linear) -> int | None:
    """Return the place of the sentence that gives the reason, if one looks like it."""
    places = [p for p in reason_places(found, judgement) if p != found.tells]
    best = max(places, key=lambda p: model(reason_signs(found, judgement, p)), default=None)
    if best is None or probability(model(reason_signs(found, judgement, best))) < REASON:
        return None
    return best


def reason_places(found: Found, judgement: Judgement) -> Sequence[int]:
    """Return the places at which the reason may stand."""
    first = max(0, min(found.settles, found.tells) - REASON_BEFORE)
    return range(first, min(len(judgement.sentences), found.settles + REASON_AFTER + 1))


def reason_signs(found: Found, judgement: Judgement, place: int) -> Signs:
    """Return the signs by which a sentence gives the reason of a decision."""
    sentences = judgement.sentences
    sentence, told, settling = sentences[place], sentences[found.tells], sentences[found.settles]
    mine = set(sentence.stems)
    away = place - found.settles
    signs = own_signs(sentence) | {
        "before": max(0, -away) / 10,
        "after": max(0, away) / 5,
        "next to the telling": float(abs(place - found.tells) == 1),
        "line of the telling": float(sentence.line == told.line),
        "line of the settling": float(sentence.line == settling.line),
        "speaker of the telling": float(sentence.speaker == told.speaker),
        "speaker of the settling": float(sentence.speaker == settling.speaker),
        "shared": len(mine & set(told.stems)) / max(1, len(mine)),
        "belongs": judgement.part(place, found.kind),
    }
    if place:
        signs |= {f"after {cue}": 1.0 for cue in sentences[place - 1].cues}
    return signs
