"""The transcript as JSON with every word, and the JSON Schema that other programs can rely on.

The schema is generated from `memo.model`; `transcript.schema.json` beside this file is its
committed copy, held current by a test. Regenerate it with `python -m memo.export.transcript_json`.
"""

from __future__ import annotations

import json
import sys
from importlib import resources
from typing import Any

from memo.export.memo_json import DESCRIPTIONS, SCHEMA_DIALECT, described, without_surrogates
from memo.model import Transcript

SCHEMA_ID = "urn:callmemo:schema:transcript:1"

_SPAN = {
    "start": "Seconds from the start of the recording.",
    "end": "Seconds from the start of the recording; not included.",
}
_DESCRIPTIONS: dict[str, dict[str, str]] = {
    **{name: DESCRIPTIONS[name] for name in ("Recording", "Participant", "Remark")},
    "Transcript": {
        "schema_version": "Version of this contract; a new one means that old readers may break.",
        "recording": "The file that was transcribed.",
        "duration": "Length of the recording in seconds.",
        "speech_seconds": "Length of the speech found in it.",
        "language": "ISO 639-1 code of the language spoken.",
        "segments": "What was said, in order of time.",
        "participants": "Who was there: the names of the voices by their labels.",
        "gaps": "The stretches of which nothing is transcribed.",
        "warnings": "What a reader should know before relying on it, by code.",
        "corrections": "Names and terms that were misheard and are corrected in `segments`; undone "
        "in reverse order they give what was heard.",
        "asr_model": "The speech model; null when somebody else made the transcript.",
        "decoded_seconds": "Length of what the speech model heard: speech and short pauses in it; "
        "null if none listened.",
    },
    "Segment": {
        **_SPAN,
        "id": "Its place, from 0.",
        "text": "What was said.",
        "speaker": "Label of the voice, as in `participants`; null if unknown.",
        "words": "The words of the text with their times; empty if nobody knows them.",
        "avg_logprob": "Mean log-probability of its tokens, as the speech model has it, or null.",
        "no_speech_prob": "Probability that nobody speaks, as the speech model has it, or null.",
    },
    "Word": {
        **_SPAN,
        "text": "The word, with its punctuation.",
        "probability": "How sure the speech model is of it, from 0 to 1.",
    },
    "Correction": {
        **_SPAN,
        "segment_id": "The segment that was corrected.",
        "offset": "Where `written` stands in its text, in characters.",
        "heard": "What the text had.",
        "written": "The name or term that it has now.",
        "reason": "`told`: the glossary says that it is heard so; `spelling`: the same but for "
        "capitals, accents and blanks; `sound`: it sounds the same; `likeness`: nearly the same.",
        "likeness": "Of the two spellings, from 0 to 1.",
        "first_word": "Place of the first of `words` in the segment.",
        "words": "The words that were heard, with their times; empty if nobody knows them.",
    },
    "Gap": {
        **_SPAN,
        "reason": "Why, in words; empty where `remarks` says it.",
        "remarks": "Why, by code.",
        "taken_out": "What the speech model wrote there though nobody seems to have said it.",
    },
}


def render_transcript_json(transcript: Transcript) -> str:
    """Return the transcript as JSON, a segment on a line; valid UTF-8 whatever was said.

    Every field is present. Reading it back gives an equal transcript, except that lone surrogates,
    which UTF-8 cannot carry, become U+FFFD.
    """
    value = transcript.model_dump(mode="json")
    fields = [f"  {_json(name)}: {_listed(name, part)}" for name, part in value.items()]
    return without_surrogates("{\n" + ",\n".join(fields) + "\n}\n")


def transcript_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what `render_transcript_json` writes."""
    schema = described(Transcript, _DESCRIPTIONS)
    return {"$schema": SCHEMA_DIALECT, "$id": SCHEMA_ID, **schema}


def shipped_schema() -> str:
    """Return the text of the schema that ships with the package."""
    return resources.files("memo.export").joinpath("transcript.schema.json").read_text("utf-8")


def schema_text() -> str:
    """Return the text that the shipped schema should have."""
    return json.dumps(transcript_schema(), ensure_ascii=False, indent=2) + "\n"


def _listed(name: str, value: object) -> str:
    """Return a value on one line; a line for each segment, so that large files can be searched."""
    if name != "segments" or not isinstance(value, list) or not value:
        return _json(value)
    return "[\n" + ",\n".join(f"    {_json(segment)}" for segment in value) + "\n  ]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


if __name__ == "__main__":
    sys.stdout.write(schema_text())
