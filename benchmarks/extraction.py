# ruff: noqa: INP001
"""Measure what a reader finds in labelled meetings.

    python benchmarks/extraction.py                                  the rules
    python benchmarks/extraction.py --llm embedded                   the embedded model
    python benchmarks/extraction.py --llm http://127.0.0.1:11434/v1 --llm-model NAME
    python benchmarks/extraction.py --ami DIR --predictions FILE     also read AMI meetings

The meetings are those of `memo/evaluation/meetings`, with exact labels. Findings are matched to labels
one to one so that the total likeness is highest (Kuhn 1955): 0.7 times the F1 of the content words'
stems, 0.3 times the share of cited stretches within 15 s of each other, at least 0.40 to count.
Labels marked optional are neither required nor wrong.

    found      findings that are not marked unsupported
    P R F1     precision, recall and their harmonic mean over all meetings
    status     matched decisions with the right status (a "no" may be told as accepted)
    why        matched decisions with a labelled reason that give one
    owner      matched tasks with the right owner, or rightly none; `wrong` names somebody else
    due        matched tasks with a labelled date that give it; `wrong` give another one
    quotes     quotes of evidence that stand word for word in the transcript at their time: 100 %
    must not   findings that look like something that a memo must not say

With `--ami`, each JSON file of the folder with `utterances` is read, and the findings are written
in the form that the corpus' own scorer takes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from memo.extraction import load_prompts, read_by_rules, read_with_model, write_memo
from memo.extraction.words import content_stems, figures, negated
from memo.model import (
    ActionItem,
    Decision,
    Draft,
    Finding,
    Meeting,
    Memo,
    OpenQuestion,
    Participant,
    Recording,
    Segment,
    Transcript,
    Verdict,
)
from memo.ports import Artifact, LanguageModel, silent

Json = dict[str, Any]
Reader = Callable[[Transcript, Meeting], Draft]
Span = tuple[float, float]

SCRIPTED = Path(__file__).parent.parent / "memo" / "evaluation" / "meetings"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TOLERANCE = 15.0
MATCH = 0.40
FORBIDDEN = 0.75
LABELS = {"decisions": "decisions", "actions": "actions", "questions": "open_questions"}


def say(text: str = "") -> None:
    """Write one line of the table."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# --- The meetings and their readers -------------------------------------------------------------


def meeting_from(data: Json) -> tuple[Transcript, Meeting]:
    """Return a labelled meeting without its labels."""
    told = [u for u in data["utterances"] if u["text"].strip()]
    people = [p.get("name") or p["id"] for p in data["participants"]]
    voices = {u["speaker"] for u in told}
    segments = tuple(
        Segment(id=i, start=u["start"], end=u["end"], text=u["text"], speaker=u["speaker"])
        for i, u in enumerate(told)
    )
    transcript = Transcript(
        recording=Recording(filename=f"{data['id']}.vtt", sha256="0" * 64),
        duration=max(s.end for s in segments),
        speech_seconds=sum(s.duration for s in segments),
        language=data["language"],
        segments=segments,
        participants=tuple(Participant(name=p, label=p) for p in people if p in voices),
    )
    started = data.get("started_at")
    return transcript, Meeting(
        title=data["title"],
        started_at=dt.datetime.fromisoformat(started) if started else None,
        timezone=data.get("timezone", "UTC"),
        attendees=tuple(people),
    )


class Forgetful:
    """Keeps nothing, so that every run asks the model (`memo.ports.Checkpoints`)."""

    def load(self, _step: str, _key: str, _kind: type[Artifact]) -> Artifact | None:
        """Return nothing."""
        return None

    def save(self, _step: str, _key: str, _artifact: object) -> None:
        """Keep nothing."""


@contextmanager
def opened(llm: str, name: str, *, small: bool | None) -> Iterator[Reader]:
    """Open a reader: `none` for the rules, `embedded`, or the address of an endpoint."""
    if llm == "none":
        yield read_by_rules
    elif llm == "embedded":
        from memo.language_model.embedded import EmbeddedLlama

        with EmbeddedLlama(weights(name or "qwen2.5-coder-1.5b"), name=name) as model:
            yield with_model(model, small=small is not False)
    else:
        from memo.language_model.endpoint import Endpoint

        endpoint = Endpoint(llm, name, api_key=None, timeout=600, attempts=3)
        yield with_model(endpoint, small=bool(small))


def weights(name: str) -> Path:
    """Return the file of an embedded model, by name or path."""
    import platformdirs

    from memo.weights import Weights

    if Path(name).is_file():
        return Path(name)
    return Weights(platformdirs.user_cache_path("memo", appauthor=False)).path(name, "llm")


def with_model(model: LanguageModel, *, small: bool) -> Reader:
    """Return a reader that asks a model everything anew."""

    def read(transcript: Transcript, meeting: Meeting) -> Draft:
        return read_with_model(
            transcript,
            meeting,
            model=model,
            prompts=load_prompts(),
            small=small,
            checkpoints=Forgetful(),
            progress=silent,
        )

    return read


# --- Matching -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """A finding or a label, as it is matched."""

    text: str
    spans: tuple[Span, ...]
    source: Any

    def likeness(self, label: Item, language: str) -> float:
        """Return how alike a finding and a label are, 0 to 1."""
        words = bag_f1(content_stems(self.text, language), content_stems(label.text, language))
        return 0.7 * words + 0.3 * near_f1(self.spans, label.spans) if label.spans else words


def bag_f1(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the F1 of two bags of words."""
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other)) if common else 0.0


def near_f1(one: Sequence[Span], other: Sequence[Span]) -> float:
    """Return the F1 of stretches of time that have one of the other side nearby."""
    if not one or not other:
        return 0.0
    precision = sum(any(near(a, b) for b in other) for a in one) / len(one)
    recall = sum(any(near(a, b) for a in one) for b in other) / len(other)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def near(one: Span, other: Span) -> bool:
    """Tell whether two stretches are at most `TOLERANCE` seconds apart."""
    return one[0] <= other[1] + TOLERANCE and other[0] <= one[1] + TOLERANCE


def assigned(scores: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Return the pairs (row, column) with the highest total score.

    The Hungarian method with potentials, O(n³); rows may outnumber columns.
    """
    size = max(len(scores), len(scores[0]) if scores else 0)
    cost = [[0.0] * size for _ in range(size)]
    for i, row in enumerate(scores):
        for j, score in enumerate(row):
            cost[i][j] = -score
    u, v, owner = [0.0] * (size + 1), [0.0] * (size + 1), [size] * (size + 1)
    for i in range(size):
        owner[size] = i
        _augment(cost, u, v, owner, size)
    return [(owner[j], j) for j in range(size) if _inside(scores, owner[j], j)]


def _inside(scores: Sequence[Sequence[float]], row: int, column: int) -> bool:
    return row < len(scores) and column < len(scores[row])


def _augment(
    cost: list[list[float]], u: list[float], v: list[float], owner: list[int], size: int
) -> None:
    """Find a place for the row that waits in column `size`, moving others if that is cheaper."""
    column, least = size, [float("inf")] * size
    came, used = [size] * size, [False] * (size + 1)
    while owner[column] != size or column == size:
        used[column], row = True, owner[column]
        delta, following = float("inf"), size
        for j in range(size):
            if used[j]:
                continue
            reduced = cost[row][j] - u[row] - v[j]
            if reduced < least[j]:
                least[j], came[j] = reduced, column
            if least[j] < delta:
                delta, following = least[j], j
        for j in range(size + 1):
            if used[j]:
                u[owner[j]] += delta
                v[j] -= delta
            elif j < size:
                least[j] -= delta
        column = following
    while column != size:
        owner[column], column = owner[came[column]], came[column]


# --- Counting -----------------------------------------------------------------------------------


@dataclass
class Tally:
    """What was counted of one category."""

    counts: Counter[str] = field(default_factory=Counter)

    def row(self, name: str) -> str:
        """Return the line of the table."""
        n = self.counts
        precision, recall = share(n["hit"], n["found"]), share(n["hit"], n["labels"])
        both = precision + recall
        f1 = 2 * precision * recall / both if both else 0.0
        cells = f"{name:<12}{n['found']:>7}{n['labels']:>8}{n['hit']:>7}"
        cells += f"{precision:>8.3f}{recall:>8.3f}{f1:>8.3f}   "
        return cells + "  ".join(self._details())

    def _details(self) -> Iterator[str]:
        n = self.counts
        for what in ("status", "why", "owner", "due"):
            if n[f"{what} asked"]:
                wrong = f" ({n[f'{what} wrong']} wrong)" if what in {"owner", "due"} else ""
                yield f"{what} {n[what]}/{n[f'{what} asked']}{wrong}"


def share(part: int, whole: int) -> float:
    """Return a share, 0 of nothing."""
    return part / whole if whole else 0.0


def text_of(finding: Finding) -> str:
    """Return the sentence of a finding."""
    if isinstance(finding, Decision):
        return finding.statement
    if isinstance(finding, ActionItem):
        return finding.task
    assert isinstance(finding, OpenQuestion)  # noqa: S101 - there are three kinds
    return finding.question


def findings_of(memo: Memo) -> dict[str, list[Finding]]:
    """Return the findings that a memo shows, by category."""
    every: dict[str, Sequence[Finding]] = {
        "decisions": memo.decisions,
        "actions": memo.action_items,
        "questions": memo.open_questions,
    }
    return {
        name: [f for f in some if f.verdict is not Verdict.UNSUPPORTED]
        for name, some in every.items()
    }


def count(
    memo: Memo, data: Json, transcript: Transcript, tallies: dict[str, Tally], *, pairs: bool
) -> None:
    """Count one meeting's findings against its labels."""
    shown = findings_of(memo)
    for name, key in LABELS.items():
        labels = [_label(g, transcript) for g in data["gold"][key]]
        found = [
            Item(text_of(f), tuple((e.start, e.end) for e in f.evidence), f) for f in shown[name]
        ]
        _count_category(found, labels, transcript.language, tallies[name].counts, pairs=pairs)


def _label(gold: Json, transcript: Transcript) -> Item:
    text = gold.get("text") or gold.get("task") or gold["question"]
    spans = [transcript.segments[i] for i in gold.get("evidence", [])]
    return Item(text, tuple((s.start, s.end) for s in spans), gold)


def _count_category(
    found: list[Item], labels: list[Item], language: str, n: Counter[str], *, pairs: bool
) -> None:
    scores = [[item.likeness(label, language) for label in labels] for item in found]
    matches = {i: j for i, j in assigned(scores) if scores[i][j] >= MATCH} if labels else {}
    optional = [bool(label.source.get("optional")) for label in labels]
    n["found"] += len(found) - sum(optional[j] for j in matches.values())
    n["labels"] += len(labels) - sum(optional)
    for i, j in matches.items():
        if not optional[j]:
            n["hit"] += 1
            _count_details(found[i].source, labels[j].source, n)
    if pairs:
        _show_pairs(found, labels, matches, scores)


def _count_details(finding: Finding, gold: Json, n: Counter[str]) -> None:
    if isinstance(finding, Decision):
        as_good = {"accepted", "rejected"} if gold["status"] == "rejected" else {gold["status"]}
        n["status asked"] += 1
        n["status"] += finding.status in as_good
        n["why asked"] += bool(gold["rationale"])
        n["why"] += bool(gold["rationale"] and finding.rationale)
    if isinstance(finding, ActionItem):
        n["owner asked"] += 1
        n["owner"] += finding.owner == gold["owner"]
        n["owner wrong"] += finding.owner not in {None, gold["owner"]}
        days = {gold["due"], *gold.get("due_accept", [])}
        due = finding.due.isoformat() if finding.due else None
        n["due asked"] += gold["due"] is not None
        n["due"] += gold["due"] is not None and due in days
        n["due wrong"] += due is not None and due not in days


def _show_pairs(
    found: list[Item], labels: list[Item], matches: dict[int, int], scores: list[list[float]]
) -> None:
    for i, item in enumerate(found):
        j = matches.get(i)
        say(f"  {'+' if j is not None else '-'} {item.text}")
        if j is not None:
            say(f"      {scores[i][j]:.2f} {labels[j].text}")
    for j, label in enumerate(labels):
        if j not in matches.values() and not label.source.get("optional"):
            say(f"  ? {label.text}")


def bad_quotes(memo: Memo, transcript: Transcript) -> list[str]:
    """Return the quotes that do not stand word for word in the transcript at their time."""
    bad = []
    for evidence in (e for finding in memo.findings() for e in finding.evidence):
        there = [
            s for s in transcript.segments if s.start < evidence.end and evidence.start < s.end
        ]
        said = " ".join(s.text for s in there if transcript.name_of(s.speaker) == evidence.speaker)
        if not evidence.quote or " ".join(evidence.quote.split()) not in " ".join(said.split()):
            bad.append(evidence.quote)
    return bad


def forbidden(memo: Memo, data: Json) -> list[tuple[str, str]]:
    """Return the findings that look like what must not be said, with what they look like."""
    language = memo.language
    return [
        (text_of(finding), wrong)
        for some in findings_of(memo).values()
        for finding in some
        for wrong in data["gold"]["must_not"]
        if bag_f1(content_stems(text_of(finding), language), content_stems(wrong, language))
        >= FORBIDDEN
        and negated(text_of(finding), language) == negated(wrong, language)
        and figures(text_of(finding), language) == figures(wrong, language)
    ]


# --- The commands -------------------------------------------------------------------------------


def scripted(reader: Reader, *, pairs: bool, only: str) -> None:
    """Print the table over the scripted meetings."""
    tallies = {name: Tally() for name in LABELS}
    quotes, bad, alarms, seconds = 0, [], [], 0.0
    verdicts: Counter[str] = Counter()
    for path in sorted(p for p in SCRIPTED.glob("*.json") if only in p.name):
        data = json.loads(path.read_text(encoding="utf-8"))
        transcript, meeting = meeting_from(data)
        started = time.perf_counter()
        draft = reader(transcript, meeting)
        memo = write_memo(draft, transcript, meeting, created_at=NOW, memo_version="benchmark")
        seconds += time.perf_counter() - started
        if pairs:
            say(f"\n{data['id']}")
        count(memo, data, transcript, tallies, pairs=pairs)
        quotes += sum(len(f.evidence) for f in memo.findings())
        bad += bad_quotes(memo, transcript)
        alarms += [(data["id"], *alarm) for alarm in forbidden(memo, data)]
        verdicts.update(f.verdict.value for f in memo.findings())
    say(f"\n{'':<12}  found  labels    hit       P       R      F1")
    for name, tally in tallies.items():
        say(tally.row(name))
    total = Tally(sum((t.counts for t in tallies.values()), Counter()))
    say(Tally(Counter({k: total.counts[k] for k in ("found", "labels", "hit")})).row("all"))
    say(f"quotes {100 * share(quotes - len(bad), quotes):.1f} % of {quotes} word for word in place")
    say(f"verdicts {dict(verdicts)}, {seconds:.1f} s")
    for quote in bad:
        say(f"  not there: {quote}")
    say(f"must not: {len(alarms)}")
    for name, text, wrong in alarms:
        say(f"  {name}: {text!r} looks like {wrong!r}")


def ami(reader: Reader, folder: Path, target: Path) -> None:
    """Write the findings in the meetings of a folder for the corpus' own scorer."""
    predictions = {}
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if "utterances" not in data:
            continue
        transcript, meeting = meeting_from(data)
        draft = reader(transcript, meeting)
        memo = write_memo(draft, transcript, meeting, created_at=NOW, memo_version="benchmark")
        predictions[data["id"]] = {
            name: [_prediction(f) for f in some] for name, some in findings_of(memo).items()
        }
    target.write_text(json.dumps(predictions, ensure_ascii=False, indent=1), encoding="utf-8")
    say(f"{len(predictions)} meetings in {target}")


def _prediction(finding: Finding) -> Json:
    evidence = [{"start": e.start, "end": e.end, "quote": e.quote} for e in finding.evidence]
    owner = finding.owner if isinstance(finding, ActionItem) else None
    return {"text": text_of(finding), "owner": owner, "evidence": evidence}


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--llm", default="none", help="none, embedded, or an endpoint's address")
    parser.add_argument("--llm-model", default="", help="name of the model; a path for embedded")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--small", action="store_true", help="rules find the moments")
    size.add_argument("--large", action="store_true", help="the model reads windows")
    parser.add_argument("--only", default="", help="meetings with this in their name")
    parser.add_argument("--pairs", action="store_true", help="show what was matched with what")
    parser.add_argument("--ami", type=Path, help="folder of AMI meetings to read too")
    parser.add_argument("--predictions", type=Path, default=Path("predictions.json"))
    given = parser.parse_args()
    small = True if given.small else False if given.large else None
    with opened(given.llm, given.llm_model, small=small) as reader:
        scripted(reader, pairs=given.pairs, only=given.only)
        if given.ami:
            ami(reader, given.ami, given.predictions)


if __name__ == "__main__":
    main()
