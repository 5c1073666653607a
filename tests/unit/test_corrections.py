"""What the user says of voices is kept by the recording, and found again by what they say."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.errors import OutputError
from memo.model import (
    NameSource,
    Participant,
    Recording,
    Remark,
    RemarkCode,
    Segment,
    Span,
    Transcript,
    Word,
)
from memo.pipeline.corrections import (
    Corrections,
    Told,
    Voice,
    names_now,
    regrouped,
    renamed,
    spans_of,
    with_names,
    with_segments,
)

CALL = Recording(filename="call.m4a", sha256="a" * 64)


def transcript(
    *said: tuple[float, float, str | None], people: Sequence[Participant] = ()
) -> Transcript:
    """Sentences of four words each, by a label or nobody."""
    segments = []
    for number, (start, end, speaker) in enumerate(said):
        step = (end - start) / 4
        words = tuple(
            Word(start=start + step * n, end=start + step * (n + 1), text=f"w{n}", probability=1)
            for n in range(4)
        )
        segments.append(
            Segment(
                id=number, start=start, end=end, text="w0 w1 w2 w3", speaker=speaker, words=words
            )
        )
    labels = dict.fromkeys(speaker for _, _, speaker in said if speaker)
    return Transcript(
        recording=CALL,
        duration=max((end for _, end, _ in said), default=0.0),
        speech_seconds=0,
        language="en",
        segments=tuple(segments),
        participants=tuple(people) or tuple(Participant(name=name, label=name) for name in labels),
    )


def voice(label: str, *spans: tuple[float, float], name: str | None = None) -> Voice:
    stretches = tuple(Span(start=start, end=end) for start, end in spans)
    return Voice(label=label, spans=stretches, name=name)


def called(said: Transcript) -> dict[str | None, str]:
    return {person.label: person.name for person in said.participants}


TWO = transcript((0, 4, "Speaker 1"), (4, 8, "Speaker 2"), (8, 12, "Speaker 1"))


# --- Found again --------------------------------------------------------------------------------


def test_a_name_goes_to_its_voice() -> None:
    told = Told(voices=(voice("Speaker 1", (0, 4), (8, 12), name="Priya"),))
    found = renamed(TWO, told)
    assert called(found) == {"Speaker 1": "Priya", "Speaker 2": "Speaker 2"}
    assert found.participants[0].source is NameSource.TOLD


def test_a_voice_is_found_again_by_what_it_says_when_the_labels_have_changed_places() -> None:
    told = Told(voices=(voice("Speaker 2", (0.2, 4.1), (8, 12), name="Priya"),))
    assert names_now(TWO, told) == {"Speaker 1": "Priya"}


def test_a_voice_that_says_only_half_of_it_now_gets_no_name_and_the_memo_says_so() -> None:
    told = Told(voices=(voice("Speaker 1", (0, 8), name="Priya"),))
    found = renamed(TWO, told)
    assert called(found) == {"Speaker 1": "Speaker 1", "Speaker 2": "Speaker 2"}
    assert found.warnings == (Remark.of(RemarkCode.VOICES_LOST, names="Priya"),)


def test_where_nobody_is_told_apart_nothing_is_said_of_names() -> None:
    nobody = transcript((0, 4, None))
    told = Told(voices=(voice("Speaker 1", (0, 4), name="Priya"),), regrouped=True)
    assert renamed(regrouped(nobody, told), told) == nobody


def test_a_voice_without_any_length_is_found_again() -> None:
    still = transcript((3, 3, "Ann"), (5, 5, "Bo"))
    told = Told(voices=(voice("Xy", (5, 5), name="Bob"),))
    assert names_now(still, told) == {"Bo": "Bob"}


def test_a_guess_gives_way_to_what_is_told() -> None:
    guesses = [
        Participant(name=name, label=label, source=NameSource.GUESS, confidence=0.9)
        for label, name in (("Speaker 1", "Tom"), ("Speaker 2", "priya"))
    ]
    remark = Remark.of(RemarkCode.VOICES_NAMED, voices="Speaker 1 = Tom, Speaker 2 = priya")
    guessed = transcript((0, 4, "Speaker 1"), (4, 8, "Speaker 2"), people=guesses)
    guessed = guessed.model_copy(update={"warnings": (remark,)})
    found = with_names(guessed, {"Speaker 1": Participant(name="Priya", source=NameSource.TOLD)})
    assert called(found) == {"Speaker 1": "Priya", "Speaker 2": "Speaker 2"}
    assert found.participants[1].source is NameSource.LABEL
    assert found.warnings == ()
    other = with_names(guessed, {"Speaker 1": Participant(name="Ann", source=NameSource.TOLD)})
    assert other.warnings == (Remark.of(RemarkCode.VOICES_NAMED, voices="Speaker 2 = priya"),)


def test_those_who_were_not_heard_stay_participants() -> None:
    silent = Participant(name="Dan")
    people = [Participant(name="Speaker 1", label="Speaker 1"), silent]
    said = transcript((0, 4, "Speaker 1"), people=people)
    assert with_segments(said, said.segments).participants == tuple(people)


# --- Who speaks when ----------------------------------------------------------------------------


def test_without_a_word_on_who_speaks_when_nothing_moves() -> None:
    told = Told(voices=(voice("Speaker 2", (0, 4), name="Priya"),))
    assert regrouped(TWO, told) is TWO


def test_sentences_go_to_whom_they_were_told_of() -> None:
    told = Told(voices=(voice("Speaker 1", (0, 4), (4, 8)), voice("Ann", (8, 12))), regrouped=True)
    found = regrouped(TWO, told)
    assert [s.speaker for s in found.segments] == ["Speaker 1", "Speaker 1", "Ann"]
    assert called(found) == {"Speaker 1": "Speaker 1", "Ann": "Ann"}


def test_a_sentence_that_was_cut_otherwise_before_is_divided_word_by_word() -> None:
    long = transcript((0, 16, "Speaker 1"))
    told = Told(voices=(voice("A", (0, 3.9)), voice("B", (4.1, 16))), regrouped=True)
    found = regrouped(long, told)
    assert {s.speaker for s in found.segments} <= {"A", "B"}
    assert " ".join(s.text for s in found.segments) == "w0 w1 w2 w3"


@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.sampled_from("ABCD"), st.integers(0, 9)),
        min_size=1,
        max_size=12,
    )
)
def test_what_was_told_holds_for_the_same_words(plan: list[tuple[str, str, int]]) -> None:
    said, now = [], 0.0
    for label, _, length in plan:
        said.append((now, now + length, label))
        now += length + 0.5
    heard = transcript(*said)
    corrected = with_segments(
        heard,
        [
            segment.model_copy(update={"speaker": owner})
            for segment, (_, owner, _) in zip(heard.segments, plan, strict=True)
        ],
    )
    voices = tuple(Voice(label=k, spans=v) for k, v in spans_of(corrected).items())
    assert regrouped(heard, Told(voices=voices, regrouped=True)) == corrected


# --- Kept ---------------------------------------------------------------------------------------

TOLD = Told(voices=(voice("Speaker 1", (0, 4), name="Priya"),))


def test_what_was_told_is_kept_by_the_recording_for_its_owner_only(tmp_path: Path) -> None:
    corrections = Corrections(tmp_path / "data" / "speakers")
    assert corrections.of(CALL) == Told()
    corrections.keep(CALL, TOLD)
    assert corrections.of(CALL) == TOLD
    (file,) = (tmp_path / "data" / "speakers").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert corrections.of(CALL.model_copy(update={"filename": "other.m4a"})) == TOLD
    assert corrections.of(CALL.model_copy(update={"sha256": "b" * 64})) == Told()


def test_nothing_is_kept_where_nothing_is_told_any_more(tmp_path: Path) -> None:
    corrections = Corrections(tmp_path)
    corrections.keep(CALL, TOLD)
    corrections.keep(CALL, Told())
    corrections.forget(CALL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"voices": 3}', b'{"later": 1}', b"\xff"])
def test_a_damaged_file_is_not_taken_for_silence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"{CALL.sha256}.json").write_bytes(content)
    with pytest.raises(OutputError, match=r"voices of call\.m4a cannot be read"):
        Corrections(tmp_path).of(CALL)
