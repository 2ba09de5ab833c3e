"""What hosts read: the header of the README, the container's files, and a start on a tree that cannot be written to."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from app.settings import Settings
from tests.e2e.conftest import free_port

ROOT = Path(__file__).resolve().parents[1]
UNPRIVILEGED = "--bounding-set=-dac_override,-dac_read_search,-fowner"
"""Without these even root is bound by the permissions of files."""


def copied_into_the_container() -> list[str]:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copies = [line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line]
    return [name for names in copies for name in names if not name.endswith(".txt")]


def test_the_container_takes_all_that_the_app_needs():
    copied = set(copied_into_the_container())
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {"app.py", "app", "cternet", "assets"} <= copied <= let_in


def test_every_setting_is_described():
    for text in ((ROOT / "docs" / "hosting.md").read_text(), (ROOT / "app.py").read_text()):
        assert not [field.alias for field in Settings.model_fields.values() if field.alias not in text]


@pytest.mark.e2e
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="drops Linux capabilities")
def test_it_runs_from_a_tree_that_cannot_be_written_to(tmp_path: Path):
    tree, scratch, port = tmp_path / "studio", tmp_path / "tmp", free_port()
    tree.mkdir()
    scratch.mkdir()
    for name in copied_into_the_container():
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tree / name)
    subprocess.run(["chmod", "-R", "a-w", tree], check=True)
    drop = ["setpriv", UNPRIVILEGED] if os.geteuid() == 0 else []
    assert subprocess.run([*drop, "touch", tree / "x"], capture_output=True).returncode != 0
    there = {"TMPDIR": str(scratch), "HOME": str(scratch), "MPLCONFIGDIR": str(scratch), "PATH": os.environ["PATH"]}
    there |= {"GRADIO_SERVER_PORT": str(port), "HF_HUB_OFFLINE": "1", "CTERNET_WEIGHTS": "assets/weights/vanilla-fi"}
    process = subprocess.Popen([*drop, sys.executable, "-B", "app.py"], cwd=tree, env=there, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(120):
            assert process.poll() is None, process.stderr.read()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
                    assert answer.read() == b"ok"
                    break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail("it did not start")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        subprocess.run(["chmod", "-R", "u+w", tree], check=False)
    assert not list(scratch.glob("cternet-*")), "visitors' files are gone"
