"""The memo as JSON, and the JSON Schema that other programs can rely on.

The schema is generated from `memo.model`; `memo.schema.json` beside this file is its committed
copy, held current by a test. Regenerate it with `python -m memo.export.memo_json`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from importlib import resources
from typing import Any

from memo.model import Memo, Value

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = "urn:callmemo:schema:memo:1"

_SURROGATE = re.compile(r"[\ud800-\udfff]")

_FINDING = {
    "id": "Name of the finding within this memo.",
    "verdict": "How far the transcript bears it out; only `supported` may be used as a fact.",
    "confidence": "From 0 (none) to 1 (certain).",
    "evidence": "The words it rests on, best first; never empty when the verdict is `supported`.",
    "reason": "Why there is a doubt, in the memo's language; null when there is none.",
    "remarks": "The same by code; may also say what of a supported finding was not checked.",
    "untranslated": "The sentence that was held against the transcript, in the language spoken, "
    "where the one that is told is its translation; else null.",
}
_SPAN = {
    "start": "Seconds from the start of the recording.",
    "end": "Seconds from the start of the recording; not included.",
}

DESCRIPTIONS: dict[str, dict[str, str]] = {
    "Memo": {
        "schema_version": "Version of this contract; a new one means that old readers may break.",
        "title": "What the meeting is called.",
        "started_at": "When it began: ISO 8601 with offset, or null if nobody knows.",
        "timezone": "IANA name of the meeting's time zone; dates are meant in it.",
        "language": "ISO 639-1 code of the language spoken; quotes are in it.",
        "memo_language": "ISO 639-1 code of the language written; null where it is the one spoken.",
        "duration": "Length of the recording in seconds.",
        "recording": "The file that the memo was made from.",
        "participants": "Who was there.",
        "summary": "Two or three sentences.",
        "topics": "What was talked about, in order of time.",
        "decisions": "What was settled.",
        "action_items": "Who does what by when.",
        "open_questions": "What was left open.",
        "coverage": "How much of the recording the memo rests on.",
        "warnings": "What a reader should know before relying on the memo, in its language.",
        "remarks": "The same by code.",
        "corrections": "Names and terms that were misheard, and are written as they should be.",
        "provenance": "What produced the memo.",
    },
    "Recording": {
        "filename": "Name of the file, without its folder.",
        "sha256": "SHA-256 of its content, in lower-case hexadecimal.",
    },
    "Participant": {
        "name": "How people call the person.",
        "label": "How the transcript names the voice; null for somebody who was not heard.",
        "role": "What the person is there for, if known.",
        "source": "Who says that the voice is called so; `guess`: what was said in the talk.",
        "confidence": "Probability that the voice is this person's; null where nobody doubts it.",
        "named_at": "Seconds at which it is said who speaks, where the name is a guess.",
    },
    "Topic": {**_SPAN, "title": "What was talked about."},
    "Decision": {
        **_FINDING,
        "statement": "What was decided.",
        "rationale": "Why; null if nobody said.",
        "considered": "The options that were weighed.",
        "decided_by": "Names of those who decided.",
        "status": "State of the decision, as in architecture decision records.",
        "supersedes": "What it replaces, in words; null if nothing.",
    },
    "ActionItem": {
        **_FINDING,
        "task": "What is to be done.",
        "owner": "Name of the participant who took it on; null when nobody did.",
        "due": "The day it is due, ISO 8601, in the meeting's time zone; null if not resolved.",
        "due_text": "The words in which the date was said; null if none was.",
    },
    "OpenQuestion": {
        **_FINDING,
        "question": "What is not known yet.",
        "raised_by": "Name of who asked; null if unknown.",
        "waiting_on": "Who or what is waited for; null if nobody.",
    },
    "Evidence": {
        **_SPAN,
        "speaker": "Who said it: a participant's name or label; null if unknown.",
        "quote": "Words of the transcript, verbatim.",
        "score": "How well they fit the claim, from 0 to 1.",
    },
    "Coverage": {
        "audio_seconds": "Length of the recording.",
        "speech_seconds": "Length of the speech found in it.",
        "analysed_seconds": "Length of what was read for the memo.",
        "gaps": "The stretches that the memo does not rest on.",
        "decoded_seconds": "Length of what the speech model heard: speech and short pauses in it; "
        "null if none listened.",
        "skipped_seconds": "Length of the rest, in which no speech was found; null likewise.",
    },
    "Gap": {
        **_SPAN,
        "reason": "Why the memo does not rest on it, in the memo's language.",
        "remarks": "The same by code.",
        "taken_out": "What the speech model wrote there though nobody seems to have said it.",
    },
    "Respelling": {
        "heard": "What the transcript had.",
        "written": "The name or term that it has now.",
        "starts": "Where, in seconds from the start of the recording.",
    },
    "Remark": {
        "code": "What is remarked; stable, and later versions may add some.",
        "values": "What belongs into its wording: texts and counts by name.",
    },
    "Provenance": {
        "memo_version": "Version of memo.",
        "asr_model": "The speech model; null when there was a transcript already.",
        "language_model": "Who read the transcript.",
        "prompts_sha256": "SHA-256 of the prompts.",
        "created_at": "When the memo was made: ISO 8601 with offset.",
    },
}


def render_json(memo: Memo) -> str:
    """Return the memo as its JSON contract, ended by a newline; valid UTF-8 whatever was said.

    Every field is present. Reading it back gives an equal memo, except that lone surrogates,
    which UTF-8 cannot carry, become U+FFFD.
    """
    text = json.dumps(memo.model_dump(mode="json"), ensure_ascii=False, indent=2, allow_nan=False)
    return without_surrogates(text) + "\n"


def memo_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what `render_json` writes."""
    return {"$schema": SCHEMA_DIALECT, "$id": SCHEMA_ID, **described(Memo, DESCRIPTIONS)}


def described(shape: type[Value], descriptions: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the JSON Schema of a value with its fields described, by class and field."""
    schema = shape.model_json_schema(mode="serialization")
    definitions = schema.pop("$defs")
    for name, definition in {shape.__name__: schema, **definitions}.items():
        definition["description"] = " ".join(definition["description"].split())
        for field, description in descriptions.get(name, {}).items():
            definition["properties"][field]["description"] = description
    return {**schema, "$defs": definitions}


def without_surrogates(text: str) -> str:
    """Return a text that UTF-8 can carry: lone surrogates become U+FFFD."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def shipped_schema() -> str:
    """Return the text of the schema that ships with the package."""
    return resources.files("memo.export").joinpath("memo.schema.json").read_text("utf-8")


def schema_text() -> str:
    """Return the text that the shipped schema should have."""
    return json.dumps(memo_schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
