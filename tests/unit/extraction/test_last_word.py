"""The last word: short scenes in three languages, and what holds for any draft at all."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.extraction.last_word import last_word
from memo.extraction.lines import Line
from memo.extraction.merging import text_of
from memo.model import (
    ActionClaim,
    Claim,
    DecisionClaim,
    DecisionStatus,
    Draft,
    QuestionClaim,
    Remark,
    RemarkCode,
)

if TYPE_CHECKING:
    from tests.unit.extraction.conftest import Asked, Desk

SCENES = Path(__file__).parents[2] / "data" / "last_word"
Scene = dict[str, Any]


def scenes() -> list[Any]:
    return [
        pytest.param(scene, path.stem, id=f"{path.stem}: {scene['name']}")
        for path in sorted(SCENES.glob("*.toml"))
        for scene in tomllib.loads(path.read_text(encoding="utf-8"))["scene"]
    ]


def lines_of(talk: str) -> list[Line]:
    said = [line.split(": ", 1) for line in talk.strip().splitlines()]
    return [
        Line(n, 5.0 * n, 5.0 * n + 4, speaker, text, (n,)) for n, (speaker, text) in enumerate(said)
    ]


def draft_of(scene: Scene, lines: list[Line]) -> Draft:
    def place(given: Scene, quoted: int) -> Scene:
        at = given["at"]
        return {"segment_ids": tuple(at), "quote": lines[at[quoted]].text}

    return Draft(
        reader="scene",
        prompts_sha256="0" * 64,
        decisions=tuple(
            DecisionClaim(
                **place(d, -1),
                statement=d["says"],
                status=DecisionStatus(d.get("status", "accepted")),
                rationale=d.get("why"),
                decided_by=tuple(d.get("by", ())),
            )
            for d in scene.get("decisions", ())
        ),
        actions=tuple(
            ActionClaim(**place(a, -1), task=a["says"], owner=a.get("owner"), due_text=a.get("due"))
            for a in scene.get("actions", ())
        ),
        questions=tuple(
            QuestionClaim(**place(q, 0), question=q["says"]) for q in scene.get("questions", ())
        ),
    )


def told(claim: Claim) -> Scene:
    """Return a claim as a scene writes it; what is not there is "" or []."""
    found: Scene = {"at": list(claim.segment_ids)}
    if isinstance(claim, DecisionClaim):
        found |= {"says": claim.statement, "status": claim.status.value, "why": claim.rationale}
        found |= {"supersedes": claim.supersedes or "", "by": sorted(claim.decided_by)}
        found |= {"considered": [c.lower() for c in claim.considered]}
    if isinstance(claim, ActionClaim):
        found |= {"says": claim.task, "owner": claim.owner or "", "due": claim.due_text or ""}
    if isinstance(claim, QuestionClaim):
        found |= {"says": claim.question, "waiting": claim.waiting_on or ""}
    return found


@pytest.mark.parametrize(("scene", "language"), scenes())
def test_the_last_word_of_a_scene_stands(scene: Scene, language: str) -> None:
    lines = lines_of(scene["talk"])
    people = tuple(dict.fromkeys(line.speaker for line in lines if line.speaker))
    draft = last_word(draft_of(scene, lines), lines, people, language).draft
    for kind, wanted in scene["left"].items():
        found = [told(claim) for claim in getattr(draft, kind)]
        shown = [
            {name: one[name] for name in two} | _contained(one, two)
            for one, two in zip(found, wanted, strict=False)
        ]
        assert [*shown, *found[len(wanted) :]] == wanted


def _contained(found: Scene, wanted: Scene) -> Scene:
    """Return the wanted options if all of them were found: more may have been considered."""
    if {c.lower() for c in wanted.get("considered", ())} <= {*found.get("considered", ())}:
        return {"considered": wanted["considered"]} if "considered" in wanted else {}
    return {}


# --- What holds for any draft -------------------------------------------------------------------

SPOKEN = [
    "We launch on the fourth of June.", "Then we launch on the eleventh of June instead.",
    "Agreed.", "Yes, but not like that.", "No, scrap that.", "Twelve percent, then.",
    "Ten percent off for Pacifica?", "Actually, I can't write the letter after all.",
    "No, let Ben do that.", "I'll write the letter by Friday.", "Make that Monday.",
    "I've just sent the letter.", "Who pays for the hall?", "The church pays for the hall.",
    "I don't know.", "I'll find out.", "I'll ask Cleo.", "One hall or two halls?", "Okay.",
]  # fmt: skip
STATEMENTS = [
    "We launch on the fourth of June", "Launch on the eleventh of June", "Do not launch",
    "Ten percent off for Pacifica", "Twelve percent off for Pacifica", "Twelve, then",
    "Launch", "", "Cancel the launch", "Two halls", "Also launch on the first of May",
]  # fmt: skip
TASKS = [
    "Write the letter", "Write the letter to the council", "Send the letter", "Find out who pays",
    "Write two letters", "",
]  # fmt: skip
QUESTIONS = [
    "Who pays for the hall?",
    "Does the church pay for the hall?",
    "When do we launch?",
    "",
]
NAMES = ["Ann", "Ben", "Cleo"]
DUES = [None, "by Friday", "on Monday"]


@st.composite
def drafts(draw: st.DrawFn) -> tuple[Draft, list[Line]]:
    speakers = st.sampled_from([*NAMES, None])
    said = draw(st.lists(st.tuples(speakers, st.sampled_from(SPOKEN)), min_size=1, max_size=12))
    lines = [
        Line(n, 5.0 * n, 5.0 * n + 4, speaker, text, (n,)) for n, (speaker, text) in enumerate(said)
    ]
    place = {
        "segment_ids": st.lists(st.integers(0, len(said)), max_size=3, unique=True).map(
            lambda ids: tuple(sorted(ids))
        ),
        "quote": st.sampled_from([None, *(line.text for line in lines)]),
        "doubt": st.sampled_from([None, None, Remark.of(RemarkCode.NOBODY_AGREED)]),
    }
    decision = st.builds(
        DecisionClaim,
        **place,
        statement=st.sampled_from(STATEMENTS),
        status=st.sampled_from(DecisionStatus),
        decided_by=st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple),
        rationale=st.sampled_from([None, "it is late"]),
    )
    owner, due = st.sampled_from([*NAMES, None]), st.sampled_from(DUES)
    action = st.builds(ActionClaim, **place, task=st.sampled_from(TASKS), owner=owner, due_text=due)
    question = st.builds(QuestionClaim, **place, question=st.sampled_from(QUESTIONS))
    draft = Draft(
        reader="any",
        prompts_sha256="0" * 64,
        decisions=tuple(draw(st.lists(decision, max_size=5, unique=True))),
        actions=tuple(draw(st.lists(action, max_size=4, unique=True))),
        questions=tuple(draw(st.lists(question, max_size=3, unique=True))),
    )
    return draft, lines


def claims_of(draft: Draft) -> list[Claim]:
    return [*draft.decisions, *draft.actions, *draft.questions]


@settings(max_examples=120, deadline=None)
@given(drafts())
def test_twice_is_once(given_: tuple[Draft, list[Line]]) -> None:
    draft, lines = given_
    once = last_word(draft, lines, NAMES, "en").draft
    again = last_word(once, lines, NAMES, "en")
    assert again.draft == once
    assert again.overridden == ()


@settings(max_examples=120, deadline=None)
@given(drafts())
def test_nothing_is_lost_without_what_took_its_place(given_: tuple[Draft, list[Line]]) -> None:
    draft, lines = given_
    found = last_word(draft, lines, NAMES, "en")
    kept = claims_of(found.draft)
    assert len(kept) + len(found.overridden) == len(claims_of(draft))
    for gone in found.overridden:
        assert gone.claim in claims_of(draft)
        assert gone.by in (lines if isinstance(gone.by, Line) else kept)


def plain(text: str) -> str:
    """Return a statement without its number, which a later word may change."""
    return re.sub(r"\b(two|ten|twelve)\b", "#", text.lower())


@settings(max_examples=120, deadline=None)
@given(drafts())
def test_nothing_is_told_that_was_not_claimed_or_said(given_: tuple[Draft, list[Line]]) -> None:
    draft, lines = given_
    claimed = {plain(text_of(claim)) for claim in claims_of(draft)}
    heard = {line.speaker for line in lines} | {*NAMES}
    for claim in claims_of(last_word(draft, lines, NAMES, "en").draft):
        assert plain(text_of(claim)) in claimed
        if isinstance(claim, DecisionClaim):
            assert claim.supersedes is None or plain(claim.supersedes) in claimed
            assert {*claim.decided_by} <= heard
        if isinstance(claim, ActionClaim):
            assert claim.owner is None or claim.owner in NAMES
            assert claim.due_text in {*DUES, "Monday"}


def test_a_value_that_two_numbers_could_take_is_put_nowhere() -> None:
    lines = lines_of("Ann: Ten chairs and two tables.\nBen: Twelve, then.")
    draft = Draft(
        reader="any",
        prompts_sha256="0" * 64,
        decisions=(
            DecisionClaim(segment_ids=(0,), statement="Ten chairs and two tables"),
            DecisionClaim(segment_ids=(1,), statement="Twelve, then"),
        ),
    )
    found = last_word(draft, lines, ["Ann", "Ben"], "en").draft.decisions
    assert [text_of(claim) for claim in found] == ["Ten chairs and two tables", "Twelve, then"]


def test_a_language_without_turns_is_left_alone() -> None:
    lines = lines_of("Ann: On lance le quatre juin.\nBen: Non, le onze juin.")
    draft = Draft(
        reader="any",
        prompts_sha256="0" * 64,
        decisions=(
            DecisionClaim(segment_ids=(0,), statement="Lancer le 4 juin"),
            DecisionClaim(segment_ids=(1,), statement="Lancer le 11 juin"),
        ),
    )
    assert last_word(draft, lines, ["Ann", "Ben"], "fr").draft == draft


# --- What is left of it in a memo -----------------------------------------------------------------

CALL = (
    ("Ann", "We launch the lolly on the fourth of June."),
    ("Ben", "Fine, the fourth it is."),
    ("Cleo", "I'll write the letter to the shops by Wednesday."),
    ("Ben", "Where are the freezers, by the way?"),
    ("Ann", "No idea."),
    ("Cleo", "I'll find out."),
    ("Ann", "What is next?"),
    ("Ben", "The chains reset their shelves that week, nobody will find the lolly."),
    ("Ann", "Then we launch the lolly on the eleventh of June instead."),
    ("Ben", "Agreed."),
    ("Cleo", "And the letter to the shops, make that Friday."),
)
READ = {
    "DecisionAnswers": [
        {
            "lines": [0, 1],
            "quote": "the fourth it is",
            "decision": "Launch the lolly on the fourth of June",
        },
        {
            "lines": [8, 9],
            "quote": "we launch the lolly on the eleventh of June",
            "decision": "Launch the lolly on the eleventh of June",
        },
    ],
    "ActionAnswers": [
        {
            "lines": [2],
            "quote": "I'll write the letter",
            "task": "Write the letter to the shops",
            "owner": "Cleo",
            "due": "by Wednesday",
        },
    ],
    "QuestionAnswers": [
        {"lines": [3, 4], "quote": "Where are the freezers", "question": "Where are the freezers?"},
    ],
}


def test_the_last_word_stands_up_to_the_transcript(desk: Desk) -> None:
    def script(asked: Asked) -> Scene:
        summary = asked.answer.__name__ == "SummaryAnswer"
        return {"summary": ""} if summary else {"items": READ.get(asked.answer.__name__, [])}

    call = desk.talk(*CALL)
    memo = desk.written(desk.read(call, desk.model(script)), call)
    assert [(d.statement, d.status.value, d.supersedes) for d in memo.decisions] == [
        ("Launch the lolly on the fourth of June", "superseded", None),
        (
            "Launch the lolly on the eleventh of June",
            "accepted",
            "Launch the lolly on the fourth of June",
        ),
    ]
    assert [d.decided_by for d in memo.decisions] == [(), ("Ann", "Ben")]
    assert [(a.owner, a.due_text) for a in memo.action_items] == [("Cleo", "Friday")]
    assert [q.waiting_on for q in memo.open_questions] == ["Cleo"]
    assert {f.verdict.value for f in memo.findings()} == {"supported"}
    assert "fourth" not in memo.summary
