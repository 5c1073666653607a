"""What people change in Markdown is read back; what memo wrote there is no change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memo.decision_log.log import DecisionLog
from memo.errors import DecisionLogError
from memo.export.adr import Around, render_decision
from memo.export.adr_pages import render_actions, render_questions
from memo.export.markdown import render_markdown
from memo.export.memo_json import render_json
from memo.export.untrusted import one_line
from memo.model import ActionItem, Decision, DecisionStatus, Evidence, Memo, OpenQuestion, Verdict
from memo.pipeline.reading_back.importing import Imported, import_files
from memo.remembered import EntryKind, EntryState, content_of, fingerprint

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)

MakeDecision = Callable[..., Decision]
MakeMemo = Callable[..., Memo]


def said(start: float, quote: str = "so be it") -> dict[str, Any]:
    evidence = Evidence(start=start, end=start + 5, speaker="Ana", quote=quote, score=1)
    return {
        "id": "X1",
        "verdict": Verdict.SUPPORTED,
        "confidence": 0.9,
        "evidence": (evidence,),
    }


TASK = ActionItem(
    **said(30), task="Write the plan", owner="Marco", due=dt.date(2026, 3, 6), due_text="by Friday"
)
OTHER_TASK = ActionItem(**said(40), task="Ring the bank", owner="Ana")
QUESTION = OpenQuestion(**said(50), question="Who pays?", raised_by="Ana", waiting_on="Bo")


@pytest.fixture
def meeting(memo: MakeMemo, decision: MakeDecision) -> Memo:
    """The memo of DEC-0001, DEC-0002, ACT-0001, ACT-0002 and QUE-0001."""
    return memo(
        decision("Drop CSV", 10, rationale="nobody uses it", decided_by=("Ana", "Li, Wei")),
        decision("Ship on Friday", 20, status=DecisionStatus.PROPOSED, considered=("Wait", "Go")),
        action_items=(TASK, OTHER_TASK),
        open_questions=(QUESTION,),
    )


@pytest.fixture
def page(log: DecisionLog, meeting: Memo, tmp_path: Path) -> Path:
    """The memo of a recorded meeting, as memo leaves it."""
    log.record(meeting, now=NOW)
    path = tmp_path / "call.memo.md"
    path.write_text(render_markdown(meeting), encoding="utf-8")
    path.with_suffix(".json").write_text(render_json(meeting), encoding="utf-8")
    return path


def change(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def take(log: DecisionLog, path: Path, **options: Any) -> Imported:  # noqa: ANN401
    return import_files(log, [path], who="Bo", now=LATER, **options)


def changed(done: Imported) -> dict[tuple[str, str], Any]:
    """Return the new values by number and field."""
    return {(e.entry.number, c.field): c.after for e in done.edited for c in e.changes}


# --- The memo of a meeting ----------------------------------------------------------------------


def test_what_memo_wrote_is_no_change(log: DecisionLog, page: Path) -> None:
    assert take(log, page) == Imported()
    for number in ("DEC-1", "ACT-1", "QUE-1"):
        assert len(log.history(number)) == 1


def test_everything_that_can_be_edited_in_a_memo_is_read_back(log: DecisionLog, page: Path) -> None:
    change(
        page,
        ("**1. Drop CSV**", "**1. Drop CSV \\| TSV** — *rejected*"),
        ("*Why:* nobody uses it", "*Why:* 3 * 4 \\*stars\\*"),
        ("Ana, Li, Wei", "Li, Wei, Bo"),
        ("**2. Ship on Friday** — *proposed*", "**2. Ship on Friday**"),
        ("*Considered:* Wait; Go", "*Considered:* Wait; Go; Stay"),
        ("| Marco | Write the plan | Fri 2026-03-06", "| Zoë | [x] Write a plan | Mon 2026-03-09"),
        ("| Ring the bank | — |", "| Ring the bank | 2026-04-01 |"),
        ("*Waiting for:* Bo", "*Waiting for:* Eva\n- *Answer:* Pricing\n  does"),
    )
    done = take(log, page, note="asked around")
    assert (done.clashes, done.left) == ([], [])
    assert changed(done) == {
        ("DEC-0001", "statement"): "Drop CSV | TSV",
        ("DEC-0001", "state"): "rejected",
        ("DEC-0001", "rationale"): "3 * 4 *stars*",
        ("DEC-0001", "decided_by"): ["Li, Wei", "Bo"],
        ("DEC-0002", "state"): "accepted",
        ("DEC-0002", "considered"): ["Wait", "Go", "Stay"],
        ("ACT-0001", "task"): "Write a plan",
        ("ACT-0001", "owner"): "Zoë",
        ("ACT-0001", "due"): "2026-03-09",
        ("ACT-0001", "state"): "done",
        ("ACT-0002", "due"): "2026-04-01",
        ("QUE-0001", "waiting_on"): "Eva",
        ("QUE-0001", "answer"): "Pricing does",
        ("QUE-0001", "state"): "answered",
    }
    event = log.history("ACT-1")[-1]
    assert (event.who, event.note) == ("Bo", "read back from call.memo.md: asked around")
    assert take(log, page).edited == ()


def test_what_is_taken_out_of_a_memo_is_no_more(log: DecisionLog, page: Path) -> None:
    change(page, ("- *Why:* nobody uses it\n", ""), ("| Ana | Ring", "| *no owner* | Ring"))
    change(page, ("Fri 2026-03-06 “by Friday”", "—"))
    assert changed(take(log, page)) == {
        ("DEC-0001", "rationale"): None,
        ("ACT-0002", "owner"): None,
        ("ACT-0001", "due"): None,
        ("ACT-0001", "due_text"): None,
    }


def test_a_rehearsal_says_what_would_change(log: DecisionLog, page: Path) -> None:
    change(page, ("nobody uses it", "commas"))
    would = take(log, page, rehearse=True)
    assert changed(would) == {("DEC-0001", "rationale"): "commas"}
    assert log.entry("DEC-1").decision.rationale == "nobody uses it"


def test_both_sides_changed_is_a_clash_and_nothing_is_imported(
    log: DecisionLog, page: Path
) -> None:
    change(page, ("nobody uses it", "commas"), ("| Marco |", "| Zoë |"))
    log.edit("ACT-1", {"owner": "Eva"}, who="Ana", now=LATER)
    done = take(log, page)
    (clash,) = done.clashes
    assert clash.origin.startswith("call.memo.md:")
    assert (clash.number, clash.field) == ("ACT-0001", "owner")
    assert (clash.wrote, clash.file, clash.log) == ("Marco", "Zoë", "Eva")
    assert log.entry("DEC-1").decision.rationale == "nobody uses it"
    taken = take(log, page, take="log")
    assert changed(taken) == {("DEC-0001", "rationale"): "commas"}
    assert changed(take(log, page, take="file")) == {("ACT-0001", "owner"): "Zoë"}


def test_a_change_of_the_log_alone_is_kept(log: DecisionLog, page: Path) -> None:
    log.edit("ACT-1", {"owner": "Eva", "status": "done"}, who="Ana", now=LATER)
    log.edit("DEC-1", {"status": "rejected"}, who="Ana", now=LATER)
    assert take(log, page) == Imported()
    change(page, ("| Marco |", "| Eva |"))  # and so is the same change on both sides
    assert take(log, page) == Imported()


def test_a_file_that_was_read_back_before_does_not_clash_with_what_came_later(
    log: DecisionLog, page: Path
) -> None:
    change(page, ("| Marco |", "| Zoë |"))
    take(log, page)
    log.edit("ACT-1", {"owner": "Eva"}, who="Ana", now=LATER)
    done = take(log, page)
    assert (done.edited, done.clashes) == ((), [])
    assert "owner of ACT-0001" in done.left[0]


def test_an_older_memo_does_not_undo_what_memo_found_since(
    log: DecisionLog, page: Path, meeting: Memo
) -> None:
    tasks = (TASK.model_copy(update={"owner": "Carla"}), OTHER_TASK)
    log.record(meeting.model_copy(update={"action_items": tasks}), now=LATER)
    change(page, ("nobody uses it", "commas"))
    done = take(log, page)
    assert changed(done) == {("DEC-0001", "rationale"): "commas"}
    assert log.entry("ACT-1").owner == "Carla"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Fri 2026-03-06", "next week", "no day like"),
        ("Fri 2026-03-06", "Fri 2026-03-07", "2026-03-07 is no Fri"),
        ("Fri 2026-03-06", "2026-02-30", "there is no 2026-02-30"),
        ("— *proposed*", "— *whatever*", "'whatever' is no state"),
        ("| Write the plan |", "| ~~Write the plan~~ |", "done or dropped"),
    ],
)
@pytest.mark.usefixtures("path")
def test_what_cannot_be_understood_is_shown_and_not_guessed(
    log: DecisionLog, page: Path, old: str, new: str, told: str
) -> None:
    change(page, (old, new), ("nobody uses it", "commas"))
    done = take(log, page)
    assert [told in (clash.why or "") for clash in done.clashes] == [True]
    assert log.entry("DEC-1").edited == ()


def test_what_cannot_be_read_back_is_named(log: DecisionLog, page: Path) -> None:
    change(
        page,
        ("## Actions", "**3. Buy a boat**\n\n- *Why:* fun\n\n## Actions"),
        ("- *Why:* nobody uses it", "- *Why:* nobody uses it\n- *Cost:* 5 €\n\nA remark."),
        ("| Ana | Ring the bank | — | [0:40](weekly.m4a#t=40) |\n", ""),
        ("# Weekly call", "# Weakly call"),
    )
    done = take(log, page)
    assert (done.edited, done.clashes) == ((), [])
    told = "\n".join(done.left)
    for part in ("Cost", "A remark.", "does not know", "ACT-0002 stands there no more", "Weakly"):
        assert part in told


def test_a_memo_as_editors_reformat_it_is_the_same(log: DecisionLog, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    text = text.replace("- *", "* *").replace("| Marco | Write", "|  Marco   |Write")
    text = text.replace("| --- | --- | --- | --- |", "|:--|:--:|---|---|")
    page.write_text("\ufeff" + text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert take(log, page) == Imported()


@pytest.mark.parametrize("language", ["de", "es"])
def test_a_memo_in_another_language_is_read_back(
    log: DecisionLog, meeting: Memo, tmp_path: Path, language: str
) -> None:
    spoken = meeting.model_copy(update={"language": language})
    log.record(spoken, now=NOW)
    path = tmp_path / "call.memo.md"
    path.write_text(render_markdown(spoken), encoding="utf-8")
    assert take(log, path) == Imported()
    word = {"de": "vorgeschlagen", "es": "propuesta"}[language]
    other = {"de": "abgelehnt", "es": "rechazada"}[language]
    change(path, (word, other), ("nobody uses it", "commas"))
    assert changed(take(log, path)) == {
        ("DEC-0001", "rationale"): "commas",
        ("DEC-0002", "state"): "rejected",
    }


# --- The files of `memo log export` -------------------------------------------------------------


@pytest.fixture
def folder(log: DecisionLog, meeting: Memo, tmp_path: Path) -> Path:
    """The files of a log's export."""
    log.record(meeting, now=NOW)
    folder = tmp_path / "decisions"
    folder.mkdir()
    everything = log.entries(kinds=list(EntryKind))
    for entry in log.entries():
        (folder / f"{entry.number}.md").write_text(render_decision(entry), encoding="utf-8")
    for name, render in (("actions", render_actions), ("questions", render_questions)):
        (folder / f"{name}.md").write_text(render(everything, Around()), encoding="utf-8")
    return folder


def test_what_people_edit_in_the_exported_folder_is_read_back_and_the_files_are_in_step_again(
    log: DecisionLog, folder: Path
) -> None:
    assert take(log, folder) == Imported()
    page, actions = folder / "DEC-0001.md", folder / "actions.md"
    change(
        page,
        ("# Drop CSV", "# Drop CSV files"),
        ("status: accepted", "status: proposed"),
        ('["Ana", "Li, Wei"]', "[Ana, Bo]"),
        ("*Why:* nobody uses it\n", "*Why:* commas\n"),
        ("* Drop CSV\n", "* Drop CSV\n* Keep it; somehow\n"),
    )
    change(
        actions,
        ("[ ] **ACT-0001**", "[x] **ACT-0001**"),
        ("owner: Ana", "owner: Eva, due: 2026-04-01"),
    )
    change(folder / "questions.md", ("waits for: Bo", "waits for: Eva, answer: Pricing — does"))
    done = take(log, folder)
    assert (done.clashes, done.left) == ([], [])
    assert changed(done) == {
        ("DEC-0001", "statement"): "Drop CSV files",
        ("DEC-0001", "state"): "proposed",
        ("DEC-0001", "rationale"): "commas",
        ("DEC-0001", "considered"): ["Keep it; somehow"],
        ("DEC-0001", "decided_by"): ["Ana", "Bo"],
        ("ACT-0001", "state"): "done",
        ("ACT-0002", "owner"): "Eva",
        ("ACT-0002", "due"): "2026-04-01",
        ("QUE-0001", "waiting_on"): "Eva",
        ("QUE-0001", "answer"): "Pricing — does",
        ("QUE-0001", "state"): "answered",
    }
    assert set(done.restamped) == {page, actions, folder / "questions.md"}
    assert take(log, folder) == Imported()


def test_an_exported_file_that_is_older_than_the_log_knows_what_was_changed_where(
    log: DecisionLog, folder: Path
) -> None:
    log.edit("DEC-1", {"why": "later", "statement": "Drop it"}, who="Ana", now=LATER)
    page = folder / "DEC-0001.md"
    change(page, ("status: accepted", "status: rejected"))
    assert changed(take(log, page)) == {("DEC-0001", "state"): "rejected"}
    change(page, ("nobody uses it", "commas"))
    (clash,) = take(log, page).clashes
    assert (clash.wrote, clash.file, clash.log) == ("nobody uses it", "commas", "later")


def test_a_file_with_edits_that_cannot_be_read_back_stays_out_of_step(
    log: DecisionLog, folder: Path
) -> None:
    page = folder / "DEC-0001.md"
    change(page, ("nobody uses it", "commas"), ("## More Information", "## Notes\n\nMine."))
    before = page.read_bytes()
    done = take(log, page)
    assert changed(done) == {("DEC-0001", "rationale"): "commas"}
    assert "what else was changed" in done.left[0]
    assert (done.restamped, page.read_bytes()) == ([], before)


def test_two_new_wordings_of_one_decision_clash(log: DecisionLog, folder: Path) -> None:
    page = folder / "DEC-0001.md"
    change(page, ("# Drop CSV", "# Drop it"), ('option: "Drop CSV"', 'option: "Keep it"'))
    (clash,) = take(log, page).clashes
    assert "two new wordings" in str(clash.why)


def test_two_files_that_want_different_things_clash(log: DecisionLog, folder: Path) -> None:
    page = folder / "DEC-0001.md"
    other = folder / "copy.md"
    other.write_text(page.read_text(encoding="utf-8"), encoding="utf-8")
    change(page, ("nobody uses it", "commas"))
    change(other, ("nobody uses it", "tabs"))
    done = take(log, folder)
    assert [(clash.number, clash.field) for clash in done.clashes] == [("DEC-0001", "rationale")]
    assert log.entry("DEC-1").edited == ()


def test_a_file_whose_content_nobody_knows_clashes_wherever_it_differs(
    log: DecisionLog, folder: Path
) -> None:
    page = folder / "DEC-0001.md"
    entry = log.entry("DEC-1")
    change(page, (fingerprint(content_of(entry)), "0" * 16), ("nobody uses it", "commas"))
    (clash,) = take(log, page).clashes
    assert (clash.field, clash.wrote) == ("rationale", None)
    assert changed(take(log, page, take="file")) == {("DEC-0001", "rationale"): "commas"}


# --- Broken and hostile files -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "neither a memo in Markdown nor"),
        (b"\xff\xfe", "not UTF-8"),
        (b"# Notes\n\nBuy milk.\n", "neither a memo in Markdown nor"),
        (b"---\nnumber: DEC-0099\n---\n\n# x\n", "there is no DEC-0099"),
        (b'---\nsha256: "' + b"a" * 64 + b'"\n---\n# x\n', "knows nothing of the recording"),
        (b"---\nnumber: DEC-0001\nrecording: abc\n---\n# x\n", "is of another log"),
        (b"- [x] **ACT-0099** x <!-- content: 0123456789abcdef -->\n", "there is no ACT-0099"),
        (b"- [x] **ACT-0001** x <!-- content: 0123456789abcdef -->\n" * 2, "ACT-0001 twice"),
        (b"x" * 200_000, "too long"),
        (b"---\n" + b"[" * 90_000 + b"\n---\n", "neither a memo in Markdown nor"),
    ],
)
@pytest.mark.usefixtures("path")
def test_a_file_that_is_not_right_is_refused_in_one_line(
    log: DecisionLog, folder: Path, content: bytes, told: str
) -> None:
    path = folder / "strange.md"
    path.write_bytes(content)
    with pytest.raises(DecisionLogError) as refused:
        import_files(log, [folder / "DEC-0001.md", path], who="Bo", now=LATER)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.hint


def test_what_the_log_refuses_is_told_with_its_line_and_nothing_is_imported(
    log: DecisionLog, folder: Path
) -> None:
    change(folder / "DEC-0001.md", ("status: accepted", "status: superseded"))
    change(folder / "DEC-0002.md", ("status: proposed", "status: accepted"))
    with pytest.raises(DecisionLogError, match=r"^DEC-0001\.md:1: DEC-0001 is superseded only"):
        take(log, folder)
    assert log.entry("DEC-2").state is EntryState.PROPOSED


# --- Whatever stands there ----------------------------------------------------------------------

NASTY = st.text(
    st.sampled_from("ab 12.|*_`~[]()<>&#\\-+:;,!\"'“”„»⚠—☑\n\t\u202e\u05d0日\0")
    | st.characters(exclude_categories=["Cs"]),
    max_size=30,
)
LINES = NASTY.filter(one_line)
MAYBE = st.none() | LINES


@st.composite
def findings(draw: st.DrawFn) -> tuple[Decision, ActionItem, OpenQuestion]:
    names = draw(st.lists(LINES, max_size=3))
    decision = Decision(
        **said(10, draw(LINES)),
        statement=draw(LINES),
        rationale=draw(MAYBE),
        considered=tuple(draw(st.lists(LINES, max_size=3))),
        decided_by=tuple(names),
        supersedes=draw(MAYBE),
        status=draw(st.sampled_from(DecisionStatus)),
    )
    due = draw(st.none() | st.dates(min_value=dt.date(1000, 1, 1)))
    action = ActionItem(
        **said(20, draw(LINES)), task=draw(LINES), owner=draw(MAYBE), due=due, due_text=draw(MAYBE)
    )
    question = OpenQuestion(
        **said(30, draw(LINES)),
        question=draw(LINES),
        raised_by=draw(MAYBE),
        waiting_on=draw(MAYBE),
    )
    return decision, action, question


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(findings(), findings(), st.sampled_from(["en", "de", "es", "ja"]))
def test_whatever_was_said_what_memo_wrote_is_no_change(
    log: DecisionLog,
    path: Path,
    memo: MakeMemo,
    one: tuple[Decision, ActionItem, OpenQuestion],
    two: tuple[Decision, ActionItem, OpenQuestion],
    language: str,
) -> None:
    pairs = list(zip(one, two, strict=True))
    told = memo(
        *pairs[0],
        call=repr((one, two, language)),
        language=language,
        action_items=pairs[1],
        open_questions=pairs[2],
    )
    log.record(told, now=NOW)
    page = path.parent / "call.memo.md"
    page.write_text(render_markdown(told), encoding="utf-8", newline="")
    done = take(log, page)
    assert (done.edited, done.clashes) == ((), [])
    for entry in log.entries(limit=2):
        page.write_text(f"{render_decision(entry)}\nA remark.\n", encoding="utf-8", newline="")
        done = take(log, page)
        assert (done.edited, done.clashes) == ((), [])
    everything = log.entries(kinds=list(EntryKind), limit=6)
    for render in (render_actions, render_questions):
        listed = render(everything, Around())
        page.write_text(f"A remark.\n{listed}", encoding="utf-8", newline="")
        done = take(log, page)
        assert (done.edited, done.clashes) == ((), [])


PLAIN = st.text(
    st.sampled_from("ab 12.|*_`~()<>&#\\-+:!'⚠\u05d0日") | st.characters(categories=["L"]),
    min_size=1,
    max_size=30,
).filter(lambda text: one_line(text) not in ("", "-", "—") and not text.strip().startswith("⚠"))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(PLAIN, PLAIN, PLAIN, st.dates(min_value=dt.date(1000, 1, 1)), st.booleans())
def test_whatever_people_write_is_taken_over(
    log: DecisionLog,
    path: Path,
    meeting: Memo,
    text: str,
    why: str,
    name: str,
    due: dt.date,
    in_log: bool,  # noqa: FBT001
) -> None:
    sha256 = fingerprint({"of": [text, why, name, str(due), in_log]}) * 4
    recording = meeting.recording.model_copy(update={"sha256": sha256})
    meeting = meeting.model_copy(update={"recording": recording})
    first, _, action, _, question = log.record(meeting, now=NOW).entries
    made = {"statement": text, "rationale": why, "decided_by": (name,), "considered": (why,)}
    decision = meeting.decisions[0].model_copy(update=made)
    task = TASK.model_copy(update={"task": text, "owner": name, "due": due, "due_text": None})
    asked = QUESTION.model_copy(update={"question": text, "waiting_on": name, "raised_by": why})
    page = path.parent / "call.memo.md"
    if in_log:
        assert isinstance(first.finding, Decision)
        edited = first.model_copy(update={"finding": first.finding.model_copy(update=made)})
        old, new = fingerprint(content_of(first)), fingerprint(content_of(edited))
        written = render_decision(edited).replace(new, old)
    else:
        written = render_markdown(
            meeting.model_copy(
                update={
                    "decisions": (decision, *meeting.decisions[1:]),
                    "action_items": (task, *meeting.action_items[1:]),
                    "open_questions": (asked,),
                }
            )
        )
    page.write_text(written, encoding="utf-8", newline="")
    assert take(log, page).clashes == []
    found = log.entry(first.number).decision
    assert (found.statement, found.rationale) == (one_line(text), one_line(why))
    assert found.decided_by == (one_line(name),)
    if not in_log:
        assert found.considered == (one_line(why),)
        held = log.entry(action.number)
        assert (held.text, held.owner, held.due) == (one_line(text), one_line(name), due)
        put = log.entry(question.number).finding
        assert isinstance(put, OpenQuestion)
        assert (put.question, put.waiting_on) == (one_line(text), one_line(name))
