"""Settings: which source wins, and what is said about a wrong one."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from memo.config import (
    Settings,
    api_key,
    load_settings,
    origins,
    remote_host,
    shown,
    unknown_variables,
)
from memo.errors import ConfigError

OPENAI = "https://api.openai.com/v1"


@pytest.fixture(autouse=True)
def _nobodys_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to stand in, an empty home, and no variables of memo's."""
    for name in unknown_variables() + [f"MEMO_{name.upper()}" for name in Settings.model_fields]:
        monkeypatch.delenv(name, raising=False)
    for name in ("MEMO_CONFIG", "MEMO_LLM_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for kind in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "home" / kind.lower()))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def file(text: str) -> Path:
    path = Path("memo.toml")
    path.write_text(text, encoding="utf-8")
    return path


# --- Which source wins --------------------------------------------------------------------------


def test_the_command_line_comes_before_the_environment_before_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file('asr_model = "small"\nlanguage = "de"\nthreads = 3\n')
    monkeypatch.setenv("MEMO_ASR_MODEL", "medium")
    monkeypatch.setenv("MEMO_LANGUAGE", "fr")
    settings = load_settings({"asr_model": "large-v3", "language": None})
    assert (settings.asr_model, settings.language, settings.threads) == ("large-v3", "fr", 3)
    where = origins(settings)
    assert where["asr_model"] == "command line"
    assert where["language"] == "environment"
    assert where["threads"] == "memo.toml"
    assert where["strict"] == "default"


def test_a_file_that_is_named_replaces_the_one_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file('asr_model = "small"\n')
    other = tmp_path / "other.toml"
    other.write_text('asr_model = "tiny"\n')
    assert load_settings(config=other).asr_model == "tiny"
    monkeypatch.setenv("MEMO_CONFIG", str(other))
    assert load_settings().asr_model == "tiny"


def test_the_users_own_file_is_read_where_the_folder_has_none(tmp_path: Path) -> None:
    own = tmp_path / "home" / "config" / "memo" / "memo.toml"
    own.parent.mkdir(parents=True)
    own.write_text("threads = 2\n")
    assert load_settings().threads == 2
    file("threads = 4\n")
    assert load_settings().threads == 4


def test_lists_are_written_with_commas_in_variables_and_as_lists_in_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file('formats = ["md", "vtt", "md"]\n')
    monkeypatch.setenv("MEMO_ATTENDEES", "Ann Lee, Bo")
    settings = load_settings()
    assert settings.formats == ("md", "vtt")
    assert settings.attendees == ("Ann Lee", "Bo")
    assert shown(settings)["attendees"] == "Ann Lee, Bo"


@pytest.mark.parametrize(
    ("tag", "code"), [("de", "de"), ("pt-BR", "pt"), ("EN_us", "en"), ("auto", None), (" ", None)]
)
def test_a_language_is_a_code(tag: str, code: str | None) -> None:
    assert load_settings({"language": tag}).language == code
    with pytest.raises(ConfigError, match="no language"):
        load_settings({"language": "German"})


@pytest.mark.parametrize(
    ("tag", "code"), [("de", "de"), ("ES-mx", "es"), (" en ", "en"), ("auto", None), ("", None)]
)
def test_memos_are_written_in_a_language_that_memo_has_words_in(tag: str, code: str | None) -> None:
    assert load_settings({"memo_language": tag}).memo_language == code


@pytest.mark.parametrize("tag", ["fr", "German", "d", "e n", "\ud800"])
def test_another_language_is_refused_with_those_that_there_are(tag: str) -> None:
    with pytest.raises(ConfigError, match=r"de \(German\), en \(English\), es \(Spanish\)"):
        load_settings({"memo_language": tag})


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMO_THREADS", "")
    assert load_settings().threads is None


def test_a_folder_in_the_file_is_meant_from_where_the_file_is(tmp_path: Path) -> None:
    folder = tmp_path / "team"
    folder.mkdir()
    (folder / "memo.toml").write_text('out = "memos"\nprompts = "~/prompts"\n')
    settings = load_settings(config=folder / "memo.toml")
    assert settings.out == folder / "memos"
    assert settings.prompts == tmp_path / "home" / "prompts"


def test_a_typing_error_in_a_variable_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMO_ASR_MODLE", "small")
    assert unknown_variables() == ["MEMO_ASR_MODLE"]


def test_settings_never_change(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().threads = 2  # type: ignore[misc]
    assert (
        load_settings({"data_dir": tmp_path}).database_url == f"sqlite:///{tmp_path}/decisions.db"
    )


# --- What is wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('\nasr_modle = "base"\n', r"memo\.toml, line 2: there is no setting asr_modle"),
        ('threads = "many"\n', r"memo\.toml, line 1: threads is wrong: .*integer"),
        ("\n\nllm_timeout = -1\n", r"memo\.toml, line 3: llm_timeout is wrong"),
        ('formats = ["md", "pdf"]\n', r"line 1: formats is wrong: .*'md', 'docx', .* or 'rttm'"),
        ("formats = []\n", r"name at least one of md"),
        ('timezone = "Mars/Base"\n', r"line 1: timezone is wrong: 'Mars/Base' is no time zone"),
        ('timezone = "../etc/passwd"\n', r"is no time zone"),
        ("threads = \n", r"memo\.toml is not TOML: .*line 1"),
        ('api_key = "sk-1"\n', r"line 1: keys do not belong in a file"),
        ('llm_api_key = "sk-1"\n', r"line 1: keys do not belong in a file"),
        ('[llm]\nurl = "x"\n', r"line 1: llm is wrong"),
        ('llm = "endpoint"\n', r"llm_url is not set"),
        ('llm_url = "http://127.0.0.1:1/v1"\n', r"llm_model is not set"),
        ('llm_url = "localhost:8080"\n', r"line 1: llm_url is wrong: write an address like"),
        ('llm_url = "https://me:sk-1@h/v1"\n', r"keys do not belong in an address"),
        ('smtp_url = "smtps://me:sk-1@h"\n', r"line 1: smtp_url is wrong: passwords do not belong"),
        ('smtp_password = "sk-1"\n', r"line 1: keys do not belong in a file"),
        ('webhook_url = "https://h/sk-1"\n', r"line 1: keys do not belong in a file"),
        ('mail_from = "sk"\n', r"line 1: mail_from is wrong: 'sk' is no e-mail address"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_the_place_and_the_reason(text: str, said: str) -> None:
    file(text)
    with pytest.raises(ConfigError, match=said) as caught:
        load_settings()
    assert caught.value.hint
    assert "sk-1" not in f"{caught.value} {caught.value.hint}"
    assert "\n" not in str(caught.value)


def test_a_wrong_variable_and_a_wrong_option_are_called_by_their_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigError, match="--timezone is wrong"):
        load_settings({"timezone": "Nowhere"})
    monkeypatch.setenv("MEMO_THREADS", "0")
    with pytest.raises(ConfigError, match="the variable MEMO_THREADS is wrong"):
        load_settings()


def test_a_close_name_is_suggested() -> None:
    file("timezon = 'UTC'\n")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "Did you mean timezone?" in (caught.value.hint or "")


def test_a_named_file_must_be_there_and_readable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_settings(config=tmp_path / "gone.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(config=tmp_path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(config=binary)


# --- Endpoints and keys -------------------------------------------------------------------------


def test_an_address_makes_the_endpoint_the_default_reader() -> None:
    assert load_settings().llm == "embedded"
    assert load_settings().llm_model == "qwen2.5-coder-1.5b"
    assert load_settings({"llm_url": OPENAI, "llm_model": "m"}).llm == "endpoint"
    assert load_settings({"llm_url": OPENAI, "llm": "none"}).llm == "none"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://localhost:11434/v1", None),
        ("http://127.0.0.2:1/v1", None),
        ("http://[::1]:1/v1", None),
        ("http://models.localhost/v1", None),
        ("http://192.168.1.9:11434/v1", "192.168.1.9"),
        ("https://localhost.example.com/v1", "localhost.example.com"),
        (OPENAI, "api.openai.com"),
    ],
)
def test_a_host_that_is_not_this_machine_is_named_and_refused_offline(
    url: str, host: str | None
) -> None:
    given = {"llm_url": url, "llm_model": "m"}
    assert remote_host(load_settings(given)) == host
    if host:
        with pytest.raises(ConfigError, match="leads to another machine"):
            load_settings({**given, "offline": True})
    else:
        assert load_settings({**given, "offline": True}).offline


def test_openais_key_goes_to_openai_only() -> None:
    variables = {"OPENAI_API_KEY": "sk-theirs"}
    theirs = load_settings({"llm_url": OPENAI, "llm_model": "m"})
    others = load_settings({"llm_url": "https://api.openai.com.evil.example/v1", "llm_model": "m"})
    key = api_key(theirs, variables)
    assert key is not None
    assert key.get_secret_value() == "sk-theirs"
    assert "sk-theirs" not in repr(key)
    assert api_key(others, variables) is None
    own = api_key(others, {**variables, "MEMO_LLM_API_KEY": "sk-mine"})
    assert own is not None
    assert own.get_secret_value() == "sk-mine"


def test_a_key_is_taken_from_the_keyring_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class KeyringError(Exception):
        pass

    class NoKeyringError(KeyringError):
        pass

    def get_password(service: str, user: str) -> str:
        if user == "locked.example":
            raise KeyringError("locked")
        return f"{service}/{user}"

    keyring, kinds = ModuleType("keyring"), ModuleType("keyring.errors")
    vars(keyring).update(get_password=get_password, errors=kinds)
    vars(kinds).update(KeyringError=KeyringError, NoKeyringError=NoKeyringError)
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", kinds)
    key = api_key(load_settings({"llm_url": "https://h.example/v1", "llm_model": "m"}), {})
    assert key is not None
    assert key.get_secret_value() == "memo/h.example"
    locked = load_settings({"llm_url": "https://locked.example/v1", "llm_model": "m"})
    with pytest.raises(ConfigError, match="keyring did not give"):
        api_key(locked, {})


def test_the_password_of_a_database_is_not_shown() -> None:
    settings = load_settings({"database_url": "postgresql://me:secret@host/memo"})
    assert shown(settings)["database_url"] == "postgresql://me:…@host/memo"


@pytest.mark.parametrize(
    ("written", "count", "told"),
    [
        ("20 GB", 20 * 10**9, "20 GB"),
        ("500M", 500 * 10**6, "500 MB"),
        ("1.5 GiB", 1536 * 2**20, "1.611 GB"),
        ("2tb", 2 * 10**12, "2 TB"),
        ("4096", 4096, "4.096 kB"),
        (0, 0, "0 B"),
    ],
)
def test_a_size_is_written_as_people_do(written: object, count: int, told: str) -> None:
    settings = load_settings({"work_disk": written})
    assert (settings.work_disk, shown(settings)["work_disk"]) == (count, told)


@pytest.mark.parametrize("written", ["lots", "-1", "20 GB of it", "", True])
def test_what_is_no_size_is_refused(written: object) -> None:
    with pytest.raises(ConfigError, match="write one like 20 GB"):
        load_settings({"work_disk": written})


def test_a_shelf_is_a_folder_or_a_bucket(tmp_path: Path) -> None:
    file('shelf = "calls"\nwatch_done = "done"\n')
    assert load_settings().shelf == str(tmp_path / "calls")
    assert load_settings().watch_done == tmp_path / "done"
    file('shelf = "s3://bucket/calls"\n')
    assert load_settings().shelf == "s3://bucket/calls"
    assert load_settings({"shelf": "~/calls"}).shelf == str(tmp_path / "home" / "calls")
    for wrong in ("s3://id:secret@bucket/calls", "ftp://host/calls", "s3://"):
        with pytest.raises(ConfigError, match="a shelf is a folder, or a bucket") as refused:
            load_settings({"shelf": wrong})
        assert "secret" not in str(refused.value)


def test_every_setting_is_described() -> None:
    assert [name for name, about in Settings.model_fields.items() if not about.description] == []
