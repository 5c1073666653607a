"""How the Word memo looks: style sheet, bullets and settings, as WordprocessingML.

Styles are named as Word names them, so that a reader's own template can restyle a memo. Fonts
are ones that Office has everywhere and LibreOffice has metric twins of (Calibri ~ Carlito).
Element order follows ECMA-376 part 1, which Word insists on.
"""

from __future__ import annotations

import re
from importlib import resources
from string import Template

from memo.export.direction import language_reads_right_to_left

PAGE_WIDTH_MM = 210  # A4
PAGE_HEIGHT_MM = 297
SIDE_MARGIN_MM = 23
EDGE_MARGIN_MM = 22
TEXT_WIDTH_TWIPS = round((PAGE_WIDTH_MM - 2 * SIDE_MARGIN_MM) / 25.4 * 1440)

_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_EAST_ASIAN_FONTS = {"ja": "Yu Gothic", "ko": "Malgun Gothic"}
_FULL_TAGS = {  # Word knows languages only with their country
    "ar": "ar-SA",
    "de": "de-DE",
    "en": "en-US",
    "es": "es-ES",
    "fa": "fa-IR",
    "fr": "fr-FR",
    "he": "he-IL",
    "it": "it-IT",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "nl": "nl-NL",
    "pl": "pl-PL",
    "pt": "pt-PT",
    "ru": "ru-RU",
    "zh": "zh-CN",
}


def full_tag(language: str) -> str:
    """Return a language as Word wants it, with its country; English for what is no tag."""
    tag = language if _LANGUAGE_TAG.fullmatch(language) else "en"
    return _FULL_TAGS.get(tag.lower(), tag)


def style_sheet(language: str) -> str:
    """Return the styles part for a memo in a language."""
    tag = language if _LANGUAGE_TAG.fullmatch(language) else "en"
    full = full_tag(tag)
    primary = tag.partition("-")[0].lower()
    sheet = resources.files("memo.export").joinpath("word_styles.xml").read_text("utf-8")
    return Template(sheet).substitute(
        latin="Calibri",
        east_asian=_EAST_ASIAN_FONTS.get(primary, "Microsoft YaHei"),
        complex="Arial",
        language=full if not language_reads_right_to_left(tag) else "en-US",
        east_asian_language=full if primary in {"ja", "ko", "zh"} else "zh-CN",
        complex_language=full if language_reads_right_to_left(tag) else "ar-SA",
        text_width=TEXT_WIDTH_TWIPS,
    )


def bullets() -> str:
    """Return the numbering part: list 1 has a small round bullet."""
    return (
        f'<w:numbering xmlns:w="{_NAMESPACE}">'
        '<w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="singleLevel"/>'
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/>'
        '<w:pStyle w:val="ListBullet"/><w:lvlText w:val="•"/><w:lvlJc w:val="left"/>'
        '<w:pPr><w:ind w:left="340" w:hanging="227"/></w:pPr>'
        '<w:rPr><w:color w:val="9DB8BF"/></w:rPr></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )


def settings() -> str:
    """Return the settings part; mode 15 keeps Word from opening in compatibility mode."""
    return (
        f'<w:settings xmlns:w="{_NAMESPACE}"><w:zoom w:percent="100"/>'
        '<w:defaultTabStop w:val="720"/><w:characterSpacingControl w:val="doNotCompress"/>'
        '<w:compat><w:compatSetting w:name="compatibilityMode"'
        ' w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        '<w:decimalSymbol w:val="."/><w:listSeparator w:val=","/></w:settings>'
    )
