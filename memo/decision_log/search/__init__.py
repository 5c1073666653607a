"""Finding entries, and what was said, by words.

    text ──terms──▶ index (FTS5 or tsvector) ◀──query── what somebody asks ──finding──▶ Hits

Both databases keep the same terms, made here: `terms` folds and stems the words of a text in the
language of its meeting, `index` keeps them in step with the entries, `query` reads what is asked
(no word of which ever reaches a database as syntax), `finding` asks and ranks, `marking` shows
where in the text the words stand.
"""

from __future__ import annotations
