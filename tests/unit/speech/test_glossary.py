from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.errors import ConfigError
from memo.speech.names.glossary import (
    LARGEST_FILE,
    LONGEST_TERM,
    MOST_TERMS,
    Term,
    hotwords,
    listed,
    merged,
    name_parts,
    read_entries,
    read_glossary,
)


def test_a_line_is_a_term_and_what_it_is_heard_as() -> None:
    terms = read_entries(["Teravault: terra vault, tera fault", "Kassandra"])
    assert terms == (
        Term(written="Teravault", heard_as=("terra vault", "tera fault")),
        Term(written="Kassandra"),
    )


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("Teravault, Kassandra", ["Teravault", "Kassandra"]),
        ("Teravault: terra vault, tera fault", ["Teravault: terra vault, tera fault"]),
        ("Teravault: terra vault; Kassandra", ["Teravault: terra vault", "Kassandra"]),
        ("terms.txt", ["terms.txt"]),
        (" , ;", [","]),
        ("", []),
    ],
)
def test_a_glossary_on_one_line_is_parted_by_commas_or_semicolons(
    text: str, entries: list[str]
) -> None:
    assert listed(text) == entries


def test_a_file_holds_lines_comments_and_what_windows_puts_before_them(tmp_path: Path) -> None:
    file = tmp_path / "terms.TXT"
    file.write_bytes("\ufeff# ours\r\n\r\nTeravault: terra  vault\r\n  Zaandam \r\n".encode())
    assert read_entries([str(file), "Zaandam"]) == (
        Term(written="Teravault", heard_as=("terra vault",)),
        Term(written="Zaandam"),
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"Teravault\n: terra vault\n", r"terms\.txt, line 2: there is no term"),
        (b"\xff\xfe\x00", "no text"),
        (b"x" * (LONGEST_TERM + 1), "line 1: a term is longer than 80"),
        (b"x\n" * LARGEST_FILE, "larger than 1000 kB"),
        (b"".join(b"x%d\n" % n for n in range(MOST_TERMS + 1)), "2,001 terms"),
    ],
)
def test_what_is_no_glossary_is_refused_with_its_place(
    content: bytes, complaint: str, tmp_path: Path
) -> None:
    file = tmp_path / "terms.txt"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=complaint):
        read_glossary(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"glossary .*none\.txt does not exist"):
        read_entries([str(tmp_path / "none.txt")])


def test_glossaries_add_up() -> None:
    one = (Term(written="Teravault", heard_as=("terra vault",)),)
    other = (Term(written="Teravault", heard_as=("tera fault",)), Term(written="Zaandam"))
    assert merged(one, other) == (
        Term(written="Teravault", heard_as=("terra vault", "tera fault")),
        Term(written="Zaandam"),
    )


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Dr. Priya Shah", ("Priya", "Shah")),
        ("Anna van der Berg (Contoso)", ("Anna", "Berg")),
        ("Havlik, Tomas", ("Havlik", "Tomas")),
        ("J. R. Mensah", ("Mensah",)),
        ("", ()),
    ],
)
def test_a_name_is_its_words_without_titles_and_particles(
    name: str, parts: tuple[str, ...]
) -> None:
    assert name_parts(name) == parts


def test_people_are_told_to_the_recogniser_as_they_are_called() -> None:
    terms = (Term(written="Teravault"), Term(written="Priya"))
    assert hotwords(["Priya Shah", "Dr. Tom Reed"], terms) == ("Priya", "Tom", "Teravault")


@given(st.lists(st.text(max_size=200)))
def test_any_lines_are_terms_or_refused(lines: list[str]) -> None:
    lines = [line for line in lines if not line.strip().lower().endswith(".txt")]
    terms: tuple[Term, ...] = ()
    with suppress(ConfigError):
        terms = read_entries(lines)
    assert all(term.written.strip() for term in terms)
