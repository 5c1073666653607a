"""A folder is kept in step with the log, and nobody loses anything in it."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memo.errors import OutputError
from memo.export.stamps import stamped
from memo.model import ActionItem, Decision, Evidence, Recording, Verdict
from memo.pipeline.exporting import Step, check_file, plan_step
from memo.remembered import EntryKind, EntryState, Link, LinkStanding, LogEntry, Relation

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
Make = Callable[..., LogEntry]


@pytest.fixture
def decision() -> Make:
    def make(place: int, statement: str, **given: Any) -> LogEntry:  # noqa: ANN401
        said = (Evidence(start=1, end=2, speaker="Ana", quote="so be it", score=1),)
        belief = {"id": "D1", "verdict": Verdict.SUPPORTED, "confidence": 0.9, "evidence": said}
        values = {
            "number": f"DEC-{place:04}",
            "kind": EntryKind.DECISION,
            "state": EntryState.ACCEPTED,
            "finding": Decision.model_validate(belief | {"statement": statement}),
            "meeting_title": "Weekly",
            "decided_at": NOW,
            "timezone": "UTC",
            "recording": Recording(filename="call.m4a", sha256="ab" * 32),
            "logged_at": NOW,
            "changed_at": NOW,
        }
        return LogEntry.model_validate(values | given)

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "docs" / "decisions"


def kept(entries: list[LogEntry], folder: Path, **given: Any) -> Step:  # noqa: ANN401
    """Bring the folder in step, and return what that took."""
    step = plan_step(entries, folder, **given)
    step.take()
    return step


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.iterdir())
    }


def test_a_new_folder_gets_a_page_for_each_decision_and_three_more(
    decision: Make, folder: Path
) -> None:
    step = kept([decision(1, "We ship"), decision(2, "We wait")], folder)
    assert names_in(folder) == [
        "0001-we-ship.md", "0002-we-wait.md", "README.md", "actions.md", "questions.md",
    ]  # fmt: skip
    assert len(step.written) == 5
    assert all(b"\r" not in content for content, _ in snapshot(folder).values())


def test_a_second_time_nothing_is_written(decision: Make, folder: Path) -> None:
    kept([decision(1, "We ship")], folder)
    before = snapshot(folder)
    step = kept([decision(1, "We ship")], folder)
    assert not step.is_behind
    assert step.unchanged == 4
    assert snapshot(folder) == before


def test_a_changed_statement_changes_the_page_and_not_its_name(
    decision: Make, folder: Path
) -> None:
    kept([decision(1, "We ship"), decision(2, "We wait")], folder)
    step = kept([decision(1, "We sail"), decision(2, "We wait")], folder)
    assert sorted(step.written) == ["0001-we-ship.md", "README.md"]
    assert "# We sail" in (folder / "0001-we-ship.md").read_text(encoding="utf-8")
    assert "[DEC-0001](0001-we-ship.md)" in (folder / "README.md").read_text(encoding="utf-8")


def test_a_page_that_was_renamed_keeps_its_new_name(decision: Make, folder: Path) -> None:
    kept([decision(1, "We ship")], folder)
    (folder / "0001-we-ship.md").rename(folder / "Der Start (1).md")
    kept([decision(1, "We sail")], folder)
    assert not (folder / "0001-we-ship.md").exists()
    assert "[DEC-0001](Der%20Start%20%281%29.md)" in (folder / "README.md").read_text()


def test_an_edited_page_is_kept_and_told(decision: Make, folder: Path) -> None:
    kept([decision(1, "We ship")], folder)
    page = folder / "0001-we-ship.md"
    page.write_text(page.read_text().replace("We ship", "We shall ship"))
    edited = page.read_bytes()
    step = kept([decision(1, "We sail")], folder)
    assert step.edited == ("0001-we-ship.md",)
    assert page.read_bytes() == edited
    assert "We sail" in (folder / "README.md").read_text()
    assert kept([decision(1, "We sail")], folder, overwrite=True).edited == ()
    assert "# We sail" in page.read_text()


def test_an_edit_that_was_read_back_is_replaced_freely(decision: Make, folder: Path) -> None:
    kept([decision(1, "We ship")], folder)
    page = folder / "0001-we-ship.md"
    page.write_text(stamped(page.read_text().replace("We ship", "We shall ship")))
    assert kept([decision(1, "We shall ship!")], folder).edited == ()
    assert "# We shall ship!" in page.read_text()


def test_an_edit_that_says_what_the_log_says_is_no_conflict(decision: Make, folder: Path) -> None:
    kept([decision(1, "We sail")], folder)
    page = folder / "0001-we-sail.md"
    sailing = page.read_text()
    kept([decision(1, "We ship")], folder)
    shipping = next(line for line in page.read_text().splitlines() if "checksum" in line)
    sailing_sum = next(line for line in sailing.splitlines() if "checksum" in line)
    page.write_text(sailing.replace(sailing_sum, shipping))
    assert kept([decision(1, "We sail")], folder).edited == ()
    assert page.read_text() == sailing


def test_line_ends_that_git_changed_are_no_edit_and_no_change(decision: Make, folder: Path) -> None:
    kept([decision(1, "We ship")], folder)
    for path in folder.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert not kept([decision(1, "We ship")], folder).is_behind
    assert kept([decision(1, "We sail")], folder).edited == ()


def test_the_page_of_a_withdrawn_decision_goes_unless_somebody_edited_it(
    decision: Make, folder: Path
) -> None:
    kept([decision(1, "We ship"), decision(2, "We wait")], folder)
    page = folder / "0002-we-wait.md"
    page.write_text(page.read_text() + "\nA note of mine.\n")
    gone = [decision(number, "x", withdrawn_at=NOW) for number in (1, 2)]
    step = kept(gone, folder)
    assert step.removed == ("0001-we-ship.md",)
    assert step.edited == ("0002-we-wait.md",)
    assert names_in(folder) == [
        "0002-we-wait.md", "README.md", "actions.md", "questions.md",
    ]  # fmt: skip


def test_nothing_leads_to_the_page_of_a_withdrawn_decision(decision: Make, folder: Path) -> None:
    link = Link(
        source="DEC-0002", target="DEC-0001", relation=Relation.REAFFIRMS,
        standing=LinkStanding.SURE, made_by="Ana", made_at=NOW,
    )  # fmt: skip
    first = decision(1, "We ship", links=(link,))
    kept([first, decision(2, "We do ship", links=(link,))], folder)
    assert "(0002-we-do-ship.md)" in (folder / "0001-we-ship.md").read_text()
    step = kept([first, decision(2, "We do ship", links=(link,), withdrawn_at=NOW)], folder)
    assert step.removed == ("0002-we-do-ship.md",)
    page = (folder / "0001-we-ship.md").read_text()
    assert "0002-we-do-ship.md" not in page
    assert "Reaffirmed by DEC-0002" in page


def test_two_pages_of_one_decision_become_one(decision: Make, folder: Path) -> None:
    kept([decision(1, "We ship")], folder)
    shutil.copy(folder / "0001-we-ship.md", folder / "0001-we-shall.md")
    shutil.copy(folder / "0001-we-ship.md", folder / "a copy.md")
    step = kept([decision(1, "We ship")], folder)
    assert step.removed == ("0001-we-ship.md", "a copy.md")
    assert (folder / "0001-we-shall.md").exists()


def test_files_of_others_are_never_touched(decision: Make, folder: Path) -> None:
    folder.mkdir(parents=True)
    theirs = {
        "README.md": b"# Our decisions\n",
        "0001-we-ship.md": b"---\nstatus: accepted\n---\n# Ours\n",
        "latin.md": b"caf\xe9\n",
        "0002-x.md": b"",
        "notes.txt": b"number: DEC-0001",
        "number.md": b"---\nnumber: DEC-0001\n---\n",
        "big.md": b"---\nnumber: DEC-0001\n" * 300_000,
    }
    for name, content in theirs.items():
        (folder / name).write_bytes(content)
    (folder / "sub").mkdir()
    (folder / "dangling.md").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.md")
    step = kept([decision(1, "We ship")], folder)
    assert sorted(step.written) == ["0001-we-ship-2.md", "actions.md", "index.md", "questions.md"]
    assert {name: (folder / name).read_bytes() for name in theirs} == theirs
    assert not kept([decision(1, "We ship")], folder).is_behind


def test_a_page_with_a_taken_name_is_told_and_the_others_are_written(
    decision: Make, folder: Path
) -> None:
    folder.mkdir(parents=True)
    (folder / "Actions.md").write_text("what we do for fun")
    step = kept([decision(1, "We ship")], folder)
    assert step.taken == ("actions.md",)
    assert (folder / "0001-we-ship.md").exists()
    assert (folder / "Actions.md").read_text() == "what we do for fun"


def test_the_index_takes_its_own_name_once_it_is_free(decision: Make, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("ours")
    kept([decision(1, "We ship")], folder)
    (folder / "README.md").unlink()
    step = kept([decision(1, "We ship")], folder)
    assert (sorted(step.written), step.removed) == (["README.md"], ("index.md",))


def test_a_page_that_is_a_link_is_nobody_elses_way_out(
    decision: Make, folder: Path, tmp_path: Path
) -> None:
    kept([decision(1, "We ship")], folder)
    outside = tmp_path / "outside.md"
    (folder / "0001-we-ship.md").rename(outside)
    (folder / "0001-we-ship.md").symlink_to(outside)
    before = outside.read_bytes()
    step = kept([decision(1, "We sail")], folder)
    assert outside.read_bytes() == before
    assert (folder / "0001-we-ship.md").is_symlink()
    assert "0001-we-sail.md" in step.written


def test_the_folder_of_another_log_is_refused(decision: Make, folder: Path) -> None:
    kept([decision(1, "We ship")], folder)
    before = snapshot(folder)
    other = Recording(filename="other.m4a", sha256="cd" * 32)
    for entries in ([], [decision(1, "We ship", recording=other)], [decision(2, "We ship")]):
        with pytest.raises(OutputError, match="decisions of another log") as caught:
            plan_step(entries, folder)
        assert "MEMO_DATABASE_URL" in (caught.value.hint or "")
    assert snapshot(folder) == before


@pytest.mark.parametrize("content", ["", "<<<<<<< HEAD\n=======\n>>>>>>> x\n", "\x00"])
def test_a_page_that_was_damaged_is_not_mistaken(
    decision: Make, folder: Path, content: str
) -> None:
    kept([decision(1, "We ship")], folder)
    page = folder / "0001-we-ship.md"
    page.write_text(content + page.read_text() if content else "")
    damaged = page.read_bytes()
    step = kept([decision(1, "We ship")], folder)
    assert page.read_bytes() == damaged
    assert step.written.keys() >= {"0001-we-ship-2.md"}


def test_a_merge_that_is_not_finished_is_an_edit(decision: Make, folder: Path) -> None:
    kept([decision(1, "We ship")], folder)
    page = folder / "0001-we-ship.md"
    content = next(line for line in page.read_text().splitlines() if "content" in line)
    both = f"<<<<<<< HEAD\n{content}\n=======\ncontent: 'x'\n>>>>>>> other"
    page.write_text(page.read_text().replace(content, both))
    step = kept([decision(1, "We sail")], folder)
    assert step.edited == ("0001-we-ship.md",)
    assert list(step.written) == ["README.md"]


# --- Places that will not do --------------------------------------------------------------------


def test_a_folder_that_is_none_is_refused(decision: Make, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(OutputError, match="is no folder"):
        plan_step([decision(1, "x")], file)
    with pytest.raises(OutputError, match="cannot read"):
        kept([decision(1, "x")], tmp_path / ("n" * 300))
    with pytest.raises(OutputError):
        kept([decision(1, "x")], file / "below")
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="is a link"):
        plan_step([decision(1, "x")], tmp_path / "link")
    assert file.read_text() == "mine"
    assert names_in(tmp_path) == ["file", "link"]


def test_on_a_full_disk_nothing_is_half_written(decision: Make, folder: Path) -> None:
    kept([decision(1, "We ship")], folder)
    before = snapshot(folder)
    entries = [decision(1, "We sail"), decision(2, "x" * 20_000)]
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from pydantic import TypeAdapter\n"
        "from memo.remembered import LogEntry\n"
        "from memo.pipeline.exporting import plan_step\n"
        "entries = TypeAdapter(list[LogEntry]).validate_json(sys.stdin.read())\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "plan_step(entries, Path(sys.argv[1])).take()\n"
    )
    given = f"[{','.join(entry.model_dump_json() for entry in entries)}]"
    run = subprocess.run(
        [sys.executable, "-c", code, folder],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "OutputError: cannot write" in run.stderr
    assert snapshot(folder) == before


def test_a_file_that_holds_something_else_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    check_file(path, "\ufeffnumber,kind,state\r\n")
    path.write_bytes(b"SQLite format 3\x00")
    with pytest.raises(OutputError, match="memo did not write"):
        check_file(path, "\ufeffnumber,kind,state\r\n")
    path.write_text("\ufeffnumber,kind,state\r\nDEC-0001,")
    check_file(path, "\ufeffnumber,kind,state\r\n")
    with pytest.raises(OutputError, match="memo did not write"):
        check_file(path, "BEGIN:VCALENDAR\r\n")
    with pytest.raises(OutputError, match="no plain file"):
        check_file(tmp_path, "[]")
    path.write_text("")
    check_file(path, "[\n]")


def test_actions_stand_where_decisions_lead(decision: Make, folder: Path) -> None:
    said = (Evidence(start=1, end=2, speaker="Ana", quote="I will", score=1),)
    task = ActionItem(
        id="A1", verdict=Verdict.SUPPORTED, confidence=1, evidence=said, task="Call", owner="Bo"
    )
    action = decision(
        1, "x", number="ACT-0001", kind=EntryKind.ACTION, state=EntryState.OPEN, finding=task
    )
    kept([decision(1, "We ship"), action], folder)
    assert "- [ ] **ACT-0001** Call — owner: Bo" in (folder / "actions.md").read_text()
