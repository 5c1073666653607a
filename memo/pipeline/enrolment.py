"""A voice of a recording is remembered, because the user says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memo.errors import ConfigError, RecordingError
from memo.model import Span
from memo.pipeline.conversion import Job, Tools
from memo.pipeline.corrections import spans_of
from memo.pipeline.revoicing import WrongVoice, find_voice, recall_conversion, told_of
from memo.ports import Progress
from memo.speech.recording import identify, printable
from memo.speech.transcript_files import is_transcript

if TYPE_CHECKING:
    from memo.speech.voices.voiceprints import Enrolled

Voices = dict[str, tuple[Span, ...]]


def enroll(name: str, voice: str | None, job: Job, tools: Tools, progress: Progress) -> Enrolled:
    """Remember a voice of a recording, which need not be converted.

    Args:
        name: Whose it is.
        voice: Which, by label, number or name; None for the one of that name, or the only one.
        job: The recording.
        tools: What with.
        progress: Told of the seconds of sound done.

    Raises:
        WrongVoice: There is no such voice, or nobody says which of several.
        RecordingError: The recording cannot be read, or the voice says too little.
        OutputError: The voice cannot be kept.
    """
    from memo.speech.voices.samples import alone
    from memo.speech.voices.voiceprints import LEAST_SPEECH, MODEL, Take

    if tools.enrolled is None:
        raise ValueError("there is nowhere to keep a voice")
    if is_transcript(job.path):
        raise RecordingError(
            f"{printable(job.path)} is a transcript: no voice is heard in it",
            hint="Name the recording that it was made from.",
        )
    voices, names = _voices(job, tools, progress)
    label = _chosen(name, voice, names)
    by_itself = alone(voices)[label]
    seconds = sum(span.duration for span in by_itself)
    enough = seconds >= LEAST_SPEECH
    heard = tools.enrolled.prints(job.path, voices, only=label).get(label) if enough else None
    if heard is None:
        raise RecordingError(
            f"{names[label]} speaks alone for {seconds:.0f} s in {printable(job.path)}: too little "
            f"to know the voice by, {LEAST_SPEECH:.0f} s are needed",
            hint="Enroll the voice from a longer recording.",
        )
    take = Take(
        recording=identify(job.path),
        label=label,
        seconds=round(seconds, 3),
        enrolled_at=tools.now(),
        model=MODEL,
        narrow=heard.narrow,
        embedding=tuple(heard.embedding.tolist()),
    )
    return tools.enrolled.enroll(name, take)


def _voices(job: Job, tools: Tools, progress: Progress) -> tuple[Voices, dict[str, str]]:
    """Return where each voice speaks, and what it is called; told apart now if never before."""
    from memo.checkpoints import WorkFolder

    try:
        transcript = recall_conversion(job, tools).transcript
    except RecordingError:
        recording = identify(job.path)
    else:
        called = {p.label: p.name for p in transcript.participants if p.label}
        spans = spans_of(transcript)
        return spans, {label: called.get(label, label) for label in spans}
    if tools.diarizer is None:
        raise ConfigError(
            "voices are not to be told apart (diarize = false)",
            hint="Set diarize = true in memo.toml, or convert the recording with --diarize.",
        )
    work = WorkFolder(tools.work, recording)
    with work.exclusive(progress):
        turns = tools.diarizer().diarize(
            job.path, speakers=job.speakers, checkpoints=work, progress=progress
        )
    voices: dict[str, list[Span]] = {}
    for turn in turns:
        voices.setdefault(turn.speaker, []).append(Span(start=turn.start, end=turn.end))
    return {k: tuple(v) for k, v in voices.items()}, {label: label for label in voices}


def _chosen(name: str, voice: str | None, names: dict[str, str]) -> str:
    if not names:
        raise WrongVoice("nobody is heard in this recording")
    if voice is not None:
        label = find_voice(voice, names)
        if label is None:
            raise WrongVoice(f"there is no voice {voice!r}: {told_of(names)}")
        return label
    label = find_voice(name, names) or (next(iter(names)) if len(names) == 1 else None)
    if label is None:
        raise WrongVoice(f"say which voice with --voice: {told_of(names)}")
    return label
