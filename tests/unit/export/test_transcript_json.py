from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from memo.export.transcript_json import (
    render_transcript_json,
    schema_text,
    shipped_schema,
    transcript_schema,
)
from memo.model import (
    Gap,
    Participant,
    Recording,
    Remark,
    RemarkCode,
    Segment,
    Transcript,
    Word,
)

WORD = Word(start=0.12, end=0.5, text="Mañana", probability=0.913)
TRANSCRIPT = Transcript(
    recording=Recording(filename="call.m4a", sha256="0" * 64),
    duration=12.5,
    speech_seconds=0.38,
    language="es",
    segments=(
        Segment(id=0, start=0.12, end=0.5, text="Mañana", speaker="S1", words=(WORD,),
                avg_logprob=-0.25, no_speech_prob=0.01),
        Segment(id=1, start=0.5, end=1, text="Sí."),
    ),
    participants=(Participant(name="Ana", label="S1"),),
    gaps=(Gap(start=2, end=9, remarks=(Remark.of(RemarkCode.DAMAGED),)),),
    warnings=(Remark.of(RemarkCode.LITTLE_SPEECH),),
    asr_model="base",
)  # fmt: skip


def _validate(document: object) -> None:
    Draft202012Validator(transcript_schema()).validate(document)


def test_the_shipped_schema_is_current() -> None:
    assert shipped_schema() == schema_text(), "run python -m memo.export.transcript_json"
    Draft202012Validator.check_schema(transcript_schema())


def test_every_field_of_the_contract_is_described() -> None:
    schema = transcript_schema()
    objects = {"Transcript": schema, **schema["$defs"]}
    assert all(definition["description"] for definition in objects.values())
    assert not [
        f"{name}.{field}"
        for name, definition in objects.items()
        for field, described in definition.get("properties", {}).items()
        if not described.get("description")
    ]


def test_a_transcript_keeps_the_contract_and_is_read_back_equal() -> None:
    text = render_transcript_json(TRANSCRIPT)
    _validate(json.loads(text))
    assert Transcript.model_validate_json(text) == TRANSCRIPT
    silent = TRANSCRIPT.model_copy(update={"segments": ()})
    assert Transcript.model_validate_json(render_transcript_json(silent)) == silent


def test_each_segment_is_on_a_line_with_its_words() -> None:
    (line,) = [line for line in render_transcript_json(TRANSCRIPT).splitlines() if "0.913" in line]
    segment = json.loads(line.rstrip(","))
    assert segment["words"] == [{"start": 0.12, "end": 0.5, "text": "Mañana", "probability": 0.913}]
    assert (segment["speaker"], segment["start"], segment["end"]) == ("S1", 0.12, 0.5)


@pytest.mark.parametrize(
    "damage", [{"schema_version": 2}, {"duration": -1}, {"surprise": 1}, {"segments": None}]
)
def test_the_schema_refuses_what_the_contract_does_not_promise(damage: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _validate({**json.loads(render_transcript_json(TRANSCRIPT)), **damage})


@given(text=st.text(alphabet=st.characters(exclude_categories=[])))
@settings(deadline=None)
def test_whatever_was_said_is_valid_utf8(text: str) -> None:
    segment = TRANSCRIPT.segments[0].model_copy(update={"text": text, "speaker": text})
    written = render_transcript_json(TRANSCRIPT.model_copy(update={"segments": (segment,)}))
    (read,) = json.loads(written.encode())["segments"]
    expected = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    assert (read["text"], read["speaker"]) == (expected, expected)
