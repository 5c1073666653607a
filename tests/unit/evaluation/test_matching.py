"""Findings and labels go together one to one, and nobody pairs them better."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.evaluation.matching import Item, assigned, hits, likeness, matched
from memo.evaluation.words import Words
from memo.model import Span

WORDS = Words("en")


def total(scores: list[list[float]], pairs: list[tuple[int, int]]) -> float:
    return sum(scores[i][j] for i, j in pairs)


def best_by_trying(scores: list[list[float]]) -> float:
    """The highest total of all ways to give each row a column or none."""
    rows, columns = len(scores), len(scores[0]) if scores else 0
    places = [*range(columns), *[None] * rows]
    ways = set(permutations(places, rows))
    return max(total(scores, [(i, j) for i, j in enumerate(way) if j is not None]) for way in ways)


@st.composite
def matrices(draw: st.DrawFn, most: int = 4) -> list[list[float]]:
    rows, columns = draw(st.integers(0, most)), draw(st.integers(1, most))
    shares = st.integers(0, 20).map(lambda n: n / 20)
    row = st.lists(shares, min_size=columns, max_size=columns)
    return draw(st.lists(row, min_size=rows, max_size=rows))


@settings(deadline=None)
@given(matrices())
def test_no_other_assignment_is_better(scores: list[list[float]]) -> None:
    assert total(scores, assigned(scores)) == pytest.approx(best_by_trying(scores))


@settings(deadline=None)
@given(matrices(most=7))
def test_nobody_is_paired_twice_and_the_smaller_side_is_used_up(scores: list[list[float]]) -> None:
    pairs = assigned(scores)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert len(pairs) == min(len(scores), len(scores[0]) if scores else 0)


def test_nothing_is_assigned_to_nothing() -> None:
    assert assigned([]) == []
    assert assigned([[], []]) == []


def test_a_greedy_choice_is_given_up_for_a_better_whole() -> None:
    assert assigned([[0.9, 0.8], [0.8, 0.0]]) == [(0, 1), (1, 0)]


def item(text: str, *spans: tuple[float, float]) -> Item:
    return Item(text, tuple(Span(start=a, end=b) for a, b in spans))


def test_the_same_words_at_the_same_place_are_the_same() -> None:
    one = item("Ship the sensors by air", (10, 20))
    assert likeness(one, item("The sensors are shipped by air", (30, 40)), WORDS) == 1.0


def test_words_weigh_seven_tenths_and_the_place_three() -> None:
    label = item("Ship the sensors", (10, 20))
    assert likeness(item("Ship the sensors", (100, 120)), label, WORDS) == pytest.approx(0.7)
    assert likeness(item("Paint the shutters", (10, 20)), label, WORDS) == pytest.approx(0.3)


def test_words_alone_count_where_a_label_has_no_place() -> None:
    assert likeness(item("Ship the sensors", (5, 6)), item("Ship the sensors"), WORDS) == 1.0


def test_places_may_miss_each_other_by_fifteen_seconds() -> None:
    here = [Span(start=100, end=110)]
    assert hits([Span(start=125, end=130), Span(start=80, end=85)], here) == 2
    assert hits([Span(start=125.1, end=130), Span(start=80, end=84.9)], here) == 0


def test_stop_words_and_minute_takers_words_make_no_match() -> None:
    assert likeness(item("We have decided that it will be so"), item("decided"), WORDS) < 1
    assert WORDS.likeness("We agreed to rent the hall", "We agreed to sell the van") == 0.0


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("de", "Die Dienste werden getauscht", "Ein Dienst wird getauscht"),
        ("es", "Vamos a contratar a los camareros", "Se contratará al camarero"),
        ("zh", "我们下周一发布新版本", "新版本下周一发布"),
        ("xx", "alpha beta", "beta alpha"),
    ],
)
def test_words_are_compared_in_their_language(language: str, one: str, other: str) -> None:
    assert Words(language).likeness(one, other) >= 0.5


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_symmetric_and_a_share(one: str, other: str) -> None:
    there = WORDS.likeness(one, other)
    assert there == WORDS.likeness(other, one)
    assert 0.0 <= there <= 1.0


def test_names_and_a_corpus_boilerplate_are_left_out() -> None:
    words = Words("en", ["Project Manager"], ["remote", "control"])
    assert words.content("The Project Manager paints the remote control") == ("paint",)


def test_pairs_come_with_their_likeness() -> None:
    found = [item("Paint the shutters"), item("Ship the sensors by air")]
    labels = [item("Ship sensors by air")]
    assert matched(found, labels, WORDS) == [(1, 0, 1.0)]
