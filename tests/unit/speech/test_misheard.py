from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.model import Participant, Recording, Segment, Transcript, Word
from memo.speech.names.glossary import Term
from memo.speech.names.misheard import correct
from memo.speech.names.respelling import undo

ROOT = Path(__file__).resolve().parents[3]
RECORDING = Recording(filename="call.m4a", sha256="0" * 64)
TERMS = (
    Term(written="Teravault", heard_as=("terra vault", "tera fault")),
    Term(written="Kassandra"),
    Term(written="Kubernetes"),
    Term(written="Blue Harbour"),
    Term(written="Larkspur"),
    Term(written="K8s"),
)
CALL = ("Priya Shah", "Tom Baker", "Marta Kowalczyk", "Dan Rivera")
WAREHOUSE = ("Nkechi Obi", "Ruben Haas", "Meilin Tan", "Oskar Wojcik", "Farah Siddiqui")
GERMAN = ("Jürgen Weidlich", "Annika Brüggemann", "Philipp Käfer")
SPANISH = ("Íñigo Echeverría", "María José Peña", "Joaquín Vázquez")
OTHERS = ("Siobhán O'Neill", "Björn Ångström", "Chiara Bianchi", "Agnieszka Zielińska")


TRAPS = (
    "Salesforce",
    "Linear",
    "Notion",
    "Apia",
    "Graphem",
    "Miro",
    "user interface",
    "remote control",
)


def heard(*texts: str, language: str = "en", probability: float | None = 0.6) -> Transcript:
    segments = [_segment(place, text, probability) for place, text in enumerate(texts)]
    return Transcript(
        recording=RECORDING,
        duration=60.0 * len(texts),
        speech_seconds=1,
        language=language,
        segments=tuple(segments),
    )


def _segment(place: int, text: str, probability: float | None) -> Segment:
    start = 60.0 * place
    words = text.split() if probability is not None else []
    return Segment(
        id=place,
        start=start,
        end=start + 60,
        text=text,
        words=tuple(
            Word(start=start + n, end=start + n + 0.5, text=word, probability=probability or 0)
            for n, word in enumerate(words)
        ),
    )


def text_of(transcript: Transcript) -> str:
    return transcript.segments[0].text


@pytest.mark.parametrize(
    ("people", "language", "text", "right"),
    [
        (CALL, "en", "So Prya, can you?", "So Priya, can you?"),
        (CALL, "en", "I think Prya's draft is fine.", "I think Priya's draft is fine."),
        (CALL, "en", "and Martha will go", "and Marta will go"),
        (CALL, "en", "with Priya Shaw today", "with Priya Shah today"),
        (CALL, "en", "Marta Kowalchik is here", "Marta Kowalczyk is here"),
        (WAREHOUSE, "en", "so Oscar, Nkechy and Mei Lin", "so Oskar, Nkechi and Meilin"),
        (WAREHOUSE, "en", "with Farrah Sidiki", "with Farah Siddiqui"),
        (GERMAN, "de", "Anika Brüggeman hat es", "Annika Brüggemann hat es"),
        (GERMAN, "de", "Herr Weidlig kommt", "Herr Weidlich kommt"),
        (GERMAN, "de", "das ist Jurgens Plan", "das ist Jürgens Plan"),
        (SPANISH, "es", "con Joaquin Vasquez", "con Joaquín Vázquez"),
        (SPANISH, "es", "y Iñigo Echevarría", "y Íñigo Echeverría"),
        (OTHERS, "en", "ask Bjorn and Kiara", "ask Björn and Chiara"),
        (OTHERS, "en", "then Agneshka Zielinska", "then Agnieszka Zielińska"),
        ((), "en", "we leave Tera vault", "we leave Teravault"),
        ((), "en", "we leave Terra Vault's clusters", "we leave Teravault's clusters"),
        ((), "en", "off tera fault soon", "off Teravault soon"),
        ((), "en", "our cubernetes on Cassandra", "our Kubernetes on Kassandra"),
        ((), "en", "the Lark Spur deal at Blue Harbor", "the Larkspur deal at Blue Harbour"),
        ((), "en", "k8s is fine", "K8s is fine"),
        ((), "en", "send the Tera vault bill a Tera vault", "send the Teravault bill a Teravault"),
        ((), "en", "to the Lark Spurr people", "to the Larkspur people"),
    ],
)
def test_a_misheard_name_is_written_as_it_should_be(
    people: tuple[str, ...], language: str, text: str, right: str
) -> None:
    assert text_of(correct(heard(text, language=language), people, TERMS)) == right


@pytest.mark.parametrize(
    ("people", "language", "text"),
    [
        (("Daniel Roth", "Mario Rossi"), "en", "then Daniela and Maria came"),
        (("Andrea Kim", "Stefan Berg"), "en", "so Andreas and Stephanie said"),
        (("Karin Holm", "Laura Bell"), "en", "and Karen said that Lara knows"),
        (("Jan Kok", "Lena Park"), "en", "in Jane's view Lina is right"),
        (("Marc Bell", "Rob Stein"), "en", "Mark that down. So mark it, and rob the stone."),
        (("Jill Frost", "Theresa Hall"), "en", "I'll be there first, there's a hall"),
        (("Bernhard Beck", "Justin Moor"), "en", "it would be hard to go back, just in case"),
        (("Will Grant", "Sam Fields"), "en", "we will grant it, the same fields"),
        (("Jens Becker", "Karl Vogt"), "de", "beim Bäcker gibt es den Becher und das Volk"),
        (("Uwe Hoffmann",), "de", "wir hoffen, man macht das"),
        (("Rosa Ríos",), "es", "los ríos son rosas"),
        (("Lena Park", "Lenna Roth"), "en", "so Lenah said"),
        (("Lea Frost", "Tom Gross"), "de", "so eine Frist, viele Gruss und Frist"),
        ((), "es", "yo miro y compro"),
        ((), "en", "User Interface. The Remote Control works."),
        ((), "en", "Our sales force, a linear notion, an API and a grapheme"),
    ],
)
def test_what_is_a_word_or_another_name_stays(
    people: tuple[str, ...], language: str, text: str
) -> None:
    terms = [Term(written=written) for written in TRAPS]
    said = heard(text, language=language, probability=0.9)
    assert correct(said, people, terms) == said


def test_a_speech_model_that_is_sure_of_a_word_is_believed_unless_it_sounds_the_same() -> None:
    assert not correct(heard("ask Dagmir now", probability=0.99), ["Dagmar Vos"], ()).corrections
    assert correct(heard("ask Dagmir now", probability=0.5), ["Dagmar Vos"], ()).corrections
    assert correct(heard("ask Farrah now", probability=0.99), WAREHOUSE, ()).corrections


@pytest.mark.parametrize(
    ("text", "right"),
    [("to bright ways.", "to Brightways."), ("bake it, mail in.", "bake it, Meilin.")],
)
def test_words_that_nobody_is_sure_of_may_be_a_name_of_that_spelling_or_sound(
    text: str, right: str
) -> None:
    terms = [Term(written="Brightways")]
    assert text_of(correct(heard(text, probability=0.3), WAREHOUSE, terms)) == right
    assert not correct(heard(text, probability=0.9), WAREHOUSE, terms).corrections


def test_a_name_that_could_be_two_people_stays() -> None:
    people = ["Marlena Roth", "Marlene Kern"]
    assert not correct(heard("ask Marlenna and Marlenne"), [*people, "Marlenna K"], ()).corrections
    assert not correct(heard("so Kassandre said"), ["Kassandro Li"], TERMS).corrections


def test_what_the_transcript_itself_calls_a_voice_is_no_mistake() -> None:
    said = heard("thanks, Prya").model_copy(
        update={"participants": (Participant(name="Prya Shaw", label="Prya Shaw"),)}
    )
    assert not correct(said, CALL, ()).corrections


def test_a_correction_says_what_was_heard_where_and_why() -> None:
    corrected = correct(heard("Well.", "So “Tera vault,” he said."), (), TERMS)
    (one,) = corrected.corrections
    assert (one.segment_id, one.heard, one.written) == (1, "Tera vault", "Teravault")
    assert (one.start, one.end, one.reason) == (61.0, 62.5, "spelling")
    assert [word.text for word in one.words] == ["“Tera", "vault,”"]
    segment = corrected.segments[1]
    assert segment.text[one.offset :].startswith("Teravault")
    assert [word.text for word in segment.words] == ["So", "“Teravault,”", "he", "said."]
    merged = segment.words[1]
    assert (merged.start, merged.end, merged.probability) == (61.0, 62.5, 0.6)


def test_one_word_that_is_two_takes_its_time() -> None:
    corrected = correct(heard("at Blueharbor now"), (), TERMS)
    words = corrected.segments[0].words
    assert [word.text for word in words] == ["at", "Blue", "Harbour", "now"]
    assert (words[1].start, words[2].end) == (1.0, 1.5)
    assert words[1].end == words[2].start


def test_words_without_times_are_corrected_too() -> None:
    said = heard("ask Prya about Tera vault", probability=None)
    corrected = correct(said, CALL, TERMS)
    assert text_of(corrected) == "ask Priya about Teravault"
    assert undo(corrected) == said


def test_correcting_again_changes_nothing_and_all_of_it_can_be_undone() -> None:
    said = heard("Prya and Mei Lin left Tera vault.", "Prya's tera fault, Tera vault.")
    once = correct(said, CALL, ())
    twice = correct(once, WAREHOUSE, TERMS)
    assert text_of(twice) == "Priya and Meilin left Teravault."
    assert len(twice.corrections) == 6
    assert correct(twice, (*CALL, *WAREHOUSE), TERMS) == twice
    assert undo(twice) == said


def test_a_correction_that_stands_nowhere_is_not_undone() -> None:
    corrected = correct(heard("so Prya said"), CALL, ())
    (one,) = corrected.corrections
    astray = [
        one.model_copy(update=change)
        for change in ({"segment_id": 7}, {"segment_id": -1}, {"offset": 900}, {"written": "X"})
    ]
    strange = corrected.model_copy(update={"corrections": (*astray, one, *astray)})
    assert undo(strange) == heard("so Prya said")


def test_nothing_is_corrected_in_labelled_meetings() -> None:
    wrong = []
    for file in sorted((ROOT / "memo" / "evaluation" / "meetings").glob("*.json")):
        meeting = json.loads(file.read_text(encoding="utf-8"))
        said = heard(
            *(u["text"] for u in meeting["utterances"]),
            language=meeting["language"],
            probability=None,
        )
        people = [person["name"] for person in meeting["participants"]]
        wrong += [(c.heard, c.written) for c in correct(said, people, TERMS).corrections]
    assert wrong == []


# --- Whatever is said ---------------------------------------------------------------------------

PIECES = st.sampled_from(
    re.findall(
        r"\S+",
        """Prya Priya's prya Pria, “Prya Mei Lin Mei-Lin Meilin. Tera vault Tera-vault's Teravault
    terra fault tera Blueharbor Blue Harbor 8 k8s — … a the Oscar's Nkechy I'll 東京 ﬁ İ""",
    )
)
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map(" ".join), st.text(max_size=60))
PEOPLE = (*CALL, *WAREHOUSE)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    texts = draw(st.lists(TEXTS, max_size=4))
    language = draw(st.sampled_from(["en", "de", "es", "und"]))
    said = heard(*texts, language=language, probability=draw(st.sampled_from([None, 0.2, 1.0])))
    if not draw(st.booleans()):
        return said
    shifted = [  # words that are not those of the text
        segment.model_copy(update={"words": segment.words[draw(st.integers(0, 2)) :]})
        for segment in said.segments
    ]
    return said.model_copy(update={"segments": tuple(shifted)})


@given(transcripts())
def test_undoing_gives_back_what_was_heard(said: Transcript) -> None:
    corrected = correct(said, PEOPLE, TERMS)
    assert undo(corrected) == said
    assert Transcript.model_validate_json(corrected.model_dump_json()) == corrected


@given(transcripts())
def test_times_stay(said: Transcript) -> None:
    corrected = correct(said, PEOPLE, TERMS)
    for before, after in zip(said.segments, corrected.segments, strict=True):
        assert (before.start, before.end, before.speaker) == (after.start, after.end, after.speaker)
        assert bool(before.words) == bool(after.words)
        if before.words:
            assert before.words[0].start == after.words[0].start
            assert before.words[-1].end == after.words[-1].end
        assert all(one.end <= two.start for one, two in pairwise(after.words))


@given(transcripts())
def test_words_remain_those_of_the_text(said: Transcript) -> None:
    corrected = correct(said, PEOPLE, TERMS)
    for before, after in zip(said.segments, corrected.segments, strict=True):
        if [word.text for word in before.words] == before.text.split():
            assert [word.text for word in after.words] == after.text.split()


@given(transcripts())
def test_nothing_is_corrected_without_names(said: Transcript) -> None:
    assert correct(said, (), ()) is said


@given(transcripts())
def test_each_correction_stands_where_it_says(said: Transcript) -> None:
    corrected = correct(said, PEOPLE, TERMS)
    for one in corrected.corrections:
        text = corrected.segments[one.segment_id].text
        assert text[one.offset :].startswith(one.written)
        assert one.heard != one.written
