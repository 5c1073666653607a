"""What is said that tells whose voice is whose: who is called, thanked, spoken of, or says it.

    "Tom, can you …?"           the next voice may be Tom's, this one is not
    "Thanks, Tom."              the voice before may be Tom's, this one is not
    "Nobody reads them, Tom."   so may it here: whoever tells somebody something, answers
    "Tom said …"                this voice is not Tom's
    "Tom here." "I'm Tom."      this one is

Each of these is a sign and none is proof; `memo.extraction.voices` weighs them. The phrases are
those of English, German and Spanish; names are called alike in all three, between commas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from memo.extraction.lines import number_lines
from memo.model import Participant, Transcript

ANSWER_WITHIN = 4.0
"""Seconds in which somebody who is called answers."""
_ALONE = 2
"""Words of a sentence that is a name and nothing else: "So, Tom?"."""


class Kind(StrEnum):
    """What a sign consists in; how often each was right is in `memo.extraction.voices`."""

    OWN = "own"  # the voice says who it is
    ANSWERS = "answers"  # it speaks after the name was called at the end of a turn
    THANKED = "thanked"  # it spoke before the name was thanked
    REPLIED = "replied"  # it spoke before "Nobody reads them, Tom."
    NEAR = "near"  # it speaks beside a turn in which the name was called
    NEXT = "next"  # it speaks after the name was spoken of
    CALLS = "calls"  # it calls the name
    MENTIONS = "mentions"  # it speaks of the name


class How(StrEnum):
    """How a name is said."""

    OWN = "own"
    THANKED = "thanked"
    CALLED = "called"
    HANDED = "handed"
    SPOKEN_OF = "spoken of"


@dataclass(frozen=True)
class Sign:
    """Something said at a second that speaks for, or against, a voice being a person's."""

    kind: Kind
    voice: str
    name: str
    at: float


@dataclass(frozen=True)
class Said:
    """A name in a sentence: how it is said there, and whether the sentence ends with it."""

    name: str
    how: How
    ends: bool


Namer = Callable[[str], str | None]
"""Tells whom a capitalised word means; None if nobody."""


def signs_in(transcript: Transcript, namer: Namer) -> list[Sign]:
    """Return what is said in a transcript about whose voices are whose, in order of time.

    Args:
        transcript: What was said; voices go by their labels.
        namer: Tells whom a word means.
    """
    turns = _turns(transcript)
    common = _common(segment.text for segment in transcript.segments)
    signs: list[Sign] = []
    for place, turn in enumerate(turns):
        before = turns[place - 1] if place else None
        after = turns[place + 1] if place + 1 < len(turns) else None
        for mention in _mentions(turn, before, namer, common):
            signs.extend(_signs(mention, turn, before, after))
    return signs


# --- Who speaks beside whom -------------------------------------------------------------------


@dataclass(frozen=True)
class _Turn:
    """What one voice says until another does: sentences with the seconds of their lines."""

    voice: str | None
    start: float
    end: float
    sentences: tuple[tuple[float, str], ...]

    @property
    def asks(self) -> bool:
        return self.sentences[-1][1].endswith("?") if self.sentences else False


@dataclass(frozen=True)
class _Mention:
    """A name in a turn. `opens` and `closes`: in its first, its last sentence."""

    said: Said
    at: float
    opens: bool
    closes: bool
    asks: bool
    alone: bool

    @property
    def tells(self) -> bool:
        """Whether somebody is told something: "Nobody reads them, Tom."."""
        called = self.said.how is How.CALLED and self.said.ends
        return called and not self.asks and not self.alone


def _turns(transcript: Transcript) -> list[_Turn]:
    labels = (p.label for p in transcript.participants)
    people = tuple(Participant(name=label, label=label) for label in labels if label)
    lines = number_lines(transcript.model_copy(update={"participants": people}))
    turns = []
    for voice, group in groupby(lines, key=lambda line: line.speaker):
        same = list(group)
        sentences = tuple((line.start, s) for line in same for s in line.sentences())
        turns.append(_Turn(voice, same[0].start, max(line.end for line in same), sentences))
    return turns


def _mentions(
    turn: _Turn, before: _Turn | None, namer: Namer, common: frozenset[str]
) -> Iterator[_Mention]:
    last = len(turn.sentences) - 1
    for place, (at, sentence) in enumerate(turn.sentences):
        asks = sentence.endswith("?")
        alone = len(sentence.split()) <= _ALONE
        if alone and not asks and not last and before and before.asks:
            continue  # "Who does that?" "Tom."
        for said in names_in(sentence, namer, common):
            yield _Mention(said, at, place == 0, place == last, asks, alone)


def _signs(
    mention: _Mention, turn: _Turn, before: _Turn | None, after: _Turn | None
) -> Iterator[Sign]:
    how = mention.said.how
    own = {How.OWN: Kind.OWN, How.SPOKEN_OF: Kind.MENTIONS}.get(how, Kind.CALLS)
    last = before.voice if before and turn.start - before.end <= ANSWER_WITHIN else None
    soon = after.voice if after and after.start - turn.end <= ANSWER_WITHIN else None
    for kind, voice in ((own, turn.voice), *_beside(mention, last, soon)):
        if voice:
            yield Sign(kind, voice, mention.said.name, mention.at)


def _beside(mention: _Mention, last: str | None, soon: str | None) -> list[tuple[Kind, str | None]]:
    """Return what a name says of the voices before and after the turn."""
    how = mention.said.how
    if how is How.OWN:
        return []
    if how is How.SPOKEN_OF:
        return [(Kind.NEXT, soon)]
    if how is How.THANKED:
        return [(Kind.THANKED, last)]
    if mention.tells and mention.opens:
        return [(Kind.REPLIED, last)]
    if mention.closes and not mention.tells:
        return [(Kind.ANSWERS, soon)]
    return [(Kind.NEAR, voice) for voice in dict.fromkeys((last, soon))]


# --- How a name is said -----------------------------------------------------------------------

_NAME = re.compile(r"[^\W\d_](?:[\w’'-]*\w)?")
_POSSESSIVE = re.compile(r"(?:['’]s|(?<=s)['’])$")
_MARKS = ' "“”„«»()'


def _common(texts: Iterable[str]) -> frozenset[str]:
    """Return the words that are written small somewhere: "Will" may be no name."""
    words = {word for text in texts for word in text.split() if word[0].islower()}
    return frozenset(word.strip(".,;:!?…" + _MARKS) for word in words)


def names_in(sentence: str, namer: Namer, common: frozenset[str] = frozenset()) -> Iterator[Said]:
    """Yield the names in a sentence, a name of several words once.

    Args:
        sentence: What was said.
        namer: Tells whom a word means.
        common: Words that are also written small: they are no names where a sentence begins,
            unless somebody is called there.
    """
    for name, start, end in _places(sentence, namer):
        left, right = _TITLE.sub("", sentence[:start]), sentence[end:]
        word = sentence[start:end]
        how = How.SPOKEN_OF if _POSSESSIVE.search(word) else _how(left, right)
        begins = not left.strip(_MARKS)
        if begins and how is How.SPOKEN_OF and word.casefold() in common:
            continue
        yield Said(name, how, _ends(right))


def _places(sentence: str, namer: Namer) -> Iterator[tuple[str, int, int]]:
    """Yield each name with its place, its words joined."""
    name, start, end = "", 0, 0
    for match in _NAME.finditer(sentence):
        word = match.group()
        meant = namer(_POSSESSIVE.sub("", word)) if word[0].isupper() else None
        if meant and meant == name and not sentence[end : match.start()].strip():
            end = match.end()
            continue
        if name:
            yield name, start, end
        name, start, end = meant or "", match.start(), match.end()
    if name:
        yield name, start, end


def _how(left: str, right: str) -> How:
    """Return how a name is said between these words."""
    called = bool(_OPENING.fullmatch(left))
    if (_OWN_BEFORE.search(left) and _OWN_AFTER.match(right)) or (called and _HERE.match(right)):
        return How.OWN
    parted = _ends(right) or bool(_PARTED.match(right))
    if _ends(right) and _THANKS.search(left):
        return How.THANKED
    if _AND.match(right):
        return How.SPOKEN_OF
    if called and (parted or _ASKED.match(right)):
        return How.CALLED
    if parted and _OVER_TO.search(left):
        return How.HANDED
    return How.CALLED if parted and left.rstrip().endswith(",") else How.SPOKEN_OF


def _ends(right: str) -> bool:
    return not right.strip(" .!?…" + _MARKS)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.VERBOSE)


_TITLE = _pattern(
    r"""\b(?:mr|mrs|ms|miss|dr|doctor|prof|professor|herrn?|frau|don|doña|se[ñn]ora?|sra?|dra?
    |doctora|ing|mtr[ao])\.?\s+$"""
)
_OPENING = _pattern(
    r"""(?:[\s,.!…"“„«¿¡-]*\b(?:and|so|okay|ok|right|now|but|well|hey|hi|hello|yes|no|yeah|oh|alright
    |good|great|wait|sorry|please|listen|look|um|uh|thanks|thank\s+you|(?:good\s+)?morning|all
    |good\s+(?:afternoon|evening)|everyone|everybody|there
    |und|also|aber|ja|nein|gut|na|nun|danke|bitte|hallo|ach|äh|moin|servus|zusammen
    |guten\s+(?:morgen|tag|abend)
    |y|e|pero|bueno|buenas|entonces|gracias|sí|a\s+ver|oye|mira|pues|oiga|hola|eh|a\s+tod[oa]s
    |buen(?:os|as)\s+(?:días|tardes))\b)*[\s,.!…"“„«¿¡-]*"""
)
_OWN_BEFORE = _pattern(
    r"""(?<!if\s)(?<!that\s)(?<!like\s)\b(?:i['’]m|i\s+am|(?:my\s+)?name(?:['’]s|\s+is)|ich\s+hei[ßs]+e
    |ich\s+bin(?:\s+d(?:er|ie))?|mein\s+name\s+ist|soy|me\s+llamo|mi\s+nombre\s+es)
    (?:,?\s+(?:uh|um|ähm?|eh),?)?\s+$
    |(?:^|[.,!]\s)\s*(?:(?:hi|hello|hallo|hola|so|ja|sí|yes|and|also)[\s,]+)*
    (?:this\s+is|(?:und\s+)?hier\s+(?:ist|spricht)|aquí|les?\s+habla)\s+$"""
)
_OWN_AFTER = _pattern(
    r"""[.!,…:;]|\s*$|\s+(?:and|from|here|speaking|und|von|vom|hier|am\s+apparat|y|del?|al\s+habla
    |aquí|again|with)\b"""
)
_HERE = _pattern(
    r"""\s*,?\s+(?:here|speaking|hier|am\s+apparat|al\s+habla|(?:por\s+)?aquí)
    (?:\s*[.,!:…]|\s*$|\s+(?:from|again|and|und|y|de|von)\b)"""
)
_THANKS = _pattern(
    r"""\b(?:thanks|thank\s+you|cheers|good\s+(?:point|question|idea)|fair\s+(?:point|enough)|agreed
    |well\s+(?:said|done)|nice\s+one|noted|danke|dankeschön|vielen\s+dank|gracias|buen\s+punto|merci)
    (?:\s+(?:so\s+much|very\s+much|a\s+lot|for\s+that|schön|sehr|dir|ihnen|muchas|por\s+eso))?
    ,?\s+$"""
)
_OVER_TO = _pattern(
    r"""\b(?:over\s+to|to\s+you|your\s+turn|go\s+(?:ahead|on)|you['’]re\s+(?:up|on|next)|next\s+(?:is|up)
    |how\s+about|what\s+about|and\s+you|du\s+bist\s+dran|weiter\s+mit|und\s+du|bitte
    |adelante|[tl]e\s+toca(?:\s+a)?|tu\s+turno|pasamos\s+a|y\s+tú),?\s+$"""
)
_ASKED = _pattern(
    r"""\s+(?:can|could|would|will|do|did|have|are|kannst|könntest|können|könnten|hast|haben|machst
    |puedes?|podrías?|tienes?)\s+(?:you|du|sie|tú|usted)\b"""
)
_PARTED = re.compile(r"\s*[,!?:…–—]|\s+-\s|\.")
_AND = re.compile(r",?\s+(?:and|or|und|oder|y|e|o)\s+[A-ZÀ-Þ]")
