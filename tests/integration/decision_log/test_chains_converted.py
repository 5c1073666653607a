"""Three calls converted in order by the command itself: the right chains, in both databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from memo.evaluation.labels import shipped_meetings


def write_call(folder: Path, meeting: dict[str, Any]) -> Path:
    """Write a labelled meeting as captions, and what is known of it beside them."""
    cues = [
        f"{_clock(u['start'])} --> {_clock(u['end'])}\n<v {u['speaker']}>{u['text']}\n"
        for u in meeting["utterances"]
    ]
    call = folder / f"{meeting['id']}.vtt"
    call.write_text("\n".join(["WEBVTT\n", *cues]), encoding="utf-8")
    people = json.dumps([person["name"] for person in meeting["participants"]])
    about = [
        f"title = {json.dumps(meeting['title'])}",
        f"started_at = {meeting['started_at']}",
        f"timezone = {json.dumps(meeting['timezone'])}",
        f"attendees = {people}",
    ]
    call.with_suffix(".toml").write_text("\n".join(about) + "\n", encoding="utf-8")
    return call


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"00:{int(minutes):02}:{rest:06.3f}"


def test_calls_converted_in_order_are_chained(url: str, tmp_path: Path) -> None:
    home = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "STATE")}
    environment = {**os.environ, **home, "MEMO_CACHE_DIR": str(tmp_path / "c")}
    environment["MEMO_DATABASE_URL"] = url

    def memo(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "memo", *words],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    meetings = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(shipped_meetings().glob("b*.json"))
    ]
    calls = [str(write_call(tmp_path, meeting)) for meeting in meetings]
    told = memo("convert", *calls, "--llm", "none", "--format", "json")
    assert "  DEC-0007 amends DEC-0003\n" in told
    assert "  DEC-0010 reverses DEC-0002\n" in told
    assert told.count(" reverses ") + told.count(" amends ") == 2
    story = memo("log", "why", "DEC-0010")
    older, newer = story.index("Until the end of November"), story.index("The tenth of November")
    assert older < newer
    assert "reverses DEC-0002" in story
    waiting = json.loads(memo("log", "review", "--json"))
    assert all(one["standing"] == "proposed" for one in waiting)
    again = json.loads(memo("convert", calls[2], "--llm", "none", "--format", "json", "--json"))
    assert again["log"]["links"] == []
