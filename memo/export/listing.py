"""The log as one table: CSV for spreadsheets, JSON for programs.

The CSV is RFC 4180's, in UTF-8. A cell that a spreadsheet would take for a formula (it begins with
`=`, `+`, `-` or `@`) gets an apostrophe before it, as OWASP advises against formula injection
(https://owasp.org/www-community/attacks/CSV_Injection); the JSON has every text as it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from memo.export.adr import by_number, sure_links, wording_of
from memo.export.untrusted import one_line
from memo.model import ActionItem, Decision, OpenQuestion
from memo.remembered import LogEntry
from memo.tallies import Tally

BYTE_ORDER_MARK = "\ufeff"
"""What a CSV file begins with, since Excel reads others in the machine's old code page."""

COLUMNS = (
    *("number", "kind", "state", "text", "why", "considered", "people", "owner", "due", "day"),
    *("time", "zone", "meeting", "recording", "second", "speaker", "quote", "verified", "links"),
)
_FORMULA = frozenset("=+-@＝＋－＠\t\r")


def render_csv(entries: Sequence[LogEntry]) -> str:
    """Return entries as CSV with a head; texts are one line each, without a byte order mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(cell) for cell in _row(entry)] for entry in by_number(entries))
    return out.getvalue()


def render_json(entries: Sequence[LogEntry]) -> str:
    """Return entries as a JSON array, one object each, as `memo log list --json` has them."""
    values = [entry.model_dump(mode="json") for entry in by_number(entries)]
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def render_tallies(tallies: Iterable[Tally]) -> str:
    """Return what was counted as CSV with a head."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    names = [*Tally.model_fields]
    writer.writerow(names)
    for tally in tallies:
        values = tally.model_dump(mode="json")
        cells = ["" if values[name] is None else str(values[name]) for name in names]
        writer.writerow([_harmless(cells[0]), *cells[1:]])
    return out.getvalue()


def _harmless(text: str) -> str:
    text = one_line(text)
    return f"'{text}" if text[:1] in _FORMULA else text


def _row(entry: LogEntry) -> Iterable[str]:
    finding, at = entry.finding, entry.decided_at
    decision = finding if isinstance(finding, Decision) else None
    said = finding.evidence[0] if finding.evidence else None
    links = [
        f"{wording_of(link, newer=newer)} {link.meeting or other}"
        for link, other, newer in sure_links(entry)
    ]
    return (
        entry.number,
        entry.kind,
        entry.state,
        entry.text,
        (decision.rationale or "") if decision else "",
        "; ".join(decision.considered) if decision else "",
        "; ".join(_people(entry)),
        entry.owner or "",
        entry.due.isoformat() if entry.due else "",
        at.date().isoformat() if at else "",
        f"{at:%H:%M}" if at else "",
        entry.timezone,
        entry.meeting_title,
        entry.recording.filename,
        str(int(said.start)) if said else "",
        (said.speaker or "") if said else "",
        said.quote if said else "",
        finding.verdict,
        "; ".join(links),
    )


def _people(entry: LogEntry) -> tuple[str, ...]:
    """Return who decided or asked; who it is up to has a column of its own."""
    finding = entry.finding
    if isinstance(finding, ActionItem):
        return ()
    if isinstance(finding, OpenQuestion):
        return (finding.raised_by,) if finding.raised_by else ()
    return finding.decided_by
