"""Claims that say the same become one; none that says something else is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.extraction.merging import merged, same, text_of
from memo.extraction.words import figures, negated
from memo.model import ActionClaim, Claim, DecisionClaim, DecisionStatus, QuestionClaim


def decision(statement: str, *ids: int, **more: Any) -> DecisionClaim:  # noqa: ANN401
    return DecisionClaim(statement=statement, segment_ids=ids, **more)


def action(task: str, *ids: int, **more: Any) -> ActionClaim:  # noqa: ANN401
    return ActionClaim(task=task, segment_ids=ids, **more)


CLAIMS = st.lists(
    st.builds(
        DecisionClaim,
        statement=st.sampled_from(
            [
                "Roll out by region.",
                "Roll out by region instead of one cutover.",
                "We roll it out region by region instead of one cutover",
                "Do not roll out by region.",
                "Roll out by region on 8 May.",
                "Roll out by region on 9 May.",
                "Ask Tomas about the region.",
                "Ask Priya about the region.",
                "Do it.",
                "",
            ]
        ),
        segment_ids=st.lists(st.integers(0, 6), max_size=3).map(tuple),
        rationale=st.sampled_from([None, "the numbers were wrong"]),
        status=st.sampled_from([DecisionStatus.ACCEPTED, DecisionStatus.PROPOSED]),
        doubt=st.sampled_from([None, "nobody agreed"]),
    ),
    max_size=8,
)


@given(CLAIMS, st.randoms())
def test_the_order_in_which_claims_come_does_not_matter(
    claims: list[DecisionClaim],
    luck: Any,  # noqa: ANN401
) -> None:
    shuffled = list(claims)
    luck.shuffle(shuffled)
    assert merged(shuffled, "en") == merged(claims, "en")


@given(CLAIMS)
def test_merging_twice_is_merging_once(claims: list[DecisionClaim]) -> None:
    once = merged(claims, "en")
    assert merged(once, "en") == once
    assert merged([*claims, *claims], "en") == once


@given(CLAIMS)
def test_no_figure_and_no_polarity_is_lost(claims: list[DecisionClaim]) -> None:
    def values(some: list[DecisionClaim]) -> set[tuple[frozenset[str], bool]]:
        told = [(figures(c.statement, "en") - {"1"}, c.statement) for c in some]
        return {(frozenset(found), negated(statement, "en")) for found, statement in told}

    assert values(list(merged(claims, "en"))) == values(claims)


@given(CLAIMS)
def test_no_place_and_no_reason_is_lost(claims: list[DecisionClaim]) -> None:
    kept = merged(claims, "en")
    assert {i for c in kept for i in c.segment_ids} == {i for c in claims for i in c.segment_ids}
    assert {c.rationale for c in claims if c.rationale} <= {c.rationale for c in kept}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Pay Acme 500 euros", "Pay Acme 600 euros"),
        ("Pay Acme five hundred euros", "Pay Acme six hundred euros"),
        ("Move the launch to Friday", "Move the launch to Monday"),
        ("move the launch to friday", "move the launch to monday"),
        ("Move the launch by the end of May", "Move the launch by the end of June"),
        ("Extend the contract", "Do not extend the contract"),
        ("We'll extend the contract", "We won't extend the contract"),
        ("Priya signs the contract with Acme", "Tomas signs the contract with Acme"),
        ("Sign the contract with Acme", "Sign the contract with Globex"),
        ("Send it to Oslo and Bergen", "Send it to Oslo"),
        ("Ship version v2 on the first", "Ship version v3 on the first"),
        ("Use the old billing tables", "Use the new billing tables"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_a_changed_value_makes_two_decisions(one: str, other: str, together: bool) -> None:  # noqa: FBT001
    claims = [decision(one, 3), decision(other, 3 if together else 9)]
    assert len(merged(claims, "en")) == 2


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Zahle 500 Euro", "Zahle sechshundert Euro", "de"),
        ("Wir verlängern den Vertrag", "Wir verlängern den Vertrag nicht", "de"),
        ("Se amplía el contrato", "No se amplía el contrato", "es"),
        ("在周一发布新版本", "在周五发布新版本", "zh"),
        ("发布新版本", "不发布新版本", "zh"),
        ("On prolonge le contrat", "On ne prolonge pas le contrat", "fr"),
    ],
)
def test_a_changed_value_is_noticed_in_other_languages(one: str, other: str, language: str) -> None:
    assert len(merged([decision(one, 1), decision(other, 1)], language)) == 2


def test_two_windows_that_report_the_same_give_one() -> None:
    claims = [
        decision("Roll out by region instead of one cutover.", 4, 5, rationale="wrong tax numbers"),
        decision("Rollout by region, instead of a single cutover", 5, 6),
        decision("Roll out by region", 5, decided_by=("Ann",)),
    ]
    kept = merged(claims, "en")
    assert len(kept) == 1
    assert kept[0].statement == "Rollout by region, instead of a single cutover"
    assert kept[0].rationale == "wrong tax numbers"
    assert kept[0].decided_by == ("Ann",)
    assert kept[0].segment_ids == (4, 5, 6)


def test_the_same_figure_in_words_is_no_change() -> None:
    claims = [decision("Pay Acme 1,200 euros", 1), decision("Pay Acme twelve hundred euros", 1)]
    assert len(merged(claims, "en")) == 1


def test_the_fuller_telling_learns_what_only_the_other_knew() -> None:
    fuller = action("Send the long floor plan to the caretaker", 2)
    shorter = action("Send the floor plan", 2, 3, owner="Ann", due_text="by Friday", quote="I will")
    (kept,) = merged([fuller, shorter], "en")
    assert kept == ActionClaim(
        task=fuller.task, segment_ids=(2, 3), owner="Ann", due_text="by Friday", quote="I will"
    )


@pytest.mark.parametrize(
    ("one", "other", "number"),
    [
        ({"owner": "Ann"}, {"owner": "Bo"}, 2),
        ({"owner": "Ann"}, {"owner": None}, 1),
        ({"owner": "Ann"}, {"owner": "Ann Smith"}, 1),
        ({"due_text": "by Friday"}, {"due_text": "by Monday"}, 2),
        ({"due_text": "by Friday"}, {"due_text": "Friday"}, 1),
        ({"due_text": "by Friday"}, {}, 1),
    ],
)
def test_owners_and_dates_keep_tasks_apart(
    one: dict[str, Any], other: dict[str, Any], number: int
) -> None:
    claims = [action("Send the plan", 1, **one), action("Send the plan", 1, **other)]
    assert len(merged(claims, "en")) == number


def test_what_was_put_off_and_then_settled_is_settled() -> None:
    status = DecisionStatus
    claims = [
        decision("Roll out by region", 1, status=status.PROPOSED, doubt="nobody agreed"),
        decision("Roll out by region", 9, status=status.ACCEPTED),
    ]
    (kept,) = merged(claims, "en")
    assert (kept.status, kept.doubt) == (status.ACCEPTED, None)
    refused = decision("Roll out by region", 9, status=status.REJECTED)
    assert len(merged([claims[1], refused], "en")) == 2


def test_what_says_nothing_is_one_only_in_one_place() -> None:
    assert len(merged([decision("Do it.", 1), decision("Do it.", 9)], "en")) == 2
    assert len(merged([decision("Do it.", 1), decision("Do it!", 1)], "en")) == 1


def test_claims_come_in_order_of_time() -> None:
    claims = [QuestionClaim(question=f"Who owns table {n}?", segment_ids=(n,)) for n in (5, 1, 3)]
    assert [c.segment_ids[0] for c in merged(claims, "en")] == [1, 3, 5]


@given(CLAIMS)
def test_being_the_same_is_mutual(claims: list[DecisionClaim]) -> None:
    for one in claims:
        assert same(one, one, "en")
        for other in claims:
            assert same(one, other, "en") == same(other, one, "en")


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        (decision("A."), "A."),
        (action("B"), "B"),
        (QuestionClaim(question="C?"), "C?"),
    ],
)
def test_a_claim_has_one_text(claim: Claim, text: str) -> None:
    assert text_of(claim) == text
