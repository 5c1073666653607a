from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.export.rttm import render_rttm
from memo.model import Participant, Recording, Segment, Transcript

ANY = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=[]), st.sampled_from("<>NA; _\n"))
)
LINE = re.compile(r"SPEAKER (\S+) 1 (\d+\.\d{3}) (\d+\.\d{3}) <NA> <NA> ([^\s<>]+) <NA> <NA>")


def _said(speaker: str | None, start: float, end: float) -> Segment:
    return Segment(id=0, start=start, end=end, text="Words.", speaker=speaker)


def _transcript(*segments: Segment) -> Transcript:
    numbered = [segment.model_copy(update={"id": n}) for n, segment in enumerate(segments)]
    return Transcript(
        recording=Recording(filename="call.m4a", sha256="0" * 64),
        duration=100,
        speech_seconds=50,
        language="en",
        segments=tuple(numbered),
        participants=(Participant(name="Ana María", label="SPEAKER_00"),),
    )


def _lines(rttm: str) -> list[tuple[str, float, float, str]]:
    lines = [LINE.fullmatch(line) for line in rttm.split("\n")[:-1]]
    assert all(lines), rttm
    return [(m[1], float(m[2]), float(m[3]), m[4]) for m in lines if m]


def test_a_turn_is_a_line_without_blanks_in_its_fields() -> None:
    transcript = _transcript(
        _said("SPEAKER_00", 0.5, 2), _said("SPEAKER_00", 2.2, 3.25), _said("Tom", 3.25, 4)
    )
    assert render_rttm(transcript, file_id="my weekly call") == (
        "SPEAKER my_weekly_call 1 0.500 2.750 <NA> <NA> Ana_María <NA> <NA>\n"
        "SPEAKER my_weekly_call 1 3.250 0.750 <NA> <NA> Tom <NA> <NA>\n"
    )


def test_a_pause_or_an_unknown_voice_ends_a_turn_and_has_no_line() -> None:
    paused = _transcript(_said("Tom", 0, 1), _said("Tom", 2, 3))
    between = _transcript(_said("Tom", 0, 1), _said(None, 1, 1.2), _said("Tom", 1.2, 3))
    for transcript in (paused, between):
        assert [line[3] for line in _lines(render_rttm(transcript, file_id="x"))] == ["Tom"] * 2
    assert render_rttm(_transcript(_said(None, 0, 1)), file_id="x") == ""


@pytest.mark.parametrize("names", [("Ana B", "Ana_B"), ("<NA>", "NA"), ("<>", "; ;")])
def test_two_voices_never_share_a_name(names: tuple[str, str]) -> None:
    first, second = names
    turns = [_said(first, 0, 1), _said(second, 1, 2), _said(first, 2, 3)]
    found = [line[3] for line in _lines(render_rttm(_transcript(*turns), file_id="x"))]
    assert found[0] == found[2] != found[1]


def test_voices_within_a_pause_overlap_as_they_were_heard() -> None:
    lines = _lines(render_rttm(_transcript(_said("Tom", 0, 5), _said("Ann", 4, 6)), file_id="x"))
    assert [(start, length) for _, start, length, _ in lines] == [(0, 5), (4, 2)]


TIMES = st.tuples(st.floats(0, 1e5), st.floats(0, 100))


@given(said=st.lists(st.tuples(ANY, TIMES), max_size=5), file_id=ANY)
@settings(deadline=None)
def test_no_name_breaks_a_line(said: list[tuple[str, tuple[float, float]]], file_id: str) -> None:
    turns = [_said(name, start, start + length) for name, (start, length) in said]
    lines = _lines(render_rttm(_transcript(*turns), file_id=file_id))
    assert len({line[0] for line in lines}) <= 1
    assert len({line[3] for line in lines}) == len({name for name, _ in said if name})
    ends = {round(round(start, 3) + length, 3) for _, start, length, _ in lines}
    assert ends <= {
        end
        for turn in turns
        for end in (round(turn.end, 3), round(round(turn.start, 3) + 0.001, 3))
    }
