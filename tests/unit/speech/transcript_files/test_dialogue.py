"""Plain text as Teams, Meet, Zoom, Otter and people write it. Dialogue is invented."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from memo.model import Remark, RemarkCode, Transcript

Read = Callable[[str | bytes, str], Transcript]

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
ESTIMATED = Remark.of(RemarkCode.TIMES_ESTIMATED)


def said(transcript: Transcript) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in transcript.segments]


def starts(transcript: Transcript) -> list[float]:
    return [round(segment.start, 2) for segment in transcript.segments]


def test_a_dialogue_of_two_turns_has_two_speakers_and_estimated_times(read: Read) -> None:
    transcript = read("Anna: Shall we ship it on Friday?\nBen: No, on Monday.\n", "notes.txt")
    assert said(transcript) == [("Anna", "Shall we ship it on Friday?"), ("Ben", "No, on Monday.")]
    assert starts(transcript) == [0.0, pytest.approx(6 / 2.6, abs=0.01)]
    assert ESTIMATED in transcript.warnings


@pytest.mark.parametrize(
    "line",
    [
        "[00:01:02] Priya Shah: We wait.",
        "00:01:02 Priya Shah: We wait.",
        "(1:02) Priya Shah: We wait.",
        "[00:01:02.000 --> 00:01:04.000]  Priya Shah: We wait.",
        "Priya Shah (00:01:02): We wait.",
        "Priya Shah [01:02] We wait.",
        "Priya Shah  1:02  We wait.",
        "Priya Shah   1:02\nWe wait.",
        "Priya Shah | 01:02\nWe wait.",
        "Priya Shah\n1:02\nWe wait.",
        "**Priya Shah** 1:02\nWe wait.",
        "- [00:01:02] **Priya Shah:** We wait.",
    ],
)
def test_times_are_read_wherever_they_stand(read: Read, line: str) -> None:
    before = line.replace("1:02", "0:05").replace("1:04", "0:06").replace("We wait", "Hello all")
    transcript = read(f"{before}\n\n{line}\n", "call.txt")
    assert said(transcript) == [("Priya Shah", "Hello all."), ("Priya Shah", "We wait.")]
    assert starts(transcript) == [5.0, 62.0]
    assert not any("times" in warning.code for warning in transcript.warnings)


def test_a_copy_from_teams_has_name_and_time_above_the_text(read: Read) -> None:
    transcript = read(
        "Weekly call-20260309_134000-Meeting Recording\nMarch 9, 2026, 1:40PM\n3m 2s\n\n"
        "Priya Shah started transcription\n\n"
        "Priya Shah   0:03\nMorning everyone.\nCan you hear me?\n\n"
        "Dr. Jonas Weidlich   0:09\nYes.\n\nPriya Shah   0:09\nGood: let's start.\n\n"
        "Priya Shah stopped transcription\n",
        "teams.txt",
    )
    assert said(transcript) == [
        ("Priya Shah", "Morning everyone. Can you hear me?"),
        ("Dr. Jonas Weidlich", "Yes."),
        ("Priya Shah", "Good: let's start."),
    ]
    assert starts(transcript)[:2] == [3.0, 9.0]
    assert any(warning.code == "no_speech_lines" for warning in transcript.warnings)


def test_otter_writes_a_preamble_and_an_advertisement(read: Read) -> None:
    transcript = read(
        "Weekly\nWed, Jan 10, 2024 10:02AM • 31:05\n\nSUMMARY KEYWORDS\nbilling, tax\n\n"
        "SPEAKERS\nUnknown Speaker, Marta\n\n"
        "Unknown Speaker  00:00\nHello?\n\nMarta  00:04\nHi there.\n\n"
        "Transcribed by https://otter.ai\n",
        "weekly_otter_ai.txt",
    )
    assert said(transcript) == [("Unknown Speaker", "Hello?"), ("Marta", "Hi there.")]


def test_google_meet_marks_the_time_every_few_minutes(read: Read) -> None:
    transcript = read(
        "Weekly (2026-03-09 13:40 GMT+1) - Transcript\nAttendees\nPriya Shah, Tom, Marta Ruiz\n"
        "Transcript\n\n00:00:00\n\nPriya Shah: Morning. The plan: by region.\nTom: I like that.\n\n"
        "00:05:00\n\nMarta Ruiz: Who tells support?\nTom: I do.\n\n"
        "Transcription ended after 00:07:30\n\n"
        "This editable transcript was computer generated and might contain errors.\n",
        "meet.txt",
    )
    assert said(transcript) == [
        ("Priya Shah", "Morning. The plan: by region."),
        ("Tom", "I like that."),
        ("Marta Ruiz", "Who tells support?"),
        ("Tom", "I do."),
    ]
    assert starts(transcript)[0] == 0.0
    assert starts(transcript)[2] == 300.0
    assert transcript.duration == 450.0
    assert Remark.of(RemarkCode.TIMES_BETWEEN_ESTIMATED) in transcript.warnings


def test_gemini_notes_above_a_meet_transcript_are_no_speech(read: Read) -> None:
    transcript = read(
        "# 📝 Notes\n\n### Summary\n\n**Billing**: it was moved.\n\n# 📖 Transcript\n\n"
        "Mar 9, 2026\n\n## Weekly - Transcript\n\n### 00:01:08\n\n"
        "**Tim Lyons:** Afternoon.\n\n**Liam from Tahi:** Hello.\n\n"
        "### Transcription ended after 00:31:47\n",
        "meet.md",
    )
    assert said(transcript) == [("Tim Lyons", "Afternoon."), ("Liam from Tahi", "Hello.")]
    assert starts(transcript)[0] == 68.0


def test_zoom_saves_captions_with_the_time_of_day(read: Read) -> None:
    transcript = read(
        "[Priya Shah] 23:59:50\nGood evening.\n\n[Tom] 00:00:05\nGood morning, then.\n",
        "meeting_saved_closed_caption.txt",
    )
    assert said(transcript) == [("Priya Shah", "Good evening."), ("Tom", "Good morning, then.")]
    assert starts(transcript) == [0.0, 15.0]
    assert Remark.of(RemarkCode.TIMES_OF_DAY) in transcript.warnings


def test_hours_and_minutes_are_not_taken_for_minutes_and_seconds(read: Read) -> None:
    turn = "we go on with what we talked about, " * 6
    transcript = read("".join(f"10:3{n} Anna: {turn}\n" for n in range(4)), "chat.txt")
    assert starts(transcript)[0] == 0.0
    assert {0.0, 60.0, 120.0, 180.0} <= set(starts(transcript))


def test_a_colon_does_not_always_follow_a_speaker(read: Read) -> None:
    transcript = read(
        "Anna: So here is the thing.\nNote: we meet at 10:30.\nhttps://example.org/a:b\n"
        "Decision: we roll out by region.\nI would say: wait.\n\n"
        "Ben: Fine.\nNext steps: none.\nand one more: cake.\n",
        "notes.txt",
    )
    assert {segment.speaker for segment in transcript.segments} == {"Anna", "Ben"}
    text = " ".join(segment.text for segment in transcript.segments)
    for words in ("Decision: we roll out", "10:30", "https://example.org/a:b", "one more: cake"):
        assert words in text


@pytest.mark.parametrize(
    "name",
    ["Ana María de la Cruz", "Goeke, Timothy", "Jo Park (Guest)", "O'Neill", "Speaker 1",
     "SPEAKER_03", "李明", "Анна", "Dr. Jonas Weidlich", "Van der Berg, J.", "Q", "priya"],
)  # fmt: skip
def test_names_of_many_shapes_are_names(read: Read, name: str) -> None:
    transcript = read(f"{name}: Hello there.\nTom: Hi.\n{name}: Let us start.\n", "call.txt")
    assert [person.label for person in transcript.participants] == [name, "Tom"]


def test_lines_without_a_speaker_go_on_with_the_one_before(read: Read) -> None:
    transcript = read("Anna: We could\nwait a week.\n\nOr two.\nBen: No.\nAnna: Ok.\n", "c.txt")
    assert said(transcript) == [
        ("Anna", "We could wait a week. Or two."),
        ("Ben", "No."),
        ("Anna", "Ok."),
    ]


def test_text_without_names_is_kept_and_said_to_have_none(read: Read) -> None:
    transcript = read("We met on Monday - late.\nIt was well-attended.\n", "prose.txt")
    assert said(transcript) == [
        (None, "We met on Monday - late."),
        (None, "It was well-attended."),
    ]
    assert Remark.of(RemarkCode.NO_NAMES) in transcript.warnings


def test_one_wrong_time_mark_costs_only_itself(read: Read) -> None:
    transcript = read(
        "[00:00:02] Anna: One.\n[09:00:00] Ben: Two.\n"
        "[00:00:06] Anna: Three.\n[00:00:08] Ben: Four.\n",
        "call.txt",
    )
    assert starts(transcript) == [2.0, 4.0, 6.0, 8.0]
    assert Remark.of(RemarkCode.MARKS_ASTRAY, count=1) in transcript.warnings


def test_a_wrong_first_time_mark_shifts_nothing(read: Read) -> None:
    transcript = read(
        "[09:00:00] Anna: One.\n[00:00:04] Ben: Two.\n[00:00:06] Anna: Three.\n", "call.txt"
    )
    assert starts(transcript)[1:] == [4.0, 6.0]


def test_times_of_day_are_noticed_without_brackets(read: Read) -> None:
    transcript = read(
        "14:02:10 Anna: One.\n14:02:13 Ben: Two.\n14:03:10 Anna: Three.\n", "call.txt"
    )
    assert starts(transcript) == [0.0, 3.0, 60.0]
    transcript = read("Anna (11:59 PM): One.\nBen (12:01 AM): Two.\n", "call.txt")
    assert starts(transcript) == [0.0, 120.0]


def test_a_long_turn_is_split_into_sentences_inside_its_own_time(read: Read) -> None:
    sentence = "This is a sentence of exactly eleven words that says nothing. "
    transcript = read(f"[00:00:10] Anna: {sentence * 8}\n[00:00:50] Ben: Thanks.\n", "call.txt")
    anna = [segment for segment in transcript.segments if segment.speaker == "Anna"]
    assert len(anna) == 8
    assert anna[0].start == 10.0
    assert anna[-1].end <= 50.0
    assert all(segment.text == sentence.strip() for segment in anna)


def test_a_script_with_directions_is_read_as_the_dialogue_in_it(read: Read) -> None:
    transcript = read((EXAMPLES / "weekly-call.script.txt").read_bytes(), "weekly-call.script.txt")
    assert [p.name for p in transcript.participants] == ["Priya", "Tom", "Marta", "Dan"]
    text = " ".join(segment.text for segment in transcript.segments)
    assert "@voice" not in text
    assert "pause" not in text
    assert ("Tom", "Oh no.") in said(transcript)
    assert "decision: we drop the single cutover on the eighth" in text
    assert ESTIMATED in transcript.warnings


def test_a_label_is_cleaned_and_cut(read: Read) -> None:
    name = "An\u202ena\u200b\x07"
    transcript = read(f"{name}: Hello to all of you.\nBen: Hi.\n{name}: And now bye.\n", "c.txt")
    assert transcript.participants[0].label == "Anna"
    long = "Anna " * 40
    transcript = read(f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v {long}>Hello.\n", "long.vtt")
    assert transcript.participants[0].label == long[:79]


def test_words_before_a_colon_are_not_lost_when_nothing_follows(read: Read) -> None:
    transcript = read(
        "Anna: The dates are.\nDeadline Monday:\nBen: What else?\nAnna: No.\n", "c.txt"
    )
    assert said(transcript)[0] == ("Anna", "The dates are. Deadline Monday:")
    transcript = read("00:01 --> 00:02\nDeadline Monday:\n\n00:05 --> 00:06\nor later.\n", "c.srt")
    assert said(transcript) == [(None, "Deadline Monday:"), (None, "or later.")]
