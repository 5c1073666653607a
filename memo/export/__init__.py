"""Memos and transcripts become files: Markdown, Word, JSON, WebVTT.

`layout` decides what a memo shows and in which words, `markdown` and `word` how that looks,
`memo_json` and `vtt` write for other programs, `files` puts the results in place, all or none.
Import `word` late: it is the one that needs python-docx.
"""

from __future__ import annotations
