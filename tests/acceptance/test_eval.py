"""`memo eval` as somebody types it: on memo's own meetings, on theirs, and with what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from memo.evaluation import shipped_meetings
from memo.evaluation.schema import schema

if TYPE_CHECKING:
    from tests.acceptance.conftest import Command, Endpoint

RULES = ("--llm", "none")
ONE = "b1-warehouse-plan"


def labels_in(folder: Path, *names: str) -> Path:
    """Make a folder with some of memo's labelled meetings."""
    folder.mkdir()
    for name in names:
        content = (shipped_meetings() / f"{name}.json").read_bytes()
        (folder / f"{name}.json").write_bytes(content)
    return folder


def spoken(labels: Path, name: str, into: Path) -> Path:
    """Write the transcript of a labelled meeting as WebVTT."""
    into.mkdir(exist_ok=True)
    lines = ["WEBVTT"]
    for said in json.loads((labels / f"{name}.json").read_text("utf-8"))["utterances"]:
        start, end = (f"00:{int(t) // 60:02}:{t % 60:06.3f}" for t in (said["start"], said["end"]))
        lines += ["", f"{start} --> {end}", f"<v {said['speaker']}>{said['text']}"]
    path = into / f"{name}.vtt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def run_in(path: Path) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return run


def test_memos_own_meetings_are_measured_with_one_command(command: Command) -> None:
    done = command("eval", *RULES, "--json", "run.json", "--predictions", "found.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("10 meetings, ")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert re.search(r"^decisions +\d+ +32 ", done.stdout, re.MULTILINE)
    assert re.search(r"^quotes +(\d+) of \1 word for word", done.stdout, re.MULTILINE)
    assert "[10/10]" in done.stderr
    run = run_in(command.folder / "run.json")
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(run)) == []
    assert len(run["meetings"]) == len(run_in(command.folder / "found.json")) == 10
    assert {p.name for p in command.folder.iterdir()} == {"run.json", "found.json"}


def test_a_program_gets_the_run_on_stdout(command: Command) -> None:
    done = command("eval", *RULES, "--only", "b1", "--json", "-")
    assert [m["id"] for m in json.loads(done.stdout)["meetings"]] == [ONE]
    assert list(command.folder.iterdir()) == []


def test_nothing_is_logged(command: Command) -> None:
    assert command("eval", *RULES, "--only", "b1").returncode == 0
    assert command("log", "list").stdout == ""


def test_an_earlier_run_is_shown_and_compared_without_reading(command: Command) -> None:
    assert command("eval", *RULES, "--only", "b", "--json", "run.json").returncode == 0
    shown = command("eval", "run.json", "--compare", "run.json", "--pairs", "--only", "b1")
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr == ""
    assert "1 meeting, " in shown.stdout
    assert "compared over 1 meeting that both runs have" in shown.stdout
    assert re.search(r"^  [=+-] D ", shown.stdout, re.MULTILINE)


def test_ones_own_labelled_meetings_are_measured(command: Command) -> None:
    labels = labels_in(command.folder / "mine", ONE)
    done = command("eval", labels, *RULES, "--quiet")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "1 meeting, 5:59, labels of mine" in done.stdout


def test_a_transcript_goes_the_whole_way_and_scores_as_its_own_words(command: Command) -> None:
    labels = labels_in(command.folder / "labels", ONE)
    calls = spoken(labels, ONE, command.folder / "calls").parent
    own = command("eval", labels, *RULES, "--json", "own.json", "-q")
    heard = command("eval", calls, "--gold", labels, *RULES, "--json", "heard.json", "-q")
    assert (own.returncode, heard.returncode) == (0, 0), heard.stderr
    one, other = (run_in(command.folder / f"{name}.json") for name in ("own", "heard"))
    # Reasons may differ: a long cue is read as several segments, and cited in part.
    matched = [
        [
            (counts["found"], counts["hits"], counts["soft"])
            for counts in c["scores"]["counts"].values()
        ]
        for c in (one, other)
    ]
    assert matched[0] == matched[1]
    assert one["scores"]["counts"]["decisions"]["hits"] > 0
    assert [path.name for path in calls.iterdir()] == [f"{ONE}.vtt"]


def test_meetings_without_a_recording_are_left_out_and_named(command: Command) -> None:
    labels = labels_in(command.folder / "labels", ONE, "d7-launch-jokes")
    spoken(labels, ONE, command.folder / "calls")
    done = command("eval", "calls", "--gold", labels, *RULES)
    assert done.returncode == 0
    assert "no recording of d7-launch-jokes: left out" in done.stderr
    assert done.stdout.startswith("1 meeting, ")


def labels_of_the_example(examples: Path, folder: Path) -> Path:
    """Write labels of the example call: who said what when is known from its making."""
    reference = json.loads((examples / "weekly-call.reference.json").read_text("utf-8"))
    said = [{k: s[k] for k in ("start", "end", "speaker", "text")} for s in reference["segments"]]

    def at(*words: str) -> list[int]:
        return [i for i, s in enumerate(said) if any(w in s["text"] for w in words)]

    gold = {
        "decisions": [
            {
                "text": "Roll out region by region, Europe first, instead of a single cutover.",
                "status": "accepted",
                "rationale": "The Canadian tax numbers are wrong.",
                "evidence": at("we drop the single cutover"),
            },
        ],
        "actions": [
            {
                "task": "Find the root cause of the Canadian tax error",
                "owner": "Dan",
                "due": "2026-12-02",
                "evidence": at("root cause by Wednesday"),
            },
        ],
        "open_questions": [
            {"question": "Who covers the holidays?", "evidence": at("who covers the holidays")}
        ],
    }
    meeting = {
        "id": "weekly-call",
        "title": "Weekly engineering call",
        "started_at": "2026-11-30T10:00:00+00:00",
        "timezone": "Europe/Lisbon",
        "language": "en",
        "participants": [{"name": name} for name in reference["speakers"]],
        "utterances": said,
        "gold": gold,
    }
    folder.mkdir()
    (folder / "weekly-call.json").write_text(json.dumps(meeting), encoding="utf-8")
    return folder


@pytest.mark.asr
def test_a_recording_is_heard_and_its_voices_are_known_by_their_times(
    command: Command, examples: Path, weights: Callable[..., Path]
) -> None:
    labels = labels_of_the_example(examples, command.folder / "labels")
    calls = command.folder / "calls"
    calls.mkdir()
    (calls / "weekly-call.m4a").write_bytes((examples / "weekly-call.m4a").read_bytes())
    model = weights("base", "asr")
    words = ("eval", calls, "--gold", labels, *RULES, "--json", "run.json", "--offline")
    done = command(*words, "--asr-model", model)
    assert done.returncode == 0, done.stderr
    assert "heard by" in done.stdout
    (meeting,) = run_in(command.folder / "run.json")["meetings"]
    assert meeting["misquoted"] == []
    counts = meeting["counts"]
    assert [counts[c]["hits"] for c in ("decisions", "actions", "questions")] == [1, 1, 1]
    assert (counts["actions"]["owner_right"], counts["actions"]["due_right"]) == (1, 1)
    assert [path.name for path in calls.iterdir()] == ["weekly-call.m4a"]


# --- With a model -------------------------------------------------------------------------------


def by(endpoint: Endpoint) -> tuple[str, ...]:
    return ("--llm-url", endpoint.url, "--llm-model", "listener")


def test_a_model_is_measured_and_asked_nothing_twice(command: Command, endpoint: Endpoint) -> None:
    first = command("eval", *by(endpoint), "--only", "d5", "--json", "run.json")
    assert first.returncode == 0, first.stderr
    assert "read by endpoint listener" in first.stdout
    cost = run_in(command.folder / "run.json")["meetings"][0]["cost"]
    assert cost["answers"] == endpoint.answered > 0
    assert cost["prompt_tokens"] > 0
    again = command("eval", *by(endpoint), "--only", "d5", "--json", "again.json")
    assert cost["answers"] == endpoint.answered
    assert "answers are of an earlier run" in again.stdout
    known = run_in(command.folder / "again.json")["meetings"][0]["cost"]
    assert known["prompt_tokens"] == cost["prompt_tokens"]
    assert known["reading_seconds"] > 0
    assert command("eval", *by(endpoint), "--only", "d5", "--fresh").returncode == 0
    assert endpoint.answered == 2 * cost["answers"]


def test_a_model_that_is_away_ends_the_run_with_its_code(command: Command) -> None:
    away = ("--llm-url", "http://127.0.0.1:9/v1", "--llm-model", "x")
    done = command("eval", *away, "--json", "run.json", MEMO_LLM_TIMEOUT="1")
    assert done.returncode == 7
    assert done.stdout == ""
    assert not (command.folder / "run.json").exists()


# --- What is wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "broken.json is no labelled meeting: it is not JSON"),
        ("{}", "broken.json is no labelled meeting: it has no `utterances`"),
        ('{"utterances": [], "gold": {"chapters": []}}', "no `gold` of a known form"),
        ('{"id": "x", "gold": {"open_questions": []}}', "it has no `utterances`"),
    ],
)
def test_a_file_that_is_no_labelled_meeting_is_refused(
    command: Command, content: str, told: str
) -> None:
    folder = labels_in(command.folder / "mine", ONE)
    (folder / "broken.json").write_text(content, encoding="utf-8")
    done = command("eval", folder, *RULES)
    assert done.returncode == 4
    assert told in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("empty",), 4, "there is no labelled meeting"),
        (("missing",), 4, "cannot be read"),
        (("--gold", "empty"), 2, "--gold needs the folder of the recordings"),
        (("empty", "--gold", "empty"), 4, "there is no labelled meeting"),
        (("--only", "x9"), 4, "is called x9"),
        (("--compare", "missing.json"), 4, "missing.json cannot be read"),
        (("--compare", "call.vtt"), 4, "call.vtt is no run"),
        (("call.vtt",), 4, "call.vtt is no run"),
        (("--json", "empty"), 2, "is a directory"),
        (("--json", "call.vtt/run.json"), 9, "run.json cannot be written"),
        (("--predictions", "nowhere/found.json"), 9, "found.json cannot be written"),
    ],
)
@pytest.mark.usefixtures("call")
def test_what_is_wrong_is_said_in_one_line(
    command: Command, words: tuple[str, ...], code: int, told: str
) -> None:
    (command.folder / "empty").mkdir()
    done = command("eval", *RULES, *words)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_labels_without_any_recording_are_refused(command: Command) -> None:
    labels = labels_in(command.folder / "labels", ONE)
    (command.folder / "calls").mkdir()
    done = command("eval", "calls", "--gold", labels, *RULES)
    assert done.returncode == 4
    assert "no recording or transcript of any meeting" in done.stderr


def test_a_recording_that_cannot_be_read_is_no_reason_to_stop(command: Command) -> None:
    labels = labels_in(command.folder / "labels", ONE, "d7-launch-jokes")
    spoken(labels, ONE, command.folder / "calls")
    (command.folder / "calls" / "d7-launch-jokes.vtt").write_text("WEBVTT\n", encoding="utf-8")
    done = command("eval", "calls", "--gold", labels, *RULES, "--json", "run.json")
    assert done.returncode == 4
    assert done.stdout.startswith("NOT READ, in no score: d7-launch-jokes: ")
    run = run_in(command.folder / "run.json")
    assert [m["id"] for m in run["meetings"]] == [ONE]
    assert [f["id"] for f in run["failures"]] == ["d7-launch-jokes"]
