"""Sound out of any container: the only module that knows PyAV (FFmpeg's libraries).

`probe` asks a file what it holds. `decode` streams its sound as float32 mono at 16 kHz, what
speech models expect, in bounded memory however long it is. Times follow the clock of the
container, as a player shows it: where packets are missing or damaged there is silence, so that a
word said at 41:07 stays at 41:07, and each such hole is reported.

Files come from strangers. FFmpeg is given an open file and forbidden to open anything else, so
that a playlist that calls itself `call.m4a` reaches neither other files nor the network.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias

import av
import av.container
import numpy as np
import numpy.typing as npt

from memo.errors import RecordingError, TranscriptionError, is_away
from memo.model import Gap, Media, Remark, RemarkCode, Span
from memo.speech import containers
from memo.speech.recording import ensure_file, printable, unreadable

SAMPLE_RATE = 16_000

Sound: TypeAlias = npt.NDArray[np.float32]
Mix: TypeAlias = Callable[[Sound], Sound]

_BLOCK_SECONDS = 30
_LOWEST_RATE = 1_000  # Hz; below it nothing is left of speech
_LONGEST_HOLE = 4 * 3600.0  # a jump of the clock beyond it is an error of the clock
_JITTER = 0.25  # timestamps are believed when they disagree by more (ASF and AVI round them)
_WORTH_TELLING = 1.0  # shorter holes are filled but not reported
_HOPELESS = 0.9  # share of undecodable packets from which what is left is noise
_EARLIEST_YEAR = 1990  # clocks that were never set say 1904 or 1970
_GUESSED_LENGTH = frozenset(
    {"aac", "ac3", "eac3", "dts", "amr", "amrnb", "amrwb", "mpegts", "mpeg"}
)
_AGAIN = "Copy it again from where it was recorded, or export it as m4a, mp3 or wav."


def probe(path: Path) -> Media:
    """Return what a sound or video file's container says about itself.

    Args:
        path: The file, of any container and codec that FFmpeg's libraries know.

    Raises:
        RecordingError: It is missing, unreadable, encrypted, incomplete, or has no sound.
    """
    with _opened(path) as (file, container):
        stream = _sound_of(container, path)
        context = stream.codec_context
        tags = {**stream.metadata, **container.metadata}
        return Media(
            duration=_announced_seconds(file, container),
            channels=context.layout.nb_channels,
            sample_rate=context.sample_rate,
            sound_tracks=len(container.streams.audio),
            recorded_at=_recorded_at(tags),
            title=next((tags[key].strip() for key in tags if key.lower() == "title"), "") or None,
        )


def ignore(_gap: Gap) -> None:
    """Take no notice of damage."""


def decode(
    path: Path, *, channel: int | None = None, report: Callable[[Gap], None] = ignore
) -> Iterator[Sound]:
    """Yield a file's sound: float32, mono, 16 kHz, shape (samples,), in blocks of 30 s.

    Channels are added at equal power. If they cancel each other out (one is wired upside down),
    the louder one is taken alone.

    Args:
        path: The file.
        channel: The one channel to take, from 0; of a file with several sound tracks, the track.
            None for all channels of the file's main track.
        report: Is told of each stretch of a second or more that is damaged or missing; such a
            stretch is silent, except that nothing is yielded for a missing end.

    Raises:
        RecordingError: It is missing, unreadable, encrypted, incomplete, damaged throughout, or
            has no sound.
    """
    with _opened(path) as (file, container):
        stream, mix = _chosen(container, path, channel)
        announced = _announced_seconds(file, container)
        clock = _Clock(container, announced, report)
        packets = _Packets(container, stream)
        samples = 0
        for block in _blocks(_mono(clock.place(packets.frames()), mix)):
            samples += block.size
            yield block
        if samples == 0 or packets.share_damaged > _HOPELESS:
            raise _without_sound(path, damaged=packets.damaged > 0)
        if announced is not None and _is_length_known(file, container):
            _report_missing_end(samples / SAMPLE_RATE, announced, report)


def cut(blocks: Iterable[Sound], spans: Sequence[Span]) -> Iterator[Sound]:
    """Yield the sound of each span, holding little more than one span in memory.

    Args:
        blocks: A recording's sound from its start, shape (samples,) each.
        spans: Stretches of it, ordered and disjoint. A span beyond the end yields what there is.
    """
    source = iter(blocks)
    held: list[Sound] = []
    first = last = 0  # the samples that are held
    for span in spans:
        start, stop = round(span.start * SAMPLE_RATE), round(span.end * SAMPLE_RATE)
        while last < stop and (block := next(source, None)) is not None:
            if last + block.size <= start:
                held, first = [], last + block.size
            else:
                held.append(block)
            last += block.size
        sound = np.concatenate(held) if held else np.zeros(0, np.float32)
        yield sound[max(0, start - first) : max(0, stop - first)]
        rest = sound[max(0, stop - first) :].copy()
        held, first = [rest] if rest.size else [], last - rest.size


def quietest(sound: Sound, start: float, end: float) -> float:
    """Return the second, within [start, end), around which 0.2 s of a sound are the quietest."""
    step = SAMPLE_RATE // 50
    piece = sound[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)]
    frames = piece[: piece.size // step * step].reshape(-1, step)
    width = 10
    if len(frames) < width:
        return (start + end) / 2
    energy = np.convolve(np.square(frames).mean(axis=1), np.ones(width), mode="valid")
    return start + (int(energy.argmin()) + width / 2) * step / SAMPLE_RATE


# --- Opening ----------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, av.container.InputContainer]]:
    """Open a file for FFmpeg, and turn every error met while it is open into a RecordingError."""
    ensure_file(path)
    try:
        file = path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error
    with file:
        try:
            _refuse_encrypted(file, path)
            # A protocol of this name does not exist: nothing but `file` can be opened.
            options = {"protocol_whitelist": "none"}
            with av.open(file, "r", metadata_errors="replace", options=options) as container:
                yield file, container
        except MemoryError as error:
            raise TranscriptionError(
                f"there is not enough memory to read {printable(path)}",
                hint="Close other programs, then run the command again.",
            ) from error
        except (av.FFmpegError, OSError, ValueError, IndexError) as error:
            raise _explained(error, file, path) from error


def _refuse_encrypted(file: BinaryIO, path: Path) -> None:
    encrypted = containers.is_encrypted_mp4(file)
    file.seek(0)
    if encrypted:
        raise RecordingError(
            f"{printable(path)} is encrypted (DRM), so its sound cannot be read",
            hint="Export an unprotected copy from the program it was bought or recorded with.",
        )


def _explained(error: Exception, file: BinaryIO, path: Path) -> RecordingError:
    """Say what is wrong with a file that FFmpeg, or the system, refused."""
    if isinstance(error, OSError) and not isinstance(error, av.FFmpegError) and is_away(error):
        return unreadable(path, error)
    try:
        return _broken(file, path)
    except OSError as away:
        return unreadable(path, away)


def _broken(file: BinaryIO, path: Path) -> RecordingError:
    name = printable(path)
    if containers.is_text(file):
        return RecordingError(
            f"{name} is a text file, not a recording",
            hint="If it is a transcript, name it .vtt, .srt or .txt; else give the recording.",
        )
    if containers.lacks_mp4_index(file):
        return RecordingError(
            f"{name} is incomplete: its index (the moov box) is missing, "
            "as when a recording or a copy is cut off",
            hint="Copy it again from where it was recorded; if that is broken too, repair it "
            "with a tool such as untrunc.",
        )
    return RecordingError(
        f"{name} is not a sound or video file that memo can read, or it is damaged", hint=_AGAIN
    )


def _chosen(
    container: av.container.InputContainer, path: Path, channel: int | None
) -> tuple[av.AudioStream, Mix]:
    """Return the sound track to decode, and how its channels become one."""
    main = _sound_of(container, path)
    if channel is None:
        return main, _mixed
    tracks = container.streams.audio
    count = len(tracks) if len(tracks) > 1 else main.codec_context.layout.nb_channels
    if not 0 <= channel < count:
        raise RecordingError(
            f"{printable(path)} has no channel {channel + 1}",
            hint="Wait until the recording or the copy has finished, then run the command again.",
        )
    if len(tracks) > 1:
        return _decodable(tracks[channel], path), _mixed
    return main, lambda channels: _plain(channels[min(channel, len(channels) - 1)])


def _sound_of(container: av.container.InputContainer, path: Path) -> av.AudioStream:
    streams = container.streams.audio
    if not streams:
        has_picture = any(stream.type == "video" for stream in container.streams)
        what = "has a picture but no sound" if has_picture else "has no sound"
        raise RecordingError(
            f"{printable(path)} {what}", hint="Give the file that the sound was recorded to."
        )
    stream = container.streams.best("audio") or streams[0]
    assert isinstance(stream, av.AudioStream)  # noqa: S101  narrows the type for mypy
    return _decodable(stream, path)


def _decodable(stream: av.AudioStream, path: Path) -> av.AudioStream:
    rate = getattr(stream.codec_context, "sample_rate", 0)  # None where the codec is unknown
    if rate < _LOWEST_RATE:
        raise RecordingError(
            f"{printable(path)} holds sound in a form that memo cannot decode", hint=_AGAIN
        )
    return stream


def _without_sound(path: Path, *, damaged: bool) -> RecordingError:
    what = "is damaged: its sound cannot be decoded" if damaged else "holds no sound (0 seconds)"
    return RecordingError(f"{printable(path)} {what}", hint=_AGAIN)


# --- What the container says -------------------------------------------------------------------


def _announced_seconds(file: BinaryIO, container: av.container.InputContainer) -> float | None:
    place = file.tell()
    in_wav_header = containers.announced_wav_seconds(file)
    file.seek(place)
    if in_wav_header is not None:
        return in_wav_header
    return max(0.0, container.duration / av.time_base) if container.duration else None


def _is_length_known(file: BinaryIO, container: av.container.InputContainer) -> bool:
    """Return whether the announced length is written in the file and not FFmpeg's guess."""
    kind = container.format.name
    if kind == "mp3":
        return containers.has_mp3_length(file)
    return kind not in _GUESSED_LENGTH


def _report_missing_end(decoded: float, announced: float, report: Callable[[Gap], None]) -> None:
    if announced - decoded > max(2.0, announced / 100):
        report(Gap(start=decoded, end=announced, remarks=(Remark.of(RemarkCode.ENDS_EARLY),)))


def _recorded_at(tags: dict[str, str]) -> dt.datetime | None:
    """Return when a recording began, if its tags say so with a time zone."""
    for key in ("com.apple.quicktime.creationdate", "creation_time", "date"):
        try:
            moment = dt.datetime.fromisoformat(tags.get(key, ""))
        except ValueError:
            continue
        if moment.tzinfo is not None and moment.year >= _EARLIEST_YEAR:
            return moment
    return None


# --- Decoding ----------------------------------------------------------------------------------


class _Packets:
    """Decodes the packets of a stream one by one and counts those that cannot be."""

    def __init__(self, container: av.container.InputContainer, stream: av.AudioStream) -> None:
        self._container = container
        self._stream = stream
        self._decoded = 0
        self.damaged = 0

    @property
    def share_damaged(self) -> float:
        """Share of the packets that could not be decoded."""
        return self.damaged / max(1, self.damaged + self._decoded)

    def frames(self) -> Iterator[av.AudioFrame]:
        """Yield the decodable frames in the order of the file."""
        packets = self._container.demux(self._stream)
        while (packet := self._next(packets)) is not None:
            try:
                frames = packet.decode()
            except (av.FFmpegError, OSError, ValueError):
                self.damaged += 1
                continue
            self._decoded += 1
            yield from frames

    def _next(
        self, packets: Iterator[av.Packet[av.AudioStream]]
    ) -> av.Packet[av.AudioStream] | None:
        try:
            return next(packets, None)
        except (av.FFmpegError, ValueError):  # the rest of the file cannot be taken apart
            self.damaged += 1
            return None


class _Clock:
    """Places frames on the recording's clock: holes between them become seconds of silence.

    Timestamps that are missing, run backwards or jump out of the recording are not believed;
    the frame then follows the one before.
    """

    def __init__(
        self,
        container: av.container.InputContainer,
        announced: float | None,
        report: Callable[[Gap], None],
    ) -> None:
        self._origin = (container.start_time or 0) / av.time_base
        self._announced = announced
        self._report = report
        self._now = 0.0

    def place(self, frames: Iterable[av.AudioFrame]) -> Iterator[av.AudioFrame | float]:
        """Yield the frames, and between them the seconds of silence that belong there."""
        for frame in frames:
            if hole := self._hole_before(frame):
                if hole >= _WORTH_TELLING:
                    damaged = Remark.of(RemarkCode.DAMAGED)
                    self._report(Gap(start=self._now, end=self._now + hole, remarks=(damaged,)))
                self._now += hole
                yield hole
            self._now += frame.samples / frame.sample_rate
            yield frame

    def _hole_before(self, frame: av.AudioFrame) -> float:
        if frame.pts is None or frame.time is None or not math.isfinite(frame.time):
            return 0.0
        ahead = frame.time - self._origin - self._now
        if abs(ahead) <= _JITTER:
            return 0.0
        room = _LONGEST_HOLE if self._announced is None else self._announced + 1.0 - self._now
        if 0 < ahead <= min(room, _LONGEST_HOLE):
            return ahead
        self._origin = frame.time - self._now
        return 0.0


def _mono(placed: Iterable[av.AudioFrame | float], mix: Mix) -> Iterator[Sound]:
    """Resample frames to 16 kHz and mix their channels; yield silence for the holes."""
    resampler: av.AudioResampler | None = None
    form: tuple[str, str, int] | None = None
    for item in placed:
        if isinstance(item, float):
            yield from _silence(item)
            continue
        if form != (new := (item.format.name, item.layout.name, item.sample_rate)):
            yield from map(mix, _resampled(resampler, None))  # it may change within a file
            form = new
            # Interleaved: PyAV 18 reads beyond the end of more than eight separate planes.
            resampler = av.AudioResampler(format="flt", layout=item.layout, rate=SAMPLE_RATE)
        item.pts = None  # the clock has had its say
        yield from map(mix, _resampled(resampler, item))
    yield from map(mix, _resampled(resampler, None))


def _resampled(resampler: av.AudioResampler | None, frame: av.AudioFrame | None) -> Iterator[Sound]:
    """Yield what a frame becomes, shape (channels, samples)."""
    if resampler is not None:
        for resampled in resampler.resample(frame):
            interleaved = resampled.to_ndarray().astype(np.float32, copy=False)
            yield interleaved.reshape(-1, resampled.layout.nb_channels).T


def _plain(sound: Sound) -> Sound:
    """Return sound in which NaN and infinity are silence, and nothing is beyond all measure."""
    plain = np.clip(np.nan_to_num(sound, nan=0.0, posinf=0.0, neginf=0.0), -4.0, 4.0)
    return np.ascontiguousarray(plain, dtype=np.float32)


def _mixed(channels: Sound) -> Sound:
    """Mix channels, shape (channels, samples), at equal power."""
    clean = _plain(channels)
    if len(clean) == 1:
        return np.ascontiguousarray(clean[0])
    mix = clean.sum(axis=0) / np.sqrt(len(clean))
    loudest = clean[np.square(clean).sum(axis=1).argmax()]
    cancelled = np.square(mix).sum() < 0.01 * np.square(loudest).sum()
    return np.asarray(loudest if cancelled else mix, dtype=np.float32)


def _silence(seconds: float) -> Iterator[Sound]:
    left = round(seconds * SAMPLE_RATE)
    while left > 0:
        size = min(left, _BLOCK_SECONDS * SAMPLE_RATE)
        yield np.zeros(size, np.float32)
        left -= size


def _blocks(sounds: Iterable[Sound]) -> Iterator[Sound]:
    """Join small pieces to blocks of `_BLOCK_SECONDS`; the last one is shorter."""
    size = _BLOCK_SECONDS * SAMPLE_RATE
    held: list[Sound] = []
    samples = 0
    for sound in sounds:
        held.append(sound)
        samples += sound.size
        while samples >= size:
            joined = np.concatenate(held)
            yield joined[:size]
            held, samples = [joined[size:]], samples - size
    if samples:
        yield np.concatenate(held)
