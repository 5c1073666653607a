"""One recording, from the file to the memo beside it.

Everything slow is kept in the recording's work folder as soon as it is done, and everything that
is left behind is written at the end: a run that is killed goes on where it was, and one that is
repeated finds nothing to do. The decisions are logged before the files appear, since logging
twice changes nothing: whatever is missing after a crash, the same command completes it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from memo.checkpoints import Shared, WorkFolder
from memo.errors import (
    ConfigError,
    LanguageModelError,
    MemoError,
    MissingDependencyError,
    RecordingUnavailable,
)
from memo.export.files import sweep, write_outputs
from memo.model import (
    Media,
    Meeting,
    Memo,
    Recording,
    Remark,
    RemarkCode,
    Sha256,
    Transcript,
    Value,
    Verdict,
)
from memo.pipeline.corrections import Corrections, Told
from memo.pipeline.hearing import Hearing
from memo.pipeline.keeping import keep, recall
from memo.pipeline.meeting import meeting_of
from memo.pipeline.naming import voiced
from memo.pipeline.outputs import (
    DEFAULT_FORMATS,
    FORMATS,
    Ledger,
    keeping_edited,
    plan_paths,
    render,
    render_transcript,
    sha256_of,
)
from memo.pipeline.reading import read
from memo.pipeline.sidecar import with_sidecar
from memo.pipeline.sources import file_of, identity_of, media_of
from memo.ports import Diarizer, LanguageModel, Progress, Transcriber
from memo.remembered import Link
from memo.speech.names.glossary import Term
from memo.speech.transcript_files import read_transcript

if TYPE_CHECKING:
    from memo.decision_log.log import DecisionLog, Recorded
    from memo.extraction import Prompts
    from memo.speech.voices.voiceprints import Voiceprints

_VERSION = 3  # of what a conversion does: a change makes finished ones worth repeating
_NOBODY_SPEAKS = {(Remark.of(code),) for code in (RemarkCode.NO_SPEECH, RemarkCode.NOISE)}


@dataclass(frozen=True)
class Job:
    """What is to be converted, and what the user says about it.

    `language` is an ISO 639-1 code, `memo_language` that of the language to write in, None for the
    one spoken; `speakers` says how many people speak; `tracks` are the files of one meeting, one
    for each who spoke: then `path` only says what the results are called; `folder` is where the
    results go, None for beside the recording; `started_at` is in the meeting's time zone if it
    says none; `glossary` has terms that may be spoken of; `force` converts again what is done
    already. `typed` are the fields, besides `title` and `started_at`, that what lies beside the
    recording does not override. `heard` is what was heard before: nothing is listened to then.
    `lies_at` is where the recording, or its first track, is to be in the end: links lead there.
    """

    path: Path
    timezone: str
    title: str | None = None
    started_at: dt.datetime | None = None
    attendees: tuple[str, ...] = ()
    glossary: tuple[Term, ...] = ()
    typed: frozenset[str] = frozenset()
    language: str | None = None
    memo_language: str | None = None
    speakers: int | None = None
    tracks: tuple[Path, ...] = ()
    folder: Path | None = None
    formats: tuple[str, ...] = DEFAULT_FORMATS
    force: bool = False
    heard: Transcript | None = None
    lies_at: Path | None = None


@dataclass(frozen=True)
class Tools:
    """What a conversion is done with.

    Attributes:
        transcriber: Opens the ASR; its memory is free again when it is left.
        transcriber_key: Names everything of it that changes a transcript.
        model: Opens the language model; None reads by rules alone.
        model_key: Names everything of it that changes a memo.
        small: The model can put words well but not judge a meeting.
        fetch: Makes sure that the models' files are there; told whether the ASR is needed.
        fetch_ears: The same without the language model's.
        prompts: What the model is asked with.
        log: Opens the decision log; None logs nothing.
        work: The folder of all recordings' work folders.
        version: Of this program.
        now: The clock.
        diarizer: Makes what tells voices apart; None names nobody.
        corrections: What the user says of voices; None asks nobody.
        enrolled: The voices that the user had memo remember; None knows none.
        settings: What makes such tools again, for JSON; no keys.
        shared: What must be known of `work` if other machines use it, too.
    """

    transcriber: Callable[[], AbstractContextManager[Transcriber]]
    transcriber_key: str
    model: Callable[[], AbstractContextManager[LanguageModel]] | None
    model_key: str
    small: bool
    fetch: Callable[[bool], None]
    prompts: Prompts
    log: Callable[[], DecisionLog] | None
    work: Path
    version: str
    now: Callable[[], dt.datetime]
    diarizer: Callable[[], Diarizer] | None = None
    diarizer_key: str = ""
    corrections: Corrections | None = None
    enrolled: Voiceprints | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    shared: Shared | None = None
    fetch_ears: Callable[[bool], None] = lambda _needs_asr: None


class Outcome(Value):
    """What became of a recording.

    `files` are the results by format, `kept` the copies of what somebody had edited. `recorded`
    are the numbers of the memo's findings in the log, in its order, `new` those that were not in
    the log before. `links` are what it does to older entries, and newer ones to it,
    as far as the log did not hold them. `was_done` says that nothing was to do.
    """

    memo: Memo
    files: dict[str, Path]
    kept: tuple[Path, ...] = ()
    recorded: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    new: tuple[str, ...] = ()
    was_done: bool = False

    def shortcomings(self) -> tuple[str, ...]:
        """Return what `--strict` objects to."""
        memo = self.memo
        unsure = sum(f.verdict is not Verdict.SUPPORTED for f in memo.findings())
        holes = sum(gap.remarks not in _NOBODY_SPEAKS for gap in memo.coverage.gaps)
        found = []
        if unsure:
            found.append(f"{unsure} of {len(memo.findings())} findings are not verified")
        if holes:
            found.append(f"{holes} stretches of the recording could not be used")
        if not memo.coverage.speech_seconds:
            found.append("nobody speaks in the recording")
        return tuple(found)


@dataclass(frozen=True)
class Heard:
    """What there is to read of a recording; `warnings` are for its memo."""

    transcript: Transcript
    meeting: Meeting
    warnings: tuple[Remark, ...]


class _Done(Value):
    """A finished conversion, and the hashes of what it wrote, by format."""

    memo: Memo
    hashes: dict[str, Sha256]


AGAIN = "Then run the same command again: it goes on from the transcript."
"""What the hint ends with where the transcript was written and the memo was not."""


def convert(
    job: Job, tools: Tools, progress: Progress, *, recording: Recording | None = None
) -> Outcome:
    """Turn a recording, or a transcript of one, into a memo.

    Args:
        job: What is to be converted.
        tools: What with.
        progress: Told how far each stage has come.
        recording: Its identity, from whoever has just found out; else the file is read for it.

    Returns:
        What was written. If the same was done before and its files are as they were written,
        nothing is: `was_done`.

    Raises:
        RecordingError: The file is missing, unreadable or has no sound.
        MissingDependencyError: A model's files are not there; the transcript was written all the
            same if it is only the language model's.
        TranscriptionError: The ASR failed.
        LanguageModelError: The language model failed; the transcript was written all the same.
        DecisionLogError: The log refused; no file was written.
        OutputError: A result cannot be written; none was.
    """
    with opened(job, tools, progress, recording) as conversion:
        return conversion.run()


def finished(
    job: Job, tools: Tools, progress: Progress, *, recording: Recording | None = None
) -> Outcome | None:
    """Return what became of a recording that is converted already; None if there is work to do.

    Its decisions are recorded if the log does not hold them.

    Raises:
        RecordingError: The file is missing, unreadable or has no sound.
        DecisionLogError: The log refused.
    """
    with opened(job, tools, progress, recording) as conversion:
        return conversion.finished()


def hear(
    job: Job, tools: Tools, progress: Progress, *, recording: Recording | None = None
) -> Heard:
    """Return what `convert` would read: the transcript of a recording, without reading it.

    What is slow is kept in the recording's work folder, as `convert` does, and shared with it.

    Raises:
        RecordingError: The file is missing, unreadable or has no sound.
        MissingDependencyError: A model's files are not there.
        TranscriptionError: The ASR failed.
    """
    with opened(job, tools, progress, recording) as conversion:
        return conversion.hear()


@contextmanager
def opened(
    job: Job, tools: Tools, progress: Progress, recording: Recording | None = None
) -> Iterator[Conversion]:
    """Have one recording to oneself, to convert it step by step.

    Args:
        job: What is to be converted.
        tools: What with.
        progress: Told how far each stage has come.
        recording: Its identity, if known.

    Raises:
        RecordingError: The file is missing, unreadable or has no sound.
        OutputError: Nothing can be kept in the work folder.
    """
    recording, media = recording or identity_of(job), media_of(job)
    work = WorkFolder(tools.work, recording, tools.shared)
    with work.exclusive(progress):
        yield Conversion(job, tools, progress, recording, media, work)


class Conversion:
    """One recording being converted by whoever holds its work folder."""

    def __init__(
        self,
        job: Job,
        tools: Tools,
        progress: Progress,
        recording: Recording,
        media: Media | None,
        work: WorkFolder,
    ) -> None:
        self._asked = job
        self._job, noted = with_sidecar(job)
        job = self._job
        self._tools = tools
        self._progress = progress
        self._recording = recording
        self._is_sound = media is not None
        self._work = work
        self._ledger = Ledger(work)
        self._told = tools.corrections.of(recording) if tools.corrections else Told()
        self._said: Transcript | None = None
        self._is_whole = True  # else the same command is worth another try
        self._meeting, warnings = meeting_of(
            job.path,
            media,
            file=file_of(job),
            title=job.title,
            started_at=job.started_at,
            timezone=job.timezone,
            attendees=job.attendees,
        )
        self._warnings = (*noted, *warnings)

    def finished(self) -> Outcome | None:
        """Return what became of it if nothing is to do."""
        paths = self._plan()
        done = None if self._job.force else self._work.load("done", self._key(paths), _Done)
        if not done or {name: sha256_of(path) for name, path in paths.items()} != done.hashes:
            return None
        before = recall(self._work, self._asked)
        said = before[0].voiced if before else None
        return self._outcome(done.memo, paths, (), said, was_done=True)

    def run(self) -> Outcome:
        """Do whatever is left to do, and return what became of it."""
        if outcome := self.finished():
            return outcome
        paths = self._plan()
        heard = self._listened()
        transcript = self._voiced(heard)
        keep(self._work, self._asked, self._tools, heard=heard, voiced=transcript)
        memo = self._memo(transcript, paths)
        files = render(paths, memo, transcript, self._job.lies_at or file_of(self._job))
        kept = keeping_edited(files, self._ledger)
        outcome = self._outcome(memo, paths, tuple(kept), transcript)
        self._write(files, kept)
        if self._is_whole:
            hashes = {name: hashlib.sha256(files[path]).hexdigest() for name, path in paths.items()}
            self._work.save("done", self._key(paths), _Done(memo=memo, hashes=hashes))
        return outcome

    # --- The stages ---------------------------------------------------------------------------

    def hear(self) -> Heard:
        """Return what was said."""
        transcript = self._voiced(self._listened())
        return Heard(transcript=transcript, meeting=self._meeting, warnings=self._warnings)

    def _listened(self) -> Transcript:
        """Return what was said, before anybody says by whom."""
        if self._said is None:
            self._said = self._listened_to()
        return self._said

    def _listened_to(self) -> Transcript:
        listens = self._is_sound and self._job.heard is None
        self._tools.fetch(listens)
        return self._job.heard or self._transcript()

    def _voiced(self, transcript: Transcript) -> Transcript:
        """Say who the voices are."""
        sound = file_of(self._job) if self._is_sound else None
        enrolled = None if self._job.tracks else self._tools.enrolled  # a track is one's own
        return voiced(
            transcript,
            self._told,
            sound,
            attendees=self._meeting.attendees,
            glossary=self._job.glossary,
            enrolled=enrolled,
        )

    def _transcript(self) -> Transcript:
        if not self._is_sound:
            transcript = read_transcript(self._job.path, self._recording)
            said = {"language": self._job.language} if self._job.language else {}
            return transcript.model_copy(update=said)
        hearing = Hearing(
            self._job, self._tools, self._recording, self._meeting, self._work, self._progress
        )
        transcript = hearing.transcript()
        self._is_whole = self._is_whole and hearing.is_whole
        return transcript

    def _memo(self, transcript: Transcript, paths: dict[str, Path]) -> Memo:
        try:
            return read(
                transcript,
                self._meeting,
                self._tools,
                checkpoints=self._work,
                progress=self._progress,
                warnings=self._warnings,
                memo_language=self._job.memo_language,
            )
        except (LanguageModelError, MissingDependencyError, ConfigError) as error:
            raise self._with_transcript(error, transcript, paths) from error

    def _with_transcript(
        self, error: MemoError, transcript: Transcript, paths: dict[str, Path]
    ) -> MemoError:
        """Write what there is, and return an error that says where it is."""
        language = self._job.memo_language or transcript.language
        files = render_transcript(paths, transcript, self._meeting.title, language)
        where = "the transcript is kept"
        if files:
            self._write(files, keeping_edited(files, self._ledger))
            where = f"the transcript is in {next(iter(files))}"
        do = error.hint or "Try again later."
        hint = f"{do}{'' if do.endswith('.') else ' ·'} {AGAIN}"  # a command ends in no full stop
        return type(error)(f"{error}; {where}", hint=hint)

    def _outcome(
        self,
        memo: Memo,
        files: dict[str, Path],
        kept: tuple[Path, ...],
        transcript: Transcript | None,
        *,
        was_done: bool = False,
    ) -> Outcome:
        """Log what was found, and return what became of it."""
        recorded = self._record(memo, files, transcript)
        return Outcome(
            memo=memo,
            files=files,
            kept=kept,
            recorded=tuple(entry.number for entry in recorded.entries) if recorded else (),
            new=recorded.new if recorded else (),
            links=recorded.links if recorded else (),
            was_done=was_done,
        )

    def _record(
        self, memo: Memo, files: dict[str, Path], transcript: Transcript | None
    ) -> Recorded | None:
        if self._tools.log is None:
            return None
        page = next((files[name] for name in ("md", "docx", "json") if name in files), None)
        with self._tools.log() as log:
            where = page.absolute() if page else None
            return log.record(memo, now=self._tools.now(), memo_path=where, transcript=transcript)

    def _write(self, files: dict[Path, bytes], kept: dict[Path, bytes]) -> None:
        name, beside = self._recording.sha256[:16], self._job.path.parent
        if beside in {path.parent for path in files} and not beside.is_dir():
            raise RecordingUnavailable(  # or what is under the place of a drive would fill up
                f"the folder of {self._recording.filename} is not there any more",
                hint="If it lies on a drive, connect that again.",
            )
        if any(map(self._ledger.knows, files)):  # perhaps by a run that was killed
            sweep(files, name)
        self._ledger.announce(files)
        write_outputs({**kept, **files}, name=name)
        self._ledger.settle(files)

    # --- What it is known by ------------------------------------------------------------------

    def _plan(self) -> dict[str, Path]:
        folder = self._job.folder or self._job.path.parent
        formats = [name for name in FORMATS if name in self._job.formats]
        return plan_paths(self._job.path, self._recording, folder, formats, self._ledger)

    def _key(self, paths: dict[str, Path]) -> str:
        """Return what names a conversion: everything that its files depend on."""
        about = [
            _VERSION,
            self._tools.version,
            self._recording.model_dump(),
            [os.fsencode(path.name).hex() for path in self._job.tracks],
            self._meeting.model_dump(mode="json"),
            [remark.model_dump() for remark in self._warnings],
            [term.model_dump() for term in self._job.glossary],
            self._tools.transcriber_key if self._is_sound else None,
            self._job.language,
            self._job.memo_language,
            self._voices_key() if self._is_sound else None,
            self._tools.model_key,
            self._tools.prompts.sha256 if self._tools.model else None,
            self._told.model_dump(),
            self._tools.enrolled.sha256 if self._tools.enrolled and self._is_sound else None,
            {name: str(self._work.called(path)) for name, path in paths.items()},
        ]
        if self._job.lies_at:
            about.append(str(self._work.called(self._job.lies_at)))
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

    def _voices_key(self) -> list[str | int | bool | None]:
        told = self._tools.diarizer is not None
        return [told, self._tools.diarizer_key if told else "", self._job.speakers]
