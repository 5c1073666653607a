from __future__ import annotations

from io import BytesIO

import pytest
from docx import Document

from memo.export.markdown import render_markdown
from memo.export.word import render_word
from memo.model import Memo, Respelling

PRIYA = Respelling(heard="Prya", written="Priya", starts=(3.0, 60.5))
VAULT = Respelling(heard="Tera vault", written="Teravault", starts=(12.0,))


def corrected(memo: Memo, *corrections: Respelling, language: str = "en") -> Memo:
    return memo.model_copy(update={"corrections": corrections, "memo_language": language})


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "3 misheard names were corrected: Prya → Priya (2×), Tera vault → Teravault."),
        ("de", "3 falsch gehörte Namen wurden berichtigt: Prya → Priya (2×), Tera vault → "),
        ("es", "Se corrigieron 3 nombres mal oídos: Prya → Priya (2×), Tera vault → Teravault."),
    ],
)
def test_a_memo_says_at_its_end_which_names_were_corrected(
    weekly: Memo, language: str, line: str
) -> None:
    memo = corrected(weekly, PRIYA, VAULT, language=language)
    page = render_markdown(memo)
    assert f"- {line}" in page.split("\n## ")[-1]
    document = Document(BytesIO(render_word(memo)))
    assert any(line in paragraph.text for paragraph in document.paragraphs)


def test_one_is_told_as_one_and_none_is_not_told(weekly: Memo) -> None:
    one = render_markdown(corrected(weekly, VAULT))
    assert "- 1 misheard name was corrected: Tera vault → Teravault." in one
    assert "misheard" not in render_markdown(weekly)


def test_of_many_the_first_are_told(weekly: Memo) -> None:
    many = [Respelling(heard=f"Pry{n}", written="Priya", starts=(1.0,)) for n in range(40)]
    page = render_markdown(corrected(weekly, *many))
    assert "40 misheard names were corrected: Pry0 → Priya" in page
    assert "Pry11 → Priya, and 28 more, listed in memo.json." in page


def test_what_was_heard_is_not_read_as_markup(weekly: Memo) -> None:
    hostile = Respelling(heard="**{x}** [a](b)\n# x", written="<b>Priya</b>", starts=(1.0,))
    page = render_markdown(corrected(weekly, hostile))
    assert "\\*\\*{x}\\*\\* [a\\](b) # x → \\<b>Priya\\</b>" in page
