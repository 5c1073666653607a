"""What the bytes of a sound file say that FFmpeg keeps to itself.

FFmpeg says "invalid data" for a call whose upload was cut off, for a shop's encrypted song and for
a text file alike, and it quietly shortens a WAV file whose end is missing. The few bytes read here
tell these cases apart, so that the user learns what to do.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from typing import BinaryIO

_HEAD = 64 * 1024
_LARGEST_INDEX = 256 * 1024 * 1024
_UNKNOWN_WAV_SIZE = 0x7FFF_0000  # recorders that stream write 0, 2^31-1 or 2^32-1: "don't know"
_ID3_HEADER = 10


def is_text(file: BinaryIO) -> bool:
    """Return whether a file starts like text: UTF-8 or UTF-16 without control characters."""
    file.seek(0)
    head = file.read(_HEAD)
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    try:  # incremental: the last character may be cut in two
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text) and all(char.isprintable() or char in "\t\r\n\f\ufeff" for char in text)


def is_mp4(file: BinaryIO) -> bool:
    """Return whether a file is of the MP4 family (m4a, mp4, mov, 3gp)."""
    file.seek(0)
    return file.read(12)[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}


def lacks_mp4_index(file: BinaryIO) -> bool:
    """Return whether an MP4 file has no `moov` box: its recording or its copy was cut off.

    The index is commonly written last, when a recorder stops (ISO/IEC 14496-12, 8.2.1).
    """
    return is_mp4(file) and not any(kind == b"moov" for kind, _, _ in _boxes(file))


def is_encrypted_mp4(file: BinaryIO) -> bool:
    """Return whether the sound of an MP4 file is protected (FairPlay, Common Encryption).

    Its sample entry is then called `drms` or `enca` and holds a `sinf` box (ISO/IEC 14496-12,
    8.12; ISO/IEC 23001-7).
    """
    if not is_mp4(file):
        return False
    for kind, start, size in _boxes(file):
        if kind == b"moov":
            file.seek(start)
            index = file.read(min(size, _LARGEST_INDEX))
            protected = b"enca" in index or b"drms" in index
            return (protected and b"sinf" in index) or b"aavd" in index
    return False


def announced_wav_seconds(file: BinaryIO) -> float | None:
    """Return how many seconds the header of a WAV file announces, None if it does not say.

    FFmpeg trusts the file's size instead, so that a missing end would go unnoticed.
    """
    file.seek(0)
    head = file.read(_HEAD)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    bytes_per_second, place = 0, 12
    while place + 8 <= len(head):
        kind, size = struct.unpack_from("<4sI", head, place)
        if kind == b"fmt " and place + 20 <= len(head):
            bytes_per_second = struct.unpack_from("<I", head, place + 16)[0]
        if kind == b"data":
            known = bytes_per_second and 0 < size < _UNKNOWN_WAV_SIZE
            return size / bytes_per_second if known else None
        place += 8 + size + size % 2  # chunks are padded to even addresses
    return None


def has_mp3_length(file: BinaryIO) -> bool:
    """Return whether an MP3 file says how long it is (a Xing, Info or VBRI header).

    Without one, a player can only guess from the first frames' bit rate.
    """
    file.seek(0)
    head = file.read(_ID3_HEADER)
    if head[:3] == b"ID3" and len(head) == _ID3_HEADER:
        size = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        file.seek(_ID3_HEADER + size)
    else:
        file.seek(0)
    first_frames = file.read(4096)
    return any(mark in first_frames for mark in (b"Xing", b"Info", b"VBRI"))


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, first byte of the content, bytes of content) of each outermost MP4 box."""
    end = file.seek(0, 2)
    place = 0
    while place + 8 <= end:
        file.seek(place)
        size, kind = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:  # a 64-bit size follows
            size, header = int.from_bytes(file.read(8), "big"), 16
        elif size == 0:  # up to the end of the file
            size = end - place
        if size < header:
            return
        yield kind, place + header, size - header
        place += size
