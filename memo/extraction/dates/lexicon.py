"""Spoken words to symbols: the only part of date reading that differs between languages.

A language is a `Lexicon`: phrases, each standing for one or more symbols. "Tomorrow", "morgen"
and "mañana" are all `day1`; "Quartalsende" is `end u_quarter`. The grammar knows symbols only.

Symbols: `day0`…`day2` (today and after), `wd0`…`wd6` (Monday first), `ord3` (the third), `n3`
(three), `mon10`, `y2026`, `q4`, `iso20251031`, `date10_31`, `date10_31_2026`, `t12` (an hour of
the day), `u_week` and the other units; words of grammar (`next`, `end`, `by`, `the`, …); `,` for
a pause, `stop` for the end of a sentence, `fn` for function words, `x` for all other words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<iso>     (?<![\w-]) \d{4}-\d{2}-\d{2} (?![\d-]) )
    | (?P<dotted>  (?<![\w.]) \d{1,2} \. \s? \d{1,2} \. (?: \s? \d{4} | \d{2} )? (?!\d) )
    | (?P<slashed> (?<![\w/]) \d{1,2} / \d{1,2} (?: / \d{4} | / \d{2} )? (?![\d/]) )
    | (?P<clock>   (?<![\w.]) \d{1,2} : \d{2} (?!\d) )
    | (?P<pair>    (?<![\w.,]) \d{1,2} \. \d{2} (?![\d.]) )
    | (?P<ordinal> (?<!\w) \d{1,2} (?: st | nd | rd | th ) \b )
    | (?P<dot>     (?<![\w.,]) \d{1,2} \. (?!\d) )
    | (?P<number>  \d+ (?: [.,] \d+ )* )
    | (?P<word>    (?: [^\W\d_] [\u0300-\u036f]* )+ (?: ['’] (?: [^\W\d_] [\u0300-\u036f]* )+ )* )
    | (?P<mark>    [^\s\w] )
    | (?P<other>   _+ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
Entries = Iterable[tuple[str, str]]
_PAUSES = frozenset(",–—-/")
_STOPS = frozenset(".?!;:…¿¡()[]")
_QUOTES = frozenset("\"'’‘“”„«»*`")
_ABBREVIATION = re.compile(
    r"\b(?:jan|feb|apr|jun|jul|aug|sept?|o[ck]t|nov|de[cz]|ene|abr|ago|dic"
    r"|mon|tues?|wed|thu|thurs?|fri|mo|di|mi|sa)$",
    re.IGNORECASE,
)
_LEADS_TO_A_DAY = frozenset({"the", "on", "by", "before", "until", "for", ","})
_MONTHS = 12
_LONGEST_MONTH = 31


class Token(NamedTuple):
    """A symbol and the characters [start, end) of the text that it stands for."""

    symbol: str
    start: int
    end: int
    capital: bool


class _Piece(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Lexicon:
    """A language: its phrases, folded, and the habits that a dictionary cannot hold.

    Attributes:
        phrases: Symbols by phrase; words are folded by `fold` and separated by one space.
        longest: Words in the longest phrase.
        order: Whether 3/11 is the third of November; "unclear" where speakers differ.
        dotted_ordinals: Whether "3." is an ordinal.
        cardinal_days: Whether days of the month are counted with cardinals ("el tres").
        capital_nouns: Whether a capital letter tells that an ordinal counts a noun.
        next_skips_near: Whether "next Friday", said days before, is surely not this Friday.
        loose_days: Numbers of days that idiom uses for whole weeks ("in acht Tagen").
    """

    phrases: Mapping[str, tuple[str, ...]]
    longest: int
    order: Literal["day first", "unclear"]
    dotted_ordinals: bool = False
    cardinal_days: bool = False
    capital_nouns: bool = False
    next_skips_near: bool = False
    loose_days: frozenset[int] = frozenset()


def fold(word: str) -> str:
    """Return a word as lexicons spell it: lower case, no diacritics, straight apostrophes."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.replace("’", "'").casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


def entries_of(text: str) -> Entries:
    """Read entries written as `symbols = phrase | phrase`, one a line.

    A row `n1… = one two three` gives its words the symbols n1, n2, n3.
    """
    for line in text.strip().splitlines():
        symbols, phrases = (part.strip() for part in line.split("=", 1))
        if not symbols.endswith("…"):
            yield symbols, phrases
            continue
        kind, first = re.fullmatch(r"(\D+)(\d+)…", symbols).groups()  # type: ignore[union-attr]
        for number, word in enumerate(phrases.split(), int(first)):
            yield f"{kind}{number}", word


def lexicon_of(
    entries: Entries,
    *,
    order: Literal["day first", "unclear"],
    dotted_ordinals: bool = False,
    cardinal_days: bool = False,
    capital_nouns: bool = False,
    next_skips_near: bool = False,
    loose_days: frozenset[int] = frozenset(),
) -> Lexicon:
    """Build a `Lexicon`. Umlauts may also be spelled ae, oe, ue.

    Raises:
        ValueError: A phrase has two meanings, perhaps only once its diacritics are gone.
    """
    table: dict[str, tuple[str, ...]] = {}
    for symbols, phrases in entries:
        for phrase in phrases.split("|"):
            spelled = phrase.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
            for variant in (phrase, spelled):
                folded = " ".join(fold(word) for word in variant.split())
                meaning = tuple(symbols.split())
                if table.setdefault(folded, meaning) != meaning:
                    raise ValueError(f"{folded!r} means both {table[folded]} and {meaning}")
    return Lexicon(
        phrases=table,
        longest=max(phrase.count(" ") + 1 for phrase in table),
        order=order,
        dotted_ordinals=dotted_ordinals,
        cardinal_days=cardinal_days,
        capital_nouns=capital_nouns,
        next_skips_near=next_skips_near,
        loose_days=loose_days,
    )


def read(text: str, lexicon: Lexicon) -> list[Token]:
    """Return the symbols of a text, in time proportional to its length."""
    pieces = [
        _Piece(match.lastgroup or "other", match[0], match.start(), match.end())
        for match in _TOKEN.finditer(text)
    ]
    pieces = [p for p in pieces if not _is_silent(p, text)]
    tokens: list[Token] = []
    place = 0
    while place < len(pieces):
        taken, symbols = _longest_phrase(pieces, place, lexicon)
        if not taken:
            taken, symbols = 1, _symbols(pieces[place], lexicon, tokens)
        first, last = pieces[place], pieces[place + taken - 1]
        capital = first.text[:1].isupper()
        tokens.extend(Token(symbol, first.start, last.end, capital) for symbol in symbols)
        place += taken
    return tokens


def _is_silent(piece: _Piece, text: str) -> bool:
    """Whether a piece is a quotation mark, a hyphen inside a word or the dot of "Oct."."""
    if piece.kind != "mark":
        return False
    if piece.text == ".":
        return _ABBREVIATION.search(text, max(0, piece.start - 6), piece.start) is not None
    inside = text[piece.start - 1 : piece.start].isalnum() and text[piece.end :][:1].isalnum()
    return piece.text in _QUOTES or (piece.text == "-" and inside)


def _longest_phrase(
    pieces: list[_Piece], place: int, lexicon: Lexicon
) -> tuple[int, tuple[str, ...]]:
    words: list[str] = []
    found: tuple[int, tuple[str, ...]] = (0, ())
    for piece in pieces[place : place + lexicon.longest]:
        if piece.kind not in ("word", "number"):
            break
        words.append(fold(piece.text))
        symbols = lexicon.phrases.get(" ".join(words))
        if symbols is not None:
            found = (len(words), symbols)
    return found


def _symbols(piece: _Piece, lexicon: Lexicon, before: list[Token]) -> tuple[str, ...]:
    """Return the symbols of a piece that is no phrase of the language."""
    numbers = [int(number) for number in re.findall(r"\d{1,4}", piece.text[:20])]
    match piece.kind:
        case "iso":
            return ("iso" + piece.text.replace("-", ""),)
        case "dotted":
            return (_numeric_date(numbers, day_first=True),)
        case "slashed":
            return (_slashed_date(numbers, lexicon),)
        case "pair":
            return (_pair(numbers, lexicon, before),)
        case "dot" if not lexicon.dotted_ordinals:
            return (f"n{numbers[0]}", "stop")
    return (_plain_symbol(piece, numbers),)


def _plain_symbol(piece: _Piece, numbers: list[int]) -> str:
    if piece.kind in {"ordinal", "dot"}:
        return f"ord{numbers[0]}"
    if piece.kind == "clock":
        return f"t{numbers[0]}"
    if piece.kind == "number":
        return _number(piece.text)
    return "," if piece.text in _PAUSES else "stop" if piece.text in _STOPS else "x"


def _number(text: str) -> str:
    if re.fullmatch(r"(?:19|20|21)\d\d", text):
        return f"y{int(text)}"
    return f"n{int(text)}" if text.isdecimal() and len(text) <= 3 else "x"


def _slashed_date(numbers: list[int], lexicon: Lexicon) -> str:
    first, second = numbers[:2]
    if lexicon.order == "day first" or first > _MONTHS:
        return _numeric_date(numbers, day_first=True)
    if second > _MONTHS or first == second:
        return _numeric_date(numbers, day_first=False)
    return "unsure"


def _pair(numbers: list[int], lexicon: Lexicon, before: list[Token]) -> str:
    """Read 31.10, which is a date, a time of the day or a quantity."""
    day, month = numbers
    led = bool(before) and before[-1].symbol in _LEADS_TO_A_DAY
    if not 1 <= month <= _MONTHS or not 1 <= day <= _LONGEST_MONTH:
        return "x"
    if day > _MONTHS or (led and lexicon.order == "day first"):
        return _numeric_date(numbers, day_first=True)
    return "x"


def _numeric_date(numbers: list[int], *, day_first: bool) -> str:
    day, month = numbers[:2] if day_first else numbers[1::-1]
    if len(numbers) == 2:
        return f"date{month}_{day}"
    year = numbers[2] if numbers[2] > 99 else 2000 + numbers[2]
    return f"date{month}_{day}_{year}"
