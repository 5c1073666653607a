from __future__ import annotations

import datetime as dt

from memo.extraction import read_by_rules, write_memo
from memo.extraction.evidence import find_quote
from memo.model import Meeting, Memo, Recording, Segment, Transcript
from memo.speech.names.misheard import correct

SAID = (
    ("Tom", "Prya, can you send the Tera vault contract to Prya's team by Friday?"),
    ("Priya", "Sure, I'll send the Tera vault contract by Friday."),
)
MEETING = Meeting(
    title="Call",
    started_at=dt.datetime(2026, 3, 4, 10, tzinfo=dt.UTC),
    attendees=("Priya Shah", "Tom Baker"),
)


def memo_of(transcript: Transcript) -> Memo:
    draft = read_by_rules(transcript, MEETING)
    now = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
    return write_memo(draft, transcript, MEETING, created_at=now, memo_version="1")


def transcript() -> Transcript:
    from memo.speech.names.glossary import Term

    heard = Transcript(
        recording=Recording(filename="call.m4a", sha256="0" * 64),
        duration=20,
        speech_seconds=20,
        language="en",
        segments=tuple(
            Segment(id=n, start=10.0 * n, end=10.0 * n + 9, text=text, speaker=speaker)
            for n, (speaker, text) in enumerate(SAID)
        ),
    )
    return correct(heard, MEETING.attendees, [Term(written="Teravault")])


def test_a_memo_tells_what_was_corrected_and_where() -> None:
    told = [(one.heard, one.written, one.starts) for one in memo_of(transcript()).corrections]
    assert told == [("Prya", "Priya", (0.0, 0.0)), ("Tera vault", "Teravault", (0.0, 10.0))]


def test_quotes_are_verbatim_to_the_corrected_transcript() -> None:
    corrected = transcript()
    memo = memo_of(corrected)
    quotes = [evidence.quote for finding in memo.findings() for evidence in finding.evidence]
    assert any("Teravault contract" in quote for quote in quotes)
    said = " ".join(segment.text for segment in corrected.segments)
    assert all(quote in said for quote in quotes)
    assert find_quote("send the Teravault contract", corrected) is not None
