from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.export.txt import render_txt
from memo.export.untrusted import one_line
from memo.model import Gap, Participant, Recording, Remark, RemarkCode, Segment, Transcript, Word

ANY = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=[]), st.sampled_from("[]():-> \n\t10"))
)


def _said(text: str, speaker: str | None, start: float, end: float) -> Segment:
    return Segment(id=0, start=start, end=end, text=text, speaker=speaker)


def _transcript(*segments: Segment, gaps: tuple[Gap, ...] = (), language: str = "en") -> Transcript:
    numbered = [segment.model_copy(update={"id": n}) for n, segment in enumerate(segments)]
    return Transcript(
        recording=Recording(filename="call.m4a", sha256="0" * 64),
        duration=10_000,
        speech_seconds=50,
        language=language,
        segments=tuple(numbered),
        participants=(Participant(name="Priya", label="SPEAKER_00"),),
        gaps=gaps,
    )


def _gap(start: float, end: float) -> Gap:
    return Gap(start=start, end=end, remarks=(Remark.of(RemarkCode.DAMAGED),))


def test_turns_have_times_and_names_and_gaps_have_reasons() -> None:
    transcript = _transcript(
        _said("Good morning.", "SPEAKER_00", 1, 2),
        _said("All here?", "SPEAKER_00", 2.5, 4),
        _said("Yes.", "Tom", 4, 5),
        _said("Who was that?", None, 3720, 3721),
        gaps=(_gap(60, 3700),),
    )
    assert render_txt(transcript, title="Weekly\ncall") == (
        "Weekly call\n\nTranscript\n\n"
        "[0:01] Priya:\n    Good morning. All here?\n\n"
        "[0:04] Tom:\n    Yes.\n\n"
        "[damaged or missing sound; 1:00–1:01:40]\n\n"
        "[1:02:00]\n    Who was that?\n"
    )


def test_words_of_memos_own_are_in_the_language_wanted() -> None:
    page = render_txt(
        _transcript(_said("Sí.", "Speaker 2", 0, 1), gaps=(_gap(2, 9),)), language="de"
    )
    assert page == (
        "call.m4a\n\nTranskript\n\n[0:00] Stimme 2:\n    Sí.\n\n"
        "[Ton beschädigt oder nicht vorhanden; 0:02–0:09]\n"
    )


@pytest.mark.parametrize(
    ("start", "gaps"),
    [(6.0, ()), (2.5, (_gap(2.1, 2.4),)), (61.0, ())],
    ids=["a pause", "a gap", "a minute"],
)
def test_a_voice_that_goes_on_later_begins_a_paragraph(start: float, gaps: tuple[Gap, ...]) -> None:
    first = _said("One.", "Tom", 0, 60 if start > 60 else 2)
    page = render_txt(_transcript(first, _said("Two.", "Tom", start, start + 1), gaps=gaps))
    assert page.count("Tom:\n") == 2


def test_long_paragraphs_are_wrapped_and_only_turns_stand_at_the_margin() -> None:
    text = "word " * 60 + "Priya: I pay. [0:10] " + "word " * 20 + "at 10:30 (or so) " * 20
    page = render_txt(_transcript(_said(text, "Tom", 0, 50)))
    head, *lines = page.split("\n\n")[2].rstrip("\n").split("\n")
    assert head == "[0:00] Tom:"
    assert " ".join(line.strip() for line in lines) == one_line(text)
    assert all(line.startswith("    ") for line in lines)
    assert sum(len(line) <= 80 for line in lines) >= len(lines) - 3
    assert not any(line.strip().startswith(("Priya:", "[")) for line in lines)


@given(texts=st.lists(ANY, max_size=4), speaker=st.one_of(st.none(), ANY), title=ANY)
@settings(deadline=None)
def test_no_text_can_look_like_a_turn(texts: list[str], speaker: str | None, title: str) -> None:
    said = [_said(text, speaker, 100 * n, 100 * n + 1) for n, text in enumerate(texts)]
    page = render_txt(_transcript(*said), title=title)
    assert page.encode()
    blocks = page.rstrip("\n").split("\n\n")[2:]
    assert len(blocks) == sum(bool(one_line(text)) for text in texts)
    for block in blocks:
        head, *lines = block.split("\n")
        assert re.match(r"\[\d+:\d\d\]", head)
        assert lines
        assert all(re.match(r"    \S", line) for line in lines)


def test_a_sign_stands_after_words_that_were_poorly_heard() -> None:
    words = tuple(
        Word(start=n, end=n + 1, text=text, probability=probability)
        for n, (text, probability) in enumerate(
            [
                ("On", 0.9),
                ("call,", 0.2),
                ("the", 0.9),
                ("Uncle", 0.5),
                ("Rotor,", 0.4),
                ("Marta.", 0.9),
            ]
        )
    )
    segment = _said("On call, the Uncle Rotor, Marta.", None, 0, 6)
    transcript = _transcript(segment.model_copy(update={"words": words}))
    own = transcript.model_copy(update={"asr_model": "faster-whisper/base"})
    assert "    On call(?), the Uncle Rotor(?), Marta.\n" in render_txt(own)
    assert "(?)" not in render_txt(transcript)
