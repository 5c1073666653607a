"""A run of `memo eval` as a person reads it: tables that fit a narrow terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from memo.cli.output import clock, printable
from memo.evaluation import CATEGORIES, Comparison, Difference, Estimate, Measured, Run, Scores
from memo.model import Verdict

_NAMES = {"decisions": "decisions", "actions": "tasks", "questions": "questions"}
_WIDE = 76
"""Columns that the wide form takes."""
_DETAILS = {
    "status": "status right",
    "reason": "reason given",
    "reason_borne_out": "reason borne out",
    "replaces": "what is replaced",
    "deciders": "deciders",
    "owner": "owner right",
    "due": "date right",
}
_WRONG = {"owner": "owner_wrong", "due": "due_wrong", "replaces": "replaces_wrong"}
_COMPARED = ("precision", "recall", "f1", "soft_f1", "hit_precision", "hit_recall", "status",
             "reason", "reason_borne_out", "owner", "due")  # fmt: skip
_MOST_SHOWN = 20


def report(run: Run, width: int) -> Iterator[str]:
    """Yield the lines that tell what was measured."""
    yield from _loud(run)
    yield from _about(run)
    yield ""
    yield from _items(run.scores, width)
    yield ""
    yield from _evidence(run.scores, width)
    yield ""
    yield from _details(run.scores)
    yield ""
    yield from _rest(run)


def pairs(meetings: Sequence[Measured]) -> Iterator[str]:
    """Yield what was matched with what: `=` a match, `+` found alone, `-` missed."""
    for meeting in meetings:
        yield f"{printable(meeting.id)}"
        for category in CATEGORIES:
            for pair in (p for p in meeting.pairs if p.category == category):
                free = " (optional)" if pair.optional else ""
                mark = "=" if pair.is_match else "+" if pair.finding else "-"
                said = printable(pair.finding or pair.label)
                yield f"  {mark} {category[0].upper()} {said}{free if not pair.is_match else ''}"
                if pair.is_match:
                    yield f"      {pair.likeness:.2f} {printable(pair.label)}{free}"
        yield ""


def comparison(compared: Comparison, width: int) -> Iterator[str]:
    """Yield two runs side by side, with the interval of the difference."""
    count = len(compared.meetings)
    yield f"compared over {count} meeting{'' if count == 1 else 's'} that both runs have"
    if compared.left_out:
        yield f"left out: {', '.join(map(printable, compared.left_out))}"
    yield ""
    head = f"{'':<26}{'before':>8}{'after':>8}{'change':>9}"
    yield head if width < _WIDE else f"{head}   95 % interval"
    for category in CATEGORIES:
        if category in compared.categories:
            yield from _changes(_NAMES[category], compared.categories[category], width)
    yield from _changes("mean", compared.mean, width)
    yield from _changes("", compared.overall, width)
    yield "* the interval leaves out that nothing changed"


def _changes(name: str, scores: Mapping[str, Difference], width: int) -> Iterator[str]:
    for score, told in scores.items():
        if (name and score not in _COMPARED) or told.before is told.after is None:
            continue
        label = f"{name} {_spelled(score)}".strip()
        change = _signed(told.change.value)
        line = f"{label:<26}{_number(told.before):>8}{_number(told.after):>8}{change:>9}"
        mark = " *" if told.is_clear else ""
        low, high = told.change.low, told.change.high
        between = "" if low is None else f"   {_signed(low)} to {_signed(high)}"
        yield f"{line}{mark}" if width < _WIDE else f"{line}{between}{mark}"


def _loud(run: Run) -> Iterator[str]:
    """Yield what nobody should overlook."""
    for meeting in run.meetings:
        for quote in meeting.misquoted:
            yield f"NOT VERBATIM in {printable(meeting.id)}: “{printable(quote)}”"
    for failure in run.failures:
        yield f"NOT READ, in no score: {printable(failure.id)}: {printable(failure.error)}"


def _about(run: Run) -> Iterator[str]:
    seconds = sum(m.duration for m in run.meetings)
    reader = run.reader
    told = f"{len(run.meetings)} meetings, {clock(seconds)}, labels of {printable(run.labels)}"
    yield told
    name = f" {printable(reader.language_model)}" if reader.language_model else ""
    by = "rules alone" if reader.llm == "none" else f"{reader.llm}{name}"
    heard = f", heard by {printable(reader.asr_model)}" if reader.asr_model else ""
    yield f"read by {by}{heard}; memo {reader.memo_version}, {run.created_at:%Y-%m-%d %H:%M} UTC"


def _items(scores: Scores, width: int) -> Iterator[str]:
    columns = ("precision", "recall", "f1")
    if width < _WIDE:
        yield from _stacked(scores, (*columns, "soft_f1"))
        return
    yield f"{'':<10}{'found':>6}{'labels':>7}{'hits':>5}" + "".join(
        f"  {_spelled(name):<15}" for name in columns
    ) + "soft"  # fmt: skip
    for category, told in scores.categories.items():
        counts = scores.counts[category]
        head = f"{_NAMES[category]:<10}{counts.found:>6}{counts.labels:>7}{counts.hits:>5}"
        cells = "".join(f"  {_cell(told[name]):<15}" for name in columns)
        yield f"{head}{cells}{_number(told['soft_f1'].value)}"
    cells = "".join(f"  {_cell(scores.mean[name]):<15}" for name in columns)
    yield f"{'mean':<28}{cells}{_number(scores.mean['soft_f1'].value)}"


def _evidence(scores: Scores, width: int) -> Iterator[str]:
    columns = ("hit_precision", "hit_recall")
    if width < _WIDE:
        yield from _stacked(scores, columns)
        return
    head = f"{'evidence':<28}" + "".join(f"  {_spelled(name):<15}" for name in columns)
    yield head.rstrip()
    for category, told in scores.categories.items():
        cells = "".join(f"  {_cell(told[name]):<15}" for name in columns)
        yield f"{_NAMES[category]:<28}{cells}".rstrip()
    cells = "".join(f"  {_cell(scores.mean[name]):<15}" for name in columns)
    yield f"{'mean':<28}{cells}".rstrip()


def _stacked(scores: Scores, columns: Sequence[str]) -> Iterator[str]:
    for category, told in scores.categories.items():
        counts = scores.counts[category]
        if "f1" in columns:
            yield f"{_NAMES[category]}: {counts.hits} of {counts.labels}, {counts.found} found"
        else:
            yield _NAMES[category]
        for name in columns:
            yield f"  {_spelled(name):<14}{_cell(told[name])}"
    yield "mean"
    for name in columns:
        yield f"  {_spelled(name):<14}{_cell(scores.mean[name])}"


def _details(scores: Scores) -> Iterator[str]:
    """Yield what is right about the findings that match a label."""
    yield "of the matches"
    for category, told in scores.categories.items():
        counts = scores.counts[category].model_dump()
        for name, label in _DETAILS.items():
            whole = counts["reason_right" if name == "reason_borne_out" else f"{name}_asked"]
            part = counts[name if name == "reason_borne_out" else f"{name}_right"]
            if whole:
                wrong = f", {counts[_WRONG[name]]} wrong" if name in _WRONG else ""
                share = _cell(told[name])
                head = f"{_NAMES[category]}: {label}"
                yield f"  {head:<28}{part:>3} of {whole:<3} {share}{wrong}".rstrip()


def _rest(run: Run) -> Iterator[str]:
    whole, meetings = run.scores.overall, run.meetings
    quotes, bad = sum(m.quotes for m in meetings), sum(len(m.misquoted) for m in meetings)
    loud = " <<< SHOULD BE ALL" if bad else ""
    yield f"quotes     {quotes - bad} of {quotes} word for word in their place{loud}"
    verdicts = {v: sum(m.verdicts.get(v, 0) for m in meetings) for v in Verdict}
    yield "verdicts   " + ", ".join(f"{count} {v.value}" for v, count in verdicts.items())
    if any(m.must_not for m in meetings):
        said = sum(len(m.violations) for m in meetings)
        yield f"must not   {said} of {sum(m.must_not for m in meetings)} statements made"
        for meeting in meetings:
            for found in meeting.violations:
                yield f"  {printable(meeting.id)}: “{printable(found.finding)}”"
                yield f"    says “{printable(found.must_not)}”"
    yield f"coverage   {_percent(whole['coverage'].value)} of the speech was read"
    yield f"cost       {_cost(whole)} per hour of meeting"


def _cost(whole: Mapping[str, Estimate]) -> str:
    seconds = whole["reading_seconds_per_hour"].value or 0.0
    asked, told = (whole[f"{n}_tokens_per_hour"].value or 0.0 for n in ("prompt", "answer"))
    tokens = f", {asked:,.0f} tokens asked and {told:,.0f} answered" if asked else ""
    return f"{seconds:.0f} s{tokens}"


def _spelled(name: str) -> str:
    return {"f1": "F1", "soft_f1": "soft F1"}.get(name, name.replace("_", " "))


def _cell(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return _number(estimate.value)
    return f"{_number(estimate.value)} {_short(estimate.low)}–{_short(estimate.high)}"


def _short(value: float) -> str:
    """Return a share in three characters: `.25`, `1.0`."""
    return f"{value:.2f}".removeprefix("0") if value < 0.995 else f"{value:.1f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"


def _signed(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:+.2f}" if abs(value) < 100 else f"{value:+,.0f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
