from __future__ import annotations

from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.export.untrusted import moment_url, one_line, paragraphs, shortened

ANY = st.text(alphabet=st.characters(exclude_categories=[]))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a\tb \r\n c\u2028d\u00a0e ", "a b c d e"),
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("\u202egpj.exe\u202c \u2067x\u2069", "gpj.exe x"),
        ("a\u200fb \u0645\u200c\u0646", "a\u200fb \u0645\u200c\u0646"),
        ("\ud83d\ude00 \ud800", "\U0001f600 \ufffd"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("e\u0301", "e\u0301"),
        ("\ufeffa\uffff", "a"),
    ],
)
def test_a_line_keeps_what_is_said_and_loses_what_does_damage(text: str, line: str) -> None:
    assert one_line(text) == line


@given(text=ANY)
def test_a_cleaned_line_is_clean(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    assert line == line.strip()
    assert line.encode().decode() == line


@given(text=ANY)
def test_paragraphs_are_lines_that_say_something(text: str) -> None:
    assert all(line and line == one_line(line) for line in paragraphs(text))
    assert " ".join(paragraphs(text)) == one_line(" ".join(paragraphs(text)))


def test_a_text_is_cut_at_a_word_and_says_so() -> None:
    assert shortened("one two three four", 12) == "one two […]"
    assert shortened("one two", 12) == "one two"
    assert shortened("x" * 20, 12) == "x" * 12 + " […]"


@given(name=ANY, seconds=st.floats(min_value=0, max_value=1e9))
def test_an_address_is_relative_and_names_the_file(name: str, seconds: float) -> None:
    url = moment_url(name, seconds)
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.query) == ("", "", "")
    assert parts.fragment == f"t={int(seconds)}"
    assert set(parts.path).isdisjoint(" ()[]<>:/\\'\"|&\n")
    assert url.isascii()


@given(name=st.text())
def test_an_address_leads_back_to_the_name(name: str) -> None:
    assert unquote_to_bytes(moment_url(name, 1).removesuffix("#t=1")) == name.encode()


def test_an_undecodable_file_name_keeps_its_bytes() -> None:
    name = b"call-\xff.m4a".decode("utf-8", "surrogateescape")
    assert moment_url(name, 0) == "call-%FF.m4a#t=0"


def test_folders_are_parted_by_slashes_only_on_request() -> None:
    assert moment_url("../a b/c.m4a", 5, folders=True) == "../a%20b/c.m4a#t=5"
    assert moment_url("../c.m4a", 5) == "..%2Fc.m4a#t=5"
