"""`memo catchup`: what changed since somebody last looked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from memo.cli import dates
from memo.cli.delivery import (
    Post,
    delivery_options,
    mention_waiting,
    show_outbox,
    show_schedule,
)
from memo.cli.invocation import Invocation, account
from memo.cli.output import leave_stdout, note, printable, shown_to_a_person
from memo.errors import OutputError

if TYPE_CHECKING:
    from memo.config import Settings
    from memo.decision_log.catching_up import Last
    from memo.delivery import Destination, Message
    from memo.digest import Digest
    from memo.export.digest_layout import Length
    from memo.export.digest_page import DigestPage
    from memo.export.digest_words import Links

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_FORMATS = ("md", "docx", "html", "json")
_EXAMPLES = "2 days ago, yesterday, monday, last week, 2026-11-20, 2026-11-20T09:00"
_EVERYTHING = {"ever", "always", "all", "the beginning"}


def _known_zone(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    try:
        return str(ZoneInfo(name)) if name is not None else None
    except (KeyError, ValueError, OSError) as error:
        raise click.BadParameter(
            f"{printable(name)!r} is no time zone; write one like Europe/Berlin, "
            "America/New_York or UTC"
        ) from error


@click.command(
    epilog="Examples:  memo catchup  ·  memo catchup --since monday --for Priya --tz Asia/Tokyo"
    "  ·  memo catchup --since 2026-11-20 --out digest.docx"
    '  ·  memo catchup --send mailto:team@example.org --schedule "weekdays 08:30"'
)
@click.option(
    "--since",
    default="last",
    metavar="WHEN",
    show_default=True,
    help=f"`last`: since you last looked. Or a moment: {_EXAMPLES}; `ever` for all of it.",
)
@click.option("--for", "name", metavar="NAME", help="Whose tasks and questions are told apart.")
@click.option(
    "--tz",
    "timezone",
    metavar="ZONE",
    callback=_known_zone,
    help="Your time zone, e.g. Europe/Berlin.",
)
@click.option(
    "--length",
    type=click.Choice(["brief", "full"]),
    default="full",
    show_default=True,
    help="`brief`: what changed and what is yours, a line each.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="Markdown, Word, HTML or JSON; told by the name of --out if not given.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it, rather than to stdout.",
)
@click.option("--memo-language", metavar="CODE", help="Language it is written in: en, de or es.")
@click.option("--peek", is_flag=True, help="Do not remember that you looked.")
@click.option("--even-if-empty", is_flag=True, help="Send it even if nothing is new.")
@delivery_options
@click.pass_context
def catchup(context: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - the options
    """Tell what changed in the decision log, and why, since you last looked.

    What was reversed or amended stands first, old and new side by side; then what was decided,
    what is yours, what waits for you and what was closed, each with a link to its memo. Who
    looks is --for, or your name on this machine; a terminal gets text, a pipe Markdown.
    """
    invocation: Invocation = context.obj
    settings = invocation.settings(
        {
            "timezone": given["timezone"],
            "memo_language": given["memo_language"],
            "offline": given["offline"],
        }
    )
    if given["outbox"]:
        show_outbox(settings, given["outbox"], quiet=invocation.quiet)
        return
    now = dt.datetime.now(dt.UTC)
    since = _since(given["since"], given["name"], settings.timezone, now)
    if given["schedule"]:
        show_schedule(context, settings, name=given["name"])
        return
    _Run(invocation, settings, given, now).go(since)


def _since(
    words: str, name: str | None, timezone: str, now: dt.datetime
) -> dt.datetime | Last | None:
    from memo.decision_log.catching_up import Last

    plain = " ".join(words.lower().split())
    if plain == "last":
        return Last(reader=_reader(name))
    if plain in _EVERYTHING:
        return None
    moment = dates.since(words, timezone)
    if moment is not None and moment > now:
        raise click.BadParameter(
            f"{printable(words[:40])!r} lies in the future. Write it like {_EXAMPLES}",
            param_hint="--since",
        )
    return moment


def _reader(name: str | None) -> str:
    """Return what the log knows a reader by: their name, or their account on this machine."""
    plain = " ".join((name or "").casefold().split())
    return plain or f"@{account()}"


class _Run:
    """One digest on its way to a reader."""

    def __init__(
        self, invocation: Invocation, settings: Settings, given: dict[str, Any], now: dt.datetime
    ) -> None:
        self._invocation = invocation
        self._settings = settings
        self._given = given
        self._now = now
        self._out: Path | None = given["out"]
        self._form: str | None = given["form"] or self._told_by_name()
        if self._form == "docx" and self._out is None and not given["send"]:
            self._out = Path(f"catchup-{now.astimezone(ZoneInfo(settings.timezone)):%Y-%m-%d}.docx")

    def go(self, since: dt.datetime | Last | None) -> None:
        """Make it, bring it to the reader, and only then remember that they have it."""
        from memo.app import open_log
        from memo.decision_log.catching_up import Last

        words = self._given["send"]
        post = Post(self._settings, words, quiet=self._invocation.quiet) if words else None
        with open_log(self._settings) as log:
            digest = log.digest(
                since=since,
                reader=self._given["name"],
                timezone=self._settings.timezone,
                now=self._now,
            )
            wanted = post is not None and (self._given["even_if_empty"] or not digest.nothing_new)
            if self._out is not None:
                self._write(self._out, digest)
            if post is not None and wanted:
                post.put(self._message(digest, post.places), now=self._now)
            elif post is not None:
                self._note(self._page(digest).title)
            elif self._out is None:
                self._show(digest)
            if isinstance(since, Last) and not self._given["peek"]:
                log.remember_read(since, digest)
        if post is not None:
            post.send()
        elif not self._invocation.quiet:
            mention_waiting(self._settings)

    def _told_by_name(self) -> str | None:
        ending = self._out.suffix.lower().lstrip(".") if self._out else ""
        known = {"markdown": "md", "htm": "html"}.get(ending, ending)
        return known if known in _FORMATS else None

    def _page(self, digest: Digest, links: Links = "uris") -> DigestPage:
        from memo.export.digest_layout import lay_out_digest

        length: Length = self._given["length"]
        folder = self._out.absolute().parent if self._out else None
        if folder is None and links == "paths":
            folder = Path.cwd()
        language = self._settings.memo_language
        return lay_out_digest(digest, length=length, language=language, folder=folder, links=links)

    def _rendered(self, digest: Digest, form: str) -> str | bytes:
        page = self._page(digest, "uris" if form in {"docx", "html"} else "paths")
        if form == "docx":
            from memo.export.digest_word import render_digest_word

            return render_digest_word(page, made_at=digest.until)
        if form == "html":
            from memo.export.digest_html import render_digest_html

            return render_digest_html(page)
        if form == "json":
            from memo.export.digest_json import render_digest_json

            return render_digest_json(digest, page)
        from memo.export.digest_markdown import render_digest_markdown

        return render_digest_markdown(page)

    def _write(self, path: Path, digest: Digest) -> None:
        from memo.export.files import write_outputs

        content = self._rendered(digest, self._form or "md")
        data = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
        write_outputs({path: data})
        self._note(f"written to {printable(path)}")

    def _show(self, digest: Digest) -> None:
        """Write it to stdout; whoever does not get all of it has not looked."""
        if self._form or not shown_to_a_person():
            content = self._rendered(digest, self._form or "md")
            _print(content if isinstance(content, str) else content.decode())
            return
        from rich.console import Console
        from rich.markdown import Markdown

        from memo.export.digest_markdown import render_digest_markdown

        page = self._page(digest, "none")
        Console(highlight=False).print(Markdown(render_digest_markdown(page), hyperlinks=False))

    def _note(self, text: str) -> None:
        if not self._invocation.quiet:
            note(f"memo: {printable(text)}")

    def _message(self, digest: Digest, places: Sequence[Destination]) -> Message:
        from memo.delivery import Attachment, Message

        page = self._page(digest)
        text, html = self._rendered(digest, "md"), self._rendered(digest, "html")
        attachments = []
        if self._form == "docx" or any(place.to.endswith(".docx") for place in places):
            content = self._rendered(digest, "docx")
            if isinstance(content, bytes):
                attachments = [Attachment(name="digest.docx", content=content, media_type=_WORD)]
        return Message(
            subject=page.title,
            text=str(text),
            html=str(html),
            attachments=tuple(attachments),
            whole=str(self._out.absolute()) if self._out else None,
            key=f"{self._given['length']} {digest.model_dump_json(exclude={'since', 'until'})}",
        )


def _print(text: str) -> None:
    """Write to stdout, and say so if it did not get there: a closed pipe is no reader."""
    try:
        click.echo(text.rstrip("\n").encode("utf-8", "replace"))
    except BrokenPipeError:
        raise
    except OSError as error:
        leave_stdout()
        raise OutputError(
            f"cannot write to the standard output: {error.strerror}",
            hint="Write it to a file with --out; the next `--since last` tells it again.",
        ) from error
