"""Whatever is in a file: a transcript in order, or a RecordingError, and nothing else."""

from __future__ import annotations

import html
import io
import json
import math
import unicodedata
import zipfile
from itertools import pairwise
from pathlib import Path

import docx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from memo.errors import RecordingError
from memo.model import Recording, Transcript
from memo.speech.transcript_files import read_transcript
from memo.speech.transcript_files.stamps import Stamp, marks_of
from memo.speech.transcript_files.timeline import place_turns, steady

pytestmark = pytest.mark.filterwarnings("error")
SETTINGS = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

PIECES = st.sampled_from(
    ["WEBVTT", "NOTE", "STYLE", "\n", "\n\n", "\r", " ", "\t", "00:00:01.000", "00:00:02,5", "-->",
     " --> ", "0:0:0.0", "99:59", "9999:59:59.999", "1", "12-0", "guid-guid-guid/12-0", "<v Ana>",
     "</v>", "<v", "<c>", "<00:00:01.500>", "{\\an8}", "&amp;", "&#0;", "&#xD800;", "Anna: ",
     "Ben:", "Ana María", "[SPEAKER_00]: ", "[Anna] 10:02:33", "Anna   0:03", "(0:05)", "[0:05]",
     ">>", "- ", "# ", "**", "Transcript", "Transcription ended after 00:31:20", "10:30 AM",
     "[pause]", "So we wait.", "and", "同意します。", "\u2028", "\x0b", "\x85", "\u202e", "\ufeff",
     "Language: de", "kind", "[09:00:00] Anna: Two.\n", "00:00:04 Ben: One.\n", "14:02 Ana: So.\n",
     "Ana\n0:05\n", '1 "Ana" (3)\n', "00:00:05.000 --> 00:00:03.000\nAna: Hm.\n\n"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["segments", "utterances", "transcription", "offsets", "from", "to", "text", "start",
             "end", "speaker", "words", "word", "score", "probability", "language", "duration",
             "result", "avg_logprob", "no_speech_prob", "speech_seconds"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip


def outcome(path: Path) -> Transcript | RecordingError:
    try:
        return read_transcript(path, Recording(filename=path.name, sha256="0" * 64))
    except RecordingError as error:
        return error


def attempt(content: bytes, folder: Path, name: str) -> Transcript | None:
    """Read content as that file; check what holds for every transcript there is."""
    path = folder / name
    path.write_bytes(content)
    transcript = outcome(path)
    if isinstance(transcript, RecordingError):
        assert transcript.hint
        assert "\n" not in str(transcript)
        return None
    segments = transcript.segments
    assert segments
    assert all(first.start <= second.start for first, second in pairwise(segments))
    assert all(math.isfinite(s.end) and s.text == " ".join(s.text.split()) != "" for s in segments)
    assert transcript.duration >= max(s.end for s in segments)
    assert transcript.speech_seconds <= transcript.duration + 1e-6
    labels = list(dict.fromkeys(s.speaker for s in segments if s.speaker))
    assert [p.label for p in transcript.participants] == labels
    assert all(0 < len(label) <= 80 for label in labels)
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} for label in labels for c in label)
    assert Transcript.model_validate_json(transcript.model_dump_json()) == transcript
    return transcript


@SETTINGS
@given(content=st.binary(max_size=300), suffix=st.sampled_from(["txt", "vtt", "json", "docx"]))
def test_any_bytes(content: bytes, suffix: str, tmp_path: Path) -> None:
    attempt(content, tmp_path, f"any.{suffix}")


@settings(SETTINGS, max_examples=250)
@given(content=TEXTS)
@example(content="00:00:01.000 --> 00:00:02.000")
@example(content="Anna   0:03")
@example(content="[0:05]\n[0:05]\nAnna: ")
def test_any_text(content: str, tmp_path: Path) -> None:
    encoded = content.encode("utf-8", errors="replace")
    attempt(encoded, tmp_path, "any.txt")
    attempt(b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + encoded, tmp_path, "any.vtt")


@settings(SETTINGS, max_examples=200)
@given(value=JSONS)
def test_any_json(value: object, tmp_path: Path) -> None:
    attempt(json.dumps(value).encode(), tmp_path, "any.json")
    wrapped = {"segments": [value] if isinstance(value, dict) else value, "language": value}
    attempt(json.dumps(wrapped).encode(), tmp_path, "any.json")


@settings(SETTINGS, max_examples=40)
@given(lines=st.lists(TEXTS, max_size=4))
def test_any_word_file(lines: list[str], tmp_path: Path) -> None:
    document = docx.Document()
    for line in lines:
        document.add_paragraph("".join(c for c in line if c.isprintable() or c in "\n\t"))
    stream = io.BytesIO()
    document.save(stream)
    attempt(stream.getvalue(), tmp_path, "any.docx")


@settings(SETTINGS, max_examples=40)
@given(xml=st.lists(st.sampled_from(
    ["<w:p>", "</w:p>", "<w:r>", "</w:r>", "<w:t>", "</w:t>", "<w:tbl>", "</w:tbl>", "<w:tr>",
     "</w:tr>", "<w:tc>", "</w:tc>", "<w:br/>", "<!-- -->", "<?x y?>", "Anna: Hi.", "&lt;", "&x;",
     '<w:tcPr><w:gridSpan w:val="999999999"/></w:tcPr>']), max_size=30).map("".join))  # fmt: skip
def test_any_word_xml(xml: str, tmp_path: Path) -> None:
    whole = io.BytesIO()
    docx.Document().save(whole)
    stream = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "word/document.xml":
                content = content.replace(b"<w:body>", b"<w:body>" + xml.encode())
            new.writestr(part.filename, content)
    attempt(stream.getvalue(), tmp_path, "any.docx")


# --- There and back ---------------------------------------------------------------------------

WORDS = st.lists(
    st.text(
        st.characters(categories=["L", "N"], exclude_characters="\ufeff"), min_size=1, max_size=9
    )
    | st.sampled_from(["<b>", "a<b", "&amp;", "AT&T", "-->", "10:30", "Note:", "Anna:", "-", ">>"]),
    min_size=1,
    max_size=12,
).map(lambda words: " ".join([*words, "end."]))
NAMES = st.text(st.characters(categories=["L"]), min_size=1, max_size=12).map(
    lambda name: f"{name} O'Neil & <Sons>"
)


@st.composite
def meetings(draw: st.DrawFn) -> list[tuple[int, int, str, str]]:
    """Captions: start and end in milliseconds, speaker, text."""
    voices = draw(st.lists(NAMES, min_size=1, max_size=3))
    at, captions = 0, []
    for _ in range(draw(st.integers(1, 8))):
        start = at + draw(st.integers(0, 4_000_000))
        at = start + draw(st.integers(1, 60_000))
        captions.append((start, at, draw(st.sampled_from(voices)), draw(WORDS)))
    return captions


def clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def escaped(text: str) -> str:
    return html.escape(text, quote=False)


@SETTINGS
@given(captions=meetings())
def test_a_transcript_written_as_webvtt_comes_back(
    captions: list[tuple[int, int, str, str]], tmp_path: Path
) -> None:
    blocks = [
        f"{clock(start)} --> {clock(end)}\n<v {escaped(name)}>{escaped(text)}</v>\n"
        for start, end, name, text in captions
    ]
    content = "WEBVTT\n\n" + "\n".join(blocks)
    transcript = attempt(content.encode(), tmp_path, "back.vtt")
    assert transcript
    read = [(s.start, s.end, s.speaker, s.text) for s in transcript.segments]
    assert [row[2:] for row in read] == [row[2:] for row in captions]
    for (start, end, _, _), (begins, ends, _, _) in zip(read, captions, strict=True):
        assert start == pytest.approx(begins / 1000, abs=1e-6)
        assert end == pytest.approx(ends / 1000, abs=1e-6)


@SETTINGS
@given(
    turns=st.lists(
        st.tuples(st.text("ab c。あ", max_size=30), st.none() | st.floats(0, 1e5)), max_size=20
    )
)
def test_turns_are_placed_in_order_and_on_their_marks(
    turns: list[tuple[str, float | None]],
) -> None:
    texts = [text for text, _ in turns]
    marks = [mark for _, mark in turns]
    places = place_turns(texts, marks)
    assert len(places) == len(turns)
    assert all(start <= end for start, end in places)
    assert all(first[0] <= second[0] + 1e-6 for first, second in pairwise(places))
    assert all(first[1] <= second[0] + 1e-6 for first, second in pairwise(places))
    for (start, _), mark in zip(places, steady(marks), strict=True):
        assert mark is None or start == pytest.approx(mark)


STAMPS = st.builds(Stamp, st.integers(0, 40_000_000).map(float), st.booleans(), st.booleans())


@SETTINGS
@given(stamps=st.lists(st.none() | STAMPS, max_size=8), words=st.floats(0, 1e4))
def test_marks_lie_inside_the_recording(stamps: list[Stamp | None], words: float) -> None:
    marks, warnings = marks_of(stamps, words)
    assert len(marks) == len(stamps)
    assert all(mark is None or 0 <= mark <= 4e7 for mark in marks)
    assert all(mark is None for mark, stamp in zip(marks, stamps, strict=True) if not stamp)
    assert any(mark is not None for mark in marks) == any(stamps)
    assert warnings or None not in stamps


@SETTINGS
@given(marks=st.lists(st.none() | st.integers(0, 12).map(float), max_size=9))
def test_as_many_marks_are_kept_as_can_rise(marks: list[float | None]) -> None:
    kept = [mark for mark in steady(marks) if mark is not None]
    assert all(first < second for first, second in pairwise(kept))
    best = [0] * (len(marks) + 1)
    for place, mark in enumerate(marks):
        if mark is not None:
            rising = (best[e] for e, m in enumerate(marks[:place]) if m is not None and m < mark)
            best[place] = 1 + max(rising, default=0)
    assert len(kept) == max(best)
