"""Names and terms from beside a recording, all the way into the memo; everything is real."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from memo.errors import ConfigError
from memo.model import Transcript
from memo.pipeline import Job, Outcome, Tools, convert
from memo.ports import silent
from memo.speech.names.glossary import Term
from memo.speech.names.respelling import undo

CAPTIONS = """\
WEBVTT

00:01.000 --> 00:05.000
<v Tom Baker>Prya, can you send the Tera vault contract by Friday?

00:05.500 --> 00:09.000
<v Speaker 2>Sure, I'll send the Tera vault contract by Friday.
"""


@pytest.fixture
def tools(rule_tools: Tools) -> Tools:
    return rule_tools


@pytest.fixture
def job(tmp_path: Path) -> Job:
    path = tmp_path / "call.vtt"
    path.write_text(CAPTIONS, encoding="utf-8")
    return Job(
        path=path,
        timezone="UTC",
        attendees=("Priya Shah", "Tom Baker"),
        glossary=(Term(written="Teravault"),),
        folder=tmp_path / "out",
        formats=("md", "json", "vtt", "words"),
    )


def words_of(outcome: Outcome) -> Transcript:
    return Transcript.model_validate_json(outcome.files["words"].read_bytes())


def test_names_and_terms_are_written_as_they_should_be_everywhere(job: Job, tools: Tools) -> None:
    outcome = convert(job, tools, silent)
    captions = " ".join(outcome.files["vtt"].read_text(encoding="utf-8").split())
    assert "<v Tom Baker>Priya, can you send the Teravault contract by Friday?" in captions
    memo = json.loads(outcome.files["json"].read_bytes())
    assert memo["corrections"] == [
        {"heard": "Tera vault", "written": "Teravault", "starts": [1.0, 5.5]},
        {"heard": "Prya", "written": "Priya", "starts": [1.0]},
    ]
    page = outcome.files["md"].read_text(encoding="utf-8")
    assert "3 misheard names were corrected: Tera vault → Teravault (2×), Prya → Priya." in page


def test_the_transcript_says_what_was_heard(job: Job, tools: Tools) -> None:
    heard = undo(words_of(convert(job, tools, silent)))
    assert heard.segments[0].text == "Prya, can you send the Tera vault contract by Friday?"


def test_a_transcript_that_was_corrected_keeps_what_was_heard(job: Job, tools: Tools) -> None:
    once = convert(job, tools, silent)
    again = Job(path=once.files["words"], timezone="UTC", formats=("words", "json"))
    twice = convert(replace(again, folder=job.path.parent / "again"), tools, silent)
    assert words_of(twice).corrections == words_of(once).corrections
    assert [one.heard for one in twice.memo.corrections] == ["Tera vault", "Prya"]


def test_a_change_of_the_glossary_or_of_what_lies_beside_is_worth_another_conversion(
    job: Job, tools: Tools
) -> None:
    assert not convert(job, tools, silent).was_done
    assert convert(job, tools, silent).was_done
    other = replace(job, glossary=())
    assert not convert(other, tools, silent).was_done
    beside = job.path.with_suffix(".toml")
    beside.write_text("title = 'Contract call'\nglossary = ['Teravault']")
    told = convert(other, tools, silent)
    assert (told.was_done, told.memo.title) == (False, "Contract call")
    assert len(told.memo.corrections) == 2
    beside.write_text("title = 'Contract call'\nglossary = ['Teravault: tera fault']")
    assert not convert(other, tools, silent).was_done
    assert convert(other, tools, silent).was_done


def test_what_lies_beside_says_when_and_who(job: Job, tools: Tools) -> None:
    job.path.with_suffix(".ics").write_text(
        "BEGIN:VEVENT\nSUMMARY:Contract\nDTSTART;TZID=Europe/Lisbon:20260304T100000\n"
        "ORGANIZER;CN=Ann Lee:mailto:a@example.org\nEND:VEVENT\n"
    )
    memo = convert(job, tools, silent).memo
    assert (memo.title, memo.timezone) == ("Contract", "Europe/Lisbon")
    assert memo.started_at == dt.datetime(2026, 3, 4, 10, tzinfo=dt.UTC)
    assert "Ann Lee" in [person.name for person in memo.participants]
    typed = replace(job, typed=frozenset({"attendees", "timezone"}), title="Mine")
    memo = convert(typed, tools, silent).memo
    assert (memo.title, memo.timezone) == ("Mine", "UTC")
    assert "Ann Lee" not in [person.name for person in memo.participants]


def test_what_cannot_be_read_beside_fails_before_anything_is_written(
    job: Job, tools: Tools, tmp_path: Path
) -> None:
    job.path.with_suffix(".toml").write_text("titel = 'x'")
    with pytest.raises(ConfigError, match=r"call\.toml, line 1: there is no titel here"):
        convert(job, tools, silent)
    assert not (tmp_path / "out").exists()
