"""Every remark has words in every language, and keeps its code beside them."""

from __future__ import annotations

import ast
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.export.remarks import worded, words_of
from memo.export.wording import LANGUAGES
from memo.model import Coverage, Gap, Memo, Remark, RemarkCode, Verdict

PACKAGE = Path(__file__).resolve().parents[3] / "memo"
TABLE: dict[str, Any] = tomllib.loads(
    (PACKAGE / "export" / "remarks.toml").read_text(encoding="utf-8")
)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def templates(code: str, language: str) -> list[str]:
    entry = TABLE[code][language]
    return entry if isinstance(entry, list) else [entry]


def raised() -> set[str]:
    """The codes that the program uses anywhere but where they are named."""
    return {
        node.attr
        for module in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "RemarkCode"
    }


def test_the_table_has_each_code_and_no_other() -> None:
    assert set(TABLE) - {"values"} == set(RemarkCode)


@pytest.mark.parametrize("code", RemarkCode)
def test_a_remark_has_words_in_every_language(code: RemarkCode) -> None:
    assert set(TABLE[code]) == set(LANGUAGES)
    wanted = set().union(*(fields(text) for text in templates(code, "en")))
    for language in LANGUAGES:
        told = templates(code, language)
        assert all(told)
        assert set().union(*map(fields, told)) == wanted
        assert len(told) == len(templates(code, "en"))
        assert len(told) == 1 or "count" in wanted
    if code is not RemarkCode.OTHER:
        assert len({tuple(templates(code, language)) for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize("name", ["about", "language"])
def test_what_a_value_stands_for_has_words_in_every_language(name: str) -> None:
    assert all(set(entry) == set(LANGUAGES) for entry in TABLE["values"][name].values())


def test_a_language_of_memos_has_a_name_in_each() -> None:
    assert set(LANGUAGES) <= set(TABLE["values"]["language"])


def test_every_code_is_used() -> None:
    assert raised() == {code.name for code in RemarkCode}


@pytest.mark.parametrize(
    ("remark", "german"),
    [
        (Remark.of(RemarkCode.NOBODY_AGREED), "niemand stimmte hörbar zu"),
        (
            Remark.of(RemarkCode.NO_USABLE_ANSWER, about="questions"),
            "offene Fragen: das Modell gab keine brauchbare Antwort",
        ),
        (
            Remark.of(RemarkCode.VOICES_NAMED, voices="Speaker 2 = Tom"),
            "Stimmen wurden danach benannt, wer auf welchen Namen antwortet: Stimme 2 = Tom.",
        ),
        (
            Remark.of(RemarkCode.UNREADABLE, count=1),
            "1 Zeichen der Datei konnte nicht gelesen werden.",
        ),
        (
            Remark.of(RemarkCode.UNREADABLE, count=12),
            "12 Zeichen der Datei konnten nicht gelesen werden.",
        ),
    ],
)
def test_a_remark_is_put_in_words(remark: Remark, german: str) -> None:
    assert words_of(remark, "de") == german
    assert words_of(remark, "de_AT") == german


def test_a_language_is_called_by_its_name() -> None:
    remark = Remark.of(RemarkCode.LANGUAGE_UNSURE, language="es", share=40)
    assert [words_of(remark, to).partition("(")[2][:9] for to in ("en", "de", "es")] == [
        "Spanish, ",
        "Spanisch,",
        "español, ",
    ]
    assert "(cy, 40 %)" in words_of(
        Remark.of(RemarkCode.LANGUAGE_UNSURE, language="cy", share=40), "de"
    )


def test_a_memo_in_a_language_without_words_has_english_ones() -> None:
    assert words_of(Remark.of(RemarkCode.NO_SPEECH), "fr") == "no speech found"


@given(text=st.text())
def test_what_somebody_said_is_inserted_as_it_is(text: str) -> None:
    remark = Remark.of(RemarkCode.NOT_SAID_NEAR, words=text)
    for language in LANGUAGES:
        assert words_of(remark, language).endswith(text)
    assert words_of(Remark.of(RemarkCode.OTHER, text=text), "es") == text


@given(code=st.text(), values=st.dictionaries(st.text(), st.integers() | st.text()))
def test_a_remark_of_a_later_version_is_shown_somehow(
    code: str, values: dict[str, int | str]
) -> None:
    assert isinstance(words_of(Remark(code=code, values=values), "de"), str)


@pytest.mark.parametrize("code", [*RemarkCode, "values", "of_a_later_version"])
def test_a_remark_without_its_values_stops_nothing(code: str) -> None:
    assert words_of(Remark(code=code), "de")


def test_a_memo_is_worded_in_its_language(weekly: Memo) -> None:
    doubt = Remark.of(RemarkCode.NOT_SAID_NEAR, words="globex")
    first, *rest = weekly.decisions
    doubtful = first.model_copy(update={"verdict": Verdict.UNCERTAIN, "remarks": (doubt,)})
    silence = Gap(start=0, end=40, remarks=(Remark.of(RemarkCode.NO_SPEECH),))
    memo = weekly.model_copy(
        update={
            "memo_language": "de",
            "decisions": (doubtful, *rest),
            "coverage": Coverage(
                audio_seconds=178, speech_seconds=120, analysed_seconds=120, gaps=(silence,)
            ),
            "remarks": (Remark.of(RemarkCode.DATE_OF_FILE), Remark.of(RemarkCode.NO_NAMES)),
        }
    )
    told = worded(memo)
    assert told.decisions[0].reason == "nicht bei der Belegstelle gesagt: globex"
    assert [gap.reason for gap in told.coverage.gaps] == ["keine Sprache gefunden"]
    assert told.warnings[1] == "Die Datei sagt nicht, wer spricht."
    assert (told.decisions[0].remarks, told.remarks) == ((doubt,), memo.remarks)
    assert worded(told) == told


def test_words_without_a_code_are_kept(weekly: Memo) -> None:
    """A memo.json of an earlier version has no codes."""
    first, *rest = weekly.decisions
    old = weekly.model_copy(
        update={
            "decisions": (first.model_copy(update={"reason": "hm"}), *rest),
            "warnings": ("Faint.",),
        }
    )
    assert worded(old) == old
