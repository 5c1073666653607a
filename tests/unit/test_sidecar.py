from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from memo.errors import ConfigError
from memo.model import RemarkCode
from memo.pipeline.conversion import Job
from memo.pipeline.invitation import Invitation, person_name, read_invitation, zone_of
from memo.pipeline.sidecar import Sidecar, read_sidecars, with_sidecar
from memo.pipeline.sources import together
from memo.speech.names.glossary import Term

INVITATION = """\
BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1@example.org
SUMMARY;LANGUAGE=en-GB:Warehouse move\\, planning; and a very long
  title
DTSTART;TZID=W. Europe Standard Time:20251007T140000
DTEND;TZID=W. Europe Standard Time:20251007T150000
ORGANIZER;CN="Obi, Nkechi":mailto:n.obi@example.org
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE
 ;CN=Ruben Haas;X-NUM-GUESTS=0:mailto:ruben@example.org
ATTENDEE;CN="Nkechi Obi (Data)":mailto:n.obi@example.org
ATTENDEE;PARTSTAT=DECLINED;CN=Dagmar Vos:mailto:d@example.org
ATTENDEE;CUTYPE=ROOM;CN=Room 4:mailto:room4@example.org
ATTENDEE;CN=meilin@example.org:mailto:meilin@example.org
ATTENDEE:mailto:nobody@example.org
BEGIN:VALARM
SUMMARY:Reminder
TRIGGER:-PT15M
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def beside(folder: Path, name: str, content: str | bytes) -> Path:
    """Put a file beside a recording, and return the recording."""
    data = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(data)
    return folder / "call.m4a"


def invited(folder: Path, text: str) -> Invitation:
    beside(folder, "call.ics", text)
    return read_invitation(folder / "call.ics")


# --- call.toml ----------------------------------------------------------------------------------


def test_a_toml_file_says_what_is_known_of_the_meeting(tmp_path: Path) -> None:
    text = """
        title = "Warehouse move"
        started_at = 2025-10-07T14:00:00
        timezone = "Europe/Amsterdam"
        attendees = ["Nkechi Obi", "Ruben  Haas"]
        glossary = ["Teravault: terra vault", "terms.txt"]
        language = "en-GB"
    """
    (tmp_path / "terms.txt").write_text("Zaandam\n")
    assert read_sidecars(beside(tmp_path, "call.toml", text)) == Sidecar(
        title="Warehouse move",
        started_at=dt.datetime(2025, 10, 7, 14),  # noqa: DTZ001 - in the meeting's zone
        timezone="Europe/Amsterdam",
        attendees=("Nkechi Obi", "Ruben Haas"),
        glossary=(Term(written="Teravault", heard_as=("terra vault",)), Term(written="Zaandam")),
        language="en",
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("title = 1", "line 1: title is no text"),
        ("\nattendee = []", "line 2: there is no attendee here"),
        ("started_at = 2025-10-07", "line 1: started_at is no date with a time"),
        ("started_at = '2025-13-07T10:00'", "line 1: started_at is no date with a time"),
        ("timezone = 'Amsterdam'", "line 1: timezone is no time zone"),
        ("timezone = '../../etc/passwd'", "line 1: timezone is no time zone"),
        ("attendees = [1]", "line 1: attendees is no list of names"),
        ("language = ''", "line 1: language is no language"),
        ("glossary = [':x']", "line 1: .*there is no term"),
        ("glossary = '../other/terms.txt'", "line 1: a glossary stands in this folder"),
        ("glossary = ['none.txt']", "none.txt does not exist"),
        ("title = x", "call.toml is not TOML: .*line 1"),
        ("a = " + "[" * 5000, "call.toml is not TOML"),
        (b"\xff\xfe", "call.toml cannot be read"),
        ("#" * 300_000, "call.toml is larger than 200 kB"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(
    text: str | bytes, complaint: str, tmp_path: Path
) -> None:
    path = beside(tmp_path, "call.toml", text)
    with pytest.raises(ConfigError, match=complaint) as caught:
        read_sidecars(path)
    assert caught.value.hint


def test_a_file_for_just_this_recording_comes_before_one_of_its_name(tmp_path: Path) -> None:
    beside(tmp_path, "call.toml", "title = 'any call'")
    path = beside(tmp_path, "call.m4a.toml", "title = 'this call'")
    assert read_sidecars(path).title == "this call"
    assert read_sidecars(path.with_suffix(".mp4")).title == "any call"


@pytest.mark.parametrize("name", ["memo", "pyproject"])
def test_settings_and_folders_are_nothing_of_a_recording(name: str, tmp_path: Path) -> None:
    beside(tmp_path, f"{name}.toml", "asr_model = 'base'")
    (tmp_path / f"{name}.ics").mkdir()
    assert read_sidecars(tmp_path / f"{name}.m4a") == Sidecar()


@pytest.mark.parametrize("name", ["x" * 251 + ".m4a", "-.m4a", ".m4a", "call", "a\nb.m4a", "ü.M4A"])
def test_a_recording_may_have_any_name(name: str, tmp_path: Path) -> None:
    assert read_sidecars(tmp_path / name) == Sidecar()


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "call.ics")
    (tmp_path / "call.toml").symlink_to("/dev/zero")
    assert read_sidecars(tmp_path / "call.m4a") == Sidecar()


# --- recording.toml: of a folder that holds one recording ----------------------------------------


def sounds(folder: Path, *names: str) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"sound")
    return tuple(folder / name for name in names)


@pytest.mark.parametrize(
    ("others", "title"),
    [((), "of the folder"), (("notes.txt", ".call.wav", "call.memo.md"), "of the folder"),
     (("other.mp3",), None), (("call.wav",), None)],
)  # fmt: skip
def test_a_folder_says_something_of_the_only_recording_in_it(
    others: tuple[str, ...], title: str | None, tmp_path: Path
) -> None:
    sounds(tmp_path, "call.m4a", *others)
    path = beside(tmp_path, "recording.toml", "title = 'of the folder'")
    assert read_sidecars(path).title == title


def test_what_is_said_of_a_recording_by_name_comes_before_what_its_folder_says(
    tmp_path: Path,
) -> None:
    sounds(tmp_path, "call.m4a")
    beside(tmp_path, "recording.toml", "title = 'of the folder'")
    beside(tmp_path, "recording.ics", INVITATION)
    path = beside(tmp_path, "call.toml", "title = 'of the call'")
    assert read_sidecars(path).title == "of the call"
    assert "Ruben Haas" in read_sidecars(path).attendees


def test_a_recording_called_so_has_its_file_among_others(tmp_path: Path) -> None:
    path, _ = sounds(tmp_path, "recording.m4a", "other.m4a")
    beside(tmp_path, "recording.toml", "title = 'this one'")
    assert read_sidecars(path).title == "this one"


def test_a_transcript_has_nothing_of_the_folders(tmp_path: Path) -> None:
    sounds(tmp_path, "call.vtt")
    beside(tmp_path, "recording.toml", "title = 'of the folder'")
    assert read_sidecars(tmp_path / "call.vtt") == Sidecar()


@pytest.mark.parametrize(
    ("where", "tracks", "others"),
    [("Weekly.tracks", "Weekly.tracks", ()), ("Weekly", "Weekly", ()),
     ("Weekly/Audio Record", "Weekly/Audio Record", ()), ("Weekly", "Weekly/Audio Record", ()),
     ("Weekly", "Weekly/Audio Record", ("Weekly/audio_only.m4a", "Weekly/zoom_0.mp4")),
     ("Weekly", "Weekly/tracks", ())],
)  # fmt: skip
def test_a_folder_says_something_of_the_tracks_in_it(
    where: str, tracks: str, others: tuple[str, ...], tmp_path: Path
) -> None:
    files = sounds(tmp_path / tracks, "Ann.m4a", "Bo.m4a")
    for other in others:
        (tmp_path / other).write_bytes(b"sound")
    beside(tmp_path / where, "recording.toml", "title = 'Weekly'")
    path, found = together([tmp_path / (where if "Audio Record" in tracks else tracks)])
    assert found == files
    assert read_sidecars(path, found).title == "Weekly"
    told, _ = with_sidecar(Job(path=path, tracks=found, timezone="UTC"))
    assert told.title == "Weekly"


@pytest.mark.parametrize(
    ("where", "tracks", "others"),
    [("calls", "calls", ("calls/Cy.m4a",)), ("calls", "calls/tracks", ("calls/other.m4a",)),
     ("calls", "calls/Weekly", ())],
)  # fmt: skip
def test_a_folder_with_other_recordings_says_nothing_of_some_tracks(
    where: str, tracks: str, others: tuple[str, ...], tmp_path: Path
) -> None:
    files = sounds(tmp_path / tracks, "Ann.m4a", "Bo.m4a")
    for other in others:
        (tmp_path / other).write_bytes(b"sound")
    beside(tmp_path / where, "recording.toml", "title = 'Weekly'")
    assert read_sidecars(together(files)[0], files) == Sidecar()


# --- call.ics -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_an_invitation_says_title_time_and_who_may_come(ending: str, tmp_path: Path) -> None:
    assert invited(tmp_path, INVITATION.replace("\n", ending)) == Invitation(
        title="Warehouse move, planning; and a very long title",
        started_at=dt.datetime(2025, 10, 7, 14, tzinfo=ZoneInfo("Europe/Berlin")),
        timezone="Europe/Berlin",
        attendees=("Nkechi Obi", "Ruben Haas"),
    )


@pytest.mark.parametrize(
    ("start", "instant", "zone", "unknown"),
    [
        (":20251007T120000Z", dt.datetime(2025, 10, 7, 12, tzinfo=dt.UTC), None, None),
        (":20251007T140000", dt.datetime(2025, 10, 7, 14), None, None),  # noqa: DTZ001
        (";VALUE=DATE:20251007", None, None, None),
        (
            ";TZID=Our Office:20251007T140000",
            dt.datetime(2025, 10, 7, 14),  # noqa: DTZ001
            None,
            "Our Office",
        ),
        (
            ';TZID="/example.org/2021/Europe/Lisbon":20251007T140000',
            dt.datetime(2025, 10, 7, 14, tzinfo=ZoneInfo("Europe/Lisbon")),
            "Europe/Lisbon",
            None,
        ),
    ],
)
def test_a_start_is_in_the_zone_that_it_names(
    start: str, instant: dt.datetime | None, zone: str | None, unknown: str | None, tmp_path: Path
) -> None:
    text = f"BEGIN:VEVENT\nDTSTART{start}\nEND:VEVENT\n"
    said = invited(tmp_path, text)
    assert (said.started_at, said.timezone, said.unknown_zone) == (instant, zone, unknown)


def test_the_time_of_a_series_is_not_that_of_the_meeting(tmp_path: Path) -> None:
    series = INVITATION.replace("DTEND", "RRULE:FREQ=WEEKLY\nDTEND")
    said = invited(tmp_path, series)
    assert (said.started_at, said.timezone) == (None, None)
    assert said.attendees == ("Nkechi Obi", "Ruben Haas")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "call.ics: it holds no event"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR", "call.ics: it holds no event"),
        ("BEGIN:VEVENT\nDTSTART:tomorrow\nEND:VEVENT", "call.ics, line 2: DTSTART is no date"),
        ("BEGIN:VEVENT\nDTSTART:20251332T990000\nEND:VEVENT", "line 2: DTSTART is no date"),
        ("BEGIN:VEVENT\nDTSTART:٢٠٢٥١٠٠٧T120000\nEND:VEVENT", "line 2: DTSTART is no date"),
        (
            "BEGIN:VEVENT\nUID:1\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nEND:VEVENT",
            "call.ics: it holds 2 events",
        ),
        ("BEGIN:VEVENT\nEND:VEVENT\n" * 2, "it holds 2 events"),
        ("X" * 2_000_001, "larger than 2 MB"),
    ],
)
def test_what_is_no_invitation_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        invited(tmp_path, text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("Shah, Priya", "Priya Shah"),
        ("Priya Shah, PhD", "Priya Shah"),
        ("Shah, Priya (Contoso) [ext]", "Priya Shah"),
        ("'Priya Shah'", "Priya Shah"),
        ("priya@example.org", ""),
        ("—", ""),
        ("Ann\\, Bo\\, Cy", "Ann, Bo, Cy"),
    ],
)
def test_a_name_is_told_as_it_is_said(called: str, name: str) -> None:
    assert person_name(called) == name


@pytest.mark.parametrize(
    ("called", "zone"),
    [
        ("Eastern Standard Time", "America/New_York"),
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("/freeassociation.sourceforge.net/America/Argentina/Salta", "America/Argentina/Salta"),
        ("../../etc", None),
        ("", None),
    ],
)
def test_zones_are_known_by_the_names_that_calendars_give_them(
    called: str, zone: str | None
) -> None:
    assert zone_of(called) == zone


def test_an_old_invitation_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    beside(tmp_path, "call.ics", "BEGIN:VEVENT\nSUMMARY:Prüfung\nEND:VEVENT".encode("cp1252"))
    assert read_invitation(tmp_path / "call.ics").title == "Prüfung"


# --- What wins ----------------------------------------------------------------------------------


def test_what_is_typed_wins_over_what_lies_beside_and_that_over_the_settings(
    tmp_path: Path,
) -> None:
    beside(tmp_path, "call.toml", "language = 'de'\nattendees = 'Bo'\nglossary = 'Zaandam'")
    path = beside(tmp_path, "call.ics", INVITATION)
    job = Job(
        path=path,
        timezone="UTC",
        language="en",
        attendees=("Ann",),
        glossary=(Term(written="Teravault"),),
        typed=frozenset({"language"}),
    )
    told, remarks = with_sidecar(job)
    assert remarks == ()
    assert (told.language, told.attendees, told.timezone) == ("en", ("Bo",), "Europe/Berlin")
    assert told.title == "Warehouse move, planning; and a very long title"
    assert [term.written for term in told.glossary] == ["Teravault", "Zaandam"]


def test_a_time_without_a_zone_is_in_the_meetings(tmp_path: Path) -> None:
    path = beside(
        tmp_path, "call.toml", "timezone = 'Asia/Tokyo'\nstarted_at = 2025-10-07T14:00:00"
    )
    in_tokyo = dt.datetime(2025, 10, 7, 14, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert with_sidecar(Job(path=path, timezone="UTC"))[0].started_at == in_tokyo
    typed = Job(
        path=path,
        timezone="UTC",
        started_at=dt.datetime(2025, 10, 7, 15),  # noqa: DTZ001
        typed=frozenset({"timezone"}),
    )
    at_three = dt.datetime(2025, 10, 7, 15, tzinfo=dt.UTC)
    assert with_sidecar(typed)[0].started_at == at_three


def test_a_zone_that_nobody_knows_is_told_where_its_time_is_used(tmp_path: Path) -> None:
    text = "BEGIN:VEVENT\nDTSTART;TZID=Our Office:20251007T140000\nEND:VEVENT"
    path = beside(tmp_path, "call.ics", text)
    _, remarks = with_sidecar(Job(path=path, timezone="UTC"))
    assert [remark.code for remark in remarks] == [RemarkCode.INVITATION_ZONE.value]
    other = Job(path=path, timezone="UTC", started_at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    assert with_sidecar(other)[1] == ()


# --- Whatever lies there ------------------------------------------------------------------------

LINES = st.one_of(
    st.sampled_from(INVITATION.splitlines()),
    st.text(max_size=40),
    st.sampled_from(
        ["BEGIN:VEVENT", "END:VEVENT", "DTSTART;TZID=", 'ATTENDEE;CN="', ";;;:::", " "]
    ),
)
ANY_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY_FOLDER
@given(
    st.one_of(
        st.lists(LINES, max_size=30).map(lambda lines: "\n".join(lines).encode()), st.binary()
    )
)
@example(b"BEGIN:VEVENT\nATTENDEE;CN=" + b'";' * 10_000 + b":\nEND:VEVENT")
@example(b"BEGIN:VEVENT\n" * 1000)
def test_any_invitation_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = beside(tmp_path, "call.ics", content)
    try:
        said = read_sidecars(path)
    except ConfigError as error:
        told = str(error)
    else:
        told = " ".join([said.title or "", *said.attendees])
    assert told.isprintable()


KEYS = st.sampled_from(
    ["title", "started_at", "timezone", "attendees", "glossary", "language", "x"]
)
VALUES = st.one_of(
    st.sampled_from(
        ["1", "true", "[]", "[[]]", "{}", "2025-10-07", "10:00", "2025-10-07T10:00:00Z"]
    ),
    st.text(max_size=20).map(lambda text: "'" + text.replace("'", "") + "'"),
    st.text(max_size=20).map(lambda text: "['" + text.replace("'", "") + "']"),
)


@ANY_FOLDER
@given(st.lists(st.tuples(KEYS, VALUES), max_size=6))
def test_any_toml_is_read_or_refused(tmp_path: Path, pairs: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{key} = {value}" for key, value in pairs)
    path = beside(tmp_path, "call.toml", text.encode("utf-8", "replace"))
    try:
        said = read_sidecars(path)
    except ConfigError as error:
        told = str(error)
    else:
        told = " ".join([said.title or "", said.language or "", *said.attendees])
    assert told.isprintable()
