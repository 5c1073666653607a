"""The README is the manual, and true: its commands run, its tables say what the program says.

What a writer of the README has to know:

- A fenced block marked `sh` holds commands, one on a line; a backslash at its end continues a
  line, a `#` begins a comment. A block marked `console` holds what a terminal shows: commands
  behind `$ `, the rest is output and not compared. No other block holds commands.
- Every `memo` command is run, from the top of the page to its end, in one scratch folder that
  holds a copy of `examples/` and a decision log and settings of its own. It must leave with 0, and
  a later command may use what an earlier one wrote.
- `<!-- test: parse-only: WHY -->` on the line before a block says that it cannot be run here (it
  needs an account, a server, an hour); then only the command's words and options are checked.
- `make` words are looked up in the Makefile. They are run elsewhere: `make demo` by
  `test_fresh_machine.py`, `make test` and `make check` by whoever reads this.
- Commands of others (`git`, `pip`, ...) are those named in `OTHERS`; a typing error is no command.
- The rows of the table after `<!-- table: exit-codes -->` begin with a code, those after
  `<!-- table: settings -->` with a setting, those after `<!-- table: commands -->` with a command.
- A command's options are documented under the heading that names it, or names its group
  (``### `memo convert` ``; each in code, `--out DIR`), or by an example that uses them. Those of
  `memo` itself may stand anywhere. An option in code anywhere must exist.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import BaseModel

from memo.cli import main
from memo.config import Settings
from memo.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MARKDOWN = MarkdownIt("commonmark").enable("table")
TOKENS = MARKDOWN.parse(README)

OTHERS = {"cd", "curl", "echo", "eval", "export", "git", "ollama", "open", "pip", "pipx", "uv"}
PARSE_ONLY = re.compile(r"<!-- test: parse-only: (?P<why>.{10,}?) -->")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


# --- Reading the page ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """A command of the README, and whether it can be run here."""

    text: str
    line: int
    runs: bool

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, comments=True)

    def __str__(self) -> str:
        return f"{self.line}: {self.text}"


@dataclass
class Section:
    """A heading with what stands below it, sections of a lower rank included."""

    title: str
    rank: int
    code: list[str] = field(default_factory=list)


def lines_of(block: Token) -> Iterator[tuple[int, str]]:
    """The commands of a fenced block, each with its line in the README."""
    first = (block.map or [0])[0] + 2
    joined = ""
    start = first
    for number, line in enumerate(block.content.splitlines(), first):
        if block.info == "console" and not joined:
            if not line.startswith("$ "):
                continue
            line = line.removeprefix("$ ")  # noqa: PLW2901
        start = start if joined else number
        joined += line
        if joined.endswith("\\"):
            joined = joined[:-1] + " "
            continue
        if shlex.split(joined, comments=True):
            yield start, joined.strip()
        joined = ""


def commands() -> list[Command]:
    found = []
    for before, block in zip([None, *TOKENS], TOKENS, strict=False):
        if block.type == "fence" and block.info in {"sh", "console"}:
            runs = not (
                before and before.type == "html_block" and PARSE_ONLY.search(before.content)
            )
            found += [Command(text, line, runs) for line, text in lines_of(block)]
    return found


def sections() -> list[Section]:
    found: list[Section] = []
    open_: list[Section] = []
    for token, inside in zip(TOKENS, [*TOKENS[1:], None], strict=True):
        if token.type == "heading_open" and inside:
            rank = int(token.tag[1:])
            open_ = [section for section in open_ if section.rank < rank]
            open_.append(Section(inside.content, rank))
            found.append(open_[-1])
        elif token.type == "inline":
            spans = [child.content for child in token.children or () if child.type == "code_inline"]
            for section in open_:
                section.code += spans
        elif token.type == "fence":
            for section in open_:
                section.code.append(token.content)
    return found


def links() -> list[str]:
    """The links and pictures of the README that lead into this checkout."""
    children = [child for token in TOKENS for child in token.children or ()]
    goals = [str(child.attrs.get("href") or child.attrs.get("src") or "") for child in children]
    return [goal for goal in goals if goal and "://" not in goal]


def table(name: str) -> list[list[str]]:
    """The cells of the table behind a marker, row by row, without its head."""
    marks = [i for i, t in enumerate(TOKENS) if f"<!-- table: {name} -->" in t.content]
    assert len(marks) == 1, f"the README needs one <!-- table: {name} -->"
    rows: list[list[str]] = []
    for token in TOKENS[marks[0] + 1 :]:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(token.content)
        elif token.type == "table_close":
            break
    return rows[1:]


def code_of(cell: str) -> str:
    match = re.fullmatch(r"`([^`]+)`.*", cell)
    assert match, f"{cell!r} should begin with `code`"
    return match[1]


COMMANDS = commands()
MEMO = [command for command in COMMANDS if command.words[0] == "memo"]
MAKE = [command for command in COMMANDS if command.words[0] == "make"]


# --- Asking the program -------------------------------------------------------------------------


def every(
    command: click.Command = main, path: tuple[str, ...] = ("memo",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command of the program with the words that call it, groups included."""
    if command.hidden:
        return
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child, name
            yield from every(child, (*path, name))


PROGRAM = dict(every())


def options(command: click.Command) -> set[str]:
    """The long names of a command's options; one of `--x/--no-x` will do for both."""
    return {
        min((name for name in parameter.opts if name.startswith("--")), default="")
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
    } - {"", "--help", "--version"}


def every_option_name() -> set[str]:
    return {
        name
        for command in PROGRAM.values()
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help"}


def settings(shape: type[BaseModel], above: str = "") -> Iterator[str]:
    """The names of all settings; one inside a group is `group.name`, as in `memo.toml`."""
    for name, about in shape.model_fields.items():
        kind = about.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings(kind, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def parse(words: list[str]) -> None:
    """Check the words and options of a command without running it or looking at files.

    Raises:
        click.UsageError: There is no such command or option, or its value is missing.
    """
    command: click.Command = main
    context = click.Context(main, info_name="memo")
    rest = words[1:]
    while True:
        if isinstance(command, click.Group):
            context.allow_interspersed_args = False
        _, rest, _ = command.make_parser(context).parse_args(list(rest))
        if not isinstance(command, click.Group) or not rest:
            return
        name, child, rest = command.resolve_command(context, rest)
        assert child, name
        command, context = child, click.Context(child, parent=context, info_name=name)


# --- Commands -----------------------------------------------------------------------------------


def test_every_command_in_the_readme_is_one_that_we_know() -> None:
    strange = [str(c) for c in COMMANDS if c.words[0] not in OTHERS | {"memo", "make"}]
    assert strange == []
    assert MEMO
    assert MAKE


@pytest.mark.parametrize("command", MEMO, ids=str)
def test_a_command_in_the_readme_has_only_options_that_exist(command: Command) -> None:
    words = re.split(r"\s(?:\||>|>>|&&|;)\s", command.text)[0]
    parse(shlex.split(words, comments=True))


@pytest.mark.parametrize("command", MAKE, ids=str)
def test_a_make_word_in_the_readme_is_in_the_makefile(command: Command) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    words = [word for word in command.words[1:] if "=" not in word]
    assert words
    assert [w for w in words if not re.search(rf"^{w}:.*##", makefile, re.MULTILINE)] == []


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with the examples in it."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user who has settings and a decision log of their own; models are shared."""
    home = tmp_path_factory.mktemp("home")
    own = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE")}
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MEMO_")}
    cache = {k: v for k, v in os.environ.items() if k == "MEMO_CACHE_DIR"}
    return {**kept, **own, **cache, "PATH": path}


@pytest.mark.asr
@pytest.mark.llm
@pytest.mark.timeout(1800)
def test_the_commands_of_the_readme_work_from_top_to_bottom(
    scratch: Path, environment: dict[str, str]
) -> None:
    for command in [command for command in MEMO if command.runs]:
        done = subprocess.run(
            ["sh", "-euc", command.text],
            cwd=scratch, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"README.md:{command}\n{done.stdout}\n{done.stderr}"


def test_nothing_is_merely_parsed_without_a_reason() -> None:
    marks = [t.content.strip() for t in TOKENS if "test: parse-only" in t.content]
    assert [mark for mark in marks if not PARSE_ONLY.fullmatch(mark)] == []


# --- The tables and the options -----------------------------------------------------------------


def test_the_table_of_commands_lists_each_command_once() -> None:
    named = [
        " ".join(re.findall(r"^memo(?: [a-z-]+)*", code_of(row[0]))) for row in table("commands")
    ]
    leaves = [" ".join(p) for p, c in PROGRAM.items() if not isinstance(c, click.Group)]
    assert sorted(named) == sorted(leaves)


def test_the_table_of_exit_codes_is_the_programs() -> None:
    assert [int(code_of(row[0])) for row in table("exit-codes")] == sorted(ExitCode)


def test_the_table_of_settings_lists_each_setting_once() -> None:
    assert sorted(code_of(row[0]) for row in table("settings")) == sorted(settings(Settings))


@pytest.mark.parametrize("path", PROGRAM, ids=" ".join)
def test_every_option_of_a_command_is_documented(path: tuple[str, ...]) -> None:
    names = {" ".join(path[:n]) for n in range(2, len(path) + 1)}
    below = [s for s in sections() if names & set(re.findall(r"`(memo[^`]*)`", s.title))]
    code = [span for section in (below if len(path) > 1 else sections()) for span in section.code]
    used = [c.text for c in MEMO if tuple(c.words[: len(path)]) == path]
    documented = {option for text in (*code, *used) for option in OPTION.findall(text)}
    assert options(PROGRAM[path]) - documented == set()


@pytest.mark.parametrize("link", links(), ids=str)
def test_a_link_of_the_readme_leads_somewhere(link: str) -> None:
    file, _, anchor = link.partition("#")
    assert (ROOT / file).exists()
    if anchor:
        page = TOKENS if not file else MARKDOWN.parse((ROOT / file).read_text(encoding="utf-8"))
        titles = [
            inside.content.lower()
            for token, inside in pairwise(page)
            if token.type == "heading_open"
        ]
        assert anchor in [re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles]


def test_every_option_in_code_exists() -> None:
    spans = [
        child.content
        for token in TOKENS
        for child in token.children or ()
        if child.type == "code_inline" and child.content.split(" ")[0] not in OTHERS
    ]
    named = {option for span in spans for option in OPTION.findall(span)}
    assert named - every_option_name() == set()
