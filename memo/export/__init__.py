"""Memos and transcripts become files: Markdown, Word, JSON; WebVTT, SRT, text, JSON, RTTM.

`layout` decides what a memo shows and in which words, `markdown` and `word` how that looks,
`memo_json` writes for other programs; `vtt`, `srt` (both from `captions`), `txt`, `transcript_json`
and `rttm` write transcripts; `digest_layout` decides what a digest of the log shows,
`digest_markdown`, `digest_html` and `digest_word` how that looks; `files` puts the results in
place, all or none.
Import `word`, `word_document` and `digest_word` late: they need python-docx.
"""

from __future__ import annotations
