"""A small text encoder that reads a meeting and judges each sentence of it, on onnxruntime.

MiniLM (Wang et al. 2020; the six-layer sentence encoder of Reimers & Gurevych's library), trained
further by `training/` to say of each sentence whether it belongs to a decision, a task or an open
question (`TAGS`). It reads whole sentences in windows of `WINDOW` tokens, twice, with the borders
elsewhere, so that nothing is judged at a border only. Its vocabulary is English; of other
languages it understands too little to be asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from memo.errors import MissingDependencyError
from memo.extraction.judging.choosing import TAGS
from memo.extraction.judging.sentences import Sentence

WINDOW = 256
LONGEST = 80
"""Tokens of a sentence that are read."""
BATCH = 1
"""Windows that are judged at once. The quantised model scales its numbers by all that it is given
together, so that more would let far-off talk, and mere padding, move a judgement (by up to 0.3)."""
_START, _TURN = 101, 102  # [CLS], [SEP]
_MODEL = Path(__file__).with_name("encoder.int8.onnx")
_WORDS = Path(__file__).with_name("tokenizer.json")

Logits: TypeAlias = npt.NDArray[np.float32]


class Encoder:
    """Judges sentences.

    Raises:
        MissingDependencyError: The model is missing or broken.
    """

    def __init__(self, model: Path = _MODEL) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                model.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            self._words = Tokenizer.from_file(str(_WORDS))
        except Exception as error:  # neither library's errors share a base of their own
            raise MissingDependencyError(
                f"the text encoder cannot be loaded: {type(error).__name__}",
                hint="Install memo again: pip install --force-reinstall callmemo",
            ) from error
        self._words.no_padding()
        self._words.no_truncation()

    def judge(self, sentences: Sequence[Sentence]) -> Logits:
        """Return the logits of each sentence, shape (sentences, TAGS)."""
        tokens = [
            each.ids[:LONGEST]
            for each in self._words.encode_batch(
                [_readable(s.text) for s in sentences], add_special_tokens=False
            )
        ]
        total = np.zeros((len(sentences), TAGS), np.float32)
        weight = np.zeros((len(sentences), 1), np.float32)
        for shifted in (False, True):
            windows = _windows(sentences, tokens, shifted=shifted)
            for some in (windows[i : i + BATCH] for i in range(0, len(windows), BATCH)):
                for window, found in zip(some, self._run(some), strict=True):
                    size = window.end - window.first
                    inside = np.minimum(np.arange(size), np.arange(size)[::-1])[:, None] + 1.0
                    total[window.first : window.end] += inside * window.pooled(found)
                    weight[window.first : window.end] += inside
        return np.asarray(total / np.maximum(weight, 1e-9), np.float32)

    def _run(self, windows: Sequence[_Window]) -> Any:  # noqa: ANN401 - onnxruntime has no types
        shape = (len(windows), max(len(w.ids) for w in windows))
        ids, turns = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        there = np.zeros(shape, np.float32)
        for row, window in enumerate(windows):
            size = len(window.ids)
            ids[row, :size], turns[row, :size], there[row, :size] = window.ids, window.turns, 1
        (found,) = self._session.run(None, {"ids": ids, "turns": turns, "there": there})
        return found


class _Window:
    """Whole sentences [first, end) as tokens; `turns` changes with the speaker."""

    def __init__(self, first: int) -> None:
        self.first = self.end = first
        self.ids = [_START]
        self.turns = [0]
        self._of = [-1]
        self._speaker: str | object | None = object()

    def add(self, sentence: Sentence, tokens: Sequence[int], limit: int) -> bool:
        """Take a sentence in, if it fits or is the first."""
        turn = sentence.speaker != self._speaker
        if self.end > self.first and len(self.ids) + len(tokens) + turn > limit:
            return False
        if turn:
            number = 1 - self.turns[-1] if self.end > self.first else self.turns[-1]
            self._append([_TURN], number, -1)
            self._speaker = sentence.speaker
        self._append(tokens, self.turns[-1], self.end - self.first)
        self.end += 1
        return True

    def _append(self, tokens: Sequence[int], turn: int, of: int) -> None:
        self.ids += tokens
        self.turns += [turn] * len(tokens)
        self._of += [of] * len(tokens)

    def pooled(self, logits: Logits) -> Logits:
        """Return the mean over each sentence's tokens, shape (sentences, TAGS)."""
        of = np.array(self._of)
        pooled = np.zeros((self.end - self.first, logits.shape[-1]), np.float32)
        np.add.at(pooled, of[of >= 0], logits[: len(of)][of >= 0])
        count = np.bincount(of[of >= 0], minlength=len(pooled))[:, None]
        return np.asarray(pooled / np.maximum(count, 1), np.float32)


def _readable(text: str) -> str:
    """Return a text without lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _windows(
    sentences: Sequence[Sentence], tokens: Sequence[Sequence[int]], *, shifted: bool
) -> list[_Window]:
    windows: list[_Window] = []
    limit = math.ceil(WINDOW / 2) if shifted else WINDOW - 1
    place = 0
    while place < len(sentences):
        window = _Window(place)
        while place < len(sentences) and window.add(sentences[place], tokens[place], limit):
            place += 1
        windows.append(window)
        limit = WINDOW - 1
    return windows
