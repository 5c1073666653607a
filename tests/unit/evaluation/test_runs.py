"""A run is kept as JSON that other programs can rely on."""

from __future__ import annotations

import datetime as dt
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from memo.errors import RecordingError
from memo.evaluation import Failure, Reader, Run, load_run, part_of, predictions, run_of
from memo.evaluation.schema import schema

if TYPE_CHECKING:
    from tests.unit.evaluation.conftest import Bench


@pytest.fixture
def run(bench: Bench) -> Run:
    measured = bench.measured(bench.decision("Cancel the launch"), bench.question("Who pays?"))
    other = measured.model_copy(update={"id": "other", "corpus": "AMI"})
    return run_of(
        [measured, other],
        [Failure(id="third", error="the model is away")],
        labels="mine",
        reader=Reader(
            memo_version="1", llm="none", language_model="", prompts_sha256="0" * 64, asr_model=None
        ),
        created_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
    )


def test_the_shipped_schema_is_current() -> None:
    text = files("memo.evaluation").joinpath("run.schema.json").read_text("utf-8")
    assert json.loads(text) == schema(), "run python -m memo.evaluation.schema"


def test_a_run_is_valid_and_comes_back_whole(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(run.model_dump_json(), encoding="utf-8")
    validator = jsonschema.Draft202012Validator(schema())
    assert list(validator.iter_errors(json.loads(path.read_text("utf-8")))) == []
    assert load_run(path) == run


def test_a_part_of_a_run_is_scored_anew(run: Run) -> None:
    assert [m.id for m in part_of(run, ["laun"]).meetings] == ["launch"]
    assert [m.id for m in part_of(run, ["AMI"]).meetings] == ["other"]
    assert part_of(run, []) == run
    with pytest.raises(RecordingError, match="is called b2 or b3"):
        part_of(run, ["b2", "b3"])
    assert part_of(run, ["laun"]).scores.counts["decisions"].labels == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema_version": 2}', "\0"])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordingError, match=r"run\.json is no run"):
        load_run(path)


def test_a_run_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        load_run(tmp_path / "run.json")


def test_predictions_have_the_form_of_the_corpus_scorer(bench: Bench) -> None:
    case = bench.case()
    memo = bench.memo(case, bench.action("Tell the customers", owner="Ann Lee"))
    said = "I'll tell the customers by Wednesday."
    assert predictions(memo) == {
        "decisions": [],
        "actions": [
            {
                "text": "Tell the customers",
                "owner": "Ann Lee",
                "evidence": [{"start": 200.0, "end": 208.0, "quote": said}],
            }
        ],
        "questions": [],
    }
