# ruff: noqa: INP001
"""Measure what makes the embedded language model fast on this machine.

    python benchmarks/language_model.py MODEL.gguf [threads|busy|answers|speculation|memory ...]

Every row loads the model anew, reads the script of `examples/` (about 1,300 tokens) with one
question and then asks a second question about the same text, both with answers held to a JSON
schema. `read` is tokens of the prompt a second, `write` tokens of the answer a second, `second` the
seconds that the second question took in all, `known` the tokens of it that came from the prefix
cache, `wrote` the tokens of both answers, `cpu` the processor seconds of all three questions, which
are the figure to compare where other work is going on. Seconds differ between machines.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from memo.errors import AnswerTooLong
from memo.language_model.cores import usable_cores
from memo.language_model.embedded import EmbeddedLlama

SCRIPT = Path(__file__).parent.parent / "examples" / "weekly-call.script.txt"
SYSTEM = "You read the transcript of a meeting. Copy what is asked for word by word from it."
QUESTIONS = (
    "List who promised to do what, each with the words in which it was promised.",
    "List what was decided, who decided it, and the words in which it was decided.",
)
MAX_TOKENS = 150
Adjust = Callable[[Any], None]
Row = tuple[str, dict[str, Any], Adjust | None]


class Item(BaseModel):
    """One thing that was said."""

    who: str
    what: str
    quote: str


class Items(BaseModel):
    """What was asked for."""

    items: list[Item]


def say(text: str) -> None:
    """Write one line of the table."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def material() -> str:
    """Return the example's lines, numbered, as the extraction shows them to the model."""
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    spoken = [line.lstrip("+") for line in lines if ":" in line and line[0] not in "#@["]
    return "\n".join(f"{number} {line}" for number, line in enumerate(spoken, 1))


def ask(model: EmbeddedLlama, text: str, question: str) -> tuple[float, str]:
    """Return the seconds that an answer took, and the answer."""
    started = time.perf_counter()
    try:
        user = f"{text}\n\n{question}"
        said = model.complete(system=SYSTEM, user=user, answer=Items, max_tokens=MAX_TOKENS)
        answer = said.model_dump_json()
    except AnswerTooLong:
        answer = "(cut)"
    return time.perf_counter() - started, answer


def measure(path: Path, settings: dict[str, Any], adjust: Adjust | None) -> str:
    """Return one row: read, write, second, known, wrote, cpu, and a hash of the answers."""
    text = material()
    with EmbeddedLlama(path, adjust=adjust, **settings) as model:
        model.choose(system="Say yes.", user="Yes?", options=["yes", "no"])
        warm = model.usage
        used = time.process_time()
        started = time.perf_counter()
        model.choose(system=SYSTEM, user=text, options=["yes", "no"])
        reading = time.perf_counter() - started
        read = model.usage.prompt_tokens - warm.prompt_tokens
        first, one = ask(model, text, QUESTIONS[0])
        before = model.usage
        second, two = ask(model, text, QUESTIONS[1])
        known = model.usage.cached_tokens - before.cached_tokens
        used = time.process_time() - used
        wrote = model.usage.answer_tokens - warm.answer_tokens - 1
    same = hashlib.sha256((one + two).encode()).hexdigest()[:6]
    return (
        f"{read / reading:7.1f} {wrote / (first + second):7.1f} {second:7.1f} {known:7d}"
        f" {wrote:7d} {used:7.1f}  {same}"
    )


# --- What is compared ---------------------------------------------------------------------------


def threads(write: int, read: int, poll: int) -> Adjust:
    """Return an adjustment of the threads that write and read, and of how much they spin."""

    def adjust(params: Any) -> None:  # noqa: ANN401 - xllamacpp has no types
        params.cpuparams.n_threads, params.cpuparams_batch.n_threads = write, read
        params.cpuparams.poll = params.cpuparams_batch.poll = poll

    return adjust


def speculation(kind: str, size: int = 0, draft: int = 0) -> Adjust:
    """Return an adjustment to guess ahead by looking for the last tokens earlier in the prompt."""

    def adjust(params: Any) -> None:  # noqa: ANN401 - xllamacpp has no types
        import xllamacpp

        name = f"COMMON_SPECULATIVE_TYPE_{kind.upper()}"
        params.speculative.types = [getattr(xllamacpp.common_speculative_type, name)]
        if size and kind != "ngram_cache":
            chosen = getattr(params.speculative, kind)
            chosen.size_n, chosen.size_m = size, draft

    return adjust


def setting(**values: object) -> Adjust:
    """Return an adjustment of plain parameters; a type of the cache is given by its name."""

    def adjust(params: Any) -> None:  # noqa: ANN401 - xllamacpp has no types
        import xllamacpp

        for name, value in values.items():
            kind = getattr(xllamacpp.ggml_type, str(value), None)
            setattr(params, name, value if kind is None else kind)

    return adjust


def rows(group: str) -> list[Row]:
    """Return what a group compares: label, settings and adjustment of each row."""
    cores = usable_cores()
    fewer = max(1, cores - 1)
    combinations = [(fewer, cores, 0), (fewer, fewer, 0), (cores, cores, 0), (cores, cores, 50)]
    by_threads: list[Row] = [
        (f"write {w} read {r} poll {p}", {}, threads(w, r, p)) for w, r, p in combinations
    ]
    groups: dict[str, list[Row]] = {
        "threads": by_threads,
        "busy": by_threads,
        "answers": [("as it likes", {}, None), ("in one line", {"one_line": True}, None)],
        "speculation": [
            ("none", {}, None),
            ("ngram_simple 12/48", {}, speculation("ngram_simple")),
            ("ngram_simple 4/8", {}, speculation("ngram_simple", 4, 8)),
            ("ngram_map_k 4/8", {}, speculation("ngram_map_k", 4, 8)),
            ("ngram_map_k4v 4/8", {}, speculation("ngram_map_k4v", 4, 8)),
            ("ngram_cache", {}, speculation("ngram_cache")),
        ],
        "memory": [
            ("default", {}, None),
            (
                "cache q8_0",
                {},
                setting(cache_type_k="GGML_TYPE_Q8_0", cache_type_v="GGML_TYPE_Q8_0"),
            ),
            ("n_ubatch 128", {}, setting(n_ubatch=128)),
            ("n_ubatch 1024", {}, setting(n_ubatch=1024)),
            ("no repacking", {}, setting(no_extra_bufts=True)),
        ],
    }
    return groups[group]


def spin() -> None:
    """Keep one core busy."""
    while True:
        pass


@contextmanager
def neighbour(*, busy: bool) -> Iterator[None]:
    """Keep another process busy meanwhile."""
    other = multiprocessing.get_context("spawn").Process(target=spin, daemon=True)
    if busy:
        other.start()
    try:
        yield
    finally:
        if busy:
            other.kill()
            other.join()


def main() -> None:
    """Measure the groups that were asked for."""
    names = ["threads", "busy", "answers", "speculation", "memory"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("groups", nargs="*", default=names, metavar="GROUP")
    given = parser.parse_args()
    for group in given.groups:
        say(f"\n{group:24}    read   write  second   known   wrote     cpu  answers")
        for label, settings, adjust in rows(group):
            with neighbour(busy=group == "busy"):
                say(f"{label:24} {measure(given.model, settings, adjust)}")


if __name__ == "__main__":
    main()
