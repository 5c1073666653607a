"""Numbers in running speech: "84,000", "eighty-four thousand" and "84 thousand" are one figure.

A claim may put in digits what was said in words, and the other way around; what it may not do is
change the number. English, German and Spanish number words are known; digits in every language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

_DIGITS = re.compile(
    r"(?:(?P<grouped>\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+(?!\d))|(?P<plain>\d+))"
    r"(?:[.,](?P<part>\d+))?"
)
_TOKEN = re.compile(r"\d[\d.,'’\u00a0\u202f]*\d|\d|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|_")
_MIXED = re.compile(r"(?<!\w)[A-Za-zÀ-ɏ]{1,12}\d\w{0,20}")
_SPACED = re.compile(r"(?<!\d)\d{1,3}(?: \d{3})+(?!\d)")
_THOUSANDS = re.compile(r"(?<=\d)k\b", re.IGNORECASE)
_LONGEST = 40  # characters; more is no quantity

_EN = """
zero 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 ten 10 eleven 11 twelve 12
thirteen 13 fourteen 14 fifteen 15 sixteen 16 seventeen 17 eighteen 18 nineteen 19 twenty 20
thirty 30 forty 40 fifty 50 sixty 60 seventy 70 eighty 80 ninety 90 dozen 12
first 1 second 2 third 3 fourth 4 fifth 5 sixth 6 seventh 7 eighth 8 ninth 9 tenth 10 eleventh 11
twelfth 12 thirteenth 13 fourteenth 14 fifteenth 15 sixteenth 16 seventeenth 17 eighteenth 18
nineteenth 19 twentieth 20 thirtieth 30 fortieth 40 fiftieth 50 sixtieth 60 seventieth 70
eightieth 80 ninetieth 90
"""
_DE = """
null 0 eins 1 zwei 2 zwo 2 drei 3 vier 4 fünf 5 sechs 6 sieben 7 acht 8 neun 9 zehn 10 elf 11
zwölf 12 dreizehn 13 vierzehn 14 fünfzehn 15 sechzehn 16 siebzehn 17 achtzehn 18 neunzehn 19
zwanzig 20 dreißig 30 vierzig 40 fünfzig 50 sechzig 60 siebzig 70 achtzig 80 neunzig 90 dutzend 12
"""
_ES = """
cero 0 uno 1 dos 2 tres 3 cuatro 4 cinco 5 seis 6 siete 7 ocho 8 nueve 9 diez 10 once 11 doce 12
trece 13 catorce 14 quince 15 dieciséis 16 diecisiete 17 dieciocho 18 diecinueve 19 veinte 20
veintiuno 21 veintiún 21 veintidós 22 veintitrés 23 veinticuatro 24 veinticinco 25 veintiséis 26
veintisiete 27 veintiocho 28 veintinueve 29 treinta 30 cuarenta 40 cincuenta 50 sesenta 60
setenta 70 ochenta 80 noventa 90 docena 12
cien 100 ciento 100 doscientos 200 doscientas 200 trescientos 300 trescientas 300 cuatrocientos 400
cuatrocientas 400 quinientos 500 quinientas 500 seiscientos 600 seiscientas 600 setecientos 700
setecientas 700 ochocientos 800 ochocientas 800 novecientos 900 novecientas 900
"""
_WORDS = {"en": _EN, "de": _DE, "es": _ES}
_SCALES = {
    "en": "hundred 100 thousand 1000 million 1000000 billion 1000000000",
    "de": "hundert 100 tausend 1000 million 1000000 millionen 1000000 milliarde 1000000000"
    " milliarden 1000000000",
    "es": "mil 1000 millón 1000000 millones 1000000",
}
_AND = {"en": "and", "es": "y"}
_KILO = "\ue000"  # of the private use area: nobody says it
_ENDING = re.compile(r"e[nrms]?$")
_GERMAN_ORDINALS = {"erst": 1, "dritt": 3, "siebt": 7, "acht": 8}


def numbers_in(text: str, language: str) -> tuple[set[str], list[str]]:
    """Return the numbers of a text as plain decimals, and the words that are none.

    Mixed words ("Q3", "v2") count as numbers, as they are written.

    Args:
        text: What was said or claimed.
        language: ISO 639-1 code.
    """
    found, rest = {word.casefold() for word in _MIXED.findall(text)}, []
    run = _Run()
    for word in _TOKEN.findall(_plainly_grouped(_MIXED.sub(" ", text), language).casefold()):
        value, scale = _value(word, language), _scale(word, language)
        if word[0].isdigit():
            found.update(run.digits(word))
        elif value is not None:
            found.update(run.unit(value))
        elif scale is not None:
            found.update(run.scaled(scale))
        elif word != "-" and not (run.open and word == _AND.get(language)):
            found.update(run.close())
            rest.append(word)
    found.update(run.close())
    return found, rest


def _plainly_grouped(text: str, language: str) -> str:
    """Write "84k" as "84 thousand"; and "84 000" in one, which English never means."""
    text = _THOUSANDS.sub(f" {_KILO} ", text)
    return text if language == "en" else _SPACED.sub(lambda m: m[0].replace(" ", ""), text)


class _Run:
    """A number being read: "three hundred" and "twenty" and "seven" and "thousand"."""

    def __init__(self) -> None:
        self._total: int | None = None
        self._part: float | None = None
        self._digits: str | None = None

    @property
    def open(self) -> bool:
        return self._total is not None or self._part is not None

    def unit(self, value: int) -> Iterator[str]:
        """Take in a word below a hundred (or a Spanish hundred)."""
        room = self._part is None or self._room_for(value)
        if self._digits is not None or not room:
            yield from self.close()
        self._part = (self._part or 0) + value

    def _room_for(self, value: int) -> bool:
        """Tell whether "twenty" leaves room for "seven", or "three hundred" for "twenty"."""
        part = int(self._part or 0)
        tens = part % 100
        if value < 10:
            return part >= 20 and (tens == 0 or (tens >= 20 and tens % 10 == 0))
        return value < 100 <= part and tens == 0

    def scaled(self, scale: int) -> Iterator[str]:
        """Take in "hundred", "thousand" or "million"."""
        part = 1 if self._part is None else self._part
        if self._part is None and self._total is not None:
            yield from self.close()
        self._digits = None
        if scale == 100:
            self._part = part * scale
        else:
            self._total, self._part = (self._total or 0) + int(part * scale), None

    def digits(self, token: str) -> Iterator[str]:
        """Take in digits; only a scale may follow ("84 thousand")."""
        yield from self.close()
        values = list(_decimals(token))
        yield from values[:-1]
        if values and len(values[-1]) <= _LONGEST:
            self._digits, self._part = values[-1], float(values[-1])
        else:
            yield from values[-1:]

    def close(self) -> Iterator[str]:
        """Give the number that was read so far."""
        if self._digits is not None:
            yield self._digits
        elif self.open:
            yield _plain((self._total or 0) + (self._part or 0))
        self._total = self._part = self._digits = None


def _decimals(token: str) -> Iterator[str]:
    """Return the numbers that digits with points, commas and spaces between them make.

    A point or comma before exactly three digits groups thousands: "1.200" is 1200.
    """
    token = unicodedata.normalize("NFKC", token)
    for match in _DIGITS.finditer(token):
        whole = re.sub(r"\D", "", match["grouped"]) if match["grouped"] else match["plain"]
        whole, part = _ascii(whole), _ascii(match["part"] or "").rstrip("0")
        yield f"{whole.lstrip('0') or '0'}{'.' + part if part else ''}"


def _ascii(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(unicodedata.digit(d)) for d in digits)


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


@cache
def _table(language: str) -> dict[str, int]:
    entries = _WORDS.get(language, "").split()
    return {word: int(number) for word, number in zip(entries[::2], entries[1::2], strict=True)}


@cache
def _scales(language: str) -> dict[str, int]:
    entries = _SCALES.get(language, "").split()
    return {word: int(number) for word, number in zip(entries[::2], entries[1::2], strict=True)}


def _scale(word: str, language: str) -> int | None:
    return 1000 if word == _KILO else _scales(language).get(word)


def _value(word: str, language: str) -> int | None:
    known = _table(language).get(word)
    if known is not None or language != "de" or len(word) > _LONGEST:
        return known
    return _german(word)


@lru_cache(maxsize=4096)
def _german(word: str) -> int | None:
    """Read a German compound: "siebenundzwanzigsten", "zwölfhundert"."""
    base = _ENDING.sub("", word)
    if base != word and base in _GERMAN_ORDINALS:
        return _GERMAN_ORDINALS[base]
    forms = [word] if base == word else [word, base.removesuffix("st"), base.removesuffix("t")]
    return next((v for form in forms if (v := _german_cardinal(form)) is not None), None)


def _german_cardinal(word: str) -> int | None:
    table = _table("de") | {"ein": 1}
    if word in table and word != "ein":
        return table[word]
    for scale, size in (("tausend", 1000), ("hundert", 100)):
        before, found, after = word.partition(scale)
        if found:
            times = 1 if not before else table.get(before, _german_cardinal(before))
            rest = after.removeprefix("und")
            plus = 0 if not after else table.get(rest, _german_cardinal(rest))
            return None if times is None or plus is None else times * size + plus
    one, found, ten = word.partition("und")
    if found and one in table and ten in table and table[one] < 10 <= table[ten]:
        return table[one] + table[ten]
    return None
