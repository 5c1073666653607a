"""What can be chosen, and what each choice must look like."""

from __future__ import annotations

import ipaddress
import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import platformdirs
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    PositiveFloat,
    PositiveInt,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from memo.delivery.accounts import WebhookFormat, mail_server_url
from memo.delivery.destinations import mail_address
from memo.export.wording import LANGUAGES, primary_language
from memo.keys import key_of
from memo.pipeline.outputs import FORMATS
from memo.speech.names.glossary import listed

ENV_PREFIX = "MEMO_"
DEFAULT_LLM = "qwen2.5-coder-1.5b"
KEY_VARIABLE = "MEMO_LLM_API_KEY"


def _listed(value: object) -> object:
    """Read `a, b` as two words, as environment variables and options give them."""
    if not isinstance(value, str):
        return value
    return [word.strip() for word in value.split(",") if word.strip()]


def entries_of(value: object) -> object:
    """Read what a glossary has on one line, as environment variables and options give it."""
    return listed(value) if isinstance(value, str) else value


def _expanded(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, str) else value


class Bytes(int):
    """A number of bytes that is shown as people write it: `20 GB`."""

    def __str__(self) -> str:
        for power, unit in ((4, "TB"), (3, "GB"), (2, "MB"), (1, "kB")):
            if self >= 1000**power:
                return f"{self / 1000**power:.4g} {unit}"
        return f"{int(self)} B"


_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)


def _bytes(value: object) -> Bytes:
    """Read `20 GB`, `500M`, `1.5 GiB`, or a number of bytes."""
    match = None if isinstance(value, bool) else _SIZE.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is no size; write one like 20 GB")
    count, unit, binary = match.groups()
    return Bytes(float(count) * (1024 if binary else 1000) ** _UNITS[unit.lower()])


Llm = Literal["embedded", "endpoint", "none"]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Glossary = Annotated[tuple[str, ...], NoDecode, BeforeValidator(entries_of)]
Formats = Annotated[
    tuple[Literal["md", "docx", "json", "vtt", "srt", "txt", "words", "rttm"], ...],
    NoDecode,
    BeforeValidator(_listed),
]
Folder = Annotated[Path, BeforeValidator(_expanded)]
Size = Annotated[Bytes, PlainValidator(_bytes)]
MailUrl = Annotated[str, AfterValidator(mail_server_url)]
MailAddress = Annotated[str, AfterValidator(mail_address)]


def _default_llm(values: dict[str, Any]) -> Llm:
    return "endpoint" if values.get("llm_url") else "embedded"


def _default_llm_model(values: dict[str, Any]) -> str:
    return DEFAULT_LLM if values.get("llm") == "embedded" else ""


def _default_database(values: dict[str, Any]) -> str:
    folder = values.get("data_dir") or _data_folder()
    return f"sqlite:///{Path(folder).absolute() / 'decisions.db'}"


def _cache_folder() -> Path:
    return platformdirs.user_cache_path("memo", appauthor=False)


def _data_folder() -> Path:
    return platformdirs.user_data_path("memo", appauthor=False)


def _local_timezone() -> str:
    """Return the machine's time zone; UTC if it cannot be told."""
    from tzlocal import get_localzone_name

    try:
        with warnings.catch_warnings(action="ignore"):
            name = get_localzone_name()
        ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):
        return "UTC"
    return "UTC" if name in {"Etc/UTC", "Etc/UCT", "Etc/Zulu"} else name


class Settings(BaseSettings):
    """What the user can choose; immutable. `load_settings` makes one."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid"
    )

    asr_model: str = Field(
        default="base",
        description="speech model: a name from `memo models list`, or the folder of one",
    )
    language: str | None = Field(
        default=None, description="language that is spoken, e.g. `de`; found out if not given"
    )
    memo_language: str | None = Field(
        default=None,
        description="language that memos are written in: `en`, `de` or `es`; the one spoken if not "
        "given",
    )
    diarize: bool = Field(
        default=True, description="tell voices apart: who said what, as `Speaker 1`, `Speaker 2`"
    )
    diarizer: Literal["built-in", "pyannote"] = Field(
        default="built-in",
        description="what tells voices apart: `built-in`, or `pyannote` (pip install "
        "'callmemo[pyannote]')",
    )
    speakers: int | None = Field(
        default=None,
        ge=1,
        le=50,
        description="how many people speak, if that is known; found out if not given",
    )
    llm_url: str | None = Field(
        default=None,
        description="address of an OpenAI-compatible endpoint, e.g. `http://localhost:11434/v1`",
    )
    llm: Llm = Field(
        default_factory=_default_llm,
        description="language model: `embedded` (on this machine), `endpoint`, or `none` (rules "
        "alone); `endpoint` if `llm_url` is set, else `embedded`",
    )
    llm_model: str = Field(
        default_factory=_default_llm_model,
        description="its name: at the endpoint, from `memo models list`, or the path of a GGUF "
        f"file; embedded, `{DEFAULT_LLM}` by default",
    )
    llm_timeout: PositiveFloat = Field(
        default=600.0, description="seconds after which one answer is given up"
    )
    llm_context: PositiveInt | None = Field(
        default=None,
        description="tokens that fit, question and answer together; the endpoint is asked if not "
        "given, embedded it is 8192",
    )
    offline: bool = Field(default=False, description="never open a connection to another machine")
    formats: Formats = Field(
        default=("md", "docx", "json", "vtt"),
        description="results to write: the memo as `md`, `docx`, `json`; the transcript as `vtt`, "
        "`srt`, `txt`, `words` (JSON), `rttm`",
    )
    out: Folder | None = Field(
        default=None, description="folder for the results; beside each recording if not given"
    )
    timezone: str = Field(
        default_factory=_local_timezone,
        description="time zone of the meetings, e.g. `Europe/Berlin`; the machine's by default",
    )
    attendees: Words = Field(default=(), description="names of those who take part")
    glossary: Glossary = Field(
        default=(),
        description="names and terms that may be spoken of, each after a colon with what it is "
        "heard as (`Teravault: terra vault`); or a text file of them, `terms.txt`",
    )
    prompts: Folder | None = Field(
        default=None, description="folder with changed prompts; others are memo's own"
    )
    cache_dir: Folder = Field(
        default_factory=_cache_folder,
        description="folder for models and unfinished work; may be deleted",
    )
    data_dir: Folder = Field(
        default_factory=_data_folder,
        description="folder for the decision log, what you say of voices, and enrolled voices",
    )
    database_url: str = Field(
        default_factory=_default_database,
        description="database of the decision log, as SQLAlchemy writes it; `decisions.db` in "
        "`data_dir` by default",
    )
    smtp_url: MailUrl | None = Field(
        default=None,
        description="mail server that sends digests, e.g. `smtps://anna@mail.example.org`",
    )
    mail_from: MailAddress | None = Field(
        default=None, description="address that digests come from; the server's user if not given"
    )
    webhook_format: WebhookFormat = Field(
        default="auto",
        description="what a chat's webhook takes: `slack`, `mattermost`, `teams`, or `auto`: as "
        "its address tells",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto",
        description="where speech is recognised: `cpu`, `cuda` (a graphics card), or `auto`: a "
        "card that can be used, else the processor",
    )
    threads: PositiveInt | None = Field(
        default=None, description="processor threads to use; chosen by the machine if not given"
    )
    strict: bool = Field(
        default=False,
        description="leave with 10 when a finding is not verified or a part could not be used",
    )
    watch_settle: float = Field(
        default=10.0,
        ge=0,
        le=3600,
        description="seconds for which a file must not change before `memo watch` takes it",
    )
    watch_rescan: PositiveFloat = Field(
        default=60.0,
        description="seconds after which `memo watch` looks through its folders in any case",
    )
    watch_done: Folder | None = Field(
        default=None,
        description="folder that `memo watch` moves recordings to when all is done; they stay "
        "where they are if not given",
    )
    worker_slots: PositiveInt = Field(
        default=1,
        le=64,
        description="recordings that `memo watch` and `memo worker` work on at a time, each in a "
        "process of its own",
    )
    worker_lease: float = Field(
        default=60.0,
        ge=2,
        description="seconds after which a worker that gives no sign of life counts as dead",
    )
    worker_crashes: PositiveInt = Field(
        default=3,
        description="workers that may die of a recording before it is given up",
    )
    worker_limit: PositiveInt | None = Field(
        default=None,
        description="recordings that are worked on at a time on all machines together; no limit "
        "if not given",
    )
    work_disk: Size = Field(
        default=Bytes(20_000_000_000),
        description="bytes that finished and unfinished work may take in `cache_dir`, e.g. `20 GB`",
    )
    shelf: str | None = Field(
        default=None,
        description="folder, or `s3://bucket/folder`, that several machines share; what lies "
        "there may be worked on by any of them",
    )
    log_format: Literal["text", "json"] = Field(
        default="text",
        description="what `memo watch` and `memo worker` say: `text`, or `json`, an object on "
        "each line",
    )

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values as given: `load_settings` merges the sources, and notes which won."""
        return (init_settings,)

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"{name!r} is no time zone; write one like Europe/Berlin or UTC"
            ) from error
        return name

    @field_validator("language")
    @classmethod
    def _check_language(cls, tag: str | None) -> str | None:
        """Keep the language of a tag: `pt` of `pt-BR`; None for `auto`."""
        code = re.split(r"[-_]", (tag or "").strip().lower())[0]
        if not re.fullmatch(r"auto|[a-z]{2,3}|", code):
            raise ValueError(f"{tag!r} is no language; write a code like en or de")
        return None if code in {"", "auto"} else code

    @field_validator("memo_language")
    @classmethod
    def _check_memo_language(cls, tag: str | None) -> str | None:
        """Keep the language of a tag, if memo has its words; None for `auto`."""
        code = primary_language(tag or "")
        if code in {"", "auto"}:
            return None
        if code not in LANGUAGES:
            known = ", ".join(f"{code} ({name})" for code, name in LANGUAGES.items())
            raise ValueError(f"{tag!r} is no language that memos are written in; known are {known}")
        return code

    @field_validator("formats")
    @classmethod
    def _check_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if not formats:
            raise ValueError("name at least one of " + ", ".join(FORMATS))
        return tuple(dict.fromkeys(formats))

    @field_validator("shelf")
    @classmethod
    def _check_shelf(cls, shelf: str | None) -> str | None:
        if not shelf or "://" not in shelf:
            return str(Path(shelf).expanduser()) if shelf else None
        if not re.fullmatch(r"s3://[^/@:]+(/.*)?", shelf):
            raise ValueError(
                "a shelf is a folder, or a bucket: s3://bucket/folder; keys do not belong in it"
            )
        return shelf

    @field_validator("llm_url")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.username or parts.password or parts.query:
            raise ValueError(f"keys do not belong in an address: put yours in {KEY_VARIABLE}")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("write an address like http://localhost:11434/v1")
        return url

    @model_validator(mode="after")
    def _check_endpoint(self) -> Self:
        if self.llm != "endpoint":
            return self
        if self.llm_url is None:
            raise ValueError("llm is endpoint, but llm_url is not set")
        if not self.llm_model:
            raise ValueError(f"llm_model is not set: name the model to use at {self.llm_url}")
        if self.offline and (host := remote_host(self)):
            raise ValueError(f"offline is set, but llm_url leads to another machine ({host})")
        return self


def remote_host(settings: Settings) -> str | None:
    """Return the host that transcripts would be sent to; None if they stay on this machine."""
    if settings.llm != "endpoint" or settings.llm_url is None:
        return None
    host = urlsplit(settings.llm_url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return None
    try:
        return None if ipaddress.ip_address(host).is_loopback else host
    except ValueError:
        return host


def api_key(settings: Settings, environ: Mapping[str, str] = os.environ) -> SecretStr | None:
    """Return the endpoint's key: from the environment, else from the system's keyring.

    `OPENAI_API_KEY` is only given to OpenAI itself. The keyring is asked for service `memo` and
    the endpoint's host as user name, if the package `keyring` is installed.

    Raises:
        ConfigError: The keyring refused.
    """
    host = urlsplit(settings.llm_url or "").hostname or ""
    key = key_of(host, KEY_VARIABLE, environ, ask_keyring=False)
    if not key and (host == "openai.com" or host.endswith(".openai.com")):
        key = environ.get("OPENAI_API_KEY")
    if not key and remote_host(settings):
        key = key_of(host, KEY_VARIABLE, environ)
    return SecretStr(key) if key else None
