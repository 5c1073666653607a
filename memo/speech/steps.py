"""The checkpoints of one recording's sound, under keys that cover all that a result depends on."""

from __future__ import annotations

import hashlib
import json

from memo.model import Recording, Value
from memo.ports import Artifact, Checkpoints


class Steps:
    """Finished steps of listening to a recording.

    Args:
        recording: What is listened to.
        checkpoints: Where its steps are kept.
        channel: The one of its channels (or sound tracks) that is listened to; None for all.
    """

    def __init__(
        self, recording: Recording, checkpoints: Checkpoints, channel: int | None = None
    ) -> None:
        self._source = [recording.sha256] if channel is None else [recording.sha256, channel]
        self._checkpoints = checkpoints

    def load(self, step: str, about: object, kind: type[Artifact]) -> Artifact | None:
        """Return what a step left, or None if it never finished.

        Args:
            step: Name of the step.
            about: All that the result depends on besides the recording; JSON can hold it.
            kind: Type of the result.
        """
        return self._checkpoints.load(step, self._key(about), kind)

    def save(self, step: str, about: object, result: Value) -> None:
        """Keep the result of a finished step.

        Raises:
            OutputError: It cannot be written.
        """
        self._checkpoints.save(step, self._key(about), result)

    def _key(self, about: object) -> str:
        text = json.dumps([*self._source, about], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
