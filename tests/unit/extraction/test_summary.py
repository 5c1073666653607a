"""The summary: two or three sentences of supported findings, grammatical whatever they are."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.extraction.summary import summarise
from memo.model import (
    ActionItem,
    Coverage,
    Decision,
    Evidence,
    Memo,
    OpenQuestion,
    Provenance,
    Recording,
    Topic,
)

Json = dict[str, Any]
LANGUAGES = ("en", "de", "es")
NOTHING = {
    "en": "No decision, task or open question was found.",
    "de": "Es wurden keine Entscheidungen, Aufgaben oder offenen Fragen gefunden.",
    "es": "No se encontraron decisiones, tareas ni preguntas abiertas.",
}


def finding(place: int, given: Json) -> Json:
    evidence = Evidence(start=0, end=1, speaker=None, quote="x", score=1)
    told = {"verdict": "supported", "confidence": 1, "evidence": (evidence,)}
    return {"id": str(place), **told, **given}


def memo(
    language: str = "en",
    *,
    decided: list[Json] | None = None,
    tasks: list[str | None] | None = None,
    asked: list[str] | None = None,
    topics: tuple[str, ...] = (),
    read: float = 60,
) -> Memo:
    return Memo(
        title="Call",
        started_at=None,
        timezone="UTC",
        language=language,
        duration=60,
        recording=Recording(filename="call.m4a", sha256="0" * 64),
        topics=tuple(Topic(title=t, start=n, end=n + 1) for n, t in enumerate(topics)),
        decisions=tuple(Decision(**finding(n, d)) for n, d in enumerate(decided or [])),
        action_items=tuple(
            ActionItem(**finding(n, {"task": "Do it", "owner": owner}))
            for n, owner in enumerate(tasks or [])
        ),
        open_questions=tuple(
            OpenQuestion(**finding(n, {"question": q})) for n, q in enumerate(asked or [])
        ),
        coverage=Coverage(audio_seconds=60, speech_seconds=60, analysed_seconds=read),
        provenance=Provenance(
            memo_version="0",
            asr_model=None,
            language_model="rules",
            prompts_sha256="0" * 64,
            created_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
        ),
    )


def decided(*statements: str, **more: object) -> list[Json]:
    return [{"statement": statement, **more} for statement in statements]


# --- What is told ---------------------------------------------------------------------------------


TOLD = {
    "en": "Decided: We move to Oslo (the rent is lower); Rent a boat. Still open: Who pays? "
    "3 tasks: 2 for Ann, 1 not taken yet.",
    "de": "Entschieden: We move to Oslo (The rent is lower); Rent a boat. Noch offen: Who pays? "
    "3 Aufgaben: 2 für Ann, 1 noch nicht vergeben.",
    "es": "Decidido: We move to Oslo (The rent is lower); Rent a boat. Queda abierto: Who pays? "
    "3 tareas: 2 para Ann, 1 sin responsable.",
}


@pytest.mark.parametrize(("language", "summary"), TOLD.items())
def test_it_tells_what_was_decided_what_is_open_and_whose_the_tasks_are(
    language: str, summary: str
) -> None:
    first = {"statement": "We move to Oslo.", "rationale": "The rent is lower."}
    told = memo(
        language,
        decided=[first, *decided("Rent a boat")],
        tasks=["Ann", None, "Ann"],
        asked=["Who pays?"],
    )
    assert summarise(told) == summary


@pytest.mark.parametrize(
    ("language", "one", "all_one", "none"),
    [
        ("en", "1 task, for Ann.", "3 tasks, all for Ann.", "2 tasks, none of them taken yet."),
        (
            "de",
            "1 Aufgabe, für Ann.",
            "3 Aufgaben, alle für Ann.",
            "2 Aufgaben, noch keine davon vergeben.",
        ),
        ("es", "1 tarea, para Ann.", "3 tareas, todas para Ann.", "2 tareas, todas sin responsabl"),
    ],
)
def test_tasks_are_counted_as_one_says_it(language: str, one: str, all_one: str, none: str) -> None:
    what = decided("Rent a boat")
    assert one in summarise(memo(language, decided=what, tasks=["Ann"]))
    assert all_one in summarise(memo(language, decided=what, tasks=["Ann"] * 3))
    assert none in summarise(memo(language, decided=what, tasks=[None, None]))


def test_of_many_owners_the_busiest_are_named() -> None:
    told = summarise(memo(decided=decided("A"), tasks=[*"ABBCDDDEF", None]))
    assert told.endswith("10 tasks: 3 for D, 2 for B, 1 for A, 3 for others, 1 not taken yet.")


def test_what_replaces_something_is_told_first() -> None:
    last = {"statement": "We stay", "supersedes": "We move"}
    told = summarise(memo(decided=[*decided("One", "Two", "Three"), last]))
    assert told == "Decided: We stay; One; Two; and 1 more."


def test_what_is_too_long_to_be_told_in_full_is_told_last() -> None:
    told = summarise(memo(decided=decided("boat " * 50, "No boat")))
    assert told.startswith("Decided: No boat; boat boat")


def test_a_long_list_is_counted() -> None:
    told = summarise(memo(decided=decided(*"ABCDEF"), asked=["Who?", "When?", "How?", "Why now?"]))
    assert told.startswith("Decided: A; B; C; and 3 more. ")
    assert told.endswith("And 1 more.")


def test_a_question_is_told_once_and_without_what_was_said_around_it() -> None:
    said = "We have talked about the boat all day. Who pays for the boat? I am off now."
    told = summarise(memo(asked=[said, "Who pays for the boat?", "It leaks. Or not?"]))
    assert told == "Nothing was decided. Still open: Who pays for the boat? It leaks. Or not?"


# --- What was not decided -------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_meeting_without_findings_it_says_so_and_what_it_was_about(language: str) -> None:
    assert summarise(memo(language)) == NOTHING[language]
    told = summarise(memo(language, topics=("The boat", "Oslo harbour")))
    assert told.startswith(NOTHING[language])
    assert told.endswith(": The boat; Oslo harbour.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_said_is_not_told(language: str) -> None:
    invented = decided("Sell the company", verdict="unsupported")
    assert summarise(memo(language, decided=invented)) == NOTHING[language]


def test_what_could_not_be_read_is_not_judged() -> None:
    assert summarise(memo(read=0, decided=decided("A"))) == ""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"status": "proposed"}, "Nothing was decided. Proposed and not settled: Rent a boat."),
        ({"status": "rejected"}, "Turned down: Rent a boat."),
        ({"verdict": "uncertain"}, "No decision is certain: 1 is marked as unsure."),
        ({"status": "proposed", "verdict": "uncertain"}, "Nothing was decided."),
        ({"status": "superseded"}, "Nothing was decided."),
    ],
)
def test_what_is_not_settled_is_not_told_as_decided(given: Json, told: str) -> None:
    assert summarise(memo(decided=decided("Rent a boat.", **given))) == told


def test_several_unsure_decisions_are_counted() -> None:
    told = summarise(memo(decided=decided("A", "B", verdict="uncertain")))
    assert told == "No decision is certain: 2 are marked as unsure."


def test_without_results_the_topics_say_what_the_call_was_for() -> None:
    told = summarise(memo(decided=decided("A", verdict="uncertain"), topics=("The boat",)))
    assert told.endswith("The talk was about: The boat.")
    assert "boat" not in summarise(memo(decided=decided("A"), topics=("The boat",)))


# --- Spoken fragments -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("Okay, so no boat!", "Okay, so no boat"),
        ("No boat…", "No boat"),
        ("It is too dear. That's a no.", "It is too dear – that's a no"),
        ("It is too dear. I said no.", "It is too dear – I said no"),
        ("Shall we rent it? Oslo says yes.", "Shall we rent it? – Oslo says yes"),
        ("Do we rent it?", "Do we rent it?"),
        ("  Rent \n a\tboat ; ", "Rent a boat"),
        ("Rent {0} %s ${boat} {boat}", "Rent {0} %s ${boat} {boat}"),
    ],
)
def test_a_spoken_statement_is_put_as_one_item(statement: str, told: str) -> None:
    assert summarise(memo(decided=decided(statement))) == f"Decided: {told}.".replace("?.", "?")


def test_of_a_speech_the_last_sentences_are_told_and_never_more_than_a_few_words() -> None:
    speech = "We have talked about it since the spring. " * 20 + "No boat."
    told = summarise(memo(decided=decided(speech)))
    assert told.endswith(("no boat.", "No boat."))
    assert len(told.split()) < 30
    endless = summarise(memo(decided=decided("boat " * 500)))
    assert len(endless.split()) < 30
    assert endless.endswith("boat…")


def test_a_long_reason_is_left_to_the_decision_itself() -> None:
    why = "the harbour has been closed since the storm took half of the pier with it in March"
    assert summarise(memo(decided=decided("No boat", rationale=why))) == "Decided: No boat."


def test_a_language_that_is_not_known_is_told_in_english() -> None:
    assert summarise(memo("fr", decided=decided("Pas de bateau."))) == "Decided: Pas de bateau."


TEXT = st.text(max_size=200) | st.sampled_from(["No boat.", "Why?", "…", "¡Ya!", "A. B. C."])
DECISIONS = st.lists(
    st.fixed_dictionaries(
        {
            "statement": TEXT,
            "rationale": st.none() | TEXT,
            "status": st.sampled_from(["accepted", "proposed", "rejected", "superseded"]),
            "verdict": st.sampled_from(["supported", "uncertain", "unsupported"]),
        }
    ),
    max_size=6,
)


@given(
    language=st.sampled_from(LANGUAGES),
    what=DECISIONS,
    tasks=st.lists(st.none() | st.sampled_from(["Ann", "Bo", "{0}"]), max_size=6),
    asked=st.lists(TEXT, max_size=5),
)
def test_any_findings_make_one_short_paragraph(
    language: str, what: list[Json], tasks: list[str | None], asked: list[str]
) -> None:
    told = summarise(memo(language, decided=what, tasks=tasks, asked=asked))
    assert told
    assert len(told.split()) < 220
    assert re.search(r"[\n\r\t]", told) is None
    if language == "en" and not any(
        d["status"] == "accepted" and d["verdict"] == "supported" for d in what
    ):
        assert not told.startswith("Decided")
