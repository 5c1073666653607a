"""A run of `memo eval` as a person reads it: tables that fit a narrow terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from memo.cli.output import clock, printable
from memo.evaluation import CATEGORIES, Difference, Estimate, Measured, Run, Scores, compare
from memo.model import Verdict

_NAMES = {"decisions": "decisions", "actions": "tasks", "questions": "questions"}
_NARROWEST = 20
_LABEL = 27
_WIDE = 76
"""Columns that the wide form takes."""
_DETAILS = {
    "status": ("status right", "status_right", "status_asked"),
    "reason": ("reason given", "reason_right", "reason_asked"),
    "reason_borne_out": ("reason borne out", "reason_borne_out", "reason_right"),
    "replaces": ("replaced one told", "replaces_right", "replaces_asked"),
    "deciders": ("deciders right", "deciders_right", "deciders_asked"),
    "owner": ("owner right", "owner_right", "owner_asked"),
    "due": ("date right", "due_right", "due_asked"),
}
"""What is told of matches: in words, and the counts."""
_WRONG = {"owner": "owner_wrong", "due": "due_wrong", "replaces": "replaces_wrong"}
_COMPARED = ("precision", "recall", "f1", "soft_f1", "hit_precision", "hit_recall", "status",
             "reason", "reason_borne_out", "owner", "due")  # fmt: skip
_SPELLED = {
    "f1": "F1",
    "soft_f1": "soft F1",
    "due": "date",
    "quotes": "quotes verbatim",
    "violations": "must not, said",
    "reading_seconds_per_hour": "seconds per hour",
    "prompt_tokens_per_hour": "tokens asked per hour",
    "answer_tokens_per_hour": "tokens answered per hour",
}


def fitted(lines: Iterable[str], width: int) -> Iterator[str]:
    """Yield lines that are no longer than the terminal is wide."""
    for line in lines:
        whole = textwrap.wrap(
            line, max(width, _NARROWEST), subsequent_indent="    ", break_on_hyphens=False
        )
        yield from whole if len(line) > width else (line,)


def report(run: Run, width: int) -> Iterator[str]:
    """Yield the lines that tell what was measured."""
    yield from _loud(run)
    yield from _about(run)
    yield ""
    yield from _items(run.scores, width)
    yield ""
    yield from _evidence(run.scores, width)
    yield ""
    if details := list(_details(run.scores)):
        yield from (*details, "")
    yield from _rest(run)


def pairs(meetings: Sequence[Measured]) -> Iterator[str]:
    """Yield what was held against what: `=` a match, `+` a finding alone, `-` a label missed."""
    for meeting in meetings:
        yield printable(meeting.id)
        for pair in meeting.pairs:
            kind = pair.category[0].upper()
            free = " (optional)" if pair.optional else ""
            like = f"{pair.likeness:.2f} " if pair.likeness else ""
            if pair.finding is not None:
                yield f"  {'=' if pair.is_match else '+'} {kind} {printable(pair.finding)}"
            if pair.is_match:
                yield f"      {like}{printable(pair.label)}{free}"
            elif pair.label is not None:
                yield f"  - {kind} {like}{printable(pair.label)}{free}"
        yield ""


def comparison(before: Run, after: Run, width: int) -> Iterator[str]:
    """Yield two runs side by side, with the interval of the difference."""
    compared = compare(before.meetings, after.meetings)
    yield f"before  {_reader(before)}"
    yield f"after   {_reader(after)}"
    yield f"compared over {_many(len(compared.meetings))} that both runs have"
    if compared.left_out:
        yield f"left out, or labelled otherwise: {', '.join(map(printable, compared.left_out))}"
    if not compared.meetings:
        return
    yield ""
    head = f"{'':<{_LABEL}}{'before':>8}{'after':>8}{'change':>9}"
    yield head if width < _WIDE else f"{head}   95 % interval"
    for category in CATEGORIES:
        if category in compared.categories:
            yield from _changes(_NAMES[category], compared.categories[category], width)
    yield from _changes("mean", compared.mean, width)
    yield from _changes("", compared.overall, width)
    yield "what is not told did not change; * the interval leaves out that nothing changed"


def _changes(name: str, scores: Mapping[str, Difference], width: int) -> Iterator[str]:
    for score, told in scores.items():
        if (name and score not in _COMPARED) or _is_still(told):
            continue
        label = f"{name} {_spelled(score)}".strip()
        change = _signed(told.change.value)
        line = f"{label:<{_LABEL}}{_number(told.before):>8}{_number(told.after):>8}{change:>9}"
        mark = " *" if told.is_clear else ""
        low, high = told.change.low, told.change.high
        between = "" if low is None else f"   {_signed(low)} to {_signed(high)}"
        yield f"{line}{mark}" if width < _WIDE else f"{line}{between}{mark}"


def _is_still(told: Difference) -> bool:
    """Tell whether nothing changed in any meeting."""
    return told.before == told.after and not told.change.low and not told.change.high


def _loud(run: Run) -> Iterator[str]:
    """Yield what nobody should overlook."""
    for meeting in run.meetings:
        for quote in meeting.misquoted:
            yield f"NOT VERBATIM in {printable(meeting.id)}: “{printable(quote)}”"
    for failure in run.failures:
        yield f"NOT READ, in no score: {printable(failure.id)}: {printable(failure.error)}"


def _about(run: Run) -> Iterator[str]:
    seconds = sum(m.duration for m in run.meetings)
    yield f"{_many(len(run.meetings))}, {clock(seconds)}, labels of {printable(run.labels)}"
    yield f"read by {_reader(run)}"


def _reader(run: Run) -> str:
    reader = run.reader
    name = f" {printable(reader.language_model)}" if reader.language_model else ""
    by = "rules alone" if reader.llm == "none" else f"{reader.llm}{name}"
    heard = f", heard by {printable(reader.asr_model)}" if reader.asr_model else ""
    return f"{by}{heard}; memo {reader.memo_version}, {run.created_at:%Y-%m-%d %H:%M} UTC"


def _items(scores: Scores, width: int) -> Iterator[str]:
    columns = ("precision", "recall", "f1")
    if width < _WIDE:
        yield from _stacked(scores, (*columns, "soft_f1"))
        return
    yield f"{'':<10}{'found':>6}{'labels':>7}{'hits':>5}" + "".join(
        f"  {_spelled(name):<14}" for name in columns
    ) + "soft"  # fmt: skip
    for category, told in scores.categories.items():
        counts = scores.counts[category]
        head = f"{_NAMES[category]:<10}{counts.found:>6}{counts.labels:>7}{counts.hits:>5}"
        cells = "".join(f"  {_cell(told[name]):<14}" for name in columns)
        yield f"{head}{cells}{_number(told['soft_f1'].value)}"
    cells = "".join(f"  {_cell(scores.mean[name]):<14}" for name in columns)
    yield f"{'mean':<28}{cells}{_number(scores.mean['soft_f1'].value)}"


def _evidence(scores: Scores, width: int) -> Iterator[str]:
    columns = ("hit_precision", "hit_recall")
    if width < _WIDE:
        yield from _stacked(scores, columns)
        return
    head = f"{'evidence':<28}" + "".join(f"  {_spelled(name):<14}" for name in columns)
    yield head.rstrip()
    for category, told in scores.categories.items():
        cells = "".join(f"  {_cell(told[name]):<14}" for name in columns)
        yield f"{_NAMES[category]:<28}{cells}".rstrip()
    cells = "".join(f"  {_cell(scores.mean[name]):<14}" for name in columns)
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
    for category, told in scores.categories.items():
        counts = scores.counts[category].model_dump()
        lines = list(_details_of(counts, told))
        if lines:
            yield f"of the {_NAMES[category]} that match"
            yield from lines


def _details_of(counts: Mapping[str, float], told: Mapping[str, Estimate]) -> Iterator[str]:
    for name, (label, right, asked) in _DETAILS.items():
        if counts[asked]:
            wrong = f", {counts[_WRONG[name]]} wrong" if name in _WRONG else ""
            line = (
                f"  {label:<18}{counts[right]:>3} of {counts[asked]:<3} {_cell(told[name])}{wrong}"
            )
            yield line.rstrip()


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
    asked, kept = (sum(getattr(m.cost, n) for m in meetings) for n in ("answers", "remembered"))
    if kept:
        yield f"           {kept:,} of {asked:,} answers are of an earlier run: --fresh asks again"


def _cost(whole: Mapping[str, Estimate]) -> str:
    seconds = whole["reading_seconds_per_hour"].value or 0.0
    asked, told = (whole[f"{n}_tokens_per_hour"].value or 0.0 for n in ("prompt", "answer"))
    tokens = f", {asked:,.0f} tokens asked and {told:,.0f} answered" if asked else ""
    return f"{seconds:.0f} s{tokens}"


def _many(meetings: int) -> str:
    return f"{meetings} meeting{'' if meetings == 1 else 's'}"


def _spelled(name: str) -> str:
    return _SPELLED.get(name, name.replace("_", " "))


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
