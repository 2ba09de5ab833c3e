"""What ``pip install .`` installs, and that the files that say versions agree.  Nothing is downloaded."""

import re
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from importlib import metadata
from pathlib import Path

import pytest

import cternet
from cternet import shipped

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "assets" / "weights"
PIN = re.compile(r"^([\w.-]+)(?:\[\w+\])?==([\w.+!]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.Path:
    """The wheel of this checkout, made from a copy: setuptools leaves folders beside what it reads, and reads them again."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "cternet", source / "cternet", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(WEIGHTS, source / "assets" / "weights")
    command = [sys.executable, "-c", "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])", out]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (made,) = out.glob("cternet_studio-*.whl")
    return zipfile.Path(made)


def files(folder: Path) -> set[str]:
    """Names of all files in a folder, from the folder on."""
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }


def pins(*names: str) -> dict[str, set[str]]:
    """Versions by package, of requirement files."""
    found: dict[str, set[str]] = {}
    for name in names:
        for package, pinned in PIN.findall((ROOT / name).read_text()):
            found.setdefault(package.lower().replace("_", "-"), set()).add(pinned)
    return found


def test_the_wheel_holds_every_file_of_the_package_and_the_weights_and_nothing_else(wheel):
    expected = {f"cternet/{name}" for name in files(ROOT / "cternet")}
    expected |= {f"cternet/weights/{name}" for name in files(WEIGHTS)}
    assert {name for name in wheel.root.namelist() if not name.endswith("/") and ".dist-info/" not in name} == expected
    assert {"cternet/warriner.csv", "cternet/survey/templates/index.html"} <= expected
    assert "cternet/weights/cternet-fi/model.safetensors" in expected


def test_the_wheel_says_the_version_and_the_licences(wheel):
    (info,) = (path for path in wheel.iterdir() if path.name.endswith(".dist-info"))
    assert info.name == f"cternet_studio-{cternet.__version__}.dist-info"
    lines = (info / "METADATA").read_text(encoding="utf-8").splitlines()
    assert {"License-Expression: MIT", "Requires-Python: >=3.10", f"Version: {cternet.__version__}"} <= set(lines)
    assert "License-File: assets/weights/cternet-fi/LICENSE" in lines
    scripts = ConfigParser()
    scripts.read_string((info / "entry_points.txt").read_text())
    assert set(scripts["console_scripts"]) == {"cternet", "cternet-compare", "cternet-survey"}


def test_the_library_asks_for_what_the_checkout_pins(wheel):
    (info,) = (path for path in wheel.iterdir() if path.name.endswith(".dist-info"))
    pinned = pins("requirements.txt", "requirements-train.txt")
    for requirement in metadata.PathDistribution(info).requires or []:
        package = re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")
        assert package in pinned, requirement


def test_in_a_checkout_the_weights_are_the_checkout_s():
    assert shipped.weights_folder() == WEIGHTS


def test_installed_the_weights_and_the_version_are_the_package_s(monkeypatch, tmp_path):
    monkeypatch.setattr(shipped, "CHECKOUT", tmp_path)
    monkeypatch.setattr(shipped.metadata, "version", lambda name: f"that of {name}")
    assert shipped.weights_folder() == Path(cternet.__file__).parent / "weights"
    assert shipped.version() == "that of cternet-studio"


def test_the_space_s_gradio_is_the_pinned_one():
    (sdk,) = re.findall(r"^sdk_version: (\S+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert pins("requirements.txt")["gradio"] == {sdk}


def test_constraints_hold_what_the_requirements_pin():
    """Otherwise pip has nothing to install; ``make lock`` writes constraints.txt anew."""
    locked = pins("constraints.txt")
    for package, versions in pins("requirements.txt", "requirements-train.txt", "requirements-dev.txt").items():
        assert versions == locked.get(package), f"{package}: run make lock"


def test_the_changelog_begins_with_this_version():
    versions = re.findall(r"^## \[?(\d[^\]\s]*)\]?", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == cternet.__version__
