"""The words, dates and times that a memo's own text is made of, in the memo's language.

Dates keep the order of ISO 8601 with the weekday before them: 04/05 would be read as two
different days on two sides of an ocean. A time of day never stands without its zone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from memo.model import DecisionStatus

_UNNAMED = re.compile(r"\bSpeaker (\d{1,4})\b")
"""How voices are labelled while nobody knows their names."""
_MINUTE = 60
_HOUR = 3600


@dataclass(frozen=True)
class Wording:
    """Headings, labels and sentences in one language; `{}` fields are filled by the layout."""

    weekdays: tuple[str, ...]
    weekday_letters: int
    opening_quote: str
    closing_quote: str
    untitled: str
    transcript: str
    date_unknown: str
    made_from: str
    heard_by: str
    read_by: str
    rules: str
    decisions: str
    no_decisions: str
    actions: str
    no_actions: str
    questions: str
    no_questions: str
    discussed: str
    unverified: str
    unverified_note: str
    about: str
    why: str
    replaces: str
    considered: str
    decided_by: str
    raised_by: str
    waiting_for: str
    also_at: str
    owner: str
    task: str
    due: str
    said: str
    no_owner: str
    voice: str
    guessed: str
    uncertain: str
    uncertain_because: str
    unverified_because: str
    decision: str
    action: str
    question: str
    statuses: Mapping[DecisionStatus, str]
    covers_all: str
    covers_part: str
    minutes_of: str
    times_of: str
    gap: str
    gaps: str
    more_gaps: str
    unread_speech: str
    corrected_one: str
    corrected: str
    more_corrected: str
    skipped: str
    page: str
    of: str

    def quoted(self, words: str) -> str:
        """Return words between this language's quotation marks."""
        return f"{self.opening_quote}{words}{self.closing_quote}"

    def named(self, text: str) -> str:
        """Return a name, or names; voices without one, "Speaker 2", as this language calls them."""
        return _UNNAMED.sub(lambda label: self.voice.format(number=label[1]), text)

    def day(self, date: dt.date) -> str:
        """Return a date with its weekday: `Friday 2025-12-05`."""
        return f"{self.weekdays[date.weekday()]} {date.isoformat()}"

    def short_day(self, date: dt.date) -> str:
        """Return a date with its weekday abbreviated: `Fri 2025-12-05`."""
        return f"{self.weekdays[date.weekday()][: self.weekday_letters]} {date.isoformat()}"

    def moment(self, instant: dt.datetime, timezone: str) -> str:
        """Return an instant as the clocks of a zone show it, and which clocks those are.

        Args:
            instant: An aware datetime.
            timezone: IANA name; if nobody knows it, the instant keeps its own offset.
        """
        local, zone = _in_zone(instant, timezone)
        offset = local.strftime("%z")
        clock = "UTC" if zone == "UTC" else f"UTC{offset[:3]}:{offset[3:5]}"
        names = clock if zone in (None, "UTC") else f"{zone}, {clock}"
        return f"{self.day(local.date())}, {local:%H:%M} ({names})"


def local_date(instant: dt.datetime, timezone: str) -> dt.datetime:
    """Return an instant in a zone, or unchanged if nobody knows the zone."""
    return _in_zone(instant, timezone)[0]


def timestamp(seconds: float) -> str:
    """Return a moment of a recording as players show it: `12:34`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def length(seconds: float) -> str:
    """Return how long something took, as one says it: `45 s`, `12 min`, `1 h 12 min`."""
    if seconds < _MINUTE:
        return f"{int(seconds)} s"
    hours, minutes = divmod(int(seconds / _MINUTE + 0.5), 60)
    parts = (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")
    return " ".join(filter(None, parts))


def _in_zone(instant: dt.datetime, timezone: str) -> tuple[dt.datetime, str | None]:
    """Return the instant in a zone and the zone's name, or as it is and None."""
    try:
        # ZoneInfo answers a bad key with KeyError, ValueError or, for a folder, OSError.
        return instant.astimezone(ZoneInfo(timezone)), timezone
    except (KeyError, ValueError, OSError, OverflowError):
        return instant, None


def wording_for(language: str) -> Wording:
    """Return the wording for a language tag (`de`, `es-MX`), English for one not known here."""
    return _WORDINGS.get(primary_language(language), ENGLISH)


def primary_language(tag: str) -> str:
    """Return the language of a tag: `es` of `es-MX` or `ES_mx`."""
    return tag.replace("_", "-").partition("-")[0].strip().lower()


ENGLISH = Wording(
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    weekday_letters=3,
    opening_quote="“",
    closing_quote="”",
    untitled="Untitled meeting",
    transcript="Transcript",
    date_unknown="date unknown",
    made_from="Made from {recording} by memo {version} on {when}.",
    heard_by="Transcribed by {asr}, read by {reader}.",
    read_by="Read by {reader}.",
    rules="rules alone",
    decisions="Decisions",
    no_decisions="No decisions were found.",
    actions="Actions",
    no_actions="No actions were found.",
    questions="Open questions",
    no_questions="No open questions were found.",
    discussed="Also discussed",
    unverified="Not verified",
    unverified_note="The transcript does not bear these out. Listen before you rely on one.",
    about="About this memo",
    why="Why",
    replaces="Replaces",
    considered="Considered",
    decided_by="Decided by",
    raised_by="Raised by",
    waiting_for="Waiting for",
    also_at="Also at",
    owner="Owner",
    task="Task",
    due="Due",
    said="Said at",
    no_owner="no owner",
    voice="Speaker {number}",
    guessed="guessed",
    uncertain="Uncertain",
    uncertain_because="the transcript bears this out only in part",
    unverified_because="nothing in the transcript bears this out",
    decision="Decision",
    action="Action",
    question="Question",
    statuses={
        DecisionStatus.PROPOSED: "proposed",
        DecisionStatus.ACCEPTED: "accepted",
        DecisionStatus.REJECTED: "rejected",
        DecisionStatus.SUPERSEDED: "superseded",
    },
    covers_all="Covers the whole recording: {total}, {speech} of it speech.",
    covers_part="Covers {covered}; {gaps}: {list}.",
    minutes_of="{covered} of {total} minutes",
    times_of="{covered} of {total}",
    gap="1 gap",
    gaps="{count} gaps",
    more_gaps="and {count} more, listed in memo.json",
    unread_speech="Only {covered} of speech were read.",
    corrected_one="1 misheard name was corrected: {list}.",
    corrected="{count} misheard names were corrected: {list}.",
    more_corrected="and {count} more, listed in memo.json",
    skipped="Transcribed: {decoded}. Skipped, for nobody speaks there: {skipped}.",
    page="Page",
    of="of",
)

GERMAN = Wording(
    weekdays=(
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ),
    weekday_letters=2,
    opening_quote="„",
    closing_quote="“",
    untitled="Besprechung ohne Titel",
    transcript="Transkript",
    date_unknown="Datum unbekannt",
    made_from="Aus {recording} erstellt von memo {version} am {when}.",
    heard_by="Transkribiert von {asr}, gelesen von {reader}.",
    read_by="Gelesen von {reader}.",
    rules="Regeln allein",
    decisions="Entscheidungen",
    no_decisions="Es wurden keine Entscheidungen gefunden.",
    actions="Aufgaben",
    no_actions="Es wurden keine Aufgaben gefunden.",
    questions="Offene Fragen",
    no_questions="Es wurden keine offenen Fragen gefunden.",
    discussed="Außerdem besprochen",
    unverified="Nicht belegt",
    unverified_note="Das Transkript belegt dies nicht. Vor Gebrauch nachhören.",
    about="Über dieses Memo",
    why="Warum",
    replaces="Ersetzt",
    considered="Erwogen",
    decided_by="Entschieden von",
    raised_by="Gefragt von",
    waiting_for="Wartet auf",
    also_at="Auch bei",
    owner="Wer",
    task="Was",
    due="Bis wann",
    said="Stelle",
    no_owner="niemand",
    voice="Stimme {number}",
    guessed="vermutet",
    uncertain="Unsicher",
    uncertain_because="das Transkript belegt dies nur zum Teil",
    unverified_because="nichts im Transkript belegt dies",
    decision="Entscheidung",
    action="Aufgabe",
    question="Frage",
    statuses={
        DecisionStatus.PROPOSED: "vorgeschlagen",
        DecisionStatus.ACCEPTED: "angenommen",
        DecisionStatus.REJECTED: "abgelehnt",
        DecisionStatus.SUPERSEDED: "abgelöst",
    },
    covers_all="Umfasst die ganze Aufnahme: {total}, davon {speech} Sprache.",
    covers_part="Umfasst {covered}; {gaps}: {list}.",
    minutes_of="{covered} von {total} Minuten",
    times_of="{covered} von {total}",
    gap="1 Lücke",
    gaps="{count} Lücken",
    more_gaps="und {count} weitere, aufgeführt in memo.json",
    unread_speech="Nur {covered} Sprache wurden gelesen.",
    corrected_one="1 falsch gehörter Name wurde berichtigt: {list}.",
    corrected="{count} falsch gehörte Namen wurden berichtigt: {list}.",
    more_corrected="und {count} weitere, aufgeführt in memo.json",
    skipped="Transkribiert: {decoded}. Übersprungen, weil dort niemand spricht: {skipped}.",
    page="Seite",
    of="von",
)

SPANISH = Wording(
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    weekday_letters=3,
    opening_quote="«",
    closing_quote="»",
    untitled="Reunión sin título",
    transcript="Transcripción",
    date_unknown="fecha desconocida",
    made_from="Hecho a partir de {recording} con memo {version}, {when}.",
    heard_by="Transcrito por {asr}, leído por {reader}.",
    read_by="Leído por {reader}.",
    rules="reglas, sin modelo",
    decisions="Decisiones",
    no_decisions="No se encontraron decisiones.",
    actions="Tareas",
    no_actions="No se encontraron tareas.",
    questions="Preguntas abiertas",
    no_questions="No se encontraron preguntas abiertas.",
    discussed="También se habló de",
    unverified="Sin verificar",
    unverified_note="La transcripción no lo respalda. Escuche la grabación antes de fiarse.",
    about="Sobre este memo",
    why="Por qué",
    replaces="Sustituye a",
    considered="Se consideró",
    decided_by="Decidido por",
    raised_by="Planteada por",
    waiting_for="A la espera de",
    also_at="También en",
    owner="Quién",
    task="Tarea",
    due="Para cuándo",
    said="Dicho en",
    no_owner="sin responsable",
    voice="Voz {number}",
    guessed="supuesto",
    uncertain="Dudoso",
    uncertain_because="la transcripción lo respalda solo en parte",
    unverified_because="nada en la transcripción lo respalda",
    decision="Decisión",
    action="Tarea",
    question="Pregunta",
    statuses={
        DecisionStatus.PROPOSED: "propuesta",
        DecisionStatus.ACCEPTED: "aceptada",
        DecisionStatus.REJECTED: "rechazada",
        DecisionStatus.SUPERSEDED: "sustituida",
    },
    covers_all="Abarca toda la grabación: {total}, de ellos {speech} de voz.",
    covers_part="Abarca {covered}; {gaps}: {list}.",
    minutes_of="{covered} de {total} minutos",
    times_of="{covered} de {total}",
    gap="1 hueco",
    gaps="{count} huecos",
    more_gaps="y {count} más, en memo.json",
    unread_speech="Solo se leyeron {covered} de voz.",
    corrected_one="Se corrigió 1 nombre mal oído: {list}.",
    corrected="Se corrigieron {count} nombres mal oídos: {list}.",
    more_corrected="y {count} más, en memo.json",
    skipped="Transcrito: {decoded}. Omitido, porque ahí nadie habla: {skipped}.",
    page="Página",
    of="de",
)

_WORDINGS = {"en": ENGLISH, "de": GERMAN, "es": SPANISH}

LANGUAGES = {"de": "German", "en": "English", "es": "Spanish"}
"""The languages that a memo can be written in, by ISO 639-1 code."""
