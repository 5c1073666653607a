from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable

import pytest
from docx import Document
from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memo.export.word import render_word
from memo.model import Memo

HOSTILE = st.one_of(
    st.text(max_size=20),
    st.lists(
        st.sampled_from(
            [
                "\x00",
                "\x0c",
                "\ud800",
                "\ufffe",
                "]]>",
                "<w:p/>",
                "&amp;",
                "שלום",
                "مرحبا",
                "日本",
                "{ PAGE }",
                "\t",
                "\n",
                "12",
                " ",
                "\u202e",
                'DDEAUTO c:\\\\cmd "/k calc"',
            ]
        ),
        max_size=6,
    ).map("".join),
)


# The order that ECMA-376 part 1 wants (17.3.1.26, 17.3.2.28, 17.4.60, 17.4.70); Word calls a file
# corrupt that has another.
ORDER = {
    "w:pPr": (
        "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers "
        "pBdr shd tabs suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE "
        "autoSpaceDN bidi adjustRightInd snapToGrid spacing ind contextualSpacing mirrorIndents "
        "suppressOverlap jc textDirection textAlignment textboxTightWrap outlineLvl divId cnfStyle "
        "rPr sectPr pPrChange"
    ),
    "w:rPr": (
        "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint "
        "noProof snapToGrid vanish webHidden color spacing w kern position sz szCs highlight u "
        "effect bdr shd fitText vertAlign rtl cs em lang eastAsianLayout specVanish oMath"
    ),
    "w:tblPr": (
        "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc "
        "tblCellSpacing tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption"
    ),
    "w:tcPr": "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection vAlign",
    "w:style": (
        "name aliases basedOn next link autoRedefine hidden uiPriority semiHidden unhideWhenUsed "
        "qFormat locked personal rsid pPr rPr tblPr trPr tcPr tblStylePr"
    ),
    "w:lvl": "start numFmt lvlRestart pStyle isLgl suff lvlText lvlPicBulletId lvlJc pPr rPr",
    "w:settings": (
        "zoom defaultTabStop characterSpacingControl compat rsids mathPr themeFontLang "
        "clrSchemeMapping decimalSymbol listSeparator"
    ),
}


def _opened(memo: Memo) -> WordDocument:
    return Document(io.BytesIO(render_word(memo)))


def _styled(document: WordDocument, style: str) -> list[str]:
    return [p.text for p in document.paragraphs if p.style is not None and p.style.name == style]


def _parts(memo: Memo) -> dict[str, BaseOxmlElement]:
    """Every XML part, parsed, which proves that it is well-formed."""
    with zipfile.ZipFile(io.BytesIO(render_word(memo))) as packed:
        return {name: parse_xml(packed.read(name)) for name in packed.namelist()}


def test_the_memo_is_laid_out_with_real_styles(weekly: Memo) -> None:
    document = _opened(weekly)
    assert _styled(document, "Title") == ["Weekly engineering call"]
    assert _styled(document, "Heading 1") == [
        "Decisions",
        "Actions",
        "Open questions",
        "Also discussed",
        "Not verified",
        "About this memo",
    ]
    assert _styled(document, "Heading 2")[0].startswith("1. Roll the billing migration out")
    assert _styled(document, "List Bullet")[0].startswith("Why: The dry run gave")
    assert _styled(document, "Quote")[1].startswith("“Good. So, decision: we drop the single")
    assert (
        _styled(document, "Coverage")[0] == "Covers the whole recording: 2:58, 2:38 of it speech."
    )


def test_actions_are_a_table_whose_head_repeats_and_whose_rows_stay_whole(weekly: Memo) -> None:
    (table,) = _opened(weekly).tables
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert rows[0] == ["Owner", "Task", "Due", "Said at"]
    assert rows[3][0] == "Dan"
    assert rows[3][2:] == ["Wed 2026-12-02\n“by Wednesday”", "1:26"]
    assert rows[5][:2] == ["no owner", "Settle the holiday cover ▲ Uncertain: nobody took it on"]
    elements = list(_parts(weekly)["word/document.xml"].iter(qn("w:tr")))
    assert [row.find(f".//{qn('w:tblHeader')}") is not None for row in elements] == [
        True,
        *[False] * 5,
    ]
    assert all(row.find(f".//{qn('w:cantSplit')}") is not None for row in elements)


def test_what_is_not_verified_is_not_among_the_facts(weekly: Memo) -> None:
    texts = [paragraph.text for paragraph in _opened(weekly).paragraphs]
    place = texts.index("Not verified")
    assert not any("Freeze all deployments" in text for text in texts[:place])
    assert texts[place + 2].startswith(
        "▲ Decision? Freeze all deployments in December — the quoted"
    )


def test_empty_sections_say_so(empty: Memo) -> None:
    document = _opened(empty)
    assert _styled(document, "Normal") == [
        "No decisions were found.",
        "No actions were found.",
        "No open questions were found.",
    ]
    assert not document.tables


def test_properties_say_what_the_file_is(weekly: Memo) -> None:
    properties = _opened(weekly).core_properties
    assert properties.title == "Weekly engineering call"
    assert properties.author == "memo"
    assert properties.language == "en"
    assert properties.created is not None
    assert properties.created.replace(tzinfo=dt.UTC) == weekly.provenance.created_at
    assert properties.comments == ""


def test_a_very_long_title_still_fits_the_properties(weekly: Memo) -> None:
    long = _opened(weekly.model_copy(update={"title": "word " * 2000}))
    assert long.core_properties.title.endswith("word […]")


def test_pages_are_numbered_by_fields(weekly: Memo) -> None:
    footers = [part for name, part in _parts(weekly).items() if name.startswith("word/footer")]
    fields = [field.get(qn("w:instr")) for field in footers[0].iter(qn("w:fldSimple"))]
    assert fields == ["PAGE", "NUMPAGES"]
    texts = [text.text for text in footers[0].iter(qn("w:t"))]
    assert texts == ["Weekly engineering call", "Page ", "1", " of ", "1"]


def test_the_only_relationships_to_the_outside_are_seconds_of_the_recording(weekly: Memo) -> None:
    external = [
        relationship.get("Target")
        for name, part in _parts(weekly).items()
        if name.endswith(".rels")
        for relationship in part
        if relationship.get("TargetMode") == "External"
    ]
    assert len(external) > 5
    assert all(target.startswith("weekly-call.m4a#t=") for target in external)


def test_a_heading_is_kept_with_what_follows(weekly: Memo) -> None:
    styles = _opened(weekly).styles
    for name in ("Heading 1", "Heading 2"):
        assert styles[name].paragraph_format.keep_with_next
    facts = [p for p in _opened(weekly).paragraphs if p.text.startswith(("Why:", "Decided by:"))]
    assert all(paragraph.paragraph_format.keep_with_next for paragraph in facts)


def test_the_page_is_a4(weekly: Memo) -> None:
    section = _opened(weekly).sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)


def test_rendering_twice_gives_the_same_bytes(weekly: Memo) -> None:
    assert render_word(weekly) == render_word(weekly)


def test_nothing_of_the_packages_template_is_left(weekly: Memo) -> None:
    names = set(_parts(weekly))
    assert not any("thumbnail" in name or "customXml" in name for name in names)
    assert "docProps/app.xml" not in names


def test_every_style_in_use_is_in_the_style_sheet(weekly: Memo) -> None:
    parts = _parts(weekly)
    known = {style.get(qn("w:styleId")) for style in parts["word/styles.xml"]}
    used = {
        element.get(qn("w:val"))
        for name, part in parts.items()
        if name.startswith(("word/document", "word/footer"))
        for tag in ("w:pStyle", "w:rStyle", "w:tblStyle")
        for element in part.iter(qn(tag))
    }
    assert used <= known


@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.parametrize("written", [None, "de"])
def test_elements_stand_in_the_order_that_word_insists_on(
    weekly: Memo, language: str, written: str | None
) -> None:
    memo = weekly.model_copy(
        update={"language": language, "memo_language": written, "title": "שלום"}
    )
    for part in _parts(memo).values():
        for parent, order in ORDER.items():
            places = {qn(f"w:{name}"): place for place, name in enumerate(order.split())}
            for element in part.iter(qn(parent)):
                children = [places[child.tag] for child in element]
                assert children == sorted(children), [child.tag for child in element]


def test_right_to_left_text_is_marked_as_such(weekly: Memo) -> None:
    document = _opened(weekly.model_copy(update={"title": "סקירה Q3 שבועית", "language": "he"}))
    title = document.paragraphs[0]
    element = title.paragraph_format.element
    assert element.pPr.find(qn("w:bidi")) is not None
    assert [(run.text, bool(run.font.rtl)) for run in title.runs] == [
        ("סקירה ", True),
        ("Q3", False),
        (" שבועית", True),
    ]
    (table,) = document.tables
    assert table.table_direction is not None


def test_left_to_right_text_is_not_marked(weekly: Memo) -> None:
    marks = _parts(weekly)["word/document.xml"]
    assert not list(marks.iter(qn("w:rtl"), qn("w:bidi"), qn("w:bidiVisual")))


@pytest.mark.parametrize(
    ("language", "font"), [("ja", "Yu Gothic"), ("ko", "Malgun Gothic"), ("zh", "Microsoft YaHei")]
)
def test_east_asian_text_has_a_font(weekly: Memo, language: str, font: str) -> None:
    styles = _parts(weekly.model_copy(update={"language": language}))["word/styles.xml"]
    fonts = next(styles.iter(qn("w:rFonts")))
    assert fonts.get(qn("w:eastAsia")) == font
    assert fonts.get(qn("w:cs")) == "Arial"


@given(data=st.data())
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_breaks_the_file_or_adds_fields_or_links(
    weekly: Memo, rewritten: Callable[..., Memo], data: st.DataObject
) -> None:
    changed = rewritten(weekly, lambda _: data.draw(HOSTILE))
    parts = _parts(changed)
    body = parts["word/document.xml"]
    assert not list(body.iter(qn("w:fldSimple"), qn("w:instrText"), qn("w:fldChar")))
    assert len(list(body.iter(qn("w:tr")))) == 6
    targets = [r.get("Target") for r in parts["word/_rels/document.xml.rels"]]
    assert not any(":" in target for target in targets if not target.startswith("http://schemas"))
    assert _opened(changed).paragraphs


@given(text=HOSTILE)
@settings(deadline=None, max_examples=30)
def test_a_language_tag_cannot_break_the_style_sheet(weekly: Memo, text: str) -> None:
    for changed in ({"language": text}, {"memo_language": text}):
        assert _parts(weekly.model_copy(update=changed))["word/styles.xml"] is not None


def test_a_translated_memo_says_which_words_are_in_which_language(weekly: Memo) -> None:
    parts = _parts(weekly.model_copy(update={"memo_language": "de"}))
    default = next(parts["word/styles.xml"].iter(qn("w:lang")))
    assert default.get(qn("w:val")) == "de-DE"
    spoken = {
        "".join(run.itertext())
        for run in parts["word/document.xml"].iter(qn("w:r"))
        if any(mark.get(qn("w:val")) == "en-US" for mark in run.iter(qn("w:lang")))
    }
    quotes = [e.quote for d in weekly.decisions for e in d.evidence[:1]]
    assert quotes
    assert all(any(quote in text for text in spoken) for quote in quotes)
    assert not any("Entscheidungen" in text for text in spoken)
    assert not list(_parts(weekly)["word/document.xml"].iter(qn("w:lang")))
