"""That what is measured can be run; the figures themselves are no test."""

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_finds_what_it_measures(name: str):
    assert importlib.import_module(f"benchmarks.{name}").__doc__
    assert len(NAMES) > 4


def test_a_stroke_costs_less_than_the_network():
    from benchmarks.intervene import in_process

    handler, rerun = in_process(2)
    assert 0 < handler < rerun
