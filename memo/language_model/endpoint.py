"""Any server that speaks OpenAI's chat completions: hosted, Ollama, vLLM, llama.cpp.

What differs between servers is found out by trying and remembered (`Dialect`): whether they hold
an answer to a JSON schema, what they call the limit of its length, whether they let the
temperature be chosen. What goes wrong on the way is tried again here and not by the SDK, so that
the waits are ours to test; every error of the SDK becomes one of `memo.errors`.

Nothing of what is sent or received is ever logged, at no level.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import openai
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ConfigDict, create_model

from memo.errors import (
    AnswerTooLong,
    ConfigError,
    InvalidAnswer,
    LanguageModelError,
    LanguageModelUnavailable,
)
from memo.language_model import servers
from memo.language_model.answers import (
    Json,
    UnusableAnswer,
    parse_answer,
    strict_schema,
)
from memo.language_model.dialect import Dialect, Message, messages_of, objection, shaped, shortened
from memo.language_model.replies import cached, likeliest, plain_text, says_something, shared_out
from memo.language_model.servers import Refusal
from memo.language_model.tokens import estimate_tokens, fewest_tokens
from memo.ports import Answer

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")

_RE_ASKS = 2
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0  # seconds
_PROBE_TIMEOUT, _CONNECT_TIMEOUT = 20.0, 10.0  # seconds
_COUNTED_TEXTS = 4096
_TOP_LOGPROBS = 20
_CHOICE_TOKENS = 200
_LEAST_MASS = 0.01
_NO_KEY = "none"
_RETRIED = frozenset({408, 409, 425, 429})
_NEGOTIABLE = frozenset({400, 413, 415, 422, 501})


@dataclass(frozen=True)
class Usage:
    """What was asked of a model so far; `cached_tokens` of the `prompt_tokens` cost nothing."""

    answers: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0
    dropped_items: int = 0


class _Refused(LanguageModelError):  # noqa: N818 - the tree names what happened
    """The server understood the request and did not want it in this form."""

    def __init__(self, message: str, why: Refusal) -> None:
        super().__init__(message)
        self.why = why


class Endpoint:
    """A model behind an OpenAI-compatible address (`memo.ports.LanguageModel`).

    Opens no connection before it is asked something, and is to be closed, best by a `with` block.
    Safe to share between threads.

    Args:
        base_url: Address up to and including `/v1`.
        model: The model's name at that address.
        api_key: The key, or None for servers that want none. Never shown, logged or in an error.
        timeout: Seconds until one request is given up.
        attempts: How often one request is tried before the endpoint counts as unavailable.
        context_tokens: Tokens that fit, question and answer together; None asks the server, and
            takes 8,192 when it does not say.
        temperature: Sampling temperature; 0 always takes the likeliest token.
        seed: Seed of the sampling, for servers that take one.
        sleep: Waits between attempts, in seconds.
        grammar: Writes a JSON schema as a grammar of llama.cpp, which is then sent in its place;
            None sends the schema.

    Raises:
        ConfigError: The address is not one.
    """

    def __init__(  # noqa: PLR0913 - each one is a setting
        self,
        base_url: str,
        model: str,
        *,
        api_key: str | None,
        timeout: float,
        attempts: int,
        context_tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        sleep: Callable[[float], None] = time.sleep,
        grammar: Callable[[Json], str] | None = None,
    ) -> None:
        self._base = _checked(base_url)
        self._model = model
        self._attempts = max(1, attempts)
        self._context = context_tokens
        self._temperature, self._seed = temperature, seed
        self._sleep = sleep
        self._api_key = api_key
        self._client = _client(self._base, api_key or _NO_KEY, timeout)
        self._dialect = Dialect(shape="grammar" if grammar else "schema")
        self._grammar = grammar
        self._logprobs = True
        self._tokenizer: bool | None = None
        self._counted: OrderedDict[str, int] = OrderedDict()
        self._usage = Usage()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. It cannot be used again; closing twice is fine."""
        self._client.close()

    def __repr__(self) -> str:
        return f"Endpoint({self._base!r}, {self._model!r})"

    @property
    def name(self) -> str:
        """The model's name at its address."""
        return self._model

    @property
    def usage(self) -> Usage:
        """What was asked of the model so far."""
        return self._usage

    @property
    def context_tokens(self) -> int:
        """How many tokens fit, question and answer together; asks the server once.

        Raises:
            LanguageModelUnavailable: The server cannot be reached.
        """
        if self._context is None:
            said = servers.context_tokens(self._fetch, self._base, self._model)
            self._context = said or servers.DEFAULT_CONTEXT_TOKENS
        return self._context

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes: exactly if the server counts, else at most."""
        if text in self._counted:
            self._counted.move_to_end(text)
            return self._counted[text]
        count = self._server_count(text)
        if count is None:
            return estimate_tokens(text)
        self._counted[text] = count
        if len(self._counted) > _COUNTED_TEXTS:
            self._counted.popitem(last=False)
        return count

    def complete(self, *, system: str, user: str, answer: type[Answer], max_tokens: int) -> Answer:
        """Return the model's answer, already validated (see `memo.ports.LanguageModel`).

        An invalid answer is shown to the model with what is wrong, at most twice. Single invalid
        items of a list are left out and counted in `usage.dropped_items`.
        """
        messages = messages_of(system, user)
        schema = strict_schema(answer)
        problem: UnusableAnswer | None = None
        for _ in range(1 + _RE_ASKS):
            text = self._text(messages, schema, max_tokens)
            try:
                parsed = parse_answer(text, answer)
            except UnusableAnswer as error:
                problem = error
                messages = [*messages, *objection(text, error)]
            else:
                self._note_dropped(parsed.dropped, answer)
                return parsed.value
        raise InvalidAnswer(
            f"{self._model} gave no valid {answer.__name__} in {1 + _RE_ASKS} attempts"
            f" ({shortened(str(problem))})",
            hint="Choose a larger model.",
        ) from problem

    def choose(self, *, system: str, user: str, options: Sequence[str]) -> dict[str, float]:
        """Return how probable each option is as the answer; the probabilities add up to 1.

        Reads the probabilities of the first token of the answer, which costs the reading of the
        prompt and nothing more, so the options must begin differently ("yes", "no"). Where the
        endpoint tells no probabilities (many hosted ones), or none of the options is likely, it
        is asked to name one instead, and that one has 1.0 and the others 0.0: then the number is
        an answer and no measure of how sure the model is.

        Args:
            system: Instructions; should say to answer with one of the options and nothing else.
            user: The material, and the question.
            options: What may be answered; at least two.

        Raises:
            LanguageModelUnavailable: No answer now; worth another try.
            InvalidAnswer: None of the options was named.
            AnswerTooLong: The question does not fit.
            LanguageModelError: The endpoint refused.
        """
        if self._logprobs and (first := self._first_token(messages_of(system, user))):
            mass = shared_out(first, options)
            if (total := sum(mass.values())) >= _LEAST_MASS:
                return {option: share / total for option, share in mass.items()}
        named = self._named(system, user, options)
        return {option: float(option == named) for option in options}

    # --- One question ---------------------------------------------------------------------------

    def _text(self, messages: list[Message], schema: Json, max_tokens: int) -> str:
        completion = self._ask(messages, schema, max_tokens, {})
        choice = completion.choices[0]
        if choice.finish_reason == "length":
            raise AnswerTooLong(
                f"{self._model} did not finish its answer within {max_tokens} tokens",
                hint="Ask about less at once, or allow a longer answer.",
            )
        if choice.finish_reason == "content_filter" or choice.message.refusal:
            raise LanguageModelError(
                f"{self._model} declined to answer",
                hint="Choose a model without a content filter.",
            )
        self._check_all_was_read(messages, completion)
        return plain_text(choice.message.content)

    def _first_token(self, messages: list[Message]) -> dict[str, float]:
        """Return the likeliest first tokens and their log probabilities; nothing if not told."""
        try:
            asked = {"logprobs": True, "top_logprobs": _TOP_LOGPROBS}
            completion = self._ask(messages, None, 1, asked)
        except _Refused as refused:
            if refused.why is Refusal.OVERFLOW:
                raise
            self._logprobs = False
            return {}
        self._check_all_was_read(messages, completion)
        first = likeliest(completion)
        self._logprobs = bool(first)
        return first

    def _named(self, system: str, user: str, options: Sequence[str]) -> str:
        listed: Any = Literal[tuple(options)]
        kind = create_model("Choice", __config__=ConfigDict(extra="forbid"), choice=(listed, ...))
        choice = self.complete(system=system, user=user, answer=kind, max_tokens=_CHOICE_TOKENS)
        return str(choice.model_dump()["choice"])

    def _ask(
        self, messages: list[Message], schema: Json | None, max_tokens: int, extra: Json
    ) -> ChatCompletion:
        """Ask in the dialect that the server understood last, and in humbler ones if it refuses."""
        dialect: Dialect = self._dialect
        while True:
            request = {**self._request(dialect, messages, schema, max_tokens), **extra}
            try:
                completion = self._send(lambda r=request: self._create(r))  # type: ignore[misc]
            except _Refused as refused:
                humbler = dialect.humbler(refused.why, shaped=schema is not None)
                if humbler is None:
                    raise
                dialect = humbler
            else:
                self._dialect = dialect
                self._count(completion)
                return completion

    def _request(
        self, dialect: Dialect, messages: list[Message], schema: Json | None, max_tokens: int
    ) -> Json:
        request: Json = {"model": self._model, "messages": messages, dialect.limit: max_tokens}
        if dialect.temperature:
            request["temperature"] = self._temperature
        if dialect.seed:
            request["seed"] = self._seed
        if schema is not None:
            request |= shaped(dialect, messages, schema, self._grammar)
        return request

    def _create(self, request: Json) -> ChatCompletion:
        reply: object = self._client.chat.completions.create(**request)
        if not isinstance(reply, ChatCompletion) or not says_something(reply):
            raise LanguageModelError(
                f"{self._base} did not answer as an OpenAI-compatible endpoint does",
                hint="Check the address; it usually ends in /v1.",
            )
        return reply

    def _count(self, completion: ChatCompletion) -> None:
        used = completion.usage
        if used is None:
            return
        self._usage = replace(
            self._usage,
            answers=self._usage.answers + 1,
            prompt_tokens=self._usage.prompt_tokens + (used.prompt_tokens or 0),
            cached_tokens=self._usage.cached_tokens + cached(used),
            answer_tokens=self._usage.answer_tokens + (used.completion_tokens or 0),
        )

    def _note_dropped(self, dropped: int, answer: type[BaseModel]) -> None:
        if dropped:
            _log.warning("%d invalid items left out of a %s", dropped, answer.__name__)
            self._usage = replace(self._usage, dropped_items=self._usage.dropped_items + dropped)

    def _check_all_was_read(self, messages: list[Message], completion: ChatCompletion) -> None:
        """Refuse an answer to a question whose beginning was cut off, as Ollama does unasked."""
        used = completion.usage
        if used is None or not used.prompt_tokens:
            return
        read = used.prompt_tokens + cached(used)  # some servers count only what was not cached
        sent = sum(fewest_tokens(message["content"]) for message in messages)
        if read < sent:
            raise AnswerTooLong(
                f"{self._model} read {read} tokens of a question of at least {sent}",
                hint="Raise the server's context window (Ollama: num_ctx), or ask about less.",
            )

    # --- The wire -------------------------------------------------------------------------------

    def _send(self, call: Callable[[], _Result]) -> _Result:
        """Call, and call again while it is worth another try."""
        for attempt in range(1, self._attempts + 1):
            try:
                return call()
            except (openai.OpenAIError, UnicodeError, ValueError) as error:
                failure = self._translated(error)
                if not failure.retryable or attempt == self._attempts:
                    raise failure from error
                wait = _wait(attempt, error)
                _log.info("%s; trying again in %.1f s", failure, wait)
                self._sleep(wait)
        raise AssertionError("unreachable: there is at least one attempt")  # pragma: no cover

    def _fetch(self, url: str, body: dict[str, Any] | None) -> Any:  # noqa: ANN401 - any JSON
        """Get or post JSON beside the OpenAI-compatible part; None if the server has no such."""
        options: Any = {"timeout": _PROBE_TIMEOUT}

        def call() -> object:
            if body is None:
                return self._client.get(url, cast_to=object, options=options)
            return self._client.post(url, cast_to=object, body=body, options=options)

        try:
            return self._send(call)
        except LanguageModelUnavailable:
            raise
        except LanguageModelError:
            return None

    def _server_count(self, text: str) -> int | None:
        if self._tokenizer is False:
            return None
        count = servers.count_tokens(self._fetch, self._base, self._model, text)
        self._tokenizer = count is not None
        return count

    def _translated(self, error: Exception) -> LanguageModelError:
        """Return the error of ours that one of the SDK's stands for."""
        match error:
            case openai.APIStatusError():
                return self._status_error(error)
            case openai.APITimeoutError():
                return LanguageModelUnavailable(
                    f"{self._base} did not answer in time", hint="Allow it more time."
                )
            case openai.APIConnectionError():
                return LanguageModelUnavailable(
                    f"{self._base} cannot be reached", hint="Check that the server is running."
                )
            case openai.LengthFinishReasonError():
                return AnswerTooLong(f"{self._model} did not finish its answer")
            case openai.ContentFilterFinishReasonError():
                return LanguageModelError(f"{self._model} declined to answer")
        return LanguageModelError(
            f"{self._base} gave an answer that cannot be read",
            hint="Check the address; it usually ends in /v1.",
        )

    def _status_error(self, error: openai.APIStatusError) -> LanguageModelError:
        status, said = error.status_code, self._said(error)
        if status in {401, 403}:
            return LanguageModelError(
                f"{self._base} refused the key ({status})", hint="Set the API key of this endpoint."
            )
        if status == 404:
            return LanguageModelError(
                f"{self._base} does not have {self._model} ({said})",
                hint="Check the model's name and that the address ends in /v1.",
            )
        if status == 402 or error.code == "insufficient_quota":
            return LanguageModelError(
                f"{self._base} wants to be paid ({status})", hint="Check the account's credit."
            )
        why = servers.refusal(said)
        if status in _NEGOTIABLE and why is Refusal.OVERFLOW:
            return AnswerTooLong(
                f"The question does not fit the window of {self._model}",
                hint="Ask about less at once, or raise the server's context window.",
            )
        if status in _NEGOTIABLE or (status == 500 and why is Refusal.SHAPE):
            return _Refused(f"{self._base} refused ({status}: {said})", why)
        retried = status in _RETRIED or status >= 500
        kind = LanguageModelUnavailable if retried else LanguageModelError
        return kind(f"{self._base} failed ({status}: {said})")

    def _said(self, error: openai.APIStatusError) -> str:
        """Return what the server says is wrong, in one line, without the key."""
        body = error.body
        inner = body.get("error", body) if isinstance(body, dict) else body
        said = inner.get("message") or inner.get("detail") if isinstance(inner, dict) else inner
        text = f"{error.code or ''} {said or error.message}"
        if self._api_key:
            text = text.replace(self._api_key, "…")
        return shortened(text)


# --- Waiting and connecting -------------------------------------------------------------------


def _wait(attempt: int, error: Exception) -> float:
    """Return seconds to wait: what the server asks for, else doubling, spread by chance."""
    response = getattr(error, "response", None)
    asked = servers.seconds_to_wait(response.headers.get("retry-after") if response else None)
    if asked is not None:
        return min(asked, _LONGEST_WAIT)
    spread = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
    return min(_FIRST_WAIT * math.pow(2, attempt), _LONGEST_WAIT) * spread


def _client(base_url: str, api_key: str, timeout: float) -> openai.OpenAI:
    for talkative in ("openai", "httpx2", "httpcore2"):  # at DEBUG they log what is sent
        logging.getLogger(talkative).setLevel(logging.WARNING)
    client = openai.OpenAI(
        base_url=base_url,
        api_key=api_key,
        timeout=openai.Timeout(timeout, connect=min(timeout, _CONNECT_TIMEOUT)),
        max_retries=0,
        http_client=openai.DefaultHttpxClient(trust_env=not _is_loopback(base_url)),
    )
    client.organization = client.project = None  # the SDK takes them from the environment
    return client


def _checked(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            f"{base_url!r} is not the address of a language model",
            hint="Give one like http://localhost:11434/v1.",
        )
    return base_url.rstrip("/")


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
