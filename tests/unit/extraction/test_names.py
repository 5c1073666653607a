"""Whom a name means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.extraction.names import match_person

BOARD = ("Ruth Adeyemi", "Tomas Havlik", "Colm Brady", "Meera Joshi", "Walter Finch")
WARD = ("Sabine Krüger", "Emre Aydin", "Lena Hoffmann", "Dr. Jonas Weidlich", "Petra Scholz")
CALL = ("Priya Raman", "Tom Okafor", "Tom de Vries", "Marta Núñez", "Łukasz O'Neill", "Speaker 1")
SCRIPTED = sorted((Path(__file__).parents[3] / "memo" / "evaluation" / "meetings").glob("*.json"))


@pytest.mark.parametrize(
    ("name", "people", "person"),
    [
        ("Ruth Adeyemi", BOARD, "Ruth Adeyemi"),
        ("ruth adeyemi", BOARD, "Ruth Adeyemi"),
        ("RUTH", BOARD, "Ruth Adeyemi"),
        ("Adeyemi", BOARD, "Ruth Adeyemi"),
        ("Havlik, Tomas", BOARD, "Tomas Havlik"),
        ("Colm's", BOARD, "Colm Brady"),
        ("Tomas’", BOARD, "Tomas Havlik"),
        ("T. Havlik", BOARD, "Tomas Havlik"),
        ("Meera (rota)", BOARD, "Meera Joshi"),
        ("  Walter \n", BOARD, "Walter Finch"),
        ("Krueger", WARD, "Sabine Krüger"),
        ("Kruger", WARD, "Sabine Krüger"),
        ("Kru\u0308ger", WARD, "Sabine Krüger"),
        ("Frau Krüger", WARD, "Sabine Krüger"),
        ("Dr. Weidlich", WARD, "Dr. Jonas Weidlich"),
        ("Jonas Weidlich", WARD, "Dr. Jonas Weidlich"),
        ("Herrn Aydin", WARD, "Emre Aydin"),
        ("marta nunez", CALL, "Marta Núñez"),
        ("Señora Núñez", CALL, "Marta Núñez"),
        ("lukasz", CALL, "Łukasz O'Neill"),
        ("ONeill", CALL, "Łukasz O'Neill"),
        ("Tom Okafor", CALL, "Tom Okafor"),
        ("de Vries", CALL, "Tom de Vries"),
        ("Speaker 1", CALL, "Speaker 1"),
        ("王小明", ("王小明", "李华"), "王小明"),
        ("Ella", ("Ella Brown", "Tom Hill"), "Ella Brown"),
        ("Tom", ("Tom", "Tom Hill"), "Tom"),
        ("Will", ("Will Hunt", "Ann Li"), "Will Hunt"),
    ],
)
def test_name_means_a_participant(name: str, people: tuple[str, ...], person: str) -> None:
    assert match_person(name, people) == person


@pytest.mark.parametrize(
    ("name", "people", "person"),
    [
        ("Prya", CALL, "Priya Raman"),
        ("Prya Raman", CALL, "Priya Raman"),
        ("Thomas", BOARD, "Tomas Havlik"),
        ("Havlick", BOARD, "Tomas Havlik"),
        ("Mera", BOARD, "Meera Joshi"),
        ("Hofmann", WARD, "Lena Hoffmann"),
    ],
)
def test_name_misheard_by_a_letter_means_the_only_one_near(
    name: str, people: tuple[str, ...], person: str
) -> None:
    assert match_person(name, people) == person


@pytest.mark.parametrize(
    "name",
    [
        *("we", "We", "I", "someone", "everyone", "the team", "Team", "you", "all of us", "nobody"),
        *("ich", "wir", "jemand", "alle", "man", "das Team", "nosotros", "alguien", "el equipo"),
        *("", " ", "'s", "?", "Dr.", "1", "T.", "de", "Speaker", "unknown", "null", "N/A"),
    ],
)
def test_pronoun_or_group_is_nobody(name: str) -> None:
    assert match_person(name, (*CALL, *BOARD)) is None


@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("Tom", CALL),  # two Toms
        ("Tom", ("Tom Hill", "Ann Tom")),
        ("Tom Brady", ("Tom Havlik", "Colm Brady")),
        ("Tom Brady", BOARD),
        ("Tomas and Colm", BOARD),
        ("Tomas, Colm", BOARD),
        ("Tomas/Colm", BOARD),
        ("Ingrid", BOARD),
        ("Ingrid Solberg", BOARD),
        ("Tom Hanks", ("Tom", "Ann")),
        ("ella", ("Ella Brown", "Tom Hill")),
        ("Daniela", ("Daniel Cho", "Ann Li")),
        ("Martin", ("Martina Voss", "Ann Li")),
        ("Mario", ("Maria Voss", "Ann Li")),
        ("Anna", ("Hanna Voss", "Tom Li")),
        ("Tim", ("Tom Hill", "Ann Li")),
        ("Prya", ("Priya Raman", "Pria Stone")),
        ("Karin", ("Karen Voss", "Tom Li")),
        ("Bob", ("Robert Hill", "Ann Li")),
        ("Ruth", ()),
        ("Ruth " * 100, BOARD),
    ],
)
def test_name_that_may_be_somebody_else_is_nobody(name: str, people: tuple[str, ...]) -> None:
    assert match_person(name, people) is None


def test_participant_listed_twice_is_one() -> None:
    assert match_person("Ruth", ["Ruth Adeyemi", "Ruth Adeyemi"]) == "Ruth Adeyemi"


@pytest.mark.parametrize("path", SCRIPTED, ids=lambda path: path.stem)
def test_full_and_first_names_of_labelled_meetings_are_told_apart(path: Path) -> None:
    meeting = json.loads(path.read_text(encoding="utf-8"))
    people = [person["name"] for person in meeting["participants"]]
    for person in people:
        assert match_person(person, people) == person
        *_, first, last = person.split()
        assert match_person(f"{first}'s", people) == person
        assert match_person(last.upper(), people) == person
    for absent in meeting["gold"].get("mentioned_absent", []):
        assert match_person(absent if isinstance(absent, str) else absent["name"], people) is None


@given(st.text(max_size=60), st.lists(st.text(max_size=30), max_size=5))
def test_any_text_means_a_participant_or_nobody(name: str, people: list[str]) -> None:
    assert match_person(name, people) in {None, *people}


@given(st.lists(st.sampled_from(BOARD), unique=True, min_size=1), st.sampled_from(BOARD))
def test_order_of_participants_does_not_matter(people: list[str], person: str) -> None:
    first = person.partition(" ")[0]
    assert match_person(first, people) == match_person(first, people[::-1])
    assert match_person(first, people) == (person if person in people else None)
