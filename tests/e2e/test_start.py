"""What a person sees when the app cannot start, and what is left when it ends."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from gradio_client import Client, handle_file

from .conftest import ROOT, free_port, start_app

pytestmark = pytest.mark.e2e
SHIPPED = ROOT / "assets" / "weights" / "cternet-fi"


@pytest.mark.parametrize("damage", ["missing folder", "missing weights", "cut weights", "broken config"])
def test_wrong_weights_stop_the_start_with_a_sentence(tmp_path, damage):
    folder = tmp_path / "weights"
    if damage != "missing folder":
        shutil.copytree(SHIPPED, folder)
    weights, config = folder / "model.safetensors", folder / "config.json"
    named = folder
    if damage == "missing weights":
        weights.unlink()
        named = weights
    elif damage == "cut weights":
        weights.write_bytes(weights.read_bytes()[:-1000])
        named = weights
    elif damage == "broken config":
        config.write_text("{")
        named = config
    process = start_app(free_port(), CTERNET_WEIGHTS=str(folder))
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in output and "leaked" not in output
    assert output.strip().splitlines()[-1].startswith("error: ")
    assert str(named) in output


def test_help_names_the_environment_and_starts_nothing():
    start = time.monotonic()
    found = subprocess.run([sys.executable, "app.py", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert found.returncode == 0 and not found.stderr
    for name in ("CTERNET_WEIGHTS", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "HF_HUB_OFFLINE", "TMPDIR"):
        assert name in found.stdout
    assert time.monotonic() - start < 3, "nothing heavy is imported"


def test_a_wrong_setting_fails_at_once():
    start = time.monotonic()
    process = start_app(free_port(), CTERNET_QUEUE="many")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output.startswith("error: CTERNET_QUEUE is 'many', which cannot be used") and output.count("\n") == 1
    assert time.monotonic() - start < 5, "nothing heavy is imported"


@pytest.mark.parametrize("named", ["./gone", "/gone", "runs/of/yesterday"])
def test_a_wrong_path_of_weights_fails_at_once(named):
    start = time.monotonic()
    process = start_app(free_port(), CTERNET_WEIGHTS=os.pathsep.join([str(SHIPPED), named]))
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == f"error: CTERNET_WEIGHTS names {named}, which does not exist; give one or more checkpoint folders.\n"
    assert time.monotonic() - start < 3, "nothing heavy is imported"


def test_a_revision_that_is_not_there_stops_the_start_with_a_sentence(tmp_path):
    process = start_app(free_port(), CTERNET_WEIGHTS="hf-hub:someone/some@refs/pr/1", HF_HUB_CACHE=str(tmp_path))
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert output.strip().splitlines()[-1].startswith("error: hf-hub:someone/some@refs/pr/1 could not be fetched from the hub")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_nothing_of_a_visitor_is_left_when_it_ends(tmp_path, end):
    port = free_port()
    process = start_app(port, TMPDIR=str(tmp_path))
    try:
        client = connected(f"http://127.0.0.1:{port}")
        client.predict(image=handle_file(ROOT / "assets" / "examples" / "cat.jpg"), maps=False, api_name="/analyze")
        assert list(tmp_path.rglob("cat.jpg"))
        process.send_signal(end)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert "Traceback" not in output and "leaked" not in output
    assert not list(tmp_path.glob("cternet-*"))
    assert not list(tmp_path.rglob("cat.jpg"))


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_within_eight_seconds_in_the_middle_of_a_request(tmp_path, end):
    port = free_port()
    process = start_app(port, TMPDIR=str(tmp_path))
    try:
        client = connected(f"http://127.0.0.1:{port}")
        work = client.submit(
            image=handle_file(ROOT / "assets" / "examples" / "cat.jpg"),
            methods=["cam", "ras", "wscnet", "s", "effect", "grad-cam", "layer-cam", "eigen-cam"],
            measure=True,
            api_name="/compare",
        )
        time.sleep(2)
        assert not work.done(), "the request is too short for this test"
        process.send_signal(end)
        start = time.monotonic()
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert time.monotonic() - start < 8
    assert "Traceback" not in output and "leaked" not in output
    assert not list(tmp_path.glob("cternet-*"))


def test_a_machine_without_space_is_told_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file")  # a folder that cannot be written to, whoever runs this
    code = f"import runpy, tempfile; tempfile._candidate_tempdir_list = lambda: [{nowhere!r}]; runpy.run_path('app.py')"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert found.returncode == 1
    assert found.stderr.startswith("error: there is no room for visitors' files") and "TMPDIR" in found.stderr
    assert "Traceback" not in found.stderr


def connected(url: str) -> Client:
    for _ in range(240):
        try:
            return Client(url, verbose=False)
        except Exception:  # not there yet, in one of many ways
            time.sleep(0.5)
    pytest.fail("the app did not answer in two minutes")
