"""English words for days."""

from __future__ import annotations

from collections.abc import Iterator

from memo.extraction.dates.lexicon import Entries, Lexicon, entries_of, lexicon_of

_NUMBERS = """
n1… = one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
n16… = sixteen seventeen eighteen nineteen
ord1… = first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
ord13… = thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
ord30… = thirtieth
"""
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

_WORDS = """
was = was | were | did | wasn't | weren't | didn't
day0 = today | tonight | this morning | this afternoon | this evening | this lunchtime
day0 = later today | later on today | later tonight | after this call | after this meeting
day0 = after this one | after this session | after this conversation | right after this
day0 = straight after this | as soon as we hang up | once we hang up | when we hang up
day0 = after we hang up | as soon as we're off this call | as soon as we are off this call
day0 = once we're off this call | when we're off this call | as soon as we're off the call
day0 = once we're off the call | when we're off the call | as soon as this call is over
day0 = as soon as this meeting is over
day1 = tomorrow | tmrw | tomorow
day2 = day after tomorrow | day after tmrw
u_minute = minute | minutes | min | mins
u_hour = hour | hours | hr | hrs | h
u_day = day | days | calendar days | days time | days' time | day's time
u_bday = working day | working days | business day | business days | work day | work days
u_bday = workday | workdays | working days' time
u_week = week | weeks | wk | wks | week's time | weeks' time | weeks time
u_fortnight = fortnight | fortnight's time
u_month = month | months | month's time | months' time | months time
u_quarter = quarter | quarters
u_year = year | years
u_weekend = weekend | weekends
n30 u_minute = half an hour | a half hour | half hour
next = next
this = this | the current | current
coming = coming | upcoming
afternext = after next
following = following | same | other
later = later | afterwards | thereafter
last = last | past | previous
ago = ago
x = good friday | black friday | easter monday | ash wednesday | whit monday
x = at last | at least | this time | next time | last name | fiscal
end = end | last day of
unsure = that week | that month | that weekend | that quarter
n1 u_week = this time next week | same time next week
start = start | beginning | early | first half
mid = mid | middle | midway through | second half
soon = as soon as possible | asap | as soon as i can | as soon as we can
a = a | an
the = the
of = of
on = on | upon | over
in = in | within | inside | over the next
by = by | no later than | not later than | not any later than | at the latest by | have until
by = has until | got until | due | due on | due by | latest by
before = before | ahead of | prior to
until = until | till | til | 'til
for = for | in time for
at = at
to = to | through
from = from | as of | starting | starting on | beginning on | effective | as from
since = since
after = after
or = or
fn = or sooner | or earlier | or before | if not sooner | if not earlier
ish = or so | or thereabouts | ish | give or take | more or less
and = and | &
not = minus | not | never | isn't | don't | can't | won't
every = every | each | any
approx = around | about | roughly | approximately | towards | toward | circa
few = few | couple | several | some | many
half = half
now = now | right now
give = give me | give us | gimme
eod = end of day | end of the day | eod | close of business | cob | close of play | end of play
eod = end of business
part = morning | afternoon | evening | night | first thing | lunch | lunchtime | in the morning
part = in the afternoon | in the evening | at night | after lunch | before lunch | after work
part = before work | after breakfast | before breakfast | after dinner | before dinner
part = after school | first thing in the morning | last thing | mid morning | mid afternoon
t12 = noon | midday
t24 = midnight
by t13 = by lunch | by lunchtime
pm = pm | p m
am = am | a m
oclock = o'clock | oclock | o clock
mytime = my time | your time | our time | local time | their time | his time | her time | my end
latest = at the latest | latest | at the very latest | sharp
um = um | uh | er | erm | hm | hmm | like | say | let's say | i mean | you know | so | well
um = maybe | probably
kw = calendar week | cw | week number | iso week
q1 = q 1 | q one
q2 = q 2 | q two
q3 = q 3 | q three
q4 = q 4 | q four
date12_24 = christmas eve
date12_25 = christmas day
date12_31 = new year's eve | new years eve
fn = i | we | you | he | she | it | they | i'll | we'll | you'll | he'll | she'll | it'll
fn = they'll | i'm | we're | you're | is | are | will | would | should | could
fn = can | must | be | do | does | have | has | had | let | that | which | because | if
fn = when | then | but | with | without | as | there | here | what | who | unless | once | while
fn = though | although | no | yes | yeah | also | just | too | that's | it's | he's | she's
fn = i'd | we'd | works | otherwise | already | instead | right | fine | good | great | perfect
fn = thanks | ok | okay | hopefully | please
mon1 = january | jan
mon2 = february | feb
mon3 = march
mon4 = april | apr
mon5 = may
mon6 = june | jun
mon7 = july | jul
mon8 = august | aug
mon9 = september | sept | sep
mon10 = october | oct
mon11 = november | nov
mon12 = december | dec
wd0 = monday | mon
wd1 = tuesday | tues | tue
wd2 = wednesday | weds | wed
wd3 = thursday | thurs | thur | thu
wd4 = friday | fri
wd5 = saturday
wd6 = sunday
"""


def english() -> Lexicon:
    """Return the English lexicon."""
    numbers = list(entries_of(_NUMBERS))
    entries = [*entries_of(_WORDS), *numbers, *_compounds(dict(numbers))]
    return lexicon_of(entries, order="unclear", next_skips_near=True)


def _compounds(numbers: dict[str, str]) -> Entries:
    """Yield twenty to ninety-nine, twenty-first to thirty-first, and years as they are said."""
    for ten, tens in enumerate(_TENS, 2):
        yield f"n{ten}0", tens
        for one in range(1, 10):
            word = numbers[f"n{one}"]
            yield f"n{ten}{one}", f"{tens} {word} | {tens}{word}"
            ordinal = numbers[f"ord{one}"]
            if f"{ten}{one}" <= "31":
                yield f"ord{ten}{one}", f"{tens} {ordinal} | {tens}{ordinal}"
    yield from _years(numbers)


def _years(numbers: dict[str, str]) -> Iterator[tuple[str, str]]:
    for ten, tens in enumerate(_TENS[:3], 2):
        for one in range(10):
            said = f"{tens} {numbers[f'n{one}']}" if one else tens
            yield (
                f"y20{ten}{one}",
                f"twenty {said} | two thousand {said} | two thousand and {said}",
            )
