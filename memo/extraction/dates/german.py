"""German words for days."""

from __future__ import annotations

from memo.extraction.dates.lexicon import Entries, Lexicon, entries_of, lexicon_of

_ONES = ("ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
_TENS = ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_ORDINAL_STEMS = {1: "erst", 3: "dritt", 7: "siebt", 8: "acht"}
_WEEKDAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_PARTS = ("morgen", "früh", "vormittag", "mittag", "nachmittag", "abend", "nacht")

_WORDS = """
n1… = eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn
n16… = sechzehn siebzehn achtzehn neunzehn
was = war | waren | gewesen
day0 = heute | heute noch | noch heute | heut | heute morgen | heute früh | heute vormittag
day0 = heute mittag | heute nachmittag | heute abend | heute nacht | nach diesem gespräch
day0 = nach diesem call | nach diesem meeting | nach diesem termin | nach dieser besprechung
day0 = nach dieser sitzung | gleich im anschluss | direkt im anschluss | gleich danach
day0 = wenn wir aufgelegt haben | sobald wir aufgelegt haben | sobald wir auflegen
day1 = morgen | morgen früh
day2 = übermorgen
x = guten morgen | vorgestern | gestern | am ende | jeden morgen | am nächsten morgen | erst mal
u_minute = minute | minuten
u_hour = stunde | stunden | h
u_day = tag | tage | tagen | tages | kalendertage | kalendertagen
u_bday = werktag | werktage | werktagen | arbeitstag | arbeitstage | arbeitstagen
u_week = woche | wochen
u_month = monat | monate | monaten | monats
u_quarter = quartal | quartale | quartals | quartalen | vierteljahr
u_year = jahr | jahre | jahren | jahres
u_weekend = wochenende | wochenendes | wochenenden
n30 u_minute = einer halben stunde
end u_week = wochenschluss
end u_month = monatsende | ultimo
end u_quarter = quartalsende
end u_year = jahresende
start u_month = monatsanfang
mid u_month = monatsmitte
mid u_week = wochenmitte
next = nächste | nächsten | nächster | nächstes | nächstem
this = diese | diesen | dieser | dieses | diesem | dies | der laufenden | die laufende
this = des laufenden | laufende | laufenden | laufender
coming = kommende | kommenden | kommender | kommendes | kommendem
afternext = übernächste | übernächsten | übernächster | übernächstes | übernächstem
following = folgende | folgenden | folgender | selben | gleichen | darauffolgenden
later = später | darauf | danach
last = letzte | letzten | letzter | letztes | letztem | vorige | vorigen | voriger | vergangene
last = vergangenen | vergangener | vorherigen
end = ende
end the = letzten tag des | letzter tag des
start = anfang | beginn | früh in
mid = mitte
soon = so bald wie möglich | sobald wie möglich | so schnell wie möglich | schnellstmöglich
soon = asap | möglichst bald | baldmöglichst
a = ein | eine | einer | einem | einen | eines
the = der | die | den | dem | des | 'n
of = von
of the = vom
on the = am | ans
on = an | auf | übers | über das
in = in | innerhalb | innerhalb von | binnen | innert | in spätestens
in the = im
by = bis | bis spätestens | spätestens | bis zu | zu | nicht später als | spätestens bis
by = fällig
by the = zum | bis zum | zur | bis zur | spätestens am | bis am | spätestens zum
by the = bis spätestens zum
before = vor
before the = vorm
for = für | fürs
at = um | ab um
at the = beim
from = ab | beginnend | frühestens
since = seit
after = nach
or = oder | beziehungsweise | bzw
fn = oder früher | oder eher | wenn nicht früher
ish = oder so | rum | herum
and = und | &
not = nicht | nie | kein | keinen | nicht vor
every = jede | jeden | jeder | jedes | jedem | immer | alle | montags bis
approx = in der nacht auf | in der nacht zu | in der nacht zum | nacht auf | nacht zum
approx = ungefähr | etwa | circa | ca | zirka | gegen | rund | so um | so gegen | um den
approx = um die | um das
few = paar | einige | einigen | mehrere | mehreren | wenigen | wenige
half = halb | halben | halbe | halbes | anderthalb | eineinhalb
now = jetzt
give = gib mir | gebt mir | geben sie mir
eod = feierabend | dienstschluss | tagesende | ende des tages | eod | büroschluss
eod = geschäftsschluss
part = früh | vormittag | nachmittag | abend | nacht | vormittags | nachmittags | abends
part = morgens | am morgen | am vormittag | am mittag | am nachmittag | am abend | in der früh
part = in der nacht | gleich früh | als erstes | nach dem mittagessen | vor dem mittagessen
part = nach der arbeit | vor der arbeit | nach feierabend | nach dienstschluss | mittags
part = zu mittag
t12 = mittag | zwölf uhr mittags
t24 = mitternacht
uhr = uhr
mytime = meiner zeit | eurer zeit | deiner zeit | unserer zeit | ihrer zeit | ortszeit
latest = allerspätestens
um = äh | ähm | hm | also | sagen wir | sagen wir mal | mal | halt | vielleicht | wahrscheinlich
kw = kw | kalenderwoche
q1 = q 1 | erstes quartal | ersten quartal | ersten quartals | erste quartal
q2 = q 2 | zweites quartal | zweiten quartal | zweiten quartals | zweite quartal
q3 = q 3 | drittes quartal | dritten quartal | dritten quartals | dritte quartal
q4 = q 4 | viertes quartal | vierten quartal | vierten quartals | vierte quartal
date12_24 = heiligabend | heilig abend | heiliger abend
date12_31 = silvester
date12_6 = nikolaus
noun = punkt | schritt | teil | stock | termin | stelle | platz | versuch
noun = schicht | gang | runde | teile | person | variante | halbjahr | seite | reihe | entwurf
noun = blick | etage | station
fn = das | ich | du | er | sie | es | wir | ihr | man | ist | sind | wird | werden | kann | muss
fn = soll | hab | habe | hat | weil | wenn | dann | dass | aber | mit | ohne | ja | nein | nee
fn = auch | doch | da | so | was | wer | sonst | gut | danke
mon1 = januar | jänner | jan
mon2 = februar | feber | feb
mon3 = märz
mon4 = april | apr
mon5 = mai
mon6 = juni | juno
mon7 = juli | julei
mon8 = august | aug
mon9 = september | sept | sep
mon10 = oktober | okt
mon11 = november | nov
mon12 = dezember | dez
wd5 = sonnabend
"""


def german() -> Lexicon:
    """Return the German lexicon."""
    return lexicon_of(
        [*_ordinals(), *entries_of(_WORDS), *_compounds(), *_weekdays()],
        order="day first",
        dotted_ordinals=True,
        capital_nouns=True,
        loose_days=frozenset({8}),
    )


def _compounds() -> Entries:
    """Yield zwanzig to neunundneunzig, and the years of two decades."""
    for ten, tens in enumerate(_TENS, 2):
        yield f"n{ten}0", tens
        for one, word in enumerate(("", *_ONES)):
            number = f"{word}und{tens}" if one else tens
            yield f"n{ten}{one}", number
            if ten <= 3:
                yield f"y20{ten}{one}", f"zweitausend{number} | zweitausendund{number}"


def _ordinals() -> Entries:
    """Yield erste to einunddreißigste, in all cases."""
    cardinals = dict([*entries_of(_WORDS), *_compounds()])
    for number in range(1, 32):
        stem = cardinals[f"n{number}"] + ("t" if number < 20 else "st")
        stem = _ORDINAL_STEMS.get(number, stem)
        yield f"ord{number}", " | ".join(f"{stem}e{ending}" for ending in ("", "n", "r", "s", "m"))


def _weekdays() -> Entries:
    for number, name in enumerate(_WEEKDAYS):
        yield f"wd{number}", name
        yield f"every wd{number}", f"{name}s | jeden {name}"
        for part in _PARTS:
            yield f"wd{number} part", f"{name} {part} | {name}{part}"
