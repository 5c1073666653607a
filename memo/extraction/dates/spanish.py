"""Spanish words for days."""

from __future__ import annotations

from memo.extraction.dates.lexicon import Entries, Lexicon, entries_of, lexicon_of

_NUMBERS = """
n1… = uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince
n16… = dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro
n25… = veinticinco veintiséis veintisiete veintiocho veintinueve
"""
_TENS = ("treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
_WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")

_WORDS = """
was = fue | era | estuvo
day0 = hoy | hoy mismo | esta mañana | esta tarde | esta noche | este mediodía
day0 = después de esta llamada | después de esta reunión | al terminar esta llamada
day0 = al terminar esta reunión | en cuanto colguemos | cuando colguemos | nada más colgar
day0 = al acabar esta llamada | al acabar esta reunión
day1 = mañana | mañana mismo
day2 = pasado mañana
x = viernes santo | jueves santo | lunes de pascua | domingo de ramos
x = hoy en día | hoy día | ayer | anteayer | antier | por ciento | por lo menos | al menos
x = fiscal
u_minute = minuto | minutos
u_hour = hora | horas | h
u_day = día | días | días naturales
u_bday = día hábil | días hábiles | día laborable | días laborables | día laboral
u_bday = días laborales
u_week = semana | semanas
u_month = mes | meses
u_quarter = trimestre | trimestres
u_year = año | años
u_weekend = fin de semana | fines de semana | finde
n30 u_minute = media hora
coming = que viene | que entra | próximo | próxima | próximos | próximas | entrante | que vienen
this = este | esta | presente | en curso | actual
following = siguiente | siguientes | mismo | misma | otro | otra
later = más tarde | después | luego
last = pasado | pasada | pasados | pasadas | último | última | últimos | últimas | anterior
ago = hace
end = fin de | a fin de | final de | al final de | el final de | a finales de | finales de
end = a fines de | fines de | finalizar | final | finales | cierre de | al cierre de
end = fin
end = último día de
end the = último día del
end the = fin del | a fin del | final del | al final del | a finales del | el final del
end the = cierre del
start = principios de | a principios de | comienzos de | a comienzos de | inicio de | inicios de
start = principios del | a principios del | inicio del | comienzos del | principio de
mid = mediados de | a mediados de | mitad de | a mitad de | mediados del | a mediados del
soon = lo antes posible | cuanto antes | tan pronto como sea posible | lo más pronto posible
soon = asap
a = un | una
the = el | la | lo | los
of = de
of the = del
to the = al
on = sobre todo el
in = en | dentro de | en un plazo de | en el plazo de | de aquí a | a más tardar en
by = para | a más tardar | como muy tarde | como tarde | no más tarde de | no más tarde que
by = como máximo | a más tardar para | antes de que acabe | antes de que termine
by the = no más tarde del | a más tardar el | como muy tarde el | como máximo el | pal
before = antes de
before the = antes del
until = hasta
for = por
at = a las | a la | las
to = a
from = desde | a partir de | a contar de | tras
from the = a partir del | a contar del
since = desde hace
after = después de
after the = después del
or = o | u
fn = o antes | si no antes
ish = o así | o por ahí | más o menos | aproximadamente
and = y | e
not = no | nunca | tampoco | ni
every = cada | todos los | todas las | cualquier
approx = sobre | sobre el | hacia | hacia el | alrededor de | alrededor del | unos | unas
approx = en torno al
few = varios | varias | algunos | algunas | pocos | pocas | par
half = medio | y medio | y media
now = ahora | hoy en adelante
give = dame | denme | deme | danos
eod = final del día | fin del día | el final del día | cierre del día | final de la jornada
eod = al final del día | al final de la jornada | fin de la jornada | última hora
eod = a última hora
part = por la mañana | de la mañana | en la mañana | a la mañana | por la tarde | de la tarde
part = en la tarde | por la noche | de la noche | en la noche | a primera hora | primera hora
part = temprano | tarde | noche | después de comer | antes de comer
part = a primera hora de la mañana | a última hora de la tarde | en la mañana | de la madrugada
t12 = mediodía
t24 = medianoche
uhr = en punto | horas en punto
mytime = mi hora | hora mía | hora local | tu hora | vuestra hora | su hora
latest = sin falta
um = eh | este eh | bueno | pues | o sea | digamos | quizá | quizás | em
kw = semana número | semana iso
q1 = q 1 | t 1 | primer trimestre
q2 = q 2 | t 2 | segundo trimestre
q3 = q 3 | t 3 | tercer trimestre
q4 = q 4 | t 4 | cuarto trimestre
date12_24 = nochebuena
date12_25 = día de navidad
date12_31 = nochevieja | fin de año día treinta y uno
fn = yo | ella | nosotros | ustedes | ellos | se | te | me | nos | que | es | son | por favor
fn = será | están | lo tengo | tengo | tenemos | puedo | puede | va | voy | vamos | si
fn = sí | cuando | entonces | pero | con | sin | como | porque | ya | también | qué | quien
fn = mando | envío | hago | vale | bien | perfecto | gracias
n21 = veintiún | veintiuna
n31 = treinta y un | treinta y una
ord1 = primero | primer
mon1 = enero | ene
mon2 = febrero | feb
mon3 = marzo
mon4 = abril | abr
mon5 = mayo
mon6 = junio | jun
mon7 = julio | jul
mon8 = agosto | ago
mon9 = septiembre | setiembre | sept | sep
mon10 = octubre | oct
mon11 = noviembre | nov
mon12 = diciembre | dic
"""


def spanish() -> Lexicon:
    """Return the Spanish lexicon."""
    numbers = list(entries_of(_NUMBERS))
    entries = [*numbers, *entries_of(_WORDS), *_compounds(dict(numbers)), *_weekdays()]
    return lexicon_of(entries, order="day first", cardinal_days=True, loose_days=frozenset({8, 15}))


def _compounds(numbers: dict[str, str]) -> Entries:
    """Yield treinta to noventa y nueve, and the years of two decades."""
    spelled = {number: numbers[f"n{number}"] for number in range(20, 30)}
    for ten, tens in enumerate(_TENS, 3):
        spelled[10 * ten] = tens
        spelled |= {10 * ten + one: f"{tens} y {numbers[f'n{one}']}" for one in range(1, 10)}
    for number, word in spelled.items():
        yield f"n{number}", word
        if number < 40:
            yield f"y20{number}", f"dos mil {word}"


def _weekdays() -> Entries:
    for number, name in enumerate(_WEEKDAYS):
        plural = name if name.endswith("s") else f"{name}s"
        yield f"wd{number}", name
        yield f"every wd{number}", f"los {plural} | todos los {plural} | cada {name}"
