"""What people type becomes a query of words alone, whatever they type."""

from __future__ import annotations

import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.decision_log.search.query import Asked, read_likeness, read_query
from memo.decision_log.search.terms import form, forms_in, is_stop_word, language_of

TRICKS = ('"', "-", "*", ":", "(", ")", "NEAR(", "AND", "OR", "NOT", "'", "''", "\\", "^", "&", "|",
          "!", "<->", "{", "}", "\0", "\ud800", "\u202e", " ", "+", "statement:", "a", "Über",
          "集群", "DEC-42", "“", "don't", "é", "\u0301")  # fmt: skip
typed = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(TRICKS), max_size=25).map("".join))
languages = st.lists(st.sampled_from(["en", "de", "es", "fr", "tlh"]), unique=True, max_size=3)


def words(asked: Asked) -> list[list[str]]:
    """What is wanted, in the first of its forms."""
    return [[one.text for one in part.alternatives[0]] for part in asked.wanted]


@given(text=typed, known=languages)
def test_what_reaches_sqlite_is_always_a_query(text: str, known: list[str]) -> None:
    asked = read_query(text, known)
    if not asked.wanted:
        return
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE texts USING fts5(statement, tokenize='ascii')")
    for every in (True, False):
        query = asked.fts5(every=every)
        connection.execute("SELECT rowid FROM texts WHERE texts MATCH ?", [query]).fetchall()
        outside = re.sub(r'"[^"]*"', "", query)
        assert re.fullmatch(r"(?:AND|OR|NOT|[ ()*])*", outside)
    connection.close()


@given(text=typed, known=languages)
def test_what_reaches_postgresql_is_words_between_its_own_signs(
    text: str, known: list[str]
) -> None:
    asked = read_query(text, known)
    for every in (True, False):
        outside = re.sub(r"'[^']*'", "", asked.tsquery(every=every))
        assert re.fullmatch(r"(?:<->|:\*|[ ()&|!])*", outside)


@given(text=st.text(max_size=80), language=st.sampled_from(["en", "de", "es", "fr", "tlh", ""]))
def test_a_form_holds_nothing_that_a_database_reads_as_a_sign(text: str, language: str) -> None:
    for spoken in forms_in(text, language):
        assert spoken.word
        assert not re.search(r"[\x00-/:-@\[-`{-\x7f\s\ud800-\udfff]", spoken.word)
        assert 0 <= spoken.start < spoken.end <= len(text)


@given(text=typed, known=languages)
def test_likeness_asks_for_words_and_refuses_none(text: str, known: list[str]) -> None:
    asked = read_likeness(text, known)
    assert asked.refused == ()
    assert all(len(way) == 1 for part in asked.wanted for way in part.alternatives)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Excel exports", [["excel"], ["export"]]),
        ("excel Excel EXCEL", [["excel"]]),
        ('"Excel exports" now', [["excel", "export"], ["now"]]),
        ("e-mail", [["e", "mail"]]),
        ('a"b c"d', [["b", "c"], ["d"]]),
        ('"unfinished business', [["unfinish"], ["busi"]]),
        ("why did we drop it", [["drop"]]),
        ("what is it", [["what"], ["is"], ["it"]]),
        ("dec-7 ACT0012", [["dec", "0007"], ["act", "0012"]]),
        ("don't", [["dont"]]),
        ("-only -refused", []),
        ("- minus", [["minus"]]),
    ],
)
def test_words_phrases_and_numbers_are_told_apart(text: str, wanted: list[list[str]]) -> None:
    assert words(read_query(text, ["en"])) == wanted


def test_a_word_is_asked_for_as_each_language_of_the_log_has_it() -> None:
    (part,) = read_query("Exporte", ["de", "en"]).wanted
    ways = {(way[0].text, way[0].begins) for way in part.alternatives}
    assert ways == {("export", True), ("export", False), ("exporte", False)}


def test_a_very_long_text_is_asked_in_part() -> None:
    asked = read_query(" ".join(f"word{n}" for n in range(5000)), ["en"])
    assert 0 < len(asked.wanted) <= 32
    assert read_query("x" * 100_000, ["en"]).wanted


def test_stop_words_are_those_of_a_language() -> None:
    assert is_stop_word("die", "de")
    assert not is_stop_word("die", "en")
    assert not is_stop_word("die", "tlh")


@pytest.mark.parametrize(
    ("tag", "language"), [("de-AT", "de"), ("EN", "en"), ("pt_BR", "pt"), (None, ""), ("", "")]
)
def test_a_language_is_the_first_part_of_its_tag(tag: str | None, language: str) -> None:
    assert language_of(tag) == language


def test_forms_are_folded() -> None:
    assert form("straße", "") == "straße"  # normal words are casefolded before
    assert [spoken.word for spoken in forms_in("STRASSE Straße ÉCOLE Öl", "")] == [
        "strasse", "strasse", "ecole", "ol"
    ]  # fmt: skip
