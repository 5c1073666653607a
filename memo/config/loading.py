"""The settings of a run, put together from where they are said."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from memo.config.file import SECRETS, find_file, line_of, read_file
from memo.config.settings import ENV_PREFIX, KEY_VARIABLE, Settings
from memo.errors import ConfigError

_NO_SETTINGS = frozenset({"MEMO_CONFIG", KEY_VARIABLE, *SECRETS.values()})


def load_settings(
    given: Mapping[str, object] | None = None, *, config: Path | None = None
) -> Settings:
    """Return the settings of this run.

    Args:
        given: What the command line says, by name of the setting; None counts as not said.
        config: The file that the user names; None looks for one.

    Raises:
        ConfigError: A value is wrong, a name is unknown, or the named file is not there.
    """
    path, text = find_file(config)
    layers: list[tuple[str, Mapping[str, Any]]] = []
    if path is not None:
        layers.append((str(path), read_file(path, text)))
    layers.append(("environment", EnvSettingsSource(Settings)()))
    said = {name: value for name, value in (given or {}).items() if value is not None}
    layers.append(("command line", said))
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    for origin, layer in layers:
        values |= layer
        origins |= dict.fromkeys(layer, origin)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise _explained(error, origins, text) from error
    settings._origins.update(origins)  # noqa: SLF001 - its own package
    return settings


def origins(settings: Settings) -> dict[str, str]:
    """Return where each value came from: a file, `environment`, `command line` or `default`."""
    return {name: settings._origins.get(name, "default") for name in Settings.model_fields}  # noqa: SLF001


def shown(settings: Settings) -> dict[str, str]:
    """Return each value as it may be printed: without a password, lists joined by commas."""
    return {name: _shown(getattr(settings, name)) for name in Settings.model_fields}


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return environment variables that look like settings and are none: typing errors."""
    known = {f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields} | _NO_SETTINGS
    return sorted(name for name in environ if name.startswith(ENV_PREFIX) and name not in known)


def _explained(error: ValidationError, origins: Mapping[str, str], text: str) -> ConfigError:
    """Say which value is wrong, where it stands and what it should be; never a secret."""
    first = error.errors(include_url=False, include_context=False)[0]
    why = first["msg"].removeprefix("Value error, ").replace("Input", "it")
    if not first["loc"]:
        return ConfigError(why, hint="`memo config show --help` says where settings come from.")
    name = str(first["loc"][0])
    place = {
        "environment": f"the variable {ENV_PREFIX}{name.upper()}",
        "command line": f"--{'format' if name == 'formats' else name.replace('_', '-')}",
        "default": name,
    }.get(origins.get(name, ""), f"{origins.get(name)}, line {line_of(name, text)}: {name}")
    return ConfigError(f"{place} is wrong: {why}", hint="Correct it, or leave it out.")


def _shown(value: object) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return re.sub(r"(?<=://)([^:@/]*):[^@/]*@", r"\1:…@", str(value))
