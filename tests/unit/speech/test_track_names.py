"""File names say who speaks, in the ways in which recorders write them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.speech.tracks.names import LONGEST, names_of, parts_of, shared_name


def files(*stems: str) -> list[Path]:
    return [Path("folder") / f"{stem}.m4a" for stem in stems]


@pytest.mark.parametrize(
    ("stems", "names"),
    [
        pytest.param(("Dan", "Priya Raman"), ["Dan", "Priya Raman"], id="plain"),
        pytest.param(
            ("audioPriyaRaman11234567890", "audioHudsonMitchell-P31234567890"),
            ["Priya Raman", "HudsonMitchell-P"],
            id="zoom",
        ),
        pytest.param(
            ("audioMcDonald11234567890", "audio李雷21234567890", "audioJosé31234567890"),
            ["McDonald", "李雷", "José"],
            id="zoom-other-letters",
        ),
        pytest.param(
            ("audioAnn11234567890", "audio+4930123421234567890"), ["Ann", None], id="zoom-telephone"
        ),
        pytest.param(
            ("audio_only_1_12345678_Ann", "audio_only_2_12345678_Bo"), ["Ann", "Bo"], id="zoom-old"
        ),
        pytest.param(("audio1_Priya", "audio2_Tom"), ["Priya", "Tom"], id="numbered-audio"),
        pytest.param(
            ("1-priya_raman_0", "2-tom", "3-danny.boy_1234"),
            ["Priya Raman", "Tom", "Danny Boy"],
            id="craig",
        ),
        pytest.param(
            ("riverside_priya_raman_raw-audio_studio_0032", "riverside_tom_raw-audio_studio_0032"),
            ["Priya Raman", "Tom"],
            id="riverside",
        ),
        pytest.param(
            ("weekly-call_priya_2026-03-04", "weekly-call_tom_2026-03-04"),
            ["Priya", "Tom"],
            id="between-what-all-have",
        ),
        pytest.param(("2026 Weekly – Dan", "2026 Weekly – Marta"), ["Dan", "Marta"], id="last"),
        pytest.param(("track1", "track2"), [None, None], id="numbered"),
        pytest.param(("Mic 1", "Speaker"), [None, None], id="devices"),
    ],
)
def test_names_are_read_as_people_write_them(stems: tuple[str, ...], names: list[str]) -> None:
    assert names_of(files(*stems)) == names


@pytest.mark.parametrize(
    ("stems", "name"),
    [
        (("weekly-call_priya", "weekly-call_tom"), "weekly-call"),
        (("priya (board meeting)", "tom (board meeting)"), "board meeting"),
        (("audioPriya11234567890", "audioTom21234567890"), ""),
        (("Dan", "Marta"), ""),
        (("track 1", "track 2"), ""),
    ],
)
def test_what_all_names_have_in_common_is_the_meetings(stems: tuple[str, ...], name: str) -> None:
    assert shared_name(files(*stems)) == name


@pytest.mark.parametrize(
    ("stems", "parts"),
    [
        (
            ("audioAnn11639780501", "audioBo21639780501", "audioAnn12639780501"),
            ["1639780501", "2639780501"],
        ),
        (("audioAnn11639780501", "audioBo21639780501"), []),
        (("audioAnn11639780501", "audioAnn31639780501"), []),
        (("audioAnn139780501", "audioBo239780501", "audioCy339780501"), []),
        (("Ann", "Bo"), []),
    ],
)
def test_files_of_an_interrupted_recording_are_known(
    stems: tuple[str, ...], parts: list[str]
) -> None:
    assert parts_of(files(*stems)) == parts


@given(st.lists(st.binary(min_size=1).filter(lambda b: not {0, 47} & {*b}), min_size=1))
def test_no_file_name_is_too_odd(stems: list[bytes]) -> None:
    paths = files(*map(os.fsdecode, stems))
    names = names_of(paths)
    assert len(names) == len(paths)
    assert all(name is None or 0 < len(name) <= LONGEST + 20 for name in names)
    assert all(name is None or any(char.isalpha() for char in name) for name in names)
    shared_name(paths)
