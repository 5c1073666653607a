"""Labelled meetings are read in two forms, and what is wrong with a file is said."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from memo.errors import RecordingError
from memo.evaluation.labels import load_meetings, shipped_meetings

if TYPE_CHECKING:
    from tests.unit.evaluation.conftest import Bench


def test_ten_meetings_with_labels_of_every_kind_come_with_memo() -> None:
    meetings = load_meetings(shipped_meetings())
    assert len(meetings) == 10
    assert {m.transcript.language for m in meetings} == {"en", "de"}
    labels = [label for m in meetings for some in m.labels.values() for label in some]
    assert sum(not label.optional for label in labels) == 101
    assert all(label.spans for label in labels)
    assert sum(len(m.must_not) for m in meetings) > 50


def test_a_meeting_is_what_was_said_without_its_labels(bench: Bench) -> None:
    case = bench.case()
    assert [s.text for s in case.transcript.segments] == [
        u["text"] for u in bench.complete["utterances"]
    ]
    assert case.meeting.attendees == ("Ann Lee", "Bo Diaz")
    assert case.meeting.started_at == dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
    assert [p.label for p in case.transcript.participants] == ["Ann Lee", "Bo Diaz"]


def test_a_label_knows_where_it_was_said_and_which_dates_are_right(bench: Bench) -> None:
    accept = ["2026-03-04", None]
    case = bench.case(bench.changed("gold", "actions", 0, "due_accept", to=accept))
    (action,) = case.labels["actions"]
    assert [(s.start, s.end) for s in action.spans] == [(200, 208)]
    assert action.dates == (dt.date(2026, 3, 4), None)
    assert action.dated


def test_a_blank_utterance_moves_no_evidence(bench: Bench) -> None:
    case = bench.case(bench.changed("utterances", 0, "text", to=" "))
    assert len(case.transcript.segments) == 3
    assert case.labels["decisions"][0].spans[0].start == 100


def test_only_annotated_categories_of_a_corpus_are_measured(bench: Bench) -> None:
    case = bench.case(bench.corpus)
    assert list(case.labels) == ["decisions", "questions"]
    assert case.labels["questions"][0].text == "Whether the venue is too dear."
    assert case.meeting.attendees == ("A", "B", "C")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, set()),
        ("unassigned", set()),
        ("A", {"A"}),
        ("the Project Manager", {"A"}),
        ("Speaker B", {"B"}),
        ("A, B", {"A", "B"}),
        ("A and C", {"A", "C"}),
        ("A,B,C", {"ALL"}),
        ("everyone", {"ALL"}),
        ("Zoe", {"zoe"}),
    ],
)
def test_an_owner_is_whoever_is_meant(bench: Bench, said: str | None, meant: set[str]) -> None:
    assert bench.case(bench.corpus).owners(said) == meant


def test_a_first_name_is_enough_unless_two_share_it(bench: Bench) -> None:
    assert bench.case().owners("bo") == bench.case().owners("Bo Diaz") == {"Bo Diaz"}
    two = bench.changed("participants", to=[{"name": "Bo Diaz"}, {"name": "Bo Lee"}])
    assert bench.case(two).owners("Bo") == {"bo"}


def test_a_voice_without_a_name_is_whoever_the_labels_say(bench: Bench) -> None:
    case = bench.case(bench.changed("gold", "speaker_names", to={"Speaker 1": "Ann Lee"}))
    assert case.owners("Speaker 1") == {"Ann Lee"}


WRONG: list[tuple[Any, Any, str]] = [
    (("utterances",), [], "nobody says anything"),
    (("utterances", 1, "start"), "soon", "utterances.1.start"),
    (("utterances", 1, "end"), 1.0, "utterances.1"),
    (("utterances", 1, "start"), -1.0, "utterances.1.start"),
    (("utterances", 1, "end"), 1e300, "utterances.1.end"),
    (("utterances", 1, "text"), "\ud800", "not JSON"),
    (("language",), "English", "language"),
    (("gold", "decisions", 0, "evidence"), [4], "the utterance 4"),
    (("gold", "decisions", 0, "evidence"), [-1], "the utterance -1"),
    (("gold", "decisions", 0, "status"), "superseded", "gold.decisions.0.status"),
    (("gold", "actions", 0, "due"), "Wednesday", "gold.actions.0.due"),
    (("gold", "actions"), {"task": "x"}, "gold.actions"),
    (("timezone",), "Middle/Earth", "Middle/Earth"),
    (("started_at",), "2026-03-02T10:00:00", "started_at"),
    (("gold",), {"summary": "x"}, "known form"),
    (("gold",), None, "known form"),
]


@pytest.mark.parametrize(("path", "value", "told"), WRONG, ids=[told for _, _, told in WRONG])
def test_what_is_wrong_with_a_file_is_said(
    bench: Bench, path: tuple[Any, ...], value: object, told: str
) -> None:
    with pytest.raises(RecordingError, match=r"^meeting\.json is no labelled meeting: ") as caught:
        bench.case(bench.changed(*path, to=value))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '"a"', "[" * 100_000, "\0", "{}"])
def test_a_file_that_is_no_meeting_is_refused(bench: Bench, text: str) -> None:
    bench.write(text)
    with pytest.raises(RecordingError, match="is no labelled meeting"):
        load_meetings(bench.folder)


def test_two_meetings_of_one_id_are_refused(bench: Bench) -> None:
    bench.write(bench.complete, "a.json")
    bench.write(bench.complete, "b.json")
    with pytest.raises(RecordingError, match=r"b\.json .* 'launch' is that of a\.json"):
        load_meetings(bench.folder)


def test_an_empty_folder_and_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is no labelled meeting"):
        load_meetings(tmp_path)
    with pytest.raises(RecordingError, match="cannot be read"):
        load_meetings(tmp_path / "missing")
