"""Where the results of a recording go, so that nothing of anybody's is overwritten.

Beside `call.m4a` (or in a folder of the user's choice) appear `call.memo.md`, `.memo.docx`,
`.memo.json` and `call.transcript.vtt`, and the transcript in other forms if asked for. Where
another file has one of these names already (a memo of `call.mp3`, a transcript that Zoom wrote) the
recording's whole name is used: `call.m4a.memo.md`. A file that memo wrote for this recording is
replaced; if somebody edited it since, it is kept beside the new one as `call.memo.md.bak`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from memo.checkpoints import WorkFolder
from memo.errors import OutputError
from memo.model import Memo, Recording, Sha256, Transcript, Value
from memo.speech.recording import printable

FORMATS = ("md", "docx", "json", "vtt", "srt", "txt", "words", "rttm")
DEFAULT_FORMATS = FORMATS[:4]

_ENDINGS = {
    "md": ".memo.md",
    "docx": ".memo.docx",
    "json": ".memo.json",
    "vtt": ".transcript.vtt",
    "srt": ".transcript.srt",
    "txt": ".transcript.txt",
    "words": ".transcript.json",
    "rttm": ".transcript.rttm",
}
_MEMOS = ("md", "docx", "json")
_STEP = "outputs"
_CRASHES = 20  # in a row, while one file is being replaced


class Written(Value):
    """The hashes of what memo wrote for one recording, by path.

    A path has several hashes while a file is being replaced: crashes leave one of them.
    """

    hashes: dict[str, tuple[Sha256, ...]]


class Ledger:
    """Remembers in a recording's work folder what was written for it, and where."""

    def __init__(self, work: WorkFolder) -> None:
        self._work = work
        self._hashes = dict((work.load(_STEP, _STEP, Written) or Written(hashes={})).hashes)

    def knows(self, path: Path) -> bool:
        """Return whether memo wrote this path for this recording."""
        return self._called(path) in self._hashes

    def is_unchanged(self, path: Path) -> bool:
        """Return whether a file is there just as memo wrote it."""
        return self.knows(path) and sha256_of(path) in self._hashes[self._called(path)]

    def announce(self, files: Mapping[Path, bytes]) -> None:
        """Note what is about to be written; until `settle`, what is there counts as ours too."""
        for path, content in files.items():
            name = self._called(path)
            self._hashes[name] = (*self._hashes.get(name, ())[-_CRASHES:], _sha256(content))
        self._save()

    def settle(self, files: Mapping[Path, bytes]) -> None:
        """Note what was written."""
        self._hashes.update({self._called(path): (_sha256(files[path]),) for path in files})
        self._save()

    def _called(self, path: Path) -> str:
        return os.fsencode(self._work.called(path)).decode("utf-8", "backslashreplace")

    def _save(self) -> None:
        self._work.save(_STEP, _STEP, Written(hashes=self._hashes))


def plan_paths(
    source: Path, recording: Recording, folder: Path, formats: Sequence[str], ledger: Ledger
) -> dict[str, Path]:
    """Return the path of each result, by format: the first names that are nobody else's.

    Args:
        source: The recording; a result never takes its place.
        recording: Its identity.
        folder: Where the results go.
        formats: Some of `FORMATS`.
        ledger: What was written for the recording before.
    """
    for base in (*base_names(source), f"{source.name}-{recording.sha256[:8]}"):
        paths = {name: path_of(name, folder, base) for name in formats}
        memo_json = path_of("json", folder, base)
        if all(_is_free(path, memo_json, source, recording, ledger) for path in paths.values()):
            return paths
    raise OutputError(
        f"the names for the memo of {recording.filename} are all taken in {folder}",
        hint="Choose another folder with --out.",
    )


def path_of(name: str, folder: Path, base: str) -> Path:
    """Return where a result lies, by its format and the name that results begin with."""
    return folder / f"{base}{_ENDINGS[name]}"


def base_names(source: Path) -> tuple[str, str]:
    """Return the names that the results of a file begin with, the shorter one first."""
    return source.stem.removesuffix(".transcript") or source.name, source.name


def keeping_edited(files: Mapping[Path, bytes], ledger: Ledger) -> dict[Path, bytes]:
    """Return copies, under new names, of what somebody edited and `files` would replace."""
    kept: dict[Path, bytes] = {}
    for path in filter(os.path.lexists, files):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise OutputError(
                f"cannot read {path}, which is to be replaced: {error.strerror}",
                hint="Move it away, or choose another folder with --out.",
            ) from error
        if not ledger.is_unchanged(path):
            kept[next(name for name in _backups(path) if not os.path.lexists(name))] = content
    return kept


def render(
    paths: Mapping[str, Path], memo: Memo, transcript: Transcript, source: Path
) -> dict[Path, bytes]:
    """Return the content of each result, by path; nothing is written yet."""
    files = render_transcript(paths, transcript, memo.title, memo.written_in)
    for name, path in paths.items():
        way = way_to(source, path.parent) or _other_name(source, memo.recording)
        if name == "md":
            from memo.export.markdown import render_markdown

            files[path] = render_markdown(memo, recording_path=way).encode()
        elif name == "docx":
            from memo.export.word import render_word

            files[path] = render_word(memo, recording_path=way)
        elif name == "json":
            from memo.export.memo_json import render_json

            files[path] = render_json(memo).encode()
    return files


def render_transcript(
    paths: Mapping[str, Path], transcript: Transcript, title: str, language: str
) -> dict[Path, bytes]:
    """Return the content of those results that are forms of the transcript, by path."""
    return {
        path: _transcript_as(name, transcript, title, language, _base_of(path, name)).encode()
        for name, path in paths.items()
        if name not in _MEMOS
    }


def _transcript_as(name: str, transcript: Transcript, title: str, language: str, base: str) -> str:
    if name == "srt":
        from memo.export.srt import render_srt

        return render_srt(transcript)
    if name == "txt":
        from memo.export.txt import render_txt

        return render_txt(transcript, title=title, language=language)
    if name == "words":
        from memo.export.transcript_json import render_transcript_json

        return render_transcript_json(transcript)
    if name == "rttm":
        from memo.export.rttm import render_rttm

        return render_rttm(transcript, file_id=base)
    from memo.export.vtt import render_vtt

    return render_vtt(transcript, title=title)


def _base_of(path: Path, name: str) -> str:
    return path.name.removesuffix(_ENDINGS[name])


def _other_name(source: Path, recording: Recording) -> str | None:
    """Return the name of the file that links lead to, if the recording is called otherwise."""
    return None if printable(source) == recording.filename else source.name


def way_to(source: Path, folder: Path) -> str | None:
    """Return the way from a folder to the recording; None if it lies in it, or on another disk."""
    try:
        way = Path(os.path.relpath(source.absolute(), folder.absolute())).as_posix()
    except ValueError:
        return None
    return None if way == source.name else way


def sha256_of(path: Path) -> str | None:
    """Return the SHA-256 of a file; None if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _is_free(
    path: Path, memo_json: Path, source: Path, recording: Recording, ledger: Ledger
) -> bool:
    """Return whether a result may have this path: nothing is there, or an earlier result."""
    if not os.path.lexists(path):
        return True
    if not path.is_file() or _is_same(path, source):
        return False
    made_from = _recording_of(memo_json)
    return ledger.knows(path) if made_from is None else made_from == recording.sha256


def _is_same(path: Path, source: Path) -> bool:
    try:
        return path.samefile(source)
    except OSError:
        return False


def _recording_of(memo_json: Path) -> str | None:
    """Return the SHA-256 of the recording that a memo was made from, if the file says so."""
    try:
        sha256 = json.loads(memo_json.read_bytes())["recording"]["sha256"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return sha256 if isinstance(sha256, str) else None


def _backups(path: Path) -> Iterator[Path]:
    yield path.with_name(f"{path.name}.bak")
    for number in range(2, 1_000_000):
        yield path.with_name(f"{path.name}.bak{number}")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
