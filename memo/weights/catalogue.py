"""The models that memo knows by name, as `catalogue.toml` beside this file lists them.

A model's files may differ from source to source (somebody's own conversion of the same weights
is another file), so each source names its own files, sizes and checksums.

Where the catalogue has no SHA-256 for a file of the hub, the hub's own word is taken: the
`X-Linked-Etag` header of a large file is the SHA-256 that its Git LFS pointer holds, and the
`ETag` of a small one its Git blob id. At a pinned revision both are fixed by the commit.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from memo.model import Sha256, Value

Kind = Literal["asr", "llm"]

MANIFEST = "model.json"

# Names become names of files and folders in the cache: no separators, no leading dot.
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]


class HubFile(Value):
    """A file in a repository of the hub; what is not known here the hub is asked for."""

    name: FileName
    bytes: PositiveInt | None = None
    sha256: Sha256 | None = None


class Hub(Value):
    """A repository of the hub at one commit."""

    repo: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    files: tuple[HubFile, ...]

    @property
    def key(self) -> str:
        """Name the bytes that this source gives, so that a fetch resumes with the same ones."""
        return f"hub-{self.revision[:12]}"

    @property
    def label(self) -> str:
        """Say what this source is, for people."""
        return f"hub:{self.repo}@{self.revision[:12]}"


class RegistryFile(Value):
    """A file that registry packages carry, whole or in parts."""

    name: FileName
    bytes: PositiveInt
    sha256: Sha256


class Member(Value):
    """A member of a wheel: the next `bytes` bytes of `file`."""

    path: str
    file: FileName
    bytes: PositiveInt


class Package(Value):
    """A wheel in the registry; `sha256` is the wheel's own."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    version: Annotated[str, Field(pattern=r"^[0-9][0-9a-z.]*$")]
    sha256: Sha256
    members: tuple[Member, ...]

    @property
    def bytes(self) -> int:
        """Size of what is taken from this package, unpacked."""
        return sum(member.bytes for member in self.members)


class Registry(Value):
    """Packages that carry a model's files; members of one file are joined in order."""

    files: tuple[RegistryFile, ...]
    packages: tuple[Package, ...]

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        carried: Counter[str] = Counter()
        for member in (member for package in self.packages for member in package.members):
            carried[member.file] += member.bytes
        if carried != {file.name: file.bytes for file in self.files}:
            raise ValueError("the packages' members do not add up to the files")
        return self

    @property
    def key(self) -> str:
        """Name the bytes that this source gives, so that a fetch resumes with the same ones."""
        return f"registry-{self.files[0].sha256[:12]}"

    @property
    def label(self) -> str:
        """Say what this source is, for people."""
        first = self.packages[0]
        rest = f" and {len(self.packages) - 1} more" if len(self.packages) > 1 else ""
        return f"registry:{first.name}=={first.version}{rest}"


class Model(Value):
    """One model: what it is and where its files are to be had.

    `memory` is the working memory it takes, in bytes, with a context of some 8,000 tokens;
    `advised` marks the language models that `recommended_llm` chooses from.
    """

    name: ModelName
    kind: Kind
    licence: str
    languages: str
    note: str = ""
    aliases: tuple[ModelName, ...] = ()
    memory: PositiveInt | None = None
    advised: bool = False
    hub: Hub | None = None
    registry: Registry | None = None

    @model_validator(mode="after")
    def _check_files(self) -> Self:
        sources = [source for source in (self.hub, self.registry) if source]
        if not sources:
            raise ValueError(f"{self.name} has no source")
        for source in sources:
            names = [file.name for file in source.files]
            if len(set(names)) != len(names) or MANIFEST in names:
                raise ValueError(f"{self.name}: a file is named twice, or {MANIFEST}")
            main = ["model.bin"] if self.kind == "asr" else names[:1]
            if not set(main) <= set(names) or (self.kind == "llm" and len(names) != 1):
                raise ValueError(f"{self.name}: an asr has a model.bin, an llm one file")
        return self

    @property
    def bytes(self) -> int | None:
        """Size of all files; None when only the hub knows."""
        source = self.registry or self.hub
        sizes = [file.bytes for file in source.files] if source else []
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None


class Catalogue(Value):
    """Every model that memo knows by name."""

    model: tuple[Model, ...]

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        count = Counter(name for model in self.model for name in (model.name, *model.aliases))
        twice = [name for name, times in count.items() if times > 1]
        if twice:
            raise ValueError(f"two models are called {', '.join(twice)}")
        return self

    def find(self, name: str) -> Model | None:
        """Return the model with this name or alias, or None."""
        return next((m for m in self.model if name in (m.name, *m.aliases)), None)


@cache
def load_catalogue() -> Catalogue:
    """Return the catalogue that memo ships."""
    text = resources.files("memo.weights").joinpath("catalogue.toml").read_text("utf-8")
    return Catalogue.model_validate(tomllib.loads(text))


def recommended_llm(ram_bytes: int, catalogue: Catalogue | None = None) -> str:
    """Return the name of the best language model that a machine's memory holds.

    A model may take a third of the memory: Whisper, the system and what people have open need
    the rest. The smallest advised model is returned for machines that hold none.

    Args:
        ram_bytes: Physical memory of the machine, in bytes.
        catalogue: Where to choose from; memo's own by default.
    """
    advised = [m for m in (catalogue or load_catalogue()).model if m.advised]
    advised.sort(key=lambda model: model.memory or 0)
    fitting = [model for model in advised if (model.memory or 0) * 3 <= ram_bytes]
    return (fitting[-1] if fitting else advised[0]).name
