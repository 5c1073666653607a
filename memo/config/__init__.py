"""The settings: command line over environment over `memo.toml` over default.

Each field of `Settings` is a word of `memo.toml`, an environment variable (`MEMO_ASR_MODEL`) and,
where `memo convert` has such an option, an option (`--asr-model`). The file is looked for where
`--config` or `MEMO_CONFIG` says, else in the current folder, else in the user's settings folder.
Keys of endpoints are no settings: they are never in a file, and never shown (`api_key`).
"""

from __future__ import annotations

from memo.config.file import FILE_NAME
from memo.config.loading import load_settings, origins, shown, unknown_variables
from memo.config.settings import DEFAULT_LLM, ENV_PREFIX, Settings, api_key, remote_host

__all__ = [
    "DEFAULT_LLM",
    "ENV_PREFIX",
    "FILE_NAME",
    "Settings",
    "api_key",
    "load_settings",
    "origins",
    "remote_host",
    "shown",
    "unknown_variables",
]
