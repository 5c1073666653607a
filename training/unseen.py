"""How well meetings are judged by models that have learnt from none of their fold.

Items are told as memo tells them and held against the labels as `memo eval` does, but with the
stems that memo itself reads by, before anything is verified or merged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from labelled import Stems
from linear import (
    FOLDS,
    TOLD,
    Candidates,
    Case,
    gives_reason,
    item_models,
    known_decisions,
    known_tasks,
    may_be,
    owns,
    tellers,
)

from memo.evaluation.matching import MATCH, Item, matched
from memo.extraction.claims import claim
from memo.extraction.find import Kind
from memo.extraction.judging import _items
from memo.extraction.judging.choosing import KINDS
from memo.extraction.judging.linear import Linear
from memo.extraction.judging.outcome import reason_of, status_of
from memo.extraction.judging.taking import owner_of
from memo.extraction.merging import text_of


def report(cases: Sequence[Case]) -> None:
    """Print the figures."""
    models = _models(cases)
    for kind in KINDS:
        _show(cases, kind, models)
    _show_owners(cases, models)
    _show_decisions(cases, models)


def _models(cases: Sequence[Case]) -> list[dict[str, Linear]]:
    """Return the models of each fold, fitted on the other folds."""
    tell = [tellers([c for c in cases if c.fold != fold]) for fold in range(FOLDS)]
    found: Candidates = {
        key: some for case in cases for key, some in may_be(case, tell[case.fold]).items()
    }
    return [
        item_models([c for c in cases if c.fold != fold], found)
        | {f"teller {kind}": model for kind, model in tell[fold].items()}
        for fold in range(FOLDS)
    ]


def _show(cases: Sequence[Case], kind: Kind, models: Sequence[Mapping[str, Linear]]) -> None:
    counts: dict[str, Counter[str]] = {}
    for case in (c for c in cases if c.meeting.labels(kind)):
        counted = _counted(case, kind, list(_told(case, kind, models[case.fold])))
        for group in _groups(case):
            counts.setdefault(group, Counter()).update(counted)
    for group, n in sorted(counts.items()):
        precision, recall = n["hits"] / max(1, n["told"]), n["hits"] / max(1, n["labels"])
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        print(
            f"{kind:9} {group:14} P {precision:.2f}  R {recall:.2f}  F1 {f1:.2f}"
            f"  ({n['told']} told, {n['labels']} labelled, {n['hits']} right)"
        )


def _groups(case: Case) -> Iterator[str]:
    meeting = case.meeting
    yield meeting.corpus or "ours"
    if not meeting.corpus:
        yield f"  {meeting.source}"
        yield f"  {meeting.language}"


def _told(case: Case, kind: Kind, models: Mapping[str, Linear]) -> Iterator[Item]:
    meeting = case.meeting
    seconds = meeting.lines[-1].end - meeting.lines[0].start
    for item in _items(case.judgement, kind, meeting.people, seconds, models):
        told = claim(item, meeting.lines, meeting.language, meeting.people)
        if told is not None:
            yield Item(text_of(told), tuple(meeting.spans[i] for i in told.segment_ids))


def _counted(case: Case, kind: Kind, told: Sequence[Item]) -> Counter[str]:
    gold = case.meeting.gold[kind]
    pairs = matched(told, [each.item for each in gold], Stems(case.meeting.language))
    matches = [j for _, j, how in pairs if how >= MATCH]
    optional = [bool(each.label.get("optional")) for each in gold]
    spare = sum(optional[j] for j in matches)
    return Counter(
        told=len(told) - spare, labels=len(gold) - sum(optional), hits=len(matches) - spare
    )


def _show_owners(cases: Sequence[Case], models: Sequence[Mapping[str, Linear]]) -> None:
    n: Counter[str] = Counter()
    for known in known_tasks(cases):
        case = known.case
        owner = owner_of(
            known.found, case.judgement, case.meeting.people, models[case.fold]["owner"]
        )
        right = owns(owner, known.gold)
        n.update(all=1, right=right, none=owner is None, wrong=owner is not None and not right)
    print(f"owner     right {n['right']} of {n['all']}, wrong {n['wrong']}, none told {n['none']}")


def _show_decisions(cases: Sequence[Case], models: Sequence[Mapping[str, Linear]]) -> None:
    statuses: Counter[str] = Counter()
    n: Counter[str] = Counter()
    for known in known_decisions(cases):
        mine, judgement = models[known.case.fold], known.case.judgement
        label = known.gold.label
        statuses[f"{label['status']} told {status_of(known.found, judgement, mine)}"] += 1
        place = reason_of(known.found, judgement, mine["reason"])
        right = place is not None and gives_reason(known, place) >= TOLD
        n.update(has=bool(label["rationale"]), given=place is not None, right=right)
    print("status    " + ", ".join(f"{name} {count}" for name, count in sorted(statuses.items())))
    print(f"reason    given {n['given']}, right {n['right']}, labelled {n['has']}")
