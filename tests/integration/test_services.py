"""What `examples/` has to run memo as a service, checked by the tools that it is written for.

Compose files by the compose specification's own schema, units by systemd's own programs (where
they are installed; beside each such test stands one that reads the unit itself), and every
command and setting in them by memo.
"""

from __future__ import annotations

import json
import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from memo.cli import main
from memo.config import unknown_variables

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
COMPOSE = EXAMPLES / "compose.yaml"
DOCKERFILE = EXAMPLES / "Dockerfile"
PLIST = EXAMPLES / "launchd" / "memo-watch.plist"
UNITS = sorted((EXAMPLES / "systemd").glob("*.service"))
CONFINED = [unit for unit in UNITS if not unit.name.endswith(".user.service")]

OF_MEMO = ("models", "watch", "worker")
EXPOSURE = {"memo-watch.service": 1.0, "memo-worker.service": 1.5}
"""What `systemd-analyze security` may find at most, of 10."""

PROGRAM = re.compile(r"(?<=^ExecStart=)\S+", re.MULTILINE)


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")))


def service(name: str) -> dict[str, Any]:
    return dict(compose()["services"][name])


def values(unit: Path, key: str) -> list[str]:
    """Return what a unit says of a key, line by line."""
    lines = unit.read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def parse(words: list[str]) -> None:
    """Check the words and options of a command of memo without running it.

    Raises:
        click.UsageError: There is no such command or option, or its value is missing.
    """
    command: click.Command = main
    context, rest = click.Context(main, info_name="memo"), words
    while True:
        if isinstance(command, click.Group):
            context.allow_interspersed_args = False
        _, rest, _ = command.make_parser(context).parse_args(list(rest))
        if not isinstance(command, click.Group) or not rest:
            return
        name, child, rest = command.resolve_command(context, rest)
        assert child, name
        command, context = child, click.Context(child, parent=context, info_name=name)


# --- Containers -----------------------------------------------------------------------------------


def held_to_the_schema(path: Path) -> subprocess.CompletedProcess[str]:
    words = ["--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *words],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_compose_file_is_as_the_specification_has_it() -> None:
    checked = held_to_the_schema(COMPOSE)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_schema_would_tell_a_word_that_compose_does_not_know(tmp_path: Path) -> None:
    wrong = compose()
    wrong["services"]["watch"]["heathcheck"] = {}
    path = tmp_path / "compose.json"
    path.write_text(json.dumps(wrong), encoding="utf-8")
    checked = held_to_the_schema(path)
    assert "heathcheck" in checked.stdout


@pytest.mark.parametrize("name", ["database", *OF_MEMO])
def test_a_container_may_do_no_more_than_it_must(name: str) -> None:
    told = service(name)
    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "ports", "network_mode", "pid", "ipc"} & set(told)
    assert set(told["deploy"]["resources"]["limits"]) >= {"memory", "pids"}


def test_only_the_container_without_recordings_reaches_other_machines() -> None:
    assert compose()["networks"]["inside"] == {"internal": True}
    reached = {name: told["networks"] for name, told in compose()["services"].items()}
    assert reached.pop("models") == ["outside"]
    assert set(map(tuple, reached.values())) == {("inside",)}
    assert service("models")["volumes"] == ["cache:/var/cache/memo"]


def test_the_compose_file_holds_no_secret_and_asks_for_the_one_it_needs() -> None:
    said = {
        (name, key): str(value)
        for name, told in compose()["services"].items()
        for key, value in told["environment"].items()
        if "PASSWORD" in key
    }
    assert {key for _, key in said} == {"POSTGRES_PASSWORD", "PGPASSWORD"}
    assert [v for v in said.values() if not v.startswith("${MEMO_DATABASE_PASSWORD:?")] == []


@pytest.mark.parametrize("name", ["database", "watch", "worker"])
def test_a_container_that_stays_says_whether_it_is_well_and_has_time_to_stop(name: str) -> None:
    told = service(name)
    assert told["healthcheck"]["test"][0] == "CMD"
    assert told["stop_grace_period"]
    assert told["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ["watch", "worker"])
def test_memo_waits_for_the_database_and_the_models(name: str) -> None:
    assert service(name)["depends_on"] == {
        "database": {"condition": "service_healthy"},
        "models": {"condition": "service_completed_successfully"},
    }


@pytest.mark.parametrize("name", ["watch", "worker"])
def test_a_health_check_asks_where_figures_are_served(name: str) -> None:
    told = service(name)
    port = told["command"][told["command"].index("--metrics") + 1]
    assert f"http://127.0.0.1:{port}/healthz" in told["healthcheck"]["test"][-1]


@pytest.mark.parametrize("name", OF_MEMO)
def test_a_container_runs_a_command_that_memo_has(name: str) -> None:
    parse(service(name)["command"])


def test_the_commands_above_the_compose_file_are_there() -> None:
    words = re.findall(r"docker compose exec watch memo (.+)", COMPOSE.read_text(encoding="utf-8"))
    assert words
    for said in words:
        parse(shlex.split(said))


def test_containers_are_given_settings_that_exist() -> None:
    given = {k: str(v) for name in OF_MEMO for k, v in service(name)["environment"].items()}
    assert "MEMO_DATABASE_URL" in given
    assert unknown_variables(given) == []


def test_the_image_is_made_of_the_locked_packages_and_does_not_run_as_root() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert "pip install --require-hashes -r requirements.lock" in text
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["python:3.13-slim"] * 2
    assert re.findall(r"^USER (.+)", text, re.MULTILINE) == ["$UID:$GID"]
    assert re.findall(r"^ARG (?:UID|GID)=(\d+)", text, re.MULTILINE) == ["1000", "1000"]
    assert "http" not in text


def test_what_the_image_is_made_of_is_in_the_checkout_and_goes_to_the_builder() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    copied = [said.split()[:-1] for said in re.findall(r"^COPY (?!--)(.+)", text, re.MULTILINE)]
    sources = {source for words in copied for source in words}
    assert [source for source in sources if not (ROOT / source).exists()] == []
    ignoring = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8")
    assert {line[1:] for line in ignoring.splitlines() if line.startswith("!")} == sources


def test_settings_of_the_image_exist() -> None:
    named = set(re.findall(r"\bMEMO_[A-Z_]+(?==)", DOCKERFILE.read_text(encoding="utf-8")))
    assert named == {"MEMO_CACHE_DIR", "MEMO_DATA_DIR"}
    assert unknown_variables(dict.fromkeys(named, "x")) == []


# --- systemd --------------------------------------------------------------------------------------


@pytest.fixture
def systemd_analyze(tmp_path: Path) -> dict[str, str]:
    """The environment in which systemd's own checks of units run; see tests/conftest.py."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    return {**os.environ, "XDG_RUNTIME_DIR": str(folder), "SYSTEMD_COLORS": "0"}


def analysed(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_every_line_of_a_unit(
    unit: Path, systemd_analyze: dict[str, str], tmp_path: Path
) -> None:
    there = PROGRAM.sub(str(shutil.which("true")), unit.read_text(encoding="utf-8"))
    copy = tmp_path / unit.name
    copy.write_text(there, encoding="utf-8")
    manager = "--user" if unit not in CONFINED else "--system"
    checked = analysed(systemd_analyze, "verify", manager, "--man=no", str(copy))
    told = [line for line in checked.stderr.splitlines() if unit.name in line]
    assert told == []


def test_systemd_tells_a_word_that_it_does_not_know(
    systemd_analyze: dict[str, str], tmp_path: Path
) -> None:
    copy = tmp_path / "memo-watch.service"
    copy.write_text("[Service]\nExecStart=/bin/true\nNicee=10\n", encoding="utf-8")
    checked = analysed(systemd_analyze, "verify", "--system", "--man=no", str(copy))
    assert "memo-watch.service:3: Unknown key" in checked.stderr


@pytest.mark.parametrize("unit", CONFINED, ids=lambda unit: unit.name)
def test_systemd_finds_a_unit_well_confined(unit: Path, systemd_analyze: dict[str, str]) -> None:
    limit = round(10 * EXPOSURE[unit.name])
    words = ("security", "--offline=true", f"--threshold={limit}", str(unit))
    checked = analysed(systemd_analyze, *words)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_user_that_units_run_as_is_made(
    systemd_analyze: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "etc").mkdir()
    words = [f"--root={tmp_path}", str(EXAMPLES / "systemd" / "memo.sysusers")]
    subprocess.run(["systemd-sysusers", *words], env=systemd_analyze, check=True)
    made = (tmp_path / "etc" / "passwd").read_text(encoding="utf-8")
    assert re.fullmatch(r"memo:x:\d+:\d+:[^:]+:/var/lib/memo:\S*nologin\n", made)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_memo_has(unit: Path) -> None:
    (said,) = values(unit, "ExecStart")
    words = shlex.split(said)
    assert words[0].endswith("/bin/memo")
    parse(words[1:])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_kept_going_stopped_gently_and_nice_to_the_rest(unit: Path) -> None:
    expected = {
        "Type": "notify",
        "Restart": "always",
        "RestartPreventExitStatus": "2 3",
        "KillMode": "mixed",
        "TimeoutStopSec": "2min",
        "OOMPolicy": "continue",
        "Nice": "10",
        "IOSchedulingClass": "idle",
        "NoNewPrivileges": "yes",
    }
    assert {key: values(unit, key) for key in expected} == {k: [v] for k, v in expected.items()}
    assert values(unit, "WatchdogSec")
    assert values(unit, "MemoryMax")


@pytest.mark.parametrize("unit", CONFINED, ids=lambda unit: unit.name)
def test_a_unit_of_a_server_may_write_to_its_own_folders_and_the_recordings_alone(
    unit: Path,
) -> None:
    assert values(unit, "User") == ["memo"]
    assert values(unit, "CapabilityBoundingSet") == [""]
    assert values(unit, "ProtectSystem") == ["strict"]
    assert values(unit, "ProtectHome") == ["yes"]
    assert values(unit, "ReadWritePaths") == ["/srv/recordings"]
    assert values(unit, "SystemCallFilter") == ["@system-service", "~@privileged"]


@pytest.mark.parametrize("unit", CONFINED, ids=lambda unit: unit.name)
def test_a_unit_is_given_settings_that_exist_and_no_secret(unit: Path) -> None:
    given = dict(re.findall(r"\b([A-Z_]+)=(\S+)", "\n".join(values(unit, "Environment"))))
    assert given["MEMO_DATA_DIR"] == "%S/memo"
    assert unknown_variables(given) == []
    assert not re.search("PASSWORD|SECRET|KEY", "".join(given))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_a_unit_says_of_settings_in_its_first_lines_is_so(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    named = set(re.findall(r"\bMEMO_[A-Z_]+(?==)", text))
    assert unknown_variables(dict.fromkeys(named, "x")) == []
    for said in re.findall(r"^#.*?\bmemo (models \w+)$", text, re.MULTILINE):
        parse(shlex.split(said))


# --- launchd --------------------------------------------------------------------------------------


def test_a_mac_is_told_to_keep_a_command_going_that_memo_has() -> None:
    told = plistlib.loads(PLIST.read_bytes())
    shell, option, script = told["ProgramArguments"]
    assert (shell, option) == ("/bin/sh", "-c")
    words = shlex.split(script)
    assert words[:2] == ["exec", "$HOME/.local/bin/memo"]
    parse([word for word in words[2:] if not word.startswith("2>>")])
    assert told["KeepAlive"] is True
    assert told["ExitTimeOut"] == 120
    assert unknown_variables(told["EnvironmentVariables"]) == []


def test_the_name_that_ends_it_on_a_mac_is_its_own() -> None:
    text = PLIST.read_text(encoding="utf-8")
    assert f"launchctl bootout gui/$(id -u)/{plistlib.loads(text.encode())['Label']}" in text
