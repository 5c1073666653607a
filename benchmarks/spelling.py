# ruff: noqa: INP001, T201
"""Measure how names and terms are spelled: as heard, told to the speech model, and corrected.

    python benchmarks/spelling.py MODEL_FOLDER CALL.m4a ... --terms "Teravault"
    python benchmarks/spelling.py --meetings memo/evaluation/meetings training/meetings

Beside each call lies its reference, `CALL.reference.json`: `segments` with `text`, and the names of
the `speakers`. `names` is how often their names and the terms are spelled as in the reference,
`errors` the words that are wrong in all, in per cent (WER, case and punctuation left out).

With `--meetings`, what is corrected in labelled meetings, whose text is right: with the names of
those who were there, and with names that nobody there has. Every correction is a wrong one.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from memo.model import Recording, Segment, Transcript
from memo.ports import Artifact, silent
from memo.speech.names.glossary import Term, hotwords, listed, name_parts, read_entries
from memo.speech.names.misheard import correct
from memo.speech.recognition.asr import FasterWhisper

STRANGERS = """
    Priya Shah, Nkechi Obi, Ruben Haas, Meilin Tan, Oskar Wojcik, Farah Siddiqui, Dagmar Vos,
    Thorsten Käfer, Annika Brüggemann, Philipp Nowak, Siobhán O'Neill, Rajesh Venkataraman,
    Chiara Bianchi, Joaquín Vázquez, Íñigo Echeverría, Björn Ångström, Art Long, Mark Stone,
    Rose Park, Theresa Hall, Jill Frost, Bernhard Beck, Karin Holm, Laura Bell, Daniel Roth
"""
TERMS = (
    "Teravault, Kassandra, Kubernetes, Grafana, Larkspur, Salesforce, Notion, Linear, Stripe, Miro"
)
GROUP = 6


class Nothing:
    """Checkpoints that keep nothing."""

    def load(self, _step: str, _key: str, _kind: type[Artifact]) -> None:
        """Find nothing."""

    def save(self, _step: str, _key: str, _artifact: object) -> None:
        """Keep nothing."""


def spelled(text: str) -> Counter[str]:
    """Return how often each word is written just so."""
    return Counter(re.findall(r"[^\W\d_]+", text))


def normalised(text: str) -> list[str]:
    """Return the words of a text without case and punctuation."""
    return re.findall(r"[\w']+", text.casefold().replace("’", "'"))


def text_of(transcript: Transcript) -> str:
    """Return all that was said."""
    return " ".join(segment.text for segment in transcript.segments)


def measure_calls(folder: Path, calls: Sequence[Path], terms: Sequence[Term]) -> None:
    """Print a line for each call and way of hearing it."""
    print(f"{'call':28}{'told':>6}{'corrected':>11}{'names':>10}{'errors':>8}")
    with FasterWhisper(folder, folder.name) as whisper:
        for call in calls:
            reference = json.loads(call.with_suffix(".reference.json").read_text("utf-8"))
            people = reference["speakers"]
            said = " ".join(segment["text"] for segment in reference["segments"])
            for told in (False, True):
                words = hotwords(people, terms) if told else ()
                heard = whisper.transcribe(
                    call, language=None, hotwords=words, checkpoints=Nothing(), progress=silent
                )
                for is_corrected in (False, True):
                    found = correct(heard, people, terms) if is_corrected else heard
                    figures = judged(said, text_of(found), people, terms)
                    flags = f"{'yes' if told else 'no':>6}{'yes' if is_corrected else 'no':>11}"
                    print(f"{call.stem:28}{flags}{figures}", flush=True)


def judged(said: str, found: str, people: Sequence[str], terms: Sequence[Term]) -> str:
    """Return names that are spelled right of those that were said, and the word error rate."""
    names = {part for name in people for part in name_parts(name)}
    names |= {word for term in terms for word in term.written.split()}
    right, there = spelled(said), spelled(found)
    hits = sum(min(right[name], there[name]) for name in names)
    wanted, heard = normalised(said), normalised(found)
    errors = 100 * Levenshtein.distance(wanted, heard) / len(wanted)
    return f"{hits:>4} of {sum(right[name] for name in names):>2}{errors:>8.2f}"


def measure_meetings(folders: Sequence[Path]) -> None:
    """Print what is corrected in texts that are right."""
    draw = random.Random(0)  # noqa: S311 - the same each time
    everybody = [name.strip() for name in STRANGERS.split(",")]
    totals: Counter[str] = Counter()
    for file in sorted(file for folder in folders for file in folder.rglob("*.json")):
        meeting = json.loads(file.read_text("utf-8"))
        said = written(meeting)
        own = [person["name"] for person in meeting["participants"] if person.get("name")]
        known = set(spelled(text_of(said)))
        strangers = [name for name in everybody if not known & set(name.split())]
        some = draw.sample(strangers, min(GROUP, len(strangers)))
        terms = read_entries([term for term in listed(TERMS) if term not in known])
        totals["meetings"] += 1
        totals["words"] += len(text_of(said).split())
        for kind, people, glossary in (("own", own, ()), ("strangers", some, terms)):
            for one in correct(said, people, glossary).corrections:
                totals[kind] += 1
                print(f"{file.stem}: {one.heard} -> {one.written} ({kind}, {one.reason})")
    print(
        ", ".join(f"{name} {totals[name]:,}" for name in ("meetings", "words", "own", "strangers"))
    )


def written(meeting: dict[str, Any]) -> Transcript:
    """Return a labelled meeting as a transcript."""
    return Transcript(
        recording=Recording(filename="meeting", sha256="0" * 64),
        duration=max(line["end"] for line in meeting["utterances"]),
        speech_seconds=0,
        language=meeting["language"],
        segments=tuple(lines(meeting["utterances"])),
    )


def lines(utterances: Sequence[dict[str, Any]]) -> Iterator[Segment]:
    """Yield what was said as segments."""
    for place, line in enumerate(utterances):
        yield Segment(id=place, start=line["start"], end=line["end"], text=line["text"])


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", type=Path, nargs="?", help="folder of a Whisper model")
    parser.add_argument("calls", type=Path, nargs="*", help="recordings with references")
    parser.add_argument("--terms", default="", help="terms that are spoken of")
    parser.add_argument("--meetings", type=Path, nargs="+", help="folders of labelled meetings")
    given = parser.parse_args()
    if given.meetings:
        measure_meetings(given.meetings)
    if given.model:
        measure_calls(given.model, given.calls, read_entries(listed(given.terms)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
