"""Folders that are whole or not there."""

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from training.engine.state import drop_older_states, newest_state
from training.files import SaveError, write_folder, write_json


def fill(text: str):
    def write(folder: Path) -> None:
        (folder / "file").write_text(text)
        (folder / "inner").mkdir()
        (folder / "inner" / "file").write_text(text)

    return write


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def no_space(_folder: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_write_and_replace(tmp_path: Path):
    target = tmp_path / "deep" / "target"
    for text in ("old", "new"):
        write_folder(target, fill(text))
        assert content(target) == {"file": text, "inner/file": text}
        assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_nothing_of_the_old_folder_stays(tmp_path: Path):
    write_folder(tmp_path / "target", fill("old"))
    write_folder(tmp_path / "target", lambda folder: (folder / "other").touch())
    assert list(content(tmp_path / "target")) == ["other"]


def test_leftovers_of_a_killed_writer_do_not_matter(tmp_path: Path):
    for name in (".target.new", ".target.old"):
        (tmp_path / name).mkdir()
        fill("half")(tmp_path / name)
    write_folder(tmp_path / "target", fill("new"))
    assert content(tmp_path / "target") == {"file": "new", "inner/file": "new"}
    write_folder(tmp_path / "target", fill("newer"))
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "wrapped"])
def test_full_disk(tmp_path: Path, wrapped: bool):
    """The old folder stands, the unfinished one is gone, the message says what and what to do."""

    def write(folder: Path) -> None:
        (folder / "file").write_text("half")
        if wrapped:  # as safetensors does
            raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")
        no_space(folder)

    write_folder(tmp_path / "target", fill("old"))
    with pytest.raises(SaveError, match=r"cannot write \S*target: the disk is full: free some space at \S+, or .*--resume"):
        write_folder(tmp_path / "target", write)
    assert content(tmp_path / "target") == {"file": "old", "inner/file": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_full_disk_behind_an_error_that_does_not_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """torch.save only says that writing failed; the unfinished files still fill the disk when that is looked up."""

    def write(folder: Path) -> None:
        (folder / "large").touch()
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    def disk_usage(folder: Path) -> SimpleNamespace:
        return SimpleNamespace(free=0 if (Path(folder) / ".target.new" / "large").exists() else 2**30)

    monkeypatch.setattr("training.files.shutil.disk_usage", disk_usage)
    with pytest.raises(SaveError, match="the disk is full"):
        write_folder(tmp_path / "target", write)


def test_a_rename_that_fails_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_folder(tmp_path / "target", fill("old"))
    rename = Path.rename

    def refuse(self: Path, other: Path) -> Path:
        if self.name == ".target.new":
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(SaveError, match="Input/output error"):
        write_folder(tmp_path / "target", fill("new"))
    monkeypatch.undo()
    assert content(tmp_path / "target") == {"file": "old", "inner/file": "old"}


def test_a_parent_that_is_a_file(tmp_path: Path):
    (tmp_path / "parent").touch()
    with pytest.raises(SaveError, match="cannot write"):
        write_folder(tmp_path / "parent" / "target", fill("new"))


def test_mistakes_in_the_writer_are_not_dressed_up(tmp_path: Path):
    with pytest.raises(ZeroDivisionError):
        write_folder(tmp_path / "target", lambda _: 1 / 0)
    assert not list(tmp_path.iterdir())


def test_a_file_system_that_is_really_full(tmp_path: Path):
    """/dev/full answers every write with ENOSPC."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")

    def write(folder: Path) -> None:
        (folder / "file").symlink_to(full)
        (folder / "file").write_text("lost")

    with pytest.raises(SaveError, match="the disk is full"):
        write_folder(tmp_path / "target", write)


def test_json_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "value.json"
    write_json(path, {"a": 1})
    assert path.read_text() == '{\n  "a": 1\n}\n'
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert path.read_text() == '{\n  "a": 1\n}\n'


# --- states of a run


def test_newest_state_is_by_number(tmp_path: Path):
    assert newest_state(tmp_path) is None
    for step in (9, 100, 20):
        (tmp_path / "state" / f"step-{step}").mkdir(parents=True)
    for unfinished in (".step-200.new", ".step-300.shared"):
        (tmp_path / "state" / unfinished).mkdir()
    assert newest_state(tmp_path).name == "step-100"
    drop_older_states(tmp_path)
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["step-100"]


def test_a_state_put_aside_by_a_killed_run_is_found(tmp_path: Path):
    """Killed between the two renames: the old state is whole, under its put-aside name."""
    aside = tmp_path / "state" / ".step-6.old"
    aside.mkdir(parents=True)
    (aside / "file").write_text("whole")
    found = newest_state(tmp_path)
    assert found.name == "step-6"
    assert (found / "file").read_text() == "whole"
