"""The grammar of due phrases, over the symbols of `lexicon`: which words name a day, and how.

A `Mention` is one way of naming a day ("Friday", "the third", "end of next week"); a phrase may
hold several ("Monday the twenty-seventh"). Nothing here knows what today is.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from itertools import accumulate

from memo.extraction.dates.lexicon import Lexicon, Token

_N = r"(?:n(?P<n>\d+)|(?P<a>a)) "
_UNIT = r"u_(?P<unit>minute|hour|day|bday|week|fortnight|month|quarter|year) "
_PERIOD = r"u_(?P<unit>week|month|quarter|year) "
_THE = r"(?:the )?"
_OF = r"(?:of |in )?(?:the )?"
_REL = r"(?P<rel>this|next|coming|afternext) "
_POST = r"(?P<post>next|coming|afternext|this) "
_YEAR = r"(?:(?:of |, )?y(?P<y>\d+) )"
_MON = r"mon(?P<m>\d+) "
_WD = r"wd(?P<wd>\d) "
_NTH = rf"{_THE}(?:ord(?P<nth>[1-5])|last) {_WD}(?:of |in ){_THE}"
_LEAD = r"(?P<lead>by|before|until|for) "
_ANCHOR = (
    rf"{_THE}(?:day(?P<day>\d) |(?P<now>now) "
    rf"|(?:(?P<rel>this|next|coming) )?{_WD}(?:(?P<post>coming|next) )?"
    rf"|(?:ord|u_day n)(?P<d>\d+) (?:of )?(?:mon(?P<m>\d+) {_YEAR}?)?)"
)

# At each place the longest match counts; of two as long, the first.
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("date", r"iso(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d) "),
    ("date", r"date(?P<m>\d+)_(?P<d>\d+)(?:_(?P<y>\d+))? "),
    ("date", rf"{_THE}(?:u_day )?(?:ord|n)(?P<d>\d+) (?:of )?(?:the )?{_MON}{_YEAR}?"),
    ("date", rf"{_MON}{_THE}(?:ord|n)(?P<d>\d+) (?!u_|oclock|am |pm |uhr){_YEAR}?"),
    ("unclear", r"unsure "),
    ("day", rf"{_THE}day(?P<day>\d) "),
    ("ordinal", rf"{_THE}ord(?P<d>\d+) (?:of (?:the |the this |this )u_month )?"),
    ("cardinal", r"the (?:u_day )?n(?P<d>\d+) (?!n\d|y\d|u_|mon|of |x|oclock|am |pm |uhr)"),
    ("cardinal", rf"{_THE}{_WD}n(?P<d>\d+) (?!n\d|y\d|u_|x|oclock|am |pm |uhr)"),
    ("cardinal", r"u_day n(?P<d>\d+) (?!n\d)"),
    ("nth", rf"{_NTH}(?:(?P<rel>this|next|coming) )?u_month (?:(?P<post>coming|next) )?"),
    ("nth", rf"{_NTH}{_MON}"),
    ("unclear", r"(?:the )?ord\d+ u_\w+ "),
    ("span", rf"(?:(?P<lead>in) )?{_THE}(?:next |coming )?{_N}{_UNIT}(?:from now )?"),
    ("not_due", r"(?:ago|before|since) (?:n\d+|a) u_\w+ |(?:n\d+|a) u_\w+ ago "),
    ("blank", r"(?:n\d+|a) u_\w+ (?:later|following|after) |later "),
    (
        "unclear",
        r"(?:n\d+|a) (?:or |to |by |, )*n\d+ u_\w+ |(?:n\d+|a) u_\w+ or (?:n\d+|a|few|half) ",
    ),
    ("unclear", rf"(?:in )?{_THE}(?:next |coming )?(?:a )?few (?:of )?{_UNIT}"),
    ("unclear", r"(?:in )?(?:(?:n\d+|a) )?(?:and )?half (?:a )?u_\w+ "),
    ("unclear", r"(?:in )?(?:n\d+|a) u_\w+ (?:and )?(?:a )?half "),
    ("shift", rf"{_N}{_UNIT}(?P<way>from|on|after|before) {_ANCHOR}"),
    ("shift", rf"the u_(?P<unit>day) (?P<way>after|before) {_ANCHOR}"),
    ("shift_in", rf"{_THE}(?:{_WD}|day(?P<day>[01]) )in {_N}{_UNIT}"),
    ("shift_in", rf"(?:{_WD}|day(?P<day>[01]) )(?P<unit>u_week|u_fortnight) (?!n\d)"),
    ("period", rf"(?:{_LEAD})?{_THE}{_REL}{_PERIOD}"),
    ("period", rf"(?:{_LEAD})?{_THE}{_PERIOD}{_POST}"),
    ("period", rf"(?:{_LEAD})?q(?P<q>\d) {_YEAR}?"),
    ("end", rf"end {_OF}(?:{_REL})?{_PERIOD}(?:{_POST})?"),
    ("end", rf"{_PERIOD}end "),
    ("end", rf"end {_OF}(?:{_MON}|q(?P<q>\d) |kw (?:n|ord)(?P<kw>\d+) ){_YEAR}?"),
    ("vague", rf"(?:start|mid) {_OF}(?:{_REL})?{_PERIOD}(?:{_POST})?"),
    ("vague", rf"(?:(?:start|mid) {_OF})?{_MON}{_YEAR}?"),
    ("vague", rf"(?:start|mid) {_OF}(?:q(?P<q>\d) |kw (?:n|ord)(?P<kw>\d+) ){_YEAR}?"),
    ("end", r"kw (?:n|ord)(?P<kw>\d+) "),
    ("unclear", r"(?:end |start |mid )?(?:of )?the? ?u_week of the \w+ "),
    ("unclear", r"u_week of (?:the )?(?:ord\d+|mon\d+|n\d+) (?:of )?(?:mon\d+ |ord\d+ |n\d+ )?"),
    ("weekend", rf"(?:{_LEAD})?{_THE}(?:(?P<rel>this|next|coming) )?u_weekend (?:{_POST})?"),
    (
        "weekday",
        rf"{_THE}(?:this (?=coming|next))?(?:(?P<rel>this|next|coming) )?{_WD}(?:{_POST}(?!u_))?",
    ),
    ("weekday", rf"{_THE}(?P<rel>afternext) {_WD}"),
    (
        "not_due",
        r"(?:the )?(?:last|following) (?:wd\d|u_\w+|mon\d+) |(?:the )?wd\d (?:last|following) ",
    ),
    ("not_due", r"(?:the )?u_\w+ (?:last|following) "),
    ("hour", rf"(?:{_LEAD})?(?:at )?(?:the )?t(?P<h>\d+) (?P<half>am|pm|uhr|oclock)? ?"),
    ("hour", rf"(?:{_LEAD})?(?:at )?n(?P<h>\d+) (?:n\d+ )?(?P<half>am|pm|uhr|oclock) "),
    ("blank", r"at n\d+ (?:n\d+ )?"),
    ("end_of_day", r"eod "),
    ("blank", r"soon "),
)
_LEADS = frozenset({"by", "before", "until", "for", "on", "in", "the", "of", "at", "to", "um"})
_PREPOSITIONS = frozenset({"by", "before", "until", "for", "on"})
_MORE_PREPOSITIONS = {
    "day": frozenset({"by", "before", "until", "for"}),
    "period": frozenset({"by", "before", "until", "for", "in"}),
    "end": frozenset({"by", "before", "until", "for", "at"}),
    "vague": frozenset({"by", "before", "until", "for", "in"}),
    "weekend": frozenset({"by", "before", "until", "for", "on", "at"}),
    "hour": frozenset({"by", "before", "until", "for", "at"}),
}
_UNSURE = frozenset({"approx", "after", "or"})
_NOT_A_DUE_DATE = frozenset({"not", "every", "since", "from", "last", "ago", "was"})
_JOINTS = frozenset({"the", "of", "on", "in", "at", "by", "part", "mytime", "um", ",", "latest"})
_TAILS = frozenset({"part", "mytime", "latest"})
_TIES = frozenset({"or", "and", "to", "by"})
_OPEN_WORDS = frozenset({"x", "noun"})
_SURE_ORDINAL = 7
_PRECISE = frozenset({"date", "day", "span", "shift", "shift_in", "nth", "end", "ordinal"})


class Use(Enum):
    """What a mention is good for."""

    DUE = "names a day"
    UNCLEAR = "is about a day, but does not name it"
    NOT_DUE = "names a day on which nothing is due"


@dataclass(frozen=True)
class Mention:
    """One way of naming a day: its kind, its parts, and the tokens [start, end) that say it."""

    kind: str
    start: int
    end: int
    parts: Mapping[str, str] = field(default_factory=dict)
    use: Use = Use.DUE

    def number(self, part: str) -> int | None:
        """Return a part as a number, None if it was not said; "a" is one."""
        value = self.parts.get(part)
        return int(value) if value is not None else 1 if part == "n" and "a" in self.parts else None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in _PATTERNS)


def mentions(tokens: Sequence[Token], lexicon: Lexicon) -> list[Mention]:
    """Return every mention of a day, from left to right, without overlaps."""
    symbols = [token.symbol for token in tokens]
    line = "".join(f"{symbol} " for symbol in symbols)
    offsets = [0, *accumulate(len(symbol) + 1 for symbol in symbols)]
    found: list[Mention] = []
    place = 0
    while place < len(symbols):
        mention = _mention_at(line, offsets, place, lexicon)
        if mention is None or _counts_a_noun(mention, tokens, lexicon):
            place += 1
            continue
        found.append(_judged(mention, symbols))
        place = mention.end
    return found


def _mention_at(line: str, offsets: list[int], place: int, lexicon: Lexicon) -> Mention | None:
    best: Mention | None = None
    for kind, pattern in _patterns():
        match = pattern.match(line, offsets[place])
        if match is None or (kind == "cardinal" and not lexicon.cardinal_days):
            continue
        end = bisect_left(offsets, match.end())
        if best is None or end > best.end:
            parts = {name: value for name, value in match.groupdict().items() if value is not None}
            best = Mention(kind, place, end, parts)
    return best


def _counts_a_noun(mention: Mention, tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Whether the number is about something else than a day: "the third supplier"."""
    if mention.kind not in {"ordinal", "cardinal"} or mention.end >= len(tokens):
        return False
    after = tokens[mention.end]
    if lexicon.capital_nouns:
        return after.symbol == "noun" or (after.symbol in {"x", "um"} and after.capital)
    return after.symbol in {"x", "half", "last", "next"} or after.symbol.startswith("n")


def _judged(mention: Mention, symbols: list[str]) -> Mention:
    """Give a mention its use, from its kind and the words around it."""
    use = {"unclear": Use.UNCLEAR, "not_due": Use.NOT_DUE}.get(mention.kind, Use.DUE)
    before = mention.start - 1
    while before >= 0 and symbols[before] in _LEADS:
        before -= 1
    led_by = symbols[before] if before >= 0 else ""
    if led_by in _NOT_A_DUE_DATE:
        use = Use.NOT_DUE
    elif use is Use.DUE and (led_by in _UNSURE or _is_loosened(mention, symbols)):
        use = Use.UNCLEAR
    return Mention(mention.kind, mention.start, mention.end, mention.parts, use)


def _is_loosened(mention: Mention, symbols: list[str]) -> bool:
    """Whether what follows makes the day another one: "Friday after the show", "Friday or so"."""
    rest = symbols[mention.end : mention.end + 4]
    following = rest[0] if rest else ""
    if following in {"ish", "last", "following"} or (following == "or" and rest[1:2] != ["fn"]):
        return True
    if mention.kind in _PRECISE:
        return mention.kind == "span" and following in {"before", "after"}
    return following == "after" or rest[:2] == [",", "after"] or _anchor_length(rest) > 0


def _anchor_length(symbols: Sequence[str]) -> int:
    """Return how many tokens "after the show" takes, 0 if the tokens are no such thing."""
    if not symbols or symbols[0] not in {"after", "before"}:
        return 0
    size = 1
    while size < len(symbols) and symbols[size] in {"the", "a", "this"}:
        size += 1
    if size < len(symbols) and (symbols[size] in _OPEN_WORDS or symbols[size] == "fn"):
        return size + 1
    return 0


# --- Spans for reading aloud ------------------------------------------------------------------


def due_spans(tokens: Sequence[Token], lexicon: Lexicon) -> list[tuple[int, int]]:
    """Return the token spans [start, end) that say when something is due.

    Neighbouring mentions ("Monday the twenty-seventh, in the afternoon") are one span.
    """
    symbols = [token.symbol for token in tokens]
    spans: list[tuple[int, int]] = []
    for group in _groups(mentions(tokens, lexicon), symbols):
        beside_a_day = any(mention.kind in {"weekday", "date", "end"} for mention in group)
        if any(_is_due(mention, symbols, beside_a_day=beside_a_day) for mention in group):
            spans.append((_first_token(group[0], symbols), _last_token(group[-1], symbols)))
    return spans


def _groups(found: Sequence[Mention], symbols: list[str]) -> list[list[Mention]]:
    """Put neighbours together, and leave out the days on which nothing is due."""
    groups: list[list[Mention]] = []
    last: Mention | None = None
    for mention in found:
        if mention.use is Use.NOT_DUE:
            last = None
            continue
        if last is not None and _belongs(last, mention, symbols):
            groups[-1].append(mention)
        else:
            groups.append([mention])
        last = mention
    return groups


def _belongs(last: Mention, mention: Mention, symbols: list[str]) -> bool:
    between = symbols[last.end : mention.start]
    tied = len(between) == 1 and between[0] in _TIES
    return tied or all(symbol in _JOINTS for symbol in between)


def _is_due(mention: Mention, symbols: list[str], *, beside_a_day: bool) -> bool:
    """Whether a mention, found in running talk, is likely to be a due date."""
    start = _first_token(mention, symbols)
    lead = {*symbols[start : mention.start], mention.parts.get("lead")}
    if "until" in lead:
        return False
    first = symbols[mention.start]
    led = bool(lead & {"by", "before", "on", "for"})
    match mention.kind:
        case "ordinal" | "cardinal":
            sure = (mention.number("d") or 0) >= _SURE_ORDINAL
            return led or beside_a_day or (sure and "the" in {first, *lead})
        case "span":
            given = "in" in lead or symbols[max(0, start - 1) : start] == ["give"]
            return given and mention.parts["unit"] != "minute"
        case "vague" | "unclear" | "weekend":
            return led or bool({first, *lead} & {"in", "start", "mid", "this", "at"})
    needed = {"hour": lead & {"by", "before"}, "blank": {first} & {"soon"}}
    return bool(needed.get(mention.kind, {first}))


def _first_token(mention: Mention, symbols: list[str]) -> int:
    """Return where the words that lead to a mention begin ("by the", "by, um, the")."""
    start = mention.start
    while start and symbols[start - 1] == "part":
        start -= 1
    if start and symbols[start - 1] == "the" and mention.kind != "day":
        start -= 1
    prepositions = _MORE_PREPOSITIONS.get(mention.kind, _PREPOSITIONS)
    back = start
    while back and symbols[back - 1] in {",", "um"}:
        back -= 1
    if back and symbols[back - 1] in prepositions & ({"by"} if back < start else prepositions):
        return back - 1
    return start


def _last_token(mention: Mention, symbols: list[str]) -> int:
    """Return where the words that belong to a mention end ("in the afternoon")."""
    end = mention.end
    while True:
        pause = symbols[end : end + 1] == [","]
        if symbols[end + pause : end + pause + 1] and symbols[end + pause] in _TAILS:
            end += pause + 1
        elif mention.use is Use.UNCLEAR and (size := _anchor_length(symbols[end : end + 4])):
            end += size
        elif symbols[end : end + 1] == ["ish"]:
            end += 1
        else:
            return end
