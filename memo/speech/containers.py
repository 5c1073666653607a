"""What the bytes of a sound file say that FFmpeg keeps to itself.

FFmpeg says "invalid data" for a call whose upload was cut off, for a shop's encrypted song and for
a text file alike, and it quietly shortens a WAV file whose end is missing. The few bytes read here
tell these cases apart, so that the user learns what to do.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Literal

_HEAD = 64 * 1024
_LARGEST_INDEX = 256 * 1024 * 1024
_UNKNOWN_WAV_SIZE = 0x7FFF_0000  # recorders that stream write 0, 2^31-1 or 2^32-1: "don't know"
_ID3_HEADER = 10
_CHUNKED = frozenset({b"RIFF", b"RF64", b"BW64", b"FORM"})
_EBML = b"\x1aE\xdf\xa3"
_SEGMENT = b"\x18S\x80g"
_OGG = b"OggS"
_LARGEST_PAGE = 27 + 255 + 255 * 255
_MOST_BOXES = 1_000_000
_OUTERMOST = frozenset(
    b"ftyp styp pdin moov mdat moof mfra mfro sidx ssix free skip wide uuid meta udta emsg prft"
    b" pnot PICT sefd".split()
)


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
    _seek_sound(file)
    first_frames = file.read(4096)
    return any(mark in first_frames for mark in (b"Xing", b"Info", b"VBRI"))


def promised_bytes(file: BinaryIO) -> int | None:
    """Return how many bytes a sound file must have at least, as far as it says so itself.

    A file that has fewer is still being copied, or was cut off. One that has as many may still
    lack something: what recorders write that do not know their end yet (Matroska, FLAC, raw MP3)
    says nothing.

    Args:
        file: The file; it is left at any position.

    Returns:
        Bytes; None if the file does not say.
    """
    end = file.seek(0, 2)
    if is_mp4(file):
        return _promised_mp4(file, end)
    file.seek(0)
    head = file.read(_HEAD)
    if not any(head[:64]):  # a copy that has its whole length from the start, and nothing in it
        return end + 1
    if head[:4] in _CHUNKED:
        return _promised_chunks(head, end)
    if head[:4] == _EBML:
        return _promised_matroska(head)
    if head[:4] == _OGG:
        return _promised_ogg(file, end)
    return _promised_mp3(file, end)


def _promised_mp4(file: BinaryIO, end: int) -> int | None:
    """Return where the last outermost box ends; without an index, at least another one follows.

    Source: ISO/IEC 14496-12, 4.2 and 8.2.1. A copy that has its whole length from the start ends
    in zeros, which look like a box up to the end of the file.
    """
    promised, has_index = 0, False
    for kind, start, size in islice(_boxes(file), _MOST_BOXES):
        if kind not in _OUTERMOST:  # somebody's own bytes behind the last box
            break
        has_index = has_index or kind == b"moov"
        promised = start + size
    return promised if has_index else max(promised, end) + 8


def _promised_chunks(head: bytes, end: int) -> int | None:
    """Return the size in the header of a WAV, AVI or AIFF file.

    Source: Multimedia Programming Interface and Data Specifications 1.0; EBU Tech 3306 (RF64);
    EA IFF 85. Some programs count the header, too: then the file is whole.
    """
    order: Literal["big", "little"] = "big" if head[:4] == b"FORM" else "little"
    size, unknown = int.from_bytes(head[4:8], order), _UNKNOWN_WAV_SIZE
    if size == 0xFFFF_FFFF and head[12:16] == b"ds64":
        size, unknown = int.from_bytes(head[20:28], "little"), 1 << 62
    if not 0 < size < unknown:
        return None
    return end if size == end else size + 8


def _promised_matroska(head: bytes) -> int | None:
    """Return where the segment of a Matroska or WebM file ends.

    Source: RFC 8794, 4 to 6; RFC 9559, 5.1. All ones is "not known yet".
    """
    content, size = _element(head, 4)
    segment = content + size if size is not None else len(head)
    if head[segment : segment + 4] != _SEGMENT:
        return None
    content, size = _element(head, segment + 4)
    return None if size is None else content + size


def _element(head: bytes, place: int) -> tuple[int, int | None]:
    """Return where an element's content begins, and its size, None if unknown; after its ID."""
    first = head[place] if place < len(head) else 0
    length = 9 - first.bit_length()
    if not first or place + length > len(head):
        return len(head), None
    value = int.from_bytes(head[place : place + length], "big") & ((1 << 7 * length) - 1)
    return place + length, None if value == (1 << 7 * length) - 1 else value


def _promised_ogg(file: BinaryIO, end: int) -> int | None:
    """Return where the last page that has begun ends.

    Source: RFC 3533, 6.
    """
    start = max(0, end - _LARGEST_PAGE)
    file.seek(start)
    tail = file.read(_LARGEST_PAGE)
    page = tail.rfind(_OGG)
    if page < 0 or page + 5 > len(tail) or tail[page + 4] != 0:
        return None
    header = tail[page : page + 27]
    if len(header) < 27:
        return start + page + 27
    lacing = tail[page + 27 : page + 27 + header[26]]
    return start + page + 27 + header[26] + sum(lacing)


def _promised_mp3(file: BinaryIO, end: int) -> int | None:
    """Return where the sound ends, after the header that its encoder wrote.

    Source: the header of Xing's encoder, as LAME writes it. Some programs count what lies before
    the sound, too: then the file is whole.
    """
    begin = _seek_sound(file)
    frame = file.read(256)
    if begin >= end:
        return begin + 1 if begin else None
    mark = max(frame.find(b"Xing"), frame.find(b"Info"))
    if mark < 0 or frame[0] != 0xFF or len(frame) < mark + 16:
        return None
    flags = int.from_bytes(frame[mark + 4 : mark + 8], "big")
    place = mark + 8 + 4 * (flags & 1)  # behind the number of frames
    count = int.from_bytes(frame[place : place + 4], "big")
    if not flags & 2 or not count:
        return None
    return end if count == end else begin + count


def _seek_sound(file: BinaryIO) -> int:
    """Go to the first frame of an MP3 file, behind its ID3 tag, and return where that is."""
    file.seek(0)
    head = file.read(_ID3_HEADER)
    if head[:3] != b"ID3" or len(head) < _ID3_HEADER:
        return file.seek(0)
    size = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return file.seek(_ID3_HEADER + size)


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
