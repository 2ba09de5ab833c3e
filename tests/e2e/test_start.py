"""What a person sees when the app cannot start."""

import shutil

import pytest

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
    assert "Traceback" not in output
    assert output.strip().splitlines()[-1].startswith("error: ")
    assert str(named) in output
