"""The weights that are shipped: learnt by `training/`, and of any use only to the code they fit."""

from __future__ import annotations

import ast
import dataclasses
import importlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import pytest

from memo.evaluation.labels import load_meetings
from memo.extraction.find import Kind, find_moments
from memo.extraction.judging.choosing import (
    KINDS,
    TAGS,
    Found,
    Judgement,
    candidates,
    rule_signs,
    telling_signs,
)
from memo.extraction.judging.encoder import Encoder
from memo.extraction.judging.linear import Linear, linear_models
from memo.extraction.judging.outcome import reason_signs, status_signs
from memo.extraction.judging.sentences import CUES, Sentence, sentences_of
from memo.extraction.judging.signs import Signs, all_signs
from memo.extraction.judging.taking import around, owner_signs
from memo.extraction.lines import Line, number_lines
from memo.model import DecisionStatus, Recording, Segment, Transcript

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = Path(str(files("memo.extraction.judging")))
PEOPLE = ("Anna Berg", "Tom Ford", "Ira Lund")

TAG_MODELS = {f"tag {tag}" for tag in range(TAGS)}
PER_KIND = {f"{what} {kind}" for what in ("teller", "weigher") for kind in KINDS}
STATUS_MODELS = {"status accepted", "status proposed", "status rejected"}
OTHERS = {"weigher rule", "owner", "reason"}


def lines_of(turns: Sequence[tuple[str, str]]) -> Sequence[Line]:
    segments = tuple(
        Segment(id=i, start=4.0 * i, end=4.0 * i + 3.5, text=text, speaker=speaker)
        for i, (speaker, text) in enumerate(turns)
    )
    return number_lines(
        Transcript(
            recording=Recording(filename="call.vtt", sha256="0" * 64),
            duration=segments[-1].end,
            speech_seconds=segments[-1].end,
            language="en",
            segments=segments,
        )
    )


TRAITS = "Anna, don't we pay Globex 300 euros by Friday?"
"""Shows every trait that a sentence can have."""
TURNS = [
    ("Tom Ford", f"{TRAITS} Yes."),
    ("Anna Berg", f"I'll send the invoice to Globex by Friday, Tom. {TRAITS}"),
    ("Anna Berg", "We decided to keep the old tariff, because Ira can't change it before May."),
    ("Tom Ford", f"Can you write to the bank, Anna? {TRAITS} You could ask Ira."),
    ("Anna Berg", "Yes, I'll do that."),
    ("Ira Lund", f"{TRAITS} Fine, we keep the old tariff."),
    ("Tom Ford", f"I will call the bank tomorrow. {TRAITS}"),
] * 3


# --- The linear models ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judgement() -> Judgement:
    """A meeting in which every sentence that shows a trait shows everything that can be seen."""
    lines = lines_of(TURNS)
    plain = sentences_of(lines, "en", PEOPLE)
    traits = max((s.traits for s in plain), key=len)
    sentences = [dataclasses.replace(s, cues=CUES, traits=traits) for s in plain]
    logits = [[1.0] * TAGS for _ in sentences]
    return Judgement(sentences, logits, find_moments(lines, "en"))


NONE = Linear(0.0, {})


def possible(judgement: Judgement, model: str) -> Iterator[Signs]:
    """Every set of signs that a model may be given in a meeting."""
    places = range(len(judgement.sentences))
    kind: Kind = next((k for k in KINDS if model.endswith(k)), "decision")
    found = [
        Found("decision", settles, tells, (), {}, None)
        for settles in places
        for tells in (max(0, settles - 1), settles)
    ]
    if model in TAG_MODELS:
        yield from all_signs(judgement.sentences)
    elif model.startswith("teller"):
        for settles in places:
            for place in judgement.reach(settles, kind):
                yield telling_signs(judgement, settles, place, kind)
    elif model == "weigher rule":
        yield from (rule_signs(judgement, m) for m in judgement.moments if m.kind == "action")
    elif model.startswith("weigher"):
        yield from (each.signs for each in candidates(judgement, kind, NONE))
    elif model.startswith("status"):
        yield from (status_signs(each, judgement) for each in found)
    elif model == "owner":
        for each in found:
            people = around(each, judgement, PEOPLE)
            yield from (owner_signs(each, judgement, person) for person in people)
    else:
        assert model == "reason"
        yield from (reason_signs(each, judgement, place) for each in found for place in places)


def test_there_is_a_model_for_everything_that_is_judged() -> None:
    assert linear_models().keys() == TAG_MODELS | PER_KIND | STATUS_MODELS | OTHERS
    assert {name.removeprefix("status ") for name in STATUS_MODELS} <= set(DecisionStatus)


@pytest.mark.parametrize("name", sorted(TAG_MODELS | PER_KIND | STATUS_MODELS | OTHERS))
def test_every_weight_is_of_a_sign_that_the_code_produces(name: str, judgement: Judgement) -> None:
    produced = {sign for signs in possible(judgement, name) for sign in signs}
    assert linear_models()[name].weights.keys() - produced == set()


def test_most_signs_of_a_meeting_have_a_weight(judgement: Judgement) -> None:
    produced = {sign for signs in all_signs(judgement.sentences) for sign in signs}
    known = {sign for name in TAG_MODELS for sign in linear_models()[name].weights}
    assert len(produced & known) > 0.8 * len(produced)


# --- The encoder ----------------------------------------------------------------------------------

CALL = [
    ("Tom Ford", "Morning, how was the weekend?"),
    ("Anna Berg", "Lovely, we went to the lake with the kids."),
    ("Tom Ford", "Nice. So, about the newsletter."),
    ("Anna Berg", "We decided to send the newsletter only once a month from now on."),
    ("Tom Ford", "Okay, good. I'll tell the printers by Friday."),
    ("Anna Berg", "And who pays for the stamps? Nobody knows yet."),
    ("Tom Ford", "The bus was late again today, by the way."),
]
SMALL_TALK, DECIDED, PROMISED, ASKED = (0, 1, 6), 3, 4, 5


@pytest.fixture(scope="module")
def judged() -> list[tuple[Sentence, list[float]]]:
    sentences = sentences_of(lines_of(CALL), "en", PEOPLE)
    return list(zip(sentences, Encoder().judge(sentences).tolist(), strict=True))


@pytest.mark.parametrize(("kind", "line"), list(enumerate([DECIDED, PROMISED, ASKED])))
def test_the_encoder_puts_what_is_meant_above_small_talk(
    judged: list[tuple[Sentence, list[float]]], kind: int, line: int
) -> None:
    for tag in (kind, 3 + kind):  # belongs to one, tells one
        meant = max(logits[tag] for sentence, logits in judged if sentence.line == line)
        idle = max(logits[tag] for sentence, logits in judged if sentence.line in SMALL_TALK)
        assert meant > idle


def test_each_sentence_is_judged_by_every_tag(judged: list[tuple[Sentence, list[float]]]) -> None:
    assert len(judged) >= len(CALL)
    assert {len(logits) for _, logits in judged} == {TAGS}


# --- What is shipped ------------------------------------------------------------------------------


def test_the_encoder_is_small_enough_for_a_wheel() -> None:
    assert (SHIPPED / "encoder.int8.onnx").stat().st_size < 30_000_000


def test_the_notice_of_what_it_was_made_from_lies_beside_it() -> None:
    notice = (SHIPPED / "encoder.NOTICE").read_text(encoding="utf-8")
    for said in ("all-MiniLM-L6-v2", "Apache License 2.0", "AMI", "ICSI", "CC BY 4.0", "changed"):
        assert said in notice


def test_the_meetings_that_it_learns_from_can_be_measured_on() -> None:
    meetings = load_meetings(ROOT / "training" / "meetings")
    assert len(meetings) == 44
    assert {len(m.labels) for m in meetings} == {3}


def test_what_the_training_takes_from_memo_is_there() -> None:
    scripts = sorted((ROOT / "training").glob("*.py"))
    taken = [
        (node.module, alias.name)
        for script in scripts
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("memo.")
        for alias in node.names
    ]
    assert len(taken) > 30
    missing = [(m, n) for m, n in taken if m and not hasattr(importlib.import_module(m), n)]
    assert missing == []
