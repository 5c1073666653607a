"""The command line. Only what `memo --help` needs is imported here; commands come when called."""

from __future__ import annotations

from pathlib import Path

import click

from memo.cli.group import GroupWithDefault, LazyGroup, MemoGroup
from memo.cli.invocation import Invocation

__all__ = ["main"]

log = LazyGroup(
    "log",
    commands={
        "list": ("memo.cli.log:list_entries", "List the decisions that were recorded."),
        "show": ("memo.cli.log:show_entry", "Show one decision."),
        "search": (
            "memo.cli.log_search:search",
            "Find entries by words, in any of their forms, the best first.",
        ),
        "why": (
            "memo.cli.log_why:why",
            "Tell how a decision came about, and what became of it.",
        ),
        "review": ("memo.cli.log_review:review", "Confirm or refuse links that memo proposes."),
        "export": (
            "memo.cli.log_export:export_log",
            "Keep the log in a folder, a table or a calendar.",
        ),
        "edit": (
            "memo.cli.log_edit:edit",
            "Change an entry of the log, in your editor or by options.",
        ),
        "import": (
            "memo.cli.log_import:import_files",
            "Read back into the log what people changed in Markdown.",
        ),
        "confirm": ("memo.cli.log_changes:confirm", "Vouch for decisions: they are accepted."),
        "reject": (
            "memo.cli.log_changes:reject",
            "Say that decisions were not made, or do not hold.",
        ),
        "supersede": (
            "memo.cli.log_changes:supersede",
            "Say that a newer decision takes the place of an older one.",
        ),
        "reassign": (
            "memo.cli.log_changes:reassign",
            "Give actions, or questions that wait for somebody, to somebody else.",
        ),
        "done": ("memo.cli.log_changes:done", "Say that actions are done."),
        "answer": (
            "memo.cli.log_changes:answer",
            "Answer an open question: in words, by a decision, or both.",
        ),
        "drop": ("memo.cli.log_changes:drop", "Put actions or questions aside."),
        "reopen": ("memo.cli.log_changes:reopen", "Open actions or questions again."),
    },
    help="Look into the decision log.",
    short_help="Look into the decision log.",
)

speakers = GroupWithDefault(
    "speakers",
    commands={
        "show": (
            "memo.cli.speakers:show",
            "Show who speaks in a converted recording, and correct it.",
        ),
        "enroll": (
            "memo.cli.voices:enroll",
            "Remember a voice, so that it gets its name in other recordings.",
        ),
        "voices": ("memo.cli.voices:list_voices", "List the voices that are remembered."),
        "forget": ("memo.cli.voices:forget", "Delete what identifies a voice."),
    },
    help="""Show who speaks in a converted recording, and correct it.

    `memo speakers RECORDING` is `memo speakers show RECORDING`.""",
    short_help="Show who speaks in a converted recording, and correct it.",
    subcommand_metavar="RECORDING | COMMAND [ARGS]...",
    epilog='Examples:  memo speakers call.m4a  ·  memo speakers call.m4a --set "Speaker 1=Priya"',
)

jobs = LazyGroup(
    "jobs",
    commands={
        "list": ("memo.cli.jobs:list_jobs", "List jobs, those that changed last first."),
        "show": ("memo.cli.jobs:show", "Show a job and what happened to it."),
        "retry": ("memo.cli.jobs:retry", "Try jobs again now."),
        "cancel": ("memo.cli.jobs:cancel", "Give jobs up."),
    },
    help="See what becomes of the recordings in watched folders, and steer it.",
    short_help="See what becomes of the recordings in watched folders.",
)

models = LazyGroup(
    "models",
    commands={
        "list": ("memo.cli.models:list_models", "Say which models there are, and which are here."),
        "pull": ("memo.cli.models:pull", "Fetch models."),
        "remove": ("memo.cli.models:remove", "Delete fetched models."),
        "verify": ("memo.cli.models:verify", "Check fetched models against their checksums."),
    },
    help="Manage speech and language models.",
    short_help="Manage speech and language models.",
)

config = LazyGroup(
    "config",
    commands={"show": ("memo.cli.settings:show", "Show each setting and where it came from.")},
    help="Look at the settings.",
    short_help="Look at the settings.",
)


@click.group(
    cls=MemoGroup,
    commands={
        "convert": ("memo.cli.convert:convert", "Turn recordings, or transcripts, into memos."),
        "watch": ("memo.cli.watch:watch", "Turn every recording in a folder into a memo."),
        "worker": (
            "memo.cli.worker:worker",
            "Work on recordings that `memo watch` has taken in.",
        ),
        "jobs": (jobs, "See what becomes of the recordings in watched folders."),
        "show": ("memo.cli.show:show", "Show a memo in the terminal."),
        "speakers": (speakers, "Show who speaks in a converted recording, and correct it."),
        "eval": ("memo.cli.eval:evaluate", "Measure how well meetings are read."),
        "ask": ("memo.cli.ask:ask", "Answer a question from the decision log."),
        "log": (log, "Look into the decision log."),
        "catchup": (
            "memo.cli.catchup:catchup",
            "Tell what changed in the decision log, and why, since you last looked.",
        ),
        "stats": ("memo.cli.stats:stats", "Count meetings, and what comes of them."),
        "models": (models, "Manage speech and language models."),
        "config": (config, "Look at the settings."),
        "doctor": ("memo.cli.doctor:doctor", "Say whether everything is in place."),
        "completion": (
            "memo.cli.completion:completion",
            "Print a script that makes a shell complete memo's words.",
        ),
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: memo convert call.m4a",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings file instead of ./memo.toml and your own.",
)
@click.option("--verbose", "-v", is_flag=True, help="Say more on stderr; show tracebacks.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing on stderr but errors.")
@click.version_option(package_name="callmemo", prog_name="memo", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, config: Path | None, verbose: bool, quiet: bool) -> None:  # noqa: FBT001
    """Turn recorded calls into memos that can be trusted.

    Results go to stdout, progress and errors to stderr. Nothing leaves this machine unless you
    configure a remote language model, or send a digest.
    """
    context.obj = Invocation(config=config, verbose=verbose, quiet=quiet)
    context.obj.begin()
