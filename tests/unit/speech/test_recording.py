from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from memo.errors import RecordingError
from memo.model import Recording
from memo.speech.recording import identify


def test_a_recording_is_known_by_its_content(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    path = tmp_path / "call: monday.m4a"
    path.write_bytes(content)

    assert identify(path) == Recording(
        filename="call: monday.m4a", sha256=hashlib.sha256(content).hexdigest()
    )


def test_a_copy_under_another_name_has_the_same_hash(tmp_path: Path) -> None:
    (tmp_path / "a.m4a").write_bytes(b"sound")
    (tmp_path / "b.m4a").write_bytes(b"sound")

    assert identify(tmp_path / "a.m4a").sha256 == identify(tmp_path / "b.m4a").sha256


def test_a_name_that_is_not_utf8_can_be_stored(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/anruf-\xfc\n.m4a"))
    path.write_bytes(b"sound")

    recording = identify(path)

    assert recording.filename == "anruf-\ufffd\ufffd.m4a"
    assert Recording.model_validate_json(recording.model_dump_json()) == recording


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"^gone\.m4a does not exist$") as caught:
        identify(tmp_path / "gone.m4a")
    assert str(tmp_path) in (caught.value.hint or "")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is a folder"):
        identify(tmp_path)


def test_zero_bytes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "call.m4a").touch()
    with pytest.raises(RecordingError, match=r"call\.m4a is empty"):
        identify(tmp_path / "call.m4a")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "call.wav")
    with pytest.raises(RecordingError, match="not an ordinary file"):
        identify(tmp_path / "call.wav")


def test_a_path_through_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(RecordingError, match=r"cannot be read: Not a directory$"):
        identify(tmp_path / "file" / "call.m4a")


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(b"half of it")
    digest_of = hashlib.file_digest

    def recorder_goes_on(*given: object) -> object:
        with path.open("ab") as file:
            file.write(b", and the other half")
        return digest_of(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(hashlib, "file_digest", recorder_goes_on)
    with pytest.raises(RecordingError, match="changed while it was being read"):
        identify(path)
