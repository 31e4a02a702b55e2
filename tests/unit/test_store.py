"""Files appear whole or not at all, nothing is replaced without leave, and finished batches survive."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from unmask.errors import ConfigurationError
from unmask.store import (
    UNFINISHED,
    Batches,
    claim,
    discard_batches,
    replace_file,
    write_json,
    write_table,
    write_text,
)

OUTPUTS = ("summary.json", "manifest.json")
TABLES = {"patients": pd.DataFrame({"patient": [1, 2], "arm": pd.Categorical(["a", "b"])})}


def refused(action: Callable[[], object]) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        action()
    assert caught.value.exit_code == 2
    return caught.value


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "a.txt"
    write_text(file, "old")

    def half(temporary: Path) -> None:
        temporary.write_text("ha", encoding="utf-8")
        full_disk()

    error = refused(lambda: replace_file(file, half))
    assert error.code == "store.disk_full"
    assert "--resume" in str(error)
    assert file.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in file.parent.iterdir()] == ["a.txt"]
    write_text(file, "new")
    assert file.read_text(encoding="utf-8") == "new"


def test_a_table_that_meets_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pd.DataFrame, "to_parquet", full_disk)
    assert refused(lambda: write_table(tmp_path / "a.parquet", TABLES["patients"])).code == "store.disk_full"
    assert list(tmp_path.iterdir()) == []


def test_json_without_a_number_is_never_written(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"value": None, "è": [1.5]})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"value": None, "è": [1.5]}
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "b.json", float("nan"))
    assert not (tmp_path / "b.json").exists()


def test_a_new_folder_is_made_and_left_clean(tmp_path: Path) -> None:
    claim(tmp_path / "a" / "b", OUTPUTS, force=False, resume=False)
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_other_files_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    claim(tmp_path, OUTPUTS, force=False, resume=False)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("present", "unfinished", "force", "resume", "code"),
    [
        (True, False, False, False, "store.exists"),
        (True, False, False, True, "store.exists"),
        (True, False, True, False, None),
        (False, True, False, False, "store.unfinished"),
        (False, True, False, True, None),
        (False, True, True, False, None),
        (True, True, False, False, "store.unfinished"),  # a run that ended while it wrote its outputs
        (True, True, False, True, None),
        (False, False, False, True, None),
    ],
)
def test_what_may_be_replaced(
    present: bool, unfinished: bool, force: bool, resume: bool, code: str | None, tmp_path: Path
) -> None:
    if present:
        (tmp_path / "summary.json").write_text("{}", encoding="utf-8")
    if unfinished:
        (tmp_path / UNFINISHED / "key").mkdir(parents=True)
    if code is None:
        claim(tmp_path, OUTPUTS, force=force, resume=resume)
    else:
        error = refused(lambda: claim(tmp_path, OUTPUTS, force=force, resume=resume))
        assert error.code == code
        assert str(tmp_path) in str(error)


@pytest.mark.parametrize("below", ["", "sub/folder"])
def test_a_file_is_no_folder(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    error = refused(lambda: claim(tmp_path / "file" / below, OUTPUTS, force=True, resume=False))
    assert error.code == "store.not_a_directory"
    assert "--out" in str(error)


def test_places_nobody_can_write_are_refused(tmp_path: Path) -> None:
    assert refused(lambda: claim(Path("/proc/unmask"), OUTPUTS, force=False, resume=False)).code.startswith(
        "store."
    )
    long = refused(lambda: claim(tmp_path / ("a" * 300), OUTPUTS, force=False, resume=False))
    assert long.code == "store.unwritable"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_without_permission_is_refused(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise OSError(number, "Permission denied")

    monkeypatch.setattr(Path, "exists", denied)
    error = refused(lambda: claim(tmp_path / "a", OUTPUTS, force=False, resume=False))
    assert error.code == "store.unwritable"
    assert "Permission denied" in str(error)


def test_batches_come_back_as_they_were(tmp_path: Path) -> None:
    Batches(tmp_path, "key", resume=False).save(0, TABLES, {"patients": 2})
    again = Batches(tmp_path, "key", resume=True)
    loaded = again.load(0)
    assert loaded is not None
    pd.testing.assert_frame_equal(loaded[0]["patients"], TABLES["patients"])
    assert loaded[1] == {"patients": 2}
    assert again.load(1) is None


def test_a_new_run_forgets_old_batches(tmp_path: Path) -> None:
    Batches(tmp_path, "key", resume=False).save(0, TABLES, {})
    assert Batches(tmp_path, "key", resume=False).load(0) is None
    Batches(tmp_path, "key", resume=False).save(0, TABLES, {})
    assert Batches(tmp_path, "other", resume=False).load(0) is None
    assert not (tmp_path / UNFINISHED / "key").exists()


def test_another_run_is_never_continued_or_lost(tmp_path: Path) -> None:
    Batches(tmp_path, "key", resume=False).save(0, TABLES, {})
    error = refused(lambda: Batches(tmp_path, "other", resume=True))
    assert error.code == "store.other_run"
    assert "other settings" in str(error)
    assert Batches(tmp_path, "key", resume=True).load(0) is not None


def test_a_batch_that_could_not_be_finished_does_not_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = Batches(tmp_path, "key", resume=False)
    batches.save(0, TABLES, {})
    with monkeypatch.context() as full:
        full.setattr(pd.DataFrame, "to_parquet", full_disk)
        assert refused(lambda: batches.save(1, TABLES, {})).code == "store.disk_full"
    resumed = Batches(tmp_path, "key", resume=True)
    assert resumed.load(0) is not None
    assert resumed.load(1) is None
    resumed.save(1, TABLES, {})
    assert resumed.load(1) is not None


@pytest.mark.parametrize("damage", ["notes.json", "patients.parquet"])
def test_a_damaged_batch_is_done_again(damage: str, tmp_path: Path) -> None:
    batches = Batches(tmp_path, "key", resume=False)
    batches.save(0, TABLES, {"patients": 2})
    (file,) = (tmp_path / UNFINISHED).rglob(damage)
    file.write_bytes(file.read_bytes()[:7])
    resumed = Batches(tmp_path, "key", resume=True)
    assert resumed.load(0) is None
    resumed.save(0, TABLES, {"patients": 2})
    assert resumed.load(0) is not None


def test_discarding_leaves_the_rest(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("{}", encoding="utf-8")
    Batches(tmp_path, "key", resume=False).save(0, TABLES, {})
    discard_batches(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["summary.json"]
    discard_batches(tmp_path)
