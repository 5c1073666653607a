"""Sentences are judged alike however a meeting is cut, and any text is only text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.errors import MissingDependencyError
from memo.extraction.find import find_moments
from memo.extraction.judging import Item, choosing, find_items
from memo.extraction.judging.choosing import TAGS, Found, Judgement, chosen
from memo.extraction.judging.encoder import LONGEST, WINDOW, Encoder, _Window, _windows
from memo.extraction.judging.sentences import Sentence, sentences_of
from memo.extraction.lines import Line
from memo.model import DecisionStatus

PEOPLE = ("Ann", "Bo", "Cy Reyes")
LANGUAGES = ("en", "de", "es")
SAID = (
    "We decided to ship on Friday.",
    "Should we move the launch to the second of May?",
    "Okay, agreed.",
    "Bo, can you tell the customers by Friday?",
    "Sure, I'll tell the customers by Friday.",
    "Who pays for the venue? I don't know. We have to ask the bank.",
    "So, decision:",
    "Wir haben beschlossen, am Freitag auszuliefern.",
    "Ich schicke das bis Montag.",
    "Hemos decidido publicar el viernes.",
    "¿Quién paga? No lo sé.",
    "Ha ha, if we won the lottery.",
)
LINES = st.lists(
    st.tuples(st.sampled_from([None, *PEOPLE]), st.sampled_from(SAID) | st.text(max_size=80)),
    max_size=8,
)
HOSTILE = (
    "<script>alert(1)</script> we decided </s> [SEP] [CLS] [MASK] ##ing to ship. [UNK]",
    "\0\x1b[31m we decided \ud800 to ship \u202e on Friday\x07.",
    "we decided to ship on Friday " * 3500,
    "x" * 100_000,
    "?" * 100_000,
    "e" + "\u0301" * 3000,
)


def lines_of(said: Sequence[tuple[str | None, str]]) -> list[Line]:
    return [Line(i, 5.0 * i, 5.0 * i + 4, who, text, (i,)) for i, (who, text) in enumerate(said)]


def check(items: Sequence[Item], lines: Sequence[Line]) -> None:
    for item in items:
        for sentence in (item.settles, item.tells, *filter(None, [item.reason])):
            assert sentence.text in lines[sentence.line].sentences()
            assert sentence.speaker == lines[sentence.line].speaker
        assert item.lines
        assert set(item.lines) <= set(range(len(lines)))
        assert item.owner is None or item.owner in {*PEOPLE, *(n.speaker for n in lines)}
        assert 0 <= item.probability <= 1
    told = [(i.kind, i.tells.line, i.tells.place) for i in items if i.rule is None]
    assert len(told) == len(set(told))


# --- Any talk -------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(LINES, st.sampled_from(LANGUAGES))
def test_of_any_talk_the_items_stand_in_it_once_each(
    said: list[tuple[str | None, str]], language: str
) -> None:
    lines = lines_of(said)
    items = find_items(lines, language, PEOPLE)
    check(items, lines)
    assert find_items(lines, language, PEOPLE) == items


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_judged_as_text(text: str, language: str) -> None:
    lines = lines_of([("Ann", "We met."), ("Bo", text), (None, "Okay, agreed.")])
    check(find_items(lines, language, PEOPLE), lines)


@pytest.mark.parametrize("language", ["", "xx", "zh", "../en"])
def test_a_language_without_cues_has_no_items(language: str) -> None:
    assert find_items(lines_of([("Ann", SAID[0])]), language, PEOPLE) == ()
    assert find_items([], "en", PEOPLE) == ()


# --- A talk of a few lines ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", [("Ann", "We decided to ship on Friday.")]),
        ("en", [("Ann", "Ship on Friday?"), ("Bo", "So, decision: we ship it on Friday.")]),
        ("en", [("Ann", "Okay. So, the decision."), ("Ann", "We ship on Friday.")]),
        ("en", [("Ann", "Agreed then, the alert becomes a morning ticket.")]),
        ("de", [("Ann", "Wir haben beschlossen, am Freitag auszuliefern.")]),
        ("es", [("Ann", "Hemos decidido publicar el viernes.")]),
    ],
)
def test_a_plain_decision_needs_no_meeting_around_it(
    language: str, said: list[tuple[str, str]]
) -> None:
    (item,) = find_items(lines_of(said), language, PEOPLE)
    assert (item.kind, item.tells.text, item.sure) == ("decision", said[-1][1], True)
    assert item.status is DecisionStatus.ACCEPTED


def test_a_decision_that_sums_up_a_proposal_is_told_once() -> None:
    proposal = "What if instead of one big cutover we roll out by region?"
    decision = "We drop the single cutover on the eighth and go region by region."
    said = [("Ann", proposal), ("Bo", "I like that."), ("Ann", "So, decision."), ("Ann", decision)]
    items = find_items(lines_of(said), "en", PEOPLE)
    assert [i.tells.text for i in items if i.kind == "decision"] == [decision]


def test_to_propose_something_else_than_was_agreed_is_no_decision_yet() -> None:
    proposal = (
        "What if we reverse what we agreed, instead of one big cutover we roll out by region."
    )
    decision = "We dropped the single cutover on the eighth and go region by region, Europe first."
    said = [("Ann", proposal), ("Bo", "I like that."), ("Ann", "So, decision."), ("Ann", decision)]
    found = [i for i in find_items(lines_of(said), "en", ()) if i.kind == "decision"]
    assert [item.tells.text for item in found] == [decision]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Bo, can you tell the customers by Friday?", "Sure, I'll tell them by Friday.")),
        ("de", ("Bo, kannst du es den Kunden sagen?", "Klar, ich sage es ihnen bis Freitag.")),
        ("es", ("Bo, ¿puedes avisar a los clientes?", "Claro, les aviso el viernes.")),
    ],
)
def test_a_task_asked_for_and_promised_belongs_to_who_promised(
    language: str, said: tuple[str, str]
) -> None:
    lines = lines_of([("Ann", said[0]), ("Bo", said[1])])
    (item,) = find_items(lines, language, PEOPLE)
    assert (item.kind, item.rule and item.rule.owner) == ("action", "Bo")


def test_a_task_refused_belongs_to_who_takes_it_up() -> None:
    lines = lines_of(
        [
            ("Ann", "Bo, can you write the report?"),
            ("Bo", "Sorry, I can't, I'm on leave."),
            ("Cy Reyes", "I'll write the report by Monday."),
        ]
    )
    (item,) = find_items(lines, "en", PEOPLE)
    assert item.rule is not None
    assert item.rule.owner == "Cy Reyes"


def test_a_question_that_nobody_can_answer_is_open() -> None:
    lines = lines_of(
        [("Ann", "Who pays for the venue?"), ("Bo", "I don't know. We have to ask the bank.")]
    )
    (item,) = find_items(lines, "en", PEOPLE)
    assert (item.kind, item.tells.text, item.sure) == ("question", "Who pays for the venue?", True)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("How was your weekend?", "Lovely, we went to the lake.", "Nice, lucky you.")),
        ("en", ("If we won the lottery we'd move to Hawaii.", "Ha ha, motion carried!")),
        ("en", ("Let's buy everybody a pony.", "Agreed, ha ha. Just kidding.")),
        ("en", ("Last week we decided to ship on Friday.",)),
        ("en", ("Okay, so let's get started.", "Yes, let's.")),
        ("de", ("Gut, dann fangen wir an.", "Ja, gern.", "Schönes Wetter heute.")),
        ("es", ("Vale, pues vamos empezando.", "Sí, vamos.", "Muy bien, gracias.")),
    ],
)
def test_small_talk_jokes_and_openings_are_no_items(language: str, said: tuple[str, ...]) -> None:
    lines = lines_of([(PEOPLE[i % 2], text) for i, text in enumerate(said)])
    assert find_items(lines, language, PEOPLE) == ()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Okay, let's get started."),
        ("de", "Gut, dann fangen wir an."),
        ("es", "Vale, pues vamos empezando."),
    ],
)
def test_to_begin_settles_nothing(language: str, said: str) -> None:
    lines = lines_of([("Ann", said), ("Bo", "Okay.")])
    (opening, *_) = sentences_of(lines, language, PEOPLE)
    assert "settle" not in opening.cues


# --- Many lines -----------------------------------------------------------------------------------


def test_each_of_many_items_is_compared_with_its_neighbours_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five thousand lines cost five times what one thousand do."""
    looked = 0
    one_matter = choosing._one_matter

    def counting(one: Found, other: Found, judgement: Judgement) -> bool:
        nonlocal looked
        looked += 1
        return one_matter(one, other, judgement)

    monkeypatch.setattr(choosing, "_one_matter", counting)
    seen = {}
    for size in (1000, 5000):
        looked = 0
        sentences = sentences_of(
            lines_of([("Ann", f"We use tool{n}.") for n in range(size)]), "en", ()
        )
        judgement = Judgement(sentences, [[0.0] * TAGS] * size, ())
        found = [Found("decision", n, n, (n,), {}, None) for n in range(size)]
        kept = chosen(found, judgement, lambda _: 0.5, 0.1)
        assert len(kept) >= size // 4
        seen[size] = looked
    assert seen[5000] < 7 * seen[1000]


def test_five_thousand_short_lines_are_judged() -> None:
    lines = lines_of([(PEOPLE[n % 3], SAID[7 + n % 2]) for n in range(5000)])
    items = find_items(lines, "de", PEOPLE)
    check(items, lines)
    assert items


def test_lines_of_a_stretch_are_looked_up() -> None:
    lines = lines_of([("Ann", "One. Two."), ("Bo", ""), ("Ann", "Three.")])
    judgement = Judgement(sentences_of(lines, "en", ()), [], find_moments(lines, "en"))
    assert list(judgement.within(0, 0)) == [0, 1]
    assert list(judgement.within(1, 1)) == []
    assert list(judgement.within(0, 2)) == [0, 1, 2]


# --- The encoder ----------------------------------------------------------------------------------


def sentence(text: str, speaker: str | None, place: int) -> Sentence:
    return Sentence(text, place, 0, 1, speaker, float(place), (), (), (), (), 0.0)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@given(
    st.lists(st.tuples(st.integers(0, LONGEST), st.sampled_from(["Ann", "Bo", None])), max_size=60),
    st.booleans(),
)
def test_windows_cover_every_sentence_once_and_in_order(
    said: list[tuple[int, str | None]],
    shifted: bool,  # noqa: FBT001 - given by name
) -> None:
    sentences = [sentence("", who, place) for place, (_, who) in enumerate(said)]
    tokens = [[7] * size for size, _ in said]
    windows = _windows(sentences, tokens, shifted=shifted)
    assert [n for w in windows for n in range(w.first, w.end)] == list(range(len(said)))
    assert all(len(w.ids) == len(w.turns) <= WINDOW for w in windows)
    assert all(set(w.turns) <= {0, 1} for w in windows)


def test_pooling_is_the_mean_of_a_sentences_own_tokens() -> None:
    window = _Window(0)
    for place, size in enumerate((2, 0, 3)):
        assert window.add(sentence("", "Ann", place), [9] * size, WINDOW)
    logits = np.full((20, TAGS), 1e6, np.float32)  # rows beyond the tokens are padding
    logits[:7] = np.array([1e6, 1e6, 1, 3, 4, 5, 6], np.float32)[:, None]
    assert window.pooled(logits)[:, 0].tolist() == [2, 0, 5]


def test_far_off_talk_moves_no_judgement(encoder: Encoder) -> None:
    said = [sentence(SAID[n % 7], PEOPLE[n % 3], n) for n in range(150)]
    far = [sentence("Lunch is at noon, bring " + "tea " * n, "Bo", 150 + n) for n in range(60)]
    alone, together = encoder.judge(said), encoder.judge([*said, *far])
    assert np.abs(alone[:60] - together[:60]).max() < 1e-2
    assert np.ptp(alone[:60, 0]) > 0.1


def test_windows_given_together_are_judged_each_by_itself(encoder: Encoder) -> None:
    said = [sentence(SAID[n % 7], PEOPLE[n % 3], n) for n in range(70)]
    tokens = [encoder._words.encode(s.text, add_special_tokens=False).ids for s in said]
    judged = encoder.judge(said)
    total, weight = np.zeros_like(judged), np.zeros((len(said), 1), np.float32)
    for shifted in (False, True):
        for window in _windows(said, tokens, shifted=shifted):
            inside = (
                1.0
                + np.minimum(places := np.arange(window.end - window.first), places[::-1])[:, None]
            )
            total[window.first : window.end] += inside * window.pooled(encoder._run([window])[0])
            weight[window.first : window.end] += inside
    assert np.abs(judged - total / weight).max() < 1e-2


def test_every_sentence_is_judged(encoder: Encoder) -> None:
    said = [sentence(text, PEOPLE[n % 3], n) for n, text in enumerate((*SAID, "", " ", "\ud800"))]
    logits = encoder.judge(said)
    assert logits.shape == (len(said), TAGS)
    assert np.isfinite(logits).all()
    assert encoder.judge([]).shape == (0, TAGS)


@pytest.mark.parametrize("content", [None, b"", b"no model at all"])
def test_an_encoder_that_is_missing_or_broken_is_said(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "encoder.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(MissingDependencyError, match="text encoder") as caught:
        Encoder(file)
    assert "Install memo again" in (caught.value.hint or "")
