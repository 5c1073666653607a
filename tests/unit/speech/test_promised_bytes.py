"""How long a sound file says that it is: what is still being copied is known by that."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.speech.containers import promised_bytes

FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}
IN_FRONT = {"movflags": "faststart"}
KINDS: dict[str, tuple[str, str, int, dict[str, str]]] = {
    "last.m4a": ("aac", "ipod", 48000, {}),
    "first.m4a": ("aac", "ipod", 48000, IN_FRONT),
    "pieces.mp4": ("aac", "mp4", 48000, FRAGMENTED),
    "a.mov": ("aac", "mov", 48000, {}),
    "a.wav": ("pcm_s16le", "wav", 16000, {}),
    "a.w64.wav": ("pcm_s16le", "wav", 16000, {"rf64": "always"}),
    "a.avi": ("mp2", "avi", 48000, {}),
    "a.aiff": ("pcm_s16be", "aiff", 16000, {}),
    "a.ogg": ("libopus", "ogg", 48000, {}),
    "a.mp3": ("libmp3lame", "mp3", 44100, {}),
    "a.webm": ("libopus", "webm", 48000, {}),
    "a.mka": ("libopus", "matroska", 48000, {}),
}
SILENT: dict[str, tuple[str, str, int, dict[str, str]]] = {
    "a.flac": ("flac", "flac", 16000, {}),
    "raw.mp3": ("mp2", "mp2", 48000, {}),
}


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """Make four seconds of sound in a container."""
    folder, made = tmp_path_factory.mktemp("containers"), {}

    def content(name: str) -> bytes:
        if name not in made:
            made[name] = encoded(folder / name, *(KINDS | SILENT)[name])
        return made[name]

    return content


def encoded(path: Path, codec: str, kind: str, rate: int, options: dict[str, str]) -> bytes:
    noise = np.random.default_rng(1).normal(0, 3000, (1, rate * 4)).astype(np.int16)
    with av.open(str(path), "w", format=kind, options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=rate, frame_size=stream.frame_size
        )
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path.read_bytes()


def promised(content: bytes) -> int | None:
    return promised_bytes(io.BytesIO(content))


@pytest.mark.parametrize("name", KINDS)
def test_a_whole_file_promises_no_more_than_there_is(
    name: str, sound: Callable[[str], bytes]
) -> None:
    content = sound(name)
    said = promised(content)
    assert said is not None
    assert len(content) - 200 <= said <= len(content)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.97])
@pytest.mark.parametrize("name", KINDS)
def test_a_file_that_was_cut_promises_more(
    name: str, share: float, sound: Callable[[str], bytes]
) -> None:
    content = sound(name)
    cut = content[: int(len(content) * share)]
    said = promised(cut)
    assert said is not None
    assert said > len(cut)


@pytest.mark.parametrize("name", SILENT)
def test_what_says_nothing_promises_nothing(name: str, sound: Callable[[str], bytes]) -> None:
    assert promised(sound(name)) is None
    assert promised(sound(name)[:1000]) is None


@pytest.mark.parametrize("name", ["last.m4a", "a.wav", "a.mp3", "a.ogg"])
def test_a_copy_that_has_its_length_and_nothing_in_it_yet_is_not_whole(
    name: str, sound: Callable[[str], bytes]
) -> None:
    length = len(sound(name))
    assert promised(bytes(length)) == length + 1


def test_an_index_that_was_not_copied_yet_is_missed(sound: Callable[[str], bytes]) -> None:
    content = sound("last.m4a")
    cut = content[: len(content) * 2 // 3]
    said = promised(cut + bytes(len(content) - len(cut)))
    assert said is not None
    assert said > len(content)


@pytest.mark.parametrize("size", [0, 0x7FFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFF8])
def test_a_recorder_that_does_not_know_its_end_promises_nothing(
    size: int, sound: Callable[[str], bytes]
) -> None:
    content = sound("a.wav")
    assert promised(content[:4] + struct.pack("<I", size) + content[8:]) is None


def test_a_stream_of_matroska_promises_nothing() -> None:
    head = b"\x1aE\xdf\xa3\x80" + b"\x18S\x80g\x01" + b"\xff" * 7
    assert promised(head + b"x" * 100) is None


@pytest.mark.parametrize("name", ["a.wav", "a.avi"])
def test_a_program_that_counts_the_header_made_a_whole_file(
    name: str, sound: Callable[[str], bytes]
) -> None:
    content = sound(name)
    assert promised(content[:4] + struct.pack("<I", len(content)) + content[8:]) == len(content)


def test_what_somebody_appended_to_a_call_is_no_promise(sound: Callable[[str], bytes]) -> None:
    content = sound("first.m4a")
    assert promised(content + b"\x7fx\x01\x02some trailer") == len(content)


def test_a_picture_in_front_of_the_sound_is_part_of_it(sound: Callable[[str], bytes]) -> None:
    picture = b"ID3\x04\x00\x00\x00\x00\x27\x10" + bytes(5008)
    content = (
        picture
        + sound("a.mp3").partition(b"\xff\xfb")[1]
        + sound("a.mp3").partition(b"\xff\xfb")[2]
    )
    said = promised(content)
    assert said is not None
    assert said <= len(content)
    for cut in (3000, 5018, 9000):
        said = promised(content[:cut])
        assert said is not None
        assert said > cut


HEADS = [
    b"",
    b"RIFF",
    b"RF64",
    b"FORM",
    b"\x1aE\xdf\xa3",
    b"OggS\0",
    b"ID3",
    b"\xff\xfbXing",
    b"    ftyp",
]


@settings(max_examples=300)
@given(st.sampled_from(HEADS), st.binary(max_size=300))
def test_any_bytes_are_borne(head: bytes, rest: bytes) -> None:
    said = promised(head + rest)
    assert said is None or said >= 0
