"""Where one topic ends and the next begins, by the words that come back and what is said at a turn.

Words that come back bind a stretch of talk together: each word is tied to its next occurrence, and
a boundary is good where few ties cross it (lexical chains: Galley et al., ACL 2003). It is better
where somebody says that something else comes now. Dynamic programming picks the best boundaries of
all together (as Utiyama and Isahara, ACL 2001), with topics about as long as calls have them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, pairwise

from memo.extraction.cues import language_data
from memo.extraction.lines import Line
from memo.extraction.words import content_stems

LEAST = 60.0
"""Seconds of the shortest topic."""
MOST_USUAL = 480.0
"""Seconds of a usual topic in the longest of calls."""
TOPICS_PER_ROOT = 1.4
"""A call of m minutes has about this times √m topics: 5 in a quarter of an hour, 11 in an hour."""
SPREAD = 0.5
"""Standard deviation of the logarithm of a topic's length, relative to the usual one."""
LONGEST = 4.0
"""Times the usual length: the longest topic that is looked at."""
REACH = 40
"""Lines within which a word that comes back ties two lines together."""
FADING = 20.0
"""Lines after which such a tie has lost most of its strength."""
SAYS_SO, OPENS, CLOSES = 2.0, 1.0, 1.0
"""What a boundary gains where somebody says that something else comes now; where a short sentence
brings up what the talk then turns to ("The van."); where what came before is closed ("Good.")."""
CUT_AFTER = 30
"""Letters after which a sentence that turns opens a line of its own: "Good. Next, …" stays one."""
SHORT = 4
"""Words of a short sentence."""
NEAR = 8
"""Lines before and after a short sentence in which its words are looked for."""
GREETING, GOODBYE = 120.0, 90.0
"""Seconds at most in which a call has not begun, or is over."""
SHARE = 0.15
"""Share of the call that either may take at most."""
APART = 5.0
"""Seconds in which there is at most one boundary."""

_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True)
class Turns:
    """What is said in one language when the talk turns: compiled alternations.

    `turn` says that something else comes now, `begin` that greetings are over, `end` goodbye.
    """

    turn: re.Pattern[str]
    begin: re.Pattern[str]
    end: re.Pattern[str]


@cache
def turns_for(language: str) -> Turns:
    """Return what is said at turns in a language; nothing, if it is not known."""
    data = (language_data(language) or {}).get("topics")
    if data is None:
        return Turns(_NOTHING, _NOTHING, _NOTHING)
    parts = (re.compile("|".join(data[name]), re.IGNORECASE) for name in ("turn", "begin", "end"))
    return Turns(*parts)


def segment(lines: Sequence[Line], language: str, people: frozenset[str]) -> list[tuple[int, int]]:
    """Cut a call into its topics; greetings and goodbyes are left out.

    Takes time in proportion to the lines.

    Args:
        lines: What was said.
        language: ISO 639-1 code.
        people: Stems of the names of who was there; who is spoken to says nothing of the topic.

    Returns:
        For each topic, in order, its first line and the line after its last.
    """
    first, last = _without_greetings(lines, turns_for(language))
    talk = lines[first:last]
    if not talk or talk[-1].end - talk[0].start < LEAST:
        return []
    units = [[s for s in content_stems(line.text, language) if s not in people] for line in talk]
    gains = _gains(talk, units, language)
    places = _candidates(talk, gains)
    cuts = [first + place for place in _best(talk, gains, places)]
    return list(zip(cuts, [*cuts[1:], last], strict=True))


def cut_at_turns(lines: Sequence[Line], language: str) -> list[Line]:
    """Return lines of which none says in its middle that something else comes now.

    Where the parts of a line start is estimated from their letters.
    """
    turn = turns_for(language).turn
    return [part for line in lines for part in _parts(line, turn)]


def _parts(line: Line, turn: re.Pattern[str]) -> Iterator[Line]:
    parts: list[list[str]] = []
    for sentence in line.sentences():
        if not parts or (turn.search(sentence) and len(" ".join(parts[-1])) > CUT_AFTER):
            parts.append([])
        parts[-1].append(sentence)
    texts = [" ".join(part) for part in parts]
    letters, done = sum(map(len, texts)), 0
    for text in texts:
        start = line.start + (line.end - line.start) * done / letters
        done += len(text)
        end = line.start + (line.end - line.start) * done / letters
        yield replace(line, text=text, start=start, end=max(start, end))


# --- Greetings and goodbyes -----------------------------------------------------------------------


def _without_greetings(lines: Sequence[Line], turns: Turns) -> tuple[int, int]:
    """Return the line at which a call gets going, and the one at which it is over."""
    if not lines:
        return 0, 0
    start, end = lines[0].start, lines[-1].end
    latest = start + min(GREETING, SHARE * (end - start))
    earliest = end - min(GOODBYE, SHARE * (end - start))
    early = [i for i, line in enumerate(lines) if line.start <= latest]
    late = [i for i, line in enumerate(lines) if line.start >= earliest]
    first = next((i for i in early if _begins(lines[i], turns)), 0)
    last = next((i for i in late if any(map(turns.end.search, lines[i].sentences()))), len(lines))
    return (first, last) if first < last else (0, len(lines))


def _begins(line: Line, turns: Turns) -> bool:
    """Tell whether a call gets going with one of a line's sentences, whatever follows it."""
    spoken = line.sentences()
    return any(turns.begin.search(" ".join(spoken[i:])) for i in range(len(spoken)))


# --- Boundaries -----------------------------------------------------------------------------------


def _gains(lines: Sequence[Line], units: Sequence[Sequence[str]], language: str) -> list[float]:
    """Return how good a boundary before each line is, in standard deviations of its ties."""
    ties = _ties(units)
    mean = sum(ties) / len(ties)
    deviation = math.sqrt(sum((t - mean) ** 2 for t in ties) / len(ties)) or 1.0
    return [
        (mean - ties[i]) / deviation + _said(lines, i, units, language) for i in range(len(lines))
    ]


def _ties(units: Sequence[Sequence[str]]) -> list[float]:
    """Return how strong the ties across the boundary before each line are.

    A word ties the more, the rarer it is among the lines and the more often it comes back.
    """
    places: dict[str, list[int]] = {}
    for i, unit in enumerate(units):
        for stem in dict.fromkeys(unit):
            places.setdefault(stem, []).append(i)
    steps = [0.0] * (len(units) + 1)
    for said in places.values():
        rarity = math.log(len(units) / len(said))
        for chain in _chains(said):
            weight = rarity * math.log(1 + len(chain))
            for here, there in pairwise(chain):
                tie = weight * math.exp(-(there - here - 1) / FADING)
                steps[here + 1] += tie
                steps[there + 1] -= tie
    return list(accumulate(steps[:-1]))


def _chains(places: Sequence[int]) -> list[list[int]]:
    """Part the occurrences of a word where it was not said for a while."""
    chains = [[places[0]]]
    for place in places[1:]:
        if place - chains[-1][-1] > REACH:
            chains.append([])
        chains[-1].append(place)
    return chains


def _said(
    lines: Sequence[Line], place: int, units: Sequence[Sequence[str]], language: str
) -> float:
    """Return what a boundary before a line gains by what the line says."""
    spoken = lines[place].sentences()
    short = [sentence for sentence in spoken if len(sentence.split()) <= SHORT]
    gain = SAYS_SO * any(turns_for(language).turn.search(sentence) for sentence in spoken)
    if len(spoken) > 1 and spoken[0] in short:
        gain += CLOSES
    before = {stem for unit in units[max(0, place - NEAR) : place] for stem in unit}
    after = {stem for unit in units[place + 1 : place + 1 + NEAR] for stem in unit}
    new = {*units[place]} & after - before
    if any(new.intersection(content_stems(sentence, language)) for sentence in short):
        gain += OPENS
    return gain


def _candidates(lines: Sequence[Line], gains: Sequence[float]) -> list[int]:
    """Return the lines before which there may be a boundary: the best of every few seconds.

    The first is always one. There are no more of them than the call is long, however many lines
    fall on one moment.
    """
    best: dict[int, int] = {}
    for place in range(1, len(lines)):
        step = int(lines[place].start / APART)
        if step not in best or gains[place] > gains[best[step]]:
            best[step] = place
    return [0, *sorted(best.values())]


def _best(lines: Sequence[Line], gains: Sequence[float], places: Sequence[int]) -> list[int]:
    """Return those of the possible boundaries that are best together, the first one included."""
    times = list(accumulate([*(lines[p].start for p in places), lines[-1].end], max))
    usual = _usual_length(times[-1] - times[0])
    scores = [0.0, *[-math.inf] * len(places)]
    back = [0] * len(times)
    for end in range(1, len(times)):
        for start in range(end - 1, -1, -1):
            length = times[end] - times[start]
            if length < LEAST or scores[start] == -math.inf:
                continue
            gain = gains[places[start]] if start else 0.0
            score = scores[start] + gain + _likely(length, usual)
            if score > scores[end]:
                scores[end], back[end] = score, start
            if length > LONGEST * usual:
                break
    chosen, end = [], len(places)
    while end:
        end = back[end]
        chosen.append(places[end])
    return chosen[::-1]


def _usual_length(seconds: float) -> float:
    """Return how long a topic usually is in a call of some length: longer in longer ones."""
    return min(MOST_USUAL, seconds / max(1.0, TOPICS_PER_ROOT * math.sqrt(seconds / 60)))


def _likely(length: float, usual: float) -> float:
    """Return the logarithm of how likely a topic's length is: normal on a logarithmic scale."""
    return -(math.log(length / usual) ** 2) / (2 * SPREAD**2)
