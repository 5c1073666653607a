"""Sound files made on the spot, whole and broken ones."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import numpy.typing as npt
import pytest

Samples = npt.NDArray[np.float32]
MakeSound = Callable[..., Path]
if TYPE_CHECKING:
    Packet = av.Packet[av.AudioStream]  # a class without parameters at run time


@pytest.fixture
def make_sound(tmp_path: Path) -> MakeSound:
    """Return a function that writes samples, shape (channels, samples), to a file."""

    def make(  # noqa: PLR0913  each is a property of the file
        name: str,
        samples: Samples,
        *,
        rate: int = 16_000,
        layout: str = "mono",
        codec: str = "pcm_s16le",
        container: str | None = None,
        options: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        starts: Callable[[int], int] = lambda sample: sample,
    ) -> Path:
        """`starts` moves the timestamp (in samples) of each packet."""
        path = tmp_path / name
        with av.open(path, "w", format=container, options=options or {}) as output:
            output.metadata.update(tags or {})
            stream = output.add_stream(codec, rate=rate, layout=layout)
            assert isinstance(stream, av.AudioStream)
            for first in range(0, samples.shape[1], 1024):
                piece = np.ascontiguousarray(samples[:, first : first + 1024])
                frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
                frame.sample_rate, frame.pts = rate, first
                frame.time_base = Fraction(1, rate)
                output.mux(_moved(stream.encode(frame), starts))
            output.mux(_moved(stream.encode(None), starts))
        return path

    return make


def _moved(packets: list[Packet], starts: Callable[[int], int]) -> list[Packet]:
    for packet in packets:
        if packet.pts is not None:
            packet.pts = packet.dts = starts(packet.pts)
    return packets
