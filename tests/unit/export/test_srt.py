from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from memo.export.srt import render_srt
from memo.export.untrusted import one_line
from memo.model import Participant, Recording, Segment, Transcript, Word

BLOCK = re.compile(
    r"(\d+)\n(\d\d+:[0-5]\d:[0-5]\d,\d{3}) --> (\d\d+:[0-5]\d:[0-5]\d,\d{3})\n(.+(?:\n.+){0,2})"
)
ANY = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=[]), st.sampled_from("-><{\\&: \n\t1"))
)


def _transcript(*segments: Segment) -> Transcript:
    numbered = [segment.model_copy(update={"id": n}) for n, segment in enumerate(segments)]
    return Transcript(
        recording=Recording(filename="call.m4a", sha256="0" * 64),
        duration=100,
        speech_seconds=50,
        language="en",
        segments=tuple(numbered),
        participants=(Participant(name="Priya", label="SPEAKER_00"),),
    )


def _said(text: str, speaker: str | None = None, start: float = 1) -> Segment:
    return Segment(id=0, start=start, end=start + 2, text=text, speaker=speaker)


def _blocks(srt: str) -> list[tuple[str, str, str]]:
    """Read SubRip as players do: blocks between blank lines, numbered from 1."""
    blocks = [BLOCK.fullmatch(block) for block in srt.rstrip("\n").split("\n\n") if block]
    assert all(blocks), srt
    found = [match.groups() for match in blocks if match]
    assert [int(number) for number, *_ in found] == list(range(1, len(found) + 1))
    assert all(start < end for _, start, end, _ in found)
    return [(start, end, text) for _, start, end, text in found]


def test_a_caption_has_a_number_times_with_commas_and_a_name() -> None:
    assert render_srt(
        _transcript(_said("Good morning.", "SPEAKER_00"), _said("Hi.", "Tom", 3))
    ) == (
        "1\n00:00:01,000 --> 00:00:03,000\nPriya: Good morning.\n"
        "\n2\n00:00:03,000 --> 00:00:05,000\nTom: Hi.\n"
    )


def test_a_voice_without_a_name_is_another_one_only_among_names() -> None:
    (_, (*_, unknown)) = _blocks(render_srt(_transcript(_said("Hi.", "Tom"), _said("Yes."))))
    assert unknown == ">> Yes."
    ((*_, alone),) = _blocks(render_srt(_transcript(_said("Yes."))))
    assert alone == "Yes."


def test_nothing_said_makes_an_empty_file() -> None:
    assert render_srt(_transcript()) == ""


def test_the_name_has_room_in_the_two_lines_of_a_long_segment() -> None:
    texts = (
        "we go region by region, Europe first, because the tax numbers are wrong. " * 3
    ).split()
    words = tuple(
        Word(start=n / 4, end=(n + 1) / 4, text=text, probability=1) for n, text in enumerate(texts)
    )
    segment = Segment(
        id=0, start=0, end=words[-1].end, text=" ".join(texts), speaker="SPEAKER_00", words=words
    )
    captions = _blocks(render_srt(_transcript(segment)))
    assert len(captions) > 2
    lines = [text.split("\n") for *_, text in captions]
    assert all(len(pair) <= 2 and max(map(len, pair)) <= 42 for pair in lines)
    assert all(first.startswith("Priya: ") for first, *_ in lines)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(captions))


def test_what_could_be_markup_or_a_time_is_only_seen() -> None:
    hostile = "<font color=red>a</font> {\\an8}b &lt; 00:00:01,000 --> 00:00:02,000 x < 2 >> y"
    ((*_, text),) = _blocks(render_srt(_transcript(_said(hostile, "Tom"))))
    assert not re.search(r"<[/\w]|\{\\|&|->|^>>", text, re.MULTILINE)
    assert "x < 2" in text
    assert "＜font color=red>a＜/font>" in text.replace("\n", " ")


def test_a_quoted_turn_never_begins_a_line() -> None:
    quoted = "He said to all of us in the room that day Priya: I will pay for everything"
    ((*_, text),) = _blocks(render_srt(_transcript(_said(quoted, "Tom"))))
    assert not any(line.startswith("Priya") for line in text.split("\n"))


def test_a_colon_in_a_name_does_not_end_it() -> None:
    ((*_, text),) = _blocks(render_srt(_transcript(_said("Hi.", "Ed: the\u202e boss\n"))))
    assert text == "Ed the boss: Hi."


@given(texts=st.lists(ANY, max_size=4), speaker=ANY)
@settings(deadline=None)
def test_no_text_breaks_the_captions(texts: list[str], speaker: str) -> None:
    srt = render_srt(_transcript(*(_said(text, speaker, n) for n, text in enumerate(texts))))
    assert srt.encode().decode() == srt
    assert len(_blocks(srt)) == sum(bool(one_line(text)) for text in texts)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", srt)
