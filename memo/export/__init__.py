"""Memos and transcripts become files: Markdown, Word, JSON; WebVTT, SRT, text, JSON, RTTM.

`layout` decides what a memo shows and in which words, `markdown` and `word` how that looks,
`memo_json` writes for other programs; `vtt`, `srt` (both from `captions`), `txt`, `transcript_json`
and `rttm` write transcripts; `files` puts the results in place, all or none.
Import `word` late: it is the one that needs python-docx.
"""

from __future__ import annotations
