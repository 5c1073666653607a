"""llama.cpp in this process: the language model that needs no account, no server and no network.

xllamacpp starts llama.cpp's own HTTP server on a loopback port that nobody else has the key to,
and `Endpoint` speaks to it like to any other: one code path for the model on this machine and the
one far away.

Measured with `benchmarks/language_model.py` (Qwen2.5-Coder-1.5B Q4_K_M, two cores that others use
too): one writing thread wrote 13 to 15 tokens a second, two that do not spin 7, two that spin
(llama.cpp's default) 2.4, for 1.6 and 2.3 times the processor time. A second question about 900
known tokens read 22. Guessing ahead from the prompt (n-grams) cost 6 to 19 % more processor time
for -20 to +15 % in speed, within the noise; a cache in q8_0 31 % more; `n_ubatch` 128 made no
difference, 1024 cost 10 % more. Leaving out the repacking of weights saved 0.5 GB and 1.6 s at the
start here, but other processors read faster with it. None of these is changed from llama.cpp's
default.

A loaded model has threads, so a process that has one cannot be forked by `os.fork` alone: the
child would wait for them at its exit. Children of `multiprocessing` end as they should.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from memo.errors import LanguageModelError, MissingDependencyError
from memo.language_model.answers import Json
from memo.language_model.cores import usable_cores
from memo.language_model.endpoint import Endpoint, Usage
from memo.ports import Answer

_MAGIC = b"GGUF"
_SPACING = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
_SILENT, _ERRORS_ONLY = -1, 1
_DIAGNOSIS_TIMEOUT = 120.0  # seconds
_ATTEMPTS = 2
_DIAGNOSIS = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.verbosity = sys.argv[1], int(sys.argv[2]), 1
params.fit_params = params.warmup = params.ui = False
xllamacpp.Server(params)
"""


class EmbeddedLlama:
    """A GGUF model run by llama.cpp in this process (`memo.ports.LanguageModel`).

    Loads on first use and is to be closed, best by a `with` block; an interpreter that exits
    closes it too. Writing uses one thread fewer than there are cores and does not spin: with as
    many spinning threads as cores, one other busy process slows it down tenfold. Reading the
    prompt, which comes in batches, uses all cores.

    Args:
        path: The GGUF file.
        name: The model's name, for the provenance; None takes the file's.
        context_tokens: Window, question and answer together.
        threads: Threads that write; None takes one fewer than there are cores.
        timeout: Seconds until one answer is given up.
        one_line: Has the model write its JSON in one line, in a quarter fewer tokens than with the
            indentation it would choose.
        adjust: Changes llama.cpp's parameters (`xllamacpp.CommonParams`) before it starts; for
            measurements.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        context_tokens: int = 8192,
        threads: int | None = None,
        timeout: float = 1800.0,
        one_line: bool = False,
        adjust: Callable[[Any], None] | None = None,
    ) -> None:
        self._path = path
        self._name = name or path.stem
        self._context = context_tokens
        self._cores = usable_cores()
        self._threads = threads or max(1, self._cores - 1)
        self._timeout = timeout
        self._one_line = one_line
        self._adjust = adjust
        self._lock = threading.Lock()
        self._endpoint: Endpoint | None = None
        self._closing: weakref.finalize[..., EmbeddedLlama] | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"EmbeddedLlama({str(self._path)!r})"

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """How many tokens fit, question and answer together."""
        return self._context

    @property
    def usage(self) -> Usage:
        """What was asked of the model so far."""
        return self._endpoint.usage if self._endpoint else Usage()

    def count_tokens(self, text: str) -> int:
        """Return exactly how many tokens a text takes; loads the model."""
        return self._loaded().count_tokens(text)

    def complete(self, *, system: str, user: str, answer: type[Answer], max_tokens: int) -> Answer:
        """Return the model's answer (see `Endpoint.complete`); loads the model.

        Raises:
            MissingDependencyError: The file is not there or is no GGUF model.
            LanguageModelError: The model cannot be loaded, or gave no usable answer.
        """
        loaded = self._loaded()
        return loaded.complete(system=system, user=user, answer=answer, max_tokens=max_tokens)

    def choose(self, *, system: str, user: str, options: Sequence[str]) -> dict[str, float]:
        """Return how probable each option is (see `Endpoint.choose`); loads the model."""
        return self._loaded().choose(system=system, user=user, options=options)

    def close(self) -> None:
        """Free the model and its memory. It cannot be used again; closing twice is fine."""
        with self._lock:
            self._closed = True
            if self._endpoint is not None:
                self._endpoint.close()
            if self._closing is not None:
                self._closing()

    def _loaded(self) -> Endpoint:
        with self._lock:
            if self._closed:
                raise LanguageModelError(f"{self._name} was closed before it was asked")
            if self._endpoint is None:
                self._endpoint = self._load()
            return self._endpoint

    def _load(self) -> Endpoint:
        _check_file(self._path)
        key = secrets.token_urlsafe(24)
        server = self._start(key)
        self._closing = weakref.finalize(self, _stop, [server], os.getpid())
        return Endpoint(
            f"{server.listening_address}/v1",
            self._name,
            api_key=key,
            context_tokens=self._context,
            timeout=self._timeout,
            attempts=_ATTEMPTS,
            grammar=_one_line_grammar if self._one_line else None,
        )

    def _start(self, key: str) -> Any:  # noqa: ANN401 - xllamacpp has no types
        try:
            import xllamacpp
        except ImportError as error:
            raise MissingDependencyError(
                f"llama.cpp cannot be loaded ({error})",
                hint="Install xllamacpp, or use an endpoint or --llm none.",
            ) from error
        try:
            return xllamacpp.Server(self._parameters(xllamacpp.CommonParams(), key))
        except (RuntimeError, MemoryError, ValueError) as error:
            raise _failure(self._path, self._context) from error

    def _parameters(self, params: Any, key: str) -> Any:  # noqa: ANN401 - no types
        params.model.path = str(self._path)
        params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [key]
        params.verbosity = _SILENT
        params.ui = params.endpoint_slots = params.endpoint_props = False
        params.n_ctx, params.n_parallel = self._context, 1
        params.fit_params = False  # never a smaller window than was asked for
        params.ctx_shift = False  # never forgets the beginning; says that it does not fit
        params.cache_prompt = True
        params.cpuparams.n_threads, params.cpuparams.poll = self._threads, 0
        params.cpuparams_batch.n_threads, params.cpuparams_batch.poll = self._cores, 0
        params.n_threads_http = 2
        params.enable_reasoning = 0  # answers are short and checked; thinking is slow
        if self._adjust is not None:
            self._adjust(params)
        return params


def _stop(holder: list[Any], pid: int) -> None:
    """Let go of the server, which stops it and frees the model."""
    if os.getpid() != pid:  # a forked child has the object and none of its threads: never free it
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(holder))
        return
    holder.clear()


def _one_line_grammar(schema: Json) -> str:
    """Write a schema as a grammar that leaves no choice of white space.

    Builds of llama.cpp with llguidance take the white space from the schema, others from a rule.
    With none at all a small model ends its lists too soon: `[]` is one token to it.
    """
    import xllamacpp

    grammar = xllamacpp.json_schema_to_grammar(json.dumps({**schema, "x-guidance": _SPACING}))
    return re.sub(r"^space ::=.*$", 'space ::= " "?', grammar, flags=re.MULTILINE)


# --- Why it did not load ------------------------------------------------------------------------


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise MissingDependencyError(
            f"{path} cannot be read ({error.strerror})", hint="Run `memo models pull`."
        ) from error
    if magic != _MAGIC:
        raise MissingDependencyError(
            f"{path} is not a GGUF model", hint="Give a .gguf file, or run `memo models pull`."
        )


def _failure(path: Path, context: int) -> LanguageModelError | MissingDependencyError:
    """Return the error that says why llama.cpp, which was told to be silent, did not start."""
    said = _diagnosis(path, context)
    if "memory" in said or "allocate" in said or "context" in said:
        return LanguageModelError(
            f"There is not enough memory for {path.name} with a window of {context:,} tokens",
            hint="Close other programs, or choose a smaller model.",
        )
    if "loading model" in said:
        return MissingDependencyError(
            f"{path} is damaged or of an unknown kind ({said})",
            hint="Delete it and run `memo models pull`.",
        )
    return LanguageModelError(f"llama.cpp did not start with {path.name} ({said or 'no reason'})")


def _diagnosis(path: Path, context: int) -> str:
    """Load again in another process, which may write to its stderr, and return its first error."""
    command = [sys.executable, "-c", _DIAGNOSIS, str(path), str(context)]
    try:
        run = subprocess.run(  # noqa: S603 - our own interpreter, on our own text
            command, capture_output=True, timeout=_DIAGNOSIS_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = run.stderr.decode(errors="replace").splitlines()
    errors = [line.partition(" E ")[2] for line in lines if " E " in line]
    telling = [line for line in errors if "error loading model:" in line or "memory" in line]
    return " ".join((telling or errors or [""])[0].split())[:200]
