"""Which words before a colon are a speaker's name.

In `Decision: we wait` and `Note: see https://…` nobody called Decision or Note speaks. There is
no list of names; what tells is the shape (few words, capitals, no sentence), how often it comes
back, and where: at the start of a block, or in a file where most lines begin like that. Words that
head a line of minutes in the languages memo knows are never names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_LONGEST_NAME = 60
_MOST_WORDS = 5
_DENSE = 0.5
"""Share of lines with a name at which a file has one line for each turn."""

_PARTICLE_WORDS = """
    al bin da das de dei del della den der des di do dos du e el ibn la le of ten ter und van vom
    von y zu zum zur
"""
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
# Heads of lines in minutes, and words that open a sentence. English, German, Spanish, French,
# Portuguese, Italian, Dutch.
_HEADING_WORDS = """
    action actions actually address agenda agreed also and answer anyway approved assigned
    attendance attendees background basically because blocker blockers but caution caveat cc
    chat clarification comment comments conclusion context copyright correct correction date
    deadline decided decision decisions description details disclaimer discussion due duration
    edit email end example fact file filename final finally finding first footnote format from goal
    goals hi hello here hint however http https idea important info input instead invitees issue
    issues item items keywords kind language last link links listen location look mailto maybe
    meaning meeting minutes namely next no note notes now objective ok okay open option options
    organizer organiser outcome output overview owner part participants phase phone place plan plus
    point points present priority problem pros cons project ps purpose question questions rationale
    re reason reasons recap recording reference regarding region remember reminder resolved result
    results right risk risks rule scenario second see sent since so solution sorry source start
    started status step steps style subject summary tags takeaway takeaways task tasks thanks then
    therefore third time timezone tip title to today todo tomorrow topic topics transcript
    transcription type unless update updates url use variant version warning webvtt well which why
    with yeah yep yes yesterday
    applause crosstalk inaudible laughing laughs laughter music noise pause silence unintelligible
    a about all are as at before by can could do does for he how i if in is it let let's like many
    maybe more most my of on one or our she some that the their there these they this those two
    three us we what when where while who whose you your
    also anlass aufgabe aufgaben anwesend beispiel bemerkung beschluss beschlüsse betreff dauer
    datum das der die entscheidung entscheidungen ergebnis ergebnisse erstens zweitens drittens
    fazit frage fragen genau grund hinweis ja nein naja nächste nachtrag offen ort problem protokoll
    punkt schritt stand tagesordnung teilnehmer teilnehmende termin thema themen uhrzeit variante
    vorschlag warnung wichtig ziel zusammenfassung
    acción acuerdo acuerdos acta asistentes asunto bueno conclusión decisión decisiones ejemplo
    entonces fecha hora idea importante lugar motivo nota objetivo opción orden paso pregunta
    problema próximos pues razón resultado resumen sí tarea tareas tema temas título
    ah alors bon compte conclusion date décision décisions donc durée exemple heure important lieu
    motif non objectif objet ordre oui participants présents prochaines question raison
    remarque résultat résumé sujet tâche tâches titre
    ação assunto atenção bem conclusão data decisão decisões então exemplo hora importante
    não nota objetivo opção participantes passo pauta pergunta presentes próximos razão resultado
    resumo sim tarefa tarefas tema título
    allora argomento attività attenzione bene conclusione data decisione decisioni domanda esempio
    importante luogo motivo nota obiettivo oggetto ordine partecipanti passo presenti prossimi
    quindi ragione riassunto risultato sì titolo
    aanwezig actie acties actiepunten afspraak besluit besluiten conclusie datum deelnemers dus
    doel goed ja locatie nee notitie onderwerp opmerking optie plaats probleem reden resultaat
    samenvatting stap tijd titel vraag volgende voorbeeld
"""
_NOT_NAMES = frozenset(_HEADING_WORDS.split())
# Punctuation of sentences (a dot may end `Dr.` or `Prof.`, but no long word), and dates.
_NEVER_IN_A_NAME = re.compile(
    r"""[?!;:"<>{}=/\\\u2026\u201c\u201d\u00ab\u00bb\u3002\u3001\uff0c]"""
    r"|[^\W\d_]{5}\.|\.[^\W\d_]{3}|\d,|\b(?:19|20)\d\d\b"
)
_NUMBERED_VOICE = re.compile(r"\w{2,20}[ _-]?\d{1,3}")  # Speaker 1, SPEAKER_00, Sprecher 2
_BRACKETED = re.compile(r"\[([^\[\]:]{1,60})\](?=\s+[^\s\W])")  # [Speaker 1] text
_PHONE = re.compile(r"\+?\d[\d()* -]{5,18}\d")  # who dials in
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]{0,40}[)\]]$")  # Jo Park (Guest)


class Candidate(NamedTuple):
    """Words that may name a speaker; `opens` says that they stand where a turn can begin."""

    name: str
    opens: bool


def split_name(line: str) -> tuple[str, str] | None:
    """Split `Name: text`, `[Name]: text` or `[Name] text`, if it has the shape of that.

    Args:
        line: A line without surrounding white space and markup.

    Returns:
        Name and text (which may be empty), or None.
    """
    bracketed = _BRACKETED.match(line)
    if bracketed and has_name_shape(bracketed[1]):
        return bracketed[1].strip(), line[bracketed.end() :].strip()
    place = min(
        (i for i in (line.find(":", 0, 90), line.find("\uff1a", 0, 90)) if i > 0), default=0
    )
    if not place:
        return None
    name, text = line[:place].strip(), line[place + 1 :]
    if name[0] == "[" and name[-1] == "]":
        name = name[1:-1].strip()
    glued = line[place] == ":" and text[:1] and not (text[0].isspace() or text[0].isalpha())
    return None if glued or not has_name_shape(name) else (name, text.strip())


def has_name_shape(name: str) -> bool:
    """Return whether words could be a name: few, short, no sentence, starting with a letter."""
    if _PHONE.fullmatch(name):
        return True
    words = _ASIDE.sub("", name).split()
    if not words or len(name) > _LONGEST_NAME or len(words) > _MOST_WORDS:
        return False
    return name[0].isalpha() and not _NEVER_IN_A_NAME.search(name)


def looks_like_name(name: str) -> bool:
    """Return whether words are written as names are: capitals, but for `von` and the like.

    One more word between others may be small: `Liam from Tahi`.
    """
    words = _ASIDE.sub("", name).replace(",", " ").split()
    small = [word for word in words if word[0].islower() and word.casefold() not in _PARTICLES]
    return bool(words) and not words[-1][0].islower() and (not small or small == words[1:-1][:1])


def heads_a_line(name: str) -> bool:
    """Return whether words are a heading or open a sentence, like `Decision` or `Next steps`."""
    return name.split(maxsplit=1)[0].casefold().rstrip(",.") in _NOT_NAMES


def accepted_names(candidates: Iterable[Candidate], lines: int) -> frozenset[str]:
    """Return the candidates that are speakers.

    A name that comes back needs little more than its shape; one that comes once must be
    written like a name, and stand where a turn can begin.

    Args:
        candidates: One for each line that has the shape of `Name: text`.
        lines: How many lines (or captions) there are in all.
    """
    seen = [c for c in candidates if not heads_a_line(c.name)]
    counts = Counter(c.name for c in seen)
    dense = len(seen) >= _DENSE * lines
    opening = {c.name for c in seen if c.opens or dense}
    return frozenset(name for name in counts if _accepted(name, counts[name], opening))


def numbered_voice(name: str) -> bool:
    """Return whether this is a label of a machine: `Speaker 1`, `SPEAKER_00`."""
    return bool(_NUMBERED_VOICE.fullmatch(name))


def _accepted(name: str, count: int, opening: Sequence[str] | set[str]) -> bool:
    if looks_like_name(name):
        return count > 1 or name in opening
    return count > 1 and ("," not in name) and (len(name.split()) == 1 or numbered_voice(name))
