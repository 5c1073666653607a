"""A bucket as the shelf.

On each machine a folder stands for it (`memo.intake.copies`), laid out as the bucket is, with
copies of what is worked on: `COPY/calls/mon.m4a` is the object `PREFIX/calls/mon.m4a`. What is
written beside a copy is put into the bucket, so that nothing else need know of buckets. Finished
steps are put there, too, while a recording is worked on, so that another machine goes on from the
last of them.

    COPY/…               copies (`memo.intake.copies`)
    PREFIX/.memo/work/…  finished steps, as in a work folder
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from memo.checkpoints import Shared
from memo.errors import MemoError, OutputError, OutputUnavailable, RecordingMissing
from memo.intake.copies import Copies
from memo.intake.ignored import is_own
from memo.intake.job import Place
from memo.intake.objects import Object, Objects
from memo.intake.shelf import BUCKET, HIDDEN, Bench, Copy, Shelf, bucket_address
from memo.pipeline.outputs import base_names
from memo.pipeline.sidecar import ANY_NAME, ENDINGS
from memo.pipeline.sources import SOUNDS
from memo.ports import Progress, silent
from memo.speech.recording import printable

if TYPE_CHECKING:
    pass

_STEPS = f"{HIDDEN}/work"
_PUSH_EVERY = 15.0  # seconds
_MOST_COPIED = 5 * 2**30  # bytes: S3 copies no more at once
_RESULTS = (".memo.", ".transcript.")
_NOTICES = (".error.txt", ".memo.error.txt")

_log = logging.getLogger(__name__)
_Scanned = TypeVar("_Scanned")


class Bucket(Shelf):
    """A bucket that machines share, and this machine's copies.

    Args:
        address: `s3://bucket` or `s3://bucket/prefix`.
        machine: This machine.
        work: The folder of this machine's own work folders; the copies lie beside it.
        offline: No other machine may be spoken to.
        room: How many bytes the copies may take, but for those that are in use; None for any
            number.

    Raises:
        ConfigError: The address cannot be used.
        MissingDependencyError: What buckets need is not installed.
    """

    root: Path
    holds_copies = True

    def __init__(
        self,
        address: str,
        *,
        machine: str,
        work: Path,
        offline: bool = False,
        room: int | None = None,
    ) -> None:
        self._objects = Objects(address, offline=offline)
        what = "|".join((self._objects.endpoint, self._objects.bucket, self._objects.prefix))
        name = hashlib.sha256(what.encode()).hexdigest()[:16]
        super().__init__(work.parent / "shelf" / name, machine=machine, work=work)
        self._copies = Copies(self.root, room)
        self._said: set[Path] = set()

    def named(self, place: str) -> Path:
        """Return the path of what stands for a folder of the bucket; it is made.

        Args:
            place: `s3://bucket/prefix/folder`; a path does as well.

        Raises:
            ConfigError: The address lies elsewhere than the shelf.
            OSError: It cannot be made.
        """
        own = BUCKET + "/".join(filter(None, (self._objects.bucket, self._objects.prefix)))
        asked = bucket_address(place)
        if asked is not None and (asked == own or asked.startswith(f"{own}/")):
            path = self.root.joinpath(*filter(None, asked[len(own) :].split("/")))
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            return path
        return super().named(place)

    def bench(self, place: Place) -> Bench:
        """Return where the finished steps of a recording are kept: on this machine, at first."""
        if place.machine is not None:
            return Bench(self._work)
        return Bench(self._work, Shared(base=self.root, locks=self._work / "locks"))

    # --- Seeing -------------------------------------------------------------------------------

    def scan(self, root: Path, look: Callable[[Path], Iterable[_Scanned]]) -> Iterable[_Scanned]:
        """Return what is to be seen in a folder of the bucket.

        Args:
            root: The folder that stands for it.
            look: Looks at a folder of this machine.

        Raises:
            RecordingUnavailable: The bucket cannot be read now.
            OSError: The folder cannot be made.
        """
        if self._is_shared(root):
            objects = {
                path: found
                for found in self._objects.listed(self._key(root))
                if (path := self._path(found)) and not is_own(path.name)
            }
            for path in self._copies.draw(root, objects):
                self._say_once(path, "this machine's disk cannot have such a name")
        return look(root)

    def _path(self, found: Object) -> Path | None:
        """Return where an object's copy lies; None for what is none of a recording's."""
        parts = found.key.split("/")
        path = self.root.joinpath(*parts)
        is_marker = not found.size and path.suffix.lower() not in SOUNDS  # `folder/`, as some make
        if parts[0] == HIDDEN or is_marker:
            return None
        if {"", ".", ".."} & set(parts) or path.relative_to(self.root).parts != tuple(parts):
            self._say_once(path, "its name is no path")
            return None
        return path

    def _say_once(self, path: Path, why: str) -> None:
        if path not in self._said:
            self._said.add(path)
            _log.warning("%s in the bucket is left out: %s", printable(path), why)

    # --- Having -------------------------------------------------------------------------------

    @contextmanager
    def opened(
        self,
        place: Place,
        *,
        out: Place | None = None,
        moved_to: Place | None = None,
        recording: str = "",
        progress: Progress = silent,
    ) -> Iterator[Path]:
        """Have a copy of a recording, with what belongs to it, while it is worked on.

        Args:
            place: The recording; of several tracks, their folder.
            out: The folder of its results; None for beside it.
            moved_to: The folder that it may have been moved to already.
            recording: Its SHA-256 if work is done on it: finished steps are had as well, and put
                into the bucket as they come.
            progress: Told of the bytes that were fetched.

        Yields:
            The copy's path. It does not exist if there is no such object.

        Raises:
            RecordingMissing: There is no such object, and work was to be done on it.
            RecordingUnavailable: The bucket cannot be read now.
            RecordingChanged: The object changed meanwhile.
            OutputError: The copy cannot be kept on this machine.
        """
        path = self.path_of(place)
        if place.machine is not None:
            yield path
            return
        results = self.path_of(out) if out else path.parent
        done = self.path_of(moved_to) if moved_to and moved_to.machine is None else None
        base = base_names(path)[0]
        names = {folder / base for folder in (path.parent, results, done) if folder}
        with self._copies.held(names | {path.with_name(ANY_NAME)}):
            family = self._family(path, results)
            is_there = any(found and _is_of(name, path) for name, found in family.items())
            moved = self._moved(path, done, recording) if done else {}
            if not is_there:
                family |= moved
            self._have(family, progress)
            if is_there:
                self._copies.reserve(moved)
            elif recording and not moved:
                raise RecordingMissing(
                    f"{printable(path)} is not in the bucket any more", hint="Put it there again."
                )
            with self._sharing_steps(recording) if recording else nullcontext():
                yield path

    def _family(self, path: Path, out: Path) -> dict[Path, Object | None]:
        """Return what belongs to a recording, by path: what is there, and copies of what is not."""
        bases = base_names(path)
        ours = {path.with_name(f"{base}{ending}") for base in bases for ending in ENDINGS}
        ours |= {path.with_name(f"{path.name}{ending}") for ending in _NOTICES}
        results = tuple(f"{base}{ending}" for base in bases for ending in _RESULTS)

        def belongs(name: Path) -> bool:
            in_out = name.parent == out and name.name.startswith(results)
            return in_out or name in ours or _is_of(name, path)

        here = {*_files(path.parent), *path.rglob("*"), *_files(out)}
        family: dict[Path, Object | None] = {
            copy: None
            for copy in filter(belongs, here)
            if not is_own(copy.name) or self._copies.tag_of(copy)  # else it was just written
        }
        for start in {path.with_name(bases[0]), out / bases[0]}:
            found = self._beginning(start)
            family |= {name: each for name, each in found.items() if belongs(name)}
        return family | self._said_of_folder(path)

    def _said_of_folder(self, path: Path) -> dict[Path, Object | None]:
        """Return `recording.toml` and the like, if they speak of the only recording there."""
        names = [path.with_name(f"{ANY_NAME}{ending}") for ending in ENDINGS]
        there = self._beginning(path.with_name(ANY_NAME))
        found = {name: there.get(name) for name in names}
        if any(found.values()):
            around = map(self._path, self._objects.listed(self._key(path.parent)))
            others = (name for name in around if name and name.parent == path.parent)
            if any(name != path and name.suffix.lower() in SOUNDS for name in others):
                found = dict.fromkeys(found)
        return {name: each for name, each in found.items() if each or name.exists()}

    def _moved(self, path: Path, done: Path, recording: str) -> dict[Path, Object]:
        """Return what has the names that a recording may be moved to, by path."""
        other = f"{path.stem}-{recording[:8]}"
        return {
            name: found
            for name, found in self._beginning(done / path.stem).items()
            if (first := name.relative_to(done).parts[0]) == path.name
            or (recording and first.startswith(other))
        }

    def _beginning(self, start: Path) -> dict[Path, Object]:
        """Return the objects whose names begin so, by path."""
        found = self._objects.beginning_with(self._key(start))
        return {path: each for each in found if (path := self._path(each))}

    def _have(self, family: dict[Path, Object | None], progress: Progress) -> None:
        """Make copies what their objects are."""
        for path, found in family.items():
            if found is None:
                self._copies.forget(path)
            elif not self._copies.has(path, found.tag):
                self._copies.make_room(found.size)
                self._objects.fetch(found, path, progress)
                self._copies.know(path, found.tag)

    def _key(self, path: Path) -> str:
        """Return the name of a path's object.

        Raises:
            OutputError: No object can have such a name.
        """
        name = path.relative_to(self.root).as_posix()
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise OutputError(
                f"{printable(path)} cannot be put into a bucket: its name is not UTF-8",
                hint="Rename the recording.",
            ) from error
        return "" if name == "." else name

    # --- Giving -------------------------------------------------------------------------------

    def publish(self, paths: Iterable[Path]) -> None:
        """Put files into the bucket, each whole; the memo's JSON, which others look for, last.

        Raises:
            OutputUnavailable: The bucket cannot be written to now.
            OutputError: No object can have such a name.
        """
        for path in sorted(filter(self._is_shared, paths), key=lambda path: path.suffix == ".json"):
            self._copies.know(path, self._objects.put(path, self._key(path)).tag)

    def withdraw(self, path: Path) -> None:
        """Delete an object whose copy was deleted.

        Raises:
            OutputUnavailable: The bucket cannot be written to now.
        """
        if self._is_shared(path):
            self._objects.delete(self._key(path))
            self._copies.forget(path)

    def move(self, source: Path, target: Path) -> None:
        """Move an object whose copy was moved, or those of a folder of tracks.

        An object that is not the one that the copy was of is another recording, and stays; so does
        one of more than 5 GB.

        Raises:
            OutputUnavailable: The bucket cannot be written to now.
        """
        if not (self._is_shared(source) and self._is_shared(target)):
            return
        start = self._key(source)
        for found in list(self._objects.beginning_with(start)):
            old = self._path(found)
            if old is None or not _is_of(old, source):
                continue
            if self._copies.tag_of(old) != found.tag:
                _log.warning("%s was replaced in the bucket, and is left there", printable(old))
                continue
            if found.size > _MOST_COPIED:
                _log.warning("%s is too large to be moved in the bucket", printable(old))
                continue
            key = self._key(target) + found.key[len(start) :]
            there = self._objects.there(key)
            if there is None:
                self._objects.copy(found.key, key)
                there = self._objects.there(key)
            elif (there.size, there.tag) != (found.size, found.tag):
                raise OutputUnavailable(
                    f"{printable(source)} cannot be moved: another file has its name there",
                    hint="It gets another name.",
                )
            self._objects.delete(found.key)
            self._copies.forget(old)
            if there and (new := self.root / key).exists():
                self._copies.know(new, there.tag)

    def _is_shared(self, path: Path) -> bool:
        return path.is_relative_to(self.root)

    def idle(self) -> list[Copy]:
        """Return the copies that nobody has open, the least recently used first."""
        return self._copies.idle()

    def drop(self, copy: Copy) -> bool:
        """Delete what a copy holds, unless it is open; it is fetched again when it is needed.

        Raises:
            OutputError: The disk refused.
        """
        return self._copies.drop(copy)

    # --- Finished steps -----------------------------------------------------------------------

    @contextmanager
    def _sharing_steps(self, recording: str) -> Iterator[None]:
        """Have what others have finished of a recording, and put what is finished into the bucket.

        That is a help and no more: what fails is told, and work goes on.
        """
        steps = _Steps(self._objects, self._work / recording[:2] / recording, recording)
        steps.pull()
        over = threading.Event()

        def push() -> None:
            while not over.wait(_PUSH_EVERY):
                steps.push()

        pushing = threading.Thread(target=push, name="steps", daemon=True)
        pushing.start()
        try:
            yield
        finally:
            over.set()
            pushing.join()
            if steps.works:  # else leaving would only take longer
                steps.push()

    def tidy(self, keep_bytes: int, spared: Collection[str]) -> int:
        """Delete finished steps from the bucket, the oldest first, until they take no more.

        Args:
            keep_bytes: How much may stay.
            spared: Recordings, by their SHA-256, whose steps stay.

        Returns:
            How many bytes were freed.

        Raises:
            MemoError: The bucket cannot be used now.
        """
        steps: dict[str, list[Object]] = {}
        for found in self._objects.listed(_STEPS):
            steps.setdefault(found.key.split("/")[-2], []).append(found)
        total = sum(found.size for some in steps.values() for found in some)
        freed = 0
        for recording, some in sorted(
            steps.items(), key=lambda item: max(found.changed_at for found in item[1])
        ):
            if total - freed <= keep_bytes:
                break
            if recording not in spared:
                for found in some:
                    self._objects.delete(found.key)
                    freed += found.size
        return freed


class _Steps:
    """The finished steps of a recording, here and in the bucket; nothing here ever fails."""

    def __init__(self, objects: Objects, folder: Path, recording: str) -> None:
        self._objects = objects
        self._folder = folder
        self._start = f"{_STEPS}/{recording[:2]}/{recording}"
        self._same: dict[str, tuple[int, int]] = {}  # what is alike here and there
        self._is_told = False
        self.works = True

    def pull(self) -> None:
        """Have what is in the bucket; of a step that is here as well, the newer one."""
        with self._telling():
            for found in self._objects.listed(self._start):
                path = self._folder / found.key.rpartition("/")[2]
                if not path.name.endswith(".json"):
                    continue
                if not path.exists() or path.stat().st_mtime_ns < found.mtime_ns:
                    self._folder.parent.parent.mkdir(parents=True, exist_ok=True)
                    self._folder.parent.mkdir(mode=0o700, exist_ok=True)
                    self._folder.mkdir(mode=0o700, exist_ok=True)
                    self._objects.fetch(found, path)
                    self._same[path.name] = _signature(path)

    def push(self) -> None:
        """Put into the bucket what is new here."""
        with self._telling():
            for path in sorted(self._folder.glob("*.json")):
                now = _signature(path)
                if self._same.get(path.name) != now:
                    self._objects.put(path, f"{self._start}/{path.name}")
                    self._same[path.name] = now

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
            self.works = True
        except (MemoError, OSError) as error:
            self.works = False
            if not self._is_told:
                self._is_told = True
                _log.warning("finished steps are not shared with other machines: %s", error)


def _signature(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _is_of(name: Path, path: Path) -> bool:
    return name == path or path in name.parents


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file()]
    except OSError:
        return []
