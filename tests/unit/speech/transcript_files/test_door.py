"""What counts as a transcript file, its encodings, and files that are none."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from memo.errors import ExitCode, RecordingError
from memo.model import Recording, Remark, RemarkCode, Transcript
from memo.speech.transcript_files import LARGEST_FILE, is_transcript, read_transcript

Read = Callable[[str | bytes, str], Transcript]

DIALOGUE = "Zoë: Schön, dass ihr da seid.\nBjörn: Ja, hallo.\n"
EXAMPLES = Path(__file__).resolve().parents[4] / "examples"


def written(folder: Path, name: str, content: bytes = b"Anna: Hello.\n") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "name", ["a.vtt", "a.srt", "a.txt", "a.JSON", "a.docx", "a.transcript.vtt", "a.md"]
)
def test_a_suffix_of_a_transcript_is_enough(tmp_path: Path, name: str) -> None:
    assert is_transcript(written(tmp_path, name))
    assert is_transcript(tmp_path / "not there" / name)


@pytest.mark.parametrize("name", ["a.m4a", "a.wav", "a.mp4", "a.mp3"])
def test_text_renamed_to_sound_is_no_transcript(tmp_path: Path, name: str) -> None:
    assert not is_transcript(written(tmp_path, name))
    assert not is_transcript(written(tmp_path, name, b"WEBVTT\n\n00:01.000 --> 00:02.000\nHi.\n"))


def test_sound_renamed_to_text_is_no_transcript(tmp_path: Path) -> None:
    sound = (EXAMPLES / "weekly-call.m4a").read_bytes()
    assert not is_transcript(written(tmp_path, "call.txt", sound))
    assert not is_transcript(written(tmp_path, "call.vtt", b"RIFF\x24\0\0\0WAVEfmt "))
    assert not is_transcript(written(tmp_path, "call.srt", b"ID3\x04\0\0"))
    assert is_transcript(written(tmp_path, "utf16.txt", "Anna: Hi.\n".encode("utf-16")))


def test_a_file_without_a_suffix_is_one_if_it_begins_like_webvtt(tmp_path: Path) -> None:
    assert is_transcript(written(tmp_path, "captions", b"\xef\xbb\xbfWEBVTT\n"))
    assert not is_transcript(written(tmp_path, "README", b"Hello: world\n"))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.txt"
    os.mkfifo(path)
    assert is_transcript(path)
    with pytest.raises(RecordingError, match=r"pipe\.txt is not an ordinary file"):
        read_transcript(path, Recording(filename="pipe.txt", sha256="0" * 64))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_do_not_matter(read: Read, encoding: str, ending: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    transcript = read((mark + DIALOGUE.replace("\n", ending)).encode(encoding), "call.txt")
    assert [(s.speaker, s.text) for s in transcript.segments] == [
        ("Zoë", "Schön, dass ihr da seid."),
        ("Björn", "Ja, hallo."),
    ]
    assert Remark.of(RemarkCode.NOT_UTF8) not in transcript.warnings


def test_windows_1252_is_read_with_a_warning(read: Read) -> None:
    transcript = read(DIALOGUE.encode("cp1252"), "call.txt")
    assert [p.name for p in transcript.participants] == ["Zoë", "Björn"]
    assert Remark.of(RemarkCode.NOT_UTF8) in transcript.warnings


def test_damaged_utf_8_does_not_garble_the_rest(read: Read) -> None:
    transcript = read((DIALOGUE * 20).encode() + b"Anna: Ende\xc3\n", "call.txt")
    assert transcript.participants[0].name == "Zoë"
    assert Remark.of(RemarkCode.UNREADABLE, count=1) in transcript.warnings


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\t\r\n", "is empty"),
        (b"\xef\xbb\xbf", "nothing is said"),
        (b"\xff\xfe", "nothing is said"),
        (b"Anna: Hel\0lo.\n", "not a text file"),
        (bytes(range(256)) * 64, "not a text file"),
        ("Anna: Hi.\n".encode("utf-32"), "not a text file"),
        (b"\xff\xfeA", "UTF-16 text but is not"),
        (b"\x01\x02\x03\x04" * 100, "not a text file"),
        (b"#\n##\n- \n", "nothing is said"),
        (b"a" * 2_000_000, "a line of more than"),
        (b"x" * (LARGEST_FILE + 1), "larger than 32 MB"),
        (b"[pause]\n(laughs)\n", "nothing is said"),
        (b"00:00:01\n00:00:02\n", "nothing is said"),
        (b"x\n" * 500_001, "has more than 500,000 lines"),
    ],
    ids=lambda value: repr(value)[:30],
)
@pytest.mark.parametrize("suffix", [".txt", ".vtt", ".srt"])
def test_what_is_no_transcript_is_refused(
    read: Read, content: bytes, reason: str, suffix: str
) -> None:
    with pytest.raises(RecordingError, match=reason) as caught:
        read(content, "bad" + suffix)
    assert str(caught.value).startswith("bad" + suffix)
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code is ExitCode.RECORDING


def test_a_memo_is_not_read_as_a_transcript(read: Read) -> None:
    for name in ("call.memo.md", "call.memo.json"):
        with pytest.raises(RecordingError, match="is a memo, not a transcript"):
            read("# Call\n", name)


def test_what_is_not_there_or_no_file_is_refused(tmp_path: Path) -> None:
    recording = Recording(filename="x.txt", sha256="0" * 64)
    with pytest.raises(RecordingError, match=r"gone\.txt does not exist"):
        read_transcript(tmp_path / "gone.txt", recording)
    with pytest.raises(RecordingError, match="is a folder"):
        read_transcript(tmp_path, recording)


def test_a_file_name_that_is_no_text_can_still_be_printed(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"call\xff.txt")
    path.write_bytes(b"\0")
    with pytest.raises(RecordingError) as caught:
        read_transcript(path, Recording(filename="x.txt", sha256="0" * 64))
    str(caught.value).encode()


def test_json_and_braces_are_told_apart_without_a_suffix(read: Read) -> None:
    assert read('{"segments": [{"text": "Hi."}]}', "call.txt").segments[0].text == "Hi."
    assert read("{smiling} Hi.", "call.txt").segments[0].text == "{smiling} Hi."


def test_the_recording_is_the_one_that_was_given(tmp_path: Path) -> None:
    recording = Recording(filename="other name.vtt", sha256="a" * 64)
    assert read_transcript(written(tmp_path, "a.txt"), recording).recording == recording


@pytest.mark.parametrize(
    "piece",
    ["<", "<v ", "<v a>", "{\\", "&", "[", "(", "A: ", "a b c d e: x\n", "00:00:01 --> 00:00:02\n",
     "00:00:01 --> 00:00:02\nx\n", "x\n", "\n", "1\n", "[00:00:01] A: b\n", "Name   0:03\ntext\n",
     ">>", "- ", "# ", "**", "Ab  " * 20, "0:", "x. ", ".", "Transcript" * 3 + " ", "NOTE\n",
     "Anna\n0:01\n", "同", "<c>a</c>", "Transcription ended "],
)  # fmt: skip
@pytest.mark.parametrize("head", ["", "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n"])
def test_reading_takes_time_in_proportion_to_the_file(
    tmp_path: Path, piece: str, head: str
) -> None:
    """Eight times the file takes about eight times as long, not sixty-four times."""

    def seconds(size: int) -> float:
        path = written(tmp_path, "many.txt", (head + piece * (size // len(piece))).encode())
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            with contextlib.suppress(RecordingError):
                read_transcript(path, Recording(filename="many.txt", sha256="0" * 64))
            best = min(best, time.process_time() - start)
        return best

    small, large = seconds(3_000), seconds(24_000)
    assert large < 24 * small + 0.02
