"""Voices are remembered on purpose only, privately, and forgotten for real."""

from __future__ import annotations

import datetime as dt
import json
import stat
from pathlib import Path

import numpy as np
import pytest

from memo.model import Recording, Span
from memo.speech.voices.voiceprints import (
    MODEL,
    Enrolled,
    Take,
    Voiceprint,
    Voiceprints,
    match,
    windows_of,
)


def vector(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    found = np.zeros(192, np.float32)
    found[: len(values)] = values
    return found / np.float32(np.linalg.norm(found))


def heard(*values: float, narrow: bool = False) -> Voiceprint:
    return Voiceprint(vector(*values), narrow)


def take(*values: float, call: str = "a", narrow: bool = False, model: str = MODEL) -> Take:
    return Take(
        recording=Recording(filename=f"{call}.m4a", sha256=call * 64),
        label="Speaker 1",
        seconds=30,
        enrolled_at=dt.datetime(2026, 3, 5, tzinfo=dt.UTC),
        model=model,
        narrow=narrow,
        embedding=tuple(vector(*values).tolist()),
    )


def person(name: str, *takes: Take) -> Enrolled:
    return Enrolled(name=name, takes=takes)


def names(voices: dict[str, Voiceprint], *people: Enrolled) -> dict[str, str]:
    return {label: found.name for label, found in match(voices, people).items()}


PRIYA = person("Priya", take(1))
TOM = person("Tom", take(0, 1))


# --- Whose voice it is --------------------------------------------------------------------------


def test_a_voice_that_is_clearly_somebodys_gets_the_name() -> None:
    assert names({"Speaker 1": heard(1, 0.3), "Speaker 2": heard(0, 1)}, PRIYA, TOM) == {
        "Speaker 1": "Priya", "Speaker 2": "Tom"
    }  # fmt: skip


def test_a_voice_that_is_only_similar_gets_none() -> None:
    assert names({"Speaker 1": heard(1, 1.5)}, PRIYA) == {}


def test_a_voice_that_might_be_either_of_two_gets_none() -> None:
    alike = person("Maya", take(1, 0.3))
    assert names({"Speaker 1": heard(1, 0.15)}, PRIYA, alike) == {}


def test_on_a_telephone_voices_have_to_be_more_alike() -> None:
    voice = {"Speaker 1": heard(1, 0.8)}
    assert names(voice, PRIYA) == {"Speaker 1": "Priya"}
    assert names({"Speaker 1": heard(1, 0.8, narrow=True)}, PRIYA) == {}
    assert names(voice, person("Priya", take(1, narrow=True))) == {}
    assert names({"Speaker 1": heard(1, 0.1, narrow=True)}, PRIYA) == {"Speaker 1": "Priya"}


def test_a_person_has_one_voice_the_one_most_alike() -> None:
    voices = {"Speaker 1": heard(1, 0.3), "Speaker 2": heard(1, 0.1), "Speaker 3": heard(1, 0.2)}
    assert names(voices, PRIYA) == {"Speaker 2": "Priya"}


def test_any_of_a_persons_recordings_will_do() -> None:
    both = person("Priya", take(0, 0, 1, call="b"), take(1))
    assert names({"Speaker 1": heard(1, 0.1)}, both) == {"Speaker 1": "Priya"}


def test_voices_of_another_model_or_size_are_not_compared() -> None:
    other = person("Priya", take(1, model="later/2"))
    short = person("Tom", take(1).model_copy(update={"embedding": (1.0,)}))
    assert names({"Speaker 1": heard(1)}, other, short) == {}


def test_how_sure_it_is_grows_with_likeness_and_is_never_certain() -> None:
    sure = [match({"x": heard(1, b)}, [PRIYA])["x"].confidence for b in (1.2, 0.8, 0.0)]
    assert sure == sorted(sure)
    assert 0.8 <= sure[0] < sure[1] < sure[2] < 1


# --- Kept, listed, forgotten ----------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> Voiceprints:
    return Voiceprints(tmp_path / "data" / "voices")


def test_nothing_is_there_before_somebody_is_enrolled(kept: Voiceprints) -> None:
    assert kept.people() == ()
    assert kept.sha256 is None
    assert kept.recognised(Path("never-read.m4a"), {"Speaker 1": [Span(start=0, end=60)]}) == {}
    assert not kept.folder.exists()


def test_a_voice_is_kept_for_its_owner_only(kept: Voiceprints) -> None:
    kept.enroll("Priya", take(1))
    (file,) = kept.folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.folder.stat().st_mode) == 0o700
    assert kept.people() == (PRIYA,)


@pytest.mark.parametrize("name", ["../../evil", "a/b", "nul\0", "." * 300, "Ω≈ç 😀"])
def test_no_name_leads_out_of_the_folder(kept: Voiceprints, name: str) -> None:
    kept.enroll(name, take(1))
    assert [path.suffix for path in kept.folder.iterdir()] == [".json"]
    assert [p.name for p in kept.people()] == [name]
    assert kept.forget(name)


def test_further_recordings_are_added_and_the_same_one_takes_its_place(kept: Voiceprints) -> None:
    before = kept.sha256
    kept.enroll("Priya", take(1))
    first = kept.sha256
    kept.enroll("priya ", take(0, 1, call="b"))
    kept.enroll("Priya", take(0, 0, 1))
    (found,) = kept.people()
    assert found.name == "Priya"
    assert found.takes == (take(0, 1, call="b"), take(0, 0, 1))
    assert len({before, first, kept.sha256}) == 3


def test_forgetting_deletes_the_file(kept: Voiceprints) -> None:
    kept.enroll("Priya", take(1))
    kept.enroll("Tom", take(0, 1))
    assert kept.forget("PRIYA")
    assert not kept.forget("Priya")
    assert kept.people() == (TOM,)
    assert kept.forget_all() == 1
    assert not kept.folder.exists()


def test_a_damaged_file_is_told_of_and_deleted_with_all(kept: Voiceprints) -> None:
    kept.enroll("Tom", take(0, 1))
    broken = kept.folder / "broken.json"
    broken.write_text(json.dumps({"name": "Priya", "takes": [{"embedding": ["x"]}]}))
    assert kept.people() == (TOM,)
    assert kept.unreadable() == (broken,)
    assert kept.forget_all() == 2
    assert not kept.folder.exists()


# --- Where a voice is heard -----------------------------------------------------------------------


def test_windows_lie_within_what_a_voice_says_and_are_spread_over_it() -> None:
    spans = [Span(start=n * 10, end=n * 10 + 8) for n in range(100)]
    windows = windows_of(spans)
    assert len(windows) == 60
    assert all(any(s.start <= w.start and w.end <= s.end for s in spans) for w in windows)
    assert windows[-1].start > 950
    assert windows_of([Span(start=3, end=3.5)]) == []
    assert windows_of([Span(start=3, end=4)]) == [Span(start=3, end=4)]


# --- Real voices ----------------------------------------------------------------------------------


def spoken(name: str, start: float = 0.0, end: float = 178.0) -> list[Span]:
    """Where somebody speaks in the example call, as its makers know."""
    rttm = Path(__file__).parents[3] / "examples" / "weekly-call.rttm"
    turns = [line.split() for line in rttm.read_text().splitlines()]
    spans = [Span(start=float(t[3]), end=float(t[3]) + float(t[4])) for t in turns if t[7] == name]
    return [span for span in spans if start <= span.start and span.end <= end]


def test_those_enrolled_from_their_tracks_are_recognised_in_the_call_and_nobody_else(
    kept: Voiceprints, examples: Path
) -> None:
    tracks = examples / "weekly-call.tracks"
    for place, name in enumerate(("Priya", "Tom")):
        (print_,) = kept.prints(tracks / f"{name}.m4a", {name: spoken(name, 0, 90)}).values()
        assert not print_.narrow
        embedding = tuple(print_.embedding.tolist())
        kept.enroll(name, take(1, call="ab"[place]).model_copy(update={"embedding": embedding}))
    voices = {
        f"Speaker {n}": spoken(name, 60) for n, name in enumerate(("Dan", "Tom", "Marta", "Priya"))
    }
    found = kept.recognised(examples / "weekly-call.m4a", voices)
    assert {label: match.name for label, match in found.items()} == {
        "Speaker 1": "Tom", "Speaker 3": "Priya"
    }  # fmt: skip


def test_where_nothing_is_heard_nobody_is_recognised(kept: Voiceprints, tmp_path: Path) -> None:
    import wave

    path = tmp_path / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 16_000 * 20))
    assert kept.prints(path, {"Speaker 1": [Span(start=0, end=20)]}) == {}
