"""One question to a language model, asked once: the answer is kept for a run that is repeated."""

from __future__ import annotations

import json

from memo.extraction.prompts import Prompts
from memo.ports import Answer, Checkpoints, LanguageModel


class Interview:
    """A model, what it is asked with, and where its answers are kept."""

    def __init__(self, model: LanguageModel, prompts: Prompts, checkpoints: Checkpoints) -> None:
        self.model = model
        self.prompts = prompts
        self._checkpoints = checkpoints

    def ask(self, system: str, user: str, answer: type[Answer], max_tokens: int) -> Answer:
        """Return the model's answer, or the one it gave before.

        Args:
            system: Name of the prompt with the instructions.
            user: The question with its material.
            answer: Shape of the answer.
            max_tokens: Upper bound of its length.

        Raises:
            LanguageModelError: As `LanguageModel.complete`.
        """
        instructions = self.prompts.fill(system)
        key = json.dumps([self.model.name, instructions, user, answer.__name__, max_tokens])
        kept = self._checkpoints.load("answer", key, answer)
        if kept is not None:
            return kept
        given = self.model.complete(
            system=instructions, user=user, answer=answer, max_tokens=max_tokens
        )
        self._checkpoints.save("answer", key, given)
        return given
