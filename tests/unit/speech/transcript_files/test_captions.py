"""WebVTT and SRT as Teams, Zoom, YouTube, Whisper and people write them. Dialogue is invented."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from memo.errors import RecordingError
from memo.model import Remark, RemarkCode, Transcript

Read = Callable[[str | bytes, str], Transcript]

TEAMS = """WEBVTT

0f1d7c52-8a1b-4d41-9f0e-6f4b0c1d2e3f/12-0
00:00:03.260 --> 00:00:05.100
<v Priya Shah>Morning everyone.</v>

0f1d7c52-8a1b-4d41-9f0e-6f4b0c1d2e3f/17-0
00:00:05.900 --> 00:00:08.450
<v O&#39;Brien, Tom (Guest)>We ship it on Tuesday,
unless Canada &amp; tax break.</v>

0f1d7c52-8a1b-4d41-9f0e-6f4b0c1d2e3f/17-1
00:00:08.450 --> 00:00:10.010
<v O&#39;Brien, Tom (Guest)>Then we wait.</v>
"""

ZOOM = """WEBVTT

1
00:00:02.720 --> 00:00:05.850
Marta Ruiz: So the alert goes off every

2
00:00:05.910 --> 00:00:08.990
Marta Ruiz: single night at three.

3
00:00:09.480 --> 00:00:10.100
Dan: Ouch.

4
00:00:11.000 --> 00:00:14.000
Marta Ruiz: Decision: it becomes a ticket at 10:30.
"""

YOUTUBE = """WEBVTT
Kind: captions
Language: de-DE

00:00:00.240 --> 00:00:03.830 align:start position:0%
_
guten<00:00:00.690><c> Morgen</c><00:00:01.050><c> zusammen</c>

00:00:03.830 --> 00:00:03.840 align:start position:0%
guten Morgen zusammen
_

00:00:03.840 --> 00:00:06.500 align:start position:0%
guten Morgen zusammen
heute<00:00:04.100><c> geht</c><00:00:04.800><c> es los</c>

00:00:06.500 --> 00:00:06.510 align:start position:0%
heute geht es los
_

00:00:06.510 --> 00:00:09.000 align:start position:0%
heute geht es los
mit<00:00:07.000><c> dem Umzug.</c>
""".replace("_", " ")


def said(transcript: Transcript) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in transcript.segments]


def times(transcript: Transcript) -> list[tuple[float, float]]:
    return [(round(s.start, 3), round(s.end, 3)) for s in transcript.segments]


def test_teams_names_its_speakers_in_voice_tags(read: Read) -> None:
    transcript = read(TEAMS, "call.vtt")
    assert said(transcript) == [
        ("Priya Shah", "Morning everyone."),
        ("O'Brien, Tom (Guest)", "We ship it on Tuesday, unless Canada & tax break."),
        ("O'Brien, Tom (Guest)", "Then we wait."),
    ]
    assert times(transcript) == [(3.26, 5.1), (5.9, 8.45), (8.45, 10.01)]
    assert [p.name for p in transcript.participants] == ["Priya Shah", "O'Brien, Tom (Guest)"]
    assert transcript.duration == pytest.approx(10.01)
    assert transcript.speech_seconds == pytest.approx(1.84 + 4.11)
    assert transcript.language == "en"
    assert transcript.asr_model is None


def test_zoom_names_its_speakers_before_a_colon_and_breaks_sentences(read: Read) -> None:
    transcript = read(ZOOM, "GMT20260309-134000_Recording.transcript.vtt")
    assert said(transcript) == [
        ("Marta Ruiz", "So the alert goes off every single night at three."),
        ("Dan", "Ouch."),
        ("Marta Ruiz", "Decision: it becomes a ticket at 10:30."),
    ]
    assert times(transcript)[0] == (2.72, 8.99)


def test_captions_that_roll_up_are_read_once(read: Read) -> None:
    transcript = read(YOUTUBE, "talk.de.vtt")
    text = " ".join(segment.text for segment in transcript.segments)
    assert text == "guten Morgen zusammen heute geht es los mit dem Umzug."
    assert transcript.segments[-1].end == 9.0
    assert transcript.language == "de"
    assert Remark.of(RemarkCode.ROLLING_CAPTIONS) in transcript.warnings


def test_a_repeated_answer_is_not_taken_for_a_rolling_caption(read: Read) -> None:
    transcript = read(
        "WEBVTT\n\n00:01.000 --> 00:02.000\nNo.\n\n00:02.000 --> 00:03.000\nNo.\n\n"
        "00:03.000 --> 00:05.000\nWe said no to that.\n\n00:05.000 --> 00:06.000\nNo.\n\n"
        "00:06.000 --> 00:07.000\nNo.\n\n00:07.000 --> 00:08.000\nNo.\n",
        "no.vtt",
    )
    texts = [segment.text for segment in transcript.segments]
    assert texts == ["No.", "No.", "We said no to that.", "No.", "No.", "No."]


def test_every_block_that_is_no_caption_is_left_out(read: Read) -> None:
    transcript = read(
        "\ufeffWEBVTT - Weekly call\nKind: captions\n\nSTYLE\n::cue { color: red }\n\n"
        "REGION\nid:fred\nwidth:40%\n\nNOTE one line\n\nNOTE\nmany lines\nof it\n\n"
        "intro\n00:01.000 --> 00:02.500 line:0 align:start\nHello <i>there</i>, &lt;team&gt;.\n\n"
        "NOTE 00:02 is late\n\n100:00:00.000 --> 100:00:02.000\n<b>Late</b> <c.loud>again</c>.\n",
        "odd.vtt",
    )
    assert said(transcript) == [(None, "Hello there, <team>."), (None, "Late again.")]
    assert times(transcript) == [(1.0, 2.5), (360000.0, 360002.0)]


def test_several_voices_share_the_time_of_one_caption(read: Read) -> None:
    transcript = read(
        "WEBVTT\n\n00:00:10.000 --> 00:00:16.000\n"
        "<v.loud.first Ana María>Are we still good for the eighth?</v>\n"
        "- <v Bo>No we are not.\n",
        "two.vtt",
    )
    assert said(transcript) == [
        ("Ana María", "Are we still good for the eighth?"),
        ("Bo", "No we are not."),
    ]
    (start, middle), (again, end) = times(transcript)
    assert (start, end) == (10.0, 16.0)
    assert middle == again
    assert 13 < middle < 15


def test_graph_puts_a_blank_line_between_times_and_text(read: Read) -> None:
    transcript = read(
        "00:00:01.000 --> 00:00:02.000\n\nHello there.\n\n00:00:03.000 --> 00:00:04.000\n\nBye.\n",
        "graph.vtt",
    )
    assert said(transcript) == [(None, "Hello there."), (None, "Bye.")]


def test_srt_is_read_with_all_its_habits(read: Read) -> None:
    transcript = read(
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}<i>Hi all.</i>\r\n\r\n"
        "7\r\n00:00:02.500 --> 00:00:04,000 X1:40 X2:600\r\nWe have 26 pages\r\n"
        "8\r\n00:00:04,000 --> 00:00:05,500\r\nevery week.\r\n\r\n\r\n"
        "8\r\n0:00:06,5 --> 0:00:07,250\r\n26\r\n",
        "call.srt",
    )
    assert said(transcript) == [
        (None, "Hi all."),
        (None, "We have 26 pages every week."),
        (None, "26"),
    ]
    assert times(transcript) == [(1.0, 2.0), (2.5, 5.5), (6.5, 7.25)]


def test_whisperx_names_speakers_in_brackets(read: Read) -> None:
    transcript = read(
        "1\n00:00:00,000 --> 00:00:02,000\n[SPEAKER_00]: Can you hear me?\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\n[SPEAKER_01]: Loud and clear.\n",
        "call.srt",
    )
    assert said(transcript) == [
        ("SPEAKER_00", "Can you hear me?"),
        ("SPEAKER_01", "Loud and clear."),
    ]


def test_two_speakers_in_one_srt_caption_are_told_apart(read: Read) -> None:
    transcript = read(
        "1\n00:00:00,000 --> 00:00:02,000\n- Tom: Ready?\n- Ida: Ready.\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\nTom: Then go.\n",
        "call.srt",
    )
    assert said(transcript) == [("Tom", "Ready?"), ("Ida", "Ready."), ("Tom", "Then go.")]


def test_a_colon_in_a_caption_makes_no_speaker(read: Read) -> None:
    transcript = read(
        "1\n00:00:00,000 --> 00:00:02,000\nThe plan is this: we wait.\n\n"
        "2\n00:00:02,000 --> 00:00:04,000\nNote: see https://example.org at 10:30.\n\n"
        "3\n00:00:04,000 --> 00:00:06,000\nso the thing is: nobody knows.\n",
        "call.srt",
    )
    assert {speaker for speaker, _ in said(transcript)} == {None}


def test_the_old_teams_export_has_the_name_below_the_times(read: Read) -> None:
    transcript = read(
        "0:0:0.0 --> 0:0:1.890\nPriya Shah\nMorning.\n"
        "0:0:2.0 --> 0:0:4.500\nTom Weber\nMorning. Shall we start?\n"
        "0:0:5.0 --> 0:0:6.120\nPriya Shah\nYes.\n",
        "old.txt",
    )
    assert said(transcript) == [
        ("Priya Shah", "Morning."),
        ("Tom Weber", "Morning. Shall we start?"),
        ("Priya Shah", "Yes."),
    ]
    assert times(transcript)[2] == (5.0, 6.12)


def test_captions_out_of_order_are_put_in_order_and_bad_ends_estimated(read: Read) -> None:
    transcript = read(
        "WEBVTT\n\n00:09.000 --> 00:10.000\nThird.\n\n00:01.000 --> 00:01.000\nFirst.\n\n"
        "00:05.000 --> 00:03.000\nSecond.\n",
        "mixed.vtt",
    )
    assert [segment.text for segment in transcript.segments] == ["First.", "Second.", "Third."]
    assert all(segment.end > segment.start for segment in transcript.segments)
    assert [segment.start for segment in transcript.segments] == [1.0, 5.0, 9.0]
    assert Remark.of(RemarkCode.ENDS_ESTIMATED, count=1) in transcript.warnings


def test_overlapping_voices_count_once_as_speech(read: Read) -> None:
    transcript = read(
        "WEBVTT\n\n00:00.000 --> 00:10.000\n<v A>I talk.\n\n"
        "00:02.000 --> 00:04.000\n<v B>So do I.\n",
        "both.vtt",
    )
    assert transcript.speech_seconds == 10.0


@pytest.mark.parametrize(
    "content", ["WEBVTT", "WEBVTT\n\nNOTE nothing\n", "WEBVTT\n\n00:01.000 --> 00:02.000\n\n"]
)
def test_a_file_without_captions_is_refused(read: Read, content: str) -> None:
    with pytest.raises(
        RecordingError, match=r"empty\.vtt is a transcript in which nothing is said"
    ):
        read(content, "empty.vtt")


def test_webex_names_the_speaker_in_the_cue_id(read: Read) -> None:
    transcript = read(
        'WEBVTT\n\n1 "Priya Shah" (3508987648)\n00:00:03.479 --> 00:00:05.939\n'
        'Morning: all here?\n\n2 "" (0)\n00:00:06.000 --> 00:00:07.000\nNot quite.\n',
        "webex.vtt",
    )
    assert said(transcript) == [("Priya Shah", "Morning: all here?"), (None, "Not quite.")]


def test_stream_puts_notes_between_captions_and_says_the_language(read: Read) -> None:
    transcript = read(
        'WEBVTT\n\nNOTE duration:"00:00:32.58"\n\nNOTE language:de-de\n\n'
        "NOTE Confidence: 0.69450831413269\n\nef04c7c2-a59e-463f-9d27-b5b1259d6777\n"
        "00:00:03.300 --> 00:00:06.870\nHallo.\n\nNOTE Confidence: 0.62\n\n"
        "8a017ebb-1722-4e7f-8984-fc6da39c3489\n00:00:08.100 --> 00:00:09.620\nHallo \nalle.\n",
        "stream.vtt",
    )
    assert said(transcript) == [(None, "Hallo."), (None, "Hallo alle.")]
    assert transcript.language == "de"


@pytest.mark.parametrize("name", ["16175551234", "+49 30 1234567", "1617***1234", "Спикер №1"])
def test_who_dials_in_is_a_speaker(read: Read, name: str) -> None:
    transcript = read(
        f"WEBVTT\n\n00:01.000 --> 00:02.000\n{name}: Hi.\n\n"
        "00:02.000 --> 00:03.000\nTom: Hi.\n\n"
        f"00:03.000 --> 00:04.000\n{name}: Let us start at 10:30.\n",
        "zoom.vtt",
    )
    assert [person.name for person in transcript.participants] == [name, "Tom"]


def test_a_name_in_brackets_needs_no_colon_but_music_is_nobody(read: Read) -> None:
    transcript = read(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n[Speaker 1] Hi.\n\n"
        "00:02.000 --> 00:03.000\n[Music] la\n\n00:03.000 --> 00:04.000\n[Speaker 1] Bye.\n\n"
        "00:04.000 --> 00:05.000\n[Music] la\n",
        "brackets.vtt",
    )
    assert [person.name for person in transcript.participants] == ["Speaker 1"]


def test_a_speaker_named_only_at_changes_keeps_speaking(read: Read) -> None:
    transcript = read(
        "1\n00:00:00,600 --> 00:00:01,100\nAnna: Hello.\n\n"
        "2\n00:00:01,200 --> 00:00:02,800\nSit down.\n\n"
        "3\n00:00:07,400 --> 00:00:10,300\nBen: Thank you.\n\n"
        "4\n00:00:11,000 --> 00:00:12,000\nAll well?\n",
        "changes.srt",
    )
    assert [speaker for speaker, _ in said(transcript)] == ["Anna", "Anna", "Ben", "Ben"]


def test_captions_of_two_lines_have_no_name_above_them(read: Read) -> None:
    transcript = read("WEBVTT\n\n00:01.000 --> 00:02.000\nGuten Morgen\nMünchen.\n", "de.vtt")
    assert said(transcript) == [(None, "Guten Morgen München.")]
    transcript = read("1\n00:00:01,000 --> 00:00:02,000\nGuten Morgen\nMünchen.\n", "de.srt")
    assert said(transcript) == [(None, "Guten Morgen München.")]
