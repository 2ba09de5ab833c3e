"""What hosts read: the header of the README, the container's files, and a start on a tree that cannot be written to."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import yaml
from huggingface_hub import HfApi
from huggingface_hub.cli.hf import main as hf
from huggingface_hub.utils import filter_repo_objects

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


# --- Hugging Face Spaces


ZERO_GPU = {"python": ("3.10.13", "3.12.12"), "torch": "2.11.0"}
"""What it is documented to have: the Pythons, and its newest torch."""


def pinned(requirements: str) -> dict[str, set[str]]:
    """The versions of each package, for all Pythons."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9_-]+)(?:\[.*\])?==([^;\s]+)", requirements, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def test_the_header_of_the_readme_is_that_of_a_space():
    header = yaml.safe_load((ROOT / "README.md").read_text().split("---\n")[1])
    assert {header["sdk_version"]} == pinned((ROOT / "requirements.txt").read_text())["gradio"]
    assert header["python_version"] in ZERO_GPU["python"]
    assert (header["sdk"], header["app_file"]) == ("gradio", "app.py")
    assert len(header["short_description"]) <= 60, "the hub refuses longer ones"


def test_the_requirements_on_zero_gpu_have_a_torch_that_both_sides_take():
    given = (ROOT / "requirements.txt").read_text()
    script = [ROOT / ".ci" / "zero-gpu-requirements"]
    made = subprocess.run(script, input=given, capture_output=True, text=True, check=True).stdout
    before, after = pinned(given), pinned(made)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"torch", "torchvision"}
    assert after["torch"] == {ZERO_GPU["torch"]}
    project = (ROOT / "pyproject.toml").read_text()
    for name in ("torch", "torchvision"):
        (least,) = re.findall(rf'"{name}>=([0-9.]+)"', project)
        assert {version.rpartition(".")[0] for version in after[name]} == {least}


@pytest.mark.parametrize("described", ["docs/hosting.md", ".github/workflows/space.yml"])
def test_the_upload_that_is_described_sends_what_a_space_needs(described: str, monkeypatch: pytest.MonkeyPatch):
    (command,) = re.findall(r"hf upload .*", (ROOT / described).read_text())
    sent: list[dict] = []
    monkeypatch.setattr(HfApi, "create_repo", lambda _self, repo_id, **_: type("Made", (), {"repo_id": repo_id})())
    monkeypatch.setattr(HfApi, "upload_folder", lambda _self, **given: sent.append(given))
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as ended:
        hf()
    assert not ended.value.code
    (given,) = sent
    assert (given["repo_type"], given["folder_path"], given["path_in_repo"]) == ("space", ".", ".")
    needed = [
        path for name in copied_into_the_container() for path in (ROOT / name, *(ROOT / name).rglob("*")) if path.is_file()
    ]
    names = [str(path.relative_to(ROOT)) for path in needed] + ["README.md", "requirements.txt", "docs/analyze.png"]
    kept = set(filter_repo_objects([*names, "tests/toy.py"], ignore_patterns=given["ignore_patterns"]))
    assert kept == set(names)


def test_the_rewritten_history_that_is_described_has_no_binary_left():
    (patterns,) = re.findall(r'git lfs migrate import --include="(.*)"', (ROOT / "docs" / "hosting.md").read_text())
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    binary = {Path(name).suffix for name in listed.stdout.split("\0") if name and b"\0" in (ROOT / name).read_bytes()[:8000]}
    assert binary == {one.removeprefix("*") for one in patterns.split(",")}


# --- a container's tree


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
