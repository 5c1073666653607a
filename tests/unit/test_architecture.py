"""The rules of the house that no linter knows: sizes, names, weights, and what may be committed.

Who may import whom is held by import-linter (`make check`), docstrings and prints by ruff.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from memo import errors
from memo.errors import ExitCode, MemoError

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "memo").rglob("*.py"))
TEST_MODULES = sorted((ROOT / "tests").rglob("*.py"))

MODULE_LINES = 500
TEST_MODULE_LINES = 800
FUNCTION_LINES = 60

VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "misc", "lib"}

TOP_LEVEL = {
    "memo", "prompts", "tests", "examples", "benchmarks", "training",
    "pyproject.toml", "requirements.lock", "Makefile", "README.md", "CHANGELOG.md", "LICENSE",
}  # fmt: skip

HEAVY = {
    "av", "ctranslate2", "docx", "faster_whisper", "httpx", "langchain_text_splitters",
    "matplotlib", "numpy",
    "onnxruntime", "openai", "pydantic", "rapidfuzz", "rich", "sqlalchemy", "xllamacpp",
}  # fmt: skip


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def ignored_by_git() -> set[str]:
    """The names at the top level that .gitignore keeps out of a commit."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return {line.strip("/") for line in lines}


def committed() -> list[Path]:
    """Every text file of the checkout; git need not be there to ask."""
    found = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".coverage"]
    for folder in ("memo", "prompts", "tests", "examples", "training", ".ci", ".github"):
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in found if "__pycache__" not in path.parts and is_text(path)]


def is_text(path: Path) -> bool:
    return b"\0" not in path.read_bytes()[:8192]


# --- Sizes and names --------------------------------------------------------------------------


def test_modules_stay_short() -> None:
    long = {
        name_of(path): length
        for paths, limit in ((MODULES, MODULE_LINES), (TEST_MODULES, TEST_MODULE_LINES))
        for path in paths
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > limit
    }
    assert long == {}


def test_functions_stay_short() -> None:
    long = {
        f"{name_of(module)}:{function.lineno} {function.name}": length
        for module in MODULES + TEST_MODULES
        for function in functions(module)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}


def test_no_module_or_folder_has_a_name_that_says_nothing() -> None:
    paths = [path.relative_to(ROOT) for path in MODULES + TEST_MODULES]
    vague = [path.as_posix() for path in paths if VAGUE & {*path.parts[:-1], path.stem}]
    assert vague == []


def test_the_top_level_holds_what_a_newcomer_expects_and_nothing_else() -> None:
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    tools_leave = {name for name in there if name.endswith(".egg-info")} | ignored_by_git()
    assert there - tools_leave - TOP_LEVEL == set()
    assert TOP_LEVEL - there == set()


# --- What may be committed --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("work left for later", r"(?:#|<!--)\s*(?:TODO|FIXME|HACK|XXX)\b"),
        ("a path of the machine it was written on", r"(?<![\w.~-])/(?:work|tmp|root)/\w"),
        ("the address of a package registry", r"\bpy(?:pi|thonhosted)\.\w|registry\.\w+js\b"),
        ("a conflict that was never resolved", r"^(?:<{7} |={7}$|>{7} )"),
    ],
)
def test_no_committed_file_holds(what: str, pattern: str) -> None:
    wanted = re.compile(pattern, re.MULTILINE)
    found = [
        f"{name_of(path)}: {match[0]}"
        for path in committed()
        for match in wanted.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == [], what


def spoken_parts(module: Path) -> Iterator[ast.AST]:
    """What a module may do when it is imported or called; not what it does as a script."""
    for statement in ast.parse(module.read_text(encoding="utf-8")).body:
        if not (isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)):
            yield from ast.walk(statement)


def test_only_the_command_line_prints() -> None:
    printing = [
        f"{name_of(module)}:{node.lineno} {ast.unparse(node)}"
        for module in MODULES
        if ROOT / "memo" / "cli" not in module.parents
        for node in spoken_parts(module)
        if isinstance(node, ast.Name | ast.Attribute)
        if ast.unparse(node) in {"print", "input", "sys.stdout", "sys.__stdout__"}
    ]
    assert printing == []


# --- Start-up ---------------------------------------------------------------------------------


def test_the_command_line_starts_without_a_heavy_package() -> None:
    code = "import json, sys, memo.cli; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    assert HEAVY & set(json.loads(run.stdout)) == set()


def test_help_answers_at_once() -> None:
    code = (
        "import atexit, runpy, sys, time\n"
        "atexit.register(lambda: print(time.process_time(), file=sys.stderr))\n"
        "sys.argv = ['memo', '--help']\n"
        "runpy.run_module('memo', run_name='__main__')\n"
    )

    def seconds() -> float:
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        assert run.returncode == 0, run.stderr.decode()
        return float(run.stderr)

    fastest = min(seconds() for _ in range(5))  # of the processor's time: others may be at work
    assert fastest <= 0.3


# --- Errors -----------------------------------------------------------------------------------

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, MemoError) and kind.__module__ == errors.__name__
]
FAMILIES = [kind for kind in CLASSES if MemoError in kind.__bases__]
NOT_RAISED = {ExitCode.OK, ExitCode.INTERNAL, ExitCode.USAGE, ExitCode.INTERRUPTED}


def test_every_family_of_errors_has_an_exit_code_of_its_own() -> None:
    codes = [kind.exit_code for kind in FAMILIES]
    assert sorted(codes) == sorted(set(ExitCode) - NOT_RAISED)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_has_the_exit_code_of_its_family(kind: type[MemoError]) -> None:
    family = next((parent for parent in kind.__mro__ if parent in FAMILIES), MemoError)
    assert kind.exit_code is family.exit_code


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_is_explained_and_drawn_in_the_tree(kind: type[MemoError]) -> None:
    assert kind.__doc__
    assert re.search(rf"^\s*[*x+] {kind.__name__}\b", errors.__doc__ or "", re.MULTILINE)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_says_in_one_line_what_happened_and_what_to_do(kind: type[MemoError]) -> None:
    error = kind("call.m4a holds no sound", hint="Check the microphone.")
    assert (str(error), error.hint) == ("call.m4a holds no sound", "Check the microphone.")
