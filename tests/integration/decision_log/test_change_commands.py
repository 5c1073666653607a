"""`memo log list`, `show`, `edit`, `confirm`, `done` and their like, and `import`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from memo.cli import main
from memo.decision_log.log import DecisionLog
from memo.errors import ExitCode
from memo.export.markdown import render_markdown
from memo.model import ActionItem, Decision, Evidence, Memo, OpenQuestion, Verdict

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)

Run = Callable[..., Result]


@pytest.fixture
def run(
    url: str,
    path: Path,
    memo: Callable[..., Memo],
    decision: Callable[..., Decision],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run `memo log` on DEC-0001 and 2, ACT-0001 and 2, QUE-0001; call.memo.md lies beside."""
    quote = Evidence(start=30, end=35, speaker="Ana", quote="will do", score=1)
    about = {"verdict": Verdict.SUPPORTED, "confidence": 0.9, "evidence": (quote,)}
    due = dt.date(2026, 3, 6)
    meeting = memo(
        decision("Drop CSV", 10, rationale="nobody uses it", decided_by=("Ana",)),
        decision("Keep CSV after all", 60, verdict=Verdict.UNCERTAIN, reason="nobody agreed"),
        action_items=(
            ActionItem(id="A1", task="Write the plan", owner="Marco", due=due, **about),
            ActionItem(id="A2", task="Ring the \x1b[2Jbank", **about),
        ),
        open_questions=(OpenQuestion(id="Q1", question="Who pays?", waiting_on="Bo", **about),),
    )
    with DecisionLog(url) as log:
        log.record(meeting, now=NOW)
    assert path.exists()
    (tmp_path / "call.memo.md").write_text(render_markdown(meeting), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEMO_DATABASE_URL", url)
    monkeypatch.setenv("MEMO_TIMEZONE", "Europe/Berlin")

    def invoke(*words: str, **options: str) -> Result:
        return CliRunner().invoke(main, ["log", *words], **options)  # type: ignore[arg-type]

    return invoke


def entry(run: Run, number: str) -> dict[str, object]:
    told = json.loads(run("show", number, "--json").stdout)
    return {"state": told["state"], "edited": told["edited"], **told["finding"]}


# --- List and show ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ((), ["DEC-0001", "DEC-0002"]),
        (("--kind", "all"), ["DEC-0001", "DEC-0002", "ACT-0001", "ACT-0002", "QUE-0001"]),
        (("--status", "open"), ["ACT-0001", "ACT-0002", "QUE-0001"]),
        (("--status", "open", "--kind", "question"), ["QUE-0001"]),
        (("--owner", "marco"), ["ACT-0001"]),
        (("--owner", "arc"), []),
        (("--owner", "%"), []),
        (("--due-before", "2026-03-07"), ["ACT-0001"]),
        (("--due-before", "2026-03-06"), []),
        (("--since", "2026-03-02", "--until", "2026-03-02"), ["DEC-0001", "DEC-0002"]),
        (("--since", "3 Mar 2026"), []),
        (("--until", "2026-03-01"), []),
        (("--until", "2999-12-31", "--limit", "1"), ["DEC-0001"]),
    ],
)
def test_the_list_is_narrowed_down(run: Run, words: tuple[str, ...], numbers: list[str]) -> None:
    done = run("list", *words)
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.stdout.splitlines()] == numbers


def test_the_list_is_a_table_where_there_is_room_and_fits_where_there_is_none(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("memo.cli.log"), "shown_to_a_person", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    wide = run("list", "--kind", "all").stdout.splitlines()
    assert wide[0].split("  ")[:3] == ["DEC-0001", "2026-03-02", "accepted"]
    at = wide[0].index("Drop CSV")
    assert wide[2][at:] == "Write the plan"
    assert "Marco" in wide[2][:at]
    assert "2026-03-06" in wide[2][:at]
    assert "\x1b" not in "".join(wide)
    monkeypatch.setenv("COLUMNS", "60")
    narrow = run("list", "--kind", "all").stdout.splitlines()
    assert max(map(len, narrow)) <= 60
    assert "(Marco, due 2026-03-06)" in " ".join(" ".join(narrow).split())


def test_an_entry_is_shown_with_what_others_do_to_it_and_what_people_changed(run: Run) -> None:
    run("supersede", "1", "--by", "2", "--note", "asked Ana", "--who", "Bo")
    run("edit", "1", "--why", "commas", "--who", "Zoë")
    shown = run("show", "1", "--history").stdout
    assert "reversed by:  DEC-0002 on 2026-03-02 “Keep CSV after all”" in shown
    assert "edited:       rationale; memo found nobody uses it" in shown
    assert "Bo  linked: DEC-0002 reverses DEC-0001: asked Ana\n" in shown
    assert f"{'':18}state: accepted → superseded" in shown
    assert f"{'':18}rationale: nobody uses it → commas" in shown
    assert "reverses:     DEC-0001" in run("show", "2").stdout
    assert "owner:        Marco" in run("show", "act-1").stdout
    assert "waits for:    Bo" in run("show", "que-1").stdout
    told = json.loads(run("show", "1", "--history", "--json").stdout)
    assert [event["what"] for event in told["history"]] == ["recorded", "linked", "edited"]


# --- One word each ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told", "state"),
    [
        (("reject", "1"), "DEC-0001  state: accepted → rejected", "rejected"),
        (("done", "1"), "ACT-0001  state: open → done", "done"),
        (("drop", "QUE-1"), "QUE-0001  state: open → dropped", "dropped"),
        (("answer", "1", "we do"), "QUE-0001  state: open → answered", "answered"),
        (("answer", "1", "--by", "DEC-1"), "QUE-0001  state: open → answered", "answered"),
        (("reassign", "1", "--to", "Zoë"), "ACT-0001  owner: Marco → Zoë", "open"),
        (("reassign", "1", "--to", ""), "ACT-0001  owner: Marco → nothing", "open"),
        (("supersede", "1", "--by", "2"), "DEC-0001  is superseded: DEC-0002 rev", "superseded"),
        (("edit", "1", "--status", "proposed"), "DEC-0001  state: accepted → prop", "proposed"),
    ],
)
def test_a_word_changes_an_entry(run: Run, words: tuple[str, ...], told: str, state: str) -> None:
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(told)
    assert entry(run, told[:8])["state"] == state


def test_whoever_confirms_a_decision_takes_the_doubt_away(run: Run) -> None:
    assert "(unverified)" in run("list").stdout
    assert run("confirm", "1", "2", "--note", "I was there").exit_code == 0
    assert "(unverified)" not in run("list").stdout
    assert run("edit", "2", "--reset", "state").exit_code == 0
    assert "(unverified)" in run("list").stdout


def test_what_was_done_answered_or_replaced_is_taken_back(run: Run) -> None:
    run("done", "1", "2")
    run("answer", "1", "we do", "--by", "2")
    run("supersede", "1", "--by", "2", "--amends")
    assert run("supersede", "2", "--by", "1").exit_code == ExitCode.DECISION_LOG
    assert run("reopen", "1", "2", "QUE-1").exit_code == 0
    assert run("supersede", "1", "--by", "2", "--undo").exit_code == 0
    states = [entry(run, number)["state"] for number in ("ACT-1", "ACT-2", "QUE-1", "DEC-1")]
    assert states == ["open", "open", "open", "accepted"]
    assert "answer:" not in run("show", "QUE-1").stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("answer", "1"), ExitCode.USAGE),
        (("edit",), ExitCode.USAGE),
        (("edit", "1", "--from-json", "-"), ExitCode.USAGE),
        (("edit", "1", "--set", "why"), ExitCode.DECISION_LOG),
        (("edit", "1", "--why", "x", "--set", "why=y"), ExitCode.DECISION_LOG),
        (("edit", "1"), ExitCode.CONFIG),
        (("done", "DEC-1"), ExitCode.DECISION_LOG),
        (("confirm", "1", "9"), ExitCode.DECISION_LOG),
        (("answer", "ACT-1", "x", "--by", "1"), ExitCode.DECISION_LOG),
        (("supersede", "ACT-1", "--by", "1"), ExitCode.DECISION_LOG),
        (("supersede", "1", "--by", "1"), ExitCode.DECISION_LOG),
        (("supersede", "1", "--by", "2", "--undo"), ExitCode.DECISION_LOG),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    run: Run, words: tuple[str, ...], code: ExitCode
) -> None:
    before = run("list", "--kind", "all", "--json").stdout
    done = run(*words)
    assert done.exit_code == code, done.output
    assert run("list", "--kind", "all", "--json").stdout == before


# --- Many at once -------------------------------------------------------------------------------


def test_many_are_changed_from_json_or_none(run: Run, tmp_path: Path) -> None:
    lines = '{"number": "ACT-1", "owner": "Bo"}\n\n{"number": "DEC-1", "state": "done"}\n'
    (tmp_path / "changes.jsonl").write_text(lines)
    refused = run("edit", "--from-json", "changes.jsonl")
    assert refused.exit_code == ExitCode.DECISION_LOG
    assert "changes.jsonl, line 3: DEC-0001: state cannot be 'done'" in refused.stderr
    assert entry(run, "ACT-1")["edited"] == []
    array = '[{"number": "ACT-1", "owner": "Bo", "note": "ill"}, {"number": 1, "why": ""}]'
    for options in (("--dry-run",), ()):
        done = run("edit", "--from-json", "-", *options, input=array)
        assert done.stdout.splitlines()[-1] == "DEC-0001  rationale: nobody uses it → nothing"
    assert entry(run, "ACT-1")["owner"] == "Bo"
    seen = '{"number": "ACT-1", "owner": "Zoë", "expected": {"owner": "Marco"}}'
    clash = run("edit", "--from-json", "-", input=seen)
    assert clash.exit_code == ExitCode.DECISION_LOG
    assert all(name in clash.stderr for name in ("'Bo'", "'Marco'", "'Zoë'"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no changes"),
        ("[]", "holds no changes"),
        ("[1", "is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('["a"]', "element 1 is no object"),
        ('{"owner": "Bo"}', "line 1 names no entry"),
        ('{"number": true}', "line 1 names no entry"),
        ('{"number": "ACT-1", "number": "ACT-2"}', "a field twice"),
        ('{"number": "ACT-1", "owner": NaN}', "NaN is no number"),
        ('{"number": "ACT-1", "note": 5}', "a wrong note"),
        ('{"number": "ACT-1", "verdict": "supported"}', "an action has no 'verdict'"),
        ('{"number": "ACT-1", "origin": "x"}', "an action has no 'origin'"),
    ],
)
def test_json_that_is_not_right_is_refused_with_its_place(run: Run, text: str, told: str) -> None:
    done = run("edit", "--from-json", "-", input=text)
    assert done.exit_code == ExitCode.DECISION_LOG
    assert told in done.stderr
    assert done.stderr.startswith("memo: error: stdin")
    assert entry(run, "ACT-1")["edited"] == []


# --- Markdown -----------------------------------------------------------------------------------


def test_markdown_is_read_back_and_a_clash_is_shown(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "call.memo.md"
    assert run("import", "call.memo.md").stdout.startswith("Nothing in these files")
    page.write_text(page.read_text("utf-8").replace("| Marco |", "| Zoë |"), encoding="utf-8")
    would = run("import", "call.memo.md", "--dry-run")
    assert would.stdout == "ACT-0001  owner: Marco → Zoë\n"
    run("reassign", "1", "--to", "Bo")
    clash = run("import", "call.memo.md")
    assert clash.exit_code == ExitCode.DECISION_LOG
    assert clash.stdout.splitlines()[1:] == [
        "  memo wrote: Marco",
        "  the file:   Zoë",
        "  the log:    Bo",
    ]
    assert json.loads(run("import", "call.memo.md", "--json").stdout)["clashes"][0]["log"] == "Bo"
    taken = run("import", "call.memo.md", "--take", "file", "--who", "Ana")
    assert taken.exit_code == 0
    assert entry(run, "ACT-1")["owner"] == "Zoë"
    assert "Ana  edited: read back from call.memo.md" in run("show", "ACT-1", "--history").stdout
