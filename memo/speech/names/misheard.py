"""Names and terms that were misheard, and are written as they should be: "Prya" is Priya.

Speech recognition writes a name that it does not know as it sounds. Where the people of a meeting
and its terms are known, what is nearly one of them is taken for it: in this order, because

    told        the glossary says that it is heard so ("tera fault"),
    spelling    it is the same but for capitals, accents, blanks and hyphens ("Tera vault"),
    sound       it sounds the same ("Filip" is Philipp),
    likeness    it is nearly the same, begins and ends alike ("Teraoult").

A wrong correction is worse than none. A word that is a word ("player") is never touched, another
name ("Karen") only where it sounds the same as one of those who were there, and nothing is that
could be two of them. Every correction is listed, and can be undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from memo.model import CorrectionReason, Segment, Transcript
from memo.speech.names.glossary import Term, name_parts
from memo.speech.names.known_words import is_name, is_word
from memo.speech.names.respelling import Misheard, places, respell
from memo.speech.names.sounds import ends_alike, folded, likeness, muffled, skeleton, sound

SURE = 0.95
"""Probability from which on a word is not taken for another that is merely like it."""
DOUBTFUL = 0.6
"""Probability below which ordinary words may be a name that has the same letters."""
UNSURE = 0.35
"""Probability below which a word may be a misheard name though it is a word."""

_LONGEST_WINDOW = 3  # words that one may be heard as
_SHORTEST = 4  # letters of what may be misheard
_SHORTEST_LIKE = 5
_SHORTEST_SMALL = 6  # letters of what is written small
_SOUNDS_ALIKE = 0.6
_NAME_SOUNDS_ALIKE = 0.7
_JOINED_ALIKE = 0.75
_BONES_ALIKE = 0.8
_MANY_BONES = 5  # consonants that no other word has by chance
_ALIKE = 0.85
_RIVAL = 0.1
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
_POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
_CONTRACTION = re.compile(r"['’](?:ll|re|ve|d|m|t|s)$", re.IGNORECASE)
_SENTENCE_ENDS = re.compile(r"(?:^|[.?!…:;])[\s\"“„«»(¿¡–—-]*$")
_LINKS = frozenset({" ", "-", "\N{NON-BREAKING HYPHEN}", "\N{NO-BREAK SPACE}"})
_ORDER = tuple(CorrectionReason)
_GERMAN_DETERMINER = re.compile(
    r"(?:d(?:er|ie|as|en|em|es)|(?:k?ein|mein|dein|sein|ihr|unser|euer|dies|jed|welch|manch|solch)"
    r"(?:e|en|em|er|es)?|[iabvz]m|ins|ans|zur|vom|beim|aufs|alle[nrsm]?|beide[nrsm]?|viele[nrsm]?)"
)
"""After one of these, a capital says nothing: German nouns have one."""


class _Kind(IntEnum):
    """What a word may be, besides a misheard name."""

    UNKNOWN = 0
    NAME = 1
    WORD = 2


@dataclass(frozen=True)
class _Target:
    """What may have been said: a term, or a word of a person's name.

    `name` is what it is a form of. `others` are how the other words of the names sound that it is
    part of; `is_called` says that it is one's first, `is_german` that the talk is German, where any
    noun may be a name.
    """

    name: str
    written: str
    words: tuple[str, ...]
    letters: str
    sounds: str
    others: frozenset[str]
    is_person: bool
    is_called: bool
    is_german: bool


@dataclass(frozen=True)
class _Token:
    """A word of a text, without possessive: where it stands, and what can be told from it."""

    begin: int
    end: int
    text: str
    letters: str
    kind: _Kind
    is_capital: bool
    is_linked: bool  # to the one before, by a blank or a hyphen
    probability: float | None


@dataclass(frozen=True)
class _Found:
    target: _Target
    reason: CorrectionReason
    likeness: float


def correct(transcript: Transcript, people: Sequence[str], glossary: Sequence[Term]) -> Transcript:
    """Return the transcript with names and terms that were misheard as they should be.

    Args:
        transcript: What was heard.
        people: Names of those who were there.
        glossary: Terms, and what they are heard as.

    Returns:
        The transcript; what was corrected is listed in it. `undo` (`memo.speech.names.respelling`)
        gives back what was heard.
    """
    targets = _targets(people, glossary, transcript.language)
    if not targets:
        return transcript
    search = _Search(targets, glossary, transcript)
    found = [one for segment in transcript.segments for one in search.misheard_in(segment)]
    return respell(transcript, found) if found else transcript


def _targets(people: Sequence[str], glossary: Sequence[Term], language: str) -> tuple[_Target, ...]:
    others: dict[str, set[str]] = {}
    called: set[str] = set()
    for person in people:
        parts = name_parts(person)
        called.update(parts[:1])
        for part in parts:
            others.setdefault(part, set()).update(sound(folded(p)) for p in parts if p != part)
    made = {}
    is_german = language == "de"
    for name, rest in others.items():
        forms = [name, f"{name}s"] if is_german and name[-1:] not in "sßxz" else [name]
        for form in forms:  # Priyas Entwurf
            target = _target(name, form, frozenset(rest), is_german=is_german)
            made[form] = replace(target, is_person=True, is_called=name in called)
    for term in glossary:
        made.setdefault(term.written, _target(term.written, term.written, is_german=is_german))
    return tuple(target for target in made.values() if target.letters)


def _target(
    name: str, written: str, others: frozenset[str] = frozenset(), *, is_german: bool
) -> _Target:
    words = tuple(folded(word) for word in _WORD.findall(written))
    letters = "".join(words)
    return _Target(
        name=name,
        written=written,
        words=words,
        letters=letters,
        sounds=sound(letters),
        others=others,
        is_person=False,
        is_called=False,
        is_german=is_german,
    )


class _Search:
    """Looks for misheard names in the segments of a transcript."""

    def __init__(
        self, targets: Sequence[_Target], glossary: Sequence[Term], transcript: Transcript
    ) -> None:
        self._targets = targets
        self._is_german = transcript.language == "de"
        self._told = {
            tuple(folded(word) for word in _WORD.findall(heard)): target
            for target in targets
            for term in glossary
            if term.written == target.written
            for heard in term.heard_as
        }
        self._told.pop((), None)
        self._by_letters: dict[str, list[_Target]] = {}
        self._by_sound: dict[str, list[_Target]] = {}
        for target in targets:
            self._by_letters.setdefault(target.letters, []).append(target)
            self._by_sound.setdefault(muffled(target.sounds[:1]), []).append(target)
        self._longest = max(
            _LONGEST_WINDOW, *map(len, self._told), *(len(target.words) for target in targets)
        )
        labels = [p.name for p in transcript.participants if p.name == p.label]
        self._settled = {folded(w) for label in labels for w in _WORD.findall(label)}
        self._near: dict[str, tuple[tuple[_Target, float], ...]] = {}

    def misheard_in(self, segment: Segment) -> Iterator[Misheard]:
        """Yield what was misheard in a segment, from its beginning to its end."""
        tokens = self._tokens(segment)
        place = 0
        while place < len(tokens):
            if size := self._right(tokens, place):
                place += size
                continue
            best = self._best(tokens, place)
            if best is None:
                place += 1
                continue
            found, size = best
            last = tokens[place + size - 1]
            yield Misheard(
                segment_id=segment.id,
                begin=tokens[place].begin,
                end=last.end,
                written=found.target.written,
                reason=found.reason,
                likeness=round(found.likeness, 3),
            )
            place += size

    # --- What stands in the text ----------------------------------------------------------------

    def _tokens(self, segment: Segment) -> list[_Token]:
        text = segment.text
        spans = places(segment)
        tokens: list[_Token] = []
        reached, word = 0, 0
        for match in _WORD.finditer(text):
            base = _POSSESSIVE.sub("", match[0])
            end = match.start() + len(base)
            while word < len(spans) and spans[word][1] <= match.start():
                word += 1
            sure = segment.words[word].probability if word < len(spans) else None
            before = tokens[-1].letters if tokens else ""
            opens = bool(_SENTENCE_ENDS.search(text[reached : match.start()])) or not tokens
            tokens.append(
                _Token(
                    begin=match.start(),
                    end=end,
                    text=base,
                    letters=folded(base),
                    kind=self._kind(base, before, opens=opens),
                    is_capital=base[:1].isupper(),
                    is_linked=text[reached : match.start()] in _LINKS,
                    probability=sure,
                )
            )
            reached = match.end()
        return tokens

    def _kind(self, word: str, before: str, *, opens: bool) -> _Kind:
        """Return what a word may be: a capital within a sentence makes it a name, not in German."""
        small = word.lower()
        is_capital = word[:1].isupper()
        if _CONTRACTION.search(word):
            return _Kind.WORD
        if is_capital and self._is_german and _GERMAN_DETERMINER.fullmatch(before):
            return _Kind.WORD
        if is_capital and not opens and not self._is_german:
            return _Kind.NAME if is_word(small) or is_name(small) else _Kind.UNKNOWN
        if is_word(small):
            return _Kind.WORD
        return _Kind.NAME if is_capital and is_name(small) else _Kind.UNKNOWN

    def _right(self, tokens: Sequence[_Token], place: int) -> int:
        """Return how many words from a place on are a target as it is written, or settled."""
        for size in range(min(self._longest, len(tokens) - place), 0, -1):
            window = tokens[place : place + size]
            written = [token.text for token in window]
            same = self._by_letters.get("".join(token.letters for token in window), ())
            if any(_WORD.findall(target.written) == written for target in same):
                return size
        return int(tokens[place].letters in self._settled)

    # --- What it may be -------------------------------------------------------------------------

    def _best(self, tokens: Sequence[_Token], place: int) -> tuple[_Found, int] | None:
        """Return what begins at a place, and how many words it was heard as."""
        best: tuple[_Found, int] | None = None
        for size in range(1, min(self._longest, len(tokens) - place) + 1):
            window = tokens[place : place + size]
            if size > 1 and not window[-1].is_linked:
                break
            found = self._heard(window, _beside(tokens, place, size))
            if found and found.reason is CorrectionReason.TOLD:
                best = (found, size)
            elif size > 1 and self._right(tokens, place + size - 1):
                break
            elif found and (best is None or _rank(found) < _rank(best[0])):
                best = (found, size)
        return best

    def _heard(self, window: Sequence[_Token], beside: frozenset[str]) -> _Found | None:
        told = self._told.get(tuple(token.letters for token in window))
        letters = "".join(token.letters for token in window)
        if told:
            return _Found(told, CorrectionReason.TOLD, likeness(letters, told.letters))
        if len(window) > _LONGEST_WINDOW and letters not in self._by_letters:
            return None
        same = self._by_letters.get(letters, ())
        if same:
            fits = len(same) == 1 and _is_respelled(window, same[0])
            return _Found(same[0], CorrectionReason.SPELLING, 1.0) if fits else None
        return self._like(window, letters, beside)

    def _like(
        self, window: Sequence[_Token], letters: str, beside: frozenset[str]
    ) -> _Found | None:
        if len(window) > 1 and not any(map(_is_strange, window)):
            return None
        near = self._nearest(letters)
        found = [
            _Found(target, reason, alike)
            for target, alike in near
            if (reason := _reason(window, letters, target, alike, beside))
        ]
        if not found:
            return None
        best = min(found, key=_rank)
        rivals = (t for t, alike in near if alike > best.likeness - _RIVAL)
        return best if all(t.name == best.target.name for t in rivals) else None

    def _nearest(self, letters: str) -> tuple[tuple[_Target, float], ...]:
        """Return the targets that begin like these letters and are at all like them."""
        if letters not in self._near:
            same = self._by_sound.get(muffled(sound(letters)[:1]), ())
            alike = ((target, likeness(letters, target.letters)) for target in same)
            self._near[letters] = tuple(one for one in alike if one[1] >= _SOUNDS_ALIKE)
        return self._near[letters]


def _rank(found: _Found) -> tuple[int, float]:
    return _ORDER.index(found.reason), -found.likeness


def _beside(tokens: Sequence[_Token], place: int, size: int) -> frozenset[str]:
    """Return how the words beside a window sound."""
    before = tokens[place - 1 : place] if place and tokens[place].is_linked else []
    following = [token for token in tokens[place + size : place + size + 1] if token.is_linked]
    return frozenset(sound(token.letters) for token in (*before, *following))


def _is_respelled(window: Sequence[_Token], target: _Target) -> bool:
    """Return whether words that have a target's letters are it."""
    if len(window) == 1 == len(target.words):
        token = window[0]
        if token.kind is _Kind.WORD or (token.is_capital and target.written.islower()):
            return False
        return token.is_capital or (not target.is_person and _is_term_written_small(token, target))
    if target.written.islower() and len(window) == len(target.words):
        return False  # it begins a sentence, or is a title
    is_name = all(token.is_capital for token in window)
    strange = any(token.kind is _Kind.UNKNOWN or _is_doubtful(token) for token in window)
    return len(target.letters) >= _SHORTEST_SMALL and (is_name or strange)


def _is_term_written_small(token: _Token, target: _Target) -> bool:
    """Return whether a word is a term but for its capitals: "kassandra", "k8s", not "miro"."""
    if token.text.casefold() != target.written.casefold():
        return False
    return len(token.letters) >= _SHORTEST_SMALL or not token.letters.isalpha()


def _reason(
    window: Sequence[_Token], letters: str, target: _Target, alike: float, beside: frozenset[str]
) -> CorrectionReason | None:
    """Return why words are taken for a target that they are like; None if they are not."""
    if any(c.isdigit() for c in letters + target.letters):
        return None
    if target.written.isupper() or any(len(t.text) > 1 and t.text.isupper() for t in window):
        return None  # spelled letter by letter
    if len(window) > 1 or len(target.words) > 1:
        return _reason_of_several(window, letters, target, alike)
    return _reason_of_one(window[0], target, alike, is_beside=bool(target.others & beside))


def _reason_of_one(
    token: _Token, target: _Target, alike: float, *, is_beside: bool
) -> CorrectionReason | None:
    heard = sound(token.letters)
    sounds_same = heard == target.sounds and min(len(token.letters), len(target.letters)) > 2
    if token.kind is _Kind.WORD:
        same = sounds_same and token.is_capital and _is_unsure(token)
        return CorrectionReason.SOUND if same and alike >= _NAME_SOUNDS_ALIKE else None
    if not token.is_capital:
        return _reason_of_small(token, target, alike)
    least = _SOUNDS_ALIKE if token.kind is _Kind.UNKNOWN else _NAME_SOUNDS_ALIKE
    if sounds_same and alike >= least:
        return CorrectionReason.SOUND
    fits = ends_alike(heard, target.sounds) or not target.is_called
    if is_beside and alike >= _NAME_SOUNDS_ALIKE and fits:
        return CorrectionReason.LIKENESS
    if token.kind is _Kind.NAME or _is_sure([token]):
        return None
    return CorrectionReason.LIKENESS if _is_alike(token.letters, target, alike) else None


def _reason_of_small(token: _Token, target: _Target, alike: float) -> CorrectionReason | None:
    """Return why a word that is written small is a target: only terms are, and long ones."""
    if target.is_person or min(len(token.letters), len(target.letters)) < _SHORTEST_SMALL:
        return None
    if sound(token.letters) == target.sounds and alike >= _JOINED_ALIKE:
        return CorrectionReason.SOUND
    if _is_sure([token]) or alike < _ALIKE or not _is_alike(token.letters, target, alike):
        return None
    return CorrectionReason.LIKENESS


def _reason_of_several(
    window: Sequence[_Token], letters: str, target: _Target, alike: float
) -> CorrectionReason | None:
    """Return why several words are a target, or a word is one of several."""
    if not _may_be_joined(window, letters, target, alike):
        return None
    if sound(letters) == target.sounds:
        return CorrectionReason.SOUND
    if any(token.kind is _Kind.WORD and len(token.letters) < _SHORTEST for token in window):
        return None  # an article, or a verb
    is_like = alike >= _ALIKE and ends_alike(sound(letters), target.sounds)
    return CorrectionReason.LIKENESS if is_like and not _is_sure(window) else None


def _may_be_joined(window: Sequence[_Token], letters: str, target: _Target, alike: float) -> bool:
    """Return whether words may be a target together, and none of them is only beside it."""
    long_enough = min(len(letters), len(target.letters)) >= _SHORTEST_SMALL
    strange = any(token.kind is _Kind.UNKNOWN for token in window) or (
        sound(letters) == target.sounds and any(map(_is_unsure, window))
    )
    if not long_enough or not (strange or all(token.is_capital for token in window)):
        return False
    if alike < _JOINED_ALIKE or any(
        likeness(part, target.letters) >= alike for part in _parts(window)
    ):
        return False
    return len(window) != len(target.words) or all(map(_is_part, window, target.words))


def _parts(window: Sequence[_Token]) -> Iterator[str]:
    """Yield the letters of all words in a row that a window holds and that are not all of it."""
    size = len(window)
    for length in range(1, size):
        for start in range(size - length + 1):
            yield "".join(token.letters for token in window[start : start + length])


def _is_part(token: _Token, word: str) -> bool:
    """Return whether a word is one word of a target, or a misheard one."""
    heard, right = sound(token.letters), sound(word)
    if heard == right:
        return True
    alike = likeness(token.letters, word)
    least = _NAME_SOUNDS_ALIKE if token.kind is _Kind.UNKNOWN else _ALIKE
    return alike >= least and ends_alike(heard, right)


def _is_alike(letters: str, target: _Target, alike: float) -> bool:
    """Return whether letters that do not sound like a target are nearly it."""
    heard = sound(letters)
    shortest = min(len(letters), len(target.letters))
    if shortest < _SHORTEST or not ends_alike(muffled(heard), muffled(target.sounds)):
        return False
    if shortest <= _SHORTEST_LIKE and target.is_german:
        return False  # Frist is not Frost
    bones = skeleton(target.sounds)
    enough = _NAME_SOUNDS_ALIKE if len(bones) >= _MANY_BONES else _BONES_ALIKE
    same_bones = skeleton(heard) == bones and alike >= enough
    same_line = muffled(heard) == muffled(target.sounds) and alike >= _NAME_SOUNDS_ALIKE
    return (shortest >= _SHORTEST_LIKE and (same_bones or same_line)) or (
        shortest > _SHORTEST_LIKE and alike >= _ALIKE
    )


def _is_doubtful(token: _Token) -> bool:
    return token.probability is not None and token.probability < DOUBTFUL


def _is_strange(token: _Token) -> bool:
    """Return whether a word may be a part of something else at all."""
    return token.is_capital or token.kind is _Kind.UNKNOWN or _is_unsure(token)


def _is_unsure(token: _Token) -> bool:
    return token.probability is not None and token.probability < UNSURE


def _is_sure(window: Sequence[_Token]) -> bool:
    """Return whether a speech model was sure of all of these words."""
    return all(token.probability is not None and token.probability >= SURE for token in window)
