"""Entries and what was said are found by their words; the same in SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memo.decision_log.database import Database
from memo.decision_log.log import DecisionLog, Wanted
from memo.decision_log.migrations import MIGRATIONS, m0003_index_of_words, migrate
from memo.decision_log.search.finding import candidates
from memo.model import (
    ActionItem,
    Decision,
    Evidence,
    Memo,
    OpenQuestion,
    Participant,
    Recording,
    Segment,
    Transcript,
    Verdict,
)
from memo.remembered import EntryKind, EntryState, Hits, Matched

MakeDecision = Callable[..., Decision]
MakeMemo = Callable[..., Memo]

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)


def numbers(hits: Hits) -> list[str]:
    return [entry.number for entry in hits.entries]


def shown(hits: Hits) -> list[str]:
    """The snippets of the first hit, with what is marked in brackets."""
    lines = []
    for snippet in hits.hits[0].snippets:
        text = snippet.text
        for start, end in reversed(snippet.spans):
            text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
        lines.append(f"{snippet.field}: {text}")
    return lines


def quoted(*quotes: str, start: float = 10.0) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(start=start + place, end=start + place + 1, speaker="Ana", quote=quote, score=1)
        for place, quote in enumerate(quotes)
    )


def action(task: str, **changes: object) -> ActionItem:
    return ActionItem.model_validate(
        {
            "id": "A1",
            "verdict": Verdict.SUPPORTED,
            "confidence": 0.9,
            "evidence": quoted("so be it"),
            "task": task,
            **changes,
        }
    )


def question(text: str, **changes: object) -> OpenQuestion:
    return OpenQuestion.model_validate(
        {
            "id": "Q1",
            "verdict": Verdict.SUPPORTED,
            "confidence": 0.9,
            "evidence": quoted("so be it"),
            "question": text,
            **changes,
        }
    )


def said(recording: Recording, *lines: tuple[str, str]) -> Transcript:
    return Transcript(
        recording=recording,
        duration=180,
        speech_seconds=150,
        language="en",
        participants=(Participant(name="Marco Rossi", label="Speaker 1"),),
        segments=tuple(
            Segment(id=place, start=place * 10.0, end=place * 10 + 5.0, speaker=who, text=text)
            for place, (who, text) in enumerate(lines)
        ),
    )


# --- Words --------------------------------------------------------------------------------------


def test_an_entry_is_found_by_whatever_it_tells(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    told = decision(
        "Drop the CSV export",
        rationale="nobody maintains it",
        considered=("a plugin", "keeping it"),
        decided_by=("Ömer",),
        evidence=quoted("Let us bury that thing."),
        supersedes="the promise to Contoso",
    )
    log.record(memo(told, decision("Buy chairs"), title="Roadmap review"), now=NOW)
    for words in ("csv", "maintain", "plugin", "ömer", "bury", "contoso", "DEC-0001", "dec-1"):
        assert numbers(log.search(words)) == ["DEC-0001"], words
    assert sorted(numbers(log.search("roadmap"))) == ["DEC-0001", "DEC-0002"]
    assert log.search("sofa") == Hits(matched=Matched.NONE)


def test_actions_and_questions_are_found_too(log: DecisionLog, memo: MakeMemo) -> None:
    meeting = memo(
        action_items=(action("Send the invoices", owner="Priya", due_text="by Friday"),),
        open_questions=(question("Who pays the invoices?", waiting_on="Jonas"),),
    )
    log.record(meeting, now=NOW)
    assert sorted(numbers(log.search("invoice"))) == ["ACT-0001", "QUE-0001"]
    assert numbers(log.search("jonas")) == ["QUE-0001"]
    assert numbers(log.search("invoice", Wanted(kinds=[EntryKind.ACTION]))) == ["ACT-0001"]


def test_the_statement_counts_for_more_than_the_reason_and_that_for_more_than_quotes(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(
        memo(
            decision("Buy chairs", 10, evidence=quoted("We saw the warehouse again.")),
            decision("Rent a van", 20, rationale="the warehouse is far away"),
            decision("Move the warehouse now", 30),
        ),
        now=NOW,
    )
    assert numbers(log.search("warehouse")) == ["DEC-0003", "DEC-0002", "DEC-0001"]


FORMS = (
    ("en", "We export the invoices nightly", "exporting invoice"),
    ("en", "The café’s menu isn't printed", "CAFE printing isnt"),
    ("de", "Die Rechnungen werden an die Häuser verschickt", "rechnung haus"),
    ("de", "Der Gehaltsexport läuft nachts", "Gehalt"),
    ("de", "Wir führen Müllers Straße nicht weiter", "MULLER strasse"),
    ("es", "Retiramos las exportaciones políticas", "exportacion politica"),
    ("es", "La decisión quedó firme", "decisiones"),
    ("ja", "倉庫の移転を決定した", "移転"),
    ("zh", "集群管理改用新方案", "集"),
    ("tlh", "nuqneH tlhIngan", "NUQNEH"),
)


def test_a_word_is_found_in_another_form_and_without_its_accents(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    for place, (language, statement, _) in enumerate(FORMS):
        log.record(memo(decision(statement), call=str(place), language=language), now=NOW)
    for place, (_, _, words) in enumerate(FORMS, start=1):
        found = log.search(words)
        assert (numbers(found), found.matched) == ([f"DEC-{place:04}"], Matched.ALL), words


def test_each_meeting_is_searched_in_its_own_language(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    for language, statement in (
        ("en", "The exports stop"),
        ("de", "Die Exporte enden"),
        ("es", "La exportación termina"),
    ):
        log.record(memo(decision(statement), call=language, language=language), now=NOW)
    assert len(numbers(log.search("export"))) == 3


# --- What is asked ------------------------------------------------------------------------------


@pytest.fixture
def filled(log: DecisionLog, memo: MakeMemo, decision: MakeDecision) -> DecisionLog:
    log.record(
        memo(
            decision("Keep the Excel export", 10, decided_by=("Marco Rossi",)),
            decision("Export to Excel is slow, so drop it", 20, decided_by=("Ana",)),
            decision("Excel stays, the PDF export goes", 30, status="proposed"),
        ),
        now=NOW,
    )
    return log


def test_every_word_must_be_there(filled: DecisionLog) -> None:
    found = filled.search("excel slow")
    assert (numbers(found), found.matched) == (["DEC-0002"], Matched.ALL)


def test_where_nothing_holds_every_word_some_will_do_and_it_is_told(filled: DecisionLog) -> None:
    found = filled.search("pdf unicorn")
    assert (numbers(found), found.matched) == (["DEC-0003"], Matched.SOME)


def test_of_some_words_the_rare_one_counts_most(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    often = [decision(f"Export the table number {n}", 10.0 * n) for n in range(9)]
    log.record(memo(decision("A giraffe", 200), *often), now=NOW)
    found = log.search("export a giraffe somewhere")
    assert (numbers(found)[0], found.matched) == ("DEC-0001", Matched.SOME)
    assert [round(hit.share, 2) for hit in found.hits[:2]] == [0.33, 0.33]


def test_words_in_quotes_stand_together(filled: DecisionLog) -> None:
    assert numbers(filled.search('"excel export"')) == ["DEC-0001"]
    assert numbers(filled.search("“Excel Exports”")) == ["DEC-0001"]
    assert len(numbers(filled.search("excel export"))) == 3


def test_a_phrase_does_not_go_from_one_text_into_the_next(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    told = decision("Drop CSV", rationale="nobody uses it", considered=("a plugin", "keep it"))
    log.record(memo(told.model_copy(update={"evidence": quoted("one two", "six")})), now=NOW)
    assert numbers(log.search('"csv nobody" "plugin keep" "two six"')) == []
    assert numbers(log.search('"nobody uses" "one two"')) == ["DEC-0001"]


def test_a_word_with_a_minus_must_not_be_there(filled: DecisionLog) -> None:
    assert numbers(filled.search("excel -slow -pdf")) == ["DEC-0001"]
    assert numbers(filled.search('export -"excel export" -pdf')) == ["DEC-0002"]


def test_words_that_hold_a_question_together_are_left_out(filled: DecisionLog) -> None:
    found = filled.search("why is the PDF export gone, and what about Excel")
    assert found.matched in {Matched.ALL, Matched.SOME}
    assert numbers(found)[0] == "DEC-0003"
    assert numbers(filled.search("is so")) == ["DEC-0002"]


TYPED = (
    ("", Matched.NOT_ASKED),
    (" \n\t", Matched.NOT_ASKED),
    ("👍 !!! --", Matched.NOT_ASKED),
    ("-excel", Matched.NOT_ASKED),
    ('"', Matched.NOT_ASKED),
    ('""', Matched.NOT_ASKED),
    ("\0", Matched.NOT_ASKED),
    ("\ud800", Matched.NOT_ASKED),
    ('"excel', Matched.ALL),
    ('ex"cel"', Matched.NONE),
    ("excel\0export", Matched.ALL),
    ("excel\ud800", Matched.ALL),
    ("excel*", Matched.ALL),
    ("excel:", Matched.ALL),
    ("statement:excel", Matched.NONE),
    ("^excel", Matched.ALL),
    ("{statement} : excel", Matched.SOME),
    ("NEAR(excel export, 5)", Matched.SOME),
    ("excel AND", Matched.ALL),
    ("OR excel", Matched.ALL),
    ("excel NOT export", Matched.SOME),
    ("excel & export", Matched.ALL),
    ("excel | !export", Matched.ALL),
    ("excel <-> export", Matched.ALL),
    ("excel:*A", Matched.NONE),
    ("'; DROP TABLE entries; --", Matched.SOME),
    ("excel' OR '1'='1", Matched.SOME),
    ("\\excel\\", Matched.ALL),
    ("%excel_", Matched.ALL),
    ("\u202eexcel\u202c", Matched.ALL),
    ("إكسل", Matched.NONE),
    ("excel " * 2000, Matched.ALL),
    ("x" * 10_000, Matched.NONE),
    (" ".join(f"w{n}" for n in range(2500)), Matched.NONE),
    ("(" * 5000, Matched.NOT_ASKED),
    ('"excel" ' * 1200, Matched.ALL),
    ("\u0301\u0301", Matched.NOT_ASKED),
    ("e\u0301xcel", Matched.ALL),
)


def test_whatever_is_typed_is_taken_literally(filled: DecisionLog) -> None:
    found = {text: filled.search(text).matched for text, _ in TYPED}
    assert found == dict(TYPED)
    assert len(filled.entries()) == 3


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    text=st.one_of(
        st.text(st.characters(), max_size=60),
        st.lists(
            st.sampled_from(
                ['"', "-", "*", ":", "(", ")", "excel", "NEAR", "OR", "'", "\\", " ", "^", "&", "!"]
            ),
            max_size=20,
        ).map("".join),
    )
)
def test_nothing_that_is_typed_raises(filled: DecisionLog, text: str) -> None:
    for hit in filled.search(text, transcripts=True).hits:
        for snippet in hit.snippets:
            assert all(0 <= a < b <= len(snippet.text) for a, b in snippet.spans)


# --- What is shown ------------------------------------------------------------------------------


def test_what_was_found_is_marked_and_the_quote_is_the_one_that_fits(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    told = decision(
        "Drop the Excel exports",
        rationale="Exporting takes the whole night.",
        evidence=quoted("Yes, fine.", "So we drop the export to Excel."),
    )
    log.record(memo(told, title="Exports, again"), now=NOW)
    found = log.search("excel export")
    assert shown(found) == [
        "text: Drop the [Excel] [exports]",
        "why: [Exporting] takes the whole night.",
        "meeting: [Exports], again",
        "quote: So we drop the [export] to [Excel].",
    ]
    quote = found.hits[0].snippets[-1]
    assert (quote.moment, quote.speaker) == (11.0, "Ana")


def test_of_a_long_text_the_part_is_shown_in_which_something_was_found(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    long = f"{'Nothing here. ' * 100}And then the unicorn came. {'Nothing there. ' * 100}"
    log.record(memo(decision("Wait", evidence=quoted(long))), now=NOW)
    text = shown(log.search("unicorns"))[-1]
    assert "the [unicorn] came" in text
    assert text.startswith("quote: …")
    assert text.endswith("…")
    assert len(text) < 400


# --- Filters ------------------------------------------------------------------------------------


WANTED: tuple[tuple[Wanted, list[str]], ...] = (
    (Wanted(owner="marco"), ["DEC-0001"]),
    (Wanted(owner="ROSSI"), ["DEC-0001"]),
    (Wanted(owner="  Marco   Rossi "), ["DEC-0001"]),
    (Wanted(owner="arco"), []),
    (Wanted(owner="%"), []),
    (Wanted(states=[EntryState.PROPOSED]), ["DEC-0003"]),
    (Wanted(kinds=[EntryKind.QUESTION]), []),
    (Wanted(since=dt.datetime(2026, 3, 2, 15, 0, 20, tzinfo=dt.UTC)), ["DEC-0002", "DEC-0003"]),
    (Wanted(until=dt.datetime(2026, 3, 2, 15, 0, 20, tzinfo=dt.UTC)), ["DEC-0001"]),
    (Wanted(meeting="WEEKLY c"), ["DEC-0001", "DEC-0002", "DEC-0003"]),
    (Wanted(meeting="weekly.m4a"), ["DEC-0001", "DEC-0002", "DEC-0003"]),
    (Wanted(meeting="yearly"), []),
)


def test_a_find_is_what_is_wanted_besides(filled: DecisionLog) -> None:
    for wanted, found in WANTED:
        assert sorted(numbers(filled.search("excel", wanted))) == found, wanted


def test_at_most_so_many_are_found(filled: DecisionLog) -> None:
    assert len(filled.search("excel", limit=2).hits) == 2


# --- What was said ------------------------------------------------------------------------------


def test_what_was_said_is_found_if_that_is_asked_for(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    meeting = memo(decision("Buy chairs"))
    talk = said(
        meeting.recording,
        ("Speaker 1", "The giraffes were late again."),
        ("Speaker 2", "So I heard."),
    )
    log.record(meeting, now=NOW, transcript=talk)
    assert log.search("giraffe").matched is Matched.NONE
    (hit,) = log.search("giraffe", transcripts=True).hits
    assert hit.entry is None
    assert hit.utterance
    assert (hit.utterance.speaker, hit.utterance.start) == ("Marco Rossi", 0.0)
    assert hit.meeting
    assert hit.meeting.title == "Weekly call"
    assert hit.snippets[0].text == "The giraffes were late again."
    assert hit.snippets[0].spans == ((4, 12),)
    for wanted, count in (
        (Wanted(owner="rossi"), 1),
        (Wanted(owner="Ana"), 0),
        (Wanted(meeting="weekly"), 1),
        (Wanted(since=LATER), 0),
        (Wanted(until=LATER), 1),
    ):
        assert len(log.search("giraffe", wanted, transcripts=True).hits) == count, wanted


def test_what_was_said_is_indexed_anew_with_another_transcript(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    meeting, other = memo(decision("Buy chairs")), memo(call="other")
    log.record(other, now=NOW, transcript=said(other.recording, ("A", "A giraffe there.")))
    log.record(meeting, now=NOW, transcript=said(meeting.recording, ("A", "A giraffe.")))
    log.record(meeting, now=LATER, transcript=said(meeting.recording, ("A", "A zebra.")))
    assert len(log.search("zebra", transcripts=True).hits) == 1
    assert len(log.search("giraffe", transcripts=True).hits) == 1


# --- In step ------------------------------------------------------------------------------------


def test_a_changed_entry_is_found_by_its_new_words_only(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Roll out by region", 30)), now=NOW)
    log.record(memo(decision("Roll out by country", 30), title="Launch"), now=LATER)
    assert numbers(log.search("region")) == []
    assert numbers(log.search("country launch")) == ["DEC-0001"]


def test_an_edited_entry_is_found_by_the_words_of_the_person(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(memo(decision("Roll out by region", 30)), now=NOW)
    log.edit("DEC-0001", {"statement": "Roll out by continent"}, who="Ana", now=LATER)
    assert numbers(log.search("region")) == []
    assert numbers(log.search("continents")) == ["DEC-0001"]


def test_a_withdrawn_entry_is_not_found_until_it_is_there_again(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    meeting = memo(decision("Roll out by region", 30))
    log.record(meeting, now=NOW)
    log.record(memo(), now=LATER)
    assert numbers(log.search("region")) == []
    log.record(meeting, now=LATER)
    assert numbers(log.search("region")) == ["DEC-0001"]


def test_what_an_older_memo_recorded_is_found_after_the_upgrade(
    url: str, sql: Callable[[str], object], decision: MakeDecision
) -> None:
    database = Database(url)
    migrate(database, stop_before=MIGRATIONS.index(m0003_index_of_words) + 1)
    database.close()
    finding = decision("Die Rechnungen entfallen", rationale="zu teuer").model_dump_json()
    at = "'2026-03-02 15:00:00.000000'"
    sql(
        "INSERT INTO meetings (id, recording_sha256, recording_filename, title, timezone,"  # noqa: S608 our own values
        f" recorded_at, language) VALUES (1, '{'0' * 64}', 'a.m4a', 'Planung', 'UTC', {at}, 'de')"
    )
    sql(
        "INSERT INTO entries (id, kind, number, meeting_id, state, people, finding, edits,"  # noqa: S608 our own values
        f" logged_at, changed_at) VALUES (1, 'decision', 1, 1, 'accepted', '', '{finding}',"
        f""" '{{"rationale": "zu langsam"}}', {at}, {at})"""
    )
    with DecisionLog(url) as log:
        assert numbers(log.search("rechnung langsam planung")) == ["DEC-0001"]
        assert numbers(log.search("teuer")) == []


def test_what_is_longer_than_an_index_holds_is_recorded_and_found_by_its_beginning(
    log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    def long(first: int) -> str:
        """Return four thousand long words in letters of four bytes each."""
        letters = [chr(first + place) for place in range(16)]
        return " ".join(
            "".join(letters[place >> shift & 15] for shift in (0, 4, 8)) * 19
            for place in range(4000)
        )

    gothic, deseret = long(0x10330), long(0x10428)
    told = decision("Drop the giraffe", rationale=gothic, evidence=quoted(f"A zebra. {deseret}"))
    log.record(memo(told), now=NOW)
    assert numbers(log.search("giraffe zebra")) == ["DEC-0001"]
    assert numbers(log.search(gothic.split()[5])) == ["DEC-0001"]


# --- Likeness -----------------------------------------------------------------------------------


def test_candidates_are_the_standing_entries_most_like_a_text(
    url: str, log: DecisionLog, memo: MakeMemo, decision: MakeDecision
) -> None:
    log.record(
        memo(
            decision("Bill through Stripe from May on", 10),
            decision("Ship the reports on Monday", 20),
            decision("The bill of the caterer is paid", 30),
            decision("Stripe is refused", 40, status="rejected"),
        ),
        now=NOW,
    )
    database = Database(url)
    with database.reading() as connection:
        text = "We bill through Adyen instead of Stripe, nothing else is billed"
        assert candidates(connection, text, kinds=[EntryKind.DECISION]) == (1, 3)
        assert candidates(connection, text, kinds=[EntryKind.DECISION], limit=1) == (1,)
        assert candidates(connection, text, kinds=[EntryKind.ACTION]) == ()
        assert candidates(connection, text, kinds=[EntryKind.DECISION], not_in_meeting=1) == ()
        assert candidates(connection, "👍", kinds=[EntryKind.DECISION]) == ()
    database.close()
