"""`memo log search`: find entries, and what was said, by words."""

from __future__ import annotations

import json
import os
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from memo.app import open_log
from memo.cli.dates import since, until
from memo.cli.invocation import Invocation
from memo.cli.output import clock, note, printable, say, shown_to_a_person
from memo.remembered import EntryKind, EntryState, Hit, Hits, LogEntry, Matched, Snippet

_ON, _OFF = "\ue000", "\ue001"  # stand for the marks until lines are broken; nobody's letters
_INDENT = 10
_NARROW = 50  # columns under which a label has a line's beginning, and no column


class QueryCommand(click.Command):
    """A command whose words may begin with a minus, to leave something out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Tell `-word` from options, which have one letter or two dashes."""
        end = args.index("--") if "--" in args else len(args)
        told = [
            f"\N{MINUS SIGN}{word[1:]}" if place < end and _is_refusal(word) else word
            for place, word in enumerate(args)
        ]
        return super().parse_args(ctx, told)


def _is_refusal(word: str) -> bool:
    return len(word) > 2 and word[0] == "-" and word[1] != "-"


@click.command(
    "search",
    cls=QueryCommand,
    epilog="Examples:  memo log search excel export  ·  memo log search invoice "
    "--status accepted --owner Marco --since 2026-01-01  ·  "
    """memo log search '"morning ticket" -alert' --transcripts""",
)
@click.argument("query", nargs=-1, required=True, metavar="QUERY...")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([kind.value for kind in EntryKind]),
    multiple=True,
    help="Only these. May be given more than once.",
)
@click.option(
    "--status",
    "states",
    type=click.Choice([state.value for state in EntryState]),
    multiple=True,
    help="Only these. May be given more than once.",
)
@click.option("--owner", metavar="NAME", help="Only what is theirs, or was said by them.")
@click.option("--since", metavar="DATE", help='Only from this date on: 2026-01-31, "last monday".')
@click.option("--until", metavar="DATE", help="Only until this date; it is still in.")
@click.option("--meeting", metavar="TEXT", help="Only of meetings with this in title or file name.")
@click.option("--transcripts", is_flag=True, help="Also find what was said.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="At most so many entries, and as many sentences.",
)
@click.option("--json", "as_json", is_flag=True, help="A JSON object on stdout.")
@click.pass_context
def search(context: click.Context, /, query: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401
    """Find entries by words, in any of their forms, the best first.

    All words must be there; where that is nowhere so, some will do. Words inside "double quotes"
    must stand together, and a -word nowhere. What was decided, why, what else was considered,
    names, the meeting's title and the words it rests on are searched.
    """
    from memo.decision_log.log import Wanted

    invocation: Invocation = context.obj
    settings = invocation.settings()
    wanted = Wanted(
        kinds=tuple(map(EntryKind, given["kinds"])),
        states=tuple(map(EntryState, given["states"])),
        owner=given["owner"],
        since=since(given["since"], settings.timezone),
        until=until(given["until"], settings.timezone),
        meeting=given["meeting"],
    )
    with open_log(settings) as log:
        hits = log.search(
            " ".join(query), wanted, transcripts=given["transcripts"], limit=given["limit"]
        )
    if given["as_json"]:
        say(json.dumps(hits.model_dump(mode="json"), indent=2))
    else:
        for line in told(hits):
            say(line)
    if not invocation.quiet:
        for line in _remarks(hits, given):
            note(line)


def told(hits: Hits) -> Iterator[str]:
    """Yield the lines of what was found, with marks on a terminal."""
    for place, hit in enumerate(hits.hits):
        if place:
            yield ""
        for text in _entry(hit, hit.entry) if hit.entry else _said(hit):
            yield from text


def _entry(hit: Hit, entry: LogEntry) -> Iterator[list[str]]:
    day = f"{entry.decided_at:%Y-%m-%d}" if entry.decided_at else "no date"
    doubt = "" if entry.finding.verdict == "supported" else " (unverified)"
    first, *others = hit.snippets
    yield _lines(f"{entry.number}  {day}  {entry.state}  ", f"{_marked(first)}{doubt}")
    for snippet in others:
        yield _lines(_label(snippet), _quoted(snippet))
    if entry.memo_path:
        yield _lines("memo", printable(entry.memo_path))


def _said(hit: Hit) -> Iterator[list[str]]:
    meeting = hit.meeting
    if meeting is None:  # an utterance has one
        return
    day = f"{meeting.started_at:%Y-%m-%d}" if meeting.started_at else "no date"
    yield _lines(f"said  {day}  ", printable(meeting.title))
    for snippet in hit.snippets:
        yield _lines(_label(snippet), _quoted(snippet))
    if meeting.memo_path:
        yield _lines("memo", printable(meeting.memo_path))


def _label(snippet: Snippet) -> str:
    return clock(snippet.moment) if snippet.moment is not None else _LABELS[snippet.field]


def _quoted(snippet: Snippet) -> str:
    if snippet.moment is None:
        return _marked(snippet)
    speaker = f"{printable(snippet.speaker)}: " if snippet.speaker else ""
    return f"{speaker}“{_marked(snippet)}”"


def _marked(snippet: Snippet) -> str:
    """Return a text that cannot harm a terminal, with stand-ins for the marks in it."""
    parts, at = [], 0
    for start, end in snippet.spans:
        parts += [_bare(snippet.text[at:start]), _ON, _bare(snippet.text[start:end]), _OFF]
        at = end
    return printable("".join([*parts, _bare(snippet.text[at:])]))


def _bare(text: str) -> str:
    return text.replace(_ON, "").replace(_OFF, "")


def _lines(label: str, text: str) -> list[str]:
    """Break a line at the width of the terminal; a pipe gets it whole, and without marks."""
    is_head = label.endswith(" ")
    if not shown_to_a_person():
        head = label if is_head else f"{'':{_INDENT}}{label:<7}"
        return [f"{head}{_bare(text)}"]
    width = max(20, shutil.get_terminal_size().columns)
    indent = _INDENT if width >= _NARROW else 2
    lead = "" if is_head else f"{'':{indent}}{label:<7}"
    rest = " " * (indent if is_head else indent + 7 if width >= _NARROW else 4)
    lines = textwrap.wrap(
        label + text if is_head else text,
        width,
        initial_indent=lead,
        subsequent_indent=rest,
        break_on_hyphens=False,
    )
    return _coloured(lines or [lead])


def _coloured(lines: Sequence[str]) -> list[str]:
    """Put terminal codes in place of the marks; a mark over two lines is put on both."""
    on, off = ("", "") if "NO_COLOR" in os.environ else ("\x1b[1;33m", "\x1b[0m")
    done, is_open = [], False
    for line in lines:
        text = line
        if is_open:
            place = len(line) - len(line.lstrip(" "))
            text = f"{line[:place]}{_ON}{line[place:]}"
        is_open = text.rfind(_ON) > text.rfind(_OFF)
        done.append((text + _OFF if is_open else text).replace(_ON, on).replace(_OFF, off))
    return done


def _remarks(hits: Hits, given: Mapping[str, Any]) -> Iterator[str]:
    """Yield what there is to say about a search, and how to find more."""
    if hits.matched is Matched.NOT_ASKED:
        yield "memo: the query has no word to look for: give at least one, with letters or digits"
    elif hits.matched is Matched.SOME:
        yield "memo: nothing holds all of these words; this holds some of them"
    elif hits.matched is Matched.NONE:
        narrowed = any(given[name] for name in _FILTERS)
        ways = ["try other words"]
        ways += ["leave out the options that narrow it"] if narrowed else []
        ways += [] if given["transcripts"] else ["add --transcripts to find what was said"]
        yield f"memo: nothing found: {', or '.join(ways)}"


_LABELS = {
    "text": "",
    "why": "why",
    "answer": "answer",
    "considered": "or",
    "people": "who",
    "meeting": "in",
    "quote": "",
    "said": "",
}
_FILTERS = ("kinds", "states", "owner", "since", "until", "meeting")
