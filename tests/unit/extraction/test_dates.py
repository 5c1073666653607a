"""Spoken due dates, in the three languages, and how others' parsers fare (module docstring)."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.errors import ConfigError
from memo.extraction.dates import find_due, resolve_due

SCRIPTED = sorted((Path(__file__).parents[2] / "data" / "scripted").glob("*.json"))

# Said on Wednesday, 15 October 2025, at 10:00 in Berlin (KW 42); "-" is no date.
ENGLISH = """
today = 2025-10-15
Today. = 2025-10-15
by tonight = 2025-10-15
later today = 2025-10-15
this afternoon = 2025-10-15
by the end of the day = 2025-10-15
EOD = 2025-10-15
by noon = 2025-10-15
by 5 pm = 2025-10-15
by 9 am = -
before midnight = 2025-10-15
right after this = 2025-10-15
after this call = 2025-10-15
within the hour = -
in an hour = 2025-10-15
tomorrow = 2025-10-16
tomorrow my time = 2025-10-16
tomorrow, before you go away = 2025-10-16
before you wake up tomorrow = 2025-10-16
end of day tomorrow = 2025-10-16
by tomorrow noon = 2025-10-16
tomorrow or the day after = -
the day after tomorrow = 2025-10-17
Friday = 2025-10-17
by friday = 2025-10-17
BY FRIDAY!!! = 2025-10-17
before Friday = 2025-10-17
this Friday = 2025-10-17
this coming Friday = 2025-10-17
no later than Friday = 2025-10-17
Friday at the latest = 2025-10-17
Friday at 3 pm = 2025-10-17
on Friday, at three = 2025-10-17
friday morning first thing = 2025-10-17
next Friday = 2025-10-24
next Monday = 2025-10-20
Monday next = 2025-10-20
next Sunday = -
Wednesday = 2025-10-22
by Wednesday = 2025-10-22
this Wednesday = -
next Wednesday = 2025-10-22
first thing Monday = 2025-10-20
Monday week = 2025-10-27
a week on Tuesday = 2025-10-28
a week from Friday = 2025-10-24
a week from today = 2025-10-22
a week from tomorrow = 2025-10-23
two weeks from Monday = 2025-11-03
three days from now = 2025-10-18
two days before the third = 2025-11-01
two weeks after the end of the sprint = -
the Friday of next week = 2025-10-24
next week, Wednesday = 2025-10-22
Wednesday next week = 2025-10-22
Wednesday of this week = 2025-10-15
Tuesday of this week = -
this week = 2025-10-17
end of the week = 2025-10-17
by the end of this week = 2025-10-17
next week = 2025-10-24
by next week = -
early next week = -
early next week, Tuesday = 2025-10-21
end of next week = 2025-10-24
by the end of next week = 2025-10-24
the week after next = 2025-10-31
the end of the week after next = 2025-10-31
over the weekend = 2025-10-19
before the weekend = 2025-10-17
by the weekend = -
in two weeks = 2025-10-29
in two weeks' time = 2025-10-29
two weeks = 2025-10-29
give me a week = 2025-10-22
in a fortnight = 2025-10-29
in three days = 2025-10-18
within 48 hours = 2025-10-17
in a couple of days = -
in a few weeks = -
in two or three weeks = -
in a week or two = -
in a week or so = -
in about two weeks = -
in a week and a half = -
two working days = 2025-10-17
in three business days = 2025-10-20
in a month = 2025-11-15
in six months = 2026-04-15
in a year = 2026-10-15
the third = 2025-11-03
on the 3rd = 2025-11-03
the fifteenth = 2025-10-15
by the twenty seventh = 2025-10-27
by the 31st = 2025-10-31
the third of next month = 2025-11-03
the thirty-first of October = 2025-10-31
October 31 = 2025-10-31
October thirty-first, twenty twenty-six = 2026-10-31
31 October 2026 = 2026-10-31
the fourteenth of October = 2026-10-14
march the second = 2026-03-02
november twelfth = 2025-11-12
31 June = -
February 29 = 2028-02-29
30 February = -
31.10. = 2025-10-31
31/10 = 2025-10-31
10/31 = 2025-10-31
11/3 = -
2025-10-31 = 2025-10-31
2025-13-01 = -
Monday the twenty-seventh, in the afternoon = 2025-10-27
Monday the twenty-eighth = -
the fourth, the Tuesday, in the morning = 2025-11-04
a week, Wednesday the twenty-second = 2025-10-22
tomorrow, the sixteenth = 2025-10-16
tomorrow, the seventeenth = -
the last Friday of the month = 2025-10-31
the first Monday of next month = 2025-11-03
the second Tuesday in November = 2025-11-11
end of the month = 2025-10-31
end of the month, the thirtieth = 2025-10-30
by the end of next month = 2025-11-30
month end = 2025-10-31
end of November = 2025-11-30
this month = 2025-10-31
by next month = -
mid-month = -
mid November = -
in November = -
in November, the third = 2025-11-03
end of the quarter = 2025-12-31
by end of Q1 = 2026-03-31
by Q1 = -
end of the fiscal quarter = -
end of the year = 2025-12-31
by New Year's Eve = 2025-12-31
before Christmas = -
the Friday before Christmas = -
Friday after the show = -
after Friday = -
not before Friday = -
not on Monday = -
every Friday = -
last Friday = -
since Monday = -
from Monday = -
the Monday after = -
two days ago = -
Thursday or Friday = -
Tuesday, I mean Thursday = -
around the tenth = -
Friday or so = -
by Friday or sooner = 2025-10-17
ASAP = -
ASAP, by Friday at the latest = 2025-10-17
soon = -
before you wake up = -
when it comes = -
on the fourth floor = -
the second option = -
in the second week of November = -
by five = -
 = -
"""
GERMAN = """
heute = 2025-10-15
heute noch = 2025-10-15
heute Abend = 2025-10-15
bis Feierabend = 2025-10-15
bis 17 Uhr = 2025-10-15
morgen = 2025-10-16
morgen früh = 2025-10-16
bis morgen Abend = 2025-10-16
übermorgen = 2025-10-17
uebermorgen = 2025-10-17
bis Freitag = 2025-10-17
spätestens am Freitag = 2025-10-17
am Freitagnachmittag = 2025-10-17
bis Freitag morgen = 2025-10-17
diesen Freitag = 2025-10-17
kommenden Freitag = 2025-10-17
nächsten Freitag = -
nächsten Montag = 2025-10-20
übernächsten Montag = 2025-10-27
nächste Woche Mittwoch = 2025-10-22
Mittwoch nächster Woche = 2025-10-22
am Mittwoch = 2025-10-22
diese Woche = 2025-10-17
Ende der Woche = 2025-10-17
nächste Woche = 2025-10-24
bis nächste Woche = -
Anfang nächster Woche = -
Ende nächster Woche = 2025-10-24
bis Ende naechster woche = 2025-10-24
bis Ende nächster Woche, Freitag der Vierundzwanzigste = 2025-10-24
Ende übernächster Woche = 2025-10-31
am Wochenende = 2025-10-19
vor dem Wochenende = 2025-10-17
am Dritten = 2025-11-03
zum 15. = 2025-10-15
bis zum 31. = 2025-10-31
am 3. November = 2025-11-03
am dritten November = 2025-11-03
31.10. = 2025-10-31
am 3.11.2025 = 2025-11-03
am 9.12. um 9.30 Uhr = 2025-12-09
zum ersten Mal = -
am ersten Standort = -
in vierzehn Tagen = 2025-10-29
in acht Tagen = -
in zwei Wochen = 2025-10-29
in drei Tagen = 2025-10-18
innerhalb von 48 Stunden = 2025-10-17
in zwei Werktagen = 2025-10-17
vor zwei Wochen = -
in ein paar Tagen = -
in zwei bis drei Wochen = -
in etwa zwei Wochen = -
am Montag in einer Woche = 2025-10-27
Montag in acht Tagen = 2025-10-27
heute in acht Tagen = 2025-10-22
Freitag in zwei Wochen = 2025-10-31
Montag in zwei Wochen = -
zwei Wochen nach Montag = 2025-11-03
Ende des Monats = 2025-10-31
bis Monatsende = 2025-10-31
Ende Oktober = 2025-10-31
Ende September = 2026-09-30
Mitte des Monats = -
bis zum Quartalsende = 2025-12-31
bis Jahresende = 2025-12-31
KW 44 = 2025-10-31
Mittwoch KW 44 = 2025-10-29
KW 54 = -
bis Silvester = 2025-12-31
ab Montag = -
seit Montag = -
jeden Montag = -
montags = -
letzten Freitag = -
nicht vor Freitag = -
Montag oder Dienstag = -
so bald wie möglich = -
31. Juni = -
Montag, der Achtundzwanzigste = -
nach diesem Call = 2025-10-15
gestern = -
guten Morgen = -
"""
SPANISH = """
hoy = 2025-10-15
esta tarde = 2025-10-15
mañana = 2025-10-16
manana por la manana = 2025-10-16
mañana por la tarde = 2025-10-16
pasado mañana = 2025-10-17
para el viernes = 2025-10-17
antes del viernes = 2025-10-17
el viernes que viene = 2025-10-17
el próximo viernes = 2025-10-17
este viernes = 2025-10-17
a más tardar el viernes = 2025-10-17
el viernes por la mañana = 2025-10-17
el lunes de la semana que viene = 2025-10-20
la semana que viene = 2025-10-24
para la semana que viene = -
esta semana = 2025-10-17
a finales de la semana que viene = 2025-10-24
a finales de semana = 2025-10-17
este fin de semana = 2025-10-19
el miércoles = 2025-10-22
dentro de dos semanas = 2025-10-29
en tres días = 2025-10-18
en quince días = -
en dos o tres semanas = -
en 48 horas = 2025-10-17
en dos días hábiles = 2025-10-17
en un par de días = -
hace dos semanas = -
una semana después = -
dos semanas después del lunes = 2025-11-03
el lunes en ocho días = 2025-10-27
a fin de mes = 2025-10-31
a finales de octubre = 2025-10-31
a finales del mes que viene = 2025-11-30
a mediados de mes = -
este trimestre = 2025-12-31
al final del trimestre = 2025-12-31
para fin de año = 2025-12-31
el tres = 2025-11-03
el día 3 = 2025-11-03
el día 3 de noviembre = 2025-11-03
el tres de noviembre = 2025-11-03
el treinta y uno de octubre = 2025-10-31
el treinta y uno de junio = -
el lunes veintisiete = 2025-10-27
el lunes 28 = -
el 3/11 = 2025-11-03
el 3 de noviembre de 2026 = 2026-11-03
el primero de noviembre = 2025-11-01
el tres por ciento = -
el viernes pasado = -
los viernes = -
todos los lunes = -
desde el lunes = -
a partir del lunes = -
no el lunes = -
el lunes o el martes = -
sobre el diez = -
cuanto antes = -
después de esta llamada = 2025-10-15
la semana pasada = -
"""
SAID_AT = dt.datetime(2025, 10, 15, 10, tzinfo=ZoneInfo("Europe/Berlin"))


def table() -> list[Any]:
    rows = []
    for language, lines in (("en", ENGLISH), ("de", GERMAN), ("es", SPANISH)):
        for line in lines.strip("\n").splitlines():
            phrase, day = line.rsplit("=", 1)
            due = None if day.strip() == "-" else dt.date.fromisoformat(day.strip())
            rows.append(pytest.param(language, phrase.strip(), due, id=f"{language}-{phrase}"))
    return rows


@pytest.mark.parametrize(("language", "phrase", "due"), table())
def test_phrase_means_the_day_that_people_mean(
    language: str, phrase: str, due: dt.date | None
) -> None:
    assert resolve_due(phrase, SAID_AT, language=language) == due
