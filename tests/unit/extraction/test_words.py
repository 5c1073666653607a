"""Words, figures, names and negations, by which texts are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.extraction.polarity import turned_around
from memo.extraction.words import content_stems, coverage, figures, names, negated
from memo.numbers import numbers_in
from memo.stems import length, normal_words, words_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("So, we DON’T – ever!", ["so", "we", "don't", "ever"]),
        ("re-do it", ["re", "do", "it"]),
        ("ﬁne ＡＢＣ", ["fine", "abc"]),
        ("Straße", ["strasse"]),
        ("e\u0301te\u0301", ["été"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("مُحَمَّد يكتب", ["مُحَمَّد", "يكتب"]),
        ("日本へ5日", ["日", "本", "へ", "5", "日"]),
        ("안녕 하세요", ["안녕", "하세요"]),
        ("snake_case", ["snake", "case"]),
        ("\ud800 \0 ''' __", []),
    ],
)
def test_words_are_folded_and_apart(text: str, words: list[str]) -> None:
    assert normal_words(text) == words


@given(st.text(max_size=200))
def test_every_word_knows_its_place(text: str) -> None:
    found = list(words_in(text))
    assert [spoken.word for spoken in found] == normal_words(text)
    for spoken in found:
        assert 0 <= spoken.start < spoken.end <= len(text)
        assert spoken.word in normal_words(text[spoken.start : spoken.end])
    assert [s.start for s in found] == sorted(s.start for s in found)


@given(st.text(max_size=200), st.sampled_from(["en", "de", "ja", "xx"]))
def test_a_text_covers_itself(text: str, language: str) -> None:
    assert coverage(text, [text], language) == (1.0 if content_stems(text, language) else 0.0)


def test_what_an_apostrophe_leaves_alone_says_nothing() -> None:
    assert content_stems("we'll, I've, it's, don't", "en") == []
    assert content_stems("O'Neill's customer's invoices", "en") == ["neill", "custom", "invoic"]
    assert content_stems("l'avion d'Air France", "fr") == ["avion", "air", "franc"]


def test_scripts_without_spaces_are_compared_by_pairs_of_characters() -> None:
    said = "来週の金曜日までに請求書を送ります。"
    assert coverage("金曜日までに請求書を送る", [said], "ja") > 0.8
    assert coverage("予算を二倍にする", [said], "ja") < 0.3
    assert coverage("我们下周一发布", ["好的,我们下周一发布新版本"], "zh") == 1.0
    assert coverage("我们取消会议", ["好的,我们下周一发布新版本"], "zh") < 0.4
    assert length("来週の金曜日") == 4


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "84,000", "eighty-four thousand"),
        ("en", "84 thousand", "84000"),
        ("en", "84k", "84,000.00"),
        ("en", "1,200", "twelve hundred"),
        ("en", "327,005", "three hundred and twenty-seven thousand and five"),
        ("en", "2.5 million", "2500000"),
        ("en", "the 27th", "the twenty-seventh"),
        ("en", "80 %", "eighty percent"),
        ("en", "9:30", "nine thirty"),
        ("de", "27", "am siebenundzwanzigsten"),
        ("de", "1.200", "zwölfhundert"),
        ("de", "84.000", "vierundachtzigtausend"),
        ("de", "am 3.", "am dritten"),
        ("es", "2.250", "dos mil doscientos cincuenta"),
        ("es", "31", "treinta y uno"),
        ("fr", "84 000", "84.000"),
        ("ar", "٣٤", "34"),
    ],
)
def test_a_figure_is_the_same_in_digits_and_in_words(language: str, one: str, other: str) -> None:
    found = numbers_in(one, language)[0]
    assert found
    assert found == numbers_in(other, language)[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("one, two, three", {"1", "2", "3"}),
        ("fifteen, eight, ten, twelve", {"15", "8", "10", "12"}),
        ("in Q3 we ship v2", {"q3", "v2"}),
        ("seventy-five or fifty", {"75", "50"}),
        ("2025-10-31", {"2025", "10", "31"}),
        ("no figure here, and none", set()),
        ("9" * 100, {"9" * 100}),
    ],
)
def test_figures_are_kept_apart(text: str, found: set[str]) -> None:
    assert figures(text, "en") - {"half", "quarter"} == found


@given(st.integers(0, 999_999))
def test_grouped_and_plain_digits_are_one_figure(number: int) -> None:
    assert numbers_in(f"{number:,}", "en")[0] == numbers_in(str(number), "en")[0] == {str(number)}


@given(st.text(max_size=100), st.sampled_from(["en", "de", "es", "ja", "xx"]))
def test_any_text_has_figures_or_none(text: str, language: str) -> None:
    figures(text, language)
    names(text)
    negated(text, language)


def test_names_are_what_is_capitalised_inside_a_sentence() -> None:
    assert names("We asked Bob's team, Łukasz and I. Then Q4") == {"bob", "łukasz", "q4"}
    assert names("Bob will sign it.") == {"bob"}
    assert names("Send it. Then go.") == set()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "we haven't"),
        ("en", "no dogs"),
        ("en", "don’t"),
        ("de", "kein Hund"),
        ("es", "nunca"),
    ],
)
def test_a_no_is_heard(language: str, text: str) -> None:
    assert negated(text, language)


# --- Yes for no ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "said", "turned"),
    [
        ("Extend the contract", "We do not extend the contract.", True),
        ("Extend the contract", "We won't, we don't extend the contract, it's dear.", True),
        ("Do not extend the contract", "We extend the contract.", True),
        ("Do not extend the contract", "We don't extend the contract.", False),
        ("Extend the contract", "Why don't we extend the contract?", False),
        ("Extend the contract", "We extend the contract, because nobody else wants it.", False),
        ("Cancel the contract", "We do not extend the contract.", False),
        ("Extend the contract", "Not the lease. We extend the contract.", False),
        ("Move the launch", "Nobody is ready, so move the launch.", False),
    ],
)
def test_a_yes_for_a_no_is_noticed(statement: str, said: str, turned: bool) -> None:  # noqa: FBT001
    assert bool(turned_around(statement, [said], [said], "en")) is turned


def test_of_an_unknown_language_nothing_is_said() -> None:
    assert turned_around("Extend it", ["not extend it"], ["not extend it"], "xx") is None
