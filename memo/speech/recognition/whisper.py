"""Whisper at work on all cores: the only module that knows how faster-whisper is driven.

How the work is dealt out decides its speed, at much the same words (`benchmarks/asr.py`). Several
workers with few threads each recognise batches of clips of like length side by side, since much of
decoding cannot be shared out among threads. Within a batch the clips are encoded one by one: that
is as fast, and the attention of each takes 72 MB.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.audio import pad_or_trim

from memo.model import Span
from memo.speech.audio import SAMPLE_RATE, Sound
from memo.speech.heard import HeardClip, HeardWord, SpokenLanguage
from memo.speech.recognition.asked import DECODING, Asked

_MOST_WORKERS = 4  # a window has few clips
# s of silence after a clip that Whisper hears. Filled up to 30 s, as it was trained, a quarter more
# work brings no fewer errors: 56 instead of 55 in 1,170 words. With 2 s there are 71: it loses what
# stands at the end of some clips.
_SILENCE = 5.0
_FRAMES_PER_SECOND = 100
_TOKENS_PER_SECOND = 30  # nobody says as many, in any script
_ROOM = 210  # tokens that Whisper has left for its text, whatever it is told before
_MOST_FRAMES = 3000
_MARGIN = 1600  # samples of silence: a clip may not end a sample after the sound


class Whisper:
    """A Whisper model in memory.

    Args:
        folder: Holds the model in CTranslate2's format.
        device: `cpu` or `cuda`.
        compute_type: How CTranslate2 computes, e.g. `int8`.
        threads: Threads of the CPU.

    Raises:
        RuntimeError: The model or the device cannot be used; also others, of no common base.
    """

    def __init__(self, folder: Path, *, device: str, compute_type: str, threads: int) -> None:
        self._workers = min(threads, _MOST_WORKERS) if device == "cpu" else 1
        self._model = _Model(
            str(folder),
            device=device,
            compute_type=compute_type,
            cpu_threads=threads // self._workers,
            num_workers=self._workers,
            local_files_only=True,
        )
        self.is_multilingual: bool = self._model.model.is_multilingual
        if device != "cpu":
            self._try()

    def _try(self) -> None:
        """Make CUDA load the libraries that it loads only when they are needed."""
        frames = self._model.feature_extractor.nb_max_frames
        self._model.encode(np.zeros((self._model.model.n_mels, frames), np.float32))

    def knows(self, language: str) -> bool:
        """Return whether the model can write a language (ISO 639-1)."""
        return language in self._model.supported_languages

    def languages(self, sounds: Sequence[Sound]) -> list[dict[str, float]]:
        """Return how probable each language is in each of some sounds of up to 30 s."""
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(self._languages, sounds))

    def _languages(self, sound: Sound) -> dict[str, float]:
        features = self._model.feature_extractor(sound)
        frames = _frames(sound.size / SAMPLE_RATE)
        encoded = self._model.encode(pad_or_trim(features, frames))
        [probabilities] = self._model.model.detect_language(encoded)
        return {_code(token): probability for token, probability in probabilities}

    def hear(
        self,
        sound: Sound,
        clips: Sequence[Span],
        asked: Asked,
        *,
        origin: float,
        batch_size: int,
        tell: Callable[[float], None],
    ) -> list[HeardClip]:
        """Recognise clips.

        Args:
            sound: What the clips are cut from.
            clips: In seconds of the sound, each at most 30 s.
            asked: What to hear.
            origin: Second of the recording at which the sound begins.
            batch_size: Most clips that a worker holds in memory at once.
            tell: Told how many seconds of the recording are done.

        Returns:
            What was heard in each clip, in seconds of the recording.
        """
        padded = np.pad(sound, (0, _MARGIN))
        work = partial(self._batch, padded, asked)
        heard: list[HeardClip] = []
        done = origin
        pool = ThreadPoolExecutor(self._workers)
        try:
            for batch in pool.map(work, _dealt(clips, batch_size, self._workers)):
                heard.extend(_placed(clip, origin) for clip in batch)
                done += sum(clip.duration for clip in batch)
                tell(done)
        finally:
            pool.shutdown(cancel_futures=True)
        return sorted(heard, key=lambda clip: clip.start)

    def _batch(self, sound: Sound, asked: Asked, clips: Sequence[Span]) -> list[HeardClip]:
        pipeline = _Pipeline(self._model, attentive=asked.attentive and self.is_multilingual)
        segments, _ = pipeline.transcribe(
            sound,
            language=asked.language,
            initial_prompt=asked.prompt,
            vad_filter=False,
            clip_timestamps=[{"start": clip.start, "end": clip.end} for clip in clips],
            batch_size=len(clips),
            max_new_tokens=_most_tokens(clips),
            **DECODING,
        )
        by_clip = _by_clip(clips, segments)
        languages = pipeline.languages or [None] * len(clips)
        return [_heard(*each) for each in zip(clips, by_clip, languages, strict=True)]


class _Model(WhisperModel):  # type: ignore[misc]  # faster-whisper ships no types
    def encode(self, features: Any) -> Any:  # noqa: ANN401
        """Encode one by one what is to be decoded in a batch."""
        if features.ndim < 3 or len(features) == 1 or self.model.device != "cpu":
            return super().encode(features)
        encoded = [np.asarray(super(_Model, self).encode(one)) for one in features]
        return ctranslate2.StorageView.from_array(np.concatenate(encoded))


class _Pipeline(BatchedInferencePipeline):  # type: ignore[misc]
    def __init__(self, model: _Model, *, attentive: bool) -> None:
        super().__init__(model)
        self._attentive = attentive
        self.languages: list[SpokenLanguage | None] = []

    def forward(
        self,
        features: Any,  # noqa: ANN401
        tokenizer: Any,  # noqa: ANN401
        chunks_metadata: Any,  # noqa: ANN401
        options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Recognise a batch without most of the silence that fills clips up to 30 s."""
        longest = max(clip["duration"] for clip in chunks_metadata)
        features = np.ascontiguousarray(features[..., : _frames(longest)])
        return super().forward(features, tokenizer, chunks_metadata, options)

    def generate_segment_batched(
        self,
        features: Any,  # noqa: ANN401
        tokenizer: Any,  # noqa: ANN401
        options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Recognise a batch, and tell each clip's language: the costly part of that is done."""
        encoded, outputs = super().generate_segment_batched(features, tokenizer, options)
        if self._attentive:
            for [(token, share), *_] in self.model.model.detect_language(encoded):
                likeliest = SpokenLanguage(code=_code(token), share=_probability(share))
                self.languages.append(likeliest)
        return encoded, outputs


def graphics_cards() -> int:
    """Return how many graphics cards CTranslate2 sees."""
    return int(ctranslate2.get_cuda_device_count())


def _frames(seconds: float) -> int:
    """Return how many frames of a clip Whisper is to hear, at most the 30 s that it can."""
    return min(_MOST_FRAMES, math.ceil(seconds + _SILENCE) * _FRAMES_PER_SECOND)


def _most_tokens(clips: Sequence[Span]) -> int | None:
    """Return how long the text of short clips may be; None for as long as the model can write.

    Where nothing is said Whisper may repeat itself until it is stopped.
    """
    most = math.ceil(max(clip.duration for clip in clips) + 1) * _TOKENS_PER_SECOND
    return most if most <= _ROOM else None


def _code(token: str) -> str:
    """Return the language of a token like `<|en|>`."""
    return token.strip("<|>")


def _dealt(clips: Sequence[Span], most: int, workers: int) -> Iterator[Sequence[Span]]:
    """Put clips of like length into batches, as many as keep all workers busy, the longest first.

    A batch takes as long as its longest clip.
    """
    rounds = math.ceil(len(clips) / (most * workers))
    count = min(len(clips), rounds * workers)
    by_length = sorted(clips, key=lambda clip: -clip.duration)
    for place in range(count):
        batch = by_length[place * len(clips) // count : (place + 1) * len(clips) // count]
        yield sorted(batch, key=lambda clip: clip.start)


def _by_clip(clips: Sequence[Span], segments: Iterable[Any]) -> list[list[Any]]:
    found: list[list[Any]] = [[] for _ in clips]
    starts = [clip.start for clip in clips]
    for segment in segments:
        # `seek` is the start of the segment's clip in hundredths of a second, rounded down.
        place = bisect.bisect_right(starts, segment.seek / 100 + 0.02) - 1
        found[max(0, place)].append(segment)
    return found


def _heard(clip: Span, segments: Sequence[Any], language: SpokenLanguage | None) -> HeardClip:
    first = segments[0] if segments else None
    return HeardClip(
        start=clip.start,
        end=clip.end,
        words=tuple(_word(word) for segment in segments for word in segment.words or ()),
        avg_logprob=_finite(first.avg_logprob) if first else None,
        no_speech_prob=_probability(first.no_speech_prob) if first else None,
        sounds_like=language,
    )


def _word(word: Any) -> HeardWord:  # noqa: ANN401
    start = max(0.0, float(word.start))
    return HeardWord(
        start=start,
        end=max(start, float(word.end)),
        text=word.word,
        probability=_probability(word.probability),
    )


def _placed(clip: HeardClip, origin: float) -> HeardClip:
    """Return a clip of a sound as one of the recording that the sound was cut from."""
    words = tuple(word.model_copy(update=_moved(word, origin)) for word in clip.words)
    return clip.model_copy(update={**_moved(clip, origin), "words": words})


def _moved(span: Span, origin: float) -> dict[str, float]:
    start, end = round(origin + span.start, 3), round(origin + span.end, 3)
    return {"start": max(0.0, start), "end": max(0.0, end)}


def _probability(value: float) -> float:
    """Return a float32 probability that may be a hair above 1, or NaN, as one that is neither."""
    return min(1.0, max(0.0, float(value))) if math.isfinite(value) else 0.0


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
