"""Memos in English, German and Spanish, from the transcript to the page, by the installed command.

`tests/data/languages` holds a German and a Spanish call that were written for these tests. No word
of memo's own may be in another language than the memo's: all English wordings are looked for.
"""

from __future__ import annotations

import json
import re
import string
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from docx import Document
from docx.oxml.ns import qn

from memo.export.wording import ENGLISH, GERMAN, SPANISH, Wording
from memo.model import Memo

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command, Endpoint

ROOT = Path(__file__).resolve().parents[2]
CALLS = ROOT / "tests" / "data" / "languages"
ROSTER = ROOT / "memo" / "evaluation" / "meetings" / "d4-station-dienstplan.json"
REMARKS = tomllib.loads((ROOT / "memo" / "export" / "remarks.toml").read_text(encoding="utf-8"))
WORDINGS = {"en": ENGLISH, "de": GERMAN, "es": SPANISH}

PLAIN_ENGLISH = re.compile(
    r"\b(?:the|and|this|these|that|with|from|were|found|said|words|nobody|only|speech|speaker"
    r"|meeting|recording|transcript|translated|rules|monday|tuesday|wednesday|thursday|friday"
    r"|saturday|sunday|proposed|accepted|rejected)\b",
    re.IGNORECASE,
)
"""Words of English that neither German nor Spanish talk has in it."""


def summary_sentences(language: str) -> list[str]:
    """The sentences around the findings that a summary tells."""
    path = ROOT / "memo" / "extraction" / "languages" / f"{language}.toml"
    told = tomllib.loads(path.read_text(encoding="utf-8"))["summary"].values()
    return [text for each in told for text in ([each] if isinstance(each, str) else each)]


def stretches(text: str) -> Iterator[str]:
    """The words of a sentence between the values that are filled in, but for very short ones."""
    for literal, *_ in string.Formatter().parse(text):
        words = literal.strip(" .,:;()%")
        if len(re.findall(r"[^\W\d_]", words)) > 2:
            yield words


def english_words() -> Iterator[str]:
    """Everything that a memo says in English: each stretch of words between filled-in values."""
    texts: list[str] = [*ENGLISH.weekdays, *ENGLISH.statuses.values(), *summary_sentences("en")]
    for about in fields(Wording):
        value = getattr(ENGLISH, about.name)
        texts += [value] if isinstance(value, str) else []
    for code, entry in REMARKS.items():
        if code != "values":
            texts += entry["en"] if isinstance(entry["en"], list) else [entry["en"]]
    for named in REMARKS["values"].values():
        texts += [each["en"] for each in named.values()]
    for text in texts:
        yield from stretches(text)


def left_over(text: str, wording: Wording) -> list[str]:
    """The English wordings in a text that are not this language's too."""
    own = {getattr(wording, about.name) for about in fields(Wording) if about.type == "str"}
    return sorted(
        {
            words
            for words in english_words()
            if words not in own and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text)
        }
    ) + sorted(set(PLAIN_ENGLISH.findall(text)))


def as_captions(meeting: Path) -> str:
    """A labelled meeting as the WebVTT that a call's program would have written."""
    lines = ["WEBVTT", ""]
    for said in json.loads(meeting.read_text(encoding="utf-8"))["utterances"]:
        start, end = (
            f"{t // 3600:02.0f}:{t % 3600 // 60:02.0f}:{t % 60:06.3f}" for t in span(said)
        )
        lines += [f"{start} --> {end}", f"<v {said['speaker']}>{said['text']}", ""]
    return "\n".join(lines)


def span(said: dict[str, Any]) -> tuple[float, float]:
    return said["start"], max(said["end"], said["start"] + 0.5)


def convert(command: Command, name: str, *options: str) -> tuple[Memo, str, str]:
    """The memo of a call, as JSON, as Markdown and as the text of its Word document."""
    path = command.folder / f"{name}.vtt"
    if name == "dienstplan.de":
        path.write_text(as_captions(ROSTER), encoding="utf-8")
    else:
        path.write_bytes((CALLS / path.name).read_bytes())
    done = command("convert", path, "--llm", "none", "--title", "x", *options)
    assert done.returncode == 0, done.stderr
    page = (command.folder / f"{name}.memo.md").read_text(encoding="utf-8")
    memo = Memo.model_validate_json((command.folder / f"{name}.memo.json").read_bytes())
    return memo, page.partition("\n# ")[2], word_text(command.folder / f"{name}.memo.docx")


def word_text(path: Path) -> str:
    document = Document(str(path))
    parts = (document.element.body, document.sections[0].footer.paragraphs[0].part.element)
    return "\n".join(
        "".join(text.text or "" for text in paragraph.iter(qn("w:t")))
        for part in parts
        for paragraph in part.iter(qn("w:p"))
    )


def word_language(path: Path) -> str:
    element = Document(str(path)).styles.element
    return str(next(element.iter(qn("w:lang"))).get(qn("w:val")))


@pytest.mark.parametrize(
    ("name", "language", "tag"),
    [
        ("dienstplan.de", "de", "de-DE"),
        ("sommerfest.de", "de", "de-DE"),
        ("biblioteca.es", "es", "es-ES"),
    ],
)
def test_a_memo_is_in_the_language_that_was_spoken(
    command: Command, name: str, language: str, tag: str
) -> None:
    memo, page, word = convert(command, name)
    say = WORDINGS[language]
    assert (memo.language, memo.memo_language) == (language, language)
    for heading in (say.decisions, say.actions, say.questions, say.about):
        assert f"\n## {heading}\n" in page
        assert f"\n{heading}\n" in word
    assert memo.decisions
    assert memo.action_items
    assert memo.open_questions
    for text in (page, word, "\n".join(memo.warnings), memo.summary):
        assert left_over(text, say) == []
    assert word_language(command.folder / f"{name}.memo.docx") == tag


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("sommerfest.de", "Fr 2026-09-11 „bis Freitag“"),
        ("biblioteca.es", "mar 2026-09-08 «mañana por la mañana»"),
    ],
)
def test_dates_and_the_summary_are_as_people_of_that_language_write_them(
    command: Command, name: str, due: str
) -> None:
    began = ("--started-at", "2026-09-07T18:00", "--timezone", "Europe/Madrid")
    memo, page, word = convert(command, name, *began)
    day = {"de": "Montag", "es": "lunes"}[memo.language]
    assert f"{day} 2026-09-07, 18:00 (Europe/Madrid, UTC+02:00)" in page
    assert f"{day} 2026-09-07, 18:00 (Europe/Madrid, UTC+02:00)" in word
    told = [words for text in summary_sentences(memo.language) for words in stretches(text)]
    assert any(words in memo.summary for words in told)
    assert due in page


def test_the_german_roster_has_its_doubts_in_german(command: Command) -> None:
    memo, page, _ = convert(command, "dienstplan.de")
    doubts = [f.reason for f in memo.findings() if f.reason]
    codes = {remark.code for f in memo.findings() for remark in f.remarks}
    assert doubts
    assert codes <= REMARKS.keys()
    assert all(REMARKS[code]["de"].partition("{")[0] in page for code in codes)
    assert next(w for w in memo.warnings if "--started-at" in w).startswith("Niemand sagte")


@pytest.mark.parametrize("wanted", ["de", "es", "en"])
@pytest.mark.parametrize(("name", "spoken"), [("sommerfest.de", "de"), ("biblioteca.es", "es")])
def test_another_memo_language_changes_memos_words_and_no_one_elses(
    command: Command, name: str, spoken: str, wanted: str
) -> None:
    plain, _, _ = convert(command, name)
    memo, page, word = convert(command, name, "--memo-language", wanted)
    say = WORDINGS[wanted]
    assert (memo.language, memo.memo_language) == (spoken, wanted)
    assert f"\n## {say.decisions}\n" in page
    assert f"\n{say.questions}\n" in word
    told = [(f.evidence, f.verdict, f.remarks) for f in memo.findings()]
    assert told == [(f.evidence, f.verdict, f.remarks) for f in plain.findings()]
    assert [d.statement for d in memo.decisions] == [d.statement for d in plain.decisions]
    said_so = [remark.code for remark in memo.remarks if remark.code == "as_spoken"]
    assert len(said_so) == (wanted != spoken)
    if wanted != "en":
        assert left_over(page, say) == []
        assert left_over(word, say) == []
    captions = (command.folder / f"{name}.transcript.vtt").read_text(encoding="utf-8")
    assert f"Language: {spoken}" in captions


def test_english_wordings_are_found_where_there_are_any(command: Command) -> None:
    """The check itself: an English memo is full of them."""
    _, page, word = convert(command, "sommerfest.de", "--memo-language", "en")
    for text in (page, word):
        assert len(left_over(text, GERMAN)) > 10
        assert {"Decisions", "Open questions", "rules alone"} <= set(left_over(text, GERMAN))
        assert {"Decided", "Still open"} & set(left_over(text, GERMAN))


def test_a_large_model_translates_what_was_verified(command: Command, endpoint: Endpoint) -> None:
    path = command.folder / "sommerfest.de.vtt"
    path.write_bytes((CALLS / path.name).read_bytes())
    endpoint.items = {
        "decision": [
            {
                "lines": [11],
                "quote": "Dann haben wir beschlossen, dass wir kein Zelt mieten.",
                "decision": "Wir mieten kein Zelt.",
            }
        ],
        "number": [{"number": 0, "text": "We do not rent a tent."}],
    }
    done = command(
        "convert", path, "--llm-url", endpoint.url, "--llm-model", "m", "--memo-language", "en"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    memo = Memo.model_validate_json((command.folder / "sommerfest.de.memo.json").read_bytes())
    (decision,) = memo.decisions
    assert decision.verdict == "supported"
    assert decision.statement == "We do not rent a tent."
    assert decision.untranslated == "Wir mieten kein Zelt."
    assert (decision.reason or "").startswith("translated (German): figures")
    page = (command.folder / "sommerfest.de.memo.md").read_text(encoding="utf-8")
    assert "**1. We do not rent a tent.**" in page
    assert "“Dann haben wir beschlossen, dass wir kein Zelt mieten.”" in page
    assert "A language model translated the findings (German)." in page


def test_a_language_that_memo_has_no_words_in_is_refused_with_those_it_has(
    command: Command, call: Path
) -> None:
    done = command("convert", call, "--llm", "none", "--memo-language", "fr")
    assert done.returncode == 3
    assert "'fr'" in done.stderr
    assert "de (German), en (English), es (Spanish)" in done.stderr
    assert not list(command.folder.glob("*.memo.*"))


def test_the_memo_language_is_a_setting_like_the_others(command: Command, call: Path) -> None:
    (command.folder / "memo.toml").write_text('memo_language = "de"\n', encoding="utf-8")
    shown = json.loads(command("config", "show", "--json").stdout)
    assert shown["memo_language"] == {"value": "de", "origin": "memo.toml"}
    done = command("convert", call, "--llm", "none", MEMO_MEMO_LANGUAGE="es")
    assert done.returncode == 0, done.stderr
    page = (command.folder / "call.memo.md").read_text(encoding="utf-8")
    assert "## Decisiones" in page
