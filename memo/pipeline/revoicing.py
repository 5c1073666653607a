"""What the user says of voices, done: names, merges, splits, and a memo that follows them.

Nothing is transcribed again. What was heard is taken from the recording's work folder or, where
that was cleared, from the transcript that was written; it is read again under the new names, and
the files and the log follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from memo.checkpoints import WorkFolder
from memo.errors import RecordingError
from memo.model import Recording, Segment, Span, Transcript, Turn
from memo.pipeline.conversion import Job, Outcome, Tools, convert
from memo.pipeline.corrections import (
    Told,
    Voice,
    divided,
    names_now,
    regrouped,
    spans_of,
    with_segments,
)
from memo.pipeline.keeping import recall
from memo.pipeline.naming import voiced
from memo.pipeline.sources import file_of, identity_of
from memo.pipeline.written import read_written
from memo.ports import Progress
from memo.speech.recording import printable
from memo.speech.transcript_files import is_transcript

Divide = Callable[[Sequence[Span], int], Sequence[Turn]]
"""Tells a number of voices apart in stretches of one."""

LONGEST_NAME = 100
"""Characters of a name."""

_NEAR = 2.0  # s from a sentence that an instant may lie


class WrongVoice(ValueError):  # noqa: N818
    """The user speaks of a voice that is not there, or says what cannot be so."""


@dataclass(frozen=True)
class Changes:
    """What the user says of voices, in the order in which it is done.

    A voice is named by its label, its number or its name. Each of `splits` says "VOICE=COUNT",
    `merges` "VOICE=VOICE" (the first becomes part of the second) and `names` "VOICE=NAME"; `moves`
    gives the sentence at an instant (s) to a voice. `reset` forgets what was said before.
    """

    reset: bool = False
    splits: tuple[str, ...] = ()
    merges: tuple[str, ...] = ()
    moves: tuple[tuple[float, str], ...] = ()
    names: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything is to be done."""
        return bool(self.reset or self.splits or self.merges or self.moves or self.names)


@dataclass(frozen=True)
class Recalled:
    """What is known of a recording that was converted.

    `job` makes its memo again without listening; `transcript` is what was said, under the names
    that the voices have. `settings` and `logs` say what it was converted with.
    """

    recording: Recording
    job: Job
    transcript: Transcript
    settings: Mapping[str, object]
    logs: bool


def recall_conversion(job: Job, tools: Tools) -> Recalled:
    """Return what is known of a recording that was converted.

    Args:
        job: The recording, the folder of its results if the user says so, and what holds where
            nothing is kept of the conversion.
        tools: What with.

    Raises:
        RecordingError: The file is missing, or neither what was heard nor its transcript is there.
        OutputError: What the user said before cannot be read.
    """
    recording = identity_of(job)
    before = recall(WorkFolder(tools.work, recording), job)
    if before is not None:
        kept, asked = before
        found = Recalled(recording, asked, kept.voiced, kept.settings, kept.logs)
    else:
        from memo.extraction.reading import RULES

        written = read_written(job, recording)
        if written is None:
            raise _not_converted(job)
        settings = {"llm": "none"} if written.reader == RULES else {}
        shown = _voiced(written.job, recording, tools)
        found = Recalled(recording, written.job, shown, settings, logs=True)
    if job.folder is None:
        return found
    return replace(found, job=replace(found.job, folder=job.folder))


def revoice(recalled: Recalled, changes: Changes, tools: Tools, progress: Progress) -> Outcome:
    """Do what the user says of voices, and make the memo, its files and log entries anew.

    What was said is kept, and holds whenever the recording is converted.

    Args:
        recalled: What is known of the recording.
        changes: What the user says.
        tools: What with.
        progress: Told how far each stage has come.

    Raises:
        WrongVoice: A voice is not there; nothing was changed.
        MemoError: As `convert`; what the user said is kept, so that the same conversion follows it.
    """
    if tools.corrections is None:
        raise ValueError("there is nowhere to keep what is said")
    with WorkFolder(tools.work, recalled.recording).exclusive(progress):
        tools.corrections.keep(recalled.recording, _told(recalled, changes, tools))
    return convert(recalled.job, tools, progress)


def _told(recalled: Recalled, changes: Changes, tools: Tools) -> Told:
    heard = recalled.job.heard
    assert heard is not None  # noqa: S101  as `recall_conversion` makes it
    assert tools.corrections is not None  # noqa: S101
    before = Told() if changes.reset else tools.corrections.of(recalled.recording)
    shown = heard if changes.reset else recalled.transcript
    revoicing = Revoicing(heard, before, {p.label: p.name for p in shown.participants if p.label})

    def divide(spans: Sequence[Span], count: int) -> Sequence[Turn]:
        from memo.speech.voices.splitting import split_voice

        return split_voice(recalled.job.path, spans, count)

    for text in changes.splits:
        revoicing.split(text, divide if is_one_sound(recalled.job) else None)
    for text in changes.merges:
        revoicing.merge(text)
    revoicing.move(changes.moves)
    for text in changes.names:
        revoicing.rename(text)
    return revoicing.told()


class Revoicing:
    """A transcript whose voices are being corrected.

    Args:
        heard: What was said, before anybody gave names.
        told: What the user said before.
        names: What the voices are called, by label.
    """

    def __init__(self, heard: Transcript, told: Told, names: Mapping[str, str]) -> None:
        self._transcript = regrouped(heard, told)
        self._names = names_now(self._transcript, told)
        self._shown = dict(names)
        self._regrouped = told.regrouped
        self._numbers = max([0, *(_number(label) for label in spans_of(heard))])

    def told(self) -> Told:
        """Return all that the user says of the voices now."""
        voices = (
            Voice(label=label, spans=spans, name=self._names.get(label))
            for label, spans in spans_of(self._transcript).items()
        )
        wanted = tuple(v for v in voices if self._regrouped or v.name is not None)
        return Told(voices=wanted, regrouped=self._regrouped)

    def rename(self, text: str) -> None:
        """Give a voice a name: "Speaker 1=Priya".

        Raises:
            WrongVoice: It is not there, or the name is that of another voice.
        """
        label, name = self._pair(text, "NAME")
        if len(name) > LONGEST_NAME:
            raise WrongVoice(f"a name has at most {LONGEST_NAME} characters")
        if name in spans_of(self._transcript) and name != label:
            raise WrongVoice(f"{name} is another voice: --merge {label}={name} makes them one")
        self._names[label] = name
        self._shown[label] = name

    def merge(self, text: str) -> None:
        """Make one voice part of another: "Speaker 3=Speaker 1".

        Raises:
            WrongVoice: One of them is not there, or they are the same.
        """
        one, rest = self._pair(text, "VOICE")
        other = self._label(rest)
        if one == other:
            raise WrongVoice(f"{one} is one voice already")
        name = self._names.pop(one, None)
        if name is not None:
            self._names.setdefault(other, name)
        self._regroup(
            s.model_copy(update={"speaker": other}) if s.speaker == one else s
            for s in self._transcript.segments
        )

    def split(self, text: str, divide: Divide | None) -> None:
        """Tell voices apart that were taken for one: "Speaker 1=2". Its name is nobody's then.

        Args:
            text: The voice, and how many it is.
            divide: Tells them apart; None where there is no sound.

        Raises:
            WrongVoice: It is not there, or cannot be divided like this.
            RecordingError: It says too little.
        """
        label, rest = self._pair(text, "COUNT")
        if not (rest.isdecimal() and 2 <= int(rest) <= 9):
            raise WrongVoice(f"{rest!r} is no number of voices: write --split {label!r}=2")
        if divide is None:
            raise WrongVoice(
                "a voice of a transcript, or of a file of its own, cannot be split by ear"
            )
        own = [s for s in self._transcript.segments if s.speaker == label]
        turns = divide([Span(start=s.start, end=s.end) for s in own], int(rest))
        parts = divided(self._transcript, own, turns)
        names = self._named_apart(label, parts)
        if len(names) < 2:
            raise WrongVoice(f"all that {label} says sounds alike: nothing was split")
        self._names.pop(label, None)
        named = [part.model_copy(update={"speaker": names[str(part.speaker)]}) for part in parts]
        others = [s for s in self._transcript.segments if s.speaker != label]
        self._regroup(sorted((*others, *named), key=lambda s: (s.start, s.end)))

    def move(self, moves: Sequence[tuple[float, str]]) -> None:
        """Give the sentences that are said at some instants (s) to voices.

        Raises:
            WrongVoice: A voice is not there, or nobody speaks then.
        """
        owners = {self._said_at(second).id: self._label(voice) for second, voice in moves}
        if owners:
            self._regroup(
                s.model_copy(update={"speaker": owners.get(s.id, s.speaker)})
                for s in self._transcript.segments
            )

    def _said_at(self, second: float) -> Segment:
        nearest = min(
            (s for s in self._transcript.segments if s.speaker is not None),
            key=lambda s: (max(s.start - second, second - s.end, 0.0), abs(s.start - second)),
            default=None,
        )
        if nearest is None or not nearest.start - _NEAR <= second <= nearest.end + _NEAR:
            raise WrongVoice("nobody speaks at that time")
        return nearest

    def _regroup(self, segments: Iterable[Segment]) -> None:
        self._transcript = with_segments(self._transcript, segments)
        self._regrouped = True

    def _named_apart(self, label: str, parts: Sequence[Segment]) -> dict[str, str]:
        """Return new labels for the parts of a voice; who says most keeps the old one."""
        seconds: dict[str, float] = {}
        for part in parts:
            seconds[str(part.speaker)] = seconds.get(str(part.speaker), 0.0) + part.duration
        most = max(seconds, key=lambda voice: seconds[voice])
        names = {most: label}
        for voice in seconds:
            if voice != most:
                self._numbers = max(self._numbers, *map(_number, spans_of(self._transcript))) + 1
                names[voice] = f"Speaker {self._numbers}"
        return names

    def _pair(self, text: str, what: str) -> tuple[str, str]:
        """Return the label of the voice before a "=", and what stands behind it."""
        places = [place for place, char in enumerate(text) if char == "="]
        if not places:
            raise WrongVoice(f"{text!r} is not VOICE={what}: {told_of(self._there())}")
        for place in places:
            label = self._find(text[:place])
            rest = _whole(text[place + 1 :])
            if label is not None:
                if not rest:
                    raise WrongVoice(f"{text!r} does not say what behind the =")
                return label, rest
        raise self._unknown(text[: places[0]])

    def _label(self, text: str) -> str:
        label = self._find(text)
        if label is None:
            raise self._unknown(text)
        return label

    def _find(self, text: str) -> str | None:
        """Return the voice that somebody means by its label, its number or its name."""
        return find_voice(text, self._there())

    def _unknown(self, text: str) -> WrongVoice:
        return WrongVoice(f"there is no voice {_whole(text)!r}: {told_of(self._there())}")

    def _there(self) -> dict[str, str]:
        """Return what the voices are called, by label."""
        return {label: self._shown.get(label, label) for label in spans_of(self._transcript)}


def find_voice(text: str, voices: Mapping[str, str]) -> str | None:
    """Return the label of the voice that somebody means; None if there is none, or several.

    Args:
        text: Its label, its number, or its name.
        voices: What the voices are called, by label.
    """
    if text in voices:
        return text
    meant = _whole(text).casefold()
    for label in voices:
        if meant in {label.casefold(), label.casefold().removeprefix("speaker ")}:
            return label
    named = [label for label, name in voices.items() if name.casefold() == meant]
    return named[0] if len(named) == 1 else None


def told_of(voices: Mapping[str, str]) -> str:
    """Return a clause that says which voices there are."""
    if not voices:
        return "nobody is told apart in this recording"
    shown = (label if name == label else f"{label} ({name})" for label, name in voices.items())
    return f"the voices are {', '.join(shown)}"


def is_one_sound(job: Job) -> bool:
    """Return whether a job's recording is one sound file: no transcript, and no tracks."""
    return not job.tracks and not is_transcript(job.path)


def _voiced(job: Job, recording: Recording, tools: Tools) -> Transcript:
    told = tools.corrections.of(recording) if tools.corrections else Told()
    assert job.heard is not None  # noqa: S101  as `read_written` makes it
    sound = None if is_transcript(job.path) and not job.tracks else file_of(job)
    return voiced(job.heard, told, sound, attendees=job.attendees, enrolled=None)


def _not_converted(job: Job) -> RecordingError:
    name = printable(job.path)
    folder = job.folder or job.path.parent
    return RecordingError(
        f"nothing is kept of what is said in {name}, and there is no memo with a transcript of it "
        f"in {folder}",
        hint=f"Convert it with `memo convert {name}`, or name the folder of its memo with --out.",
    )


def _number(label: str) -> int:
    number = label.removeprefix("Speaker ")
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 0


def _whole(text: str) -> str:
    """Return a text as one line that any file can hold."""
    decoded = text.encode("utf-8", errors="replace").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in decoded).split())
