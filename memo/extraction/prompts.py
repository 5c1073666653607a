"""The prompts: text files that a person can read and change, and the hash that names them."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from string import Template

from memo.errors import ConfigError
from memo.model import Value

VARIABLES: dict[str, tuple[str, ...]] = {
    "system": (),
    "window-decisions": (),
    "window-actions": (),
    "window-questions": (),
    "window-topics": (),
    "summary": ("items",),
    "rewrite-system": (),
    "rewrite-decision": ("said",),
    "rewrite-action": ("said",),
    "rewrite-question": ("said",),
    "title-system": (),
    "title-topic": ("said",),
    "translate-system": (),
    "translate": ("language", "items"),
    "ask-system": (),
    "ask": ("question",),
}
"""The prompts, and the variables that each must have."""
_OF_NO_MEMO = frozenset({"ask-system", "ask"})
MOST_CHARACTERS = 20_000
"""Length of a prompt; a longer one leaves no room for what it asks about."""


class Prompts(Value):
    """The prompts by name, and the SHA-256 over all that memos are made with."""

    texts: dict[str, str]
    sha256: str

    def fill(self, name: str, **values: str) -> str:
        """Return a prompt with its variables (`$said`) filled in; a `$` in a value is kept.

        Raises:
            ConfigError: The prompt names a variable that it is not given.
        """
        try:
            return Template(self.texts[name]).substitute(values)
        except (KeyError, ValueError) as error:
            raise ConfigError(
                f"the prompt {name}.md cannot be filled in: {error}", hint=_how(tuple(values))
            ) from error


def load_prompts(folder: Path | None = None) -> Prompts:
    """Read the prompts.

    Args:
        folder: Where changed prompts are; what is not there comes with memo.

    Raises:
        ConfigError: The folder does not exist or has none of the prompts in it; or a prompt
            cannot be read, is too long, or has other variables than it should.
    """
    if folder is not None:
        _check_folder(folder)
    texts = {name: _read(name, folder) for name in VARIABLES}
    digest = hashlib.sha256()
    for name, text in texts.items():
        if name not in _OF_NO_MEMO:
            digest.update(f"{name}\0{text}\0".encode())
    prompts = Prompts(texts=texts, sha256=digest.hexdigest())
    for name, variables in VARIABLES.items():
        _check(prompts, name, variables)
    return prompts


def shipped_folder() -> Path:
    """Return the folder of the prompts that come with memo."""
    installed = Path(str(files("memo"))) / "prompts"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "prompts"


def _check_folder(folder: Path) -> None:
    """Refuse a folder in which nothing would be found: a wrong path, or misspelt names."""
    hint = f"give a folder with some of {', '.join(f'{name}.md' for name in VARIABLES)}"
    try:
        there = {path.name for path in folder.iterdir()}
    except OSError as error:
        why = (
            "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error}"
        )
        raise ConfigError(f"the prompts folder {folder} {why}", hint=hint) from error
    if not any(f"{name}.md" in there for name in VARIABLES):
        raise ConfigError(f"the prompts folder {folder} has no prompt in it", hint=hint)


def _check(prompts: Prompts, name: str, variables: tuple[str, ...]) -> None:
    """Find out now, and not after an hour of transcription, that a prompt cannot be used."""
    marks = {variable: f"\0{variable}\0" for variable in variables}
    filled = prompts.fill(name, **marks)
    missing = [variable for variable, mark in marks.items() if mark not in filled]
    if missing:
        raise ConfigError(
            f"the prompt {name}.md does not say where ${missing[0]} goes", hint=_how(variables)
        )


def _how(variables: tuple[str, ...]) -> str:
    allowed = ", ".join("$" + variable for variable in variables) or "no variables"
    return f"use {allowed} in it, and $$ for a dollar sign"


def _read(name: str, folder: Path | None) -> str:
    own = folder / f"{name}.md" if folder else None
    path = own if own and (own.exists() or own.is_symlink()) else shipped_folder() / f"{name}.md"
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ConfigError(f"the prompt {path} is not a file", hint="save it as UTF-8 text")
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MOST_CHARACTERS + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the prompt {path} cannot be read: {error}", hint="save it as UTF-8 text"
        ) from error
    if len(text) > MOST_CHARACTERS:
        raise ConfigError(
            f"the prompt {path} is longer than {MOST_CHARACTERS} characters", hint="shorten it"
        )
    return text.strip() + "\n"
