"""How many tokens a text takes, when no tokenizer can be asked.

Tokenizers differ by a factor of two on the same text. `estimate_tokens` errs on the high side, so
that what is said to fit does fit; `fewest_tokens` errs on the low side, so that a server that
reports fewer has certainly not read everything.
"""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache

_PIECE = re.compile(r"[A-Za-z]+|[^\W\d_]+|\d| +|[^\S ]+|.", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+")

_LETTERS_PER_TOKEN = 3.0  # measured: German 3.4 to 4.6 letters a token, by vocabulary
_RARE_LETTERS_PER_TOKEN = 1.5  # capitals, and letters that follow each other in no language
_ALPHABETS = ("CYRILLIC", "GREEK", "ARABIC", "HEBREW", "ARMENIAN", "GEORGIAN")
_SYLLABARIES = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH", "IDEOGRAPHIC")


def estimate_tokens(text: str) -> int:
    """Return an upper estimate of the tokens in a text, for tokenizers in use since 2023.

    Latin words count a token per three letters and one per accented letter; capitals, digits and
    punctuation count one each or nearly; other scripts by what small vocabularies make of them,
    never more than their UTF-8 bytes (what a byte-level BPE does at worst, Sennrich et al. 2016,
    arXiv:1508.07909; Radford et al. 2019).
    """
    return sum(_piece_tokens(piece) for piece in _PIECE.findall(text))


def fewest_tokens(text: str) -> int:
    """Return a lower estimate: no tokenizer in use makes fewer tokens of this text.

    A token spans no two words of a script that writes spaces, and holds at most four
    ideographs.
    """
    return sum(_fewest_in_word(word) for word in _WORD.findall(text))


@lru_cache(maxsize=8192)
def _piece_tokens(piece: str) -> int:
    if piece.isascii() and piece.isalpha():
        return _latin_word_tokens(piece)
    if piece.isspace():
        return len(piece.encode()) - piece.startswith(" ")  # one space belongs to the next word
    if piece.isdigit() and piece.isascii():
        return 1
    return sum(_character_tokens(character) for character in piece)


def _latin_word_tokens(word: str) -> int:
    rare = sum(character.isupper() for character in word[1:])
    vowels = sum(character in "aeiouyAEIOUY" for character in word)
    if vowels * 5 < len(word):
        return math.ceil(len(word) / _RARE_LETTERS_PER_TOKEN)
    return math.ceil((len(word) - rare) / _LETTERS_PER_TOKEN + rare / _RARE_LETTERS_PER_TOKEN)


@lru_cache(maxsize=8192)
def _character_tokens(character: str) -> int:
    size = len(character.encode(errors="replace"))
    script = unicodedata.name(character, "").split(" ", 1)[0].split("-", 1)[0]
    if script in _ALPHABETS or script == "LATIN":
        return 1
    return min(size, 2) if script in _SYLLABARIES else size


def _fewest_in_word(word: str) -> int:
    first = unicodedata.name(word[0], "").split(" ", 1)[0].split("-", 1)[0]
    spaced = first == "LATIN" or first in _ALPHABETS
    return 1 if spaced else math.ceil(len(word) / 4)
