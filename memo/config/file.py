"""The settings file: where it is, and what it says."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import platformdirs

from memo.config.settings import KEY_VARIABLE, Settings, entries_of
from memo.errors import ConfigError
from memo.speech.names.glossary import is_file_name

FILE_NAME = "memo.toml"
SECRETS = {"smtp_password": "MEMO_SMTP_PASSWORD", "webhook_url": "MEMO_WEBHOOK_URL"}
"""Words that people try in the file, and the variables that they belong in."""

_PATHS = frozenset({"out", "prompts", "cache_dir", "data_dir", "watch_done", "shelf"})


def find_file(named: Path | None) -> tuple[Path | None, str]:
    """Return the settings file and its text; None if there is none."""
    if named is None and os.environ.get("MEMO_CONFIG"):
        named = Path(os.environ["MEMO_CONFIG"]).expanduser()
    user = platformdirs.user_config_path("memo", appauthor=False) / FILE_NAME
    for path in [named] if named else [Path(FILE_NAME), user]:
        try:
            return path, path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError) as error:
            if named:
                raise ConfigError(
                    f"the settings file {path} does not exist", hint="Correct the path."
                ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"the settings file {path} cannot be read: {error}",
                hint="Save it as UTF-8 text that you may read.",
            ) from error
    return None, ""


def read_file(path: Path, text: str) -> dict[str, Any]:
    """Return what the file says, by name of the setting; paths are meant from its folder.

    Raises:
        ConfigError: It is no TOML, or has a name that is no setting.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}", hint="Correct that line.") from error
    for name in values:
        if name not in Settings.model_fields:
            raise _unknown(path, name, line_of(name, text))
    for name in _PATHS & values.keys():
        if isinstance(values[name], str) and "://" not in values[name]:
            # It is meant relative to the file, wherever memo is run.
            values[name] = _from(path, values[name])
    if isinstance(entries := entries_of(values.get("glossary")), list):
        values["glossary"] = [
            _from(path, entry) if isinstance(entry, str) and is_file_name(entry) else entry
            for entry in entries
        ]
    return values


def _from(file: Path, path: str) -> str:
    return str(file.absolute().parent / Path(path.strip()).expanduser())


def _unknown(path: Path, name: str, line: int) -> ConfigError:
    if "api_key" in name or name in {"key", "token", "secret", "password", *SECRETS}:
        variable = SECRETS.get(name, KEY_VARIABLE)
        return ConfigError(
            f"{path}, line {line}: keys do not belong in a file ({name})",
            hint=f"Delete the line, and put the key in the variable {variable}.",
        )
    import difflib

    close = difflib.get_close_matches(name, Settings.model_fields, n=1)
    meant = f"Did you mean {close[0]}? " if close else ""
    return ConfigError(
        f"{path}, line {line}: there is no setting {name}",
        hint=f"{meant}`memo config show` lists the settings.",
    )


def line_of(name: str, text: str) -> int:
    """Return the number of the line that gives a name its value; 1 if there is none."""
    pattern = re.compile(rf"""^\s*\[*\s*["']?{re.escape(name)}["']?\s*[]=.]""")
    numbered = enumerate(text.splitlines(), 1)
    return next((number for number, line in numbered if pattern.match(line)), 1)
