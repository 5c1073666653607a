"""Each track of a meeting is transcribed by itself, and what was said is put together by time.

So words said at the same time are all heard, and who says them is known: a file's name names who
speaks on it; on a channel that is shared, as when one side of a call sits in a room, the voices
are told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from memo.model import NameSource, Participant, Recording, Span, Transcript, Turn
from memo.ports import Checkpoints, Diarizer, Progress, Transcriber
from memo.speech.listening import heard_before
from memo.speech.steps import Steps
from memo.speech.tracks.finding import Track, Tracks
from memo.speech.tracks.levels import activity
from memo.speech.tracks.merging import merged, said_once, shifted
from memo.speech.voices.attribution import attribute

_UNNAMED = "\0"  # begins the labels of voices until they are numbered

Tell = Callable[[int, int | None], tuple[Turn, ...]]
"""Tells the voices of a track apart, given its place and how many there are if that is known."""


@dataclass(frozen=True)
class Apart:
    """What tracks are listened to with.

    Attributes:
        transcriber: Hears words.
        diarizer: Tells the voices on a shared track apart; None takes each track for one voice.
        checkpoints: Where what is slow is kept.
        progress: Told of the seconds of sound done, those of all tracks one after the other.
    """

    transcriber: Transcriber
    diarizer: Diarizer | None
    checkpoints: Checkpoints
    progress: Progress

    def transcribe(
        self,
        tracks: Tracks,
        recording: Recording,
        *,
        language: str | None,
        speakers: int | None = None,
        hotwords: Sequence[str] = (),
    ) -> Transcript:
        """Return what was said on all tracks.

        Args:
            tracks: The sounds of the meeting.
            recording: The identity of all together.
            language: ISO 639-1 code, or None: then the track on which most is said tells.
            speakers: How many people speak on all tracks together, or None to find out.
            hotwords: Names and terms that may be said.

        Returns:
            The transcript. Voices have the names of their tracks; those on tracks without a name
            are "Speaker 1", "Speaker 2" by first appearance.

        Raises:
            RecordingError: A file cannot be read or holds no sound.
            MissingDependencyError: A model's files are missing or broken.
            TranscriptionError: A model failed.
        """
        heard, lead = self._heard(tracks, language, hotwords)
        speech = [
            span
            for track, transcript in zip(tracks.tracks, heard, strict=True)
            for span in self._speech(track, transcript)
        ]
        said = said_once(
            [
                shifted(transcript, track.start)
                for track, transcript in zip(tracks.tracks, heard, strict=True)
            ],
            tracks.levels,
        )
        turns = self._turns(tracks, said, speakers)
        named = [
            _named(place, track.name, transcript, turns.get(place, ()))
            for place, (track, transcript) in enumerate(zip(tracks.tracks, said, strict=True))
        ]
        whole = merged(named, speech, recording=recording, lead=lead, warnings=tracks.warnings)
        return _numbered(whole)

    def _heard(
        self, tracks: Tracks, language: str | None, hotwords: Sequence[str]
    ) -> tuple[list[Transcript], int]:
        """Transcribe the tracks, and say which tells the language: the first that has words."""
        order = np.argsort(-activity(tracks.levels).sum(axis=1), kind="stable").tolist()
        heard: dict[int, Transcript] = {}
        for done, place in enumerate(order):
            track = tracks.tracks[place]
            heard[place] = self.transcriber.transcribe(
                track.path,
                channel=track.channel,
                language=language,
                hotwords=hotwords,
                checkpoints=self.checkpoints,
                progress=_part(self.progress, done, len(order)),
            )
            if heard[place].segments and language is None:
                language = heard[place].language
        lead = next((place for place in order if heard[place].segments), order[0])
        return [heard[place] for place in range(len(order))], lead

    def _speech(self, track: Track, transcript: Transcript) -> list[Span]:
        steps = Steps(track.recording, self.checkpoints, track.channel)
        found = heard_before(steps)
        spans: Iterable[Span] = found.speech if found else transcript.segments
        return [Span(start=s.start + track.start, end=s.end + track.start) for s in spans]

    def _turns(
        self, tracks: Tracks, said: Sequence[Transcript], speakers: int | None
    ) -> dict[int, tuple[Turn, ...]]:
        """Return who speaks when on the tracks that several people may share."""
        talking = [place for place, transcript in enumerate(said) if transcript.segments]
        crowded = tracks.shared if speakers is None else speakers > len(talking)
        diarizer = self.diarizer
        if diarizer is None or not crowded:
            return {}

        def tell(place: int, count: int | None) -> tuple[Turn, ...]:
            track = tracks.tracks[place]
            found = diarizer.diarize(
                track.path,
                channel=track.channel,
                speakers=count,
                checkpoints=self.checkpoints,
                progress=self.progress,
            )
            return tuple(
                turn.model_copy(
                    update={"start": turn.start + track.start, "end": turn.end + track.start}
                )
                for turn in found
            )

        found = {place: tell(place, None) for place in talking}
        return found if speakers is None else _as_many(found, speakers, tell)


def _as_many(
    found: dict[int, tuple[Turn, ...]], speakers: int, tell: Tell
) -> dict[int, tuple[Turn, ...]]:
    """Tell voices apart again so that there are as many as the user says, on all tracks together.

    Where there are too few, another is looked for where each speaks longest; where there are too
    many, one less on the track that has most.
    """
    spoken = {place: sum(turn.duration for turn in turns) for place, turns in found.items()}
    first = {place: max(1, _voices(turns)) for place, turns in found.items()}
    counts = dict(first)
    while sum(counts.values()) < speakers:
        counts[max(counts, key=lambda place: spoken[place] / counts[place])] += 1
    while sum(counts.values()) > max(speakers, len(counts)):
        counts[max(counts, key=lambda place: (counts[place], -spoken[place]))] -= 1
    return {
        place: turns if counts[place] == first[place] else tell(place, counts[place])
        for place, turns in found.items()
    }


def _voices(turns: Sequence[Turn]) -> int:
    return len({turn.speaker for turn in turns})


def _named(
    place: int, name: str | None, transcript: Transcript, turns: Sequence[Turn]
) -> Transcript:
    """Say who speaks on a track: who it belongs to, or the voices that share it."""
    label = name or f"{_UNNAMED}{place}"
    labels: dict[str | None, str] = {}
    if _voices(turns) > 1:
        transcript = attribute(transcript, turns, keep_labels=True)
        heard = list(dict.fromkeys(segment.speaker for segment in transcript.segments))
        if len(heard) > 1:
            labels = {voice: f"{label} ({number})" for number, voice in enumerate(heard, 1)}
    people = labels.values() or (label,)
    source = NameSource.TRACK if name else NameSource.LABEL
    return transcript.model_copy(
        update={
            "segments": tuple(
                segment.model_copy(update={"speaker": labels.get(segment.speaker, label)})
                for segment in transcript.segments
            ),
            "participants": tuple(Participant(name=p, label=p, source=source) for p in people),
        }
    )


def _numbered(transcript: Transcript) -> Transcript:
    """Call the voices that have no name "Speaker 1", "Speaker 2" by first appearance."""
    unnamed: dict[str, None] = dict.fromkeys(
        segment.speaker
        for segment in transcript.segments
        if segment.speaker and segment.speaker.startswith(_UNNAMED)
    )
    numbers = {label: f"Speaker {number}" for number, label in enumerate(unnamed, 1)}
    return transcript.model_copy(
        update={
            "segments": tuple(
                segment.model_copy(
                    update={"speaker": numbers.get(segment.speaker or "", segment.speaker)}
                )
                for segment in transcript.segments
            ),
            "participants": tuple(
                Participant(name=numbers[p.label], label=numbers[p.label])
                if p.label in numbers
                else p
                for p in transcript.participants
            ),
        }
    )


def _part(progress: Progress, before: int, parts: int) -> Progress:
    """Return what tells of one of several equally long parts as of the whole."""

    def tell(stage: str, done: float, total: float | None) -> None:
        if total is None:
            progress(stage, done, None)
        else:
            progress(stage, before * total + done, parts * total)

    return tell
