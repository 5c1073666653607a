"""A transcript becomes a memo: read by a language model, or by rules alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memo.export.remarks import worded
from memo.model import Draft, Meeting, Memo, Remark, Transcript
from memo.ports import Checkpoints, Progress

if TYPE_CHECKING:
    from memo.pipeline.conversion import Tools


def read(
    transcript: Transcript,
    meeting: Meeting,
    tools: Tools,
    *,
    checkpoints: Checkpoints,
    progress: Progress,
    warnings: tuple[Remark, ...] = (),
    memo_language: str | None = None,
) -> Memo:
    """Return the memo of a transcript; nothing is written or logged.

    Args:
        transcript: What was said.
        meeting: What is known besides.
        tools: Who reads.
        checkpoints: Where the model's answers are kept.
        progress: Told how far the reading has come.
        warnings: For the memo.
        memo_language: ISO 639-1 code of the language to write in; the one spoken by default.

    Raises:
        LanguageModelError: The language model failed.
    """
    from memo.extraction import write_memo

    draft = _draft(transcript, meeting, tools, checkpoints, progress, memo_language)
    draft = draft.model_copy(update={"warnings": (*warnings, *draft.warnings)})
    now, version = tools.now(), tools.version
    memo = write_memo(
        draft,
        transcript,
        meeting,
        created_at=now,
        memo_version=version,
        memo_language=memo_language,
    )
    return worded(memo)


def _draft(
    transcript: Transcript,
    meeting: Meeting,
    tools: Tools,
    checkpoints: Checkpoints,
    progress: Progress,
    memo_language: str | None,
) -> Draft:
    from memo.extraction import read_by_rules, read_with_model

    if tools.model is None:
        return read_by_rules(transcript, meeting)
    with tools.model() as model:
        return read_with_model(
            transcript,
            meeting,
            model=model,
            prompts=tools.prompts,
            small=tools.small,
            checkpoints=checkpoints,
            progress=progress,
            memo_language=memo_language,
        )
