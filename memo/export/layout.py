"""What a memo shows, in which order and in which words; the renderers only say how it looks.

    Memo --lay_out--> Page --render_markdown--> str
                           --render_word------> bytes

A `Page` holds cleaned, single-line text that is not yet escaped for any format.

Who may stand where: a supported finding stands in its section. An uncertain one stays there too,
because the words it rests on stand beside it and the reader can judge, but it carries a sign and
the reason. A finding that is unsupported, or has no words to show, is not printed among the facts
at all: it goes to a section of its own, with the reason, so that nothing disappears either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from memo.export.untrusted import moment_url, one_line, paragraphs, shortened
from memo.export.wording import Wording, length, local_date, timestamp, wording_for
from memo.model import (
    ActionItem,
    Coverage,
    Decision,
    DecisionStatus,
    Evidence,
    Finding,
    Memo,
    NameSource,
    OpenQuestion,
    Participant,
    Topic,
    Verdict,
)

NOTHING = "—"
_RULES = "rules"  # a reader that is no model, as `memo.extraction.reading` calls it

_QUOTES_SHOWN = 2
_QUOTE_LENGTH = 400  # characters; longer ones are in memo.json
_GAPS_SHOWN = 8
_CORRECTIONS_SHOWN = 12
_SHORT_RECORDING = 600  # seconds; below, coverage is told to the second


@dataclass(frozen=True)
class Link:
    """A moment of the recording: `text` as shown, `url` relative to the memo."""

    text: str
    url: str


@dataclass(frozen=True)
class Quote:
    """Words of the transcript between quotation marks, who said them, and when."""

    words: str
    speaker: str | None
    link: Link


@dataclass(frozen=True)
class Detail:
    """One labelled line below a decision or question."""

    label: str
    text: str


@dataclass(frozen=True)
class Item:
    """A decision or a question. `status` and `doubt` are None when there is nothing to say."""

    statement: str
    status: str | None
    doubt: str | None
    details: tuple[Detail, ...]
    quotes: tuple[Quote, ...]
    more: tuple[Link, ...]


@dataclass(frozen=True)
class Task:
    """A row of the table of actions; `owner` is None when nobody has it.

    `due` is the date, `due_words` what was said, between quotation marks; either may be empty.
    """

    owner: str | None
    task: str
    due: str
    due_words: str
    doubt: str | None
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Unverified:
    """A claim that is not a fact; `kind` says of what."""

    kind: str
    claim: str
    reason: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Discussed:
    """A topic that led to no decision."""

    title: str
    link: Link


@dataclass(frozen=True)
class Page:
    """A memo as it is read, from top to bottom."""

    wording: Wording
    language: str
    spoken: str
    title: str
    date: dt.datetime | None
    timezone: str
    participants: tuple[str, ...]
    recording: str
    memo_version: str
    byline: tuple[str, ...]
    summary: tuple[str, ...]
    decisions: tuple[Item, ...]
    tasks: tuple[Task, ...]
    questions: tuple[Item, ...]
    discussed: tuple[Discussed, ...]
    unverified: tuple[Unverified, ...]
    coverage: tuple[str, ...]
    warnings: tuple[str, ...]
    provenance: tuple[str, ...]


def lay_out(memo: Memo, *, recording_path: str | None = None) -> Page:
    """Decide what of a memo is shown where, in the memo's language.

    Args:
        memo: The memo.
        recording_path: Way from the memo's folder to the recording, with forward slashes.
            None when they lie side by side.
    """
    return _Layout(memo, recording_path).page()


@dataclass
class _Layout:
    memo: Memo
    recording_path: str | None
    wording: Wording = field(init=False)

    def __post_init__(self) -> None:
        self.wording = wording_for(self.memo.written_in)
        self._names = {p.label: p.name for p in self.memo.participants if p.label}

    def page(self) -> Page:
        memo = self.memo
        started = memo.started_at
        return Page(
            wording=self.wording,
            language=one_line(memo.written_in),
            spoken=one_line(memo.language),
            title=one_line(memo.title) or self.wording.untitled,
            date=local_date(started, memo.timezone) if started else None,
            timezone=one_line(memo.timezone),
            participants=_cleaned(self.wording.named(p.name) for p in memo.participants),
            recording=one_line(memo.recording.filename) or NOTHING,
            memo_version=one_line(memo.provenance.memo_version),
            byline=self._byline(),
            summary=paragraphs(self.wording.named(memo.summary)),
            decisions=tuple(self._decision(d) for d in memo.decisions if _is_shown(d)),
            tasks=tuple(map(self._task, self._by_owner())),
            questions=tuple(self._question(q) for q in memo.open_questions if _is_shown(q)),
            discussed=tuple(self._topic(topic) for topic in self._undecided_topics()),
            unverified=tuple(self._unverified(f) for f in memo.findings() if not _is_shown(f)),
            coverage=(*self._coverage(memo.coverage), *self._corrected()),
            warnings=_cleaned(memo.warnings),
            provenance=self._provenance(),
        )

    def _byline(self) -> tuple[str, ...]:
        memo = self.memo
        when = (
            one_line(self.wording.moment(memo.started_at, memo.timezone))
            if memo.started_at
            else self.wording.date_unknown
        )
        who = ", ".join(filter(None, map(self._presented, memo.participants)))
        return tuple(filter(None, (when, length(memo.duration), who)))

    def _presented(self, participant: Participant) -> str:
        name = one_line(self.wording.named(participant.name))
        guessed = self.wording.guessed if participant.source is NameSource.GUESS else ""
        aside = ", ".join(filter(None, (one_line(participant.role or ""), guessed)))
        return f"{name} ({aside})" if name and aside else name

    def _decision(self, decision: Decision) -> Item:
        say = self.wording
        accepted = decision.status is DecisionStatus.ACCEPTED
        return Item(
            statement=one_line(decision.statement) or NOTHING,
            status=None if accepted else say.statuses[decision.status],
            doubt=self._doubt(decision),
            details=_details(
                (say.why, decision.rationale),
                (say.replaces, decision.supersedes),
                (say.considered, "; ".join(_cleaned(decision.considered))),
                (say.decided_by, ", ".join(_cleaned(map(say.named, decision.decided_by)))),
            ),
            quotes=self._quotes(decision),
            more=self._more(decision),
        )

    def _question(self, question: OpenQuestion) -> Item:
        say = self.wording
        return Item(
            statement=one_line(question.question) or NOTHING,
            status=None,
            doubt=self._doubt(question),
            details=_details(
                (say.waiting_for, say.named(question.waiting_on or "")),
                (say.raised_by, say.named(question.raised_by or "")),
            ),
            quotes=self._quotes(question),
            more=self._more(question),
        )

    def _by_owner(self) -> list[ActionItem]:
        """Return the shown actions: owners as they are listed, what is due first, unowned last."""
        shown = [action for action in self.memo.action_items if _is_shown(action)]
        listed = [p.name for p in self.memo.participants]
        order = {name: place for place, name in enumerate(dict.fromkeys(listed))}

        def place(action: ActionItem) -> tuple[bool, int, str, dt.date, float]:
            owner = action.owner or ""
            unowned = not one_line(owner)
            due = action.due or dt.date.max
            return unowned, order.get(owner, len(order)), owner, due, action.evidence[0].start

        return sorted(shown, key=place)

    def _task(self, action: ActionItem) -> Task:
        return Task(
            owner=one_line(self.wording.named(action.owner or "")) or None,
            task=one_line(action.task) or NOTHING,
            due=self._due(action),
            due_words=self._due_words(action),
            doubt=self._doubt(action),
            links=self._links(action),
        )

    def _due(self, action: ActionItem) -> str:
        return self.wording.short_day(action.due) if action.due else ""

    def _due_words(self, action: ActionItem) -> str:
        words = one_line(action.due_text or "")
        return self.wording.quoted(words) if words else ""

    def _unverified(self, finding: Finding) -> Unverified:
        kind, claim = self._claim(finding)
        return Unverified(
            kind=kind,
            claim=claim or NOTHING,
            reason=one_line(finding.reason or "") or self.wording.unverified_because,
            links=self._links(finding),
        )

    def _claim(self, finding: Finding) -> tuple[str, str]:
        """Return what is claimed, and of what kind it is."""
        if isinstance(finding, Decision):
            return self.wording.decision, one_line(finding.statement)
        if isinstance(finding, ActionItem):
            owner = one_line(self.wording.named(finding.owner or ""))
            extras = (owner, self._due(finding), self._due_words(finding))
            claim = (one_line(finding.task), ", ".join(filter(None, extras)))
            return self.wording.action, f" {NOTHING} ".join(filter(None, claim))
        if isinstance(finding, OpenQuestion):
            return self.wording.question, one_line(finding.question)
        raise TypeError(f"nobody has said how to show a {type(finding).__name__}")

    def _doubt(self, finding: Finding) -> str | None:
        if finding.verdict is Verdict.SUPPORTED:
            return None
        return one_line(finding.reason or "") or self.wording.uncertain_because

    def _quotes(self, finding: Finding) -> tuple[Quote, ...]:
        shown = sorted(_distinct(finding)[:_QUOTES_SHOWN], key=lambda e: e.start)
        return tuple(map(self._quote, shown))

    def _quote(self, evidence: Evidence) -> Quote:
        words = shortened(one_line(evidence.quote) or NOTHING, _QUOTE_LENGTH)
        speaker = one_line(self._named(evidence.speaker or ""))
        return Quote(self.wording.quoted(words), speaker or None, self._link(evidence.start))

    def _named(self, speaker: str) -> str:
        """Return the name of a voice, or its label while nobody knows better."""
        return self.wording.named(self._names.get(speaker, speaker))

    def _more(self, finding: Finding) -> tuple[Link, ...]:
        return tuple(self._link(e.start) for e in _distinct(finding)[_QUOTES_SHOWN:])

    def _links(self, finding: Finding) -> tuple[Link, ...]:
        starts = sorted({int(e.start) for e in finding.evidence})
        return tuple(map(self._link, starts[:_QUOTES_SHOWN]))

    def _link(self, seconds: float) -> Link:
        if self.recording_path is None:
            url = moment_url(self.memo.recording.filename, seconds)
        else:
            url = moment_url(self.recording_path, seconds, folders=True)
        return Link(timestamp(seconds), url)

    def _undecided_topics(self) -> list[Topic]:
        """Return the topics during which none of the shown decisions fell."""
        decided = [e.start for d in self.memo.decisions if _is_shown(d) for e in d.evidence]
        return [
            topic
            for topic in self.memo.topics
            if not any(topic.start <= moment < topic.end for moment in decided)
        ]

    def _topic(self, topic: Topic) -> Discussed:
        return Discussed(one_line(topic.title) or NOTHING, self._link(topic.start))

    def _coverage(self, coverage: Coverage) -> tuple[str, ...]:
        say = self.wording
        total, speech = coverage.audio_seconds, coverage.speech_seconds
        unread = speech - coverage.analysed_seconds
        lines = [
            say.covers_part.format(
                covered=self._amount(total - _missing(coverage), total),
                gaps=say.gap
                if len(coverage.gaps) == 1
                else say.gaps.format(count=len(coverage.gaps)),
                list=self._gaps(coverage),
            )
            if coverage.gaps
            else say.covers_all.format(total=_told(total, total), speech=_told(speech, total))
        ]
        decoded, skipped = coverage.decoded_seconds, coverage.skipped_seconds
        if decoded is not None and skipped is not None and skipped >= 1:
            parts = {"decoded": _told(decoded, total), "skipped": _told(skipped, total)}
            lines.append(say.skipped.format(**parts))
        if unread >= 1:
            covered = self._amount(coverage.analysed_seconds, speech)
            lines.append(say.unread_speech.format(covered=covered))
        return tuple(lines)

    def _amount(self, covered: float, total: float) -> str:
        """Return how much of something is covered; never more than it is."""
        if total < _SHORT_RECORDING:
            parts = {"covered": _told(covered, total), "total": _told(total, total)}
            return self.wording.times_of.format(**parts)
        minutes = {"covered": int(covered / 60), "total": round(total / 60)}
        return self.wording.minutes_of.format(**minutes)

    def _gaps(self, coverage: Coverage) -> str:
        shown = [
            f"{timestamp(gap.start)}–{timestamp(gap.end)} ({one_line(gap.reason) or NOTHING})"
            for gap in coverage.gaps[:_GAPS_SHOWN]
        ]
        rest = len(coverage.gaps) - len(shown)
        return ", ".join(shown + [self.wording.more_gaps.format(count=rest)] * bool(rest))

    def _corrected(self) -> tuple[str, ...]:
        """Return a line that says which names were misheard; nothing if none were."""
        say, told = self.wording, self.memo.corrections
        count = sum(len(one.starts) for one in told)
        if not count:
            return ()
        shown = [
            f"{one_line(one.heard)} → {one_line(one.written)}"
            + (f" ({len(one.starts)}×)" if len(one.starts) > 1 else "")
            for one in told[:_CORRECTIONS_SHOWN]
        ]
        rest = len(told) - len(shown)
        more = [say.more_corrected.format(count=rest)] if rest else []
        wording = say.corrected_one if count == 1 else say.corrected
        return (wording.format(count=count, list=", ".join(shown + more)),)

    def _provenance(self) -> tuple[str, ...]:
        say, origin = self.wording, self.memo.provenance
        made = say.made_from.format(
            recording=self.memo.recording.filename,
            version=origin.memo_version,
            when=say.moment(origin.created_at, self.memo.timezone),
        )
        read = say.heard_by if origin.asr_model else say.read_by
        reader = say.rules if origin.language_model == _RULES else origin.language_model
        return one_line(made), one_line(read.format(asr=origin.asr_model, reader=reader))


def _is_shown(finding: Finding) -> bool:
    """Whether a finding may stand among the facts: believed, at least half, with words to show."""
    return finding.verdict is not Verdict.UNSUPPORTED and bool(finding.evidence)


def _distinct(finding: Finding) -> list[Evidence]:
    """Return the evidence without repetitions, in the order in which it was found."""
    return list({(int(e.start), e.quote): e for e in reversed(finding.evidence)}.values())[::-1]


def _details(*pairs: tuple[str, str | None]) -> tuple[Detail, ...]:
    lines = ((label, one_line(text or "")) for label, text in pairs)
    return tuple(Detail(label, text) for label, text in lines if text)


def _cleaned(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(one_line, texts)))


def _told(seconds: float, total: float) -> str:
    """Return a part of a recording, to the second when the whole is short."""
    return timestamp(seconds) if total < _SHORT_RECORDING else length(seconds)


def _missing(coverage: Coverage) -> float:
    """Return the seconds that lie in at least one gap."""
    missing, reached = 0.0, 0.0
    for gap in sorted(coverage.gaps, key=lambda g: g.start):
        end = min(gap.end, coverage.audio_seconds)
        missing += max(0.0, end - max(gap.start, reached))
        reached = max(reached, end)
    return missing
