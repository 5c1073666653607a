"""The prompts: text files that a person can read and change, and the hash that names them."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from string import Template

from memo.errors import ConfigError
from memo.model import Value

NAMES = (
    "system",
    "window-decisions",
    "window-actions",
    "window-questions",
    "window-topics",
    "summary",
    "rewrite-system",
    "rewrite-decision",
    "rewrite-action",
    "rewrite-question",
)


class Prompts(Value):
    """The prompts by name, and the SHA-256 over all of them."""

    texts: dict[str, str]
    sha256: str

    def fill(self, name: str, **values: str) -> str:
        """Return a prompt with its variables (`$transcript`) filled in.

        Raises:
            ConfigError: The prompt names a variable that it is not given.
        """
        try:
            return Template(self.texts[name]).substitute(values)
        except (KeyError, ValueError) as error:
            raise ConfigError(
                f"the prompt {name}.md cannot be filled in: {error}",
                hint=f"use only {', '.join('$' + v for v in values) or 'no variables'} in it, "
                "and $$ for a dollar sign",
            ) from error


def load_prompts(folder: Path | None = None) -> Prompts:
    """Read the prompts.

    Args:
        folder: Where changed prompts are; what is not there comes with memo.

    Raises:
        ConfigError: The folder does not exist, or a prompt in it cannot be read.
    """
    if folder is not None and not folder.is_dir():
        raise ConfigError(
            f"the prompts folder {folder} does not exist", hint="give a folder of *.md files"
        )
    texts = {name: _read(name, folder) for name in NAMES}
    digest = hashlib.sha256()
    for name in NAMES:
        digest.update(f"{name}\0{texts[name]}\0".encode())
    return Prompts(texts=texts, sha256=digest.hexdigest())


def shipped_folder() -> Path:
    """Return the folder of the prompts that come with memo."""
    installed = Path(str(files("memo"))) / "prompts"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "prompts"


def _read(name: str, folder: Path | None) -> str:
    own = folder / f"{name}.md" if folder else None
    path = own if own and own.is_file() else shipped_folder() / f"{name}.md"
    try:
        return path.read_text(encoding="utf-8").strip() + "\n"
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the prompt {path} cannot be read: {error}", hint="save it as UTF-8 text"
        ) from error
