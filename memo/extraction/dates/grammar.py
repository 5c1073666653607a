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

from memo.extraction.dates.lexicon import Token

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
    ("date", rf"{_THE}(?:u_day )?(?:ord|n)(?P<d>\d+) {_OF}{_MON}{_YEAR}?"),
    ("date", rf"{_MON}{_THE}(?:ord|n)(?P<d>\d+) (?!u_|oclock|am |pm |uhr){_YEAR}?"),
    ("unclear", r"clash "),
    ("day", rf"{_THE}day(?P<day>\d) "),
    ("ordinal", rf"{_THE}ord(?P<d>\d+) (?:of (?:the |the this |this )u_month )?"),
    ("ordinal", r"the (?:u_day )?n(?P<d>\d+) (?!n\d|y\d|u_|mon|of |x|oclock|am |pm |uhr)"),
    ("ordinal", rf"{_THE}{_WD}n(?P<d>\d+) (?!n\d|y\d|u_|x|oclock|am |pm |uhr)"),
    ("ordinal", r"u_day n(?P<d>\d+) (?!n\d)"),
    ("nth", rf"{_NTH}(?:(?P<rel>this|next|coming) )?u_month (?:(?P<post>coming|next) )?"),
    ("nth", rf"{_NTH}{_MON}"),
    ("unclear", r"(?:the )?ord\d+ u_\w+ "),
    ("span", rf"(?P<lead>in )?{_THE}(?:next |coming )?{_N}{_UNIT}(?:from now )?"),
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
    ("shift_in", rf"{_THE}(?:{_WD}|day(?P<day>[01]) )in {_N}{_UNIT}"),
    ("shift_in", rf"(?:{_WD}|day(?P<day>[01]) )(?P<unit>u_week|u_fortnight) (?!n\d)"),
    ("period", rf"(?:{_LEAD})?{_THE}{_REL}{_PERIOD}"),
    ("period", rf"(?:{_LEAD})?{_THE}{_PERIOD}{_POST}"),
    ("period", rf"(?:{_LEAD})?q(?P<q>\d) {_YEAR}?"),
    ("end", rf"end {_OF}(?:{_REL})?{_PERIOD}(?:{_POST})?"),
    ("end", rf"{_PERIOD}end "),
    ("end", rf"end {_OF}(?:{_MON}|q(?P<q>\d) |kw n(?P<kw>\d+) ){_YEAR}?"),
    ("vague", rf"(?:start|mid) {_OF}(?:{_REL})?{_PERIOD}(?:{_POST})?"),
    ("vague", rf"(?:(?:start|mid) {_OF})?{_MON}{_YEAR}?"),
    ("vague", rf"(?:start|mid) {_OF}(?:q(?P<q>\d) |kw n(?P<kw>\d+) ){_YEAR}?"),
    ("end", r"kw n(?P<kw>\d+) "),
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
_STARTS = frozenset({"by", "before", "until", "for", "on", "in", "the", "at", "latest", "part"})
_UNSURE = frozenset({"approx", "after", "or"})
_NOT_A_DUE_DATE = frozenset({"not", "every", "since", "from", "last", "ago"})
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


def mentions(tokens: Sequence[Token], *, capital_nouns: bool) -> list[Mention]:
    """Return every mention of a day, from left to right, without overlaps."""
    symbols = [token.symbol for token in tokens]
    line = "".join(f"{symbol} " for symbol in symbols)
    offsets = [0, *accumulate(len(symbol) + 1 for symbol in symbols)]
    found: list[Mention] = []
    place = 0
    while place < len(symbols):
        mention = _mention_at(line, offsets, place)
        if mention is None or _counts_a_noun(mention, tokens, capital_nouns=capital_nouns):
            place += 1
            continue
        found.append(_judged(mention, symbols))
        place = mention.end
    return found


def _mention_at(line: str, offsets: list[int], place: int) -> Mention | None:
    best: Mention | None = None
    for kind, pattern in _patterns():
        match = pattern.match(line, offsets[place])
        if match is None:
            continue
        end = bisect_left(offsets, match.end())
        if best is None or end > best.end:
            parts = {name: value for name, value in match.groupdict().items() if value is not None}
            best = Mention(kind, place, end, parts)
    return best


def _counts_a_noun(mention: Mention, tokens: Sequence[Token], *, capital_nouns: bool) -> bool:
    """Whether the ordinal is about something else than a day: "the third supplier"."""
    if mention.kind != "ordinal" or mention.end >= len(tokens):
        return False
    after = tokens[mention.end]
    if capital_nouns:
        return after.symbol == "noun" or (after.symbol == "x" and after.capital)
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
    if rest[:1] == ["ish"] or (rest[:1] == ["or"] and rest[1:2] != ["fn"]):
        return True
    if mention.kind in _PRECISE:
        return False
    return "after" in rest[:1] or rest[:2] == [",", "after"] or _anchor_length(rest) > 0


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


def due_spans(tokens: Sequence[Token], *, capital_nouns: bool) -> list[tuple[int, int]]:
    """Return the token spans [start, end) that say when something is due.

    Neighbouring mentions ("Monday the twenty-seventh, in the afternoon") are one span.
    """
    symbols = [token.symbol for token in tokens]
    spans: list[tuple[int, int]] = []
    group: list[Mention] = []
    for mention in [*mentions(tokens, capital_nouns=capital_nouns), None]:
        if group and (mention is None or not _belongs(group[-1], mention, symbols)):
            if any(_is_due(m, group, symbols) for m in group):
                spans.append((_first_token(group[0], symbols), _last_token(group[-1], symbols)))
            group = []
        if mention is not None and mention.use is not Use.NOT_DUE:
            group.append(mention)
    return spans


def _belongs(last: Mention, mention: Mention, symbols: list[str]) -> bool:
    if mention.use is Use.NOT_DUE:
        return False
    between = symbols[last.end : mention.start]
    tied = len(between) == 1 and between[0] in _TIES
    return tied or all(symbol in _JOINTS for symbol in between)


def _is_due(mention: Mention, group: list[Mention], symbols: list[str]) -> bool:
    """Whether a mention, found in running talk, is likely to be a due date."""
    lead = _leads(mention, symbols)
    if "until" in lead:
        return False
    first = symbols[mention.start]
    answers = {
        "ordinal": lambda: _is_sure_ordinal(mention, group, first, lead),
        "span": lambda: mention.parts["unit"] != "minute" and bool(lead & {"in", "give"}),
        "hour": lambda: bool(lead & {"by", "before"}),
        "vague": lambda: bool(lead & {"by", "before"}) or first in {"start", "mid"},
        "unclear": lambda: bool(lead & {"by", "before", "on", "in"}),
        "blank": lambda: first == "soon",
    }
    return answers.get(mention.kind, lambda: True)()


def _is_sure_ordinal(mention: Mention, group: list[Mention], first: str, lead: set[str]) -> bool:
    """Whether "the third" is a day; "the eleventh" is likelier to be one than "the second"."""
    if lead & {"by", "on", "for", "before"}:
        return True
    if any(other.kind in {"weekday", "date", "end"} for other in group):
        return True
    return (first == "the" or "the" in lead) and (mention.number("d") or 0) >= _SURE_ORDINAL


def _leads(mention: Mention, symbols: list[str]) -> set[str]:
    """Return the words that lead to a mention: "by", "by the", "give me"."""
    start = _first_token(mention, symbols)
    words = {*symbols[start : mention.start], mention.parts.get("lead", "")}
    words |= {symbols[mention.start]} & {"in"}
    return words | {word for word in symbols[max(0, start - 1) : start] if word == "give"}


def _first_token(mention: Mention, symbols: list[str]) -> int:
    """Return where the words that lead to a mention begin ("by the")."""
    start = mention.start
    while start and symbols[start - 1] in _STARTS:
        start -= 1
    back = start
    while back and symbols[back - 1] in {",", "um"}:
        back -= 1
    if back < start and back and symbols[back - 1] in {"by", "on", "for"}:
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
