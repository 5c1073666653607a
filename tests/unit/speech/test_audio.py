from __future__ import annotations

import datetime as dt
import itertools
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.stream import Disposition
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.errors import RecordingError
from memo.model import Gap, Remark, RemarkCode, Span
from memo.speech.audio import SAMPLE_RATE, cut, decode, probe, quietest

Samples = npt.NDArray[np.float32]
MakeSound = Callable[..., Path]


def tone(seconds: float, rate: int = SAMPLE_RATE, pitch: float = 440.0) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(0.5 * np.sin(2 * np.pi * pitch * time), dtype=np.float32)


def decoded(path: Path, gaps: list[Gap] | None = None) -> Samples:
    told: list[Gap] = [] if gaps is None else gaps
    return np.concatenate(list(decode(path, report=told.append)))


def level(sound: Samples) -> float:
    return float(np.sqrt(np.square(sound).mean()))


def pitch_of(sound: Samples) -> float:
    return float(np.abs(np.fft.rfft(sound)).argmax() * SAMPLE_RATE / sound.size)


# --- Every form of sound ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rate", "layout", "codec"),
    [
        ("phone.wav", 8_000, "stereo", "pcm_s16le"),
        ("old.wav", 22_050, "mono", "pcm_u8"),
        ("film.flac", 48_000, "5.1", "flac"),
        ("studio.wav", 96_000, "mono", "pcm_f32le"),
        ("law.wav", 8_000, "mono", "pcm_mulaw"),
        ("memo.m4a", 44_100, "stereo", "aac"),
        ("song.mp3", 32_000, "stereo", "libmp3lame"),
        ("voice.opus", 48_000, "mono", "libopus"),
        ("tab.webm", 48_000, "stereo", "libopus"),
        ("video.mkv", 44_100, "mono", "aac"),
        ("old.aiff", 11_025, "mono", "pcm_s16be"),
        ("raw.aac", 44_100, "mono", "aac"),
    ],
)
def test_every_form_becomes_mono_at_16_khz(
    make_sound: MakeSound, name: str, rate: int, layout: str, codec: str
) -> None:
    channels = av.AudioLayout(layout).nb_channels
    container = "adts" if name == "raw.aac" else None
    path = make_sound(
        name, np.tile(tone(3, rate), (channels, 1)), rate=rate, layout=layout, codec=codec,
        container=container,
    )  # fmt: skip

    gaps: list[Gap] = []
    sound = decoded(path, gaps)
    media = probe(path)

    assert (sound.dtype.name, sound.ndim) == ("float32", 1)
    assert sound.size / SAMPLE_RATE == pytest.approx(3, abs=0.15)
    assert pitch_of(sound[SAMPLE_RATE : 2 * SAMPLE_RATE]) == pytest.approx(440, abs=2)
    assert level(sound[SAMPLE_RATE : 2 * SAMPLE_RATE]) > 0.2
    assert gaps == []
    assert (media.channels, media.sample_rate) == (channels, rate)
    assert media.duration == pytest.approx(3, abs=0.3)


def test_more_channels_than_any_layout_has_a_name_for(tmp_path: Path) -> None:
    path = tmp_path / "mixer.wav"
    sound = (np.tile(tone(1), (12, 1)).T * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(12)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(sound.tobytes())

    assert pitch_of(decoded(path)) == pytest.approx(440, abs=2)


def test_blocks_are_bounded_and_lose_nothing(make_sound: MakeSound) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 75 * SAMPLE_RATE + 7))
    path = make_sound("long.wav", samples.astype(np.float32), codec="pcm_f32le")

    blocks = list(decode(path))

    assert [block.size for block in blocks] == [480_000, 480_000, 240_007]
    np.testing.assert_array_equal(np.concatenate(blocks), samples[0].astype(np.float32))


def test_a_voice_on_one_channel_is_as_loud_as_a_voice_on_both(make_sound: MakeSound) -> None:
    silent = np.zeros_like(tone(1))
    one = decoded(make_sound("one.wav", np.stack([tone(1), silent]), layout="stereo"))
    both = decoded(make_sound("both.wav", np.stack([tone(1), tone(1)]), layout="stereo"))

    assert level(both) / level(one) == pytest.approx(2, rel=0.01)  # 6 dB: heard equally well
    assert level(one) == pytest.approx(level(tone(1)) / 2**0.5, rel=0.01)


def test_one_channel_can_be_had_by_itself(make_sound: MakeSound) -> None:
    path = make_sound(
        "call.m4a", np.stack([tone(2), tone(2, pitch=880)]), codec="aac", layout="stereo"
    )
    pitches = [np.concatenate(list(decode(path, channel=channel))) for channel in (0, 1)]
    assert [pitch_of(sound) for sound in pitches] == pytest.approx([440, 880], abs=5)
    assert level(pitches[0]) == pytest.approx(level(tone(1)), rel=0.05)


def test_one_sound_track_can_be_had_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "screen.mkv"
    with av.open(path, "w") as output:
        streams = [output.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono") for _ in "ab"]
        for stream, pitch in zip(streams, (440, 880), strict=True):
            frame = av.AudioFrame.from_ndarray(tone(2, pitch=pitch)[None], "fltp", "mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, 0
            output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    assert probe(path).sound_tracks == 2
    pitches = [pitch_of(np.concatenate(list(decode(path, channel=n)))) for n in (0, 1)]
    assert pitches == pytest.approx([440, 880], abs=5)


@pytest.mark.parametrize("channel", [-1, 2])
def test_a_channel_that_is_not_there_is_refused(make_sound: MakeSound, channel: int) -> None:
    path = make_sound("call.wav", np.stack([tone(1), tone(1)]), layout="stereo")
    with pytest.raises(RecordingError, match=rf"call\.wav has no channel {channel + 1}"):
        list(decode(path, channel=channel))


def test_channels_that_cancel_each_other_out_are_still_heard(make_sound: MakeSound) -> None:
    path = make_sound("inverted.wav", np.stack([tone(1), -tone(1)]), layout="stereo")
    assert level(decoded(path)) == pytest.approx(level(tone(1)), rel=0.01)


def test_not_a_number_and_infinity_become_silence(make_sound: MakeSound) -> None:
    samples = tone(1)[None].copy()
    samples[0, 100:200], samples[0, 300], samples[0, 400] = np.nan, np.inf, -np.inf
    sound = decoded(make_sound("broken.wav", samples, codec="pcm_f32le"))

    assert np.isfinite(sound).all()
    assert not sound[100:200].any()


def test_the_cover_picture_of_a_song_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "covered.m4a"
    with av.open(path, "w", format="mp4") as output:
        cover = output.add_stream("mjpeg", width=64, height=64, pix_fmt="yuvj420p")
        cover.disposition = Disposition.attached_pic
        voice = output.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        output.mux(cover.encode(av.VideoFrame(64, 64, "yuvj420p")))
        output.mux(cover.encode(None))
        frame = av.AudioFrame.from_ndarray(tone(2)[None], format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        output.mux(voice.encode(frame))
        output.mux(voice.encode(None))

    assert decoded(path).size / SAMPLE_RATE == pytest.approx(2, abs=0.15)


# --- What the container says --------------------------------------------------------------------


def test_title_and_date_come_from_the_tags(make_sound: MakeSound) -> None:
    tags = {"title": " Standup ", "creation_time": "2026-03-02T09:30:00Z"}
    path = make_sound("call.m4a", tone(1)[None], codec="aac", tags=tags)

    media = probe(path)

    assert media.title == "Standup"
    assert media.recorded_at == dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
    assert media.sound_tracks == 1


@pytest.mark.parametrize("date", ["1970-01-01T00:00:00Z", "not a date", "2026-03-02"])
def test_a_date_that_nobody_set_or_without_a_zone_is_no_date(
    make_sound: MakeSound, date: str
) -> None:
    path = make_sound("call.mkv", tone(1)[None], tags={"creation_time": date, "DATE": date})
    assert probe(path).recorded_at is None


def test_a_stream_that_does_not_know_its_length_is_read_to_its_end(
    make_sound: MakeSound,
) -> None:
    path = make_sound(
        "live.webm", tone(3, 48_000)[None], rate=48_000, codec="libopus", options={"live": "1"}
    )
    gaps: list[Gap] = []

    assert probe(path).duration is None
    assert decoded(path, gaps).size / SAMPLE_RATE == pytest.approx(3, abs=0.1)
    assert gaps == []


# --- The clock ------------------------------------------------------------------------------------


def test_a_hole_in_the_timestamps_becomes_silence(make_sound: MakeSound) -> None:
    paused = make_sound(
        "paused.mkv", tone(4)[None],
        starts=lambda sample: sample if sample < 2 * SAMPLE_RATE else sample + 5 * SAMPLE_RATE,
    )  # fmt: skip
    gaps: list[Gap] = []

    sound = decoded(paused, gaps)

    assert sound.size / SAMPLE_RATE == pytest.approx(9, abs=0.1)
    assert level(sound[round(2.5 * SAMPLE_RATE) : round(6.5 * SAMPLE_RATE)]) == 0
    assert level(sound[round(7.5 * SAMPLE_RATE) :]) > 0.3
    assert [(gap.start, gap.end) for gap in gaps] == [pytest.approx((2, 7), abs=0.1)]


def test_a_clock_that_jumps_by_a_day_is_not_believed(make_sound: MakeSound) -> None:
    day = 86_400 * SAMPLE_RATE
    path = make_sound(
        "jump.mkv", tone(4)[None], starts=lambda at: at if at < SAMPLE_RATE else at + day
    )
    assert decoded(path).size / SAMPLE_RATE == pytest.approx(4, abs=0.1)


def test_a_clock_that_starts_again_is_not_believed(make_sound: MakeSound) -> None:
    """As when a camera's pieces are put together with `cat`."""
    paths = [
        make_sound(f"{name}.ts", tone(3, 48_000, pitch)[None], rate=48_000, codec="mp2")
        for name, pitch in (("one", 440), ("two", 880))
    ]
    joined = paths[0].with_name("both.ts")
    joined.write_bytes(b"".join(path.read_bytes() for path in paths))
    gaps: list[Gap] = []

    sound = decoded(joined, gaps)

    assert sound.size / SAMPLE_RATE == pytest.approx(6, abs=0.2)
    assert pitch_of(sound[: 2 * SAMPLE_RATE]) == pytest.approx(440, abs=2)
    assert pitch_of(sound[-2 * SAMPLE_RATE :]) == pytest.approx(880, abs=2)
    assert gaps == []


# --- Broken files -------------------------------------------------------------------------------


def aac(make_sound: MakeSound, name: str = "call.m4a", **options: str) -> Path:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (1, 20 * SAMPLE_RATE))
    return make_sound(name, noise.astype(np.float32), codec="aac", options=options)


def refusal(path: Path) -> tuple[str, str]:
    """Return what both doors say about a file, having checked that they say the same."""
    with pytest.raises(RecordingError) as listening:
        decoded(path)
    with pytest.raises(RecordingError) as asking:
        probe(path)
    assert str(asking.value) == str(listening.value)
    assert "\n" not in str(asking.value)
    assert asking.value.hint
    return str(asking.value), asking.value.hint


def test_a_text_file_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "call.m4a"
    path.write_text("Anna: we ship on Friday — agreed?\n" * 50, encoding="utf-8")
    assert refusal(path)[0] == "call.m4a is a text file, not a recording"


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
    ids=["m3u8", "ffconcat", "sdp"],
)
def test_a_playlist_opens_no_other_file(
    make_sound: MakeSound, tmp_path: Path, playlist: str
) -> None:
    other = make_sound("secret.wav", tone(1)[None])
    path = tmp_path / "call.m4a"
    path.write_text(playlist.format(other), encoding="utf-8")
    assert "is a text file" in refusal(path)[0]


def test_an_unfinished_mp4_is_called_incomplete(make_sound: MakeSound) -> None:
    path = aac(make_sound)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    message, hint = refusal(path)
    assert "incomplete" in message
    assert "moov" in message
    assert "Copy it again" in hint


def test_an_encrypted_file_is_called_encrypted(make_sound: MakeSound) -> None:
    key = "00112233445566778899aabbccddeeff"
    path = aac(make_sound, encryption_scheme="cenc-aes-ctr", encryption_key=key, encryption_kid=key)
    assert "is encrypted" in refusal(path)[0]


def test_a_shop_s_protected_song_is_called_encrypted(make_sound: MakeSound) -> None:
    key = "00112233445566778899aabbccddeeff"
    path = aac(make_sound, encryption_scheme="cenc-aes-ctr", encryption_key=key, encryption_kid=key)
    path.write_bytes(path.read_bytes().replace(b"enca", b"drms"))
    assert "is encrypted" in refusal(path)[0]


def test_a_film_without_sound_is_called_that(tmp_path: Path) -> None:
    path = tmp_path / "screen.mp4"
    with av.open(path, "w") as output:
        picture = output.add_stream("mpeg4", rate=25, width=64, height=64, pix_fmt="yuv420p")
        for _ in range(5):
            output.mux(picture.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(picture.encode(None))
    assert refusal(path)[0] == "screen.mp4 has a picture but no sound"


def test_zero_samples_are_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "nothing.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
    with pytest.raises(RecordingError, match=r"^nothing\.wav holds no sound"):
        decoded(path)


def test_zero_bytes_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.m4a").touch()
    assert "empty.m4a" in refusal(tmp_path / "empty.m4a")[0]
    assert "is a folder" in refusal(tmp_path)[0]
    assert "does not exist" in refusal(tmp_path / "gone.m4a")[0]


@pytest.mark.parametrize("name", ["noise.mp3", "noise.m4a", "noise.wav", "noise"])
def test_random_bytes_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(0).bytes(300_000))
    with pytest.raises(RecordingError):
        decoded(path)


def test_a_broken_middle_is_silent_and_reported(make_sound: MakeSound) -> None:
    path = aac(make_sound)
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = np.random.default_rng(1).bytes(third)
    path.write_bytes(content)
    gaps: list[Gap] = []

    sound = decoded(path, gaps)

    assert sound.size / SAMPLE_RATE == pytest.approx(20, abs=0.5)
    assert sum(gap.duration for gap in gaps) == pytest.approx(20 / 3, abs=2)
    assert level(sound[: 5 * SAMPLE_RATE]) > 0.1
    assert level(sound[-5 * SAMPLE_RATE :]) > 0.1


def half(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("call.m4a", "aac", {"movflags": "faststart"}),
        ("call.mkv", "aac", {}),
        ("call.flac", "flac", {}),
        ("call.wav", "pcm_s16le", {}),
        ("call.mp3", "libmp3lame", {}),
    ],
)
def test_a_missing_end_is_reported_and_the_beginning_read(
    make_sound: MakeSound, name: str, codec: str, options: dict[str, str]
) -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (1, 20 * SAMPLE_RATE))
    path = half(make_sound(name, noise.astype(np.float32), codec=codec, options=options))
    gaps: list[Gap] = []

    seconds = decoded(path, gaps).size / SAMPLE_RATE

    assert seconds == pytest.approx(10, abs=1)
    assert [(gap.start, gap.end) for gap in gaps] == [pytest.approx((seconds, 20), abs=0.2)]
    assert probe(path).duration == pytest.approx(20, abs=0.2)


def with_wav_sizes(path: Path, size: int) -> Path:
    content = bytearray(path.read_bytes())
    place = content.index(b"data")
    struct.pack_into("<I", content, place + 4, size)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0])
def test_a_wav_header_that_does_not_know_its_length_is_forgiven(
    make_sound: MakeSound, size: int
) -> None:
    path = with_wav_sizes(make_sound("streamed.wav", tone(5)[None]), size)
    gaps: list[Gap] = []

    assert decoded(path, gaps).size / SAMPLE_RATE == pytest.approx(5, abs=0.1)
    assert gaps == []


def test_a_wav_header_that_promises_more_is_taken_at_its_word(make_sound: MakeSound) -> None:
    path = with_wav_sizes(make_sound("lying.wav", tone(5)[None]), 60 * 2 * SAMPLE_RATE)
    gaps: list[Gap] = []

    assert decoded(path, gaps).size / SAMPLE_RATE == pytest.approx(5, abs=0.1)
    assert gaps == [Gap(start=5, end=60, remarks=(Remark.of(RemarkCode.ENDS_EARLY),))]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, bytes]:
    """Two seconds of sound in each of several containers."""
    forms = {"a.m4a": "aac", "a.mp3": "libmp3lame", "a.webm": "libopus", "a.wav": "pcm_s16le",
             "a.flac": "flac"}  # fmt: skip
    whole = {}
    for name, codec in forms.items():
        path = tmp_path_factory.mktemp("sources") / name
        with av.open(path, "w") as output:
            stream = output.add_stream(codec, rate=48_000, layout="mono")
            assert isinstance(stream, av.AudioStream)
            for first in range(0, 96_000, 1024):
                piece = tone(2, 48_000)[None, first : first + 1024]
                frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 48_000, first
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        whole[path] = path.read_bytes()
    return whole


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_raises_anything_but_a_recording_error(
    data: st.DataObject, sources: dict[Path, bytes]
) -> None:
    path = data.draw(st.sampled_from(sorted(sources)))
    content = bytearray(sources[path])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        damage = data.draw(st.binary(min_size=1, max_size=200))
        content[place : place + len(damage)] = damage
    del content[data.draw(st.integers(1, len(content))) :]
    path.write_bytes(content)

    try:
        samples = sum(block.size for block in decode(path))
    except RecordingError:
        return
    assert samples > 0


# --- Cutting --------------------------------------------------------------------------------------


@given(
    sizes=st.lists(st.integers(1, 70_000), min_size=1, max_size=12),
    edges=st.lists(st.integers(0, 400_000), min_size=2, max_size=12, unique=True),
)
def test_every_span_is_cut_out_of_the_stream_exactly(sizes: list[int], edges: list[int]) -> None:
    whole = np.arange(sum(sizes), dtype=np.float32)
    blocks = np.split(whole, list(itertools.accumulate(sizes))[:-1])
    places = list(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
    spans = [Span(start=a / SAMPLE_RATE, end=b / SAMPLE_RATE) for a, b in places]

    for (start, end), sound in zip(places, cut(iter(blocks), spans), strict=True):
        np.testing.assert_array_equal(sound, whole[start:end])


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    sound = tone(30)
    sound[25 * SAMPLE_RATE : round(25.4 * SAMPLE_RATE)] *= 0.1
    assert quietest(sound, 20, 29) == pytest.approx(25.2, abs=0.15)


def test_too_little_sound_is_cut_in_the_middle() -> None:
    assert quietest(tone(1), 20, 29) == 24.5
