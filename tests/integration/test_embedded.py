"""The embedded language model, really run: its answers, its manners and its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from memo.errors import AnswerTooLong, LanguageModelError, MissingDependencyError
from memo.language_model.embedded import EmbeddedLlama
from memo.language_model.tokens import estimate_tokens, fewest_tokens
from memo.weights import Kind

pytestmark = pytest.mark.llm

WINDOW = 2048
TALK = "\n".join(
    f"{number} {speaker}: We looked at invoice {number * 37} again and found nothing wrong with it."
    for number, speaker in enumerate(["Anna", "Ben", "Chloe"] * 12, 1)
)


class Promise(BaseModel):
    who: str
    what: str


class Promises(BaseModel):
    promises: list[Promise]


@pytest.fixture(scope="module")
def gguf(weights: Callable[[str, Kind], Path]) -> Path:
    return weights("qwen2.5-coder-1.5b", "llm")


@pytest.fixture(scope="module")
def model(gguf: Path) -> Iterator[EmbeddedLlama]:
    with EmbeddedLlama(gguf, name="qwen", context_tokens=WINDOW) as model:
        yield model


def promises(model: EmbeddedLlama, user: str, max_tokens: int = 120) -> Promises:
    system = "List who promised to do what."
    return model.complete(system=system, user=user, answer=Promises, max_tokens=max_tokens)


def test_answer_is_a_value_of_the_asked_for_shape(model: EmbeddedLlama) -> None:
    found = promises(model, "Anna: I will write the report.\nBen: And I will call the bank.")
    assert {promise.who for promise in found.promises} == {"Anna", "Ben"}


def test_cut_answer_is_too_long(model: EmbeddedLlama) -> None:
    with pytest.raises(AnswerTooLong):
        promises(model, "Anna: I will write the report.", max_tokens=5)


def test_question_beyond_the_window_is_too_long(model: EmbeddedLlama) -> None:
    with pytest.raises(AnswerTooLong):
        promises(model, "word " * (WINDOW + 1))


def test_second_question_about_the_same_text_reads_only_the_question(model: EmbeddedLlama) -> None:
    def reads(question: str) -> int:
        before = model.usage
        model.choose(
            system="Answer yes or no.", user=f"{TALK}\n\n{question}", options=["yes", "no"]
        )
        asked = model.usage.prompt_tokens - before.prompt_tokens
        return asked - (model.usage.cached_tokens - before.cached_tokens)

    first, second = reads("Did anyone speak?"), reads("Was a dog mentioned?")
    assert first > 700
    assert second < 30


@pytest.mark.parametrize(("country", "likelier"), [("France", "yes"), ("Germany", "no")])
def test_choice_follows_what_the_model_knows(
    model: EmbeddedLlama, country: str, likelier: str
) -> None:
    chances = model.choose(
        system="Answer with yes or no and nothing else.",
        user=f"Is Paris the capital of {country}?",
        options=["yes", "no"],
    )
    assert sum(chances.values()) == pytest.approx(1)
    assert chances[likelier] > 0.8


@pytest.mark.parametrize(
    "text",
    [
        TALK,
        "Donaudampfschifffahrtsgesellschaftskapitänsmützen gehören ins Überseemuseum, hieß es.",
        "Können wir die Jahresabschlussprüfung auf übernächsten Mittwoch verschieben?",
        "我们决定按地区推出,而不是在八号一次性切换,因为加拿大的税号是错的。",
        "来週の月曜日までに報告書を書きます。ディスクの警告はチケットにします。",
        "다음 주 월요일까지 보고서를 쓰겠습니다.",
        "Мы решили перенести запуск на следующую пятницу из-за ошибки в налогах.",
        "قررنا تأجيل الإطلاق إلى يوم الجمعة القادم بسبب خطأ في الضرائب.",
        "हमने अगले शुक्रवार तक लॉन्च टालने का फैसला किया।",
        "Nous avons décidé de décaler la mise en prod’ à vendredi, à cause des n° de TVA.",
        "if (x_1 != None) { return self._cache[key].get('ID-4711', 0xDEADBEEF) }  // TODO: HACK",
        "sha256 cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046 OK? LGTM!! 🙂👍🏽",
        "https://example.org/a/b?c=d&e=f#g 192.168.1.254:8080 2026-03-05T14:30:00+01:00",
        "",
    ],
)
def test_estimate_is_never_below_the_models_own_count(model: EmbeddedLlama, text: str) -> None:
    exact = model.count_tokens(text)
    assert fewest_tokens(text) <= exact <= estimate_tokens(text)


def test_estimate_of_plain_english_wastes_less_than_half_of_the_window(
    model: EmbeddedLlama, examples: Path
) -> None:
    text = (examples / "weekly-call.script.txt").read_text(encoding="utf-8")
    assert estimate_tokens(text) < 1.6 * model.count_tokens(text)


def test_nobody_without_the_key_is_answered(model: EmbeddedLlama) -> None:
    model.count_tokens("load")
    assert model._endpoint is not None
    root = model._endpoint._base.removesuffix("/v1")
    assert root.startswith("http://127.0.0.1:")
    for path in ("/v1/models", "/v1/chat/completions", "/props", "/slots", "/tokenize", "/metrics"):
        body = None if path in {"/v1/models", "/props", "/slots", "/metrics"} else b"{}"
        request = urllib.request.Request(root + path, body)  # noqa: S310 - loopback
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)  # noqa: S310 - loopback
        refused.value.close()
        assert refused.value.code == 401
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(root)  # noqa: S310 - loopback
    missing.value.close()
    assert missing.value.code == 404


def test_json_in_one_line_takes_fewer_tokens(gguf: Path, model: EmbeddedLlama) -> None:
    said = "Anna: I will write the report.\nBen: And I will call the bank."
    before = model.usage.answer_tokens
    freely = promises(model, said)
    many = model.usage.answer_tokens - before
    with EmbeddedLlama(gguf, context_tokens=512, one_line=True) as terse:
        shortly = promises(terse, said)
        assert terse.usage.answer_tokens < 0.85 * many
    assert {p.who for p in shortly.promises} == {p.who for p in freely.promises}


# --- Loading --------------------------------------------------------------------------------------


def test_damaged_file_is_a_missing_dependency(gguf: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    with gguf.open("rb") as whole:
        cut.write_bytes(whole.read(20_000_000))
    with pytest.raises(MissingDependencyError, match=r"cut\.gguf is damaged"):
        EmbeddedLlama(cut).count_tokens("a")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 something else", b"GGUF"])
def test_what_is_no_model_is_a_missing_dependency(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(content)
    with pytest.raises(MissingDependencyError, match=r"odd\.gguf") as caught:
        EmbeddedLlama(path).count_tokens("a")
    assert "memo models pull" in str(caught.value.hint)


def test_missing_file_is_a_missing_dependency(tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match="cannot be read"):
        EmbeddedLlama(tmp_path / "none.gguf").count_tokens("a")


def test_too_little_memory_is_said(gguf: Path) -> None:
    with pytest.raises(LanguageModelError, match="not enough memory"):
        EmbeddedLlama(gguf, context_tokens=50_000_000).count_tokens("a")


def test_nothing_is_loaded_before_it_is_asked(tmp_path: Path) -> None:
    with EmbeddedLlama(tmp_path / "none.gguf") as model:
        assert (model.name, model.context_tokens) == ("none", 8192)
        assert model.usage.answers == 0


def test_closed_model_says_so(gguf: Path) -> None:
    model = EmbeddedLlama(gguf)
    model.close()
    model.close()
    with pytest.raises(LanguageModelError, match="closed"):
        model.count_tokens("a")


# --- A process of its own -------------------------------------------------------------------------

START = """
import os, sys, time
from pathlib import Path
from pydantic import BaseModel
from memo.language_model.embedded import EmbeddedLlama

class Answer(BaseModel):
    words: list[str]

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20

model = EmbeddedLlama(Path(sys.argv[1]), context_tokens=1024)
model.choose(system="Yes or no.", user="Is it?", options=["yes", "no"])
"""


def run(gguf: Path, script: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Return how a process ended, and the seconds between the last time it printed and its end."""
    command = [sys.executable, "-c", START + script, str(gguf)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done, time.time()


@pytest.mark.parametrize(
    "script",
    [
        "model.close(); print(time.time())",
        "print(time.time())",
        "import threading; threading.Thread(target=print, args=(time.time(),)).start()",
    ],
    ids=["closed", "forgotten", "with a thread"],
)
def test_process_ends_promptly_and_has_said_nothing(gguf: Path, script: str) -> None:
    done, ended = run(gguf, script)
    assert (done.returncode, done.stderr) == (0, "")
    assert ended - float(done.stdout) < 10


def test_process_that_fails_shows_its_own_error_only(gguf: Path) -> None:
    done, _ = run(gguf, "raise RuntimeError('mine')")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == "Traceback (most recent call last):"
    assert done.stderr.splitlines()[-1] == "RuntimeError: mine"


def test_closing_gives_the_memory_back(gguf: Path) -> None:
    done, _ = run(gguf, "loaded = resident(); model.close(); print(loaded, resident())")
    loaded, closed = map(int, done.stdout.split())
    assert loaded > 1000  # MB; the file has 1,066
    assert closed < loaded / 3


def test_forked_child_ends_promptly_and_leaves_the_parent_its_model(gguf: Path) -> None:
    done, _ = run(
        gguf,
        "import multiprocessing, warnings\n"
        "warnings.simplefilter('ignore')  # Python 3.12 on: this process has threads\n"
        "child = multiprocessing.get_context('fork').Process(target=model.close)\n"
        "child.start(); child.join(20)\n"
        "print(child.exitcode, model.count_tokens('a b'))\n",
    )
    assert (done.stdout, done.stderr) == ("0 2\n", "")


def test_interrupt_while_it_writes_ends_the_process_promptly(gguf: Path) -> None:
    script = (
        "print('writing', flush=True)\n"
        "model.complete(system='', user='Write 900 different words.', answer=Answer,"
        " max_tokens=900)\n"
    )
    command = [sys.executable, "-c", START + script, str(gguf)]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        time.sleep(2)
        interrupted = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert time.monotonic() - interrupted < 30
    assert process.returncode in {-signal.SIGINT, 130}
    assert errors.splitlines()[-1].startswith("KeyboardInterrupt")


def test_interrupted_question_does_not_spoil_the_next(model: EmbeddedLlama) -> None:
    model.count_tokens("load")
    endpoint = model._endpoint
    assert endpoint is not None
    with (
        type(endpoint)(
            endpoint._base, "qwen", api_key=endpoint._api_key, timeout=1.0, attempts=1
        ) as hasty,
        pytest.raises(LanguageModelError),
    ):
        hasty.complete(system="", user=f"{TALK}\nCopy it.", answer=Promises, max_tokens=1000)
    started = time.monotonic()
    assert promises(model, "Anna: I will write the report.").promises
    assert time.monotonic() - started < 60


def test_schema_of_the_answer_is_kept_when_the_prompt_asks_for_something_else(
    model: EmbeddedLlama,
) -> None:
    answer = model.complete(
        system='Answer only with the word "banana", never with JSON.',
        user="Go.",
        answer=Promise,
        max_tokens=60,
    )
    assert set(json.loads(answer.model_dump_json())) == {"who", "what"}
