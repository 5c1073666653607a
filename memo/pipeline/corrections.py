"""What the user says of the voices of a recording, and how a transcript follows it.

Labels are not kept alone: "Speaker 2" may be somebody else when voices are told apart anew, with
another model or another number of speakers. So each voice is kept with the stretches it was told
of, and found again by them. Kept is what is so, not the commands that led there; no word of what
was said.

    FOLDER/<sha256 of the recording>.json       one recording, for its owner only (0600)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from memo.checkpoints import write_private
from memo.errors import OutputError
from memo.model import (
    NameSource,
    Participant,
    Recording,
    Remark,
    RemarkCode,
    Segment,
    Span,
    Transcript,
    Turn,
    Value,
)
from memo.speech.voices.attribution import attribute

SAME = 0.5
"""Share of what two voices say together above which they are one: at most one can have it."""

_INSTANT = 0.01  # s that a stretch without a length counts


class Voice(Value):
    """A voice as the user knows it: the stretches that it speaks in, and its name if told."""

    label: str
    spans: tuple[Span, ...]
    name: str | None = None


class Told(Value):
    """What the user says of a recording's voices.

    `regrouped` says that who speaks when was told, too; then `voices` are all there are.
    """

    voices: tuple[Voice, ...] = ()
    regrouped: bool = False

    @property
    def names(self) -> dict[str, str]:
        """The names that were told, by label."""
        return {voice.label: voice.name for voice in self.voices if voice.name is not None}


class Corrections:
    """Keeps what the user says of voices, by recording.

    Args:
        folder: Where; made when needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, recording: Recording) -> Told:
        """Return what was told of a recording's voices.

        Raises:
            OutputError: It was written by a later version, or is damaged.
        """
        path = self._file(recording)
        try:
            return Told.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return Told()
        except (OSError, ValidationError) as error:
            raise OutputError(
                f"what was told of the voices of {recording.filename} cannot be read: {path}",
                hint="Make the file readable, or forget it: memo speakers RECORDING --reset",
            ) from error

    def keep(self, recording: Recording, told: Told) -> None:
        """Keep what was told; nothing is kept where nothing was.

        Raises:
            OutputError: It cannot be written.
        """
        if told.voices:
            write_private(self._file(recording), told.model_dump_json(indent=1).encode())
        else:
            self.forget(recording)

    def forget(self, recording: Recording) -> None:
        """Delete what was told of a recording.

        Raises:
            OutputError: It cannot be deleted.
        """
        path = self._file(recording)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot delete {path}: {error.strerror}", hint="Delete it yourself."
            ) from error

    def _file(self, recording: Recording) -> Path:
        return self._folder / f"{recording.sha256}.json"


# --- A transcript follows -----------------------------------------------------------------------


def regrouped(transcript: Transcript, told: Told) -> Transcript:
    """Return a transcript in which those speak of whom the user says so.

    Sentences that stand as they did go to whom they were told of; others are divided word by word.

    Args:
        transcript: What was said, and who seems to have said it.
        told: What the user says; without effect unless it says who speaks when.
    """
    if not told.regrouped or not transcript.participants:
        return transcript
    owners = {_place(span): voice.label for voice in told.voices for span in voice.spans}
    turns = [
        Turn(start=span.start, end=span.end, speaker=voice.label)
        for voice in told.voices
        for span in voice.spans
    ]
    segments: list[Segment] = []
    for segment in transcript.segments:
        if segment.speaker is None:
            segments.append(segment)
        elif (owner := owners.get(_place(segment))) is not None:
            segments.append(segment.model_copy(update={"speaker": owner}))
        else:
            segments.extend(divided(transcript, [segment], turns))
    return with_segments(transcript, segments)


def divided(
    transcript: Transcript, segments: Sequence[Segment], turns: Sequence[Turn]
) -> tuple[Segment, ...]:
    """Return some sentences of a transcript, each of its words given to a turn's speaker."""
    alone = [segment.model_copy(update={"id": n}) for n, segment in enumerate(segments)]
    part = transcript.model_copy(update={"segments": tuple(alone)})
    return attribute(part, turns, keep_labels=True).segments


def with_segments(transcript: Transcript, segments: Iterable[Segment]) -> Transcript:
    """Return a transcript with other sentences; its participants are those who speak in them."""
    numbered = tuple(s.model_copy(update={"id": n}) for n, s in enumerate(segments))
    known = {p.label: p for p in transcript.participants if p.label}
    labels = dict.fromkeys(s.speaker for s in numbered if s.speaker is not None)
    people = [known.get(label, Participant(name=label, label=label)) for label in labels]
    silent = [p for p in transcript.participants if p.label is None]
    return transcript.model_copy(update={"segments": numbered, "participants": (*people, *silent)})


def renamed(transcript: Transcript, told: Told) -> Transcript:
    """Return a transcript whose voices have the names that the user told.

    A voice is found again by what it says. Where it is not, a warning says whose name is missing.
    """
    found = names_now(transcript, told)
    names = {label: Participant(name=name, source=NameSource.TOLD) for label, name in found.items()}
    named = with_names(transcript, names)
    lost = [name for name in told.names.values() if name not in found.values()]
    if not lost or not transcript.participants:
        return named
    remark = Remark.of(RemarkCode.VOICES_LOST, names=", ".join(dict.fromkeys(lost)))
    return named.model_copy(update={"warnings": (*named.warnings, remark)})


def with_names(transcript: Transcript, names: Mapping[str, Participant]) -> Transcript:
    """Return a transcript in which voices have certain names; guesses give way to them.

    Args:
        transcript: What was said.
        names: By label, the name, who says so, and how sure that is.
    """
    if not names:
        return transcript
    taken = {person.name.casefold() for person in names.values()}
    people = tuple(_person(p, names, taken) for p in transcript.participants)
    guessed = {p.label: p.name for p in people if p.source is NameSource.GUESS}
    warnings = [_retold(remark, guessed) for remark in transcript.warnings]
    return transcript.model_copy(
        update={"participants": people, "warnings": tuple(w for w in warnings if w is not None)}
    )


def spans_of(transcript: Transcript) -> dict[str, tuple[Span, ...]]:
    """Return the stretches that each voice speaks in, by label, in order of appearance."""
    spans: dict[str, list[Span]] = {}
    for segment in transcript.segments:
        if segment.speaker is not None:
            span = Span(start=segment.start, end=segment.end)
            spans.setdefault(segment.speaker, []).append(span)
    return {label: tuple(stretches) for label, stretches in spans.items()}


def names_now(transcript: Transcript, told: Told) -> dict[str, str]:
    """Return the names that were told, by the labels that the voices have now.

    A voice is found again by what it says: more than half of what it and its old self say in all.
    """
    now = spans_of(transcript)
    names: dict[str, str] = {}
    for voice in told.voices:
        if voice.name is None:
            continue
        if now.get(voice.label) == voice.spans:
            names[voice.label] = voice.name
            continue
        shares = {label: _share(spans, voice.spans) for label, spans in now.items()}
        label = max(shares, key=lambda label: shares[label], default=None)
        if label is not None and shares[label] > SAME:
            names[label] = voice.name
    return names


def _person(person: Participant, names: Mapping[str, Participant], taken: set[str]) -> Participant:
    given = names.get(person.label) if person.label else None
    if given is not None:
        return given.model_copy(update={"label": person.label, "role": person.role})
    if person.source is NameSource.GUESS and person.name.casefold() in taken and person.label:
        return Participant(name=person.label, label=person.label, role=person.role)
    return person


def _retold(remark: Remark, guessed: Mapping[str | None, str]) -> Remark | None:
    """Return the warning that names are guesses, without those that are none any more."""
    if remark.code != RemarkCode.VOICES_NAMED:
        return remark
    told = ", ".join(f"{label} = {name}" for label, name in sorted(guessed.items(), key=str))
    return Remark.of(RemarkCode.VOICES_NAMED, voices=told) if told else None


def _place(span: Span) -> tuple[float, float]:
    return round(span.start, 3), round(span.end, 3)


def _share(one: Sequence[Span], other: Sequence[Span]) -> float:
    """Return the time that two voices share, as a share of all that either speaks (Jaccard)."""
    here, there = _joined(one), _joined(other)
    total = sum(end - start for start, end in (*here, *there))
    common, place = 0.0, 0
    for start, end in here:
        while place < len(there) and there[place][1] <= start:
            place += 1
        following = place
        while following < len(there) and there[following][0] < end:
            common += min(end, there[following][1]) - max(start, there[following][0])
            following += 1
    return common / (total - common) if total else 0.0


def _joined(spans: Iterable[Span]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in sorted((s.start, max(s.end, s.start + _INSTANT)) for s in spans):
        if joined and start <= joined[-1][1]:
            start, end = joined[-1][0], max(end, joined.pop()[1])  # noqa: PLW2901
        joined.append((start, end))
    return joined
