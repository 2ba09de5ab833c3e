"""The arrows between the rooms, as pyproject.toml draws them."""

from importlinter.cli import lint_imports


def test_every_arrow_points_one_way():
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == 0
