"""What a digest shows, in which order and in which words; the renderers say how it looks.

    Digest --lay_out_digest--> DigestPage --render_digest_markdown--> str
                                          --render_digest_html------> str
                                          --render_digest_word------> bytes

A page holds cleaned, single-line text that is not yet escaped for any format.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from memo.digest import (
    Change,
    Closing,
    Digest,
    DigestMeeting,
    DoubtfulLink,
    DueWord,
    Task,
    is_unsure,
)
from memo.export.digest_page import (
    Comparison,
    DigestPage,
    Fact,
    Group,
    Line,
    Place,
    Section,
    Side,
    Tag,
    Words,
    loose,
    minutes_to_read,
)
from memo.export.digest_words import NOTHING, DigestWords, Links
from memo.export.untrusted import one_line, shortened
from memo.export.wording import length, timestamp
from memo.model import Decision, Evidence
from memo.remembered import EntryKind, LogEntry, LoggedMeeting

Length = Literal["brief", "full"]
_BRIEF_LINES = 8
_QUOTE_LENGTH = 240
_BRIEF_LENGTH = 140
_MEETINGS_NAMED = 5


def lay_out_digest(
    digest: Digest,
    *,
    length: Length = "full",
    language: str | None = None,
    folder: Path | None = None,
    links: Links = "uris",
) -> DigestPage:
    """Decide what of a digest is shown where, and in which words.

    Args:
        digest: The digest.
        length: `full`, or `brief`: what changed and what is the reader's, a line each.
        language: Language to write in; the one that most of the meetings were held in if None.
        folder: Where the digest will lie: what is near is linked by the way from there.
        links: What others are: `uris`; `paths` (Markdown's readers refuse `file:`); or `none`.
    """
    return _Layout(digest, length, language or digest.language or "en", folder, links=links).page()


class _Layout:
    """One digest being laid out."""

    def __init__(
        self, digest: Digest, length: Length, language: str, folder: Path | None, *, links: Links
    ) -> None:
        self._digest = digest
        self._brief = length == "brief"
        self._language = language
        self._links = links
        self._words = DigestWords(language, digest.timezone, folder=folder, links=links)
        self._wording = self._words.wording

    def page(self) -> DigestPage:
        digest = self._digest
        empty = digest.nothing_new
        sections = () if empty else tuple(part for part in self._sections() if not part.is_empty)
        notes = tuple(self._notes())
        return DigestPage(
            wording=self._wording,
            language=self._language,
            brief=self._brief,
            title=self._nothing() if empty else self._title(),
            byline=() if empty else tuple(self._byline(sections, notes)),
            notes=notes,
            sections=sections,
            minutes=minutes_to_read(sections, notes),
            was=self._words.say("was"),
            now=self._words.say("now"),
            what=self._words.say("what"),
        )

    def _title(self) -> str:
        since = self._digest.since
        return (
            self._words.say("title", since=self._words.day(since))
            if since
            else self._words.say("title_all")
        )

    def _nothing(self) -> str:
        """Return the one line of a digest in which there is nothing."""
        digest, parts = self._digest, []
        if digest.since is None:
            parts.append(self._words.say("nothing_all"))
        else:
            parts.append(self._words.say("nothing", since=self._words.moment(digest.since)))
        if digest.yours:
            parts.append(self._words.say("still_yours", count=len(digest.yours)))
        if digest.overdue:
            parts.append(self._words.say("still_overdue", count=digest.overdue))
        return " ".join(parts)

    def _byline(self, sections: Sequence[Section], notes: Sequence[str]) -> Iterator[str]:
        digest, zone = self._digest, self._digest.timezone
        until = self._words.moment(digest.until)
        if digest.since:
            since = self._words.moment(digest.since)
            yield self._words.say("period", since=since, until=until, zone=zone)
        else:
            yield self._words.say("up_to", until=until, zone=zone)
        yield self._words.say("meetings", count=len(digest.meetings))
        if digest.seconds >= 1:
            yield self._words.say("replaces", length=length(digest.seconds))
        yield self._words.say("read_in", count=minutes_to_read(sections, notes))

    def _notes(self) -> Iterator[str]:
        digest = self._digest
        if digest.first and not digest.nothing_new:
            yield self._words.say("first")
        if digest.earlier:
            yield self._earlier(digest.earlier)
        reader = digest.reader
        if reader is None or (reader.names and not reader.others):
            return
        if reader.ambiguous:
            listed = f" {self._words.say('or')} ".join(reader.others)
            yield self._words.say("ambiguous", asked=reader.asked, list=listed)
        else:
            unknown = self._words.say("unknown", asked=reader.asked)
            guess = [self._words.say("perhaps", name=name) for name in reader.others]
            yield " ".join([unknown, *guess])

    def _earlier(self, earlier: Sequence[DigestMeeting]) -> str:
        named = [
            f"{self._title_of(one.meeting)} ({', '.join(self._earlier_facts(one))})"
            for one in earlier[:_MEETINGS_NAMED]
        ]
        rest = ["…"] if len(earlier) > _MEETINGS_NAMED else []
        oldest = min(_held(one.meeting) for one in earlier)
        day = self._words.local(oldest).date().isoformat()
        listed = "; ".join(named + rest)
        return self._words.say("earlier", count=len(earlier), list=listed, day=day)

    def _earlier_facts(self, one: DigestMeeting) -> Iterator[str]:
        yield self._words.day(_held(one.meeting))
        yield from self._counts(one)
        if one.changes:
            yield self._words.say("earlier_changes", count=one.changes)

    def _counts(self, one: DigestMeeting) -> Iterator[str]:
        for name in ("decisions", "actions", "questions"):
            count = getattr(one, name)
            if count:
                yield self._words.say(name, count=count)

    def _sections(self) -> Iterator[Section]:
        digest = self._digest
        yield self._compared("changed", digest.changes)
        yield self._compared("moved", digest.moved)
        yield self._listed("decided", digest.decided, self._decision)
        yield self._listed("proposed", digest.proposed, self._decision)
        yield from self._mine()
        yield self._closed()
        if self._brief:
            waiting = len(digest.doubtful) + digest.doubtful_left
            note = self._words.say("doubtful_count", count=waiting) if waiting else ""
            yield Section("doubtful", self._words.say("doubtful"), note=note)
            return
        confirmed = loose(tuple(self._confirmed()))
        yield Section("confirmed", self._words.say("confirmed"), groups=confirmed)
        yield self._others()
        yield self._doubtful()
        yield Section(
            "withdrawn",
            self._words.say("withdrawn"),
            groups=loose(tuple(self._line(entry) for entry in digest.withdrawn)),
        )
        yield Section(
            "held", self._words.say("held"), groups=tuple(map(self._held, digest.meetings))
        )

    def _compared(self, name: str, changes: Sequence[Change]) -> Section:
        heading = self._words.say(name)
        if self._brief:
            lines, note = self._cut([self._changed_line(change) for change in changes])
            return Section(name, heading, groups=loose(lines), note=note)
        return Section(name, heading, comparisons=tuple(map(self._comparison, changes)))

    def _changed_line(self, change: Change) -> Line:
        was, now = change.before, change.after[-1]
        if change.before.kind is EntryKind.DECISION:
            text, before = now.text, was.text
            if was.text == now.text:
                before = self._words.state(was)
        else:
            text, before = now.text, self._words.terms(was)
            text = " · ".join(filter(None, (text, self._words.terms(now))))
        fact = Fact(self._words.say("was"), self._short(f"{before} ({was.number})"))
        tag = self._words.how(change)
        return Line(now.number, self._short(text), (tag,), (fact,), (), self._place(now))

    def _comparison(self, change: Change) -> Comparison:
        labels, rows = self._rows(change)
        between = ", ".join(change.steps)
        notes = [f"{self._words.say('between')}: {between}"] if between else []
        notes += [f"{self._words.say('by')} {one_line(change.by)}"] if change.by else []
        return Comparison(
            tag=self._words.how(change),
            labels=labels,
            was=self._side(change.before, self._words.say("was"), rows[0]),
            now=tuple(
                self._side(entry, self._words.say("now"), row)
                for entry, row in zip(change.after, rows[1:], strict=True)
            ),
            note="; ".join(notes),
        )

    def _rows(self, change: Change) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return what is compared besides the words, and that of each side."""
        every = (change.before, *change.after)
        if change.before.kind is EntryKind.DECISION:
            labels = [self._words.say("why")]
            rows = [[self._words.why(entry)] for entry in every]
            if len({entry.state for entry in every}) > 1:
                labels.append(self._words.say("status"))
                rows = [[*r, self._words.state(e)] for r, e in zip(rows, every, strict=True)]
        else:
            labels = [self._words.say("who"), self._words.say("when")]
            rows = [
                [self._words.named(entry.owner) or NOTHING, self._words.due_day(entry) or NOTHING]
                for entry in every
            ]
            if change.before.kind is EntryKind.QUESTION:
                labels, rows = labels[:1], [row[:1] for row in rows]
        return tuple(labels), [tuple(row) for row in rows]

    def _side(self, entry: LogEntry, head: str, rows: tuple[str, ...]) -> Side:
        when = self._words.day(entry.decided_at) if entry.decided_at else ""
        return Side(
            head=" · ".join(filter(None, (head, when))),
            number=entry.number,
            text=self._words.text(entry),
            rows=rows,
            place=self._place(entry),
        )

    def _listed(self, name: str, entries: Sequence[LogEntry], line: Any) -> Section:  # noqa: ANN401
        heading = self._words.say(name)
        if self._brief:
            lines, note = self._cut([self._line(entry) for entry in entries])
            return Section(name, heading, groups=loose(lines), note=note)
        return Section(name, heading, groups=tuple(self._grouped(entries, line)))

    def _grouped(self, entries: Iterable[LogEntry], line: Any) -> Iterator[Group]:  # noqa: ANN401
        by_meeting: dict[str, list[LogEntry]] = {}
        for entry in entries:
            by_meeting.setdefault(entry.recording.sha256, []).append(entry)
        for some in by_meeting.values():
            yield self._group(some[0], tuple(line(entry) for entry in some))

    def _group(self, entry: LogEntry, lines: tuple[Line, ...]) -> Group:
        title = one_line(entry.meeting_title) or self._wording.untitled
        when = self._words.meeting_time(self._started(entry), entry.timezone)
        return Group(title, when, lines, None)

    def _decision(self, entry: LogEntry) -> Line:
        facts = [Fact(self._words.say("why"), self._words.why(entry))]
        finding = entry.finding
        if isinstance(finding, Decision) and finding.decided_by:
            deciders = ", ".join(map(self._words.named, finding.decided_by))
            facts.append(Fact(self._wording.decided_by, deciders))
        return self._line(entry, *facts, short=True)

    def _line(
        self, entry: LogEntry, *facts: Fact, tags: Iterable[Tag] = (), short: bool = False
    ) -> Line:
        tags = [*tags, *self._doubts(entry)]
        if entry.kind is EntryKind.DECISION and entry.state.value == "rejected":
            tags.append(Tag(self._words.state(entry), "warn"))
        text = self._words.text(entry)
        return Line(
            number=entry.number,
            text=self._short(text) if self._brief else text,
            tags=tuple(tags),
            facts=facts,
            place=self._place(entry, short=short and not self._brief),
        )

    def _doubts(self, entry: LogEntry) -> list[Tag]:
        return [Tag(self._words.say("unverified"), "warn")] if is_unsure(entry) else []

    def _mine(self) -> Iterator[Section]:
        digest = self._digest
        if digest.reader is None or not digest.reader.names:
            return
        name = max(digest.reader.names, key=len)
        lines, note = self._cut([self._mine_line(task) for task in digest.yours], most=20)
        empty = "" if digest.yours or digest.waiting else self._words.say("nothing_yours")
        yield Section(
            "yours", self._words.say("yours", name=name), groups=loose(lines), note=note or empty
        )
        lines, note = self._cut([self._mine_line(task) for task in digest.waiting], most=20)
        yield Section("waiting", self._words.say("waiting"), groups=loose(lines), note=note)

    def _mine_line(self, task: Task) -> Line:
        tags = [self._words.due_tag(task.due)] if task.entry.kind is EntryKind.ACTION else []
        tags += [Tag(self._words.say("new"), "good")] if task.new else []
        return self._line(task.entry, tags=tags)

    def _closed(self) -> Section:
        closed = self._digest.closed
        heading = self._words.say("closed")
        if self._brief:
            note = self._words.say("closed_count", count=len(closed)) if closed else ""
            return Section("closed", heading, note=note)
        by_meeting: dict[str, list[Closing]] = {}
        for closing in closed:
            held = _closed_in(closing)
            by_meeting.setdefault(held, []).append(closing)
        groups = []
        for some in by_meeting.values():
            lines = tuple(_without_echoes(map(self._closing, some)))
            meeting, by = some[0].meeting, some[0].by
            if meeting is not None:
                groups.append(self._meeting_group(meeting, lines))
            elif by is not None:
                groups.append(self._group(by, lines))
            else:
                groups.append(Group("", "", lines))
        return Section("closed", heading, groups=tuple(groups))

    def _closing(self, closing: Closing) -> Line:
        entry = closing.entry
        tag = Tag(self._words.say(entry.state.value), "plain" if closing.dropped else "good")
        facts = []
        if closing.by is not None and closing.by.text != entry.text:
            facts.append(Fact("→", f"{self._words.text(closing.by)} ({closing.by.number})"))
        if note := one_line(closing.note):
            facts.append(Fact("→", shortened(note, _QUOTE_LENGTH)))
        line = self._line(entry, *([] if self._brief else facts), tags=[tag])
        if line.place and entry.decided_at and not self._brief:  # another meeting than the group's
            second = line.place.text.rpartition(", ")[2]
            text = f"{self._words.day(entry.decided_at)}, {second}"
            line = dataclasses.replace(line, place=dataclasses.replace(line.place, text=text))
        said = () if self._brief else tuple(self._said(closing))
        return dataclasses.replace(line, words=said)

    def _said(self, closing: Closing) -> Iterator[Words]:
        for evidence in closing.words[:1]:
            yield self._quoted(evidence, self._place_of(closing, evidence))

    def _quoted(self, evidence: Evidence, place: Place | None) -> Words:
        words = shortened(one_line(evidence.quote) or NOTHING, _QUOTE_LENGTH)
        return Words(self._wording.quoted(words), self._words.named(evidence.speaker), place)

    def _place_of(self, closing: Closing, evidence: Evidence) -> Place:
        path = closing.meeting.memo_path if closing.meeting else None
        if closing.by is not None:
            path = closing.by.memo_path
        return Place(timestamp(evidence.start), self._words.url(path, evidence.start))

    def _confirmed(self) -> Iterator[Line]:
        for one in self._digest.confirmed:
            said = one.by.finding.evidence[:1]
            words = tuple(self._quoted(e, self._place(one.by)) for e in said)
            line = self._line(one.entry)
            yield dataclasses.replace(line, words=words)

    def _others(self) -> Section:
        entries = {task.entry.number: task for task in self._digest.others}

        def line(entry: LogEntry) -> Line:
            task = entries[entry.number]
            tags = [self._words.due_tag(task.due)] if task.due.word is not DueWord.NONE else []
            owner = self._words.named(entry.owner)
            if owner and entry.kind is EntryKind.QUESTION:
                tags.insert(0, Tag(self._words.say("waits_for", name=owner)))
            elif owner or entry.kind is EntryKind.ACTION:
                tags.insert(0, Tag(owner or self._wording.no_owner))
            tags += [Tag(self._words.say("new"), "good")] if task.new else []
            return self._line(entry, tags=tags, short=True)

        left = self._digest.others_left
        note = self._words.say("others_left", count=left) if left else ""
        groups = tuple(self._grouped((task.entry for task in self._digest.others), line))
        return Section("others", self._words.say("others"), groups=groups, note=note)

    def _doubtful(self) -> Section:
        left = self._digest.doubtful_left
        notes = [self._words.say("doubtful_left", count=left) + "."] if left else []
        notes.append(self._words.say("review"))
        lines = tuple(map(self._doubt, self._digest.doubtful))
        note = " ".join(notes) if lines else ""
        return Section("doubtful", self._words.say("doubtful"), groups=loose(lines), note=note)

    def _doubt(self, one: DoubtfulLink) -> Line:
        said = one.source.text if one.source else one.link.meeting or ""
        target = f"{self._words.text(one.target)} ({one.target.number})"
        fact = Fact(self._words.say(f"may_{one.link.relation.value}"), target)
        tags = (Tag(self._words.say("new"), "good"),) if one.new else ()
        place = self._place(one.source) if one.source else None
        number = one.source.number if one.source else ""
        return Line(number, one_line(said) or NOTHING, tags, (fact,), (), place)

    def _held(self, one: DigestMeeting) -> Group:
        meeting = one.meeting
        facts = list(self._counts(one))
        if meeting.duration:
            facts.insert(0, length(meeting.duration))
        group = self._meeting_group(meeting, ())
        when = " · ".join([group.when, *facts])
        shown = one_line(meeting.memo_path or "")
        place = Place(
            self._words.say("memo") if self._links != "none" else shown,
            self._words.url(meeting.memo_path),
        )
        return Group(group.title, when, (), place if shown else None)

    def _meeting_group(self, meeting: LoggedMeeting, lines: tuple[Line, ...]) -> Group:
        when = self._words.meeting_time(meeting.started_at, meeting.timezone)
        return Group(self._title_of(meeting), when, lines)

    def _title_of(self, meeting: LoggedMeeting) -> str:
        return one_line(meeting.title) or self._wording.untitled

    def _started(self, entry: LogEntry) -> dt.datetime | None:
        for one in (*self._digest.meetings, *self._digest.earlier):
            if one.meeting.recording.sha256 == entry.recording.sha256:
                return one.meeting.started_at
        if entry.decided_at is None:
            return None
        first = min((e.start for e in entry.finding.evidence), default=0.0)
        return entry.decided_at - dt.timedelta(seconds=first)

    # --- Words, times and places ---

    def _short(self, text: str) -> str:
        return shortened(one_line(text), _BRIEF_LENGTH)

    def _place(self, entry: LogEntry, *, short: bool = False) -> Place | None:
        """Return the second at which something was said, with its meeting if it stands alone."""
        starts = [evidence.start for evidence in entry.finding.evidence]
        second = timestamp(min(starts)) if starts else ""
        title = "" if short or self._brief else shortened(one_line(entry.meeting_title), 60)
        text = ", ".join(filter(None, (title, second)))
        url = self._words.url(entry.memo_path, min(starts, default=0.0))
        return Place(text, url) if text else None

    def _cut(self, lines: Sequence[Line], most: int = _BRIEF_LINES) -> tuple[tuple[Line, ...], str]:
        """Return as many lines as a brief digest takes, and what is said of the rest."""
        if not self._brief or len(lines) <= most:
            return tuple(lines), ""
        return tuple(lines[:most]), self._words.say("more", count=len(lines) - most)


def _closed_in(closing: Closing) -> str:
    if closing.meeting is not None:
        return closing.meeting.recording.sha256
    return closing.by.recording.sha256 if closing.by else ""


def _held(meeting: LoggedMeeting) -> dt.datetime:
    return meeting.started_at or meeting.recorded_at


def _without_echoes(lines: Iterable[Line]) -> Iterator[Line]:
    """Leave words out that have just been told: one sentence may answer two questions."""
    told: set[Words] = set()
    for line in lines:
        fresh = tuple(words for words in line.words if words not in told)
        told |= set(fresh)
        yield dataclasses.replace(line, words=fresh)
