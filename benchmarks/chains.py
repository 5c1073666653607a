# ruff: noqa: INP001, T201
"""Measure what meetings do to each other's decisions, actions and questions, on labelled series.

    python benchmarks/chains.py                    labelled findings, then what memo finds by rules
    python benchmarks/chains.py --findings gold    the labelled findings alone
    python benchmarks/chains.py --backwards        the newest meeting of a series recorded first
    python benchmarks/chains.py --show             also each relationship that is missed or false

A series is some meetings of one project, in `tests/data/series` (thresholds were chosen on t1 to
t4; h1 to h4 were measured before they were looked at, and their mistakes corrected since), beside
memo's own b1 to b3 and the training meetings e61a and e61b, which nobody wrote for this.
`supersedes` counts reverses and amends as one; how many of them are told apart rightly is said
beside. What has no finding at one of its ends cannot be found, and counts as missed; `found` counts
those that have both.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from memo.decision_log.chains.relating import relate
from memo.decision_log.chains.told import AROUND, Relationship, Told
from memo.evaluation.labels import load_meeting
from memo.evaluation.words import Words
from memo.extraction import read_by_rules, write_memo
from memo.model import ActionItem, Decision, Evidence, OpenQuestion
from memo.remembered import EntryKind, LinkStanding, Relation, Utterance, kind_of, text_of

ROOT = Path(__file__).resolve().parents[1]
SUPERSEDES = {Relation.REVERSES, Relation.AMENDS}
KINDS: tuple[tuple[str, Any], ...] = (
    ("decisions", Decision),
    ("actions", ActionItem),
    ("open_questions", OpenQuestion),
)


@dataclass(frozen=True)
class Case:
    """A labelled meeting: its file, its labels as they stand there, and its findings.

    `named` says which labelled finding (`b1-warehouse-plan/d1`) each found one is; none for one
    that nobody labelled.
    """

    id: str
    gold: dict[str, Any]
    told: tuple[Told, ...]
    named: dict[str, str]
    talk: tuple[Utterance, ...]


@dataclass(frozen=True)
class Truth:
    """What should be found: relation, target, and source; a meeting where only its talk says it."""

    relation: Relation
    source: str
    target: str


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--findings", choices=("gold", "rules", "both"), default="both")
    parser.add_argument("--only", default="", help="series whose names begin so, with commas")
    parser.add_argument("--backwards", action="store_true")
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    only = tuple(filter(None, given.only.split(",")))
    for findings in ("gold", "rules") if given.findings == "both" else (given.findings,):
        groups: dict[str, Score] = defaultdict(Score)
        for name, paths in all_series():
            if only and not name.startswith(only):
                continue
            cases = [case_of(path, by_rules=findings == "rules") for path in paths]
            score = measure(cases[::-1] if given.backwards else cases, show=given.show)
            groups[group_of(name)] += score
        for group, score in groups.items():
            print(f"\n{findings} findings, {group}")
            score.report()
    return 0


def all_series() -> Iterator[tuple[str, list[Path]]]:
    """Yield each series: its name, and the files of its meetings in order of time."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted((ROOT / "tests" / "data" / "series").glob("*.json")):
        found[path.stem.rpartition("-")[0]].append(path)
    found["b-warehouse"] = sorted((ROOT / "memo" / "evaluation" / "meetings").glob("b*.json"))
    found["e61-flood"] = sorted((ROOT / "training" / "meetings").glob("e61*.json"))
    yield from found.items()


def group_of(name: str) -> str:
    """Return what a series was used for."""
    return {"t": "tuned on", "h": "held out", "b": "b1 to b3", "e": "e61a and e61b"}[name[0]]


class Score:
    """Counts by relation: what is true, and of what was found what is true and what false."""

    def __init__(self) -> None:
        self.true: Counter[str] = Counter()
        self.reachable: Counter[str] = Counter()
        self.found: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        self.false: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        self.told_apart = [0, 0]

    def __iadd__(self, other: Score) -> Score:
        self.true += other.true
        self.reachable += other.reachable
        for sure in (True, False):
            self.found[sure] += other.found[sure]
            self.false[sure] += other.false[sure]
        self.told_apart = [a + b for a, b in zip(self.told_apart, other.told_apart, strict=True)]
        return self

    def report(self) -> None:
        """Print a line a relation."""
        print(
            "  relation     true found   sure: right wrong  recall   +proposed: right wrong  recall"
        )
        for name in sorted(self.true | self.false[False] | self.false[True]):
            true = self.true[name]
            right, wrong = self.found[True][name], self.false[True][name]
            all_right = right + self.found[False][name]
            all_wrong = wrong + self.false[False][name]
            share = [f"{n / true:6.2f}" if true else "     -" for n in (right, all_right)]
            print(
                f"  {name:12} {true:4} {self.reachable[name]:5}   {right:11} {wrong:5}  {share[0]}"
                f"   {all_right:16} {all_wrong:5}  {share[1]}"
            )
        print(f"  reverses and amends told apart: {self.told_apart[0]} of {self.told_apart[1]}")


def measure(cases: Sequence[Case], *, show: bool) -> Score:
    """Record meetings one after the other, and count what is found between them."""
    score, standing = Score(), list[Told]()
    related: list[tuple[Relationship, Case]] = []
    named = {number: label for case in cases for number, label in case.named.items()}
    closed: set[str] = set()
    for case in cases:
        open_ones = [t for t in standing if t.kind is EntryKind.DECISION or t.number not in closed]
        found = relate(case.told, open_ones, case.talk)
        related += [(one, case) for one in found]
        closed |= {
            one.target
            for one in found
            if one.standing is LinkStanding.SURE
            and one.relation in (Relation.CLOSES, Relation.SLIPS, Relation.ANSWERS)
        }
        standing += [_knowing(told, found) for told in case.told]
    truths = {truth for case in cases for truth in truths_of(case)}
    there = set(named.values())
    hit: set[Truth] = set()
    strange: list[tuple[Relationship, Case]] = []
    for one, case in related:
        truth = next((t for t in truths - hit if _is(one, case, t, named)), None)
        if truth is None:
            strange.append((one, case))
            continue
        hit.add(truth)
        name = _group(one.relation)
        score.found[one.standing is LinkStanding.SURE][name] += 1
        if name == "supersedes" and not case.id.startswith("e61"):  # labelled without
            score.told_apart[1] += 1
            score.told_apart[0] += truth.relation is one.relation
    for one, case in strange:
        if not _harmless(one, case, hit, named):
            sure = one.standing is LinkStanding.SURE
            score.false[sure][_group(one.relation)] += 1
            if show:
                print("FALSE", "sure" if sure else "prop", _told(one, cases, named))
    for truth in truths:
        score.true[_group(truth.relation)] += 1
        ends = [end for end in (truth.source, truth.target) if "/" in end]
        score.reachable[_group(truth.relation)] += all(end in there for end in ends)
        if show and truth not in hit:
            print("MISSED", truth.relation, truth.source, "->", truth.target)
    return score


def _knowing(told: Told, found: Sequence[Relationship]) -> Told:
    """Return a finding that knows which decisions it reaffirms, as the log tells it."""
    again = frozenset(
        one.target
        for one in found
        if one.source == told.number
        and one.relation is Relation.REAFFIRMS
        and one.standing is LinkStanding.SURE
    )
    return replace(told, reaffirms=again)


def _group(relation: Relation) -> str:
    return "supersedes" if relation in SUPERSEDES else relation.value


def _is(one: Relationship, case: Case, truth: Truth, named: dict[str, str]) -> bool:
    """Tell whether a relationship is a true one; who answers or closes need only be the meeting."""
    if _group(one.relation) != _group(truth.relation) or named.get(one.target) != truth.target:
        return False
    source = named.get(one.source or "")
    meeting = (one.source or f"{case.id}/").partition("/")[0]
    return source == truth.source or ("/" not in truth.source and meeting == truth.source)


def _harmless(one: Relationship, case: Case, hit: set[Truth], named: dict[str, str]) -> bool:
    """Tell whether a relationship says again what another one says.

    What supersedes a decision supersedes what reaffirmed it, too.
    """
    again = {t.source: t.target for t in hit if t.relation is Relation.REAFFIRMS}
    root = again.get(named.get(one.target, ""))
    through = replace(one, target=next((n for n, label in named.items() if label == root), ""))
    return any(
        _is(one, case, truth, named) or (root is not None and _is(through, case, truth, named))
        for truth in hit
    )


def _told(one: Relationship, cases: Sequence[Case], named: dict[str, str]) -> str:
    texts = {told.number: told.text for case in cases for told in case.told}
    source = f"{named.get(one.source or '', '?')} {texts.get(one.source or '', one.later)!s:.70}"
    target = f"{named.get(one.target, '?')} {texts[one.target]:.70}"
    return f"{one.relation} ({one.confidence}, {one.reason}): {source} -> {target}"


def truths_of(case: Case) -> Iterator[Truth]:
    """Yield what the labels of a meeting say of others."""
    yield from (Truth(*told) for told in ALSO.get(case.id, ()))
    for item in case.gold["decisions"]:
        yield from _of_decision(f"{case.id}/{item['id']}", item)
    for item in case.gold["actions"]:
        yield from _of_action(case.id, item)
    for item in case.gold["open_questions"]:
        if later := item.get("answered_in"):
            yield Truth(Relation.ANSWERS, later["meeting"], f"{case.id}/{item['id']}")


def _of_decision(mine: str, item: dict[str, Any]) -> Iterator[Truth]:
    if isinstance(older := item.get("supersedes"), dict):
        relation = older.get("relation") or BRIEFED.get(mine, "amends")
        yield Truth(Relation(relation), mine, f"{older['meeting']}/{older['decision']}")
    if older := item.get("reaffirms"):
        yield Truth(Relation.REAFFIRMS, mine, f"{older['meeting']}/{older['decision']}")


def _of_action(meeting: str, item: dict[str, Any]) -> Iterator[Truth]:
    mine = f"{meeting}/{item['id']}"
    if older := item.get("updates"):
        yield Truth(Relation.SLIPS, mine, f"{older['meeting']}/{older['action']}")
    if later := item.get("closed_in"):
        yield Truth(Relation.CLOSES, later["meeting"], mine)
    if decision := item.get("follows"):
        yield Truth(Relation.FOLLOWS, mine, f"{meeting}/{decision}")


ALSO = {
    "b2-warehouse-checkpoint": [
        (Relation.CLOSES, "b2-warehouse-checkpoint", "b1-warehouse-plan/a2"),
        (Relation.CLOSES, "b2-warehouse-checkpoint", "b1-warehouse-plan/a3"),
        (Relation.CLOSES, "b2-warehouse-checkpoint", "b1-warehouse-plan/a4"),
        (Relation.FOLLOWS, "b2-warehouse-checkpoint/a1", "b2-warehouse-checkpoint/d1"),
        (Relation.FOLLOWS, "b2-warehouse-checkpoint/a2", "b2-warehouse-checkpoint/d2"),
        (Relation.FOLLOWS, "b2-warehouse-checkpoint/a4", "b2-warehouse-checkpoint/d3"),
    ],
    "b1-warehouse-plan": [
        (Relation.FOLLOWS, "b1-warehouse-plan/a1", "b1-warehouse-plan/d1"),
        (Relation.FOLLOWS, "b1-warehouse-plan/a3", "b1-warehouse-plan/d4"),
    ],
    "b3-warehouse-compare": [
        (Relation.CLOSES, "b3-warehouse-compare", "b2-warehouse-checkpoint/a3"),
        (Relation.CLOSES, "b3-warehouse-compare", "b2-warehouse-checkpoint/a4"),
        (Relation.CLOSES, "b3-warehouse-compare", "b2-warehouse-checkpoint/a5"),
        (Relation.FOLLOWS, "b3-warehouse-compare/a5", "b3-warehouse-compare/d2"),
    ],
}
"""What b1 to b3 say beside their labels, read by one reader."""
SAME = 0.6
"""Likeness from which a found finding is a labelled one: of place and of words, 0 to 2."""
BRIEFED = {"b3-warehouse-compare/d1": "reverses"}
"""What labels that only say `supersedes` mean."""


def case_of(path: Path, *, by_rules: bool) -> Case:
    """Return a meeting with its labelled findings, or with those that memo finds."""
    data = json.loads(path.read_text(encoding="utf-8"))
    talk = tuple(Utterance.model_validate(said) for said in data["utterances"])
    labelled = [
        (f"{data['id']}/{item['id']}", labelled_finding(kind, item, talk))
        for category, kind in KINDS
        for item in data["gold"][category]
    ]
    findings = list(found_by_rules(path)) if by_rules else [finding for _, finding in labelled]
    numbers = [f"{data['id']}/{n}" if by_rules else labelled[n][0] for n in range(len(findings))]
    return Case(
        id=data["id"],
        gold=data["gold"],
        told=tuple(
            Told(
                number=number,
                finding=finding,
                meeting=data["id"],
                held_at=dt.datetime.fromisoformat(data["started_at"]),
                language=data["language"],
                title=data["title"],
                participants=tuple(person["name"] for person in data["participants"]),
                talk=around(finding, talk),
            )
            for number, finding in zip(numbers, findings, strict=True)
        ),
        named=names_of(numbers, findings, labelled, data["language"]),
        talk=talk,
    )


def names_of(
    numbers: Sequence[str], findings: Sequence[Any], labelled: Sequence[Any], language: str
) -> dict[str, str]:
    """Return which labelled finding each found one is."""
    words, named = Words(language), {}
    for number, finding in zip(numbers, findings, strict=True):
        alike = [
            (_likeness(finding, label, words), name)
            for name, label in labelled
            if kind_of(label) is kind_of(finding)
        ]
        best, name = max(alike, default=(0.0, ""))
        if best >= SAME:
            named[number] = name
    return named


def _likeness(finding: Any, label: Any, words: Words) -> float:  # noqa: ANN401
    """Return how much a finding's first quote is one of a label's, and their words, 0 to 2."""
    mine, theirs = finding.evidence[:1], label.evidence
    common = sum(one.overlap(other) for one in mine for other in theirs)
    said = " ".join((text_of(label), *(e.quote for e in theirs)))
    alike = words.likeness(text_of(finding), said) + words.likeness(
        text_of(finding), text_of(label)
    )
    return common / max(sum(one.duration for one in mine), 0.1) + alike / 2


def around(finding: Any, talk: Sequence[Utterance]) -> tuple[Utterance, ...]:  # noqa: ANN401
    """Return what was said around a finding."""
    start = min((e.start for e in finding.evidence), default=0.0) - AROUND
    end = max((e.end for e in finding.evidence), default=0.0) + AROUND
    return tuple(said for said in talk if said.end >= start and said.start <= end)


def labelled_finding(kind: Any, item: dict[str, Any], talk: Sequence[Utterance]) -> Any:  # noqa: ANN401
    """Return a label as if memo had found it."""
    said = [talk[place] for place in item["evidence"]]
    quotes = [
        Evidence(start=u.start, end=u.end, speaker=u.speaker, quote=u.text, score=1) for u in said
    ]
    fields = {
        name: item[name]
        for name in ("rationale", "decided_by", "status", "owner", "due", "question", "task")
        if item.get(name) is not None
    }
    if kind is Decision:
        fields["statement"] = item["text"]
    values = {"id": item["id"], "verdict": "supported", "confidence": 0.9, "evidence": quotes}
    return kind.model_validate(values | fields)


def found_by_rules(path: Path) -> Iterator[Any]:
    """Yield what memo finds in a meeting without a language model."""
    case = load_meeting(path)
    draft = read_by_rules(case.transcript, case.meeting)
    memo = write_memo(
        draft,
        case.transcript,
        case.meeting,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        memo_version="0",
    )
    yield from (f for f in memo.findings() if f.verdict != "unsupported")


if __name__ == "__main__":
    sys.exit(main())
