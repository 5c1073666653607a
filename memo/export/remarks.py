"""What memo remarks about its own work, in words: `remarks.toml` has them by code and language.

A remark is a code with values until a memo is done; then `worded` puts it in the language that
the memo is written in. Codes and values stay beside the words, for programs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from memo.export.wording import primary_language, wording_for
from memo.model import Finding, Gap, Memo, Remark

_FALLBACK = "en"
_LOOKED_UP = "values"
_Found = TypeVar("_Found", bound=Finding)


def worded(memo: Memo) -> Memo:
    """Return a memo with its remarks in words: doubts, gaps and warnings.

    What has no remarks keeps the words it has. Wording twice changes nothing.
    """
    language = memo.written_in
    gaps = tuple(_worded_gap(gap, language) for gap in memo.coverage.gaps)
    changed: dict[str, Any] = {
        "decisions": _worded_findings(memo.decisions, language),
        "action_items": _worded_findings(memo.action_items, language),
        "open_questions": _worded_findings(memo.open_questions, language),
        "coverage": memo.coverage.model_copy(update={"gaps": gaps}),
    }
    if memo.remarks:
        changed["warnings"] = tuple(words_of(remark, language) for remark in memo.remarks)
    return memo.model_copy(update=changed)


def words_of(remark: Remark, language: str) -> str:
    """Return a remark in words; in English where the language has none.

    A code of a later version is shown as it is: better than nothing.
    """
    entry = _table().get(remark.code)
    if entry is None or remark.code == _LOOKED_UP:
        return remark.code
    spoken = primary_language(language)
    template = entry.get(spoken, entry[_FALLBACK])
    if isinstance(template, list):
        template = template[0 if remark.values.get("count") == 1 else 1]
    values = {name: _shown(name, value, spoken) for name, value in remark.values.items()}
    try:
        return str(template.format(**values))
    except KeyError:  # of a later version, too
        return remark.code


def _worded_findings(findings: Sequence[_Found], language: str) -> tuple[_Found, ...]:
    return tuple(
        finding.model_copy(update={"reason": _joined(finding.remarks, language)})
        if finding.remarks
        else finding
        for finding in findings
    )


def _worded_gap(gap: Gap, language: str) -> Gap:
    if not gap.remarks:
        return gap
    return gap.model_copy(update={"reason": _joined(gap.remarks, language)})


def _joined(remarks: Sequence[Remark], language: str) -> str:
    return "; ".join(words_of(remark, language) for remark in remarks)


def _shown(name: str, value: int | str, language: str) -> str:
    """Return a value as it stands in a sentence: the name of a language, not its code."""
    if name == "voices":
        return wording_for(language).named(str(value))
    known = _table()[_LOOKED_UP].get(name, {}).get(value, {})
    return str(known.get(language, known.get(_FALLBACK, value)))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("memo.export") / "remarks.toml").read_text(encoding="utf-8"))
