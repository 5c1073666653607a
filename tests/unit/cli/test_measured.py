"""A run reads well: in eighty columns, in forty, and what is wrong cannot be overlooked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest

from memo.cli.measured import comparison, fitted, pairs, report
from memo.evaluation import Cost, Counts, Failure, Measured, Reader, Run, run_of
from memo.evaluation.counting import Pair, Violation
from memo.model import Verdict


def meeting(name: str, **about: object) -> Measured:
    given = {
        "id": name,
        "corpus": "",
        "labels_sha256": "0" * 64,
        "language": "en",
        "duration": 1800,
        "speech_seconds": 1000,
        "analysed_seconds": 1000,
        "counts": {
            "decisions": Counts(
                found=5, labels=4, hits=2, soft=1.5, status_asked=2, status_right=1
            ),
            "actions": Counts(
                found=3, labels=3, hits=3, owner_asked=3, owner_right=2, owner_wrong=1
            ),
        },
        "verdicts": {Verdict.SUPPORTED: 8},
        "quotes": 9,
        "misquoted": (),
        "must_not": 3,
        "violations": (),
        "pairs": (),
        "cost": Cost(reading_seconds=90, answers=4, prompt_tokens=5000, answer_tokens=70),
        **about,
    }
    return Measured.model_validate(given)


def run(*meetings: Measured, failures: Iterable[Failure] = ()) -> Run:
    return run_of(
        meetings,
        tuple(failures),
        labels="mine",
        reader=Reader(
            memo_version="1", llm="embedded", language_model="tiny", prompts_sha256="0" * 64
        ),
        created_at=dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC),
    )


def told(of: Run, width: int = 80) -> str:
    return "\n".join(report(of, width))


@pytest.mark.parametrize("width", [80, 100, 44])
def test_a_table_fits_the_terminal(width: int) -> None:
    one = run(meeting("a"), meeting("b", misquoted=("What nobody ever said " * 5,)))
    assert max(map(len, fitted(report(one, width), width))) <= width
    table = [line for line in report(one, width) if line[-3:-2] == "." and "NOT" not in line]
    assert len(table) >= 4
    assert [line for line in table if line not in fitted(table, width)] == []


def test_a_table_tells_what_was_measured() -> None:
    text = told(run(meeting("a"), meeting("b")))
    assert "2 meetings, 1:00:00, labels of mine" in text
    assert "read by embedded tiny; memo 1, 2026-03-02 09:30 UTC" in text
    assert "decisions     10      8    4  0.40 .40–.40" in text
    assert "status right        2 of 4   0.50 .50–.50" in text
    assert "owner right         4 of 6   0.67 .67–.67, 2 wrong" in text
    assert "18 of 18 word for word in their place" in text
    assert "180 s, 10,000 tokens asked and 140 answered per hour" in text


def test_a_quote_that_was_never_said_cannot_be_overlooked() -> None:
    text = told(run(meeting("a", misquoted=("We never said so",))))
    assert text.startswith("NOT VERBATIM in a: “We never said so”")
    assert "8 of 9 word for word in their place <<< SHOULD BE ALL" in text


def test_a_meeting_that_could_not_be_read_is_named_first() -> None:
    text = told(run(meeting("a"), failures=[Failure(id="b", error="the model is away")]))
    assert text.startswith("NOT READ, in no score: b: the model is away")


def test_what_must_not_be_said_is_quoted() -> None:
    said = Violation(finding="Buy a boat", must_not="A boat is bought.")
    text = told(run(meeting("a", violations=(said,))))
    assert "1 of 3 statements made" in text
    assert "a: “Buy a boat”" in text


def test_a_run_without_any_meeting_has_a_table_all_the_same() -> None:
    assert "0 meetings" in told(run())
    assert "0 meetings" in told(run(), width=30)


def test_answers_of_an_earlier_run_are_told() -> None:
    cost = Cost(reading_seconds=1, answers=4, remembered=3)
    assert "3 of 4 answers are of an earlier run" in told(run(meeting("a", cost=cost)))
    assert "earlier run" not in told(run(meeting("a")))


def test_pairs_show_matches_and_near_misses() -> None:
    some = (
        Pair(category="decisions", finding="F1", label="L1", likeness=0.8, is_match=True),
        Pair(category="decisions", finding="F2", label="L2", likeness=0.3),
        Pair(category="actions", finding="F3", label=None),
        Pair(category="questions", finding=None, label="L4", optional=True),
    )
    assert list(pairs([meeting("a", pairs=some)])) == [
        "a",
        "  = D F1",
        "      0.80 L1",
        "  + D F2",
        "  - D 0.30 L2",
        "  + A F3",
        "  - Q L4 (optional)",
        "",
    ]


def test_what_comes_from_a_file_plays_no_tricks_on_the_terminal() -> None:
    bad = "\x1b[2J\u202eevil\nline"
    some = (Pair(category="decisions", finding=bad, label=bad, likeness=0.8, is_match=True),)
    said = Violation(finding=bad, must_not=bad)
    evil = meeting(bad, pairs=some, misquoted=(bad,), violations=(said,))
    failed = Failure(id=bad, error=bad)
    one = run(evil, failures=[failed])
    text = "\n".join([*report(one, 80), *pairs(one.meetings), *comparison(one, run(), 80)])
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "evil\n" not in text


@pytest.mark.parametrize("width", [80, 55])
def test_runs_are_compared_side_by_side(width: int) -> None:
    better = Counts(found=5, labels=4, hits=4)
    after = [meeting(n, counts={"decisions": better}) for n in "abc"]
    before = [meeting(n) for n in "abd"]
    lines = list(comparison(run(*before), run(*after), width))
    assert "compared over 2 meetings that both runs have" in lines
    assert "left out, or labelled otherwise: d, c" in lines
    (recall,) = (line for line in lines if line.startswith("decisions recall"))
    assert recall.split()[2:5] == ["0.50", "1.00", "+0.50"]
    assert recall.endswith("*")
    assert (
        max(len(line) for line in lines if " tiny; " not in line and "not told" not in line)
        <= width
    )


def test_runs_that_have_nothing_in_common_say_so() -> None:
    lines = list(comparison(run(meeting("a")), run(meeting("b")), 80))
    assert lines[-1] == "left out, or labelled otherwise: a, b"
