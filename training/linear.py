r"""Fit the linear models over named signs, and write `linear.json`.

    python training/linear.py --corpus DIR --encoders build/first.npz build/second.npz \
        --out memo/extraction/judging/linear.json
    python training/linear.py --corpus DIR --encoders ... --unseen      figures, nothing written

Each model learns from judgements by models that have not seen the meeting: the encoder of the
other half, and linear tags fitted on other fifths; it will not know its meetings in use either.

    tag 0…8              the nine judgements of a sentence (`labelled`), from its signs
    teller KIND          how well a sentence tells what another settles
    weigher KIND         whether a pair of them is an item that a label calls for
    weigher rule         whether a task that the rules find is one
    owner                whether somebody around a task owns it
    status S, reason     what became of a decision, and whether a sentence says why
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from labelled import Gold, Labelled, Stems, all_meetings
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from trained import Trained

from memo.evaluation.matching import MATCH, Item, likeness
from memo.evaluation.words import bag_f1
from memo.extraction.find import Kind
from memo.extraction.judging import ENCODER_SHARE
from memo.extraction.judging.choosing import (
    KINDS,
    TAGS,
    Found,
    Judgement,
    candidates,
    rule_signs,
    telling_signs,
)
from memo.extraction.judging.linear import Linear
from memo.extraction.judging.outcome import reason_places, reason_signs, status_signs
from memo.extraction.judging.signs import Signs, all_signs
from memo.extraction.judging.taking import around, owner_signs
from memo.extraction.moments import task_of
from memo.extraction.words import content_stems
from memo.model import Span

FOLDS = 5
LEAST_WEIGHT = 5e-4
TOLD = 0.15
"""Likeness to a labelled reason from which a sentence gives it."""
STATUSES: Mapping[str, float] = {"accepted": 1.0, "rejected": 1.8, "proposed": 1.8}
"""How much a decision counts that has it: few are not accepted."""


@dataclass(frozen=True)
class Case:
    """A meeting, judged by what has not seen it, and the fold it belongs to."""

    meeting: Labelled
    judgement: Judgement
    fold: int


# --- Fitting ------------------------------------------------------------------------------------


def _linear(
    regression: LogisticRegression | Ridge, signs: Sequence[Signs], right: Any, **more: Any
) -> Linear:
    names = DictVectorizer()
    regression.fit(names.fit_transform(signs), right, **more)
    bias, weights = np.ravel(regression.intercept_)[0], np.ravel(regression.coef_)
    return Linear(float(bias), dict(zip(names.feature_names_, map(float, weights), strict=True)))


def tags(meetings: Sequence[Labelled]) -> dict[str, Linear]:
    """Fit the judgements of a sentence; one taught to be 0.3 counts 0.3 as yes, 0.7 as no."""
    names = DictVectorizer()
    signs = [all_signs(meeting.sentences) for meeting in meetings]
    names.fit([each for some in signs for each in some])
    rows = [names.transform(some) for some in signs]
    models = {}
    for tag in range(TAGS):
        known = [i for i, meeting in enumerate(meetings) if meeting.known[tag]]
        x = sp.vstack([rows[i] for i in known])
        taught = np.concatenate([meetings[i].taught[:, tag] for i in known])
        yes = taught > 0
        regression = LogisticRegression(C=0.05, max_iter=400).fit(
            sp.vstack([x, x[yes]]),
            np.concatenate([np.zeros(len(taught)), np.ones(yes.sum())]),
            sample_weight=np.concatenate([1 - taught, taught[yes]]),
        )
        weights = dict(zip(names.feature_names_, map(float, regression.coef_[0]), strict=True))
        models[f"tag {tag}"] = Linear(float(regression.intercept_[0]), weights)
    return models


def judged_unseen(meetings: Sequence[Labelled], read: Mapping[str, npt.NDArray[Any]]) -> list[Case]:
    """Return meetings with both judges' logits, averaged as memo does."""
    cases: list[Case] = []
    for fold in range(FOLDS):
        fitted = tags([m for i, m in enumerate(meetings) if i % FOLDS != fold])
        models = [fitted[f"tag {tag}"] for tag in range(TAGS)]
        for meeting in meetings[fold::FOLDS]:
            share = ENCODER_SHARE.get(meeting.language, 0.0)
            signs = all_signs(meeting.sentences)
            mine = np.array([[model(each) for model in models] for each in signs])
            logits = ((1 - share) * mine + share * read[meeting.id]).tolist()
            cases.append(Case(meeting, Judgement(meeting.sentences, logits, meeting.moments), fold))
    order = {meeting.id: place for place, meeting in enumerate(meetings)}
    return sorted(cases, key=lambda case: order[case.meeting.id])


def teller(cases: Iterable[Case], kind: Kind) -> Linear:
    """Fit how well a sentence tells an item, around the two that most look like settling it."""
    signs, right = [], []
    for case in cases:
        judgement = case.judgement
        for gold in (g for g in case.meeting.gold[kind] if g.places):
            at = sorted(gold.settling or gold.places, key=lambda p: -judgement.at(p, kind))
            for settles in at[:2]:
                for place in judgement.reach(settles, kind):
                    signs.append(telling_signs(judgement, settles, place, kind))
                    right.append(bag_f1(judgement.sentences[place].stems, gold.stems))
    return _linear(Ridge(alpha=10), signs, right)


def weigher(signs: Sequence[Signs], right: Sequence[bool]) -> Linear:
    """Fit whether something is an item."""
    return _linear(LogisticRegression(C=0.3, max_iter=600), signs, np.array(right))


def item_of(case: Case, found: Found) -> Item:
    """Return an item that may be, as memo would tell it."""
    settling, telling = (case.judgement.sentences[p] for p in (found.settles, found.tells))
    text = telling.text
    if found.kind == "action" and settling is not telling and len(settling.stems) > 1:
        pair = sorted((settling, telling), key=lambda s: (s.line, s.place))
        text = " ".join(sentence.text for sentence in pair)
    lines = case.meeting.lines
    spans = (Span(start=lines[line].start, end=lines[line].end) for line in found.lines)
    return Item(text, tuple(spans))


def is_called_for(case: Case, item: Item, kind: Kind) -> bool:
    """Tell whether an item is like a label."""
    words = Stems(case.meeting.language)
    return any(likeness(item, gold.item, words) >= MATCH for gold in case.meeting.gold[kind])


def rule_weigher(cases: Iterable[Case]) -> Linear:
    """Fit whether a task that the rules find is one."""
    signs, right = [], []
    for case in (c for c in cases if c.meeting.labels("action")):
        meeting = case.meeting
        for rule in (m for m in meeting.moments if m.kind == "action"):
            claim = task_of(rule, meeting.lines, meeting.language, meeting.people)
            item = Item(claim.task, tuple(meeting.spans[i] for i in claim.segment_ids))
            signs.append(rule_signs(case.judgement, rule))
            right.append(is_called_for(case, item, "action"))
    return weigher(signs, right)


# --- Decisions and owners: of meetings whose labels tell of them ----------------------------------


@dataclass(frozen=True)
class Known:
    """A labelled item as memo would find it."""

    case: Case
    found: Found
    gold: Gold


def _settled(case: Case, gold: Gold, kind: Kind, places: Sequence[int]) -> Known:
    settles = max(places, key=lambda place: case.judgement.at(place, kind))
    tells = gold.best(case.judgement.sentences)
    lines = dict.fromkeys(case.judgement.sentences[place].line for place in gold.places)
    return Known(case, Found(kind, settles, tells, tuple(lines), {}, None), gold)


def _complete(cases: Iterable[Case], kind: Kind) -> Iterable[tuple[Case, Gold]]:
    """Yield labels that tell everything of an item; those of corpora only say that there is one."""
    for case in (c for c in cases if not c.meeting.corpus):
        yield from ((case, gold) for gold in case.meeting.gold[kind] if gold.places)


def known_decisions(cases: Iterable[Case]) -> list[Known]:
    """Return the labelled decisions."""
    return [
        _settled(case, gold, "decision", gold.settling or gold.places)
        for case, gold in _complete(cases, "decision")
    ]


def known_tasks(cases: Iterable[Case]) -> list[Known]:
    """Return the labelled tasks, settled where the label says and where it looks most like it."""
    found = []
    for case, gold in _complete(cases, "action"):
        pair = [
            _settled(case, gold, "action", some) for some in (gold.settling, gold.places) if some
        ]
        found += list({known.found.settles: known for known in pair}.values())
    return found


def statuses(decisions: Sequence[Known]) -> dict[str, Linear]:
    """Fit what became of a decision."""
    signs = [status_signs(known.found, known.case.judgement) for known in decisions]
    models = {}
    for status, weight in STATUSES.items():
        right = [known.gold.label["status"] == status for known in decisions]
        regression = LogisticRegression(C=0.5, max_iter=500, class_weight={True: weight, False: 1})
        models[f"status {status}"] = _linear(regression, signs, right)
    return models


def gives_reason(known: Known, place: int) -> float:
    """Return how like the labelled reason a sentence is; 0 where none was given."""
    reason = known.gold.label["rationale"]
    if not reason:
        return 0.0
    stems = content_stems(reason, known.case.meeting.language)
    return bag_f1(known.case.judgement.sentences[place].stems, stems)


def reasons(decisions: Sequence[Known]) -> Linear:
    """Fit whether a sentence gives the reason."""
    signs, right = [], []
    for known in decisions:
        judgement, found = known.case.judgement, known.found
        alike = {p: gives_reason(known, p) for p in reason_places(found, judgement)}
        best = max(alike.values())
        for place in (p for p in alike if p != found.tells):
            signs.append(reason_signs(found, judgement, place))
            right.append(alike[place] >= TOLD and alike[place] >= 0.6 * best)
    regression = LogisticRegression(C=0.1, max_iter=500, class_weight="balanced")
    return _linear(regression, signs, right)


def owns(person: str | None, gold: Gold) -> bool:
    """Tell whether somebody is an owner of a labelled task, or rightly nobody."""
    owner = gold.label["owner"]
    if person is None or owner is None:
        return person is owner
    return person in {owner, *owner.split(" and "), *gold.label.get("owners", ())}


def owners(tasks: Sequence[Known]) -> Linear:
    """Fit whether somebody owns a task."""
    signs, right = [], []
    for known in tasks:
        judgement = known.case.judgement
        for person in around(known.found, judgement, known.case.meeting.people):
            signs.append(owner_signs(known.found, judgement, person))
            right.append(owns(person, known.gold))
    return _linear(LogisticRegression(C=0.3, max_iter=500), signs, right)


# --- All of them ----------------------------------------------------------------------------------


Candidates = Mapping[tuple[str, Kind], Sequence[Found]]
"""What may be an item, by the meeting's id and the kind."""


def tellers(cases: Sequence[Case]) -> dict[Kind, Linear]:
    """Fit a teller for each kind."""
    return {kind: teller(cases, kind) for kind in KINDS}


def may_be(case: Case, tell: Mapping[Kind, Linear]) -> dict[tuple[str, Kind], list[Found]]:
    """Return what may be an item in a meeting."""
    return {
        (case.meeting.id, kind): list(candidates(case.judgement, kind, tell[kind]))
        for kind in KINDS
    }


def item_models(cases: Sequence[Case], found: Candidates) -> dict[str, Linear]:
    """Fit what weighs items, and what tells more of them."""
    models = {}
    for kind in KINDS:
        labelled = [case for case in cases if case.meeting.labels(kind)]
        pairs = [(case, each) for case in labelled for each in found[case.meeting.id, kind]]
        right = [is_called_for(case, item_of(case, each), kind) for case, each in pairs]
        models[f"weigher {kind}"] = weigher([each.signs for _, each in pairs], right)
    decisions = known_decisions(cases)
    models |= statuses(decisions)
    return models | {
        "weigher rule": rule_weigher(cases),
        "owner": owners(known_tasks(cases)),
        "reason": reasons(decisions),
    }


def fitted(meetings: Sequence[Labelled], cases: Sequence[Case]) -> dict[str, Linear]:
    """Fit every model on every meeting."""
    tell = tellers(cases)
    found = {key: some for case in cases for key, some in may_be(case, tell).items()}
    by_kind = {f"teller {kind}": model for kind, model in tell.items()}
    return tags(meetings) | by_kind | item_models(cases, found)


def written(models: Mapping[str, Linear]) -> str:
    """Return the text of `linear.json`."""
    told = {
        name: {
            "bias": round(model.bias, 4),
            "weights": {
                sign: round(weight, 4)
                for sign, weight in sorted(model.weights.items())
                if abs(weight) >= LEAST_WEIGHT
            },
        }
        for name, model in sorted(models.items())
    }
    return json.dumps({"models": told}, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Fit the models, or say how well they do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, action="append", default=[], help="more meetings")
    parser.add_argument("--encoders", type=Path, nargs=2, required=True, help="of encoder.py")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, help="linear.json")
    what.add_argument("--unseen", action="store_true", help="figures on unseen meetings")
    given = parser.parse_args()
    meetings = all_meetings(given.corpus)
    first, second = map(Trained.load, given.encoders)
    cases = judged_unseen(meetings, {**first.unseen, **second.unseen})
    if given.out:
        given.out.write_text(written(fitted(meetings, cases)), encoding="utf-8")
    else:
        from unseen import report

        report(cases)


if __name__ == "__main__":
    main()
