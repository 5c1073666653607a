"""Which language a text is written in, by its commonest words.

A vote, not a model: the libraries that do this well (lingua, py3langid, fasttext) bring tens of
megabytes, for one field of the transcript that Whisper or the file itself usually fills. Function
words make up a third of any conversation, so a few hundred words tell these seven languages
apart; scripts tell some others. What cannot be told is said, never made up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

FALLBACK = "en"

_COMMON = {
    "en": "the and you that it is was for are with have this they what we be not of on so yeah i "
    "your can but if just there about would all know think get do to at don't it's we're i'm",
    "de": "der die das und ich ist nicht wir es ein eine zu den mit sich auf für dann auch noch "
    "aber wie so haben hat sind schon mal ja da im wenn dass kann oder was von",
    "es": "el la los las que y en un una por con no para se lo pero más como está es muy hay eso "
    "esto ya porque cuando del al su si yo bueno entonces tenemos",
    "fr": "le la les des et en un une que qui pas pour est c'est dans on nous vous il elle avec "
    "mais sur ça au du je ce plus donc oui alors sont été d'accord j'ai",
    "pt": "o a os as que e em um uma não para com por se mas mais como está é muito isso já "
    "porque quando do da ao eu então você temos na no dos foi também",
    "it": "il la i gli le che e in un una non per con si ma più come è molto questo già perché "
    "quando del della al io allora abbiamo sono di da anche nel c'è ho",
    "nl": "de het een en van ik is niet dat we op te zijn voor met die er maar ook nog dan wel "
    "naar om hebben heeft als kan moet wat je aan bij dus ja",
}
_VOTES: dict[str, tuple[str, ...]] = {}
for _language, _words in _COMMON.items():
    for _word in _words.split():
        _VOTES[_word] = (*_VOTES.get(_word, ()), _language)

# Kana decide before ideographs, Ukrainian letters before Cyrillic ones.
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("th", re.compile("[\u0e01-\u0e5b]")),
    ("uk", re.compile("[іїєґІЇЄҐ]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_NAMES = {
    "arabic": "ar", "chinese": "zh", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en",
    "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi",
    "hungarian": "hu", "italian": "it", "japanese": "ja", "korean": "ko", "mandarin": "zh",
    "norwegian": "no", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru",
    "spanish": "es", "swedish": "sv", "thai": "th", "turkish": "tr", "ukrainian": "uk",
    "vietnamese": "vi",
}  # fmt: skip
_CODE = re.compile(r"([a-z]{2,3})(?:[-_][A-Za-z0-9]{1,8}){0,3}")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_SAMPLE = 60_000
_FEWEST_HITS = 3
_SMALLEST_SHARE = 0.15
_SCRIPT_SHARE = 0.2
_LEAD = 1.15


def language_code(name: str | None) -> str | None:
    """Return the ISO 639-1 code (639-3 where there is none) for `en`, `en-US` or `English`."""
    if not name:
        return None
    match = _CODE.fullmatch(name.strip())
    if match and match[1] not in {"und", "mul", "zxx"}:
        return match[1]
    return _NAMES.get(name.strip().casefold())


def detect_language(texts: Iterable[str]) -> str | None:
    """Return the ISO 639-1 code of a text's language, or None if it cannot be told.

    Args:
        texts: What was said; the first 60,000 characters are looked at.
    """
    sample = _sample(texts)
    letters = sum(map(str.isalpha, sample))
    for language, letter in _SCRIPTS:
        if letters and len(letter.findall(sample)) >= _SCRIPT_SHARE * letters:
            return language
        if language == "uk" and len(letter.findall(sample)) >= 0.03 * letters > 0:
            return language
    return _elected([word.replace("\u2019", "'") for word in _WORD.findall(sample.casefold())])


def _sample(texts: Iterable[str]) -> str:
    parts: list[str] = []
    size = 0
    for text in texts:
        parts.append(text[: _SAMPLE - size])
        size += len(parts[-1]) + 1
        if size >= _SAMPLE:
            break
    return " ".join(parts)


def _elected(words: list[str]) -> str | None:
    votes: Counter[str] = Counter()
    for word in words:
        votes.update(_VOTES.get(word, ()))
    ranked = [*votes.most_common(2), ("", 0), ("", 0)]
    (first, hits), (_, runner_up) = ranked[0], ranked[1]
    enough = hits >= max(_FEWEST_HITS, _SMALLEST_SHARE * len(words))
    return first if enough and hits >= _LEAD * runner_up else None
