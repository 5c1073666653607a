"""Which words of a call are nouns, told without a tagger by the company that they keep.

In English and Spanish a noun follows a determiner ("the van", "el contrato") and no pronoun or
modal verb ("I van"); in German it has a capital inside a sentence. The whole call is looked at: a
word is a noun if it is more often one than not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from memo.extraction.cues import language_data, vocabulary_for
from memo.extraction.words import content_stems
from memo.numbers import numbers_in
from memo.stems import words_in

NUMBER = "#"
"""Stem of all numbers; no word has it."""


@dataclass(frozen=True)
class Grammar:
    """What tells nouns in one language, and what joins them.

    `determiners` stand before nouns; `articles` are those that are no prepositions, `definite`
    those that may open a title. `verbal` stand before verbs and adjectives. `links` join two
    nouns. `vague` are no nouns, or name no topic; `weak` name one only beside another word.
    `joint` is "and". `head` says where the noun stands among the words that describe it: "first",
    "last", or "only" where its capital tells it.
    """

    determiners: frozenset[str]
    articles: frozenset[str]
    definite: frozenset[str]
    verbal: frozenset[str]
    links: frozenset[str]
    vague: frozenset[str]
    weak: frozenset[str]
    joint: str
    head: str


@cache
def grammar_for(language: str) -> Grammar | None:
    """Return what tells nouns in a language (ISO 639-1), or None if it is not known."""
    data = (language_data(language) or {}).get("topics")
    if data is None:
        return None
    names = ("determiners", "articles", "definite", "verbal", "links", "vague", "weak")
    words = {name: frozenset(data[name].split()) for name in names}
    return Grammar(**words, joint=data["and"], head=data["head"])


@dataclass(frozen=True)
class Token:
    """A word of a sentence.

    `stem` is empty where the word carries no content, and `NUMBER` for a number; `vague` says that
    it names no topic, `weak` that it does not alone;
    `shown` is the word as it was written; `glued` says that nothing but a space or a hyphen parts
    it from the word before, `first` that it opens the sentence, `capital` that it has one though
    it does not.
    """

    word: str
    stem: str
    vague: bool
    weak: bool
    shown: str
    glued: bool
    first: bool
    capital: bool


def tokens_of(sentence: str, language: str, grammar: Grammar) -> list[Token]:
    """Return the words of a sentence; a possessive is shown without its "'s"."""
    tokens: list[Token] = []
    end, owned = 0, False
    for word, start, stop in words_in(sentence):
        between, shown = sentence[end:start], sentence[start:stop]
        owner = word.endswith("'s")
        bare, shown = (word[:-2], shown[:-2]) if owner else (word, shown)
        tokens.append(
            Token(
                word=bare,
                stem=_stem(bare, language),
                vague=bare in grammar.vague,
                weak=bare in grammar.weak,
                shown=shown,
                glued=bool(tokens) and not owned and (between.isspace() or between == "-"),
                first=not tokens,
                capital=bool(tokens) and between[-1:].isspace() and shown[:1].isupper(),
            )
        )
        end, owned = stop, owner
    return tokens


@lru_cache(maxsize=65_536)
def _stem(word: str, language: str) -> str:
    if word in vocabulary_for(language).figures or numbers_in(word, language)[0]:
        return NUMBER
    stems = content_stems(word, language) if len(word) > 1 and "'" not in word else ()
    return stems[0] if stems else ""


class Nouns:
    """The nouns of one call.

    Args:
        talk: Its sentences.
        grammar: Of its language.
        people: Stems of the names of who was there; they are no topics.
    """

    def __init__(
        self, talk: Iterable[Sequence[Token]], grammar: Grammar, people: frozenset[str]
    ) -> None:
        self._grammar = grammar
        self._people = people
        self._nouns: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._described: Counter[str] = Counter()
        self._compound: Counter[str] = Counter()
        self._lower: set[str] = set()
        for tokens in talk:
            self._learn(tokens)

    def carries(self, token: Token) -> bool:
        """Tell whether a word carries content, and is no name of somebody who was there."""
        return token.stem not in self._people and token.stem not in {"", NUMBER}

    def is_noun(self, token: Token) -> bool:
        """Tell whether a word is a noun that can name a topic."""
        if token.vague or not self.carries(token):
            return False
        word = token.word
        sure = self._nouns[word] or (self._compound[word] if self._compound[word] > 1 else 0)
        return sure > max(self._others[word], self._described[word] - 1)

    def is_other(self, token: Token) -> bool:
        """Tell whether a word was heard where a verb or an adjective stands."""
        return bool(self._others[token.word])

    def describes(self, token: Token) -> bool:
        """Tell whether a word may stand beside a noun, as "tariff" in "tariff table"."""
        grammar = self._grammar
        if not self.carries(token) or token.vague or grammar.head == "only":
            return False
        if token.word in grammar.determiners:
            return False
        return self._described[token.word] > self._others[token.word] or self.is_noun(token)

    def spelt(self, part: Sequence[Token]) -> str:
        """Return words as they are written inside a sentence."""
        shown = [token.shown for token in part]
        proper = len(part) > 1 and part[1].capital and self._grammar.head != "only"
        if part[0].first and part[0].word in self._lower and not proper:
            shown[0] = shown[0][:1].lower() + shown[0][1:]
        return " ".join(shown)

    def _learn(self, tokens: Sequence[Token]) -> None:
        """Note in which company the words of a sentence stand."""
        for place, token in enumerate(tokens):
            if token.shown[:1].islower():
                self._lower.add(token.word)
            if token.stem and token.stem != NUMBER:
                self._note(token, tokens, place)

    def _note(self, token: Token, tokens: Sequence[Token], place: int) -> None:
        grammar, word = self._grammar, token.word
        before = tokens[place - 1].word if token.glued else ""
        if token.capital:
            adjective = grammar.head == "last" and _goes_on(tokens, place, small=True)
            (self._described if adjective else self._nouns)[word] += 1  # "Canadian accounts"
        elif grammar.head == "only":
            self._others[word] += not token.first
        elif before in grammar.verbal:
            self._others[word] += 1
        elif before in grammar.determiners:
            ends = grammar.head == "first" or not _goes_on(tokens, place)
            (self._nouns if ends else self._described)[word] += 1
        elif grammar.head == "last" and not _goes_on(tokens, place):
            after = tokens[place + 1 : place + 2]
            acts = after and after[0].glued and after[0].word in grammar.articles
            (self._others if acts else self._compound)[word] += self._determined(tokens, place)

    def _determined(self, tokens: Sequence[Token], place: int) -> bool:
        """Tell whether a determiner stands before a word, with one or two others between."""
        for back in range(place, max(0, place - 3), -1):
            if not tokens[back].glued:
                return False
            before = tokens[back - 1]
            if before.word in self._grammar.determiners:
                return True
            if not before.stem:
                return False
        return False


def _goes_on(tokens: Sequence[Token], place: int, *, small: bool = False) -> bool:
    """Tell whether another word with content follows directly, without a capital if `small`."""
    following = tokens[place + 1 : place + 2]
    if not following or not following[0].glued or not following[0].stem:
        return False
    return not (small and following[0].capital)


def clauses(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Part a sentence at its punctuation."""
    part: list[Token] = []
    for token in tokens:
        if part and not token.glued:
            yield part
            part = []
        part.append(token)
    if part:
        yield part
