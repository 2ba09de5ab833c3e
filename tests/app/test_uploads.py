"""Visitors' files on the server: deleted in time, and a full disk that is said to be one."""

import errno
import os
from types import SimpleNamespace

import pytest
from gradio.route_utils import delete_files_created_by_app

from app.blocks import StudioBlocks
from app.checks import Refused
from app.uploads import Downloads
from tests.app.calls import Caller
from tests.tiny import tiny_photo

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An upload folder of this program alone."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


def test_files_that_gradio_does_not_list_are_listed_once_and_deleted_with_the_others(folder):
    with StudioBlocks(analytics_enabled=False) as demo:
        pass
    (folder / "known.png").touch()
    (folder / "sent").mkdir()
    (folder / "sent" / "over-mcp.png").touch()
    demo.upload_file_set.add(str(folder / "known.png"))
    sets = len(demo.temp_file_sets)
    for _ in range(3):
        demo.tidying.list_uploads()
    assert demo.tidying.unlisted == {str(folder / "sent" / "over-mcp.png")}
    assert len(demo.temp_file_sets) == sets
    delete_files_created_by_app(demo, None)
    assert not [path for path in folder.rglob("*") if path.is_file()]
    demo.tidying.list_uploads()
    assert not demo.tidying.unlisted


def test_files_that_are_gone_leave_the_lists_and_old_empty_folders_go(folder):
    with StudioBlocks(analytics_enabled=False) as demo:
        pass
    for name in ("old", "new", "full"):
        (folder / name).mkdir()
    (folder / "full" / "photo.png").touch()
    for name in ("old", "full"):
        os.utime(folder / name, (0, 0))
    demo.upload_file_set |= {str(folder / "gone.png"), str(folder / "full" / "photo.png")}
    demo.tidying.list_uploads()
    assert demo.upload_file_set == {str(folder / "full" / "photo.png")}
    assert sorted(path.name for path in folder.iterdir()) == ["full", "new"]


def test_a_folder_that_is_everybody_s_is_left_alone(folder, monkeypatch):
    (folder / "others.png").touch()
    monkeypatch.delenv("GRADIO_TEMP_DIR")
    with StudioBlocks(analytics_enabled=False) as demo:
        demo.tidying.list_uploads()
    assert not demo.tidying.unlisted


def test_a_download_on_a_full_disk_is_refused_with_the_folder_and_what_to_do():
    downloads = Downloads()
    with pytest.raises(Refused) as caught, downloads.writing("visitor"):
        raise FULL
    assert f"free some space at {downloads.root.name}, or start the app with TMPDIR set to another folder." in str(caught.value)


def test_an_upload_on_a_full_disk_is_answered_in_a_sentence_and_leaves_nothing(studio, folder, monkeypatch):
    caller = Caller(studio.local_url.rstrip("/"), "a-visitor")

    async def full(_self, _data) -> None:
        raise FULL

    tiny_photo(1).save(folder / "photo.png")
    (folder / "whole").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr("gradio.route_utils.GradioUploadFile.write", full)
        answer = caller.post(folder / "photo.png")
    assert answer.status_code == 507
    assert answer.text.startswith(f"The server could not save this: the disk is full: free some space at {folder}")
    assert sorted(path.name for path in folder.iterdir()) == ["photo.png", "whole"]
    assert caller.post(folder / "photo.png").status_code == 200


def test_other_troubles_of_files_are_not_taken_for_a_full_disk(folder):
    with pytest.raises(FileNotFoundError):
        StudioBlocks.upload_failed(SimpleNamespace(), FileNotFoundError(errno.ENOENT, "no such file"))


def test_what_gradio_keeps_of_a_visitor_is_dropped_when_they_leave(studio):
    caller = Caller(studio.local_url.rstrip("/"), "leaves-soon")
    dependency = caller.dependency("clear")
    caller.call(dependency, caller.defaults(dependency))
    assert caller.session in studio.state_holder.session_data
    caller.call(caller.dependency("leave"), [])
    assert caller.session not in studio.state_holder.session_data
    assert caller.session not in studio.state_holder.time_last_used
    assert studio.state_holder.capacity < 1000
