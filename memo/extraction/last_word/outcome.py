"""What became of each claim: it stands, or something took its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from memo.extraction.lines import Line
from memo.extraction.merging import completed
from memo.model import Claim

AnyClaim = TypeVar("AnyClaim", bound=Claim)


@dataclass(eq=False)
class Kept(Generic[AnyClaim]):
    """A claim on its way through the pass; `taken_by` is what took its place."""

    given: AnyClaim
    claim: AnyClaim
    taken_by: Kept[Any] | Line | None = None


def joined(fuller: AnyClaim, other: AnyClaim) -> AnyClaim:
    """Return two tellings of one thing as one, with the evidence of both."""
    ids = tuple(sorted({*fuller.segment_ids, *other.segment_ids}))
    return completed(fuller, other).model_copy(update={"segment_ids": ids})
