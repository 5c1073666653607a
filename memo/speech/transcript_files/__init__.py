"""Transcripts that somebody else made become ours, without listening again.

Read are WebVTT and SRT (Teams, Zoom, YouTube, Whisper), text with names (Teams, Google Meet, Zoom,
Otter and by hand), the same in Word files, and JSON (WhisperX, openai-whisper, faster-whisper,
whisper.cpp, memo). What a file is, its content says; its suffix only says whether to look.

These files come from anywhere: sizes are capped before anything is unpacked, every step takes
time in proportion to the file, nothing in a file is ever executed or fetched, and whatever is wrong
with one ends in a `RecordingError` that names it.
"""

from __future__ import annotations

import re
from pathlib import Path

from memo.errors import RecordingError
from memo.model import Recording, Transcript
from memo.speech.recording import ensure_file, printable, unreadable
from memo.speech.transcript_files.assembly import assemble
from memo.speech.transcript_files.captions import holds_captions, read_captions
from memo.speech.transcript_files.cues import Reading
from memo.speech.transcript_files.decoding import decode, lines_of
from memo.speech.transcript_files.dialogue import read_dialogue

__all__ = ["is_transcript", "read_transcript"]

LARGEST_FILE = 32 * 2**20
"""Bytes. A hundred hours of talk are some 6 MB of text."""

_SUFFIXES = frozenset({".vtt", ".srt", ".txt", ".text", ".md", ".json", ".docx"})
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SOUND = (b"ID3", b"OggS", b"fLaC", b"RIFF", b"FORM", b"\x1aE\xdf\xa3", b"0&\xb2u\x8ef\xcf\x11")
_MPEG_SYNC = (b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9")
_JSON_OBJECT = re.compile(r'\s*\{\s*"')
_EMPTY_HINT = "Check that the export finished; open the file to see what is in it."


def is_transcript(path: Path) -> bool:
    """Return whether a file is a transcript to be read, and not sound to be listened to.

    The suffix decides, unless the content is sound. A file without a suffix is a transcript if it
    begins like WebVTT. Text with the suffix of a sound file is none: somebody renamed it.

    Args:
        path: The file; it need not exist.
    """
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES and suffix:
        return False
    head = _head(path)
    if not suffix:
        return head.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT")
    return not (head.startswith((*_SOUND, *_MPEG_SYNC)) or head[4:8] == b"ftyp")


def read_transcript(path: Path, recording: Recording) -> Transcript:
    """Read a transcript file.

    Args:
        path: The file.
        recording: What the transcript says it was made from.

    Returns:
        Segments of a sentence or a caption each, in order of time, speakers labelled as the file
        names them; `warnings` says what was estimated, guessed or left out. Speech is counted
        once where voices overlap.

    Raises:
        RecordingError: The file cannot be read, or holds no transcript.
    """
    data = _content(path)
    name = printable(path)
    if name.lower().endswith((".memo.md", ".memo.json")):
        raise RecordingError(
            f"{name} is a memo, not a transcript",
            hint="Give the recording or the transcript that it was made from.",
        )
    if data.startswith(_OLE):
        raise RecordingError(
            f"{name} is an encrypted or an old Word file",
            hint="Open it in Word and save it as .docx without a password.",
        )
    reading = _read(data, path, recording)
    return reading if isinstance(reading, Transcript) else assemble(reading, recording)


def _read(data: bytes, path: Path, recording: Recording) -> Reading | Transcript:
    """Read a file in the format that its content shows."""
    name = printable(path)
    if data.startswith(_ZIP):
        from memo.speech.transcript_files.word import read_lines

        return _from_lines(read_lines(data, name))
    text, warnings = decode(data, name)
    if path.suffix.lower() == ".json" or _JSON_OBJECT.match(text):
        from memo.speech.transcript_files.asr_json import read_json

        reading = read_json(text, name, recording)
        if isinstance(reading, Transcript):
            return reading
    else:
        reading = _from_lines(lines_of(text, name))
    reading.warnings[:0] = warnings
    return reading


def _from_lines(lines: list[str]) -> Reading:
    return read_captions(lines) if holds_captions(lines) else read_dialogue(lines)


def _head(path: Path) -> bytes:
    if not path.is_file():  # a pipe would make us wait
        return b""
    try:
        with path.open("rb") as file:
            return file.read(16)
    except OSError:
        return b""


def _content(path: Path) -> bytes:
    ensure_file(path)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if not data.strip():
        raise RecordingError(f"{printable(path)} is empty", hint=_EMPTY_HINT)
    if len(data) > LARGEST_FILE:
        raise RecordingError(
            f"{printable(path)} is larger than {LARGEST_FILE // 2**20} MB",
            hint="Give a file with one call; transcripts are far smaller than this.",
        )
    return data
