"""Meetings add up to scores, with intervals that are the same each time; runs are compared."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.evaluation.counting import Cost, Counts, Measured
from memo.evaluation.scores import compare, score


def meeting(name: str = "m", version: str = "0", **counts: int) -> Measured:
    """A meeting of half an hour with counted decisions."""
    return Measured(
        id=name,
        corpus="",
        labels_sha256=version * 64,
        language="en",
        duration=1800,
        speech_seconds=1000,
        analysed_seconds=900,
        counts={"decisions": Counts(**counts)},
        verdicts={},
        quotes=4,
        misquoted=("x",),
        must_not=5,
        violations=(),
        pairs=(),
        cost=Cost(reading_seconds=30, prompt_tokens=100, answer_tokens=10),
    )


def test_meetings_are_added_up_before_they_are_divided() -> None:
    told = score([meeting(found=10, labels=2, hits=1), meeting(found=2, labels=6, hits=2)])
    decisions = told.categories["decisions"]
    assert decisions["precision"].value == 3 / 12
    assert decisions["recall"].value == 3 / 8
    assert decisions["f1"].value == pytest.approx(6 / 20)
    assert told.counts["decisions"].hits == 3


def test_what_belongs_to_no_category_is_per_hour_or_a_share() -> None:
    overall = score([meeting()]).overall
    assert overall["reading_seconds_per_hour"].value == 60
    assert overall["prompt_tokens_per_hour"].value == 200
    assert overall["quotes"].value == 0.75
    assert overall["coverage"].value == 0.9
    assert overall["violations"].value == 0


def test_nothing_to_score_is_unknown_and_finding_nothing_is_zero() -> None:
    empty = score([meeting()]).categories["decisions"]
    assert {e.value for e in empty.values()} == {None}
    silent = score([meeting(labels=3)]).categories["decisions"]
    assert (silent["precision"].value, silent["recall"].value, silent["f1"].value) == (0, 0, 0)
    assert silent["owner"].value is None
    assert score([]).categories == {}


def test_one_meeting_has_no_interval() -> None:
    one = score([meeting(found=4, labels=4, hits=2)]).categories["decisions"]["f1"]
    assert (one.value, one.low, one.high) == (0.5, None, None)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=6
    )
)
def test_an_interval_holds_its_score_and_stays_in_range(
    rows: list[tuple[int, int, int]],
) -> None:
    counted = [meeting(found=hits + a, labels=hits + b, hits=hits) for hits, a, b in rows]
    for told in score(counted).categories["decisions"].values():
        if told.value is None or told.low is None or told.high is None:
            continue
        assert 0 <= told.low <= told.high <= 1
        assert told.low - 1e-9 <= told.value <= told.high + 1e-9 or len(rows) < 4


def test_intervals_are_the_same_each_time_and_narrow_with_more_meetings() -> None:
    rows = [meeting(found=10, labels=10, hits=hits) for hits in (1, 5, 9, 3)]
    few, again = score(rows), score(rows)
    assert few == again
    many = score(rows * 8).categories["decisions"]["f1"]
    some = few.categories["decisions"]["f1"]
    assert many.low is not None and many.high is not None  # noqa: PT018
    assert some.low is not None and some.high is not None  # noqa: PT018
    assert many.high - many.low < (some.high - some.low) / 2


def test_the_interval_is_that_of_the_known_distribution() -> None:
    """Sixteen meetings, half of them all right: the share is binomial, 95 % within 0.25 to 0.75."""
    rows = [meeting(found=1, labels=1, hits=i % 2) for i in range(16)]
    told = score(rows).categories["decisions"]["precision"]
    assert told.value == 0.5
    assert told.low == pytest.approx(0.25, abs=0.07)
    assert told.high == pytest.approx(0.75, abs=0.07)


# --- Comparing ----------------------------------------------------------------------------------


def test_meetings_are_compared_with_themselves() -> None:
    """What makes a meeting hard for both runs cancels out: the same gain everywhere is sure."""
    before = [meeting(str(i), found=10, labels=10, hits=i) for i in range(8)]
    after = [meeting(str(i), found=10, labels=10, hits=i + 1) for i in range(8)]
    told = compare(before, after).categories["decisions"]["f1"]
    assert told.change.value == pytest.approx(0.1)
    assert told.change.low == told.change.high == 0.1
    assert told.is_clear


def test_a_difference_that_comes_and_goes_is_not_sure() -> None:
    before = [meeting(str(i), found=10, labels=10, hits=5) for i in range(8)]
    after = [meeting(str(i), found=10, labels=10, hits=9 if i % 2 else 2) for i in range(8)]
    assert not compare(before, after).categories["decisions"]["f1"].is_clear
    assert not compare(before, before).categories["decisions"]["f1"].is_clear


def test_only_meetings_with_the_same_labels_are_compared() -> None:
    before = [meeting("a"), meeting("b"), meeting("c", version="1")]
    after = [meeting("d"), meeting("c", version="2"), meeting("a")]
    told = compare(before, after)
    assert told.meetings == ("a",)
    assert sorted(told.left_out) == ["b", "c", "d"]


def test_runs_without_a_meeting_in_common_have_nothing_to_compare() -> None:
    told = compare([meeting("a")], [meeting("b")])
    assert told.meetings == ()
    assert told.categories == {}
