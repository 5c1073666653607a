"""A decision is known again after another run; in doubt it is another one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memo.decision_log.matching import match
from memo.model import Decision, Evidence, Verdict


def decision(statement: str, *spans: tuple[float, float]) -> Decision:
    return Decision(
        id="D1",
        verdict=Verdict.UNCERTAIN,
        confidence=0.5,
        statement=statement,
        evidence=tuple(
            Evidence(start=start, end=end, speaker=None, quote="…", score=1) for start, end in spans
        ),
    )


@pytest.mark.parametrize(
    ("standing", "found"),
    [
        (
            "Roll out by region instead of one cutover on the eighth.",
            "The team will roll out region by region, not one single cutover.",
        ),
        (
            "The 80 % disk alert becomes a morning ticket.",
            "Change the 80% disk alert from a page to a morning ticket",
        ),
        ("Use PostgreSQL for the log", "The log will use PostgreSQL"),
        ("Ship on the 8th", "We ship on the 8th of March 2026"),
        ("Wir führen das Release am Montag durch", "Das Release wird am Montag durchgeführt"),
        ("Se lanza por región", "El lanzamiento será por región"),
        ("リージョンごとに展開する", "地域ごとに展開する"),
    ],
)
def test_a_rewording_of_the_same_moment_is_the_same_decision(standing: str, found: str) -> None:
    assert match([decision(standing, (10, 20))], [decision(found, (11, 21))]) == [0]


def test_a_decision_told_in_another_language_is_the_same() -> None:
    told = decision("Se lanza por región", (10, 20))
    translated = told.model_copy(
        update={"statement": "Launch by region", "untranslated": told.statement}
    )
    assert match([told], [translated]) == match([translated], [told]) == [0]
    assert match([translated], [decision("Launch by region", (50, 60))]) == [None]


@pytest.mark.parametrize(
    ("standing", "found"),
    [
        ("The limit is 5 per user", "The limit is 7 per user"),
        ("The budget for Berlin is approved", "The budget for Madrid is approved"),
        ("We will keep the CSV export", "We will not keep the CSV export"),
        ("We don't keep CSV", "We keep CSV"),
        ("Wir behalten den Export", "Wir behalten den Export nicht"),
        ("Drop CSV export", "Move the standup to Tuesday"),
    ],
)
def test_another_figure_name_or_polarity_is_another_decision(standing: str, found: str) -> None:
    assert match([decision(standing, (10, 20))], [decision(found, (10, 20))]) == [None]


def test_a_rewording_of_another_moment_is_another_decision() -> None:
    standing = decision("Roll out by region instead of one cutover", (10, 20))
    found = decision("We roll out by region instead of one cutover", (300, 310))
    assert match([standing], [found]) == [None]


def test_a_rewording_without_evidence_is_another_decision() -> None:
    assert match([decision("Roll out by region")], [decision("We roll out by region")]) == [None]


@pytest.mark.parametrize(
    "found",
    ["roll out BY REGION", " Roll out – by region!", "Ｒoll out by region", "Roll  out\nby region"],
)
def test_case_punctuation_spacing_and_encoding_do_not_count(found: str) -> None:
    assert match([decision("Roll out by region.", (1, 2))], [decision(found, (500, 501))]) == [0]


def test_signs_alone_are_compared_as_they_stand() -> None:
    assert match([decision("👍"), decision("👎")], [decision("👎"), decision("✅")]) == [1, None]


def test_equal_statements_go_each_to_its_own_moment() -> None:
    standing = [decision("Approved", (10, 20)), decision("Approved", (90, 99))]
    found = [decision("Approved", (91, 98)), decision("Approved", (10, 20))]
    assert match(standing, found) == [1, 0]


def test_an_equal_statement_comes_before_one_that_is_alike() -> None:
    standing = [
        decision("Roll out by region first", (10, 20)),
        decision("Roll out by region", (10, 20)),
    ]
    assert match(standing, [decision("Roll out by region", (10, 20))]) == [1]


def test_of_two_equally_good_ones_the_first_is_taken() -> None:
    twins = [decision("Approved", (1, 2)), decision("Approved", (1, 2))]
    assert match(twins, [decision("Approved", (1, 2))]) == [0]


unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
statements = st.text(max_size=12) | st.sampled_from(["Ship it", "We ship it", "Don't ship it"])
spans = st.lists(st.sampled_from([(0.0, 5.0), (4.0, 9.0), (50.0, 50.0), (51.0, 60.0)]), max_size=3)
decisions = st.lists(st.builds(lambda text, at: decision(text, *at), statements, spans), max_size=6)


@unhurried
@given(standing=decisions, found=decisions)
def test_no_standing_decision_is_given_twice(
    standing: list[Decision], found: list[Decision]
) -> None:
    matched = match(standing, found)
    given_ = [place for place in matched if place is not None]
    assert len(matched) == len(found)
    assert len(given_) == len(set(given_))
    assert all(0 <= place < len(standing) for place in given_)


@unhurried
@given(found=decisions)
def test_the_same_decisions_in_any_order_are_all_known_again(found: list[Decision]) -> None:
    matched = match(list(reversed(found)), found)
    assert None not in matched
    assert [found[::-1][place or 0].statement.split() for place in matched] or not found


def test_hundreds_of_decisions_are_matched_within_seconds() -> None:
    many = [decision(f"Decision {n} about " + "words " * 50, (n, n + 5)) for n in range(300)]
    assert match(many, many[::-1]) == list(range(299, -1, -1))
