"""Visitors' files on the server: deleted in time, and a full disk that is said to be one."""

import errno
import os
import time
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from app.blocks import StudioBlocks
from app.checks import Refused
from app.tidying import OLD
from app.uploads import Downloads
from tests.app.calls import Caller
from tests.tiny import tiny_photo

EXAMPLE = Path(__file__).resolve().parents[2] / "assets" / "examples" / "cat.jpg"
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An upload folder of this program alone."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


def test_old_files_go_whoever_made_them_and_so_do_empty_folders(folder, tmp_path_factory, monkeypatch):
    with StudioBlocks(analytics_enabled=False) as demo:
        gr.Image(str(EXAMPLE))
    downloads = tmp_path_factory.mktemp("downloads")
    demo.tidying.folders = [downloads]
    (folder / "full").mkdir()
    (folder / "empty").mkdir()
    sent, listed, download = folder / "full" / "over-mcp.png", folder / "listed.png", downloads / "figure.png"
    for path in (sent, listed, download):
        path.touch()
    demo.upload_file_set |= {str(listed), str(folder / "gone.png")}
    (kept,) = (Path(path) for one in demo.blocks.values() for path in getattr(one, "keep_in_cache", ()))
    demo.tidying.delete_old_files()
    assert all(path.exists() for path in (sent, listed, download, kept)) and demo.upload_file_set == {str(listed)}
    now = time.time()
    monkeypatch.setattr("app.tidying.time.time", lambda: now + OLD + 1)
    demo.tidying.delete_old_files()
    assert not any(path.exists() for path in (sent, listed, download)) and kept.exists(), "what stands on the page stays"
    assert not demo.upload_file_set and not (folder / "empty").exists()


def test_a_folder_that_is_everybody_s_is_left_alone(folder, monkeypatch):
    (folder / "others.png").touch()
    monkeypatch.delenv("GRADIO_TEMP_DIR")
    monkeypatch.setattr("app.tidying.OLD", -1)
    with StudioBlocks(analytics_enabled=False) as demo:
        demo.tidying.delete_old_files()
    assert (folder / "others.png").exists()


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
