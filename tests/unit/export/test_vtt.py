from __future__ import annotations

import re
import unicodedata
from html import unescape
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from memo.export.untrusted import one_line
from memo.export.vtt import render_vtt
from memo.model import Participant, Recording, Segment, Transcript, Word

TIMING = re.compile(r"(\d\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d\d+):(\d\d):(\d\d)\.(\d{3})")
ANY = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=[]), st.sampled_from("-><& \n\tNOTE"))
)


class Cue(NamedTuple):
    start: float
    end: float
    voice: str | None
    lines: list[str]

    @property
    def text(self) -> str:
        return " ".join(self.lines)


def _parse(vtt: str) -> list[Cue]:
    """Read WebVTT as the specification does: blocks between blank lines, arrows make cues."""
    head, *blocks = vtt.rstrip("\n").split("\n\n")
    assert head == "WEBVTT"
    cues = []
    for block in blocks:
        first, *lines = block.split("\n")
        if first == "NOTE":
            assert "-->" not in block
            continue
        timing = TIMING.fullmatch(first)
        assert timing, first
        numbers = [int(part) for part in timing.groups()]
        start, end = (
            hours * 3600 + minutes * 60 + seconds + thousandths / 1000
            for hours, minutes, seconds, thousandths in (numbers[:4], numbers[4:])
        )
        voice, text = re.fullmatch(r"(?:<v ([^>]*)>)?([^<>]*)", "\n".join(lines)).groups()  # type: ignore[union-attr]
        name = unescape(voice) if voice is not None else None
        cues.append(Cue(start, end, name, unescape(text).split("\n")))
    return cues


def _transcript(*segments: Segment, language: str = "en") -> Transcript:
    numbered = [segment.model_copy(update={"id": n}) for n, segment in enumerate(segments)]
    return Transcript(
        recording=Recording(filename="call.m4a", sha256="0" * 64),
        duration=100,
        speech_seconds=50,
        language=language,
        segments=tuple(numbered),
        participants=(Participant(name="Priya", label="SPEAKER_00"),),
    )


def _said(text: str, *, start: float = 1, blank: str = " ") -> Segment:
    """A segment whose words each take a quarter of a second."""
    words = [
        Word(start=start + n / 4, end=start + (n + 1) / 4, text=word, probability=1)
        for n, word in enumerate(text.split(blank) if blank else text)
    ]
    end = words[-1].end
    return Segment(id=0, start=start, end=end, text=text, speaker="SPEAKER_00", words=tuple(words))


def test_a_caption_has_a_voice_a_time_and_a_note_with_the_title() -> None:
    assert render_vtt(_transcript(_said("Good morning, all.")), title="Weekly call") == (
        "WEBVTT\n\nNOTE\nWeekly call\nLanguage: en\n\n"
        "00:00:01.000 --> 00:00:01.750\n<v Priya>Good morning, all.\n"
    )


def test_the_recording_stands_for_a_missing_title() -> None:
    assert "NOTE\ncall.m4a\n" in render_vtt(_transcript())


def test_a_long_segment_is_cut_at_words_into_two_short_lines_each() -> None:
    text = (
        "So, decision: we drop the single cutover on the eighth and go region by region, Europe "
        "first, because the Canadian tax numbers are wrong. Tom, can you get the flag in by Friday?"
    )
    cues = _parse(render_vtt(_transcript(_said(text))))
    assert len(cues) == 3
    assert " ".join(cue.text for cue in cues) == text
    assert all(len(cue.lines) <= 2 and max(map(len, cue.lines)) <= 42 for cue in cues)
    assert cues[2].text.startswith("Tom, can you get")
    assert all(earlier.end == later.start for earlier, later in pairwise(cues))


def test_text_without_blanks_is_cut_at_words_and_gets_none() -> None:
    text = "来週の火曜日に全員を切り替えるのはやめて地域ごとに進めましょうという結論になりました"
    cues = _parse(render_vtt(_transcript(_said(text, blank=""), language="ja")))
    assert len(cues) > 1
    assert "".join(cue.text for cue in cues) == text
    assert all(_columns(line) <= 42 for cue in cues for line in cue.lines)


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_a_segment_without_words_stays_one_caption() -> None:
    segment = Segment(id=0, start=1, end=9, text="word " * 40)
    (cue,) = _parse(render_vtt(_transcript(segment)))
    assert (cue.start, cue.end, cue.voice) == (1, 9, None)
    assert cue.text == ("word " * 40).strip()


def test_words_that_are_not_those_of_the_text_are_left_aside() -> None:
    segment = _said("one two three").model_copy(update={"text": "uno dos tres"})
    (cue,) = _parse(render_vtt(_transcript(segment)))
    assert cue.text == "uno dos tres"


def test_a_caption_of_no_length_still_ends_after_it_starts() -> None:
    (cue,) = _parse(render_vtt(_transcript(Segment(id=0, start=3, end=3, text="Yes."))))
    assert (cue.start, cue.end) == (3, 3.001)


def test_silence_makes_no_caption() -> None:
    assert _parse(render_vtt(_transcript(Segment(id=0, start=3, end=4, text=" \n ")))) == []


def test_hours_have_as_many_digits_as_they_need() -> None:
    vtt = render_vtt(_transcript(Segment(id=0, start=363599.9996, end=363600, text="Yes.")))
    assert "101:00:00.000 --> 101:00:00.001\n" in vtt


@given(texts=st.lists(ANY, max_size=4), speaker=ANY, title=ANY)
@settings(deadline=None)
def test_no_text_breaks_the_captions(texts: list[str], speaker: str, title: str) -> None:
    segments = [
        Segment(id=0, start=n, end=n + 1, text=text, speaker=speaker)
        for n, text in enumerate(texts)
    ]
    vtt = render_vtt(_transcript(*segments), title=title)
    assert vtt.encode()
    cues = _parse(vtt)
    assert [cue.text for cue in cues] == [one_line(text) for text in texts if one_line(text)]
    assert all(cue.voice == (one_line(speaker) or None) for cue in cues)


@given(words=st.lists(ANY.filter(lambda word: bool(one_line(word))), min_size=1, max_size=60))
@settings(deadline=None)
def test_every_word_is_in_exactly_one_caption(words: list[str]) -> None:
    text = " ".join(one_line(word).replace(" ", "-") for word in words)
    cues = _parse(render_vtt(_transcript(_said(text))))
    assert " ".join(cue.text for cue in cues).split(" ") == text.split(" ")
    assert all(len(cue.lines) <= 2 for cue in cues)
    assert all(earlier.end <= later.start for earlier, later in pairwise(cues))


# --- Words that were poorly heard -----------------------------------------------------------------


def _heard(text: str, *unsure: int) -> Segment:
    """A segment of which these words, by place, were poorly heard."""
    said = _said(text)
    words = (
        word.model_copy(update={"probability": 0.3}) if place in unsure else word
        for place, word in enumerate(said.words)
    )
    return said.model_copy(update={"words": tuple(words)})


def _own(*segments: Segment) -> Transcript:
    return _transcript(*segments).model_copy(update={"asr_model": "faster-whisper/base"})


def test_words_that_were_poorly_heard_are_of_a_class_that_players_underline() -> None:
    rendered = render_vtt(_own(_heard("On call, the <Uncle> Rotor, Marta.", 1, 3, 4)))
    assert (
        "<v Priya>On <c.unsure>call</c>, the <c.unsure>&lt;Uncle&gt; Rotor</c>, Marta." in rendered
    )
    assert "\n\nSTYLE\n::cue(.unsure) { text-decoration: underline }\n\n00:" in rendered


def test_a_transcript_that_was_well_heard_has_no_style_and_no_classes() -> None:
    rendered = render_vtt(_own(_heard("On call, Marta.")))
    assert "STYLE" not in rendered
    assert "<c" not in rendered


def test_what_others_transcribed_is_not_marked() -> None:
    assert "<c" not in render_vtt(_transcript(_heard("On call, Marta.", 1)))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1), st.booleans()
        ),
        min_size=1,
        max_size=30,
    )
)
def test_marks_change_no_word_wherever_captions_and_lines_are_cut(
    said: list[tuple[str, bool]],
) -> None:
    segment = _heard(
        " ".join(word for word, _ in said), *(n for n, (_, unsure) in enumerate(said) if unsure)
    )
    marked = render_vtt(_own(segment))
    plain = re.sub(r"STYLE\n.*\n\n|</?c[^>]*>", "", marked)
    assert plain == render_vtt(_transcript(segment))
