"""Automatic speech recognition (ASR): from a recording to its transcript, by way of Whisper.

A recording is streamed twice. The first pass finds the speech and the language. The second cuts
the speech into windows of up to five minutes and recognises one after the other; each is kept as
soon as it is done, so that a killed run goes on there. Never more than one window is in memory.

faster-whisper's own VAD is not used (see `memo.speech.vad`); Whisper is given clips that hold
speech and hears nothing else, for it invents words in silence.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from memo.errors import ConfigError, MemoError, MissingDependencyError, TranscriptionError
from memo.model import Remark, RemarkCode, Span, Transcript
from memo.ports import Checkpoints, Progress
from memo.speech.heard import HeardClip, HeardWindow, Listening, SpokenLanguage
from memo.speech.recognition import heap
from memo.speech.recognition.asked import DECODING, Asked, prompt_of
from memo.speech.recognition.assembly import assemble
from memo.speech.recognition.languages import Hear, heard_in, in_their_languages, language_at
from memo.speech.recognition.missed import filled, missed
from memo.speech.recognition.windows import plan_clips, plan_windows
from memo.speech.recording import identify
from memo.speech.steps import Steps

if TYPE_CHECKING:
    from memo.speech.audio import Sound
    from memo.speech.recognition.whisper import Whisper

UNDETERMINED = "und"  # ISO 639-2: nobody speaks

_VERSION = 3  # of the way windows are cut and recognised: a change makes old checkpoints stale
_NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")
_COMPUTE_TYPES = {"cpu": "int8", "cuda": "float16"}  # the fastest there that loses no words
_HEARINGS = 3  # of what was passed over, each shorter than the one before
_FEW = 2  # excerpts are enough to tell the language if they agree ...
_CLEAR = 0.9  # ... by this share of the votes
_CLOSE_PROGRAMS = "Close other programs to free memory, or choose a smaller model: --asr-model base"


@dataclass(frozen=True)
class _Source:
    """What is listened to: a file, or one of its channels (or sound tracks)."""

    path: Path
    channel: int | None


class FasterWhisper:
    """Transcribes sound files with a Whisper model in CTranslate2's format.

    The model is loaded when it is first needed, once for many files; `close` frees its memory.

    Args:
        folder: The model's folder: `model.bin`, `config.json`, `tokenizer.json`, vocabulary.
        model: Its name for people and for the provenance, e.g. `base`.
        device: `cpu`, `cuda`, or `auto`: a graphics card that can be used, else the processor.
        compute_type: How CTranslate2 computes, e.g. `int8`; None for what suits the device.
        threads: Threads of the CPU; None for all that this process may use.
        batch_size: How many clips of up to 30 s are recognised at once.
    """

    def __init__(
        self,
        folder: Path,
        model: str,
        *,
        device: str = "auto",
        compute_type: str | None = None,
        threads: int | None = None,
        batch_size: int = 8,
    ) -> None:
        self._folder = folder
        self._model = model
        self._device = device
        self._compute_type = compute_type
        self._threads = threads or _usable_cores()
        self._batch_size = batch_size
        self._whisper: Whisper | None = None
        self._remarks: list[Remark] = []

    @property
    def name(self) -> str:
        """Engine and model, for the provenance."""
        return f"faster-whisper/{self._model}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the model's memory. The next file loads it again."""
        self._whisper = None
        self._remarks.clear()
        gc.collect()
        heap.return_freed()

    def transcribe(
        self,
        path: Path,
        *,
        channel: int | None = None,
        language: str | None,
        hotwords: Sequence[str] = (),
        checkpoints: Checkpoints,
        progress: Progress,
    ) -> Transcript:
        """Transcribe a sound or video file.

        Args:
            path: The file.
            channel: The one channel (or sound track) to transcribe; None for all of them.
            language: ISO 639-1 code, or None to detect it.
            hotwords: Names and terms that may be said; as many are used as fit the prompt.
            checkpoints: Where the speech found, the language and each finished window are kept.
            progress: Told of the seconds of sound done in "listening" and "transcribing".

        Returns:
            The transcript; without segments if nobody speaks.

        Raises:
            RecordingError: The file cannot be read or holds no sound.
            ConfigError: The model does not know the language.
            MissingDependencyError: The model's files are missing or broken.
            TranscriptionError: The model failed.
        """
        from memo.speech.audio import probe

        recording, media = identify(path), probe(path)
        self._check_folder()
        source = _Source(path, channel)
        steps = Steps(recording, checkpoints, channel)
        listening, spoken = self._listen(source, media.duration, _code(language), steps, progress)
        windows = plan_windows(listening.speech)
        asked = Asked(
            language=spoken.code, prompt=prompt_of(hotwords), attentive=_code(language) is None
        )
        heard = self._recognise(source, windows, asked, listening.announced, steps, progress)
        transcript = assemble(
            recording=recording,
            media=media,
            listening=listening,
            language=spoken,
            windows=heard,
            asr_model=self.name,
            hotwords=hotwords,
        )
        warnings = (*transcript.warnings, *self._remarks)
        return transcript.model_copy(update={"warnings": warnings})

    # --- First pass: where is speech, and in which language? --------------------------------

    def _listen(
        self,
        source: _Source,
        expected: float | None,
        language: str | None,
        steps: Steps,
        progress: Progress,
    ) -> tuple[Listening, SpokenLanguage]:
        from memo.speech.listening import ABOUT, find_speech, heard_before, keep

        listening = heard_before(steps)
        about_language = [ABOUT, self._identity()]
        spoken = (
            SpokenLanguage(code=language, share=1.0)
            if language
            else steps.load("language", about_language, SpokenLanguage)
        )
        if listening and spoken:
            return listening, spoken
        listening, excerpts = find_speech(source.path, expected, progress, channel=source.channel)
        keep(listening, steps)
        if spoken is None:
            spoken = self._detect_language(excerpts)
            steps.save("language", about_language, spoken)
        return listening, spoken

    def _detect_language(self, excerpts: Sequence[Sound]) -> SpokenLanguage:
        """Let excerpts vote: each gives every language its probability, times its length."""
        if not excerpts:
            return SpokenLanguage(code=UNDETERMINED, share=0.0)
        whisper = self._loaded()
        if not whisper.is_multilingual:
            return SpokenLanguage(code="en", share=1.0)
        few = excerpts[:: max(1, len(excerpts) // _FEW)]
        with _engine_errors(self.name):
            spoken = _vote(few, whisper.languages(few))
            if spoken.share < _CLEAR and len(few) < len(excerpts):
                spoken = _vote(excerpts, whisper.languages(excerpts))
        return spoken

    # --- Second pass: what is said? -----------------------------------------------------------

    def _recognise(
        self,
        source: _Source,
        windows: Sequence[tuple[Span, ...]],
        asked: Asked,
        duration: float,
        steps: Steps,
        progress: Progress,
    ) -> list[HeardWindow]:
        abouts = [self._about(window, asked) for window in windows]
        heard = [steps.load("window", about, HeardWindow) for about in abouts]
        missing = [place for place, found in enumerate(heard) if found is None]
        spans = [_extent(windows[place]) for place in missing]
        tell = _Steady(progress, "transcribing", duration)
        for place, sound in zip(missing, _sound_of(source, spans), strict=True):
            tell(windows[place][0].start)
            window = self._decode(sound, windows[place], asked, tell)
            steps.save("window", abouts[place], window)
            heard[place] = window
        tell(duration)
        return [window for window in heard if window is not None]

    def _about(self, window: tuple[Span, ...], asked: Asked) -> object:
        """Everything that a window's result depends on, besides the recording."""
        spans = [(span.start, span.end) for span in window]
        return [_VERSION, self._identity(), asdict(asked), DECODING, spans]

    def _identity(self) -> object:
        size = (self._folder / "model.bin").stat().st_size
        return [self._model, size, self._compute_type]

    def _decode(
        self,
        sound: Sound,
        window: tuple[Span, ...],
        asked: Asked,
        tell: Callable[[float], None],
    ) -> HeardWindow:
        """Recognise the speech of one window, and hear what was passed over once more."""
        from memo.speech.audio import quietest

        origin, language = window[0].start, asked.language
        whisper = self._loaded()
        if not whisper.knows(language):
            raise ConfigError(
                f"the speech model {self._model} does not know the language {language!r}",
                hint="Give another language as a two-letter code (de, fr, ja), or another model.",
            )
        clips = plan_clips(window, lambda a, b: origin + quietest(sound, a - origin, b - origin))
        ear = _Ear(whisper, sound, origin, replace(asked, attentive=False), self._batch_size, tell)
        with _engine_errors(self.name):
            if asked.attentive:
                first = replace(ear, asked=asked).hear(clips, language)
                heard = in_their_languages(
                    first, window, language, tell=ear.languages, hear=ear.hear
                )
            else:
                heard = ear.hear(clips, language)
            heard = _completed(heard, window, language, ear.hear)
        return HeardWindow(clips=tuple(heard))

    # --- The model ----------------------------------------------------------------------------

    def _check_folder(self) -> None:
        lacking = [name for name in _NEEDED_FILES if not (self._folder / name).is_file()]
        if lacking:
            raise MissingDependencyError(
                f"the speech model {self._model} is incomplete: {', '.join(lacking)} missing",
                hint=f"Fetch it: memo models pull {self._model}",
            )

    def _loaded(self) -> Whisper:
        if self._whisper is None:
            self._whisper = self._load()
        return self._whisper

    def _load(self) -> Whisper:
        heap.keep_freed()
        try:
            return self._on_graphics_card() or self._on("cpu")
        except MemoError:
            raise
        except MemoryError as error:
            raise TranscriptionError(
                f"there is not enough memory for the speech model {self._model}",
                hint=_CLOSE_PROGRAMS,
            ) from error
        except Exception as error:  # CTranslate2's and tokenizers' errors share no base
            raise MissingDependencyError(
                f"the speech model {self._model} cannot be loaded: {_first_line(error)}",
                hint=f"Fetch it again: memo models pull {self._model}",
            ) from error

    def _on_graphics_card(self) -> Whisper | None:
        """Return the model on a graphics card; None where the processor has to do."""
        from memo.speech.recognition.whisper import graphics_cards

        if self._device == "cpu" or (self._device == "auto" and not graphics_cards()):
            return None
        try:
            return self._on("cuda")
        except Exception as error:  # as above; CUDA's libraries may be missing
            reason = _first_line(error)
            if self._device == "auto":
                self._remarks.append(Remark.of(RemarkCode.GPU_UNUSED, error=reason))
                return None
            raise MissingDependencyError(
                f"the speech model {self._model} cannot be used on a graphics card: {reason}",
                hint="Install NVIDIA's driver, cuBLAS and cuDNN, or leave out --device cuda.",
            ) from error

    def _on(self, device: str) -> Whisper:
        from memo.speech.recognition.whisper import Whisper

        return Whisper(
            self._folder,
            device=device,
            compute_type=self._compute_type or _COMPUTE_TYPES[device],
            threads=self._threads,
        )


# --- Small things --------------------------------------------------------------------------------


@contextmanager
def _engine_errors(name: str) -> Iterator[None]:
    """Turn what CTranslate2 and faster-whisper raise into a TranscriptionError."""
    try:
        yield
    except MemoryError as error:
        raise TranscriptionError(f"{name} ran out of memory", hint=_CLOSE_PROGRAMS) from error
    except (RuntimeError, ValueError, IndexError, AssertionError, OSError) as error:
        raise TranscriptionError(
            f"{name} failed: {_first_line(error)}", hint=_CLOSE_PROGRAMS
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@dataclass(frozen=True)
class _Ear:
    """Hears stretches of a recording, given in its seconds; `sound` begins at `origin` of them."""

    whisper: Whisper
    sound: Sound
    origin: float
    asked: Asked
    batch_size: int
    tell: Callable[[float], None]

    def hear(self, spans: Sequence[Span], language: str) -> list[HeardClip]:
        """Recognise stretches of up to 30 s in a language."""
        asked = replace(self.asked, language=language)
        local = [self._local(span) for span in spans]
        hear = partial(
            self.whisper.hear, self.sound, local, asked, origin=self.origin, tell=self.tell
        )
        try:
            return hear(batch_size=self.batch_size)
        except (RuntimeError, MemoryError):  # perhaps for want of memory: one at a time
            return hear(batch_size=1)

    def languages(self, spans: Sequence[Span]) -> list[SpokenLanguage]:
        """Return the language that each of some stretches of up to 30 s is in."""
        from memo.speech.audio import cut

        sounds = list(cut([self.sound], [self._local(span) for span in spans]))
        found = self.whisper.languages(sounds)
        return [_vote([sound], [of]) for sound, of in zip(sounds, found, strict=True)]

    def _local(self, span: Span) -> Span:
        start = max(0.0, span.start - self.origin)
        return Span(start=start, end=max(start, span.end - self.origin))


def _completed(
    heard: list[HeardClip], speech: Sequence[Span], language: str, hear: Hear
) -> list[HeardClip]:
    """Hear what was passed over once more, in the language of the clip that it is in."""
    tried: list[Span] = []
    for _ in range(_HEARINGS):
        holes = [hole for hole in missed(heard, speech) if hole not in tried]
        if not holes:
            break
        again = [(hole, language_at(hole, heard) or language) for hole in holes]
        heard = filled(heard, heard_in(again, language, hear))
        tried.extend(holes)
    return heard


def _vote(excerpts: Sequence[Sound], languages: Sequence[dict[str, float]]) -> SpokenLanguage:
    votes: dict[str, float] = {}
    for excerpt, probabilities in zip(excerpts, languages, strict=True):
        for code, probability in probabilities.items():
            votes[code] = votes.get(code, 0.0) + probability * excerpt.size
    code = max(votes, key=lambda code: votes[code])
    return SpokenLanguage(code=code, share=min(1.0, votes[code] / sum(votes.values())))


class _Steady:
    """Progress in seconds of sound that never runs backwards or past the end."""

    def __init__(self, progress: Progress, stage: str, total: float) -> None:
        self._progress = progress
        self._stage = stage
        self._total = total
        self._done = 0.0

    def __call__(self, done: float) -> None:
        self._done = min(max(done, self._done), self._total)
        self._progress(self._stage, self._done, self._total)


def _sound_of(source: _Source, spans: Sequence[Span]) -> Iterator[Sound]:
    from memo.speech.audio import cut, decode

    return cut(decode(source.path, channel=source.channel), spans) if spans else iter(())


def _extent(window: Sequence[Span]) -> Span:
    return Span(start=window[0].start, end=window[-1].end)


def _code(language: str | None) -> str | None:
    """Return the language part of a tag: `pt` for `pt-BR`; None for nothing or `auto`."""
    code = (language or "").strip().lower().replace("_", "-").split("-")[0]
    return None if code in {"", "auto"} else code


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
