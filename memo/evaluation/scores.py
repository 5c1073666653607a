"""Counts become scores with intervals, and two runs over the same meetings are compared.

Every score is a ratio of sums over meetings, so a resampled set of meetings has its scores by
adding up again. Intervals are percentiles of 2,000 such sets drawn with replacement (the bootstrap,
Efron 1979), 95 % of them inside. For a comparison both runs are drawn together, meeting by meeting:
what a meeting makes hard for both cancels out (Koehn, "Statistical significance tests for machine
translation evaluation", EMNLP 2004).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from memo.evaluation.counting import Counts, Measured
from memo.evaluation.labels import CATEGORIES, Category
from memo.model import Value

DRAWS = 2000
SEED = 20260301
TAIL = 0.025
"""Share of the draws left out at either end of an interval."""
_HOUR = 3600.0


class _Ratio(NamedTuple):
    """`factor` times the sum of what is `above` by the sum of what is `below`.

    Of nothing it is 0 where there is any of `due`, else unknown.
    """

    above: tuple[str, ...]
    below: tuple[str, ...]
    factor: float = 1.0
    due: tuple[str, ...] = ()


_SCORES: Mapping[str, _Ratio] = {
    "precision": _Ratio(("hits",), ("found",), due=("labels",)),
    "recall": _Ratio(("hits",), ("labels",), due=("found",)),
    "f1": _Ratio(("hits",), ("found", "labels"), 2.0),
    "soft_f1": _Ratio(("soft",), ("found", "labels"), 2.0),
    "hit_precision": _Ratio(("near",), ("spans",)),
    "hit_recall": _Ratio(("reached",), ("placed",)),
    "status": _Ratio(("status_right",), ("status_asked",)),
    "reason": _Ratio(("reason_right",), ("reason_asked",)),
    "reason_borne_out": _Ratio(("reason_borne_out",), ("reason_right",)),
    "reason_alike": _Ratio(("reason_alike",), ("reason_right",)),
    "replaces": _Ratio(("replaces_right",), ("replaces_asked",)),
    "deciders": _Ratio(("deciders_right",), ("deciders_asked",)),
    "owner": _Ratio(("owner_right",), ("owner_asked",)),
    "due": _Ratio(("due_right",), ("due_asked",)),
}
_OVERALL: Mapping[str, _Ratio] = {
    "quotes": _Ratio(("verbatim",), ("quotes",)),
    "violations": _Ratio(("violations",), ("must_not",)),
    "coverage": _Ratio(("analysed_seconds",), ("speech_seconds",)),
    "reading_seconds_per_hour": _Ratio(("reading_seconds",), ("duration",), _HOUR),
    "prompt_tokens_per_hour": _Ratio(("prompt_tokens",), ("duration",), _HOUR),
    "answer_tokens_per_hour": _Ratio(("answer_tokens",), ("duration",), _HOUR),
}
MEANS = ("precision", "recall", "f1", "soft_f1", "hit_precision", "hit_recall")
"""Scores of which the mean over the categories is told too."""


class Estimate(Value):
    """A score with its 95 % interval over meetings; None where there was nothing to score.

    One meeting has no interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


class Scores(Value):
    """What the meetings add up to: counts and scores by category, the mean, and the rest."""

    counts: dict[Category, Counts]
    categories: dict[Category, dict[str, Estimate]]
    mean: dict[str, Estimate]
    overall: dict[str, Estimate]


class Difference(Value):
    """One score in two runs: before, after, and after less before with its interval."""

    before: float | None
    after: float | None
    change: Estimate

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out that nothing changed."""
        low, high = self.change.low, self.change.high
        return low is not None and high is not None and (low > 0 or high < 0)


class Comparison(Value):
    """Two runs over the same meetings; `left_out` are those that only one of them has."""

    meetings: tuple[str, ...]
    left_out: tuple[str, ...]
    categories: dict[Category, dict[str, Difference]]
    mean: dict[str, Difference]
    overall: dict[str, Difference]


def score(meetings: Sequence[Measured]) -> Scores:
    """Return what some meetings add up to."""
    draws = _draws(len(meetings))
    told = _Draws(meetings, draws)
    rows = {category: [m.counts.get(category) for m in meetings] for category in CATEGORIES}
    return Scores(
        counts={
            category: sum((c for c in some if c), Counts())
            for category, some in rows.items()
            if any(some)
        },
        categories={
            category: {name: _estimate(told.of(category, name)) for name in _SCORES}
            for category in told.categories
        },
        mean={name: _estimate(told.mean(name)) for name in MEANS},
        overall={name: _estimate(told.overall(name)) for name in _OVERALL},
    )


def compare(before: Sequence[Measured], after: Sequence[Measured]) -> Comparison:
    """Compare two runs over the meetings that both have, with the same labels."""
    known = {(m.id, m.labels_sha256): m for m in before}
    pairs = [(known[key], m) for m in after if (key := (m.id, m.labels_sha256)) in known]
    shared = {m.id for _, m in pairs}
    draws = _draws(len(pairs))
    one = _Draws([b for b, _ in pairs], draws)
    other = _Draws([a for _, a in pairs], draws)
    return Comparison(
        meetings=tuple(m.id for _, m in pairs),
        left_out=tuple(dict.fromkeys(m.id for m in (*before, *after) if m.id not in shared)),
        categories={
            category: {
                name: _difference(one.of(category, name), other.of(category, name))
                for name in _SCORES
            }
            for category in other.categories
        },
        mean={name: _difference(one.mean(name), other.mean(name)) for name in MEANS},
        overall={name: _difference(one.overall(name), other.overall(name)) for name in _OVERALL},
    )


# --- Drawing ------------------------------------------------------------------------------------

_Values = list[float | None]
"""A score for the meetings themselves, then for each draw of them."""


_Draw = Sequence[tuple[int, int]]
"""Places of meetings, and how often each is drawn."""


def _draws(count: int) -> list[_Draw]:
    """Return how often each meeting is in each draw, the meetings themselves first."""
    places = range(count)
    themselves = [(place, 1) for place in places]
    if count < 2:
        return [themselves]
    chance = random.Random(SEED)  # noqa: S311 - the same draws each time, on purpose
    drawn = (Counter(chance.choices(places, k=count)) for _ in range(DRAWS))
    return [themselves, *(list(times.items()) for times in drawn)]


class _Draws:
    """The scores of some meetings in every draw."""

    def __init__(self, meetings: Sequence[Measured], draws: Sequence[_Draw]) -> None:
        self._draws = draws
        self._rows: dict[Category, list[Mapping[str, float]]] = {
            category: [m.counts[category].model_dump() if category in m.counts else {}
                       for m in meetings]
            for category in CATEGORIES
        }  # fmt: skip
        self._whole = [_whole(m) for m in meetings]
        self.categories = tuple(c for c in CATEGORIES if any(self._rows[c]))

    def of(self, category: Category, name: str) -> _Values:
        """Return a score of a category."""
        return self._ratios(self._rows[category], _SCORES[name])

    def mean(self, name: str) -> _Values:
        """Return the mean of a score over the categories that have it."""
        columns = [self.of(category, name) for category in self.categories]
        return [_mean(values[draw] for values in columns) for draw in range(len(self._draws))]

    def overall(self, name: str) -> _Values:
        """Return a score that belongs to no category."""
        return self._ratios(self._whole, _OVERALL[name])

    def _ratios(self, rows: Sequence[Mapping[str, float]], ratio: _Ratio) -> _Values:
        above, below, due = (
            [sum(row.get(name, 0.0) for name in names) for row in rows]
            for names in (ratio.above, ratio.below, ratio.due)
        )
        values: _Values = []
        for draw in self._draws:
            if whole := sum(below[i] * times for i, times in draw):
                part = sum(above[i] * times for i, times in draw)
                values.append(ratio.factor * part / whole)
            else:
                values.append(0.0 if any(due[i] for i, _ in draw) else None)
        return values


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _whole(meeting: Measured) -> dict[str, float]:
    return {
        "quotes": meeting.quotes,
        "verbatim": meeting.quotes - len(meeting.misquoted),
        "must_not": meeting.must_not,
        "violations": len(meeting.violations),
        "speech_seconds": meeting.speech_seconds,
        "analysed_seconds": meeting.analysed_seconds,
        "duration": meeting.duration,
        **meeting.cost.model_dump(),
    }


def _estimate(values: _Values) -> Estimate:
    """Return the first value, with the interval of the others."""
    drawn = sorted(value for value in values[1:] if value is not None)
    if values[0] is None or not drawn:
        return Estimate(value=values[0])
    last = len(drawn) - 1
    low, high = drawn[round(TAIL * last)], drawn[round((1 - TAIL) * last)]
    return Estimate(value=values[0], low=low, high=high)


def _difference(before: _Values, after: _Values) -> Difference:
    changes = [
        None if b is None or a is None else round(a - b, 12)  # no noise that would look sure
        for b, a in zip(before, after, strict=True)
    ]
    return Difference(before=before[0], after=after[0], change=_estimate(changes))
